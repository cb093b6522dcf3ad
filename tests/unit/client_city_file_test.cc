// Goal: a city file means what its grammar says, and a wrong one is answered with file, line, key
// and range. Method: small texts, and the files that come with the project.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/city_calendar.h"
#include "cli/city_file.h"
#include "cli/office_client.h"

namespace permitd::cli {
namespace {

using namespace scheduler;
using testing::ElementsAre;
using testing::HasSubstr;

City read(std::string_view text) {
  auto city = read_city_text(text, "test.toml", "");
  if (!city) ADD_FAILURE() << city.error().text();
  return city.value_or(City{});
}
std::vector<std::string> problems(std::string_view text) {
  auto city = read_city_text(text, "test.toml", "");
  if (city) ADD_FAILURE() << "no problem found";
  return city ? std::vector<std::string>{} : city.error().lines;
}

TEST(CityFileTest, AnExpertDeclaresRelatives) {
  const std::string expert = "[[expert]]\nid = 1\noffice = \"0101\"\nperson = 7\n";
  EXPECT_EQ(read(expert + "relatives = [501, 502]\n").experts[0].relatives[1], PersonId{502});
  for (const char* more : {"relatives = [1, 2, 3, 4, 5]\n", "count = 2\nrelatives = [501]\n"}) {
    EXPECT_THAT(problems(expert + more), ElementsAre(HasSubstr("expert[1].relatives"))) << more;
  }
}

TEST(CityFileTest, MinimalCityIsWhole) {
  auto city = read_city_file(PERMITD_SOURCE_DIR "/city/minimal.toml");
  ASSERT_TRUE(city) << city.error().text();
  EXPECT_EQ(city->offices.size(), 1U);
  EXPECT_EQ(city->experts.size(), 5U);
  EXPECT_EQ(city->certificates.size(), 5U);
  EXPECT_EQ(city->activations.size(), 1U);
  EXPECT_EQ(raw(city->experts[4].person), 1005U);
  EXPECT_EQ(view_of(city->experts[4].label), "Expert 5");
  ASSERT_TRUE(city->calendar);
  const auto& days = city->calendar->days;
  for (std::size_t index = 1; index < days.size(); ++index) {
    ASSERT_EQ(days[index - 1].open_minute + days[index - 1].length_minutes, days[index].open_minute)
        << "an always-open calendar has no gap and no overlap";
  }
}

TEST(CityFileTest, TehranIsReadWithoutProblems) {
  auto city = read_city_file(PERMITD_SOURCE_DIR "/city/tehran.toml");
  ASSERT_TRUE(city) << city.error().text();
  EXPECT_EQ(city->offices.size(), 50U);
  EXPECT_GE(city->services.size(), 12U);
}

TEST(CityFileTest, EmptyFileDefinesNothing) {
  auto city = read("");
  EXPECT_FALSE(city.policy);
  EXPECT_FALSE(city.calendar);
  EXPECT_TRUE(city.offices.empty());
}

TEST(CityFileTest, PolicyDefaultsAreTheSchedulersOwn) {
  auto city = read("[policy]\nlease_minutes = 45\n");
  SetPolicy expected;
  expected.lease_minutes = 45;
  EXPECT_EQ(*city.policy, expected);
}

TEST(CityFileTest, ProblemNamesFileLineKeyAndRange) {
  auto lines = problems("[policy]\n\nlease_minutes = 5000\nleese_minutes = 3\n");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "test.toml:3: policy.lease_minutes: it must be a whole number, 1–1440");
  EXPECT_EQ(lines[1], "test.toml:4: policy.leese_minutes: there is no such key");
}

TEST(CityFileTest, SyntaxErrorNamesTheLine) {
  auto lines = problems("[policy]\nlease_minutes = \n");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("test.toml:2"));
}

TEST(CityFileTest, ServiceOverridesItsTemplate) {
  auto city = read(R"(
    [stage.plan_review]
    skill = "review"
    confirmer = "second_reviewer_above_area"
    effort_minutes = 120
    sla_minutes = 1680
    [[service]]
    id = 4
    label = "Review"
    stages = ["plan_review"]
    [[service]]
    id = 5
    stages = [{ stage = "plan_review", effort_minutes = 30, not_mechanised = true }]
  )");
  ASSERT_EQ(city.services.size(), 2U);
  EXPECT_EQ(city.services[0].stages[0].effort_minutes, 120);
  EXPECT_EQ(city.services[0].stages[0].skill, Skill::kReview);
  const auto& own = city.services[1].stages[0];
  EXPECT_EQ(own.effort_minutes, 30);
  EXPECT_EQ(own.sla_minutes, 1680);
  EXPECT_EQ(own.flags, kStageNotMechanised);
  EXPECT_EQ(own.confirmer, Confirmer::kSecondReviewerAboveArea);
}

