#include "daemon/city_forecast.h"

#include <algorithm>
#include <stdexcept>

namespace permitd::daemon {

using scheduler::CaseState;
using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

namespace {

bool waits_for_answer(CaseState state) {
  return state == CaseState::kAwaitingApplicant || state == CaseState::kAwaitingAgency ||
         state == CaseState::kHeld || state == CaseState::kReferred;
}

void refuse(CityForecast& out, Refusal refusal, Field field) {
  out.refusal = refusal;
  out.field = field;
}

void find_asked(const CitySnapshot& snapshot, const ForecastQuestion& question, CityForecast& out) {
  if (raw(question.case_id) == 0) return;
  const auto found = std::ranges::find(snapshot.cases, question.case_id, &SnapshotCase::case_id);
  if (found == snapshot.cases.end()) return refuse(out, Refusal::kUnknownCase, Field::kCase);
  out.asked = static_cast<std::size_t>(found - snapshot.cases.begin());
  out.is_paused = waits_for_answer(found->state);
}

/// From the city's terms into the forecaster's; refuses what the city does not have.
struct Translate {
  const CitySnapshot& snapshot;
  CityForecast& out;

  planner::ForecastChange operator()(const planner::AddPeople& add) const { return add; }
  planner::ForecastChange operator()(const planner::ScaleArrivals& scale) const { return scale; }
  planner::ForecastChange operator()(const planner::CloseOffice& close) const {
    const auto known = std::ranges::any_of(
        snapshot.offices, [&](const auto& office) { return raw(office.office) == close.office; });
    if (!known) refuse(out, Refusal::kUnknownOffice, Field::kOffice);
    return close;
  }
  planner::ForecastChange operator()(const CloseDate& close) const {
    const auto found = std::ranges::find(snapshot.days, close.date, &CityDay::date);
    if (found == snapshot.days.end()) refuse(out, Refusal::kOutOfRange, Field::kDay);
    return planner::CloseDay{static_cast<std::uint32_t>(found - snapshot.days.begin())};
  }
};

double arrivals_of(const planner::ForecastProblem& problem) {
  double sum = 0;
  for (const planner::ForecastService& service : problem.services)
    for (const double rate : service.arrivals) sum += rate;
  return sum;
}

}  // namespace

CityForecast forecast_city(const CitySnapshot& snapshot, const ForecastQuestion& question,
                           const std::stop_token& stop) {
  CityForecast out;
  out.op = snapshot.op;
  out.now = snapshot.now;
  out.left_out = snapshot.left_out;
  out.finished_jobs = static_cast<std::uint32_t>(snapshot.finished.size());
  out.open_cases = static_cast<std::uint32_t>(snapshot.cases.size());
  for (const CityDay& day : snapshot.days) out.dates.push_back(day.date);
  if (snapshot.days.empty()) refuse(out, Refusal::kOutsideCalendar, Field::kDay);
  find_asked(snapshot, question, out);
  std::vector<planner::ForecastChange> changes;
  for (const CityChange& change : question.changes)
    changes.push_back(std::visit(Translate{snapshot, out}, change));
  if (out.refusal != Refusal::kNone) return out;
  planner::ForecastProblem problem = make_forecast_problem(snapshot, question);
  if (const auto fault = planner::forecast_fault(problem))
    throw std::logic_error("no problem for the forecaster: " + *fault);
  out.people = static_cast<std::uint32_t>(problem.people.size());
  out.arrivals_per_day = arrivals_of(problem);
  const planner::ForecastSettings settings{question.seed, question.runs, stop};
  out.plain = planner::forecast(problem, settings);
  if (!changes.empty())
    out.changed = planner::forecast(planner::with_changes(std::move(problem), changes), settings);
  return out;
}

}  // namespace permitd::daemon
