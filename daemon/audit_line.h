// One line of an audit trail: the words for a command, its outcome, its events and its choices. The
// grammar is docs/AUDIT.md. Pure; any thread.
#pragma once

#include <span>
#include <string>

#include "daemon/audit_change.h"
#include "protocol/journal_format.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

/// The members of a command's line without the braces, before its hash. `scheduler` has just
/// applied the command: its events and decisions are told. `batch` is the first op of its batch,
/// `before` what was looked up before it was applied; `venues` have followed it.
std::string audit_members(const scheduler::Command& command, scheduler::Op batch,
                          const scheduler::Outcome& outcome, const AuditBefore& before,
                          const VenueHolders& venues, const scheduler::Scheduler& scheduler);

/// What the lottery stands on, as a member of the begin line; empty where it never turned.
std::string lottery_member(const scheduler::LotteryView& standing);

/// Links lines: the hash of a line is SHA-256 over the hash before it, as 64 hexadecimal digits,
/// and the line up to its own hash.
class AuditChain {
 public:
  /// `previous` is 64 hexadecimal digits.
  explicit AuditChain(std::string previous) : last_(std::move(previous)) {}
  /// The whole line for `members`, with its line end.
  std::string link(const std::string& members);
  const std::string& last() const { return last_; }

 private:
  std::string last_;
};

}  // namespace permitd::daemon
