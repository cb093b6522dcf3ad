#include "daemon/lapse_count.h"

namespace permitd::daemon {

using scheduler::ExpertView;
using scheduler::raw;
using scheduler::Tick;

namespace {

Tick warning_end(const scheduler::Scheduler& scheduler) {
  const std::int64_t days = scheduler.policy().lapse_warning_days;
  return {scheduler.now().ms + days * 24 * 60 * scheduler::kMsPerMinute};
}

}  // namespace

LapseCount::LapseCount(Scope scope) : scope_(scope), rows_(kLapseSliceExperts) {}

bool LapseCount::run(const scheduler::Scheduler& scheduler) {
  if (cursor_.done || cursor_.position == 0) {
    cursor_ = {};
    lapsing = {};
  }
  const Tick last = warning_end(scheduler);
  const std::size_t found = scheduler.list_experts({}, cursor_, rows_);
  for (std::size_t i = 0; i < found; ++i) {
    if (scope_.covers(scheduler, rows_[i])) count(rows_[i], scheduler.now(), last);
  }
  return cursor_.done;
}

void LapseCount::count(const ExpertView& expert, Tick now, Tick last) {
  if (expert.state != scheduler::ExpertState::kCertified) return;
  for (std::size_t skill = 0; skill < lapsing.size(); ++skill) {
    const Tick until = expert.certified_until[skill];
    if (expert.certified_from[skill] <= now && now < until && until <= last) ++lapsing[skill];
  }
}

}  // namespace permitd::daemon
