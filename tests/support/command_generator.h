// Random commands for a small made-up city, shared by the property, determinism and crash tests. A
// run is a list of steps; a step is turned into a command with the help of the scheduler's own
// views, so that most commands mean something (a held job with its present token) and some are
// wrong on purpose. Any steps may be cut from a list and the rest still makes sense, which is how
// failing runs shrink. One thread; the same steps on the same scheduler give the same commands on
// any machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scheduler/command.h"
#include "scheduler/scheduler.h"
#include "tests/support/seeded.h"

namespace permitd::tests {

/// Whether commands of the kind carry an idempotency key.
inline bool is_keyed(scheduler::CommandKind kind) {
  using enum scheduler::CommandKind;
  return kind != kSetLimits && kind != kTick && kind != kTurnLottery;
}

struct Step {
  static constexpr std::uint32_t kRandom = UINT32_MAX;
  std::uint32_t setup = kRandom;  // number of a command that builds the city, or kRandom
  std::uint64_t dice = 0;         // decides everything else
};

/// What the made-up city holds.
inline constexpr std::uint32_t kCityExperts = 14;
inline constexpr std::uint32_t kCityServices = 6;
inline constexpr std::array<std::uint16_t, 5> kCityOffices{101, 102, 201, 301, 302};
inline constexpr std::int32_t kCityFirstDay = 20'168;  // a Saturday
inline constexpr scheduler::OrganisationId kCityMunicipality{1};

/// The whole run of a seed: the city first, then `count` random steps.
std::vector<Step> steps_of(std::uint64_t seed, std::size_t count);

class CommandGenerator {
 public:
  /// The next command, stamped. Remembers it, so that later steps can send it again.
  scheduler::Command make(const Step& step, const scheduler::Scheduler& scheduler);

 private:
  static constexpr std::size_t kRemembered = 32;

  bool send_again(Chance& chance, scheduler::Command& command);

  std::array<scheduler::Command, kRemembered> remembered_{};
  std::size_t remembered_count_ = 0;
};

/// A Tick command that fires what is due; false when nothing is.
bool make_due_tick(const scheduler::Scheduler& scheduler, scheduler::Tick now,
                   scheduler::Command& command);

}  // namespace permitd::tests
