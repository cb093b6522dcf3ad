// Goal: a snapshot gives back the bytes that were written or says where it is damaged; it counts
// only under its final name. Method: every cut and a flipped bit in every part of real files.
#include "daemon/snapshot_file.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "protocol/journal_format.h"
#include "protocol/snapshot_format.h"
#include "tests/support/scratch_directory.h"

namespace permitd::daemon {
namespace {

using scheduler::Op;

std::vector<std::byte> random_state(std::size_t size) {
  std::mt19937_64 random(size);
  std::vector<std::byte> state(size);
  for (std::byte& each : state) each = static_cast<std::byte>(random());
  return state;
}

class SnapshotFile : public testing::Test {
 protected:
  SnapshotFile() {
    auto opened = JournalDirectory::open(scratch_.path());
    EXPECT_TRUE(opened.has_value());
    directory_ = std::make_unique<JournalDirectory>(std::move(*opened));
  }

  SnapshotMark write(Op op, const std::vector<std::byte>& state, std::size_t piece) {
    auto writer = create_snapshot(*directory_, op);
    EXPECT_TRUE(writer.has_value());
    for (std::size_t offset = 0; offset < state.size(); offset += piece) {
      const std::size_t size = std::min(piece, state.size() - offset);
      EXPECT_TRUE((*writer)->write(std::span(state).subspan(offset, size)).has_value());
    }
    auto mark = (*writer)->commit();
    EXPECT_TRUE(mark.has_value());
    return *mark;
  }

