// A trace of requests to try policies of dispatch on: real filings by day, service and district;
// made-up people of three trades, as many as the wanted load asks for. The same records and seed
// give the same trace. Time is working minutes from the first morning, 420 a day; the city's
// calendar says at which moment a morning is.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "scheduler/command.h"
#include "scheduler/types.h"

namespace permitd::bench {

inline constexpr std::int64_t kTraceDayMinutes = 420;

enum class TraceTrade : std::uint8_t { kClerk, kInspector, kReviewer };
inline constexpr std::size_t kTraceTradeCount = 3;

/// The stages that the trace plays; decision and delivery are left out.
struct TraceStage {
  scheduler::Stage stage{};
  scheduler::Skill skill{};
  TraceTrade trade{};
  std::int32_t effort = 0;  // minutes, as the catalogue estimates
  std::int32_t term = 0;    // working minutes from ready to due
};
inline constexpr std::array<TraceStage, 4> kTraceStages{{
    {scheduler::Stage::kFileFormation, scheduler::Skill::kFile, TraceTrade::kClerk, 30, 420},
    {scheduler::Stage::kSiteInspection, scheduler::Skill::kInspect, TraceTrade::kInspector, 60,
     840},
    {scheduler::Stage::kAdminProcessing, scheduler::Skill::kAdmin, TraceTrade::kClerk, 45, 840},
    {scheduler::Stage::kPlanReview, scheduler::Skill::kReview, TraceTrade::kReviewer, 120, 1680},
}};
/// A person begins nothing when no more minutes of the day are left, by trade.
using TraceLastCall = std::array<std::int32_t, kTraceTradeCount>;
/// Work at a desk lies there until the morning, so it is begun up to the evening; a visit is not
/// begun in the last hour.
inline constexpr TraceLastCall kTraceLastCall{1, 60, 1};

struct TraceOffice {
  scheduler::Point point;
  scheduler::District district = 0;
};
struct TracePerson {
  TraceTrade trade{};
  std::uint32_t office = 0;  // index
};
struct TraceJob {
  std::uint32_t case_index = 0;
  std::uint8_t stage = 0;     // into kTraceStages
  bool last = false;          // of its case; else the next job of the list follows
  std::int32_t duration = 0;  // what it will really take, minutes
};
struct TraceCase {
  std::int64_t arrival = 0;
  std::uint32_t office = 0;  // that files it
  std::uint32_t first_job = 0;
  std::uint8_t stages = 0;  // bit per kTraceStages
  scheduler::District district = 0;
  scheduler::Point point;
  bool municipal = true;
};

struct DispatchTrace {
  std::vector<TraceOffice> offices;
  std::vector<TracePerson> people;
  std::vector<TraceCase> cases;  // by arrival
  std::vector<TraceJob> jobs;    // of a case side by side, in the order of its stages
  std::int64_t days = 0;         // on which cases arrive
  TraceLastCall last_call = kTraceLastCall;
  std::array<double, kTraceTradeCount>
      load{};                           // work, with 37 minutes of travel a visit, over time
  std::vector<std::uint32_t> mornings;  // by day: when it opens, in minutes since 1970, UTC
  std::int32_t first_date = 0;          // of the calendar below, in days since 1970
  std::vector<scheduler::CalendarDay> calendar;
  scheduler::SetPolicy policy;  // of the city
  std::uint64_t seed = 1;
};

struct TraceOptions {
  std::string records;  // a file of permit records
  std::string city;     // a city file: offices and their points
  std::int32_t load_permille = 920;
  std::size_t cases_max = 100'000;
  TraceLastCall last_call = kTraceLastCall;
  bool one_class = false;  // every case is municipal: what the order of classes costs is left out
  std::uint64_t seed = 1;
};
std::expected<DispatchTrace, std::string> make_dispatch_trace(const TraceOptions& options);

/// Minutes on the road: great circle × 1.3 at 25 km/h, for short distances.
std::int32_t trace_travel_minutes(scheduler::Point from, scheduler::Point to);

}  // namespace permitd::bench
