// Goal: a rehearsal keeps offices, experts and the municipality going until every case is done,
// draws the same fate for a record in every run, and finds by itself what a lost feed or a lost
// answer did not tell. Method: the whole simulation against the core in place of a daemon
// (replay_core_port.h), with the sample city and records.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/local_time.h"
#include "cli/replay_filings.h"
#include "cli/replay_page.h"
#include "cli/replay_report.h"
#include "cli/replay_run.h"
#include "tests/unit/replay_core_port.h"

namespace permitd::cli {
namespace {

using scheduler::CaseState;
using scheduler::Stage;
using scheduler::Tick;

constexpr std::int64_t kMinute = scheduler::kMsPerMinute;

const City& sample_city() {
  static const City kCity = [] {
    auto city = read_city_file(std::string(PERMITD_SOURCE_DIR) + "/city/tehran.toml");
    if (!city) ADD_FAILURE() << city.error().text();
    return std::move(city).value_or(City{});
  }();
  return kCity;
}

const std::vector<SourceRecord>& sample_records() {
  static const std::vector<SourceRecord> kRecords = [] {
    auto file =
        read_records(std::string(PERMITD_SOURCE_DIR) + "/city/records/chicago-2019-05-18.csv.gz");
    if (!file) ADD_FAILURE() << file.error();
    return std::move(file->records);
  }();
  return kRecords;
}

FilingPlan plan_of(const FilingOptions& options, std::uint64_t seed = 1, Habits habits = {}) {
  const auto calendar = working_calendar_of(sample_city());
  return plan_filings(sample_city(), *calendar, sample_records(), options, habits, seed).value();
}

class Rehearsal {
 public:
  explicit Rehearsal(const FilingOptions& options, std::uint64_t seed = 1, Habits habits = {})
      : calendar(working_calendar_of(sample_city())),
        plan(plan_of(options, seed, habits)),
        begin{plan.filings.front().at.ms - kMinute},
        port(sample_city(), begin),
        world(sample_city(), *calendar, plan.filings, habits, seed, 7) {
    world.now = begin;
  }

  void run(ReplayPort& through) {
    ReplayOptions options;
    options.verify = true;
    replay.emplace(world, through, std::move(options));
    const auto done = replay->run();
    ASSERT_TRUE(done) << done.error();
  }
  void run() { run(port); }

  /// How every record ended, by its number.
  std::map<std::string, CaseState> ends() const {
    std::map<std::string, CaseState> out;
    for (const CaseFile& file : world.cases) {
      out[std::string(view_of(world.filings[file.filing].body.reference))] = file.state;
    }
    return out;
  }

