#include "planner/travel_table.h"

namespace permitd::planner {
namespace {

Leg leg(const Travel& travel, Place from, Place to) {
  if (from == kNowhere || to == kNowhere) return 0;
  return static_cast<Leg>(std::min(travel.between(from, to), kTravelMax));
}

}  // namespace

TravelTable::TravelTable(const DayModel& model, const Travel& travel)
    : column_count_(model.place_of_column().size()), from_(column_count_ * column_count_) {
  const auto places = model.place_of_column();
  const bool symmetric = travel.symmetric();
  if (!symmetric) to_.resize(from_.size());
  for (std::size_t a = 0; a < column_count_; ++a) {
    for (std::size_t b = 0; b < (symmetric ? a : column_count_); ++b) {
      const Leg there = leg(travel, places[a], places[b]);
      from_[a * column_count_ + b] = there;
      (symmetric ? from_ : to_)[b * column_count_ + a] = there;
    }
  }
}

void fill_leg_rows(const DayModel& model, const Travel& travel, Place place, std::vector<Leg>& from,
                   std::vector<Leg>& to) {
  const auto places = model.place_of_column();
  from.resize(places.size());
  to.resize(places.size());
  for (std::size_t column = 0; column < places.size(); ++column) {
    from[column] = leg(travel, place, places[column]);
    to[column] = travel.symmetric() ? from[column] : leg(travel, places[column], place);
  }
}

}  // namespace permitd::planner
