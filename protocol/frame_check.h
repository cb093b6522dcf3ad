// The head of a Cap'n Proto frame, checked before anything is allocated for it and before Cap'n
// Proto sees a byte: segment count, size of the whole message, a first segment that can hold a
// root.
//
// Grammar (little-endian): segment count − 1 (u32), words of each segment (u32 each), padding to a
// whole word, then the segments. Cap'n Proto's own reader overflows on a count of 0xFFFFFFFF and
// allocates what the peer claims, so every stream of this project comes through here. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace permitd::protocol {

struct FrameLimits {
  std::uint32_t words_max = (1U << 20) / 8;  // sum over the segments: 1 MiB
  std::uint16_t segments_max = 64;
};

enum class FrameFault : std::uint8_t {
  kNone,
  kMalformed,  // no root pointer fits, or the segment count overflows
  kOversized,
  kTooManySegments,
};

struct FrameCheck {
  FrameFault fault = FrameFault::kNone;
  /// Bytes from the start of the frame without which nothing more can be said. Not above what was
  /// given: the frame is whole and exactly so long.
  std::size_t needed = 0;
};

/// Looks at the first bytes of a frame; refuses as early as the bytes allow. O(segments).
FrameCheck check_frame(std::span<const std::byte> bytes, const FrameLimits& limits);

/// Bytes of the segment table of so many segments, with its padding.
constexpr std::size_t frame_table_size(std::size_t segment_count) {
  return (segment_count / 2 + 1) * 8;
}

}  // namespace permitd::protocol