TEST(CityFileTest, SovereignStageNeedsNoEffortAndNoSkill) {
  auto city = read(
      "[stage.municipal_decision]\nsovereign = true\nsla_minutes = 420\n"
      "[[service]]\nid = 1\nstages = [\"municipal_decision\"]\n");
  EXPECT_EQ(city.services[0].stages[0].flags, kStageIsSovereign);
  EXPECT_EQ(city.services[0].stages[0].effort_minutes, 0);
}

TEST(CityFileTest, UnknownStageIsReported) {
  EXPECT_THAT(problems("[[service]]\nid = 1\nstages = [\"plan_review\"]\n"),
              ElementsAre(HasSubstr("service[1].stages")));
}

TEST(CityFileTest, OfficeHasItsServicesFromItsDate) {
  auto city = read(R"(
    [stage.file_formation]
    skill = "file"
    effort_minutes = 30
    sla_minutes = 420
    [[service]]
    id = 1
    stages = ["file_formation"]
    [[service]]
    id = 2
    stages = ["file_formation"]
    [[office]]
    code = "0503"
    technical_manager = 7
    services = [2]
    services_from = 2025-03-21
    [[activation]]
    office = "all"
    service = 1
    from = 2025-09-23T08:00:00Z
  )");
  ASSERT_EQ(city.activations.size(), 2U);
  EXPECT_EQ(raw(city.offices[0].office), 503);
  EXPECT_EQ(city.offices[0].district, 5);
  // 2025-03-21 00:00 in Tehran is 20:30 UTC of the day before.
  EXPECT_EQ(city.activations[0].from.ms, 1'742'502'600'000);
  EXPECT_EQ(city.activations[0].until, kNever);
  EXPECT_EQ(city.activations[1].from.ms, 1'758'614'400'000);
}

TEST(CityFileTest, ActiveOfficeWithoutTechnicalManagerIsReported) {
  EXPECT_THAT(problems("[[office]]\ncode = \"0101\"\n"),
              ElementsAre(HasSubstr("technical_manager")));
}

TEST(CityFileTest, SkillsOfWhoHasPassedNoExamAreReported) {
  const auto with_state = [](std::string_view state) {
    return "[[office]]\ncode = \"0101\"\ntechnical_manager = 1\n"
           "[[expert]]\nid = 1\noffice = \"0101\"\nperson = 1\nskills = [\"file\"]\nstate = \"" +
           std::string(state) + "\"\n";
  };
  for (const char* state : {"candidate", "in_training", "exam_pending", "left"})
    EXPECT_THAT(problems(with_state(state)), ElementsAre(HasSubstr("expert[1].skills"))) << state;
  for (const char* state : {"certified", "suspended", "expired"})
    EXPECT_EQ(read(with_state(state)).certificates.size(), 1U) << state;
}

TEST(CityFileTest, ExpertOfAnUndefinedOfficeIsReported) {
  auto lines = problems(
      "[[office]]\ncode = \"0101\"\ntechnical_manager = 1\n"
      "[[expert]]\nid = 1\noffice = \"0102\"\nperson = 1\n");
  EXPECT_THAT(lines, ElementsAre(HasSubstr("expert[1].office")));
}

TEST(CityFileTest, DuplicatesAreReported) {
  auto lines = problems(
      "[[expert]]\nid = 1\ncount = 3\noffice = \"0101\"\nperson = 1\n"
      "[[expert]]\nid = 3\noffice = \"0101\"\nperson = 9\n");
  EXPECT_THAT(lines, ElementsAre(HasSubstr("expert 3 is defined twice")));
}

TEST(CityFileTest, UnknownTimeZoneIsReported) {
  EXPECT_THAT(problems("[city]\ntime_zone = \"Asia/Nowhere\"\n"),
              ElementsAre(HasSubstr("city.time_zone")));
}

// ---- calendar ----

std::string calendar(std::string_view more) {
  return "[city]\ntime_zone = \"Asia/Tehran\"\n[calendar]\nfrom = 2025-03-20\nuntil = "
         "2025-04-05\n" +
         std::string(more);
}
bool is_open(const City& city, std::string_view day) {
  auto index = static_cast<std::size_t>(*parse_day(day) - city.calendar->first_day);
  return city.calendar->days.at(index).length_minutes > 0;
}

