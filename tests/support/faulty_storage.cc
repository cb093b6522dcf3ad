#include "tests/support/faulty_storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daemon/snapshot_file.h"
#include "scheduler/assert.h"

namespace permitd::tests {

using daemon::Error;
using daemon::ErrorCode;
using daemon::Expected;
using daemon::FramePosition;
using protocol::FrameHeader;
using protocol::FrameKind;
using protocol::kBlockSize;
using scheduler::Op;
using scheduler::raw;

namespace {

constexpr std::uint64_t kJournalId = 0x5EED'0F7E'57ED'D15C;

class DiskSegments final : public daemon::SegmentSource {
 public:
  explicit DiskSegments(FaultyDisk& disk) : disk_(disk) {}
  Expected<bool> read(std::uint64_t segment, std::uint64_t offset,
                      std::span<std::byte> bytes) override {
    const std::lock_guard lock(disk_.mutex);
    const auto found = disk_.segments.find(segment);
    if (found == disk_.segments.end()) return false;
    const std::vector<std::byte>& have = found->second;
    const std::size_t part =
        offset >= have.size() ? 0 : std::min(bytes.size(), have.size() - offset);
    if (part != 0) std::memcpy(bytes.data(), have.data() + offset, part);
    std::memset(bytes.data() + part, 0, bytes.size() - part);
    return true;
  }
  std::string name_of(std::uint64_t segment) const override {
    return fmt::format("disk.{:06}", segment);
  }

 private:
  FaultyDisk& disk_;
};

class DiskSnapshotWriter final : public daemon::SnapshotWriter {
 public:
  DiskSnapshotWriter(FaultyDisk& disk, Op op) : disk_(disk) { snapshot_.mark.op = op; }
  Expected<void> write(std::span<const std::byte> bytes) override {
    hasher_.add(bytes);
    snapshot_.bytes.insert(snapshot_.bytes.end(), bytes.begin(), bytes.end());
    return {};
  }
  Expected<daemon::SnapshotMark> commit() override {
    snapshot_.mark.digest = hasher_.digest();
    snapshot_.mark.size = snapshot_.bytes.size();
    const std::lock_guard lock(disk_.mutex);
    disk_.snapshots[raw(snapshot_.mark.op)] = snapshot_;
    return snapshot_.mark;
  }

 private:
  FaultyDisk& disk_;
  FaultyDisk::Snapshot snapshot_;
  daemon::StateHasher hasher_;
};

class DiskSnapshotReader final : public daemon::SnapshotReader {
 public:
  explicit DiskSnapshotReader(FaultyDisk::Snapshot snapshot) : snapshot_(std::move(snapshot)) {}
  const daemon::SnapshotMark& mark() const override { return snapshot_.mark; }
  Expected<void> read(std::span<std::byte> bytes) override {
    if (snapshot_.damaged || bytes.size() > snapshot_.bytes.size() - offset_) {
      return std::unexpected(
          Error{ErrorCode::kDamaged, 0, "read a simulated snapshot", "Remove the snapshot."});
    }
    std::memcpy(bytes.data(), snapshot_.bytes.data() + offset_, bytes.size());
    offset_ += bytes.size();
    return {};
  }

 private:
  FaultyDisk::Snapshot snapshot_;
  std::size_t offset_ = 0;
};

}  // namespace

void FaultyDisk::write(std::uint64_t segment, std::uint64_t offset,
                       std::span<const std::byte> bytes) {
  const std::lock_guard lock(mutex);
  std::vector<std::byte>& have = segments[segment];
  if (have.size() < offset + bytes.size()) have.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), have.begin() + static_cast<std::ptrdiff_t>(offset));
}

void FaultyDisk::make_segment(std::uint64_t segment) {
  const std::lock_guard lock(mutex);
  if (segments.contains(segment)) return;
  std::vector<std::byte>& made = segments[segment];
  if (spares.empty()) return;
  made = std::move(spares.front());
  spares.erase(spares.begin());
}

void FaultyDisk::flip_bit(std::uint64_t segment, std::uint64_t offset, unsigned bit) {
  const std::lock_guard lock(mutex);
  segments.at(segment).at(offset) ^= std::byte{1} << bit;
}

FaultyStorage::FaultyStorage(FaultyDisk& disk, const FaultyOptions& options)
    : disk_(disk), options_(options), random_(options.seed), payload_(daemon::kBatchSizeMax) {}

FaultyStorage::~FaultyStorage() {
  if (crashed_ || !surveyed_) return;
  flush();
  disk_.in_use = false;
}

// ---- what the test does to it ----

void FaultyStorage::crash() {
  for (const Write& write : writes_) {
    for (std::size_t offset = 0; offset < write.bytes.size(); offset += kSectorSize) {
      if ((random_() & 1) == 0) continue;
      disk_.write(write.position.segment, write.position.offset + offset,
                  std::span(write.bytes).subspan(offset, kSectorSize));
    }
  }
  writes_.clear();
  crashed_ = true;
  disk_.in_use = false;
}

