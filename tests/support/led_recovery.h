// A start as the service makes it, without what it does in between: the state first, then the lead.
#pragma once

#include <expected>

#include "daemon/recovery.h"

namespace permitd::tests {

/// daemon::recover_unled(), and takes the lead once the state is right. Errors: also those of
/// Storage::lead().
[[nodiscard]] inline daemon::Expected<daemon::RecoveryReport> recover(
    daemon::Storage& storage, scheduler::Scheduler& scheduler) {
  auto report = daemon::recover_unled(storage, scheduler);
  if (!report) return report;
  if (auto lead = storage.lead(); !lead) return std::unexpected(lead.error());
  return report;
}

}  // namespace permitd::tests
