// replan: plans of visits and desks, shown as what they would change, and applied when wanted.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "cli/commands.h"
#include "cli/eligibility_text.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/plan_text.h"
#include "cli/question_text.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;

struct ReplanOptions {
  std::string scope = "visits";
  std::string day = "now";
  std::optional<double> seconds;
  VisitPlanSpec visits;
  std::uint32_t absent = 0;
  std::string from;
  std::string until;
  std::string suspended;
  std::string closed;
  PlanLinesShown shown;
  bool is_standing = false;
  bool is_applied = false;
  bool is_dry = false;

  bool has_visits() const { return scope != "desks"; }
  bool has_desks() const { return scope != "visits"; }
};

SupervisorClient supervisor_of(Context& context) {
  return SupervisorClient(context.client(), context.identity({ActorKind::kSupervisor}, 1));
}

// ---- what is asked ----

LocalDay day_of(Context& context, const ReplanOptions& options) {
  return options.closed.empty() ? local_day_of(context.moment(options.day, "--day"))
                                : local_day_of(context.moment(options.closed, "--closed"));
}

/// An absence is one of the day that is planned, unless it says from when until when.
AssumptionSpec assumption_of(Context& context, const ReplanOptions& options) {
  AssumptionSpec spec;
  const LocalDay day = day_of(context, options);
  if (options.absent != 0) {
    spec.kind = AssumptionSpec::Kind::kAbsent;
    spec.expert = ExpertId{options.absent};
    spec.from = options.from.empty() ? moment_at(day, 0) : context.moment(options.from, "--from");
    spec.until =
        options.until.empty() ? moment_at(day + 1, 0) : context.moment(options.until, "--until");
  } else if (!options.suspended.empty()) {
    spec.kind = AssumptionSpec::Kind::kSuspended;
    spec.office = office_option(options.suspended, "--suspended");
    if (!options.from.empty()) spec.from = context.moment(options.from, "--from");
    if (!options.until.empty()) spec.until = context.moment(options.until, "--until");
  } else if (!options.closed.empty()) {
    spec.kind = AssumptionSpec::Kind::kClosed;
    spec.day = day;
  }
  return spec;
}

