// Goal: the events of a command come with the note it was given, now and later from memory. Method:
// a hold with a note, a hold without one, a refused one.
#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

using EventsTest = SmallCity;

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

}  // namespace
}  // namespace permitd::tests
