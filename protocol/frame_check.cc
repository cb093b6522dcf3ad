#include "protocol/frame_check.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace permitd::protocol {

namespace {

constexpr std::size_t kEntrySize = 4;
constexpr std::size_t kWordSize = 8;

// Both ends of every supported machine are little-endian, as the wire is.
static_assert(std::endian::native == std::endian::little);

std::uint32_t read_entry(std::span<const std::byte> bytes, std::size_t index) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + index * kEntrySize, kEntrySize);
  return value;
}

}  // namespace

FrameCheck check_frame(std::span<const std::byte> bytes, const FrameLimits& limits) {
  if (bytes.size() < kEntrySize) return {FrameFault::kNone, kWordSize};
  const std::uint32_t last_segment = read_entry(bytes, 0);
  if (last_segment == UINT32_MAX) return {FrameFault::kMalformed, 0};
  if (last_segment >= limits.segments_max) return {FrameFault::kTooManySegments, 0};
  const std::size_t segment_count = std::size_t{last_segment} + 1;
  const std::size_t entries_here = bytes.size() / kEntrySize - 1;

  std::uint64_t words = 0;
  for (std::size_t segment = 0; segment < std::min(segment_count, entries_here); ++segment) {
    const std::uint32_t segment_words = read_entry(bytes, segment + 1);
    if (segment == 0 && segment_words == 0) return {FrameFault::kMalformed, 0};
    words += segment_words;
    if (words > limits.words_max) return {FrameFault::kOversized, 0};
  }
  const std::size_t table_size = frame_table_size(segment_count);
  if (bytes.size() < table_size) return {FrameFault::kNone, table_size};
  return {FrameFault::kNone, table_size + static_cast<std::size_t>(words) * kWordSize};
}

}  // namespace permitd::protocol
