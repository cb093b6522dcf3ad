// Goal: a half-day is offered exactly when the core takes it and somebody's day has room, and the
// reason against it is the first that holds. Method: days of one or two inspectors by hand.
#include "daemon/visit_offers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "daemon/district_minutes.h"
#include "tests/support/question_city.h"
#include "tests/support/seeded.h"

namespace permitd::daemon {
namespace {

using scheduler::HalfDay;
using scheduler::JobState;
using scheduler::Refusal;
using testing::ElementsAre;

constexpr scheduler::Point kMiddle{35'700'000, 51'400'000};
constexpr VisitPlanOptions kOptions{};

class VisitOffersTest : public testing::Test {
 protected:
  VisitOffersTest() {
    snapshot.now = question_minute(-60);
    snapshot.present_date = kQuestionDate;
    snapshot.is_found = true;
    snapshot.asked = visit(1);
    for (const std::int32_t day : {0, 1}) {
      add_half(day, HalfDay::kMorning, 0, 210);
      add_half(day, HalfDay::kAfternoon, 210, 420);
    }
    QuestionCity city;
    city.snapshot.offices[0].point = kMiddle;
    snapshot.offices = city.snapshot.offices;
  }

  void add_half(std::int32_t day, HalfDay half, std::int64_t from, std::int64_t to) {
    snapshot.halves.push_back(
        {kQuestionDate + day, half, {question_minute(from, day), question_minute(to, day)}, {}});
  }

  static SnapshotVisit visit(std::uint64_t number) {
    SnapshotVisit made;
    made.job.job = scheduler::JobId{number};
    made.job.state = JobState::kScheduled;
    made.job.skill = scheduler::Skill::kInspect;
    made.job.priority = scheduler::PriorityClass::kMunicipal;
    made.job.service = scheduler::ServiceId{1};
    made.job.intake_office = scheduler::OfficeId{101};
    made.job.district = 1;
    made.job.effort_minutes = 60;
    made.job.appointment = scheduler::kNever;
    made.point = kMiddle;
    return made;
  }

