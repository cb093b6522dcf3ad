// The core alone, without wire and disk: what one command of the usual mix costs, on an empty city
// and on a backlog. Times are per command; a cycle is submit, claim, start, complete.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <numeric>
#include <vector>

#include "bench/load_city.h"
#include "daemon/process_memory.h"
#include "daemon/touched_tables.h"
#include "protocol/command_codec.h"
#include "scheduler/scheduler.h"

namespace permitd::bench {
namespace {

using scheduler::ActorKind;
using scheduler::Command;
using scheduler::CommandKind;
using scheduler::ExpertId;
using scheduler::Outcome;
using Moment = std::chrono::steady_clock::time_point;
using Nanoseconds = std::chrono::nanoseconds;

constexpr std::uint32_t kExperts = 650;
constexpr std::uint32_t kExpertsOfTheCountry = 13'000;
constexpr std::uint32_t kOffices = 50;
constexpr std::int64_t kDayMs = 86'400'000;

double percentile(std::vector<Nanoseconds> times, std::size_t permille) {
  if (times.empty()) return 0;
  const std::size_t at = times.size() * permille / 1000;
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(at), times.end());
  return static_cast<double>(times[at].count());
}

/// How long pieces of work took in runs that do exactly the same: the core is deterministic. The
/// least time of a piece is what the code takes; an interruption, or a page that a host has taken
/// away, meets another piece in each run.
class LeastTimes {
 public:
  void begin_run() { run_.clear(); }
  void add(Nanoseconds time) {
    const std::size_t piece = run_.size();
    run_.push_back(time);
    if (piece == least_.size()) least_.push_back(time);
    least_[piece] = std::min(least_[piece], time);
  }
  const std::vector<Nanoseconds>& run() const { return run_; }
  const std::vector<Nanoseconds>& least() const { return least_; }
  double least_seconds() const {
    return std::chrono::duration<double>(
               std::accumulate(least_.begin(), least_.end(), Nanoseconds{}))
        .count();
  }

 private:
  std::vector<Nanoseconds> run_;    // the present one
  std::vector<Nanoseconds> least_;  // of all
};

/// A scheduler with the bench city, and the stamping that the engine would do. Its tables are in
/// memory as those of a daemon that has been up for a second.
class CoreBench {
 public:
  static constexpr std::uint32_t kBatch = 64;

  explicit CoreBench(std::uint32_t jobs_max, std::uint32_t keys_max = scheduler::Limits{}.keys_max,
                     std::uint32_t experts = kExperts, bool visits = false, bool touched = true)
      : tables_(touched ? std::make_unique<daemon::TouchedTables>(daemon::memory_left()) : nullptr),
        scheduler_(tables_.get()),
        experts_(experts),
        visits_(visits) {
    Command limits = command_of(CommandKind::kSetLimits, ActorKind::kEngine, 0);
    limits.body.set_limits.limits = scheduler::Limits{};
    scheduler::Limits& wanted = limits.body.set_limits.limits;
    wanted.cases_max = wanted.jobs_max = jobs_max;
    wanted.decisions_max = jobs_max;
    wanted.keys_max = keys_max;
    wanted.events_max = 4 * jobs_max;  // an open case keeps its history
    wanted.experts_max = std::max(wanted.experts_max, experts);
    require(apply(limits));
    if (tables_) tables_->wait();
    define_city();
  }

