// Certificates that end soon, counted a slice of experts at a time, so that whoever asks is warned
// before work finds nobody who may do it. The engine's thread; reads only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "daemon/scope.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

class LapseCount {
 public:
  /// Of the experts that the scope covers.
  explicit LapseCount(Scope scope);

  /// Counts on. True when all experts were looked at; the next call then begins anew. Looks at no
  /// more than kLapseSliceExperts a call.
  bool run(const scheduler::Scheduler& scheduler);

  /// By skill: certificates in force of certified experts that end within the policy's
  /// lapse_warning_days. Whole when run() returned true.
  std::array<std::uint32_t, scheduler::kSkillCount> lapsing{};

 private:
  void count(const scheduler::ExpertView& expert, scheduler::Tick now, scheduler::Tick last);

  Scope scope_;
  scheduler::Cursor cursor_;
  std::vector<scheduler::ExpertView> rows_;
};
/// Few enough for a look between two batches.
inline constexpr std::size_t kLapseSliceExperts = 256;

}  // namespace permitd::daemon