TEST(CityCalendarTest, HoursAreUtc) {
  auto city = read(calendar("[[calendar.hours]]\nsaturday = \"07:30-14:30\"\n"));
  // 2025-03-22 is a Saturday; Tehran is 3 h 30 min ahead of UTC.
  const auto& day = city.calendar->days[2];
  EXPECT_EQ(day.open_minute, static_cast<std::uint32_t>(*parse_day("2025-03-22")) * 1440 + 4 * 60);
  EXPECT_EQ(day.length_minutes, 420);
  EXPECT_FALSE(is_open(city, "2025-03-21"));
  EXPECT_FALSE(is_open(city, "2025-03-23"));
}

TEST(CityCalendarTest, LastPatternWhoseDateHasComeIsInForce) {
  auto city =
      read(calendar("[[calendar.hours]]\nfrom = 2025-03-25\nthursday = \"08:00-12:00\"\n"
                    "[[calendar.hours]]\nfrom = 2025-04-01\nfriday = \"08:00-12:00\"\n"));
  EXPECT_FALSE(is_open(city, "2025-03-20")) << "no pattern yet";
  EXPECT_TRUE(is_open(city, "2025-03-27"));
  EXPECT_FALSE(is_open(city, "2025-04-03"));
  EXPECT_TRUE(is_open(city, "2025-04-04"));
}

TEST(CityCalendarTest, ClosureBeatsPatternAndOpeningBeatsClosure) {
  auto city =
      read(calendar("[[calendar.hours]]\nsunday = \"08:00-12:00\"\nmonday = \"08:00-12:00\"\n"
                    "[[calendar.closure]]\nfrom = 2025-03-23\nuntil = 2025-03-24\nwhy = \"heat\"\n"
                    "[[calendar.opening]]\ndate = 2025-03-24\nhours = \"09:00-10:00\"\n"));
  EXPECT_FALSE(is_open(city, "2025-03-23"));
  EXPECT_TRUE(is_open(city, "2025-03-24"));
  EXPECT_TRUE(is_open(city, "2025-03-30"));
}

TEST(CityCalendarTest, HolidaysOfACsvAreClosed) {
  auto days = read_holidays(PERMITD_SOURCE_DIR "/city/iran-holidays.csv");
  ASSERT_TRUE(days) << days.error();
  EXPECT_GT(days->size(), 400U);
  auto text = calendar(
      fmt::format("holidays = [\"{}/city/iran-holidays.csv\"]\n"
                  "[[calendar.hours]]\ntuesday = \"08:00-12:00\"\nwednesday = \"08:00-12:00\"\n",
                  PERMITD_SOURCE_DIR));
  auto city = read(text);
  EXPECT_FALSE(is_open(city, "2025-04-01")) << "12 Farvardin, a Tuesday";
  EXPECT_TRUE(is_open(city, "2025-03-26"));
  const auto at = static_cast<std::size_t>(*parse_day("2025-04-01") - city.calendar->first_day);
  EXPECT_EQ(city.calendar->notes.size(), city.calendar->days.size());
  EXPECT_THAT(city.calendar->notes[at], HasSubstr("Republic"));
}

TEST(CityCalendarTest, DaysWithTheSameReasonTravelTogether) {
  auto city = read(calendar(
      "[[calendar.closure]]\nfrom = 2025-03-23\nuntil = 2025-03-24\nwhy = \"heat\"\n"
      "[[calendar.opening]]\ndate = 2025-03-25\nhours = \"09:00-10:00\"\nwhy = \"instead\"\n"));
  const auto runs = runs_of(*city.calendar);
  std::size_t days = 0;
  std::vector<std::pair<std::string, std::size_t>> named;
  for (const CalendarRunSpec& run : runs) {
    EXPECT_EQ(run.first_day, city.calendar->first_day + static_cast<LocalDay>(days));
    EXPECT_LE(run.days.size(), kCalendarDaysPerCommand);
    days += run.days.size();
    if (!run.note.empty()) named.emplace_back(run.note, run.days.size());
  }
  EXPECT_EQ(days, city.calendar->days.size());
  EXPECT_THAT(named, ElementsAre(std::pair<std::string, std::size_t>("heat", 2),
                                 std::pair<std::string, std::size_t>("instead", 1)));
}

