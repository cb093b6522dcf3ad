// A day of site visits from snapshots small enough to plan by hand.
#include "daemon/visit_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>

#include "daemon/assumption.h"
#include "daemon/plan_lines.h"
#include "tests/support/small_visit_day.h"

namespace permitd::daemon {
namespace {

using scheduler::ExpertId;
using scheduler::JobId;
using scheduler::JobState;
using scheduler::Tick;
using testing::IsEmpty;
using testing::SizeIs;

using tests::at_minute;
using tests::kDay;
using tests::kRepeatable;
using tests::VisitPlanTest;

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

TEST_F(VisitPlanTest, WhatWasPromisedIsServedBeforeWhatWasNot) {
  add_inspector(1, north).units_per_day = 2;
  SnapshotVisit& urgent = add_visit(11, north);
  urgent.job.appointment = scheduler::kNever;
  urgent.job.state = JobState::kReady;
  urgent.job.band = scheduler::SlaBand::kRed;
  add_visit(12, south);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_EQ(day.lines[0].job, JobId{12});
}

TEST_F(VisitPlanTest, APromiseOfALowerClassDoesNotComeBeforeAHigherClass) {
  add_inspector(1, north).units_per_day = 2;
  SnapshotVisit& promised = add_visit(11, north);
  promised.job.priority = scheduler::PriorityClass::kOther;
  promised.job.band = scheduler::SlaBand::kRed;
  SnapshotVisit& higher = add_visit(12, south);
  higher.job.appointment = scheduler::kNever;
  higher.job.state = JobState::kReady;
  VisitPlanOptions options = kRepeatable;
  options.class_factor = 2;
  const VisitPlan day = plan_visits(snapshot, options, std::stop_source{});
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

TEST_F(VisitPlanTest, WhoIsAtAVisitGoesOnFromThereWhenItsTimeIsOver) {
  snapshot.now = at_minute(60);
  snapshot.is_today = true;
  add_inspector(1, north).visits_today = 1;
  add_visit(11, south);
  snapshot.visits[0].job.state = JobState::kStarted;
  snapshot.visits[0].job.holder = ExpertId{1};
  snapshot.visits[0].begun = at_minute(5);
  add_visit(12, south);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_EQ(day.lines[0].start, at_minute(65));
  // It should have been over: nothing is left of it.
  snapshot.visits[0].job.effort_minutes = 30;
  const VisitPlan overdue = plan();
  ASSERT_THAT(overdue.lines, SizeIs(1));
  EXPECT_EQ(overdue.lines[0].start, at_minute(60));
}

TEST_F(VisitPlanTest, TwoVisitsUnderWayAreMadeOneAfterTheOther) {
  snapshot.now = at_minute(30);
  snapshot.is_today = true;
  add_inspector(1, north);
  for (std::uint64_t job = 11; job <= 12; ++job) {
    SnapshotVisit& started = add_visit(job, south);
    started.job.state = JobState::kStarted;
    started.job.holder = ExpertId{1};
    started.job.effort_minutes = 40;
    started.begun = at_minute(job == 11 ? 10 : 0);
  }
  add_visit(13, south);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_EQ(day.lines[0].start, at_minute(80));
}

TEST_F(VisitPlanTest, TheDayGoesOnFromTheVisitThatWasGivenLast) {
  snapshot.now = at_minute(60);
  snapshot.is_today = true;
  scheduler::ExpertView& expert = add_inspector(1, north);
  expert.place = south;
  expert.visits_today = 1;
  add_visit(12, south);
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(1));
  EXPECT_EQ(day.lines[0].start, at_minute(60));
  EXPECT_EQ(day.travel_s, day.lines[0].extra_travel_s);
  // The first of the day, given and not begun: they are on the way there.
  snapshot.visits[0].job.state = JobState::kAssigned;
  snapshot.visits[0].job.holder = ExpertId{1};
  const VisitPlan first = plan();
  ASSERT_THAT(first.lines, SizeIs(1));
  EXPECT_GT(first.lines[0].start, at_minute(120));
}

TEST_F(VisitPlanTest, WhoHasNoTimeLeftKeepsWhatIsLockedToThem) {
  snapshot.now = at_minute(100);
  snapshot.is_today = true;
  add_inspector(1, north);
  add_inspector(2, north);
  SnapshotVisit& started = add_visit(11, north);
  started.job.state = JobState::kStarted;
  started.job.holder = ExpertId{1};
  started.job.effort_minutes = 400;
  SnapshotVisit& locked = add_visit(12, north);
  locked.job.appointment = at_minute(210);
  locked.is_planned = true;
  locked.plan.job = JobId{12};
  locked.plan.expert = ExpertId{1};
  locked.plan.start = at_minute(210);
  locked.plan.locks = scheduler::kLockPerson;
  const VisitPlan kept = plan();
  EXPECT_THAT(kept.lines, IsEmpty());
  ASSERT_THAT(kept.unplanned, SizeIs(1));
  EXPECT_EQ(kept.unplanned[0].before, ExpertId{1});
  EXPECT_EQ(kept.inspectors, 1U);
  locked.plan.locks = 0;
  const VisitPlan moved = plan();
  ASSERT_THAT(moved.lines, SizeIs(1));
  EXPECT_EQ(moved.lines[0].expert, ExpertId{2});
  EXPECT_EQ(moved.moved, 1U);
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

// So close to both of two inspectors that evenness alone would send one of them to each visit.
TEST_F(VisitPlanTest, TwoServicesInOneHouseAreOneTrip) {
  add_inspector(1, north);
  add_inspector(2, north);
  const scheduler::Point house{35'801'000, 51'400'000};
  add_visit(11, house);
  add_visit(12, house).job.service = scheduler::ServiceId{2};
  VisitPlanOptions fair = kRepeatable;
  fair.balance_permille = 5'000;
  const VisitPlan day = plan_visits(snapshot, fair, std::stop_source{});
  ASSERT_THAT(day.lines, SizeIs(2));
  EXPECT_EQ(day.lines[0].expert, day.lines[1].expert);
  // Each of them may do one of the two: there is no trip, and both are made.
  scheduler::OfficeView other = snapshot.offices[0];
  other.office = scheduler::OfficeId{102};
  other.services_active = std::uint64_t{1} << 2;
  snapshot.offices.push_back(other);
  snapshot.offices[0].services_active = std::uint64_t{1} << 1;
  snapshot.experts[1].office = scheduler::OfficeId{102};
  const VisitPlan apart = plan_visits(snapshot, fair, std::stop_source{});
  EXPECT_EQ(expert_of(apart, 11), ExpertId{1});
  EXPECT_EQ(expert_of(apart, 12), ExpertId{2});
}

TEST_F(VisitPlanTest, ThreeVisitsInOneHouseAreOneTripInTheTimeThatTheyShare) {
  add_inspector(1, north);
  add_inspector(2, north);
  const scheduler::Point house{35'801'000, 51'400'000};
  for (std::uint64_t job = 11; job <= 13; ++job) add_visit(job, house);
  snapshot.visits[1].job.appointment = scheduler::kNever;
  snapshot.visits[1].job.state = JobState::kReady;
  VisitPlanOptions fair = kRepeatable;
  fair.balance_permille = 5'000;
  const VisitPlan day = plan_visits(snapshot, fair, std::stop_source{});
  ASSERT_THAT(day.lines, SizeIs(3));
  for (const PlannedVisitLine& line : day.lines) {
    EXPECT_EQ(line.expert, day.lines[0].expert);
    EXPECT_LT(line.start, at_minute(210));
  }
}

TEST_F(VisitPlanTest, VisitsOfUnknownAddressesAreNoTrip) {
  for (const std::uint32_t number : {1U, 2U}) add_inspector(number, snapshot.offices[0].point);
  for (std::uint64_t job = 11; job <= 12; ++job) add_visit(job, {});
  VisitPlanOptions fair = kRepeatable;
  fair.balance_permille = 5'000;
  const VisitPlan day = plan_visits(snapshot, fair, std::stop_source{});
  ASSERT_THAT(day.lines, SizeIs(2));
  EXPECT_NE(day.lines[0].expert, day.lines[1].expert);
}

TEST_F(VisitPlanTest, ATripTakesNothingAlongInsteadOfWhatWasPromised) {
  add_inspector(1, north).units_per_day = 4;
  const scheduler::Point house{35'801'000, 51'400'000};
  add_visit(11, house);
  SnapshotVisit& along = add_visit(12, house);
  along.job.appointment = scheduler::kNever;
  along.job.state = JobState::kReady;
  add_visit(13, {35'803'000, 51'400'000});
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(2));
  EXPECT_EQ(expert_of(day, 11), ExpertId{1});
  EXPECT_EQ(expert_of(day, 13), ExpertId{1});
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

TEST_F(VisitPlanTest, WhatIsAssignedCountsOnceForEvenness) {
  snapshot.now = at_minute(0);
  snapshot.is_today = true;
  scheduler::ExpertView& expert = add_inspector(1, north);
  expert.window_minutes = 100;
  expert.booked_minutes_today = 60;
  SnapshotVisit& given = add_visit(11, north);
  given.job.state = JobState::kAssigned;
  given.job.holder = ExpertId{1};
  EXPECT_EQ(make_visit_problem(snapshot, kRepeatable).problem.inspectors[0].effort_before, 40 * 60);
  given.job.rework = true;  // which never counted
  EXPECT_EQ(make_visit_problem(snapshot, kRepeatable).problem.inspectors[0].effort_before,
            100 * 60);
  given.job.rework = false;
  given.job.appointment = at_minute(0);
  snapshot.now = at_minute(215);
  snapshot.visits[0].job.effort_minutes = 400;  // longer than any half-day: not in the problem
  EXPECT_EQ(make_visit_problem(snapshot, kRepeatable).problem.inspectors[0].effort_before,
            100 * 60);
}

TEST_F(VisitPlanTest, ReservedDeskWorkLeavesLessOfTheDay) {
  add_inspector(1, north).units_per_day = 4;
  add_visit(11, north);
  add_visit(12, north);
  SnapshotVisit& planned = snapshot.visits[0];
  planned.is_planned = true;
  planned.plan.job = JobId{11};
  planned.plan.expert = ExpertId{1};
  planned.plan.start = at_minute(0);
  snapshot.reserved = {{JobId{11}, ExpertId{1}, kDay, at_minute(0), 60},
                       {JobId{99}, ExpertId{1}, kDay, at_minute(300), 60}};
  EXPECT_EQ(make_visit_problem(snapshot, kRepeatable).problem.inspectors[0].load_max, 60);
  EXPECT_THAT(plan().lines, SizeIs(1));
  // What an absence would end takes nothing out of the rest of the day.
  Assumption absent;
  absent.kind = Assumption::Kind::kAbsent;
  absent.expert = ExpertId{1};
  absent.from = at_minute(210);
  absent.until = at_minute(1'000);
  assume(absent, snapshot);
  EXPECT_EQ(make_visit_problem(snapshot, kRepeatable).problem.inspectors[0].load_max, 120);
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

TEST_F(VisitPlanTest, WhatMakesRoomForANewNumberIsSentWithIt) {
  add_inspector(1, north);
  const scheduler::Point away{35'780'000, 51'400'000};
  const auto reserve = [](SnapshotVisit& visit, std::int64_t minute, std::uint16_t sequence) {
    visit.is_planned = true;
    visit.plan.job = visit.job.job;
    visit.plan.expert = ExpertId{1};
    visit.plan.start = at_minute(minute);
    visit.plan.sequence = sequence;
  };
  reserve(add_visit(12, north), 0, 4);
  SnapshotVisit& afternoon = add_visit(11, {35'780'500, 51'400'000});
  afternoon.job.appointment = at_minute(210);
  reserve(afternoon, 210, 5);
  add_visit(13, away);  // in the morning, on the way to the one of the afternoon
  const VisitPlan day = plan();
  ASSERT_THAT(day.lines, SizeIs(3));
  EXPECT_EQ(day.lines[0].job, JobId{12});
  EXPECT_EQ(day.lines[1].job, JobId{13});
  EXPECT_EQ(day.lines[2].job, JobId{11});
  EXPECT_FALSE(day.lines[0].is_renumbered);
  EXPECT_LT(day.lines[1].sequence, day.lines[2].sequence);
  EXPECT_EQ(day.lines[2].change, PlanChange::kKept);
  EXPECT_TRUE(day.lines[2].is_renumbered);
  const auto lines = lines_to_apply(day.lines, PlanApply::kNew);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].job, JobId{13});
  EXPECT_EQ(lines[1].job, JobId{11});
  EXPECT_EQ(lines[1].sequence, day.lines[2].sequence);
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