  Outcome submit() {
    Command command = submission();
    return apply(command);
  }
  Outcome claim(ExpertId expert) {
    Command command = command_of(CommandKind::kClaim, ActorKind::kExpert, scheduler::raw(expert));
    command.body.claim = {};
    return apply(command);
  }
  Outcome start(ExpertId expert, const Outcome& lease) {
    Command command = command_of(CommandKind::kStart, ActorKind::kExpert, scheduler::raw(expert));
    command.body.start = {lease.job, lease.token};
    return apply(command);
  }
  Outcome complete(ExpertId expert, const Outcome& lease) {
    Command command =
        command_of(CommandKind::kComplete, ActorKind::kExpert, scheduler::raw(expert));
    command.body.complete = {lease.job, lease.token, {}};
    return apply(command);
  }
  /// One job from filing to completion, by the experts in turn; a day passes when all are used up.
  bool cycle() {
    const ExpertId expert = next_expert();
    if (submit().refusal != scheduler::Refusal::kNone) return false;
    const Outcome lease = claim(expert);
    return scheduler::raw(lease.job) != 0 &&
           start(expert, lease).refusal == scheduler::Refusal::kNone &&
           complete(expert, lease).refusal == scheduler::Refusal::kNone;
  }
  /// The next batch: kBatch experts claim. What they get is kept for finish_batch().
  void prepare_claims() {
    for (std::uint32_t i = 0; i < kBatch; ++i) {
      claimants_[i] = next_expert();
      batch_[i] =
          command_of(CommandKind::kClaim, ActorKind::kExpert, scheduler::raw(claimants_[i]));
      batch_[i].body.claim = {};
    }
    stamp_batch();
  }
  /// The next batch: kBatch submissions.
  void prepare_submissions() {
    for (Command& command : batch_) command = submission();
    stamp_batch();
  }
  /// What a daemon's engine does with a batch that was read from the wire and stamped.
  bool apply_prepared() {
    bool taken = true;
    for (std::size_t i = 0; i < kBatch; ++i) {
      const std::size_t ahead = i + scheduler::Scheduler::kCommandsAhead;
      const auto begin = each_ ? std::chrono::steady_clock::now() : Moment{};
      if (ahead < kBatch) scheduler_.expect(batch_[ahead]);
      outcomes_[i] = scheduler_.apply(batch_[i]);
      if (each_) each_->add(std::chrono::steady_clock::now() - begin);
      taken &= outcomes_[i].refusal == scheduler::Refusal::kNone;
    }
    return taken;
  }
  /// How many of the last batch were given a visit that is nearer than the first by deadline. Pre:
  /// it has not been finished.
  std::uint32_t nearer() const {
    return static_cast<std::uint32_t>(std::ranges::count_if(outcomes_, [&](const Outcome& lease) {
      scheduler::DecisionView decision;
      return scheduler_.find_decision(lease.job, decision) &&
             scheduler::raw(decision.passed_over) != 0;
    }));
  }
  /// Those leases are started and completed, and as many cases filed, so that the backlog stays.
  bool finish_batch() {
    const std::array<Outcome, kBatch> leases = outcomes_;
    bool taken = true;
    for (std::uint32_t i = 0; i < kBatch; ++i) {
      taken &= start(claimants_[i], leases[i]).refusal == scheduler::Refusal::kNone &&
               complete(claimants_[i], leases[i]).refusal == scheduler::Refusal::kNone &&
               submit().refusal == scheduler::Refusal::kNone;
    }
    return taken;
  }
  /// Whoever was given the cases of the last batch begins and finishes them, and asks again.
  bool work_off(std::uint16_t wanted) {
    const std::array<Outcome, kBatch> filed = outcomes_;
    bool taken = true;
    for (Outcome lease : filed) {
      scheduler::JobView job;
      if (!scheduler_.find_job(lease.job, job) || raw(job.holder) == 0) return false;
      lease.token = job.token;
      taken &= start(job.holder, lease).refusal == scheduler::Refusal::kNone &&
               complete(job.holder, lease).refusal == scheduler::Refusal::kNone &&
               ask(job.holder, wanted).refusal == scheduler::Refusal::kNone;
    }
    worked_off_ += kBatch;
    if (worked_off_ >= std::uint64_t{experts_} * kJobsPerExpert / 2) {
      worked_off_ = 0;
      now_ms_ += kDayMs;
      everybody_waits(wanted);
    }
    return taken;
  }
  /// The same of cases that nobody has waited for.
  bool claim_and_work_off() {
    prepare_claims();
    bool taken = apply_prepared();
    const std::array<Outcome, kBatch> leases = outcomes_;
    for (std::uint32_t i = 0; i < kBatch; ++i) {
      taken &= start(claimants_[i], leases[i]).refusal == scheduler::Refusal::kNone &&
               complete(claimants_[i], leases[i]).refusal == scheduler::Refusal::kNone;
    }
    return taken;
  }
  /// From now on each command of a batch is timed alone, into `times`; nullptr: no longer.
  void time_each(LeastTimes* times) { each_ = times; }
  /// All experts wait for work: every submission from now on is a decision.
  void everybody_waits(std::uint16_t wanted) {
    for (std::uint32_t i = 1; i <= experts_; ++i) ask(ExpertId{i}, wanted);
  }
  /// kBatch such jobs, step by step together.
  bool cycle_in_batch() {
    for (Command& command : batch_) command = submission();
    bool taken = apply_batch();
    std::array<ExpertId, kBatch> experts;
    for (std::uint32_t i = 0; i < kBatch; ++i) {
      experts[i] = next_expert();
      batch_[i] = command_of(CommandKind::kClaim, ActorKind::kExpert, scheduler::raw(experts[i]));
      batch_[i].body.claim = {};
    }
    taken &= apply_batch();
    const std::array<Outcome, kBatch> leases = outcomes_;
    const auto step = [&](CommandKind kind, auto set_body) {
      for (std::uint32_t i = 0; i < kBatch; ++i) {
        batch_[i] = command_of(kind, ActorKind::kExpert, scheduler::raw(experts[i]));
        set_body(batch_[i].body, leases[i]);
      }
      taken &= apply_batch();
    };
    step(CommandKind::kStart, [](scheduler::CommandBody& body, const Outcome& lease) {
      body.start = {lease.job, lease.token};
    });
    step(CommandKind::kComplete, [](scheduler::CommandBody& body, const Outcome& lease) {
      body.complete = {lease.job, lease.token, {}};
    });
    return taken;
  }

