// Goal: each line of a plan is applied or dropped for the reason it deserves, an applied one keeps
// its job, its place in order and its capacity for one expert, and every end of a reservation
// brings the job back to everybody. Method: a day of seven hours, a few jobs, lines one by one.
#include <gtest/gtest.h>

#include <utility>

#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

using enum PlanLineResult;

constexpr std::int32_t kToday = 20'000;
constexpr std::uint32_t kOpen = kToday * 1440U;  // minutes; the day is open for seven hours

class PlanCommandsTest : public SmallCity {
 protected:
  void SetUp() override {
    SmallCity::SetUp();
    SetCalendarDays days;
    days.first_day = kToday;
    days.count = 8;
    for (std::size_t i = 0; i < days.count; ++i) {
      days.open_minute[i] = static_cast<std::uint32_t>(kOpen + i * 1440);
      days.length_minutes[i] = 420;
    }
    ASSERT_EQ(apply(CommandKind::kSetCalendarDays, days, supervisor()).refusal, Refusal::kNone);
  }

  // A line on the job as it is, to begin so many minutes after the opening of today.
  PlanLine line_for(JobId job, ExpertId who, std::uint32_t minute, std::uint16_t sequence = 0) {
    const JobView view = job_view(job);
    PlanLine line;
    line.job = job;
    line.expert = who;
    line.start_minute = kOpen + minute;
    line.sequence = sequence;
    line.attempts = view.attempts;
    line.state = view.state;
    return line;
  }

  Outcome send(const std::vector<PlanLine>& lines) {
    ApplyPlan plan;
    plan.snapshot_op = scheduler_.op_applied();
    plan.count = static_cast<std::uint16_t>(lines.size());
    std::copy(lines.begin(), lines.end(), plan.lines.begin());
    return apply(CommandKind::kApplyPlan, plan, supervisor());
  }
  PlanLineResult result_of(const PlanLine& line) { return plan_line_result(send({line}), 0); }

  void expect_reserved(JobId job, ExpertId who) {
    EXPECT_EQ(job_view(job).planned_for, who);
    PlanView plan;
    ASSERT_TRUE(scheduler_.find_plan(job, plan));
    EXPECT_EQ(plan.expert, who);
  }
  // The reservation is over, and somebody else gets the job.
  void expect_free(JobId job, ExpertId other) {
    PlanView plan;
    EXPECT_FALSE(scheduler_.find_plan(job, plan));
    EXPECT_EQ(claim(other).job, job);
  }

  std::size_t told(CaseId id, EventKind kind, Reason reason) const {
    std::array<HistoryView, 64> history;
    const std::size_t count = scheduler_.list_history(id, 0, history);
    const auto end = history.begin() + static_cast<std::ptrdiff_t>(count);
    return static_cast<std::size_t>(std::count_if(history.begin(), end, [&](const auto& view) {
      return view.event.kind == kind && view.event.reason == reason;
    }));
  }

  // A visit whose appointment is in the morning of tomorrow.
  Outcome filed_visit() {
    const Outcome filed = submit(kNewBuild);
    work(kClerk);
    return filed;
  }
  JobId current(const Outcome& filed) const { return case_view(filed.case_id).current_job; }

  // The file jobs are 30 minutes each; two clerks may take them.
  Outcome reserved_for_clerk() {
    const Outcome filed = submit(kReport);
    EXPECT_EQ(result_of(line_for(filed.job, kClerk, 60)), kApplied);
    expect_reserved(filed.job, kClerk);
    return filed;
  }
};

TEST_F(PlanCommandsTest, ReservedJobIsGivenToItsExpertAlone) {
  const Outcome filed = reserved_for_clerk();
  EXPECT_EQ(raw(claim(kOtherClerk).job), 0U);
  const StuckView stuck = scheduler_.explain_stuck(filed.job);
  EXPECT_EQ(stuck.cause, Stuck::kReserved);
  EXPECT_EQ(stuck.reserved_for, kClerk);
  EXPECT_EQ(stuck.until.ms, (std::int64_t{kOpen} + 420) * kMsPerMinute);
  EXPECT_EQ(claim(kClerk).job, filed.job);
  PlanView plan;
  EXPECT_FALSE(scheduler_.find_plan(filed.job, plan));
}

