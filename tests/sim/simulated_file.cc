#include "tests/sim/simulated_file.h"

#include <algorithm>
#include <cstring>

namespace permitd::tests {

namespace {

// Sectors of a page that [at, at + size) touches, a bit each.
std::uint8_t sectors_of(std::size_t at, std::size_t size) {
  unsigned mask = 0;
  for (std::size_t sector = at / kDiskSector; sector * kDiskSector < at + size; ++sector)
    mask |= 1U << sector;
  return static_cast<std::uint8_t>(mask);
}

bool all_zero(std::span<const std::byte> bytes) {
  static constexpr std::array<std::byte, kDiskPage> kZeros{};
  return std::memcmp(bytes.data(), kZeros.data(), bytes.size()) == 0;
}

template <class Work>
void for_each_page(std::uint64_t offset, std::size_t size, Work work) {
  for (std::size_t done = 0; done < size;) {
    const std::uint64_t index = (offset + done) / kDiskPage;
    const std::size_t at = (offset + done) % kDiskPage;
    const std::size_t part = std::min(size - done, kDiskPage - at);
    work(index, at, done, part);
    done += part;
  }
}

template <class Work>
void for_each_sector(std::uint8_t sectors, Work work) {
  for (unsigned sector = 0; sector < kDiskPage / kDiskSector; ++sector) {
    if ((sectors >> sector & 1) != 0) work(sector, sector * kDiskSector);
  }
}

}  // namespace

SimulatedFile::Page* SimulatedFile::page_for(std::uint64_t index,
                                             std::span<const std::byte> bytes) {
  if (index >= pages_.size()) pages_.resize(index + 1);
  if (!pages_[index] && !all_zero(bytes)) pages_[index] = std::make_unique<Page>();
  return pages_[index].get();
}

void SimulatedFile::write_part(std::uint64_t index, std::size_t at,
                               std::span<const std::byte> bytes, bool durable) {
  const std::uint8_t sectors = sectors_of(at, bytes.size());
  if (const auto shown = shown_.find(index); shown != shown_.end()) {
    shown->second.sectors &= static_cast<std::uint8_t>(~sectors);
    if (shown->second.sectors == 0) shown_.erase(shown);
  }
  Page* page = page_for(index, bytes);
  if (page == nullptr) return;  // zeros over zeros
  if (!durable && !page->kept) page->kept = std::make_unique<Bytes>(page->seen);
  std::memcpy(page->seen.data() + at, bytes.data(), bytes.size());
  page->forgotten &= static_cast<std::uint8_t>(~sectors);
  if (!durable) {
    page->dirty |= sectors;
    dirty_.insert(index);
  } else if (page->kept) {
    for_each_sector(sectors, [&](unsigned, std::size_t begin) {
      std::memcpy(page->kept->data() + begin, page->seen.data() + begin, kDiskSector);
    });
    page->dirty &= static_cast<std::uint8_t>(~sectors);
  }
}

void SimulatedFile::write(std::uint64_t offset, std::span<const std::byte> bytes, bool durable) {
  for_each_page(offset, bytes.size(),
                [&](std::uint64_t index, std::size_t at, std::size_t from, std::size_t size) {
                  write_part(index, at, bytes.subspan(from, size), durable);
                });
  size_ = std::max(size_, offset + bytes.size());
  if (durable) kept_size_ = size_;
}

bool SimulatedFile::write_torn(std::uint64_t offset, std::span<const std::byte> bytes,
                               Chance& chance) {
  bool written = false;
  bool missing = false;
  for (std::size_t at = 0; at < bytes.size(); at += kDiskSector) {
    if (chance.chance(500)) {
      write(offset + at, bytes.subspan(at, std::min(kDiskSector, bytes.size() - at)), true);
      written = true;
    } else {
      missing = true;
    }
  }
  return written && missing;
}

void SimulatedFile::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  for_each_page(offset, bytes.size(),
                [&](std::uint64_t index, std::size_t at, std::size_t from, std::size_t size) {
                  const Page* page = index < pages_.size() ? pages_[index].get() : nullptr;
                  if (page == nullptr) {
                    std::memset(bytes.data() + from, 0, size);
                  } else {
                    std::memcpy(bytes.data() + from, page->seen.data() + at, size);
                  }
                  const auto shown = shown_.find(index);
                  if (shown == shown_.end()) return;
                  for_each_sector(shown->second.sectors, [&](unsigned, std::size_t begin) {
                    const std::size_t low = std::max(begin, at);
                    const std::size_t high = std::min(begin + kDiskSector, at + size);
                    if (low >= high) return;
                    std::memcpy(bytes.data() + from + low - at, shown->second.bytes.data() + low,
                                high - low);
                  });
                });
}

