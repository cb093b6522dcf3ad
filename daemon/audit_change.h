// What a command changed in the one record that it is about: its members before and after, as an
// audit trail tells them. The names are those of permit.capnp. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/scheduler.h"

namespace permitd::daemon {

/// Members of a record, each with its value as JSON text; none where there is no record yet.
using RecordMembers = std::vector<std::pair<std::string, std::string>>;

/// What is looked up before a command is applied, so that its line can say what was.
struct AuditBefore {
  RecordMembers record;
  std::map<scheduler::CaseId, scheduler::Tick> decisions;  // due at, of cases that wait for one
  std::map<scheduler::JobId, scheduler::Tick> deadlines;  // of open jobs, where they may move
};
AuditBefore look_before(const scheduler::Command& command, const scheduler::Scheduler& scheduler);

/// `,"was":{…},"is":{…}` with the members that are not the same any more; empty where all are.
/// `after` has just applied the command.
std::string change_members(const AuditBefore& before, const scheduler::Command& command,
                           const scheduler::Scheduler& after);

/// Milliseconds since 1970 UTC; null for kNever.
std::string moment_value(scheduler::Tick at);

/// Text inside a JSON string.
std::string json_escaped(std::string_view text);

}  // namespace permitd::daemon