TEST_F(PlanCommandsTest, DecisionNamesThePlan) {
  const Outcome filed = submit(kReport);
  PlanLine line = line_for(filed.job, kClerk, 60);
  line.reason = Reason::kOverload;
  const Outcome planned = send({line});
  EXPECT_EQ(told(filed.case_id, EventKind::kJobPlanned, Reason::kOverload), 1U);
  ASSERT_EQ(claim(kClerk).job, filed.job);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(filed.job, decision));
  EXPECT_TRUE(decision.by_plan);
  EXPECT_EQ(decision.plan, planned.op);
  EXPECT_EQ(decision.plan_reason, Reason::kOverload);
}

TEST_F(PlanCommandsTest, JobsAreGivenInTheOrderOfThePlanBeforeTheOthers) {
  const Outcome urgent = submit(kReport);  // has the earliest deadline of all
  std::vector<Outcome> filed;
  for (int i = 0; i < 3; ++i) {
    wait(1);
    filed.push_back(submit(kReport));
  }
  const Outcome sent =
      send({line_for(filed[0].job, kClerk, 60, 3), line_for(filed[1].job, kClerk, 60, 1),
            line_for(filed[2].job, kClerk, 60, 2)});
  EXPECT_EQ(sent.state, 3);
  for (const std::size_t next : {1U, 2U, 0U}) EXPECT_EQ(claim(kClerk).job, filed[next].job);
  EXPECT_EQ(claim(kClerk).job, urgent.job);
}

TEST_F(PlanCommandsTest, WhatIsPlannedForTomorrowComesAfterTheWorkOfToday) {
  const Outcome tomorrow = submit(kReport);
  ASSERT_EQ(result_of(line_for(tomorrow.job, kClerk, 1440 + 10)), kApplied);
  const Outcome today = submit(kReport);
  EXPECT_EQ(claim(kClerk).job, today.job);
  EXPECT_EQ(claim(kClerk).job, tomorrow.job);
}

TEST_F(PlanCommandsTest, MunicipalWorkComesBeforeReservedWorkOfOthers) {
  const Outcome other = submit(kReport, kOthers);
  ASSERT_EQ(result_of(line_for(other.job, kClerk, 60)), kApplied);
  const Outcome municipal = submit(kReport, kCity);
  EXPECT_EQ(claim(kClerk).job, municipal.job);
  EXPECT_EQ(claim(kClerk).job, other.job);
}

TEST_F(PlanCommandsTest, ReservedMunicipalWorkHoldsUpItsOwnExpertsOtherWorkOnly) {
  Outcome other = submit(kReport, kOthers);
  Outcome second = submit(kReport, kOthers);
  const Outcome lease = claim(kClerk);
  if (lease.job == second.job) std::swap(other, second);  // as the lot falls
  ASSERT_EQ(lease.job, other.job);
  const Outcome municipal = submit(kReport, kCity);
  ASSERT_EQ(result_of(line_for(municipal.job, kClerk, 60)), kApplied);
  EXPECT_EQ(start(lease, kClerk).field, Field::kPriority);
  EXPECT_EQ(claim(kOtherClerk).job, second.job);
}

TEST_F(PlanCommandsTest, ReservationIsOfferedToAnExpertWhoWaits) {
  const Outcome filed = submit(kReport);
  Hold hold;
  hold.job = filed.job;
  apply(CommandKind::kHold, hold, supervisor());
  EXPECT_EQ(raw(claim(kClerk).job), 0U);
  EXPECT_EQ(raw(claim(kOtherClerk).job), 0U);
  Release release;
  release.job = filed.job;
  apply(CommandKind::kRelease, release, supervisor());  // to one of the two
  const ExpertId holder = job_view(filed.job).holder;
  const ExpertId other = holder == kClerk ? kOtherClerk : kClerk;
  EXPECT_EQ(result_of(line_for(filed.job, holder, 60)), kNothingToDo);
  EXPECT_EQ(result_of(line_for(filed.job, other, 60)), kApplied);
  EXPECT_EQ(job_view(filed.job).state, JobState::kReady);
  EXPECT_EQ(job_view(filed.job).attempts, 0);
  EXPECT_EQ(job_view(filed.job).reason, Reason::kPlanned);
  wait(0);
  EXPECT_EQ(job_view(filed.job).holder, other);
}

