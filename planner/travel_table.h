// Travel between all columns of a model, in 16 bits so that a row of 1,000 stays in the nearest
// cache. Built once per model, then only read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "planner/day_model.h"
#include "planner/travel.h"

namespace permitd::planner {

using Leg = std::uint16_t;

/// The legs from and to one place, indexed by column.
struct LegRows {
  const Leg* from = nullptr;
  const Leg* to = nullptr;
};

class TravelTable {
 public:
  TravelTable(const DayModel& model, const Travel& travel);

  Time between(Column from, Column to) const { return rows_from(from)[to]; }
  LegRows rows(Column column) const { return {rows_from(column), rows_to(column)}; }

 private:
  // `from` is a row of legs that leave the column, `to` one of legs that reach it.
  const Leg* rows_from(Column column) const {
    return &from_[static_cast<std::size_t>(column) * column_count_];
  }
  const Leg* rows_to(Column column) const {
    const std::vector<Leg>& table = to_.empty() ? from_ : to_;
    return &table[static_cast<std::size_t>(column) * column_count_];
  }

  std::size_t column_count_;
  std::vector<Leg> from_;  // [column][column]
  std::vector<Leg> to_;    // the transpose; empty if travel is symmetric
};

/// The two rows of one place that is not in the table, written to buffers of the caller.
void fill_leg_rows(const DayModel& model, const Travel& travel, Place place, std::vector<Leg>& from,
                   std::vector<Leg>& to);

}  // namespace permitd::planner
