#include "cli/programs.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "cli/context.h"
#include "cli/local_time.h"

namespace permitd::cli {
namespace {

// Where an installation keeps what is not called by hand, from the directory of permitctl.
constexpr const char* kPrivatePrograms = "../libexec/permitd";
constexpr int kCannotStart = 127;  // as a shell says it

std::filesystem::path own_directory() { return std::filesystem::path(own_path()).parent_path(); }

std::string found_in(const std::vector<std::filesystem::path>& directories, const char* name) {
  for (const auto& directory : directories) {
    const auto program = directory / name;
    if (access(program.c_str(), X_OK) == 0) return program.string();
  }
  return name;
}

std::vector<char*> pointers_to(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

std::string own_path() {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string("permitctl") : own.string();
}

std::string daemon_path() { return found_in({own_directory()}, "permitd"); }

std::string audit_verify_path() {
  return found_in({own_directory(), own_directory() / kPrivatePrograms}, "audit-verify");
}

std::string moment_argument(const std::string& text, std::string_view option) {
  std::uint64_t op = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), op);
  if (error == std::errc{} && end == text.data() + text.size()) return text;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const Tick present{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
  const auto at = parse_moment(text, present);
  if (!at || *at == scheduler::kNever)
    throw UsageError(
        fmt::format("{} {}: write an op, 2025-03-21 or \"2025-03-21 10:00\".", option, text));
  const auto seconds = static_cast<std::time_t>(at->ms / 1'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

int become(const std::vector<std::string>& arguments) {
  const auto pointers = pointers_to(arguments);
  std::fflush(nullptr);
  execvp(pointers[0], pointers.data());
  fmt::print(stderr, "permitctl: cannot run {}: {}.\nPut it beside permitctl or into PATH.\n",
             arguments[0], std::strerror(errno));
  return kExitUsage;
}

ChildProcess::ChildProcess(const std::vector<std::string>& arguments) {
  const auto pointers = pointers_to(arguments);
  std::fflush(nullptr);
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ < 0)
    throw UsageError(fmt::format("cannot start {}: {}.", arguments[0], std::strerror(errno)));
  if (process_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() == parent) execvp(pointers[0], pointers.data());
  _exit(kCannotStart);
}

ChildProcess::~ChildProcess() { end(); }

void ChildProcess::note(int status) {
  process_ = -1;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : kExitBug;
}

bool ChildProcess::has_ended() {
  int status = 0;
  if (process_ > 0 && waitpid(process_, &status, WNOHANG) == process_) note(status);
  return process_ <= 0;
}

int ChildProcess::wait() {
  int status = 0;
  while (process_ > 0) {
    if (waitpid(process_, &status, 0) == process_) {
      note(status);
    } else if (errno != EINTR) {
      process_ = -1;
    }
  }
  return exit_code_;
}

void ChildProcess::end() {
  if (process_ <= 0) return;
  kill(process_, SIGTERM);
  wait();
}

}  // namespace permitd::cli
