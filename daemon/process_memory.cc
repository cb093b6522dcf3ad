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

std::uint64_t allocated_size() {
  if (mallctl == nullptr) return 0;
  // Figures stand still until the epoch moves on (jemalloc(3), "epoch").
  std::uint64_t epoch = 1;
  std::size_t epoch_size = sizeof epoch;
  mallctl("epoch", &epoch, &epoch_size, &epoch, sizeof epoch);
  std::size_t allocated = 0;
  std::size_t size = sizeof allocated;
  return mallctl("stats.allocated", &allocated, &size, nullptr, 0) == 0 ? allocated : 0;
}

}  // namespace permitd::daemon
