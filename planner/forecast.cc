#include "planner/forecast.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "planner/forecast_run.h"

namespace permitd::planner {

namespace {

template <class Value>
Value quantile(std::vector<Value>& values, std::uint32_t permille) {
  const std::size_t rank = (values.size() * permille + 999) / 1000;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::ranges::nth_element(values, at);
  return *at;
}

ForecastSpread spread_of(std::vector<std::uint32_t>& values) {
  return {quantile(values, 100), quantile(values, 500), quantile(values, 900)};
}

// One figure of every run.
template <class Get>
ForecastSpread spread_over(const std::vector<ForecastRun::Days>& runs, const Get& get) {
  std::vector<std::uint32_t> values;
  for (const ForecastRun::Days& days : runs) values.push_back(get(days));
  return spread_of(values);
}

std::uint32_t sum(const std::array<std::uint32_t, kForecastDistrictsMax>& districts) {
  return std::accumulate(districts.begin(), districts.end(), 0U);
}

std::vector<ForecastBacklog> backlog_of_day(const std::vector<ForecastRun::Days>& runs,
                                            std::uint32_t day) {
  std::vector<ForecastBacklog> stages(kForecastStagesMax);
  for (std::uint32_t stage = 0; stage < kForecastStagesMax; ++stage) {
    stages[stage].jobs = spread_over(runs, [&](auto& d) { return sum(d[day].jobs[stage]); });
    stages[stage].minutes = spread_over(runs, [&](auto& d) { return sum(d[day].minutes[stage]); });
  }
  return stages;
}

bool is_empty_cell(const std::vector<ForecastRun::Days>& runs, std::uint32_t stage,
                   std::uint32_t district) {
  return std::ranges::all_of(runs, [&](const ForecastRun::Days& days) {
    return std::ranges::all_of(
        days, [&](const ForecastRun::Day& day) { return day.jobs[stage][district] == 0; });
  });
}

void add_cell(const std::vector<ForecastRun::Days>& runs, std::uint32_t stage,
              std::uint32_t district, std::vector<ForecastCell>& cells) {
  if (is_empty_cell(runs, stage, district)) return;
  ForecastCell& cell = cells.emplace_back();
  cell.stage = static_cast<std::uint8_t>(stage);
  cell.district = static_cast<std::uint8_t>(district);
  for (std::size_t day = 0; day < runs.front().size(); ++day) {
    cell.days.push_back(
        {spread_over(runs, [&](auto& d) { return d[day].jobs[stage][district]; }),
         spread_over(runs, [&](auto& d) { return d[day].minutes[stage][district]; })});
  }
}

const char* service_fault(const ForecastService& service, std::size_t efforts_count) {
  if (service.steps.empty() || service.steps.size() > 255) return "has no steps, or too many";
  for (const ForecastStep& step : service.steps) {
    if (step.stage >= kForecastStagesMax) return "has an unknown stage";
    if (step.skill != ForecastStep::kNoSkill && step.skill >= 32)
      return "asks for an unknown skill";
    if (step.skill != ForecastStep::kNoSkill && step.effort_minutes == 0) return "takes no effort";
    if (step.efforts != ForecastStep::kOfStage && step.efforts >= efforts_count)
      return "has unknown efforts";
  }
  if (!service.arrivals.empty() && service.districts.empty()) return "arrives from nowhere";
  if (std::ranges::any_of(service.districts, [](auto d) { return d >= kForecastDistrictsMax; }))
    return "arrives from an unknown district";
  if (service.priority >= kForecastClassesMax) return "is of an unknown class";
  return nullptr;
}

}  // namespace

std::optional<std::string> forecast_fault(const ForecastProblem& problem) {
  if (problem.days < 1 || problem.days > 60) return "the days ahead are not 1 to 60";
  if (problem.day_minutes < kForecastSlotsPerDay) return "the working day is too short";
  if (problem.other_share_percent > 100) return "the share of the last class is above 100 percent";
  if (std::ranges::any_of(problem.efforts, [](const auto& shares) { return shares.empty(); }))
    return "a step turns out in no way";
  if (problem.week_days < 1) return "the week has no working day";
  for (std::size_t i = 0; i < problem.services.size(); ++i) {
    const ForecastService& service = problem.services[i];
    const char* fault = service_fault(service, problem.efforts.size());
    if (!service.arrivals.empty() && service.arrivals.size() != problem.week_days) {
      fault = "has not one figure of arrivals for each day of the week";
    }
    if (fault != nullptr) return "service " + std::to_string(i) + " " + fault;
  }
  for (const ForecastCase& one : problem.cases) {
    if (one.service >= problem.services.size() ||
        one.step >= problem.services[one.service].steps.size() ||
        one.priority >= kForecastClassesMax || one.district >= 32) {
      return "case " + std::to_string(one.number) + " is of no known service, step, class or place";
    }
  }
  for (const ForecastPerson& person : problem.people) {
    if (person.day_minutes.size() != problem.days)
      return "a person has not one figure for each day";
  }
  return std::nullopt;
}

Forecast forecast(const ForecastProblem& problem, const ForecastSettings& settings) {
  const ForecastCity city(problem);
  ForecastRun run(city, settings.seed);
  std::vector<ForecastRun::Days> runs;
  std::vector<std::uint16_t> done(problem.cases.size() * settings.runs);  // [case][run]
  for (std::uint32_t r = 0; r < settings.runs; ++r) {
    if (settings.stop.stop_requested()) return {};
    runs.push_back(run.play(r));
    for (std::size_t i = 0; i < problem.cases.size(); ++i) {
      done[i * settings.runs + r] = run.completions()[i];
    }
  }
  Forecast out;
  std::vector<std::uint16_t> days(settings.runs);
  for (std::size_t i = 0; i < problem.cases.size(); ++i) {
    std::copy_n(done.begin() + static_cast<std::ptrdiff_t>(i * settings.runs), settings.runs,
                days.begin());
    out.cases.push_back({quantile(days, 500), quantile(days, 900)});
  }
  for (std::uint32_t day = 0; day < problem.days; ++day) {
    out.backlog.push_back(backlog_of_day(runs, day));
    out.work_minutes.push_back(spread_over(runs, [&](auto& d) { return d[day].work_minutes; }));
    out.cases_done.push_back(spread_over(runs, [&](auto& d) { return d[day].cases_done; }));
    out.capacity_minutes.push_back(city.day_capacity(day));
  }
  for (std::uint32_t stage = 0; stage < kForecastStagesMax; ++stage) {
    for (std::uint32_t district = 0; district < kForecastDistrictsMax; ++district)
      add_cell(runs, stage, district, out.cells);
  }
  return out;
}

namespace {

struct Change {
  ForecastProblem& problem;

