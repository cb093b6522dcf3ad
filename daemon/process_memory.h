// What memory the process has: from the kernel, and from jemalloc when it is linked. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace permitd::daemon {

/// Resident set in bytes; 0 when /proc cannot be read.
std::uint64_t resident_size();
/// Bytes of it on huge pages; 0 when /proc cannot be read.
std::uint64_t huge_pages_size();
/// Bytes that the process may still take: what the machine has available, less where a control
/// group above the process has a limit (cgroup v2). Where /proc does not tell it, all the memory of
/// the machine. `root`: of the files that are read.
std::uint64_t memory_left(const std::string& root = "");
/// Bytes handed out by the allocator; 0 without jemalloc.
std::uint64_t allocated_size();

/// Makes all arenas that jemalloc spreads threads over, instead of each with the first thread that
/// comes to it: where that one fails, jemalloc 5.3 has a thread without an arena and does not
/// survive its first allocation. Throws std::bad_alloc. Before the first other thread.
void make_arenas();

/// In bytes; what cannot be known is 0.
struct MemoryFigures {
  std::uint64_t resident = 0;            // of the process, by the kernel
  std::uint64_t allocated = 0;           // handed out by jemalloc
  std::uint64_t active = 0;              // pages that hold any of it
  std::uint64_t allocator_resident = 0;  // pages that jemalloc has from the kernel and keeps
};
MemoryFigures memory_figures();

}  // namespace permitd::daemon
