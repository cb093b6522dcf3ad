// Goal: what becomes of an office that leaves, and of its cases, is said in both languages, with
// the same numbers, and in Persian nothing else. Method: an answer made by hand with each reason,
// stage and state.
#include "cli/homes_text.h"

#include <capnp/message.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "cli/local_time.h"
#include "tests/support/persian_text.h"

namespace permitd::cli {
namespace {

using protocol::HomeReason;
using protocol::Language;
using scheduler::OfficeId;
using scheduler::OfficeState;
using tests::expect_contains;
using tests::reads_from_right_to_left;

constexpr OfficeId kLeaving{101};
constexpr Language kBoth[] = {Language::kEnglish, Language::kPersian};

/// Told in both languages: not the same, and the Persian one in Persian alone.
void expect_both(const std::string& english, const std::string& persian) {
  EXPECT_FALSE(english.empty());
  EXPECT_FALSE(reads_from_right_to_left(english)) << english;
  EXPECT_FALSE(persian.empty());
  EXPECT_TRUE(reads_from_right_to_left(persian)) << persian;
}

class HomesTextTest : public testing::Test {
 protected:
  HomesTextTest() : answer_(message_->initRoot<protocol::NewHomes>()) {
    auto homes = answer_.initHomes(3);
    for (unsigned i = 0; i < homes.size(); ++i) {
      homes[i].setCaseId(17 + i);
      homes[i].setDistrict(5);
      homes[i].setReason(static_cast<HomeReason>(i));
      homes[i].setOffice(static_cast<std::uint16_t>(i == 0 ? 0 : 203));
      homes[i].setAppointment(i == 1 ? 0 : scheduler::kNever.ms);
    }
    auto held = answer_.initHeld(1);
    held[0].setJob(42);
    held[0].setCaseId(19);
    held[0].setHolder(7);
    held[0].setOffice(204);
    answer_.setHeldLeftOut(1);
  }

  Table homes(Language language) const { return homes_table(answer_.asReader(), language); }
  Table held(Language language) const { return held_table(answer_.asReader(), language); }
  std::string summary(Language language) const {
    return homes_summary(kLeaving, answer_.asReader(), language);
  }

