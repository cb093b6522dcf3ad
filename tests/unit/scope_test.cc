// Goal: who has districts sees and steers what lies there, and learns nothing of the rest, not even
// whether it exists (I18). Method: a city of two districts, judged and asked directly: each command
// with a number of here, of there and of nowhere; each query beside what the city itself is told.
#include "daemon/scope.h"

#include <gtest/gtest.h>

#include <set>

#include "daemon/city_snapshot.h"
#include "daemon/desk_snapshot.h"
#include "daemon/licence_queries.h"
#include "daemon/new_homes.h"
#include "daemon/queries.h"
#include "daemon/visit_snapshot.h"
#include "protocol/words.h"
#include "tests/support/small_city.h"

namespace permitd::daemon {
namespace {

using namespace permitd::tests;

constexpr District kHere = 5;
constexpr District kThere = 7;
constexpr protocol::DistrictSet kSeen = 1U << kHere;
constexpr std::uint32_t kNowhere = 60'000;
constexpr ServiceId kPermit{3};

class ScopeTest : public SmallCity {
 protected:
  void SetUp() override {
    SmallCity::SetUp();
    set_district(kOffice, kHere);
    set_district(kOtherOffice, kThere);
    here_ = submit_in(kHere, kOffice);
    there_ = submit_in(kThere, kOtherOffice);
  }

  void set_district(OfficeId id, District district) {
    DefineOffice body = office_body(id, district);
    ASSERT_EQ(apply(CommandKind::kDefineOffice, body, supervisor()).refusal, Refusal::kNone);
  }
  static DefineOffice office_body(OfficeId id, District district) {
    DefineOffice body;
    body.office = id;
    body.district = district;
    body.state = OfficeState::kActive;
    body.licensee = PersonId{5000 + std::uint64_t{raw(id)}};
    body.technical_manager = PersonId{6000 + std::uint64_t{raw(id)}};
    return body;
  }
  Outcome submit_in(District district, OfficeId by, ServiceId service = kNewBuild) {
    SubmitCase body = submission(service);
    body.district = district;
    const Outcome outcome = apply(CommandKind::kSubmitCase, body, office(by));
    EXPECT_EQ(outcome.refusal, Refusal::kNone);
    return outcome;
  }
  /// A service whose second and last stage is the municipality's.
  void define_permit() {
    DefineService service;
    service.service = kPermit;
    service.version = 1;
    service.stage_count = 2;
    service.stages[0].effort_minutes = service.stages[0].sla_minutes = 60;
    service.stages[1].stage = Stage::kMunicipalDecision;
    service.stages[1].flags = kStageIsSovereign;
    service.stages[1].sla_minutes = 60;
    ASSERT_EQ(apply(CommandKind::kDefineService, service, supervisor()).refusal, Refusal::kNone);
    for (const OfficeId id : {kOffice, kOtherOffice}) {
      ActivateService activation;
      activation.office = id;
      activation.service = kPermit;
      activation.until = kNever;
      ASSERT_EQ(apply(CommandKind::kActivateService, activation, supervisor()).refusal,
                Refusal::kNone);
    }
  }
  /// Until nothing is left for the expert.
  void work_all(ExpertId who) {
    for (;;) {
      const Outcome lease = claim(who);
      if (raw(lease.job) == 0) return;
      ASSERT_EQ(start(lease, who).refusal, Refusal::kNone);
      ASSERT_EQ(complete(lease, who).refusal, Refusal::kNone);
    }
  }

