// Other programs that permitctl starts: the daemon's executable, which alone reads journals, and
// the check of audit trails. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace permitd::cli {

/// Beside this executable, or wherever PATH finds it.
std::string daemon_path();
/// Beside this executable, where an installation puts it, or wherever PATH finds it.
std::string audit_verify_path();
std::string own_path();

/// An op as it is, a local time as permitd reads it. Throws UsageError that names `option`.
std::string moment_argument(const std::string& text, std::string_view option);

/// Becomes the program, so that its output and exit code are this command's own. Returns only when
/// that fails, with kExitUsage and a sentence on stderr.
int become(const std::vector<std::string>& arguments);

/// A child that is told to end when this process does.
class ChildProcess {
 public:
  /// Throws UsageError when there is no such program.
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ~ChildProcess();  // end()
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// True when it has ended by itself; then exit_code() is known.
  bool has_ended();
  /// Waits for the end.
  int wait();
  /// SIGTERM, and waits. Idempotent.
  void end();
  int exit_code() const { return exit_code_; }

 private:
  void note(int status);

  pid_t process_ = -1;
  int exit_code_ = 0;
};

}  // namespace permitd::cli
