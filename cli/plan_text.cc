#include "cli/plan_text.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "cli/local_time.h"
#include "protocol/words.h"

namespace permitd::cli {

using scheduler::Tick;

namespace {

constexpr double kSecondsPerMinute = 60;

constexpr std::array<std::string_view, 3> kChangeNames{"new", "kept", "moved"};
constexpr std::array<std::string_view, 8> kUnplannedSentences{
    "its hours are over, or its place is not known",
    "nobody on shift has the skill, the district and the service",
    "everybody who could is excluded from the case",
    "nobody of the rest works in its half-day",
    "all of the rest have their number of visits or units",
    "nobody has a gap that is long enough",
    "a more urgent visit needs the time",
    "no room: the half-days of the day are full, it comes on a later one",
};
constexpr std::array<std::string_view, 6> kObstacleSentences{
    "",
    "nobody has the skill",
    "who has the skill is not active, or the service is not at their office",
    "it lies outside their districts or office",
    "everybody who could is excluded from the case",
    "nobody has working time",
};
constexpr std::array<std::string_view, 7> kDeskReasons{
    "", "started", "stays", "nobody else may", "done earlier", "lighter load", "better together"};
constexpr std::array<std::string_view, 4> kMoveCauses{"was with nobody", "may not keep it",
                                                      "deadline", "balance"};
constexpr std::array<std::string_view, 15> kResultNames{
    "none",        "applied",    "unknownJob",  "unknownExpert", "outOfRange",
    "begun",       "notMovable", "changed",     "halfDay",       "reasonMissing",
    "halfDayFull", "planFull",   "nothingToDo", "notEligible",   "locked"};
constexpr std::array<std::string_view, 12> kCauseNames{
    "new jobs", "jobs done",          "jobs that came back",
    "absences", "certificates",       "experts",
    "offices",  "calendar",           "rules",
    "steered",  "reservations ended", "a new day"};

template <std::size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, auto value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : "unknown";
}

template <class Line>
bool is_shown(const Line& line, const PlanLinesShown& shown) {
  const bool is_wanted =
      shown.expert == 0 || line.getExpert() == shown.expert || line.getBefore() == shown.expert;
  return is_wanted && (line.getChange() != protocol::PlanChange::KEPT || shown.kept);
}

Cell locks_cell(std::uint8_t locks) {
  return locks == 0 ? no_cell() : Cell(protocol::locks_text(locks));
}

/// Places in the order of each expert, counted from 1 over all lines.
template <class Lines>
std::vector<std::uint32_t> places_of(const Lines& lines) {
  std::vector<std::uint32_t> places;
  std::map<std::uint32_t, std::uint32_t> counts;
  for (auto line : lines) places.push_back(++counts[line.getExpert()]);
  return places;
}

}  // namespace

Table visit_table(protocol::VisitPlan::Reader plan, const PlanLinesShown& shown) {
  using Align = Table::Align;
  Table table({{"expert", Align::kRight},
               {"#", Align::kRight, "place"},
               {"start"},
               {"job", Align::kRight},
               {"case", Align::kRight},
               {"district", Align::kRight},
               {"change"},
               {"from", Align::kRight},
               {"was at", Align::kLeft, "start_before"},
               {"due", Align::kLeft, "deadline"},
               {"detour", Align::kRight, "extra_travel_seconds"},
               {"next best", Align::kRight, "second"},
               {"its detour", Align::kRight, "second_travel_seconds"},
               {"fixed", Align::kLeft, "locks"}});
  const auto detour = [](std::int32_t seconds) {
    return Cell(fmt::format("{:.0f} min", seconds / kSecondsPerMinute), fmt::to_string(seconds));
  };
  const auto moment = [](std::int64_t ms) {
    return ms == 0 || ms == scheduler::kNever.ms ? no_cell() : Cell(local_text(Tick{ms}));
  };
  // Asked for once: each time counts the whole list against what one message may be read.
  const auto visits = plan.getVisits();
  const auto places = places_of(visits);
  for (unsigned i = 0; i < places.size(); ++i) {
    const auto visit = visits[i];
    if (!is_shown(visit, shown)) continue;
    table.add({id_cell(visit.getExpert()), count_cell(places[i]),
               local_text(Tick{visit.getStart()}), id_cell(visit.getJob()),
               id_cell(visit.getCaseId()), count_cell(visit.getDistrict()),
               name_of(kChangeNames, visit.getChange()), id_cell(visit.getBefore()),
               moment(visit.getStartBefore()), moment(visit.getDeadline()),
               detour(visit.getExtraTravelSeconds()), id_cell(visit.getSecond()),
               visit.getSecond() == 0 ? no_cell() : detour(visit.getSecondTravelSeconds()),
               locks_cell(visit.getLocks())});
  }
  return table;
}

