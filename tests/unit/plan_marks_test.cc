// Goal: what happens is counted under the right cause, without growing, and the engine's own plans
// are no cause. Method: events as the core would tell them.
#include "daemon/plan_marks.h"

#include <gtest/gtest.h>

namespace permitd::daemon {
namespace {

using scheduler::ActorKind;
using scheduler::Command;
using scheduler::CommandKind;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::JobState;

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
