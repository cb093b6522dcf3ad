// Goal: no bytes in a segment crash the search for the end of a journal; what it accepts is a chain
// that reads back, and what it refuses is called damage. Method: patches on a small valid journal,
// with the checksums made right again when the first byte is odd.
#include <cstdlib>
#include <cstring>
#include <string>

#include "daemon/journal_scan.h"
#include "tests/fuzz/patches.h"

namespace permitd::tests {
namespace {

using protocol::FrameHeader;
using protocol::kBlockSize;

constexpr std::size_t kSegmentSize = 8 * kBlockSize;
constexpr std::size_t kSegments = 2;
constexpr daemon::JournalFormat kFormat{7, kSegmentSize};

class Segments final : public daemon::SegmentSource {
 public:
  explicit Segments(const std::vector<std::byte>& bytes) : bytes_(bytes) {}
  daemon::Expected<bool> read(std::uint64_t segment, std::uint64_t offset,
                              std::span<std::byte> out) override {
    if (segment < 1 || segment > kSegments) return false;
    if (offset + out.size() > kSegmentSize) std::abort();
    std::memcpy(out.data(), bytes_.data() + (segment - 1) * kSegmentSize + offset, out.size());
    return true;
  }
  std::string name_of(std::uint64_t segment) const override { return std::to_string(segment); }

 private:
  const std::vector<std::byte>& bytes_;
};

// Twelve frames of one block, over the end of the first segment.
std::vector<std::byte> valid_journal() {
  std::vector<std::byte> bytes(kSegments * kSegmentSize);
  protocol::FrameHasher hasher;
  FrameHeader header;
  header.journal_id = kFormat.journal_id;
  header.first_op = 1;
  for (std::uint64_t frame = 1; frame <= 12; ++frame) {
    const std::size_t at = (frame - 1) * kBlockSize;
    header.segment = static_cast<std::uint32_t>(1 + at / kSegmentSize);
    header.block = static_cast<std::uint32_t>(at % kSegmentSize / kBlockSize);
    header.frame = frame;
    header.frame_durable = frame < 3 ? 0 : frame - 2;
    header.op_count = frame % 5 == 0 ? 0 : 2;
    header.kind = frame % 5 == 0 ? protocol::FrameKind::kLead : protocol::FrameKind::kBatch;
    header.payload_size = 64;
    seal(header, std::span<const std::byte>(bytes).subspan(at + sizeof header, 64), hasher);
    std::memcpy(bytes.data() + at, &header, sizeof header);
    header.first_op += header.op_count;
    header.previous = header.hash;
  }
  return bytes;
}

void make_right(std::vector<std::byte>& bytes) {
  protocol::FrameHasher hasher;
  for (std::size_t at = 0; at < bytes.size(); at += kBlockSize) {
    FrameHeader header;
    std::memcpy(&header, bytes.data() + at, sizeof header);
    const std::size_t room = bytes.size() - at - sizeof header;
    if (header.magic != protocol::kFrameMagic || header.payload_size > room) continue;
    const auto payload = std::span<const std::byte>(bytes);
    seal(header, payload.subspan(at + sizeof header, header.payload_size), hasher);
    std::memcpy(bytes.data() + at, &header, sizeof header);
  }
}

void judge(const std::vector<std::byte>& bytes) {
  Segments segments(bytes);
  const auto tail = daemon::find_tail(segments, kFormat, 1, 0);
  if (!tail) {
    const bool names_it = tail.error().text().find(" at ") != std::string::npos;
    if (tail.error().code != daemon::ErrorCode::kDamaged || !names_it) std::abort();
    return;
  }
  daemon::FrameWalk walk(segments, kFormat);
  walk.start(1);
  auto taken = walk.next();
  for (; taken && *taken; taken = walk.next()) continue;
  if (!taken || walk.end().position != tail->end.position || walk.end().hash != tail->end.hash)
    std::abort();
}

}  // namespace
}  // namespace permitd::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace permitd::tests;
  static const std::vector<std::byte> kValid = valid_journal();
  std::vector<std::byte> bytes = kValid;
  if (size != 0) apply_patches({data + 1, size - 1}, bytes);
  if (size != 0 && (data[0] & 1) != 0) make_right(bytes);
  judge(bytes);
  return 0;
}
