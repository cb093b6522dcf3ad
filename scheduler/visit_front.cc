#include "scheduler/visit_front.h"

#include <algorithm>
#include <bit>

#include "scheduler/distance.h"

namespace permitd::scheduler {

namespace {

template <class Values>
void open_gap(Values& values, std::uint32_t at, std::uint32_t end) {
  std::copy_backward(values.begin() + at, values.begin() + end, values.begin() + end + 1);
}

template <class Values>
void close_gap(Values& values, std::uint32_t at, std::uint32_t end) {
  std::copy(values.begin() + at + 1, values.begin() + end, values.begin() + at);
  values[end - 1] = {};
}

}  // namespace

void VisitFronts::reserve(std::uint32_t offices_max) {
  const std::size_t fronts = std::size_t{ReadyQueue::office_place(offices_max)} * kClassCount;
  for (auto* side : {&low_lat_, &low_lon_, &high_lat_, &high_lon_}) side->reserve(fronts);
  placed_.reserve(fronts);
  places_.reserve(fronts);
  entries_.reserve(fronts);
}

VisitFronts::Visit VisitFronts::at(FrontNumber front, std::uint32_t at) const {
  const Places& places = places_[raw(front)];
  return {key(front, at), slot(front, at), case_slot(front, at), {places.lat[at], places.lon[at]}};
}

void VisitFronts::put(FrontNumber front, std::uint32_t at, const Visit& visit) {
  Places& places = places_[raw(front)];
  Entries& entries = entries_[raw(front)];
  places.lat[at] = visit.point.lat_e6;
  places.lon[at] = visit.point.lon_e6;
  entries.keys[at] = visit.key;
  entries.slots[at] = visit.slot;
  entries.case_slots[at] = visit.case_slot;
}

void VisitFronts::insert(FrontNumber front, const Visit& visit, bool is_whole) {
  Places& places = places_[raw(front)];
  Entries& entries = entries_[raw(front)];
  const std::uint32_t count = entries.count;
  const bool is_last = count == 0 || entries.keys[count - 1] < visit.key;
  if (is_last && (!is_whole || count == kKept)) return;
  const auto* place =
      std::lower_bound(entries.keys.begin(), entries.keys.begin() + count, visit.key);
  const auto at = static_cast<std::uint32_t>(place - entries.keys.begin());
  const std::uint32_t end = std::min(count, kKept - 1);  // the last of a full front drops out
  open_gap(places.lat, at, end);
  open_gap(places.lon, at, end);
  open_gap(entries.keys, at, end);
  open_gap(entries.slots, at, end);
  open_gap(entries.case_slots, at, end);
  put(front, at, visit);
  entries.count = end + 1;
  if (at < kNearVisitsMax) surround(front);
}

void VisitFronts::remove(FrontNumber front, const ReadyKey& key) {
  Places& places = places_[raw(front)];
  Entries& entries = entries_[raw(front)];
  const std::uint32_t count = entries.count;
  if (count == 0 || entries.keys[count - 1] < key) return;
  const auto* place = std::lower_bound(entries.keys.begin(), entries.keys.begin() + count, key);
  const auto at = static_cast<std::uint32_t>(place - entries.keys.begin());
  PERMIT_ASSERT(entries.keys[at] == key, key.job);
  close_gap(places.lat, at, count);
  close_gap(places.lon, at, count);
  close_gap(entries.keys, at, count);
  close_gap(entries.slots, at, count);
  close_gap(entries.case_slots, at, count);
  entries.count = count - 1;
  if (at < kNearVisitsMax) surround(front);
}

void VisitFronts::append(FrontNumber front, const Visit& visit) {
  Entries& entries = entries_[raw(front)];
  PERMIT_ASSERT(entries.count < kKept, entries.count);
  put(front, entries.count++, visit);
  if (entries.count <= kNearVisitsMax) surround(front);
}

void VisitFronts::surround(FrontNumber front) {
  const Places& places = places_[raw(front)];
  std::uint32_t placed = 0;
  Point low{INT32_MAX, INT32_MAX};
  Point high{INT32_MIN, INT32_MIN};
  for (std::uint32_t at = 0; at < kNearVisitsMax; ++at) {
    const Point point{places.lat[at], places.lon[at]};
    const bool known = is_known(point);
    placed |= (known ? 1U : 0U) << at;
    low.lat_e6 = std::min(low.lat_e6, known ? point.lat_e6 : INT32_MAX);
    low.lon_e6 = std::min(low.lon_e6, known ? point.lon_e6 : INT32_MAX);
    high.lat_e6 = std::max(high.lat_e6, known ? point.lat_e6 : INT32_MIN);
    high.lon_e6 = std::max(high.lon_e6, known ? point.lon_e6 : INT32_MIN);
  }
  if (placed == 0) low = high = {};
  placed_[raw(front)] = placed;
  low_lat_[raw(front)] = low.lat_e6;
  low_lon_[raw(front)] = low.lon_e6;
  high_lat_[raw(front)] = high.lat_e6;
  high_lon_[raw(front)] = high.lon_e6;
}

// As bound(), in loops of one step each and without branches, so that every one is done for several
// at a time.
void VisitFronts::bounds(PriorityClass priority, Point from, std::uint32_t cosine,
                         Bounds& out) const {
  const std::size_t first = raw(number(priority, 0));
  const auto of = [&](const auto& values) {
    return values.span().subspan(first, kDistrictCount).data();
  };
  const std::int32_t* low_lat = of(low_lat_);
  const std::int32_t* low_lon = of(low_lon_);
  const std::int32_t* high_lat = of(high_lat_);
  const std::int32_t* high_lon = of(high_lon_);
  std::array<std::uint32_t, kDistrictCount> north;
  std::array<std::uint32_t, kDistrictCount> east;
  for (std::uint32_t at = 0; at < kDistrictCount; ++at)
    north[at] = gap_between(from.lat_e6, low_lat[at], high_lat[at]);
  for (std::uint32_t at = 0; at < kDistrictCount; ++at)
    east[at] = gap_round(from.lon_e6, low_lon[at], high_lon[at]);
  for (std::uint32_t at = 0; at < kDistrictCount; ++at) east[at] = way_east(east[at], cosine);
  for (std::uint32_t at = 0; at < kDistrictCount; ++at)
    out.square[at] = flat_square(north[at], east[at]);
  std::copy_n(of(placed_), kDistrictCount, out.placed.begin());
}

// Loops of one step each and without branches, so that every one is done for several at a time.
void VisitFronts::squares(FrontNumber front, Point from, std::uint32_t cosine, std::uint32_t most,
                          Squares& out) const {
  const Places& places = places_[raw(front)];
  const std::int32_t* lat = places.lat.data();
  const std::int32_t* lon = places.lon.data();
  std::array<std::uint32_t, kNearVisitsMax> north_of;
  std::array<std::uint32_t, kNearVisitsMax> east_of;
  std::uint32_t* north = north_of.data();
  std::uint32_t* east = east_of.data();
  std::uint64_t* square = out.data();
  for (std::uint32_t at = 0; at < kNearVisitsMax; ++at)
    north[at] = static_cast<std::uint32_t>(distance_of(lat[at], from.lat_e6));
  for (std::uint32_t at = 0; at < kNearVisitsMax; ++at) east[at] = way_round(lon[at], from.lon_e6);
  for (std::uint32_t at = 0; at < kNearVisitsMax; ++at) east[at] = way_east(east[at], cosine);
  for (std::uint32_t at = 0; at < kNearVisitsMax; ++at)
    square[at] = flat_square(north[at], east[at]) << kPlaceBits | at;
  constexpr std::uint32_t kAll = (1U << kNearVisitsMax) - 1;
  const std::uint32_t known = placed_[raw(front)] & ((1U << most) - 1);
  for (std::uint32_t rest = kAll & ~known; rest != 0; rest &= rest - 1)
    square[std::countr_zero(rest)] = kNowhere;
}

void VisitFronts::clear() {
  for (auto* side : {&low_lat_, &low_lon_, &high_lat_, &high_lon_})
    std::ranges::fill(side->span(), 0);
  std::ranges::fill(placed_.span(), 0);
  for (Places& places : places_.span()) places = {};
  for (Entries& entries : entries_.span()) entries = {};
}

}  // namespace permitd::scheduler
