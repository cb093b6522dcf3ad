// From records to views: plain copies of what is known now.
#include "scheduler/view_build.h"

#include "scheduler/counters.h"
#include "scheduler/expert_flow.h"
#include "scheduler/job_clock.h"
#include "scheduler/municipal_clock.h"
#include "scheduler/plan_flow.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

JobView view_job(const Core& core, std::uint32_t slot) {
  const JobRecord& job = core.jobs[slot];
  const CaseRecord& record = core.cases[job.case_slot];
  const bool in_hand = job.state == JobState::kAssigned || job.state == JobState::kStarted;
  const bool had = in_hand || job.state == JobState::kDone || job.state == JobState::kConfirmed ||
                   job.state == JobState::kReturned;
  JobView view;
  view.job = job.id;
  view.case_id = record.id;
  view.ready_since = job.ready_since;
  view.deadline = job.deadline;
  view.lease_until = kNever;
  view.appointment = appointment_begin(core, job);
  view.intake_office = core.offices[record.office].id;
  if (job.has(kJobOfficeReach)) view.reach_office = core.offices[job.office].id;
  view.effort_minutes = job.effort_minutes;
  view.service = record.service;
  view.stage = job.stage;
  view.kind = job.kind;
  view.state = job.state;
  view.skill = job.skill;
  view.priority = job.priority;
  view.district = job.district;
  view.attempts = job.attempts;
  view.band = band_now(core, job);
  view.rework = job.has(kJobRework);
  view.reason = job.reason;
  view.remaining_minutes = remaining_minutes(core, job);
  if (had) view.holder = job.holder;
  if (job.has(kJobPlanned)) {
    const PlannedJob& plan = plan_of(core, job);
    view.planned_for = plan.expert;
    view.planned_start = plan.start;
    view.plan_locks = plan.locks;
  }
  if (in_hand) {
    view.token = held_entry(core, slot).token;
    view.lease_until = held_entry(core, slot).lease_until;
  }
  return view;
}

CaseView view_case(const Core& core, std::uint32_t slot) {
  const CaseRecord& record = core.cases[slot];
  const ServiceVersion& service = service_of(core, record);
  CaseView view;
  view.case_id = record.id;
  view.registered_at = record.registered_at;
  view.closed_at = record.closed_at;
  view.owner = record.owner;
  view.designer = record.designer;
  view.supervising_engineer = record.supervising_engineer;
  view.parcel = record.parcel;
  view.reference = record.reference;
  view.point = record.point;
  view.area_m2 = record.area_m2;
  view.floors = record.floors;
  view.service_version = service.version;
  view.office = core.offices[record.office].id;
  view.service = record.service;
  view.organisation = record.organisation;
  view.state = record.state;
  view.priority = record.priority;
  view.district = record.district;
  view.stage_index = record.stage_index;
  view.stage_count = service.stage_count;
  for (std::size_t i = 0; i < service.stage_count; ++i) view.stages[i] = service.stages[i].stage;
  view.decided = (record.flags & kCaseDecided) != 0;
  view.fees_paid = (record.flags & kCaseFeesPaid) != 0;
  view.fees_rial = record.fees_rial;
  view.built = (record.flags & kCaseBuilt) != 0;
  if (record.current_job != kNoSlot) view.current_job = core.jobs[record.current_job].id;
  view.decision_due = record.due;
  view.decision_remaining_minutes = municipal_remaining(core, record);
  view.decision_band = municipal_band(core, record);
  view.zone = record.zone;
  view.coverage_permille = record.coverage_permille;
  view.street_width_dm = record.street_width_dm;
  view.zoning_version = zoning_version_of(core, record);
  view.zoning_checked_at = record.zoning_checked_at;
  if (record.zoning_checked_at == kNever) return view;
  // What each condition cost stands in the rule, which stays as long as the case does.
  view.zoning = judge_zoning(core, record.zoning_slot, record);
  view.zoning.result = record.zoning_result;
  view.zoning.conditions = record.zoning_conditions;
  view.zoning.allowed_floors = record.allowed_floors;
  view.zoning.allowed_coverage_permille = record.allowed_coverage_permille;
  return view;
}

