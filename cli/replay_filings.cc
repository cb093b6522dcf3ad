#include "cli/replay_filings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "cli/office_client.h"

namespace permitd::cli {
namespace {

using scheduler::District;
using scheduler::PersonId;
using scheduler::Tick;

// Permits issued by hour, 8 to 17, of the 363 in permits-philadelphia: the only source with hours.
constexpr std::array<std::uint32_t, 10> kHourWeights{22, 56, 35, 33, 43, 39, 65, 57, 10, 3};
constexpr std::uint32_t kHourWeightSum = 363;

// Persons of a replay are numbered far above those of the sample city.
constexpr std::uint64_t kOwnerBase = 10'000'000;
constexpr std::uint64_t kOwnerCount = 40'000'000;
constexpr std::uint64_t kDeveloperBase = 9'000'000;
constexpr std::uint64_t kDeveloperCount = 400;     // owners who build again and again …
constexpr std::uint32_t kDeveloperPermille = 150;  // … and their share of cases
constexpr std::uint64_t kDesignerBase = 8'000'000;
constexpr std::uint64_t kDesignerCount = 3'000;
constexpr std::uint64_t kEngineerBase = 8'500'000;
constexpr std::uint64_t kEngineerCount = 2'000;

// Parcels lie within about 1.5 km of the middle of their district: half that in each direction of
// the compass is 13,500 and 16,500 millionths of a degree at this latitude.
constexpr std::int32_t kSpreadLatE6 = 13'500;
constexpr std::int32_t kSpreadLonE6 = 16'500;

struct Counter {
  scheduler::OfficeId office{};
  std::uint64_t experts_until = 0;  // running sum: the chance of an office follows its size
};

class Town {
 public:
  explicit Town(const City& city) {
    std::map<scheduler::OfficeId, std::uint64_t> experts;
    for (const auto& expert : city.experts) ++experts[expert.office];
    for (const auto& office : city.offices) {
      const std::uint64_t weight = experts[office.office] + 1;
      add(counters_[office.district], office.office, weight);
      add(counters_[0], office.office, weight);
      add_point(office.district, office.point);
      add_point(0, office.point);
    }
    for (const auto& service : city.services) services_[raw(service.service)] = true;
    for (const auto& expert : city.experts) persons_.push_back(expert.person);
  }

  bool empty() const { return !counters_.contains(0); }
  bool has_service(scheduler::ServiceId service) const { return services_[raw(service) % 64]; }
  const std::vector<PersonId>& persons() const { return persons_; }

  /// District 0 is the whole city, which also stands in for a district without an office.
  scheduler::OfficeId office(District district, std::uint64_t draw) const {
    const auto found = counters_.find(district);
    const auto& counters = found != counters_.end() ? found->second : counters_.at(0);
    const std::uint64_t at = draw % counters.back().experts_until;
    return std::ranges::find_if(counters, [at](const Counter& c) { return at < c.experts_until; })
        ->office;
  }

