// How permitctl ends. These numbers are part of its interface: scripts depend on them.
#pragma once

namespace permitd::cli {

enum ExitCode : int {
  kExitOk = 0,
  kExitRefused = 1,  // the daemon, or the operator at the prompt, said no; nothing changed
  kExitUsage = 2,    // the command line or an input file is wrong
  kExitCannotConnect = 3,
  kExitTimedOut = 4,  // no answer in time; the call may have been carried out
  kExitDamaged = 5,   // verification failed
  kExitBug = 70,
};

}  // namespace permitd::cli
