#include "daemon/journal_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "daemon/journal_reader.h"
#include "daemon/snapshot_file.h"
#include "protocol/command_codec.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

using protocol::FrameHeader;
using scheduler::Op;
using scheduler::raw;

namespace {

constexpr char kRemedy[] =
    "Use another backup, or an op before the damage: 'permitctl restore --op'.";
constexpr std::size_t kStatePiece = std::size_t{1} << 20;

Error not_there(const FrameWalk& walk, const SegmentSource& source) {
  const FramePosition& place = walk.end().position;
  return Error{ErrorCode::kDamaged, 0,
               fmt::format("read {} at {}: op {} was durable and is not there any more",
                           source.name_of(place.segment), place.offset, walk.end().next_op),
               kRemedy};
}

class JournalCopy {
 public:
  JournalCopy(const JournalDirectory& from, const JournalDirectory& to, const JournalFormat& format,
              Op last, const PastMoment& until)
      : to_(to),
        format_(format),
        source_(from, true),
        walk_(source_, format),
        buffer_(protocol::kFrameSizeMax),
        last_(until.op ? std::min(*until.op, last) : last),
        until_(until) {}

  Expected<CopiedJournal> run(std::uint64_t first_segment) {
    walk_.start(first_segment);
    while (copied_.frame == 0 || copied_.last_op < last_) {
      auto taken = walk_.next();
      if (!taken) return std::unexpected(taken.error());
      if (!*taken) return std::unexpected(not_there(walk_, source_));
      if (until_.at && walk_.header().op_count != 0 && walk_.header().now_ms > until_.at->ms) break;
      if (auto done = copy_frame(); !done) return std::unexpected(done.error());
    }
    if (auto done = finish_segment(); !done) return std::unexpected(done.error());
    return copied_;
  }

 private:
  Expected<void> copy_frame() {
    const FrameHeader& taken = walk_.header();
    FrameHeader header = taken;
    std::span<const std::byte> payload = walk_.payload();
    if (taken.op_count != 0 && taken.first_op + taken.op_count - 1 > raw(last_)) {
      if (auto cut = cut_batch(header, payload); !cut) return cut;
    }
    const std::size_t size = protocol::frame_size(payload.size());
    std::memset(buffer_.data(), 0, size);
    std::memcpy(buffer_.data(), &header, sizeof header);
    if (!payload.empty())
      std::memcpy(buffer_.data() + sizeof header, payload.data(), payload.size());
    if (auto done = put(walk_.position(), buffer_.bytes().first(size)); !done) return done;
    if (copied_.first_op == Op{0} && header.op_count != 0) copied_.first_op = Op{header.first_op};
    copied_.last_op = Op{header.first_op + header.op_count - 1};
    copied_.frame = header.frame;
    copied_.hash = header.hash;
    copied_.size += size;
    return {};
  }

  // A batch is one write and one moment, but each of its commands has an op.
  Expected<void> cut_batch(FrameHeader& header, std::span<const std::byte>& payload) {
    protocol::CommandDecoder decoder(payload, Op{header.first_op}, scheduler::Tick{header.now_ms},
                                     header.seed);
    const auto count = static_cast<std::uint32_t>(raw(last_) - header.first_op + 1);
    scheduler::Command command;
    for (std::uint32_t index = 0; index < count; ++index) {
      if (decoder.next(command)) continue;
      return std::unexpected(
          Error{ErrorCode::kVersion, 0,
                fmt::format("cut the batch at op {}: op {} is not a command that this program "
                            "knows",
                            header.first_op, header.first_op + index),
                "Use the version of permitd that wrote the directory, or a newer one."});
    }
    payload = payload.first(payload.size() - decoder.rest_size());
    header.op_count = count;
    header.payload_size = static_cast<std::uint32_t>(payload.size());
    seal(header, payload, hasher_);
    return {};
  }