TEST_F(PlanCommandsTest, CapacityIsKeptForWhatIsReserved) {
  DefineExpert body;
  body.expert = kClerk;
  body.office = kOffice;
  body.state = ExpertState::kCertified;
  body.person = PersonId{1000 + std::uint64_t{raw(kClerk)}};
  body.units_per_day = 2;
  ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
  const Outcome first = submit(kReport);
  const Outcome second = submit(kReport, kOthers);
  const Outcome third = submit(kReport);
  ASSERT_EQ(result_of(line_for(second.job, kClerk, 60)), kApplied);
  const JobId given = claim(kClerk).job;  // municipal first, as the lot falls
  const JobId other = given == first.job ? third.job : first.job;
  EXPECT_TRUE(given == first.job || given == third.job);
  EXPECT_EQ(claim(kClerk).job, second.job);  // a third one would take its place
  EXPECT_EQ(job_view(other).state, JobState::kReady);
  const Outcome fourth = submit(kReport);
  EXPECT_EQ(result_of(line_for(fourth.job, kClerk, 60)), plan_line_of(Filter::kCapacity));
  EXPECT_EQ(result_of(line_for(fourth.job, kClerk, 1440 + 60)), kApplied);
}

TEST_F(PlanCommandsTest, OneExpertHasABoundedNumberOfReservations) {
  SetLimits larger;
  larger.limits = {200, 400, 4096, 64, 32, 1024, 16, 4};
  ASSERT_EQ(apply(CommandKind::kSetLimits, larger, engine()).refusal, Refusal::kNone);
  PlanLineResult last = kNone;
  std::uint32_t reserved = 0;
  for (std::uint32_t i = 0; i <= kPlannedPerExpertMax; ++i) {
    const std::uint32_t day = i / 14;  // 14 jobs of half an hour are a day
    last = result_of(line_for(submit(kReport).job, kClerk, day * 1440 + 60));
    if (last == kApplied) ++reserved;
  }
  EXPECT_EQ(reserved, kPlannedPerExpertMax);
  EXPECT_EQ(last, kPlanFull);
}

// ---- lines that are dropped ----

TEST_F(PlanCommandsTest, LinesOnWhatIsNotThereAreDropped) {
  const Outcome filed = submit(kReport);
  PlanLine line = line_for(filed.job, kClerk, 60);
  line.job = JobId{999};
  EXPECT_EQ(result_of(line), kUnknownJob);
  line = line_for(filed.job, ExpertId{15}, 60);
  EXPECT_EQ(result_of(line), kUnknownExpert);
  line = line_for(filed.job, kClerk, 60);
  line.flags = 2;
  EXPECT_EQ(result_of(line), kOutOfRange);
}

TEST_F(PlanCommandsTest, LineOnAJobThatHasChangedIsDropped) {
  const Outcome filed = submit(kReport);
  PlanLine line = line_for(filed.job, kClerk, 60);
  line.attempts = 1;
  EXPECT_EQ(result_of(line), kChanged);
  line = line_for(filed.job, kClerk, 60);
  const Outcome lease = claim(kOtherClerk);
  EXPECT_EQ(result_of(line), kChanged);
  line.state = JobState::kAssigned;
  ApplyPlan late;  // made before that lease
  late.snapshot_op = Op{raw(lease.op) - 1};
  late.count = 1;
  late.lines[0] = line;
  EXPECT_EQ(plan_line_result(apply(CommandKind::kApplyPlan, late, supervisor()), 0), kChanged);
  EXPECT_EQ(result_of(line), kApplied);
}

