// The desks of the city: who may review, file or confirm what, with how much time, by when. Plain
// values of one frozen moment, read by any thread; the caller's numbers stand beside the indices
// that the planner counts in.
//
// Time is city working minutes from now: 0 is now, the calendar's first day is what is left of
// today. Effort is the minutes of one person; a person whose day holds less effort than the city's
// has hours works evenly through it. Behind the last day of the calendar every day is a usual one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace permitd::planner {

/// Ways in which people differ beyond their pace: a beginner's plan review is not a slower letter.
inline constexpr std::size_t kPaceClassCount = 4;
inline constexpr std::uint32_t kNoPerson = UINT32_MAX;
inline constexpr std::uint32_t kAnyOffice = UINT32_MAX;
inline constexpr std::int64_t kNeverMinutes = std::numeric_limits<std::int64_t>::max() / 4;

struct ReviewPerson {
  std::uint32_t number = 0;     // the caller's
  std::uint32_t skills = 0;     // bit per skill
  std::uint32_t districts = 0;  // bit per district; 0 = all
  std::uint32_t office = 0;
  std::uint64_t services = ~std::uint64_t{0};  // bit per service that the office may work on
  bool active = true;                          // false: office suspended, certificate lapsed
  std::uint8_t pace_class = 0;                 // < kPaceClassCount
  std::uint16_t pace_permille = 1000;          // effort is multiplied by this, 1 … 10,000
  std::vector<std::int32_t> day_minutes;       // effort per day of the calendar; 0 = absent
  std::int32_t usual_minutes = 0;              // effort per day behind it
  std::int32_t held_minutes = 0;      // work in hand that is not among the jobs; done first
  std::int64_t history_minutes = 0;   // effort over the fairness window …
  std::int64_t history_capacity = 0;  // … out of so much
};

struct ReviewJob {
  std::uint64_t number = 0;  // the caller's
  std::uint8_t skill = 0;
  std::uint8_t district = 0;
  std::uint8_t priority = 0;          // lower is done first, whatever its deadline
  bool started = false;               // stays with `current`, before everything not started
  bool keeps_person = false;          // stays with `current` as long as that person may have it
  std::uint64_t services = 0;         // bits that a person needs, all of them
  std::uint32_t office = kAnyOffice;  // whose people alone may have it
  std::array<std::int32_t, kPaceClassCount> effort{};  // minutes by pace class; 0 = as class 0
  std::int64_t release = 0;                            // not begun earlier
  std::int64_t due = 0;                                // negative: late already
  std::int32_t weight_permille = 1000;                 // of a minute of lateness
  std::uint32_t current = kNoPerson;                   // index of who has or was to have it
  std::vector<std::uint32_t> excluded;  // indices of persons: four eyes, conflict of interest
};

/// What a plan costs, in minutes that weigh alike. `late` per minute behind a deadline; `uneven` on
/// the squared distance of every load from the floor, times capacity; `peak` on the distance of the
/// greatest load from the floor, times the capacity of all; `move` per job that changes hands. The
/// floor is the mean load if the quickest who may did every job: nobody can be asked for less.
struct ReviewWeights {
  double late = 1.0;
  double uneven = 1.0;
  double peak = 0.2;
  double move = 20.0;
};

struct ReviewProblem {
  std::vector<std::int32_t> city_minutes;  // working minutes per day ahead, the first is today
  std::int32_t usual_city_minutes = 420;   // of a day behind the calendar
  std::vector<ReviewPerson> people;
  std::vector<ReviewJob> jobs;
  ReviewWeights weights;
};

/// Says what makes a problem meaningless: the first field out of its range, in a sentence.
std::optional<std::string> review_problem_fault(const ReviewProblem& problem);

/// Minutes of effort the job takes this person, at least 1.
std::int32_t review_effort(const ReviewPerson& person, const ReviewJob& job);

/// Why somebody, or everybody, cannot take a job: the filters in the order they are applied.
enum class ReviewObstacle : std::uint8_t {
  kNone,
  kSkill,
  kInactive,  // nor is the service active at the person's office
  kDistrict,  // or another office's
  kExcluded,
  kNoCapacity,  // absent through the whole calendar
};
ReviewObstacle review_obstacle(const ReviewProblem& problem, std::uint32_t person,
                               const ReviewJob& job);
/// The first true cause that leaves nobody for the job: the filter that the last candidates fell
/// at. kNone when somebody may take it.
ReviewObstacle review_obstacle_of_all(const ReviewProblem& problem, const ReviewJob& job);

/// Effort of one person laid out over the city's working time. O(days) to make.
class PersonClock {
 public:
  PersonClock(const ReviewProblem& problem, const ReviewPerson& person);

  /// When so much effort has been put in since now; kNeverMinutes when it never is.
  std::int64_t moment(std::int64_t effort) const;
  /// Effort that could have been put in by `moment`; the inverse, rounded up.
  std::int64_t effort_by(std::int64_t moment) const;
  /// Effort within the calendar.
  std::int64_t capacity() const { return done_.back(); }

 private:
  std::vector<std::int64_t> done_;   // [days + 1] effort before each day
  std::vector<std::int64_t> start_;  // [days + 1] city minutes before each day
  std::int64_t usual_effort_;
  std::int64_t usual_city_;
};

}  // namespace permitd::planner
