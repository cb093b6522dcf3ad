// The journal's directory: what the files are called, who may use them, and the few durable acts on
// them.
//
//   LOCK                     held with flock by the one daemon that leads; its pid inside
//   FORMAT                   version, journal id and segment size; written once, last of all at
//   creation journal.000001 …         segments, numbered without gaps, each of the same size
//   spare.000001             a segment that is no longer needed, waiting to be used again
//   snapshot.<op>            see snapshot_file.h
//   *.tmp                    unfinished; removed at the next start
//
// Every call may block on the device. The directory object belongs to one thread or is used
// read-only.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/error.h"

namespace permitd::daemon {

/// Owner of a file descriptor.
class File {
 public:
  File() = default;
  explicit File(int number) : number_(number) {}
  File(File&& other) noexcept : number_(other.release()) {}
  File& operator=(File&& other) noexcept;
  ~File() { reset(); }
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  int release();
  void reset();

 private:
  int number_ = -1;
};

/// What FORMAT says.
struct JournalFormat {
  std::uint64_t journal_id = 0;
  std::uint64_t segment_size = 0;
};

class JournalDirectory {
 public:
  /// Makes the directory where it is missing. Errors: kSystem.
  [[nodiscard]] static Expected<JournalDirectory> open(const std::string& path);

  const std::string& path() const { return path_; }
  std::string path_of(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// Takes LOCK; waits, a second at most, for those who only look. Errors: kFenced, naming the
  /// process that has it.
  [[nodiscard]] Expected<void> lock();
  /// True when another process has LOCK. Looking shares it for a moment.
  [[nodiscard]] Expected<bool> is_led() const;

  /// False when there is no FORMAT. Errors: kVersion, kDamaged, kSystem.
  [[nodiscard]] Expected<bool> read_format(JournalFormat& format) const;
  [[nodiscard]] Expected<void> write_format(const JournalFormat& format) const;

  /// Everything in the directory, in no order. All of it or an error: a list that ends early would
  /// hide segments.
  [[nodiscard]] Expected<std::vector<std::string>> names() const;
  /// Numbers behind `prefix` ("journal.", "spare.", "snapshot."), ascending. Other names are left
  /// out.
  [[nodiscard]] Expected<std::vector<std::uint64_t>> numbers(std::string_view prefix) const;

  /// Opens a file of the directory; O_DIRECT is dropped where the file system has none. Errors:
  /// kSystem.
  [[nodiscard]] Expected<File> open_file(std::string_view name, int flags, bool direct) const;
  /// Renames and makes the new name durable.
  [[nodiscard]] Expected<void> rename_file(std::string_view from, std::string_view to) const;
  [[nodiscard]] Expected<void> remove_file(std::string_view name) const;
  /// Makes renames and removals durable.
  [[nodiscard]] Expected<void> sync() const;
  void remove_unfinished() const;

  static std::string segment_name(std::uint64_t number);
  static std::string spare_name(std::uint64_t number);

 private:
  std::string path_;
  File directory_;
  File lock_;
};

/// Error of the last system call; `act` names the file. ENOSPC and EDQUOT become kFull.
Error system_error(std::string act, std::string remedy = {});

/// Waits, a few seconds at most, until no write that a dead process left behind is still on its way
/// into the file, and keeps others from writing it: the kernel lets go of the lock with the last
/// such write.
[[nodiscard]] Expected<void> lock_segment(const File& file, const std::string& name);

/// Makes a call again that a signal has interrupted, a bounded number of times.
template <class Call>
auto uninterrupted(const Call& call) {
  constexpr int kInterruptsMax = 100;
  auto result = call();
  for (int count = 1; result < 0 && errno == EINTR && count < kInterruptsMax; ++count)
    result = call();
  return result;
}

/// Size of an open file in bytes.
[[nodiscard]] Expected<std::uint64_t> size_of(const File& file, const std::string& name);

/// Reads until `bytes` are full or the file ends; the rest is zero-filled.
[[nodiscard]] Expected<void> read_or_zero(const File& file, const std::string& name,
                                          std::uint64_t offset, std::span<std::byte> bytes);

/// A short file as text; the rest of one that is longer than 4 KiB is left out.
[[nodiscard]] Expected<std::string> read_text(const File& file, const std::string& name);

/// Writes all of `bytes`, not durable yet.
[[nodiscard]] Expected<void> write_whole(const File& file, const std::string& name,
                                         std::uint64_t offset, std::span<const std::byte> bytes);

/// Blocking write that is durable when it returns. `bytes` are whole aligned blocks where the file
/// is direct.
[[nodiscard]] Expected<void> write_durable_now(const File& file, const std::string& name,
                                               std::uint64_t offset,
                                               std::span<const std::byte> bytes);

/// Memory for direct I/O: aligned to 4 KiB, zeroed.
class AlignedBuffer {
 public:
  /// Throws std::bad_alloc, as new does, where there is no memory.
  explicit AlignedBuffer(std::size_t size);
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&&) = delete;
  std::span<std::byte> bytes() const { return {data_, size_}; }
  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_;
  std::size_t size_;
};

}  // namespace permitd::daemon
