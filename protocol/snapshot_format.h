// The snapshot on disk: header, chunks, footer. FORMAT.md is the specification.
// All numbers little-endian, as they lie in memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace permitd::protocol {

inline constexpr std::uint16_t kSnapshotVersionMajor = 2;
inline constexpr std::uint16_t kSnapshotVersionMinor = 0;
inline constexpr std::uint64_t kSnapshotMagic = 0x3153'5449'4D52'4550;  // the bytes "PERMITS1"
inline constexpr std::uint64_t kSnapshotFooterMagic =
    0x4553'5449'4D52'4550;  // the bytes "PERMITSE"
/// State bytes per chunk; the last one may hold fewer.
inline constexpr std::size_t kSnapshotChunkSize = std::size_t{1} << 20;

struct SnapshotHeader {
  std::uint64_t magic = kSnapshotMagic;
  std::uint16_t version_major = kSnapshotVersionMajor;
  std::uint16_t version_minor = kSnapshotVersionMinor;
  std::uint32_t chunk_size = kSnapshotChunkSize;
  std::uint64_t op = 0;
  std::uint64_t reserved[4]{};
  std::uint64_t checksum = 0;  // XXH3-64 of the header up to here
};
static_assert(sizeof(SnapshotHeader) == 64);

struct SnapshotChunk {
  std::uint64_t index = 0;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;  // XXH3-64 of the bytes, seeded with `index`
};
static_assert(sizeof(SnapshotChunk) == 24);

struct SnapshotFooter {
  std::uint64_t magic = kSnapshotFooterMagic;
  std::uint64_t op = 0;
  std::uint64_t size = 0;  // state bytes
  std::uint64_t chunk_count = 0;
  std::uint64_t digest_high = 0;  // XXH3-128 of the state bytes
  std::uint64_t digest_low = 0;
  std::uint64_t reserved = 0;
  std::uint64_t checksum = 0;  // XXH3-64 of the footer up to here
};
static_assert(sizeof(SnapshotFooter) == 64);

}  // namespace permitd::protocol
