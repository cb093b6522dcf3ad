// Goal: an office's suspension begins and ends at the moments that were said, by ticks and with an
// event each, and nothing of its work reaches into it. Method: one office of a small city, its
// moments minutes away.
#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

class OfficeSuspensionTest : public SmallCity {
 protected:
  Tick after(std::int64_t minutes) const { return {now_.ms + minutes * kMsPerMinute}; }

  Outcome set_state(OfficeState state, Tick from = kNever, Tick until = kNever) {
    SetOfficeState change;
    change.office = kOffice;
    change.state = state;
    change.reason = Reason::kViolation;
    change.from = from;
    change.until = until;
    return apply(CommandKind::kSetOfficeState, change, supervisor());
  }
  Outcome suspend(Tick from, Tick until = kNever) {
    return set_state(OfficeState::kSuspended, from, until);
  }

  OfficeView view() const {
    OfficeView found;
    EXPECT_TRUE(scheduler_.find_office(kOffice, found));
    return found;
  }

  // The office's own events of the last command.
  std::vector<Event> moves() const {
    std::vector<Event> found;
    for (const Event& event : scheduler_.events()) {
      if (event.kind == EventKind::kOfficeChanged) found.push_back(event);
    }
    return found;
  }

  void expect_move(OfficeState before, OfficeState after, Reason reason, Actor actor) {
    ASSERT_EQ(moves().size(), 1U);
    EXPECT_EQ(moves()[0].before, raw(before));
    EXPECT_EQ(moves()[0].after, raw(after));
    EXPECT_EQ(moves()[0].reason, reason);
    EXPECT_EQ(moves()[0].actor, actor);
  }

  // Goes to the moment and lets one tick happen there.
  void tick_after(std::int64_t minutes) {
    now_ = after(minutes);
    apply(CommandKind::kTick, TickBody{}, engine());
  }

  void expect_refused(const Outcome& outcome, Refusal refusal, Field field) {
    EXPECT_EQ(outcome.refusal, refusal);
    EXPECT_EQ(outcome.field, field);
    EXPECT_TRUE(scheduler_.events().empty());
  }

