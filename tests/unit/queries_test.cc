// Goal: a query sees its scope and nothing else, pages to the end, and does bounded work per run.
// Method: a scheduler with the cases of two offices, asked directly.
#include "daemon/queries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <set>
#include <utility>

#include "scheduler/members.h"

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;

constexpr OfficeId kOwn{101};
constexpr OfficeId kOther{202};
constexpr std::int32_t kDay = 18'251;  // 2019-12-21, a Saturday
constexpr std::int64_t kMsPerDay = 86'400'000;
constexpr Tick kNow{kDay * kMsPerDay + 5 * 3'600'000};

class QueriesTest : public testing::Test {
 protected:
  void SetUp() override {
    Command limits = command(CommandKind::kSetLimits, {ActorKind::kEngine, 0});
    limits.body.set_limits.limits = Limits{4096, 8192, 65'536, 8192, 64, 8192, 16, 16};
    apply(limits);
    define_city();
  }

  static Command command(CommandKind kind, Actor actor) {
    Command made;
    made.kind = kind;
    made.actor = actor;
    return made;
  }
  Outcome apply(Command command) {
    op_ += 1;
    command.op = Op{op_};
    command.now = kNow;
    command.seed = op_;
    if (command.kind != CommandKind::kSetLimits) command.key = {1, op_};
    const Outcome outcome = scheduler_.apply(command);
    EXPECT_EQ(outcome.refusal, Refusal::kNone) << raw(outcome.refusal) << " " << raw(outcome.field);
    return outcome;
  }
  Command of_supervisor(CommandKind kind) { return command(kind, {ActorKind::kSupervisor, 1}); }

  void define_city() {
    constexpr std::uint32_t kDays = 30;
    for (std::uint32_t from = 0; from < kDays; from += kCalendarDaysPerCommand) {
      Command calendar = of_supervisor(CommandKind::kSetCalendarDays);
      SetCalendarDays& days = calendar.body.set_calendar_days;
      days.first_day = kDay - 1 + static_cast<std::int32_t>(from);
      days.count = static_cast<std::uint16_t>(std::min(kDays - from, kCalendarDaysPerCommand));
      for (std::uint32_t i = 0; i < days.count; ++i) {
        days.open_minute[i] = (kDay - 1 + from + i) * 1440U + 240U;
        days.length_minutes[i] = 420;
      }
      apply(calendar);
    }
    Command organisation = of_supervisor(CommandKind::kDefineOrganisation);
    organisation.body.define_organisation.organisation = OrganisationId{1};
    organisation.body.define_organisation.priority = PriorityClass::kMunicipal;
    organisation.body.define_organisation.enabled = 1;
    apply(organisation);
    Command service = of_supervisor(CommandKind::kDefineService);
    service.body.define_service.service = ServiceId{1};
    service.body.define_service.version = 1;
    service.body.define_service.stage_count = 1;
    service.body.define_service.stages[0].effort_minutes = 5;
    service.body.define_service.stages[0].sla_minutes = 420;
    apply(service);
    for (const OfficeId office : {kOwn, kOther}) define_office(office);
    define_expert();
  }
  void define_office(OfficeId office) {
    Command define = of_supervisor(CommandKind::kDefineOffice);
    define.body.define_office.office = office;
    define.body.define_office.district = 1;
    define.body.define_office.state = OfficeState::kActive;
    define.body.define_office.licensee = PersonId{50};
    define.body.define_office.technical_manager = PersonId{51 + std::uint64_t{raw(office)}};
    apply(define);
    Command activate = of_supervisor(CommandKind::kActivateService);
    activate.body.activate_service.office = office;
    activate.body.activate_service.service = ServiceId{1};
    activate.body.activate_service.until = kNever;
    apply(activate);
  }
  void define_expert() {
    Command define = of_supervisor(CommandKind::kDefineExpert);
    define.body.define_expert.expert = ExpertId{1};
    define.body.define_expert.office = kOther;
    define.body.define_expert.state = ExpertState::kCertified;
    define.body.define_expert.person = PersonId{1001};
    apply(define);
    Command certify = of_supervisor(CommandKind::kSetCertificate);
    certify.body.set_certificate.expert = ExpertId{1};
    certify.body.set_certificate.skill = Skill::kFile;
    certify.body.set_certificate.valid_until = Tick{kNow.ms + 100 * kMsPerDay};
    apply(certify);
  }
  Outcome submit(OfficeId office) {
    Command filed = command(CommandKind::kSubmitCase, {ActorKind::kOffice, raw(office)});
    SubmitCase& body = filed.body.submit_case;
    body.service = ServiceId{1};
    body.district = 1;
    body.organisation = OrganisationId{1};
    body.owner = PersonId{7};
    body.parcel.size = 1;
    body.parcel.bytes[0] = '9';
    return apply(filed);
  }
  Outcome claim() {
    Command wanted = command(CommandKind::kClaim, {ActorKind::kExpert, 1});
    wanted.body.claim.wanted = 1;
    return apply(wanted);
  }

  void reserve(JobId job, ExpertId expert) {
    Command plan = of_supervisor(CommandKind::kApplyPlan);
    ApplyPlan& body = plan.body.apply_plan;
    body.snapshot_op = Op{op_};
    body.count = 1;
    body.lines[0].job = job;
    body.lines[0].expert = expert;
    body.lines[0].start_minute = static_cast<std::uint32_t>(kNow.ms / kMsPerMinute + 60);
    body.lines[0].state = JobState::kReady;
    ASSERT_EQ(plan_line_result(apply(plan), 0), PlanLineResult::kApplied);
  }

  static Scope city() { return {}; }
  static Scope of_office(OfficeId office) { return {Scope::Kind::kOffice, office, {}}; }
  static Scope of_holder() { return {Scope::Kind::kHolder, {}, ExpertId{1}}; }

  /// Runs to the end; how many slices it took.
  int run(Query& query) {
    int slices = 1;
    while (!query.run(scheduler_)) slices += 1;
    return slices;
  }

  Scheduler scheduler_;
  std::uint64_t op_ = 0;
};

TEST_F(QueriesTest, ACaseIsFoundWithinItsScopeOnly) {
  const Outcome filed = submit(kOwn);
  CaseQuery everywhere(city(), filed.case_id);
  run(everywhere);
  EXPECT_TRUE(everywhere.found);
  EXPECT_EQ(everywhere.view.office, kOwn);
  EXPECT_EQ(everywhere.jobs.size(), 1U);
  CaseQuery own(of_office(kOwn), filed.case_id);
  run(own);
  EXPECT_TRUE(own.found);
  CaseQuery foreign(of_office(kOther), filed.case_id);
  run(foreign);
  EXPECT_FALSE(foreign.found);
  EXPECT_TRUE(foreign.jobs.empty());
  CaseQuery missing(city(), CaseId{999});
  run(missing);
  EXPECT_FALSE(missing.found);
}

TEST_F(QueriesTest, JobHistoryAndWhyKeepToTheScope) {
  const Outcome filed = submit(kOwn);
  JobQuery own_job(of_office(kOwn), filed.job);
  JobQuery foreign_job(of_office(kOther), filed.job);
  run(own_job);
  run(foreign_job);
  EXPECT_TRUE(own_job.found);
  EXPECT_FALSE(foreign_job.found);
  HistoryQuery own_history(of_office(kOwn), filed.case_id, 0, 50);
  HistoryQuery foreign_history(of_office(kOther), filed.case_id, 0, 50);
  run(own_history);
  run(foreign_history);
  EXPECT_FALSE(own_history.events.empty());
  EXPECT_FALSE(foreign_history.found);
  EXPECT_TRUE(foreign_history.events.empty());
  WhyQuery own_why(of_office(kOwn), filed.job);
  WhyQuery foreign_why(of_office(kOther), filed.job);
  run(own_why);
  run(foreign_why);
  EXPECT_TRUE(own_why.found);
  EXPECT_FALSE(own_why.has_decision);
  EXPECT_EQ(own_why.stuck.cause, Stuck::kNobodyAvailable);
  EXPECT_FALSE(foreign_why.found);
}

// Who comes may not be foreseen by the office that filed the case (I14).
TEST_F(QueriesTest, AnOfficeIsToldWhomAPlanReservesForOnlyWhenTheJobIsAssigned) {
  const Outcome filed = submit(kOwn);
  reserve(filed.job, ExpertId{1});
  const auto seen = [&](Scope scope) {
    CaseQuery of_case(scope, filed.case_id);
    JobQuery job(scope, filed.job);
    JobsQuery jobs(scope, JobFilter{}, 0, 10);
    WhyQuery why(scope, filed.job);
    HistoryQuery history(scope, filed.case_id, 0, 50);
    for (Query* query : std::initializer_list<Query*>{&of_case, &job, &jobs, &why, &history})
      run(*query);
    std::vector<ExpertId> experts{of_case.jobs.at(0).planned_for, job.view.planned_for,
                                  jobs.rows.at(0).planned_for, why.job.planned_for};
    EXPECT_EQ(why.stuck.cause, Stuck::kReserved);
    experts.push_back(why.stuck.reserved_for);
    const auto told = std::ranges::find(history.events, EventKind::kJobPlanned,
                                        [](const HistoryView& view) { return view.event.kind; });
    EXPECT_NE(told, history.events.end());
    if (told != history.events.end()) experts.push_back(told->event.expert);
    return experts;
  };
  EXPECT_EQ(seen(of_office(kOwn)), std::vector<ExpertId>(6, ExpertId{}));
  EXPECT_EQ(seen(city()), std::vector<ExpertId>(6, ExpertId{1}));
  ASSERT_EQ(claim().job, filed.job);
  JobQuery assigned(of_office(kOwn), filed.job);
  run(assigned);
  EXPECT_EQ(assigned.view.holder, ExpertId{1});
  HistoryQuery history(of_office(kOwn), filed.case_id, 0, 50);
  run(history);
  EXPECT_TRUE(std::ranges::any_of(history.events, [](const HistoryView& view) {
    return view.event.kind == EventKind::kJobPlanned && view.event.expert == ExpertId{1};
  }));
}

TEST_F(QueriesTest, AnEventThatIsWatchedHidesWhomAPlanReservesFor) {
  for (const EventKind kind :
       {EventKind::kJobPlanned, EventKind::kPlanEnded, EventKind::kPlanLocked}) {
    Event event;
    event.kind = kind;
    event.expert = ExpertId{1};
    for (const Scope& scope : {city(), of_holder()}) {
      hide_reservation(scope, event);
      EXPECT_EQ(event.expert, ExpertId{1});
    }
    const Scope another_expert{Scope::Kind::kHolder, {}, ExpertId{2}};
    for (const Scope& scope : {of_office(kOwn), another_expert}) {
      event.expert = ExpertId{1};
      hide_reservation(scope, event);
      EXPECT_EQ(event.expert, ExpertId{});
    }
  }
  Event assigned;
  assigned.kind = EventKind::kJobChanged;
  assigned.expert = ExpertId{1};
  hide_reservation(of_office(kOwn), assigned);
  EXPECT_EQ(assigned.expert, ExpertId{1});
}

TEST_F(QueriesTest, AHolderSeesTheCasesOfWhatItHolds) {
  Outcome first = submit(kOwn);
  Outcome second = submit(kOwn);
  const Outcome lease = claim();
  if (lease.job == second.job) std::swap(first, second);  // as the lot falls
  ASSERT_EQ(lease.job, first.job);
  CaseQuery held(of_holder(), first.case_id);
  CaseQuery not_held(of_holder(), second.case_id);
  run(held);
  run(not_held);
  EXPECT_TRUE(held.found);
  EXPECT_FALSE(not_held.found);
  HeldQuery worklist(ExpertId{1});
  run(worklist);
  ASSERT_EQ(worklist.rows.size(), 1U);
  EXPECT_EQ(worklist.rows[0].job, first.job);
  EXPECT_EQ(worklist.rows[0].token, lease.token);
}

TEST_F(QueriesTest, AHistoryGoesOnFromWhereItIsAsked) {
  const Outcome filed = submit(kOwn);
  claim();
  HistoryQuery whole(city(), filed.case_id, 0, 50);
  run(whole);
  ASSERT_GE(whole.events.size(), 2U);
  HistoryQuery rest(city(), filed.case_id, 1, 50);
  run(rest);
  ASSERT_EQ(rest.events.size(), whole.events.size() - 1);
  EXPECT_EQ(rest.events[0].event, whole.events[1].event);
  HistoryQuery first(city(), filed.case_id, 0, 1);
  run(first);
  EXPECT_EQ(first.events.size(), 1U);
}

TEST_F(QueriesTest, PagesOfJobsTogetherAreEachJobOnce) {
  std::set<std::uint64_t> filed;
  for (int i = 0; i < 30; ++i) {
    filed.insert(raw(submit(kOwn).job));
    submit(kOther);
  }
  std::set<std::uint64_t> seen;
  std::uint64_t position = 0;
  for (int page = 0; page < 20; ++page) {
    JobsQuery query(of_office(kOwn), JobFilter{}, position, 7);
    run(query);
    EXPECT_LE(query.rows.size(), 7U);
    for (const JobView& row : query.rows) EXPECT_TRUE(seen.insert(raw(row.job)).second);
    position = query.cursor.position;
    if (query.cursor.done) break;
  }
  EXPECT_EQ(seen, filed);
}

TEST_F(QueriesTest, AskingForAnotherOfficesJobsGivesNone) {
  submit(kOther);
  JobFilter filter;
  filter.office = kOther;
  JobsQuery query(of_office(kOwn), filter, 0, 10);
  run(query);
  EXPECT_TRUE(query.rows.empty());
  EXPECT_TRUE(query.cursor.done);
}

TEST_F(QueriesTest, ALongSearchIsDoneInSlices) {
  for (int i = 0; i < 3000; ++i) submit(kOther);
  const Outcome last = submit(kOwn);
  JobsQuery query(of_office(kOwn), JobFilter{}, 0, 10);
  EXPECT_GT(run(query), 1);
  ASSERT_EQ(query.rows.size(), 1U);
  EXPECT_EQ(query.rows[0].job, last.job);
}

TEST_F(QueriesTest, OfficesExpertsAndCellsAreListed) {
  submit(kOwn);
  OfficesQuery offices(Scope{}, 0, 1);
  run(offices);
  ASSERT_EQ(offices.rows.size(), 1U);
  OfficesQuery more(Scope{}, offices.cursor.position, 10);
  run(more);
  EXPECT_EQ(more.rows.size(), 1U);
  EXPECT_TRUE(more.cursor.done);
  ExpertsQuery experts(Scope{}, OfficeId{}, 0, 10);
  run(experts);
  EXPECT_EQ(experts.rows.size(), 1U);
  ExpertsQuery none(Scope{}, kOwn, 0, 10);
  run(none);
  EXPECT_TRUE(none.rows.empty());
  OpenCellsQuery cells(Scope{}, OfficeId{}, 0, 10);
  run(cells);
  ASSERT_EQ(cells.rows.size(), 1U);
  EXPECT_EQ(cells.rows[0].cell.ready, 1U);
  StatsQuery stats(Scope{});
  run(stats);
  EXPECT_EQ(stats.stats.cases_submitted, 1U);
  PolicyQuery policy;
  run(policy);
  EXPECT_EQ(policy.policy, SetPolicy{});
}

TEST_F(QueriesTest, TheCatalogueIsListedWithEveryVersion) {
  Command second = of_supervisor(CommandKind::kDefineService);
  DefineService& body = second.body.define_service;
  body.service = ServiceId{1};
  body.version = 2;
  body.stage_count = 1;
  body.stages[0].effort_minutes = 7;
  body.stages[0].sla_minutes = 420;
  body.stages[0].flags = kStageNotMechanised;
  body.label.size = 1;
  body.label.bytes[0] = 'B';
  apply(second);
  ServicesQuery first(0, 1);
  EXPECT_EQ(run(first), 1);
  ASSERT_EQ(first.rows.size(), 1U);
  EXPECT_EQ(first.rows[0].version, 1);
  EXPECT_FALSE(first.cursor.done);
  ServicesQuery rest(first.cursor.position, 10);
  run(rest);
  ASSERT_EQ(rest.rows.size(), 1U);
  EXPECT_EQ(rest.rows[0].service, ServiceId{1});
  EXPECT_EQ(rest.rows[0].version, 2);
  EXPECT_EQ(rest.rows[0].stages[0].flags, kStageNotMechanised);
  EXPECT_EQ(rest.rows[0].label, body.label);
  EXPECT_TRUE(rest.cursor.done);
}

TEST_F(QueriesTest, OrganisationsAndActivationsAreListedPageByPage) {
  Command water = of_supervisor(CommandKind::kDefineOrganisation);
  water.body.define_organisation.organisation = OrganisationId{9};
  water.body.define_organisation.priority = PriorityClass::kOther;
  apply(water);
  OrganisationsQuery one(0, 1);
  run(one);
  ASSERT_EQ(one.rows.size(), 1U);
  EXPECT_EQ(one.rows[0].organisation, OrganisationId{1});
  EXPECT_TRUE(one.rows[0].enabled);
  OrganisationsQuery rest(one.cursor.position, 10);
  run(rest);
  ASSERT_EQ(rest.rows.size(), 1U);
  EXPECT_EQ(rest.rows[0].organisation, OrganisationId{9});
  EXPECT_EQ(rest.rows[0].priority, PriorityClass::kOther);
  EXPECT_FALSE(rest.rows[0].enabled);
  EXPECT_TRUE(rest.cursor.done);

  std::vector<OfficeId> offices;
  for (Cursor cursor; !cursor.done;) {
    ActivationsQuery page({}, cursor.position, 1);
    run(page);
    for (const ActivationView& row : page.rows) {
      EXPECT_EQ(row.service, ServiceId{1});
      EXPECT_EQ(row.until, kNever);
      offices.push_back(row.office);
    }
    cursor = page.cursor;
  }
  EXPECT_EQ(offices, (std::vector{kOwn, kOther}));
}

TEST_F(QueriesTest, APreviewOfTheCalendarCountsHoursAndReasonsApart) {
  CalendarQuery before(kDay, 2);
  run(before);
  ASSERT_EQ(before.notes.size(), 2U);
  EXPECT_EQ(before.notes[0].day, kDay);
  EXPECT_EQ(before.notes[0].note.size, 0);
  SetCalendarDays edit;
  edit.first_day = kDay;
  edit.count = 2;
  edit.open_minute[0] = before.days[0].open_minute;
  edit.length_minutes[0] = before.days[0].length_minutes;
  edit.note.size = 1;
  edit.note.bytes[0] = 'x';
  CalendarPreviewQuery preview({edit});
  run(preview);
  EXPECT_EQ(preview.refused.refusal, Refusal::kNone);
  EXPECT_EQ(preview.days_changed, 1U);
  EXPECT_EQ(preview.notes_changed, 1U);
}

TEST_F(QueriesTest, APreviewOfTheCalendarSaysWhichDayOfAllItsRunsIsWrong) {
  SetCalendarDays closed;
  closed.first_day = kDay;
  closed.count = 2;
  SetCalendarDays wrong;
  wrong.first_day = kDay + 2;
  wrong.count = 3;
  wrong.open_minute[1] = static_cast<std::uint32_t>(kDay + 3) * 1440;
  wrong.length_minutes[1] = 1441;
  CalendarPreviewQuery too_long({closed, wrong});
  run(too_long);
  EXPECT_EQ(too_long.refused.refusal, Refusal::kOutOfRange);
  EXPECT_EQ(too_long.refused.field, Field::kDay);
  EXPECT_EQ(too_long.refused.row, 4);
  EXPECT_EQ(member_range(Field::kDay, too_long.refused.member)->name, "lengthMinutes");
  wrong.length_minutes[1] = 1440;
  wrong.open_minute[2] = wrong.open_minute[1] + 1439;
  wrong.length_minutes[2] = 60;
  CalendarPreviewQuery meets({closed, wrong});
  run(meets);
  EXPECT_EQ(meets.refused.refusal, Refusal::kNotCompatible);
  EXPECT_EQ(meets.refused.row, 5);
}

TEST_F(QueriesTest, APreviewOfTheCalendarListsAsManyMovesAsAreAskedFor) {
  std::vector<Outcome> filed;
  for (int i = 0; i < 3; ++i) filed.push_back(submit(kOwn));
  SetCalendarDays closed;
  closed.first_day = kDay + 1;
  closed.count = 1;
  JobView before;
  ASSERT_TRUE(scheduler_.find_job(filed[0].job, before));
  for (const std::size_t kept : {0U, 2U, 5U}) {
    CalendarPreviewQuery preview({closed}, kept);
    run(preview);
    EXPECT_EQ(preview.shift.later, 3U);
    EXPECT_EQ(preview.shift.earlier, 0U);
    ASSERT_EQ(preview.moves.size(), std::min<std::size_t>(kept, 3));
    for (std::size_t i = 0; i < preview.moves.size(); ++i) {
      EXPECT_EQ(preview.moves[i].job, filed[i].job);
      EXPECT_EQ(preview.moves[i].case_id, filed[i].case_id);
      EXPECT_EQ(preview.moves[i].before, before.deadline);
      EXPECT_EQ(preview.moves[i].after.ms, before.deadline.ms + kMsPerDay);
    }
  }
}

}  // namespace
}  // namespace permitd::daemon
