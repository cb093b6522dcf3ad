// Goal: every enumerator has a name of its own that parses back, and every refusal, event and cause
// has a sentence that says enough. Method: each closed set walked from end to end.
#include "protocol/words.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace permitd::protocol {
namespace {

using namespace permitd::scheduler;

template <class Enum>
class WordsOfTest : public testing::Test {};
using ClosedSets = testing::Types<Skill, PriorityClass, Stage, CaseState, JobState, OfficeState,
                                  ExpertState, JobKind, Reach, Confirmer, ConfirmerFallback,
                                  HalfDay, SlaBand, ActorKind, Reason, Filter, EventKind, Stuck,
                                  ZoningState, ZoningResult, ZoningReview, HomePolicy, SpanState>;
TYPED_TEST_SUITE(WordsOfTest, ClosedSets);

TYPED_TEST(WordsOfTest, EachNameIsOnlyOnceAndParsesBack) {
  const auto names = names_of<TypeParam>();
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto value = static_cast<TypeParam>(i);
    EXPECT_FALSE(names[i].empty());
    EXPECT_TRUE(seen.insert(names[i]).second) << names[i];
    EXPECT_EQ(name_of(value), names[i]);
    EXPECT_EQ(parse_name<TypeParam>(names[i]), value);
  }
  EXPECT_EQ(name_of(static_cast<TypeParam>(names.size())), "unknown");
  EXPECT_FALSE(parse_name<TypeParam>("no such name"));
}

TEST(WordsTest, NamesParseInTheWaysPeopleWriteThem) {
  for (const char* written :
       {"siteInspection", "SITE_INSPECTION", "site-inspection", "siteinspection"}) {
    EXPECT_EQ(parse_name<Stage>(written), Stage::kSiteInspection) << written;
  }
  EXPECT_FALSE(parse_name<Stage>("siteInspections"));
  EXPECT_FALSE(parse_name<Stage>("siteInspectio"));
  EXPECT_FALSE(parse_name<Stage>(""));
}

constexpr Refusal kLastOfCore = Refusal::kAbsencesFull;
constexpr Refusal kLastOfDaemon = Refusal::kUnsupported;

std::vector<Refusal> all_refusals() {
  std::vector<Refusal> all;
  for (int code = 1; code <= raw(kLastOfCore); ++code) all.push_back(static_cast<Refusal>(code));
  for (int code = raw(Refusal::kBusy); code <= raw(kLastOfDaemon); ++code) {
    all.push_back(static_cast<Refusal>(code));
  }
  return all;
}

TEST(WordsTest, EachRefusalHasANameAndASentenceOfItsOwn) {
  std::set<std::string> names;
  std::set<std::string> sentences;
  for (const Refusal refusal : all_refusals()) {
    Outcome outcome;
    outcome.refusal = refusal;
    const std::string sentence = refusal_sentence(outcome, CommandKind::kStart);
    EXPECT_TRUE(names.insert(std::string{name_of(refusal)}).second) << name_of(refusal);
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
    EXPECT_GT(sentence.size(), 20U) << name_of(refusal);
    EXPECT_EQ(sentence.back(), '.') << sentence;
    EXPECT_EQ(sentence.find("unknown"), std::string::npos) << sentence;
  }
}

TEST(WordsTest, ARangeRefusalNamesFieldAndRange) {
  Outcome outcome;
  outcome.refusal = Refusal::kOutOfRange;
  outcome.field = Field::kFloors;
  const std::string sentence = refusal_sentence(outcome, CommandKind::kSubmitCase);
  EXPECT_NE(sentence.find("floors"), std::string::npos);
  EXPECT_NE(sentence.find("0 to 200"), std::string::npos);
}

