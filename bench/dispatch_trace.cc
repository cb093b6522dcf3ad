#include "bench/dispatch_trace.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "cli/city_file.h"
#include "cli/records.h"
#include "cli/replay_filings.h"
#include "tests/support/seeded.h"

namespace permitd::bench {

namespace {

using scheduler::Point;
using tests::Chance;

constexpr std::int32_t kVisitTravelMinutes =
    37;  // as if nobody chose by distance; for the staff only

// Which of kTraceStages a service of the sample catalogue has, by its number.
constexpr std::array<std::uint8_t, 13> kStagesOfService{0,      0b1111, 0b1111, 0b1111, 0b1101,
                                                        0b0101, 0b0111, 0b1111, 0b0111, 0b0111,
                                                        0b0111, 0b1111, 0b0101};

std::uint32_t office_of(const DispatchTrace& trace, std::uint32_t district, Chance& chance) {
  std::vector<std::uint32_t> near;
  for (std::uint32_t i = 0; i < trace.offices.size(); ++i) {
    if (trace.offices[i].district == district) near.push_back(i);
  }
  if (!near.empty() && chance.chance(600)) return near[chance.below(near.size())];
  return static_cast<std::uint32_t>(chance.below(trace.offices.size()));
}

// A parcel some way from an office of its district.
Point parcel_of(const DispatchTrace& trace, std::uint32_t district, Chance& chance) {
  Point point = trace.offices[district % trace.offices.size()].point;
  for (const TraceOffice& office : trace.offices) {
    if (office.district == district) point = office.point;
  }
  point.lat_e6 += chance.between(-20'000, 20'000);
  point.lon_e6 += chance.between(-20'000, 20'000);
  return point;
}

// Days without weekends: what was issued on one comes on the next working morning.
std::int64_t arrival_of(const cli::SourceRecord& record, std::int32_t first_day, Chance& chance) {
  const std::int32_t weekday = ((record.day + 3) % 7 + 7) % 7;  // 0 = Monday
  const std::int32_t first_weekday = ((first_day + 3) % 7 + 7) % 7;
  const std::int32_t days = record.day - first_day + std::min(first_weekday, 5);
  const std::int64_t working = days / 7 * 5 + std::min(days % 7, 5);
  const std::int64_t day = working - std::min(first_weekday, 5);
  if (weekday >= 5) return std::max<std::int64_t>(day, 0) * kTraceDayMinutes;
  return day * kTraceDayMinutes + cli::arrival_minute(chance.next(), kTraceDayMinutes);
}

void add_case(DispatchTrace& trace, const cli::SourceRecord& record, std::int32_t first_day,
              std::uint64_t seed) {
  Chance chance(cli::record_hash(record.id) + seed);
  TraceCase made;
  made.arrival = arrival_of(record, first_day, chance);
  made.district = record.district;
  made.office = office_of(trace, record.district, chance);
  made.point = parcel_of(trace, record.district, chance);
  made.municipal = raw(record.organisation) == 1 && !chance.chance(50);
  const std::size_t service = raw(record.service);
  made.stages = kStagesOfService[service < kStagesOfService.size() ? service : 1];
  trace.cases.push_back(made);
}

void add_jobs(DispatchTrace& trace, std::uint64_t seed) {
  Chance chance(seed);
  for (std::uint32_t index = 0; index < trace.cases.size(); ++index) {
    TraceCase& one = trace.cases[index];
    one.first_job = static_cast<std::uint32_t>(trace.jobs.size());
    for (std::uint8_t stage = 0; stage < kTraceStages.size(); ++stage) {
      if ((one.stages >> stage & 1) == 0) continue;
      // The mean of two dice: 0.5 to 1.5 of the estimate.
      const std::int32_t permille = (chance.between(500, 1500) + chance.between(500, 1500)) / 2;
      trace.jobs.push_back({.case_index = index,
                            .stage = stage,
                            .duration = std::max(1, kTraceStages[stage].effort * permille / 1000)});
    }
    trace.jobs.back().last = true;
  }
}

void add_people(DispatchTrace& trace, std::int32_t load_permille) {
  std::array<std::int64_t, kTraceTradeCount> work{};
  for (const TraceJob& job : trace.jobs) {
    const auto trade = static_cast<std::size_t>(kTraceStages[job.stage].trade);
    work[trade] += job.duration;
    if (kTraceStages[job.stage].trade == TraceTrade::kInspector) work[trade] += kVisitTravelMinutes;
  }
  const double time = static_cast<double>(trace.days * kTraceDayMinutes);
  for (std::size_t trade = 0; trade < kTraceTradeCount; ++trade) {
    const double wanted = static_cast<double>(work[trade]) * 1000 / load_permille / time;
    const auto count = static_cast<std::uint32_t>(std::max(1.0, std::round(wanted)));
    trace.load[trade] = static_cast<double>(work[trade]) / (time * count);
    for (std::uint32_t i = 0; i < count; ++i) {
      // Spread over the offices, however few they are.
      const std::size_t office = i * trace.offices.size() / count;
      trace.people.push_back(
          {TraceTrade{static_cast<std::uint8_t>(trade)}, static_cast<std::uint32_t>(office)});
    }
  }
}

// The open days of the city from the first record on: as many as there are cases for, and as many
// again for what is left then.
bool add_calendar(DispatchTrace& trace, const cli::City& city, std::int32_t first_day) {
  if (!city.calendar) return false;
  trace.first_date = std::max(first_day, city.calendar->first_day);
  for (std::int32_t date = trace.first_date; std::ssize(trace.mornings) < 2 * trace.days + 60;
       ++date) {
    const auto at = static_cast<std::size_t>(date - city.calendar->first_day);
    if (at >= city.calendar->days.size()) return false;
    const scheduler::CalendarDay& day = city.calendar->days[at];
    trace.calendar.push_back(day);
    if (day.length_minutes == 0) continue;
    if (day.length_minutes != kTraceDayMinutes) return false;
    trace.mornings.push_back(day.open_minute);
  }
  return true;
}

}  // namespace

std::int32_t trace_travel_minutes(Point from, Point to) {
  constexpr double kKilometresPerMicrodegree = 111.2e-6;
  constexpr double kRoad = 1.3;
  constexpr double kMinutesPerKilometre = 60.0 / 25;
  const double middle = (from.lat_e6 + to.lat_e6) / 2e6 * std::numbers::pi / 180;
  const double north = (to.lat_e6 - from.lat_e6) * kKilometresPerMicrodegree;
  const double east = (to.lon_e6 - from.lon_e6) * kKilometresPerMicrodegree * std::cos(middle);
  return static_cast<std::int32_t>(
      std::lround(std::hypot(north, east) * kRoad * kMinutesPerKilometre));
}

std::expected<DispatchTrace, std::string> make_dispatch_trace(const TraceOptions& options) {
  const auto city = cli::read_city_file(options.city);
  if (!city) return std::unexpected("the city file " + options.city + " cannot be read");
  const auto file = cli::read_records(options.records);
  if (!file) return std::unexpected(file.error());
  if (city->offices.empty() || file->records.empty()) return std::unexpected("nothing to play");
  DispatchTrace trace;
  for (const auto& office : city->offices) trace.offices.push_back({office.point, office.district});
  const std::size_t count = std::min(options.cases_max, file->records.size());
  for (std::size_t i = 0; i < count; ++i) {
    add_case(trace, file->records[i], file->records[0].day, options.seed);
  }
  for (TraceCase& one : trace.cases) one.municipal |= options.one_class;
  std::ranges::stable_sort(trace.cases, {}, &TraceCase::arrival);
  trace.days = trace.cases.back().arrival / kTraceDayMinutes + 1;
  add_jobs(trace, options.seed);
  add_people(trace, options.load_permille);
  if (!add_calendar(trace, *city, file->records[0].day))
    return std::unexpected(
        "the calendar of the city ends before the trace, or a day of it has "
        "other than 420 minutes");
  trace.seed = options.seed;
  trace.last_call = options.last_call;
  trace.policy = city->policy.value_or(scheduler::SetPolicy{});
  return trace;
}

}  // namespace permitd::bench
