// Goal: the events of a command come with the note it was given, now and later from memory, and
// what time alone changes is told. Method: a hold with a note, a hold without one, a refused one;
// certificates and absences that begin and end by a tick.
#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

class EventsTest : public SmallCity {
 protected:
  Tick after(std::int64_t minutes) const { return {now_.ms + minutes * kMsPerMinute}; }

  // Events about certificates and absences of the last command.
  std::vector<Event> spans() const {
    std::vector<Event> found;
    for (const Event& event : scheduler_.events()) {
      if (event.kind == EventKind::kCertificateChanged || event.kind == EventKind::kAbsenceChanged)
        found.push_back(event);
    }
    return found;
  }

  std::vector<Event> tick_in(std::int64_t minutes) {
    now_ = after(minutes);
    apply(CommandKind::kTick, TickBody{}, engine());
    return spans();
  }

  void certify(Tick from, Tick until) {
    SetCertificate body;
    body.expert = kClerk;
    body.skill = Skill::kAdmin;
    body.valid_from = from;
    body.valid_until = until;
    ASSERT_EQ(apply(CommandKind::kSetCertificate, body, supervisor()).refusal, Refusal::kNone);
  }

  void leave(Tick from, Tick until, Reason reason = Reason::kIllness) {
    SetAbsence body;
    body.expert = kClerk;
    body.reason = reason;
    body.from = from;
    body.until = until;
    ASSERT_EQ(apply(CommandKind::kSetAbsence, body, supervisor()).refusal, Refusal::kNone);
  }

  static void expect_span(const std::vector<Event>& events, EventKind kind, SpanState before,
                          SpanState after, Actor actor, Reason reason) {
    ASSERT_EQ(events.size(), 1U);
    const Event& event = events[0];
    EXPECT_EQ(event.kind, kind);
    EXPECT_EQ(event.expert, kClerk);
    EXPECT_EQ(event.office, kOffice);
    EXPECT_EQ(event.before, raw(before));
    EXPECT_EQ(event.after, raw(after));
    EXPECT_EQ(event.actor, actor);
    EXPECT_EQ(event.reason, reason);
  }
};

Hold hold_of(JobId job, std::string_view words) {
  Hold hold;
  hold.job = job;
  hold.note = text<79>(words);
  return hold;
}

TEST_F(EventsTest, EventsComeWithTheNoteOfTheirCommand) {
  const Outcome filed = submit(kReport);
  EXPECT_EQ(scheduler_.event_note().size, 0);
  const Outcome held =
      apply(CommandKind::kHold, hold_of(filed.job, "papers are missing"), supervisor());
  ASSERT_FALSE(scheduler_.events().empty());
  EXPECT_EQ(scheduler_.event_note(), text<79>("papers are missing"));
  EXPECT_EQ(scheduler_.find_note(held.op), text<79>("papers are missing"));
  EXPECT_EQ(scheduler_.find_note(filed.op).size, 0);
}

TEST_F(EventsTest, NoteOfOneCommandIsNotTheNextOnes) {
  const Outcome filed = submit(kReport);
  apply(CommandKind::kHold, hold_of(filed.job, "for a reason"), supervisor());
  apply(CommandKind::kRelease, Release{filed.job, {}}, supervisor());
  EXPECT_EQ(scheduler_.event_note(), Note{});
}

TEST_F(EventsTest, RefusedCommandHasNoNote) {
  const Outcome filed = submit(kReport);
  apply(CommandKind::kHold, hold_of(filed.job, "for a reason"), supervisor());
  EXPECT_EQ(apply(CommandKind::kHold, hold_of(filed.job, "again"), supervisor()).refusal,
            Refusal::kWrongState);
  EXPECT_EQ(scheduler_.event_note(), Note{});
}

// The note lies behind the body, which has none of its own.
TEST_F(EventsTest, ReferenceDataSaysWhy) {
  SetPolicy policy;
  policy.lease_minutes = 45;
  Command command = make(CommandKind::kSetPolicy, policy, supervisor());
  command.body.noted.note = text<79>("too many lapse");
  ASSERT_EQ(scheduler_.apply(command).refusal, Refusal::kNone);
  EXPECT_EQ(scheduler_.policy().lease_minutes, 45);
  EXPECT_EQ(scheduler_.event_note(), text<79>("too many lapse"));
  command = make(CommandKind::kSetPolicy, policy, supervisor());
  command.body.noted.note = text<79>("once more");
  EXPECT_EQ(scheduler_.apply(command).refusal, Refusal::kNothingToDo);
  EXPECT_EQ(scheduler_.event_note(), Note{});
  command = make(CommandKind::kSetPolicy, SetPolicy{}, supervisor());
  command.body.noted.note.size = 80;
  const Outcome outcome = scheduler_.apply(command);
  EXPECT_EQ(outcome.refusal, Refusal::kOutOfRange);
  EXPECT_EQ(outcome.field, Field::kNote);
}