/// Iterations alone can be repeated; with a time the machine has a say. "What if" is asked by
/// somebody who waits: at the size of a large city its answer comes within a second, copying and
/// explaining included.
std::uint32_t milliseconds_of(const ReplanOptions& options) {
  constexpr double kSeconds = 2;
  constexpr double kAssumedSeconds = 0.3;
  constexpr double kAssumedSecondsOfTwo = 0.2;
  if (options.visits.iterations != 0) return 0;
  const bool is_assumed =
      options.absent != 0 || !options.suspended.empty() || !options.closed.empty();
  const double assumed = options.scope == "all" ? kAssumedSecondsOfTwo : kAssumedSeconds;
  return static_cast<std::uint32_t>(options.seconds.value_or(is_assumed ? assumed : kSeconds) *
                                    1'000);
}

VisitPlanSpec visits_of(Context& context, const ReplanOptions& options,
                        const AssumptionSpec& assumption) {
  VisitPlanSpec spec = options.visits;
  spec.day = day_of(context, options);
  spec.milliseconds = milliseconds_of(options);
  spec.mends |= assumption.kind != AssumptionSpec::Kind::kNothing;
  return spec;
}

DeskPlanSpec desks_of(const ReplanOptions& options) {
  return {milliseconds_of(options), options.visits.iterations, options.visits.seed};
}

// ---- applying ----

template <class Line>
PlanLineSpec line_of(const Line& line) {
  return {JobId{line.getJob()}, ExpertId{line.getExpert()}, Tick{line.getStart()},
          line.getSequence(),   line.getAttempts(),         line.getState()};
}

std::vector<PlanLineSpec> lines_of(protocol::VisitPlan::Reader plan) {
  std::vector<PlanLineSpec> lines;
  for (auto visit : plan.getVisits()) lines.push_back(line_of(visit));
  return lines;
}

/// What stays at its desk need not be said, its moment alone has moved with the clock; but where
/// somebody gets more, the numbers of what is reserved already may have made room for it.
std::vector<PlanLineSpec> lines_of(protocol::DeskPlan::Reader plan) {
  std::set<std::uint32_t> with_more;
  for (auto job : plan.getJobs())
    if (job.getChange() != protocol::PlanChange::KEPT) with_more.insert(job.getExpert());
  std::vector<PlanLineSpec> lines;
  for (auto job : plan.getJobs()) {
    const bool is_held = job.getState() == protocol::JobState::ASSIGNED;
    const bool is_kept = job.getChange() == protocol::PlanChange::KEPT;
    if (!is_kept || (!is_held && with_more.contains(job.getExpert())))
      lines.push_back(line_of(job));
  }
  return lines;
}

/// What became of the lines: counts by result, and the first refusal.
struct Applied {
  std::map<std::string_view, std::uint32_t> counts;
  std::optional<Refused> refused;
};

void apply(Context& context, SupervisorClient& supervisor, Op op,
           const std::vector<PlanLineSpec>& lines, Applied& applied) {
  // Seven lines a command, and a call may take a thousand lines: see permit.capnp.
  constexpr std::size_t kLinesPerCall = 700;
  for (std::size_t from = 0; from < lines.size() && !applied.refused; from += kLinesPerCall) {
    const auto part = std::span(lines).subspan(from, std::min(kLinesPerCall, lines.size() - from));
    const auto key = context.client().keys().next(static_cast<std::uint32_t>(part.size()));
    const auto answer = context.wait(supervisor.apply_plan(op, part, key));
    if (answer.isRefused()) {
      applied.refused = to_refused(answer.getRefused());
      return;
    }
    for (auto line : answer.getLines()) applied.counts[line_result_name(line.getResult())] += 1;
  }
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

/// Asks, and applies the lines of several plans, each on its own snapshot.
struct LinesToApply {
  Op op;
  std::vector<PlanLineSpec> lines;
};
int apply_all(Context& context, SupervisorClient& supervisor,
              const std::vector<LinesToApply>& plans) {
  std::size_t count = 0;
  for (const LinesToApply& plan : plans) count += plan.lines.size();
  if (count != 0 && !context.confirm(reserve_question(count, context.language())))
    return kExitRefused;
  Applied applied;
  for (const LinesToApply& plan : plans) apply(context, supervisor, plan.op, plan.lines, applied);
  return finish_apply(context, applied);
}

// ---- the standing plan ----

void print_standing_head(protocol::StandingPlan::Reader plan) {
  fmt::print("Standing plan of op {}, {} s old, made because of: {}.\n", plan.getOp(),
             plan.getAgeSeconds(), causes_text(plan.getCauses()));
  if (plan.getSince().size() != 0)
    fmt::print("Since then: {}; the next one is due.\n", causes_text(plan.getSince()));
  if (plan.getAppliedLines() != 0)
    fmt::print("The daemon has applied {} of its lines.\n", plan.getAppliedLines());
}

/// One line under a plan that was made by hand.
void print_standing_hint(Context& context, SupervisorClient& supervisor) {
  const auto answer = context.wait(supervisor.standing_plan());
  if (!answer.isPlan()) return;
  print_standing_head(answer.getPlan());
  fmt::print("See it with --standing.\n");
}

int show_standing(Context& context, const ReplanOptions& options) {
  auto supervisor = supervisor_of(context);
  const auto answer = context.wait(supervisor.standing_plan());
  if (answer.isRefused()) return context.refuse(to_refused(answer.getRefused()));
  if (answer.isNone()) {
    if (context.wants_json()) context.print(json::object{{"none", true}});
    if (!context.wants_json()) fmt::print("No plan stands yet; ask again in a moment.\n");
    return kExitOk;
  }
  const auto plan = answer.getPlan();
  if (context.wants_json() && !options.is_applied) {
    context.print(message_json(plan));
    return kExitOk;
  }
  std::vector<LinesToApply> lines;
  for (auto day : plan.getDays()) {
    if (!context.wants_json() && options.has_visits()) {
      context.print(visit_table(day, options.shown), {});
      print_visit_summary(day);
    }
    if (options.has_visits()) lines.push_back({Op{day.getOp()}, lines_of(day)});
  }
  if (options.has_desks()) {
    if (!context.wants_json()) {
      context.print(desk_table(plan.getDesks(), options.shown), {});
      print_desk_summary(plan.getDesks());
    }
    lines.push_back({Op{plan.getDesks().getOp()}, lines_of(plan.getDesks())});
  }
  if (!context.wants_json()) print_standing_head(plan);
  return options.is_applied ? apply_all(context, supervisor, lines) : kExitOk;
}

// ---- a plan made now ----

void check_options(const Context& context, const ReplanOptions& options) {
  if (options.is_applied && options.is_dry)
    throw UsageError("--dry-run and --apply exclude each other");
  const int assumptions = (options.absent != 0 ? 1 : 0) + (options.suspended.empty() ? 0 : 1) +
                          (options.closed.empty() ? 0 : 1);
  if (assumptions > 1) throw UsageError("--absent, --suspended and --closed exclude each other");
  if (assumptions != 0 && (options.is_applied || options.is_standing))
    throw UsageError(
        "--apply and --standing are for what is so: give the command itself first (absent, "
        "suspend, city load), then replan");
  if (options.absent == 0 && options.suspended.empty() &&
      !(options.from.empty() && options.until.empty()))
    throw UsageError("--from and --until belong to --absent and --suspended");
  if (options.is_applied && (context.globals.csv || options.shown.expert != 0))
    throw UsageError("--apply is for the whole plan: leave out --csv and --expert");
  if (context.globals.csv && options.scope == "all")
    throw UsageError("--csv is one table: choose visits or desks");
}

int replan(Context& context, const ReplanOptions& options) {
  check_options(context, options);
  if (options.is_standing) return show_standing(context, options);
  auto supervisor = supervisor_of(context);
  const AssumptionSpec assumption = assumption_of(context, options);
  const bool is_assumed = assumption.kind != AssumptionSpec::Kind::kNothing;
  const bool is_shown = !context.wants_json();
  json::object document;
  std::vector<LinesToApply> lines;
  if (options.has_visits()) {
    const auto answer =
        context.wait(supervisor.plan_visits(visits_of(context, options, assumption), assumption));
    if (answer.isRefused()) return context.refuse(to_refused(answer.getRefused()));
    const auto plan = answer.getPlan();
    const auto missing = is_assumed ? std::vector<std::string>{} : who_is_missing(context, plan);
    json::value visits = message_json(plan);
    visits.as_object()["nobody"] = json::value_from(missing);
    document["visits"] = std::move(visits);
    lines.push_back({Op{plan.getOp()}, lines_of(plan)});
    if (is_shown) context.print(visit_table(plan, options.shown), {});
    if (is_shown && !context.globals.csv) print_visit_summary(plan);
    if (is_shown && !context.globals.csv && is_assumed) print_displaced(plan);
    if (is_shown && !context.globals.csv && !is_assumed) print_nobody(missing);
  }
  if (options.has_desks()) {
    const auto answer = context.wait(supervisor.plan_desks(desks_of(options), assumption));
    if (answer.isRefused()) return context.refuse(to_refused(answer.getRefused()));
    const auto plan = answer.getPlan();
    document["desks"] = message_json(plan);
    lines.push_back({Op{plan.getOp()}, lines_of(plan)});
    if (is_shown) context.print(desk_table(plan, options.shown), {});
    if (is_shown && !context.globals.csv) print_desk_summary(plan);
  }
  if (options.is_applied) return apply_all(context, supervisor, lines);
  if (!is_shown) {
    context.print(options.scope == "all" ? json::value(document) : document.at(options.scope));
  } else if (!context.globals.csv) {
    fmt::print("Nothing has changed. {}\n", is_assumed ? "Give the command itself when it is so."
                                                       : "Apply a plan with --apply.");
    if (!is_assumed) print_standing_hint(context, supervisor);
  }
  return kExitOk;
}

void add_budget_options(CLI::App* command, const std::shared_ptr<ReplanOptions>& options) {
  command
      ->add_option("--seconds", options->seconds,
                   "Processor time for each plan: 2, or 0.3 with an assumption, 0.2 for two plans")
      ->check(CLI::Range(0.0, 60.0));
  command->add_option("--iterations", options->visits.iterations,
                      "Steps instead of seconds: the same plan every time");
  command->add_option("--seed", options->visits.seed, "Luck of the search")->capture_default_str();
  command
      ->add_option("--balance", options->visits.balance_permille,
                   "Visits: what evenness is worth against travel, in thousandths; as the daemon "
                   "is set if not given")
      ->check(CLI::Range(0, 100'000));
  command
      ->add_option("--move-minutes", options->visits.move_minutes,
                   "Visits: travel that must be saved to move one to somebody else; likewise")
      ->check(CLI::Range(0, 10'000));
  command->add_flag("--mend", options->visits.mends,
                    "Visits: move only what has nobody, and what lies near it");
}

void add_assumption_options(CLI::App* command, const std::shared_ptr<ReplanOptions>& options) {
  command->add_option("--absent", options->absent, "As if this expert were away that day");
  command->add_option("--from", options->from, "From this moment on, with --absent or --suspended");
  command->add_option("--until", options->until, "Until this moment, likewise");
  command->add_option("--suspended", options->suspended, "As if this office were suspended");
  command->add_option("--closed", options->closed,
                      "As if this day were a holiday: the plan of the next working day");
}

}  // namespace

void add_plan_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<ReplanOptions>();
  auto* command = add_command(
      app, {"replan", "Plan the visits of a day, or the desks: who does what, in which order.",
            "permitctl replan all --day +1d --absent 7",
            "What would change, from whom to whom and why, what it does to deadlines, "
            "why nobody takes the\n"
            "  rest. Nothing changes without --apply, which reserves each job for its "
            "expert until its half-day\n"
            "  or day is over. Promised half-days are kept, started work is not "
            "touched, locks hold; the daemon\n"
            "  judges each line anew. --standing shows the plan that it keeps ready "
            "since the last change."});
  command->add_option("SCOPE", options->scope, "visits, desks or all")
      ->check(CLI::IsMember({"visits", "desks", "all"}))
      ->capture_default_str();
  command->add_option("--day", options->day, "Visits: a date, now, or +1d")->capture_default_str();
  add_budget_options(command, options);
  add_assumption_options(command, options);
  command->add_option("--expert", options->shown.expert, "Show this expert's work alone");
  command->add_flag("--kept", options->shown.kept, "Show what stays where it is, too");
  command->add_flag("--standing", options->is_standing,
                    "The plan that the daemon keeps ready, why it was made and how old it is");
  command->add_flag("--dry-run", options->is_dry, "Show only (the default)");
  command->add_flag("--apply", options->is_applied, "Apply it after a look");
  context.on(command, [&context, options] { return replan(context, *options); });
}

}  // namespace permitd::cli
