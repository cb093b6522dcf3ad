#include "scheduler/eligibility.h"

#include <algorithm>

#include "scheduler/expert_flow.h"

namespace permitd::scheduler {

namespace {

bool four_eyes_conflict(const Core& core, const CaseRecord& record, ExpertId expert,
                        const JobRecord& job) {
  const Role role = role_of(job);
  if (role == Role::kNone) return false;
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

bool concerns(const CaseRecord& record, PersonId person) {
  return raw(person) != 0 && (person == record.owner || person == record.relative ||
                              person == record.designer || person == record.supervising_engineer);
}

// The expert is one of the persons of the case, or has just refused it, or the expert's office
// belongs to one.
bool interest_conflict(const Core& core, const CaseRecord& record, ExpertId expert,
                       const JobRecord& job) {
  const ExpertRecord& who = core.experts[raw(expert)];
  if (concerns(record, who.person)) return true;
  if (job.has(kJobDeclined) && job.holder == expert) return true;
  if (role_of(job) == Role::kNone) return false;
  const OfficeRecord& office = core.offices[who.office];
  return concerns(record, office.licensee) || concerns(record, office.technical_manager);
}

bool over_capacity(const Core& core, const ExpertRecord& expert, const JobRecord& job) {
  if (booked_today(core, expert) + job.effort_minutes > capacity_minutes(core, expert)) return true;
  return job.has(kJobVisit) && visits_today(core, expert) >= core.policy.visits_per_day;
}

bool out_of_reach(const ExpertRecord& expert, const JobRecord& job) {
  if (job.has(kJobOfficeReach)) return expert.office != job.office;
  return expert.districts != 0 && (expert.districts >> job.district & 1) == 0;
}

// Somebody certified, within the bound, who could take the job and has not met the owner lately.
bool another_is_eligible(const Core& core, ExpertId expert, const JobRecord& job) {
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
    if (first_filter(core, ExpertId{number}, job, false) == Filter::kNone &&
        !pair_repeats(core, ExpertId{number}, job)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Role role_of(const JobRecord& job) {
  if (job.kind == JobKind::kConfirmation) return Role::kConfirmer;
  if (job.skill == Skill::kInspect) return Role::kInspector;
  return job.skill == Skill::kReview ? Role::kReviewer : Role::kNone;
}

bool pair_repeats(const Core& core, ExpertId expert, const JobRecord& job) {
  if (role_of(job) != Role::kInspector) return false;
  const PersonId owner = core.cases[job.case_slot].owner;
  if (raw(owner) == 0) return false;
  const ExpertRecord& who = core.experts[raw(expert)];
  const std::uint32_t known = std::min<std::uint32_t>(who.recent_count, kRecentOwnersMax);
  const std::int64_t days_ms = std::int64_t{core.policy.pair_repeat_days} * 24 * 60 * kMsPerMinute;
  for (std::uint32_t back = 0; back < known; ++back) {
    const RecentOwner& met = who.recent[(who.recent_count - 1 - back) % kRecentOwnersMax];
    if (met.owner != owner) continue;
    if (back < core.policy.pair_repeat_visits || core.now.ms - met.at.ms < days_ms) return true;
  }
  return false;
}

Filter first_filter(const Core& core, ExpertId expert, const JobRecord& job, bool lift_capacity) {
  const ExpertRecord& who = core.experts[raw(expert)];
  const CaseRecord& record = core.cases[job.case_slot];
  if (!office_active(core, who.office) ||
      !core.offices[who.office].activations[raw(record.service)].covers(core.now)) {
    return Filter::kOffice;
  }
  if (who.valid_until[raw(job.skill)] == Tick{}) return Filter::kSkill;
  if (!expert_certified(core, who, job.skill)) return Filter::kCertificate;
  if (four_eyes_conflict(core, record, expert, job)) return Filter::kFourEyes;
  if (interest_conflict(core, record, expert, job)) return Filter::kConflict;
  if (!core.calendar.is_open(core.now)) return Filter::kShift;
  if (expert_absent(core, who)) return Filter::kAbsence;
  if (!lift_capacity && over_capacity(core, who, job)) return Filter::kCapacity;
  if (out_of_reach(who, job)) return Filter::kDistrict;
  return who.held_count >= kHeldJobsMax ? Filter::kHeldMost : Filter::kNone;
}

Filter claim_job_filter(const Core& core, ExpertId expert, const JobRecord& job) {
  const Filter filter = first_filter(core, expert, job, false);
  if (filter != Filter::kNone || !pair_repeats(core, expert, job)) return filter;
  return another_is_eligible(core, expert, job) ? Filter::kPairRepeat : Filter::kNone;
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
  if (role != Role::kInspector || raw(record.owner) == 0) return;
  ExpertRecord& who = core.experts[raw(job.holder)];
  who.recent[who.recent_count % kRecentOwnersMax] = {record.owner, core.now};
  ++who.recent_count;
}

}  // namespace permitd::scheduler
