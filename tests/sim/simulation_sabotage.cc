// Starts that are broken on purpose, for the controls of what simulation_restart.cc asks of each:
// what the process says of it is altered before anybody judges it.
#include <algorithm>

#include "tests/sim/simulation_run.h"

namespace permitd::tests {

using daemon::Error;
using daemon::ErrorCode;
using scheduler::Op;
using scheduler::raw;

namespace {

void leave_out(std::string& text, std::string_view part) {
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part))
    text.replace(at, part.size(), " ");
}

}  // namespace

void SimulationRun::sabotage_start(daemon::Expected<daemon::RecoveryReport>& start) const {
  if (disk_.is_dead()) return;
  const Op durable = history_.op();
  if (start) {
    // Without damage anywhere another check is the first to notice it.
    const bool forgets = options_.sabotage == Sabotage::kForgottenEnd && before_.damaged &&
                         durable != Op{0} && start->lead.last_op >= durable;
    if (forgets) start->lead.last_op = Op{raw(durable) - 1};
    return;
  }
  Error& error = start.error();
  if (options_.sabotage == Sabotage::kNamelessRefusal) {
    error.act = "read";
    error.remedy.clear();
  }
  if (error.code != ErrorCode::kDamaged) return;
  if (options_.sabotage == Sabotage::kPlacelessRefusal) {
    leave_out(error.act, " at ");
    error.remedy.clear();
  }
  if (options_.sabotage != Sabotage::kDamageIsEnd) return;
  const auto first = std::ranges::find_if(before_.frames, [this](const auto& frame) {
    return frame.second.damaged && disk_.is_kept(frame.second);
  });
  if (first == before_.frames.end() || first->second.header.first_op > raw(durable)) return;
  daemon::RecoveryReport shorter;
  shorter.lead.last_op = Op{first->second.header.first_op - 1};
  start = std::move(shorter);
}

}  // namespace permitd::tests
