// The core alone, without wire and disk: what one command of the usual mix costs, on an empty city
// and on a backlog. Times are per command; a cycle is submit, claim, start, complete.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>

#include "bench/load_city.h"
#include "protocol/command_codec.h"
#include "scheduler/scheduler.h"

namespace permitd::bench {
namespace {

using scheduler::ActorKind;
using scheduler::Command;
using scheduler::CommandKind;
using scheduler::ExpertId;
using scheduler::Outcome;

constexpr std::uint32_t kExperts = 500;
constexpr std::uint32_t kOffices = 50;

/// A scheduler with the bench city, and the stamping that the engine would do.
class CoreBench {
 public:
  explicit CoreBench(std::uint32_t jobs_max) {
    Command limits = command_of(CommandKind::kSetLimits, ActorKind::kEngine, 0);
    limits.body.set_limits.limits = scheduler::Limits{};
    scheduler::Limits& wanted = limits.body.set_limits.limits;
    wanted.cases_max = wanted.jobs_max = jobs_max;
    wanted.decisions_max = jobs_max;
    wanted.events_max = 4 * jobs_max;  // an open case keeps its history
    require(apply(limits));
    define_city();
  }

  Outcome submit() {
    Command command = command_of(CommandKind::kSubmitCase, ActorKind::kOffice,
                                 static_cast<std::uint32_t>(101 + submitted_ % kOffices));
    command.body.submit_case = bench_submission(submitted_++);
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
    const ExpertId expert{static_cast<std::uint32_t>(1 + done_ % kExperts)};
    if (++done_ % (kExperts * kJobsPerExpert) == 0) now_ms_ += 86'400'000;
    if (submit().refusal != scheduler::Refusal::kNone) return false;
    const Outcome lease = claim(expert);
    return scheduler::raw(lease.job) != 0 &&
           start(expert, lease).refusal == scheduler::Refusal::kNone &&
           complete(expert, lease).refusal == scheduler::Refusal::kNone;
  }

 private:
  Command command_of(CommandKind kind, ActorKind actor, std::uint32_t id) {
    Command command;
    command.kind = kind;
    command.actor = {actor, id};
    return command;
  }

  Outcome apply(Command& command) {
    const scheduler::Op op{++op_};
    command.op = op;
    command.now = scheduler::Tick{now_ms_};
    command.seed = protocol::seed_of(7, op);
    const bool keyed =
        command.kind != CommandKind::kSetLimits && command.kind != CommandKind::kTick;
    command.key = {keyed ? 1U : 0U, keyed ? op_ : 0U};
    return scheduler_.apply(command);
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
    require(apply(command));
    for (std::uint32_t i = 0; i < kOffices; ++i) define_office(i);
    for (std::uint32_t i = 1; i <= kExperts; ++i) define_expert(i);
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
    require(apply(command));
    command = command_of(CommandKind::kSetCertificate, ActorKind::kSupervisor, 1);
    command.body.set_certificate = {
        ExpertId{i}, scheduler::Skill::kFile, {}, {}, scheduler::kNever};
    require(apply(command));
  }

  scheduler::Scheduler scheduler_;
  std::uint64_t op_ = 0;
  std::int64_t now_ms_ = 1'742'515'200'000;  // 2025-03-21
  std::uint64_t submitted_ = 0;
  std::uint64_t done_ = 0;
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

void core_cycle(benchmark::State& state) {
  const auto backlog = static_cast<std::uint32_t>(state.range(0));
  CoreBench core(backlog + (1U << 16));
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