 private:
  Command command_of(CommandKind kind, ActorKind actor, std::uint32_t id) {
    Command command;
    command.kind = kind;
    command.actor = {actor, id};
    return command;
  }

  Command submission() {
    Command command = command_of(CommandKind::kSubmitCase, ActorKind::kOffice,
                                 static_cast<std::uint32_t>(101 + submitted_ % kOffices));
    command.body.submit_case = bench_submission(submitted_++);
    scheduler::SubmitCase& body = command.body.submit_case;
    if (visits_) body.point = somewhere_in(body.district, submitted_);
    return command;
  }

  ExpertId next_expert() {
    const ExpertId expert{static_cast<std::uint32_t>(1 + done_ % experts_)};
    if (++done_ % (std::uint64_t{experts_} * kJobsPerExpert) == 0) now_ms_ += kDayMs;
    return expert;
  }

  Outcome ask(ExpertId expert, std::uint16_t wanted) {
    Command command = command_of(CommandKind::kClaim, ActorKind::kExpert, scheduler::raw(expert));
    command.body.claim.wanted = wanted;
    return apply(command);
  }

  void stamp_batch() {
    for (Command& command : batch_) stamp(command, scheduler::Op{++op_});
  }

  bool apply_batch() {
    stamp_batch();
    return apply_prepared();
  }

  Outcome apply(Command& command) {
    stamp(command, scheduler::Op{++op_});
    return scheduler_.apply(command);
  }

  void stamp(Command& command, scheduler::Op op) {
    command.op = op;
    command.now = scheduler::Tick{now_ms_};
    command.seed = protocol::seed_of(7, op);
    const bool keyed =
        command.kind != CommandKind::kSetLimits && command.kind != CommandKind::kTick;
    command.key = {keyed ? 1U : 0U, keyed ? scheduler::raw(op) : 0U};
  }

  static void require(const Outcome& outcome) {
    if (outcome.refusal == scheduler::Refusal::kNone) return;
    std::fprintf(stderr, "the bench city was refused: %d\n", static_cast<int>(outcome.refusal));
    std::abort();
  }

