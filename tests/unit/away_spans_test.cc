// Goal: absences and suspensions of a person and the office come out as the spans that plans leave
// free, and who comes back is there behind them. Method: one day of 420 minutes and the next.
#include "daemon/away_spans.h"

#include <gtest/gtest.h>

#include "daemon/assumption.h"
#include "daemon/person_day.h"
#include "tests/support/question_city.h"
#include "tests/support/small_visit_day.h"

namespace permitd::daemon {
namespace {

using scheduler::ExpertState;
using scheduler::Filter;
using scheduler::kNever;
using scheduler::OfficeState;
using scheduler::Skill;

class AwaySpansTest : public testing::Test {
 protected:
  AwaySpansTest() : city(2) { city.add_expert(1, Skill::kInspect); }

  scheduler::ExpertView& expert() { return city.snapshot.experts[0]; }
  scheduler::OfficeView& office() { return city.snapshot.offices[0]; }

  Filter filter_on(std::size_t day) {
    return CityPeople(city.snapshot)
        .filter(expert(), Skill::kInspect, scheduler::ServiceId{}, city.snapshot.days[day]);
  }
  std::int32_t free_on(std::size_t day) {
    return CityPeople(city.snapshot).free_minutes(expert(), city.snapshot.days[day]);
  }

  QuestionCity city;
};

TEST_F(AwaySpansTest, WhatOverlapsIsOneSpan) {
  ASSERT_TRUE(expert().absences.add({question_minute(100), question_minute(200)}));
  expert().suspended_from = question_minute(150);
  expert().suspended_until = question_minute(250);
  office().suspended_from = question_minute(300);
  office().suspended_until = question_minute(320);
  const AwaySpans spans(expert(), &office());
  ASSERT_EQ(spans.all().size(), 2U);
  EXPECT_EQ(spans.all()[0].from, question_minute(100));
  EXPECT_EQ(spans.all()[0].until, question_minute(250));
  EXPECT_EQ(spans.all()[1].from, question_minute(300));
  const AwaySpans own(expert(), nullptr);
  EXPECT_EQ(own.all().size(), 1U);
  EXPECT_EQ(free_on(0), 420 - 150 - 20);
}

TEST_F(AwaySpansTest, NothingIsPlannedIntoASuspensionThatIsAhead) {
  expert().suspended_from = question_minute(60);
  EXPECT_EQ(free_on(0), 60);
  EXPECT_EQ(filter_on(0), Filter::kNone);
  EXPECT_EQ(filter_on(1), Filter::kCertificate);
  expert().suspended_from = kNever;
  office().suspended_from = question_minute(0, 1);
  office().suspended_until = question_minute(0, 9);
  EXPECT_EQ(filter_on(0), Filter::kNone);
  EXPECT_EQ(filter_on(1), Filter::kOffice);
}

TEST_F(AwaySpansTest, WhoIsSuspendedIsBackBehindTheEnd) {
  expert().state = ExpertState::kSuspended;
  EXPECT_EQ(filter_on(1), Filter::kCertificate);
  expert().suspended_until = question_minute(120, 1);
  EXPECT_EQ(filter_on(0), Filter::kCertificate);
  EXPECT_EQ(filter_on(1), Filter::kNone);
  EXPECT_EQ(free_on(1), 300);
  office().state = OfficeState::kSuspended;
  EXPECT_EQ(filter_on(1), Filter::kOffice);
  office().suspended_until = question_minute(200, 1);
  EXPECT_EQ(filter_on(1), Filter::kNone);
  EXPECT_EQ(free_on(1), 220);
}

TEST_F(AwaySpansTest, OneSuspensionMayEndInTheOther) {
  expert().state = ExpertState::kSuspended;
  expert().suspended_until = question_minute(50);
  office().suspended_from = question_minute(40);
  office().suspended_until = question_minute(90);
  EXPECT_EQ(suspended_until(expert(), &office(), question_minute(0), question_minute(420)),
            question_minute(90));
  EXPECT_EQ(suspended_until(expert(), &office(), question_minute(0), question_minute(80)),
            question_minute(0));
}

}  // namespace

namespace tests {
namespace {

TEST_F(VisitPlanTest, AVisitGoesToWhoIsNotSuspendedThen) {
  add_inspector(1, north);
  add_inspector(2, south);
  snapshot.experts[0].suspended_from = at_minute(-60);
  snapshot.experts[0].suspended_until = at_minute(210);
  add_visit(11, north);
  EXPECT_EQ(expert_of(plan(), 11), scheduler::ExpertId{2});
  snapshot.visits[0].job.appointment = at_minute(210);
  EXPECT_EQ(expert_of(plan(), 11), scheduler::ExpertId{1});
}

TEST_F(VisitPlanTest, ASuspensionThatIsAssumedAheadTakesWhatFallsIntoIt) {
  add_inspector(1, north);
  for (const std::uint64_t job : {11, 12}) {
    SnapshotVisit& visit = add_visit(job, north);
    visit.is_planned = true;
    visit.plan.job = visit.job.job;
    visit.plan.expert = scheduler::ExpertId{1};
    visit.plan.start = job == 11 ? at_minute(0) : at_minute(300);
    visit.job.appointment = job == 11 ? at_minute(0) : at_minute(210);
  }
  Assumption suspended;
  suspended.kind = Assumption::Kind::kSuspended;
  suspended.office = scheduler::OfficeId{101};
  suspended.from = at_minute(210);
  assume(suspended, snapshot);
  EXPECT_EQ(snapshot.offices[0].state, OfficeState::kActive);
  EXPECT_TRUE(snapshot.visits[0].is_planned);
  EXPECT_FALSE(snapshot.visits[1].is_planned);
  EXPECT_EQ(snapshot.visits[1].taken_from, scheduler::ExpertId{1});
  EXPECT_EQ(expert_of(plan(), 11), scheduler::ExpertId{1});
  EXPECT_EQ(expert_of(plan(), 12), scheduler::ExpertId{});
}

}  // namespace
}  // namespace tests
}  // namespace permitd::daemon
