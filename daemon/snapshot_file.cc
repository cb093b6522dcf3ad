#include "daemon/snapshot_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "protocol/journal_format.h"
#include "protocol/snapshot_format.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

using protocol::kSnapshotChunkSize;
using protocol::SnapshotChunk;
using protocol::SnapshotFooter;
using protocol::SnapshotHeader;
using scheduler::Op;
using scheduler::raw;

namespace {

constexpr char kPrefix[] = "snapshot.";
// Written bytes are sent on their way so often, so that the sync at the end does not hold up the
// journal.
constexpr std::uint64_t kFlushSize = std::uint64_t{8} << 20;
constexpr char kRemedy[] =
    "Remove the file: an older snapshot and the journal give the same state.";

std::string snapshot_name(std::uint64_t op) { return fmt::format("snapshot.{:020}", op); }

template <class Record>
std::uint64_t record_checksum(const Record& record) {
  return protocol::checksum_of(
      std::as_bytes(std::span(&record, 1)).first(sizeof record - sizeof record.checksum));
}

template <class Record>
std::span<const std::byte> bytes_of(const Record& record) {
  return std::as_bytes(std::span(&record, 1));
}

std::uint64_t chunk_checksum(std::uint64_t index, std::span<const std::byte> bytes) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), index);
}

Error damaged(const std::string& name, std::uint64_t offset, const char* what) {
  return Error{ErrorCode::kDamaged, 0, fmt::format("read {} at {}: {}", name, offset, what),
               kRemedy};
}

class FileSnapshotWriter final : public SnapshotWriter {
 public:
  FileSnapshotWriter(const JournalDirectory& directory, Op op, File file)
      : directory_(directory), op_(op), file_(std::move(file)), chunk_(kSnapshotChunkSize) {}
  ~FileSnapshotWriter() override {
    if (!committed_) (void)directory_.remove_file(unfinished_name());
  }

  Expected<void> begin() {
    SnapshotHeader header;
    header.op = raw(op_);
    header.checksum = record_checksum(header);
    return put(bytes_of(header));
  }

  Expected<void> write(std::span<const std::byte> bytes) override {
    hasher_.add(bytes);
    size_ += bytes.size();
    while (!bytes.empty()) {
      const std::size_t part = std::min(bytes.size(), chunk_.size() - filled_);
      std::memcpy(chunk_.data() + filled_, bytes.data(), part);
      filled_ += part;
      bytes = bytes.subspan(part);
      if (filled_ == chunk_.size()) {
        if (auto done = put_chunk(); !done) return done;
      }
    }
    return {};
  }

  Expected<SnapshotMark> commit() override {
    PERMIT_ASSERT(!committed_);
    if (filled_ != 0) {
      if (auto done = put_chunk(); !done) return std::unexpected(done.error());
    }
    const StateDigest digest = hasher_.digest();
    SnapshotFooter footer;
    footer.op = raw(op_);
    footer.size = size_;
    footer.chunk_count = chunk_count_;
    footer.digest_high = digest.high;
    footer.digest_low = digest.low;
    footer.checksum = record_checksum(footer);
    if (auto done = put(bytes_of(footer)); !done) return std::unexpected(done.error());
    if (fsync(file_.number()) != 0) return std::unexpected(system_error("sync " + path()));
    // The device has it; nobody reads it soon.
    posix_fadvise(file_.number(), 0, 0, POSIX_FADV_DONTNEED);
    auto renamed = directory_.rename_file(unfinished_name(), snapshot_name(raw(op_)));
    if (!renamed) return std::unexpected(renamed.error());
    committed_ = true;
    return SnapshotMark{op_, digest, size_};
  }

 private:
  std::string unfinished_name() const { return snapshot_name(raw(op_)) + ".tmp"; }
  std::string path() const { return directory_.path_of(unfinished_name()); }