Table desk_table(protocol::DeskPlan::Reader plan, const PlanLinesShown& shown) {
  using Align = Table::Align;
  Table table({{"expert", Align::kRight},
               {"#", Align::kRight, "place"},
               {"start"},
               {"finish"},
               {"job", Align::kRight},
               {"case", Align::kRight},
               {"stage"},
               {"change"},
               {"from", Align::kRight},
               {"why"},
               {"late", Align::kRight, "late_after_minutes"},
               {"instead of", Align::kRight, "late_before_minutes"},
               {"next best", Align::kRight, "second"},
               {"fixed", Align::kLeft, "locks"}});
  const auto jobs = plan.getJobs();
  const auto places = places_of(jobs);
  for (unsigned i = 0; i < places.size(); ++i) {
    const auto job = jobs[i];
    if (!is_shown(job, shown)) continue;
    const bool is_moved = job.getChange() == protocol::PlanChange::MOVED;
    table.add(
        {id_cell(job.getExpert()), count_cell(places[i]), local_text(Tick{job.getStart()}),
         local_text(Tick{job.getFinish()}), id_cell(job.getJob()), id_cell(job.getCaseId()),
         protocol::name_of(static_cast<scheduler::Stage>(job.getStage())),
         name_of(kChangeNames, job.getChange()), id_cell(job.getBefore()),
         is_moved ? name_of(kMoveCauses, job.getCause()) : name_of(kDeskReasons, job.getReason()),
         minutes_cell(job.getLateAfter()), minutes_cell(job.getLateBefore()),
         id_cell(job.getSecond()), locks_cell(job.getLocks())});
  }
  return table;
}

void print_visit_summary(protocol::VisitPlan::Reader plan) {
  std::map<std::pair<std::uint8_t, int>, std::uint32_t> counts;
  for (auto visit : plan.getUnplanned())
    counts[{visit.getDistrict(), static_cast<int>(visit.getCause())}] += 1;
  if (!counts.empty()) fmt::print("\nNot in the plan: {} visits\n", plan.getUnplanned().size());
  for (const auto& [where, count] : counts)
    fmt::print("  {:>5} in district {}: {}\n", count, where.first,
               name_of(kUnplannedSentences, where.second));
  const auto count = plan.getVisits().size();
  fmt::print(
      "\n{}: {} visits for {} of {} inspectors, {} moved; {:.1f} travel minutes a visit; "
      "Jain's index {:.3f} of the day, {:.3f} of the window of loads\n",
      day_text(plan.getDay()), count, plan.getInspectors() - plan.getIdle(), plan.getInspectors(),
      plan.getMoved(),
      count == 0 ? 0.0 : static_cast<double>(plan.getTravelSeconds()) / kSecondsPerMinute / count,
      plan.getJainPermille() / 1000.0, plan.getWindowJainPermille() / 1000.0);
  fmt::print("{} steps in {} ms of processor time, on the state at op {}.\n", plan.getIterations(),
             plan.getMilliseconds(), plan.getOp());
  if (plan.getLeftOut() != 0)
    fmt::print("{} visits are beyond what one plan can hold.\n", plan.getLeftOut());
}

void print_desk_summary(protocol::DeskPlan::Reader plan) {
  std::map<int, std::uint32_t> counts;
  for (auto job : plan.getUnplanned()) counts[static_cast<int>(job.getObstacle())] += 1;
  if (!counts.empty()) fmt::print("\nNot in the plan: {} jobs\n", plan.getUnplanned().size());
  for (const auto& [obstacle, count] : counts)
    fmt::print("  {:>5}: {}\n", count, name_of(kObstacleSentences, obstacle));
  fmt::print(
      "\nDesks on {}: {} jobs for {} people, {} moved; {} more are planned for later days.\n"
      "Of all: {} late, by {} weighted working minutes; load at most {:.1f} %, on average "
      "{:.1f} %.\n",
      day_text(plan.getDay()), plan.getJobs().size(), plan.getPeople(), plan.getMoved(),
      plan.getLater(), plan.getJobsLate(), plan.getLateMinutes(), plan.getPeakPermille() / 10.0,
      plan.getMeanPermille() / 10.0);
  fmt::print("{} steps in {} ms, on the state at op {}.\n", plan.getIterations(),
             plan.getMilliseconds(), plan.getOp());
  if (plan.getLeftOut() != 0)
    fmt::print("{} jobs are beyond what one plan can hold.\n", plan.getLeftOut());
}

void print_displaced(protocol::VisitPlan::Reader plan) {
  std::uint32_t rehomed = 0;
  std::uint32_t others = 0;
  for (auto visit : plan.getVisits()) {
    const bool lost = visit.getDisplaced() || visit.getMovesAppointment();
    rehomed += lost ? 1 : 0;
    others += !lost && visit.getChange() == protocol::PlanChange::MOVED ? 1 : 0;
  }
  std::uint32_t homeless = 0;
  for (auto visit : plan.getUnplanned()) {
    const bool has_lost_day = visit.getCause() == protocol::Unplanned::NO_HALF_DAY;
    homeless += visit.getBefore() != 0 || has_lost_day ? 1 : 0;
  }
  const auto all = plan.getVisits().size() + plan.getUnplanned().size();
  const auto rest = all - rehomed - homeless;
  fmt::print(
      "\nIf so: {} visits lose their inspector or day; {} of them are made by others, {} need "
      "another appointment. {} of the other {} visits move ({:.1f} %).\n",
      rehomed + homeless, rehomed, homeless, others, rest,
      rest == 0 ? 0.0 : 100.0 * others / static_cast<double>(rest));
}

std::string causes_text(capnp::List<protocol::PlanCause>::Reader causes) {
  std::string text;
  for (auto cause : causes) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", cause.getCount(),
                        name_of(kCauseNames, cause.getKind()));
    if (cause.getJob() != 0) continue;
    if (cause.getExpert() != 0) text += fmt::format(" (expert {})", cause.getExpert());
    if (cause.getOffice() != 0 && cause.getExpert() == 0)
      text += fmt::format(" (office {:04})", cause.getOffice());
  }
  return text.empty() ? "nothing" : text;
}

std::string_view line_result_name(protocol::PlanLineResult result) {
  return name_of(kResultNames, result);
}

}  // namespace permitd::cli
