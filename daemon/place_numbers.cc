#include "daemon/place_numbers.h"

#include <algorithm>
#include <cstddef>

namespace permitd::daemon {

namespace {

// Room for three more between any two.
constexpr std::size_t kStep = 4;
constexpr std::size_t kNumberEnd = UINT16_MAX + 1;

/// The next place from `from` on that must keep its number.
std::size_t next_fixed(const std::vector<PlaceNumber>& places, std::size_t from) {
  while (from < places.size() && !places[from].is_fixed) ++from;
  return from;
}

/// Takes the number from each that cannot keep it.
void drop_disordered(std::vector<PlaceNumber>& places) {
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    PlaceNumber& place = places[i];
    if (place.is_fixed) {
      last = place.number;
      continue;
    }
    const std::size_t fixed = next_fixed(places, i);
    const bool fits =
        place.number > last && (fixed == places.size() || place.number < places[fixed].number);
    if (!fits) place.number = 0;
    if (fits) last = place.number;
  }
}

/// Places side by side, [begin, end), that share the numbers between those of their neighbours.
struct Gap {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t count() const { return end - begin; }
};

/// The number before a gap, and the one behind it.
struct Bounds {
  std::size_t last = 0;
  std::size_t next = 0;
  bool has_room_for(std::size_t count) const { return next > last + count; }
};

Bounds bounds_of(const std::vector<PlaceNumber>& places, const Gap& gap) {
  Bounds bounds;
  if (gap.begin > 0) bounds.last = places[gap.begin - 1].number;
  bounds.next = gap.end < places.size()
                    ? places[gap.end].number
                    : std::min(bounds.last + (gap.count() + 1) * kStep, kNumberEnd);
  return bounds;
}

/// Takes neighbours into a gap that has no number for each: those behind it first, as a day
/// is open towards its end.
void widen(const std::vector<PlaceNumber>& places, Gap& gap) {
  while (!bounds_of(places, gap).has_room_for(gap.count())) {
    if (gap.end < places.size() && !places[gap.end].is_fixed) {
      ++gap.end;
    } else if (gap.begin > 0 && !places[gap.begin - 1].is_fixed) {
      --gap.begin;
    } else {
      return;
    }
  }
}

void number_gap(const Gap& gap, std::vector<PlaceNumber>& places) {
  const auto [last, next] = bounds_of(places, gap);
  const std::size_t room = next > last ? next - last : 0;
  for (std::size_t j = 1; j <= gap.count(); ++j)
    places[gap.begin + j - 1].number =
        static_cast<std::uint16_t>(last + room * j / (gap.count() + 1));
}

bool lacks_number(const PlaceNumber& place) { return place.number == 0 && !place.is_fixed; }

}  // namespace

void number_places(std::vector<PlaceNumber>& places) {
  drop_disordered(places);
  for (std::size_t i = 0; i < places.size();) {
    Gap gap{i, i};
    while (gap.end < places.size() && lacks_number(places[gap.end])) ++gap.end;
    if (gap.count() > 0) {
      widen(places, gap);
      number_gap(gap, places);
    }
    i = std::max(gap.end, i + 1);
  }
}

}  // namespace permitd::daemon