  Expected<std::vector<std::byte>> read(Op op) {
    auto reader = open_snapshot(*directory_, op);
    if (!reader) return std::unexpected(reader.error());
    std::vector<std::byte> state((*reader)->mark().size);
    for (std::size_t offset = 0; offset < state.size(); offset += 70'000) {
      const std::size_t size = std::min<std::size_t>(70'000, state.size() - offset);
      auto done = (*reader)->read(std::span(state).subspan(offset, size));
      if (!done) return std::unexpected(done.error());
    }
    return state;
  }

  std::string file(std::uint64_t op) const {
    std::string digits = std::to_string(op);
    return scratch_ / ("snapshot." + std::string(20 - digits.size(), '0') + digits);
  }
  std::vector<char> file_bytes(std::uint64_t op) const {
    std::ifstream stream(file(op), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void set_file_bytes(std::uint64_t op, const std::vector<char>& bytes) const {
    std::ofstream(file(op), std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  /// Flips a bit of the snapshot at op 5, wants it refused, and flips it back.
  void expect_noticed(std::size_t byte, unsigned bit) {
    flip(byte, bit);
    auto found = read(Op{5});
    flip(byte, bit);
    ASSERT_FALSE(found.has_value()) << "bit " << bit << " of byte " << byte;
    ASSERT_TRUE(found.error().code == ErrorCode::kDamaged ||
                found.error().code == ErrorCode::kVersion);
  }
  void flip(std::size_t byte, unsigned bit) const {
    std::fstream stream(file(5), std::ios::binary | std::ios::in | std::ios::out);
    const auto place = static_cast<std::streamoff>(byte);
    char value = 0;
    stream.seekg(place).get(value);
    stream.seekp(place).put(static_cast<char>(value ^ (1 << bit)));
  }

  tests::ScratchDirectory scratch_;
  std::unique_ptr<JournalDirectory> directory_;
};

TEST_F(SnapshotFile, AnySizeInAnyPiecesComesBack) {
  std::uint64_t op = 1;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, protocol::kSnapshotChunkSize - 1,
                                 protocol::kSnapshotChunkSize, protocol::kSnapshotChunkSize + 1,
                                 3 * protocol::kSnapshotChunkSize,
                                 (std::size_t{9} << 20) + 1}) {  // is sent on its way in between
    for (const std::size_t piece : {std::size_t{777}, 2 * protocol::kSnapshotChunkSize}) {
      const auto state = random_state(size);
      const SnapshotMark mark = write(Op{op}, state, piece);
      EXPECT_EQ(mark.size, size);
      StateHasher hasher;
      hasher.add(state);
      EXPECT_EQ(mark.digest, hasher.digest());
      auto found = read(Op{op});
      ASSERT_TRUE(found.has_value()) << found.error().text();
      ASSERT_EQ(*found, state);
      ++op;
    }
  }
  EXPECT_EQ(list_snapshots(*directory_)->marks.size(), 14U);
  EXPECT_EQ(list_snapshots(*directory_)->marks.front().op, Op{14});
}

// Small enough for every bit of the whole file, state and all.
TEST_F(SnapshotFile, EveryFlippedBitIsNoticed) {
  write(Op{5}, random_state(1500), 1 << 20);
  const std::size_t size = file_bytes(5).size();
  for (std::size_t byte = 0; byte < size; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) ASSERT_NO_FATAL_FAILURE(expect_noticed(byte, bit));
  }
  EXPECT_TRUE(read(Op{5}).has_value());
}

// Two chunks: every bit of each record, and of the state one bit of some bytes.
TEST_F(SnapshotFile, EveryFlippedBitOfARecordBetweenChunksIsNoticed) {
  constexpr std::size_t kStateStep = 10'007;
  write(Op{5}, random_state(protocol::kSnapshotChunkSize + 5000), 1 << 20);
  const std::size_t size = file_bytes(5).size();
  const std::size_t first_state =
      sizeof(protocol::SnapshotHeader) + sizeof(protocol::SnapshotChunk);
  const std::size_t second_chunk = first_state + protocol::kSnapshotChunkSize;
  const std::size_t second_state = second_chunk + sizeof(protocol::SnapshotChunk);
  ASSERT_EQ(size, second_state + 5000 + sizeof(protocol::SnapshotFooter));
  const auto flip_record = [&](std::size_t begin, std::size_t end) {
    for (std::size_t byte = begin; byte < end; ++byte) {
      for (unsigned bit = 0; bit < 8; ++bit) ASSERT_NO_FATAL_FAILURE(expect_noticed(byte, bit));
    }
  };
  ASSERT_NO_FATAL_FAILURE(flip_record(0, first_state));
  ASSERT_NO_FATAL_FAILURE(flip_record(second_chunk, second_state));
  ASSERT_NO_FATAL_FAILURE(flip_record(size - sizeof(protocol::SnapshotFooter), size));
  for (std::size_t byte = first_state; byte < size; byte += kStateStep)
    ASSERT_NO_FATAL_FAILURE(expect_noticed(byte, static_cast<unsigned>(byte % 8)));
  EXPECT_TRUE(read(Op{5}).has_value());
}

// Each chunk is as it was written, and together they are another state than the one promised.
TEST_F(SnapshotFile, ChunksOfAnotherStateAreNoticed) {
  write(Op{5}, random_state(300), 100);
  std::vector<char> bytes = file_bytes(5);
  protocol::SnapshotFooter footer;
  char* place = bytes.data() + bytes.size() - sizeof footer;
  std::memcpy(&footer, place, sizeof footer);
  footer.digest_low += 1;
  footer.checksum = protocol::checksum_of(
      std::as_bytes(std::span(&footer, 1)).first(sizeof footer - sizeof footer.checksum));
  std::memcpy(place, &footer, sizeof footer);
  set_file_bytes(5, bytes);
  ASSERT_TRUE(open_snapshot(*directory_, Op{5}).has_value());
  auto found = read(Op{5});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kDamaged);
  EXPECT_NE(found.error().act.find("digest"), std::string::npos);
}

TEST_F(SnapshotFile, EveryCutIsNoticed) {
  write(Op{5}, random_state(300), 100);
  const std::vector<char> right = file_bytes(5);
  for (std::size_t size = 0; size < right.size(); ++size) {
    set_file_bytes(5, {right.begin(), right.begin() + static_cast<std::ptrdiff_t>(size)});
    ASSERT_FALSE(read(Op{5}).has_value()) << size;
    ASSERT_TRUE(list_snapshots(*directory_)->marks.empty()) << size;
  }
  set_file_bytes(5, right);
  EXPECT_TRUE(read(Op{5}).has_value());
}

template <class Record>
std::vector<char> with_record(std::vector<char> bytes, std::size_t offset, Record record) {
  record.checksum = protocol::checksum_of(
      std::as_bytes(std::span(&record, 1)).first(sizeof record - sizeof record.checksum));
  std::memcpy(bytes.data() + offset, &record, sizeof record);
  return bytes;
}

// Records that are whole and say something else than the file holds.
TEST_F(SnapshotFile, WholeRecordsThatDoNotFitAreRefused) {
  write(Op{5}, random_state(300), 100);
  const std::vector<char> right = file_bytes(5);
  const std::size_t footer_offset = right.size() - sizeof(protocol::SnapshotFooter);
  protocol::SnapshotHeader header;
  protocol::SnapshotFooter footer;
  std::memcpy(&header, right.data(), sizeof header);
  std::memcpy(&footer, right.data() + footer_offset, sizeof footer);

  auto newer = header;
  newer.version_major = protocol::kSnapshotVersionMajor + 1;
  set_file_bytes(5, with_record(right, 0, newer));
  EXPECT_EQ(open_snapshot(*directory_, Op{5}).error().code, ErrorCode::kVersion);
  auto chunked = header;
  chunked.chunk_size = 4096;
  set_file_bytes(5, with_record(right, 0, chunked));
  EXPECT_EQ(open_snapshot(*directory_, Op{5}).error().code, ErrorCode::kDamaged);
  auto more = footer;
  more.chunk_count += 1;
  set_file_bytes(5, with_record(right, footer_offset, more));
  EXPECT_EQ(open_snapshot(*directory_, Op{5}).error().code, ErrorCode::kDamaged);
  auto longer = footer;
  longer.size += 1;
  set_file_bytes(5, with_record(right, footer_offset, longer));
  EXPECT_EQ(open_snapshot(*directory_, Op{5}).error().code, ErrorCode::kDamaged);
}

TEST_F(SnapshotFile, AnotherOpsFileIsNotTakenForIt) {
  write(Op{5}, random_state(100), 100);
  std::filesystem::rename(file(5), file(6));
  EXPECT_EQ(open_snapshot(*directory_, Op{6}).error().code, ErrorCode::kDamaged);
  EXPECT_TRUE(list_snapshots(*directory_)->marks.empty());
}

TEST_F(SnapshotFile, UncommittedLeavesNothing) {
  {
    auto writer = create_snapshot(*directory_, Op{9});
    ASSERT_TRUE((*writer)->write(random_state(3'000'000)).has_value());
    EXPECT_TRUE(std::filesystem::exists(file(9) + ".tmp"));
    EXPECT_TRUE(list_snapshots(*directory_)->marks.empty());
  }
  EXPECT_FALSE(std::filesystem::exists(file(9) + ".tmp"));
  EXPECT_FALSE(std::filesystem::exists(file(9)));
}

TEST_F(SnapshotFile, RemovingLeavesTheNewerOnes) {
  for (const std::uint64_t op : {3U, 5U, 8U}) write(Op{op}, random_state(10), 10);
  remove_snapshots(*directory_, 5);
  const auto marks = list_snapshots(*directory_)->marks;
  ASSERT_EQ(marks.size(), 2U);
  EXPECT_EQ(marks[0].op, Op{8});
  EXPECT_EQ(marks[1].op, Op{5});
}

TEST_F(SnapshotFile, AFullDeviceIsToldAndLeavesNothing) {
  if (mount("tmpfs", scratch_.path().c_str(), "tmpfs", 0, "size=2m") != 0) {
    GTEST_SKIP() << "needs the right to mount";
  }
  {
    auto opened = JournalDirectory::open(scratch_.path());
    auto writer = create_snapshot(*opened, Op{1});
    ASSERT_TRUE(writer.has_value());
    auto done = (*writer)->write(random_state(5'000'000));
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, ErrorCode::kFull);
    writer->reset();
    EXPECT_TRUE(std::filesystem::is_empty(scratch_.path()));
  }
  umount2(scratch_.path().c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace permitd::daemon
