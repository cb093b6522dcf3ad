// replan: a plan of one day's site visits, shown as what it would change, and applied when wanted.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/progress.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;
using PlannedVisits = std::vector<protocol::PlannedVisit::Reader>;

constexpr double kSecondsPerMinute = 60;

struct ReplanOptions {
  std::string day = "now";
  double seconds = 2;
  VisitPlanSpec spec;
  std::uint32_t expert = 0;
  bool is_applied = false;
  bool is_dry = false;
  bool shows_kept = false;
};
using Options = std::shared_ptr<ReplanOptions>;

constexpr std::array<std::string_view, 3> kChangeNames{"new", "kept", "moved"};
constexpr std::array<std::string_view, 7> kCauseSentences{
    "its hours are over, or its place is not known",
    "nobody on shift has the skill, the district and the service",
    "everybody who could is excluded from the case",
    "nobody of the rest works in its half-day",
    "all of the rest have their number of visits or units",
    "nobody has a gap that is long enough",
    "a more urgent visit needs the time",
};
constexpr std::array<std::string_view, 14> kResultNames{
    "none",        "applied",    "unknownJob",  "unknownExpert", "outOfRange",
    "begun",       "notMovable", "changed",     "halfDay",       "reasonMissing",
    "halfDayFull", "planFull",   "nothingToDo", "notEligible"};

template <std::size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, auto value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : "unknown";
}

VisitPlanSpec spec_of(Context& context, const ReplanOptions& options) {
  VisitPlanSpec spec = options.spec;
  spec.day = local_day_of(context.moment(options.day, "--day"));
  // Iterations alone can be repeated; with a time the machine has a say.
  spec.milliseconds =
      spec.iterations != 0 ? 0 : static_cast<std::uint32_t>(options.seconds * 1'000);
  return spec;
}

PlannedVisits visits_of(protocol::VisitPlan::Reader plan, const ReplanOptions& options) {
  PlannedVisits visits;
  for (auto visit : plan.getVisits()) {
    const bool is_wanted = options.expert == 0 || visit.getExpert() == options.expert;
    const bool changes = visit.getChange() != protocol::PlanChange::KEPT || options.shows_kept;
    if (is_wanted && changes) visits.push_back(visit);
  }
  return visits;
}

Table table_of(const PlannedVisits& visits) {
  using Align = Table::Align;
  Table table({{"expert", Align::kRight},
               {"#", Align::kRight, "sequence"},
               {"start"},
               {"job", Align::kRight},
               {"case", Align::kRight},
               {"district", Align::kRight},
               {"change"},
               {"from", Align::kRight},
               {"detour", Align::kRight, "extra_travel_seconds"},
               {"next best", Align::kRight, "second"},
               {"its detour", Align::kRight, "second_travel_seconds"}});
  const auto detour = [](std::int32_t seconds) {
    return Cell(fmt::format("{:.0f} min", seconds / kSecondsPerMinute), fmt::to_string(seconds));
  };
  for (const auto& visit : visits) {
    table.add({id_cell(visit.getExpert()), count_cell(visit.getSequence()),
               local_text(Tick{visit.getStart()}), id_cell(visit.getJob()),
               id_cell(visit.getCaseId()), count_cell(visit.getDistrict()),
               name_of(kChangeNames, visit.getChange()), id_cell(visit.getBefore()),
               detour(visit.getExtraTravelSeconds()), id_cell(visit.getSecond()),
               visit.getSecond() == 0 ? no_cell() : detour(visit.getSecondTravelSeconds())});
  }
  return table;
}

void print_unplanned(protocol::VisitPlan::Reader plan) {
  std::map<std::pair<std::uint8_t, int>, std::uint32_t> counts;
  for (auto visit : plan.getUnplanned())
    counts[{visit.getDistrict(), static_cast<int>(visit.getCause())}] += 1;
  if (counts.empty()) return;
  fmt::print("\nNot in the plan: {} visits\n", plan.getUnplanned().size());
  for (const auto& [where, count] : counts)
    fmt::print("  {:>5} in district {}: {}\n", count, where.first,
               name_of(kCauseSentences, where.second));
}

void print_summary(protocol::VisitPlan::Reader plan) {
  const auto count = plan.getVisits().size();
  fmt::print(
      "\n{}: {} visits for {} of {} inspectors, {} moved; {:.1f} travel minutes a visit; "
      "Jain's index {:.3f}\n",
      day_text(plan.getDay()), count, plan.getInspectors() - plan.getIdle(), plan.getInspectors(),
      plan.getMoved(),
      count == 0 ? 0.0 : static_cast<double>(plan.getTravelSeconds()) / kSecondsPerMinute / count,
      plan.getJainPermille() / 1000.0);
  fmt::print("{} steps in {} ms of processor time, on the state at op {}.\n",
             grouped(plan.getIterations()), plan.getMilliseconds(), plan.getOp());
  if (plan.getLeftOut() != 0)
    fmt::print("{} visits are beyond what one plan can hold.\n", plan.getLeftOut());
}

/// What became of the lines: counts by result, and the first refusal.
struct Applied {
  std::map<std::string_view, std::uint32_t> counts;
  std::optional<Refused> refused;
};

Applied apply(Context& context, SupervisorClient& supervisor, protocol::VisitPlan::Reader plan) {
  // Seven lines a command, and a call may take a thousand lines: see permit.capnp.
  constexpr std::size_t kLinesPerCall = 700;
  PlannedVisits lines;
  for (auto visit : plan.getVisits()) lines.push_back(visit);
  Applied applied;
  for (std::size_t from = 0; from < lines.size() && !applied.refused; from += kLinesPerCall) {
    const auto part = std::span(lines).subspan(from, std::min(kLinesPerCall, lines.size() - from));
    const auto key = context.client().keys().next(static_cast<std::uint32_t>(part.size()));
    const auto answer = context.wait(supervisor.apply_plan(Op{plan.getOp()}, part, key));
    if (answer.isRefused()) {
      applied.refused = to_refused(answer.getRefused());
      break;
    }
    for (auto line : answer.getLines())
      applied.counts[name_of(kResultNames, line.getResult())] += 1;
  }
  return applied;
}

int finish_apply(Context& context, const Applied& applied) {
  if (context.wants_json()) {
    json::object counts;
    for (const auto& [name, count] : applied.counts) counts[name] = count;
    context.print(json::object{{"applied", counts}});
  } else {
    for (const auto& [name, count] : applied.counts) fmt::print("  {:>6} {}\n", count, name);
  }
  return applied.refused ? context.refuse(*applied.refused) : kExitOk;
}

int replan(Context& context, const ReplanOptions& options) {
  if (options.is_applied && options.is_dry)
    throw UsageError("--dry-run and --apply exclude each other");
  if (options.is_applied && (context.globals.csv || options.expert != 0))
    throw UsageError("--apply is for the whole plan: leave out --csv and --expert");
  SupervisorClient supervisor(context.client(), context.identity({ActorKind::kSupervisor}, 1).id);
  const auto answer = context.wait(supervisor.plan_visits(spec_of(context, options)));
  if (answer.isRefused()) return context.refuse(to_refused(answer.getRefused()));
  const auto plan = answer.getPlan();
  if (!options.is_applied && context.wants_json()) {
    context.print(message_json(plan));
    return kExitOk;
  }
  if (!context.wants_json()) {
    context.print(table_of(visits_of(plan, options)), {});
    if (context.globals.csv) return kExitOk;
    print_unplanned(plan);
    print_summary(plan);
  }
  if (!options.is_applied) {
    fmt::print("Nothing has changed. Apply a plan with --apply.\n");
    return kExitOk;
  }
  const auto count = plan.getVisits().size();
  if (count != 0 && !context.confirm(fmt::format("Reserve {} visits for their inspectors?", count)))
    return kExitRefused;
  return finish_apply(context, apply(context, supervisor, plan));
}

}  // namespace

