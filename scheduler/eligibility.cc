#include "scheduler/eligibility.h"

#include "scheduler/expert_flow.h"
#include "scheduler/plan_flow.h"

namespace permitd::scheduler {

namespace {

bool has_conflicting_role(const Core& core, const CaseRecord& record, ExpertId expert, Role role) {
  const PersonId person = core.experts[raw(expert)].person;
  bool listed = false;
  bool full = true;
  for (const RoleEntry entry : record.roles) {
    if (entry.role() == Role::kNone) {
      full = false;
      break;
    }
    if (core.experts[raw(entry.expert())].person != person) continue;
    if (entry.role() != role) return true;
    listed = true;
  }
  return full && !listed;
}

bool four_eyes_conflict(const Core& core, const CaseRecord& record, ExpertId expert, Role role) {
  if (role == Role::kNone || record.roles[0].role() == Role::kNone) return false;
  return has_conflicting_role(core, record, expert, role);
}

bool concerns(const CaseRecord& record, PersonId person) {
  return raw(person) != 0 && (person == record.owner || person == record.relative ||
                              person == record.designer || person == record.supervising_engineer);
}

std::uint64_t person_bits_of(const CaseRecord& record) {
  std::uint64_t bits = 0;
  for (const PersonId person :
       {record.owner, record.relative, record.designer, record.supervising_engineer})
    if (raw(person) != 0) bits |= person_bit(person);
  return bits;
}

// The expert or a declared relative is one of the persons of the case, or the expert's office
// belongs to one.
bool concerns_expert(const CaseRecord& record, const ExpertRecord& who, const OfficeRecord& office,
                     Role role) {
  if (concerns(record, who.person)) return true;
  for (const PersonId relative : who.relatives) {
    if (concerns(record, relative)) return true;
  }
  if (role == Role::kNone) return false;
  return concerns(record, office.licensee) || concerns(record, office.technical_manager);
}

bool over_capacity(const Core& core, ExpertId id, const JobRecord& job) {
  const DayTaken taken = day_taken(core, id, job);
  if (taken.minutes + job.effort_minutes > capacity_minutes(core, core.experts[raw(id)]))
    return true;
  return job.has(kJobVisit) && taken.visits >= core.policy.visits_per_day;
}

bool out_of_reach(const ExpertRecord& expert, const JobRecord& job) {
  if (job.has(kJobOfficeReach)) return expert.office != job.office;
  return expert.districts != 0 && (expert.districts >> job.district & 1) == 0;
}

// Somebody certified, within the bound, who could take the job and has not met the owner lately.
template <class Fits>
bool another_is_eligible(const Core& core, ExpertId expert, const JobRecord& job,
                         const Fits& fits) {
  const ExpertSet& certified = core.certified_experts[raw(job.skill)];
  std::uint32_t number = raw(expert);
  bool wrapped = false;
  for (std::uint32_t looked = 0; looked < kPairRepeatScanMax; ++looked) {
    number = certified.next(number + 1);
    if (number == 0 && !wrapped) {
      wrapped = true;
      number = certified.next(1);
    }
    if (number == 0 || (wrapped && number >= raw(expert))) return false;
    if (fits(ExpertId{number}) && !pair_repeats(core, ExpertId{number}, job)) return true;
  }
  return false;
}

const Activation& activation_of(const Core& core, const ExpertRecord& who, const JobRecord& job) {
  return core.offices[who.office].activations[raw(core.cases[job.case_slot].service)];
}

// Filters that depend on the persons and not on the moment. The case concerns the expert, or the
// expert has just refused the job.
inline Filter person_filter(const Core& core, const FilterExpert& expert, const FilterJob& of) {
  if (four_eyes_conflict(core, of.record, expert.id, of.role)) return Filter::kFourEyes;
  if (of.job.has(kJobDeclined) && of.job.holder == expert.id) return Filter::kConflict;
  const bool concerned = (of.person_bits & expert.person_bits) != 0 &&
                         concerns_expert(of.record, expert.who, expert.office, of.role);
  return concerned ? Filter::kConflict : Filter::kNone;
}

bool over_capacity_on(const Core& core, ExpertId id, const JobRecord& job, std::int32_t day) {
  const ExpertRecord& expert = core.experts[raw(id)];
  const PlannedEffort planned = planned_effort(core, id, day, job.id);
  std::uint32_t minutes = planned.minutes;
  std::uint32_t visits = planned.visits;
  if (day <= core.day) {
    minutes += booked_today(core, expert);
    visits += visits_today(core, expert);
  }
  if (minutes + job.effort_minutes > capacity_minutes(core, expert)) return true;
  return job.has(kJobVisit) && visits >= core.policy.visits_per_day;
}

// What office and certificate allow now.
inline Filter right_filter(const Core& core, const FilterExpert& expert, const FilterJob& of) {
  const std::size_t skill = raw(of.job.skill);
  const Activation& activation = expert.office.activations[raw(of.record.service)];
  if (!expert.is_office_active || !activation.covers(core.now)) return Filter::kOffice;
  const Tick until = expert.who.valid_until[skill];
  if (until == Tick{}) return Filter::kSkill;
  const bool certified =
      expert.is_certified && expert.who.valid_from[skill] <= core.now && core.now < until;
  return certified ? Filter::kNone : Filter::kCertificate;
}

inline Filter first_filter(const Core& core, const FilterExpert& expert, const FilterJob& of,
                           bool is_open, bool lift_capacity) {
  const Filter right = right_filter(core, expert, of);
  if (right != Filter::kNone) return right;
  const Filter person = person_filter(core, expert, of);
  if (person != Filter::kNone) return person;
  if (!is_open) return Filter::kShift;
  if (expert.is_absent) return Filter::kAbsence;
  if (!lift_capacity && over_capacity(core, expert.id, of.job)) return Filter::kCapacity;
  if (out_of_reach(expert.who, of.job)) return Filter::kDistrict;
  return expert.who.held_count >= kHeldJobsMax ? Filter::kHeldMost : Filter::kNone;
}

// Whether the owner of an inspector's job has met any inspector.
bool has_met_somebody(const Core& core, const FilterJob& of) {
  return of.role == Role::kInspector && core.meetings.has(of.record.owner);
}

// The expert has met the owner lately, and somebody else could go. Pre: the expert could.
Filter pair_filter(const Core& core, ExpertId expert, const FilterJob& of, bool is_open) {
  if (!pair_repeats(core, expert, of.job)) return Filter::kNone;
  const auto fits = [&](ExpertId other) {
    return first_filter(core, {core, other}, of, is_open, false) == Filter::kNone;
  };
  return another_is_eligible(core, expert, of.job, fits) ? Filter::kPairRepeat : Filter::kNone;
}

// The same of a moment that a plan has in mind: who is suspended until then is back by then.
Filter planned_right_filter(const Core& core, const ExpertRecord& who, const JobRecord& job,
                            Tick at) {
  const std::size_t skill = raw(job.skill);
  if (!office_works_at(core.offices[who.office], at) || !activation_of(core, who, job).covers(at))
    return Filter::kOffice;
  if (who.valid_until[skill] == Tick{}) return Filter::kSkill;
  const bool certified =
      expert_works_at(who, at) && who.valid_from[skill] <= at && at < who.valid_until[skill];
  return certified ? Filter::kNone : Filter::kCertificate;
}

bool within_days(const Core& core, const Meeting& met) {
  const std::int64_t days_ms = std::int64_t{core.policy.pair_repeat_days} * 24 * 60 * kMsPerMinute;
  return core.now.ms - met.at.ms < days_ms;
}

bool absent_at(const ExpertRecord& who, Tick at) { return who.absences.at(at) != nullptr; }

// plan_filter without the question who else could go.
Filter own_plan_filter(const Core& core, ExpertId expert, const JobRecord& job, Tick at,
                       std::int32_t day) {
  const ExpertRecord& who = core.experts[raw(expert)];
  const Filter right = planned_right_filter(core, who, job, at);
  if (right != Filter::kNone) return right;
  const Filter person = person_filter(core, {core, expert}, {core, job});
  if (person != Filter::kNone) return person;
  if (!core.calendar.is_open(at)) return Filter::kShift;
  if (absent_at(who, at)) return Filter::kAbsence;
  if (over_capacity_on(core, expert, job, day)) return Filter::kCapacity;
  return out_of_reach(who, job) ? Filter::kDistrict : Filter::kNone;
}

}  // namespace

Role role_of(const JobRecord& job) {
  if (job.kind == JobKind::kConfirmation) return Role::kConfirmer;
  if (job.skill == Skill::kInspect) return Role::kInspector;
  return job.skill == Skill::kReview ? Role::kReviewer : Role::kNone;
}

bool is_lately(const Core& core, const Meeting& met) {
  const std::uint32_t visits_since = core.experts[raw(met.expert)].visits_done - met.visit;
  return visits_since < core.policy.pair_repeat_visits || within_days(core, met);
}

bool met_lately(const Core& core, ExpertId expert, PersonId owner) {
  if (raw(owner) == 0) return false;
  const Meeting* met = core.meetings.find(owner, expert);
  return met != nullptr && is_lately(core, *met);
}

bool pair_repeats(const Core& core, ExpertId expert, const JobRecord& job) {
  return role_of(job) == Role::kInspector &&
         met_lately(core, expert, core.cases[job.case_slot].owner);
}

bool concerns_holder(const Core& core, const JobRecord& job) {
  const ExpertRecord& who = core.experts[raw(job.holder)];
  return concerns_expert(core.cases[job.case_slot], who, core.offices[who.office], role_of(job));
}

FilterJob::FilterJob(const Core& core, const JobRecord& of)
    : job(of),
      record(core.cases[of.case_slot]),
      person_bits(person_bits_of(record)),
      role(role_of(of)) {}

JobFilters::JobFilters(const Core& core, const JobRecord& job)
    : core_(core), job_(core, job), is_open_(core.calendar.is_open(core.now)) {}

Filter JobFilters::first(const FilterExpert& expert, bool lift_capacity) const {
  return first_filter(core_, expert, job_, is_open_, lift_capacity);
}

Filter JobFilters::of_claim(const FilterExpert& expert) const {
  const Filter filter = first(expert, false);
  if (filter != Filter::kNone) return filter;
  if (!has_met_) has_met_ = has_met_somebody(core_, job_);
  return *has_met_ ? pair_filter(core_, expert.id, job_, is_open_) : Filter::kNone;
}

ExpertFilters::ExpertFilters(const Core& core, ExpertId expert)
    : core_(core), expert_(core, expert), is_open_(core.calendar.is_open(core.now)) {}

Filter ExpertFilters::first(const JobRecord& job) const {
  return first_filter(core_, expert_, FilterJob(core_, job), is_open_, false);
}

Filter ExpertFilters::of_claim(const JobRecord& job) const {
  const FilterJob of(core_, job);
  const Filter filter = first_filter(core_, expert_, of, is_open_, false);
  if (filter != Filter::kNone || !has_met_somebody(core_, of)) return filter;
  return pair_filter(core_, expert_.id, of, is_open_);
}

Filter first_filter(const Core& core, ExpertId expert, const JobRecord& job, bool lift_capacity) {
  return JobFilters(core, job).first({core, expert}, lift_capacity);
}

Filter claim_job_filter(const Core& core, ExpertId expert, const JobRecord& job) {
  return JobFilters(core, job).of_claim({core, expert});
}

Filter standing_filter(const Core& core, ExpertId expert, const JobRecord& job, Tick at) {
  const ExpertRecord& who = core.experts[raw(expert)];
  const Filter right = planned_right_filter(core, who, job, at);
  if (right != Filter::kNone) return right;
  const Filter person = person_filter(core, {core, expert}, {core, job});
  if (person != Filter::kNone) return person;
  if (!core.calendar.is_open(at)) return Filter::kShift;
  if (absent_at(who, at)) return Filter::kAbsence;
  return out_of_reach(who, job) ? Filter::kDistrict : Filter::kNone;
}

Filter plan_filter(const Core& core, ExpertId expert, const JobRecord& job, Tick at,
                   std::int32_t day) {
  const Filter filter = own_plan_filter(core, expert, job, at, day);
  if (filter != Filter::kNone || !pair_repeats(core, expert, job)) return filter;
  const auto fits = [&](ExpertId other) {
    return own_plan_filter(core, other, job, at, day) == Filter::kNone;
  };
  return another_is_eligible(core, expert, job, fits) ? Filter::kPairRepeat : Filter::kNone;
}

Filter claim_filter(const Core& core, ExpertId expert) {
  const ExpertRecord& who = core.experts[raw(expert)];
  if (!office_active(core, who.office)) return Filter::kOffice;
  if (who.valid_until == decltype(who.valid_until){}) return Filter::kSkill;
  bool certified = false;
  for (std::uint8_t s = 0; s < kSkillCount; ++s) certified |= expert_certified(core, who, Skill{s});
  if (!certified) return Filter::kCertificate;
  if (!core.calendar.is_open(core.now)) return Filter::kShift;
  if (expert_absent(core, who)) return Filter::kAbsence;
  if (booked_today(core, who) >= capacity_minutes(core, who)) return Filter::kCapacity;
  return who.held_count >= kHeldJobsMax ? Filter::kHeldMost : Filter::kNone;
}

void remember_work(Core& core, const JobRecord& job) {
  const Role role = role_of(job);
  if (role == Role::kNone) return;
  CaseRecord& record = core.cases[job.case_slot];
  const RoleEntry did(role, job.holder);
  for (RoleEntry& entry : record.roles) {
    if (entry == did) break;
    if (entry.role() != Role::kNone) continue;
    entry = did;
    break;
  }
  if (role != Role::kInspector) return;
  const std::uint32_t visit = ++core.experts[raw(job.holder)].visits_done;
  if (raw(record.owner) == 0) return;
  // Whoever has left makes no further visit: such a meeting would stand in the way of newer ones.
  core.meetings.remember({record.owner, core.now, job.holder, visit}, [&](const Meeting& met) {
    return core.experts[raw(met.expert)].state == ExpertState::kLeft ? within_days(core, met)
                                                                     : is_lately(core, met);
  });
}

}  // namespace permitd::scheduler
