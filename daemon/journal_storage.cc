#include "daemon/journal_storage.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "daemon/snapshot_file.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

using protocol::FrameHeader;
using protocol::FrameKind;
using protocol::kBlockSize;
using scheduler::Op;
using scheduler::raw;

static_assert(kBatchSizeMax == protocol::kFramePayloadSizeMax);

namespace {

constexpr std::uint64_t kSegmentSizeMin = std::uint64_t{4} << 20;
constexpr std::uint64_t kSegmentSizeMax = std::uint64_t{4} << 30;
static_assert(kSegmentSizeMin >= protocol::kFrameSizeMax);
constexpr std::uint32_t kBatchesInFlightMax = 8;
constexpr std::uint32_t kSegmentsAheadMax = 16;

Error damaged(std::string act) {
  return Error{ErrorCode::kDamaged, 0, std::move(act),
               "Nothing was changed. Restore the directory from its last backup; 'permitctl "
               "restore --verify' tells "
               "whether one is whole."};
}

Expected<std::uint64_t> random_id() {
  std::uint64_t id = 0;
  if (getrandom(&id, sizeof id, 0) != sizeof id)
    return std::unexpected(system_error("draw an id for the journal"));
  return id;
}

}  // namespace

Expected<std::unique_ptr<JournalStorage>> JournalStorage::open(const JournalOptions& options,
                                                               Ring* ring) {
  if (ring == nullptr) return open(options, std::make_unique<SyscallWriter>());
  return open(options, std::make_unique<RingWriter>(*ring, options.batches_in_flight,
                                                    options.runs_completions));
}

Expected<std::unique_ptr<JournalStorage>> JournalStorage::open(
    const JournalOptions& options, std::unique_ptr<DurableWriter> writer) {
  const bool right = options.segment_size >= kSegmentSizeMin &&
                     options.segment_size <= kSegmentSizeMax &&
                     options.segment_size % kBlockSize == 0 && options.batches_in_flight >= 1 &&
                     options.batches_in_flight <= kBatchesInFlightMax &&
                     options.segments_ahead >= 1 && options.segments_ahead <= kSegmentsAheadMax;
  if (!right) {
    return std::unexpected(
        Error{ErrorCode::kConfiguration, 0, "open the journal",
              "Segments are 4 MiB to 4 GiB in whole blocks of 4 KiB, 1 to 8 batches are in flight, "
              "1 to 16 segments ahead."});
  }
  auto directory = JournalDirectory::open(options.directory);
  if (!directory) return std::unexpected(directory.error());
  return std::unique_ptr<JournalStorage>(
      new JournalStorage(options, std::move(*directory), std::move(writer)));
}

JournalStorage::JournalStorage(const JournalOptions& options, JournalDirectory directory,
                               std::unique_ptr<DurableWriter> writer)
    : options_(options), directory_(std::move(directory)), writer_(std::move(writer)) {
  std::vector<std::span<std::byte>> buffers;
  slots_.reserve(options.batches_in_flight);
  for (std::uint32_t index = 0; index < options.batches_in_flight; ++index) {
    buffers.push_back(slots_.emplace_back(protocol::kFrameSizeMax).buffer.bytes());
  }
  writer_->set_buffers(buffers);
}

JournalStorage::~JournalStorage() {
  if (!leads_) return;
  flush();
  if (!failure_ && room_here() >= kBlockSize) (void)write_mark(FrameKind::kClose);
}

// ---- taking the lead ----

// Whoever holds LOCK, and has had the lock of each segment, is alone with the files: what is found
// now is what is there when the lead is taken.
Expected<Lead> JournalStorage::survey() {
  PERMIT_ASSERT(!leads_ && !survey_);
  auto found = look_around();
  if (!found) return std::unexpected(found.error());
  survey_ = std::move(*found);
  return survey_->lead;
}

Expected<JournalStorage::Survey> JournalStorage::look_around() {
  if (auto locked = directory_.lock(); !locked) return std::unexpected(locked.error());
  auto known = directory_.read_format(format_);
  if (!known) return std::unexpected(known.error());
  if (!*known) return survey_beginning();
  if (format_.segment_size != options_.segment_size) {
    notes_.push_back(
        fmt::format("the journal keeps its segment size of {} bytes", format_.segment_size));
  }
  return survey_chain();
}