  void define_city() {
    Command command = command_of(CommandKind::kDefineOrganisation, ActorKind::kSupervisor, 1);
    command.body.define_organisation = {
        scheduler::OrganisationId{1}, scheduler::PriorityClass::kMunicipal, 1, {}, {}};
    require(apply(command));
    command = command_of(CommandKind::kDefineService, ActorKind::kSupervisor, 1);
    command.body.define_service = single_stage_service();
    if (visits_) {
      command.body.define_service.stages[0].stage = scheduler::Stage::kSiteInspection;
      command.body.define_service.stages[0].skill = scheduler::Skill::kInspect;
    }
    require(apply(command));
    if (visits_) weigh();
    for (std::uint32_t i = 0; i < kOffices; ++i) define_office(i);
    for (std::uint32_t i = 1; i <= experts_; ++i) define_expert(i);
  }

  void define_office(std::uint32_t i) {
    Command command = command_of(CommandKind::kDefineOffice, ActorKind::kSupervisor, 1);
    command.body.define_office = bench_office_definition(i);
    require(apply(command));
    command = command_of(CommandKind::kActivateService, ActorKind::kSupervisor, 1);
    command.body.activate_service = {bench_office(i), kBenchService, {}, {}, scheduler::kNever};
    require(apply(command));
  }

  void define_expert(std::uint32_t i) {
    Command command = command_of(CommandKind::kDefineExpert, ActorKind::kSupervisor, 1);
    command.body.define_expert = bench_expert_definition(i, kOffices);
    if (visits_) command.body.define_expert.home = somewhere(i * 7919ULL);
    require(apply(command));
    command = command_of(CommandKind::kSetCertificate, ActorKind::kSupervisor, 1);
    command.body.set_certificate = {ExpertId{i},
                                    visits_ ? scheduler::Skill::kInspect : scheduler::Skill::kFile,
                                    {},
                                    {},
                                    scheduler::kNever};
    require(apply(command));
  }

  // Places and offices count, as in the sample city: for who asks and for the job that is filed.
  void weigh() {
    Command command = command_of(CommandKind::kSetPolicy, ActorKind::kSupervisor, 1);
    command.body.set_policy = {};
    command.body.set_policy.near_visits = 16;
    command.body.set_policy.near_slack_minutes = 420;
    command.body.set_policy.compared_count = 16;
    command.body.set_policy.load_weight = 1000;
    command.body.set_policy.travel_weight = 500;
    command.body.set_policy.share_weight = 200;
    command.body.set_policy.visits_per_day = 48;
    require(apply(command));
  }

  static constexpr std::int32_t kCityHeight = 200'000;  // millionths of a degree
  static constexpr std::int32_t kCityWidth = 400'000;