TEST(WordsTest, EveryFieldReadsWellInEveryRefusalThatNamesOne) {
  for (std::size_t i = 0; i < names_of<Field>().size(); ++i) {
    for (const Refusal refusal : {Refusal::kOutOfRange, Refusal::kMissing, Refusal::kTooLarge,
                                  Refusal::kNotCompatible, Refusal::kNotDelegable}) {
      Outcome outcome;
      outcome.refusal = refusal;
      outcome.field = static_cast<Field>(i);
      EXPECT_FALSE(refusal_sentence(outcome, CommandKind::kSubmitCase).empty());
    }
  }
}

TEST(WordsTest, TheMomentsOfASuspensionHaveASentenceOfTheirOwn) {
  Outcome outcome;
  outcome.field = Field::kValidity;
  for (const Refusal refusal : {Refusal::kOutOfRange, Refusal::kNotCompatible}) {
    outcome.refusal = refusal;
    for (const CommandKind kind : {CommandKind::kSetExpertState, CommandKind::kSetOfficeState}) {
      EXPECT_EQ(refusal_sentence(outcome, kind),
                "Only a suspension has moments: a begin that lies ahead, and an end behind it. "
                "Give later ones, or none.");
      EXPECT_TRUE(
          refusal_sentence(outcome, kind, Language::kPersian).starts_with("تنها تعلیق زمان دارد"));
    }
    EXPECT_NE(refusal_sentence(outcome, CommandKind::kSetAbsence)
                  .find(": two moments, from before until."),
              std::string::npos);
  }
}

TEST(WordsTest, AVersionThatFindsNoPlaceIsNotToldOfLimitsThatMayOnlyGrow) {
  Outcome outcome;
  outcome.refusal = Refusal::kNotCompatible;
  outcome.field = Field::kLimits;
  for (const CommandKind kind : {CommandKind::kDefineService, CommandKind::kSetLicenceRules}) {
    EXPECT_TRUE(refusal_sentence(outcome, kind).starts_with("No further version can be kept"));
    EXPECT_TRUE(refusal_sentence(outcome, kind, Language::kPersian)
                    .starts_with("نسخهٔ دیگری نگه داشته نمی‌شود"));
  }
  EXPECT_NE(refusal_sentence(outcome, CommandKind::kSetLimits).find("never less than before"),
            std::string::npos);
}

TEST(WordsTest, AFieldThatMeansSomethingElseToOneCommandIsToldAsThat) {
  struct Own {
    CommandKind kind;
    Refusal refusal;
    Field field;
    const char* english;
    const char* persian;
  };
  using enum CommandKind;
  const Own owns[] = {
      {kSchedule, Refusal::kOutOfRange, Field::kJob, "Only a visit", "تنها بازدید"},
      {kApplyPlan, Refusal::kOutOfRange, Field::kVersion, "The plan names", "برنامه به وضعیتی"},
      {kDefineService, Refusal::kOutOfRange, Field::kValidity, "A version of a service",
       "نسخهٔ خدمت"},
      {kDefineVenue, Refusal::kNotCompatible, Field::kOwner, "A municipal venue", "مکان شهرداری"},
      {kDefineOffice, Refusal::kOutOfRange, Field::kLimits, "As many offices", "حافظهٔ دفترها"},
      {kEquipOffice, Refusal::kOutOfRange, Field::kLimits, "As many offices", "حافظهٔ دفترها"},
      {kOpenRound, Refusal::kOutOfRange, Field::kLimits, "As many rounds", "۲۵۶ فراخوان"},
      {kSetOfficesWanted, Refusal::kOutOfRange, Field::kLimits, "As many numbers", "۶۴ شمار"},
      {kStart, Refusal::kNotEligible, Field::kPriority, "Work of the municipality",
       "کاری از شهرداری"},
      {kSchedule, Refusal::kNotEligible, Field::kHalfDay, "That half-day", "ظرفیت بازدید"},
  };
  for (const Own& own : owns) {
    Outcome outcome;
    outcome.refusal = own.refusal;
    outcome.field = own.field;
    EXPECT_TRUE(refusal_sentence(outcome, own.kind).starts_with(own.english)) << own.english;
    EXPECT_TRUE(refusal_sentence(outcome, own.kind, Language::kPersian).starts_with(own.persian))
        << own.english;
  }
}

