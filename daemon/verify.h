// permitd --verify DIR: is this copy whole, and what state does it hold?
#pragma once

#include <string>

namespace permitd::daemon {

/// Verifies every snapshot and every frame, replays to the end and prints op and digest as one JSON
/// object on standard output. Changes nothing. Returns the exit status: 0 whole, 5 damaged, 1 could
/// not look.
int verify(const std::string& directory);

}  // namespace permitd::daemon
