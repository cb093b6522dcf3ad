// Goal: the desks of a snapshot are planned by the city's rules, what somebody has stays unless
// something speaks against it, and an assumption takes away what the real event would. Method: days
// of seven hours, a few people, plans of a fixed number of steps.
#include "daemon/desk_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "daemon/assumption.h"
#include "daemon/plan_lines.h"

namespace permitd::daemon {
namespace {

using scheduler::ExpertId;
using scheduler::JobId;
using scheduler::JobState;
using scheduler::OfficeId;
using scheduler::Skill;
using scheduler::Tick;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayBegin = 1'558'411'200'000;  // 2019-05-21 04:00 UTC, 07:30 in Tehran
constexpr std::int32_t kDay = 18'037;

Tick at_minute(std::int64_t minute) { return {kDayBegin + minute * kMinuteMs}; }

class DeskPlanTest : public testing::Test {
 protected:
  DeskPlanTest() {
    snapshot.op = scheduler::Op{100};
    snapshot.now = at_minute(0);
    snapshot.window_work_days = 22;
    for (std::size_t i = 0; i < snapshot.days.size(); ++i) {
      const auto begin = static_cast<std::int64_t>(i) * 1'440;
      snapshot.days[i].day = kDay + static_cast<std::int32_t>(i);
      snapshot.days[i].halves[0] = {at_minute(begin), at_minute(begin + 210)};
      snapshot.days[i].halves[1] = {at_minute(begin + 210), at_minute(begin + 420)};
    }
    add_office(101);
    add_office(102);
    options.milliseconds = 0;
    options.iterations = 5'000;
  }

  void add_office(std::uint16_t id) {
    scheduler::OfficeView office;
    office.office = OfficeId{id};
    office.state = scheduler::OfficeState::kActive;
    office.services_active = ~std::uint64_t{0};
    snapshot.offices.push_back(office);
  }

