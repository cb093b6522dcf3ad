#include "scheduler/expert_flow.h"

#include <algorithm>
#include <bit>

#include "scheduler/dispatch.h"
#include "scheduler/eligibility.h"
#include "scheduler/events.h"
#include "scheduler/expert_score.h"
#include "scheduler/job_flow.h"
#include "scheduler/plan_flow.h"

namespace permitd::scheduler {

namespace {

std::size_t bucket_of(std::int32_t day) {
  return static_cast<std::uint32_t>(day) % kLoadWindowDays;
}

// A day is counted from 0 up in practice; a calendar edit that moves it back keeps the newer one.
void roll_load(std::int32_t today, LoadWindow& load) {
  if (today <= load.day) return;
  const std::int64_t gone = std::min<std::int64_t>(std::int64_t{today} - load.day, kLoadWindowDays);
  for (std::int64_t i = 0; i < gone; ++i) {
    std::uint32_t& bucket = load.buckets[bucket_of(static_cast<std::int32_t>(today - i))];
    load.sum -= bucket;
    bucket = 0;
  }
  load.day = today;
}

void roll_expert(const Core& core, ExpertRecord& expert) {
  if (core.day <= expert.load.day) return;
  roll_load(core.day, expert.load);
  expert.booked_minutes = 0;
  expert.other_minutes = 0;
  expert.visits = 0;
}

std::uint16_t more_minutes(std::uint16_t minutes, std::uint16_t effort) {
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(minutes + effort, UINT16_MAX));
}

std::uint16_t fewer_minutes(std::uint16_t minutes, std::uint16_t effort) {
  return static_cast<std::uint16_t>(minutes - std::min(minutes, effort));
}

void take_off(LoadWindow& load, std::int32_t day, std::uint32_t minutes) {
  if (day > load.day || load.day - day >= static_cast<std::int32_t>(kLoadWindowDays)) return;
  std::uint32_t& bucket = load.buckets[bucket_of(day)];
  const std::uint32_t taken = std::min(bucket, minutes);
  bucket -= taken;
  load.sum -= taken;
}

void refresh_skills(Core& core, ExpertId id) {
  ExpertRecord& expert = core.experts[raw(id)];
  std::uint8_t valid = 0;
  for (std::uint8_t s = 0; s < kSkillCount; ++s) {
    if (expert_certified(core, expert, Skill{s})) valid |= static_cast<std::uint8_t>(1U << s);
  }
  // Bit by bit of what changed, not two bools compared: GCC 12 compiles that wrongly under TSan.
  for (std::uint32_t changed = valid ^ expert.counted; changed != 0; changed &= changed - 1) {
    const auto s = static_cast<std::size_t>(std::countr_zero(changed));
    const bool now = (valid >> s & 1) != 0;
    core.certified[s] += now ? 1U : ~0U;
    core.certified_experts[s].set(id, now);
  }
  const bool was_counted = expert.counted != 0;
  expert.counted = valid;
  if (was_counted != (valid != 0)) count_capacity(core, expert, valid != 0);
}

Tick next_certificate_change(const Core& core, const ExpertRecord& expert) {
  Tick at = kNever;
  for (std::size_t s = 0; s < kSkillCount; ++s) {
    if (expert.valid_from[s] > core.now) at = std::min(at, expert.valid_from[s]);
    if (expert.valid_until[s] > core.now) at = std::min(at, expert.valid_until[s]);
  }
  return at;
}

// Places in ExpertRecord::told: the skills, then the absence.
constexpr std::size_t kAbsencePlace = kSkillCount;
static_assert(2 * (kAbsencePlace + 1) <= 16);

// All places but that of the absence.
constexpr std::uint16_t kSkillPlaces = (1U << (2 * kAbsencePlace)) - 1;

// The reason of the absence that has begun last.
Reason reason_begun(const ExpertRecord& expert, Tick now) {
  Reason reason = Reason::kNone;
  for (const Absence& absence : expert.absences.all()) {
    if (absence.from <= now) reason = absence.reason;
  }
  return reason;
}

SpanState span_at(std::uint16_t spans, std::size_t place) {
  return static_cast<SpanState>(spans >> (2 * place) & 3);
}

// Where the absences stand. When all are over and forgotten, what was told is what remembers that
// there were some.
SpanState absences_now(const Core& core, const ExpertRecord& expert) {
  const SpanState state = expert.absences.state(core.now);
  const bool ever = span_at(expert.told, kAbsencePlace) != SpanState::kNone;
  return state == SpanState::kNone && ever ? SpanState::kOver : state;
}

// Where certificates and absences stand, as ExpertRecord::told has them.
std::uint16_t spans_now(const Core& core, const ExpertRecord& expert) {
  std::uint32_t spans = std::uint32_t{raw(absences_now(core, expert))} << (2 * kAbsencePlace);
  for (std::size_t s = 0; s < kSkillCount; ++s) {
    const SpanState state = span_state(expert.valid_from[s], expert.valid_until[s], core.now);
    spans |= std::uint32_t{raw(state)} << (2 * s);
  }
  return static_cast<std::uint16_t>(spans);
}

void set_expert_timer(Core& core, ExpertId id) {
  const ExpertRecord& expert = core.experts[raw(id)];
  Tick at = expert.wanted > 0 ? expert.claim_until : kNever;
  at = std::min(at, next_certificate_change(core, expert));
  at = std::min(at, expert.absences.next_change(core.now));
  at = std::min(at, expert.suspended_from);
  if (expert.state == ExpertState::kSuspended) at = std::min(at, expert.suspended_until);
  for (std::size_t i = 0; i < expert.held_count; ++i) at = std::min(at, expert.held[i].lease_until);
  if (expert.sweep_due != 0 || spans_now(core, expert) != expert.told) at = core.now;
  core.other_timers.set(expert_timer(id), at);
}

// Of what was told last. Who never had a certificate still waits for the first one.
bool certificates_over(const ExpertRecord& expert) {
  bool ever = false;
  for (std::size_t s = 0; s < kSkillCount; ++s) {
    const SpanState state = span_at(expert.told, s);
    if (state == SpanState::kAhead || state == SpanState::kInForce) return false;
    ever |= state == SpanState::kOver;
  }
  return ever;
}

// A suspension that was said ahead. Who has expired is suspended as well: a new certificate does
// not undo it.
void begin_suspension(Core& core, ExpertId id) {
  ExpertRecord& expert = core.experts[raw(id)];
  if (expert.suspended_from > core.now) return;
  const ExpertState before = expert.state;
  const Reason reason = expert.suspension_reason;
  expert.suspended_from = kNever;
  expert.suspension_reason = Reason::kNone;
  expert.state = ExpertState::kSuspended;
  emit_expert(core, core.offices[expert.office].id, id, before, expert.state, Actor{}, reason);
}

// A suspension that had an end from the beginning; whether a certificate is left is looked at next.
void end_suspension(Core& core, ExpertId id) {
  ExpertRecord& expert = core.experts[raw(id)];
  if (expert.state != ExpertState::kSuspended || expert.suspended_until > core.now) return;
  expert.suspended_until = kNever;
  expert.state = ExpertState::kCertified;
  emit_expert(core, core.offices[expert.office].id, id, ExpertState::kSuspended, expert.state,
              Actor{}, Reason::kSuspensionOver);
}

// Nobody is certified when all that certified them is over, whoever or whatever ended it.
void expire_lapsed(Core& core, ExpertId id) {
  ExpertRecord& expert = core.experts[raw(id)];
  if (expert.state != ExpertState::kCertified || !certificates_over(expert)) return;
  expert.state = ExpertState::kExpired;
  emit_expert(core, core.offices[expert.office].id, id, ExpertState::kCertified, expert.state,
              Actor{}, Reason::kCertificateLapsed);
}

// Why everything in the expert's hands must go back; kNone when the expert may go on. That alone
// lets nobody take more.
Reason unfit_reason(const Core& core, const ExpertRecord& expert) {
  if (in_hand_until(core, expert.office) <= core.now) return Reason::kOfficeInactive;
  const bool expired = expert.state == ExpertState::kExpired;
  if ((expert.state != ExpertState::kCertified && !expired) || suspension_begins(expert, core.now))
    return Reason::kExpertSuspended;
  if (expert_absent(core, expert)) return absence_reason(expert, core.now);
  return expired ? Reason::kCertificateLapsed : Reason::kNone;
}

const Activation& activation_of(const Core& core, const ExpertRecord& expert,
                                const JobRecord& job) {
  return core.offices[expert.office].activations[raw(core.cases[job.case_slot].service)];
}

Reason lapse_reason(const Core& core, const ExpertRecord& expert, const HeldJob& held,
                    Reason unfit) {
  if (unfit != Reason::kNone) return unfit;
  const JobRecord& job = core.jobs[held.slot];
  if (!expert_certified(core, expert, job.skill)) return Reason::kCertificateLapsed;
  if (!activation_of(core, expert, job).covers(core.now)) return Reason::kServiceNotActive;
  if (concerns_holder(core, job)) return Reason::kConflictOfInterest;
  if (held.lease_until > core.now) return Reason::kNone;
  // A lease that ended while the city works was not renewed; the others ended with the shift.
  return core.calendar.is_open(held.lease_until) ? Reason::kLeaseExpired : Reason::kNotOnShift;
}

// Shortens leases that what was set since they were granted does not allow to their end.
void bound_leases(const Core& core, ExpertRecord& expert) {
  for (std::size_t i = 0; i < expert.held_count; ++i) {
    HeldJob& held = expert.held[i];
    const Tick end = holding_end(core, expert, core.jobs[held.slot]);
    held.lease_until = std::min(held.lease_until, end);
  }
}

void take_away_lapsed(Core& core, ExpertId id, Reason unfit) {
  ExpertRecord& expert = core.experts[raw(id)];
  for (std::size_t i = 0; i < expert.held_count;) {
    const Reason reason = lapse_reason(core, expert, expert.held[i], unfit);
    if (reason == Reason::kNone) {
      ++i;
      continue;
    }
    if (reason == Reason::kLeaseExpired || reason == Reason::kNotOnShift) {
      if (reason == Reason::kLeaseExpired) ++core.totals.leases_expired;
      expert.wanted = 0;  // no sign of life: the next job is better offered to somebody else
      refresh_available(core, id);
    }
    give_back(core, expert.held[i].slot, reason);
  }
}

}  // namespace

