// Bounded queue between exactly one producing and one consuming thread, without locks.
//
// Each side owns one index and keeps a copy of the other's, so that a side touches the shared line
// only when its copy says full or empty. Publishing is a release store, looking is an acquire load.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <span>

namespace permitd::daemon {

template <class T>
class SpscRing {
 public:
  /// `capacity` is rounded up to a power of two.
  explicit SpscRing(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1), slots_(std::make_unique<T[]>(mask_ + 1)) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  std::size_t capacity() const { return mask_ + 1; }

  // Producer.
  /// Free slots, at least; looks at the consumer's index only when fewer than `wanted` are known
  /// free.
  std::size_t room(std::size_t wanted = 1) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (capacity() - (head - tail_seen_) < wanted)
      tail_seen_ = tail_.load(std::memory_order_acquire);
    return capacity() - (head - tail_seen_);
  }
  /// False when full; the value is not taken then.
  bool try_push(const T& value) {
    if (room() == 0) return false;
    const std::size_t head = head_.load(std::memory_order_relaxed);
    slots_[head & mask_] = value;
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  // Consumer.
  /// The oldest value, or null when empty. Stays valid until pop().
  T* front() {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_seen_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail == head_seen_) return nullptr;
    }
    return &slots_[tail & mask_];
  }
  void pop() { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
  /// For the sleep protocol: has the producer published anything not yet taken? Looks afresh.
  bool empty_now() const {
    return tail_.load(std::memory_order_relaxed) == head_.load(std::memory_order_seq_cst);
  }

 private:
  const std::size_t mask_;
  const std::unique_ptr<T[]> slots_;
  alignas(64) std::atomic<std::size_t> head_{0};  // written by the producer
  std::size_t tail_seen_ = 0;                     // producer's copy of tail_
  alignas(64) std::atomic<std::size_t> tail_{0};  // written by the consumer
  std::size_t head_seen_ = 0;                     // consumer's copy of head_
};

}  // namespace permitd::daemon
