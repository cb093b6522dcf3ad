// The commands of a journal one by one, as they were stamped: for those who need what lies between
// two ops, an audit trail or a state of the past. Applying them is the caller's part. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/storage.h"
#include "protocol/command_codec.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

class CommandWalk {
 public:
  /// Begins at `from`, ends with `last`, which is durable. The storage outlives the walk.
  /// Errors: kDamaged when the journal does not hold `from`.
  [[nodiscard]] static Expected<std::unique_ptr<CommandWalk>> open(Storage& storage,
                                                                   scheduler::Op from,
                                                                   scheduler::Op last);
  /// The next command. False at the end. Errors: kDamaged, kVersion.
  [[nodiscard]] Expected<bool> next(scheduler::Command& command);
  /// First op of the batch that the last command came from.
  scheduler::Op batch() const { return header_.first_op; }

 private:
  CommandWalk(std::unique_ptr<BatchReader> reader, scheduler::Op from, scheduler::Op last);
  [[nodiscard]] Expected<bool> next_batch();

  std::unique_ptr<BatchReader> reader_;
  BatchHeader header_;
  std::optional<protocol::CommandDecoder> decoder_;
  std::uint64_t next_op_;
  std::uint64_t last_op_;
};

/// Where a state of the past is: an op, or a moment, the state behind everything until then.
struct PastMoment {
  std::optional<scheduler::Op> op;
  std::optional<scheduler::Tick> at;
};

/// Makes the scheduler of the past in `scheduler`: from the newest snapshot before it, command by
/// command. `lead` is the storage's. Errors: kDamaged when neither a snapshot nor the journal
/// reaches back far enough; kConfiguration when it lies ahead of the last op.
[[nodiscard]] Expected<void> replay_to(Storage& storage, const Lead& lead, const PastMoment& moment,
                                       std::unique_ptr<scheduler::Scheduler>& scheduler,
                                       std::vector<std::string>& notes);

}  // namespace permitd::daemon
