#include "daemon/journal_keeper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "daemon/snapshot_file.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

namespace {

constexpr std::size_t kTasksMax = 64;
// What an earlier process left prepared: at most 16 ahead, and the segments of 8 cut frames.
constexpr std::size_t kReadyMax = 32;
// Spares that wait for use. What is trimmed at once is what was written between two snapshots: 256
// MiB, four segments of the default size; twice that is kept.
constexpr std::size_t kSparesMax = 8;
// A full device is asked again so often.
constexpr int kRetryMs = 100;
constexpr std::size_t kZeroSlice = std::size_t{1} << 20;
constexpr char kUnfinishedName[] = "segment.tmp";

}  // namespace

JournalKeeper::JournalKeeper(const JournalDirectory& directory, const KeeperOptions& options)
    : directory_(directory),
      options_(options),
      ready_(kReadyMax),
      tasks_(kTasksMax),
      event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  PERMIT_ASSERT(event_ >= 0, errno);
}

JournalKeeper::~JournalKeeper() {
  stopping_.store(true, std::memory_order_release);
  wake();
  if (thread_.joinable()) thread_.join();
  while (PreparedSegment* segment = ready_.front()) {
    ::close(segment->file);
    ready_.pop();
  }
  ::close(event_);
}

void JournalKeeper::set_up(std::uint64_t segment_count, std::uint64_t next_number) {
  next_number_ = next_number;
  if (auto spares = directory_.numbers("spare.")) spares_ = *spares;
  segment_count_ = segment_count + spares_.size();
}

void JournalKeeper::adopt(PreparedSegment segment) {
  const bool pushed = ready_.try_push(segment);
  PERMIT_ASSERT(pushed, segment.number);
  ready_count_.fetch_add(1, std::memory_order_relaxed);
}

Expected<PreparedSegment> JournalKeeper::prepare_now() {
  const std::string name = JournalDirectory::segment_name(next_number_);
  bool is_recycled = false;
  auto file = spares_.empty() ? make_segment(name) : reuse_spare(name, is_recycled);
  if (!file) return std::unexpected(file.error());
  if (auto locked = lock_segment(*file, name); !locked) {
    if (directory_.remove_file(name)) segment_count_ -= 1;  // the next attempt makes another
    return std::unexpected(locked.error());
  }
  if (is_recycled) recycled_.fetch_add(1, std::memory_order_relaxed);
  return PreparedSegment{next_number_++, file->release()};
}

void JournalKeeper::start() {
  thread_ = std::thread([this] { run(); });
}

void JournalKeeper::pop() {
  ready_.pop();
  ready_count_.fetch_sub(1, std::memory_order_relaxed);
  wake();
}

bool JournalKeeper::retire(std::uint64_t first, std::uint64_t last) {
  if (!tasks_.try_push({first, last, 0})) return false;
  wake();
  return true;
}

bool JournalKeeper::remove_snapshots_before(std::uint64_t op) {
  if (!tasks_.try_push({0, 0, op})) return false;
  wake();
  return true;
}

void JournalKeeper::wake() { eventfd_write(event_, 1); }

void JournalKeeper::sleep(int timeout_ms) {
  pollfd wanted{event_, POLLIN, 0};
  poll(&wanted, 1, timeout_ms);
  eventfd_t ignored = 0;
  eventfd_read(event_, &ignored);
}

void JournalKeeper::run() {
  while (!stopping_.load(std::memory_order_acquire)) {
    work();
    sleep(is_stuck() ? kRetryMs : -1);
  }
}

void JournalKeeper::work() {
  while (const Task* task = tasks_.front()) {
    do_task(*task);
    tasks_.pop();
  }
  fill_ready();
}

void JournalKeeper::do_task(const Task& task) {
  if (task.snapshot_op != 0) {
    remove_snapshots(directory_, task.snapshot_op);
    return;
  }
  if (retire_next_ == 0) retire_next_ = task.first;
  // Oldest first, and none behind one that stays, so that the numbers in use have no gap, whenever
  // the power goes. What stays is tried again with the next task.
  while (retire_next_ <= task.last && retire_segment(retire_next_)) ++retire_next_;
}

