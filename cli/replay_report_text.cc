// The report for people: plain text, aligned.
#include <fmt/format.h>

#include "cli/local_time.h"
#include "cli/progress.h"
#include "cli/replay_report.h"
#include "cli/table.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

using Align = Table::Align;
constexpr auto kMinutesPerDay = static_cast<double>(kWorkingDayMinutes);

std::string percent(std::int64_t ppm) {
  return fmt::format("{:.2f} %", static_cast<double>(ppm) / 10'000.0);
}
std::string hours(std::uint64_t minutes) {
  return fmt::format("{:.1f} h", static_cast<double>(minutes) / 60.0);
}

std::string duration(std::uint64_t ns) {
  const auto value = static_cast<double>(ns);
  if (value < 1e6) return fmt::format("{:.0f} us", value / 1e3);
  if (value < 1e9) return fmt::format("{:.1f} ms", value / 1e6);
  return fmt::format("{:.2f} s", value / 1e9);
}

template <class Enum, class Counts>
std::string states(const Counts& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", protocol::name_of(static_cast<Enum>(i)), grouped(counts[i]));
  }
  return text.empty() ? "none" : text;
}

std::string heading(const ReplayReport& report) {
  auto text = fmt::format("Replayed {} ({}), seed {}: {} to {}, {} working days\n\n", report.file,
                          report.format, report.seed, local_text(report.began),
                          local_text(report.ended), report.working_days);
  text +=
      fmt::format("Records   {} filed, {} acknowledged, {} refused{}\n", grouped(report.filed),
                  grouped(report.acknowledged), grouped(report.submit_refused),
                  report.first_refusal.empty() ? "" : " (the first: " + report.first_refusal + ")");
  if (report.moved_to_working_day + report.records_left_out + report.records_malformed > 0) {
    text += fmt::format(
        "          {} filed on the next working morning, {} left out, {} rows malformed\n",
        grouped(report.moved_to_working_day), grouped(report.records_left_out),
        grouped(report.records_malformed));
  }
  text += fmt::format("Cases     {}\n", states<scheduler::CaseState>(report.after.cases));
  text += fmt::format("Jobs      {}; {} created by this replay\n",
                      states<scheduler::JobState>(report.after.jobs), grouped(report.jobs_created));
  const auto& time = report.case_minutes;
  text += fmt::format(
      "Case time p50 {:.1f}, p90 {:.1f}, p99 {:.1f} working days from filing to the end\n",
      static_cast<double>(time.p50) / kMinutesPerDay,
      static_cast<double>(time.p90) / kMinutesPerDay,
      static_cast<double>(time.p99) / kMinutesPerDay);
  const double seconds = report.seconds > 0 ? report.seconds : 1e-9;
  text += fmt::format(
      "Speed     {:.1f} s: {:.0f} records/s, {:.0f} jobs/s, {:.0f} calls/s over {} connections\n",
      report.seconds, static_cast<double>(report.filed) / seconds,
      static_cast<double>(report.jobs_created) / seconds,
      static_cast<double>(report.calls) / seconds, report.connections);
  return text;
}

std::string stages(const ReplayReport& report) {
  Table table({{"stage"},
               {"started", Align::kRight},
               {"done", Align::kRight},
               {"returned", Align::kRight},
               {"rework", Align::kRight},
               {"open", Align::kRight},
               {"wait p50", Align::kRight},
               {"p90", Align::kRight},
               {"p99", Align::kRight},
               {"SLA met", Align::kRight},
               {"missed", Align::kRight},
               {"open green/amber/red/paused"}});
  for (const ReportStage& stage : report.stages) {
    table.add({stage.name, grouped(stage.wait_minutes.count), grouped(stage.completed),
               grouped(stage.returned), grouped(stage.rework), grouped(stage.open),
               fmt::format("{} min", stage.wait_minutes.p50),
               fmt::format("{} min", stage.wait_minutes.p90),
               fmt::format("{} min", stage.wait_minutes.p99), grouped(stage.sla_met),
               grouped(stage.sla_missed),
               fmt::format("{}/{}/{}/{}", stage.bands[0], stage.bands[1], stage.bands[2],
                           stage.bands[3])});
  }
  return "\nWaiting from Ready to Started, in working minutes\n" + table.aligned();
}

