#include "scheduler/home_choice.h"

#include <tuple>

#include "scheduler/distance.h"

namespace permitd::scheduler {

namespace {

// Open cases for the capacity, in parts per million; an office without capacity comes last.
std::uint64_t load_of(const Home& home) {
  if (home.capacity_units == 0) return UINT64_MAX;
  return home.cases_open * 1'000'000 / home.capacity_units;
}

std::uint32_t way(Point from, Point to) {
  const Point unknown;
  return from == unknown || to == unknown ? UINT32_MAX : metres(from, to);
}

}  // namespace

bool is_better_home(const Home& one, const Home& other, District district, Point parcel) {
  const auto order = [&](const Home& home) {
    return std::tuple(home.district != district, load_of(home), way(parcel, home.point),
                      raw(home.office));
  };
  return order(one) < order(other);
}

}  // namespace permitd::scheduler
