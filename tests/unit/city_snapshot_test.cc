// Goal: what questions are answered from is what the core holds, in bounded slices. Method: the
// small city of the core's own tests, asked with a query as the engine would run it.
#include "daemon/city_snapshot.h"

#include <gtest/gtest.h>

#include "daemon/offer_snapshot.h"
#include "tests/support/small_city.h"

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;

class CitySnapshotTest : public tests::SmallCity {
 protected:
  CitySnapshot snapshot(const CitySnapshotOptions& options) const {
    CitySnapshotQuery query(Scope{}, options);
    std::uint32_t slices = 1;
    while (!query.run(scheduler_)) slices += 1;
    EXPECT_GT(slices, 2U);
    return std::move(query.snapshot);
  }
};

TEST_F(CitySnapshotTest, ItHoldsPeopleOfficesAndDays) {
  submit(tests::kReport);
  const CitySnapshot city = snapshot({.days = 3});
  EXPECT_EQ(city.op, scheduler_.op_applied());
  EXPECT_EQ(city.offices.size(), 2U);
  EXPECT_EQ(city.experts.size(), 6U);
  EXPECT_EQ(city.open_districts, 1U << 5);
  ASSERT_EQ(city.days.size(), 3U);
  EXPECT_EQ(city.days[1].date, city.days[0].date + 1);
  EXPECT_EQ(city.days[1].minutes_left, 24 * 60);
  EXPECT_TRUE(city.cases.empty());
  EXPECT_TRUE(city.services.empty());
}

TEST_F(CitySnapshotTest, OpenCasesCarryTheirPresentJob) {
  const Outcome first = submit(tests::kNewBuild);
  submit(tests::kReport);
  work(tests::kClerk);
  WithdrawCase away;
  away.id = submit(tests::kReport).case_id;
  ASSERT_EQ(apply(CommandKind::kWithdrawCase, away, office()).refusal, Refusal::kNone);
  const CitySnapshot city = snapshot({.days = 1, .with_cases = true});
  ASSERT_EQ(city.services.size(), 2U);
  EXPECT_EQ(city.services[0].stage_count, 6);
  ASSERT_EQ(city.cases.size(), 2U);
  const SnapshotCase& visit = city.cases[0];
  EXPECT_EQ(visit.case_id, first.case_id);
  EXPECT_EQ(visit.stage_index, 1);
  EXPECT_EQ(visit.job_state, JobState::kScheduled);
  EXPECT_EQ(visit.effort_minutes, 60);
  EXPECT_GT(visit.appointment_minutes, 0);
  EXPECT_EQ(city.cases[1].remaining_minutes, 420);
  EXPECT_EQ(city.arrivals.size(), 3U);  // whatever became of them
}

TEST_F(CitySnapshotTest, FinishedWorkTellsHowLongItTook) {
  submit(tests::kReport);
  const Outcome lease = claim(tests::kClerk);
  ASSERT_EQ(start(lease, tests::kClerk).refusal, Refusal::kNone);
  wait(20);
  ASSERT_EQ(give_back(lease, tests::kClerk, Reason::kDocumentsIncomplete).refusal, Refusal::kNone);
  submit(tests::kReport);
  const Outcome again = claim(tests::kOtherClerk);
  ASSERT_EQ(start(again, tests::kOtherClerk).refusal, Refusal::kNone);
  wait(24);
  ASSERT_EQ(complete(again, tests::kOtherClerk).refusal, Refusal::kNone);
  submit(tests::kReport);
  work(tests::kOtherClerk);  // begun and done in one breath
  const CitySnapshot city = snapshot({.days = 1, .with_cases = true});
  ASSERT_EQ(city.finished.size(), 1U);
  EXPECT_EQ(city.finished[0].service, tests::kReport);
  EXPECT_EQ(city.finished[0].stage, Stage::kFileFormation);
  EXPECT_EQ(city.finished[0].kind, JobKind::kWork);
  EXPECT_EQ(city.finished[0].effort_permille, 800);
}

