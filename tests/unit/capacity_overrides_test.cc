// Goal: who was given more than a day's capacity by order is listed with who ordered it, why, and
// how full the day was, newest first (I9). Method: orders in the small city, where a day has room
// for one job; and a memory filled by hand beyond what it keeps.
#include "scheduler/capacity_overrides.h"

#include <gtest/gtest.h>

#include "tests/support/small_city.h"
#include "tests/support/state_bytes.h"

namespace permitd::tests {
namespace {

class OverrideOrderTest : public SmallCity {
 protected:
  void set_policy(std::uint16_t units, std::uint16_t visits) {
    SetPolicy policy;
    policy.capacity_units_per_day = units;
    policy.visits_per_day = visits;
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  }
  Outcome order(JobId job, ExpertId to, bool overrides, std::string_view note,
                Actor by = supervisor()) {
    Reassign body;
    body.job = job;
    body.expert = to;
    body.override_capacity = overrides ? 1 : 0;
    body.note = text<79>(note);
    return apply(CommandKind::kReassign, body, by);
  }
  std::vector<CapacityOverride> listed(const OverrideFilter& filter = {}) const {
    std::array<CapacityOverride, 8> rows;
    Cursor cursor;
    const std::size_t count = scheduler_.list_overrides(filter, cursor, rows);
    EXPECT_TRUE(cursor.done);
    return {rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count)};
  }
};

TEST_F(OverrideOrderTest, AnOverrideTellsWhoOrderedItWhyAndHowFullTheDayWas) {
  set_policy(1, 8);
  ASSERT_EQ(order(submit(kReport).job, kClerk, false, "").refusal, Refusal::kNone);
  const Outcome second = submit(kReport);
  EXPECT_EQ(order(second.job, kClerk, false, "").filter, Filter::kCapacity);
  EXPECT_TRUE(listed().empty());
  wait(5);
  ASSERT_EQ(order(second.job, kClerk, true, "flood", {ActorKind::kOperator, 4}).refusal,
            Refusal::kNone);
  const Op op = scheduler_.op_applied();
  wait(5);
  const std::vector<CapacityOverride> rows = listed();
  ASSERT_EQ(rows.size(), 1U);
  CapacityOverride expected;
  expected.op = op;
  expected.at = {kStart.ms + 5 * kMsPerMinute};
  expected.job = second.job;
  expected.case_id = second.case_id;
  expected.expert = kClerk;
  expected.actor = 4;
  expected.actor_kind = ActorKind::kOperator;
  expected.filter = Filter::kCapacity;
  expected.minutes_before = 30;
  expected.effort_minutes = 30;
  expected.capacity_minutes = 30;
  expected.stage = Stage::kFileFormation;
  expected.district = 5;
  expected.note = text<79>("flood");
  EXPECT_EQ(rows[0], expected);
  EXPECT_EQ(scheduler_.stats().capacity_overrides, 1U);
}

TEST_F(OverrideOrderTest, APermissionThatIsNotNeededIsNoOverride) {
  set_policy(1, 8);
  ASSERT_EQ(order(submit(kReport).job, kClerk, true, "in any case").refusal, Refusal::kNone);
  EXPECT_TRUE(listed().empty());
  EXPECT_EQ(scheduler_.stats().capacity_overrides, 0U);
}

TEST_F(OverrideOrderTest, OfAVisitTheVisitsOfTheDayAreToldToo) {
  set_policy(14, 1);
  for (int i = 0; i < 2; ++i) {
    const CaseId filed = submit(kNewBuild).case_id;
    work(kClerk);
    ASSERT_EQ(order(case_view(filed).current_job, kInspector, true, "no other day").refusal,
              Refusal::kNone);
  }
  const std::vector<CapacityOverride> rows = listed();
  ASSERT_EQ(rows.size(), 1U) << "the first visit had room";
  EXPECT_EQ(rows[0].stage, Stage::kSiteInspection);
  EXPECT_EQ(rows[0].visits_before, 1U);
  EXPECT_EQ(rows[0].visits_max, 1U);
  EXPECT_EQ(rows[0].minutes_before, 60U);
  EXPECT_EQ(rows[0].capacity_minutes, 420U);
}

// ---- the memory itself ----

CapacityOverride made(std::uint64_t op) {
  CapacityOverride one;
  one.op = Op{op};
  one.at = {static_cast<std::int64_t>(op) * kMsPerMinute};
  one.job = JobId{op};
  one.expert = ExpertId{static_cast<std::uint32_t>(1 + op % 2)};
  one.district = static_cast<District>(1 + op % 3);
  one.filter = Filter::kCapacity;
  one.note = text<79>("why");
  return one;
}

class CapacityOverridesTest : public ::testing::Test {
 protected:
  CapacityOverridesTest() { memory_.reserve(); }
  void take(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t op = first; op <= last; ++op) memory_.take(made(op));
  }
  std::vector<std::uint64_t> ops(const OverrideFilter& filter) const {
    std::vector<std::uint64_t> found;
    std::array<CapacityOverride, 2> page;
    for (Cursor cursor; !cursor.done;) {
      const std::size_t count = memory_.list(filter, cursor, page);
      for (std::size_t i = 0; i < count; ++i) found.push_back(raw(page[i].op));
    }
    EXPECT_EQ(found.size(), memory_.count(filter));
    return found;
  }

