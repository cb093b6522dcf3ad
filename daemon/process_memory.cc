#include "daemon/process_memory.h"

#include <unistd.h>

#include <cstdio>

extern "C" __attribute__((weak)) int mallctl(const char* name, void* old_value,
                                             std::size_t* old_size, void* new_value,
                                             std::size_t new_size);

namespace permitd::daemon {

std::uint64_t resident_size() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long total = 0;
  unsigned long long resident = 0;
  const int found = std::fscanf(file, "%llu %llu", &total, &resident);
  std::fclose(file);
  return found == 2 ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

namespace {

/// Figures stand still until the epoch moves on (jemalloc(3), "epoch").
void refresh_figures() {
  std::uint64_t epoch = 1;
  std::size_t epoch_size = sizeof epoch;
  mallctl("epoch", &epoch, &epoch_size, &epoch, sizeof epoch);
}

std::uint64_t figure(const char* name) {
  std::size_t value = 0;
  std::size_t size = sizeof value;
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

std::uint64_t allocated_size() {
  if (mallctl == nullptr) return 0;
  refresh_figures();
  return figure("stats.allocated");
}

MemoryFigures memory_figures() {
  MemoryFigures figures{.resident = resident_size()};
  if (mallctl == nullptr) return figures;
  refresh_figures();
  figures.allocated = figure("stats.allocated");
  figures.active = figure("stats.active");
  figures.allocator_resident = figure("stats.resident");
  return figures;
}

}  // namespace permitd::daemon
