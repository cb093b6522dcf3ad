// What memory the process has: from the kernel, and from jemalloc when it is linked. Any thread.
#pragma once

#include <cstdint>

namespace permitd::daemon {

/// Resident set in bytes; 0 when /proc cannot be read.
std::uint64_t resident_size();
/// Bytes handed out by the allocator; 0 without jemalloc.
std::uint64_t allocated_size();

}  // namespace permitd::daemon
