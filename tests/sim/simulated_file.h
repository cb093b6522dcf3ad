// The content of one file as three layers: what a process reads (the page cache), what the device
// keeps through a power cut, and what a damaged device shows instead of what it was given. In
// pages, none for what was never anything but zeros. Belongs to its disk, one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "tests/support/seeded.h"

namespace permitd::tests {

inline constexpr std::size_t kDiskSector = 512;
inline constexpr std::size_t kDiskPage = 4096;

/// What a power cut does to bytes that no sync has covered.
enum class CutMode : std::uint8_t { kNothingSurvives, kEverythingSurvives, kAnySubset };

class SimulatedFile {
 public:
  /// Copies `bytes` into the cache; `durable`: into the device as well.
  void write(std::uint64_t offset, std::span<const std::byte> bytes, bool durable);
  /// Writes only some sectors, chosen by `chance`, as a write that was cut does. True when some
  /// were written and others not.
  bool write_torn(std::uint64_t offset, std::span<const std::byte> bytes, Chance& chance);
  void read(std::uint64_t offset, std::span<std::byte> bytes) const;
  void resize(std::uint64_t size);
  /// Everything written before is on the device afterwards, but for what a failed sync forgot.
  void sync();
  /// A sync that fails: the cache takes the bytes for written, the device never got them.
  void forget_unsynced();
  /// The power went: true when something that was written is gone.
  bool cut_power(CutMode mode, Chance& chance);

  std::uint64_t size() const { return size_; }

  // ---- damage: shown instead of the content, until it is written anew or healed ----
  void show_instead(std::uint64_t offset, std::span<const std::byte> bytes);
  void flip_bit(std::uint64_t offset, unsigned bit);
  bool is_damaged() const { return !shown_.empty(); }
  void heal() { shown_.clear(); }

  /// Writes under way of a process that was killed; they keep the file locked.
  std::uint32_t orphan_count = 0;
  int lock_owner = -1;  // descriptor

 private:
  using Bytes = std::array<std::byte, kDiskPage>;
  struct Page {
    Bytes seen{};
    std::unique_ptr<Bytes> kept;  // on the device, where it differs
    std::uint8_t dirty = 0;       // sectors that differ
    std::uint8_t forgotten = 0;   // of those, which no later sync writes
  };
  struct Shown {
    Bytes bytes{};
    std::uint8_t sectors = 0;
  };

  Page* page_for(std::uint64_t index, std::span<const std::byte> bytes);
  void write_part(std::uint64_t index, std::size_t at, std::span<const std::byte> bytes,
                  bool durable);
  static bool revert(Page& page, std::uint8_t sectors);

  std::vector<std::unique_ptr<Page>> pages_;
  std::set<std::uint64_t> dirty_;
  std::map<std::uint64_t, Shown> shown_;
  std::uint64_t size_ = 0;
  std::uint64_t kept_size_ = 0;
};

}  // namespace permitd::tests
