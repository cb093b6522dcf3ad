// When open cases will be done and what will wait where: the forecaster is asked in its own terms,
// and what is asked "what if" is played with the same luck. Pure and on one thread: a snapshot in,
// a forecast out. The same snapshot, question and seed give the same forecast.
//
// What the terms leave out, besides the limits in planner/forecast.h: the reach of confirmations to
// one office, and which services an office has activated. Jobs in hand count with their whole
// effort. What waits for an answer, or for whoever holds it, comes back after `answer_minutes`.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "daemon/city_snapshot.h"
#include "planner/forecast.h"

namespace permitd::daemon {

struct CloseDate {
  std::int32_t date = 0;
};
/// What-if changes in the city's terms; districts and skills as in the core.
using CityChange =
    std::variant<planner::AddPeople, planner::CloseOffice, CloseDate, planner::ScaleArrivals>;

struct ForecastQuestion {
  std::uint32_t runs = 50;
  std::uint64_t seed = 1;
  scheduler::CaseId case_id{};  // 0: none in particular
  std::vector<CityChange> changes;
  std::uint32_t use_permille = 850;  // of the certified capacity that is worked
  std::uint32_t spread_permille =
      300;  // of efforts around their estimates, where few were finished
  std::uint32_t answer_minutes = 2'100;
};

struct CityForecast {
  scheduler::Refusal refusal = scheduler::Refusal::kNone;  // of the question, as the snapshot knows
  scheduler::Field field = scheduler::Field::kNone;
  scheduler::Op op{};
  scheduler::Tick now;
  std::vector<std::int32_t> dates;
  std::uint32_t open_cases = 0;
  std::uint32_t people = 0;
  std::uint32_t finished_jobs = 0;  // that the spread of efforts was learned from
  double arrivals_per_day = 0;
  std::optional<std::size_t> asked;  // row of the case asked for in `cases` of the forecasts
  bool is_paused = false;            // that case
  planner::Forecast plain;
  std::optional<planner::Forecast> changed;
  std::uint32_t left_out = 0;
};

/// The forecaster's problem of a snapshot, by `cases` of the snapshot. Pre: it has a day.
planner::ForecastProblem make_forecast_problem(const CitySnapshot& snapshot,
                                               const ForecastQuestion& question);

/// Looks at `stop` between runs. Throws std::logic_error on a snapshot that makes no sense.
CityForecast forecast_city(const CitySnapshot& snapshot, const ForecastQuestion& question,
                           const std::stop_token& stop);

}  // namespace permitd::daemon
