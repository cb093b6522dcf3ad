// Goal: `why` says in both languages what the answer holds, and in Persian nothing else. Method:
// answers made by hand, of each stage, state and filter.
#include "cli/why_text.h"

#include <capnp/message.h>
#include <gtest/gtest.h>

#include <memory>

#include "cli/zoning_text.h"
#include "protocol/persian.h"
#include "tests/support/persian_text.h"

namespace permitd::cli {
namespace {

using protocol::Language;
using scheduler::Filter;
using scheduler::kFilterCount;
using scheduler::raw;
using tests::expect_contains;
using tests::reads_from_right_to_left;

class WhyTextTest : public testing::Test {
 protected:
  WhyTextTest() : answer_(message_->initRoot<protocol::WhyAnswer>()) {
    auto job = answer_.initJob();
    job.setJob(42);
    job.setCaseId(17);
    answer_.initStuck().setSentence("جمله.");
  }

  protocol::Decision::Builder decided(bool by_claim) {
    answer_.setHasDecision(true);
    auto decision = answer_.initDecision();
    decision.setByClaim(by_claim);
    decision.setOp(77);
    decision.setChosen(7);
    decision.setSentence("جمله.");
    auto near = decision.initNearEqual(1);
    near[0].setExpert(7);
    near[0].setLoadPpm(123'000);
    near[0].setMetres(4321);
    decision.setTravelWeight(1);
    decision.initRemoved(kFilterCount);
    return decision;
  }

  std::string job_text(Language language) const {
    return why_job_text(answer_.asReader(), language);
  }
  std::string decision_text(Language language) const {
    return why_decision_text(answer_.asReader(), language);
  }

