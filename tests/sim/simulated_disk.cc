#include "tests/sim/simulated_disk.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "scheduler/assert.h"

namespace permitd::tests {

namespace {

// More than any run needs; what is full is said by `full`.
constexpr std::uint64_t kMost = std::uint64_t{1} << 30;

std::string name_in(const std::string& path) {
  PERMIT_ASSERT(SimulatedDisk::owns(path));
  return path.size() <= sizeof kSimulatedPath ? std::string{} : path.substr(sizeof kSimulatedPath);
}

std::uint64_t mixed(std::uint64_t hash, std::span<const std::byte> bytes) {
  return (hash ^ protocol::checksum_of(bytes)) * 0x9E3779B97F4A7C15ULL;
}

}  // namespace

// ---- crashes ----

void SimulatedDisk::cut_names(CutMode mode) {
  std::size_t kept = unsynced_.size();
  if (mode == CutMode::kNothingSurvives) kept = 0;
  if (mode == CutMode::kAnySubset) kept = chance.below(unsynced_.size() + 1);
  // File systems write their journal in order, so what survives is a beginning.
  for (std::size_t index = 0; index < kept; ++index) apply(kept_names_, unsynced_[index]);
  if (kept != unsynced_.size()) counts_.add(Fault::kLostRename);
  unsynced_.clear();
  names_ = kept_names_;
}

void SimulatedDisk::cut_power() {
  if (dead_) return;
  const auto mode = static_cast<CutMode>(chance.below(3U));
  for (const std::vector<Write>* under_way : {&writes_, &orphans_}) {
    for (const Write& write : *under_way) {
      if (write.file == nullptr) continue;
      if (mode == CutMode::kEverythingSurvives) write.file->write(write.offset, write.bytes, true);
      if (mode == CutMode::kAnySubset && write.file->write_torn(write.offset, write.bytes, chance))
        counts_.add(Fault::kTornWrite);
    }
  }
  for (Write& write : writes_) write.file = nullptr;  // whoever waits for it gets an error
  orphans_.clear();
  std::set<SimulatedFile*> files;
  for (const Names* names : {&names_, &kept_names_}) {
    for (const auto& [name, file] : *names) files.insert(file.get());
  }
  // The order of addresses is not the same in two runs; that of names is.
  bool lost = false;
  for (const Names* names : {&names_, &kept_names_}) {
    for (const auto& [name, file] : *names) {
      if (files.erase(file.get()) != 0) lost |= file->cut_power(mode, chance);
    }
  }
  if (lost) counts_.add(Fault::kLostCache);
  cut_names(mode);
  dead_ = true;
}

void SimulatedDisk::kill() {
  if (dead_) return;
  for (Write& write : writes_) {
    if (write.file == nullptr) continue;
    write.file->orphan_count += 1;
    orphans_.push_back(write);
    write.file = nullptr;
  }
  dead_ = true;
}

void SimulatedDisk::restart() {
  for (auto& [name, file] : names_) file->lock_owner = -1;
  open_.clear();
  writes_.clear();
  read_errors = sync_errors = write_errors = 0;
  cut_after_calls = 0;
  next_write.reset();
  next_blocking_write.reset();
  dead_ = false;
}

void SimulatedDisk::calm_down() {
  read_errors = sync_errors = write_errors = 0;
  cut_after_calls = 0;
  next_write.reset();
  next_blocking_write.reset();
  complete_permille = 1000;
  full = false;
  heal();
}

void SimulatedDisk::pause() {
  if (orphans_.empty()) return;
  const std::size_t index = chance.below(orphans_.size());
  const Write write = std::move(orphans_[index]);
  orphans_.erase(orphans_.begin() + static_cast<std::ptrdiff_t>(index));
  write.file->write(write.offset, write.bytes, true);
  write.file->orphan_count -= 1;
  counts_.add(Fault::kOrphanWrite);
}

bool SimulatedDisk::begin_change(std::string_view name) {
  changing_calls_ += 1;
  if (name != "LOCK") changes_beside_lock_ += 1;
  if (cut_after_calls == 0 || --cut_after_calls != 0) return false;
  counts_.add(Fault::kCutInCall);
  return true;
}

// ---- what is known of frames ----

std::uint64_t SimulatedDisk::note_frame(const std::shared_ptr<SimulatedFile>& file,
                                        std::uint64_t offset, std::span<const std::byte> bytes) {
  protocol::FrameHeader header;
  if (bytes.size() < sizeof header) return 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != protocol::kFrameMagic) return 0;
  written_hash_ = mixed(written_hash_, bytes);
  // A frame ends the chain that stood in its place. What the writer of a new lead's mark found, the
  // device has.
  frames_.erase(frames_.lower_bound(header.frame), frames_.end());
  if (header.kind == protocol::FrameKind::kLead) {
    for (auto& [number, note] : frames_) note.stable = true;
    stable_frame_ = header.frame - 1;
  }
  stable_frame_ = std::min(stable_frame_, header.frame - 1);
  frames_[header.frame] = {header, file, offset, bytes.size(), false, false};
  return header.frame;
}

