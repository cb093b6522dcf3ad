// When open cases will be done and what will be waiting: a simulation of the working days ahead,
// played several times over with different luck. Any thread; no shared state; the same snapshot and
// seed give the same forecast.
//
// Method: time goes in slots, a quarter of a working day. People of the same skills and reach are
// one pool of minutes per slot. In a slot, jobs begin in the order of class, then deadline, while a
// pool that may take them has minutes left; the pool with the fewest skills goes first. A job that
// began is done after its effort, so a long one spans slots; the last job begun may overdraw a
// slot, which the next one pays back. With a share for the last class its first job goes before one
// of the middle class wherever that leaves the pool's day within the share. What follows a job is
// ready in the slot behind its end. Chance enters as the effort of a job against its estimate, as
// returned work, and as arrivals; it is a function of seed, run, case and step, so two forecasts
// that differ in one thing share the rest of their luck.
//
// Limits: no leases, conflicts of interest, appointments or travel beyond what the efforts hold; no
// person works two districts' worth of reach better than another of the pool; municipal first holds
// per pool, and a job whose pools are all spent does not hold back others. Estimates, not promises.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace permitd::planner {

inline constexpr std::uint32_t kForecastStagesMax = 8;
inline constexpr std::uint32_t kForecastClassesMax = 3;
inline constexpr std::uint32_t kForecastDistrictsMax = 32;
inline constexpr std::uint32_t kForecastSlotsPerDay = 4;

/// One step of a chain: work for a person, or, without a skill, time that passes.
struct ForecastStep {
  static constexpr std::uint8_t kNoSkill = 255;
  static constexpr std::uint16_t kOfStage = UINT16_MAX;
  std::uint8_t stage = 0;            // < kForecastStagesMax
  std::uint8_t skill = kNoSkill;     // < 32
  std::uint16_t effort_minutes = 0;  // of work; 0 with kNoSkill
  std::uint16_t wait_minutes = 0;    // before it is ready, working time: decision, agency
  std::uint16_t term_minutes = 420;  // its deadline, from when it is ready
  std::uint16_t efforts = kOfStage;  // into ForecastProblem::efforts; else as the stage's history
};

/// How a stage turns out, from what it did before.
struct ForecastHistory {
  std::vector<std::uint16_t> effort_permille;  // equally likely shares of the estimate; none: 1000
  std::uint16_t rework_permille = 0;           // of finished work is returned and done again
  std::uint16_t rework_wait_minutes = 0;
};

struct ForecastService {
  std::vector<ForecastStep> steps;
  std::vector<double> arrivals;         // cases per working day, by day of the working week
  std::vector<std::uint8_t> districts;  // of arrivals, equally likely
  std::uint8_t priority = 1;
};

struct ForecastCase {
  std::uint64_t number = 0;   // the caller's
  std::uint16_t service = 0;  // index
  std::uint8_t step = 0;      // the current one
  std::uint8_t district = 0;
  std::uint8_t priority = 1;            // < kForecastClassesMax
  std::int32_t ready_in_minutes = 0;    // working time until the step is ready; paused ones wait
  std::int32_t due_in_minutes = 420;    // of a step that is ready now; negative: late
  std::uint16_t remaining_minutes = 0;  // effort left of a job under way; 0 = not begun
};

struct ForecastPerson {
  std::uint32_t skills = 0;
  std::uint32_t districts = 0;  // 0 = all
  std::uint32_t office = 0;
  std::vector<std::uint16_t> day_minutes;  // per working day ahead
  std::uint16_t given_minutes = 0;         // today, before now
  std::uint16_t given_other_minutes = 0;   // of those, of the last class
};

struct ForecastProblem {
  std::uint32_t days = 10;               // working days ahead, 1 … 60
  std::uint32_t day_minutes = 420;       // of working time
  std::uint32_t week_days = 5;           // working days of a week
  std::uint32_t first_weekday = 0;       // of the first day ahead
  std::vector<ForecastHistory> history;  // by stage; missing ones are all estimate, no rework
  std::vector<std::vector<std::uint16_t>> efforts;  // as effort_permille, of single steps
  std::uint32_t other_share_percent = 0;  // of a day's effort the last class may have before others
  std::vector<ForecastService> services;
  std::vector<ForecastCase> cases;
  std::vector<ForecastPerson> people;
};

struct ForecastSettings {
  std::uint64_t seed = 1;
  std::uint32_t runs = 50;
  std::stop_token stop;  // looked at between runs; what comes of a stopped forecast is of no use
};

/// Working days from now until a case is done: 1 is today. `beyond` = not within the days ahead.
struct ForecastCompletion {
  static constexpr std::uint16_t kBeyond = UINT16_MAX;
  std::uint16_t p50 = kBeyond;
  std::uint16_t p90 = kBeyond;
};

struct ForecastSpread {
  std::uint32_t p10 = 0;
  std::uint32_t p50 = 0;
  std::uint32_t p90 = 0;
};
struct ForecastBacklog {
  ForecastSpread jobs;     // ready and not begun at the end of the day
  ForecastSpread minutes;  // their estimated effort
};

/// The backlog of one stage in one district.
struct ForecastCell {
  std::uint8_t stage = 0;
  std::uint8_t district = 0;
  std::vector<ForecastBacklog> days;  // [day]
};

struct Forecast {
  std::vector<ForecastCompletion> cases;              // as given
  std::vector<std::vector<ForecastBacklog>> backlog;  // [day][stage]
  std::vector<ForecastCell> cells;  // where work waits at the end of any day; by stage, district
  std::vector<ForecastSpread> work_minutes;     // [day] effort begun
  std::vector<std::uint32_t> capacity_minutes;  // [day] of everybody
  std::vector<ForecastSpread> cases_done;       // [day] cases that came to their end
};

/// What makes a problem meaningless, in a sentence.
std::optional<std::string> forecast_fault(const ForecastProblem& problem);
/// Pre: forecast_fault(problem) finds nothing; runs ≥ 1.
Forecast forecast(const ForecastProblem& problem, const ForecastSettings& settings);

// What if: each gives a changed copy of the question.
struct AddPeople {
  std::uint32_t count = 1;
  std::uint32_t skills = 0;
  std::uint32_t districts = 0;  // 0 = all
};
struct CloseOffice {
  std::uint32_t office = 0;
};
struct CloseDay {
  std::uint32_t day = 0;  // 0 = today
};
struct ScaleArrivals {
  std::uint32_t permille = 1000;
};
using ForecastChange = std::variant<AddPeople, CloseOffice, CloseDay, ScaleArrivals>;

/// A day that is closed stays in the count of days, without people and arrivals.
ForecastProblem with_changes(ForecastProblem problem, std::span<const ForecastChange> changes);

}  // namespace permitd::planner