TEST_F(PlanCommandsTest, OlderPlanDoesNotUndoANewerOne) {
  const Outcome filed = submit(kReport);
  ApplyPlan plan;
  plan.snapshot_op = scheduler_.op_applied();
  plan.count = 1;
  plan.lines[0] = line_for(filed.job, kClerk, 60);
  EXPECT_EQ(plan_line_result(apply(CommandKind::kApplyPlan, plan, supervisor()), 0), kApplied);
  plan.lines[0].expert = kOtherClerk;
  EXPECT_EQ(plan_line_result(apply(CommandKind::kApplyPlan, plan, supervisor()), 0), kChanged);
  expect_reserved(filed.job, kClerk);
  EXPECT_EQ(result_of(plan.lines[0]), kApplied);
  expect_reserved(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, WorkThatHasBegunIsNeverMoved) {
  const Outcome filed = submit(kReport);
  const Outcome lease = claim(kOtherClerk);
  start(lease, kOtherClerk);
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 60)), kBegun);
  complete(lease, kOtherClerk);
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 60)), kBegun);
}

TEST_F(PlanCommandsTest, HeldJobsAndWaitingCasesAreNotTouched) {
  const Outcome filed = submit(kReport);
  Hold hold;
  hold.job = filed.job;
  apply(CommandKind::kHold, hold, supervisor());
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 60)), kNotMovable);
  const Outcome referred = submit(kReport);
  ReferCase refer;
  refer.id = referred.case_id;
  apply(CommandKind::kReferCase, refer, supervisor());
  EXPECT_EQ(result_of(line_for(referred.job, kClerk, 60)), kNotMovable);
}

TEST_F(PlanCommandsTest, FiltersAreJudgedAtThePlannedTime) {
  const Outcome filed = submit(kReport);
  EXPECT_EQ(result_of(line_for(filed.job, kInspector, 60)), plan_line_of(Filter::kSkill));
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 1440 * 8 + 60)), plan_line_of(Filter::kShift));
  SetAbsence ill;
  ill.expert = kClerk;
  ill.from = now_;
  ill.until = {now_.ms + 420 * kMsPerMinute};
  apply(CommandKind::kSetAbsence, ill, supervisor());
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 60)), plan_line_of(Filter::kAbsence));
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 1440 + 60)), kApplied);  // well again tomorrow
  wait(1);
  expect_reserved(filed.job, kClerk);
}

TEST_F(PlanCommandsTest, TimesThatAreOverOrTooFarAreDropped) {
  const Outcome filed = submit(kReport);
  wait(430);  // the day is over
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 60)), kOutOfRange);
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 1440 * 70)), kOutOfRange);
}

TEST_F(PlanCommandsTest, CommandItselfIsCheckedToo) {
  const Outcome filed = submit(kReport);
  ApplyPlan plan;
  plan.lines[0] = line_for(filed.job, kClerk, 60);
  EXPECT_EQ(apply(CommandKind::kApplyPlan, plan, supervisor()).field, Field::kCount);
  plan.count = 1;
  plan.snapshot_op = Op{raw(scheduler_.op_applied()) + 1};  // its own number
  EXPECT_EQ(apply(CommandKind::kApplyPlan, plan, supervisor()).field, Field::kVersion);
  EXPECT_EQ(apply(CommandKind::kApplyPlan, plan, office()).refusal, Refusal::kNotAllowed);
}

TEST_F(PlanCommandsTest, RepeatedCommandTellsTheSameResults) {
  const Outcome filed = submit(kReport);
  ApplyPlan plan;
  plan.snapshot_op = scheduler_.op_applied();
  plan.count = 2;
  plan.lines[0] = line_for(filed.job, kClerk, 60);
  plan.lines[1] = line_for(filed.job, kInspector, 60);
  Command command = make(CommandKind::kApplyPlan, plan, supervisor());
  const Outcome first = scheduler_.apply(command);
  EXPECT_EQ(plan_line_result(first, 0), kApplied);
  EXPECT_EQ(plan_line_result(first, 1), kChanged);
  command.op = Op{raw(command.op) + 1};
  const Outcome again = scheduler_.apply(command);
  EXPECT_EQ(again.repeated, 1);
  EXPECT_EQ(again.until, first.until);
  EXPECT_EQ(again.state, 1);
}

