// Journals in real directories with the smallest segments, and a writer whose completions the test
// orders.
//
// One thread of the test's own, as the engine's.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "daemon/journal_storage.h"

namespace permitd::tests {

inline constexpr std::uint64_t kSegmentSize = std::uint64_t{4} << 20;

inline daemon::JournalOptions options_in(const std::string& directory) {
  daemon::JournalOptions options;
  options.directory = directory;
  options.segment_size = kSegmentSize;
  return options;
}

inline std::unique_ptr<daemon::JournalStorage> open_storage(const daemon::JournalOptions& options) {
  auto storage = daemon::JournalStorage::open(options, nullptr);
  EXPECT_TRUE(storage.has_value());
  return std::move(*storage);
}

inline daemon::Expected<daemon::Lead> lead_of(const daemon::JournalOptions& options) {
  auto storage = open_storage(options);
  return storage->lead();
}

/// One batch of one op with a payload of `size` equal bytes.
inline void append(daemon::JournalStorage& storage, std::uint64_t op, std::size_t size,
                   std::uint8_t fill = 1) {
  const std::span<std::byte> buffer = storage.begin_batch();
  std::fill_n(buffer.begin(), size, std::byte{fill});
  storage.append({scheduler::Op{op}, 1, static_cast<std::uint32_t>(size), scheduler::Tick{1}, op});
}

/// Writes when the test says so, or not at all.
class OrderedWriter final : public daemon::DurableWriter {
 public:
  struct Held {
    std::size_t slot;
    int file;
    std::span<const std::byte> bytes;
    std::uint64_t offset;
  };
  void set_buffers(std::span<const std::span<std::byte>>) override {}
  void start(std::size_t slot, int file, std::span<const std::byte> bytes,
             std::uint64_t offset) override {
    held.push_back({slot, file, bytes, offset});
  }
  void poll() override {}
  void wait() override { complete(0); }
  bool take(daemon::WriteResult& result) override {
    if (results.empty()) return false;
    result = results.front();
    results.pop_front();
    return true;
  }
  void complete(std::size_t index, std::int64_t result = 0) {
    const Held write = held.at(index);
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
    if (result == 0) {
      result = pwrite(write.file, write.bytes.data(), write.bytes.size(),
                      static_cast<off_t>(write.offset));
    }
    results.push_back({write.slot, result});
  }
  std::deque<Held> held;
  std::deque<daemon::WriteResult> results;
};

}  // namespace permitd::tests