  std::unique_ptr<capnp::MallocMessageBuilder> message_ =
      std::make_unique<capnp::MallocMessageBuilder>();
  protocol::NewHomes::Builder answer_;
};

TEST_F(HomesTextTest, TheTablesAreInBothLanguages) {
  expect_both(homes(Language::kEnglish).aligned(), homes(Language::kPersian).aligned());
  expect_both(held(Language::kEnglish).aligned(), held(Language::kPersian).aligned());
  const std::string persian = homes(Language::kPersian).aligned();
  for (const std::string_view part : {"۱۷", "۱۹", "۰۲۰۳", "۱۳۴۸/۱۰/۱۱"})
    expect_contains(persian, part);
  for (const std::string_view part : {"۴۲", "۱۹", "۰۲۰۴", "۷"})
    expect_contains(held(Language::kPersian).aligned(), part);
}

TEST_F(HomesTextTest, EachReasonStageAndStateReadsInPersian) {
  std::set<std::string> seen;
  for (std::uint16_t reason = 0; reason < 3; ++reason) {
    answer_.initHomes(1)[0].setReason(static_cast<HomeReason>(reason));
    EXPECT_TRUE(seen.insert(homes(Language::kPersian).aligned()).second) << reason;
  }
  for (std::size_t stage = 0; stage < scheduler::kStageCount; ++stage) {
    answer_.getHomes()[0].setStage(static_cast<protocol::Stage>(stage));
    answer_.getHeld()[0].setStage(static_cast<protocol::Stage>(stage));
    EXPECT_TRUE(reads_from_right_to_left(homes(Language::kPersian).aligned())) << stage;
    EXPECT_TRUE(reads_from_right_to_left(held(Language::kPersian).aligned())) << stage;
  }
  for (std::size_t state = 0; state < scheduler::kJobStateCount; ++state) {
    answer_.getHeld()[0].setState(static_cast<protocol::JobState>(state));
    EXPECT_TRUE(reads_from_right_to_left(held(Language::kPersian).aligned())) << state;
  }
}

TEST_F(HomesTextTest, TheSummaryCountsAlikeInBoth) {
  EXPECT_EQ(summary(Language::kEnglish),
            "3 open cases of office 0101: 2 go to 1 offices, 1 of them with an appointment, which "
            "stands. 1 find no office: activate their service.");
  expect_both(summary(Language::kEnglish), summary(Language::kPersian));
  for (const std::string_view part :
       {"از ۳ پروندهٔ باز دفتر ۰۱۰۱", "۲ پرونده به ۱ دفتر",
        "۱ پرونده از آن‌ها نوبت", "برای ۱ پرونده دفتری"})
    expect_contains(summary(Language::kPersian), part);
  answer_.setLeftOut(9);
  expect_contains(summary(Language::kEnglish), "9 are more than one answer holds");
  expect_contains(summary(Language::kPersian),
                  "۹ پرونده در یک پاسخ نمی‌گنجد");
  expect_contains(summary(Language::kPersian), "از ۱۲ پروندهٔ باز");
}

TEST_F(HomesTextTest, WhatLeavingBringsAboutIsToldInBoth) {
  std::string told[2];
  for (const Language language : kBoth)
    told[static_cast<std::size_t>(language)] =
        leaving_text({kLeaving, 11, 1}, answer_.asReader(),
                     afterwards_text(kLeaving, false, language), language);
  expect_both(told[0], told[1]);
  for (const std::string_view part :
       {"Office 0101 has 11 open jobs", "hold 2, 1 of them", "permitctl rehome 0101 --dry-run"})
    expect_contains(told[0], part);
  for (const std::string_view part :
       {"دفتر ۰۱۰۱", "۱۱ کار باز", "۲ کار در دست", "۱ کار از آن‌ها",
        "\u2066permitctl rehome 0101 --dry-run\u2069"})
    expect_contains(told[1], part);
  expect_both(afterwards_text(kLeaving, true, Language::kEnglish),
              afterwards_text(kLeaving, true, Language::kPersian));
}

TEST_F(HomesTextTest, WhenItLeavesAndWhatMayBeFinishedIsToldInBoth) {
  const scheduler::Tick from{1'931'805'000'000};  // 2031-03-21 in Tehran, 1410-01-01
  const scheduler::Tick until{from.ms + 86'400'000};
  const auto told = [&](scheduler::Tick begin, scheduler::JobsInHand in_hand, Language language) {
    return leaving_text({kLeaving, 11, 1, begin, until, in_hand}, answer_.asReader(), "", language);
  };
  for (const scheduler::Tick begin : {scheduler::Tick{}, from}) {
    for (const auto in_hand : {scheduler::JobsInHand::kReturned, scheduler::JobsInHand::kFinished})
      expect_both(told(begin, in_hand, kBoth[0]), told(begin, in_hand, kBoth[1]));
    expect_both(office_suspension_text(kLeaving, begin, until, "", kBoth[0]),
                office_suspension_text(kLeaving, begin, until, "", kBoth[1]));
  }
  using enum scheduler::JobsInHand;
  expect_contains(told({}, kReturned, kBoth[0]), "they go back to the queue at once");
  expect_contains(told({}, kFinished, kBoth[0]), "by the end of the shift under way, if");
  expect_contains(told(from, kReturned, kBoth[0]), "on " + local_text(from) + " goes back");
  expect_contains(told(from, kFinished, kBoth[0]), "by the end of the shift under way then");
  expect_contains(told(from, kReturned, kBoth[0]), "On " + local_text(until) + " it is active");
  expect_contains(told(from, kReturned, kBoth[1]), "۱۴۱۰/۰۱/۰۱");
  expect_contains(office_suspension_text(kLeaving, from, {}, "", kBoth[0]),
                  "will be suspended from " + local_text(from) + " and works on until then");
  expect_contains(office_suspension_text(kLeaving, {}, until, "", kBoth[0]), "is suspended. On");
}

TEST_F(HomesTextTest, EachOtherSentenceIsInBoth) {
  for (std::size_t word = 0; word < kHomesWordCount; ++word) {
    expect_both(std::string(homes_word(HomesWord{static_cast<std::uint8_t>(word)}, kBoth[0])),
                std::string(homes_word(HomesWord{static_cast<std::uint8_t>(word)}, kBoth[1])));
  }
  for (std::size_t state = 1; state < protocol::names_of<OfficeState>().size(); ++state) {
    const OfficeState now{static_cast<std::uint8_t>(state)};
    expect_both(office_state_text(kLeaving, now, "", kBoth[0]),
                office_state_text(kLeaving, now, "", kBoth[1]));
    expect_both(office_return_text(kLeaving, now, kBoth[0]),
                office_return_text(kLeaving, now, kBoth[1]));
  }
  expect_both(moved_text(4, kBoth[0]), moved_text(4, kBoth[1]));
  const HandFigures figures{17, 2, 1};
  expect_both(absence_text(figures, kBoth[0]), absence_text(figures, kBoth[1]));
  expect_contains(absence_text(figures, kBoth[0]), "holds 3 jobs (2 assigned, 1 started)");
  const scheduler::Tick from{1'931'805'000'000};  // 2031-03-21 in Tehran, 1410-01-01
  for (const scheduler::Tick until :
       {from, scheduler::Tick{from.ms + 86'400'000}, scheduler::kNever}) {
    expect_both(absence_done_text(17, from, until, kBoth[0]),
                absence_done_text(17, from, until, kBoth[1]));
  }
  for (const std::string_view part : {"کارشناس ۱۷ از", "۱۴۱۰/۰۱/۰۱", "بازگشته"})
    expect_contains(absence_done_text(17, from, from, kBoth[1]), part);
  expect_contains(absence_done_text(17, from, scheduler::kNever, kBoth[0]), "until further notice");
}

TEST_F(HomesTextTest, ProgramsKnowTheColumnsByOneName) {
  EXPECT_TRUE(homes(Language::kEnglish)
                  .csv()
                  .starts_with("case,district,stage,state,appointment,office,why\n"));
  EXPECT_TRUE(held(Language::kEnglish)
                  .csv()
                  .starts_with("job,case,case_office,district,stage,holder,state\n"));
}

}  // namespace
}  // namespace permitd::cli