void SimulatedFile::resize(std::uint64_t size) {
  if (size < size_) {
    const std::vector<std::byte> zeros(kDiskPage);
    for (std::uint64_t at = size; at < size_; at += kDiskPage - at % kDiskPage) {
      const std::size_t part = std::min<std::uint64_t>(kDiskPage - at % kDiskPage, size_ - at);
      write_part(at / kDiskPage, at % kDiskPage, std::span(zeros).first(part), false);
    }
  }
  size_ = size;
}

void SimulatedFile::sync() {
  std::set<std::uint64_t> left;
  for (const std::uint64_t index : dirty_) {
    Page& page = *pages_[index];
    for_each_sector(page.dirty & static_cast<std::uint8_t>(~page.forgotten),
                    [&](unsigned, std::size_t begin) {
                      std::memcpy(page.kept->data() + begin, page.seen.data() + begin, kDiskSector);
                    });
    page.dirty &= page.forgotten;
    if (page.dirty == 0) {
      page.kept.reset();
    } else {
      left.insert(index);
    }
  }
  dirty_ = std::move(left);
  kept_size_ = size_;
}

void SimulatedFile::forget_unsynced() {
  for (const std::uint64_t index : dirty_) pages_[index]->forgotten = pages_[index]->dirty;
}

bool SimulatedFile::revert(Page& page, std::uint8_t sectors) {
  bool changed = false;
  for_each_sector(sectors, [&](unsigned, std::size_t begin) {
    changed |= std::memcmp(page.seen.data() + begin, page.kept->data() + begin, kDiskSector) != 0;
    std::memcpy(page.seen.data() + begin, page.kept->data() + begin, kDiskSector);
  });
  return changed;
}

bool SimulatedFile::cut_power(CutMode mode, Chance& chance) {
  bool lost = false;
  for (const std::uint64_t index : dirty_) {
    Page& page = *pages_[index];
    std::uint8_t gone = page.forgotten;
    if (mode == CutMode::kNothingSurvives) gone = page.dirty;
    if (mode == CutMode::kAnySubset) {
      gone |= static_cast<std::uint8_t>(page.dirty & static_cast<std::uint8_t>(chance.next()));
    }
    lost |= revert(page, gone);
    page.kept.reset();
    page.dirty = 0;
    page.forgotten = 0;
  }
  dirty_.clear();
  const bool keeps_size =
      mode == CutMode::kEverythingSurvives || (mode == CutMode::kAnySubset && chance.chance(500));
  if (!keeps_size) size_ = kept_size_;
  kept_size_ = size_;
  orphan_count = 0;
  lock_owner = -1;
  return lost;
}

void SimulatedFile::show_instead(std::uint64_t offset, std::span<const std::byte> bytes) {
  for_each_page(offset, bytes.size(),
                [&](std::uint64_t index, std::size_t at, std::size_t from, std::size_t size) {
                  std::array<std::byte, kDiskPage> before{};
                  read(index * kDiskPage, before);
                  Shown& shown = shown_[index];
                  const std::uint8_t sectors = sectors_of(at, size);
                  for_each_sector(sectors, [&](unsigned, std::size_t begin) {
                    std::memcpy(shown.bytes.data() + begin, before.data() + begin, kDiskSector);
                  });
                  std::memcpy(shown.bytes.data() + at, bytes.data() + from, size);
                  shown.sectors |= sectors;
                });
}

void SimulatedFile::flip_bit(std::uint64_t offset, unsigned bit) {
  std::byte value{};
  read(offset, std::span(&value, 1));
  value ^= std::byte{1} << bit;
  show_instead(offset, std::span(&value, 1));
}

}  // namespace permitd::tests