Expected<Lead> JournalStorage::lead() {
  PERMIT_ASSERT(!leads_);
  if (!survey_) {
    if (auto found = survey(); !found) return found;
  }
  Survey found = *std::exchange(survey_, {});
  directory_.remove_unfinished();
  if (found.is_new) {
    const Op begin{raw(found.lead.last_op) + 1};
    if (auto made = create(begin); !made) return std::unexpected(made.error());
    auto chain = survey_chain();
    if (!chain) return std::unexpected(chain.error());
    found = std::move(*chain);
  }
  if (auto taken = take_over(found); !taken) return std::unexpected(taken.error());
  return found.lead;
}

Expected<JournalStorage::Survey> JournalStorage::survey_beginning() {
  format_ = {0, options_.segment_size};
  if (auto left = unfinished_creation(); !left) return std::unexpected(left.error());
  auto begin = first_op_of_creation();
  if (!begin) return std::unexpected(begin.error());
  (void)holds_.let_go(1);
  Survey found;
  found.lead.epoch = 1;
  found.lead.last_op = Op{raw(*begin) - 1};
  found.is_new = true;
  return found;
}

// A directory is a journal from the moment FORMAT stands in it; everything before can be done
// again.
Expected<void> JournalStorage::create(Op begin) {
  auto left = unfinished_creation();
  if (!left) return std::unexpected(left.error());
  for (const std::uint64_t number : *left) {
    if (auto removed = directory_.remove_file(JournalDirectory::segment_name(number)); !removed)
      return removed;
  }
  auto id = random_id();
  if (!id) return std::unexpected(id.error());
  format_ = {*id, options_.segment_size};
  JournalKeeper keeper(directory_, {format_.segment_size, options_.segments_ahead,
                                    options_.segments_max, options_.direct});
  keeper.set_up(0, 1);
  auto prepared = keeper.prepare_now();
  if (!prepared) return std::unexpected(prepared.error());
  segment_ = File(prepared->file);
  end_ = {};
  end_.position = {prepared->number, 0};
  end_.next_op = raw(begin);
  if (auto marked = write_mark(FrameKind::kLead); !marked) return marked;
  segment_.reset();
  return directory_.write_format(format_);
}

// A snapshot that was put into an empty directory is where the state begins.
Expected<Op> JournalStorage::first_op_of_creation() {
  auto list = list_snapshots(directory_);
  if (!list) return std::unexpected(list.error());
  const bool is_newest_read =
      list->unread.empty() || raw(list->unread.front().op) < newest_op(*list);
  if (is_newest_read) return Op{newest_op(*list) + 1};
  // A journal that begins before it would be refused by every later start that can read it.
  Error error = list->unread.front().error;
  error.act = fmt::format("open {}: there is no journal and the newest snapshot cannot be read: {}",
                          directory_.path(), error.act);
  if (error.code != ErrorCode::kVersion) {
    error.remedy =
        "Nothing was changed. See that the file can be read, or restore the directory from its "
        "last backup; without the file a start begins with an older snapshot, or with nothing "
        "where there is none.";
  }
  return std::unexpected(std::move(error));
}

// Without FORMAT there may be the first segment of a creation that was cut short, but never a
// command.
Expected<std::vector<std::uint64_t>> JournalStorage::unfinished_creation() {
  auto numbers = directory_.numbers("journal.");
  if (!numbers) return numbers;
  AlignedBuffer blocks(2 * kBlockSize);
  for (const std::uint64_t number : *numbers) {
    const std::string name = JournalDirectory::segment_name(number);
    auto file = directory_.open_file(name, O_RDWR, options_.direct);
    if (!file) return std::unexpected(file.error());
    if (auto locked = lock_segment(*file, name); !locked) return std::unexpected(locked.error());
    if (auto done = read_or_zero(*file, name, 0, blocks.bytes()); !done)
      return std::unexpected(done.error());
    FrameHeader first;
    std::uint64_t second_magic = 0;
    std::memcpy(&first, blocks.data(), sizeof first);
    std::memcpy(&second_magic, blocks.data() + kBlockSize, sizeof second_magic);
    const bool has_commands =
        first.magic == protocol::kFrameMagic && (first.frame != 1 || first.op_count != 0);
    if (number != 1 || has_commands || second_magic == protocol::kFrameMagic) {
      return std::unexpected(
          damaged(fmt::format("open {}: there are segments and no FORMAT", directory_.path())));
    }
  }
  return numbers;
}