  scheduler::ExpertView& add_inspector(std::uint32_t number) {
    QuestionCity city;
    scheduler::ExpertView expert = city.add_expert(number, scheduler::Skill::kInspect);
    expert.person = scheduler::PersonId{1'000 + number};
    snapshot.experts.push_back(expert);
    return snapshot.experts.back();
  }

  /// Promised visits of a half-day, for nobody in particular or planned for `expert`.
  void promise(std::int32_t day, std::int64_t minute, std::uint64_t count,
               scheduler::ExpertId expert = {}) {
    for (std::uint64_t i = 0; i < count; ++i) {
      SnapshotVisit made = visit(100 + snapshot.visits.size());
      made.job.appointment = question_minute(minute, day);
      made.is_planned = raw(expert) != 0;
      made.plan.expert = expert;
      snapshot.visits.push_back({kQuestionDate + day, made});
    }
  }

  std::vector<OfferCause> causes() {
    std::vector<OfferCause> found;
    for (const VisitOffer& offer : offer_half_days(snapshot, kOptions, memory))
      found.push_back(offer.cause);
    return found;
  }

  OfferSnapshot snapshot;
  OfferMemory memory;
};

TEST_F(VisitOffersTest, AnEmptyDayIsFree) {
  add_inspector(1);
  const auto offers = offer_half_days(snapshot, kOptions, memory);
  ASSERT_EQ(offers.size(), 4U);
  for (const VisitOffer& offer : offers) {
    EXPECT_EQ(offer.cause, OfferCause::kFree);
    EXPECT_EQ(offer.extra_travel_s, 0);
    EXPECT_EQ(offer.with_room, 1U);
  }
}

TEST_F(VisitOffersTest, WhatTheCoreRefusesIsNotAskedFurther) {
  add_inspector(1);
  snapshot.now = question_minute(1);
  snapshot.halves[0].verdict.refusal = Refusal::kOutOfRange;
  snapshot.halves[1].verdict.refusal = Refusal::kNothingToDo;
  snapshot.halves[2].verdict.refusal = Refusal::kNotEligible;
  snapshot.halves[3].verdict.refusal = Refusal::kOutOfRange;
  EXPECT_THAT(causes(), ElementsAre(OfferCause::kBegun, OfferCause::kPromised,
                                    OfferCause::kHalfDayFull, OfferCause::kBeyondHorizon));
}

TEST_F(VisitOffersTest, PromisedVisitsOfNobodyInParticularTakeTime) {
  add_inspector(1);
  promise(0, 0, 3);
  EXPECT_THAT(causes(), ElementsAre(OfferCause::kNoTime, OfferCause::kFree, OfferCause::kFree,
                                    OfferCause::kFree));
  add_inspector(2);
  EXPECT_EQ(causes()[0], OfferCause::kFree);
}

TEST_F(VisitOffersTest, WhoWasPromisedFirstIsNotPassedOver) {
  add_inspector(1);
  // Four in the morning, of which one has no room; a short visit would have.
  promise(0, 0, 4);
  snapshot.asked.job.effort_minutes = 5;
  EXPECT_EQ(causes()[0], OfferCause::kNoTime);
  EXPECT_EQ(causes()[1], OfferCause::kFree);
}

TEST_F(VisitOffersTest, AFullDayIsFullInBothHalves) {
  add_inspector(1).units_per_day = 8;
  promise(1, 0, 2, scheduler::ExpertId{1});
  promise(1, 210, 2);
  EXPECT_THAT(causes(), ElementsAre(OfferCause::kFree, OfferCause::kFree, OfferCause::kAllFull,
                                    OfferCause::kAllFull));
}

TEST_F(VisitOffersTest, DeskWorkThatIsReservedFillsItsDay) {
  add_inspector(1).units_per_day = 8;
  snapshot.reserved = {{scheduler::JobId{900}, scheduler::ExpertId{1}, kQuestionDate + 1,
                        question_minute(0, 1), 200}};
  EXPECT_THAT(causes(), ElementsAre(OfferCause::kFree, OfferCause::kFree, OfferCause::kAllFull,
                                    OfferCause::kAllFull));
}

TEST_F(VisitOffersTest, PeopleAreMissingForOneReasonAfterTheOther) {
  EXPECT_EQ(causes()[0], OfferCause::kNobodyQualified);
  auto& inspector = add_inspector(1);
  inspector.districts = 1U << 9;
  EXPECT_EQ(causes()[0], OfferCause::kNobodyQualified);
  inspector.districts = 0;
  snapshot.asked.excluded[0] = inspector.person;
  snapshot.asked.excluded_count = 1;
  EXPECT_EQ(causes()[0], OfferCause::kAllExcluded);
  snapshot.asked.excluded_count = 0;
  ASSERT_TRUE(inspector.absences.add({question_minute(0), question_minute(210)}));
  EXPECT_THAT(causes(), ElementsAre(OfferCause::kNobodyOnShift, OfferCause::kFree,
                                    OfferCause::kFree, OfferCause::kFree));
}

TEST_F(VisitOffersTest, APlaceThatNobodyKnowsCannotBeOffered) {
  add_inspector(1);
  snapshot.offices[0].point = {};
  snapshot.asked.point = {};
  EXPECT_EQ(causes()[0], OfferCause::kNoWindow);
}

TEST_F(VisitOffersTest, WhatIsRememberedChangesNoAnswer) {
  add_inspector(1);
  promise(0, 0, 2);
  promise(1, 210, 3);
  const auto first = causes();
  EXPECT_EQ(memory.found_count(), 0U);
  EXPECT_EQ(causes(), first);
  EXPECT_EQ(memory.found_count(), 2U);
  snapshot.asked.point = {35'800'000, 51'300'000};  // another place, the same days
  const auto detours = offer_half_days(snapshot, kOptions, memory);
  EXPECT_EQ(memory.found_count(), 4U);
  OfferMemory fresh;
  const auto anew = offer_half_days(snapshot, kOptions, fresh);
  for (std::size_t i = 0; i < anew.size(); ++i) {
    EXPECT_EQ(detours[i].cause, anew[i].cause);
    EXPECT_EQ(detours[i].extra_travel_s, anew[i].extra_travel_s);
  }
  promise(0, 0, 1);  // now the morning is full, and only that day is made anew
  EXPECT_EQ(causes()[0], OfferCause::kNoTime);
  EXPECT_EQ(memory.found_count(), 5U);
}

TEST_F(VisitOffersTest, APreparedDayIsFoundAndAnsweredFromAsOneMadeAtTheQuestion) {
  add_inspector(1);
  add_inspector(2).home = {35'750'000, 51'450'000};
  promise(0, 0, 4);
  promise(1, 210, 3);
  for (const std::int32_t day : {0, 1})
    prepare_offer_day(snapshot, kQuestionDate + day, kOptions, memory);
  EXPECT_EQ(memory.found_count(), 0U);
  const auto answered = offer_half_days(snapshot, kOptions, memory);
  EXPECT_EQ(memory.found_count(), 2U);
  OfferMemory fresh;
  const auto anew = offer_half_days(snapshot, kOptions, fresh);
  for (std::size_t i = 0; i < anew.size(); ++i) {
    EXPECT_EQ(answered[i].cause, anew[i].cause);
    EXPECT_EQ(answered[i].extra_travel_s, anew[i].extra_travel_s);
    EXPECT_EQ(answered[i].with_room, anew[i].with_room);
  }
}

TEST_F(VisitOffersTest, PreparingMendsWhatHasChanged) {
  add_inspector(1);
  promise(0, 0, 2);
  EXPECT_EQ(causes()[0], OfferCause::kFree);
  promise(0, 0, 1);
  prepare_offer_day(snapshot, kQuestionDate, kOptions, memory);
  EXPECT_EQ(memory.found_count(), 0U);
  EXPECT_EQ(causes()[0], OfferCause::kNoTime);
  EXPECT_EQ(memory.found_count(), 2U);
}

// The visit asked about stands on the present day itself until it has an appointment.
TEST_F(VisitOffersTest, ADayPreparedWithTheVisitAskedAboutIsMendedWithoutIt) {
  add_inspector(1);
  promise(0, 0, 2);
  snapshot.visits.push_back({kQuestionDate, snapshot.asked});
  prepare_offer_day(snapshot, kQuestionDate, kOptions, memory);
  snapshot.visits.pop_back();
  EXPECT_EQ(causes()[0], OfferCause::kFree);
}

TEST_F(VisitOffersTest, AMendedDayHasRoomForExactlyWhatTheDayHas) {
  // Nobody travels here, so three visits of an hour fit into each half-day of each of three people.
  for (const std::uint32_t number : {1U, 2U, 3U}) add_inspector(number);
  tests::Chance chance(7);
  for (int round = 0; round < 40; ++round) {
    std::array<int, 4> promised{};
    for (const DatedVisit& one : snapshot.visits) {
      const std::int32_t day = one.date - kQuestionDate;
      const bool is_late = one.visit.job.appointment >= question_minute(210, day);
      promised[static_cast<std::size_t>(2 * day + (is_late ? 1 : 0))] += 1;
    }
    const auto found = causes();
    for (std::size_t half = 0; half < found.size(); ++half) {
      EXPECT_EQ(found[half] == OfferCause::kFree, promised[half] < 9)
          << "round " << round << " half " << half << ": " << promised[half];
      for (std::uint32_t more = chance.between(0U, 3U); more > 0 && promised[half] < 9; --more) {
        promise(static_cast<std::int32_t>(half / 2), half % 2 == 0 ? 0 : 210, 1);
        promised[half] += 1;
      }
    }
    for (std::uint32_t gone = chance.between(0U, 5U); gone > 0 && !snapshot.visits.empty(); --gone)
      snapshot.visits.erase(
          snapshot.visits.begin() +
          static_cast<std::ptrdiff_t>(chance.between(std::size_t{0}, snapshot.visits.size() - 1)));
  }
}

TEST_F(VisitOffersTest, AMendedDayKnowsWhoHasGone) {
  add_inspector(1);
  add_inspector(2);
  promise(0, 0, 3);
  promise(0, 210, 3);
  EXPECT_EQ(causes()[0], OfferCause::kFree);
  ASSERT_TRUE(snapshot.experts[1].absences.add({question_minute(0), question_minute(420)}));
  EXPECT_EQ(causes()[0], OfferCause::kNoTime);
  EXPECT_EQ(causes()[1], OfferCause::kNoTime);
  snapshot.experts.erase(snapshot.experts.begin());
  EXPECT_EQ(causes()[0], OfferCause::kNobodyOnShift);
  snapshot.experts[0].absences = {};
  // Three promised in the morning wait.
  ASSERT_TRUE(snapshot.experts[0].absences.add({question_minute(-60), question_minute(210)}));
  EXPECT_EQ(causes()[0], OfferCause::kNobodyOnShift);
  EXPECT_EQ(causes()[1], OfferCause::kNoTime);
  promise(1, 0, 1, scheduler::ExpertId{2});
  EXPECT_EQ(causes()[2], OfferCause::kFree);
}

TEST_F(VisitOffersTest, WhatAPlanHasGivenToOthersIsWithThemInAMendedDay) {
  add_inspector(1);
  add_inspector(2);
  promise(0, 0, 3);
  EXPECT_EQ(causes()[0], OfferCause::kFree);
  for (DatedVisit& one : snapshot.visits) {
    one.visit.is_planned = true;
    one.visit.plan.expert = scheduler::ExpertId{2};
    one.visit.plan.start = question_minute(0);
  }
  snapshot.asked.excluded[0] = snapshot.experts[0].person;
  snapshot.asked.excluded_count = 1;
  EXPECT_EQ(causes()[0], OfferCause::kNoTime);  // the second has three, the first may not come
}

TEST_F(VisitOffersTest, TheOrderOfAPlanLosesNoneOfItsVisits) {
  add_inspector(1);
  promise(0, 210, 3, scheduler::ExpertId{1});
  promise(0, 0, 3, scheduler::ExpertId{1});
  for (DatedVisit& one : snapshot.visits) one.visit.plan.start = one.visit.job.appointment;
  EXPECT_EQ(causes()[0], OfferCause::kNoTime);
  EXPECT_EQ(causes()[1], OfferCause::kNoTime);
}

TEST_F(VisitOffersTest, TheDetourIsThatOfWhoIsNearest) {
  add_inspector(1).home = {35'800'000, 51'400'000};
  const auto far = offer_half_days(snapshot, kOptions, memory)[0].extra_travel_s;
  EXPECT_GT(far, 0);
  add_inspector(2).home = kMiddle;
  EXPECT_EQ(offer_half_days(snapshot, kOptions, memory)[0].extra_travel_s, 0);
}

TEST_F(VisitOffersTest, ATableOfMinutesBetweenDistrictsCounts) {
  add_inspector(1);  // of an office in district 1
  promise(0, 0, 1);
  snapshot.asked.point = {35'710'000, 51'400'000};
  snapshot.asked.job.district = 2;
  const auto straight = offer_half_days(snapshot, kOptions, memory);
  DistrictMinutes table;
  table.minutes[1][2] = 20;
  table.minutes[2][1] = 30;
  VisitPlanOptions options = kOptions;
  options.minutes_between = &table;
  for (const std::int32_t day : {0, 1})
    prepare_offer_day(snapshot, kQuestionDate + day, options, memory);
  EXPECT_EQ(memory.found_count(), 0U) << "days of another measure are other days";
  const auto offers = offer_half_days(snapshot, options, memory);
  EXPECT_EQ(memory.found_count(), 2U);
  for (std::size_t i = 0; i < offers.size(); ++i) {
    EXPECT_EQ(offers[i].cause, OfferCause::kFree);
    EXPECT_EQ(offers[i].extra_travel_s, 50 * 60);
    EXPECT_LT(straight[i].extra_travel_s, 50 * 60);
  }
  snapshot.asked.job.district = 1;  // within one district the straight line counts
  EXPECT_EQ(offer_half_days(snapshot, options, memory)[0].extra_travel_s,
            straight[0].extra_travel_s);
}

}  // namespace
}  // namespace permitd::daemon