// ---- appointments ----

TEST_F(PlanCommandsTest, VisitIsPlannedWithinItsHalfDay) {
  const Outcome filed = filed_visit();
  const JobId visit = current(filed);
  const auto begin =
      static_cast<std::uint32_t>(job_view(visit).appointment.ms / kMsPerMinute) - kOpen;
  EXPECT_EQ(result_of(line_for(visit, kInspector, begin + 210)), kHalfDay);
  ASSERT_EQ(result_of(line_for(visit, kInspector, begin + 100)), kApplied);
  EXPECT_EQ(job_view(visit).state, JobState::kScheduled);
  expect_reserved(visit, kInspector);
  wait(begin - static_cast<std::uint32_t>(now_.ms / kMsPerMinute - kOpen));
  EXPECT_EQ(job_view(visit).state, JobState::kReady);
  expect_reserved(visit, kInspector);
  wait(210);  // its half-day is over
  PlanView plan;
  EXPECT_FALSE(scheduler_.find_plan(visit, plan));
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kPlanOver), 1U);
}

TEST_F(PlanCommandsTest, AppointmentMovesOnlyByALineThatSaysSoAndWhy) {
  const JobId visit = current(filed_visit());
  const auto begin =
      static_cast<std::uint32_t>(job_view(visit).appointment.ms / kMsPerMinute) - kOpen;
  PlanLine line = line_for(visit, kInspector, begin + 1440);
  line.flags = kPlanMovesAppointment;
  EXPECT_EQ(result_of(line), kReasonMissing);
  line.reason = Reason::kIllness;
  EXPECT_EQ(result_of(line), kApplied);
  EXPECT_EQ(job_view(visit).appointment.ms, (std::int64_t{kOpen} + begin + 1440) * kMsPerMinute);
  expect_reserved(visit, kInspector);
}

TEST_F(PlanCommandsTest, AppointmentDoesNotMoveIntoAFullHalfDay) {
  SetPolicy policy;
  policy.visits_per_day = 1;  // one visit a half-day
  ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  const JobId first = current(filed_visit());
  const JobId second = current(filed_visit());
  ASSERT_NE(job_view(first).appointment, job_view(second).appointment);
  PlanLine line =
      line_for(second, kInspector,
               static_cast<std::uint32_t>(job_view(first).appointment.ms / kMsPerMinute) - kOpen);
  line.flags = kPlanMovesAppointment;
  line.reason = Reason::kTooFar;
  EXPECT_EQ(result_of(line), kHalfDayFull);
}

TEST_F(PlanCommandsTest, AppointmentMovedByHandEndsTheReservation) {
  const JobId visit = current(filed_visit());
  const auto begin =
      static_cast<std::uint32_t>(job_view(visit).appointment.ms / kMsPerMinute) - kOpen;
  ASSERT_EQ(result_of(line_for(visit, kInspector, begin)), kApplied);
  Schedule schedule;
  schedule.job = visit;
  schedule.day = kToday + 3;
  ASSERT_EQ(apply(CommandKind::kSchedule, schedule, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(raw(job_view(visit).planned_for), 0U);
}

// ---- how reservations end ----

TEST_F(PlanCommandsTest, ReservationEndsWithItsDay) {
  const Outcome filed = reserved_for_clerk();
  wait(420);
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kPlanOver), 1U);
  wait(1020);
  expect_free(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, ReservationThatEndsIsOfferedToWhoWaits) {
  const Outcome filed = reserved_for_clerk();
  EXPECT_EQ(raw(claim(kOtherClerk).job), 0U);
  PlanLine back = line_for(filed.job, ExpertId{}, 0);
  EXPECT_EQ(result_of(back), kApplied);
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kPlanned), 1U);
  EXPECT_EQ(job_view(filed.job).holder, kOtherClerk);
}

TEST_F(PlanCommandsTest, NothingIsTakenBackThatIsNotReserved) {
  EXPECT_EQ(result_of(line_for(submit(kReport).job, ExpertId{}, 0)), kNothingToDo);
}

