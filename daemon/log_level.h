// How much the log says; apart from log.h, so that the configuration needs no more than this.
#pragma once

#include <cstdint>

namespace permitd::daemon {

enum class LogLevel : std::uint8_t { kCritical, kError, kWarning, kNotice, kInfo, kDebug };

}  // namespace permitd::daemon
