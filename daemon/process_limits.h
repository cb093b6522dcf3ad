// What the system lets the process have: descriptors, and memory while it starts. Main thread,
// before the first other one.
#pragma once

#include <cstdint>

namespace permitd::daemon {

/// Raises the soft limit of open files to `wanted`, or as near as the hard limit allows; never
/// lowers it. What it is afterwards.
std::uint64_t raise_file_limit(std::uint64_t wanted);

/// While one lives, an allocation that fails ends the process with status 1 and one sentence, also
/// where tables assert that they got theirs. A start that lacks memory could not go on, and half of
/// it runs where nothing may be thrown. Afterwards a failed allocation throws, and costs the call
/// or the connection that made it.
class MemoryGuard {
 public:
  MemoryGuard();
  ~MemoryGuard();
  MemoryGuard(const MemoryGuard&) = delete;
  MemoryGuard& operator=(const MemoryGuard&) = delete;
};

}  // namespace permitd::daemon
