// Goal: cases go where docs and header say: district, then load, then way, then number. Method:
// offices and cases made by hand; pure functions.
#include "daemon/new_homes.h"

#include <gtest/gtest.h>

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;

OfficeView office(std::uint16_t number, District district, std::uint64_t open,
                  std::uint32_t units = 100) {
  OfficeView view;
  view.office = OfficeId{number};
  view.district = district;
  view.state = OfficeState::kActive;
  view.cases_open = open;
  view.capacity_units_per_day = units;
  view.services_active = 1U << 1;
  return view;
}

Homeless of_district(District district, Point point = {}) {
  Homeless one;
  one.service = ServiceId{1};
  one.district = district;
  one.point = point;
  return one;
}

OfficeId home(const Homeless& one, const std::vector<OfficeView>& offices) {
  return propose_homes({one}, offices, OfficeId{900})[0].office;
}

TEST(NewHomes, AnOfficeOfTheDistrictComesFirstHoweverBusy) {
  const std::vector offices{office(101, 1, 0), office(201, 2, 5000)};
  const auto homes = propose_homes({of_district(2), of_district(3)}, offices, OfficeId{900});
  EXPECT_EQ(homes[0].office, OfficeId{201});
  EXPECT_EQ(homes[0].reason, HomeReason::kDistrict);
  EXPECT_EQ(homes[1].office, OfficeId{101});
  EXPECT_EQ(homes[1].reason, HomeReason::kCity);
}

TEST(NewHomes, TheLeastBusyForItsCapacityIsChosen) {
  EXPECT_EQ(home(of_district(1), {office(101, 1, 10, 10), office(102, 1, 50, 100)}), OfficeId{102});
  EXPECT_EQ(home(of_district(1), {office(101, 1, 0, 0), office(102, 1, 50, 100)}), OfficeId{102});
}

TEST(NewHomes, WhatWasProposedBeforeCounts) {
  const std::vector<Homeless> cases(30, of_district(1));
  const std::vector offices{office(101, 1, 0, 100), office(102, 1, 0, 200)};
  std::uint32_t first = 0;
  for (const NewHome& one : propose_homes(cases, offices, OfficeId{900}))
    first += one.office == OfficeId{101} ? 1 : 0;
  EXPECT_EQ(first, 10U);
}

TEST(NewHomes, AmongTheEquallyBusyTheNearestThenTheLowestNumber) {
  auto near = office(103, 1, 0);
  auto far = office(102, 1, 0);
  near.point = {35'700'000, 51'400'000};
  far.point = {35'800'000, 51'400'000};
  EXPECT_EQ(home(of_district(1, {35'710'000, 51'400'000}), {far, near}), OfficeId{103});
  EXPECT_EQ(home(of_district(1), {near, far}), OfficeId{102});
}

TEST(NewHomes, NobodyWhoIsNotActiveOrHasNotTheServiceOrIsLeaving) {
  auto suspended = office(101, 1, 0);
  suspended.state = OfficeState::kSuspended;
  auto without = office(102, 1, 0);
  without.services_active = 1U << 2;
  const auto homes =
      propose_homes({of_district(1)}, {suspended, without, office(900, 1, 0)}, OfficeId{900});
  EXPECT_EQ(homes[0].office, OfficeId{});
  EXPECT_EQ(homes[0].reason, HomeReason::kNone);
}

}  // namespace
}  // namespace permitd::daemon