void SimulatedDisk::mark_stable(std::uint64_t frame) {
  if (frame == 0) return;
  if (const auto found = frames_.find(frame); found != frames_.end()) found->second.stable = true;
  for (auto next = frames_.find(stable_frame_ + 1); next != frames_.end() && next->second.stable;
       next = frames_.find(stable_frame_ + 1)) {
    stable_frame_ += 1;
  }
}

std::uint64_t SimulatedDisk::op_stable() const {
  const auto found = frames_.find(stable_frame_);
  return found == frames_.end() ? 0 : found->second.last_op();
}

bool SimulatedDisk::is_kept(const FrameNote& note) const {
  const auto found = names_.find(fmt::format("journal.{:06}", note.header.segment));
  return found != names_.end() && found->second == note.file;
}

void SimulatedDisk::mark_damaged(const SimulatedFile& file, std::uint64_t offset,
                                 std::uint64_t size) {
  for (auto& [number, note] : frames_) {
    if (note.file.get() == &file && note.offset < offset + size && offset < note.offset + note.size)
      note.damaged = true;
  }
}

void SimulatedDisk::damage_frame(std::uint64_t number, std::uint64_t offset_in_frame,
                                 unsigned bit) {
  FrameNote& note = frames_.at(number);
  note.file->flip_bit(note.offset + offset_in_frame, bit);
  mark_damaged(*note.file, note.offset + offset_in_frame, 1);
}

bool SimulatedDisk::is_damaged() const {
  return std::any_of(names_.begin(), names_.end(),
                     [](const auto& entry) { return entry.second->is_damaged(); });
}

void SimulatedDisk::heal() {
  for (auto& [name, file] : names_) file->heal();
  for (auto& [number, note] : frames_) {
    note.damaged = false;
    note.file->heal();
  }
}

// ---- writes that do not block ----

void SimulatedDisk::start_write(std::size_t slot, int file, std::span<const std::byte> bytes,
                                std::uint64_t offset) {
  const auto found = open_.find(file);
  if (dead_ || found == open_.end()) {
    writes_.push_back({slot, nullptr, offset, {}, 0});
    return;
  }
  const std::uint64_t frame = note_frame(found->second.file, offset, bytes);
  writes_.push_back({slot, found->second.file, offset, {bytes.begin(), bytes.end()}, frame});
  if (begin_change(name_of_file(*found->second.file))) cut_power();
}

void SimulatedDisk::arrive(const Write& write) {
  write.file->write(write.offset, write.bytes, write.durable && !lies);
  if (!lies) mark_stable(write.frame);
}

