// Goal: each check of the simulation notices what it is there for. Method: runs in which the
// process, the disk or the comparison is broken on purpose; each must fail, and with the complaint
// that belongs to it.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <sstream>

#include "tests/sim/simulation_search.h"
#include "tests/support/command_generator.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {
namespace {

using testing::HasSubstr;

constexpr FaultMask kCuts = bit_of(Fault::kPowerCut) | bit_of(Fault::kSlowDisk);
constexpr FaultMask kEndsAndRot =
    bit_of(Fault::kSnapshotRot) | bit_of(Fault::kKill) | bit_of(Fault::kOrderlyStop);

/// The complaint of the first of a few seeds that has one.
std::string first_complaint(SimulationOptions options) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    options.seed = seed;
    const SimulationReport report = simulate(options);
    if (!report.failure.empty()) return report.failure;
  }
  return {};
}

TEST(Control, ADiskThatLiesAboutItsSyncIsNoticedAtOnce) {
  SimulationOptions options;
  options.sabotage = Sabotage::kLyingDisk;
  EXPECT_THAT(first_complaint(options), HasSubstr("counts as durable, the disk has op"));
}

TEST(Control, ADiskThatLiesAboutItsSyncIsNoticedByWhatIsMissingAfterACut) {
  SimulationOptions options;
  options.sabotage = Sabotage::kLyingDisk;
  options.compares_disk = false;
  options.faults = kCuts;
  EXPECT_THAT(first_complaint(options),
              testing::AnyOf(HasSubstr("was acknowledged, the journal ends at"),
                             HasSubstr("a start was refused without a cause")));
}

TEST(Control, AnAnswerBeforeItsWriteIsNoticedAtOnce) {
  SimulationOptions options;
  options.sabotage = Sabotage::kEarlyAnswers;
  EXPECT_THAT(first_complaint(options), HasSubstr("counts as durable, the disk has op"));
}

TEST(Control, AnAnswerBeforeItsWriteIsNoticedByWhatIsMissingAfterACut) {
  SimulationOptions options;
  options.sabotage = Sabotage::kEarlyAnswers;
  options.compares_disk = false;
  options.faults = kCuts;
  EXPECT_THAT(first_complaint(options), HasSubstr("was acknowledged, the journal ends at"));
}

TEST(Control, AStateThatIsNotThatOfTheJournalIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherKey;
  EXPECT_THAT(first_complaint(options), HasSubstr("went to somebody else"));
}

TEST(Control, AReplayOfOtherBatchesIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherReplay;
  EXPECT_THAT(first_complaint(options), HasSubstr("is another one"));
}

TEST(Control, ASnapshotOfAnotherStateIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherSnapshot;
  options.faults = bit_of(Fault::kKill) | bit_of(Fault::kOrderlyStop);
  EXPECT_THAT(first_complaint(options),
              testing::AnyOf(HasSubstr("is another one"), HasSubstr("does not verify")));
}

TEST(Control, ADecisionByAnotherSeedThanTheWrittenOneIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherSeed;
  EXPECT_THAT(first_complaint(options),
              testing::AnyOf(HasSubstr("was answered otherwise"), HasSubstr("is another one")));
}

TEST(Control, EventsThatNobodyIsToldAreNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kNoEvents;
  options.faults = 0;
  EXPECT_THAT(first_complaint(options), HasSubstr("was never told"));
}

// A rotten snapshot refuses the start once the lead is taken; no call fails, so no lead does.
TEST(Control, AStartThatLeadsBeforeItKnowsTheStateIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kEarlyLead;
  options.faults = kEndsAndRot;
  EXPECT_THAT(first_complaint(options), HasSubstr("a refused start has changed something"));
}

TEST(Control, OtherEventsThanCameAboutAreNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherEvents;
  options.faults = 0;
  EXPECT_THAT(first_complaint(options), HasSubstr("was told where one of op"));
}

TEST(Control, AQueryThatShowsAnotherStateIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherReads;
  options.faults = 0;
  EXPECT_THAT(first_complaint(options), HasSubstr("a query was shown another state"));
}

TEST(Control, ADigestOfAnotherStateIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherDigests;
  options.faults = 0;
  EXPECT_THAT(first_complaint(options), testing::ContainsRegex("the digest at op .* is another"));
}

