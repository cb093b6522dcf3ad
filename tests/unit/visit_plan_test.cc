// A day of site visits from snapshots small enough to plan by hand.
#include "daemon/visit_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "daemon/assumption.h"

namespace permitd::daemon {
namespace {

using scheduler::ExpertId;
using scheduler::JobId;
using scheduler::JobState;
using scheduler::Tick;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayBegin = 1'558'411'200'000;  // 2019-05-21 04:00 UTC, 07:30 in Tehran
constexpr std::int32_t kDay = 18'037;
constexpr VisitPlanOptions kRepeatable{.milliseconds = 0, .iterations = 2'000};

Tick at_minute(std::int64_t minute) { return {kDayBegin + minute * kMinuteMs}; }

/// Hours from minute 0 to 420 of the day, halved; one office in the middle of the city.
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
    expert.expert = ExpertId{number};
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
    visit.job.job = JobId{number};
    visit.job.case_id = scheduler::CaseId{number};
    visit.job.state = JobState::kScheduled;
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

  static ExpertId expert_of(const VisitPlan& plan, std::uint64_t job) {
    for (const PlannedVisitLine& line : plan.lines)
      if (line.job == JobId{job}) return line.expert;
    return {};
  }

  VisitSnapshot snapshot;
  const scheduler::Point north{35'800'000, 51'400'000};
  const scheduler::Point south{35'600'000, 51'400'000};
};

TEST_F(VisitPlanTest, EachVisitGoesToWhoIsNear) {
  add_inspector(1, north);
  add_inspector(2, south);
  add_visit(11, south);
  add_visit(12, north);
  const VisitPlan day = plan();
  EXPECT_EQ(day.op, scheduler::Op{100});
  EXPECT_EQ(expert_of(day, 11), ExpertId{2});
  EXPECT_EQ(expert_of(day, 12), ExpertId{1});
  EXPECT_EQ(day.travel_s, 0);
  EXPECT_EQ(day.jain_permille, 1'000U);
  for (const PlannedVisitLine& line : day.lines) {
    EXPECT_EQ(line.start, at_minute(0));
    EXPECT_EQ(line.sequence, 4);
    EXPECT_EQ(line.change, PlanChange::kNew);
  }
}

TEST_F(VisitPlanTest, PromisedHalfDaysAreKept) {
  add_inspector(1, north);
  add_visit(11, north).job.appointment = at_minute(210);
  add_visit(12, south);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(2));
  EXPECT_EQ(day.lines[0].job, JobId{12});
  EXPECT_LT(day.lines[0].start, at_minute(210));
  EXPECT_EQ(day.lines[1].job, JobId{11});
  EXPECT_GE(day.lines[1].start, at_minute(210));
}

TEST_F(VisitPlanTest, AVisitMissedInTheMorningMayBeMadeInTheAfternoon) {
  snapshot.now = at_minute(211);
  snapshot.is_today = true;
  add_inspector(1, north);
  add_visit(11, north).job.state = JobState::kReady;
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_GE(day.lines[0].start, at_minute(211));
}

TEST_F(VisitPlanTest, ExcludedPersonsAndOtherDistrictsGetNothing) {
  add_inspector(1, north);
  add_inspector(2, north).districts = 1U << 2;
  SnapshotVisit& visit = add_visit(11, north);
  EXPECT_EQ(expert_of(plan(), 11), ExpertId{1});
  visit.excluded[0] = scheduler::PersonId{1'001};
  visit.excluded_count = 1;
  const VisitPlan nobody = plan();
  EXPECT_THAT(nobody.lines, IsEmpty());
  ASSERT_THAT(nobody.unplanned, SizeIs(1));
  EXPECT_EQ(nobody.unplanned[0].reason.cause, planner::UnservedCause::kAllExcluded);
  EXPECT_EQ(nobody.unplanned[0].reason.skilled, 1);
}

TEST_F(VisitPlanTest, AnOfficeDoesNotInspectForItsOwnLicensee) {
  add_inspector(1, north);
  scheduler::OfficeView other = snapshot.offices[0];
  other.office = scheduler::OfficeId{102};
  snapshot.offices.push_back(other);
  add_inspector(2, south).office = scheduler::OfficeId{102};
  snapshot.offices[0].licensee = scheduler::PersonId{5'000};
  SnapshotVisit& visit = add_visit(11, north);
  visit.excluded[0] = scheduler::PersonId{5'000};  // the owner of the case
  visit.excluded_count = 1;
  EXPECT_EQ(expert_of(plan(), 11), ExpertId{2});
}

TEST_F(VisitPlanTest, NobodyElseButTheOfficesOwnMayBeNeeded) {
  add_inspector(1, north);
  scheduler::OfficeView other = snapshot.offices[0];
  other.office = scheduler::OfficeId{102};
  snapshot.offices.push_back(other);
  add_inspector(2, south).office = scheduler::OfficeId{102};
  add_visit(11, north).job.reach_office = scheduler::OfficeId{102};
  EXPECT_EQ(expert_of(plan(), 11), ExpertId{2});
}

TEST_F(VisitPlanTest, UnitsAndVisitsOfTheDayAreHonoured) {
  add_inspector(1, north).units_per_day = 4;
  for (std::uint64_t job = 11; job < 15; ++job) add_visit(job, north);
  const VisitPlan day = plan();
  EXPECT_THAT(day.lines, SizeIs(2));
  ASSERT_THAT(day.unplanned, SizeIs(2));
  EXPECT_EQ(day.unplanned[0].reason.cause, planner::UnservedCause::kAllFull);
  snapshot.experts[0].units_per_day = 14;
  snapshot.policy.visits_per_day = 1;
  EXPECT_THAT(plan().lines, SizeIs(1));
}

TEST_F(VisitPlanTest, AHigherClassIsServedFirst) {
  add_inspector(1, north).units_per_day = 2;
  add_visit(11, north).job.priority = scheduler::PriorityClass::kOther;
  add_visit(12, south);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_EQ(day.lines[0].job, JobId{12});
}

TEST_F(VisitPlanTest, AbsentSuspendedAndUncertifiedPeopleAreNotThere) {
  scheduler::ExpertView& absent = add_inspector(1, north);
  ASSERT_TRUE(absent.absences.add({at_minute(-60), at_minute(500)}));
  add_inspector(2, north).state = scheduler::ExpertState::kSuspended;
  add_inspector(3, north).certified_until.fill(at_minute(-1));
  add_visit(11, north);
  const VisitPlan day = plan();
  EXPECT_EQ(day.inspectors, 0U);
  ASSERT_THAT(day.unplanned, SizeIs(1));
  EXPECT_EQ(day.unplanned[0].reason.cause, planner::UnservedCause::kNobodyHasTheSkill);
}

TEST_F(VisitPlanTest, AHalfAbsentInspectorWorksTheOtherHalf) {
  scheduler::ExpertView& expert = add_inspector(1, north);
  ASSERT_TRUE(expert.absences.add({at_minute(-60), at_minute(200)}));
  add_visit(11, north);
  add_visit(12, north).job.appointment = at_minute(210);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_EQ(day.lines[0].job, JobId{12});
  ASSERT_THAT(day.unplanned, SizeIs(1));
  EXPECT_EQ(day.unplanned[0].reason.cause, planner::UnservedCause::kNobodyOnShift);
}

TEST_F(VisitPlanTest, ARunningPlanIsKeptUnlessMovingPays) {
  add_inspector(1, north);
  add_inspector(2, {35'790'000, 51'400'000});
  SnapshotVisit& visit = add_visit(11, north);
  visit.is_planned = true;
  visit.plan.expert = ExpertId{2};
  const VisitPlan kept = plan();
  ASSERT_THAT(kept.lines, SizeIs(1));
  EXPECT_EQ(kept.lines[0].change, PlanChange::kKept);
  VisitPlanOptions eager = kRepeatable;
  eager.move_minutes = 0;
  const VisitPlan moved = plan_visits(snapshot, eager, std::stop_source{});
  ASSERT_THAT(moved.lines, SizeIs(1));
  EXPECT_EQ(moved.lines[0].change, PlanChange::kMoved);
  EXPECT_EQ(moved.lines[0].before, ExpertId{2});
  EXPECT_EQ(moved.moved, 1U);
}

TEST_F(VisitPlanTest, WhatIsUnderWayTakesItsTimeAndIsNotTouched) {
  snapshot.now = at_minute(10);
  snapshot.is_today = true;
  add_inspector(1, north).booked_minutes_today = 60;
  SnapshotVisit& started = add_visit(11, north);
  started.job.state = JobState::kStarted;
  started.job.holder = ExpertId{1};
  add_visit(12, north).job.appointment = at_minute(0);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_EQ(day.lines[0].job, JobId{12});
  EXPECT_GE(day.lines[0].start, at_minute(70));
  EXPECT_THAT(day.unplanned, IsEmpty());
}

TEST_F(VisitPlanTest, VisitsInOneHouseAreOneTrip) {
  add_inspector(1, north);
  add_inspector(2, north);
  add_visit(11, south);
  add_visit(12, south);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(2));
  EXPECT_EQ(day.lines[0].expert, day.lines[1].expert);
}

TEST_F(VisitPlanTest, AClosedDayHasNoPlan) {
  snapshot.halves = {};
  add_inspector(1, north);
  add_visit(11, north);
  const VisitPlan day = plan();
  EXPECT_THAT(day.lines, IsEmpty());
  ASSERT_THAT(day.unplanned, SizeIs(1));
  EXPECT_EQ(day.unplanned[0].reason.cause, planner::UnservedCause::kNoWindow);
}

TEST_F(VisitPlanTest, TheSameSnapshotSeedAndStepsGiveTheSamePlan) {
  for (std::uint32_t i = 1; i <= 6; ++i)
    add_inspector(i, {35'700'000 + static_cast<std::int32_t>(i) * 7'919, 51'400'000});
  for (std::uint64_t i = 1; i <= 30; ++i)
    add_visit(i, {35'690'000 + static_cast<std::int32_t>(i * i % 37) * 2'003,
                  51'390'000 + static_cast<std::int32_t>(i * 17 % 41) * 1'009})
        .job.appointment = at_minute(i % 2 == 0 ? 0 : 210);
  const VisitPlan first = plan();
  const VisitPlan second = plan();
  ASSERT_EQ(first.lines.size(), second.lines.size());
  ASSERT_FALSE(first.lines.empty());
  for (std::size_t i = 0; i < first.lines.size(); ++i) {
    EXPECT_EQ(first.lines[i].job, second.lines[i].job);
    EXPECT_EQ(first.lines[i].expert, second.lines[i].expert);
    EXPECT_EQ(first.lines[i].start, second.lines[i].start);
  }
}

TEST_F(VisitPlanTest, AnInspectorWhoHasDoneLessInTheWindowOfLoadsComesFirst) {
  snapshot.window_work_days = 20;
  add_inspector(1, north).window_minutes = 8'000;
  add_inspector(2, north).window_minutes = 100;
  for (std::uint64_t job = 11; job <= 12; ++job)
    add_visit(job, {35'801'000, 51'400'000 + static_cast<std::int32_t>(job) * 900});
  VisitPlanOptions fair = kRepeatable;
  fair.balance_permille = 5'000;
  const VisitPlan day = plan_visits(snapshot, fair, std::stop_source{});
  ASSERT_THAT(day.lines, SizeIs(2));
  for (const PlannedVisitLine& line : day.lines) EXPECT_EQ(line.expert, ExpertId{2});
  EXPECT_LT(day.window_jain_permille, 1'000U);
}

TEST_F(VisitPlanTest, MendingMovesOnlyWhatHasNobody) {
  for (std::uint32_t i = 1; i <= 4; ++i) add_inspector(i, i % 2 == 0 ? north : south);
  for (std::uint64_t job = 11; job <= 18; ++job) {
    // Everybody runs the wrong way round: a plan from scratch would move most of it.
    SnapshotVisit& visit = add_visit(
        job,
        {(job % 2 == 0 ? south : north).lat_e6 + static_cast<std::int32_t>(job) * 300, 51'400'000});
    visit.job.appointment = scheduler::kNever;
    visit.job.state = JobState::kReady;
    visit.job.effort_minutes = 30;
    if (job == 18) continue;
    visit.is_planned = true;
    visit.plan.job = visit.job.job;
    visit.plan.expert = ExpertId{job % 2 == 0 ? 2U : 1U};
    visit.plan.start = at_minute(0);
    visit.plan.sequence = static_cast<std::uint16_t>(job * 4);
  }
  snapshot.policy.visits_per_day = 8;
  VisitPlanOptions mending = kRepeatable;
  mending.mends = true;
  mending.move_minutes = 600;
  const VisitPlan mended = plan_visits(snapshot, mending, std::stop_source{});
  EXPECT_EQ(mended.moved, 0U);
  EXPECT_NE(raw(expert_of(mended, 18)), 0U);
}

TEST_F(VisitPlanTest, WhatIsLockedStays) {
  add_inspector(1, north);
  add_inspector(2, south);
  SnapshotVisit& visit = add_visit(11, north);
  visit.job.appointment = scheduler::kNever;
  visit.job.state = JobState::kReady;
  visit.is_planned = true;
  visit.plan.job = JobId{11};
  visit.plan.expert = ExpertId{2};
  visit.plan.start = at_minute(300);
  visit.plan.sequence = 7;
  visit.plan.locks = scheduler::kLockAll;
  VisitPlanOptions eager = kRepeatable;
  eager.move_minutes = 0;
  const VisitPlan day = plan_visits(snapshot, eager, std::stop_source{});
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_EQ(day.lines[0].expert, ExpertId{2});
  EXPECT_GE(day.lines[0].start, at_minute(210));
  EXPECT_EQ(day.lines[0].sequence, 7);
  EXPECT_EQ(day.lines[0].locks, scheduler::kLockAll);
}

TEST_F(VisitPlanTest, LockedNumbersKeepTheirOrder) {
  add_inspector(1, north);
  for (std::uint64_t job = 11; job <= 14; ++job) {
    SnapshotVisit& visit =
        add_visit(job, {north.lat_e6 + static_cast<std::int32_t>(job - 10) * 9'000, 51'400'000});
    visit.job.effort_minutes = 30;
    visit.is_planned = true;
    visit.plan.job = visit.job.job;
    visit.plan.expert = ExpertId{1};
    visit.plan.start = at_minute(0);
    // Far ones first, which nobody would choose.
    visit.plan.sequence = static_cast<std::uint16_t>(100 - job);
    visit.plan.locks = scheduler::kLockOrder;
  }
  const VisitPlan day = plan();
  std::vector<std::uint64_t> order;
  for (const PlannedVisitLine& line : day.lines) order.push_back(raw(line.job));
  EXPECT_THAT(order, testing::ElementsAre(14, 13, 12, 11));
  EXPECT_EQ(day.lines[0].sequence, 86);
}

TEST_F(VisitPlanTest, AnAbsenceThatIsAssumedIsTheAbsenceThatComes) {
  for (std::uint32_t i = 1; i <= 3; ++i) add_inspector(i, i == 1 ? north : south);
  for (std::uint64_t job = 11; job <= 16; ++job) {
    SnapshotVisit& visit =
        add_visit(job, {35'600'000 + static_cast<std::int32_t>(job) * 7'000, 51'400'000});
    visit.is_planned = true;
    visit.plan.job = visit.job.job;
    visit.plan.expert = ExpertId{static_cast<std::uint32_t>(job % 3 + 1)};
    visit.plan.start = at_minute(static_cast<std::int64_t>(job - 11) / 3 * 70);
    visit.plan.sequence = static_cast<std::uint16_t>(job);
  }
  VisitPlanOptions mending = kRepeatable;
  mending.mends = true;
  Assumption absent;
  absent.kind = Assumption::Kind::kAbsent;
  absent.expert = ExpertId{1};
  absent.from = at_minute(-100);
  absent.until = at_minute(1'000);
  VisitSnapshot assumed = snapshot;
  assume(absent, assumed);
  const VisitPlan preview = plan_visits(assumed, mending, std::stop_source{});
  // The core's way: the absence is known and the reservations have ended.
  ASSERT_TRUE(snapshot.experts[0].absences.add({absent.from, absent.until}));
  for (SnapshotVisit& visit : snapshot.visits)
    if (visit.plan.expert == ExpertId{1}) visit.is_planned = false;
  const VisitPlan real = plan_visits(snapshot, mending, std::stop_source{});
  ASSERT_EQ(preview.lines.size(), real.lines.size());
  for (std::size_t i = 0; i < real.lines.size(); ++i) {
    EXPECT_EQ(preview.lines[i].job, real.lines[i].job);
    EXPECT_EQ(preview.lines[i].expert, real.lines[i].expert);
    EXPECT_EQ(preview.lines[i].start, real.lines[i].start);
    EXPECT_EQ(preview.lines[i].sequence, real.lines[i].sequence);
    EXPECT_NE(preview.lines[i].expert, ExpertId{1});
  }
  const auto taken_over = std::ranges::count(preview.lines, true, &PlannedVisitLine::is_displaced);
  const auto homeless =
      std::ranges::count(preview.unplanned, ExpertId{1}, &UnplannedVisitLine::before);
  EXPECT_EQ(taken_over + homeless, 2);
}

TEST_F(VisitPlanTest, VisitsOfADayThatIsClosedComeOnTheNext) {
  add_inspector(1, north);
  add_visit(11, north).job.appointment = at_minute(210);
  SnapshotVisit& lost = add_visit(12, south);
  lost.job.appointment = at_minute(-1'440);
  Assumption closed;
  closed.kind = Assumption::Kind::kClosed;
  closed.day = kDay - 1;
  assume(closed, snapshot);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(2));
  const PlannedVisitLine& moved = day.lines[day.lines[0].job == JobId{12} ? 0 : 1];
  EXPECT_TRUE(moved.moves_appointment);
  EXPECT_EQ(moved.start_before, at_minute(-1'440));
  EXPECT_LT(moved.start, at_minute(210));
}

TEST_F(VisitPlanTest, VisitsOfAClosedDayThatFindNoRoomAreToldWithTheReason) {
  add_inspector(1, north);
  // Four to each half-day: as many as one inspector makes in half of the eight of a day.
  for (std::uint64_t job = 1; job <= 10; ++job)
    add_visit(job, south).job.appointment = at_minute(-1'440);
  SnapshotVisit& planned = snapshot.visits.back();
  planned.plan.job = planned.job.job;
  planned.plan.expert = ExpertId{1};
  planned.plan.start = at_minute(-1'400);
  Assumption closed;
  closed.kind = Assumption::Kind::kClosed;
  closed.day = kDay - 1;
  assume(closed, snapshot);
  const VisitPlan day = plan();
  std::vector<UnplannedVisitLine> roomless;
  std::ranges::copy_if(day.unplanned, std::back_inserter(roomless), [](const auto& line) {
    return line.reason.cause == planner::UnservedCause::kNoHalfDay;
  });
  ASSERT_THAT(roomless, SizeIs(2));
  EXPECT_EQ(roomless[0].job, JobId{9});
  EXPECT_EQ(roomless[0].before, ExpertId{});
  EXPECT_EQ(roomless[1].job, JobId{10});
  EXPECT_EQ(roomless[1].before, ExpertId{1});
  EXPECT_EQ(day.lines.size() + day.unplanned.size(), 10U);
}

}  // namespace
}  // namespace permitd::daemon
