// A day of a city like Tehran, made from a seed: inspectors with homes, skills and shifts, visits
// with half-days, a few of them in groups, a few people excluded. The districts' centres and sizes
// are rough; nothing in it is data of the city. With records, visits and homes take their places
// from those instead.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "planner/day_problem.h"
#include "planner/travel.h"

namespace permitd::bench {

struct CityDay {
  planner::DayProblem problem;
  std::unique_ptr<planner::Travel> travel;
  std::vector<planner::GeoPoint> points;
};

struct CityDayChoice {
  std::int32_t inspectors = 500;
  std::int32_t visits = 2500;
  std::uint64_t seed = 1;
  planner::Cost balance_permille = 0;
  /// People start from and return to one of so many offices; 0 means their homes.
  std::int32_t offices = 0;
};

CityDay make_city_day(const CityDayChoice& choice);
/// The same people and visits at places drawn from `records`. Pre: not empty.
CityDay make_city_day(const CityDayChoice& choice, const std::vector<planner::GeoPoint>& records);

/// The points of a CSV file, which may be gzipped, with columns named lat and lon, or latitude and
/// longitude, in any case; rows without a point are passed over.
std::expected<std::vector<planner::GeoPoint>, std::string> read_points(const std::string& file);

}  // namespace permitd::bench