TEST_F(CitySnapshotTest, AClosedDateIsADayOnlyWhereThatIsAskedFor) {
  SetCalendarDays calendar;
  calendar.first_day = scheduler_.working_day(now_);
  calendar.count = 3;
  for (const std::uint32_t day : {0U, 2U}) {
    calendar.open_minute[day] = static_cast<std::uint32_t>(now_.ms / kMsPerMinute) + day * 1440;
    calendar.length_minutes[day] = 420;
  }
  ASSERT_EQ(apply(CommandKind::kSetCalendarDays, calendar, supervisor()).refusal, Refusal::kNone);
  const std::int32_t date = calendar.first_day;
  const CitySnapshot open = snapshot({.days = 3});
  ASSERT_EQ(open.days.size(), 2U);  // the calendar ends
  EXPECT_EQ(open.days[1].date, date + 2);
  const CitySnapshot every = snapshot({.first_date = date, .days = 2, .counts_closed = true});
  ASSERT_EQ(every.days.size(), 2U);
  EXPECT_TRUE(every.days[1].is_closed());
}

class OfferSnapshotTest : public CitySnapshotTest {
 protected:
  OfferSnapshot offers(Scope scope, JobId job, CaseId case_id = {}) const {
    return run(OfferSnapshotQuery(scope, job, case_id, 2));
  }
  OfferSnapshot offers_ahead() const { return run(OfferSnapshotQuery(2)); }

 private:
  OfferSnapshot run(OfferSnapshotQuery query) const {
    while (!query.run(scheduler_)) continue;
    return std::move(query.snapshot);
  }
};

TEST_F(OfferSnapshotTest, TheVerdictOfEachHalfDayIsWhatScheduleAnswers) {
  const Outcome filed = submit(tests::kNewBuild);
  work(tests::kClerk);
  const OfferSnapshot asked = offers({}, {}, filed.case_id);
  ASSERT_TRUE(asked.is_found);
  ASSERT_EQ(asked.halves.size(), 4U);
  for (const OfferHalf& half : asked.halves) {
    Schedule schedule;
    schedule.job = asked.asked.job.job;
    schedule.day = half.date;
    schedule.half = half.half;
    EXPECT_EQ(scheduler_.judge_schedule(schedule).refusal, half.verdict.refusal);
  }
  const OfferHalf& last = asked.halves.back();
  ASSERT_EQ(last.verdict.refusal, Refusal::kNone);
  Schedule schedule;
  schedule.job = asked.asked.job.job;
  schedule.day = last.date;
  schedule.half = last.half;
  EXPECT_EQ(apply(CommandKind::kSchedule, schedule, office()).refusal, Refusal::kNone);
  EXPECT_EQ(offers({}, {}, filed.case_id).halves.back().verdict.refusal, Refusal::kNothingToDo);
}

TEST_F(OfferSnapshotTest, AheadOfAQuestionItHoldsEverybodysVisits) {
  const Outcome filed = submit(tests::kNewBuild);
  submit(tests::kNewBuild);
  work(tests::kClerk);
  work(tests::kClerk);
  const OfferSnapshot ahead = offers_ahead();
  EXPECT_FALSE(ahead.is_found);
  EXPECT_EQ(ahead.halves.size(), 4U);
  EXPECT_EQ(ahead.visits.size(), 2U);
  const OfferSnapshot asked = offers({}, {}, filed.case_id);
  EXPECT_EQ(asked.visits.size(), 1U);
  EXPECT_EQ(ahead.experts.size(), asked.experts.size());
}

TEST_F(OfferSnapshotTest, AnotherOfficesCaseIsNotFound) {
  const Outcome filed = submit(tests::kNewBuild);
  work(tests::kClerk);
  const Scope other{Scope::Kind::kOffice, tests::kOtherOffice, {}};
  EXPECT_FALSE(offers(other, {}, filed.case_id).is_found);
  EXPECT_TRUE(offers({Scope::Kind::kOffice, tests::kOffice, {}}, {}, filed.case_id).is_found);
  EXPECT_FALSE(offers({}, JobId{4711}).is_found);
}

}  // namespace
}  // namespace permitd::daemon
