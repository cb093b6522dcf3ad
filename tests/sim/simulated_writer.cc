#include "tests/sim/simulated_writer.h"

namespace permitd::tests {

void SimulatedWriter::complete(std::size_t index) {
  const SimulatedDisk::Done done = disk_.complete(index);
  results_.push_back({done.slot, done.result});
}

void SimulatedWriter::poll() {
  if (disk_.is_dead() || !disk_.completes) return;
  for (std::size_t index = 0; index < disk_.writing_count();) {
    if (disk_.chance.chance(disk_.complete_permille)) {
      complete(index);
    } else {
      ++index;
    }
  }
}

void SimulatedWriter::wait() {
  if (!results_.empty()) return;
  complete(disk_.chance.below(disk_.writing_count()));
}

bool SimulatedWriter::take(daemon::WriteResult& result) {
  if (results_.empty()) return false;
  result = results_.front();
  results_.erase(results_.begin());
  return true;
}

}  // namespace permitd::tests