  void operator()(const AddPeople& add) const {
    ForecastPerson person{.skills = add.skills, .districts = add.districts};
    for (std::uint32_t day = 0; day < problem.days; ++day) {
      // The new ones work as long as whoever works longest.
      std::uint16_t longest = 0;
      for (const ForecastPerson& other : problem.people)
        longest = std::max(longest, other.day_minutes[day]);
      if (problem.people.empty()) longest = static_cast<std::uint16_t>(problem.day_minutes);
      person.day_minutes.push_back(longest);
    }
    problem.people.insert(problem.people.end(), add.count, person);
  }
  void operator()(const CloseOffice& close) const {
    for (ForecastPerson& person : problem.people) {
      if (person.office == close.office) std::ranges::fill(person.day_minutes, std::uint16_t{0});
    }
  }
  void operator()(const CloseDay& close) const {
    if (close.day >= problem.days) return;
    for (ForecastPerson& person : problem.people) person.day_minutes[close.day] = 0;
  }
  void operator()(const ScaleArrivals& scale) const {
    for (ForecastService& service : problem.services) {
      for (double& rate : service.arrivals) rate *= scale.permille / 1000.0;
    }
  }
};

}  // namespace

ForecastProblem with_changes(ForecastProblem problem, std::span<const ForecastChange> changes) {
  for (const ForecastChange& change : changes) std::visit(Change{problem}, change);
  return problem;
}

}  // namespace permitd::planner
