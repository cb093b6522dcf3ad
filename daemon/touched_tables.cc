#include "daemon/touched_tables.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "daemon/log.h"
#include "daemon/process_memory.h"

namespace permitd::daemon {

namespace {

// Of a huge page on x86-64 and on ARM with pages of 4 KiB. Also what is asked for at a time: a
// thread that maps memory meanwhile waits for as much.
constexpr std::uintptr_t kHugePageSize = std::uintptr_t{2} << 20;
constexpr double kMiB = 1 << 20;

std::byte* round_down(const std::byte* at, std::uintptr_t unit) {
  return reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(at) / unit * unit);
}

double mebibytes(std::size_t bytes) { return static_cast<double>(bytes) / kMiB; }

}  // namespace

void TouchedTables::taken(std::span<const std::span<const std::byte>> tables) noexcept try {
  thread_ = {};  // ends and joins the one before
  tables_.clear();
  std::uint64_t size = 0;
  for (const auto table : tables) size += table.size();
  if (size > memory_max_) {
    log_line(LogLevel::kWarning,
             "the tables of [limits] take {:.0f} MiB when they are full, and {:.0f} MiB are free: "
             "they come into memory as they are used. Lower the limits on a new journal, or raise "
             "MemoryMax of the service; memory.touched = false accepts it.",
             mebibytes(size), mebibytes(memory_max_));
    return;
  }
  const auto page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (const auto table : tables) {
    if (table.empty()) continue;
    const std::byte* last = table.data() + table.size() - 1;
    tables_.push_back(
        {round_down(table.data(), page_size), round_down(last, page_size) + page_size});
    // Before the first touch. Where the kernel has none, pages stay small.
    const Pages& pages = tables_.back();
    madvise(pages.begin, static_cast<std::size_t>(pages.end - pages.begin), MADV_HUGEPAGE);
  }
  thread_ = std::jthread([this](const std::stop_token& stop) {
    try {
      touch(stop);
    } catch (const std::bad_alloc&) {
      // What was touched stays; there is no room left for a line that says how much that is.
    }
  });
} catch (const std::exception& exception) {
  log_line(LogLevel::kWarning, "tables come into memory as they are used, not before: {}",
           exception.what());
}

void TouchedTables::wait() {
  if (thread_.joinable()) thread_.join();
}

void TouchedTables::touch(const std::stop_token& stop) const {
  // No nicer than the others: who waits for the processor here holds a lock on the address space,
  // and threads that map memory would wait with it.
  const auto begin = std::chrono::steady_clock::now();
  std::size_t size = 0;
  int failure = 0;
  for (const Pages& pages : tables_) {
    for (std::byte* at = pages.begin; at < pages.end;) {
      if (stop.stop_requested()) return;
      std::byte* next = std::min(round_down(at, kHugePageSize) + kHugePageSize, pages.end);
      const auto part = static_cast<std::size_t>(next - at);
      if (madvise(at, part, MADV_POPULATE_WRITE) == 0)
        size += part;
      else
        failure = errno;
      at = next;
    }
  }
  const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - begin;
  if (failure != 0) {
    log_line(LogLevel::kWarning,
             "{:.0f} MiB of the tables are in memory, the rest comes in as it is used: {}",
             mebibytes(size), std::generic_category().message(failure));
    return;
  }
  log_line(LogLevel::kInfo,
           "the tables, {:.0f} MiB, are in memory after {:.0f} ms; {:.0f} MiB lie on huge pages",
           mebibytes(size), passed.count(), mebibytes(huge_pages_size()));
}

}  // namespace permitd::daemon
