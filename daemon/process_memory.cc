#include "daemon/process_memory.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>

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

constexpr std::uint64_t kKiB = 1024;

/// Kilobytes behind a name such as "MemAvailable:".
std::optional<std::uint64_t> kilobytes_of(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::uint64_t value = 0;
    if (word == name && file >> value) return value;
  }
  return std::nullopt;
}

/// Nothing where there is no such file, or no limit: the file says "max".
std::optional<std::uint64_t> number_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  return file >> value ? std::optional(value) : std::nullopt;
}

std::uint64_t memory_of_machine() {
  struct sysinfo machine {};
  return sysinfo(&machine) == 0 ? std::uint64_t{machine.totalram} * machine.mem_unit : 0;
}

/// The control group of the process below /sys/fs/cgroup; empty where it is in none of cgroup v2.
std::filesystem::path control_group(const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::/")) return line.substr(4);
  return {};
}

}  // namespace

std::uint64_t huge_pages_size() {
  return kilobytes_of("/proc/self/smaps_rollup", "AnonHugePages:").value_or(0) * kKiB;
}

std::uint64_t memory_left(const std::string& root) {
  const auto available = kilobytes_of(root + "/proc/meminfo", "MemAvailable:");
  std::uint64_t left = available ? *available * kKiB : memory_of_machine();
  const std::filesystem::path top = root + "/sys/fs/cgroup";
  for (auto group = control_group(root);; group = group.parent_path()) {
    const auto limit = number_in(top / group / "memory.max");
    const std::uint64_t used = number_in(top / group / "memory.current").value_or(0);
    if (limit) left = std::min(left, *limit - std::min(*limit, used));
    if (group.empty()) return left;
  }
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

// A thread that takes an arena makes it.
void make_arenas() {
  if (mallctl == nullptr) return;
  unsigned own = 0;
  unsigned count = 0;
  std::size_t size = sizeof own;
  if (mallctl("thread.arena", &own, &size, nullptr, 0) != 0) throw std::bad_alloc();
  if (mallctl("arenas.narenas", &count, &size, nullptr, 0) != 0) throw std::bad_alloc();
  for (unsigned each = 0; each < count; ++each)
    if (mallctl("thread.arena", nullptr, nullptr, &each, sizeof each) != 0) throw std::bad_alloc();
  mallctl("thread.arena", nullptr, nullptr, &own, sizeof own);
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