OfficeView view_office(const Core& core, std::uint32_t index) {
  const OfficeRecord& office = core.offices[index];
  OfficeView view;
  view.office = office.id;
  view.district = office.district;
  view.state = office.state;
  for (std::uint32_t number = office.first_expert; number != 0;
       number = core.experts[number].next_in_office) {
    if (core.experts[number].counted == 0) continue;
    ++view.experts_certified;
    view.capacity_units_per_day +=
        capacity_minutes(core, core.experts[number]) / static_cast<std::uint32_t>(kMinutesPerUnit);
  }
  for (std::size_t service = 0; service < kServicesMax; ++service) {
    if (office.activations[service].covers(core.now))
      view.services_active |= std::uint64_t{1} << service;
  }
  view.cases_submitted = office.cases_submitted;
  view.cases_open = office.cases_open;
  view.done_minutes = office.done_minutes;
  view.window_minutes = window_minutes(core, office.load);
  view.sla_met = office.sla_met;
  view.sla_missed = office.sla_missed;
  view.licensee = office.licensee;
  view.technical_manager = office.technical_manager;
  view.point = office.point;
  view.label = office.label;
  view.licence_until = office.licence_until;
  view.suspended_from = office.suspended_from;
  view.suspended_until = office.suspended_until;
  view.application = office.application;
  view.venue = raw(office.application) != 0 ? core.licences.application(office.application).venue
                                            : office.venue;
  view.manager_state = office.manager_state;
  view.manager_checks = office.manager_checks;
  return view;
}

ExpertView view_expert(const Core& core, ExpertId id) {
  const ExpertRecord& expert = core.experts[raw(id)];
  ExpertView view;
  view.expert = id;
  view.person = expert.person;
  view.office = core.offices[expert.office].id;
  view.state = expert.state;
  view.on_shift = core.calendar.is_open(core.now);
  view.absent = expert_absent(core, expert);
  view.available = expert.listed != 0;
  view.units_per_day = static_cast<std::uint16_t>(capacity_minutes(core, expert) /
                                                  static_cast<std::uint32_t>(kMinutesPerUnit));
  view.booked_minutes_today = static_cast<std::uint16_t>(booked_today(core, expert));
  view.other_minutes_today = static_cast<std::uint16_t>(other_today(core, expert));
  view.visits_today = static_cast<std::uint16_t>(visits_today(core, expert));
  view.assigned = static_cast<std::uint16_t>(expert.held_count - expert.started_count);
  view.started = expert.started_count;
  view.window_minutes = window_minutes(core, expert.load);
  view.done_total = expert.done_total;
  view.certified_from = expert.valid_from;
  view.certified_until = expert.valid_until;
  view.planned = expert.planned_count;
  view.planned_minutes_today =
      static_cast<std::uint16_t>(planned_effort(core, id, core.day, JobId{}).minutes);
  view.degree = expert.degree;
  view.home = expert.home;
  if (expert.place_day == core.day) view.place = expert.place;
  view.districts = expert.districts;
  view.relatives = expert.relatives;
  view.suspended_from = expert.suspended_from;
  view.suspended_until = expert.suspended_until;
  view.absences = expert.absences;
  view.absences.forget(core.now);
  view.label = expert.label;
  return view;
}

PlanView view_plan(const PlannedJob& plan) {
  return {plan.id,       plan.expert,         plan.op,     plan.start, plan.until,
          plan.sequence, plan.effort_minutes, plan.reason, plan.locks};
}

DecisionView view_decision(const DecisionRecord& record) {
  DecisionView view;
  view.job = record.job;
  view.op = record.op;
  view.at = record.at;
  view.seed = record.seed;
  view.chosen = record.chosen;
  view.by_claim = record.by_claim != 0;
  view.by_supervisor = record.by_supervisor != 0;
  view.by_share = record.by_share != 0;
  view.by_plan = record.by_plan != 0;
  view.plan = record.plan;
  view.plan_reason = record.plan_reason;
  view.passed_over = record.passed_over;
  view.passed_over_metres = record.passed_over_metres;
  view.compared = record.compared;
  view.weights = {record.load_weight, record.travel_weight, record.share_weight};
  view.considered = record.considered;
  view.removed = record.removed;
  view.municipal_first = record.municipal_first;
  view.near_equal_count = record.near_count;
  view.rejected_count = record.rejected_count;
  for (std::size_t i = 0; i < record.near_count; ++i) {
    view.near_equal[i] = {ExpertId{record.near_expert[i]}, record.near_load[i],
                          record.near_metres[i], record.near_office_load[i]};
  }
  view.by_deadline = record.by_deadline != 0;
  view.drawn_count = record.drawn_count;
  for (std::size_t i = 0; i < record.drawn_count; ++i) {
    view.drawn[i] = {record.drawn[i], record.near_metres[i], record.drawn_later_minutes[i]};
    if (record.drawn[i] == record.job) view.near_equal[0].metres = record.near_metres[i];
  }
  for (std::size_t i = 0; i < record.rejected_count; ++i) {
    RejectedView& rejected = view.rejected[i];
    if (view.by_claim)
      rejected.job = JobId{record.rejected[i]};
    else
      rejected.expert = ExpertId{static_cast<std::uint32_t>(record.rejected[i])};
    rejected.filter = Filter{record.rejected_filter[i]};
  }
  return view;
}

}  // namespace permitd::scheduler
