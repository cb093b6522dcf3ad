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
  std::map<scheduler::JobId, scheduler::Tick> deadlines;   // of open jobs, where they may move
};
AuditBefore look_before(const scheduler::Command& command, const scheduler::Scheduler& scheduler);

/// `,"was":{…},"is":{…}` with the members that are not the same any more; empty where all are.
/// `after` has just applied the command, with that outcome.
std::string change_members(const AuditBefore& before, const scheduler::Command& command,
                           const scheduler::Outcome& outcome, const scheduler::Scheduler& after);

/// Which applications hold venues, before and after a command: events of venues do not name them.
/// They are read again only behind a command that did move a venue: every tick may, few do.
class VenueHolders {
 public:
  VenueHolders() = default;
  explicit VenueHolders(const scheduler::Scheduler& scheduler);
  /// Behind every command. Pre: `after` has just applied it.
  void follow(const scheduler::Scheduler& after);
  /// Who got the venue or gave it back; 0: no application. Pre: the event is a venue's, of the
  /// command that was followed last.
  scheduler::ApplicationId holder(const scheduler::Event& moved) const;

 private:
  using Held = std::map<scheduler::VenueId, scheduler::ApplicationId>;
  static Held read(const scheduler::Scheduler& scheduler);

  Held before_;
  Held after_;
};

/// Milliseconds since 1970 UTC; null for kNever.
std::string moment_value(scheduler::Tick at);

/// Text inside a JSON string.
std::string json_escaped(std::string_view text);

}  // namespace permitd::daemon
