// What becomes of the cases of an office that leaves, in words.
#pragma once

#include <string>

#include "cli/table.h"
#include "protocol/permit.capnp.h"
#include "scheduler/types.h"

namespace permitd::cli {

/// Each case with its new office and why.
Table homes_table(protocol::NewHomes::Reader homes);
/// Each job in the hands of the office's experts: it goes back to the queue at once.
Table held_table(protocol::NewHomes::Reader homes);
/// All cases in a few sentences.
std::string homes_summary(scheduler::OfficeId office, protocol::NewHomes::Reader homes);

}  // namespace permitd::cli
