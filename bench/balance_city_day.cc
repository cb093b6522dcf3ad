#include "bench/balance_city_day.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <sstream>

#include "planner/random.h"

namespace permitd::bench {
namespace {

using planner::GeoPoint;
using planner::Random;
using planner::Time;

constexpr Time kMinute = 60;
/// 07:30 to 14:30, halved at 11:00; a visit starts so that it ends in the shift.
constexpr planner::TimeWindow kShift{450 * kMinute, 870 * kMinute};
constexpr planner::TimeWindow kMorning{450 * kMinute, 630 * kMinute};
constexpr planner::TimeWindow kNoon{660 * kMinute, 810 * kMinute};
/// Average speed through the day, and how much longer streets are than the straight line.
constexpr planner::GreatCircleTravel::Road kRoad{1.4, 20, 0};

struct DistrictShape {
  GeoPoint centre;
  double radius_km;
  /// Share of the building work.
  std::int32_t weight;
};
constexpr std::array<DistrictShape, 22> kDistricts{{
    {{35.801, 51.459}, 2.6, 3}, {{35.757, 51.364}, 2.6, 3}, {{35.768, 51.424}, 2.0, 3},
    {{35.742, 51.532}, 2.8, 3}, {{35.749, 51.302}, 2.6, 3}, {{35.724, 51.405}, 1.8, 3},
    {{35.722, 51.446}, 1.5, 2}, {{35.725, 51.498}, 1.4, 2}, {{35.683, 51.318}, 1.4, 2},
    {{35.683, 51.367}, 1.0, 2}, {{35.680, 51.395}, 1.2, 2}, {{35.681, 51.426}, 1.4, 2},
    {{35.707, 51.512}, 1.4, 2}, {{35.674, 51.471}, 1.6, 2}, {{35.633, 51.478}, 2.0, 2},
    {{35.640, 51.409}, 1.5, 2}, {{35.654, 51.363}, 1.0, 2}, {{35.653, 51.296}, 2.0, 2},
    {{35.622, 51.367}, 1.6, 2}, {{35.595, 51.438}, 1.8, 2}, {{35.701, 51.226}, 2.4, 2},
    {{35.745, 51.212}, 2.4, 2},
}};

GeoPoint draw_in_city(Random& random) {
  std::int32_t sum = 0;
  for (const DistrictShape& district : kDistricts) sum += district.weight;
  std::int32_t drawn = random.below(sum);
  std::size_t at = 0;
  while (drawn >= kDistricts[at].weight) drawn -= kDistricts[at++].weight;
  const DistrictShape& district = kDistricts[at];
  const double distance = district.radius_km * std::sqrt(random.unit());
  const double angle = 2 * std::numbers::pi * random.unit();
  const double latitude = district.centre.latitude + distance * std::sin(angle) / 110.9;
  const double km_per_degree = 111.3 * std::cos(latitude * std::numbers::pi / 180);
  return {latitude, district.centre.longitude + distance * std::cos(angle) / km_per_degree};
}

planner::Inspector draw_inspector(Random& random, planner::Place home) {
  planner::Inspector inspector;
  inspector.start = inspector.end = home;
  inspector.shift = kShift;
  // One in ten works until noon only.
  if (random.below(10) == 0) inspector.shift.close = 720 * kMinute;
  inspector.effort_capacity = inspector.shift.close - inspector.shift.open;
  inspector.visits_max = 8;
  // Three special skills, each of which two in five people have.
  for (int skill = 0; skill < 3; ++skill) {
    if (random.below(5) < 2) inspector.skills |= planner::SkillMask{1} << skill;
  }
  return inspector;
}

planner::Visit draw_visit(Random& random, planner::Place place, std::int32_t inspectors) {
  static constexpr std::array<Time, 4> kServices{30, 45, 60, 75};
  planner::Visit visit;
  visit.place = place;
  visit.service = kServices[static_cast<std::size_t>(random.below(4))] * kMinute;
  visit.service_following = visit.service / 2;
  // Two fifths asked for the morning, two fifths for noon, the rest take either.
  const std::int32_t half = random.below(5);
  if (half != 1 && half != 3) visit.windows.push_back(kMorning);
  if (half == 1 || half == 3 || half == 4) visit.windows.push_back(kNoon);
  if (random.below(10) < 3) visit.skills = planner::SkillMask{1} << random.below(3);
  if (random.below(50) == 0) visit.excluded = {random.below(inspectors)};
  return visit;
}

template <class Draw>
CityDay make_day(const CityDayChoice& choice, const Draw& draw_point) {
  Random random(choice.seed);
  CityDay day;
  day.problem.weights.balance_permille = choice.balance_permille;
  const auto next_place = [&] {
    day.points.push_back(draw_point(random));
    return static_cast<planner::Place>(day.points.size()) - 1;
  };
  for (std::int32_t i = 0; i < choice.inspectors; ++i) {
    const bool shared = choice.offices > 0 && i >= choice.offices;
    const planner::Place home = shared ? i % choice.offices : next_place();
    day.problem.inspectors.push_back(draw_inspector(random, home));
  }
  for (std::int32_t i = 0; i < choice.visits; ++i) {
    auto& visits = day.problem.visits;
    // One in twenty is a second matter at the address before.
    const bool again =
        !visits.empty() && visits.back().group == planner::kNoGroup && random.below(20) == 0;
    const planner::Place place = again ? visits.back().place : next_place();
    planner::Visit visit = draw_visit(random, place, choice.inspectors);
    if (again) {
      visit.group = visits.back().group = i;
      visit.windows = visits.back().windows;
      visit.skills = visits.back().skills;
    }
    visits.push_back(visit);
  }
  day.travel = std::make_unique<planner::GreatCircleTravel>(day.points, kRoad);
  return day;
}

std::expected<std::string, std::string> read_all(const std::string& file) {
  gzFile in = gzopen(file.c_str(), "rb");  // reads plain files as they are
  if (!in) return std::unexpected(fmt::format("{}: cannot be read", file));
  std::string text;
  std::array<char, 65536> buffer;
  int count = 0;
  while ((count = gzread(in, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  gzclose(in);
  if (count < 0) return std::unexpected(fmt::format("{}: damaged", file));
  return text;
}

/// Fields of a CSV line; commas inside quotes do not part them.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  return fields;
}

}  // namespace

CityDay make_city_day(const CityDayChoice& choice) { return make_day(choice, draw_in_city); }

CityDay make_city_day(const CityDayChoice& choice, const std::vector<GeoPoint>& records) {
  return make_day(choice, [&](Random& random) {
    const GeoPoint& near =
        records[static_cast<std::size_t>(random.below(static_cast<std::int32_t>(records.size())))];
    // Within about fifty metres, so that homes and visits do not share doors.
    return GeoPoint{near.latitude + (random.unit() - 0.5) * 0.001,
                    near.longitude + (random.unit() - 0.5) * 0.001};
  });
}

std::expected<std::vector<GeoPoint>, std::string> read_points(const std::string& file) {
  const auto text = read_all(file);
  if (!text) return std::unexpected(text.error());
  std::istringstream lines(*text);
  std::string line;
  std::getline(lines, line);
  std::ranges::transform(line, line.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::vector<std::string> head = fields_of(line);
  const auto column = [&](std::string_view name) {
    const auto found = std::ranges::find_if(
        head, [&](const std::string& field) { return field == name || field.starts_with(name); });
    return static_cast<std::size_t>(found - head.begin());
  };
  const std::size_t latitude = column("lat");
  const std::size_t longitude = column("lon");
  std::vector<GeoPoint> points;
  while (std::getline(lines, line)) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() <= std::max(latitude, longitude)) continue;
    const GeoPoint point{std::atof(fields[latitude].c_str()), std::atof(fields[longitude].c_str())};
    if (point.latitude != 0 && point.longitude != 0) points.push_back(point);
  }
  if (points.empty()) return std::unexpected(fmt::format("{}: no column lat and lon", file));
  return points;
}

}  // namespace permitd::bench
