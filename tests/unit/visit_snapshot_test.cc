// Goal: what a day plan is made from lets it keep the core's own rules about who met whom. Method:
// inspectors who live beside the parcels of owners they visited in the morning, a plan of the
// afternoon, and the core's verdict on each of its lines.
#include "daemon/visit_snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <span>

#include "daemon/offer_snapshot.h"
#include "daemon/plan_lines.h"
#include "daemon/visit_plan.h"
#include "tests/support/small_city.h"

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;
using tests::kClerk;
using tests::kInspector;

constexpr std::int32_t kToday = 20'000;
constexpr ExpertId kEastInspector{7};
constexpr PersonId kWestOwner{770};
constexpr PersonId kEastOwner{780};
constexpr Point kWest{35'700'000, 51'300'000};
constexpr Point kEast{35'700'000, 51'330'000};
constexpr VisitPlanOptions kRepeatable{.milliseconds = 0, .iterations = 500};

class VisitSnapshotTest : public tests::SmallCity {
 protected:
  void SetUp() override {
    SmallCity::SetUp();
    SetCalendarDays days;
    days.first_day = kToday;
    days.count = 8;
    for (std::size_t i = 0; i < days.count; ++i) {
      days.open_minute[i] = static_cast<std::uint32_t>((kToday + static_cast<int>(i)) * 1440);
      days.length_minutes[i] = 420;
    }
    ASSERT_EQ(apply(CommandKind::kSetCalendarDays, days, supervisor()).refusal, Refusal::kNone);
    SetPolicy policy;
    policy.draw_minutes = 0;  // who comes first gets what was filed first
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
    define_expert(kEastInspector, tests::kOffice, {Skill::kInspect});
    settle(kInspector, kWest);
    settle(kEastInspector, kEast);
    // Each has met the owner next door.
    file(kWestOwner, kWest);
    file(kEastOwner, kEast);
    wait(1440);
    work(kInspector);
    work(kEastInspector);
  }

  void settle(ExpertId who, Point home) {
    DefineExpert body;
    body.expert = who;
    body.office = tests::kOffice;
    body.state = ExpertState::kCertified;
    body.person = PersonId{1000 + std::uint64_t{raw(who)}};
    body.home = home;
    ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
  }

  /// A visit that is promised for the afternoon.
  void file(PersonId owner, Point where) {
    SubmitCase body = submission(tests::kNewBuild);
    body.owner = owner;
    body.point = where;
    ASSERT_EQ(apply(CommandKind::kSubmitCase, body, office()).refusal, Refusal::kNone);
    work(kClerk);
  }

  VisitSnapshot afternoon() const {
    VisitSnapshotQuery query(Scope{}, {.is_ahead = true});
    while (!query.run(scheduler_)) continue;
    return std::move(query.snapshot);
  }

  /// How often the core said what of the plan's lines.
  std::map<PlanLineResult, int> apply_all(const VisitPlan& plan) {
    std::map<PlanLineResult, int> results;
    for (std::size_t from = 0; from < plan.lines.size(); from += kPlanLinesPerCommand) {
      ApplyPlan body;
      body.snapshot_op = plan.op;
      const auto lines = std::span(plan.lines).subspan(from);
      while (body.count < std::min<std::size_t>(kPlanLinesPerCommand, lines.size())) {
        body.lines[body.count] = core_line(lines[body.count]);
        body.count += 1;
      }
      const Outcome outcome = apply(CommandKind::kApplyPlan, body, supervisor());
      EXPECT_EQ(outcome.refusal, Refusal::kNone);
      for (std::size_t i = 0; i < body.count; ++i) results[plan_line_result(outcome, i)] += 1;
    }
    return results;
  }
};

void expect_both_met(const std::vector<MetOwner>& met) {
  ASSERT_EQ(met.size(), 2U);
  EXPECT_EQ(met[0].expert, kInspector);
  EXPECT_EQ(met[0].owner, kWestOwner);
  EXPECT_EQ(met[1].expert, kEastInspector);
  EXPECT_EQ(met[1].owner, kEastOwner);
}

TEST_F(VisitSnapshotTest, WhoMetTheOwnerOfAVisitLatelyIsKnownOnce) {
  EXPECT_EQ(afternoon().met.size(), 0U) << "no visit, no owner to ask about";
  file(kWestOwner, kWest);
  file(kEastOwner, kEast);
  file(kWestOwner, kWest);
  file(PersonId{790}, kEast);
  expect_both_met(afternoon().met);
}

TEST_F(VisitSnapshotTest, OffersKnowWhoMetTheOwnersToo) {
  file(kWestOwner, kWest);
  file(kEastOwner, kEast);
  OfferSnapshotQuery others(5);
  while (!others.run(scheduler_)) continue;
  expect_both_met(others.snapshot.met);
  ASSERT_EQ(others.snapshot.visits.size(), 2U);
  OfferSnapshotQuery asked(Scope{}, others.snapshot.visits[0].visit.job.job, {}, 5);
  while (!asked.run(scheduler_)) continue;
  ASSERT_TRUE(asked.snapshot.is_found);
  EXPECT_EQ(asked.snapshot.visits.size(), 1U);
  EXPECT_EQ(asked.snapshot.met.size(), 2U) << "the owner who is asked about among them";
}

