// What the figures of the city ask somebody to look at, said once when it begins and once when it
// ends: work that has waited too long (I19), and certificates that will end soon. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/log_level.h"
#include "scheduler/views.h"

namespace permitd::daemon {

struct Warning {
  LogLevel level = LogLevel::kWarning;
  std::string text;
};

class Warnings {
 public:
  /// What has changed since the look before, by class and skill; at the first look, what stands.
  /// Certificates are told of at the first look of each working day `day`.
  std::vector<Warning> look(const scheduler::StatsView& stats, std::int32_t day);

 private:
  std::array<std::array<bool, scheduler::kSkillCount>, scheduler::kClassCount> waiting_{};
  std::int32_t day_ = INT32_MIN;
};

}  // namespace permitd::daemon