Reason absence_reason(const ExpertRecord& expert, Tick at) {
  const Absence* absence = expert.absences.at(at);
  PERMIT_ASSERT(absence != nullptr, expert.person, at.ms);
  return absence->reason == Reason::kNone ? Reason::kLeave : absence->reason;
}

Tick in_hand_until(const Core& core, Tick leaves) {
  const bool is_kept = core.policy.jobs_in_hand == JobsInHand::kFinished;
  if (!is_kept || leaves == kNever || core.calendar.always_open()) return leaves;
  const Interval shift = core.calendar.interval_of(leaves);
  return shift.empty() ? leaves : shift.close;
}

Tick in_hand_until(const Core& core, std::uint32_t office) {
  const OfficeRecord& record = core.offices[office];
  if (record.state != OfficeState::kActive) return record.in_hand_until;
  return in_hand_until(core, record.suspended_from);
}

Tick holding_end(const Core& core, const ExpertRecord& expert, const JobRecord& job) {
  const Activation& activation = activation_of(core, expert, job);
  if (!expert_certified(core, expert, job.skill) || !activation.covers(core.now)) return core.now;
  Tick end = std::min(expert.valid_until[raw(job.skill)], activation.until);
  end = std::min(end, expert.absences.next_begin(core.now));
  end = std::min(end, next_suspension(expert, core.now));
  end = std::min(end, in_hand_until(core, expert.office));
  if (core.calendar.always_open()) return end;
  const Interval shift = core.calendar.interval_of(core.now);
  return std::min(end, shift.empty() ? core.now : shift.close);
}