  template <class Body>
  Outcome judge(CommandKind kind, const Body& body) {
    Command command = make(kind, body, supervisor());
    return judge_command(scheduler_, kSeen, command);
  }
  /// `body_of(number)` names one thing by its number: of here, of there, of nowhere.
  template <class BodyOf>
  void expect_judged(CommandKind kind, Field field, std::array<std::uint32_t, 3> numbers,
                     BodyOf body_of) {
    SCOPED_TRACE(protocol::name_of(kind));
    EXPECT_EQ(judge(kind, body_of(numbers[0])), Outcome{});
    const Outcome there = judge(kind, body_of(numbers[1]));
    EXPECT_EQ(there.refusal, Refusal::kNotAllowed);
    EXPECT_EQ(there.field, field);
    EXPECT_EQ(judge(kind, body_of(numbers[2])), there) << "what exists can be told apart";
  }
  std::array<std::uint32_t, 3> cases() const {
    return {static_cast<std::uint32_t>(raw(here_.case_id)),
            static_cast<std::uint32_t>(raw(there_.case_id)), kNowhere};
  }
  std::array<std::uint32_t, 3> jobs() const {
    return {static_cast<std::uint32_t>(raw(here_.job)), static_cast<std::uint32_t>(raw(there_.job)),
            kNowhere};
  }
  static std::array<std::uint32_t, 3> offices() { return {raw(kOffice), raw(kOtherOffice), 999}; }
  static std::array<std::uint32_t, 3> experts() {
    return {raw(kClerk), raw(kOtherClerk), kNowhere};
  }
  template <class Body>
  static auto by_case() {
    return [](std::uint32_t number) {
      Body body;
      body.id = CaseId{number};
      return body;
    };
  }
  template <class Body>
  static auto by_job() {
    return [](std::uint32_t number) {
      Body body;
      body.job = JobId{number};
      return body;
    };
  }
  template <class Body>
  static auto by_office() {
    return [](std::uint32_t number) {
      Body body;
      body.office = OfficeId{static_cast<std::uint16_t>(number)};
      return body;
    };
  }
  template <class Body>
  static auto by_expert() {
    return [](std::uint32_t number) {
      Body body;
      body.expert = ExpertId{number};
      return body;
    };
  }
  template <class Q>
  void run(Q& query) {
    while (!query.run(scheduler_)) continue;
  }
  static Scope of_here() { return Scope::of_districts(kSeen); }

