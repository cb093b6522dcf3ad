#include "bench/load_daemon.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "cli/client.h"
#include "cli/pki.h"

namespace permitd::bench {

namespace {

constexpr std::int64_t kCertificateDays = 7;

/// A loopback address that was free a moment ago.
std::string free_address() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int file = socket(AF_INET, SOCK_STREAM, 0);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found =
      file >= 0 && bind(file, generic, size) == 0 && getsockname(file, generic, &size) == 0;
  if (file >= 0) close(file);
  if (!found) throw std::runtime_error("no free port on the loopback");
  return fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
}

void expect(const std::expected<void, cli::PkiError>& done) {
  if (!done) throw std::runtime_error(done.error());
}

}  // namespace

BenchDaemon::BenchDaemon(DaemonOptions options) : options_(std::move(options)) {
  std::string pattern = options_.directory + "/permitbench.XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make a directory below " + options_.directory);
  root_ = pattern;
  socket_path_ = root_ + "/socket";
  if (options_.has_tcp) tcp_address_ = free_address();
  if (!options_.has_tls) return;
  tls_address_ = free_address();
  expect(cli::make_authority(root_ + "/pki", cli::validity_of_days(kCertificateDays)));
  const auto issued = cli::issue_certificate(
      root_ + "/pki",
      {"server", {"localhost", "127.0.0.1"}, cli::validity_of_days(kCertificateDays)});
  if (!issued) throw std::runtime_error(issued.error());
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
      "--set=engine.snapshot_after_size=0",
      "--set=log_level=warning",
      "--set=quota.office_rate=0",  // few connections file what thousands of offices would
  };
  if (options_.has_wide_bounds) {
    arguments.insert(arguments.end(),
                     {"--set=quota.calls_in_flight=65536", "--set=engine.request_capacity=65536",
                      "--set=connections.wait_ms=0"});
  }
  if (options_.has_tcp) {
    arguments.push_back("--set=listen.tcp=" + tcp_address_);
    arguments.push_back("--set=listen.trust_loopback=true");
  }
  if (options_.has_tls) {
    const std::string pki = root_ + "/pki/";
    for (const std::string& setting :
         {std::string("connections.same_name_max=100000"), "listen.tls=" + tls_address_,
          "tls.certificate=" + pki + "server.pem", "tls.key=" + pki + "server.key",
          "tls.authority=" + pki + "authority.pem"})
      arguments.push_back("--set=" + setting);
  }
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

std::size_t BenchDaemon::open_file_count() const {
  const std::filesystem::directory_iterator files(fmt::format("/proc/{}/fd", pid_));
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

protocol::TlsFiles BenchDaemon::issue(const std::string& name) const {
  const auto issued =
      cli::issue_certificate(root_ + "/pki", {name, {}, cli::validity_of_days(kCertificateDays)});
  if (!issued) throw std::runtime_error(issued.error());
  return cli::completed({.certificate = issued->path, .key = {}, .authority = {}});
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