TEST_F(PlanCommandsTest, ReservationEndsWhenTheExpertIsAbsentThen) {
  const Outcome filed = reserved_for_clerk();
  SetAbsence ill;
  ill.expert = kClerk;
  ill.reason = Reason::kIllness;
  ill.from = {now_.ms + 30 * kMsPerMinute};
  ill.until = {now_.ms + 200 * kMsPerMinute};
  apply(CommandKind::kSetAbsence, ill, supervisor());
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kIllness), 1U);
  expect_free(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, ReservationEndsWhenTheExpertIsSuspended) {
  const Outcome filed = reserved_for_clerk();
  SetExpertState change;
  change.expert = kClerk;
  change.state = ExpertState::kSuspended;
  apply(CommandKind::kSetExpertState, change, supervisor());
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kExpertSuspended), 1U);
  expect_free(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, ReservationEndsWhenASuspensionIsAheadThen) {
  const Outcome filed = reserved_for_clerk();
  SetExpertState change;
  change.expert = kClerk;
  change.state = ExpertState::kSuspended;
  change.from = {now_.ms + 30 * kMsPerMinute};
  change.until = {now_.ms + 200 * kMsPerMinute};
  apply(CommandKind::kSetExpertState, change, supervisor());
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kExpertSuspended), 1U);
  expect_free(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, ReservationBehindASuspensionStaysAndOneCanBeMade) {
  const Outcome filed = reserved_for_clerk();  // in an hour
  SetExpertState change;
  change.expert = kClerk;
  change.state = ExpertState::kSuspended;
  change.until = {now_.ms + 60 * kMsPerMinute};
  apply(CommandKind::kSetExpertState, change, supervisor());
  expect_reserved(filed.job, kClerk);
  SetOfficeState closed;
  closed.office = kOffice;
  closed.state = OfficeState::kSuspended;
  closed.until = {now_.ms + 90 * kMsPerMinute};
  apply(CommandKind::kSetOfficeState, closed, supervisor());
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kOfficeInactive), 1U);
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 60)), plan_line_of(Filter::kOffice));
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 90)), kApplied);
  wait(90);
  EXPECT_EQ(claim(kClerk).job, filed.job);
}

TEST_F(PlanCommandsTest, ReservationOfWhoExpiresEndsWithTheCertificate) {
  const Outcome filed = reserved_for_clerk();
  SetCertificate revoked;
  revoked.expert = kClerk;
  for (const Skill skill : {Skill::kAdmin, Skill::kDeliver, Skill::kFile}) {
    revoked.skill = skill;
    apply(CommandKind::kSetCertificate, revoked, supervisor());
  }
  ExpertView view;
  ASSERT_TRUE(scheduler_.find_expert(kClerk, view));
  EXPECT_EQ(view.state, ExpertState::kExpired);
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kCertificateLapsed), 1U);
  expect_free(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, ReservationEndsWithTheCertificate) {
  const Outcome filed = reserved_for_clerk();
  SetCertificate revoked;
  revoked.expert = kClerk;
  revoked.skill = Skill::kFile;
  apply(CommandKind::kSetCertificate, revoked, supervisor());
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kCertificateLapsed), 1U);
  expect_free(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, ReservationEndsWhenTheOfficeLeavesActive) {
  const Outcome filed = reserved_for_clerk();
  SetOfficeState change;
  change.office = kOffice;
  change.state = OfficeState::kSuspended;
  apply(CommandKind::kSetOfficeState, change, supervisor());
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kOfficeInactive), 1U);
  expect_free(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, ReservationEndsWithTheActivation) {
  const Outcome filed = reserved_for_clerk();
  ActivateService change;
  change.office = kOffice;
  change.service = kReport;
  change.until = {now_.ms + 90 * kMsPerMinute};
  apply(CommandKind::kActivateService, change, supervisor());
  expect_reserved(filed.job, kClerk);
  wait(90);
  expect_free(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, ReservationEndsWhenTheCaseComesToConcernTheExpert) {
  const Outcome filed = reserved_for_clerk();
  AmendCase amend;
  amend.id = filed.case_id;
  amend.designer = PersonId{1000 + std::uint64_t{raw(kClerk)}};
  apply(CommandKind::kAmendCase, amend, office());
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanEnded, Reason::kConflictOfInterest), 1U);
  expect_free(filed.job, kOtherClerk);
}

