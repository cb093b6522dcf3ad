#include "daemon/process_limits.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <string_view>

namespace permitd::daemon {

namespace {

constexpr std::string_view kOutOfMemory =
    "permitd: there is not enough memory to start. The journal is as it was. Raise the memory "
    "limit "
    "of the service, or lower the settings under [limits] on a new journal.\n";

// Nothing may be allocated here.
[[noreturn]] void end_for_want_of_memory() {
  (void)!write(STDERR_FILENO, kOutOfMemory.data(), kOutOfMemory.size());
  _exit(1);
}

// calloc and mmap leave ENOMEM behind when they fail, and the assertion that follows aborts in the
// same thread. Any other abort goes on as one.
void look_why_it_aborts(int) {
  if (errno == ENOMEM) end_for_want_of_memory();
}

}  // namespace

std::uint64_t raise_file_limit(std::uint64_t wanted) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
  const rlim_t before = files.rlim_cur;
  files.rlim_cur = std::max(before, std::min<rlim_t>(wanted, files.rlim_max));
  if (files.rlim_cur != before && setrlimit(RLIMIT_NOFILE, &files) != 0) return before;
  return files.rlim_cur;
}

MemoryGuard::MemoryGuard() {
  std::set_new_handler(end_for_want_of_memory);
  signal(SIGABRT, look_why_it_aborts);
}

MemoryGuard::~MemoryGuard() {
  std::set_new_handler(nullptr);
  signal(SIGABRT, SIG_DFL);
}

}  // namespace permitd::daemon
