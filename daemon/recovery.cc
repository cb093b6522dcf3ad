#include "daemon/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>

#include "daemon/snapshot_file.h"
#include "protocol/command_codec.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

using scheduler::Op;
using scheduler::raw;
using scheduler::Scheduler;

namespace {

Op behind(Op op) { return Op{raw(op) + 1}; }

class Stopwatch {
 public:
  std::uint64_t ms() const {
    const auto passed = std::chrono::steady_clock::now() - begin_;
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

class HashSink final : public scheduler::StateSink {
 public:
  void write(std::span<const std::byte> bytes) override { hasher.add(bytes); }
  StateHasher hasher;
};

class SnapshotSource final : public scheduler::StateSource {
 public:
  explicit SnapshotSource(SnapshotReader& reader) : reader_(reader) {}
  bool read(std::span<std::byte> bytes) override {
    auto done = reader_.read(bytes);
    if (!done) error = done.error();
    size += bytes.size();
    return done.has_value();
  }
  std::optional<Error> error;
  std::uint64_t size = 0;

 private:
  SnapshotReader& reader_;
};

Expected<SnapshotMark> load_snapshot(Storage& storage, Scheduler& scheduler, Op op) {
  auto reader = storage.read_snapshot(op);
  if (!reader) return std::unexpected(reader.error());
  const SnapshotMark mark = (*reader)->mark();
  SnapshotSource source(**reader);
  const bool loaded = scheduler.read_state(source);
  if (source.error) return std::unexpected(*source.error);
  if (loaded && source.size == mark.size && scheduler.op_applied() == op) return mark;
  return std::unexpected(
      Error{ErrorCode::kDamaged, 0,
            fmt::format("load the snapshot at op {}: its bytes are whole but not a state", raw(op)),
            "Remove the snapshot: an older one and the journal give the same state."});
}

/// The newest of the list at or before `last`; see load_newest_snapshot().
Expected<SnapshotMark> load_newest_of(const SnapshotList& list, Storage& storage,
                                      Scheduler& scheduler, Op last,
                                      std::vector<UnreadSnapshot>& unread) {
  std::copy_if(list.unread.begin(), list.unread.end(), std::back_inserter(unread),
               [last](const UnreadSnapshot& each) { return each.op <= last; });
  std::optional<Error> failed;
  for (const SnapshotMark& mark : list.marks) {
    if (mark.op > last) continue;
    auto loaded = load_snapshot(storage, scheduler, mark.op);
    if (loaded) return loaded;
    unread.push_back({mark.op, loaded.error()});
    failed = loaded.error();
  }
  // A scheduler that a snapshot was half loaded into cannot begin at the first op: the operator
  // removes the file and starts again.
  if (failed) return std::unexpected(*failed);
  return SnapshotMark{};
}

/// What `unread`, which is behind the end of the journal, may mean. One that can be read there
/// proves that durable ops are gone, and refuses the start; this one proves nothing.
std::string note_behind_end(const UnreadSnapshot& unread, Op last) {
  const std::string act = fmt::format("{}; the journal ends before that snapshot, at op {}",
                                      unread.error.act, raw(last));
  return Error{unread.error.code, unread.error.number, act,
               "If it was whole once, ops behind that end are lost: compare with the last backup "
               "before it is removed."}
      .text();
}

/// What to do about the only snapshots where no journal gives the same state.
Error with_remedy(Error error, const Lead& lead) {
  if (lead.first_op == Op{1} || error.code == ErrorCode::kVersion) return error;
  error.remedy =
      "The journal does not begin at op 1, so nothing else here gives the state: see that the file "
      "can be read, or restore the directory from its last backup.";
  return error;
}

Error unknown_command(const BatchHeader& header, std::uint64_t op) {
  return Error{
      ErrorCode::kVersion, 0,
      fmt::format("replay op {} of the batch at op {}: not a command that this program knows", op,
                  raw(header.first_op)),
      "Start the version of permitd that wrote the directory, or a newer one."};
}

Expected<void> apply_payload(Scheduler& scheduler, const BatchHeader& header,
                             std::span<const std::byte> payload) {
  protocol::CommandDecoder decoder(payload, header.first_op, header.now, header.seed);
  std::array<scheduler::Command, Scheduler::kCommandsAhead> commands;  // ring, decoded in advance
  std::uint64_t decoded = 0;
  std::uint64_t applied = 0;
  const auto decode = [&] {
    scheduler::Command& command = commands[decoded % commands.size()];
    if (!decoder.next(command)) return;
    scheduler.expect(command);
    ++decoded;
  };
  for (std::size_t i = 0; i < commands.size(); ++i) decode();
  for (; applied < decoded; ++applied) {
    scheduler.apply(commands[applied % commands.size()]);
    decode();
  }
  if (decoder.is_broken() || applied != header.op_count) {
    return std::unexpected(unknown_command(header, raw(header.first_op) + applied));
  }
  return {};
}

}  // namespace

StateDigest digest_of_state(const Scheduler& scheduler) {
  HashSink sink;
  scheduler.write_state(sink);
  return sink.hasher.digest();
}

Expected<SnapshotMark> load_newest_snapshot(Storage& storage, Scheduler& scheduler, Op last,
                                            std::vector<UnreadSnapshot>& unread) {
  auto list = storage.snapshots();
  if (!list) return std::unexpected(list.error());
  return load_newest_of(*list, storage, scheduler, last, unread);
}

Error with_unread(const Error& error, Op reached, const std::vector<UnreadSnapshot>& unread) {
  const auto later = std::find_if(unread.begin(), unread.end(),
                                  [reached](const auto& each) { return each.op > reached; });
  if (error.code != ErrorCode::kDamaged || later == unread.end()) return error;
  return Error{later->error.code, later->error.number,
               fmt::format("{}; the snapshot at op {} might reach, but: {}", error.act,
                           raw(later->op), later->error.act),
               later->error.code == ErrorCode::kDamaged ? error.remedy : later->error.remedy};
}

Expected<Replay> replay_journal(Storage& storage, Scheduler& scheduler, Op last) {
  Replay replay;
  if (scheduler.op_applied() >= last) return replay;
  auto reader = storage.read(behind(scheduler.op_applied()));
  if (!reader) return std::unexpected(reader.error());
  BatchHeader header;
  std::span<const std::byte> payload;
  while (true) {
    auto taken = (*reader)->next(last, header, payload);
    if (!taken) return std::unexpected(taken.error());
    if (!*taken) return replay;
    if (header.first_op != behind(scheduler.op_applied())) {
      return std::unexpected(
          Error{ErrorCode::kDamaged, 0,
                fmt::format("replay the journal: it goes on at op {} where op {} is needed",
                            raw(header.first_op), raw(scheduler.op_applied()) + 1),
                "Restore the directory from its last backup; 'permitctl restore --verify' tells "
                "whether one is whole."});
    }
    if (auto applied = apply_payload(scheduler, header, payload); !applied)
      return std::unexpected(applied.error());
    replay.op_count += header.op_count;
    replay.batch_count += 1;
    replay.size += header.payload_size;
  }
}

Expected<RecoveryReport> recover_unled(Storage& storage, Scheduler& scheduler) {
  RecoveryReport report;
  auto lead = storage.survey();
  if (!lead) return std::unexpected(lead.error());
  report.lead = *lead;
  if (!lead->torn_note.empty()) report.notes.push_back(lead->torn_note);

  const Stopwatch snapshot_watch;
  auto list = storage.snapshots();
  if (!list) return std::unexpected(list.error());
  for (const UnreadSnapshot& each : list->unread) {
    if (each.op > lead->last_op) report.notes.push_back(note_behind_end(each, lead->last_op));
  }
  std::vector<UnreadSnapshot> unread;
  auto mark = load_newest_of(*list, storage, scheduler, lead->last_op, unread);
  if (!mark) return std::unexpected(with_remedy(mark.error(), *lead));
  for (const UnreadSnapshot& each : unread) report.notes.push_back(each.error.text());
  report.snapshot_op = mark->op;
  report.snapshot_size = mark->size;
  report.snapshot_ms = snapshot_watch.ms();

  const Stopwatch replay_watch;
  auto replay = replay_journal(storage, scheduler, lead->last_op);
  if (!replay) return std::unexpected(with_unread(replay.error(), scheduler.op_applied(), unread));
  report.replay = *replay;
  report.replay_ms = replay_watch.ms();
  if (scheduler.op_applied() == lead->last_op) return report;
  return std::unexpected(Error{
      ErrorCode::kDamaged, 0,
      fmt::format("replay the journal: it ends at op {}, op {} was durable",
                  raw(scheduler.op_applied()), raw(lead->last_op)),
      "Restore the directory from its last backup; 'permitctl restore --verify' tells whether "
      "one is whole."});
}

Expected<Verification> verify_snapshot(Storage& storage, Op op) {
  Verification result;
  StateDigest digest_of_file;
  {
    Scheduler loaded;
    auto mark = load_snapshot(storage, loaded, op);
    if (!mark) return std::unexpected(mark.error());
    result.mark = *mark;
    digest_of_file = digest_of_state(loaded);
  }
  if (digest_of_file != result.mark.digest) {
    return std::unexpected(
        Error{ErrorCode::kDamaged, 0,
              fmt::format("verify the snapshot at op {}: loading and writing it again changes it",
                          raw(op)),
              "Keep the directory and report the fault: this is a bug."});
  }
  Scheduler shadow;
  std::vector<UnreadSnapshot> unread;
  const Op before{std::max<std::uint64_t>(raw(op), 1) - 1};
  auto base = load_newest_snapshot(storage, shadow, before, unread);
  if (!base) return std::unexpected(base.error());
  result.base_op = base->op;
  auto replay = replay_journal(storage, shadow, op);
  // Where the journal does not reach back it says so; what could not be read was not verified.
  if (!replay) {
    const Error error = with_unread(replay.error(), shadow.op_applied(), unread);
    if (error.code != ErrorCode::kDamaged) return std::unexpected(error);
    return result;
  }
  if (shadow.op_applied() != op) return result;
  result.replayed = true;
  if (digest_of_state(shadow) == result.mark.digest) return result;
  return std::unexpected(
      Error{ErrorCode::kDamaged, 0,
            fmt::format("verify the snapshot at op {}: a replay from op {} gives another state",
                        raw(op), raw(result.base_op)),
            "Keep the directory and report the fault: this is a bug."});
}

}  // namespace permitd::daemon
