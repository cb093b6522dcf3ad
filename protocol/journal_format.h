// The journal on disk: frames of whole 4 KiB blocks, each with its place, its batch and the hash of
// the frame before. FORMAT.md is the specification; this is its code. Pure functions, no I/O.
//
// All numbers little-endian, as they lie in memory. Reserved bytes and padding are zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace permitd::protocol {

inline constexpr std::uint16_t kJournalVersionMajor =
    2;  // of another major nothing is read: FORMAT.md says what changed
inline constexpr std::uint16_t kJournalVersionMinor =
    0;  // additions that an older program may ignore

inline constexpr std::uint64_t kFrameMagic = 0x314A'5449'4D52'4550;  // the bytes "PERMITJ1"
/// Unit of writing: the largest logical block of today's devices, so that a frame never shares a
/// block.
inline constexpr std::size_t kBlockSize = 4096;
inline constexpr std::size_t kFramePayloadSizeMax = std::size_t{2} << 20;
inline constexpr std::uint32_t kFrameOpCountMax = 8192;

using Sha256 = std::array<std::uint8_t, 32>;

enum class FrameKind : std::uint8_t {
  kBatch = 0,  // commands
  kLead = 1,   // no commands: somebody has taken the lead, with a new epoch
  kClose = 2,  // no commands: orderly end; everything before is durable
};

struct FrameHeader {
  std::uint64_t magic = kFrameMagic;
  std::uint64_t journal_id = 0;  // of the FORMAT file: a frame of another journal is no frame
  // Where it was written to: a frame that lies elsewhere, in a reused file or because a write went
  // astray, is no frame there.
  std::uint32_t segment = 0;
  std::uint32_t block = 0;  // number of its first block in the segment, from 0
  std::uint64_t epoch = 0;
  std::uint64_t frame = 0;          // 1, 2, 3 …
  std::uint64_t frame_durable = 0;  // every frame up to here was durable when this one was written
  std::uint64_t op_durable = 0;     // the same, in ops
  std::uint64_t first_op = 0;       // of a frame without commands: the next op
  std::uint32_t op_count = 0;
  std::uint32_t payload_size = 0;
  std::int64_t now_ms = 0;
  std::uint64_t seed = 0;
  std::uint16_t version_major = kJournalVersionMajor;
  std::uint16_t version_minor = kJournalVersionMinor;
  FrameKind kind = FrameKind::kBatch;
  std::uint8_t reserved[3]{};
  Sha256 previous{};           // `hash` of the frame before; zero in the first frame
  Sha256 hash{};               // SHA-256 of the header up to here and the payload
  std::uint64_t checksum = 0;  // XXH3-64 of the header up to here
};
static_assert(sizeof(FrameHeader) == 168);
static_assert(offsetof(FrameHeader, previous) == 96);
static_assert(offsetof(FrameHeader, hash) == 128);
static_assert(offsetof(FrameHeader, checksum) == 160);

/// Bytes on disk of a frame with this payload: header, payload, zeros to the next block.
constexpr std::size_t frame_size(std::size_t payload_size) {
  return (sizeof(FrameHeader) + payload_size + kBlockSize - 1) / kBlockSize * kBlockSize;
}
inline constexpr std::size_t kFrameSizeMax = frame_size(kFramePayloadSizeMax);

/// Computes frame hashes; keeps the hash state between frames because making one costs more than a
/// block.
class FrameHasher {
 public:
  FrameHasher();
  ~FrameHasher();
  FrameHasher(const FrameHasher&) = delete;
  FrameHasher& operator=(const FrameHasher&) = delete;
  Sha256 hash(const FrameHeader& header, std::span<const std::byte> payload);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Sets `hash` and `checksum` from the other fields and the payload.
void seal(FrameHeader& header, std::span<const std::byte> payload, FrameHasher& hasher);

/// Where a frame is looked for.
struct FramePlace {
  std::uint64_t journal_id = 0;
  std::uint64_t segment = 0;
  std::size_t room = 0;      // bytes to the end of the segment
  std::uint64_t offset = 0;  // in the segment, a multiple of kBlockSize
};

/// Copies a header out of `bytes` and tells whether it is one that was written to this place. The
/// payload is not looked at. `bytes` hold at least a header.
[[nodiscard]] bool read_header(std::span<const std::byte> bytes, const FramePlace& place,
                               FrameHeader& header);

/// True when the payload is the one the header was sealed with.
[[nodiscard]] bool is_whole(const FrameHeader& header, std::span<const std::byte> payload,
                            FrameHasher& hasher);

/// XXH3-64, for small records beside the journal.
std::uint64_t checksum_of(std::span<const std::byte> bytes);

}  // namespace permitd::protocol