  std::unique_ptr<capnp::MallocMessageBuilder> message_ =
      std::make_unique<capnp::MallocMessageBuilder>();
  protocol::WhyAnswer::Builder answer_;
};

TEST_F(WhyTextTest, EachStageAndStateReadsInPersian) {
  for (std::size_t stage = 0; stage < scheduler::kStageCount; ++stage) {
    for (std::size_t state = 0; state < scheduler::kJobStateCount; ++state) {
      answer_.getJob().setStage(static_cast<protocol::Stage>(stage));
      answer_.getJob().setState(static_cast<protocol::JobState>(state));
      const std::string text = job_text(Language::kPersian);
      EXPECT_TRUE(reads_from_right_to_left(text)) << text;
      expect_contains(text, "کار ۴۲ از پروندهٔ ۱۷: ");
    }
  }
  EXPECT_EQ(decision_text(Language::kPersian), "هرگز واگذار نشده است.\n");
  EXPECT_EQ(decision_text(Language::kEnglish), "It was never assigned.\n");
}

std::string case_text(protocol::CaseState state, Language language) {
  capnp::MallocMessageBuilder message;
  auto found = message.initRoot<protocol::Case>();
  found.setCaseId(17);
  found.setState(state);
  return why_case_text(found.asReader(), language);
}

TEST(WhyCaseTest, ACaseWithoutAJobTellsByItsStateWhatItWaitsFor) {
  using protocol::CaseState;
  EXPECT_EQ(case_text(CaseState::DRAFT, Language::kEnglish),
            "case 17: draft\nThe case is a draft; register it.\n");
  EXPECT_EQ(case_text(CaseState::DRAFT, Language::kPersian),
            "پروندهٔ ۱۷: پیش‌نویس\nپرونده پیش‌نویس است؛ آن را "
            "ثبت "
            "کنید.\n");
  expect_contains(case_text(CaseState::AWAITING_DECISION, Language::kEnglish),
                  "The municipality has not recorded its decision yet.\n");
  expect_contains(case_text(CaseState::CLOSED, Language::kEnglish), "It is finished.\n");
  for (std::size_t state = 0; state < scheduler::kCaseStateCount; ++state) {
    const std::string text = case_text(static_cast<protocol::CaseState>(state), Language::kPersian);
    EXPECT_TRUE(reads_from_right_to_left(text)) << text;
    expect_contains(text, "پروندهٔ ۱۷: ");
  }
}

TEST(WhyCaseTest, TheTimeOfTheMunicipalityIsToldAlsoBeyondTheCalendar) {
  capnp::MallocMessageBuilder message;
  auto found = message.initRoot<protocol::Case>();
  const auto line = [&] { return municipal_line(found.asReader()); };
  found.setDecisionDue(scheduler::kNever.ms);
  found.setDecisionBand(protocol::SlaBand::PAUSED);
  EXPECT_EQ(line(), "") << "no clock of it runs";
  found.setDecisionBand(protocol::SlaBand::AMBER);
  found.setDecisionRemainingMinutes(180);
  EXPECT_EQ(line(),
            "  waits for the municipality: due beyond the calendar that is set, 3 h of working "
            "time left (amber)\n");
  found.setDecisionDue(12 * 60 * scheduler::kMsPerMinute);  // that day in every zone near
  found.setDecisionRemainingMinutes(-40);
  expect_contains(line(), ": due 1970-01-01 ");
  expect_contains(line(), ", 40 min of working time over (amber)");
  const std::string late = municipal_line(found.asReader(), Language::kPersian);
  EXPECT_TRUE(reads_from_right_to_left(late)) << late;
  expect_contains(late, "، ۴۰ دقیقه از زمان کاری گذشته (زرد)\n");
  found.setDecisionDue(scheduler::kNever.ms);
  found.setDecisionRemainingMinutes(180);
  EXPECT_EQ(municipal_line(found.asReader(), Language::kPersian),
            "  در انتظار شهرداری: مهلت پس از پایان تقویم، ۳ ساعت از زمان کاری مانده (زرد)\n");
}

TEST_F(WhyTextTest, WhoCouldTakeItIsToldByFilter) {
  auto stuck = answer_.getStuck();
  stuck.setCertified(5);
  stuck.setWithCapacity(2);
  stuck.setWaiting(1);
  stuck.setAhead(4);
  stuck.initRemoved(kFilterCount).set(raw(Filter::kOffice), 3);
  expect_contains(job_text(Language::kEnglish),
                  "Certified now 5, of them 2 may take it, of these 1 wait for work; kept from it "
                  "by filter: 3 office; jobs before it 4.\n");
  for (std::size_t filter = 1; filter < kFilterCount; ++filter) {
    stuck.initRemoved(kFilterCount).set(static_cast<unsigned>(filter), 3);
    const std::string text = job_text(Language::kPersian);
    EXPECT_TRUE(reads_from_right_to_left(text)) << text;
    expect_contains(text, protocol::persian::name_of(static_cast<Filter>(filter)));
  }
}

TEST_F(WhyTextTest, AReservationIsToldInPersian) {
  answer_.getJob().setPlannedFor(9);
  answer_.getJob().setPlannedStart(1'735'689'600'000);
  answer_.getJob().setPlanLocks(7);
  const std::string text = job_text(Language::kPersian);
  EXPECT_TRUE(reads_from_right_to_left(text)) << text;
  expect_contains(text, "کارشناس ۹");
  expect_contains(text, "کارشناس، نیم‌روز، ترتیب");
}

TEST_F(WhyTextTest, AClaimNamesJobsAndAnOfferPeople) {
  for (const bool by_claim : {true, false}) {
    auto decision = decided(by_claim);
    decision.setConsidered(13);
    decision.getRemoved().set(raw(Filter::kConflict), 12);
    auto rejected = decision.initRejected(1);
    rejected[0].setJob(by_claim ? 31 : 0);
    rejected[0].setExpert(by_claim ? 0 : 31);
    rejected[0].setFilter(protocol::Filter::CONFLICT);
    const std::string english = decision_text(Language::kEnglish);
    expect_contains(english, by_claim ? "job before it" : "rejected expert");
    expect_contains(english, "31  conflict\n");
    expect_contains(english, "The first 1 of 12 are named.\n");
    expect_contains(english, by_claim
                                 ? "Jobs considered: 13; removed by filter: 12 conflict.\n"
                                 : "Experts considered: 13; removed by filter: 12 conflict.\n");
    const std::string persian = decision_text(Language::kPersian);
    EXPECT_TRUE(reads_from_right_to_left(persian)) << persian;
    expect_contains(persian, by_claim ? "کاری که پیش‌تر بود"
                                      : "کارشناس کنار گذاشته‌شده");
    expect_contains(persian, "۳۱");
    expect_contains(persian, "تعارض منافع");
    expect_contains(persian, "۱ مورد نخست از ۱۲ مورد نام برده شده است.\n");
    expect_contains(persian, "۴٫۳ کیلومتر");
    expect_contains(persian, "۱۲٫۳ ٪");
    expect_contains(persian, "برگزیده");
  }
}

TEST_F(WhyTextTest, JobsThatCameLaterAreCountedAndNotNamed) {
  decided(true).getRemoved().set(raw(Filter::kConflict), 2);
  expect_contains(decision_text(Language::kEnglish),
                  "None of 2 jobs that did not fit comes before it.\n");
  const std::string text = decision_text(Language::kPersian);
  EXPECT_TRUE(reads_from_right_to_left(text)) << text;
}

TEST(ZoningTextTest, EachResultReadsInPersian) {
  for (unsigned result = 0; result <= static_cast<unsigned>(protocol::ZoningResult::BEYOND);
       ++result) {
    for (const unsigned cost : {0U, 2U}) {
      capnp::MallocMessageBuilder message;
      auto found = message.initRoot<protocol::Case>();
      EXPECT_TRUE(reads_from_right_to_left(zoning_lines(found.asReader(), Language::kPersian)));
      found.setZone("R122");
      found.setStreetWidthDm(125);
      found.setCoveragePermille(625);
      EXPECT_TRUE(reads_from_right_to_left(zoning_lines(found.asReader(), Language::kPersian)));
      auto finding = found.initZoning();
      finding.setResult(static_cast<protocol::ZoningResult>(result));
      finding.setNotBuildable(cost == 0);
      finding.setAllowedFloors(4);
      finding.setAreaUnmet(true);
      finding.setAreaCost(static_cast<std::uint8_t>(cost));
      finding.setStreetUnmet(true);
      finding.setStreetCost(static_cast<std::uint8_t>(cost));
      finding.setAreaUnknown(true);
      finding.setStreetUnknown(true);
      const std::string text = zoning_lines(found.asReader(), Language::kPersian);
      EXPECT_TRUE(reads_from_right_to_left(text)) << text;
      expect_contains(text, "سطح اشغال ۶۲٫۵ ٪، عرض گذر ۱۲٫۵ متر");
    }
  }
}

}  // namespace
}  // namespace permitd::cli