TEST_F(PlanCommandsTest, SupervisorsWordGoesBeforeThePlan) {
  const Outcome moved = reserved_for_clerk();
  Reassign reassign;
  reassign.job = moved.job;
  reassign.expert = kOtherClerk;
  apply(CommandKind::kReassign, reassign, supervisor());
  EXPECT_EQ(job_view(moved.job).holder, kOtherClerk);
  EXPECT_EQ(told(moved.case_id, EventKind::kPlanEnded, Reason::kSupervisorOrder), 1U);
  const Outcome held = reserved_for_clerk();
  Hold hold;
  hold.job = held.job;
  apply(CommandKind::kHold, hold, supervisor());
  EXPECT_EQ(told(held.case_id, EventKind::kPlanEnded, Reason::kSupervisorOrder), 1U);
  Release release;
  release.job = held.job;
  apply(CommandKind::kRelease, release, supervisor());
  EXPECT_EQ(raw(job_view(held.job).planned_for), 0U);
}

TEST_F(PlanCommandsTest, ReservedJobKeepsItsAgeAndIsCountedAsReady) {
  const Outcome filed = submit(kReport);
  const Tick since = job_view(filed.job).ready_since;
  wait(10);
  ASSERT_EQ(result_of(line_for(filed.job, kClerk, 60)), kApplied);
  EXPECT_EQ(scheduler_.stats().ready[1][raw(Skill::kFile)], 1U);
  EXPECT_EQ(scheduler_.stats().oldest_ready[1][raw(Skill::kFile)], since);
  EXPECT_EQ(scheduler_.stats().planned, 1U);
  EXPECT_EQ(scheduler_.stats().plan_lines_applied, 1U);
}

TEST_F(PlanCommandsTest, ExpeditedJobStaysReserved) {
  const Outcome filed = reserved_for_clerk();
  Expedite expedite;
  expedite.id = filed.case_id;
  expedite.note = text<79>("the mayor asked");
  apply(CommandKind::kExpedite, expedite, supervisor());
  EXPECT_EQ(raw(claim(kOtherClerk).job), 0U);
  EXPECT_EQ(claim(kClerk).job, filed.job);
}

TEST_F(PlanCommandsTest, PlannerSeesWhomAJobExcludes) {
  SubmitCase body = submission(kReport);
  body.designer = PersonId{1001};
  const Outcome filed = apply(CommandKind::kSubmitCase, body, office());
  std::array<PersonId, 11> persons;
  ASSERT_EQ(scheduler_.list_excluded(filed.job, persons), 2U);
  EXPECT_EQ(persons[0], PersonId{77});
  EXPECT_EQ(persons[1], PersonId{1001});
  EXPECT_EQ(scheduler_.plan_filter_of(filed.job, kClerk, now_), Filter::kConflict);
  EXPECT_EQ(scheduler_.plan_filter_of(filed.job, kOtherClerk, now_), Filter::kNone);
  Tick open;
  Tick close;
  ASSERT_TRUE(scheduler_.half_day(kToday, HalfDay::kAfternoon, open, close));
  EXPECT_EQ(open.ms, (std::int64_t{kOpen} + 210) * kMsPerMinute);
  EXPECT_FALSE(scheduler_.half_day(kToday + 9, HalfDay::kMorning, open, close));
  EXPECT_EQ(scheduler_.working_day(now_), kToday);
}

// ---- locks ----

class PlanLockTest : public PlanCommandsTest {
 protected:
  Outcome lock(JobId job, std::uint8_t locks, bool is_locked = true) {
    LockPlan body;
    body.job = job;
    body.locks = locks;
    body.is_locked = is_locked ? 1 : 0;
    return apply(CommandKind::kLockPlan, body, supervisor());
  }
  std::uint8_t locks_of(JobId job) { return job_view(job).plan_locks; }
};