TEST(Control, CallsThatNobodyAnswersAreNoticedOnceNothingGoesWrong) {
  SimulationOptions options;
  options.sabotage = Sabotage::kNoAnswers;
  options.faults = 0;
  EXPECT_THAT(first_complaint(options), HasSubstr("and somebody waits on"));
}

TEST(Control, ADeviceThatIsCalledFullAndIsNotIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kFullForNothing;
  options.faults = 0;
  EXPECT_THAT(first_complaint(options), HasSubstr("the device is full, and it is not"));
}

// ---- starts ----

TEST(Control, AStartThatIsRefusedForNothingIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kNeedlessRefusal;
  EXPECT_THAT(first_complaint(options), HasSubstr("a start was refused without a cause"));
}

TEST(Control, ARefusedStartThatNamesNoFileIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kNamelessRefusal;
  EXPECT_THAT(first_complaint(options), HasSubstr("a refused start names no file"));
}

TEST(Control, ARefusedStartThatNamesNoOffsetIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kPlacelessRefusal;
  EXPECT_THAT(first_complaint(options), HasSubstr("a refused start names no offset"));
}

// Damage of a snapshot is none of the journal.
TEST(Control, ALossThatNoDamageExplainsIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kForgottenEnd;
  options.faults = kEndsAndRot;
  EXPECT_THAT(first_complaint(options), HasSubstr("and no damage explains it"));
}

TEST(Control, DamageThatIsTakenForTheEndOfTheJournalIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kDamageIsEnd;
  EXPECT_THAT(first_complaint(options), HasSubstr("and the start passed over it"));
}

// ---- the naive model ----

TEST(Control, AnOutcomeThatTheRulesDoNotWantIsNoticed) {
  SimulationOptions options;
  options.sabotage = Sabotage::kOtherOutcome;
  EXPECT_THAT(first_complaint(options), HasSubstr("though legal"));
}

/// What becomes of an outcome before the model sees it, and of the core before the next audit.
struct Tampering {
  std::function<void(const scheduler::Command&, scheduler::Outcome&)> outcome;
  std::function<void(scheduler::Scheduler&)> core;
};

/// What the model says of the first step that it complains of, in a few random cities.
std::string complaint_of_model(const Tampering& tampering) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    scheduler::Scheduler core;
    NaiveModel model;
    CommandGenerator generator;
    const auto take = [&](scheduler::Command command) {
      command.op = scheduler::Op{raw(core.op_applied()) + 1};
      model.judge(command, core);
      scheduler::Outcome outcome = core.apply(command);
      if (tampering.outcome) tampering.outcome(command, outcome);
      model.follow(command, outcome, core);
      return model.complaints().empty();
    };
    for (const Step& step : steps_of(seed, 1000)) {
      const scheduler::Command made = generator.make(step, core);
      scheduler::Command tick;
      bool agrees = true;
      while (agrees && make_due_tick(core, made.now, tick)) agrees = take(tick);
      agrees = agrees && take(made);
      while (agrees && make_due_tick(core, made.now, tick)) agrees = take(tick);
      if (agrees && tampering.core) tampering.core(core);
      if (agrees) model.audit(core);
      if (!model.complaints().empty())
        return fmt::format("{}", fmt::join(model.complaints(), "\n"));
    }
  }
  return {};
}

TEST(Control, TheModelAgreesWithACoreThatNobodyTouches) { EXPECT_EQ(complaint_of_model({}), ""); }

TEST(Control, TheModelNoticesARefusalForAnotherReason) {
  Tampering tampering;
  tampering.outcome = [](const auto&, scheduler::Outcome& outcome) {
    if (outcome.refusal == scheduler::Refusal::kWrongState)
      outcome.refusal = scheduler::Refusal::kVenueTaken;
  };
  EXPECT_THAT(complaint_of_model(tampering),
              testing::AnyOf(HasSubstr("but what is wrong is"), HasSubstr("though legal")));
}