TEST(CityCalendarTest, ANameIsCutBetweenCharactersAndSaysThatItIsEstimated) {
  EXPECT_EQ(name_of_day("Eid", true), "Eid (estimated)");
  EXPECT_EQ(name_of_day("Eid", false), "Eid");
  EXPECT_EQ(name_of_day("", true), "");
  std::string long_name = "x";
  while (long_name.size() < 120) long_name += "عید";
  for (const bool is_estimated : {false, true}) {
    const std::string cut = name_of_day(long_name, is_estimated);
    EXPECT_LE(cut.size(), Note::kCapacity);
    EXPECT_GE(cut.size(), Note::kCapacity - 1);
    EXPECT_TRUE(protocol::is_valid_text(cut));
  }
}

TEST(CityFileTest, AStageCanBeOnlyOfWhatIsBuilt) {
  auto city = read_city_file(PERMITD_SOURCE_DIR "/city/tehran.toml");
  ASSERT_TRUE(city) << city.error().text();
  const DefineService& amendment = city->services[3];
  ASSERT_EQ(amendment.stage_count, 6);
  EXPECT_EQ(amendment.stages[1].stage, Stage::kSiteInspection);
  EXPECT_EQ(amendment.stages[1].flags,
            kStageNeedsAppointment | kStageFieldLease | kStageOnlyIfBuilt);
  EXPECT_EQ(amendment.stages[1].effort_minutes, 60);
  for (const DefineService& service : city->services) {
    if (service.service == amendment.service) continue;
    for (const StageSpec& stage : service.stages) EXPECT_EQ(stage.flags & kStageOnlyIfBuilt, 0);
  }
}

TEST(CityCalendarTest, MissingHolidayFileIsReported) {
  EXPECT_THAT(problems(calendar("holidays = [\"no-such.csv\"]\n")),
              ElementsAre(HasSubstr("no-such.csv")));
}

TEST(CityCalendarTest, DayOnWhichClocksChangeIsShorter) {
  ASSERT_TRUE(use_time_zone("Europe/Berlin"));
  auto spring = to_calendar_day(*parse_day("2025-03-30"), DayHours{0, 1440});
  EXPECT_EQ(spring.length_minutes, 23 * 60);
  auto office_hours = to_calendar_day(*parse_day("2025-03-30"), DayHours{8 * 60, 12 * 60});
  EXPECT_EQ(office_hours.length_minutes, 4 * 60);
  ASSERT_TRUE(use_time_zone(kDefaultTimeZone));
}

TEST(CityCalendarTest, HoursOutsideTheDayAreRefused) {
  EXPECT_TRUE(parse_hours("00:00-24:00"));
  for (auto text : {"24:00-25:00", "08:00-08:00", "14:30-07:30", "7:30-14:30", "07:60-08:00",
                    "07:30-14:3x", ""}) {
    EXPECT_FALSE(parse_hours(text)) << text;
  }
}

// ---- local time ----

TEST(LocalTimeTest, WeekBeginsOnSaturday) {
  EXPECT_EQ(weekday_of(*parse_day("2025-03-21")), 6) << "1 Farvardin 1404 was a Friday";
  EXPECT_EQ(weekday_of(*parse_day("2026-03-21")), 0) << "1 Farvardin 1405 is a Saturday";
}

TEST(LocalTimeTest, MomentsAreReadAndWritten) {
  ASSERT_TRUE(use_time_zone(kDefaultTimeZone));
  Tick now{1'758'614'400'000};
  EXPECT_EQ(local_text(now), "2025-09-23 11:30");
  EXPECT_EQ(parse_moment("2025-09-23 11:30", now), now);
  EXPECT_EQ(parse_moment("2025-09-23T11:30", now), now);
  EXPECT_EQ(parse_moment("2025-09-23", now), (Tick{now.ms - (11 * 60 + 30) * kMsPerMinute}));
  EXPECT_EQ(parse_moment("+90m", now), (Tick{now.ms + 90 * kMsPerMinute}));
  EXPECT_EQ(parse_moment("-1d", now), (Tick{now.ms - 86'400'000}));
  EXPECT_EQ(parse_moment("never", now), kNever);
  for (auto text :
       {"", "today", "2025-13-01", "2025-02-29", "2025-09-23 25:00", "+5", "2025-09-23x11:30"}) {
    EXPECT_FALSE(parse_moment(text, now)) << text;
  }
  EXPECT_EQ(local_text(kNever), "never");
}

}  // namespace
}  // namespace permitd::cli
