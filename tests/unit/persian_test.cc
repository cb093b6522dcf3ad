// Goal: Jalali dates are those of the official calendar, and whatever is told in English is told in
// Persian too. Method: known dates, every day of two centuries there and back, each closed set
// walked from end to end.
#include "protocol/persian.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "protocol/jalali.h"
#include "protocol/words.h"
#include "tests/support/persian_text.h"

namespace permitd::protocol {
namespace {

using namespace permitd::scheduler;

/// No sentence of another language hides in a code.
bool reads_from_right_to_left(const std::string& text) {
  return tests::reads_from_right_to_left(text, tests::CodeWords::kOne);
}

TEST(Jalali, KnownDatesOfTheOfficialCalendar) {
  EXPECT_EQ(jalali_of(0), (JalaliDate{1348, 10, 11}));
  EXPECT_EQ(jalali_of(20'168), (JalaliDate{1404, 1, 1}));   // 2025-03-21
  EXPECT_EQ(jalali_of(20'533), (JalaliDate{1405, 1, 1}));   // 2026-03-21
  EXPECT_EQ(jalali_of(18'252), (JalaliDate{1398, 10, 1}));  // 2019-12-22
  EXPECT_EQ(day_of({1404, 1, 1}), 20'168);
  EXPECT_EQ(day_of({1403, 12, 30}), 20'167) << "1403 is a leap year";
}

TEST(Jalali, WhatIsNoDateIsNone) {
  for (const JalaliDate date :
       {JalaliDate{1404, 12, 30}, JalaliDate{1404, 7, 31}, JalaliDate{1404, 0, 1},
        JalaliDate{1404, 13, 1}, JalaliDate{1404, 1, 0}, JalaliDate{1404, 1, 32},
        JalaliDate{1299, 1, 1}, JalaliDate{1601, 1, 1}}) {
    EXPECT_FALSE(day_of(date)) << date.year << '-' << date.month << '-' << date.day;
  }
}

TEST(Jalali, EachDayComesBack) {
  JalaliDate before = jalali_of(-1);
  for (std::int32_t day = 0; day < 40'000; day += 7) {
    const JalaliDate date = jalali_of(day);
    EXPECT_EQ(day_of(date), day);
    EXPECT_TRUE(std::tie(before.year, before.month, before.day) <
                std::tie(date.year, date.month, date.day));
    before = date;
  }
}

TEST(Jalali, DigitsFoldBothWays) {
  EXPECT_EQ(persian_digits("1404/01/09 x"), "۱۴۰۴/۰۱/۰۹ x");
  EXPECT_EQ(ascii_digits("۱۴۰۴/۰۱/۰۹ و ٣"), "1404/01/09 و 3");
  EXPECT_EQ(ascii_digits("پارک ۲\xDB"), "پارک 2\xDB") << "a cut sequence stays as it is";
}

TEST(Jalali, MomentsAreThoseOfTheClocksOfTehran) {
  EXPECT_EQ(jalali_moment_text(Tick{20'168LL * 86'400'000 + 4 * 3'600'000}),
            "\u2068۱۴۰۴/۰۱/۰۱ ساعت ۰۷:۳۰\u2069");
  EXPECT_EQ(jalali_moment_text(kNever), "هرگز");
}

void expect_told(const std::string& sentence, std::set<std::string>& seen) {
  EXPECT_TRUE(seen.insert(sentence).second) << sentence;
  EXPECT_TRUE(is_valid_text(sentence)) << sentence;
  EXPECT_TRUE(reads_from_right_to_left(sentence)) << sentence;
}

TEST(Persian, EachRefusalIsTold) {
  std::set<std::string> seen;
  for (int value = 1; value < 256; ++value) {
    Outcome outcome;
    outcome.refusal = static_cast<Refusal>(value);
    if (name_of(outcome.refusal) == "unknown") continue;
    outcome.field = Field::kArea;
    outcome.state = raw(JobState::kDone);
    expect_told(refusal_sentence(outcome, CommandKind::kStart, Language::kPersian), seen);
  }
  EXPECT_GT(seen.size(), 30U);
  EXPECT_TRUE(
      seen.contains("انجام \u2066start\u2069 اکنون ممکن نیست: کار «انجام‌شده» است. "
                    "چیزی "
                    "تغییر "
                    "نکرد؛ پیش از گام بعد "
                    "دوباره بخوانید."));
}

TEST(Persian, EachRefusalReadsWithEachField) {
  for (int value = 1; value < 256; ++value) {
    Outcome outcome;
    outcome.refusal = static_cast<Refusal>(value);
    if (name_of(outcome.refusal) == "unknown") continue;
    for (std::size_t field = 0; field < names_of<Field>().size(); ++field) {
      for (const CommandKind kind :
           {CommandKind::kNone, CommandKind::kStart, CommandKind::kSubmitCase,
            CommandKind::kLoadZoning, CommandKind::kNotifyZoning, CommandKind::kSetPolicy,
            CommandKind::kSetExpertState, CommandKind::kSchedule, CommandKind::kApplyPlan,
            CommandKind::kDefineService, CommandKind::kOpenRound, CommandKind::kSetOfficesWanted,
            CommandKind::kEquipOffice}) {
        outcome.field = static_cast<Field>(field);
        outcome.until = Tick{kind == CommandKind::kLoadZoning ? 7 : 0};
        const std::string sentence = refusal_sentence(outcome, kind, Language::kPersian);
        EXPECT_TRUE(is_valid_text(sentence)) << sentence;
        EXPECT_TRUE(reads_from_right_to_left(sentence)) << sentence;
        EXPECT_TRUE(sentence.ends_with('.')) << sentence;
      }
    }
  }
}

TEST(Persian, EachFieldHasItsRule) {
  for (std::size_t value = 0; value < names_of<Field>().size(); ++value) {
    const auto field = static_cast<Field>(value);
    EXPECT_EQ(persian::rule_of(field).empty(), rule_of(field).empty()) << name_of(field);
    EXPECT_TRUE(reads_from_right_to_left(std::string(persian::rule_of(field)))) << name_of(field);
  }
}

TEST(Persian, EachFaultOfAZoningPlanIsTold) {
  std::set<std::string> seen;
  for (std::size_t fault = 1; fault < kZoningFaultCount; ++fault) {
    const std::string_view phrase = persian::zoning_phrase(static_cast<ZoningFault>(fault));
    EXPECT_FALSE(phrase.empty()) << fault;
    expect_told(std::string(phrase), seen);
  }
  Outcome outcome;
  outcome.refusal = Refusal::kNotCompatible;
  outcome.field = Field::kZone;
  outcome.until = Tick{12};
  const std::string sentence =
      refusal_sentence(outcome, CommandKind::kValidateZoning, Language::kPersian);
  EXPECT_TRUE(sentence.starts_with("\u2066zone\u2069 در طرح تفصیلی، ضابطهٔ ۱۲: این پهنه دو بار"))
      << sentence;
}

TEST(Persian, EachFilterIsToldWhereItKeepsPeople) {
  std::set<std::string> seen;
  for (std::size_t filter = 1; filter < kFilterCount; ++filter) {
    StuckView stuck;
    stuck.cause = Stuck::kNobodyFits;
    stuck.certified = 5;
    stuck.removed[filter] = 3;
    const std::string sentence = stuck_sentence(stuck, Language::kPersian);
    expect_told(sentence, seen);
    EXPECT_NE(
        sentence.find("۳ نفر به علت " + std::string(persian::name_of(static_cast<Filter>(filter)))),
        std::string::npos)
        << sentence;
    stuck.cause = Stuck::kNobodyAvailable;
    stuck.municipal_first = 1;
    expect_told(stuck_sentence(stuck, Language::kPersian), seen);
  }
}

TEST(Persian, EachCauseOfStandingStillIsTold) {
  std::set<std::string> seen;
  for (std::size_t cause = 0; cause < names_of<Stuck>().size(); ++cause) {
    StuckView stuck;
    stuck.cause = static_cast<Stuck>(cause);
    expect_told(stuck_sentence(stuck, Language::kPersian), seen);
  }
}

template <class Enum>
void expect_names(std::size_t count) {
  std::set<std::string> seen;
  for (std::size_t value = 0; value < count; ++value) {
    expect_told(std::string(persian::name_of(static_cast<Enum>(value))), seen);
  }
  EXPECT_FALSE(seen.contains(std::string(persian::name_of(static_cast<Enum>(count)))));
}

TEST(Persian, EachValueHasANameOfItsOwn) {
  expect_names<Stage>(kStageCount);
  expect_names<CaseState>(kCaseStateCount);
  expect_names<JobState>(kJobStateCount);
  expect_names<JobKind>(names_of<JobKind>().size());
  expect_names<PriorityClass>(kClassCount);
  expect_names<SlaBand>(kSlaBandCount);
  expect_names<OfficeState>(names_of<OfficeState>().size());
  expect_names<ExpertState>(names_of<ExpertState>().size());
  expect_names<ActorKind>(names_of<ActorKind>().size());
  expect_names<Reason>(kReasonCount);
  expect_names<Filter>(kFilterCount);
}

TEST(Persian, EachEventIsTold) {
  std::set<std::string> seen;
  for (std::size_t kind = 0; kind < names_of<EventKind>().size(); ++kind) {
    Event event;
    event.kind = static_cast<EventKind>(kind);
    event.case_id = CaseId{5};
    event.job = JobId{12};
    event.expert = ExpertId{7};
    event.reason = Reason::kIllness;
    event.actor = {ActorKind::kSupervisor, 3};
    event.before = static_cast<std::uint8_t>(kind % 3);
    event.after = 4;
    expect_told(event_sentence(event, "", Language::kPersian), seen);
  }
}

TEST(Persian, ADecisionNamesTheSameFactsAsInEnglish) {
  DecisionView decision;
  decision.job = JobId{9};
  decision.op = Op{77};
  decision.seed = 0xABC;
  decision.chosen = ExpertId{3};
  decision.considered = 6;
  decision.removed[static_cast<std::size_t>(Filter::kFourEyes)] = 2;
  decision.near_equal_count = 3;
  const std::string lot = decision_sentence(decision, Language::kPersian);
  for (const char* fact : {"کار ۹", "۶ نفر", "کارشناس ۳", "۲ به علت قاعدهٔ چهارچشمی", "ثبت ۷۷",
                           "\u20660000000000000abc\u2069"}) {
    EXPECT_NE(lot.find(fact), std::string::npos) << fact << " in " << lot;
  }
  EXPECT_TRUE(reads_from_right_to_left(lot)) << lot;
  decision.by_claim = true;
  EXPECT_NE(decision_sentence(decision, Language::kPersian).find("کار خواست"), std::string::npos);
  decision.near_equal_count = 1;
  decision.compared = 7;
  decision.drawn_count = 4;
  const std::string drawn = decision_sentence(decision, Language::kPersian);
  for (const char* fact : {"کار ۹", "کارشناس ۳", "از ۷ بازدید", "۴ بازدید", "ثبت ۷۷",
                           "\u20660000000000000abc\u2069"}) {
    EXPECT_NE(drawn.find(fact), std::string::npos) << fact << " in " << drawn;
  }
  EXPECT_TRUE(reads_from_right_to_left(drawn)) << drawn;
  decision.by_deadline = true;
  for (const bool hidden : {false, true}) {
    decision.drawn_hidden = hidden;
    decision.by_deadline = !hidden;
    decision.drawn_count = hidden ? 0 : 4;
    const std::string urgent = decision_sentence(decision, Language::kPersian);
    for (const char* fact : {"کار ۹", "کارشناس ۳", hidden ? "هم‌فوریت" : "۴ کار",
                             hidden ? "به قرعه" : "\u20660000000000000abc\u2069"}) {
      EXPECT_NE(urgent.find(fact), std::string::npos) << fact << " in " << urgent;
    }
    EXPECT_TRUE(reads_from_right_to_left(urgent)) << urgent;
  }
  decision.by_supervisor = true;
  EXPECT_TRUE(decision_sentence(decision, Language::kPersian).starts_with("ناظر"));
}

}  // namespace
}  // namespace permitd::protocol