void FaultyStorage::complete(std::size_t index) { finish(index); }

// ---- the lead ----

void FaultyStorage::format_disk() {
  disk_.format = {kJournalId, options_.segment_size};
  end_.position = {1, 0};
  end_.next_op = newest_op(*snapshots()) + 1;
  end_.now_ms = 0;
  disk_.make_segment(1);
  const Write write = make_frame({Op{end_.next_op}, 0, 0, {}, 0}, FrameKind::kLead);
  disk_.write(write.position.segment, write.position.offset, write.bytes);
  tail_ = {end_, 0, segments_, {}, 0, {}};
  (void)holds_.let_go(1);
}

Expected<daemon::Lead> FaultyStorage::survey() {
  if (disk_.in_use)
    return std::unexpected(Error{ErrorCode::kFenced, 0, "lock the simulated disk", ""});
  if (disk_.format.segment_size == 0) {
    disk_.in_use = surveyed_ = true;
    tail_.end.next_op = newest_op(*snapshots()) + 1;
    return lead_at_tail();
  }
  options_.segment_size = disk_.format.segment_size;
  DiskSegments source(disk_);
  auto tail = daemon::find_tail(source, disk_.format, disk_.segments.begin()->first,
                                newest_op(*snapshots()));
  if (!tail) return std::unexpected(tail.error());
  disk_.in_use = surveyed_ = true;
  tail_ = std::move(*tail);
  (void)holds_.let_go(disk_.segments.begin()->first);
  return lead_at_tail();
}

daemon::Lead FaultyStorage::lead_at_tail() const {
  return {tail_.end.epoch + 1, Op{tail_.first_op}, Op{tail_.end.next_op - 1}, tail_.torn_size,
          tail_.torn_note};
}

Expected<daemon::Lead> FaultyStorage::lead() {
  if (!surveyed_) {
    if (auto found = survey(); !found) return found;
  }
  if (disk_.format.segment_size == 0) format_disk();
  const std::vector<std::byte> zeros(kBlockSize);
  for (const FramePosition& position : tail_.cut_frames)
    disk_.write(position.segment, position.offset, zeros);
  segments_ = tail_.segments;
  end_ = tail_.end;
  epoch_ = end_.epoch + 1;
  frame_durable_ = end_.frame;
  op_durable_ = end_.next_op - 1;
  const Write write = make_frame({Op{end_.next_op}, 0, 0, {end_.now_ms}, 0}, FrameKind::kLead);
  disk_.make_segment(write.position.segment);
  disk_.write(write.position.segment, write.position.offset, write.bytes);
  frame_durable_ = end_.frame;
  return lead_at_tail();
}

// ---- appending ----

bool FaultyStorage::can_append() {
  return !crashed_ && !full_ && !failure_ &&
         end_.frame - frame_durable_ < options_.batches_in_flight;
}

std::span<std::byte> FaultyStorage::begin_batch() {
  PERMIT_ASSERT(can_append());
  return payload_;
}

FaultyStorage::Write FaultyStorage::make_frame(const daemon::BatchHeader& header, FrameKind kind) {
  PERMIT_ASSERT(raw(header.first_op) == end_.next_op, header.first_op, end_.next_op);
  PERMIT_ASSERT(header.now.ms >= end_.now_ms, header.now.ms, end_.now_ms);
  const std::size_t size = protocol::frame_size(header.payload_size);
  if (end_.position.offset + size > options_.segment_size)
    end_.position = {end_.position.segment + 1, 0};
  FrameHeader frame;
  frame.journal_id = disk_.format.journal_id;
  frame.segment = static_cast<std::uint32_t>(end_.position.segment);
  frame.block = static_cast<std::uint32_t>(end_.position.offset / protocol::kBlockSize);
  frame.epoch = epoch_;
  frame.frame = end_.frame + 1;
  frame.frame_durable = frame_durable_;
  frame.op_durable = op_durable_;
  frame.first_op = raw(header.first_op);
  frame.op_count = header.op_count;
  frame.payload_size = header.payload_size;
  frame.now_ms = header.now.ms;
  frame.seed = header.seed;
  frame.kind = kind;
  frame.previous = end_.hash;
  const auto payload = std::span<const std::byte>(payload_).first(header.payload_size);
  seal(frame, payload, hasher_);
  Write write{frame.frame, frame.first_op + frame.op_count - 1, end_.position,
              std::vector<std::byte>(size)};
  std::memcpy(write.bytes.data(), &frame, sizeof frame);
  std::copy(payload.begin(), payload.end(), write.bytes.begin() + sizeof frame);
  if (segments_.empty() || segments_.back().segment != frame.segment)
    segments_.push_back({frame.segment, 0, frame.frame});
  segments_.back().last_op = write.last_op;
  end_.position.offset += size;
  end_.frame = frame.frame;
  end_.epoch = epoch_;
  end_.next_op = write.last_op + 1;
  end_.now_ms = frame.now_ms;
  end_.hash = frame.hash;
  return write;
}

