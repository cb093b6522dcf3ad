// State bytes in memory: a sink that keeps them, a source that gives them back, and helpers to
// damage them. For tests; one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/scheduler.h"

namespace permitd::tests {

using Bytes = std::vector<std::byte>;

class BytesSink final : public scheduler::StateSink {
 public:
  void write(std::span<const std::byte> bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// Gives the bytes back in order; ends, like a truncated file would, when there are too few.
class BytesSource final : public scheduler::StateSource {
 public:
  explicit BytesSource(Bytes bytes) : bytes_(std::move(bytes)) {}

  bool read(std::span<std::byte> bytes) override {
    if (bytes_.size() - at_ < bytes.size()) return false;
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), bytes.size(), bytes.begin());
    at_ += bytes.size();
    return true;
  }
  std::size_t left() const { return bytes_.size() - at_; }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

/// State bytes of anything that has write_state().
template <class Writer>
Bytes state_bytes(const Writer& writer) {
  BytesSink sink;
  writer.write_state(sink);
  return sink.bytes();
}

/// Reads anything that has read_state() from bytes, all of which must be used.
template <class Reader>
[[nodiscard]] bool read_bytes(Reader& reader, Bytes bytes) {
  BytesSource source(std::move(bytes));
  return reader.read_state(source) && source.left() == 0;
}

/// Reads every truncation and every single-bit damage of a valid state. A truncation must be
/// refused; a damage must be refused or read as exactly the state that the damaged bytes describe.
/// Returns what went wrong, empty when nothing did.
template <class Reader>
std::string damage_not_met(Reader& reader, const Bytes& whole) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto end = whole.begin() + static_cast<std::ptrdiff_t>(size);
    if (read_bytes(reader, Bytes(whole.begin(), end))) {
      return "accepted when cut to " + std::to_string(size) + " bytes";
    }
  }
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    if (read_bytes(reader, damaged) && state_bytes(reader) != damaged) {
      return "read something else than was written when bit " + std::to_string(bit) + " flipped";
    }
  }
  return {};
}

}  // namespace permitd::tests