  Expected<void> put_chunk() {
    const std::span<const std::byte> bytes = chunk_.bytes().first(filled_);
    const SnapshotChunk head{chunk_count_, filled_, chunk_checksum(chunk_count_, bytes)};
    if (auto done = put(bytes_of(head)); !done) return done;
    if (auto done = put(bytes); !done) return done;
    chunk_count_ += 1;
    filled_ = 0;
    if (offset_ - flushed_ >= kFlushSize) {
      // Only a hint to begin early; what counts is the sync of commit().
      sync_file_range(file_.number(), static_cast<off64_t>(flushed_),
                      static_cast<off64_t>(offset_ - flushed_), SYNC_FILE_RANGE_WRITE);
      flushed_ = offset_;
    }
    return {};
  }

  Expected<void> put(std::span<const std::byte> bytes) {
    if (auto done = write_whole(file_, path(), offset_, bytes); !done) return done;
    offset_ += bytes.size();
    return {};
  }

  const JournalDirectory& directory_;
  Op op_;
  File file_;
  AlignedBuffer chunk_;
  StateHasher hasher_;
  std::size_t filled_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t chunk_count_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t flushed_ = 0;
  bool committed_ = false;
};

class FileSnapshotReader final : public SnapshotReader {
 public:
  FileSnapshotReader(std::string name, File file)
      : name_(std::move(name)), file_(std::move(file)), chunk_(kSnapshotChunkSize) {}

  Expected<void> begin() {
    auto size = size_of(file_, name_);
    if (!size) return std::unexpected(size.error());
    SnapshotHeader header;
    SnapshotFooter footer;
    if (*size < sizeof header + sizeof footer)
      return std::unexpected(damaged(name_, *size, "the file is too short"));
    if (auto done = get(0, std::as_writable_bytes(std::span(&header, 1))); !done) return done;
    if (header.magic != protocol::kSnapshotMagic || header.checksum != record_checksum(header)) {
      return std::unexpected(damaged(name_, 0, "the header is wrong"));
    }
    if (header.version_major != protocol::kSnapshotVersionMajor) {
      return std::unexpected(Error{
          ErrorCode::kVersion, 0,
          fmt::format("read {}: format {}.{}, this program reads {}.x", name_, header.version_major,
                      header.version_minor, protocol::kSnapshotVersionMajor),
          fmt::format("Start a permitd of format {}, which wrote the directory.",
                      header.version_major)});
    }
    const std::uint64_t footer_offset = *size - sizeof footer;
    if (auto done = get(footer_offset, std::as_writable_bytes(std::span(&footer, 1))); !done)
      return done;
    const bool footer_right = footer.magic == protocol::kSnapshotFooterMagic &&
                              footer.op == header.op && footer.checksum == record_checksum(footer);
    const std::uint64_t chunk_count = (footer.size + kSnapshotChunkSize - 1) / kSnapshotChunkSize;
    if (!footer_right || header.chunk_size != kSnapshotChunkSize ||
        footer.chunk_count != chunk_count ||
        footer_offset != sizeof header + chunk_count * sizeof(SnapshotChunk) + footer.size) {
      return std::unexpected(damaged(name_, footer_offset, "the footer is wrong"));
    }
    mark_ = {Op{header.op}, {footer.digest_high, footer.digest_low}, footer.size};
    offset_ = sizeof header;
    return {};
  }

  const SnapshotMark& mark() const override { return mark_; }

  Expected<void> read(std::span<std::byte> bytes) override {
    while (!bytes.empty()) {
      if (rest_.empty()) {
        if (auto done = next_chunk(); !done) return done;
      }
      const std::size_t part = std::min(bytes.size(), rest_.size());
      std::memcpy(bytes.data(), rest_.data(), part);
      rest_ = rest_.subspan(part);
      bytes = bytes.subspan(part);
    }
    return {};
  }

