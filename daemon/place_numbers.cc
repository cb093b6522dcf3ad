#include "daemon/place_numbers.h"

#include <cstddef>

namespace permitd::daemon {

namespace {

// Room for three more between any two.
constexpr std::uint32_t kStep = 4;

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

}  // namespace

void number_places(std::vector<PlaceNumber>& places) {
  drop_disordered(places);
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].number == 0) {
      std::size_t known = i;
      while (known < places.size() && places[known].number == 0) ++known;
      const auto count = static_cast<std::uint32_t>(known - i);
      const std::uint32_t end =
          known < places.size() ? places[known].number : last + (count + 1) * kStep;
      const std::uint32_t room = end > last ? end - last : 0;
      for (std::uint32_t j = 1; j <= count; ++j)
        places[i + j - 1].number = static_cast<std::uint16_t>(last + room * j / (count + 1));
    }
    last = places[i].number;
  }
}

}  // namespace permitd::daemon
