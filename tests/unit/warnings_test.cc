// Goal: what must be looked at is said when it begins and when it ends, once each, and nothing that
// is over. Method: figures made by hand, and the small city of the core's own tests.
#include "daemon/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/http_metrics.h"
#include "daemon/lapse_count.h"
#include "daemon/ops_thread.h"
#include "tests/support/small_city.h"

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kMunicipal = raw(PriorityClass::kMunicipal);
constexpr std::size_t kFile = raw(Skill::kFile);

StatsView waiting(std::uint32_t minutes) {
  StatsView stats;
  stats.waiting_alarm_minutes = 840;
  stats.ready[kMunicipal][kFile] = 3;
  stats.waiting_minutes[kMunicipal][kFile] = minutes;
  return stats;
}

TEST(WarningsTest, WorkThatWaitsTooLongIsSaidWhenItBeginsAndWhenItEnds) {
  Warnings warnings;
  EXPECT_THAT(warnings.look(waiting(839), 1), IsEmpty());
  const auto begun = warnings.look(waiting(840), 1);
  ASSERT_THAT(begun, SizeIs(1));
  EXPECT_EQ(begun[0].level, LogLevel::kWarning);
  EXPECT_EQ(begun[0].text,
            "waiting too long: municipal jobs of skill file, 3 of them ready; the oldest for 840 "
            "working minutes, the policy allows 840");
  EXPECT_THAT(warnings.look(waiting(900), 1), IsEmpty());
  const auto ended = warnings.look(waiting(0), 1);
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].text, "not waiting too long any more: municipal jobs of skill file");
  EXPECT_THAT(warnings.look(waiting(0), 2), IsEmpty());
}

TEST(WarningsTest, WithoutAThresholdNothingIsSaid) {
  Warnings warnings;
  StatsView stats = waiting(1'000'000);
  stats.waiting_alarm_minutes = 0;
  EXPECT_THAT(warnings.look(stats, 1), IsEmpty());
}

TEST(WarningsTest, CertificatesAreToldOfOnceADay) {
  Warnings warnings;
  StatsView stats;
  stats.lapse_warning_days = 60;
  EXPECT_THAT(warnings.look(stats, 1), IsEmpty());
  stats.certificates_lapsing = {2, 0, 0, 1};
  EXPECT_THAT(warnings.look(stats, 1), IsEmpty());
  const auto said = warnings.look(stats, 2);
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said[0].text, HasSubstr("3 certificates end within 60 days: "));
  EXPECT_THAT(said[0].text, HasSubstr("file 2"));
  EXPECT_THAT(warnings.look(stats, 2), IsEmpty());
}

class LapseCountTest : public tests::SmallCity {
 protected:
  static constexpr std::int64_t kDay = 24 * 60;

  void set_policy(std::uint16_t days) {
    SetPolicy policy;
    policy.lapse_warning_days = days;
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  }
  void certify(ExpertId who, Skill skill, std::int64_t days) {
    SetCertificate certificate;
    certificate.expert = who;
    certificate.skill = skill;
    certificate.valid_from = now_;
    certificate.valid_until = {now_.ms + days * kDay * kMsPerMinute};
    ASSERT_EQ(apply(CommandKind::kSetCertificate, certificate, supervisor()).refusal,
              Refusal::kNone);
  }
  std::uint32_t lapsing(Skill skill, Scope scope = {}) const {
    LapseCount count(scope);
    while (!count.run(scheduler_)) {
    }
    return count.lapsing[raw(skill)];
  }
};

TEST_F(LapseCountTest, CountsWhatEndsWithinTheDaysOfThePolicyAndHasNotEnded) {
  set_policy(10);
  EXPECT_EQ(lapsing(Skill::kFile), 0U);  // all end in a year
  certify(tests::kClerk, Skill::kFile, 10);
  certify(tests::kOtherClerk, Skill::kFile, 11);
  EXPECT_EQ(lapsing(Skill::kFile), 1U);
  EXPECT_EQ(lapsing(Skill::kAdmin), 0U);
  set_policy(11);
  EXPECT_EQ(lapsing(Skill::kFile), 2U);
  wait(10 * kDay);
  apply(CommandKind::kTick, TickBody{}, engine());
  EXPECT_EQ(lapsing(Skill::kFile), 1U);
  set_policy(0);
  EXPECT_EQ(lapsing(Skill::kFile), 0U);
}

TEST_F(LapseCountTest, ThoseWhoDoNotWorkAreNotCounted) {
  certify(tests::kClerk, Skill::kFile, 5);
  SetExpertState body;
  body.expert = tests::kClerk;
  body.state = ExpertState::kSuspended;
  body.reason = Reason::kSupervisorOrder;
  body.note = tests::text<79>("under inquiry");
  ASSERT_EQ(apply(CommandKind::kSetExpertState, body, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(lapsing(Skill::kFile), 0U);
}

TEST_F(LapseCountTest, ADistrictCountsItsOwn) {
  certify(tests::kClerk, Skill::kFile, 5);  // of an office in district 1
  EXPECT_EQ(lapsing(Skill::kFile, Scope::of_districts(protocol::DistrictSet{1} << 1)), 1U);
  EXPECT_EQ(lapsing(Skill::kFile, Scope::of_districts(protocol::DistrictSet{1} << 2)), 0U);
}

TEST(HttpMetricsTest, DecisionsInTimeAndLateAreTwoSamplesOfOneMetric) {
  OpsFigures figures;
  figures.stats.decisions_in_time = 7;
  figures.stats.decisions_late = 2;
  EXPECT_THAT(metrics_text(figures, {}),
              HasSubstr("# TYPE permitd_municipal_decisions_total counter\n"
                        "permitd_municipal_decisions_total{in_time=\"yes\"} 7\n"
                        "permitd_municipal_decisions_total{in_time=\"no\"} 2\n"));
}

TEST(HttpMetricsTest, AlarmsAndLapsesAreMetrics) {
  OpsFigures figures;
  figures.stats = waiting(840);
  figures.stats.certificates_lapsing[kFile] = 4;
  const std::string text = metrics_text(figures, {});
  EXPECT_THAT(text, HasSubstr("permitd_waiting_alarm{class=\"municipal\",skill=\"file\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("permitd_waiting_alarm{class=\"other\",skill=\"file\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("permitd_oldest_ready_working_minutes{class=\"municipal\","
                              "skill=\"file\"} 840\n"));
  EXPECT_THAT(text, HasSubstr("permitd_certificates_lapsing{skill=\"file\"} 4\n"));
}

}  // namespace
}  // namespace permitd::daemon
