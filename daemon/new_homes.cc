#include "daemon/new_homes.h"

#include <array>
#include <span>

#include "daemon/snapshot_rows.h"
#include "scheduler/home_choice.h"

namespace permitd::daemon {

using scheduler::CaseState;
using scheduler::CaseView;
using scheduler::OfficeId;
using scheduler::OfficeView;
using scheduler::raw;
using scheduler::Scheduler;

namespace {

// Each holds at most kHeldJobsMax jobs, which are looked at in the same slice.
constexpr std::size_t kExpertsPerSlice = 64;

bool has_ended(CaseState state) {
  return state == CaseState::kClosed || state == CaseState::kRejected ||
         state == CaseState::kWithdrawn || state == CaseState::kLapsed;
}

/// An office as a home, with what was proposed for it.
struct Candidate {
  scheduler::Home home;
  std::uint64_t services_active;

  bool takes(scheduler::ServiceId service) const {
    return (services_active >> raw(service) & 1) != 0;
  }
};

NewHome home_of(const Homeless& homeless, std::vector<Candidate>& candidates) {
  Candidate* best = nullptr;
  for (Candidate& one : candidates) {
    if (!one.takes(homeless.service)) continue;
    if (best == nullptr ||
        scheduler::is_better_home(one.home, best->home, homeless.district, homeless.point))
      best = &one;
  }
  if (best == nullptr) return {homeless, OfficeId{}, HomeReason::kNone};
  best->home.cases_open += 1;
  const bool is_near = best->home.district == homeless.district;
  return {homeless, best->home.office, is_near ? HomeReason::kDistrict : HomeReason::kCity};
}

}  // namespace

HomelessQuery::HomelessQuery(const Scope& scope, OfficeId office)
    : scope_(scope),
      office_(office),
      page_(kRowsPerSlice),
      expert_page_(kExpertsPerSlice),
      office_page_(kRowsPerSlice) {
  cases.reserve(kHomelessMax);
  held.reserve(kHeldBackMax);
  offices.reserve(kSnapshotOfficesMax);
}

bool HomelessQuery::run(const Scheduler& scheduler) noexcept {
  if (raw(op) == 0) {
    op = scheduler.op_applied();
    OfficeView view;
    is_known = scheduler.find_office(office_, view) && scope_.covers(view);
    if (!is_known) return true;
  }
  if (part_ == Part::kCases) return take_cases(scheduler);
  const bool is_whole = part_ == Part::kOffices ? take_offices(scheduler) : take_experts(scheduler);
  if (is_whole) {
    part_ = part_ == Part::kOffices ? Part::kExperts : Part::kCases;
    cursor_ = {};
  }
  return false;
}

bool HomelessQuery::take_experts(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_experts(office_, cursor_, expert_page_);
  for (std::size_t i = 0; i < count; ++i) take_held(scheduler, expert_page_[i].expert);
  return cursor_.done;
}

void HomelessQuery::take_held(const Scheduler& scheduler, scheduler::ExpertId expert) {
  std::array<scheduler::JobView, scheduler::kHeldJobsMax> jobs;
  const std::size_t count = scheduler.list_held(expert, jobs);
  for (const scheduler::JobView& job : std::span(jobs).first(count)) {
    if (!scope_.covers(scheduler, job)) continue;
    if (held.size() == kHeldBackMax) {
      held_left_out += 1;
      continue;
    }
    HeldBack one;
    one.job = job.job;
    one.case_id = job.case_id;
    one.holder = expert;
    one.office = job.intake_office;
    one.state = job.state;
    one.stage = job.stage;
    one.district = job.district;
    held.push_back(one);
  }
}

bool HomelessQuery::take_offices(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_offices(cursor_, office_page_);
  for (std::size_t i = 0; i < count && offices.size() < offices.capacity(); ++i) {
    if (scope_.covers(office_page_[i])) offices.push_back(office_page_[i]);
  }
  return cursor_.done;
}

bool HomelessQuery::take_cases(const Scheduler& scheduler) {
  const std::size_t count = scheduler.list_cases(cursor_, kQueryScanMax, page_);
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_theirs = page_[i].office == office_ && scope_.covers(scheduler, page_[i]);
    if (is_theirs && !has_ended(page_[i].state)) take_case(scheduler, page_[i]);
  }
  return cursor_.done;
}

void HomelessQuery::take_case(const Scheduler& scheduler, const CaseView& view) {
  if (cases.size() == kHomelessMax) {
    left_out += 1;
    return;
  }
  Homeless one;
  one.case_id = view.case_id;
  one.job = view.current_job;
  one.point = view.point;
  one.service = view.service;
  one.district = view.district;
  one.state = view.state;
  if (view.stage_index < view.stage_count) one.stage = view.stages[view.stage_index];
  scheduler::JobView job;
  if (raw(view.current_job) != 0 && scheduler.find_job(view.current_job, job))
    one.appointment = job.appointment;
  cases.push_back(one);
}

std::vector<NewHome> propose_homes(const std::vector<Homeless>& cases,
                                   const std::vector<OfficeView>& offices, OfficeId leaving) {
  std::vector<Candidate> candidates;
  for (const OfficeView& office : offices) {
    if (office.state == scheduler::OfficeState::kActive && office.office != leaving)
      candidates.push_back({{office.office, office.district, office.point, office.cases_open,
                             office.capacity_units_per_day},
                            office.services_active});
  }
  std::vector<NewHome> homes;
  homes.reserve(cases.size());
  for (const Homeless& one : cases) homes.push_back(home_of(one, candidates));
  return homes;
}

}  // namespace permitd::daemon