SimulatedDisk::Done SimulatedDisk::complete(std::size_t index) {
  Write write = std::move(writes_.at(index));
  writes_.erase(writes_.begin() + static_cast<std::ptrdiff_t>(index));
  if (dead_ || write.file == nullptr) return {write.slot, -EIO};
  static constexpr char kPlace{};
  const int failed =
      failing == nullptr ? 0 : failing->look("write", name_of_file(*write.file), &kPlace);
  if (failed == kShortCall) return {write.slot, finish(write, Fault::kShortWrite)};
  if (failed != 0) {
    (void)finish(write, Fault::kWriteError);
    return {write.slot, -failed};
  }
  if (index != 0) counts_.add(Fault::kReordered);
  if (next_write) {
    const Fault fault = *next_write;
    next_write.reset();
    return {write.slot, finish(write, fault)};
  }
  arrive(write);
  return {write.slot, static_cast<std::int64_t>(write.bytes.size())};
}

// Finishes a write in a wrong way; what it returns is what the device says of it.
std::int64_t SimulatedDisk::finish(Write& write, Fault fault) {
  // Where it was to go nothing arrives; whether it lands elsewhere is seen below.
  if (fault != Fault::kMisdirectedWrite) counts_.add(fault);
  const auto size = static_cast<std::int64_t>(write.bytes.size());
  if (fault == Fault::kWriteError) {
    write.file->write_torn(write.offset, write.bytes, chance);
    return -EIO;
  }
  if (fault == Fault::kShortWrite) {
    // Records of a snapshot may be less than a sector.
    const std::size_t unit = write.bytes.size() < kDiskSector ? 1 : kDiskSector;
    const std::size_t part = chance.below(write.bytes.size() / unit) * unit;
    write.file->write(write.offset, std::span(write.bytes).first(part), write.durable);
    return static_cast<std::int64_t>(part);
  }
  std::vector<std::byte> before(write.bytes.size());
  write.file->read(write.offset, before);
  arrive(write);
  if (fault == Fault::kLatentCorruption) {
    const unsigned bit = chance.below(8U);
    write.file->flip_bit(write.offset + chance.below(write.bytes.size()), bit);
  } else {
    write.file->show_instead(write.offset, before);
    if (fault == Fault::kMisdirectedWrite)
      counts_.add(misdirect(write) ? Fault::kMisdirectedWrite : Fault::kLostWrite);
  }
  mark_damaged(*write.file, write.offset, write.bytes.size());
  return size;
}

// Frames suffer whatever those do that are written without blocking. So does a snapshot: its
// checksums tell, and what is lost of it is no worse than what rots later. Of zeros for frames to
// come or over a frame that was cut off nothing tells that they were lost: these come short or
// fail. FORMAT is written at the first start alone, before anything is planned: journal_calls_test
// alone fails it. LOCK holds a number for people.
std::optional<Fault> SimulatedDisk::take_blocking_fault(std::string_view name, bool is_frame) {
  std::optional<Fault>& planned = is_frame && next_write ? next_write : next_blocking_write;
  if (!planned || name == "LOCK") return {};
  const bool is_told = *planned == Fault::kShortWrite || *planned == Fault::kWriteError;
  if (!is_told && !is_frame && !name.starts_with("snapshot.")) return {};
  if (!is_frame) blocking_faults_ += 1;
  return std::exchange(planned, std::nullopt);
}

// The bytes went over another frame instead, in part or whole. False where that frame is none that
// counts: then they went nowhere.
bool SimulatedDisk::misdirect(const Write& write) {
  if (frames_.empty()) return false;
  const auto victim =
      std::next(frames_.begin(), static_cast<std::ptrdiff_t>(chance.below(frames_.size())));
  const FrameNote& note = victim->second;
  if (!is_kept(note) || note.offset == write.offset) return false;
  const std::size_t size = std::min<std::uint64_t>(write.bytes.size(), note.size);
  note.file->show_instead(note.offset, std::span(write.bytes).first(size));
  mark_damaged(*note.file, note.offset, size);
  return true;
}

// ---- names ----

