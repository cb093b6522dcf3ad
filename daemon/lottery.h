// The secrets that chance comes from: for each working day one that nobody can foresee, and that
// everybody can check afterwards. Its hash is in the journal before anything is drawn from it, the
// secret itself when the day is over (commit and reveal). docs/AUDIT.md has the formulas.
//
// A secret is made of the installation's key and a salt that the journal holds: a restart in the
// middle of the day finds it again, and only who can read the key can foresee it. Engine's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/error.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

class Lottery {
 public:
  /// Without a key nothing is committed to: all chance is the system's own.
  explicit Lottery(const std::optional<scheduler::Hash>& key) : key_(key) {}

  /// Whether the next secret must be committed to before anything else happens at `now`: none has
  /// been, its day is over, or its key is gone.
  bool is_due(const scheduler::Scheduler& scheduler, scheduler::Tick now);
  /// The command that opens the standing secret and commits to one for the day of `now`.
  scheduler::TurnLottery turn(const scheduler::Scheduler& scheduler, scheduler::Tick now);
  /// Seed of the batch that begins with `first_op`: of the secret that is committed to, or of the
  /// system's own chance where there is none.
  std::uint64_t seed_of_batch(const scheduler::LotteryView& standing, scheduler::Op first_op);

 private:
  bool knows(const scheduler::LotteryView& standing);

  std::optional<scheduler::Hash> key_;
  scheduler::Hash secret_{};         // of the turn looked at last
  std::uint64_t secret_turn_ = 0;    // its number, 0: none yet
  bool is_secret_standing_ = false;  // it is what was committed to
};

/// The key in `file`, 64 hexadecimal digits readable by its owner alone; made where there is none.
/// Pre: no other process makes one there, as whoever leads the directory can say.
/// Errors: kConfiguration when the file holds something else or others may read it; kSystem.
[[nodiscard]] Expected<scheduler::Hash> open_lottery_key(const std::string& file);

}  // namespace permitd::daemon
