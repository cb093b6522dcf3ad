// Goal: who has met whom is known as long as the policy wants it, within bounds that are kept and
// told. Method: edges by hand, a list as the model, then a small city in which owners are visited
// one after the other.
#include "scheduler/meeting_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "tests/support/seeded.h"
#include "tests/support/small_city.h"
#include "tests/support/state_bytes.h"

namespace permitd::scheduler {
namespace {

using tests::Bytes;
using tests::kClerk;
using tests::kInspector;

constexpr auto kAlways = [](const Meeting&) { return true; };
constexpr auto kUseless = [](const Meeting&) { return false; };

Meeting meeting(std::uint64_t owner, std::uint32_t expert, std::uint32_t visit) {
  return {PersonId{owner}, Tick{1000 + std::int64_t{visit}}, ExpertId{expert}, visit};
}

std::vector<std::uint32_t> experts_of(const MeetingMemory& meetings, std::uint64_t owner) {
  std::vector<std::uint32_t> experts;
  meetings.visit(PersonId{owner}, [&](const Meeting& met) { experts.push_back(raw(met.expert)); });
  return experts;
}

std::vector<std::uint32_t> visits_of(const MeetingMemory& meetings) {
  std::vector<std::uint32_t> visits;
  meetings.visit_all([&](const Meeting& met) { visits.push_back(met.visit); });
  return visits;
}

class MeetingMemoryTest : public testing::Test {
 protected:
  MeetingMemoryTest() { meetings_.reserve(4, 0x1234); }
  MeetingMemory meetings_;
};

TEST_F(MeetingMemoryTest, WhoMetAnOwnerIsListedNewestFirst) {
  meetings_.remember(meeting(7, 1, 1), kAlways);
  meetings_.remember(meeting(8, 1, 2), kAlways);
  meetings_.remember(meeting(7, 2, 3), kAlways);
  EXPECT_EQ(experts_of(meetings_, 7), (std::vector<std::uint32_t>{2, 1}));
  EXPECT_EQ(experts_of(meetings_, 9), std::vector<std::uint32_t>{});
  ASSERT_NE(meetings_.find(PersonId{7}, ExpertId{1}), nullptr);
  EXPECT_EQ(meetings_.find(PersonId{7}, ExpertId{1})->visit, 1U);
  EXPECT_EQ(meetings_.find(PersonId{8}, ExpertId{2}), nullptr);
}

TEST_F(MeetingMemoryTest, TheSameTwoAreRememberedOnceAsTheyMetLast) {
  meetings_.remember(meeting(7, 1, 1), kAlways);
  meetings_.remember(meeting(7, 2, 2), kAlways);
  meetings_.remember(meeting(7, 1, 3), kAlways);
  EXPECT_EQ(meetings_.count(), 2U);
  EXPECT_EQ(experts_of(meetings_, 7), (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(meetings_.forgotten_early(), 0U);
}

TEST_F(MeetingMemoryTest, AFullMemoryForgetsTheOldestAndCountsIt) {
  for (std::uint32_t i = 1; i <= 6; ++i) meetings_.remember(meeting(10 + i, 1, i), kAlways);
  EXPECT_EQ(visits_of(meetings_), (std::vector<std::uint32_t>{3, 4, 5, 6}));
  EXPECT_EQ(meetings_.find(PersonId{11}, ExpertId{1}), nullptr);
  EXPECT_EQ(meetings_.forgotten_early(), 2U);
}

TEST_F(MeetingMemoryTest, WhatNoRuleCanUseIsGivenBackTwoAtATimeAndNotCounted) {
  for (std::uint32_t i = 1; i <= 4; ++i) meetings_.remember(meeting(10 + i, 1, i), kAlways);
  meetings_.remember(meeting(20, 1, 5), kUseless);
  EXPECT_EQ(visits_of(meetings_), (std::vector<std::uint32_t>{3, 4, 5}));
  // The first that a rule can still use ends it.
  meetings_.remember(meeting(21, 1, 6), [](const Meeting& met) { return met.visit != 3; });
  EXPECT_EQ(visits_of(meetings_), (std::vector<std::uint32_t>{4, 5, 6}));
  EXPECT_EQ(meetings_.forgotten_early(), 0U);
}

TEST(MeetingMemoryBoundTest, AnOwnerHasABoundedNumberOfMeetings) {
  MeetingMemory meetings;
  meetings.reserve(200, 1);
  std::uint32_t visit = 0;
  meetings.remember(meeting(8, 1, ++visit), kAlways);
  for (std::uint32_t expert = 1; expert <= kMeetingsPerOwnerMax; ++expert)
    meetings.remember(meeting(7, expert, ++visit), kAlways);
  EXPECT_EQ(experts_of(meetings, 7).size(), kMeetingsPerOwnerMax);
  EXPECT_EQ(meetings.forgotten_early(), 0U);
  meetings.remember(meeting(7, 1, ++visit), kAlways);  // in place of its own
  EXPECT_EQ(meetings.forgotten_early(), 0U);
  meetings.remember(meeting(7, 1000, ++visit), kAlways);
  EXPECT_EQ(experts_of(meetings, 7).size(), kMeetingsPerOwnerMax);
  EXPECT_EQ(meetings.find(PersonId{7}, ExpertId{2}), nullptr) << "who met longest ago";
  EXPECT_NE(meetings.find(PersonId{7}, ExpertId{1}), nullptr);
  EXPECT_NE(meetings.find(PersonId{8}, ExpertId{1}), nullptr);
  EXPECT_EQ(meetings.forgotten_early(), 1U);
}

TEST(MeetingMemoryStateTest, DamagedBytesAreRefusedOrReadAsTheyAre) {
  MeetingMemory meetings;
  meetings.reserve(4, 1);
  for (std::uint32_t i = 1; i <= 5; ++i) meetings.remember(meeting(7 + i % 2, i, i), kAlways);
  const Bytes whole = tests::state_bytes(meetings);
  MeetingMemory read;
  read.reserve(4, 2);
  EXPECT_EQ(tests::damage_not_met(read, whole), "");
  ASSERT_TRUE(tests::read_bytes(read, whole));
  EXPECT_EQ(tests::state_bytes(read), whole);
  EXPECT_EQ(read.forgotten_early(), 1U);
  MeetingMemory small;
  small.reserve(3, 1);
  EXPECT_FALSE(tests::read_bytes(small, whole)) << "more than there is room for";
  EXPECT_EQ(small.count(), 0U);
}

TEST(MeetingMemoryStateTest, MoreMeetingsOfAnOwnerThanItMayHaveAreRefused) {
  MeetingMemory meetings;
  meetings.reserve(kMeetingsPerOwnerMax + 1, 1);
  for (std::uint32_t expert = 1; expert <= kMeetingsPerOwnerMax; ++expert)
    meetings.remember(meeting(7, expert, expert), kAlways);
  meetings.remember(meeting(8, 999, 999), kAlways);
  Bytes bytes = tests::state_bytes(meetings);
  const Meeting forged = meeting(7, 999, 999);
  std::memcpy(bytes.data() + bytes.size() - sizeof forged, &forged, sizeof forged);
  EXPECT_FALSE(tests::read_bytes(meetings, bytes));
}

// The model is a list; places, growth and a detour over the bytes are seen by nobody.
TEST(MeetingMemoryModelTest, AgreesWithAListWhereverTheMeetingsLie) {
  const tests::Seeds seeds = tests::Seeds::of(10);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    tests::Chance chance(seed);
    std::uint32_t capacity = chance.between(1U, 40U);
    MeetingMemory meetings;
    meetings.reserve(capacity, seed);
    std::vector<Meeting> model;
    std::uint64_t early = 0;
    std::uint32_t kept = chance.below(60U);  // the newest so many visits are of use
    for (std::uint32_t visit = 1; visit <= 1500; ++visit) {
      if (chance.chance(5)) kept = chance.below(60U);
      if (chance.chance(3)) meetings.reserve(capacity += 3, 99);
      if (chance.chance(10)) {
        const Bytes bytes = tests::state_bytes(meetings);
        meetings = MeetingMemory{};
        meetings.reserve(capacity, chance.next());
        ASSERT_TRUE(tests::read_bytes(meetings, bytes));
        ASSERT_EQ(tests::state_bytes(meetings), bytes);
      }
      const Meeting added = meeting(1 + chance.below(8U), 1 + chance.below(6U), visit);
      const auto in_use = [&](const Meeting& met) { return visit - met.visit < kept; };
      meetings.remember(added, in_use);
      std::erase_if(model, [&](const Meeting& met) {
        return met.owner == added.owner && met.expert == added.expert;
      });
      for (int i = 0; i < 2; ++i) {
        if (!model.empty() && !in_use(model.front())) model.erase(model.begin());
      }
      if (model.size() == capacity) {
        early += in_use(model.front()) ? 1 : 0;
        model.erase(model.begin());
      }
      model.push_back(added);
      std::vector<std::uint32_t> expected;
      for (const Meeting& met : model) expected.push_back(met.visit);
      ASSERT_EQ(visits_of(meetings), expected);
      ASSERT_EQ(meetings.forgotten_early(), early);
      const Meeting* found = meetings.find(added.owner, added.expert);
      ASSERT_NE(found, nullptr);
      ASSERT_EQ(found->visit, visit);
    }
  }
}

class OwnersMetTest : public tests::SmallCity {
 protected:
  void repeat_after(std::uint16_t visits, std::uint16_t days) {
    SetPolicy policy;
    policy.pair_repeat_visits = visits;
    policy.pair_repeat_days = days;
    policy.capacity_units_per_day = 48;
    policy.visits_per_day = 40;
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  }

  /// kInspector finishes a visit for the owner.
  void visit(PersonId owner) {
    SubmitCase body = submission(tests::kNewBuild);
    body.owner = owner;
    const Outcome filed = apply(CommandKind::kSubmitCase, body, office());
    ASSERT_EQ(filed.refusal, Refusal::kNone);
    work(kClerk);
    const JobId job = case_view(filed.case_id).current_job;
    wait((job_view(job).appointment.ms - now_.ms) / kMsPerMinute);
    work(kInspector);
    ASSERT_EQ(job_view(job).state, JobState::kDone);
  }

  /// The core is told of the time that has passed.
  void pass(std::int64_t minutes) {
    wait(minutes);
    apply(CommandKind::kTick, TickBody{}, engine());
  }

  bool has_met(PersonId owner) const {
    std::array<ExpertId, kMeetingsPerOwnerMax> experts;
    const std::size_t count = scheduler_.list_met(owner, experts);
    return std::count(experts.begin(), experts.begin() + static_cast<std::ptrdiff_t>(count),
                      kInspector) == 1;
  }

  /// Whether the state is read with another meeting in place of one that is there.
  bool reads_with(const Meeting& there, const Meeting& forged) const {
    Bytes bytes = tests::state_bytes(scheduler_);
    const auto* pattern = reinterpret_cast<const std::byte*>(&there);
    const auto at = std::search(bytes.begin(), bytes.end(), pattern, pattern + sizeof there);
    EXPECT_NE(at, bytes.end());
    if (at == bytes.end()) return true;
    std::memcpy(&*at, &forged, sizeof forged);
    Scheduler read;
    return tests::read_bytes(read, bytes);
  }
};

TEST_F(OwnersMetTest, AnOwnerIsMetLatelyForSoManyVisitsOfTheInspector) {
  repeat_after(3, 0);
  visit(PersonId{800});
  for (std::uint64_t other = 801; other <= 802; ++other) visit(PersonId{other});
  EXPECT_TRUE(has_met(PersonId{800}));
  visit(PersonId{803});
  EXPECT_FALSE(has_met(PersonId{800}));
  EXPECT_TRUE(has_met(PersonId{801}));
}

TEST_F(OwnersMetTest, AVisitForAnOwnerWhoIsNotKnownIsAVisit) {
  repeat_after(1, 0);
  visit(PersonId{800});
  EXPECT_TRUE(has_met(PersonId{800}));
  visit(PersonId{});
  EXPECT_FALSE(has_met(PersonId{800}));
  EXPECT_FALSE(has_met(PersonId{}));
}

TEST_F(OwnersMetTest, AnOwnerIsMetLatelyForSoManyDaysToTheMinute) {
  repeat_after(0, 2);
  visit(PersonId{800});
  pass(2 * 1440 - 1);
  EXPECT_TRUE(has_met(PersonId{800}));
  pass(1);
  EXPECT_FALSE(has_met(PersonId{800}));
}

TEST_F(OwnersMetTest, AMeetingIsNotForgottenForTheVisitsThatCameAfterIt) {
  repeat_after(3, 180);
  visit(PersonId{800});
  for (std::uint64_t other = 801; other <= 810; ++other) visit(PersonId{other});
  EXPECT_TRUE(has_met(PersonId{800}));
  EXPECT_EQ(scheduler_.stats().meetings_in_memory, 11U);
  EXPECT_EQ(scheduler_.stats().meetings_forgotten_early, 0U);
}

TEST_F(OwnersMetTest, WhatFindsNoRoomIsForgottenAndCounted) {
  repeat_after(3, 180);
  const std::uint64_t room = scheduler_.limits().meetings_max;
  for (std::uint64_t i = 0; i <= room; ++i) visit(PersonId{800 + i});
  EXPECT_FALSE(has_met(PersonId{800}));
  EXPECT_TRUE(has_met(PersonId{801}));
  EXPECT_EQ(scheduler_.stats().meetings_in_memory, room);
  EXPECT_EQ(scheduler_.stats().meetings_forgotten_early, 1U);
}

TEST_F(OwnersMetTest, WhatThePolicyReachesNoMoreIsGivenBack) {
  repeat_after(1, 1);
  for (std::uint64_t i = 0; i < 4; ++i) visit(PersonId{800 + i});
  wait(3 * 1440);
  visit(PersonId{810});
  visit(PersonId{811});
  EXPECT_LE(scheduler_.stats().meetings_in_memory, 2U);
  EXPECT_EQ(scheduler_.stats().meetings_forgotten_early, 0U);
}

TEST_F(OwnersMetTest, MeetingsThatCannotHaveBeenAreRefused) {
  repeat_after(3, 180);
  visit(PersonId{800});
  const Tick first_at = now_;
  visit(PersonId{801});
  const Meeting first{PersonId{800}, first_at, kInspector, 1};
  const Meeting second{PersonId{801}, now_, kInspector, 2};
  EXPECT_TRUE(reads_with(first, first));
  const auto refused = [&](const Meeting& forged) { return !reads_with(second, forged); };
  EXPECT_TRUE(refused({PersonId{800}, now_, kInspector, 2})) << "the same two again";
  EXPECT_TRUE(refused({PersonId{}, now_, kInspector, 2})) << "of nobody";
  EXPECT_TRUE(refused({PersonId{801}, now_, ExpertId{}, 2})) << "with nobody";
  EXPECT_TRUE(refused({PersonId{801}, now_, ExpertId{15}, 2})) << "with somebody unknown";
  EXPECT_TRUE(refused({PersonId{801}, now_, ExpertId{UINT32_MAX}, 2})) << "far outside";
  EXPECT_TRUE(refused({PersonId{801}, Tick{now_.ms + 1}, kInspector, 2})) << "yet to come";
  EXPECT_TRUE(refused({PersonId{801}, Tick{first_at.ms - 1}, kInspector, 2})) << "out of order";
  EXPECT_TRUE(refused({PersonId{801}, now_, kInspector, 3})) << "a visit that was not made";
  EXPECT_TRUE(refused({PersonId{801}, now_, kInspector, 1})) << "the same visit again";
  EXPECT_TRUE(refused({PersonId{801}, now_, kInspector, 0})) << "no visit";
  EXPECT_FALSE(reads_with(first, {PersonId{800}, Tick{-1}, kInspector, 1})) << "before all time";
}

}  // namespace
}  // namespace permitd::scheduler
