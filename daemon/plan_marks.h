// What has changed since plans were last made, and so why the next one is due: a count per cause
// and the newest of each, however much happens. Owned by the engine's thread; read by queries, so
// that nobody sees a cause before it is durable.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "scheduler/command.h"
#include "scheduler/outcome.h"

namespace permitd::daemon {

enum class PlanCauseKind : std::uint8_t {
  kSubmitted,    // new work
  kDone,         // finished or cancelled
  kCameBack,     // declined, missed, returned, expired, released, rebooked, answered
  kAbsence,      // told or over
  kCertificate,  // granted or lapsed
  kExpert,
  kOffice,
  kCalendar,   // holidays or hours
  kRules,      // policy, catalogue, activations, limits, a zoning plan that is in force
  kSteered,    // by a supervisor: hold, reassign, expedite, lock, a plan
  kPlanEnded,  // a reservation, by itself
  kNewDay,
};
inline constexpr std::size_t kPlanCauseCount = 12;

struct PlanCause {
  std::uint64_t count = 0;
  // Of the newest; 0 where it names none.
  scheduler::Op op{};
  scheduler::Tick at;
  scheduler::ExpertId expert{};
  scheduler::OfficeId office{};
  scheduler::JobId job{};
};
using PlanCauses = std::array<PlanCause, kPlanCauseCount>;  // by kind

bool is_empty(const PlanCauses& causes);
void add(PlanCauses& to, const PlanCauses& more);

class PlanMarks {
 public:
  /// Takes note of what an applied command has done. True when it is the first to note since
  /// take(). The engine's own plans are none of its causes.
  bool note(const scheduler::Command& command, std::span<const scheduler::Event> events);
  const PlanCauses& causes() const { return causes_; }
  PlanCauses take();

 private:
  PlanCauses causes_{};
  bool is_noted_ = false;
};

}  // namespace permitd::daemon
