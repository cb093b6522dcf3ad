// A day of site visits from snapshots small enough to plan by hand: hours from minute 0 to 420 of
// the day, halved, and one office in the middle of the city.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <stop_token>

#include "daemon/visit_plan.h"

namespace permitd::daemon::tests {

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kDayBegin =
    1'558'411'200'000;  // 2019-05-21 04:00 UTC, 07:30 in Tehran
inline constexpr std::int32_t kDay = 18'037;
constexpr VisitPlanOptions kRepeatable{.milliseconds = 0, .iterations = 2'000};

inline scheduler::Tick at_minute(std::int64_t minute) { return {kDayBegin + minute * kMinuteMs}; }

class VisitPlanTest : public testing::Test {
 protected:
  VisitPlanTest() {
    snapshot.op = scheduler::Op{100};
    snapshot.now = at_minute(-600);
    snapshot.day = kDay;
    snapshot.window_work_days = 22;
    snapshot.halves[0] = {at_minute(0), at_minute(210)};
    snapshot.halves[1] = {at_minute(210), at_minute(420)};
    scheduler::OfficeView office;
    office.office = scheduler::OfficeId{101};
    office.state = scheduler::OfficeState::kActive;
    office.services_active = ~std::uint64_t{0};
    office.point = {35'700'000, 51'400'000};
    snapshot.offices.push_back(office);
  }

  scheduler::ExpertView& add_inspector(std::uint32_t number, scheduler::Point home) {
    scheduler::ExpertView expert;
    expert.expert = scheduler::ExpertId{number};
    expert.person = scheduler::PersonId{1'000 + number};
    expert.office = scheduler::OfficeId{101};
    expert.state = scheduler::ExpertState::kCertified;
    expert.units_per_day = 14;
    expert.certified_until.fill(scheduler::kNever);
    expert.home = home;
    snapshot.experts.push_back(expert);
    return snapshot.experts.back();
  }

  SnapshotVisit& add_visit(std::uint64_t number, scheduler::Point point) {
    SnapshotVisit visit;
    visit.job.job = scheduler::JobId{number};
    visit.job.case_id = scheduler::CaseId{number};
    visit.job.state = scheduler::JobState::kScheduled;
    visit.job.skill = scheduler::Skill::kInspect;
    visit.job.priority = scheduler::PriorityClass::kMunicipal;
    visit.job.service = scheduler::ServiceId{1};
    visit.job.intake_office = scheduler::OfficeId{101};
    visit.job.district = 1;
    visit.job.effort_minutes = 60;
    visit.job.appointment = at_minute(0);
    visit.point = point;
    snapshot.visits.push_back(visit);
    return snapshot.visits.back();
  }

  VisitPlan plan() const { return plan_visits(snapshot, kRepeatable, std::stop_source{}); }

  static scheduler::ExpertId expert_of(const VisitPlan& plan, std::uint64_t job) {
    for (const PlannedVisitLine& line : plan.lines)
      if (line.job == scheduler::JobId{job}) return line.expert;
    return {};
  }

  VisitSnapshot snapshot;
  const scheduler::Point north{35'800'000, 51'400'000};
  const scheduler::Point south{35'600'000, 51'400'000};
};

}  // namespace permitd::daemon::tests
