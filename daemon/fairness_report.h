// Whether work lies where capacity does: each office's share of the city's finished effort against
// its share of certified capacity, and how even that is over offices; over people, how even the
// effort is that they were given and did not give back. Effort counts, not jobs, over the core's
// rolling window; rework earns nothing. Absences of the window are not known any more: capacity is
// that of all its days. Pure; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/city_snapshot.h"

namespace permitd::daemon {

struct OfficeShare {
  scheduler::OfficeView office;
  std::uint32_t capacity_ppm = 0;  // of the city's certified capacity
  std::uint32_t work_ppm = 0;      // of the city's finished effort
};

struct FairnessReport {
  std::vector<OfficeShare> offices;    // those with capacity or work
  std::uint32_t jain_offices_ppm = 0;  // of work per capacity, over offices with capacity
  std::uint32_t jain_experts_ppm = 0;  // of effort given per capacity, over certified people
                                       // of active offices
  std::uint32_t gini_offices_ppm = 0;
  std::uint32_t experts = 0;
  std::uint64_t work_minutes = 0;
  std::uint32_t capacity_units = 0;
};

FairnessReport report_fairness(const CitySnapshot& snapshot);

/// Jain, Chiu and Hawe 1984: (Σx)² / (n Σx²), 1 when all are equal; 1 for nobody or nothing.
double jain_index(const std::vector<double>& values);
/// 0 when all are equal; 0 for nobody or nothing.
double gini_index(std::vector<double> values);

}  // namespace permitd::daemon
