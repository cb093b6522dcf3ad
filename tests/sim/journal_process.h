// A daemon without network and engine on the simulated disk, and what it writes: batches of a
// random city, the same each time. Storage, state, snapshotter and keeper take turns. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/journal_storage.h"
#include "daemon/recovery.h"
#include "daemon/snapshotter.h"
#include "protocol/command_codec.h"
#include "tests/sim/simulated_disk.h"
#include "tests/support/command_generator.h"
#include "tests/support/led_recovery.h"

namespace permitd::tests {

struct RecordedBatch {
  daemon::BatchHeader header;
  std::vector<std::byte> payload;
};

/// Batches of a random city, the same in every life, and the state behind each.
class JournalRecord {
 public:
  /// `kinds`: 's' a few commands of the city, 'B' as many empty ones as fill near half a segment.
  explicit JournalRecord(std::string_view kinds) : steps_(steps_of(7, 400)) {
    for (const char kind : kinds) kind == 'B' ? add_big() : add_small();
  }
  const RecordedBatch& behind(scheduler::Op op) const {
    return batches_.at(scheduler::raw(op) + 1);
  }
  const daemon::StateDigest& digest_at(scheduler::Op op) const {
    return digests_.at(scheduler::raw(op));
  }
  bool ends_a_batch(scheduler::Op op) const { return digests_.contains(scheduler::raw(op)); }

 private:
  void add_small() {
    RecordedBatch batch;
    batch.payload.resize(32 * protocol::kEncodedCommandSizeMax);
    begin(batch);
    while (batch.header.op_count < 12) {
      scheduler::Command command = generator_.make(steps_.at(next_++), scheduler_);
      if (protocol::encoded_size(command.kind) == 0) continue;
      if (batch.header.op_count == 0) batch.header.now = command.now;
      add(batch, command);
    }
    keep(std::move(batch));
  }
  void add_big() {
    RecordedBatch batch;
    batch.payload.resize(daemon::kBatchSizeMax);
    begin(batch);
    batch.header.now = scheduler_.now();
    scheduler::Command command;
    command.kind = longest_kind();
    while (batch.header.op_count < protocol::kFrameOpCountMax) add(batch, command);
    keep(std::move(batch));
  }
  static scheduler::CommandKind longest_kind() {
    auto longest = scheduler::CommandKind::kTick;
    for (unsigned number = 0; number < 256; ++number) {
      const auto kind = static_cast<scheduler::CommandKind>(number);
      if (protocol::encoded_size(kind) > protocol::encoded_size(longest)) longest = kind;
    }
    return longest;
  }
  void begin(RecordedBatch& batch) {
    batch.header.first_op = scheduler::Op{scheduler::raw(scheduler_.op_applied()) + 1};
    batch.header.seed = scheduler::raw(batch.header.first_op) * 77;
    batch.header.payload_size = 0;
  }
  void add(RecordedBatch& batch, scheduler::Command& command) {
    command.op = scheduler::Op{scheduler::raw(scheduler_.op_applied()) + 1};
    command.now = batch.header.now;
    command.seed = protocol::seed_of(batch.header.seed, command.op);
    const std::size_t used = batch.header.payload_size;
    const std::size_t size =
        protocol::encode_command(command, std::span(batch.payload).subspan(used));
    batch.header.payload_size += static_cast<std::uint32_t>(size);
    batch.header.op_count += 1;
    scheduler_.apply(command);
  }
  void keep(RecordedBatch batch) {
    batch.payload.resize(batch.header.payload_size);
    batches_.emplace(scheduler::raw(batch.header.first_op), std::move(batch));
    digests_[scheduler::raw(scheduler_.op_applied())] = daemon::digest_of_state(scheduler_);
  }

  std::vector<Step> steps_;
  std::size_t next_ = 0;
  CommandGenerator generator_;
  scheduler::Scheduler scheduler_;
  std::map<std::uint64_t, RecordedBatch> batches_;  // by first op
  std::map<std::uint64_t, daemon::StateDigest> digests_{
      {0, daemon::digest_of_state(scheduler::Scheduler())}};  // by last op
};

inline daemon::JournalOptions options_of_simulated() {
  daemon::JournalOptions options;
  options.directory = kSimulatedPath;
  options.segment_size = std::uint64_t{4} << 20;
  options.segments_ahead = 1;
  options.keeper_thread = false;
  return options;
}

/// The daemon without network and engine: storage, state, snapshotter and keeper in turns.
class JournalProcess {
 public:
  JournalProcess(const JournalRecord& record, std::unique_ptr<daemon::DurableWriter> writer)
      : record_(record) {
    auto opened = daemon::JournalStorage::open(options_of_simulated(), std::move(writer));
    if (opened) storage_ = std::move(*opened);
    if (!opened) error_ = opened.error();
  }

  // Each returns false with error() when the daemon would end.
  bool start() {
    if (error_) return false;
    auto report = tests::recover(*storage_, state_);
    if (!report) error_ = report.error();
    if (error_) return false;
    lead_ = report->lead;
    begun_ = lead_.last_op;
    snapshotter_.emplace(*storage_);
    snapshotter_->attach(waker_);
    return true;
  }
  /// False without error(): there is no room, work is refused.
  bool begin_append() {
    for (int turn = 0; turn < 4; ++turn) {
      if (has_failed()) return false;
      storage_->keep_house();
      if (storage_->can_append()) break;
    }
    if (!storage_->can_append()) return false;
    const RecordedBatch& batch = record_.behind(begun_);
    const std::span<std::byte> buffer = storage_->begin_batch();
    std::copy(batch.payload.begin(), batch.payload.end(), buffer.begin());
    storage_->append(batch.header);
    begun_ = scheduler::Op{scheduler::raw(begun_) + batch.header.op_count};
    return true;
  }
  /// The same, and waits until the batch is durable.
  bool append() {
    if (!begin_append()) return false;
    storage_->flush();
    return !has_failed();
  }
  /// Makes a snapshot and gives up what it makes superfluous. False: there is none.
  bool make_snapshot() {
    snapshotter_->request(storage_->op_durable());
    (void)snapshotter_->work();
    const daemon::Snapshotter::Result result = snapshotter_->collect();
    if (result.ok && result.trim_op != scheduler::Op{0}) storage_->trim(result.trim_op);
    storage_->keep_house();
    return result.ok;
  }

  const std::optional<daemon::Error>& error() const { return error_; }
  const daemon::Lead& lead() const { return lead_; }
  const scheduler::Scheduler& state() const { return state_; }
  scheduler::Op durable() const { return storage_->op_durable(); }
  std::uint64_t recycled_count() const { return storage_->stats().segments_recycled; }

 private:
  bool has_failed() {
    if (storage_->failure() != nullptr) error_ = *storage_->failure();
    return error_.has_value();
  }

  const JournalRecord& record_;
  std::optional<daemon::Error> error_;
  std::unique_ptr<daemon::JournalStorage> storage_;
  scheduler::Scheduler state_;
  daemon::Waker waker_;
  std::optional<daemon::Snapshotter> snapshotter_;
  daemon::Lead lead_;
  scheduler::Op begun_{};
};

/// Which file, or that it was the draw of the journal's id.
inline bool names_file(const daemon::Error& error) {
  return std::ranges::any_of(
      std::array<const char*, 4>{kSimulatedPath, "journal.", "snapshot.", "id for the journal"},
      [&](const char* name) { return error.act.find(name) != std::string::npos; });
}

}  // namespace permitd::tests