  // Seven hours a day from now on; what is held may be finished or not.
  void open_with(JobsInHand in_hand) {
    SetCalendarDays days;
    days.first_day = 20'000;
    days.count = 5;
    for (std::size_t i = 0; i < days.count; ++i) {
      days.open_minute[i] = static_cast<std::uint32_t>((20'000 + i) * 1440);
      days.length_minutes[i] = 420;
    }
    ASSERT_EQ(apply(CommandKind::kSetCalendarDays, days, supervisor()).refusal, Refusal::kNone);
    SetPolicy policy;
    policy.jobs_in_hand = in_hand;
    policy.lease_minutes = 1440;
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  }

  void suspend_manager() {
    SetTechnicalManager change;
    change.office = kOffice;
    change.change = ManagerChange::kSuspend;
    ASSERT_EQ(apply(CommandKind::kSetTechnicalManager, change, supervisor()).refusal,
              Refusal::kNone);
  }
};

TEST_F(OfficeSuspensionTest, OneThatIsAheadBeginsAndEndsByItself) {
  const Outcome said = suspend(after(20), after(50));
  EXPECT_EQ(said.state, raw(OfficeState::kActive));
  expect_move(OfficeState::kActive, OfficeState::kActive, Reason::kViolation, supervisor());
  EXPECT_EQ(view().suspended_from, after(20));
  EXPECT_EQ(view().suspended_until, after(50));
  wait(19);
  EXPECT_EQ(view().state, OfficeState::kActive);
  EXPECT_EQ(submit(kReport).refusal, Refusal::kNone);
  tick_after(1);
  expect_move(OfficeState::kActive, OfficeState::kSuspended, Reason::kViolation, engine());
  EXPECT_EQ(view().suspended_from, kNever);
  EXPECT_EQ(view().suspended_until, after(30));
  EXPECT_EQ(submit(kReport).refusal, Refusal::kOfficeNotActive);
  wait(29);
  EXPECT_EQ(view().state, OfficeState::kSuspended);
  tick_after(1);
  expect_move(OfficeState::kSuspended, OfficeState::kActive, Reason::kSuspensionOver, engine());
  EXPECT_EQ(view().suspended_until, kNever);
  EXPECT_EQ(submit(kReport).refusal, Refusal::kNone);
}

TEST_F(OfficeSuspensionTest, WhatIsHeldComesBackAtItsBeginAndNoLeaseReachesBeyond) {
  submit(kReport);
  const Outcome before = claim(kClerk);
  EXPECT_EQ(before.until, after(30));
  ASSERT_EQ(suspend(after(10)).refusal, Refusal::kNone);
  wait(5);
  const Outcome renewed =
      apply(CommandKind::kRenew, Renew{before.job, before.token}, expert(kClerk));
  EXPECT_EQ(renewed.until, after(5));
  submit(kReport);
  const Outcome further = claim(kClerk);
  EXPECT_EQ(further.until, after(5));
  wait(5);
  for (const Outcome& lease : {before, further}) {
    EXPECT_EQ(job_view(lease.job).state, JobState::kReady);
    EXPECT_EQ(job_view(lease.job).reason, Reason::kOfficeInactive);
  }
  EXPECT_EQ(claim(kClerk).filter, Filter::kOffice);
}

TEST_F(OfficeSuspensionTest, ItsMomentCountsBeforeTheTickThatTellsIt) {
  submit(kReport);
  ASSERT_EQ(suspend(after(10)).refusal, Refusal::kNone);
  now_ = after(10);
  EXPECT_EQ(view().state, OfficeState::kActive);
  EXPECT_EQ(claim(kClerk).filter, Filter::kOffice);
  EXPECT_EQ(submit(kReport).refusal, Refusal::kOfficeNotActive);
}

TEST_F(OfficeSuspensionTest, OneIsAheadAndWhatComesNextReplacesOrTakesItBack) {
  ASSERT_EQ(suspend(after(10)).refusal, Refusal::kNone);
  expect_refused(suspend(after(10)), Refusal::kNothingToDo, Field::kState);
  ASSERT_EQ(suspend(after(20), after(40)).refusal, Refusal::kNone);
  EXPECT_EQ(view().suspended_from, after(20));
  ASSERT_EQ(set_state(OfficeState::kActive).refusal, Refusal::kNone);
  EXPECT_EQ(view().suspended_from, kNever);
  EXPECT_EQ(view().suspended_until, kNever);
  expect_refused(set_state(OfficeState::kActive), Refusal::kNothingToDo, Field::kState);
  wait(60);
  EXPECT_EQ(view().state, OfficeState::kActive);
  // Another suspension, be it for want of a manager, comes in its place.
  ASSERT_EQ(suspend(after(10), after(20)).refusal, Refusal::kNone);
  suspend_manager();
  EXPECT_EQ(view().state, OfficeState::kSuspended);
  EXPECT_EQ(view().suspended_from, kNever);
  wait(60);
  EXPECT_EQ(view().state, OfficeState::kSuspended);
}

TEST_F(OfficeSuspensionTest, OneInForceGetsAnotherEndOrNone) {
  ASSERT_EQ(suspend(kNever, after(10)).refusal, Refusal::kNone);
  EXPECT_EQ(view().state, OfficeState::kSuspended);
  ASSERT_EQ(suspend(kNever, after(30)).refusal, Refusal::kNone);
  expect_move(OfficeState::kSuspended, OfficeState::kSuspended, Reason::kViolation, supervisor());
  wait(20);
  EXPECT_EQ(view().state, OfficeState::kSuspended);
  ASSERT_EQ(suspend(kNever).refusal, Refusal::kNone);
  wait(60);
  EXPECT_EQ(view().state, OfficeState::kSuspended);
  expect_refused(suspend(after(10)), Refusal::kWrongState, Field::kState);
}

TEST_F(OfficeSuspensionTest, ItStaysWhereSomethingIsMissingAtItsEndAndSaysSo) {
  ASSERT_EQ(suspend(kNever, after(30)).refusal, Refusal::kNone);
  suspend_manager();
  tick_after(30);
  expect_move(OfficeState::kSuspended, OfficeState::kSuspended, Reason::kSuspensionKept, engine());
  EXPECT_EQ(view().suspended_until, kNever);
  wait(60);
  EXPECT_EQ(view().state, OfficeState::kSuspended);
}

TEST_F(OfficeSuspensionTest, WhatIsHeldMayBeFinishedUntilTheEndOfTheShift) {
  open_with(JobsInHand::kFinished);
  submit(kReport);
  submit(kReport);
  const Outcome done = claim(kClerk);
  const Outcome left = claim(kClerk);
  ASSERT_EQ(start(left, kClerk).refusal, Refusal::kNone);
  wait(60);
  claim(kClerk, 2);
  ASSERT_EQ(suspend(kNever).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(done.job).holder, kClerk);
  EXPECT_EQ(claim(kClerk).filter, Filter::kOffice);
  const Outcome filed = apply(CommandKind::kSubmitCase, submission(kReport), office(kOtherOffice));
  EXPECT_EQ(job_view(filed.job).state, JobState::kReady) << "no new job beside those in hand";
  EXPECT_EQ(apply(CommandKind::kRenew, Renew{left.job, left.token}, expert(kClerk)).until,
            after(360));
  ASSERT_EQ(start(done, kClerk).refusal, Refusal::kNone);
  EXPECT_EQ(complete(done, kClerk).refusal, Refusal::kNone);
  wait(359);
  EXPECT_EQ(job_view(left.job).state, JobState::kStarted);
  wait(1);
  EXPECT_EQ(job_view(left.job).state, JobState::kReady);
  EXPECT_EQ(job_view(left.job).reason, Reason::kOfficeInactive);
}

TEST_F(OfficeSuspensionTest, WhatIsHeldWhenOneAheadBeginsMayBeFinishedAsWell) {
  open_with(JobsInHand::kFinished);
  ASSERT_EQ(suspend(after(60)).refusal, Refusal::kNone);
  submit(kReport);
  const Outcome lease = claim(kClerk);
  EXPECT_EQ(lease.until, after(420));
  wait(60);
  EXPECT_EQ(view().state, OfficeState::kSuspended);
  EXPECT_EQ(job_view(lease.job).holder, kClerk);
  EXPECT_EQ(start(lease, kClerk).refusal, Refusal::kNone);
  // What was decided when it left stands, and another end of it as well.
  ASSERT_EQ(set_state(OfficeState::kRevoked).refusal, Refusal::kNone);
  EXPECT_EQ(complete(lease, kClerk).refusal, Refusal::kNone);
}

TEST_F(OfficeSuspensionTest, WithoutThatPolicyWhatIsHeldComesBackAtOnce) {
  open_with(JobsInHand::kReturned);
  submit(kReport);
  const Outcome lease = claim(kClerk);
  ASSERT_EQ(set_state(OfficeState::kSurrendered).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(lease.job).state, JobState::kReady);
  EXPECT_EQ(job_view(lease.job).reason, Reason::kOfficeInactive);
}

TEST_F(OfficeSuspensionTest, APolicyOfBeforeLeavesNoLeaseBeyondOneAhead) {
  open_with(JobsInHand::kFinished);
  ASSERT_EQ(suspend(after(60)).refusal, Refusal::kNone);
  submit(kReport);
  const Outcome lease = claim(kClerk);
  SetPolicy policy;
  policy.lease_minutes = 1440;
  ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(job_view(lease.job).lease_until, after(60));
}

TEST_F(OfficeSuspensionTest, AnotherStateEndsItWithItsMoments) {
  ASSERT_EQ(suspend(after(10), after(20)).refusal, Refusal::kNone);
  ASSERT_EQ(set_state(OfficeState::kRevoked).refusal, Refusal::kNone);
  EXPECT_EQ(view().suspended_from, kNever);
  wait(60);
  EXPECT_EQ(view().state, OfficeState::kRevoked);
}

TEST_F(OfficeSuspensionTest, MomentsAreThoseOfASuspensionAndLieAheadInOrder) {
  const auto past = [&](Tick from, Tick until) {
    expect_refused(suspend(from, until), Refusal::kOutOfRange, Field::kValidity);
  };
  past(after(0), kNever);
  past(after(-5), after(10));
  past(kNever, after(0));
  past(after(10), after(10));
  past(after(10), after(5));
  expect_refused(set_state(OfficeState::kActive, after(10)), Refusal::kNotCompatible,
                 Field::kValidity);
  expect_refused(set_state(OfficeState::kRevoked, kNever, after(10)), Refusal::kNotCompatible,
                 Field::kValidity);
}

}  // namespace
}  // namespace permitd::tests