 private:
  Expected<void> next_chunk() {
    const std::uint64_t done_size = chunk_index_ * kSnapshotChunkSize;
    if (done_size >= mark_.size)
      return std::unexpected(damaged(name_, offset_, "the state goes on behind the end"));
    const std::size_t expected =
        std::min<std::uint64_t>(kSnapshotChunkSize, mark_.size - done_size);
    SnapshotChunk head;
    if (auto done = get(offset_, std::as_writable_bytes(std::span(&head, 1))); !done) return done;
    if (head.index != chunk_index_ || head.size != expected) {
      return std::unexpected(damaged(name_, offset_, "a chunk is not the one that belongs here"));
    }
    const std::span<std::byte> bytes = chunk_.bytes().first(expected);
    if (auto done = get(offset_ + sizeof head, bytes); !done) return done;
    if (head.checksum != chunk_checksum(chunk_index_, bytes)) {
      return std::unexpected(damaged(name_, offset_, "the checksum of a chunk is wrong"));
    }
    hasher_.add(bytes);
    if (done_size + expected == mark_.size && hasher_.digest() != mark_.digest) {
      return std::unexpected(damaged(name_, offset_, "the digest of the state is wrong"));
    }
    rest_ = bytes;
    offset_ += sizeof head + expected;
    chunk_index_ += 1;
    return {};
  }

  Expected<void> get(std::uint64_t offset, std::span<std::byte> bytes) {
    return read_or_zero(file_, name_, offset, bytes);
  }

  std::string name_;
  File file_;
  AlignedBuffer chunk_;
  StateHasher hasher_;
  SnapshotMark mark_;
  std::span<const std::byte> rest_;
  std::uint64_t offset_ = 0;
  std::uint64_t chunk_index_ = 0;
};

}  // namespace

StateHasher::StateHasher() : state_(XXH3_createState()) {
  PERMIT_ASSERT(state_ != nullptr);
  XXH3_128bits_reset(state_);
}

StateHasher::~StateHasher() { XXH3_freeState(state_); }

void StateHasher::add(std::span<const std::byte> bytes) {
  XXH3_128bits_update(state_, bytes.data(), bytes.size());
}

StateDigest StateHasher::digest() const {
  const XXH128_hash_t value = XXH3_128bits_digest(state_);
  return {value.high64, value.low64};
}

Expected<SnapshotList> list_snapshots(const JournalDirectory& directory) {
  SnapshotList list;
  const auto numbers = directory.numbers(kPrefix);
  if (!numbers) return std::unexpected(numbers.error());
  for (auto number = numbers->rbegin(); number != numbers->rend(); ++number) {
    auto reader = open_snapshot(directory, Op{*number});
    if (reader) {
      list.marks.push_back((*reader)->mark());
    } else {
      list.unread.push_back({Op{*number}, reader.error()});
    }
  }
  return list;
}

void remove_snapshots(const JournalDirectory& directory, std::uint64_t op) {
  const auto numbers = directory.numbers(kPrefix);
  if (!numbers) return;
  for (const std::uint64_t number : *numbers) {
    if (number < op) (void)directory.remove_file(snapshot_name(number));
  }
  (void)directory.sync();
}

Expected<std::unique_ptr<SnapshotWriter>> create_snapshot(const JournalDirectory& directory,
                                                          Op op) {
  auto file =
      directory.open_file(snapshot_name(raw(op)) + ".tmp", O_RDWR | O_CREAT | O_TRUNC, false);
  if (!file) return std::unexpected(file.error());
  auto writer = std::make_unique<FileSnapshotWriter>(directory, op, std::move(*file));
  if (auto begun = writer->begin(); !begun) return std::unexpected(begun.error());
  return writer;
}

Expected<std::unique_ptr<SnapshotReader>> open_snapshot(const JournalDirectory& directory, Op op) {
  const std::string name = snapshot_name(raw(op));
  auto file = directory.open_file(name, O_RDONLY, false);
  if (!file) return std::unexpected(file.error());
  posix_fadvise(file->number(), 0, 0, POSIX_FADV_SEQUENTIAL);
  auto reader = std::make_unique<FileSnapshotReader>(directory.path_of(name), std::move(*file));
  if (auto begun = reader->begin(); !begun) return std::unexpected(begun.error());
  if (reader->mark().op != op)
    return std::unexpected(
        damaged(directory.path_of(name), 0, "the op is not the one of the name"));
  return reader;
}

}  // namespace permitd::daemon