  std::unique_ptr<scheduler::WorkingCalendar> calendar;
  FilingPlan plan;
  Tick begin;
  CorePort port;
  ReplayWorld world;
  std::optional<ReplayRun> replay;
};

// ---- chance and filings ----

TEST(ReplayChance, DrawsDependOnSeedSubjectAndPurposeAlone) {
  const Chance chance(5);
  EXPECT_EQ(chance.bits(Draw::kOutcome, 17, 3), Chance(5).bits(Draw::kOutcome, 17, 3));
  EXPECT_NE(chance.bits(Draw::kOutcome, 17, 3), Chance(6).bits(Draw::kOutcome, 17, 3));
  EXPECT_NE(chance.bits(Draw::kOutcome, 17, 3), chance.bits(Draw::kOutcome, 18, 3));
  EXPECT_NE(chance.bits(Draw::kOutcome, 17, 3), chance.bits(Draw::kDecline, 17, 3));
  EXPECT_NE(chance.bits(Draw::kOutcome, 17, 3), chance.bits(Draw::kOutcome, 17, 4));
}

TEST(ReplayChance, DurationsKeepTheMeanAndTheBounds) {
  const Chance chance(1);
  std::int64_t sum = 0;
  for (std::uint64_t subject = 0; subject < 20'000; ++subject) {
    const auto minutes = chance.around(120, subject);
    EXPECT_GE(minutes, 53);
    EXPECT_LE(minutes, 240);
    sum += minutes;
  }
  EXPECT_NEAR(static_cast<double>(sum) / 20'000, 120.0, 1.5);
  EXPECT_EQ(chance.around(1, 1), std::max(1, chance.around(1, 1)));
  for (std::uint64_t subject = 0; subject < 1'000; ++subject) {
    const auto within = chance.within({-3, 4}, Draw::kTravel, subject);
    EXPECT_GE(within, -3);
    EXPECT_LE(within, 4);
  }
}

TEST(ReplayAgenda, MinutesAreWholeAndOneMinuteKeepsItsOrder) {
  Agenda agenda;
  agenda.add({2 * kMinute}, {.subject = 1});
  agenda.add({kMinute + 1}, {.subject = 2});
  agenda.add({kMinute}, {.subject = 3});
  EXPECT_EQ(agenda.next(), Tick{kMinute});
  EXPECT_FALSE(agenda.due({kMinute - 1}));
  EXPECT_EQ(agenda.take().subject, 3U);
  EXPECT_EQ(agenda.next(), Tick{2 * kMinute});
  EXPECT_EQ(agenda.take().subject, 1U);
  EXPECT_EQ(agenda.take().subject, 2U);
  EXPECT_EQ(agenda.next(), scheduler::kNever);
}

TEST(ReplayFilings, EveryRecordIsFiledInWorkingHoursAndInOrder) {
  const auto plan = plan_of({});
  const auto calendar = working_calendar_of(sample_city());
  EXPECT_EQ(plan.filings.size(), 5'129U);
  EXPECT_EQ(plan.unknown_service, 0U);
  EXPECT_EQ(plan.outside_calendar, 0U);
  EXPECT_GT(plan.moved_to_working_day, 1'000U);  // Thursdays, Fridays, holidays
  for (const Filing& filing : plan.filings) EXPECT_TRUE(calendar->is_open(filing.at));
  EXPECT_TRUE(std::ranges::is_sorted(plan.filings, {}, [](const Filing& f) { return f.at; }));
}

TEST(ReplayFilings, ClosedDaysWaitAtTheDoorOnTheNextWorkingMorning) {
  // 2019-06-04 to 07 are closed (two holidays, a Thursday and a Friday with holidays); 8 June is
  // open.
  const auto closed = parse_day("2019-06-04").value();
  const auto plan = plan_of({.from = closed, .to = closed + 3});
  ASSERT_EQ(plan.filings.size(), 730U);
  EXPECT_EQ(plan.moved_to_working_day, 730U);
  const Tick open = moment_at(closed + 4, 7 * 60 + 30);
  for (const Filing& filing : plan.filings) {
    EXPECT_GE(filing.at, open);
    EXPECT_LT(filing.at.ms, open.ms + 60 * kMinute);
  }
}

TEST(ReplayFilings, ArrivalsFollowTheHoursOfTheSource) {
  std::array<int, 10> counts{};
  const Chance chance(3);
  constexpr int kDraws = 36'300;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const auto minute = arrival_minute(chance.bits(Draw::kMinute, i), 420);
    ASSERT_GE(minute, 0);
    ASSERT_LT(minute, 420);
    ++counts[static_cast<std::size_t>(minute / 42)];
  }
  const std::array<int, 10> want{22, 56, 35, 33, 43, 39, 65, 57, 10, 3};
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(counts[i], want[i] * 100, 60 + want[i] * 5) << i;
}

TEST(ReplayFilings, CopiesLimitAndBeginShapeTheLoad) {
  const auto once = plan_of({.limit = 50});
  const auto thrice = plan_of({.limit = 50, .copies = 3});
  EXPECT_EQ(once.filings.size(), 50U);
  EXPECT_EQ(thrice.filings.size(), 150U);
  std::map<std::string, int> references;
  for (const Filing& filing : thrice.filings)
    ++references[std::string(view_of(filing.body.reference))];
  EXPECT_EQ(references.size(), 150U) << "every copy has a number of its own";
  const auto wanted = parse_day("2024-08-01").value();
  const auto moved = plan_of({.begin = wanted, .limit = 50});
  const auto days = local_day_of(moved.filings.front().at) - local_day_of(once.filings.front().at);
  EXPECT_EQ(days % 7, 0);
  EXPECT_GE(local_day_of(moved.filings.front().at), wanted);
  EXPECT_LT(local_day_of(moved.filings.front().at), wanted + 7);
}

TEST(ReplayFilings, TheSeedDecidesWhatTheRecordDoesNot) {
  const auto first = plan_of({.limit = 200}, 1);
  const auto same = plan_of({.limit = 200}, 1);
  const auto other = plan_of({.limit = 200}, 2);
  int moved = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(first.filings[i].at, same.filings[i].at);
    EXPECT_EQ(first.filings[i].office, same.filings[i].office);
    EXPECT_EQ(first.filings[i].body.owner, same.filings[i].body.owner);
    moved += first.filings[i].at != other.filings[i].at;
  }
  EXPECT_GT(moved, 100);
}

// ---- the rehearsal ----

TEST(Replay, EveryCaseComesToItsEndAndTheBooksBalance) {
  Rehearsal rehearsal({.limit = 300});
  rehearsal.run();
  const auto& cases = rehearsal.replay->cases();
  EXPECT_EQ(cases.filed(), 300U);
  EXPECT_EQ(cases.acknowledged(), 300U);
  EXPECT_EQ(cases.ended(), 300U);
  EXPECT_TRUE(rehearsal.replay->verified().holds());
  EXPECT_EQ(rehearsal.replay->verified().checked, 300U);
  const auto& stats = rehearsal.replay->after().stats;
  EXPECT_EQ(stats.municipal_first_violations, 0U);
  EXPECT_EQ(stats.leases_expired, 0U) << "leases are renewed in time";
  EXPECT_EQ(rehearsal.world.tally.leases_lost, 0U);
  EXPECT_EQ(rehearsal.world.tally.gaps, 0U);
  EXPECT_GT(stats.cases[raw(CaseState::kClosed)], 250U);
}

TEST(Replay, PeopleBehaveAsTheHabitsSay) {
  Rehearsal rehearsal({.limit = 600});
  rehearsal.run();
  const auto& work = rehearsal.world.tally.work;
  const auto share = [&](Stage stage) {
    const auto& row = work[static_cast<std::size_t>(stage)];
    return 1000.0 * static_cast<double>(row.returned) /
           static_cast<double>(row.returned + row.completed);
  };
  EXPECT_NEAR(share(Stage::kFileFormation), 80, 35);
  EXPECT_NEAR(share(Stage::kSiteInspection), 53, 30);
  EXPECT_NEAR(share(Stage::kAdminProcessing), 120, 45);
  EXPECT_NEAR(share(Stage::kPlanReview), 150, 70);
  const auto started =
      static_cast<double>(rehearsal.world.tally.calls[static_cast<std::size_t>(CallKind::kStart)]);
  EXPECT_NEAR(1000.0 * static_cast<double>(rehearsal.world.tally.declined) / started, 20, 12);
}

TEST(Replay, WithoutTroubleEveryJobIsDoneOnce) {
  Habits calm;
  calm.documents_incomplete = calm.agency_inquiry = calm.plan_defect = calm.no_access = 0;
  calm.violation = calm.confirmation_defect = calm.decline = calm.absence = calm.reject = 0;
  Rehearsal rehearsal({.limit = 150}, 1, calm);
  rehearsal.run();
  const auto& stats = rehearsal.replay->after().stats;
  EXPECT_EQ(stats.cases[raw(CaseState::kClosed)], 150U);
  for (const auto& flow : stats.flow) {
    EXPECT_EQ(flow.created, flow.done);
    EXPECT_EQ(flow.rework, 0U);
  }
  for (const auto& row : rehearsal.world.tally.work) EXPECT_EQ(row.started, row.completed);
  EXPECT_EQ(rehearsal.world.tally.absences, 0U);
}

TEST(Replay, TheSameSeedGivesTheSameHistory) {
  Rehearsal first({.limit = 120});
  Rehearsal second({.limit = 120});
  first.run();
  second.run();
  EXPECT_EQ(first.ends(), second.ends());
  EXPECT_EQ(first.world.now, second.world.now);
  EXPECT_EQ(first.world.tally.calls, second.world.tally.calls);
  EXPECT_EQ(first.port.core().op_applied(), second.port.core().op_applied());
  Rehearsal other({.limit = 120}, 2);
  other.run();
  EXPECT_NE(first.world.tally.calls, other.world.tally.calls);
}

TEST(Replay, ALostFeedIsMadeUpForByReading) {
  Rehearsal rehearsal({.limit = 200});
  rehearsal.port.lose_every = 3;
  rehearsal.run();
  EXPECT_GT(rehearsal.world.tally.gaps, 100U);
  EXPECT_EQ(rehearsal.replay->cases().ended(), 200U);
  EXPECT_TRUE(rehearsal.replay->verified().holds());
}

TEST(Replay, ALostAnswerIsAskedForAgainAndNothingIsDoneTwice) {
  Rehearsal plain({.limit = 120});
  Rehearsal lossy({.limit = 120});
  lossy.port.lose_answers = true;
  plain.run();
  lossy.run();
  EXPECT_GT(lossy.world.tally.repeated, 1'000U);
  EXPECT_TRUE(lossy.replay->verified().holds());
  EXPECT_EQ(lossy.replay->after().stats.cases_submitted, 120U);
  EXPECT_EQ(lossy.replay->cases().ended(), 120U);
  EXPECT_EQ(plain.ends(), lossy.ends()) << "a record meets the same fate on a bad line";
}

/// A daemon that loses one case and counts one job too many.
class DamagedPort : public CorePort {
 public:
  using CorePort::CorePort;
  std::expected<void, std::string> execute(std::span<ReplayCall> calls) override {
    auto done = CorePort::execute(calls);
    for (ReplayCall& call : calls) {
      if (call.kind != CallKind::kReadCase) continue;
      if (raw(call.case_id) == 3) call.answer.refusal = scheduler::Refusal::kUnknownCase;
      if (raw(call.case_id) == 5) call.answer.reference = "somebody else's";
    }
    return done;
  }
  std::expected<std::array<std::uint64_t, scheduler::kStageCount>, std::string> open_jobs()
      override {
    auto open = CorePort::open_jobs();
    ++(*open)[1];
    return open;
  }
};

TEST(Replay, VerificationFindsWhatIsLostAndWhatDoesNotBalance) {
  Rehearsal rehearsal({.limit = 20});
  DamagedPort damaged(sample_city(), rehearsal.begin);
  rehearsal.run(damaged);
  const auto& verified = rehearsal.replay->verified();
  EXPECT_FALSE(verified.holds());
  EXPECT_EQ(verified.missing, 1U);
  EXPECT_EQ(verified.different, 1U);
  EXPECT_EQ(verified.jobs_unbalanced[1], -1);
  EXPECT_EQ(verified.jobs_unbalanced[0], 0);
  ASSERT_EQ(verified.examples.size(), 2U);
  EXPECT_NE(verified.examples[0].find("case 3 of record"), std::string::npos);
}

/// A daemon that goes away for good at a given call.
class VanishingPort : public CorePort {
 public:
  using CorePort::CorePort;
  std::expected<void, std::string> execute(std::span<ReplayCall> calls) override {
    if (left_ < calls.size()) return std::unexpected("nobody answers");
    left_ -= calls.size();
    return CorePort::execute(calls);
  }

 private:
  std::size_t left_ = 2'000;
};

TEST(Replay, ADaemonThatStaysAwayEndsTheReplayWithItsReason) {
  Rehearsal rehearsal({.limit = 20});
  VanishingPort port(sample_city(), rehearsal.begin);
  ReplayRun run(rehearsal.world, port, {});
  const auto done = run.run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), "nobody answers");
}

// ---- the report ----

TEST(ReplayReport, JainIsOneForEqualsAndOneNthForOneTakingAll) {
  EXPECT_DOUBLE_EQ(jain_index({}), 1.0);
  EXPECT_DOUBLE_EQ(jain_index({0, 0}), 1.0);
  EXPECT_DOUBLE_EQ(jain_index({3, 3, 3}), 1.0);
  EXPECT_DOUBLE_EQ(jain_index({0, 0, 0, 9}), 0.25);
}

TEST(ReplayReport, TextJsonAndPageTellTheSameFigures) {
  Rehearsal rehearsal({.limit = 200});
  rehearsal.run();
  auto report = make_report(rehearsal.world, *rehearsal.replay);
  report.file = "a<b>.csv";
  report.verified = true;
  report.seconds = 2;
  std::uint64_t done = 0;
  std::int64_t shares = 0;
  for (const auto& office : report.offices) {
    done += office.done_minutes;
    shares += office.share_ppm;
  }
  std::uint64_t by_trade = 0;
  for (const auto& trade : report.trades) by_trade += trade.effort_minutes;
  EXPECT_EQ(done, by_trade) << "the daemon's account of effort and our own";
  EXPECT_NEAR(static_cast<double>(shares), 1e6, 60);
  const auto text = report_text(report);
  EXPECT_NE(text.find("200 filed, 200 acknowledged, 0 refused"), std::string::npos) << text;
  EXPECT_NE(text.find("Verified: 200 acknowledged submissions"), std::string::npos);
  const auto json = report_json(report);
  EXPECT_EQ(json.at("acknowledged").to_number<int>(), 200);
  EXPECT_TRUE(json.at("verify").at("holds").as_bool());
  EXPECT_EQ(json.at("offices").as_array().size(), 50U);
  EXPECT_GT(json.at("backlog").as_array().size(), 5U);
  const auto page = report_page(report);
  EXPECT_NE(page.find("a&lt;b&gt;.csv"), std::string::npos);
  EXPECT_EQ(page.find("a<b>"), std::string::npos);
  EXPECT_NE(page.find("<polygon"), std::string::npos);
}

}  // namespace
}  // namespace permitd::cli
