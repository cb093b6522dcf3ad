// The first jobs of the queues, kept beside them, against the queues themselves.
#include "scheduler/queue_heads.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tests/support/seeded.h"

namespace permitd::scheduler {
namespace {

constexpr std::uint32_t kOffices = 3;
constexpr std::uint32_t kJobs = 200;

class QueueHeadsTest : public testing::Test {
 protected:
  QueueHeadsTest() {
    ready_.reserve(kJobs, kOffices);
    heads_.reserve(kOffices);
  }

  void join(std::uint32_t slot, const QueuePlace& queue, const ReadyKey& key) {
    ready_.insert(ReadyQueue::number(queue), slot, key);
    heads_.join(queue, slot, key);
    where_[slot] = queue;
  }
  void leave(std::uint32_t slot) {
    const QueuePlace queue = where_.at(slot);
    const ReadyKey key = ready_.key(slot);
    ready_.remove(ReadyQueue::number(queue), slot);
    heads_.leave(queue, key, ready_);
    where_.erase(slot);
  }
  void move(std::uint32_t slot, const ReadyKey& key) {
    const QueuePlace queue = where_.at(slot);
    ready_.update(ReadyQueue::number(queue), slot, key);
    heads_.look(queue, ready_);
  }

  std::vector<std::uint32_t> slots_of(const QueuePlace& queue) const {
    std::vector<std::uint32_t> slots;
    ready_.visit(ReadyQueue::number(queue), kJobs, [&](std::uint32_t slot) {
      slots.push_back(slot);
      return false;
    });
    return slots;
  }
  std::vector<std::uint32_t> districts_in_order(PriorityClass priority, Skill skill,
                                                std::uint32_t districts) const {
    std::vector<std::uint32_t> found;
    heads_.visit(priority, skill, districts, [&](std::uint32_t district, const QueueHead& head) {
      EXPECT_EQ(&head, &heads_.of({priority, skill, district}));
      found.push_back(district);
      return false;
    });
    return found;
  }

  void expect_head(const QueuePlace& queue) {
    const std::vector<std::uint32_t> slots = slots_of(queue);
    const QueueHead& head = heads_.of(queue);
    ASSERT_EQ(head.is_empty(), slots.empty());
    ASSERT_EQ(head.has_behind(), slots.size() > 1);
    if (slots.empty()) return;
    ASSERT_EQ(head.slot, slots[0]);
    ASSERT_EQ(head.key, ready_.key(slots[0]));
    if (slots.size() > 1) {
      ASSERT_EQ(head.behind, ready_.key(slots[1]));
    }
  }
  void expect_lane(PriorityClass priority, Skill skill, std::uint32_t districts) {
    std::set<std::pair<ReadyKey, std::uint32_t>> expected;
    std::uint32_t waiting = 0;
    for (std::uint32_t place = 0; place < kDistrictCount + kOffices; ++place) {
      expect_head({priority, skill, place});
      const std::vector<std::uint32_t> slots = slots_of({priority, skill, place});
      if (slots.empty() || place >= kDistrictCount) continue;
      waiting |= 1U << place;
      if ((districts >> place & 1) != 0) expected.insert({ready_.key(slots[0]), place});
    }
    ASSERT_EQ(heads_.waiting(priority, skill), waiting);
    std::vector<std::uint32_t> in_order;
    for (const auto& [key, place] : expected) in_order.push_back(place);
    ASSERT_EQ(districts_in_order(priority, skill, districts), in_order);
  }

  ReadyQueue ready_;
  QueueHeads heads_;
  std::map<std::uint32_t, QueuePlace> where_;
};

constexpr auto kClass = PriorityClass::kMunicipal;
constexpr auto kSkill = Skill::kInspect;

TEST_F(QueueHeadsTest, ADistrictWithoutJobsIsNotInTheOrder) {
  expect_lane(kClass, kSkill, ~0U);
  join(0, {kClass, kSkill, 31}, {Tick{5}, JobId{1}});
  expect_lane(kClass, kSkill, ~0U);
  leave(0);
  expect_lane(kClass, kSkill, ~0U);
}

TEST_F(QueueHeadsTest, AVisitEndsWhereItIsToldTo) {
  join(0, {kClass, kSkill, 7}, {Tick{9}, JobId{1}});
  join(1, {kClass, kSkill, 9}, {Tick{5}, JobId{2}});
  std::vector<std::uint32_t> found;
  heads_.visit(kClass, kSkill, ~0U, [&](std::uint32_t district, const QueueHead&) {
    found.push_back(district);
    return true;
  });
  EXPECT_EQ(found, std::vector<std::uint32_t>{9});
}

TEST_F(QueueHeadsTest, AgreesWithTheQueuesOverRandomOperations) {
  const auto seeds = tests::Seeds::of(20);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(testing::Message() << "PERMITD_SEED=" << seed);
    tests::Chance chance(seed);
    ready_.clear();
    where_.clear();
    heads_ = {};
    heads_.reserve(kOffices);
    std::uint64_t last = 0;
    const auto any_key = [&] { return ReadyKey{Tick{chance.below(60)}, JobId{++last}}; };
    for (int step = 0; step < 1'500; ++step) {
      const auto slot = chance.below(kJobs);
      // Few queues, so that some are long and all become empty at times.
      const QueuePlace queue{PriorityClass{chance.below(std::uint8_t{2})},
                             Skill{chance.below(std::uint8_t{2})},
                             chance.chance(800) ? chance.below(6U) : 29 + chance.below(6U)};
      if (!where_.contains(slot))
        join(slot, queue, any_key());
      else if (chance.chance(700))
        leave(slot);
      else
        move(slot, any_key());
      if (step % 8 != 0) continue;
      const std::uint32_t districts = chance.chance(500) ? ~0U : chance.below(UINT32_MAX);
      for (std::uint8_t c = 0; c < 2; ++c)
        for (std::uint8_t s = 0; s < 2; ++s) expect_lane(PriorityClass{c}, Skill{s}, districts);
      ASSERT_FALSE(HasFatalFailure()) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace permitd::scheduler
