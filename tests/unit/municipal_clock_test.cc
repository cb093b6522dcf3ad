// Goal: what the municipality does has its time in working time, with the marks of a job, and who
// is late is told (R10); it stands while the case is referred and goes on with what was left (I16),
// and an edit of the calendar moves it (I12). Method: a service whose second stage is sovereign, in
// the small city, whose clock runs day and night until a test says otherwise.
#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

constexpr ServiceId kPermit{3};
constexpr std::int32_t kTerm = 420;  // minutes; amber below 240 left

class MunicipalClockTest : public SmallCity {
 protected:
  void SetUp() override {
    SmallCity::SetUp();
    define_permit(kTerm);
    ActivateService activation;
    activation.office = kOffice;
    activation.service = kPermit;
    activation.until = kNever;
    ASSERT_EQ(apply(CommandKind::kActivateService, activation, supervisor()).refusal,
              Refusal::kNone);
  }

  void define_permit(std::int32_t sla) {
    DefineService service;
    service.service = kPermit;
    service.version = 1;
    service.stage_count = 3;
    service.stages[0].effort_minutes = service.stages[0].sla_minutes = 60;
    service.stages[1].stage = Stage::kMunicipalDecision;
    service.stages[1].sla_minutes = static_cast<std::uint16_t>(sla);
    service.stages[2].stage = Stage::kPermitDelivery;
    service.stages[2].skill = Skill::kDeliver;
    service.stages[2].effort_minutes = service.stages[2].sla_minutes = 60;
    if (sla != kTerm) service.version = 2;
    ASSERT_EQ(apply(CommandKind::kDefineService, service, supervisor()).refusal, Refusal::kNone);
  }

  /// A case whose office work is done: it waits from now on.
  CaseId await() {
    const Outcome filed = submit(kPermit);
    work(kClerk);
    EXPECT_EQ(case_view(filed.case_id).state, CaseState::kAwaitingDecision);
    return filed.case_id;
  }
  Outcome decide(CaseId id, bool approved = true) {
    RecordDecision body;
    body.id = id;
    body.approved = approved ? 1 : 0;
    return apply(CommandKind::kRecordDecision, body, supervisor());
  }
  Outcome refer(CaseId id, bool away) {
    ReferCase body;
    body.id = id;
    body.refer = away ? 1 : 0;
    return apply(CommandKind::kReferCase, body, supervisor());
  }
  Tick after(std::int64_t minutes) const { return {now_.ms + minutes * kMsPerMinute}; }
  std::uint64_t waiting(SlaBand band) const {
    return scheduler_.stats().bands[raw(Stage::kMunicipalDecision)][static_cast<std::size_t>(band)];
  }
  // The kinds of the last command's events of the case without a job.
  std::vector<EventKind> told() const {
    std::vector<EventKind> found;
    for (const Event& event : scheduler_.events()) {
      if (raw(event.case_id) != 0 && raw(event.job) == 0) found.push_back(event.kind);
    }
    return found;
  }
  void expect_told(EventKind kind) { EXPECT_EQ(told(), std::vector{kind}); }
};

TEST_F(MunicipalClockTest, ItsMarksComeByTheClockAndAreTold) {
  const CaseId id = await();
  EXPECT_EQ(case_view(id).decision_due, after(kTerm));
  EXPECT_EQ(case_view(id).decision_remaining_minutes, kTerm);
  EXPECT_EQ(case_view(id).decision_band, SlaBand::kGreen);
  EXPECT_EQ(waiting(SlaBand::kGreen), 1U);
  wait(180);
  expect_told(EventKind::kSlaNotified);
  EXPECT_EQ(case_view(id).decision_band, SlaBand::kAmber);
  wait(240);
  expect_told(EventKind::kSlaBreached);
  EXPECT_EQ(scheduler_.events()[0].before, raw(CaseState::kAwaitingDecision));
  EXPECT_EQ(scheduler_.events()[0].actor, engine());
  EXPECT_EQ(case_view(id).decision_band, SlaBand::kRed);
  EXPECT_EQ(waiting(SlaBand::kRed), 1U);
  wait(105);
  expect_told(EventKind::kSlaEscalated);
  EXPECT_EQ(case_view(id).decision_remaining_minutes, -105);
  EXPECT_EQ(case_view(id).state, CaseState::kAwaitingDecision) << "nothing is approved by a clock";
  ASSERT_EQ(decide(id).refusal, Refusal::kNone);
  EXPECT_EQ(case_view(id).decision_due, kNever);
  EXPECT_EQ(case_view(id).decision_band, SlaBand::kPaused);
  EXPECT_EQ(waiting(SlaBand::kRed), 0U);
}

TEST_F(MunicipalClockTest, ADecisionInTimeEndsIt) {
  const CaseId approved = await();
  const CaseId rejected = await();
  ASSERT_EQ(decide(approved).refusal, Refusal::kNone);
  ASSERT_EQ(decide(rejected, false).refusal, Refusal::kNone);
  wait(2 * kTerm);
  apply(CommandKind::kTick, TickBody{}, engine());
  EXPECT_EQ(told(), std::vector<EventKind>{});
  EXPECT_EQ(waiting(SlaBand::kGreen), 0U);
  EXPECT_EQ(case_view(rejected).decision_remaining_minutes, 0);
}