TEST_F(PlanLockTest, OnlyAPlannedJobHasAnythingToLock) {
  const Outcome filed = submit(kReport);
  EXPECT_EQ(lock(filed.job, kLockPerson).refusal, Refusal::kNotPlanned);
  EXPECT_EQ(lock(JobId{999}, kLockPerson).refusal, Refusal::kUnknownJob);
  ASSERT_EQ(result_of(line_for(filed.job, kClerk, 60)), kApplied);
  EXPECT_EQ(lock(filed.job, 0).refusal, Refusal::kOutOfRange);
  EXPECT_EQ(lock(filed.job, kLockAll + 1).field, Field::kLocks);
  EXPECT_EQ(lock(filed.job, kLockPerson, false).refusal, Refusal::kNothingToDo);
  const Outcome locked = lock(filed.job, kLockPerson | kLockOrder);
  EXPECT_EQ(locked.refusal, Refusal::kNone);
  EXPECT_EQ(locked.state, kLockPerson | kLockOrder);
  EXPECT_EQ(locked.expert, kClerk);
  EXPECT_EQ(lock(filed.job, kLockOrder, false).state, kLockPerson);
  EXPECT_EQ(locks_of(filed.job), kLockPerson);
  EXPECT_EQ(told(filed.case_id, EventKind::kPlanLocked, Reason::kNone), 2U);
}

TEST_F(PlanLockTest, EachPartIsFixedByItself) {
  const Outcome filed = submit(kReport);
  ASSERT_EQ(result_of(line_for(filed.job, kClerk, 60, 3)), kApplied);
  ASSERT_EQ(lock(filed.job, kLockPerson).refusal, Refusal::kNone);
  EXPECT_EQ(result_of(line_for(filed.job, kOtherClerk, 60, 3)), kLocked);
  EXPECT_EQ(result_of(line_for(filed.job, ExpertId{}, 60, 3)), kLocked);
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 300, 4)), kApplied);
  EXPECT_EQ(locks_of(filed.job), kLockPerson);
  ASSERT_EQ(lock(filed.job, kLockPerson, false).refusal, Refusal::kNone);
  ASSERT_EQ(lock(filed.job, kLockStart).refusal, Refusal::kNone);
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 60, 4)), kLocked);
  EXPECT_EQ(result_of(line_for(filed.job, kOtherClerk, 320, 4)), kApplied);
  EXPECT_EQ(locks_of(filed.job), kLockStart);
}

TEST_F(PlanLockTest, ANumberIsFixedWithinOnePersonsDay) {
  const Outcome filed = submit(kReport);
  ASSERT_EQ(result_of(line_for(filed.job, kClerk, 60, 3)), kApplied);
  ASSERT_EQ(lock(filed.job, kLockOrder | kLockStart).refusal, Refusal::kNone);
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 60, 4)), kLocked);
  EXPECT_EQ(result_of(line_for(filed.job, kClerk, 90, 3)), kApplied);
  EXPECT_EQ(locks_of(filed.job), kLockOrder | kLockStart);
  EXPECT_EQ(result_of(line_for(filed.job, kOtherClerk, 90, 7)), kApplied);
  EXPECT_EQ(locks_of(filed.job), kLockStart);
}

TEST_F(PlanLockTest, ASupervisorsOrderAndTheEndOfTheReservationTakeLocksOff) {
  const Outcome filed = submit(kReport);
  ASSERT_EQ(result_of(line_for(filed.job, kClerk, 60)), kApplied);
  ASSERT_EQ(lock(filed.job, kLockAll).refusal, Refusal::kNone);
  Reassign reassign;
  reassign.job = filed.job;
  reassign.expert = kOtherClerk;
  EXPECT_EQ(apply(CommandKind::kReassign, reassign, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(locks_of(filed.job), 0);
  EXPECT_EQ(lock(filed.job, kLockPerson).refusal, Refusal::kNotPlanned);
}

}  // namespace
}  // namespace permitd::tests
