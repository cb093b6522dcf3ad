// Goal: at the size of a large city the absence of one inspector moves few visits of others, and
// none of them wrongly. Method: 500 inspectors with 2,500 visits, a plan that runs, and the same
// search that previews use; the time it takes is told, and judged by nobody, as machines differ.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <ctime>
#include <map>

#include "daemon/assumption.h"
#include "daemon/visit_plan.h"
#include "tests/support/seeded.h"

namespace permitd::daemon {
namespace {

using scheduler::ExpertId;
using scheduler::JobId;
using scheduler::Tick;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayBegin = 1'558'411'200'000;  // 2019-05-21 04:00 UTC, 07:30 in Tehran
constexpr std::uint32_t kInspectors = 500;
constexpr std::uint64_t kVisits = 2'500;

Tick at_minute(std::int64_t minute) { return {kDayBegin + minute * kMinuteMs}; }

scheduler::Point anywhere(tests::Chance& chance) {
  return {35'600'000 + chance.between(0, 180'000), 51'250'000 + chance.between(0, 300'000)};
}

VisitSnapshot city_day() {
  tests::Chance chance(7);
  VisitSnapshot snapshot;
  snapshot.op = scheduler::Op{100};
  snapshot.now = at_minute(-600);
  snapshot.day = 18'037;
  snapshot.halves[0] = {at_minute(0), at_minute(210)};
  snapshot.halves[1] = {at_minute(210), at_minute(420)};
  snapshot.window_work_days = 22;
  scheduler::OfficeView office;
  office.office = scheduler::OfficeId{101};
  office.state = scheduler::OfficeState::kActive;
  office.services_active = ~std::uint64_t{0};
  office.point = {35'700'000, 51'400'000};
  snapshot.offices.push_back(office);
  for (std::uint32_t number = 1; number <= kInspectors; ++number) {
    scheduler::ExpertView expert;
    expert.expert = ExpertId{number};
    expert.person = scheduler::PersonId{10'000 + number};
    expert.office = scheduler::OfficeId{101};
    expert.state = scheduler::ExpertState::kCertified;
    expert.units_per_day = 14;
    expert.window_minutes = chance.between(3'000U, 7'000U);
    expert.certified_until.fill(scheduler::kNever);
    expert.home = anywhere(chance);
    snapshot.experts.push_back(expert);
  }
  for (std::uint64_t number = 1; number <= kVisits; ++number) {
    SnapshotVisit visit;
    visit.job.job = JobId{number};
    visit.job.case_id = scheduler::CaseId{number};
    visit.job.state = scheduler::JobState::kScheduled;
    visit.job.skill = scheduler::Skill::kInspect;
    visit.job.priority = scheduler::PriorityClass::kMunicipal;
    visit.job.service = scheduler::ServiceId{1};
    visit.job.intake_office = scheduler::OfficeId{101};
    visit.job.district = 1;
    visit.job.effort_minutes = 45;
    visit.job.appointment = at_minute(chance.chance(500) ? 0 : 210);
    visit.point = anywhere(chance);
    snapshot.visits.push_back(visit);
  }
  return snapshot;
}

/// What the plan says is what runs.
void run(VisitSnapshot& snapshot, const VisitPlan& plan) {
  std::map<JobId, const PlannedVisitLine*> lines;
  for (const PlannedVisitLine& line : plan.lines) lines[line.job] = &line;
  for (SnapshotVisit& visit : snapshot.visits) {
    const auto found = lines.find(visit.job.job);
    if (found == lines.end()) continue;
    visit.is_planned = true;
    visit.plan.job = visit.job.job;
    visit.plan.expert = found->second->expert;
    visit.plan.start = found->second->start;
    visit.plan.sequence = found->second->sequence;
  }
}

TEST(VisitPreviewTest, OneAbsenceMovesFewVisitsOfOthersInALargeCity) {
  VisitSnapshot snapshot = city_day();
  PlannerSettings settings;
  VisitPlanOptions options = visit_options(settings);
  options.milliseconds = 0;
  const VisitPlan running = plan_visits(snapshot, options, std::stop_source{});
  ASSERT_GT(running.lines.size(), kVisits * 9 / 10);
  run(snapshot, running);
  Assumption absent;
  absent.kind = Assumption::Kind::kAbsent;
  absent.expert = ExpertId{17};
  absent.from = at_minute(-60);
  absent.until = at_minute(600);
  assume(absent, snapshot);
  const std::clock_t begin = std::clock();
  const VisitPlan preview = plan_visits(snapshot, options, std::stop_source{});
  const std::clock_t took = std::clock() - begin;
  std::size_t displaced = 0;
  std::size_t others = 0;
  for (const PlannedVisitLine& line : preview.lines) {
    EXPECT_NE(line.expert, absent.expert);
    displaced += line.is_displaced ? 1U : 0U;
    others += !line.is_displaced && line.change == PlanChange::kMoved ? 1U : 0U;
  }
  EXPECT_GT(displaced, 0U);
  EXPECT_LT(others * 20, kVisits);
  fmt::print("{} visits displaced, {} of {} others moved, in {} ms of processor time\n", displaced,
             others, kVisits, took * 1'000 / CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace permitd::daemon
