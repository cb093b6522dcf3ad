// The memory of the core's tables: a zeroed array whose size changes only when limits are set.
// Pages are touched on first use, so a large limit costs address space, not memory, unless whoever
// owns the scheduler asks for them ahead (TableMemory). Owned by the engine thread.
//
// Invariants: element i of a fresh or grown part is all zero bytes; indexing is checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "scheduler/assert.h"

namespace permitd::scheduler {

template <class T>
requires std::is_trivially_copyable_v<T>
class FixedArray {
 public:
  FixedArray() = default;
  FixedArray(FixedArray&& other) noexcept
      : elements_(std::move(other.elements_)), count_(std::exchange(other.count_, 0)) {}
  FixedArray& operator=(FixedArray&& other) noexcept {
    elements_ = std::move(other.elements_);
    count_ = std::exchange(other.count_, 0);
    return *this;
  }

  /// Makes room for `count` elements, keeping those that are there. Never shrinks. Allocates.
  void reserve(std::size_t count) {
    if (count <= count_) return;
    Memory grown(static_cast<T*>(std::calloc(count, sizeof(T))));
    PERMIT_ASSERT(grown != nullptr, count, sizeof(T));  // out of memory while limits are set
    if (count_ > 0)
      std::memcpy(static_cast<void*>(grown.get()), elements_.get(), count_ * sizeof(T));
    elements_ = std::move(grown);
    count_ = count;
  }

  /// Gives all elements back; the array is then empty.
  void release() {
    elements_.reset();
    count_ = 0;
  }

  T& operator[](std::size_t index) {
    PERMIT_ASSERT(index < count_, index, count_);
    return elements_.get()[index];
  }
  const T& operator[](std::size_t index) const {
    PERMIT_ASSERT(index < count_, index, count_);
    return elements_.get()[index];
  }

  /// A hint that the element is soon needed; any index will do. The tables are far larger than the
  /// caches, so that what a command touches is worth fetching while the one before it is applied.
  void expect(std::size_t index) const {
    if (index >= count_) return;
    const auto* bytes = reinterpret_cast<const char*>(elements_.get() + index);
    for (std::size_t at = 0; at < sizeof(T); at += kCacheLine) __builtin_prefetch(bytes + at);
    __builtin_prefetch(bytes + sizeof(T) - 1);
    // GCC takes a function that only fetches ahead for one without effect and drops its calls.
    asm volatile("" : : "r"(bytes));
  }

  std::size_t size() const { return count_; }
  /// Calls visit(bytes) with the memory of the elements. Every container of tables has this
  /// function, and passes it on to each of its tables.
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    visit(std::as_bytes(span()));
  }
  std::span<T> span() { return {elements_.get(), count_}; }
  std::span<const T> span() const { return {elements_.get(), count_}; }

 private:
  static constexpr std::size_t kCacheLine = 64;
  struct Free {
    void operator()(T* elements) const { std::free(elements); }
  };
  using Memory = std::unique_ptr<T[], Free>;

  Memory elements_;
  std::size_t count_ = 0;
};

/// Bytes taken for all tables of a container, used or not.
template <class Tables>
std::size_t memory_bytes(const Tables& tables) {
  std::size_t total = 0;
  tables.visit_memory([&](std::span<const std::byte> table) { total += table.size(); });
  return total;
}

/// A slot of a table that is none.
inline constexpr std::uint32_t kNoSlot = UINT32_MAX;

}  // namespace permitd::scheduler