  Expected<void> put(const FramePosition& place, std::span<const std::byte> bytes) {
    if (!file_.is_open() || place.segment != segment_) {
      if (auto done = finish_segment(); !done) return done;
      segment_ = place.segment;
      auto file = to_.open_file(name(), O_WRONLY | O_CREAT | O_EXCL, false);
      if (!file) return std::unexpected(file.error());
      file_ = std::move(*file);
    }
    return write_whole(file_, to_.path_of(name()), place.offset, bytes);
  }

  // A segment has its full length; what was not written of it reads as zeros.
  Expected<void> finish_segment() {
    if (!file_.is_open()) return {};
    const auto size = static_cast<off_t>(format_.segment_size);
    if (ftruncate(file_.number(), size) != 0 || fsync(file_.number()) != 0)
      return std::unexpected(system_error("finish " + to_.path_of(name())));
    file_.reset();
    return {};
  }

  std::string name() const { return JournalDirectory::segment_name(segment_); }

  const JournalDirectory& to_;
  JournalFormat format_;
  FileSegments source_;
  FrameWalk walk_;
  AlignedBuffer buffer_;
  protocol::FrameHasher hasher_;
  Op last_;
  PastMoment until_;
  CopiedJournal copied_;
  std::uint64_t segment_ = 0;
  File file_;
};

Expected<void> copy_snapshot(const JournalDirectory& from, const JournalDirectory& to, Op op) {
  auto reader = open_snapshot(from, op);
  if (!reader) return std::unexpected(reader.error());
  auto writer = create_snapshot(to, op);
  if (!writer) return std::unexpected(writer.error());
  AlignedBuffer piece(kStatePiece);
  for (std::uint64_t rest = (*reader)->mark().size; rest != 0;) {
    const auto bytes = piece.bytes().first(std::min<std::uint64_t>(rest, kStatePiece));
    if (auto done = (*reader)->read(bytes); !done) return done;
    if (auto done = (*writer)->write(bytes); !done) return done;
    rest -= bytes.size();
  }
  auto mark = (*writer)->commit();
  if (!mark) return std::unexpected(mark.error());
  return {};
}

Expected<void> copy_snapshots(const JournalDirectory& from, const JournalDirectory& to,
                              CopiedJournal& copied) {
  auto numbers = from.numbers("snapshot.");
  if (!numbers) return std::unexpected(numbers.error());
  for (const std::uint64_t number : *numbers) {
    if (Op{number} > copied.last_op) continue;
    if (auto done = copy_snapshot(from, to, Op{number}); !done) return done;
    copied.snapshots.push_back(Op{number});
  }
  return {};
}

}  // namespace

Expected<JournalDirectory> open_empty(const std::string& target) {
  auto directory = JournalDirectory::open(target);
  if (!directory) return directory;
  const auto names = directory->names();
  if (!names) return std::unexpected(names.error());
  if (names->empty()) return directory;
  return std::unexpected(Error{ErrorCode::kConfiguration, 0,
                               fmt::format("write to {}: the directory is not empty", target),
                               "Name one that does not exist yet."});
}

Expected<CopiedJournal> copy_journal(const JournalDirectory& from, const JournalDirectory& to,
                                     Op last, const PastMoment& until) {
  JournalFormat format;
  auto known = from.read_format(format);
  if (!known) return std::unexpected(known.error());
  auto numbers = from.numbers("journal.");
  if (!numbers) return std::unexpected(numbers.error());
  if (!*known || numbers->empty()) {
    return std::unexpected(Error{ErrorCode::kDamaged, 0,
                                 "open " + from.path() + ": there is no journal in it",
                                 "Name the directory of a journal, the one that holds FORMAT."});
  }
  JournalCopy copy(from, to, format, last, until);
  auto copied = copy.run(numbers->front());
  if (!copied) return copied;
  if (auto done = copy_snapshots(from, to, *copied); !done) return std::unexpected(done.error());
  if (auto done = to.sync(); !done) return std::unexpected(done.error());
  if (auto done = to.write_format(format); !done) return std::unexpected(done.error());
  return copied;
}

}  // namespace permitd::daemon
