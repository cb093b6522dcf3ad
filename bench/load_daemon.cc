#include "bench/load_daemon.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace permitd::bench {

BenchDaemon::BenchDaemon(DaemonOptions options) : options_(std::move(options)) {
  std::string pattern = options_.directory + "/permitbench.XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make a directory below " + options_.directory);
  root_ = pattern;
  socket_path_ = root_ + "/socket";
}

BenchDaemon::~BenchDaemon() {
  kill_hard();
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

void BenchDaemon::start() {
  const std::uint64_t jobs = options_.jobs_max;
  std::vector<std::string> arguments = {
      options_.program,
      "--config=/dev/null",  // whatever is installed on this machine
      "--data=" + root_ + "/data",
      "--socket=" + socket_path_,
      "--rehearsal=2025-03-21",
      "--io=" + options_.io,
      fmt::format("--set=threads.rpc={}", options_.rpc_threads),
      fmt::format("--set=threads.spin_us={}", options_.spin_us),
      fmt::format("--set=limits.cases_max={}", jobs),
      fmt::format("--set=limits.jobs_max={}", jobs),
      fmt::format("--set=limits.events_max={}", jobs * 4),
      fmt::format("--set=limits.experts_max={}", options_.experts_max),
      "--set=quota.calls_in_flight=65536",
      "--set=engine.request_capacity=65536",
      "--set=engine.snapshot_after_size=0",
      "--set=log_level=warning",
  };
  for (const std::string& setting : options_.settings) arguments.push_back("--set=" + setting);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    execv(pointers[0], pointers.data());
    _exit(127);
  }
}

void BenchDaemon::kill_hard() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
    fmt::print(stderr, "permitbench: the daemon had ended by itself with status {}\n",
               WEXITSTATUS(status));
  }
}

double BenchDaemon::cpu_seconds() const {
  std::ifstream file(fmt::format("/proc/{}/stat", pid_));
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // state … cmajflt; then utime, stime
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::uint64_t BenchDaemon::resident_bytes() const {
  std::ifstream file(fmt::format("/proc/{}/statm", pid_));
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t BenchDaemon::disk_bytes() const {
  std::uint64_t total = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_ + "/data")) {
    struct stat status {};
    if (entry.is_regular_file() && stat(entry.path().c_str(), &status) == 0) {
      total += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
  }
  return total;
}

}  // namespace permitd::bench
