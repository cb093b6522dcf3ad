#include "cli/replay_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/local_time.h"
#include "cli/progress.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

using scheduler::kStageCount;

// Drawn areas, in units of the drawings' own coordinates.
constexpr double kWidth = 960;
constexpr double kLeft = 60;
constexpr double kBacklogHeight = 300;
constexpr double kBarsHeight = 260;

// Told apart by lightness too, so that they hold in grey and for colour-blind readers (Okabe and
// Ito).
constexpr std::array<const char*, kStageCount> kColours{"#0072B2", "#56B4E9", "#009E73",
                                                        "#E69F00", "#999999", "#CC79A7"};

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--ink:#1b1b1f;--soft:#5c5f66;--line:#d5d7dc;
--paper:#fff;--bar:#0072B2;--mark:#D55E00}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8ec;
--soft:#a2a5ad;--line:#3b3e45;--paper:#17181b;--bar:#56B4E9;--mark:#F0A060}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);
background:var(--paper);max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}svg{width:100%;height:auto;display:block}
text{fill:var(--soft);font-size:12px;font-family:inherit}.grid{stroke:var(--line);stroke-width:1}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.15rem .8rem .15rem 0;text-align:right}
td:first-child,th:first-child{text-align:left}
th{font-weight:600;border-bottom:1px solid var(--line)}
.key{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;color:var(--soft)}
.key i{display:inline-block;width:.8rem;height:.8rem;margin-right:.4rem}
summary{cursor:pointer;color:var(--soft)}
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

// The next of 1, 2, 5, 10, 20, … at or above a fifth of `most`.
double grid_step(double most) {
  double step = 1;
  for (int i = 0; step < most / 5; ++i) step *= i % 3 == 1 ? 2.5 : 2;
  return step;
}

std::uint64_t total_of(const BacklogSample& sample) {
  std::uint64_t sum = 0;
  for (const auto open : sample.open) sum += open;
  return sum;
}

// ---- backlog over time: one column per sample, so that closed hours take no room ----

struct BacklogScale {
  std::size_t count;
  double most;
  double x(std::size_t sample) const {
    return kLeft + (kWidth - kLeft) * static_cast<double>(sample) /
                       static_cast<double>(std::max<std::size_t>(count - 1, 1));
  }
  double y(double jobs) const { return kBacklogHeight - 20 - (kBacklogHeight - 40) * jobs / most; }
};

std::string backlog_grid(const ReplayReport& report, const BacklogScale& scale) {
  std::string out;
  const double step = grid_step(scale.most);
  for (double jobs = 0; jobs <= scale.most; jobs += step) {
    out += fmt::format(R"(<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>)", kLeft,
                       kWidth, scale.y(jobs));
    out += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{}</text>)", kLeft - 8,
                       scale.y(jobs) + 4, grouped(static_cast<std::uint64_t>(jobs)));
  }
  // A date at every tenth part or so, at the first sample of a day.
  const std::size_t apart = std::max<std::size_t>(report.backlog.size() / 10, 1);
  std::size_t next = 0;
  std::int32_t last_day = INT32_MIN;
  for (std::size_t i = 0; i < report.backlog.size(); ++i) {
    const auto day = local_day_of(report.backlog[i].at);
    if (day == last_day || i < next) continue;
    last_day = day;
    next = i + apart;
    out += fmt::format(R"(<text x="{:.1f}" y="{}">{}</text>)", scale.x(i), kBacklogHeight - 4,
                       day_text(day).substr(5));
  }
  return out;
}

std::string backlog_areas(const ReplayReport& report, const BacklogScale& scale) {
  std::string out;
  std::vector<double> below(report.backlog.size());
  for (std::size_t stage = 0; stage < kStageCount; ++stage) {
    std::string upper;
    std::string lower;
    double any = 0;
    for (std::size_t i = 0; i < report.backlog.size(); ++i) {
      const auto open = static_cast<double>(report.backlog[i].open[stage]);
      any += open;
      lower.insert(0, fmt::format("{:.1f},{:.1f} ", scale.x(i), scale.y(below[i])));
      below[i] += open;
      upper += fmt::format("{:.1f},{:.1f} ", scale.x(i), scale.y(below[i]));
    }
    if (any == 0) continue;
    out += fmt::format(R"(<polygon fill="{}" points="{}{}"><title>{}</title></polygon>)",
                       kColours[stage], upper, lower,
                       protocol::name_of(static_cast<scheduler::Stage>(stage)));
  }
  return out;
}

std::string backlog_key(const ReplayReport& report) {
  std::string out = "<div class=\"key\">";
  for (std::size_t stage = 0; stage < kStageCount; ++stage) {
    const bool any = std::ranges::any_of(
        report.backlog, [&](const auto& sample) { return sample.open[stage] > 0; });
    if (!any) continue;
    out += fmt::format(R"(<span><i style="background:{}"></i>{}</span>)", kColours[stage],
                       protocol::name_of(static_cast<scheduler::Stage>(stage)));
  }
  return out + "</div>";
}

std::string backlog_drawing(const ReplayReport& report) {
  if (report.backlog.empty()) return "<p>No working hour passed.</p>";
  BacklogScale scale{report.backlog.size(), 1};
  for (const auto& sample : report.backlog)
    scale.most = std::max(scale.most, static_cast<double>(total_of(sample)));
  return backlog_key(report) +
         fmt::format(R"(<svg viewBox="0 0 {} {}" role="img" )"
                     R"(aria-label="Open jobs by stage over the working hours">)",
                     kWidth, kBacklogHeight) +
         backlog_grid(report, scale) + backlog_areas(report, scale) + "</svg>";
}

