// A random city's commands in a journal in real files, and the state that they give. One thread.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "daemon/recovery.h"
#include "protocol/command_codec.h"
#include "tests/support/command_generator.h"
#include "tests/support/journal_in_files.h"

namespace permitd::tests {

/// Digests behind each op.
using DigestsByOp = std::map<std::uint64_t, daemon::StateDigest>;

/// Some `count` commands, up to `per_batch` in one batch, appended to an empty journal that leads.
/// `behind_each` false: only the last digest is computed.
inline DigestsByOp record_city(daemon::JournalStorage& storage, std::size_t count,
                               std::uint32_t per_batch, bool behind_each = true) {
  scheduler::Scheduler scheduler;
  CommandGenerator generator;
  DigestsByOp digests{{0, daemon::digest_of_state(scheduler)}};
  daemon::BatchHeader header;
  const auto write = [&] {
    storage.append(header);
    storage.flush();
    header = {};
  };
  for (const Step& step : steps_of(7, count)) {
    scheduler::Command command = generator.make(step, scheduler);
    if (protocol::encoded_size(command.kind) == 0) continue;
    if (header.op_count == 0) {
      header.first_op = command.op;
      header.now = command.now;
      header.seed = scheduler::raw(command.op);
    }
    command.now = header.now;
    command.seed = protocol::seed_of(header.seed, command.op);
    const std::size_t size =
        protocol::encode_command(command, storage.begin_batch().subspan(header.payload_size));
    header.payload_size += static_cast<std::uint32_t>(size);
    header.op_count += 1;
    scheduler.apply(command);
    if (behind_each) digests[scheduler::raw(command.op)] = daemon::digest_of_state(scheduler);
    if (header.op_count == per_batch) write();
  }
  if (header.op_count != 0) write();
  digests[scheduler::raw(scheduler.op_applied())] = daemon::digest_of_state(scheduler);
  return digests;
}

}  // namespace permitd::tests