  Outcome here_;
  Outcome there_;
};

TEST_F(ScopeTest, ACommandReachesItsDistrictsAndTheRestIsUnknown) {
  expect_judged(CommandKind::kRegisterCase, Field::kCase, cases(), by_case<RegisterCase>());
  expect_judged(CommandKind::kAmendCase, Field::kCase, cases(), by_case<AmendCase>());
  expect_judged(CommandKind::kWithdrawCase, Field::kCase, cases(), by_case<WithdrawCase>());
  expect_judged(CommandKind::kAnswerCase, Field::kCase, cases(), by_case<AnswerCase>());
  expect_judged(CommandKind::kRecordFees, Field::kCase, cases(), by_case<RecordFees>());
  expect_judged(CommandKind::kRecordDecision, Field::kCase, cases(), by_case<RecordDecision>());
  expect_judged(CommandKind::kReferCase, Field::kCase, cases(), by_case<ReferCase>());
  expect_judged(CommandKind::kCloseCase, Field::kCase, cases(), by_case<CloseCase>());
  expect_judged(CommandKind::kExpedite, Field::kCase, cases(), by_case<Expedite>());
  expect_judged(CommandKind::kRebaseCase, Field::kCase, cases(), by_case<RebaseCase>());
  expect_judged(CommandKind::kSchedule, Field::kJob, jobs(), by_job<Schedule>());
  expect_judged(CommandKind::kHold, Field::kJob, jobs(), by_job<Hold>());
  expect_judged(CommandKind::kRelease, Field::kJob, jobs(), by_job<Release>());
  expect_judged(CommandKind::kCancel, Field::kJob, jobs(), by_job<Cancel>());
  expect_judged(CommandKind::kLockPlan, Field::kJob, jobs(), by_job<LockPlan>());
  expect_judged(CommandKind::kSetOfficeState, Field::kOffice, offices(),
                by_office<SetOfficeState>());
  expect_judged(CommandKind::kActivateService, Field::kOffice, offices(),
                by_office<ActivateService>());
  expect_judged(CommandKind::kRenewLicence, Field::kOffice, offices(), by_office<RenewLicence>());
  expect_judged(CommandKind::kSetTechnicalManager, Field::kOffice, offices(),
                by_office<SetTechnicalManager>());
  expect_judged(CommandKind::kRecordLicenceCheck, Field::kOffice, offices(),
                by_office<RecordLicenceCheck>());
  expect_judged(CommandKind::kSetExpertState, Field::kExpert, experts(),
                by_expert<SetExpertState>());
  expect_judged(CommandKind::kSetCertificate, Field::kExpert, experts(),
                by_expert<SetCertificate>());
  expect_judged(CommandKind::kSetAbsence, Field::kExpert, experts(), by_expert<SetAbsence>());
}

TEST_F(ScopeTest, WhatACommandNamesBesidesLiesWithinToo) {
  expect_judged(CommandKind::kReassign, Field::kExpert, experts(), [&](std::uint32_t number) {
    Reassign body;
    body.job = here_.job;
    body.expert = ExpertId{number};
    return body;
  });
  expect_judged(CommandKind::kMoveCase, Field::kOffice, offices(), [&](std::uint32_t number) {
    MoveCase body;
    body.id = here_.case_id;
    body.office = OfficeId{static_cast<std::uint16_t>(number)};
    return body;
  });
  expect_judged(CommandKind::kDefineExpert, Field::kOffice, offices(), [&](std::uint32_t number) {
    DefineExpert body;
    body.expert = kClerk;
    body.office = OfficeId{static_cast<std::uint16_t>(number)};
    return body;
  });
}

TEST_F(ScopeTest, WhetherANumberIsTakenIsNotTold) {
  expect_judged(CommandKind::kDefineOffice, Field::kOffice, offices(), [](std::uint32_t number) {
    return office_body(OfficeId{static_cast<std::uint16_t>(number)}, kHere);
  });
  expect_judged(CommandKind::kDefineExpert, Field::kExpert, experts(), [](std::uint32_t number) {
    DefineExpert body;
    body.expert = ExpertId{number};
    body.office = kOffice;
    return body;
  });
  EXPECT_EQ(judge(CommandKind::kDefineOffice, office_body(kOffice, kThere)).field,
            Field::kDistrict);
}

TEST_F(ScopeTest, WhatConcernsTheWholeCityIsTheCitys) {
  for (const CommandKind kind :
       {CommandKind::kSetPolicy, CommandKind::kSetCalendarDays, CommandKind::kDefineService,
        CommandKind::kDefineOrganisation, CommandKind::kLoadZoning, CommandKind::kValidateZoning,
        CommandKind::kNotifyZoning, CommandKind::kDropZoning, CommandKind::kSetLicenceRules,
        CommandKind::kSetOfficesWanted, CommandKind::kOpenRound, CommandKind::kCloseRound,
        CommandKind::kApplyForLicence, CommandKind::kRecordExamResult,
        CommandKind::kRecordBoardFinding, CommandKind::kRankRound, CommandKind::kDefineVenue}) {
    const Outcome outcome = judge(kind, CommandBody{});
    EXPECT_EQ(outcome.refusal, Refusal::kNotAllowed) << protocol::name_of(kind);
    EXPECT_EQ(outcome.field, Field::kDistrict) << protocol::name_of(kind);
  }
}

TEST_F(ScopeTest, NoCommandPassesUnjudged) {
  // Kinds that name nothing of here, and kinds that do not exist, with every body empty.
  for (unsigned kind = 0; kind < 256; ++kind) {
    if (CommandKind{static_cast<std::uint8_t>(kind)} == CommandKind::kApplyPlan) continue;
    const Outcome outcome = judge(CommandKind{static_cast<std::uint8_t>(kind)}, CommandBody{});
    EXPECT_EQ(outcome.refusal, Refusal::kNotAllowed) << kind;
  }
}

TEST_F(ScopeTest, LinesOfAPlanAreJudgedOneByOne) {
  ApplyPlan plan;
  plan.count = 4;
  plan.lines[0].job = here_.job;
  plan.lines[0].expert = kClerk;
  plan.lines[1].job = there_.job;
  plan.lines[1].expert = kClerk;
  plan.lines[2].job = here_.job;
  plan.lines[2].expert = kOtherClerk;
  plan.lines[3].job = here_.job;  // takes back
  Command command = make(CommandKind::kApplyPlan, plan, supervisor());
  EXPECT_EQ(judge_command(scheduler_, kSeen, command), Outcome{});
  const auto& lines = command.body.apply_plan.lines;
  EXPECT_EQ(lines[0].job, here_.job);
  EXPECT_EQ(lines[0].expert, kClerk);
  EXPECT_EQ(lines[3].expert, ExpertId{});
  const Outcome applied = scheduler_.apply(command);
  EXPECT_EQ(plan_line_result(applied, 1), PlanLineResult::kUnknownJob);
  EXPECT_EQ(plan_line_result(applied, 2), PlanLineResult::kUnknownExpert);
}

TEST_F(ScopeTest, ACaseAJobItsHistoryAndItsReasonsAreThoseOfTheDistrict) {
  for (const auto& [outcome, is_here] : {std::pair(here_, true), std::pair(there_, false)}) {
    CaseQuery one(of_here(), outcome.case_id);
    JobQuery job(of_here(), outcome.job);
    HistoryQuery history(of_here(), outcome.case_id, 0, 10);
    WhyQuery why(of_here(), outcome.job);
    run(one);
    run(job);
    run(history);
    run(why);
    EXPECT_EQ(one.found, is_here);
    EXPECT_EQ(job.found, is_here);
    EXPECT_EQ(history.found, is_here);
    EXPECT_EQ(why.found, is_here);
    EXPECT_EQ(history.events.empty(), !is_here);
  }
}

// Several are always drawn among, so whether there was a lot says that there are others.
TEST_F(ScopeTest, WhetherAJobWasDrawnByDeadlineIsNotTold) {
  submit(kReport);
  submit(kReport);
  std::array<std::size_t, 2> seen{};  // the last one is alone
  for (JobId given = claim(kClerk).job; raw(given) != 0; given = claim(kClerk).job) {
    WhyQuery whole(Scope::of_districts(protocol::kWholeCity), given);
    run(whole);
    ASSERT_TRUE(whole.has_decision);
    EXPECT_EQ(whole.decision.by_deadline, whole.decision.drawn_count != 0);
    ++seen.at(whole.decision.by_deadline ? 1 : 0);
    WhyQuery part(Scope::of_districts(protocol::kWholeCity & ~(1U << 31U)), given);
    run(part);
    ASSERT_TRUE(part.has_decision);
    EXPECT_FALSE(part.decision.by_deadline);
    EXPECT_EQ(part.decision.drawn_count, 0);
    EXPECT_EQ(part.decision.drawn[0], scheduler::DrawnView{});
    EXPECT_TRUE(part.decision.drawn_hidden);
  }
  EXPECT_GE(seen[0], 1U);
  EXPECT_GE(seen[1], 1U);
}

TEST_F(ScopeTest, WhatAVisitWasDrawnAmongIsNamedAsFarAsItLiesWithin) {
  SetPolicy policy;
  policy.near_visits = 4;
  policy.near_slack_minutes = 60;
  ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  constexpr Point kPlace{35'700'000, 51'400'000};
  DefineExpert inspector;
  inspector.expert = kInspector;
  inspector.office = kOffice;
  inspector.state = ExpertState::kCertified;
  inspector.person = PersonId{1000 + std::uint64_t{raw(kInspector)}};
  inspector.home = kPlace;
  ASSERT_EQ(apply(CommandKind::kDefineExpert, inspector, supervisor()).refusal, Refusal::kNone);
  std::array<Outcome, 2> filed;
  for (std::size_t i = 0; i < filed.size(); ++i) {
    SubmitCase body = submission(kNewBuild);
    body.district = i == 0 ? kHere : kThere;
    body.point = kPlace;
    filed.at(i) = apply(CommandKind::kSubmitCase, body, office());
  }
  for (int i = 0; i < 4; ++i) work(kClerk);
  const JobId here = case_view(filed[0].case_id).current_job;
  const JobId last = case_view(filed[1].case_id).current_job;
  wait((job_view(last).appointment.ms - now_.ms) / kMsPerMinute);
  const JobId given = claim(kInspector).job;
  WhyQuery whole(Scope::of_districts(protocol::kWholeCity), given);
  run(whole);
  ASSERT_TRUE(whole.has_decision);
  EXPECT_EQ(whole.decision.drawn_count, 2);
  EXPECT_EQ(whole.decision.compared, 2);
  EXPECT_FALSE(whole.decision.drawn_hidden);
  WhyQuery part(Scope::of_districts(1U << (given == here ? kHere : kThere)), given);
  run(part);
  ASSERT_TRUE(part.has_decision);
  EXPECT_EQ(part.decision.drawn_count, 1);
  EXPECT_EQ(part.decision.drawn[0].job, given);
  EXPECT_EQ(part.decision.drawn[1], scheduler::DrawnView{});
  EXPECT_EQ(part.decision.compared, 0);
  EXPECT_TRUE(part.decision.drawn_hidden);
  // Two that lie in one district leave the same traces as two of which one does.
  WhyQuery both(Scope::of_districts(1U << kHere | 1U << kThere), given);
  run(both);
  EXPECT_EQ(both.decision.drawn_count, 2);
  EXPECT_EQ(both.decision.compared, 0);
  EXPECT_TRUE(both.decision.drawn_hidden);
}

TEST_F(ScopeTest, ListsHoldTheDistrictAloneAndTheirEndTellsNothing) {
  submit_in(kThere, kOtherOffice);
  JobsQuery jobs(of_here(), JobFilter{}, 0, 50);
  run(jobs);
  ASSERT_EQ(jobs.rows.size(), 1U);
  EXPECT_EQ(jobs.rows[0].job, here_.job);
  EXPECT_EQ(jobs.cursor.position, 0U);
  JobFilter elsewhere;
  elsewhere.districts = 1U << kThere;
  JobsQuery none(of_here(), elsewhere, 0, 50);
  run(none);
  EXPECT_TRUE(none.rows.empty());

  OfficesQuery offices(of_here(), 0, 50);
  run(offices);
  ASSERT_EQ(offices.rows.size(), 1U);
  EXPECT_EQ(offices.rows[0].office, kOffice);
  EXPECT_EQ(offices.cursor.position, 0U);

  ExpertsQuery experts(of_here(), OfficeId{}, 0, 50);
  run(experts);
  EXPECT_EQ(experts.rows.size(), 4U);
  for (const ExpertView& expert : experts.rows) EXPECT_EQ(expert.office, kOffice);
  EXPECT_EQ(experts.cursor.position, 0U);
  for (const OfficeId office : {kOtherOffice, OfficeId{999}}) {
    ExpertsQuery outside(of_here(), office, 0, 50);
    run(outside);
    EXPECT_TRUE(outside.rows.empty());
    EXPECT_TRUE(outside.cursor.done);
    EXPECT_EQ(outside.cursor.position, 0U);
  }

  OpenCellsQuery cells(of_here(), OfficeId{}, 0, 50);
  run(cells);
  ASSERT_FALSE(cells.rows.empty());
  for (const OpenCellView& cell : cells.rows) EXPECT_EQ(cell.district, kHere);
  EXPECT_EQ(cells.cursor.position, 0U);

  define_permit();
  const CaseId awaited = submit_in(kHere, kOffice, kPermit).case_id;
  submit_in(kThere, kOtherOffice, kPermit);
  work_all(kClerk);
  work_all(kOtherClerk);
  AwaitingDecisionsQuery everywhere(Scope{}, 0, 50);
  run(everywhere);
  EXPECT_EQ(everywhere.rows.size(), 2U);
  AwaitingDecisionsQuery decisions(of_here(), 0, 50);
  run(decisions);
  ASSERT_EQ(decisions.rows.size(), 1U);
  EXPECT_EQ(decisions.rows[0].case_id, awaited);
  EXPECT_EQ(decisions.cursor.position, 0U);
}

TEST_F(ScopeTest, OverridesAreThoseOfItsJobs) {
  SetPolicy policy;
  policy.capacity_units_per_day = 1;  // one filing fills the day
  ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  const auto give = [this](JobId job, ExpertId to) {
    Reassign body;
    body.job = job;
    body.expert = to;
    body.override_capacity = 1;
    body.note = text<79>("by order");
    ASSERT_EQ(apply(CommandKind::kReassign, body, supervisor()).refusal, Refusal::kNone);
  };
  give(here_.job, kClerk);
  give(there_.job, kOtherClerk);
  give(submit_in(kHere, kOffice).job, kClerk);
  const Op first = scheduler_.op_applied();
  give(submit_in(kHere, kOffice).job, kOtherClerk);
  const Op second = scheduler_.op_applied();
  give(submit_in(kThere, kOtherOffice).job, kOtherClerk);

  OverridesQuery everywhere(Scope{}, {}, 0, 50);
  run(everywhere);
  EXPECT_EQ(everywhere.rows.size(), 3U);
  OverridesQuery here(of_here(), {}, 0, 50);
  run(here);
  ASSERT_EQ(here.rows.size(), 2U);
  EXPECT_EQ(here.rows[0].op, second) << "whoever got the job: it lies here";
  EXPECT_EQ(here.rows[1].op, first);
  EXPECT_TRUE(here.cursor.done);
  EXPECT_EQ(here.cursor.position, 0U);
  OverridesQuery page(of_here(), {}, 0, 1);
  run(page);
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_FALSE(page.cursor.done);
  EXPECT_EQ(page.cursor.position, raw(second)) << "of the own one, not of what lies between";
  OverridesQuery rest(of_here(), {}, page.cursor.position, 1);
  run(rest);
  ASSERT_EQ(rest.rows.size(), 1U);
  EXPECT_EQ(rest.rows[0].op, first);
  EXPECT_TRUE(rest.cursor.done);
  OverridesQuery of_one(of_here(), {~0U, kClerk, {}}, 0, 50);
  run(of_one);
  ASSERT_EQ(of_one.rows.size(), 1U);
  EXPECT_EQ(of_one.rows[0].op, first);

  StatsQuery stats(of_here());
  run(stats);
  EXPECT_EQ(stats.stats.capacity_overrides, 2U);
  CitySnapshotQuery snapshot(of_here(), {});
  run(snapshot);
  EXPECT_EQ(snapshot.snapshot.stats.capacity_overrides, 2U);
}

TEST_F(ScopeTest, CountsAreThoseOfTheDistrict) {
  for (int i = 0; i < 5; ++i) submit_in(kThere, kOtherOffice);
  submit_in(kHere, kOffice);
  StatsQuery stats(of_here());
  run(stats);
  EXPECT_EQ(stats.stats.cases_submitted, 2U);
  EXPECT_EQ(stats.stats.cases[raw(CaseState::kInProgress)] +
                stats.stats.cases[raw(CaseState::kRegistered)],
            2U);
  EXPECT_EQ(stats.stats.jobs[raw(JobState::kReady)], 2U);
  EXPECT_EQ(stats.stats.ready[raw(PriorityClass::kMunicipal)][raw(Skill::kFile)], 2U);
  EXPECT_NE(stats.stats.oldest_ready[raw(PriorityClass::kMunicipal)][raw(Skill::kFile)], kNever);
  std::uint64_t bands = 0;
  for (const auto& stage : stats.stats.bands)
    for (const std::uint64_t count : stage) bands += count;
  EXPECT_EQ(bands, 2U);
  EXPECT_EQ(stats.stats.memory_bytes, 0U);
  EXPECT_EQ(stats.stats.flow[0].created, 2U);
  EXPECT_EQ(stats.stats.flow[0].done, 0U);
  EXPECT_EQ(stats.stats.op_applied, scheduler_.op_applied());
  StatsQuery city(Scope{});
  run(city);
  EXPECT_EQ(city.stats.cases_submitted, 8U);
}

TEST_F(ScopeTest, SnapshotsForPlansAndQuestionsHoldTheDistrictAlone) {
  CitySnapshotOptions wanted;
  wanted.with_cases = true;
  CitySnapshotQuery city(of_here(), wanted);
  run(city);
  ASSERT_EQ(city.snapshot.cases.size(), 1U);
  EXPECT_EQ(city.snapshot.cases[0].case_id, here_.case_id);
  EXPECT_EQ(city.snapshot.arrivals.size(), 1U);
  EXPECT_EQ(city.snapshot.offices.size(), 1U);
  EXPECT_EQ(city.snapshot.experts.size(), 4U);
  EXPECT_EQ(city.snapshot.open_districts, kSeen);
  EXPECT_EQ(city.snapshot.stats.cases_submitted, 0U);

  DeskSnapshotQuery desks(of_here());
  run(desks);
  ASSERT_EQ(desks.snapshot.desks.size(), 1U);
  EXPECT_EQ(desks.snapshot.desks[0].job.job, here_.job);
  EXPECT_EQ(desks.snapshot.experts.size(), 4U);

  work(kClerk);  // both cases go on to their visits
  work(kOtherClerk);
  VisitSnapshotQuery visits(of_here(), VisitDay{.is_ahead = true});
  VisitSnapshotQuery all(Scope{}, VisitDay{.is_ahead = true});
  run(visits);
  run(all);
  EXPECT_EQ(all.snapshot.visits.size(), 2U);
  ASSERT_EQ(visits.snapshot.visits.size(), 1U);
  EXPECT_EQ(visits.snapshot.visits[0].job.district, kHere);
  EXPECT_EQ(visits.snapshot.offices.size(), 1U);
}

TEST_F(ScopeTest, CasesFindNewHomesWithinTheDistrict) {
  submit_in(kThere, kOffice);  // an office serves every district, and its supervisor sees one
  HomelessQuery own(of_here(), kOffice);
  run(own);
  EXPECT_TRUE(own.is_known);
  ASSERT_EQ(own.cases.size(), 1U);
  EXPECT_EQ(own.cases[0].case_id, here_.case_id);
  EXPECT_EQ(own.offices.size(), 1U);
  for (const OfficeId office : {kOtherOffice, OfficeId{999}}) {
    HomelessQuery outside(of_here(), office);
    run(outside);
    EXPECT_FALSE(outside.is_known);
    EXPECT_TRUE(outside.cases.empty());
  }
}

TEST_F(ScopeTest, AnEventConcernsTheDistrictOfItsCaseItsOfficeOrItsExpert) {
  const auto districts_of_last = [&] {
    std::set<protocol::DistrictSet> all;
    for (const Event& event : scheduler_.events()) all.insert(districts_of(scheduler_, event));
    return all;
  };
  using Sets = std::set<protocol::DistrictSet>;
  submit_in(kThere, kOffice);
  EXPECT_EQ(districts_of_last(), Sets{1U << kThere}) << "a case is where its parcel is";
  SetAbsence absence;
  absence.expert = kOtherClerk;
  absence.until = {now_.ms + kMsPerMinute};
  absence.from = now_;
  apply(CommandKind::kSetAbsence, absence, supervisor());
  EXPECT_EQ(districts_of_last(), Sets{1U << kThere});
  SetOfficeState state;
  state.office = kOffice;
  state.state = OfficeState::kSuspended;
  state.reason = Reason::kSupervisorOrder;
  ASSERT_EQ(apply(CommandKind::kSetOfficeState, state, supervisor()).refusal, Refusal::kNone);
  EXPECT_TRUE(districts_of_last().contains(1U << kHere));
  SetPolicy policy;
  policy.attempts_max = 9;
  apply(CommandKind::kSetPolicy, policy, supervisor());
  EXPECT_TRUE(districts_of_last().contains(protocol::kWholeCity));
  Event venue;
  venue.kind = EventKind::kVenueChanged;
  EXPECT_EQ(districts_of(scheduler_, venue), 0U);
}

TEST_F(ScopeTest, TheCityIsNoScopeAtAll) {
  EXPECT_TRUE(Scope::of_districts(protocol::kWholeCity).sees_city());
  EXPECT_FALSE(of_here().sees_city());
  EXPECT_EQ((Scope{Scope::Kind::kOffice, kOffice, {}, 0}.district_set()), 0U);
  EXPECT_FALSE((Scope{Scope::Kind::kHolder, {}, kClerk, 0}.covers_district(0)));
  EXPECT_FALSE(of_here().covers_district(0));
}

}  // namespace
}  // namespace permitd::daemon
