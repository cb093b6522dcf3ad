// What the network threads count for the metrics: rare events, so that one set for all threads
// costs nothing. Written by any of them, read by the ops thread; each figure stands alone, so
// relaxed order does. Outlives them all.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "daemon/drop_reason.h"

namespace permitd::daemon {

struct NetworkFigures {
  std::atomic<std::uint64_t> connections{0};      // open now, handshakes under way included
  std::atomic<std::uint64_t> handshakes{0};       // of TLS, completed
  std::atomic<std::uint64_t> sessions_denied{0};  // asked for by somebody who may not be that
  std::atomic<std::uint64_t> calls_denied{0};     // refused by the core as not allowed
  std::atomic<std::uint64_t> unknown_numbers{0};  // named in calls: not there for who named them
  std::atomic<std::uint64_t> calls_busy{0};       // refused as busy, read or unread
  std::array<std::atomic<std::uint64_t>, kDropReasonCount> drops{};

  void count(std::atomic<std::uint64_t> NetworkFigures::*figure) {
    (this->*figure).fetch_add(1, std::memory_order_relaxed);
  }
  void count_drop(DropReason reason) {
    drops[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }
};

}  // namespace permitd::daemon