Expected<std::vector<std::uint64_t>> JournalStorage::segments_there() {
  auto numbers = directory_.numbers("journal.");
  if (!numbers) return numbers;
  if (numbers->empty())
    return std::unexpected(damaged(fmt::format("open {}: there is no segment", directory_.path())));
  for (std::size_t index = 0; index < numbers->size(); ++index) {
    const std::uint64_t number = numbers->front() + index;
    if ((*numbers)[index] != number) {
      return std::unexpected(
          damaged(fmt::format("open {}: the segment is missing",
                              directory_.path_of(JournalDirectory::segment_name(number)))));
    }
    // Nobody may still be writing what is about to be judged.
    if (auto file = open_segment(number); !file) return std::unexpected(file.error());
  }
  return numbers;
}

Expected<File> JournalStorage::open_segment(std::uint64_t number) {
  const std::string name = JournalDirectory::segment_name(number);
  auto file = directory_.open_file(name, O_RDWR, options_.direct);
  if (!file) return file;
  if (auto locked = lock_segment(*file, directory_.path_of(name)); !locked)
    return std::unexpected(locked.error());
  auto size = size_of(*file, name);
  if (!size) return std::unexpected(size.error());
  if (*size != format_.segment_size) {
    return std::unexpected(
        damaged(fmt::format("open {}: {} bytes long, it was written with {}",
                            directory_.path_of(name), *size, format_.segment_size)));
  }
  return file;
}

Expected<JournalStorage::Survey> JournalStorage::survey_chain() {
  auto numbers = segments_there();
  if (!numbers) return std::unexpected(numbers.error());
  const auto list = list_snapshots(directory_);
  if (!list) return std::unexpected(list.error());
  FileSegments source(directory_, options_.direct);
  auto tail = find_tail(source, format_, numbers->front(), newest_op(*list));
  if (!tail) return std::unexpected(tail.error());
  (void)holds_.let_go(numbers->front());
  const Lead lead{tail->end.epoch + 1, Op{tail->first_op}, Op{tail->end.next_op - 1},
                  tail->torn_size, tail->torn_note};
  return Survey{lead, false, std::move(*tail), numbers->back()};
}

Expected<void> JournalStorage::take_over(const Survey& survey) {
  if (auto done = cut(survey.tail); !done) return done;
  segments_ = survey.tail.segments;
  end_ = survey.tail.end;
  frame_durable_ = end_.frame;
  op_durable_ = raw(survey.lead.last_op);
  epoch_ = survey.lead.epoch;
  if (auto opened = open_tail(survey.tail, survey.last_segment); !opened) return opened;
  if (auto marked = write_mark(FrameKind::kLead); !marked) return marked;
  if (options_.keeper_thread) keeper_->start();
  leads_ = true;
  if (options_.direct && (fcntl(segment_.number(), F_GETFL) & O_DIRECT) == 0) {
    notes_.push_back(
        "the file system has no direct I/O; the journal is written through the page cache");
  }
  return {};
}

// Overwrites the headers of frames that were begun and never acknowledged, so that nothing ever
// takes them for part of the chain. The one at the very end is overwritten by the mark of the new
// lead.
Expected<void> JournalStorage::cut(const JournalTail& tail) {
  const AlignedBuffer zeros(kBlockSize);
  for (auto position = tail.cut_frames.rbegin(); position != tail.cut_frames.rend(); ++position) {
    auto file = open_segment(position->segment);
    if (!file) return std::unexpected(file.error());
    const std::string name = directory_.path_of(JournalDirectory::segment_name(position->segment));
    if (auto done = write_durable_now(*file, name, position->offset, zeros.bytes()); !done)
      return done;
  }
  return {};
}

