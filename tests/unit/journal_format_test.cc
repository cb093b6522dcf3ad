// Goal: the bytes on disk are those of FORMAT.md, field by field, and stay so. Method: a tiny
// journal with fixed contents is made, and its bytes are compared with the worked example in the
// document. Run with PERMITD_PRINT_EXAMPLE=1 to print the example anew; read the difference before
// keeping it.
#include "protocol/journal_format.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "protocol/command_codec.h"
#include "protocol/snapshot_format.h"

namespace permitd::protocol {
namespace {

using scheduler::Command;
using scheduler::CommandKind;

/// Frame 1, the mark of a first lead, and frame 2, a batch with two commands.
std::vector<std::byte> tiny_journal() {
  FrameHasher hasher;
  FrameHeader lead;
  lead.journal_id = 0x1122334455667788;
  lead.segment = 1;
  lead.epoch = 1;
  lead.frame = 1;
  lead.first_op = 1;
  lead.kind = FrameKind::kLead;
  seal(lead, {}, hasher);

  std::vector<std::byte> payload(2 * kEncodedCommandSizeMax);
  Command start;
  start.kind = CommandKind::kStart;
  start.actor = {scheduler::ActorKind::kExpert, 41};
  start.key = {1, 2};
  start.body.start = {scheduler::JobId{1001}, scheduler::LeaseToken{77}};
  std::size_t size = encode_command(start, payload);
  Command tick;
  tick.kind = CommandKind::kTick;
  size += encode_command(tick, std::span(payload).subspan(size));
  payload.resize(size);

  FrameHeader batch;
  batch.journal_id = lead.journal_id;
  batch.segment = 1;
  batch.block = 1;
  batch.epoch = 1;
  batch.frame = 2;
  batch.frame_durable = 1;
  batch.first_op = 1;
  batch.op_count = 2;
  batch.payload_size = static_cast<std::uint32_t>(size);
  batch.now_ms = 1'742'529'600'000;
  batch.seed = 0xA5A5A5A5A5A5A5A5;
  batch.previous = lead.hash;
  seal(batch, payload, hasher);

  std::vector<std::byte> bytes(frame_size(0) + frame_size(size));
  std::memcpy(bytes.data(), &lead, sizeof lead);
  std::memcpy(bytes.data() + kBlockSize, &batch, sizeof batch);
  std::memcpy(bytes.data() + kBlockSize + sizeof batch, payload.data(), payload.size());
  return bytes;
}

/// Lines of "offset  16 bytes"; runs of zero lines are left out.
std::string hex_dump(const std::vector<std::byte>& bytes) {
  std::string text;
  for (std::size_t offset = 0; offset < bytes.size(); offset += 16) {
    std::string line;
    bool zero = true;
    for (std::size_t index = offset; index < offset + 16; ++index) {
      line += fmt::format(" {:02x}", static_cast<unsigned>(bytes[index]));
      zero = zero && bytes[index] == std::byte{0};
    }
    if (!zero) text += fmt::format("{:05x} {}\n", offset, line);
  }
  return text;
}

TEST(JournalFormat, TheWorkedExampleOfTheDocumentIsReal) {
  const std::string dump = hex_dump(tiny_journal());
  if (std::getenv("PERMITD_PRINT_EXAMPLE") != nullptr) fmt::print("{}", dump);
  std::ifstream file(std::string(PERMITD_SOURCE_DIR) + "/protocol/FORMAT.md");
  std::stringstream document;
  document << file.rdbuf();
  ASSERT_TRUE(file.good() || file.eof());
  EXPECT_NE(document.str().find(dump), std::string::npos) << dump;
}

TEST(JournalFormat, TheExampleReadsBack) {
  const std::vector<std::byte> bytes = tiny_journal();
  FrameHasher hasher;
  FrameHeader header;
  const FramePlace first{0x1122334455667788, 1, bytes.size()};
  ASSERT_TRUE(read_header(bytes, first, header));
  EXPECT_EQ(header.kind, FrameKind::kLead);
  EXPECT_TRUE(is_whole(header, {}, hasher));
  const Sha256 hash_of_first = header.hash;
  const auto second = std::span(bytes).subspan(kBlockSize);
  ASSERT_TRUE(
      read_header(second, {0x1122334455667788, 1, bytes.size() - kBlockSize, kBlockSize}, header));
  EXPECT_EQ(header.previous, hash_of_first);
  const auto payload = second.subspan(sizeof header, header.payload_size);
  EXPECT_TRUE(is_whole(header, payload, hasher));
  CommandDecoder decoder(payload, scheduler::Op{header.first_op}, scheduler::Tick{header.now_ms},
                         header.seed);
  Command command;
  ASSERT_TRUE(decoder.next(command));
  EXPECT_EQ(command.kind, CommandKind::kStart);
  EXPECT_EQ(command.body.start.job, scheduler::JobId{1001});
  ASSERT_TRUE(decoder.next(command));
  EXPECT_EQ(command.kind, CommandKind::kTick);
  EXPECT_EQ(command.op, scheduler::Op{2});
  EXPECT_FALSE(decoder.next(command));
  EXPECT_FALSE(decoder.is_broken());
}

TEST(JournalFormat, AHeaderBelongsToOnePlaceOnly) {
  const std::vector<std::byte> bytes = tiny_journal();
  FrameHeader header;
  const FramePlace right{0x1122334455667788, 1, bytes.size()};
  EXPECT_TRUE(read_header(bytes, right, header));
  FramePlace wrong = right;
  wrong.journal_id += 1;
  EXPECT_FALSE(read_header(bytes, wrong, header));
  wrong = right;
  wrong.segment = 2;
  EXPECT_FALSE(read_header(bytes, wrong, header));
  wrong = right;
  wrong.offset = kBlockSize;
  EXPECT_FALSE(read_header(bytes, wrong, header));
  wrong = right;
  wrong.room = kBlockSize - 1;
  EXPECT_FALSE(read_header(bytes, wrong, header));
}

TEST(JournalFormat, EveryBitOfAHeaderAndItsPayloadCounts) {
  const std::vector<std::byte> bytes = tiny_journal();
  const std::size_t used = sizeof(FrameHeader) + 40 + 32;
  FrameHasher hasher;
  for (std::size_t byte = kBlockSize; byte < kBlockSize + used; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::vector<std::byte> wrong = bytes;
      wrong[byte] ^= std::byte{1} << bit;
      const auto frame = std::span<const std::byte>(wrong).subspan(kBlockSize);
      FrameHeader header;
      const bool found =
          read_header(frame, {0x1122334455667788, 1, frame.size(), kBlockSize}, header);
      const bool in_header = byte < kBlockSize + sizeof(FrameHeader);
      ASSERT_EQ(found, !in_header) << byte << " " << bit;
      if (found) {
        ASSERT_FALSE(is_whole(header, frame.subspan(sizeof header, header.payload_size), hasher));
      }
    }
  }
}

// With the right checksum: more than any program writes.
TEST(JournalFormat, AHeaderBeyondTheBoundsIsNone) {
  const std::vector<std::byte> bytes = tiny_journal();
  const FramePlace place{0x1122334455667788, 1, SIZE_MAX, kBlockSize};
  FrameHasher hasher;
  for (const auto& spoil : std::initializer_list<void (*)(FrameHeader&)>{
           [](FrameHeader&) {},
           [](FrameHeader& each) { each.payload_size = kFramePayloadSizeMax + 1; },
           [](FrameHeader& each) { each.op_count = kFrameOpCountMax + 1; }}) {
    FrameHeader header;
    std::memcpy(&header, bytes.data() + kBlockSize, sizeof header);
    const std::uint64_t before = header.checksum;
    spoil(header);
    std::vector<std::byte> block(kBlockSize);
    header.checksum =
        checksum_of(std::as_bytes(std::span(&header, 1)).first(offsetof(FrameHeader, checksum)));
    std::memcpy(block.data(), &header, sizeof header);
    FrameHeader found;
    EXPECT_EQ(read_header(block, place, found), header.checksum == before);
    EXPECT_FALSE(is_whole(header, std::span(block).first(1), hasher));
  }
}

TEST(JournalFormat, SizesAreWholeBlocks) {
  EXPECT_EQ(frame_size(0), kBlockSize);
  EXPECT_EQ(frame_size(kBlockSize - sizeof(FrameHeader)), kBlockSize);
  EXPECT_EQ(frame_size(kBlockSize - sizeof(FrameHeader) + 1), 2 * kBlockSize);
  EXPECT_EQ(kFrameSizeMax, (std::size_t{2} << 20) + kBlockSize);
}

}  // namespace
}  // namespace permitd::protocol
