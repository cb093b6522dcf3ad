// Goal: the plans that the daemon makes meet the core as the naive model says. Lines of made-up
// plans are in scheduler_property_test; here they come from the daemon's own snapshots and planner,
// now and then on what has changed since, and the city goes on from them.
// Method: for each seed a made-up city and its random commands. From time to time the visits of a
// day or the desks are planned with a small budget of steps and the core is told the lines;
// afterwards people ask for what is reserved for them. How much was taken and claimed is counted,
// so that nothing passes for want of plans. PERMITD_SEED=N repeats one seed, PERMITD_ROUNDS and
// PERMITD_STEPS set how much is run, PERMITD_VERBOSE=1 tells the counts.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "daemon/desk_plan.h"
#include "daemon/plan_lines.h"
#include "daemon/visit_plan.h"
#include "tests/support/command_generator.h"
#include "tests/support/model_run.h"

namespace permitd::tests {
namespace {

using namespace permitd::scheduler;

constexpr std::uint64_t kPlanSteps = 200;  // of the search, for each plan
constexpr std::uint64_t kFewSeeds = 8;     // with fewer, a city may have nothing to plan

/// What became of the lines of plans of one sort.
struct LineCounts {
  std::uint64_t plans = 0;
  std::uint64_t lines = 0;
  std::uint64_t taken = 0;    // by the core
  std::uint64_t claimed = 0;  // of those: given to whom they were reserved for, by that plan