TEST(WordsTest, WhatAnOfficeLacksNamesTheCommandThatMendsIt) {
  Outcome outcome;
  outcome.refusal = Refusal::kRequirementMissing;
  for (const auto& [field, command] :
       {std::pair{Field::kEquipment, "(licence item)"}, std::pair{Field::kRent, "(licence rent)"},
        std::pair{Field::kValidity, "(licence renew)"}}) {
    outcome.field = field;
    const std::string sentence = refusal_sentence(outcome, CommandKind::kSetOfficeState);
    EXPECT_NE(sentence.find(command), std::string::npos) << sentence;
  }
}

TEST(WordsTest, AWrongStateIsNamedForWhatTheCommandActsOn) {
  Outcome outcome;
  outcome.refusal = Refusal::kWrongState;
  outcome.state = raw(JobState::kDone);
  EXPECT_NE(refusal_sentence(outcome, CommandKind::kStart).find("the job is done"),
            std::string::npos);
  outcome.state = raw(CaseState::kClosed);
  EXPECT_NE(refusal_sentence(outcome, CommandKind::kAmendCase).find("the case is closed"),
            std::string::npos);
  outcome.state = raw(ExpertState::kLeft);
  EXPECT_NE(refusal_sentence(outcome, CommandKind::kClaim).find("the expert is left"),
            std::string::npos);
  outcome.state = raw(OfficeState::kRevoked);
  outcome.field = Field::kOffice;
  EXPECT_NE(refusal_sentence(outcome, CommandKind::kSubmitCase).find("the office is revoked"),
            std::string::npos);
}

TEST(WordsTest, EveryCommandHasAName) {
  std::set<std::string_view> names;
  for (int kind = 0; kind < 256; ++kind) {
    const auto value = static_cast<CommandKind>(kind);
    if (body_size(value) == 0) continue;
    EXPECT_NE(name_of(value), "unknown") << kind;
    EXPECT_TRUE(names.insert(name_of(value)).second) << kind;
  }
  EXPECT_GT(names.size(), 30U);
}

TEST(WordsTest, EventsOfEveryKindAreTold) {
  for (std::size_t i = 0; i < names_of<EventKind>().size(); ++i) {
    Event event;
    event.kind = static_cast<EventKind>(i);
    event.case_id = CaseId{5};
    event.job = JobId{12};
    event.expert = ExpertId{7};
    const std::string sentence = event_sentence(event, "a note");
    EXPECT_EQ(sentence.find("job 12 (fileFormation of case 5): "), 0U) << sentence;
    EXPECT_NE(sentence.find("expert 7"), std::string::npos) << sentence;
    EXPECT_NE(sentence.find("(a note)"), std::string::npos) << sentence;
  }
}

TEST(WordsTest, AJobChangeReadsAsOneLine) {
  Event event;
  event.kind = EventKind::kJobChanged;
  event.case_id = CaseId{5};
  event.job = JobId{12};
  event.stage = Stage::kSiteInspection;
  event.before = raw(JobState::kAssigned);
  event.after = raw(JobState::kReady);
  event.expert = ExpertId{7};
  event.reason = Reason::kTooFar;
  event.actor = {ActorKind::kExpert, 7};
  EXPECT_EQ(event_sentence(event, ""),
            "job 12 (siteInspection of case 5): assigned -> ready, expert 7, because of tooFar, by "
            "expert 7");
}