// Opens the segment the chain ends in and hands the prepared ones behind it to the keeper.
Expected<void> JournalStorage::open_tail(const JournalTail& tail, std::uint64_t last_segment) {
  const std::uint64_t current = tail.end.position.segment;
  keeper_ = std::make_unique<JournalKeeper>(
      directory_, KeeperOptions{format_.segment_size, options_.segments_ahead,
                                options_.segments_max, options_.direct});
  keeper_->set_waker(waker_);
  keeper_->set_up(last_segment - tail.segments.front().segment + 1, last_segment + 1);
  auto file = open_segment(current);
  if (!file) return std::unexpected(file.error());
  segment_ = std::move(*file);
  std::uint64_t next = current + 1;
  // The mark of the lead and a first small batch fit whether or not the keeper has prepared
  // anything: the engine may have larger limits to journal before it takes requests.
  if (room_here() < 2 * kBlockSize) {
    PreparedSegment prepared{next, -1};
    if (next <= last_segment) {
      auto opened = open_segment(next++);
      if (!opened) return std::unexpected(opened.error());
      prepared.file = opened->release();
    } else {
      auto made = keeper_->prepare_now();
      if (!made) return std::unexpected(made.error());
      prepared = *made;
    }
    begin_segment(prepared);
  }
  for (; next <= last_segment; ++next) {
    auto opened = open_segment(next);
    if (!opened) return std::unexpected(opened.error());
    keeper_->adopt({next, opened->release()});
  }
  return {};
}

// A frame without commands, durable when this returns. Nothing may be in flight.
Expected<void> JournalStorage::write_mark(FrameKind kind) {
  PERMIT_ASSERT(in_flight_ == 0, in_flight_);
  Slot& slot = slot_of(end_.frame + 1);
  BatchHeader header;
  header.first_op = Op{end_.next_op};
  header.now = scheduler::Tick{end_.frame == 0 ? 0 : end_.now_ms};
  const std::span<const std::byte> bytes = seal_frame(slot, header, kind);
  const std::string name = directory_.path_of(JournalDirectory::segment_name(slot.segment));
  if (auto done = write_durable_now(segment_, name, slot.offset, bytes); !done) return done;
  frame_durable_ = end_.frame;
  return {};
}

// ---- appending ----

bool JournalStorage::can_append() {
  if (failure_ || in_flight_ == slots_.size()) return false;
  return room_here() >= protocol::kFrameSizeMax || keeper_->front() != nullptr;
}

bool JournalStorage::is_full() const {
  return room_here() < protocol::kFrameSizeMax && keeper_->ready_count() == 0 &&
         keeper_->is_stuck();
}

std::span<std::byte> JournalStorage::begin_batch() {
  Slot& slot = slot_of(end_.frame + 1);
  PERMIT_ASSERT(leads_ && !slot.busy);
  return slot.buffer.bytes().subspan(sizeof(FrameHeader), kBatchSizeMax);
}

void JournalStorage::append(const BatchHeader& header) {
  PERMIT_ASSERT(raw(header.first_op) == end_.next_op, header.first_op, end_.next_op);
  PERMIT_ASSERT(header.op_count >= 1 && header.op_count <= protocol::kFrameOpCountMax,
                header.op_count);
  PERMIT_ASSERT(header.payload_size <= kBatchSizeMax, header.payload_size);
  PERMIT_ASSERT(header.now.ms >= end_.now_ms, header.now.ms, end_.now_ms);
  const std::size_t size = protocol::frame_size(header.payload_size);
  if (room_here() < size) {
    PreparedSegment* prepared = keeper_->front();
    PERMIT_ASSERT(prepared != nullptr);  // can_append() said so
    left_segments_.push_back({std::move(segment_), end_.frame});
    begin_segment(*prepared);
    keeper_->pop();
  }
  Slot& slot = slot_of(end_.frame + 1);
  const std::span<const std::byte> bytes = seal_frame(slot, header, FrameKind::kBatch);
  slot.busy = true;
  slot.done = false;
  in_flight_ += 1;
  stats_.appended_batches += 1;
  stats_.appended_size += bytes.size();
  writer_->start((end_.frame) % slots_.size(), segment_.number(), bytes, slot.offset);
}

void JournalStorage::begin_segment(PreparedSegment prepared) {
  segment_ = File(prepared.file);
  end_.position = {prepared.number, 0};
}