  CapacityOverrides memory_;
};

TEST_F(CapacityOverridesTest, FiltersLeaveOutTheRest) {
  take(1, 12);
  EXPECT_EQ(ops({}).front(), 12U);
  EXPECT_EQ(ops({}).size(), 12U);
  EXPECT_EQ(ops({~0U, ExpertId{1}, {}}), (std::vector<std::uint64_t>{12, 10, 8, 6, 4, 2}));
  EXPECT_EQ(ops({1U << 1, {}, {}}), (std::vector<std::uint64_t>{12, 9, 6, 3}));
  EXPECT_EQ(ops({1U << 1, ExpertId{1}, {6 * kMsPerMinute}}), (std::vector<std::uint64_t>{12, 6}));
  EXPECT_TRUE(ops({1U << 4, {}, {}}).empty());
  EXPECT_TRUE(ops({~0U, {}, kNever}).empty());
}

TEST_F(CapacityOverridesTest, ACursorStaysTrueWhileOthersCome) {
  take(1, 5);
  std::array<CapacityOverride, 2> page;
  Cursor cursor;
  ASSERT_EQ(memory_.list({}, cursor, page), 2U);
  EXPECT_EQ(cursor.position, 4U) << "the op of the last one told";
  EXPECT_FALSE(cursor.done);
  take(6, 8);
  ASSERT_EQ(memory_.list({}, cursor, page), 2U);
  EXPECT_EQ(page[0], made(3));
  EXPECT_EQ(page[1], made(2));
  // A page that is full is the last one where nothing more is selected.
  cursor = {};
  ASSERT_EQ(memory_.list({~0U, ExpertId{1}, {5 * kMsPerMinute}}, cursor, page), 2U);
  EXPECT_TRUE(cursor.done);
}

TEST_F(CapacityOverridesTest, TheOldestAreForgottenAndStillCounted) {
  take(1, kCapacityOverridesMax + 3);
  EXPECT_EQ(memory_.count(), kCapacityOverridesMax + 3);
  const std::vector<std::uint64_t> kept = ops({});
  ASSERT_EQ(kept.size(), kCapacityOverridesMax);
  EXPECT_EQ(kept.front(), kCapacityOverridesMax + 3);
  EXPECT_EQ(kept.back(), 4U);
  std::array<CapacityOverride, 2> page;
  Cursor forgotten{2, false};
  EXPECT_EQ(memory_.list({}, forgotten, page), 0U);
  EXPECT_TRUE(forgotten.done);
  CapacityOverrides copy;
  copy.reserve();
  const Bytes bytes = state_bytes(memory_);
  ASSERT_TRUE(read_bytes(copy, bytes));
  EXPECT_EQ(state_bytes(copy), bytes);
  EXPECT_EQ(copy.count(), memory_.count());
}

TEST_F(CapacityOverridesTest, DamageIsRefusedOrReadAsItStands) {
  take(1, 2);
  CapacityOverrides reader;
  reader.reserve();
  EXPECT_EQ(damage_not_met(reader, state_bytes(memory_)), "");
}

}  // namespace
}  // namespace permitd::tests
