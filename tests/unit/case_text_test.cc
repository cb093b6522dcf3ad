// Goal: `get` says in both languages what a case is, and in Persian nothing else but codes. Method:
// a case made by hand, in each state, class and stage, and with a job of each state and band.
#include "cli/case_text.h"

#include <capnp/message.h>
#include <gtest/gtest.h>

#include <memory>

#include "cli/event_text.h"
#include "protocol/persian.h"
#include "tests/support/persian_text.h"

namespace permitd::cli {
namespace {

using protocol::Language;
using tests::expect_contains;
using tests::reads_from_right_to_left;

class CaseTextTest : public testing::Test {
 protected:
  CaseTextTest() : case_(message_->initRoot<protocol::Case>()) {
    case_.setCaseId(17);
    case_.setService(3);
    case_.setServiceVersion(2);
    case_.setOffice(101);
    case_.setDistrict(5);
    case_.setParcel("12-34-567 B");
    case_.setReference("REF-9");
    case_.setFloors(4);
    case_.setAreaM2(1250);
    case_.setOwner(77);
    case_.setOrganisation(1);
    case_.setRegisteredAt(1'735'689'600'000);
    case_.setClosedAt(scheduler::kNever.ms);
    case_.setDecisionBand(protocol::SlaBand::PAUSED);
    auto stages = case_.initStages(2);
    stages.set(0, protocol::Stage::FILE_FORMATION);
    stages.set(1, protocol::Stage::MUNICIPAL_DECISION);
    case_.setStageIndex(1);
    job_ = case_.initJobs(1)[0];
    job_.setJob(42);
    job_.setCaseId(17);
    job_.setIntakeOffice(101);
    job_.setDistrict(5);
    job_.setEffortMinutes(200);
    job_.setDeadline(1'735'689'600'000);
    job_.setRemainingMinutes(-40);
    job_.setReadySince(scheduler::kNever.ms);
  }

  std::string told(Language language) const { return case_text(case_.asReader(), language); }

  std::unique_ptr<capnp::MallocMessageBuilder> message_ =
      std::make_unique<capnp::MallocMessageBuilder>();
  protocol::Case::Builder case_;
  protocol::Job::Builder job_{nullptr};
};

TEST_F(CaseTextTest, EachLineIsThereInBothLanguages) {
  const std::string english = told(Language::kEnglish);
  expect_contains(english, "case 17: draft, service 3 version 2, office 0101, district 5\n");
  expect_contains(english, "  parcel 12-34-567 B, reference REF-9, not built, 4 floors, 1,250 m²,");
  expect_contains(english, "organisation 1, class expedited\n");
  expect_contains(english, "; not decided, not paid\n");
  expect_contains(english, "  stages fileFormation > [municipalDecision]\n");
  expect_contains(english, "-40 min");
  const std::string persian = told(Language::kPersian);
  EXPECT_TRUE(reads_from_right_to_left(persian)) << persian;
  expect_contains(persian,
                  "پروندهٔ ۱۷: پیش‌نویس، خدمت ۳ نسخهٔ ۲، دفتر ۰۱۰۱، "
                  "منطقهٔ "
                  "۵\n");
  expect_contains(persian, "  ملک \u206612-34-567 B\u2069، شمارهٔ مرجع \u2066REF-9\u2069، ");
  expect_contains(persian, "۴ طبقه، ۱۲۵۰ متر مربع، سازمان ۱، اولویت «فوری»\n");
  expect_contains(persian, "  مالک ۷۷، طراح ۰، مهندس ناظر ۰\n");
  expect_contains(persian, "؛ تصمیم گرفته نشده، عوارض پرداخت نشده\n");
  expect_contains(persian,
                  "  مرحله‌ها: تشکیل پرونده ← [تصمیم شهرداری]\n");
  expect_contains(persian, "۳ ساعت و ۲۰ دقیقه");
  expect_contains(persian, "۴۰ دقیقه گذشته");
}

TEST_F(CaseTextTest, WhatHasHappenedMeanwhileIsTold) {
  case_.setDecided(true);
  case_.setFeesPaid(true);
  case_.setFeesRial(5'000'000);
  case_.setBuilt(true);
  case_.setClosedAt(1'735'776'000'000);
  case_.setDecisionBand(protocol::SlaBand::RED);
  case_.setDecisionRemainingMinutes(-60);
  expect_contains(told(Language::kEnglish), "; decided, 5,000,000 rial paid\n");
  expect_contains(told(Language::kEnglish), ", built, ");
  const std::string persian = told(Language::kPersian);
  EXPECT_TRUE(reads_from_right_to_left(persian)) << persian;
  for (const char* part : {"، پایان ", "؛ تصمیم گرفته شده، ۵۰۰۰۰۰۰ ریال پرداخت شده\n", "با ساختمان",
                           "در انتظار شهرداری: مهلت ", "، ۱ ساعت از زمان کاری گذشته (قرمز)\n"}) {
    expect_contains(persian, part);
  }
}

TEST_F(CaseTextTest, EachStateClassAndBandReadsInPersian) {
  for (std::size_t state = 0; state < scheduler::kCaseStateCount; ++state) {
    case_.setState(static_cast<protocol::CaseState>(state));
    case_.setPriority(static_cast<protocol::PriorityClass>(state % scheduler::kClassCount));
    const std::string text = told(Language::kPersian);
    EXPECT_TRUE(reads_from_right_to_left(text)) << text;
  }
  for (std::size_t state = 0; state < scheduler::kJobStateCount; ++state) {
    job_.setState(static_cast<protocol::JobState>(state));
    job_.setBand(static_cast<protocol::SlaBand>(state % scheduler::kSlaBandCount));
    job_.setPriority(static_cast<protocol::PriorityClass>(state % scheduler::kClassCount));
    job_.setRework(state % 2 == 0);
    job_.setHolder(static_cast<std::uint32_t>(state));
    Table table = job_table(Language::kPersian);
    add_job(table, job_.asReader(), Language::kPersian);
    EXPECT_TRUE(reads_from_right_to_left(table.aligned())) << table.aligned();
    expect_contains(table.aligned(),
                    protocol::persian::name_of(static_cast<scheduler::JobState>(state)));
    expect_contains(table.aligned(), state % 2 == 0 ? "رفع نقص" : "انجام");
  }
}

}  // namespace
}  // namespace permitd::cli
