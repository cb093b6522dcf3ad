// Goal: what happens is counted under the right cause, without growing, and the engine's own plans
// are no cause. Method: events as the core would tell them.
#include "daemon/plan_marks.h"

#include <gtest/gtest.h>

namespace permitd::daemon {
namespace {

using scheduler::ActorKind;
using scheduler::CaseState;
using scheduler::Command;
using scheduler::CommandKind;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::JobState;
using scheduler::ZoningState;

Command command_of(CommandKind kind, ActorKind actor = ActorKind::kExpert) {
  Command command;
  command.kind = kind;
  command.actor.kind = actor;
  return command;
}

Event job_event(JobState before, JobState after, ActorKind actor = ActorKind::kExpert) {
  Event event;
  event.op = scheduler::Op{7};
  event.at = {1'000};
  event.job = scheduler::JobId{42};
  event.kind = EventKind::kJobChanged;
  event.before = raw(before);
  event.after = raw(after);
  event.actor.kind = actor;
  return event;
}

class PlanMarksTest : public testing::Test {
 protected:
  bool note(const Command& command, const Event& event) { return marks.note(command, {&event, 1}); }
  std::uint64_t count(PlanCauseKind kind) const {
    return marks.causes()[static_cast<std::size_t>(kind)].count;
  }
  PlanMarks marks;
};

TEST_F(PlanMarksTest, OnlyTheFirstSinceTheLastTakeWakesAnybody) {
  const Command done = command_of(CommandKind::kComplete);
  const Event event = job_event(JobState::kStarted, JobState::kDone);
  EXPECT_TRUE(note(done, event));
  EXPECT_FALSE(note(done, event));
  const PlanCauses taken = marks.take();
  EXPECT_EQ(taken[static_cast<std::size_t>(PlanCauseKind::kDone)].count, 2U);
  EXPECT_EQ(taken[static_cast<std::size_t>(PlanCauseKind::kDone)].job, scheduler::JobId{42});
  EXPECT_TRUE(is_empty(marks.causes()));
  EXPECT_TRUE(note(done, event));
}

TEST_F(PlanMarksTest, WhatPlansExpectIsNoCause) {
  EXPECT_FALSE(
      note(command_of(CommandKind::kClaim), job_event(JobState::kReady, JobState::kAssigned)));
  EXPECT_FALSE(
      note(command_of(CommandKind::kStart), job_event(JobState::kAssigned, JobState::kStarted)));
  EXPECT_TRUE(is_empty(marks.causes()));
}

TEST_F(PlanMarksTest, EachCauseIsCountedByItself) {
  note(command_of(CommandKind::kDecline), job_event(JobState::kAssigned, JobState::kReady));
  EXPECT_EQ(count(PlanCauseKind::kCameBack), 1U);
  note(command_of(CommandKind::kHold, ActorKind::kSupervisor),
       job_event(JobState::kReady, JobState::kHeld, ActorKind::kSupervisor));
  EXPECT_EQ(count(PlanCauseKind::kSteered), 1U);
  Event event;
  event.kind = EventKind::kJobCreated;
  note(command_of(CommandKind::kSubmitCase, ActorKind::kOffice), event);
  EXPECT_EQ(count(PlanCauseKind::kSubmitted), 1U);
  event.kind = EventKind::kAbsenceChanged;
  event.expert = scheduler::ExpertId{5};
  note(command_of(CommandKind::kSetAbsence, ActorKind::kSupervisor), event);
  EXPECT_EQ(marks.causes()[static_cast<std::size_t>(PlanCauseKind::kAbsence)].expert,
            scheduler::ExpertId{5});
  event.kind = EventKind::kCertificateChanged;
  note(command_of(CommandKind::kTick, ActorKind::kEngine), event);
  EXPECT_EQ(count(PlanCauseKind::kCertificate), 1U);
  event.kind = EventKind::kOfficeChanged;
  note(command_of(CommandKind::kSetOfficeState, ActorKind::kSupervisor), event);
  EXPECT_EQ(count(PlanCauseKind::kOffice), 1U);
  event.kind = EventKind::kReferenceChanged;
  note(command_of(CommandKind::kSetCalendarDays, ActorKind::kSupervisor), event);
  note(command_of(CommandKind::kSetPolicy, ActorKind::kSupervisor), event);
  EXPECT_EQ(count(PlanCauseKind::kCalendar), 1U);
  EXPECT_EQ(count(PlanCauseKind::kRules), 1U);
}

TEST_F(PlanMarksTest, AVisitThatIsRebookedIsACauseThoughNobodyHadIt) {
  const Command schedule = command_of(CommandKind::kSchedule, ActorKind::kOffice);
  note(schedule, job_event(JobState::kReady, JobState::kScheduled, ActorKind::kOffice));
  note(schedule, job_event(JobState::kScheduled, JobState::kScheduled, ActorKind::kOffice));
  EXPECT_EQ(count(PlanCauseKind::kCameBack), 2U);
  // Its moment has come: what the plan waited for.
  marks.take();
  note(command_of(CommandKind::kTick, ActorKind::kEngine),
       job_event(JobState::kScheduled, JobState::kReady, ActorKind::kEngine));
  EXPECT_TRUE(is_empty(marks.causes()));
}

Event case_event(CaseState before, CaseState after, ActorKind actor) {
  Event event;
  event.kind = EventKind::kCaseChanged;
  event.before = raw(before);
  event.after = raw(after);
  event.actor.kind = actor;
  return event;
}

TEST_F(PlanMarksTest, ACaseThatGoesOnIsACauseAndOneThatStopsIsNot) {
  const Command answer = command_of(CommandKind::kAnswerCase, ActorKind::kOffice);
  for (const CaseState waiting : {CaseState::kAwaitingApplicant, CaseState::kAwaitingAgency}) {
    note(answer, case_event(CaseState::kInProgress, waiting, ActorKind::kExpert));
    note(answer, case_event(waiting, CaseState::kLapsed, ActorKind::kEngine));
    EXPECT_TRUE(is_empty(marks.causes()));
    note(answer, case_event(waiting, CaseState::kInProgress, ActorKind::kOffice));
    EXPECT_EQ(count(PlanCauseKind::kCameBack), 1U);
    marks.take();
  }
  note(command_of(CommandKind::kReferCase, ActorKind::kSupervisor),
       case_event(CaseState::kReferred, CaseState::kInProgress, ActorKind::kSupervisor));
  EXPECT_EQ(count(PlanCauseKind::kSteered), 1U);
  // The state of a held job says itself that it is free again, whoever has released it.
  note(command_of(CommandKind::kRelease, ActorKind::kOperator),
       job_event(JobState::kHeld, JobState::kReady, ActorKind::kOperator));
  EXPECT_EQ(count(PlanCauseKind::kCameBack), 1U);
}

TEST_F(PlanMarksTest, AZoningPlanIsACauseWhenItComesIntoForce) {
  const Command tick = command_of(CommandKind::kTick, ActorKind::kEngine);
  Event event;
  event.kind = EventKind::kZoningChanged;
  event.before = raw(ZoningState::kValidated);
  event.after = raw(ZoningState::kNotified);
  note(command_of(CommandKind::kNotifyZoning, ActorKind::kSupervisor), event);
  event.before = raw(ZoningState::kInForce);
  event.after = raw(ZoningState::kSuperseded);
  note(tick, event);
  EXPECT_TRUE(is_empty(marks.causes()));
  event.before = raw(ZoningState::kNotified);
  event.after = raw(ZoningState::kInForce);
  EXPECT_TRUE(note(tick, event));
  EXPECT_EQ(count(PlanCauseKind::kRules), 1U);
}

TEST_F(PlanMarksTest, APlanOfTheEngineIsNotACauseAndOneOfASupervisorIs) {
  Event event;
  event.kind = EventKind::kJobPlanned;
  EXPECT_FALSE(note(command_of(CommandKind::kApplyPlan, ActorKind::kEngine), event));
  EXPECT_TRUE(note(command_of(CommandKind::kApplyPlan, ActorKind::kSupervisor), event));
  event.kind = EventKind::kPlanEnded;
  note(command_of(CommandKind::kTick, ActorKind::kEngine), event);
  EXPECT_EQ(count(PlanCauseKind::kPlanEnded), 1U);
}

TEST_F(PlanMarksTest, CausesOfTwoPlansAddUp) {
  PlanCauses all{};
  all[0].count = 3;
  PlanCauses more{};
  more[0] = {.count = 2, .op = scheduler::Op{9}};
  add(all, more);
  EXPECT_EQ(all[0].count, 5U);
  EXPECT_EQ(all[0].op, scheduler::Op{9});
}

}  // namespace
}  // namespace permitd::daemon
