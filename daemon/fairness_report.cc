#include "daemon/fairness_report.h"

#include <algorithm>
#include <cmath>

#include "daemon/person_day.h"

namespace permitd::daemon {

namespace {

constexpr double kPpm = 1e6;

std::uint32_t ppm(double share) { return static_cast<std::uint32_t>(std::lround(share * kPpm)); }

std::uint32_t share_ppm(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : ppm(static_cast<double>(part) / static_cast<double>(whole));
}

bool holds_certificate(const scheduler::ExpertView& expert, scheduler::Tick now) {
  for (std::size_t skill = 0; skill < scheduler::kSkillCount; ++skill) {
    if (expert.certified_from[skill] <= now && now < expert.certified_until[skill]) return true;
  }
  return false;
}

/// Effort per unit of capacity: what they were given and did not give back. What is in hand counts
/// already, other than with offices, which count what is finished.
std::vector<double> loads_of_people(const CitySnapshot& snapshot) {
  const CityPeople people(snapshot);
  std::vector<double> loads;
  for (const scheduler::ExpertView& expert : snapshot.experts) {
    const scheduler::OfficeView* office = people.office(expert.office);
    const bool counts = expert.state == scheduler::ExpertState::kCertified && office != nullptr &&
                        office->state == scheduler::OfficeState::kActive &&
                        expert.units_per_day != 0 && holds_certificate(expert, snapshot.now);
    if (counts) loads.push_back(expert.window_minutes / static_cast<double>(expert.units_per_day));
  }
  return loads;
}

}  // namespace

double jain_index(const std::vector<double>& values) {
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  return squares == 0 ? 1 : sum * sum / (static_cast<double>(values.size()) * squares);
}

double gini_index(std::vector<double> values) {
  std::ranges::sort(values);
  double sum = 0;
  double ranked = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    ranked += static_cast<double>(i + 1) * values[i];
  }
  const auto count = static_cast<double>(values.size());
  return sum == 0 ? 0 : 2 * ranked / (count * sum) - (count + 1) / count;
}

FairnessReport report_fairness(const CitySnapshot& snapshot) {
  FairnessReport report;
  for (const scheduler::OfficeView& office : snapshot.offices) {
    if (office.capacity_units_per_day == 0 && office.window_minutes == 0) continue;
    report.offices.push_back({office});
    report.work_minutes += office.window_minutes;
    report.capacity_units += office.capacity_units_per_day;
  }
  std::vector<double> loads;
  for (OfficeShare& share : report.offices) {
    const scheduler::OfficeView& office = share.office;
    share.capacity_ppm = share_ppm(office.capacity_units_per_day, report.capacity_units);
    share.work_ppm = share_ppm(office.window_minutes, report.work_minutes);
    if (office.capacity_units_per_day != 0)
      loads.push_back(static_cast<double>(office.window_minutes) / office.capacity_units_per_day);
  }
  const std::vector<double> people = loads_of_people(snapshot);
  report.experts = static_cast<std::uint32_t>(people.size());
  report.jain_offices_ppm = ppm(jain_index(loads));
  report.jain_experts_ppm = ppm(jain_index(people));
  report.gini_offices_ppm = ppm(gini_index(loads));
  return report;
}

}  // namespace permitd::daemon
