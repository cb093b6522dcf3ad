#include "cli/replay_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/local_time.h"
#include "cli/office_client.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

using scheduler::Stage;

constexpr std::int64_t kMillion = 1'000'000;

std::int64_t share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0
             ? 0
             : static_cast<std::int64_t>(part * static_cast<std::uint64_t>(kMillion) / whole);
}

ReportStage stage_of(const ReplayWorld& world, const ReplayRun& run, std::size_t row) {
  const WorkRow& work = world.tally.work[row];
  ReportStage stage;
  stage.wait_minutes = percentiles_of(work.wait_minutes);
  stage.completed = work.completed;
  stage.returned = work.returned;
  if (row == scheduler::kStageCount) {
    stage.name = "confirmation";
    return stage;
  }
  stage.name = protocol::name_of(static_cast<Stage>(row));
  const auto& before = run.before().stats.flow[row];
  const auto& after = run.after().stats.flow[row];
  stage.open = after.created - after.done - after.cancelled;
  stage.rework = after.rework - before.rework;
  stage.sla_met = after.sla_met - before.sla_met;
  stage.sla_missed = after.sla_missed - before.sla_missed;
  stage.bands = run.after().stats.bands[row];
  return stage;
}

void add_offices(const ReplayWorld& world, const ReplayRun& run, ReplayReport& report) {
  std::map<scheduler::OfficeId, std::uint64_t> before;
  for (const auto& office : run.before().offices) before[office.office] = office.done_minutes;
  std::map<scheduler::OfficeId, std::uint64_t> filed;
  for (const CaseFile& file : world.cases) ++filed[world.filings[file.filing].office];
  std::uint64_t done = 0;
  std::uint64_t capacity = 0;
  for (const auto& office : run.after().offices) {
    ReportOffice row;
    row.office = office.office;
    row.district = office.district;
    row.label = view_of(office.label);
    row.experts = office.experts_certified;
    row.submitted = filed[office.office];
    row.done_minutes = office.done_minutes - before[office.office];
    row.capacity_units = office.capacity_units_per_day;
    done += row.done_minutes;
    capacity += row.capacity_units;
    report.offices.push_back(std::move(row));
  }
  std::vector<double> loads;
  for (ReportOffice& row : report.offices) {
    row.share_ppm = share_of(row.done_minutes, done);
    row.fair_ppm = share_of(row.capacity_units, capacity);
    report.gap_max_ppm = std::max(report.gap_max_ppm, std::abs(row.share_ppm - row.fair_ppm));
    if (row.capacity_units > 0) {
      loads.push_back(static_cast<double>(row.done_minutes) /
                      static_cast<double>(row.capacity_units));
    }
  }
  report.jain_offices = jain_index(loads);
}

void add_trades(const ReplayWorld& world, const ReplayRun& run, ReplayReport& report) {
  for (std::size_t t = 0; t < kTradeCount; ++t) {
    const auto trade = static_cast<Trade>(t);
    ReportTrade row;
    row.name = trade_name(trade);
    row.least_minutes = UINT64_MAX;
    std::vector<double> loads;
    for (std::size_t i = 0; i < run.experts().count(); ++i) {
      if (run.experts().trade_of(i) != trade) continue;
      const ExpertTally& expert = world.tally.experts[i];
      ++row.people;
      row.jobs += expert.jobs;
      row.effort_minutes += expert.effort_minutes;
      row.worked_minutes += expert.worked_minutes;
      row.least_minutes = std::min(row.least_minutes, expert.effort_minutes);
      row.most_minutes = std::max(row.most_minutes, expert.effort_minutes);
      loads.push_back(static_cast<double>(expert.effort_minutes));
    }
    if (row.people == 0) continue;
    row.jain = jain_index(loads);
    report.trades.push_back(std::move(row));
  }
}

std::int64_t working_days(const ReplayWorld& world, Tick from, Tick to) {
  std::int64_t days = 0;
  for (auto day = local_day_of(from); day <= local_day_of(to); ++day) {
    const auto hours = world.calendar.day(day);
    if (!hours.empty() && hours.open <= to && hours.close > from) ++days;
  }
  return days;
}

}  // namespace

Percentiles percentiles_of(const LatencyHistogram& histogram) {
  return {.count = histogram.count(),
          .p50 = histogram.percentile(50),
          .p90 = histogram.percentile(90),
          .p99 = histogram.percentile(99),
          .p999 = histogram.percentile(99.9),
          .max = histogram.max()};
}

double jain_index(const std::vector<double>& shares) {
  double sum = 0;
  double squares = 0;
  for (const double share : shares) {
    sum += share;
    squares += share * share;
  }
  return squares == 0 ? 1.0 : sum * sum / (static_cast<double>(shares.size()) * squares);
}

ReplayReport make_report(const ReplayWorld& world, const ReplayRun& run) {
  ReplayReport report;
  const Tally& tally = world.tally;
  report.habits = world.habits;
  report.filed = run.cases().filed();
  report.acknowledged = run.cases().acknowledged();
  report.submit_refused = run.cases().refused();
  report.first_refusal = run.cases().first_refusal();
  report.cases_ended = run.cases().ended();
  report.cases_open = run.cases().open();
  report.began =
      world.filings.empty() ? run.began() : std::max(run.began(), world.filings.front().at);
  report.ended = world.now;
  report.working_days = working_days(world, report.began, report.ended);
  for (const auto count : tally.calls) report.calls += count;
  report.before = run.before().stats;
  report.after = run.after().stats;
  for (std::size_t s = 0; s < scheduler::kStageCount; ++s) {
    report.jobs_created += report.after.flow[s].created - report.before.flow[s].created;
  }
  report.case_minutes = percentiles_of(tally.case_minutes);
  for (std::size_t row = 0; row < kWorkRowCount; ++row) {
    // Decisions are recorded, not worked on: nobody waits for an expert there.
    if (row != static_cast<std::size_t>(Stage::kMunicipalDecision))
      report.stages.push_back(stage_of(world, run, row));
  }
  add_offices(world, run, report);
  add_trades(world, run, report);
  report.backlog = tally.backlog;
  for (const auto& [code, count] : tally.refusals) {
    report.refusals[std::string(protocol::name_of(static_cast<scheduler::Refusal>(code)))] = count;
  }
  report.absences = tally.absences;
  report.leases_lost = tally.leases_lost;
  report.repeated = tally.repeated;
  report.feed_gaps = tally.gaps;
  report.rounds = tally.rounds;
  report.advances = tally.advances;
  report.events = tally.events;
  report.verify = run.verified();
  return report;
}

}  // namespace permitd::cli
