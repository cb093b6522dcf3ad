// Goal: an override is told in both languages with the same facts, and in Persian with nothing
// else; programs get numbers. Method: one made by hand.
#include "cli/override_text.h"

#include <capnp/message.h>
#include <gtest/gtest.h>

#include "cli/local_time.h"
#include "tests/support/persian_text.h"

namespace permitd::cli {
namespace {

using protocol::Language;
using tests::expect_contains;
using tests::reads_from_right_to_left;

class OverrideTextTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(use_time_zone(kDefaultTimeZone)); }

  static Table table(Language language, unsigned visits_max) {
    capnp::MallocMessageBuilder message;
    auto one = message.initRoot<protocol::Override>();
    one.setOp(99);
    one.setAt(1'742'515'200'000);  // 2025-03-21 03:30 in Tehran
    one.setJob(42);
    one.setCaseId(17);
    one.setDistrict(5);
    one.setExpert(7);
    one.setActorKind(protocol::ActorKind::SUPERVISOR);
    one.setActor(3);
    one.setMinutesBefore(390);
    one.setEffortMinutes(60);
    one.setCapacityMinutes(420);
    one.setVisitsBefore(8);
    one.setVisitsMax(static_cast<std::uint16_t>(visits_max));
    one.setNote("سیل");
    Table out = override_table(language);
    add_override(out, one.asReader(), language);
    return out;
  }
};

TEST_F(OverrideTextTest, TheSameFactsInBothLanguages) {
  const std::string english = table(Language::kEnglish, 8).aligned();
  for (const char* fact : {"2025-03-21 03:30", "42", "17", "supervisor 3", "6 h 30 min", "1 h",
                           "7 h", "8 of 8", "سیل"}) {
    expect_contains(english, fact);
  }
  const std::string persian = table(Language::kPersian, 8).aligned();
  EXPECT_TRUE(reads_from_right_to_left(persian)) << persian;
  for (const char* fact : {"۱۴۰۴/۰۱/۰۱ ساعت ۰۳:۳۰", "۴۲", "۱۷", "ناظر ۳", "۶ ساعت و ۳۰ دقیقه",
                           "۱ ساعت", "۷ ساعت", "۸ از ۸", "سیل"}) {
    expect_contains(persian, fact);
  }
}

TEST_F(OverrideTextTest, ProgramsGetNumbersAndOfOtherJobsNoVisits) {
  EXPECT_EQ(table(Language::kEnglish, 8).csv(),
            "when,job,case,district,expert,by,minutes_before,effort_minutes,capacity_minutes,"
            "visits_before,why\n"
            "2025-03-21 03:30,42,17,5,7,supervisor 3,390,60,420,8,سیل\n");
  expect_contains(table(Language::kEnglish, 0).csv(), ",390,60,420,,سیل\n");
}

}  // namespace
}  // namespace permitd::cli
