// Overrides of capacity as a list for people. Pure, but for the time zone of local_time.h.
#pragma once

#include "cli/table.h"
#include "protocol/permit.capnp.h"
#include "protocol/words.h"

namespace permitd::cli {

/// Each with who ordered it, how full the day was, and why.
Table override_table(protocol::Language language);
void add_override(Table& table, protocol::Override::Reader one, protocol::Language language);

}  // namespace permitd::cli