  scheduler::Point parcel_point(District district, std::uint64_t place) const {
    const auto found = points_.find(district);
    const auto& sum = found != points_.end() ? found->second : points_.at(0);
    if (sum.count == 0) return {};
    const auto offset = [](std::uint64_t bits, std::int32_t spread) {
      return static_cast<std::int32_t>(bits % static_cast<std::uint64_t>(2 * spread + 1)) - spread;
    };
    return {
        static_cast<std::int32_t>(sum.lat / sum.count) + offset(place & 0xFFFF'FFFF, kSpreadLatE6),
        static_cast<std::int32_t>(sum.lon / sum.count) + offset(place >> 32, kSpreadLonE6)};
  }

 private:
  struct PointSum {
    std::int64_t lat = 0;
    std::int64_t lon = 0;
    std::int64_t count = 0;
  };
  static void add(std::vector<Counter>& counters, scheduler::OfficeId office,
                  std::uint64_t weight) {
    const std::uint64_t before = counters.empty() ? 0 : counters.back().experts_until;
    counters.push_back({office, before + weight});
  }
  void add_point(District district, scheduler::Point point) {
    auto& sum = points_[district];
    if (point == scheduler::Point{}) return;
    sum.lat += point.lat_e6;
    sum.lon += point.lon_e6;
    ++sum.count;
  }

  std::map<District, std::vector<Counter>> counters_;
  std::map<District, PointSum> points_;
  std::array<bool, 64> services_{};
  std::vector<PersonId> persons_;
};

// Whole weeks, so that the days of the week stay what they are.
std::int32_t shift_of(std::span<const SourceRecord> records, const FilingOptions& options) {
  if (!options.begin || records.empty()) return 0;
  const std::int32_t days = *options.begin - records.front().day;
  const std::int32_t weeks = days >= 0 ? (days + 6) / 7 : -(-days / 7);
  return weeks * 7;
}

std::span<const SourceRecord> chosen(const std::vector<SourceRecord>& records,
                                     const FilingOptions& options) {
  const auto first = std::ranges::find_if(
      records, [&](const auto& r) { return !options.from || r.day >= *options.from; });
  const auto last = std::find_if(first, records.end(),
                                 [&](const auto& r) { return options.to && r.day > *options.to; });
  const auto count =
      std::min<std::uint64_t>(static_cast<std::uint64_t>(last - first), options.limit);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

// The source's own hour, squeezed from its working day (8 to 18 o'clock) onto ours, or a drawn one.
std::int32_t minute_in_day(const SourceRecord& record, std::int32_t length, std::uint64_t draw) {
  if (record.minute < 0) return arrival_minute(draw, length);
  constexpr std::int32_t kOpen = 8 * 60;
  constexpr std::int32_t kDay = 10 * 60;
  const std::int32_t at = std::clamp<std::int32_t>(record.minute - kOpen, 0, kDay - 1);
  return at * length / kDay;
}

scheduler::Interval next_working_day(const scheduler::WorkingCalendar& calendar, std::int32_t day) {
  for (std::int32_t ahead = 0; ahead <= 60; ++ahead) {
    const auto interval = calendar.day(day + ahead);
    if (!interval.empty()) return interval;
  }
  return {};
}

scheduler::SubmitCase submission_of(const SourceRecord& record, const Town& town,
                                    const Chance& chance, const Habits& habits,
                                    std::uint64_t subject) {
  scheduler::SubmitCase body;
  body.service = record.service;
  body.district = record.district;
  body.organisation = record.organisation;
  body.flags = record.built ? scheduler::kSubmitBuilt : std::uint8_t{0};
  body.floors = record.floors;
  body.area_m2 = record.area_m2;
  body.point = town.parcel_point(record.district, record.place);
  const bool developer = chance.happens(kDeveloperPermille, Draw::kOwner, subject, 1);
  body.owner =
      PersonId{developer ? kDeveloperBase + chance.below(kDeveloperCount, Draw::kOwner, subject, 2)
                         : kOwnerBase + chance.below(kOwnerCount, Draw::kOwner, subject, 3)};
  body.designer = PersonId{kDesignerBase + chance.below(kDesignerCount, Draw::kDesigner, subject)};
  body.supervising_engineer =
      PersonId{kEngineerBase + chance.below(kEngineerCount, Draw::kEngineer, subject)};
  if (!town.persons().empty() &&
      chance.happens(habits.relative_declared, Draw::kRelative, subject)) {
    body.relative =
        town.persons()[chance.below(town.persons().size(), Draw::kRelative, subject, 1)];
  }
  body.parcel =
      fixed_text<23>(fmt::format("{:02}-{:04}-{:06}", record.district, record.place % 10'000,
                                 (record.place >> 20) % 1'000'000));
  body.reference = fixed_text<23>(record.id);
  return body;
}

struct FilingDay {
  scheduler::Interval hours;
  bool late = false;  // the record's own day was closed
  std::uint32_t copy = 0;
};

Filing filing_of(const SourceRecord& record, const FilingDay& day, const Town& town,
                 const Chance& chance, const Habits& habits) {
  Filing filing;
  filing.subject = record_hash(record.id, day.copy);
  // What could not be filed on its own day waits at the door on the next working morning: the same
  // shape squeezed into the first hour.
  auto length =
      static_cast<std::int32_t>((day.hours.close.ms - day.hours.open.ms) / scheduler::kMsPerMinute);
  if (day.late) length = std::min(length, 60);
  const auto minute = minute_in_day(record, length, chance.bits(Draw::kMinute, filing.subject));
  filing.at = Tick{day.hours.open.ms + minute * scheduler::kMsPerMinute};
  const bool home = chance.happens(habits.home_office, Draw::kOffice, filing.subject, 1);
  filing.office =
      town.office(home ? record.district : District{0}, chance.bits(Draw::kOffice, filing.subject));
  filing.body = submission_of(record, town, chance, habits, filing.subject);
  if (day.copy > 0)
    filing.body.reference = fixed_text<23>(fmt::format("{}~{}", record.id, day.copy + 1));
  return filing;
}

}  // namespace

std::unique_ptr<scheduler::WorkingCalendar> working_calendar_of(const City& city) {
  auto calendar = std::make_unique<scheduler::WorkingCalendar>();
  calendar->reserve();
  if (!city.calendar) return calendar;
  const auto& days = city.calendar->days;
  for (std::size_t at = 0; at < days.size(); at += scheduler::kCalendarDaysPerCommand) {
    scheduler::SetCalendarDays part;
    part.first_day = city.calendar->first_day + static_cast<std::int32_t>(at);
    part.count = static_cast<std::uint16_t>(
        std::min<std::size_t>(scheduler::kCalendarDaysPerCommand, days.size() - at));
    for (std::size_t i = 0; i < part.count; ++i) {
      part.open_minute[i] = days[at + i].open_minute;
      part.length_minutes[i] = days[at + i].length_minutes;
    }
    calendar->set_days(part);
  }
  return calendar;
}

std::int32_t arrival_minute(std::uint64_t draw, std::int32_t length) {
  auto place = static_cast<std::uint32_t>(draw % kHourWeightSum);
  std::int32_t hour = 0;
  for (; place >= kHourWeights[static_cast<std::size_t>(hour)]; ++hour)
    place -= kHourWeights[static_cast<std::size_t>(hour)];
  // Anywhere within the tenth of the day that stands for this hour.
  const auto within = static_cast<std::int32_t>(draw / kHourWeightSum % 1000);
  return (hour * 1000 + within) * length / (static_cast<std::int32_t>(kHourWeights.size()) * 1000);
}

std::expected<FilingPlan, std::string> plan_filings(const City& city,
                                                    const scheduler::WorkingCalendar& calendar,
                                                    const std::vector<SourceRecord>& records,
                                                    const FilingOptions& options,
                                                    const Habits& habits, std::uint64_t seed) {
  const Town town(city);
  if (town.empty()) return std::unexpected("the city has no office where a record could be filed");
  const Chance chance(seed);
  const auto wanted = chosen(records, options);
  const std::int32_t shift = shift_of(wanted, options);
  FilingPlan plan;
  plan.filings.reserve(wanted.size());
  for (const SourceRecord& record : wanted) {
    const auto day = next_working_day(calendar, record.day + shift);
    if (!town.has_service(record.service)) {
      plan.unknown_service += options.copies;
    } else if (day.empty()) {
      plan.outside_calendar += options.copies;
    } else {
      const bool late = calendar.day(record.day + shift).empty();
      if (late) plan.moved_to_working_day += options.copies;
      for (std::uint32_t copy = 0; copy < options.copies; ++copy) {
        plan.filings.push_back(filing_of(record, {day, late, copy}, town, chance, habits));
      }
    }
  }
  // Records are sorted by number within a day already, and so stay within a minute.
  std::ranges::stable_sort(plan.filings, {}, [](const Filing& filing) { return filing.at; });
  return plan;
}

}  // namespace permitd::cli