// What roll_load() would leave, without a window to roll: a decision asks this of every candidate's
// office, and one that has finished nothing yet today is behind until it does.
std::uint32_t rolled_minutes(const Core& core, const LoadWindow& load) {
  const std::int64_t gone = std::int64_t{core.day} - load.day;
  if (gone >= static_cast<std::int64_t>(kLoadWindowDays)) return 0;
  std::uint32_t sum = load.sum;
  for (std::int32_t day = load.day + 1; day <= core.day; ++day) sum -= load.buckets[bucket_of(day)];
  return sum;
}

std::uint32_t load_ppm(const Core& core, const ExpertRecord& expert) {
  const std::uint64_t whole = std::uint64_t{capacity_minutes(core, expert)} * kLoadWindowDays;
  const std::uint64_t ppm = std::uint64_t{window_minutes(core, expert.load)} * 1'000'000 / whole;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(ppm, UINT32_MAX));
}

void add_load(const Core& core, LoadWindow& load, std::uint32_t minutes) {
  roll_load(core.day, load);
  load.buckets[bucket_of(load.day)] += minutes;
  load.sum += minutes;
}

void hold_job(Core& core, ExpertId id, std::uint32_t slot, Tick lease_until) {
  ExpertRecord& expert = core.experts[raw(id)];
  JobRecord& job = core.jobs[slot];
  PERMIT_ASSERT(expert.held_count < kHeldJobsMax, id, job.id);
  roll_expert(core, expert);
  expert.held[expert.held_count++] = {lease_until, LeaseToken{raw(core.op)}, slot, 0};
  expert.booked_minutes = more_minutes(expert.booked_minutes, job.effort_minutes);
  if (job.priority == PriorityClass::kOther)
    expert.other_minutes = more_minutes(expert.other_minutes, job.effort_minutes);
  if (job.has(kJobVisit)) ++expert.visits;
  if (goes_out(job)) {
    expert.place = core.cases[job.case_slot].point;
    expert.place_day = core.day;
  }
  if (!job.has(kJobRework)) add_load(core, expert.load, job.effort_minutes);
  job.booked_day = static_cast<std::uint32_t>(expert.load.day);
  job.holder = id;
}