// Fills in the header in front of the payload that lies in the slot, and moves the end of the
// chain.
std::span<const std::byte> JournalStorage::seal_frame(Slot& slot, const BatchHeader& header,
                                                      FrameKind kind) {
  FrameHeader frame;
  frame.journal_id = format_.journal_id;
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
  const std::span<const std::byte> payload =
      slot.buffer.bytes().subspan(sizeof frame, header.payload_size);
  seal(frame, payload, hasher_);
  std::memcpy(slot.buffer.data(), &frame, sizeof frame);
  slot.size = protocol::frame_size(header.payload_size);
  const std::size_t used = sizeof frame + header.payload_size;
  std::memset(slot.buffer.data() + used, 0, slot.size - used);
  slot.segment = frame.segment;
  slot.offset = end_.position.offset;
  slot.last_op = frame.first_op + frame.op_count - 1;
  if (segments_.empty() || segments_.back().segment != frame.segment) {
    segments_.push_back({frame.segment, 0, frame.frame});
  }
  segments_.back().last_op = slot.last_op;
  end_.position.offset += slot.size;
  end_.frame = frame.frame;
  end_.epoch = frame.epoch;
  end_.next_op = slot.last_op + 1;
  end_.now_ms = frame.now_ms;
  end_.hash = frame.hash;
  return slot.buffer.bytes().first(slot.size);
}

void JournalStorage::poll() {
  writer_->poll();
  collect_results();
}

bool JournalStorage::is_writing() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.busy && !slot.done; });
}

void JournalStorage::flush() {
  while (is_writing()) {
    writer_->wait();
    collect_results();
  }
}

void JournalStorage::note_result(const WriteResult& result) {
  Slot& slot = slots_.at(result.slot);
  PERMIT_ASSERT(slot.busy && !slot.done, result.slot);
  slot.done = true;
  if (result.result == static_cast<std::int64_t>(slot.size) || failure_) return;
  // A short write is a failed one: nothing says what of it is durable.
  errno = result.result < 0 ? static_cast<int>(-result.result) : EIO;
  failure_ = system_error(
      fmt::format("write {} at {}",
                  directory_.path_of(JournalDirectory::segment_name(slot.segment)), slot.offset));
}

void JournalStorage::collect_results() {
  WriteResult result;
  while (writer_->take(result)) note_result(result);
  if (failure_) return;
  while (frame_durable_ < end_.frame) {
    Slot& slot = slot_of(frame_durable_ + 1);
    PERMIT_ASSERT(slot.busy, frame_durable_);
    if (!slot.done) break;
    slot.busy = false;
    frame_durable_ += 1;
    op_durable_ = slot.last_op;
    in_flight_ -= 1;
  }
  // One by one: under an unbroken load something is always in flight, and a segment that stays open
  // stays locked, so that it could not be used again.
  const auto kept =
      std::find_if(left_segments_.begin(), left_segments_.end(),
                   [this](const LeftSegment& left) { return left.last_frame > frame_durable_; });
  left_segments_.erase(left_segments_.begin(), kept);
}

// ---- reading and trimming ----

Expected<std::unique_ptr<BatchReader>> JournalStorage::read(Op from) {
  auto reader = std::make_unique<JournalReader>(
      std::make_unique<FileSegments>(directory_, options_.direct), format_, holds_);
  if (auto done = reader->seek(holds_.first_kept(), from); !done)
    return std::unexpected(done.error());
  return reader;
}

Expected<SnapshotList> JournalStorage::snapshots() { return list_snapshots(directory_); }

Expected<std::unique_ptr<SnapshotWriter>> JournalStorage::write_snapshot(Op op) {
  return create_snapshot(directory_, op);
}

Expected<std::unique_ptr<SnapshotReader>> JournalStorage::read_snapshot(Op op) {
  return open_snapshot(directory_, op);
}

void JournalStorage::trim(Op op) {
  // A segment goes only when the first frame behind it is durable, so that the chain always has a
  // beginning.
  std::size_t count = 0;
  while (count + 1 < segments_.size() && segments_[count].last_op <= raw(op) &&
         segments_[count + 1].first_frame <= frame_durable_) {
    ++count;
  }
  if (raw(op) != 0) (void)keeper_->remove_snapshots_before(raw(op));
  if (count == 0) return;
  const std::uint64_t first = segments_.front().segment;
  const std::uint64_t kept =
      std::min(holds_.let_go(segments_[count].segment), segments_[count].segment);
  if (kept <= first || !keeper_->retire(first, kept - 1)) return;
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(kept - first));
}

StorageStats JournalStorage::stats() const {
  StorageStats stats = stats_;
  stats.in_flight_count = in_flight_;
  if (keeper_) {
    stats.segments_recycled = keeper_->recycled_count();
    stats.room = room_here() + keeper_->ready_count() * format_.segment_size;
  }
  return stats;
}

}  // namespace permitd::daemon
