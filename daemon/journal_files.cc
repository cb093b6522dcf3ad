#include "daemon/journal_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "protocol/journal_format.h"

namespace permitd::daemon {

namespace {

constexpr char kFormatName[] = "FORMAT";
constexpr char kLockName[] = "LOCK";
constexpr char kRestoreRemedy[] =
    "Restore the directory from its last backup; 'permitctl restore --verify' tells whether one is "
    "whole.";
constexpr int kFileMode = 0640;
constexpr int kDirectoryMode = 0750;
// Writes that a killed process left in flight take milliseconds, seconds on a device in trouble.
constexpr int kLockTriesMax = 500;
constexpr timespec kLockPause{0, 10'000'000};
// Who asks whether somebody leads shares LOCK for as long as two calls take; a second only where
// that process was stopped between them.
constexpr int kLookTriesMax = 1000;
constexpr timespec kLookPause{0, 1'000'000};
constexpr std::size_t kTextSizeMax = 4096;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

bool ends_with_number(std::string_view name, std::string_view prefix, std::uint64_t& number) {
  if (!name.starts_with(prefix)) return false;
  const std::string_view digits = name.substr(prefix.size());
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return fault == std::errc() && end == digits.data() + digits.size();
}

std::string format_text(const JournalFormat& format) {
  std::string text = fmt::format("permitd journal\nformat {}.{}\nid {:016x}\nsegment-size {}\n",
                                 protocol::kJournalVersionMajor, protocol::kJournalVersionMinor,
                                 format.journal_id, format.segment_size);
  return text + fmt::format("checksum {:016x}\n", protocol::checksum_of(bytes_of(text)));
}

}  // namespace

File& File::operator=(File&& other) noexcept {
  const int taken = other.release();
  reset();
  number_ = taken;
  return *this;
}

int File::release() { return std::exchange(number_, -1); }

void File::reset() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

Error system_error(std::string act, std::string remedy) {
  const int number = errno;
  const bool full = number == ENOSPC || number == EDQUOT;
  if (full && remedy.empty()) remedy = "Make room on the device.";
  return Error{full ? ErrorCode::kFull : ErrorCode::kSystem, number, std::move(act),
               std::move(remedy)};
}

Expected<JournalDirectory> JournalDirectory::open(const std::string& path) {
  JournalDirectory directory;
  directory.path_ = path;
  if (mkdir(path.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return std::unexpected(system_error("make the directory " + path));
  }
  directory.directory_ = File(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.directory_.is_open())
    return std::unexpected(system_error("open the directory " + path));
  return directory;
}

namespace {

Error led(const File& file, const std::string& name) {
  std::string pid = read_text(file, name).value_or("");
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return Error{
      ErrorCode::kFenced, 0,
      fmt::format("lock {}: process {} leads this journal", name, pid.empty() ? "unknown" : pid),
      "Stop that daemon, or give this one another directory."};
}

/// Locks the file as the one who leads. A leader has it alone: where it can be shared nobody leads,
/// somebody only looks and is about to let go. Nothing tells when but a call that blocks, and that
/// one would wait for ever behind a leader who came first; so it is tried again. No answer hangs on
/// the length of the pause: each try sees for itself whether somebody leads.
Expected<void> lock_alone(const File& file, const std::string& name) {
  for (int attempt = 0; attempt < kLookTriesMax; ++attempt) {
    if (flock(file.number(), LOCK_EX | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK) return std::unexpected(system_error("lock " + name));
    if (flock(file.number(), LOCK_SH | LOCK_NB) != 0) {
      return std::unexpected(errno == EWOULDBLOCK ? led(file, name) : system_error("lock " + name));
    }
    flock(file.number(), LOCK_UN);  // or two that start would keep each other from it
    nanosleep(&kLookPause, nullptr);
  }
  return std::unexpected(
      Error{ErrorCode::kFenced, 0,
            "lock " + name + ": nobody leads, but a process that looks at it does not let go",
            "See what has it open, e.g. a backup that was stopped, and start again."});
}

}  // namespace

Expected<void> JournalDirectory::lock() {
  auto file = open_file(kLockName, O_RDWR | O_CREAT, false);
  if (!file) return std::unexpected(file.error());
  if (auto locked = lock_alone(*file, path_of(kLockName)); !locked) return locked;
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(file->number(), 0) != 0)
    return std::unexpected(system_error("write " + path_of(kLockName)));
  if (auto done = write_whole(*file, path_of(kLockName), 0, bytes_of(pid)); !done) return done;
  lock_ = std::move(*file);
  return {};
}

Expected<bool> JournalDirectory::is_led() const {
  auto file = open_file(kLockName, O_RDONLY, false);
  if (!file && file.error().number == ENOENT) return false;
  if (!file) return std::unexpected(file.error());
  if (flock(file->number(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return std::unexpected(system_error("lock " + path_of(kLockName)));
}

Expected<bool> JournalDirectory::read_format(JournalFormat& format) const {
  const std::string path = path_of(kFormatName);
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return false;
    return std::unexpected(system_error("open " + path));
  }
  auto text = read_text(file, path);
  if (!text) return std::unexpected(text.error());
  unsigned major = 0;
  unsigned minor = 0;
  if (std::sscanf(text->c_str(), "permitd journal\nformat %u.%u\n", &major, &minor) != 2) {
    return std::unexpected(
        Error{ErrorCode::kDamaged, 0, "read " + path + ": not a journal's FORMAT", kRestoreRemedy});
  }
  if (major != protocol::kJournalVersionMajor) {
    return std::unexpected(
        Error{ErrorCode::kVersion, 0,
              fmt::format("read {}: format {}.{}, this program reads {}.x", path, major, minor,
                          protocol::kJournalVersionMajor),
              fmt::format("Start a permitd of format {}, which wrote the directory.", major)});
  }
  unsigned long long id = 0;
  unsigned long long size = 0;
  unsigned long long checksum = 0;
  const std::size_t end = text->find("checksum ");
  const bool parsed =
      std::sscanf(text->c_str(), "permitd journal\nformat %*u.%*u\nid %llx\nsegment-size %llu\n",
                  &id, &size) == 2 &&
      end != std::string::npos &&
      std::sscanf(text->c_str() + end, "checksum %llx\n", &checksum) == 1;
  if (!parsed || checksum != protocol::checksum_of(bytes_of(text->substr(0, end))) ||
      size < protocol::kFrameSizeMax || size % protocol::kBlockSize != 0) {
    return std::unexpected(
        Error{ErrorCode::kDamaged, 0, "read " + path + ": the checksum is wrong", kRestoreRemedy});
  }
  format = {id, size};
  return true;
}

Expected<void> JournalDirectory::write_format(const JournalFormat& format) const {
  const std::string text = format_text(format);
  auto file = open_file("FORMAT.tmp", O_WRONLY | O_CREAT | O_TRUNC, false);
  if (!file) return std::unexpected(file.error());
  if (auto done = write_durable_now(*file, path_of("FORMAT.tmp"), 0, bytes_of(text)); !done)
    return done;
  if (fsync(file->number()) != 0)
    return std::unexpected(system_error("sync " + path_of("FORMAT.tmp")));
  return rename_file("FORMAT.tmp", kFormatName);
}

Expected<std::vector<std::string>> JournalDirectory::names() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> list(opendir(path_.c_str()), closedir);
  if (!list) return std::unexpected(system_error("list " + path_));
  std::vector<std::string> found;
  errno = 0;
  while (const dirent* entry = readdir(list.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") found.emplace_back(name);
    errno = 0;  // the end of the list and an error look the same but for it
  }
  if (errno != 0) return std::unexpected(system_error("list " + path_));
  return found;
}

Expected<std::vector<std::uint64_t>> JournalDirectory::numbers(std::string_view prefix) const {
  auto all = names();
  if (!all) return std::unexpected(all.error());
  std::vector<std::uint64_t> found;
  for (const std::string& name : *all) {
    std::uint64_t number = 0;
    if (ends_with_number(name, prefix, number)) found.push_back(number);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Expected<File> JournalDirectory::open_file(std::string_view name, int flags, bool direct) const {
  const std::string path = path_of(name);
  int number = ::open(path.c_str(), flags | O_CLOEXEC | (direct ? O_DIRECT : 0), kFileMode);
  if (number < 0 && direct && errno == EINVAL)
    number = ::open(path.c_str(), flags | O_CLOEXEC, kFileMode);
  if (number < 0) return std::unexpected(system_error("open " + path));
  return File(number);
}

Expected<void> JournalDirectory::rename_file(std::string_view from, std::string_view to) const {
  if (std::rename(path_of(from).c_str(), path_of(to).c_str()) != 0) {
    return std::unexpected(system_error(fmt::format("rename {} to {}", path_of(from), to)));
  }
  return sync();
}

Expected<void> JournalDirectory::remove_file(std::string_view name) const {
  if (unlink(path_of(name).c_str()) == 0) return {};
  return std::unexpected(system_error("remove " + path_of(name)));
}

Expected<void> JournalDirectory::sync() const {
  if (fsync(directory_.number()) == 0) return {};
  return std::unexpected(system_error("sync the directory " + path_));
}

void JournalDirectory::remove_unfinished() const {
  const auto all = names();
  if (!all) return;
  for (const std::string& name : *all) {
    if (name.ends_with(".tmp")) unlink(path_of(name).c_str());
  }
}

std::string JournalDirectory::segment_name(std::uint64_t number) {
  return fmt::format("journal.{:06}", number);
}
std::string JournalDirectory::spare_name(std::uint64_t number) {
  return fmt::format("spare.{:06}", number);
}

Expected<void> lock_segment(const File& file, const std::string& name) {
  for (int attempt = 0; attempt < kLockTriesMax; ++attempt) {
    if (flock(file.number(), LOCK_EX | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK && errno != EINTR)
      return std::unexpected(system_error("lock " + name));
    nanosleep(&kLockPause, nullptr);
  }
  return std::unexpected(Error{ErrorCode::kFenced, 0,
                               "lock " + name + ": another process still writes it",
                               "Wait until that process has ended."});
}

Expected<std::uint64_t> size_of(const File& file, const std::string& name) {
  struct stat found {};
  if (fstat(file.number(), &found) != 0) return std::unexpected(system_error("look at " + name));
  return static_cast<std::uint64_t>(found.st_size);
}

namespace {

/// Reads until `bytes` are full or the file ends; how many there were.
Expected<std::size_t> read_there(const File& file, const std::string& name, std::uint64_t offset,
                                 std::span<std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = uninterrupted([&] {
      return pread(file.number(), bytes.data() + done, bytes.size() - done,
                   static_cast<off_t>(offset + done));
    });
    if (got < 0)
      return std::unexpected(system_error(fmt::format("read {} at {}", name, offset + done)));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

Expected<void> read_or_zero(const File& file, const std::string& name, std::uint64_t offset,
                            std::span<std::byte> bytes) {
  const auto there = read_there(file, name, offset, bytes);
  if (!there) return std::unexpected(there.error());
  std::memset(bytes.data() + *there, 0, bytes.size() - *there);
  return {};
}

Expected<std::string> read_text(const File& file, const std::string& name) {
  std::string text(kTextSizeMax, '\0');
  const auto there = read_there(file, name, 0, std::as_writable_bytes(std::span(text)));
  if (!there) return std::unexpected(there.error());
  text.resize(*there);
  return text;
}

Expected<void> write_whole(const File& file, const std::string& name, std::uint64_t offset,
                           std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t done = uninterrupted([&] {
      return pwrite(file.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (done == 0) errno = EIO;  // a device that takes nothing and says nothing
    if (done <= 0)
      return std::unexpected(system_error(fmt::format("write {} at {}", name, offset)));
    offset += static_cast<std::uint64_t>(done);
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return {};
}

Expected<void> write_durable_now(const File& file, const std::string& name, std::uint64_t offset,
                                 std::span<const std::byte> bytes) {
  const iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const ssize_t done = uninterrupted(
      [&] { return pwritev2(file.number(), &part, 1, static_cast<off_t>(offset), RWF_DSYNC); });
  if (done == static_cast<ssize_t>(bytes.size())) return {};
  if (done >= 0) errno = EIO;  // a short write is a failed write
  return std::unexpected(system_error(fmt::format("write {} at {}", name, offset)));
}

AlignedBuffer::AlignedBuffer(std::size_t size)
    : size_((size + protocol::kBlockSize - 1) / protocol::kBlockSize * protocol::kBlockSize) {
  void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();  // as any other memory that is not there
  data_ = static_cast<std::byte*>(memory);
}

AlignedBuffer::~AlignedBuffer() {
  if (data_ != nullptr) munmap(data_, size_);
}

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

}  // namespace permitd::daemon