void FaultyStorage::append(const daemon::BatchHeader& header) {
  PERMIT_ASSERT(can_append() && header.op_count != 0, header.op_count);
  writes_.push_back(make_frame(header, FrameKind::kBatch));
  const Write& write = writes_.back();
  // Preparing ahead makes segments appear whole before anything is written to them.
  if (write.position.offset == 0) disk_.make_segment(write.position.segment);
  stats_.appended_batches += 1;
  stats_.appended_size += write.bytes.size();
}

void FaultyStorage::finish(std::size_t index) {
  const Write write = std::move(writes_.at(index));
  writes_.erase(writes_.begin() + static_cast<std::ptrdiff_t>(index));
  if (fail_next_ != 0) {
    failure_ = Error{ErrorCode::kSystem, fail_next_, "write to the simulated disk", ""};
    return;
  }
  disk_.write(write.position.segment, write.position.offset, write.bytes);
  finished_[write.frame] = write.last_op;
  advance();
}

void FaultyStorage::advance() {
  while (!failure_ && !finished_.empty() && finished_.begin()->first == frame_durable_ + 1) {
    frame_durable_ += 1;
    op_durable_ = finished_.begin()->second;
    finished_.erase(finished_.begin());
  }
}

void FaultyStorage::poll() {
  if (!completing_) return;
  for (std::size_t index = 0; index < writes_.size() && !failure_;) {
    if (options_.complete_permille >= 1000 || random_() % 1000 < options_.complete_permille) {
      finish(index);
    } else {
      ++index;
    }
  }
}

void FaultyStorage::flush() {
  while (!writes_.empty() && !failure_) finish(0);
}

// ---- reading and trimming ----

Expected<std::unique_ptr<daemon::BatchReader>> FaultyStorage::read(Op from) {
  auto reader = std::make_unique<daemon::JournalReader>(std::make_unique<DiskSegments>(disk_),
                                                        disk_.format, holds_);
  if (auto done = reader->seek(holds_.first_kept(), from); !done)
    return std::unexpected(done.error());
  return reader;
}

Expected<daemon::SnapshotList> FaultyStorage::snapshots() {
  const std::lock_guard lock(disk_.mutex);
  daemon::SnapshotList list;
  for (auto each = disk_.snapshots.rbegin(); each != disk_.snapshots.rend(); ++each) {
    const FaultyDisk::Snapshot& snapshot = each->second;
    if (snapshot.read_error == 0) {
      list.marks.push_back(snapshot.mark);
    } else {
      list.unread.push_back({snapshot.mark.op, Error{ErrorCode::kSystem, snapshot.read_error,
                                                     "read a simulated snapshot", ""}});
    }
  }
  return list;
}

Expected<std::unique_ptr<daemon::SnapshotWriter>> FaultyStorage::write_snapshot(Op op) {
  return std::make_unique<DiskSnapshotWriter>(disk_, op);
}

Expected<std::unique_ptr<daemon::SnapshotReader>> FaultyStorage::read_snapshot(Op op) {
  const std::lock_guard lock(disk_.mutex);
  const auto found = disk_.snapshots.find(raw(op));
  if (found == disk_.snapshots.end()) {
    return std::unexpected(Error{ErrorCode::kSystem, ENOENT,
                                 fmt::format("open the simulated snapshot {}", raw(op)), ""});
  }
  return std::make_unique<DiskSnapshotReader>(found->second);
}

void FaultyStorage::trim(Op op) {
  std::size_t count = 0;
  while (count + 1 < segments_.size() && segments_[count].last_op <= raw(op) &&
         segments_[count + 1].first_frame <= frame_durable_) {
    ++count;
  }
  const std::uint64_t kept =
      std::min(holds_.let_go(segments_[count].segment), segments_[count].segment);
  const std::lock_guard lock(disk_.mutex);
  disk_.snapshots.erase(disk_.snapshots.begin(), disk_.snapshots.lower_bound(raw(op)));
  while (disk_.segments.begin()->first < kept) {
    disk_.spares.push_back(std::move(disk_.segments.begin()->second));
    disk_.segments.erase(disk_.segments.begin());
  }
  std::erase_if(segments_, [kept](const daemon::SegmentEnd& each) { return each.segment < kept; });
}

daemon::StorageStats FaultyStorage::stats() const {
  daemon::StorageStats stats = stats_;
  stats.in_flight_count = static_cast<std::uint32_t>(end_.frame - frame_durable_);
  stats.room = full_ ? 0 : UINT64_MAX / 2;
  return stats;
}

}  // namespace permitd::tests
