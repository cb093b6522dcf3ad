// Records become requests at the counters of a city: which office, when in the day, who owns and
// designs.
//
// What the records do not say is drawn (replay_chance.h) by rules that city/records/README.md
// states; above all the hour of arrival. The result is a function of city, records and options. One
// thread.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/city_file.h"
#include "cli/records.h"
#include "cli/replay_chance.h"
#include "cli/replay_habits.h"
#include "scheduler/working_calendar.h"

namespace permitd::cli {

/// One request at one office.
struct Filing {
  scheduler::Tick at;
  scheduler::OfficeId office{};
  std::uint64_t subject =
      0;  // of all draws that concern this case: follows from the record's number
  scheduler::SubmitCase body;
};

struct FilingOptions {
  std::optional<std::int32_t> from;  // days since 1970-01-01 of the record's own date, inclusive
  std::optional<std::int32_t> to;    // inclusive
  std::optional<std::int32_t>
      begin;  // replay as if the first record were of this day, by whole weeks
  std::uint64_t limit = UINT64_MAX;  // records, after from and to
  std::uint32_t copies = 1;  // each record is filed so often, with a fate of its own each time
};

struct FilingPlan {
  std::vector<Filing> filings;         // by time, then by the record's number
  std::uint64_t outside_calendar = 0;  // left out: the city's calendar has no working day for them
  std::uint64_t moved_to_working_day = 0;  // filed on the next working morning
  std::uint64_t unknown_service = 0;       // left out: the city's catalogue lacks the service
};

/// The calendar of a city for the arithmetic of working time; always open when the city has none.
std::unique_ptr<scheduler::WorkingCalendar> working_calendar_of(const City& city);

/// Errors: a city without offices.
std::expected<FilingPlan, std::string> plan_filings(const City& city,
                                                    const scheduler::WorkingCalendar& calendar,
                                                    const std::vector<SourceRecord>& records,
                                                    const FilingOptions& options,
                                                    const Habits& habits, std::uint64_t seed);

/// The minute of a working day of `length` minutes at which a request arrives, by the hours of the
/// day at which Philadelphia issued 363 permits in 2019. `draw` is uniform.
std::int32_t arrival_minute(std::uint64_t draw, std::int32_t length);

}  // namespace permitd::cli
