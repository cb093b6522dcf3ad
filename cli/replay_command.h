// The command `permitctl replay`: real records through a daemon whose clock is in rehearsal. See
// replay_run.h.
#pragma once

#include "cli/commands.h"

namespace permitd::cli {

void add_replay_command(CLI::App& app, Context& context);

}  // namespace permitd::cli
