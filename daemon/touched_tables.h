// The tables of a scheduler in memory before it works on them: on huge pages where the system has
// them, and each page there before a command needs it. A first touch of a page costs 1 to 7 µs,
// more than a decision, and a million jobs on small pages miss the translation of an address at
// nearly every record.
//
// Pages are asked for on a thread of their own, so that a start waits for none of them; a scheduler
// that is at work meanwhile only finds them sooner. Nothing is written: a page that is
// asked for after its table has moved is one of whatever lies there now, unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "scheduler/scheduler.h"

namespace permitd::daemon {

class TouchedTables final : public scheduler::TableMemory {
 public:
  /// `memory_max`: bytes that tables may take in all. Larger ones stay as they are, and come in as
  /// they are used; the log says so.
  explicit TouchedTables(std::uint64_t memory_max) : memory_max_(memory_max) {}
  /// Leaves the rest.
  ~TouchedTables() override = default;

  /// Any one thread at a time.
  void taken(std::span<const std::span<const std::byte>> tables) noexcept override;
  /// Returns when all that was taken is there, or cannot be. By the thread that calls taken().
  void wait();

 private:
  struct Pages {
    std::byte* begin = nullptr;
    std::byte* end = nullptr;
  };

  void touch(const std::stop_token& stop) const;

  const std::uint64_t memory_max_;
  std::vector<Pages> tables_;  // changes only while no thread runs
  std::jthread thread_;        // the last member: it reads the others
};

}  // namespace permitd::daemon