// Fees, services, rules of the zoning plan, venues: all of them have room for a reason.
TEST_F(EventsTest, WhatIsRecordedSaysWhy) {
  DefineVenue venue;
  venue.venue = VenueId{1};
  venue.district = 5;
  LoadZoning load;
  load.version = load.count = load.total = 1;
  load.rules[0].zone = {4, {'R', '1', '2', '2'}};
  load.rules[0].coverage_permille = 600;
  load.rules[0].floors = 5;
  DefineService service;
  service.service = ServiceId{60};
  service.version = 1;
  service.stage_count = 1;
  service.stages[0].effort_minutes = service.stages[0].sla_minutes = 60;
  const auto expect_noted = [&](CommandKind kind, const auto& body) {
    Command command = make(kind, body, supervisor());
    command.body.noted.note = text<79>("letter 1404/88");
    ASSERT_EQ(scheduler_.apply(command).refusal, Refusal::kNone) << static_cast<int>(kind);
    ASSERT_FALSE(scheduler_.events().empty());
    EXPECT_EQ(scheduler_.event_note(), text<79>("letter 1404/88"));
  };
  expect_noted(CommandKind::kDefineVenue, venue);
  expect_noted(CommandKind::kLoadZoning, load);
  expect_noted(CommandKind::kValidateZoning, ValidateZoning{1, {}});
  expect_noted(CommandKind::kDefineService, service);
  expect_noted(CommandKind::kRecordFees, RecordFees{submit(kReport).case_id, 1'000});
}

TEST_F(EventsTest, ACertificateTellsWhenItBeginsAndLapsesByItself) {
  using enum SpanState;
  constexpr auto kCertificate = EventKind::kCertificateChanged;
  certify(after(5), after(20));
  expect_span(spans(), kCertificate, kInForce, kAhead, supervisor(), Reason::kNone);
  EXPECT_EQ(spans()[0].skill, Skill::kAdmin);
  expect_span(tick_in(5), kCertificate, kAhead, kInForce, engine(), Reason::kNone);
  EXPECT_EQ(spans()[0].skill, Skill::kAdmin);
  EXPECT_TRUE(tick_in(14).empty());
  expect_span(tick_in(1), kCertificate, kInForce, kOver, engine(), Reason::kCertificateLapsed);
  EXPECT_TRUE(tick_in(1).empty());
  certify(after(-1), after(20));
  expect_span(spans(), kCertificate, kOver, kInForce, supervisor(), Reason::kNone);
  certify({}, {});  // revoked
  expect_span(spans(), kCertificate, kInForce, kOver, supervisor(), Reason::kNone);
}

TEST_F(EventsTest, AnAbsenceTellsWhenItBeginsAndEndsByItself) {
  using enum SpanState;
  constexpr auto kAbsence = EventKind::kAbsenceChanged;
  leave(after(5), after(20));
  expect_span(spans(), kAbsence, kNone, kAhead, supervisor(), Reason::kIllness);
  expect_span(tick_in(5), kAbsence, kAhead, kInForce, engine(), Reason::kIllness);
  expect_span(tick_in(15), kAbsence, kInForce, kOver, engine(), Reason::kIllness);
  leave(after(5), after(20));
  expect_span(spans(), kAbsence, kOver, kAhead, supervisor(), Reason::kIllness);
  leave(after(5), after(5));
  expect_span(spans(), kAbsence, kAhead, kNone, supervisor(), Reason::kIllness);
}

TEST_F(EventsTest, EachOfSeveralAbsencesTellsWhenItBeginsAndEnds) {
  using enum SpanState;
  constexpr auto kAbsence = EventKind::kAbsenceChanged;
  leave(after(30), after(40), Reason::kLeave);
  leave(after(5), after(20));
  expect_span(spans(), kAbsence, kAhead, kAhead, supervisor(), Reason::kIllness);
  expect_span(tick_in(5), kAbsence, kAhead, kInForce, engine(), Reason::kIllness);
  expect_span(tick_in(15), kAbsence, kInForce, kAhead, engine(), Reason::kIllness);
  EXPECT_TRUE(tick_in(9).empty());
  expect_span(tick_in(1), kAbsence, kAhead, kInForce, engine(), Reason::kLeave);
  leave(after(5), after(5));  // back five minutes earlier
  expect_span(spans(), kAbsence, kInForce, kInForce, supervisor(), Reason::kIllness);
  expect_span(tick_in(5), kAbsence, kInForce, kOver, engine(), Reason::kLeave);
}

// The tick was late: whatever looks first says it, as the engine's doing, and nobody says it again.
TEST_F(EventsTest, WhatTimeChangedIsToldBeforeWhatACommandChanges) {
  using enum SpanState;
  leave(after(5), after(20));
  now_ = after(10);
  leave(now_, now_);
  const std::vector<Event> told = spans();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].actor, engine());
  EXPECT_EQ(told[0].before, raw(kAhead));
  EXPECT_EQ(told[0].after, raw(kInForce));
  EXPECT_EQ(told[1].actor, supervisor());
  EXPECT_EQ(told[1].before, raw(kInForce));
  EXPECT_EQ(told[1].after, raw(kNone));
  EXPECT_TRUE(tick_in(0).empty());
}

// An edit of the policy sets every expert's timer anew; what was due then is not forgotten.
TEST_F(EventsTest, WhatIsDueStaysDueWhenTimersAreSetAnew) {
  leave(after(5), after(20));
  now_ = after(10);
  SetPolicy policy;
  policy.lease_minutes = 45;
  ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(scheduler_.next_due(), now_);
  expect_span(tick_in(0), EventKind::kAbsenceChanged, SpanState::kAhead, SpanState::kInForce,
              engine(), Reason::kIllness);
}

}  // namespace
}  // namespace permitd::tests
