#include "bench/review_instance.h"

#include <array>

#include "tests/support/seeded.h"

namespace permitd::bench {

namespace {

using planner::ReviewJob;
using planner::ReviewPerson;
using planner::ReviewProblem;
using tests::Chance;

constexpr std::uint32_t kDistricts = 22;
constexpr std::size_t kDays = 10;
constexpr std::int32_t kDayMinutes = 420;

struct SkillShare {
  std::uint8_t skill;
  std::int32_t effort;          // minutes
  std::int32_t effort_complex;  // of a third of the jobs
  std::uint32_t people;         // with this trade, of 1000: about the share of its effort
};
// The default catalogue: formation, inspection, administration, review, delivery, confirmation.
constexpr std::array<SkillShare, 6> kSkills{{{0, 30, 45, 100},
                                             {1, 60, 90, 210},
                                             {2, 45, 60, 150},
                                             {3, 120, 240, 420},
                                             {4, 15, 15, 55},
                                             {5, 15, 30, 65}}};

std::uint8_t draw_trade(Chance& chance) {
  std::uint32_t drawn = chance.below(1000U);
  std::size_t trade = 0;
  while (drawn >= kSkills[trade].people) drawn -= kSkills[trade++].people;
  return kSkills[trade].skill;
}

ReviewPerson make_person(Chance& chance, std::uint32_t number) {
  ReviewPerson person;
  person.number = number;
  person.office = 101 + number % 50;
  person.skills = 1U << draw_trade(chance);
  for (int more = 0; more < 2; ++more) {
    if (chance.chance(400)) person.skills |= 1U << chance.below(kSkills.size());
  }
  if (chance.chance(500)) {
    const std::uint32_t reach = chance.between(4U, 8U);
    for (std::uint32_t i = 0; i < reach; ++i) {
      person.districts |= 1U << (1 + (number + i) % kDistricts);
    }
  }
  person.pace_class = static_cast<std::uint8_t>(chance.below(2U));
  person.pace_permille = static_cast<std::uint16_t>(chance.between(850U, 1250U));
  person.day_minutes.assign(kDays, kDayMinutes);
  person.usual_minutes = kDayMinutes;
  return person;
}

ReviewJob make_job(Chance& chance, std::uint32_t number, std::uint32_t people) {
  const SkillShare& share = kSkills[chance.below(kSkills.size())];
  ReviewJob job;
  job.number = number;
  job.skill = share.skill;
  job.district = static_cast<std::uint8_t>(1 + chance.below(kDistricts));
  job.priority = chance.chance(900) ? 1 : 2;
  const std::int32_t effort = chance.chance(333) ? share.effort_complex : share.effort;
  job.effort[0] = std::max(1, effort * chance.between(70, 150) / 100);
  job.effort[1] = std::max(1, job.effort[0] * chance.between(80, 140) / 100);
  job.due = chance.between<std::int64_t>(2 * kDayMinutes, kDays * kDayMinutes);
  if (chance.chance(100)) {
    for (int i = 0; i < 3; ++i) job.excluded.push_back(chance.below(people));
  }
  return job;
}

}  // namespace

ReviewProblem make_review_instance(std::uint64_t seed, const ReviewInstanceSize& size) {
  Chance chance(seed);
  ReviewProblem problem;
  problem.city_minutes.assign(kDays, kDayMinutes);
  for (std::uint32_t i = 1; i <= size.people; ++i) problem.people.push_back(make_person(chance, i));
  for (std::uint32_t i = 1; i <= size.jobs; ++i) {
    problem.jobs.push_back(make_job(chance, i, size.people));
  }
  return problem;
}

}  // namespace permitd::bench
