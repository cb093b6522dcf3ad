// Goal: the front of each queue of visits is what the queue says, whatever joins, leaves and is
// moved; and the visits come nearest first, the first few of each queue that the expert serves and
// no others. Method: random steps on crowded queues, beside lists that are sorted anew each time.
#include "scheduler/nearest_visit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "scheduler/dispatch.h"
#include "scheduler/distance.h"
#include "tests/support/seeded.h"

namespace permitd::scheduler {
namespace {

using tests::Chance;
using tests::Seeds;

constexpr std::uint32_t kJobs = 400;
constexpr std::uint32_t kOffices = 3;
constexpr ExpertId kExpert{1};

class NearestVisitTest : public testing::Test {
 protected:
  NearestVisitTest() {
    core_.limits.offices_max = kOffices;
    core_.jobs.reserve(kJobs);
    core_.cases.reserve(kJobs);
    core_.experts.reserve(2);
    core_.ready.reserve(kJobs, kOffices);
    core_.heads.reserve(kOffices);
    core_.fronts.reserve(kOffices);
    core_.policy.near_visits = kNearVisitsMax;
  }

  void make(std::uint32_t slot, Point point, District district, std::int64_t deadline) {
    JobRecord& job = core_.jobs[slot];
    job = JobRecord{};
    job.id = JobId{slot + 1};
    job.case_slot = slot;
    job.skill = Skill::kInspect;
    job.priority = PriorityClass::kMunicipal;
    job.district = district;
    job.deadline = Tick{deadline};
    core_.cases[slot].point = point;
  }
  void join(std::uint32_t slot) {
    const JobRecord& job = core_.jobs[slot];
    core_.ready.insert(queue_of(job), slot, {job.deadline, job.id});
    core_.heads.join(queue_place_of(job), slot, {job.deadline, job.id});
    join_front(core_, slot);
  }
  void leave(std::uint32_t slot) {
    const ReadyKey key = core_.ready.key(slot);
    core_.ready.remove(queue_of(core_.jobs[slot]), slot);
    core_.heads.leave(queue_place_of(core_.jobs[slot]), key, core_.ready);
    leave_front(core_, slot, key);
  }
  void move(std::uint32_t slot, std::int64_t deadline) {
    const ReadyKey before = core_.ready.key(slot);
    core_.jobs[slot].deadline = Tick{deadline};
    core_.ready.update(queue_of(core_.jobs[slot]), slot, {Tick{deadline}, core_.jobs[slot].id});
    core_.heads.look(queue_place_of(core_.jobs[slot]), core_.ready);
    rekey_front(core_, slot, before);
  }

  static Point somewhere(Chance& chance) {
    if (chance.chance(100)) return {};  // unknown
    // On few lines, so that some are equally far from an expert on one of them.
    const auto lat = 35'600'000 + chance.below(40) * 5'000;
    const auto lon = 51'200'000 + chance.below(40) * 10'000;
    return {lat, lon};
  }
  void make_any(std::uint32_t slot, Chance& chance) {
    const Point point = somewhere(chance);
    const auto district = static_cast<District>(chance.between(1, 3));
    make(slot, point, district, chance.below(500));
    JobRecord& job = core_.jobs[slot];
    job.priority = chance.chance(900) ? PriorityClass::kMunicipal : PriorityClass::kOther;
    if (!chance.chance(200)) return;
    job.flags = kJobOfficeReach;
    job.office = chance.below(std::uint16_t{kOffices});
  }

  // The same from plain lists.
  std::vector<std::uint32_t> expected(PriorityClass priority, Point from) const {
    const ExpertRecord& expert = core_.experts[raw(kExpert)];
    std::map<std::uint32_t, std::vector<std::pair<ReadyKey, std::uint32_t>>> queues;
    for (std::uint32_t slot = 0; slot < kJobs; ++slot) {
      if (!core_.ready.contains(slot)) continue;
      const JobRecord& job = core_.jobs[slot];
      const bool own = job.has(kJobOfficeReach);
      const bool served =
          own ? job.office == expert.office
              : expert.districts == 0 || (expert.districts >> job.district & 1) != 0;
      if (served && job.priority == priority)
        queues[own ? 0U : job.district].push_back({{job.deadline, job.id}, slot});
    }
    std::vector<std::tuple<std::int64_t, ReadyKey, std::uint32_t>> near;
    for (auto& [place, queue] : queues) {
      std::sort(queue.begin(), queue.end());
      queue.resize(std::min<std::size_t>(queue.size(), core_.policy.near_visits));
      for (const auto& [key, slot] : queue) {
        const Point there = core_.cases[slot].point;
        if (is_known(there)) near.emplace_back(distance_square(from, there), key, slot);
      }
    }
    std::sort(near.begin(), near.end());
    std::vector<std::uint32_t> slots;
    for (const auto& each : near) slots.push_back(std::get<2>(each));
    return slots;
  }
  std::vector<std::uint32_t> found(PriorityClass priority, Point from) const {
    NearestVisits visits(core_, kExpert, priority, from);
    std::vector<std::uint32_t> slots;
    for (auto next = visits.next(); next.slot != kNoSlot; next = visits.next()) {
      EXPECT_EQ(static_cast<std::int64_t>(next.square),
                distance_square(from, core_.cases[next.slot].point));
      slots.push_back(next.slot);
    }
    EXPECT_EQ(visits.compared(), slots.size());
    EXPECT_EQ(visits.next().slot, kNoSlot);
    return slots;
  }