TEST_F(MunicipalClockTest, DecisionsInTimeAndLateAreCounted) {
  const auto counted = [this] {
    const StatsView stats = scheduler_.stats();
    return std::pair(stats.decisions_in_time, stats.decisions_late);
  };
  const auto pair_of = [](std::uint64_t in_time, std::uint64_t late) {
    return std::pair(in_time, late);
  };
  const CaseId in_time = await();
  const CaseId rejected = await();
  const CaseId late = await();
  const CaseId withdrawn = await();
  const CaseId referred = await();
  wait(200);
  ASSERT_EQ(refer(referred, true).refusal, Refusal::kNone);
  wait(kTerm - 200);  // the last moment
  ASSERT_EQ(decide(in_time).refusal, Refusal::kNone);
  EXPECT_EQ(counted(), pair_of(1, 0));
  ASSERT_EQ(decide(rejected, false).refusal, Refusal::kNone);
  EXPECT_EQ(counted(), pair_of(2, 0)) << "to reject is a decision";
  wait(1);
  ASSERT_EQ(decide(late).refusal, Refusal::kNone);
  EXPECT_EQ(counted(), pair_of(2, 1));
  ASSERT_EQ(refer(referred, false).refusal, Refusal::kNone);
  ASSERT_EQ(decide(referred).refusal, Refusal::kNone);
  EXPECT_EQ(counted(), pair_of(3, 1)) << "it stood while the case was referred";
  WithdrawCase body;
  body.id = withdrawn;
  ASSERT_EQ(apply(CommandKind::kWithdrawCase, body, office()).refusal, Refusal::kNone);
  EXPECT_EQ(counted(), pair_of(3, 1)) << "nothing was decided";
}

TEST_F(MunicipalClockTest, AReferralStopsItAndWhatWasLeftGoesOn) {
  const CaseId id = await();
  wait(200);  // the first mark is passed
  ASSERT_EQ(refer(id, true).refusal, Refusal::kNone);
  EXPECT_EQ(case_view(id).decision_due, kNever);
  EXPECT_EQ(case_view(id).decision_remaining_minutes, 220);
  wait(1000);
  ASSERT_EQ(refer(id, false).refusal, Refusal::kNone);
  EXPECT_EQ(case_view(id).decision_due, after(220));
  wait(219);
  EXPECT_EQ(waiting(SlaBand::kAmber), 1U) << "the mark of before counts";
  wait(1);
  expect_told(EventKind::kSlaBreached);
}

TEST_F(MunicipalClockTest, AnEditOfTheCalendarMovesItAndSaysSo) {
  const CaseId id = await();
  SetCalendarDays days;
  days.first_day = 20'000;
  days.count = 10;
  for (std::size_t i = 0; i < days.count; ++i) {
    days.open_minute[i] = static_cast<std::uint32_t>((20'000 + i) * 1440);
    days.length_minutes[i] = i == 1 ? 0 : 240;
  }
  ASSERT_EQ(apply(CommandKind::kSetCalendarDays, days, supervisor()).refusal, Refusal::kNone);
  const std::int64_t minutes = 2 * 1440 + kTerm - 240;
  EXPECT_EQ(case_view(id).decision_due, (Tick{kStart.ms + minutes * kMsPerMinute}));
  expect_told(EventKind::kDeadlineMoved);
}

// Its clock runs all the while, and its marks come as far as the calendar goes.
TEST_F(MunicipalClockTest, ATermBeyondTheCalendarIsDueOnceTheCalendarReachesIt) {
  const auto open = [this](std::int32_t day, std::uint16_t minutes) {
    SetCalendarDays days;
    days.first_day = day;
    days.count = 1;
    days.open_minute[0] = static_cast<std::uint32_t>(day * 1440);
    days.length_minutes[0] = minutes;
    return apply(CommandKind::kSetCalendarDays, days, supervisor()).refusal;
  };
  ASSERT_EQ(open(20'000, 240), Refusal::kNone);
  const CaseId id = await();
  EXPECT_EQ(case_view(id).decision_due, kNever);
  EXPECT_EQ(case_view(id).decision_remaining_minutes, kTerm);
  EXPECT_EQ(case_view(id).decision_band, SlaBand::kGreen);
  EXPECT_EQ(waiting(SlaBand::kGreen), 1U);
  wait(180);
  EXPECT_EQ(waiting(SlaBand::kAmber), 1U) << "the first mark lies within it";
  wait(1000);
  apply(CommandKind::kTick, TickBody{}, engine());
  EXPECT_EQ(case_view(id).decision_due, kNever);
  EXPECT_EQ(case_view(id).decision_remaining_minutes, kTerm - 240);
  EXPECT_EQ(case_view(id).decision_band, SlaBand::kAmber);
  ASSERT_EQ(open(20'001, 420), Refusal::kNone);
  expect_told(EventKind::kDeadlineMoved);
  const Tick due{kStart.ms + (1440 + kTerm - 240) * kMsPerMinute};
  EXPECT_EQ(case_view(id).decision_due, due);
  wait((due.ms - now_.ms) / kMsPerMinute);
  EXPECT_EQ(case_view(id).decision_band, SlaBand::kRed);
  EXPECT_EQ(waiting(SlaBand::kRed), 1U);
}

TEST_F(MunicipalClockTest, AStageWithoutATermHasNoClock) {
  define_permit(0);
  const CaseId id = await();
  EXPECT_EQ(case_view(id).decision_due, kNever);
  wait(5000);
  apply(CommandKind::kTick, TickBody{}, engine());
  EXPECT_EQ(told(), std::vector<EventKind>{});
  ASSERT_EQ(refer(id, true).refusal, Refusal::kNone);
  ASSERT_EQ(refer(id, false).refusal, Refusal::kNone);
  EXPECT_EQ(case_view(id).decision_due, kNever);
  ASSERT_EQ(decide(id).refusal, Refusal::kNone);
  EXPECT_EQ(scheduler_.stats().decisions_in_time + scheduler_.stats().decisions_late, 0U);
}

}  // namespace
}  // namespace permitd::tests