std::string fairness(const ReplayReport& report) {
  Table table({{"trade"},
               {"people", Align::kRight},
               {"jobs", Align::kRight},
               {"effort", Align::kRight},
               {"at work", Align::kRight},
               {"least", Align::kRight},
               {"most", Align::kRight},
               {"Jain", Align::kRight}});
  for (const ReportTrade& trade : report.trades) {
    table.add({trade.name, grouped(trade.people), grouped(trade.jobs), hours(trade.effort_minutes),
               hours(trade.worked_minutes), hours(trade.least_minutes), hours(trade.most_minutes),
               fmt::format("{:.3f}", trade.jain)});
  }
  auto text = "\nWork by trade, in effort\n" + table.aligned();
  Table offices({{"office"},
                 {"experts", Align::kRight},
                 {"filed here", Align::kRight},
                 {"effort done", Align::kRight},
                 {"share", Align::kRight},
                 {"of capacity", Align::kRight},
                 {"gap", Align::kRight}});
  for (const ReportOffice& office : report.offices) {
    offices.add({fmt::format("{:04}", raw(office.office)), grouped(office.experts),
                 grouped(office.submitted), hours(office.done_minutes), percent(office.share_ppm),
                 percent(office.fair_ppm),
                 fmt::format("{:+.2f}",
                             static_cast<double>(office.share_ppm - office.fair_ppm) / 10'000.0)});
  }
  text += fmt::format(
      "\nOffices: share of the work against share of certified capacity; Jain {:.3f}, largest gap "
      "{}\n",
      report.jain_offices, percent(report.gap_max_ppm));
  return text + offices.aligned();
}

std::string methods(const ReplayReport& report) {
  Table table({{"method"},
               {"calls", Align::kRight},
               {"refused", Align::kRight},
               {"p50", Align::kRight},
               {"p90", Align::kRight},
               {"p99", Align::kRight},
               {"p99.9", Align::kRight},
               {"max", Align::kRight}});
  for (const ReportMethod& method : report.methods) {
    if (method.latency_ns.count == 0) continue;
    const auto& latency = method.latency_ns;
    table.add({method.name, grouped(latency.count), grouped(method.refused), duration(latency.p50),
               duration(latency.p90), duration(latency.p99), duration(latency.p999),
               duration(latency.max)});
  }
  return "\nRPC, from handing over to the answer, in batches (not an open-loop load)\n" +
         table.aligned();
}

std::string trouble(const ReplayReport& report) {
  auto text = fmt::format(
      "\nDays      {} absences, {} assignments declined, {} leases lost, {} expired at the daemon, "
      "{} escalated\n",
      grouped(report.absences), grouped(report.after.declined - report.before.declined),
      grouped(report.leases_lost),
      grouped(report.after.leases_expired - report.before.leases_expired),
      grouped(report.after.escalated - report.before.escalated));
  text += fmt::format(
      "Line      {} connections lost, {} calls tried again, {} answers repeated, feed read again "
      "{} times\n",
      grouped(report.wire.disconnects), grouped(report.wire.calls_retried),
      grouped(report.repeated), grouped(report.feed_gaps));
  text += fmt::format("Turns     {} moments, {} rounds of calls, {} events seen\n",
                      grouped(report.advances), grouped(report.rounds), grouped(report.events));
  std::string refusals;
  for (const auto& [name, count] : report.refusals)
    refusals += fmt::format(" {} {}", name, grouped(count));
  if (!refusals.empty()) text += fmt::format("Refusals {}\n", refusals);
  return text;
}

std::string verification(const ReplayReport& report) {
  if (!report.verified) return {};
  const VerifyResult& verify = report.verify;
  if (verify.holds()) {
    return fmt::format(
        "\nVerified: {} acknowledged submissions, each there exactly once; cases and jobs "
        "balance.\n",
        grouped(verify.checked));
  }
  auto text = fmt::format(
      "\nVERIFICATION FAILED: of {} acknowledged submissions {} missing, {} different, {} "
      "acknowledged twice; {} "
      "cases unexpected; cases out of balance by {}; jobs by stage {}\n",
      grouped(verify.checked), verify.missing, verify.different, verify.twice, verify.unexpected,
      verify.cases_unbalanced, fmt::join(verify.jobs_unbalanced, " "));
  for (const std::string& example : verify.examples) text += "  " + example + "\n";
  return text;
}

}  // namespace

std::string report_text(const ReplayReport& report) {
  return heading(report) + stages(report) + fairness(report) + methods(report) + trouble(report) +
         verification(report);
}

}  // namespace permitd::cli