  Core core_;
};

TEST_F(NearestVisitTest, FrontsHoldWhatTheQueuesSayAndTheNearestComeFirst) {
  const Seeds seeds = Seeds::of(20);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    SCOPED_TRACE(seed);
    Chance chance(seed);
    for (int step = 0; step < 3000; ++step) {
      // The queues fill up, and run empty again.
      const std::uint32_t joins = step / 500 % 2 == 0 ? 700 : 200;
      const std::uint32_t slot = chance.below(kJobs);
      if (!core_.ready.contains(slot)) {
        if (!chance.chance(joins)) continue;
        make_any(slot, chance);
        join(slot);
      } else if (chance.chance(300)) {
        move(slot, chance.below(500));
      } else if (!chance.chance(joins)) {
        leave(slot);
      }
      ASSERT_TRUE(fronts_hold(core_)) << "step " << step;
      if (step % 20 != 0) continue;
      ExpertRecord& expert = core_.experts[raw(kExpert)];
      expert.office = chance.below(std::uint16_t{kOffices});
      expert.districts = chance.chance(500) ? 0 : chance.below(16U);
      core_.policy.near_visits = chance.between(std::uint16_t{1}, std::uint16_t{kNearVisitsMax});
      Point from = somewhere(chance);
      if (!is_known(from)) from = {35'700'000, 51'400'000};
      for (const PriorityClass priority : {PriorityClass::kMunicipal, PriorityClass::kOther})
        ASSERT_EQ(found(priority, from), expected(priority, from)) << "step " << step;
    }
    rebuild_fronts(core_);
    ASSERT_TRUE(fronts_hold(core_));
    for (std::uint32_t slot = 0; slot < kJobs; ++slot) {
      if (core_.ready.contains(slot)) leave(slot);
    }
    ASSERT_TRUE(fronts_hold(core_));
  }
}

TEST_F(NearestVisitTest, AFrontThatLacksAVisitOrHasItsPlaceWrongDoesNotHold) {
  make(0, {35'700'000, 51'400'000}, 1, 10);
  join(0);
  EXPECT_TRUE(fronts_hold(core_));
  core_.cases[0].point.lat_e6 += 1;
  EXPECT_FALSE(fronts_hold(core_));
  core_.cases[0].point.lat_e6 -= 1;
  core_.fronts.clear();
  EXPECT_FALSE(fronts_hold(core_));
  rebuild_fronts(core_);
  EXPECT_TRUE(fronts_hold(core_));
}

TEST_F(NearestVisitTest, OfEquallyFarOnesTheFirstByDeadlineComesFirstWhicheverDistrictItIsIn) {
  const Point here{35'700'000, 51'400'000};
  make(0, here, 1, 30);
  make(1, here, 2, 20);
  make(2, here, 3, 10);
  for (std::uint32_t slot = 0; slot < 3; ++slot) join(slot);
  EXPECT_EQ(found(PriorityClass::kMunicipal, here), (std::vector<std::uint32_t>{2, 1, 0}));
  const Point off{35'700'100, 51'400'000};
  EXPECT_EQ(found(PriorityClass::kMunicipal, off), (std::vector<std::uint32_t>{2, 1, 0}));
}

TEST_F(NearestVisitTest, NearIsNearAcrossTheSeamOfTheLongitudes) {
  make(0, {0, 170'000'000}, 1, 10);
  make(1, {0, -179'000'000}, 2, 10);
  for (std::uint32_t slot = 0; slot < 2; ++slot) join(slot);
  EXPECT_EQ(found(PriorityClass::kMunicipal, {1, 179'000'000}), (std::vector<std::uint32_t>{1, 0}));
}

}  // namespace
}  // namespace permitd::scheduler
