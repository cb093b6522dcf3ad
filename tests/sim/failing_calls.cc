#include "tests/sim/failing_calls.h"

#include <utility>

namespace permitd::tests {

int FailingCalls::look(const char* name, std::string file, const void* place) {
  notes_.push_back({name, std::move(file), place, phase_});
  if (failure_.call == 0 || notes_.size() < failure_.call) return 0;
  const bool first = notes_.size() == failure_.call;
  if (first) failing_place_ = place;
  const bool again = failure_.lasting == Lasting::kEverywhere ||
                     (failure_.lasting == Lasting::kAtThisPlace && place == failing_place_);
  if (!first && !again) return 0;
  failed_count_ += 1;
  return failure_.number;
}

}  // namespace permitd::tests