std::shared_ptr<SimulatedFile> SimulatedDisk::find(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

std::string SimulatedDisk::name_of_file(const SimulatedFile& file) const {
  for (const auto& [name, each] : names_) {
    if (each.get() == &file) return name;
  }
  return {};
}

std::vector<std::string> SimulatedDisk::names_at(const std::string& path) const {
  const std::string within = name_in(path);
  const std::string prefix = within.empty() ? within : within + "/";
  std::vector<std::string> list;
  for (const auto& [name, file] : names_) {
    if (!name.starts_with(prefix)) continue;
    if (std::string rest = name.substr(prefix.size()); rest.find('/') == std::string::npos)
      list.push_back(std::move(rest));
  }
  return list;
}

bool SimulatedDisk::is_directory(const std::string& path) const {
  return name_in(path).empty() || directories_.contains(name_in(path));
}

std::string SimulatedDisk::name_of(int file) const {
  const auto found = open_.find(file);
  return found == open_.end() || !found->second.file ? std::string()
                                                     : name_of_file(*found->second.file);
}

void SimulatedDisk::apply(Names& names, const Renaming& change) {
  if (!change.from.empty()) names.erase(change.from);
  if (!change.to.empty()) names[change.to] = change.file;
}

void SimulatedDisk::change_names(const Renaming& change) {
  apply(names_, change);
  unsynced_.push_back(change);
}

int SimulatedDisk::make_directory(const std::string& path) {
  if (dead_) return -EIO;
  if (name_in(path).empty()) return -EEXIST;
  return directories_.insert(name_in(path)).second ? 0 : -EEXIST;
}

int SimulatedDisk::rename(const std::string& from, const std::string& to) {
  if (dead_) return -EIO;
  const auto file = find(name_in(from));
  if (file == nullptr) return -ENOENT;
  const bool cut = begin_change(name_in(from));
  change_names({name_in(from), name_in(to), file});
  if (cut) cut_power();
  return cut ? -EIO : 0;
}

int SimulatedDisk::unlink(const std::string& path) {
  if (dead_) return -EIO;
  if (find(name_in(path)) == nullptr) return -ENOENT;
  const bool cut = begin_change(name_in(path));
  change_names({name_in(path), {}, nullptr});
  if (cut) cut_power();
  return cut ? -EIO : 0;
}

// ---- system calls ----

bool SimulatedDisk::owns(std::string_view path) {
  const std::string_view own(kSimulatedPath);
  return path.starts_with(own) && (path.size() == own.size() || path[own.size()] == '/');
}

bool SimulatedDisk::has_room(std::uint64_t more) const {
  if (full) return false;
  std::uint64_t used = more;
  for (const auto& [name, file] : names_) used += file->size();
  return used <= kMost;
}

int SimulatedDisk::open(const std::string& path, int flags) {
  if (dead_) return -EIO;
  const std::string name = name_in(path);
  std::shared_ptr<SimulatedFile> file = find(name);
  const bool existed = file != nullptr;
  if (!is_directory(path) && file == nullptr) {
    if ((flags & O_CREAT) == 0) return -ENOENT;
    if (!has_room(0)) {
      counts_.add(Fault::kNoSpace);
      return -ENOSPC;
    }
    const bool cut = begin_change(name);
    file = std::make_shared<SimulatedFile>();
    change_names({{}, name, file});
    if (cut) {
      cut_power();
      return -EIO;
    }
  }
  if (file != nullptr && (flags & O_EXCL) != 0 && existed) return -EEXIST;
  if (file != nullptr && (flags & O_TRUNC) != 0) file->resize(0);
  open_[++next_file_] = {file, flags};
  return next_file_;
}

int SimulatedDisk::close(int file) {
  const auto found = open_.find(file);
  if (found == open_.end()) return -EBADF;
  if (found->second.file && found->second.file->lock_owner == file)
    found->second.file->lock_owner = -1;
  open_.erase(found);
  return 0;
}

std::int64_t SimulatedDisk::read(int file, std::span<std::byte> bytes, std::uint64_t offset) {
  const auto found = open_.find(file);
  if (dead_ || found == open_.end()) return -EIO;
  if (read_errors != 0) {
    read_errors -= 1;
    counts_.add(Fault::kReadError);
    return -EIO;
  }
  const SimulatedFile& content = *found->second.file;
  if (offset >= content.size()) return 0;
  const std::size_t size = std::min<std::uint64_t>(bytes.size(), content.size() - offset);
  content.read(offset, bytes.first(size));
  return static_cast<std::int64_t>(size);
}

std::int64_t SimulatedDisk::write(int file, std::span<const std::byte> bytes, std::uint64_t offset,
                                  bool durable) {
  const auto found = open_.find(file);
  if (dead_ || found == open_.end()) return -EIO;
  const std::shared_ptr<SimulatedFile> content = found->second.file;
  const std::uint64_t end = offset + bytes.size();
  if (end > content->size() && !has_room(end - content->size())) {
    counts_.add(Fault::kNoSpace);
    return -ENOSPC;
  }
  const std::uint64_t frame = durable ? note_frame(content, offset, bytes) : 0;
  if (begin_change(name_of_file(*content))) {
    if (durable) {
      content->write_torn(offset, bytes, chance);
    } else {
      content->write(offset, bytes, false);
    }
    cut_power();
    return -EIO;
  }
  if (write_errors != 0) {
    write_errors -= 1;
    counts_.add(Fault::kWriteError);
    content->write_torn(offset, bytes, chance);
    return -EIO;
  }
  if (const auto fault = take_blocking_fault(name_of_file(*content), frame != 0)) {
    Write write{0, content, offset, {bytes.begin(), bytes.end()}, frame, durable};
    return finish(write, *fault);
  }
  content->write(offset, bytes, durable && !lies);
  if (!lies) mark_stable(frame);
  return static_cast<std::int64_t>(bytes.size());
}

int SimulatedDisk::sync(int file) {
  const auto found = open_.find(file);
  if (dead_ || found == open_.end()) return -EIO;
  const std::shared_ptr<SimulatedFile> content = found->second.file;
  if (begin_change(name_of(file))) {
    cut_power();
    return -EIO;
  }
  if (sync_errors != 0) {
    sync_errors -= 1;
    counts_.add(Fault::kSyncError);
    if (content != nullptr) content->forget_unsynced();
    return -EIO;
  }
  if (lies) return 0;
  if (content != nullptr) {
    content->sync();
    return 0;
  }
  for (const Renaming& change : unsynced_) apply(kept_names_, change);
  unsynced_.clear();
  return 0;
}

int SimulatedDisk::resize(int file, std::uint64_t size, bool allocate) {
  const auto found = open_.find(file);
  if (dead_ || found == open_.end()) return -EIO;
  SimulatedFile& content = *found->second.file;
  if (allocate && size > content.size() && !has_room(size - content.size())) {
    counts_.add(Fault::kNoSpace);
    return -ENOSPC;
  }
  if (begin_change(name_of_file(content))) {
    cut_power();
    return -EIO;
  }
  content.resize(allocate ? std::max(size, content.size()) : size);
  return 0;
}

int SimulatedDisk::size(int file, std::uint64_t& size) const {
  const auto found = open_.find(file);
  if (dead_ || found == open_.end()) return -EIO;
  size = found->second.file ? found->second.file->size() : kDiskPage;
  return 0;
}

int SimulatedDisk::size(const std::string& path, std::uint64_t& size) const {
  const auto file = find(name_in(path));
  if (dead_) return -EIO;
  if (!is_directory(path) && file == nullptr) return -ENOENT;
  size = file ? file->size() : kDiskPage;
  return 0;
}

int SimulatedDisk::flags(int file) const {
  const auto found = open_.find(file);
  return found == open_.end() ? -EBADF : found->second.flags;
}

int SimulatedDisk::lock(int file) {
  const auto found = open_.find(file);
  if (dead_ || found == open_.end()) return -EIO;
  SimulatedFile& content = *found->second.file;
  if (content.orphan_count != 0 || (content.lock_owner != -1 && content.lock_owner != file))
    return -EWOULDBLOCK;
  content.lock_owner = file;
  return 0;
}

}  // namespace permitd::tests