TEST(WordsTest, ADecisionNamesChosenRemovedAndTheLot) {
  DecisionView decision;
  decision.job = JobId{9};
  decision.op = Op{44};
  decision.seed = 0xABC;
  decision.chosen = ExpertId{3};
  decision.considered = 12;
  decision.removed[raw(Filter::kCapacity)] = 4;
  decision.near_equal_count = 3;
  const std::string sentence = decision_sentence(decision);
  EXPECT_NE(sentence.find("expert 3 was chosen"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("12 were considered"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("4 by capacity"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("0000000000000abc of op 44"), std::string::npos) << sentence;
  decision.compared = 7;
  decision.weights = {1000, 500, 0};
  EXPECT_NE(decision_sentence(decision).find("7 were compared by load, way to the parcel."),
            std::string::npos)
      << decision_sentence(decision);
  decision.weights.share = 100;
  EXPECT_NE(decision_sentence(decision).find("way to the parcel, load of their office."),
            std::string::npos)
      << decision_sentence(decision);
  decision.by_claim = true;
  decision.passed_over = JobId{5};
  decision.passed_over_metres = 4321;
  decision.near_equal_count = 1;
  decision.near_equal[0].metres = 250;
  decision.drawn_count = 3;
  EXPECT_NE(
      decision_sentence(decision).find(
          "got job 9, a visit 0.2 km away. Job 5 comes first and can wait; it is 4.3 km away. "
          "Of 7 visits compared 3 are about as near as the nearest; the lot with seed "
          "0000000000000abc of op 44 fell on this one."),
      std::string::npos)
      << decision_sentence(decision);
  decision.drawn_count = 1;
  EXPECT_NE(decision_sentence(decision).find("Of 7 visits compared it is the nearest that fits."),
            std::string::npos)
      << decision_sentence(decision);
  decision.drawn_hidden = true;
  decision.compared = 0;
  EXPECT_EQ(decision_sentence(decision).find("compared"), std::string::npos)
      << decision_sentence(decision);
  EXPECT_NE(decision_sentence(decision).find("fell on it among visits about equally near"),
            std::string::npos)
      << decision_sentence(decision);
  decision.passed_over = JobId{};
  decision.by_deadline = true;
  decision.drawn_hidden = false;
  decision.drawn_count = 3;
  EXPECT_NE(decision_sentence(decision).find(
                "got job 9. 3 jobs are about as urgent as the first in order that fits; the lot "
                "with seed 0000000000000abc of op 44 fell on this one."),
            std::string::npos)
      << decision_sentence(decision);
  decision.by_deadline = false;
  decision.drawn_count = 0;
  EXPECT_NE(decision_sentence(decision).find("asked for work"), std::string::npos);
  decision.drawn_hidden = true;
  EXPECT_NE(decision_sentence(decision).find("the first in order that fits or one about as urgent"),
            std::string::npos)
      << decision_sentence(decision);
  decision.by_supervisor = true;
  EXPECT_NE(decision_sentence(decision).find("A supervisor gave job 9 to expert 3"),
            std::string::npos);
}

TEST(WordsTest, EveryCauseOfStandstillIsTold) {
  std::set<std::string> sentences;
  for (std::size_t i = 0; i < names_of<Stuck>().size(); ++i) {
    StuckView stuck;
    stuck.cause = static_cast<Stuck>(i);
    stuck.until = Tick{1'576'904'400'000};
    EXPECT_TRUE(sentences.insert(stuck_sentence(stuck)).second) << stuck_sentence(stuck);
  }
}

TEST(WordsTest, NobodyFitsSaysHowManyWhichFilterKeeps) {
  std::set<std::string> sentences;
  for (std::size_t filter = 1; filter < kFilterCount; ++filter) {
    StuckView stuck;
    stuck.cause = Stuck::kNobodyFits;
    stuck.certified = 5;
    stuck.ahead = 4;
    stuck.removed[filter] = 3;
    const std::string sentence = stuck_sentence(stuck);
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
    EXPECT_TRUE(sentence.starts_with("None of 5 certified experts may take it now: 3 because "))
        << sentence;
    EXPECT_TRUE(sentence.ends_with(" 4 jobs are before it.")) << sentence;
  }
  StuckView stuck;
  stuck.cause = Stuck::kNobodyAvailable;
  stuck.certified = 5;
  stuck.with_capacity = 3;
  stuck.removed[raw(Filter::kOffice)] = 2;
  stuck.municipal_asked = 3;
  stuck.municipal_first = 1;
  EXPECT_EQ(stuck_sentence(stuck),
            "3 of 5 certified experts may take it, but none of them waits for work. Others may "
            "not: 2 because their office is not active for this service. For 1 of them municipal "
            "work goes first. 0 jobs are before it.");
}

TEST(WordsTest, AClaimTellsOfJobsAndAnOfferOfPeople) {
  DecisionView decision;
  decision.by_claim = true;
  decision.removed[raw(Filter::kConflict)] = 2;
  EXPECT_NE(decision_sentence(decision).find(" Jobs that did not fit: 2 by conflict."),
            std::string::npos)
      << decision_sentence(decision);
  decision.by_claim = false;
  decision.municipal_first = 3;
  EXPECT_NE(decision_sentence(decision).find(" Removed: 2 by conflict. 3 were passed over, as "
                                             "municipal work waited for them."),
            std::string::npos)
      << decision_sentence(decision);
}

TEST(WordsTest, AServiceThatCannotBeDelegatedNamesTheStage) {
  Outcome outcome;
  outcome.refusal = Refusal::kNotDelegable;
  outcome.field = Field::kMechanised;
  outcome.state = raw(Stage::kPlanReview);
  EXPECT_TRUE(refusal_sentence(outcome, CommandKind::kSubmitCase)
                  .starts_with("Stage planReview of this service is not mechanised"));
  outcome.field = Field::kSovereign;
  EXPECT_NE(refusal_sentence(outcome, CommandKind::kSubmitCase).find("sovereign (planReview)"),
            std::string::npos);
}

TEST(WordsTest, MomentsAreUtcAndNeverIsNever) {
  EXPECT_EQ(moment_text(Tick{1'576'904'400'000}), "2019-12-21 05:00 UTC");
  EXPECT_EQ(moment_text(Tick{0}), "1970-01-01 00:00 UTC");
  EXPECT_EQ(moment_text(kNever), "never");
  EXPECT_EQ(moment_text(Tick{-5}), "-5 ms since 1970");
  EXPECT_EQ(moment_text(Tick{INT64_MAX - 1}), "9223372036854775806 ms since 1970");
}

TEST(WordsTest, TextIsUtf8WithoutControlCharacters) {
  EXPECT_TRUE(is_valid_text(""));
  EXPECT_TRUE(is_valid_text("plain"));
  EXPECT_TRUE(is_valid_text("پروانه ساختمانی"));
  EXPECT_TRUE(is_valid_text("\xF0\x9F\x8F\xA0"));  // U+1F3E0
  EXPECT_TRUE(is_valid_text("\xEF\xBF\xBF"));      // U+FFFF
  EXPECT_TRUE(is_valid_text("\xF4\x8F\xBF\xBF"));  // U+10FFFF
  EXPECT_FALSE(is_valid_text(std::string_view("a\0b", 3)));
  EXPECT_FALSE(is_valid_text("a\nb"));
  EXPECT_FALSE(is_valid_text("\x7F"));
  EXPECT_FALSE(is_valid_text("\x80"));              // continuation alone
  EXPECT_FALSE(is_valid_text("\xC3"));              // cut short
  EXPECT_FALSE(is_valid_text("\xC0\xAF"));          // overlong
  EXPECT_FALSE(is_valid_text("\xE0\x9F\xBF"));      // overlong
  EXPECT_FALSE(is_valid_text("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(is_valid_text("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_valid_text("\xF0\x8F\xBF\xBF"));  // overlong
  EXPECT_FALSE(is_valid_text("\xE2\x82"));          // cut short
}

}  // namespace
}  // namespace permitd::protocol
