// Figures of the wire as the core's plain views, as far as a rehearsal reads them. Pure.
#pragma once

#include "cli/replay_port.h"
#include "protocol/permit.capnp.h"

namespace permitd::cli {

WorkItem to_work_item(protocol::Job::Reader job);
scheduler::StatsView to_stats(protocol::Stats::Reader stats);
scheduler::OfficeView to_office(protocol::Office::Reader office);
/// Open jobs of a cell, whatever their state.
std::uint64_t open_in(protocol::OpenCell::Reader cell);

}  // namespace permitd::cli