TEST(Control, TheModelNoticesAClaimThatNamesAnotherLease) {
  Tampering tampering;
  tampering.outcome = [](const scheduler::Command& command, scheduler::Outcome& outcome) {
    if (command.kind == scheduler::CommandKind::kClaim && raw(outcome.job) != 0)
      outcome.token = scheduler::LeaseToken{raw(outcome.token) + 1};
  };
  EXPECT_THAT(complaint_of_model(tampering), HasSubstr("the claim of expert"));
}

// No command comes between the change and the audit: it is the audit that notices.
TEST(Control, TheModelNoticesAStateThatNoCommandBroughtAbout) {
  scheduler::JobId filed{};
  Tampering tampering;
  tampering.outcome = [&](const scheduler::Command& command, const scheduler::Outcome& outcome) {
    if (command.kind == scheduler::CommandKind::kSubmitCase) filed = outcome.job;
  };
  tampering.core = [&](scheduler::Scheduler& core) {
    scheduler::JobView job;
    if (!core.find_job(filed, job) || job.state != scheduler::JobState::kReady) return;
    scheduler::Command unseen;
    unseen.op = scheduler::Op{raw(core.op_applied()) + 1};
    unseen.now = core.now();
    unseen.key = {UINT64_MAX, 1};
    unseen.actor = {scheduler::ActorKind::kSupervisor, 1};
    unseen.kind = scheduler::CommandKind::kHold;
    unseen.body.hold = scheduler::Hold{.job = filed, .note = {}};
    ASSERT_EQ(core.apply(unseen).refusal, scheduler::Refusal::kNone);
  };
  EXPECT_THAT(complaint_of_model(tampering),
              testing::ContainsRegex("job [0-9]+ is in state [0-9]+, not [0-9]+"));
}

// ---- the line that repeats a run ----

/// As a shell and the test's main() hand it over.
SearchOptions options_of_line(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  EXPECT_EQ(arguments.front(), "sim_simulation_test");
  return asked_for(arguments);
}

TEST(Control, ALineSaysEveryOptionOfARun) {
  SimulationOptions options;
  options.seed = 77;
  options.steps = 120;
  options.faults = kCuts;
  options.cut_after_calls = 9;
  options.without = {{3, 3}, {10, 20}, {5, 8}};
  const SearchOptions again = options_of_line(line_of(options));
  EXPECT_EQ(again.first, options.seed);
  EXPECT_EQ(again.count, 1U);
  EXPECT_EQ(again.run.steps, options.steps);
  EXPECT_EQ(again.run.faults, options.faults);
  EXPECT_EQ(again.run.cut_after_calls, options.cut_after_calls);
  EXPECT_EQ(again.run.without, options.without);
}

/// The failure of the first of a few seeds that has one is that of its line when it was cut down;
/// the line, empty when nothing fails.
std::string repeated_line(SimulationOptions options) {
  SimulationReport report;
  for (options.seed = 1; report.failure.empty() && options.seed <= 40; ++options.seed)
    report = simulate(options);
  if (report.failure.empty()) return {};
  options.seed -= 1;
  const SimulationOptions fewer = shrink(options, report);
  EXPECT_LT(fewer.steps, steps_of_seed(options.seed));
  const std::string line = line_of(fewer);
  SearchOptions again = options_of_line(line);
  again.shrinks = false;
  again.run.sabotage = options.sabotage;
  again.run.compares_disk = options.compares_disk;
  const SearchResult result = search(again);
  EXPECT_EQ(result.seeds, 1U);
  EXPECT_EQ(result.failure, report.failure) << line;
  return line;
}

TEST(Control, ARunThatFailsIsCutDownAndItsLineRepeatsIt) {
  SimulationOptions options;
  options.sabotage = Sabotage::kEarlyAnswers;
  EXPECT_THAT(repeated_line(options),
              testing::AllOf(HasSubstr(" --steps="), HasSubstr(" --faults=")));
}

// What is answered too early shows only behind a cut, and what was done long before it does not
// matter.
TEST(Control, TheLineRepeatsARunWithGaps) {
  SimulationOptions options;
  options.sabotage = Sabotage::kEarlyAnswers;
  options.compares_disk = false;
  options.faults = kCuts;
  EXPECT_THAT(
      repeated_line(options),
      testing::AllOf(HasSubstr(" --steps="), HasSubstr(" --faults="), HasSubstr(" --without=")));
}

}  // namespace
}  // namespace permitd::tests
