// Goal: a city is defined in order and once, and the report says what is true of the daemon
// afterwards. Method: small cities against a fake daemon that remembers keys as the real one does.
#include <algorithm>

#include "cli/city_load.h"
#include "tests/unit/client_fake_gateway.h"

namespace permitd::cli {
namespace {

using tests::FakeDaemon;
using tests::FakeWorld;

class CityLoadTest : public testing::Test {
 protected:
  FakeWorld world;
  FakeDaemon daemon;
  Client client{world.timer, daemon.connector()};
  SupervisorClient supervisor{client};

  static City a_city(std::uint16_t lease_minutes) {
    City city;
    city.policy = scheduler::SetPolicy{};
    city.policy->lease_minutes = lease_minutes;
    for (OfficeId code : {OfficeId{101}, OfficeId{102}}) {
      scheduler::DefineOffice office;
      office.office = code;
      city.offices.push_back(office);
    }
    for (std::uint32_t id = 1; id <= 100; ++id) {
      scheduler::DefineExpert expert;
      expert.expert = ExpertId{id};
      city.experts.push_back(expert);
    }
    return city;
  }
  LoadReport load(const City& city, std::string salt = "") {
    LoadOptions options;
    options.salt = std::move(salt);
    return world.run(load_city(supervisor, city, options));
  }
};

TEST_F(CityLoadTest, OfficesComeBeforeTheirExperts) {
  auto report = load(a_city(45));
  EXPECT_EQ(report.total, 103U);
  EXPECT_EQ(report.changed, 103U);
  EXPECT_EQ(daemon.kinds.front(), "policy");
  auto first_expert = std::find(daemon.kinds.begin(), daemon.kinds.end(), "expert");
  EXPECT_EQ(std::find(first_expert, daemon.kinds.end(), "office"), daemon.kinds.end());
}

TEST_F(CityLoadTest, SameCityTwiceChangesNothing) {
  auto city = a_city(45);
  (void)load(city);
  auto report = load(city);
  EXPECT_EQ(report.changed, 0U);
  EXPECT_EQ(report.unchanged, 1U) << "the policy, which the daemon compares";
  EXPECT_EQ(report.remembered, 102U) << "offices and experts, which nobody compared";
  EXPECT_TRUE(report.refused.empty());
}

TEST_F(CityLoadTest, GoingBackToAnEarlierCityIsNotTakenForDone) {
  (void)load(a_city(45));
  (void)load(a_city(60));
  ASSERT_EQ(daemon.policy_lease_minutes, 60);
  auto report = load(a_city(45));
  EXPECT_EQ(daemon.policy_lease_minutes, 45)
      << "the key of the first load is remembered, its policy not in force";
  EXPECT_EQ(report.changed, 1U);
}

TEST_F(CityLoadTest, SaltAppliesOfficesAndExpertsAgain) {
  auto city = a_city(45);
  (void)load(city);
  auto report = load(city, "again");
  EXPECT_EQ(report.remembered, 0U);
  EXPECT_EQ(report.changed, 102U);
}

TEST_F(CityLoadTest, ProgressCountsEveryDefinition) {
  std::vector<std::size_t> seen;
  LoadOptions options;
  options.progress = [&seen](std::size_t done) { seen.push_back(done); };
  auto city = a_city(45);
  (void)world.run(load_city(supervisor, city, options));
  ASSERT_EQ(seen.size(), definition_count(city));
  EXPECT_EQ(seen.back(), definition_count(city));
}

}  // namespace
}  // namespace permitd::cli
