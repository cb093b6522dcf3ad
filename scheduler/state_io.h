// Integers and arrays of plain values to and from state bytes, little endian. Reading never trusts
// what it reads: the caller checks ranges, and a source that ends early makes every call return
// false.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include "scheduler/scheduler.h"

namespace permitd::scheduler {

static_assert(std::endian::native == std::endian::little,
              "state bytes are written as they lie in memory");

/// A value whose bytes are all meaningful: no padding, so equal values have equal bytes.
template <class T>
concept PlainState = std::is_trivially_copyable_v<T> && std::has_unique_object_representations_v<T>;

template <PlainState T>
void put_state(StateSink& sink, const T& value) {
  sink.write(std::as_bytes(std::span(&value, 1)));
}

template <PlainState T>
[[nodiscard]] bool get_state(StateSource& source, T& value) {
  return source.read(std::as_writable_bytes(std::span(&value, 1)));
}

template <PlainState T>
void put_state_array(StateSink& sink, std::span<const T> values) {
  if (!values.empty()) sink.write(std::as_bytes(values));
}

template <PlainState T>
[[nodiscard]] bool get_state_array(StateSource& source, std::span<T> values) {
  return values.empty() || source.read(std::as_writable_bytes(values));
}

}  // namespace permitd::scheduler