  scheduler::ExpertView& add_expert(std::uint32_t number, std::uint16_t office = 101) {
    scheduler::ExpertView expert;
    expert.expert = ExpertId{number};
    expert.person = scheduler::PersonId{1'000 + number};
    expert.office = OfficeId{office};
    expert.state = scheduler::ExpertState::kCertified;
    expert.units_per_day = 14;
    expert.certified_until[static_cast<std::size_t>(Skill::kReview)] = scheduler::kNever;
    snapshot.experts.push_back(expert);
    return snapshot.experts.back();
  }

  SnapshotDesk& add_job(std::uint64_t number, std::uint16_t effort = 60) {
    SnapshotDesk desk;
    desk.job.job = JobId{number};
    desk.job.case_id = scheduler::CaseId{number};
    desk.job.state = JobState::kReady;
    desk.job.skill = Skill::kReview;
    desk.job.stage = scheduler::Stage::kPlanReview;
    desk.job.priority = scheduler::PriorityClass::kMunicipal;
    desk.job.service = scheduler::ServiceId{1};
    desk.job.district = 1;
    desk.job.effort_minutes = effort;
    desk.job.remaining_minutes = 1'000;
    snapshot.desks.push_back(desk);
    return snapshot.desks.back();
  }

  void reserve(SnapshotDesk& desk, std::uint32_t expert, std::int64_t minute = 0,
               std::uint8_t locks = 0) {
    desk.is_planned = true;
    desk.plan.job = desk.job.job;
    desk.plan.expert = ExpertId{expert};
    desk.plan.start = at_minute(minute);
    desk.plan.sequence = 4;
    desk.plan.locks = locks;
  }

  DeskPlan plan() const { return plan_desks(snapshot, options, {}); }
  static const PlannedDeskLine* line_of(const DeskPlan& plan, std::uint64_t job) {
    for (const PlannedDeskLine& line : plan.lines)
      if (line.job == JobId{job}) return &line;
    return nullptr;
  }

  DeskSnapshot snapshot;
  DeskPlanOptions options;
};

TEST_F(DeskPlanTest, WorkIsSharedAndLaidOutOverTheDay) {
  add_expert(1);
  add_expert(2);
  for (std::uint64_t job = 1; job <= 6; ++job) add_job(job);
  const DeskPlan desks = plan();
  EXPECT_EQ(desks.op, scheduler::Op{100});
  EXPECT_EQ(desks.day, kDay);
  ASSERT_THAT(desks.lines, SizeIs(6));
  EXPECT_EQ(std::ranges::count(desks.lines, ExpertId{1}, &PlannedDeskLine::expert), 3);
  EXPECT_EQ(desks.lines[0].start, at_minute(0));
  EXPECT_EQ(desks.lines[0].finish, at_minute(60));
  EXPECT_EQ(desks.lines[0].change, PlanChange::kNew);
  EXPECT_LT(desks.lines[0].sequence, desks.lines[1].sequence);
  EXPECT_EQ(desks.later, 0U);
}

TEST_F(DeskPlanTest, OnlyThePresentDayIsReserved) {
  add_expert(1);
  for (std::uint64_t job = 1; job <= 10; ++job) add_job(job, 100);
  const DeskPlan desks = plan();
  EXPECT_THAT(desks.lines, SizeIs(4));
  EXPECT_EQ(desks.later, 6U);
}

TEST_F(DeskPlanTest, BookedWorkAndReservedVisitsTakeTheirRoom) {
  add_expert(1).booked_minutes_today = 120;
  snapshot.visits.push_back({ExpertId{1}, kDay, 60});
  for (std::uint64_t job = 1; job <= 10; ++job) add_job(job, 60);
  EXPECT_THAT(plan().lines, SizeIs(4));
}

TEST_F(DeskPlanTest, DistrictsExcludedPersonsServicesAndOfficesAreHonoured) {
  add_expert(1).districts = 1U << 2;
  add_expert(2);
  add_expert(3, 102);
  add_job(1).job.reach_office = OfficeId{102};
  SnapshotDesk& second = add_job(2);
  second.excluded[0] = scheduler::PersonId{1'003};
  second.excluded_count = 1;
  add_job(3).job.service = scheduler::ServiceId{9};
  snapshot.offices[0].services_active &= ~(std::uint64_t{1} << 9);
  const DeskPlan desks = plan();
  EXPECT_EQ(line_of(desks, 1)->expert, ExpertId{3});
  EXPECT_EQ(line_of(desks, 2)->expert, ExpertId{2});
  EXPECT_EQ(line_of(desks, 3)->expert, ExpertId{3});
}

TEST_F(DeskPlanTest, WhatIsBegunStaysAndIsNoLine) {
  add_expert(1).booked_minutes_today = 120;
  add_expert(2);
  SnapshotDesk& begun = add_job(1, 120);
  begun.job.state = JobState::kStarted;
  begun.job.holder = ExpertId{1};
  add_job(2, 60);
  const DeskPlan desks = plan();
  EXPECT_EQ(line_of(desks, 1), nullptr);
  EXPECT_EQ(line_of(desks, 2)->expert, ExpertId{2});
}

TEST_F(DeskPlanTest, WhatIsInHandIsNotCountedAsDoneToo) {
  add_expert(1).window_minutes = 1'000;
  add_expert(2).window_minutes = 50;
  const auto hold = [&](std::uint64_t job, std::uint16_t effort, JobState state,
                        std::uint32_t who) -> SnapshotDesk& {
    SnapshotDesk& desk = add_job(job, effort);
    desk.job.state = state;
    desk.job.holder = ExpertId{who};
    return desk;
  };
  hold(1, 120, JobState::kStarted, 1);
  hold(2, 60, JobState::kAssigned, 1);
  hold(3, 90, JobState::kAssigned, 1).job.rework = true;  // is not in the window
  hold(4, 60, JobState::kAssigned, 2);                    // since a day that has left it
  add_job(5, 240);
  const DeskProblem desks = make_desk_problem(snapshot, options);
  ASSERT_THAT(desks.problem.people, SizeIs(2));
  ASSERT_THAT(desks.problem.jobs, SizeIs(5));
  EXPECT_EQ(desks.problem.people[0].history_minutes, 1'000 - 120 - 60);
  EXPECT_EQ(desks.problem.people[1].history_minutes, 0);
}

TEST_F(DeskPlanTest, WhatMakesRoomForANewNumberIsSentWithIt) {
  add_expert(1);
  const auto add = [&](std::uint64_t job, std::int32_t due) -> SnapshotDesk& {
    SnapshotDesk& desk = add_job(job);
    desk.job.remaining_minutes = due;
    return desk;
  };
  reserve(add(2, 200), 1);
  add(3, 300);
  SnapshotDesk& last = add(1, 400);
  reserve(last, 1);
  last.plan.sequence = 5;
  const DeskPlan desks = plan();
  ASSERT_THAT(desks.lines, SizeIs(3));
  EXPECT_EQ(desks.lines[0].job, JobId{2});
  EXPECT_EQ(desks.lines[1].job, JobId{3});
  EXPECT_EQ(desks.lines[2].job, JobId{1});
  EXPECT_FALSE(desks.lines[0].is_renumbered);
  EXPECT_FALSE(desks.lines[1].is_renumbered);
  EXPECT_TRUE(desks.lines[2].is_renumbered);
  EXPECT_LT(desks.lines[1].sequence, desks.lines[2].sequence);
  const auto lines = lines_to_apply(desks.lines, PlanApply::kAll);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].job, JobId{3});
  EXPECT_EQ(lines[1].job, JobId{1});
}

TEST_F(DeskPlanTest, ALateJobMovesToWhoIsFreeAndSaysWhy) {
  add_expert(1);
  add_expert(2);
  for (std::uint64_t job = 1; job <= 3; ++job) {
    SnapshotDesk& desk = add_job(job, 120);
    desk.job.remaining_minutes = 130;
    reserve(desk, 1);
  }
  const DeskPlan desks = plan();
  EXPECT_GE(desks.moved, 1U);
  EXPECT_EQ(desks.jobs_late, 1U);  // two people, one job each in time
  for (const PlannedDeskLine& line : desks.lines) {
    if (line.change != PlanChange::kMoved) continue;
    EXPECT_EQ(line.before, ExpertId{1});
    EXPECT_EQ(line.cause, planner::ReviewMoveCause::kDeadline);
  }
}

TEST_F(DeskPlanTest, AJobThatStaysSaysHowLateItWouldHaveBeen) {
  add_expert(1);
  add_expert(2);
  for (std::uint64_t job = 1; job <= 3; ++job) {
    SnapshotDesk& desk = add_job(job, 120);
    desk.job.remaining_minutes = static_cast<std::int32_t>(129 + job);
    reserve(desk, 1);
  }
  const DeskPlan desks = plan();
  ASSERT_THAT(desks.lines, SizeIs(3));
  // One after the other they end after 120, 240 and 360 minutes; one of them moves.
  const std::array<std::uint32_t, 3> late_before{0, 240 - 131, 360 - 132};
  std::uint32_t earlier = 0;
  for (const PlannedDeskLine& line : desks.lines) {
    EXPECT_EQ(line.late_before, late_before[raw(line.job) - 1]);
    const bool is_earlier = line.change == PlanChange::kKept && line.late_after < line.late_before;
    earlier += is_earlier ? 1 : 0;
  }
  EXPECT_GE(earlier, 1U);
}

TEST_F(DeskPlanTest, ALockedJobStaysWithItsPersonAndInItsHalfDay) {
  add_expert(1);
  add_expert(2);
  for (std::uint64_t job = 1; job <= 3; ++job) {
    SnapshotDesk& desk = add_job(job, 120);
    desk.job.remaining_minutes = 130;
    reserve(desk, 1, 300, scheduler::kLockPerson | scheduler::kLockStart);
  }
  const DeskPlan desks = plan();
  EXPECT_EQ(desks.moved, 0U);
  for (const PlannedDeskLine& line : desks.lines) {
    EXPECT_EQ(line.expert, ExpertId{1});
    EXPECT_GE(line.start, at_minute(210));
  }
}

TEST_F(DeskPlanTest, AnAbsenceThatIsAssumedTakesReservedAndAssignedWorkAway) {
  add_expert(1);
  add_expert(2);
  reserve(add_job(1), 1);
  SnapshotDesk& held = add_job(2);
  held.job.state = JobState::kAssigned;
  held.job.holder = ExpertId{1};
  Assumption absent;
  absent.kind = Assumption::Kind::kAbsent;
  absent.expert = ExpertId{1};
  absent.from = at_minute(-10);
  absent.until = at_minute(90 * 1'440);  // or it would wait for tomorrow
  assume(absent, snapshot);
  const DeskPlan desks = plan();
  for (const std::uint64_t job : {1, 2}) {
    EXPECT_EQ(line_of(desks, job)->expert, ExpertId{2});
    EXPECT_EQ(line_of(desks, job)->before, ExpertId{1});
    EXPECT_EQ(line_of(desks, job)->change, PlanChange::kMoved);
  }
}

TEST_F(DeskPlanTest, ASuspensionThatIsAssumedTakesTheOfficesPeopleAway) {
  add_expert(1);
  add_expert(2, 102);
  reserve(add_job(1), 1);
  Assumption suspended;
  suspended.kind = Assumption::Kind::kSuspended;
  suspended.office = OfficeId{101};
  assume(suspended, snapshot);
  EXPECT_EQ(line_of(plan(), 1)->expert, ExpertId{2});
}

TEST_F(DeskPlanTest, WhoComesBackFromASuspensionIsPlannedForBehindIt) {
  add_expert(1);
  add_job(1);
  snapshot.experts[0].state = scheduler::ExpertState::kSuspended;
  EXPECT_EQ(line_of(plan(), 1), nullptr);
  snapshot.experts[0].suspended_until = at_minute(1'440);
  const auto back = make_desk_problem(snapshot, {}).problem.people.at(0);
  EXPECT_TRUE(back.active);
  EXPECT_EQ(back.day_minutes.at(0), 0);
  EXPECT_GT(back.day_minutes.at(1), 0);
}

TEST_F(DeskPlanTest, AClosedDayThatIsAssumedPutsTheWorkOnTheNext) {
  add_expert(1);
  add_job(1);
  Assumption closed;
  closed.kind = Assumption::Kind::kClosed;
  closed.day = kDay;
  assume(closed, snapshot);
  const DeskPlan desks = plan();
  EXPECT_EQ(desks.day, kDay + 1);
  EXPECT_EQ(line_of(desks, 1)->start, at_minute(1'440));
}

TEST_F(DeskPlanTest, NobodyWithTheSkillIsSaid) {
  add_expert(1);
  add_job(1).job.skill = Skill::kAdmin;
  const DeskPlan desks = plan();
  EXPECT_THAT(desks.lines, IsEmpty());
  ASSERT_THAT(desks.unplanned, SizeIs(1));
  EXPECT_EQ(desks.unplanned[0].obstacle, planner::ReviewObstacle::kSkill);
}

}  // namespace
}  // namespace permitd::daemon