void add_plan_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<ReplanOptions>();
  auto* command =
      add_command(app, {"replan", "Plan the site visits of a day: who goes where, in which order.",
                        "permitctl replan --day +1d --seconds 5",
                        "What would change, why nobody takes the rest, travel and evenness. "
                        "Nothing changes without\n"
                        "  --apply, which reserves each visit for its inspector until its half-day "
                        "is over. Promised\n"
                        "  half-days are kept; visits under way are not touched; the daemon judges "
                        "each line anew."});
  command->add_option("--day", options->day, "A date, now, or +1d")->capture_default_str();
  command->add_option("--seconds", options->seconds, "Processor time for it")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str();
  command->add_option("--iterations", options->spec.iterations,
                      "Steps instead of seconds: the same plan every time");
  command->add_option("--seed", options->spec.seed, "Luck of the search")->capture_default_str();
  command
      ->add_option("--balance", options->spec.balance_permille,
                   "What evenness is worth against travel, in thousandths")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  command
      ->add_option("--move-minutes", options->spec.move_minutes,
                   "Travel that must be saved to move a visit to somebody else")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command->add_option("--expert", options->expert, "Show this inspector's visits alone");
  command->add_flag("--kept", options->shows_kept, "Show visits that stay where they are, too");
  command->add_flag("--dry-run", options->is_dry, "Show only (the default)");
  command->add_flag("--apply", options->is_applied, "Apply it after a look");
  context.on(command, [&context, options] { return replan(context, *options); });
}

}  // namespace permitd::cli