std::string backlog_table(const ReplayReport& report) {
  std::string out =
      "<details><summary>The same as a table, at the first sample of each "
      "day</summary><table><tr><th>day</th>"
      "<th>filed</th><th>cases open</th>";
  for (std::size_t stage = 0; stage < kStageCount; ++stage) {
    out += fmt::format("<th>{}</th>", protocol::name_of(static_cast<scheduler::Stage>(stage)));
  }
  out += "</tr>";
  std::int32_t last_day = INT32_MIN;
  for (const auto& sample : report.backlog) {
    const auto day = local_day_of(sample.at);
    if (day == last_day) continue;
    last_day = day;
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td>", day_text(day),
                       grouped(sample.filed), grouped(sample.cases_open));
    for (const auto open : sample.open) out += fmt::format("<td>{}</td>", grouped(open));
    out += "</tr>";
  }
  return out + "</table></details>";
}

// ---- offices ----

std::string office_bars(const ReplayReport& report) {
  if (report.offices.empty()) return {};
  double most = 1;
  for (const auto& office : report.offices) {
    most = std::max(
        {most, static_cast<double>(office.share_ppm), static_cast<double>(office.fair_ppm)});
  }
  const double slot = (kWidth - kLeft) / static_cast<double>(report.offices.size());
  const double base = kBarsHeight - 40;
  const auto height = [&](std::int64_t ppm) {
    return (base - 20) * static_cast<double>(ppm) / most;
  };
  auto out = fmt::format(R"(<svg viewBox="0 0 {} {}" role="img" )"
                         R"(aria-label="Share of work and of capacity by office">)",
                         kWidth, kBarsHeight);
  const double step = grid_step(most / 10'000);
  for (double percent = 0; percent <= most / 10'000; percent += step) {
    const double y = base - height(static_cast<std::int64_t>(percent * 10'000));
    out += fmt::format(R"(<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>)"
                       R"(<text x="{3}" y="{4:.1f}" text-anchor="end">{5} %</text>)",
                       kLeft, kWidth, y, kLeft - 8, y + 4, percent);
  }
  for (std::size_t i = 0; i < report.offices.size(); ++i) {
    const auto& office = report.offices[i];
    const double x = kLeft + slot * static_cast<double>(i);
    out += fmt::format(R"(<g><title>{:04}: {:.2f} % of the work, {:.2f} % of the capacity</title>)",
                       raw(office.office), static_cast<double>(office.share_ppm) / 10'000,
                       static_cast<double>(office.fair_ppm) / 10'000);
    out += fmt::format(
        R"svg(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="var(--bar)"/>)svg",
        x + slot * 0.15, base - height(office.share_ppm), slot * 0.7, height(office.share_ppm));
    out += fmt::format(R"svg(<line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}" )svg"
                       R"svg(stroke="var(--mark)" stroke-width="3"/></g>)svg",
                       x, x + slot, base - height(office.fair_ppm), base - height(office.fair_ppm));
    out += fmt::format(R"svg(<text transform="translate({:.1f},{}) rotate(-90)" )svg"
                       R"svg(text-anchor="end">{:04}</text>)svg",
                       x + slot / 2 + 4, base + 6, raw(office.office));
  }
  return out +
         "</svg><div class=\"key\"><span><i style=\"background:var(--bar)\"></i>share of the "
         "work</span>"
         "<span><i style=\"background:var(--mark)\"></i>share of certified capacity</span></div>";
}

std::string stage_table(const ReplayReport& report) {
  std::string out =
      "<table><tr><th>stage</th><th>started</th><th>done</th><th>returned</th><th>wait "
      "p50</th><th>p90</th><th>p99</th>"
      "<th>SLA met</th><th>missed</th></tr>";
  for (const auto& stage : report.stages) {
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{} min</td><td>{} min</td><td>{} "
        "min</td><td>{}</td><td>{}</td></tr>",
        stage.name, grouped(stage.wait_minutes.count), grouped(stage.completed),
        grouped(stage.returned), stage.wait_minutes.p50, stage.wait_minutes.p90,
        stage.wait_minutes.p99, grouped(stage.sla_met), grouped(stage.sla_missed));
  }
  return out + "</table>";
}

}  // namespace

std::string report_page(const ReplayReport& report) {
  auto out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>Replay of {0}</title><style>{1}</style>\n<h1>Replay "
      "of {0}</h1>\n",
      escaped(report.file), kStyle);
  out += fmt::format(
      "<p>{} to {}, {} working days: {} records filed, {} jobs, {} cases ended, {} open.</p>\n",
      local_text(report.began), local_text(report.ended), report.working_days,
      grouped(report.filed), grouped(report.jobs_created), grouped(report.cases_ended),
      grouped(report.cases_open));
  out += "<h2>Open jobs by stage</h2>\n" + backlog_drawing(report) + backlog_table(report);
  out += fmt::format(
      "\n<h2>Work against capacity</h2>\n<p>Jain's index over offices {:.3f}; the largest gap is "
      "{:.2f} percentage points.</p>\n",
      report.jain_offices, static_cast<double>(report.gap_max_ppm) / 10'000);
  out += office_bars(report);
  out += "\n<h2>Waiting, in working minutes from ready to started</h2>\n" + stage_table(report);
  return out + "\n</html>\n";
}

}  // namespace permitd::cli
