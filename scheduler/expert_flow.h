// What an expert may do now: certificates, capacity, load, availability, and the jobs in hand.
//
// What a filter asks of each of many candidates is inline.
#pragma once

#include "scheduler/state.h"
#include "scheduler/suspension.h"

namespace permitd::scheduler {

/// Neither suspended nor anything else but certified at core.now, whatever the certificates' times.
inline bool may_hold_certificates(const Core& core, const ExpertRecord& expert) {
  return expert.state == ExpertState::kCertified && !suspension_begins(expert, core.now);
}
/// Certified in the skill at core.now, whatever the state of the office.
inline bool expert_certified(const Core& core, const ExpertRecord& expert, Skill skill) {
  return may_hold_certificates(core, expert) && expert.valid_from[raw(skill)] <= core.now &&
         core.now < expert.valid_until[raw(skill)];
}
inline bool expert_absent(const Core& core, const ExpertRecord& expert) {
  return expert.absences.count != 0 && expert.absences.at(core.now) != nullptr;
}
/// Why the expert is absent at the moment. Pre: an absence covers it.
Reason absence_reason(const ExpertRecord& expert, Tick at);
/// Active, and not suspended by a moment that has come before the tick that says so.
inline bool office_active(const Core& core, std::uint32_t office) {
  const OfficeRecord& record = core.offices[office];
  return record.state == OfficeState::kActive && !suspension_begins(record, core.now);
}

/// The moment until which the experts of an office keep what they hold as far as the office goes:
/// that at which it left Active or will be suspended, or by the policy the end of the shift then;
/// kNever for one that is Active and will be.
Tick in_hand_until(const Core& core, std::uint32_t office);
/// The same for one that leaves Active at a moment.
Tick in_hand_until(const Core& core, Tick leaves);

/// The moment until which the expert may hold the job as far as is known now: the certificate, the
/// activation of its service, the present shift end then, or an absence or a suspension begins. Not
/// beyond core.now where it may not be held at all.
Tick holding_end(const Core& core, const ExpertRecord& expert, const JobRecord& job);

/// Daily capacity, minutes of effort.
inline std::uint32_t capacity_minutes(const Core& core, const ExpertRecord& expert) {
  const std::uint32_t units =
      expert.units_per_day != 0 ? expert.units_per_day : core.policy.capacity_units_per_day;
  return units * static_cast<std::uint32_t>(kMinutesPerUnit);
}
/// Effort booked today, seen from core.day without changing the record; in all, and for other
/// organisations.
inline std::uint32_t booked_today(const Core& core, const ExpertRecord& expert) {
  return core.day > expert.load.day ? 0U : expert.booked_minutes;
}
inline std::uint32_t other_today(const Core& core, const ExpertRecord& expert) {
  return core.day > expert.load.day ? 0U : expert.other_minutes;
}
inline std::uint32_t visits_today(const Core& core, const ExpertRecord& expert) {
  return core.day > expert.load.day ? 0U : expert.visits;
}
/// Effort over the rolling window, rework not counted, relative to the capacity of the window; ppm.
std::uint32_t load_ppm(const Core& core, const ExpertRecord& expert);
/// The effort in a window as of core.day: where that is later than its newest day, what the days
/// that are left of it have. Pre of rolled_minutes(): it is later.
std::uint32_t rolled_minutes(const Core& core, const LoadWindow& load);
inline std::uint32_t window_minutes(const Core& core, const LoadWindow& load) {
  return core.day <= load.day ? load.sum : rolled_minutes(core, load);
}
/// Moves the window to core.day and adds effort to its newest day.
void add_load(const Core& core, LoadWindow& load, std::uint32_t minutes);

/// Puts a job into the hands of an expert, booking effort and visit. The job's own fields are set
/// by the caller. Pre: fewer than kHeldJobsMax are held.
void hold_job(Core& core, ExpertId expert, std::uint32_t slot, Tick lease_until);
/// Takes it out again. `unbook`: gives the booked effort back, for work that was not done.
void drop_job(Core& core, std::uint32_t slot, bool unbook);
/// The entry of a held job. Pre: it is held by job.holder.
HeldJob& held_entry(Core& core, std::uint32_t slot);
const HeldJob& held_entry(const Core& core, std::uint32_t slot);

/// True while a claim of the expert waits for work. One that has lapsed, or of somebody who may not
/// work any more, does not, even before the tick that takes it off has come. Whoever this is true
/// for may also keep what is in hand: an office that is active is left at a later moment.
inline bool claim_stands(const Core& core, const ExpertRecord& expert, bool is_office_active,
                         bool is_certified, bool is_absent) {
  return expert.wanted > 0 && core.now < expert.claim_until && is_office_active && is_certified &&
         !is_absent;
}
inline bool claim_stands(const Core& core, const ExpertRecord& expert) {
  return claim_stands(core, expert, office_active(core, expert.office),
                      may_hold_certificates(core, expert), expert_absent(core, expert));
}

/// Brings skills, availability and the timer in line with the record and core.now.
void refresh_expert(Core& core, ExpertId expert);
/// Says which certificates have begun or lapsed, and whether an absence has begun or ended, by
/// themselves since the last event about them. The engine is who did it. Absences that are over are
/// forgotten.
void tell_passed(Core& core, ExpertId expert);
/// Says that a command has changed a certificate or the absences. Pre: tell_passed() was called
/// before the change.
void tell_certificate(Core& core, ExpertId expert, Skill skill);
void tell_absence(Core& core, ExpertId expert, Reason reason);
/// Only the place among the available experts, and the timer.
void refresh_available(Core& core, ExpertId expert);
/// Says what time has changed, begins and ends a suspension whose moment it is, and takes away what
/// the expert may no longer hold: lapsed leases, certificates, absence, suspension, an office that
/// is not Active, a case that concerns the expert; reservations likewise. Then offers ready work
/// when the expert is available. Idempotent.
void sweep_expert(Core& core, ExpertId expert);
/// Has the next tick sweep the expert. For what concerns many experts at once: the events of one
/// command are bounded.
void sweep_soon(Core& core, ExpertId expert);
/// The same for an expert who waits for work; nothing for all others. To be called where somebody
/// may fit who did not before.
void offer_soon(Core& core, ExpertId expert);
/// Those of an office who wait for work, or have some in hand or reserved: other persons behind the
/// office also take away what they are concerned by.
void offer_to_office_soon(Core& core, std::uint32_t office);
/// Everybody who waits for work, or has some in hand or reserved.
void sweep_all_soon(Core& core);
/// Every expert's load is rekeyed and work offered, when a new day has begun.
void begin_day(Core& core);

/// Sweeps the experts of an office: in the command itself while there is room for its events, the
/// further ones at the next tick.
void sweep_office(Core& core, std::uint32_t office);

}  // namespace permitd::scheduler
