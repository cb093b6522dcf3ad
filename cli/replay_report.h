// What came of a rehearsal, as figures that text, JSON and the page show alike. Pure.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/replay_run.h"

namespace permitd::cli {

/// Percentiles of something in its own unit.
struct Percentiles {
  std::uint64_t count = 0;
  std::uint64_t p50 = 0;
  std::uint64_t p90 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t p999 = 0;
  std::uint64_t max = 0;
};
Percentiles percentiles_of(const LatencyHistogram& histogram);

struct ReportStage {
  std::string name;          // of the stage, or "confirmation"
  Percentiles wait_minutes;  // working minutes from Ready to Started
  std::uint64_t completed = 0;
  std::uint64_t returned = 0;
  std::uint64_t open = 0;  // at the end; 0 for confirmations, which are counted with their stage
  std::uint64_t rework = 0;
  std::uint64_t sla_met = 0;
  std::uint64_t sla_missed = 0;
  std::array<std::uint64_t, scheduler::kSlaBandCount> bands{};  // of open jobs, at the end
};

struct ReportOffice {
  scheduler::OfficeId office{};
  scheduler::District district = 0;
  std::string label;
  std::uint32_t experts = 0;
  std::uint64_t submitted = 0;       // cases of this rehearsal filed here
  std::uint64_t done_minutes = 0;    // effort its experts finished, rework not counted
  std::uint64_t capacity_units = 0;  // certified, a day
  std::int64_t share_ppm = 0;        // of the city's work
  std::int64_t fair_ppm = 0;         // of the city's certified capacity
};

struct ReportTrade {
  std::string name;
  std::uint64_t people = 0;
  std::uint64_t jobs = 0;
  std::uint64_t effort_minutes = 0;
  std::uint64_t worked_minutes = 0;
  double jain = 1.0;  // over the people of the trade, effort units
  std::uint64_t least_minutes = 0;
  std::uint64_t most_minutes = 0;
};

struct ReportMethod {
  std::string name;
  Percentiles latency_ns;
  std::uint64_t refused = 0;
};

struct ReplayReport {
  // What was replayed.
  std::string file;
  std::string format;
  std::uint64_t seed = 0;
  std::uint64_t records_malformed = 0;
  std::uint64_t records_left_out = 0;
  std::uint64_t moved_to_working_day = 0;
  Habits habits;
  // What came of it.
  std::uint64_t filed = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t submit_refused = 0;
  std::string first_refusal;
  std::uint64_t cases_ended = 0;
  std::uint64_t cases_open = 0;
  Tick began;
  Tick ended;
  double seconds = 0;  // of wall time
  std::uint64_t calls = 0;
  std::uint64_t jobs_created = 0;
  std::int64_t working_days = 0;  // that passed
  scheduler::StatsView before;
  scheduler::StatsView after;
  Percentiles case_minutes;
  std::vector<ReportStage> stages;
  std::vector<ReportOffice> offices;
  std::vector<ReportTrade> trades;
  std::vector<ReportMethod> methods;
  std::vector<BacklogSample> backlog;
  std::map<std::string, std::uint64_t> refusals;
  double jain_offices = 1.0;     // effort over certified capacity
  std::int64_t gap_max_ppm = 0;  // the largest distance of an office's share from its fair share
  std::uint64_t absences = 0;
  std::uint64_t leases_lost = 0;
  std::uint64_t repeated = 0;
  std::uint64_t feed_gaps = 0;
  std::uint64_t rounds = 0;
  std::uint64_t advances = 0;
  std::uint64_t events = 0;
  ClientCounters wire;
  std::uint64_t connections = 0;
  bool verified = false;  // the check was asked for
  VerifyResult verify;
};

/// Everything that the run itself knows; file, seed, seconds, methods and wire are the caller's.
ReplayReport make_report(const ReplayWorld& world, const ReplayRun& run);

/// Jain's index of fairness: 1 when all are equal, 1/n when one has everything; 1 for nobody or
/// nothing.
double jain_index(const std::vector<double>& shares);

std::string report_text(const ReplayReport& report);
boost::json::value report_json(const ReplayReport& report);

}  // namespace permitd::cli