void drop_job(Core& core, std::uint32_t slot, bool unbook) {
  JobRecord& job = core.jobs[slot];
  ExpertRecord& expert = core.experts[raw(job.holder)];
  const std::size_t at = static_cast<std::size_t>(&held_entry(core, slot) - expert.held.data());
  std::move(expert.held.begin() + static_cast<std::ptrdiff_t>(at) + 1,
            expert.held.begin() + expert.held_count,
            expert.held.begin() + static_cast<std::ptrdiff_t>(at));
  const bool was_full = expert.held_count == kHeldJobsMax;
  expert.held[--expert.held_count] = HeldJob{};
  if (unbook || was_full) offer_soon(core, job.holder);
  if (job.state == JobState::kStarted) --expert.started_count;
  if (unbook) {
    const auto day = static_cast<std::int32_t>(job.booked_day);
    if (day == expert.load.day) {
      expert.booked_minutes = fewer_minutes(expert.booked_minutes, job.effort_minutes);
      if (job.priority == PriorityClass::kOther)
        expert.other_minutes = fewer_minutes(expert.other_minutes, job.effort_minutes);
      if (job.has(kJobVisit) && expert.visits > 0) --expert.visits;
    }
    if (!job.has(kJobRework)) take_off(expert.load, day, job.effort_minutes);
  }
}

HeldJob& held_entry(Core& core, std::uint32_t slot) {
  ExpertRecord& expert = core.experts[raw(core.jobs[slot].holder)];
  for (std::size_t i = 0; i < expert.held_count; ++i) {
    if (expert.held[i].slot == slot) return expert.held[i];
  }
  PERMIT_ASSERT(false, core.jobs[slot].id, core.jobs[slot].holder);
  return expert.held[0];
}

const HeldJob& held_entry(const Core& core, std::uint32_t slot) {
  return held_entry(const_cast<Core&>(core), slot);
}

void tell_passed(Core& core, ExpertId id) {
  ExpertRecord& expert = core.experts[raw(id)];
  const std::uint16_t spans = spans_now(core, expert);
  for (std::size_t place = 0; place <= kAbsencePlace; ++place) {
    const SpanState before = span_at(expert.told, place);
    const SpanState after = span_at(spans, place);
    if (before == after) continue;
    const OfficeId office = core.offices[expert.office].id;
    if (place == kAbsencePlace) {
      emit_span(core, EventKind::kAbsenceChanged, office, id, Skill{}, before, after, Actor{},
                reason_begun(expert, core.now));
    } else {
      emit_span(core, EventKind::kCertificateChanged, office, id,
                Skill{static_cast<std::uint8_t>(place)}, before, after, Actor{},
                after == SpanState::kOver ? Reason::kCertificateLapsed : Reason::kNone);
    }
  }
  expert.told = spans;
  expert.absences.forget(core.now);
}