  static scheduler::Point somewhere(std::uint64_t number) {
    return {static_cast<std::int32_t>(35'600'000 + number * 40'503 % kCityHeight),
            static_cast<std::int32_t>(51'200'000 + number * 30'211 % kCityWidth)};
  }

  // Districts lie in two rows of eleven.
  static scheduler::Point somewhere_in(scheduler::District district, std::uint64_t number) {
    const scheduler::Point place = somewhere(number);
    const std::int32_t row = (district - 1) / 11;
    const std::int32_t column = (district - 1) % 11;
    return {35'600'000 + row * kCityHeight / 2 + (place.lat_e6 - 35'600'000) / 2,
            51'200'000 + column * kCityWidth / 11 + (place.lon_e6 - 51'200'000) / 11};
  }

  std::unique_ptr<daemon::TouchedTables> tables_;  // null: they come in as they are used
  scheduler::Scheduler scheduler_;
  std::uint32_t experts_;
  bool visits_;
  std::array<ExpertId, kBatch> claimants_;
  std::uint64_t op_ = 0;
  std::int64_t now_ms_ = 1'742'515'200'000;  // 2025-03-21
  std::uint64_t submitted_ = 0;
  std::uint64_t done_ = 0;
  std::array<Command, kBatch> batch_;
  std::array<Outcome, kBatch> outcomes_;
  std::uint64_t worked_off_ = 0;  // on the present day
  LeastTimes* each_ = nullptr;
};

void core_submit(benchmark::State& state) {
  constexpr std::uint32_t kJobsMax = 1U << 21;
  auto core = std::make_unique<CoreBench>(kJobsMax);
  std::uint32_t count = 0;
  for (auto _ : state) {
    if (++count == kJobsMax) {
      state.PauseTiming();
      core = std::make_unique<CoreBench>(kJobsMax);
      count = 0;
      state.ResumeTiming();
    }
    benchmark::DoNotOptimize(core->submit());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(core_submit);

// A backlog, and room for what is retained: a sixteenth of the jobs is kept free for rework.
std::uint32_t with_room(std::uint32_t backlog) { return backlog + backlog / 8 + (1U << 16); }

void core_cycle(benchmark::State& state) {
  const auto backlog = static_cast<std::uint32_t>(state.range(0));
  CoreBench core(with_room(backlog));
  for (std::uint32_t i = 0; i < backlog; ++i) core.submit();
  for (auto _ : state) {
    if (!core.cycle()) {
      state.SkipWithError("a step of the cycle was refused");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * 4);
}
BENCHMARK(core_cycle)->Arg(0)->Arg(1'000'000);

/// The same in batches as the engine applies them: 64 offices file, 64 experts claim, start and
/// complete, each command announced some commands ahead.
void core_cycle_in_batches(benchmark::State& state) {
  const auto backlog = static_cast<std::uint32_t>(state.range(0));
  CoreBench core(with_room(backlog));
  for (std::uint32_t i = 0; i < backlog; ++i) core.submit();
  for (auto _ : state) {
    if (!core.cycle_in_batch()) {
      state.SkipWithError("a step of the cycle was refused");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * 4 * CoreBench::kBatch);
}
BENCHMARK(core_cycle_in_batches)->Arg(0)->Arg(1'000'000);

using Seconds = std::chrono::duration<double>;

std::int64_t page_faults() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return used.ru_minflt + used.ru_majflt;
}

/// Decisions alone: somebody asks, and gets the best of the jobs that wait. Arguments: experts,
/// jobs waiting. What begins and ends the work is not timed. `nearer` says of the first batch how
/// many visits were not the first by deadline.
void decide_by_claim(benchmark::State& state, bool visits) {
  const auto experts = static_cast<std::uint32_t>(state.range(0));
  const auto backlog = static_cast<std::uint32_t>(state.range(1));
  CoreBench core(with_room(backlog), 1U << 17, experts, visits);
  for (std::uint32_t i = 0; i < backlog; ++i) core.submit();
  bool is_first = true;
  for (auto _ : state) {
    core.prepare_claims();
    const auto begin = std::chrono::steady_clock::now();
    bool taken = core.apply_prepared();
    state.SetIterationTime(Seconds(std::chrono::steady_clock::now() - begin).count());
    if (visits && is_first) state.counters["nearer"] = core.nearer();
    is_first = false;
    taken &= core.finish_batch();
    if (!taken) {
      state.SkipWithError("a step was refused");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * CoreBench::kBatch);
}

/// Work at a desk: no places, the first by deadline.
void core_decision_by_claim(benchmark::State& state) { decide_by_claim(state, false); }
BENCHMARK(core_decision_by_claim)
    ->Args({kExperts, 1'000'000})
    ->Args({kExpertsOfTheCountry, 1'000'000})
    ->UseManualTime();

/// Visits under the policy of the sample city: sixteen of each district are compared for the one
/// nearest to whoever asks.
void core_decision_by_claim_of_visits(benchmark::State& state) { decide_by_claim(state, true); }
BENCHMARK(core_decision_by_claim_of_visits)
    ->Args({kExperts, 1'000'000})
    ->Args({kExpertsOfTheCountry, 1'000'000})
    ->UseManualTime();

/// The same, each decision timed alone (reading the clock twice is in it), in three runs that do
/// the same. p99_ns is the median of them and p99_most_ns the most; least_… is of the least time of
/// each decision. `faults` are those that this system knows of, the few of the list of times
/// included; what a host takes away it cannot see.
void time_decisions(benchmark::State& state, bool visits) {
  constexpr int kRuns = 3;
  constexpr int kBatches = 1024;
  const auto experts = static_cast<std::uint32_t>(state.range(0));
  const auto backlog = static_cast<std::uint32_t>(state.range(1));
  LeastTimes times;
  std::array<std::vector<double>, 3> of_runs;  // p50, p99, p99.9
  constexpr std::array<std::size_t, 3> kPermille = {500, 990, 999};
  bool taken = true;
  std::int64_t faults = 0;
  for (auto _ : state) {
    for (int run = 0; run < kRuns; ++run) {
      CoreBench core(with_room(backlog), 1U << 17, experts, visits);
      for (std::uint32_t i = 0; i < backlog; ++i) core.submit();
      times.begin_run();
      const std::int64_t faults_before = page_faults();
      for (int batch = 0; batch < kBatches; ++batch) {
        core.prepare_claims();
        core.time_each(&times);
        taken &= core.apply_prepared();
        core.time_each(nullptr);
        taken &= core.finish_batch();
      }
      faults += page_faults() - faults_before;
      for (std::size_t i = 0; i < kPermille.size(); ++i)
        of_runs[i].push_back(percentile(times.run(), kPermille[i]));
    }
  }
  if (!taken) state.SkipWithError("a step was refused");
  for (auto& values : of_runs) std::ranges::sort(values);
  state.counters["p50_ns"] = of_runs[0][kRuns / 2];
  state.counters["p99_ns"] = of_runs[1][kRuns / 2];
  state.counters["p99_most_ns"] = of_runs[1].back();
  state.counters["p99.9_ns"] = of_runs[2][kRuns / 2];
  state.counters["least_p50_ns"] = percentile(times.least(), 500);
  state.counters["least_p99_ns"] = percentile(times.least(), 990);
  state.counters["least_p99.9_ns"] = percentile(times.least(), 999);
  state.counters["faults"] = static_cast<double>(faults);
}

void core_decision_times(benchmark::State& state) { time_decisions(state, false); }
BENCHMARK(core_decision_times)
    ->Args({kExperts, 1'000'000})
    ->Args({kExpertsOfTheCountry, 1'000'000})
    ->Iterations(1);

void core_decision_times_of_visits(benchmark::State& state) { time_decisions(state, true); }
BENCHMARK(core_decision_times_of_visits)
    ->Args({kExperts, 1'000'000})
    ->Args({kExpertsOfTheCountry, 1'000'000})
    ->Iterations(1);

constexpr int kNewCities = 5;
constexpr std::uint16_t kWanted = 16;  // jobs that an expert who waits would take

/// Decisions the other way: a job is filed and looks for the least loaded of all who wait. The
/// filing itself is in the time; core_filing_alone is the same where nobody waits. Each iteration
/// is a city whose tables were never used, until nobody wants another job; least_per_s is of the
/// least time of each batch over all of them.
void decide_by_job(benchmark::State& state, bool visits, bool somebody_waits = true) {
  const auto experts = static_cast<std::uint32_t>(state.range(0));
  const std::uint32_t batches = experts * kWanted / CoreBench::kBatch;
  LeastTimes times;
  for (auto _ : state) {
    CoreBench core(with_room(experts * kWanted), 1U << 17, experts, visits);
    if (somebody_waits) core.everybody_waits(kWanted);
    times.begin_run();
    bool taken = true;
    for (std::uint32_t i = 0; i < batches; ++i) {
      core.prepare_submissions();
      const auto begin = std::chrono::steady_clock::now();
      taken &= core.apply_prepared();
      times.add(std::chrono::steady_clock::now() - begin);
    }
    const auto& run = times.run();
    state.SetIterationTime(Seconds(std::accumulate(run.begin(), run.end(), Nanoseconds{})).count());
    if (!taken) state.SkipWithError("a filing was refused");
  }
  state.SetItemsProcessed(state.iterations() * batches * CoreBench::kBatch);
  state.counters["least_per_s"] = batches * CoreBench::kBatch / times.least_seconds();
}

/// The same in a city that has been at work until its tables are full of closed cases, as those of
/// a daemon are after its first weeks: cases are forgotten as fast as others are filed, and these
/// take their places. What is filed is begun and finished between the batches, untimed.
void decide_at_work(benchmark::State& state, bool somebody_waits) {
  constexpr std::uint32_t kJobsMax = 1U << 17;
  const auto experts = static_cast<std::uint32_t>(state.range(0));
  CoreBench core(kJobsMax, 1U << 17, experts);
  if (somebody_waits) core.everybody_waits(kWanted);
  const auto work = [&] {
    return somebody_waits ? core.work_off(kWanted) : core.claim_and_work_off();
  };
  bool taken = true;
  for (std::uint32_t filed = 0; filed < kJobsMax + kJobsMax / 8; filed += CoreBench::kBatch) {
    core.prepare_submissions();
    taken &= core.apply_prepared() && work();
  }
  for (auto _ : state) {
    core.prepare_submissions();
    const auto begin = std::chrono::steady_clock::now();
    taken &= core.apply_prepared();
    state.SetIterationTime(Seconds(std::chrono::steady_clock::now() - begin).count());
    taken &= work();
    if (!taken) {
      state.SkipWithError("a step was refused");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * CoreBench::kBatch);
}

void core_decision_by_job_at_work(benchmark::State& state) { decide_at_work(state, true); }
BENCHMARK(core_decision_by_job_at_work)->Arg(kExperts)->Arg(kExpertsOfTheCountry)->UseManualTime();

void core_filing_alone_at_work(benchmark::State& state) { decide_at_work(state, false); }
BENCHMARK(core_filing_alone_at_work)->Arg(kExperts)->Arg(kExpertsOfTheCountry)->UseManualTime();

void core_decision_by_job(benchmark::State& state) { decide_by_job(state, false); }
BENCHMARK(core_decision_by_job)
    ->Arg(kExperts)
    ->Arg(kExpertsOfTheCountry)
    ->Iterations(kNewCities)
    ->UseManualTime();

void core_filing_alone(benchmark::State& state) { decide_by_job(state, false, false); }
BENCHMARK(core_filing_alone)
    ->Arg(kExperts)
    ->Arg(kExpertsOfTheCountry)
    ->Iterations(kNewCities)
    ->UseManualTime();

/// The same for visits when sixteen of the least loaded are compared by load, way and share of
/// their office.
void core_decision_by_score(benchmark::State& state) { decide_by_job(state, true); }
BENCHMARK(core_decision_by_score)
    ->Arg(kExperts)
    ->Arg(kExpertsOfTheCountry)
    ->Iterations(kNewCities)
    ->UseManualTime();

std::uint64_t resident_bytes() {
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// What a waiting job takes beyond what was filed, at full tables: the memory that became resident.
/// Keys are left out: they are remembered for a time, not for a job.
void core_memory(benchmark::State& state) {
  constexpr std::uint32_t kJobsMax = 1U << 20;
  constexpr std::uint32_t kJobs = kJobsMax / 16 * 15;  // a sixteenth is kept for rework
  constexpr double kFiled = 98;                        // fields of a submission, in bytes
  double bytes = 0;
  for (auto _ : state) {
    CoreBench core(kJobsMax, 1024, kExperts, false, false);
    core.submit();
    const std::uint64_t before = resident_bytes();
    for (std::uint32_t i = 1; i < kJobs; ++i) core.submit();
    bytes = static_cast<double>(resident_bytes() - before) / kJobs;
  }
  state.counters["bytes_per_job"] = bytes;
  state.counters["beyond_filed"] = bytes - kFiled;
}
BENCHMARK(core_memory)->Iterations(1);

/// A claim when nothing fits: the scan's bound is what this shows.
void core_claim_of_nothing(benchmark::State& state) {
  CoreBench core(1U << 16);
  std::uint32_t turn = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(core.claim(ExpertId{1 + turn++ % kExperts}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(core_claim_of_nothing);

}  // namespace
}  // namespace permitd::bench