TEST_F(VisitSnapshotTest, AnOwnerOfManyVisitsAgoIsVisitedBySomebodyElse) {
  for (std::uint64_t day = 0; day < 3; ++day) {
    for (std::uint64_t i = 0; i < 3; ++i) file(PersonId{800 + day * 3 + i}, kWest);
    wait(1440);
    for (int i = 0; i < 3; ++i) work(kInspector);
  }
  file(kWestOwner, kWest);
  VisitPlanOptions by_way = kRepeatable;
  by_way.balance_permille = 0;
  VisitSnapshot unaware = afternoon();
  unaware.met.clear();
  const VisitPlan nearest = plan_visits(unaware, by_way, std::stop_source{});
  ASSERT_EQ(nearest.lines.size(), 1U);
  EXPECT_EQ(nearest.lines[0].expert, kInspector);
  const VisitPlan plan = plan_visits(afternoon(), by_way, std::stop_source{});
  ASSERT_EQ(plan.lines.size(), 1U);
  EXPECT_EQ(plan.lines[0].expert, kEastInspector) << "who lives farther away";
  const std::map<PlanLineResult, int> expected{{PlanLineResult::kApplied, 1}};
  EXPECT_EQ(apply_all(plan), expected);
}

TEST_F(VisitSnapshotTest, APlanWherePairRepeatsBiteHasNoDroppedLine) {
  for (int i = 0; i < 2; ++i) {
    file(kWestOwner, kWest);
    file(kEastOwner, kEast);
    file(PersonId{790}, kEast);
  }
  const VisitPlan plan = plan_visits(afternoon(), kRepeatable, std::stop_source{});
  const std::map<PlanLineResult, int> expected{{PlanLineResult::kApplied, 6}};
  EXPECT_EQ(apply_all(plan), expected);
}

TEST_F(VisitSnapshotTest, APlanThatDoesNotKnowWhoMetHasDroppedLines) {
  for (int i = 0; i < 3; ++i) {
    file(kWestOwner, kWest);
    file(kEastOwner, kEast);
  }
  VisitSnapshot snapshot = afternoon();
  snapshot.met.clear();
  const VisitPlan plan = plan_visits(snapshot, kRepeatable, std::stop_source{});
  const std::map<PlanLineResult, int> expected{{plan_line_of(Filter::kPairRepeat), 6}};
  EXPECT_EQ(apply_all(plan), expected);
}

TEST_F(VisitSnapshotTest, WithNobodyElseTheSameInspectorComesAgain) {
  SetExpertState state;
  state.expert = kEastInspector;
  state.state = ExpertState::kSuspended;
  state.reason = Reason::kOther;
  state.note = tests::text<79>("away");
  ASSERT_EQ(apply(CommandKind::kSetExpertState, state, supervisor()).refusal, Refusal::kNone);
  file(kWestOwner, kWest);
  const VisitPlan plan = plan_visits(afternoon(), kRepeatable, std::stop_source{});
  ASSERT_EQ(plan.lines.size(), 1U);
  EXPECT_EQ(plan.lines[0].expert, kInspector);
  const std::map<PlanLineResult, int> expected{{PlanLineResult::kApplied, 1}};
  EXPECT_EQ(apply_all(plan), expected);
}

TEST_F(VisitSnapshotTest, WhenAVisitWasBegunAndWhereIsKnown) {
  file(PersonId{790}, kEast);
  wait(1440);
  const Outcome lease = claim(kInspector);
  ASSERT_NE(raw(lease.job), 0U);
  wait(5);
  ASSERT_EQ(start(lease, kInspector).refusal, Refusal::kNone);
  const Tick begun = now_;
  wait(5);
  const VisitSnapshot snapshot = afternoon();
  ASSERT_EQ(snapshot.visits.size(), 1U);
  EXPECT_EQ(snapshot.visits[0].job.state, JobState::kStarted);
  EXPECT_EQ(snapshot.visits[0].begun, begun);
  for (const ExpertView& view : snapshot.experts)
    EXPECT_EQ(view.place, view.expert == kInspector ? kEast : Point{});
}

TEST_F(VisitSnapshotTest, WhatIsReservedOnTheDayIsKnown) {
  file(PersonId{790}, kEast);
  file(PersonId{791}, kWest);
  const VisitPlan plan = plan_visits(afternoon(), kRepeatable, std::stop_source{});
  ASSERT_EQ(plan.lines.size(), 2U);
  apply_all(plan);
  const VisitSnapshot snapshot = afternoon();
  ASSERT_EQ(snapshot.reserved.size(), 2U);
  for (const ReservedWork& work : snapshot.reserved) {
    const auto line = std::ranges::find(plan.lines, work.job, &PlannedVisitLine::job);
    ASSERT_NE(line, plan.lines.end());
    EXPECT_EQ(work.expert, line->expert);
    EXPECT_EQ(work.start, line->start);
    EXPECT_EQ(work.date, snapshot.day);
    EXPECT_GT(work.effort_minutes, 0U);
  }
}

TEST_F(VisitSnapshotTest, WhatIsReservedForARepeatMovesToSomebodyElse) {
  file(kWestOwner, kWest);
  VisitSnapshot snapshot = afternoon();
  SnapshotVisit& visit = snapshot.visits.front();
  visit.is_planned = true;
  visit.plan.job = visit.job.job;
  visit.plan.expert = kInspector;
  visit.plan.start = snapshot.halves[1].open;
  const VisitPlan moved = plan_visits(snapshot, kRepeatable, std::stop_source{});
  ASSERT_EQ(moved.lines.size(), 1U);
  EXPECT_EQ(moved.lines[0].expert, kEastInspector);
  visit.plan.locks = kLockPerson;  // a supervisor's word stands
  const VisitPlan kept = plan_visits(snapshot, kRepeatable, std::stop_source{});
  ASSERT_EQ(kept.lines.size(), 1U);
  EXPECT_EQ(kept.lines[0].expert, kInspector);
}

}  // namespace
}  // namespace permitd::daemon