bool JournalKeeper::retire_segment(std::uint64_t number) {
  const std::string name = JournalDirectory::segment_name(number);
  const bool removes = spares_.size() >= kSparesMax;
  const auto done = removes ? directory_.remove_file(name)
                            : directory_.rename_file(name, JournalDirectory::spare_name(number));
  // Without the name an attempt before did it, and could not make it durable.
  if (!done && (done.error().number != ENOENT || !directory_.sync())) return false;
  if (removes) {
    segment_count_ -= 1;
  } else {
    spares_.push_back(number);
  }
  return true;
}

void JournalKeeper::fill_ready() {
  while (ready_count() < options_.segments_ahead && !stopping_.load(std::memory_order_acquire)) {
    auto prepared = prepare_now();
    stuck_.store(!prepared.has_value(), std::memory_order_release);
    Waker* const waker = waker_.load(std::memory_order_acquire);
    if (!prepared) {
      if (waker != nullptr) waker->wake();  // so that the engine learns that the device is full
      return;
    }
    adopt(*prepared);
    if (waker != nullptr) waker->wake();
  }
}

Expected<File> JournalKeeper::reuse_spare(const std::string& name, bool& is_recycled) {
  const std::string spare = JournalDirectory::spare_name(spares_.front());
  auto file = directory_.open_file(spare, O_RDWR, options_.direct);
  if (!file && file.error().number != ENOENT) return file;
  if (!file) {
    // An attempt before gave it its new name and could not make that durable.
    spares_.erase(spares_.begin());
    segment_count_ -= 1;
    return make_segment(name);
  }
  if (auto size = size_of(*file, spare); !size || *size != options_.segment_size) {
    spares_.erase(spares_.begin());  // of another segment size, or cut short: not worth keeping
    if (directory_.remove_file(spare)) segment_count_ -= 1;
    return make_segment(name);
  }
  if (auto done = directory_.rename_file(spare, name); !done) return std::unexpected(done.error());
  spares_.erase(spares_.begin());
  is_recycled = true;
  return file;
}

Expected<File> JournalKeeper::make_segment(const std::string& name) {
  if (options_.segments_max != 0 && segment_count_ >= options_.segments_max) {
    return std::unexpected(Error{
        ErrorCode::kFull, 0,
        fmt::format("prepare {}: all {} segments are in use", name, options_.segments_max),
        "Raise the limit of segments, or take a snapshot so that old ones can be used again."});
  }
  auto file = directory_.open_file(kUnfinishedName, O_RDWR | O_CREAT | O_TRUNC, options_.direct);
  if (!file) return file;
  auto done = write_zeros(*file, name);
  if (done) done = directory_.rename_file(kUnfinishedName, name);
  if (!done) {
    (void)directory_.remove_file(kUnfinishedName);  // gives back what was taken of a full device
    return std::unexpected(done.error());
  }
  segment_count_ += 1;
  return file;
}

Expected<void> JournalKeeper::write_zeros(const File& file, const std::string& name) {
  const auto size = static_cast<off_t>(options_.segment_size);
  if (fallocate(file.number(), 0, 0, size) != 0 && errno != EOPNOTSUPP) {
    return std::unexpected(system_error("prepare " + directory_.path_of(name)));
  }
  const AlignedBuffer zeros(kZeroSlice);
  for (std::uint64_t offset = 0; offset < options_.segment_size; offset += kZeroSlice) {
    if (stopping_.load(std::memory_order_acquire)) {
      return std::unexpected(Error{ErrorCode::kSystem, ECANCELED, "prepare " + name, ""});
    }
    const std::size_t slice = std::min<std::uint64_t>(kZeroSlice, options_.segment_size - offset);
    const ssize_t written = uninterrupted(
        [&] { return pwrite(file.number(), zeros.data(), slice, static_cast<off_t>(offset)); });
    if (written != static_cast<ssize_t>(slice)) {
      if (written >= 0) errno = ENOSPC;  // a short write to a regular file: no room for the rest
      return std::unexpected(
          system_error(fmt::format("prepare {} at {}", directory_.path_of(name), offset)));
    }
  }
  if (fsync(file.number()) != 0)
    return std::unexpected(system_error("sync " + directory_.path_of(name)));
  return {};
}

}  // namespace permitd::daemon