  void add(const LineCounts& other) {
    plans += other.plans;
    lines += other.lines;
    taken += other.taken;
    claimed += other.claimed;
  }
};

struct PlanCounts {
  LineCounts visits;
  LineCounts desks;
};

class PlannedCity {
 public:
  explicit PlannedCity(std::uint64_t seed) : run_(seed), chance_(seed * 104'729 + 5) {}

  /// Returns what is wrong, empty when nothing is.
  std::string live(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      std::string wrong = run_.take(step);
      if (wrong.empty()) wrong = follow_reserved();
      if (wrong.empty() && step.setup == Step::kRandom) wrong = plan_and_ask();
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

  const PlanCounts& counts() const { return counts_; }

 private:
  /// A plan that the core has not been told yet.
  struct MadePlan {
    Op op{};
    std::vector<PlanLine> lines;
    LineCounts* counts = nullptr;
    std::uint32_t steps_left = 0;  // until it is told
  };
  /// A line that the core has taken.
  struct Reserved {
    ExpertId expert{};
    Op plan{};
    LineCounts* counts = nullptr;
  };

  std::string plan_and_ask() {
    if (!made_ && chance_.chance(40)) {
      make_plan();
      // Mostly the core is told at once; sometimes the city has gone on meanwhile.
      made_->steps_left = chance_.chance(300) ? chance_.between(1U, 6U) : 0;
    }
    if (made_ && made_->steps_left-- == 0) {
      if (std::string wrong = tell_plan(); !wrong.empty()) return wrong;
      if (std::string wrong = ask_for_reserved(); !wrong.empty()) return wrong;
    }
    return chance_.chance(60) ? ask_for_reserved() : std::string{};
  }

  void make_plan() { made_ = chance_.chance(600) ? plan_of_visits() : plan_of_desks(); }

  MadePlan plan_of_visits() {
    const std::uint32_t ahead = chance_.chance(600) ? 0 : 1;
    daemon::VisitSnapshotQuery query(daemon::Scope{}, {.is_ahead = true, .ahead = ahead});
    while (!query.run(run_.core())) continue;
    daemon::VisitPlanOptions options = daemon::visit_options(settings());
    options.seed = chance_.next();
    options.mends = chance_.chance(500);
    const daemon::VisitPlan plan = daemon::plan_visits(query.snapshot, options, std::stop_source{});
    return made_of(plan.op, plan.lines, counts_.visits);
  }

  MadePlan plan_of_desks() {
    daemon::DeskSnapshotQuery query(daemon::Scope{});
    while (!query.run(run_.core())) continue;
    daemon::DeskPlanOptions options = daemon::desk_options(settings());
    options.seed = chance_.next();
    const daemon::DeskPlan plan = daemon::plan_desks(query.snapshot, options, std::stop_token{});
    return made_of(plan.op, plan.lines, counts_.desks);
  }

  // Steps alone end the search, so that a seed gives the same run.
  static daemon::PlannerSettings settings() {
    daemon::PlannerSettings settings;
    settings.iterations = kPlanSteps;
    settings.milliseconds_max = 0;
    return settings;
  }

  template <class Line>
  static MadePlan made_of(Op op, const std::vector<Line>& lines, LineCounts& counts) {
    MadePlan made{op, {}, &counts, 0};
    std::ranges::transform(lines, std::back_inserter(made.lines), daemon::core_line<Line>);
    ++counts.plans;
    counts.lines += lines.size();
    return made;
  }

  Command command_of(CommandKind kind, Actor actor) {
    Command command;
    command.kind = kind;
    command.actor = actor;
    command.now = run_.core().now();
    command.seed = chance_.next();
    const std::uint64_t number = chance_.next();
    command.key = {number, 1};
    return command;
  }

  std::string tell_plan() {
    const MadePlan plan = *std::exchange(made_, std::nullopt);
    for (std::size_t from = 0; from < plan.lines.size(); from += kPlanLinesPerCommand) {
      Command command = command_of(CommandKind::kApplyPlan, {ActorKind::kSupervisor, 7});
      ApplyPlan& body = command.body.apply_plan;
      body = {};
      body.snapshot_op = plan.op;
      body.count = static_cast<std::uint16_t>(
          std::min<std::size_t>(kPlanLinesPerCommand, plan.lines.size() - from));
      std::copy_n(plan.lines.begin() + static_cast<std::ptrdiff_t>(from), body.count,
                  body.lines.begin());
      if (std::string wrong = run_.take(command); !wrong.empty()) return wrong;
      note_taken(body, *plan.counts);
      if (std::string wrong = follow_reserved(); !wrong.empty()) return wrong;
    }
    return {};
  }

  void note_taken(const ApplyPlan& plan, LineCounts& counts) {
    const Outcome outcome = run_.outcome();
    if (outcome.refusal != Refusal::kNone) return;
    for (std::size_t i = 0; i < plan.count; ++i) {
      if (plan_line_result(outcome, i) != PlanLineResult::kApplied) continue;
      ++counts.taken;
      reserved_[plan.lines[i].job] = {plan.lines[i].expert, outcome.op, &counts};
    }
  }

  // Somebody for whom a plan has reserved a job asks for work.
  std::string ask_for_reserved() {
    if (reserved_.empty()) return {};
    const auto which =
        std::next(reserved_.begin(), static_cast<std::ptrdiff_t>(chance_.below(reserved_.size())));
    Command command =
        command_of(CommandKind::kClaim, {ActorKind::kExpert, raw(which->second.expert)});
    command.body.claim = {};
    if (std::string wrong = run_.take(command); !wrong.empty()) return wrong;
    return follow_reserved();
  }

  // What is reserved until it is claimed, moved or left to others.
  std::string follow_reserved() {
    std::string wrong;
    std::erase_if(reserved_, [&](const auto& entry) {
      const auto& [job, reserved] = entry;
      PlanView standing;
      if (run_.core().find_plan(job, standing) && standing.op == reserved.plan) return false;
      DecisionView decision;
      if (!run_.core().find_decision(job, decision) || !decision.by_plan ||
          decision.plan != reserved.plan)
        return true;
      ++reserved.counts->claimed;
      if (decision.chosen != reserved.expert)
        wrong = fmt::format("job {} was planned for {} and given to {}", raw(job),
                            raw(reserved.expert), raw(decision.chosen));
      return true;
    });
    return wrong;
  }

  ModelRun run_;
  Chance chance_;
  std::optional<MadePlan> made_;
  std::map<JobId, Reserved> reserved_;
  PlanCounts counts_;
};

void print(const char* what, const LineCounts& counts) {
  fmt::print("{}: {} plans of {} lines, {} taken, {} of them claimed\n", what, counts.plans,
             counts.lines, counts.taken, counts.claimed);
}

void expect_used(const char* what, const LineCounts& counts) {
  EXPECT_GT(counts.taken, 0U) << what;
  EXPECT_GT(counts.claimed, 0U) << what;
}

TEST(PlannedDaysTest, TheCoreTakesThePlannersPlansAsTheNaiveModelSays) {
  const Seeds seeds = Seeds::of(kFewSeeds);
  const std::size_t count = environment_number("PERMITD_STEPS", 800);
  PlanCounts counts;
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    PlannedCity city(seed);
    std::string wrong;
    try {
      wrong = city.live(steps_of(seed, count));
    } catch (const std::exception& error) {
      wrong = error.what();  // a snapshot that the planner cannot make sense of
    }
    ASSERT_EQ(wrong, "") << "PERMITD_SEED=" << seed << " PERMITD_STEPS=" << count;
    counts.visits.add(city.counts().visits);
    counts.desks.add(city.counts().desks);
  }
  if (environment_number("PERMITD_VERBOSE", 0) != 0) {
    print("visits", counts.visits);
    print("desks", counts.desks);
  }
  if (seeds.count < kFewSeeds) return;
  expect_used("visits", counts.visits);
  expect_used("desks", counts.desks);
}

}  // namespace
}  // namespace permitd::tests
