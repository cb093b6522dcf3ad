// Frames as bytes, well-formed or not, for tests of the transport.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <vector>

namespace permitd::tests {

using Bytes = std::vector<std::byte>;

inline void append_u32(Bytes& bytes, std::uint32_t value) {
  std::byte raw[4];
  std::memcpy(raw, &value, sizeof raw);
  bytes.insert(bytes.end(), raw, raw + sizeof raw);
}

/// A segment table that claims what it is told to: `count_field` is the wire's segment count less
/// one.
inline Bytes frame_table(std::uint32_t count_field,
                         std::initializer_list<std::uint32_t> segment_words) {
  Bytes bytes;
  append_u32(bytes, count_field);
  for (const std::uint32_t words : segment_words) append_u32(bytes, words);
  if (segment_words.size() % 2 == 0) append_u32(bytes, 0);
  return bytes;
}

/// A whole frame of one segment of so many words, filled with `fill`.
inline Bytes frame_of(std::uint32_t words, std::byte fill) {
  Bytes bytes = frame_table(0, {words});
  bytes.resize(bytes.size() + std::size_t{words} * 8, fill);
  return bytes;
}

inline void append(Bytes& bytes, std::span<const std::byte> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

}  // namespace permitd::tests
