#include "tests/sim/simulated_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "scheduler/assert.h"

namespace permitd::tests {

namespace {

struct Mount {
  SimulatedDisk* disk = nullptr;
  std::optional<Chance> random;
  bool in_hook = false;
};
Mount mounted;

/// What opendir() gives out for the simulated directory.
struct Listing {
  std::string path;
  std::vector<std::string> names;
  std::size_t next = 0;
  dirent entry{};
};
std::set<void*> listings;

// Memory that was given back, by size: a run starts twenty processes, and most of its time would be
// the kernel's work on their buffers.
std::multimap<std::size_t, void*> free_mappings;

SimulatedDisk* disk_of(const char* path) {
  return mounted.disk != nullptr && SimulatedDisk::owns(path) ? mounted.disk : nullptr;
}

SimulatedDisk* disk_of(int file) {
  return mounted.disk != nullptr && SimulatedDisk::owns(file) ? mounted.disk : nullptr;
}

// Others may run before a call that can take long, but not inside what they do themselves.
void let_others_run(SimulatedDisk& disk) {
  if (mounted.in_hook || !disk.between_calls) return;
  mounted.in_hook = true;
  disk.between_calls();
  mounted.in_hook = false;
}

template <class Number>
Number answered(Number result) {
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

std::span<const std::byte> bytes_at(const void* data, std::size_t size) {
  return {static_cast<const std::byte*>(data), size};
}

/// errno of a call that is to fail, kShortCall, kEmptyCall, or 0. Wrappers pass where they are
/// called from.
int planned(SimulatedDisk& disk, const char* name, std::string file, const void* place) {
  return disk.failing == nullptr ? 0 : disk.failing->look(name, std::move(file), place);
}

/// The same for calls that do all or nothing.
bool fails(SimulatedDisk& disk, const char* name, std::string file, const void* place) {
  const int failed = planned(disk, name, std::move(file), place);
  if (failed == 0) return false;
  errno = failed == kShortCall ? EIO : failed;
  return true;
}

std::int64_t write_or_fail(SimulatedDisk& disk, int failed, int file,
                           std::span<const std::byte> bytes, std::uint64_t offset, bool durable) {
  if (failed == kEmptyCall) return 0;
  if (failed == kShortCall) bytes = bytes.first((bytes.size() + 1) / 2);
  if (failed == EIO) disk.write_errors += 1;  // what is on the device then is anybody's guess
  if (failed > 0 && failed != EIO) return -failed;
  return disk.write(file, bytes, offset, durable);
}

int fill_status(int found, std::uint64_t size, bool directory, struct stat* status) {
  if (found < 0) return answered(found);
  *status = {};
  status->st_size = static_cast<off_t>(size);
  status->st_mode = directory ? S_IFDIR : S_IFREG;
  return 0;
}

}  // namespace

MountedDisk::MountedDisk(SimulatedDisk& disk, std::uint64_t seed) {
  PERMIT_ASSERT(mounted.disk == nullptr);
  mounted = {&disk, Chance(seed), false};
}

MountedDisk::~MountedDisk() { mounted = {}; }

}  // namespace permitd::tests

// The names are the linker's.
extern "C" {

using permitd::tests::answered;
using permitd::tests::disk_of;
using permitd::tests::fails;
using permitd::tests::free_mappings;
using permitd::tests::Listing;
using permitd::tests::listings;
using permitd::tests::mounted;
using permitd::tests::planned;
using permitd::tests::SimulatedDisk;

int __real_open(const char* path, int flags, ...);
int __real_close(int file);
ssize_t __real_pread(int file, void* data, size_t size, off_t offset);
ssize_t __real_pwrite(int file, const void* data, size_t size, off_t offset);
ssize_t __real_pwritev2(int file, const iovec* parts, int count, off_t offset, int flags);
int __real_fsync(int file);
int __real_ftruncate(int file, off_t size);
int __real_fallocate(int file, int mode, off_t offset, off_t size);
int __real_fstat(int file, struct stat* status);
int __real_stat(const char* path, struct stat* status);
int __real_flock(int file, int operation);
int __real_fcntl(int file, int command, ...);
int __real_mkdir(const char* path, mode_t mode);
int __real_rename(const char* from, const char* to);
int __real_unlink(const char* path);
DIR* __real_opendir(const char* path);
dirent* __real_readdir(DIR* list);
int __real_closedir(DIR* list);
int __real_nanosleep(const timespec* wanted, timespec* left);
ssize_t __real_getrandom(void* data, size_t size, unsigned flags);
void* __real_mmap(void* wanted, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void* begin, size_t size);
int __real_posix_fadvise(int file, off_t offset, off_t size, int advice);
int __real_sync_file_range(int file, off64_t offset, off64_t size, unsigned flags);

int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  SimulatedDisk* const disk = disk_of(path);
  if (disk == nullptr) return __real_open(path, flags, mode);
  if (fails(*disk, "open", path, __builtin_return_address(0))) return -1;
  permitd::tests::let_others_run(*disk);
  return answered(disk->open(path, flags));
}

int __wrap_close(int file) {
  SimulatedDisk* const disk = disk_of(file);
  return disk == nullptr ? __real_close(file) : answered(disk->close(file));
}

ssize_t __wrap_pread(int file, void* data, size_t size, off_t offset) {
  SimulatedDisk* const disk = disk_of(file);
  if (disk == nullptr) return __real_pread(file, data, size, offset);
  const int failed = planned(*disk, "pread", disk->name_of(file), __builtin_return_address(0));
  if (failed > 0) return answered<ssize_t>(-failed);
  if (failed == permitd::tests::kShortCall) size = (size + 1) / 2;
  permitd::tests::let_others_run(*disk);
  return answered(
      disk->read(file, {static_cast<std::byte*>(data), size}, static_cast<std::uint64_t>(offset)));
}

ssize_t __wrap_pwrite(int file, const void* data, size_t size, off_t offset) {
  SimulatedDisk* const disk = disk_of(file);
  if (disk == nullptr) return __real_pwrite(file, data, size, offset);
  const int failed = planned(*disk, "pwrite", disk->name_of(file), __builtin_return_address(0));
  permitd::tests::let_others_run(*disk);
  return answered(permitd::tests::write_or_fail(*disk, failed, file,
                                                permitd::tests::bytes_at(data, size),
                                                static_cast<std::uint64_t>(offset), false));
}

ssize_t __wrap_pwritev2(int file, const iovec* parts, int count, off_t offset, int flags) {
  SimulatedDisk* const disk = disk_of(file);
  if (disk == nullptr) return __real_pwritev2(file, parts, count, offset, flags);
  PERMIT_ASSERT(count == 1, count);
  const int failed = planned(*disk, "pwritev2", disk->name_of(file), __builtin_return_address(0));
  return answered(permitd::tests::write_or_fail(
      *disk, failed, file, permitd::tests::bytes_at(parts->iov_base, parts->iov_len),
      static_cast<std::uint64_t>(offset), (flags & RWF_DSYNC) != 0));
}

int __wrap_fsync(int file) {
  SimulatedDisk* const disk = disk_of(file);
  if (disk == nullptr) return __real_fsync(file);
  const int failed = planned(*disk, "fsync", disk->name_of(file), __builtin_return_address(0));
  permitd::tests::let_others_run(*disk);
  if (failed != 0) disk->sync_errors += 1;  // takes what is dirty for written, as kernels do
  const int done = disk->sync(file);
  return answered(failed == 0 ? done : -failed);
}

int __wrap_ftruncate(int file, off_t size) {
  SimulatedDisk* const disk = disk_of(file);
  if (disk == nullptr) return __real_ftruncate(file, size);
  if (fails(*disk, "ftruncate", disk->name_of(file), __builtin_return_address(0))) return -1;
  return answered(disk->resize(file, static_cast<std::uint64_t>(size), false));
}

int __wrap_fallocate(int file, int mode, off_t offset, off_t size) {
  SimulatedDisk* const disk = disk_of(file);
  if (disk == nullptr) return __real_fallocate(file, mode, offset, size);
  if (fails(*disk, "fallocate", disk->name_of(file), __builtin_return_address(0))) return -1;
  permitd::tests::let_others_run(*disk);
  return answered(disk->resize(file, static_cast<std::uint64_t>(offset + size), true));
}

int __wrap_fstat(int file, struct stat* status) {
  SimulatedDisk* const disk = disk_of(file);
  if (disk == nullptr) return __real_fstat(file, status);
  if (fails(*disk, "fstat", disk->name_of(file), __builtin_return_address(0))) return -1;
  std::uint64_t size = 0;
  const int found = disk->size(file, size);
  return permitd::tests::fill_status(found, size, false, status);
}

int __wrap_stat(const char* path, struct stat* status) {
  SimulatedDisk* const disk = disk_of(path);
  if (disk == nullptr) return __real_stat(path, status);
  if (fails(*disk, "stat", path, __builtin_return_address(0))) return -1;
  std::uint64_t size = 0;
  const int found = disk->size(path, size);
  return permitd::tests::fill_status(found, size, disk->is_directory(path), status);
}

int __wrap_flock(int file, int operation) {
  SimulatedDisk* const disk = disk_of(file);
  if (disk == nullptr) return __real_flock(file, operation);
  if (fails(*disk, "flock", disk->name_of(file), __builtin_return_address(0))) return -1;
  return answered(disk->lock(file));
}

int __wrap_fcntl(int file, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  SimulatedDisk* const disk = disk_of(file);
  if (disk == nullptr) return __real_fcntl(file, command, argument);
  PERMIT_ASSERT(command == F_GETFL, command);
  return answered(disk->flags(file));
}

int __wrap_mkdir(const char* path, mode_t mode) {
  SimulatedDisk* const disk = disk_of(path);
  if (disk == nullptr) return __real_mkdir(path, mode);
  if (fails(*disk, "mkdir", path, __builtin_return_address(0))) return -1;
  return answered(disk->make_directory(path));
}

int __wrap_rename(const char* from, const char* to) {
  SimulatedDisk* const disk = disk_of(from);
  if (disk == nullptr) return __real_rename(from, to);
  if (fails(*disk, "rename", from, __builtin_return_address(0))) return -1;
  permitd::tests::let_others_run(*disk);
  return answered(disk->rename(from, to));
}

int __wrap_unlink(const char* path) {
  SimulatedDisk* const disk = disk_of(path);
  if (disk == nullptr) return __real_unlink(path);
  if (fails(*disk, "unlink", path, __builtin_return_address(0))) return -1;
  permitd::tests::let_others_run(*disk);
  return answered(disk->unlink(path));
}

DIR* __wrap_opendir(const char* path) {
  SimulatedDisk* const disk = disk_of(path);
  if (disk == nullptr) return __real_opendir(path);
  if (fails(*disk, "opendir", path, __builtin_return_address(0))) return nullptr;
  if (disk->is_dead()) {
    errno = EIO;
    return nullptr;
  }
  auto listing = std::make_unique<Listing>();
  listing->path = path;
  listing->names = disk->names_at(path);
  listings.insert(listing.get());
  return reinterpret_cast<DIR*>(listing.release());
}

dirent* __wrap_readdir(DIR* list) {
  if (!listings.contains(list)) return __real_readdir(list);
  auto* const listing = reinterpret_cast<Listing*>(list);
  if (mounted.disk != nullptr &&
      fails(*mounted.disk, "readdir", listing->path, __builtin_return_address(0)))
    return nullptr;
  if (listing->next == listing->names.size()) return nullptr;
  const std::string& name = listing->names[listing->next++];
  std::strncpy(listing->entry.d_name, name.c_str(), sizeof listing->entry.d_name - 1);
  return &listing->entry;
}

int __wrap_closedir(DIR* list) {
  if (listings.erase(list) == 0) return __real_closedir(list);
  delete reinterpret_cast<Listing*>(list);
  return 0;
}

int __wrap_nanosleep(const timespec* wanted, timespec* left) {
  if (mounted.disk == nullptr) return __real_nanosleep(wanted, left);
  mounted.disk->pause();
  return 0;
}

ssize_t __wrap_getrandom(void* data, size_t size, unsigned flags) {
  if (!mounted.random) return __real_getrandom(data, size, flags);
  if (fails(*mounted.disk, "getrandom", "", __builtin_return_address(0))) return -1;
  for (size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    const std::uint64_t drawn = mounted.random->next();
    std::memcpy(static_cast<std::byte*>(data) + at, &drawn, std::min(sizeof drawn, size - at));
  }
  return static_cast<ssize_t>(size);
}

void* __wrap_mmap(void* wanted, size_t size, int protection, int flags, int file, off_t offset) {
  const auto found = free_mappings.find(size);
  if (mounted.disk == nullptr || file >= 0 || found == free_mappings.end())
    return __real_mmap(wanted, size, protection, flags, file, offset);
  void* const begin = found->second;
  free_mappings.erase(found);
  std::memset(begin, 0, size);
  return begin;
}

int __wrap_munmap(void* begin, size_t size) {
  if (mounted.disk == nullptr) return __real_munmap(begin, size);
  free_mappings.emplace(size, begin);
  return 0;
}

int __wrap_posix_fadvise(int file, off_t offset, off_t size, int advice) {
  return disk_of(file) == nullptr ? __real_posix_fadvise(file, offset, size, advice) : 0;
}

int __wrap_sync_file_range(int file, off64_t offset, off64_t size, unsigned flags) {
  return disk_of(file) == nullptr ? __real_sync_file_range(file, offset, size, flags) : 0;
}
}
