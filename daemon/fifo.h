// First in, first out, in memory taken once. One thread.
#pragma once

#include <bit>
#include <cstddef>
#include <vector>

#include "scheduler/assert.h"

namespace permitd::daemon {

template <class T>
class Fifo {
 public:
  /// Room for at least `capacity` values; keeps what is in it.
  void reserve(std::size_t capacity) {
    std::vector<T> slots(std::bit_ceil(capacity));
    for (std::size_t i = 0; i < size_; ++i) slots[i] = (*this)[i];
    slots_ = std::move(slots);
    head_ = 0;
  }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return slots_.size(); }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == slots_.size(); }
  const T& front() const { return (*this)[0]; }
  /// Pre: not full().
  void push(const T& value) {
    PERMIT_ASSERT(!full(), size_);
    slots_[(head_ + size_) & (slots_.size() - 1)] = value;
    size_ += 1;
  }
  /// Pre: not empty().
  void pop() {
    PERMIT_ASSERT(!empty());
    head_ += 1;
    size_ -= 1;
  }

 private:
  const T& operator[](std::size_t i) const { return slots_[(head_ + i) & (slots_.size() - 1)]; }

  std::vector<T> slots_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace permitd::daemon
