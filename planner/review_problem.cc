#include "planner/review_problem.h"

#include <algorithm>

namespace permitd::planner {

namespace {

std::int64_t divide_up(std::int64_t numerator, std::int64_t denominator) {
  return (numerator + denominator - 1) / denominator;
}

bool negative(std::int32_t minutes) { return minutes < 0; }

const char* person_fault(const ReviewPerson& person, std::size_t days) {
  if (person.day_minutes.size() != days) return "has not one figure for each day of the calendar";
  if (std::ranges::any_of(person.day_minutes, negative)) return "has a day of negative length";
  if (person.usual_minutes < 0 || person.held_minutes < 0) return "has negative minutes";
  if (person.history_minutes < 0 || person.history_capacity < 0) return "has a negative history";
  if (person.pace_class >= kPaceClassCount) return "is of an unknown pace class";
  if (person.pace_permille < 1 || person.pace_permille > 10'000) return "has a pace out of range";
  return nullptr;
}

const char* job_fault(const ReviewJob& job, std::size_t people) {
  if (job.skill >= 32 || job.district >= 32) return "asks for a skill or district above 31";
  if (job.effort[0] < 1 || std::ranges::any_of(job.effort, negative)) return "takes no time";
  if (job.weight_permille < 0) return "has a negative weight";
  if (job.current != kNoPerson && job.current >= people) return "is with somebody unknown";
  if (job.started && job.current == kNoPerson) return "is started by nobody";
  for (const std::uint32_t person : job.excluded) {
    if (person >= people) return "excludes somebody unknown";
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> review_problem_fault(const ReviewProblem& problem) {
  if (std::ranges::any_of(problem.city_minutes, negative)) return "a day has negative length";
  if (problem.usual_city_minutes < 1) return "the usual day has no working time";
  for (const ReviewPerson& person : problem.people) {
    if (const char* fault = person_fault(person, problem.city_minutes.size())) {
      return "person " + std::to_string(person.number) + " " + fault;
    }
  }
  for (const ReviewJob& job : problem.jobs) {
    if (const char* fault = job_fault(job, problem.people.size())) {
      return "job " + std::to_string(job.number) + " " + fault;
    }
  }
  return std::nullopt;
}

std::int32_t review_effort(const ReviewPerson& person, const ReviewJob& job) {
  const std::int32_t own = job.effort[person.pace_class];
  const std::int64_t minutes = own == 0 ? job.effort[0] : own;
  return static_cast<std::int32_t>(
      std::max<std::int64_t>(1, minutes * person.pace_permille / 1000));
}

ReviewObstacle review_obstacle(const ReviewProblem& problem, std::uint32_t person,
                               const ReviewJob& job) {
  const ReviewPerson& who = problem.people[person];
  if ((who.skills >> job.skill & 1) == 0) return ReviewObstacle::kSkill;
  if (!who.active || (job.services & ~who.services) != 0) return ReviewObstacle::kInactive;
  if (job.office != kAnyOffice && job.office != who.office) return ReviewObstacle::kDistrict;
  if (who.districts != 0 && (who.districts >> job.district & 1) == 0) {
    return ReviewObstacle::kDistrict;
  }
  if (std::ranges::find(job.excluded, person) != job.excluded.end()) {
    return ReviewObstacle::kExcluded;
  }
  for (std::size_t day = 0; day < who.day_minutes.size(); ++day) {
    if (who.day_minutes[day] > 0 && problem.city_minutes[day] > 0) return ReviewObstacle::kNone;
  }
  return ReviewObstacle::kNoCapacity;
}

ReviewObstacle review_obstacle_of_all(const ReviewProblem& problem, const ReviewJob& job) {
  ReviewObstacle furthest = ReviewObstacle::kSkill;
  for (std::uint32_t person = 0; person < problem.people.size(); ++person) {
    const ReviewObstacle obstacle = review_obstacle(problem, person, job);
    if (obstacle == ReviewObstacle::kNone) return ReviewObstacle::kNone;
    furthest = std::max(furthest, obstacle);
  }
  return furthest;
}

PersonClock::PersonClock(const ReviewProblem& problem, const ReviewPerson& person)
    : done_{0},
      start_{0},
      usual_effort_(person.usual_minutes),
      usual_city_(problem.usual_city_minutes) {
  for (std::size_t day = 0; day < problem.city_minutes.size(); ++day) {
    // On a day without city hours nobody works, whatever a person's figure says.
    const std::int64_t city = problem.city_minutes[day];
    done_.push_back(done_.back() + (city == 0 ? 0 : person.day_minutes[day]));
    start_.push_back(start_.back() + city);
  }
}

std::int64_t PersonClock::moment(std::int64_t effort) const {
  if (effort <= 0) return 0;
  if (effort > done_.back()) {
    if (usual_effort_ == 0) return kNeverMinutes;
    return start_.back() + divide_up((effort - done_.back()) * usual_city_, usual_effort_);
  }
  std::size_t day = 0;
  while (done_[day + 1] < effort) ++day;
  const std::int64_t city = start_[day + 1] - start_[day];
  return start_[day] + divide_up((effort - done_[day]) * city, done_[day + 1] - done_[day]);
}

std::int64_t PersonClock::effort_by(std::int64_t moment) const {
  if (moment <= 0) return 0;
  if (moment > start_.back()) {
    return done_.back() + divide_up((moment - start_.back()) * usual_effort_, usual_city_);
  }
  std::size_t day = 0;
  while (start_[day + 1] < moment) ++day;
  const std::int64_t effort = done_[day + 1] - done_[day];
  return done_[day] + divide_up((moment - start_[day]) * effort, start_[day + 1] - start_[day]);
}

}  // namespace permitd::planner