void tell_certificate(Core& core, ExpertId id, Skill skill) {
  ExpertRecord& expert = core.experts[raw(id)];
  const SpanState before = span_at(expert.told, raw(skill));
  expert.told = spans_now(core, expert);
  emit_span(core, EventKind::kCertificateChanged, core.offices[expert.office].id, id, skill, before,
            span_at(expert.told, raw(skill)), core.actor, Reason::kNone);
}

void tell_absence(Core& core, ExpertId id, Reason reason) {
  ExpertRecord& expert = core.experts[raw(id)];
  const SpanState before = span_at(expert.told, kAbsencePlace);
  if (expert.absences.count == 0) expert.told &= kSkillPlaces;
  expert.told = spans_now(core, expert);
  emit_span(core, EventKind::kAbsenceChanged, core.offices[expert.office].id, id, Skill{}, before,
            span_at(expert.told, kAbsencePlace), core.actor, reason);
}

void refresh_available(Core& core, ExpertId id) {
  ExpertRecord& expert = core.experts[raw(id)];
  const bool free =
      expert.wanted > 0 && office_active(core, expert.office) && !expert_absent(core, expert);
  const std::uint8_t mask = free ? expert.counted : std::uint8_t{0};
  if (mask != 0 || expert.listed != 0) {
    const std::uint32_t load = load_ppm(core, expert);
    for (std::uint8_t s = 0; s < kSkillCount; ++s) {
      const bool now = (mask >> s & 1) != 0;
      const bool before = (expert.listed >> s & 1) != 0;
      if (before && (!now || core.available.load(Skill{s}, id) != load))
        core.available.remove(Skill{s}, id);
      else if (before)
        continue;
      if (now) core.available.insert(Skill{s}, id, load);
    }
    expert.listed = mask;
  }
  set_expert_timer(core, id);
}

void refresh_expert(Core& core, ExpertId id) {
  refresh_skills(core, id);
  refresh_available(core, id);
}

void sweep_expert(Core& core, ExpertId id) {
  ExpertRecord& expert = core.experts[raw(id)];
  roll_expert(core, expert);
  tell_passed(core, id);
  begin_suspension(core, id);
  end_suspension(core, id);
  expire_lapsed(core, id);
  const Reason unfit = unfit_reason(core, expert);
  const bool may_take = unfit == Reason::kNone && office_active(core, expert.office);
  if (!may_take || expert.claim_until <= core.now) expert.wanted = 0;
  bound_leases(core, expert);
  refresh_expert(core, id);
  take_away_lapsed(core, id, unfit);
  end_lapsed_plans(core, id);
  offer_to_expert(core, id);
  expert.sweep_due = 0;
  refresh_available(core, id);
}

void sweep_soon(Core& core, ExpertId id) {
  core.experts[raw(id)].sweep_due = 1;
  core.other_timers.set(expert_timer(id), core.now);
}

void offer_soon(Core& core, ExpertId id) {
  if (core.experts[raw(id)].wanted > 0) sweep_soon(core, id);
}

void offer_to_office_soon(Core& core, std::uint32_t office) {
  for (std::uint32_t number = core.offices[office].first_expert; number != 0;
       number = core.experts[number].next_in_office) {
    const ExpertRecord& expert = core.experts[number];
    if (expert.wanted > 0 || expert.held_count > 0 || expert.planned_count > 0)
      sweep_soon(core, ExpertId{number});
  }
}

void sweep_all_soon(Core& core) {
  for (std::uint32_t number = 1; number <= core.expert_last; ++number) {
    ExpertRecord& expert = core.experts[number];
    bound_leases(core, expert);
    if (expert.wanted > 0 || expert.held_count > 0 || expert.planned_count > 0)
      sweep_soon(core, ExpertId{number});
  }
}

void begin_day(Core& core) {
  for (std::uint32_t number = 1; number <= core.expert_last; ++number) {
    if (core.experts[number].planned_count != 0) recount_planned(core, ExpertId{number});
    offer_soon(core, ExpertId{number});
  }
}

void sweep_office(Core& core, std::uint32_t office) {
  for (std::uint32_t number = core.offices[office].first_expert; number != 0;) {
    const std::uint32_t after = core.experts[number].next_in_office;
    if (events_left(core)) {
      sweep_expert(core, ExpertId{number});
    } else {
      sweep_soon(core, ExpertId{number});
    }
    number = after;
  }
}

}  // namespace permitd::scheduler
