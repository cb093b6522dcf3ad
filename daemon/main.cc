// permitd: what was asked for on the command line, done.

#include <sys/resource.h>

#include <cstdio>
#include <exception>
#include <new>
#include <span>

#include "daemon/backup.h"
#include "daemon/command_line.h"
#include "daemon/log.h"
#include "daemon/past_service.h"
#include "daemon/service.h"
#include "daemon/verify.h"

using permitd::daemon::Action;

namespace {

// Below the daemon that answers meanwhile.
constexpr int kBackupNice = 10;

int run(int argc, char** argv) {
  auto invocation = permitd::daemon::parse_command_line(
      std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc - 1)));
  if (!invocation) {
    std::fprintf(stderr, "permitd: %s\n", invocation.error().text().c_str());
    return 64;
  }
  permitd::daemon::set_log_level(invocation->config.log_level);
  switch (invocation->action) {
    case Action::kServe:
      return permitd::daemon::serve(invocation->config);
    case Action::kVerify:
      return permitd::daemon::verify(invocation->verify_directory);
    case Action::kExportAudit:
      return permitd::daemon::export_audit(invocation->audit);
    case Action::kServePast:
      return permitd::daemon::serve_past(invocation->config, invocation->moment);
    case Action::kBackup:
      setpriority(PRIO_PROCESS, 0, kBackupNice);
      return permitd::daemon::make_backup(invocation->backup);
    case Action::kRestore:
      return permitd::daemon::restore_backup(invocation->restore);
    case Action::kCheckConfig:
      std::printf("the settings are right%s%s\n", invocation->config_path.empty() ? "" : ": ",
                  invocation->config_path.c_str());
      return 0;
    case Action::kPrint:
      std::fputs(invocation->text.c_str(), stdout);
      return 0;
  }
  return 70;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("permitd: there is not enough memory for this.\n", stderr);
  } catch (const std::exception& exception) {  // a thread that cannot be made, for one
    std::fprintf(stderr, "permitd: the system refused: %s\n", exception.what());
  }
  return 1;
}
