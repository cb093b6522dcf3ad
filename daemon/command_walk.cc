#include "daemon/command_walk.h"

#include <fmt/format.h>

#include "daemon/recovery.h"

namespace permitd::daemon {

using scheduler::Command;
using scheduler::Op;
using scheduler::raw;
using scheduler::Scheduler;

namespace {

Op behind(Op op) { return Op{raw(op) + 1}; }

Error not_kept(std::uint64_t wanted, const std::string& found) {
  return Error{ErrorCode::kDamaged, 0,
               fmt::format("read the journal from op {} on: {}", wanted, found),
               "Name a later op, or a directory that still holds the journal of that time."};
}

bool is_behind(const Scheduler& scheduler, const PastMoment& moment) {
  if (moment.op && scheduler.op_applied() > *moment.op) return true;
  return moment.at && scheduler.now() > *moment.at;
}

bool is_in_it(const Command& command, const PastMoment& moment) {
  if (moment.op && command.op > *moment.op) return false;
  return !moment.at || command.now <= *moment.at;
}

/// The newest snapshot that does not lie behind the moment; none leaves the scheduler empty. Which
/// moment a snapshot was taken at is in its state alone, so it is loaded to find out.
Expected<void> load_base(Storage& storage, const Lead& lead, const PastMoment& moment,
                         std::unique_ptr<Scheduler>& scheduler,
                         std::vector<UnreadSnapshot>& unread) {
  Op newest = moment.op ? std::min(*moment.op, lead.last_op) : lead.last_op;
  while (true) {
    scheduler = std::make_unique<Scheduler>();
    unread.clear();
    auto mark = load_newest_snapshot(storage, *scheduler, newest, unread);
    if (!mark) return std::unexpected(mark.error());
    if (raw(mark->op) == 0 || !is_behind(*scheduler, moment)) return {};
    newest = Op{raw(mark->op) - 1};
  }
}

}  // namespace

CommandWalk::CommandWalk(std::unique_ptr<BatchReader> reader, Op from, Op last)
    : reader_(std::move(reader)), next_op_(raw(from)), last_op_(raw(last)) {}

Expected<std::unique_ptr<CommandWalk>> CommandWalk::open(Storage& storage, Op from, Op last) {
  if (from > last) return std::unique_ptr<CommandWalk>(new CommandWalk(nullptr, from, last));
  auto reader = storage.read(from);
  if (!reader) return std::unexpected(reader.error());
  return std::unique_ptr<CommandWalk>(new CommandWalk(std::move(*reader), from, last));
}

Expected<bool> CommandWalk::next_batch() {
  std::span<const std::byte> payload;
  // Batches are read whole: the last one wanted may hold more than is asked for.
  auto taken = reader_->next(Op{UINT64_MAX}, header_, payload);
  if (!taken || !*taken) return taken;
  decoder_.emplace(payload, header_.first_op, header_.now, header_.seed);
  if (raw(header_.first_op) > next_op_)
    return std::unexpected(
        not_kept(next_op_, fmt::format("it goes on at op {}", raw(header_.first_op))));
  return true;
}

Expected<bool> CommandWalk::next(Command& command) {
  while (next_op_ <= last_op_) {
    if (!decoder_ || !decoder_->next(command)) {
      if (decoder_ && decoder_->is_broken())
        return std::unexpected(
            Error{ErrorCode::kVersion, 0,
                  fmt::format("read op {}: not a command that this program knows", next_op_),
                  "Use the version of permitd that wrote the directory, or a newer one."});
      auto taken = next_batch();
      if (!taken) return std::unexpected(taken.error());
      if (!*taken) return std::unexpected(not_kept(next_op_, "it ends before"));
      continue;
    }
    if (raw(command.op) < next_op_) continue;  // the batch began earlier
    next_op_ += 1;
    return true;
  }
  return false;
}

Expected<void> replay_to(Storage& storage, const Lead& lead, const PastMoment& moment,
                         std::unique_ptr<Scheduler>& scheduler, std::vector<std::string>& notes) {
  if (moment.op && *moment.op > lead.last_op) {
    return std::unexpected(Error{
        ErrorCode::kConfiguration, 0,
        fmt::format("look at op {}: the last one is {}", raw(*moment.op), raw(lead.last_op)), ""});
  }
  std::vector<UnreadSnapshot> unread;
  if (auto loaded = load_base(storage, lead, moment, scheduler, unread); !loaded) return loaded;
  for (const UnreadSnapshot& each : unread) notes.push_back(each.error.text());
  auto walk = CommandWalk::open(storage, behind(scheduler->op_applied()), lead.last_op);
  if (!walk) return std::unexpected(with_unread(walk.error(), scheduler->op_applied(), unread));
  Command command;
  while (true) {
    if (moment.op && scheduler->op_applied() >= *moment.op) return {};
    auto taken = (*walk)->next(command);
    if (!taken) return std::unexpected(with_unread(taken.error(), scheduler->op_applied(), unread));
    if (!*taken || !is_in_it(command, moment)) return {};
    scheduler->apply(command);
  }
}

}  // namespace permitd::daemon
