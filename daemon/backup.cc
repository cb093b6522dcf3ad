#include "daemon/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "daemon/journal_archive.h"
#include "daemon/journal_copy.h"
#include "daemon/journal_reader.h"
#include "daemon/recovery.h"

namespace permitd::daemon {

using scheduler::Op;
using scheduler::raw;

namespace {

constexpr int kDamagedStatus = 5;
constexpr char kNoteName[] = "BACKUP";
// A running daemon may give up the oldest segment while it is copied: then from the beginning.
constexpr int kAttemptsMax = 5;

int report_failure(const Error& error) {
  std::fprintf(stderr, "permitd: %s\n", error.text().c_str());
  return error.code == ErrorCode::kDamaged ? kDamagedStatus : 1;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::string note_text(const BackupNote& note) {
  const std::string text = fmt::format("permitd backup\nop {}\ndigest {}\nframe {}\n", raw(note.op),
                                       note.digest, note.frame_hash);
  return text +
         fmt::format("checksum {:016x}\n", protocol::checksum_of(std::as_bytes(std::span(text))));
}

Expected<void> write_note(const JournalDirectory& directory, const BackupNote& note) {
  const std::string unfinished = std::string(kNoteName) + ".tmp";
  auto file = directory.open_file(unfinished, O_WRONLY | O_CREAT | O_TRUNC, false);
  if (!file) return std::unexpected(file.error());
  const std::string text = note_text(note);
  auto done =
      write_durable_now(*file, directory.path_of(unfinished), 0, std::as_bytes(std::span(text)));
  if (!done) return done;
  return directory.rename_file(unfinished, kNoteName);
}

/// The state of a directory, computed from its files.
struct CheckedState {
  Op op{};
  scheduler::Tick now;  // of the last command
  std::string digest;
};

Expected<CheckedState> check_state(const std::string& path) {
  auto archive = JournalArchive::open(path);
  if (!archive) return std::unexpected(archive.error());
  scheduler::Scheduler scheduler;
  auto report = recover_unled(**archive, scheduler);
  if (!report) return std::unexpected(report.error());
  // A snapshot that cannot be read was just written or just copied.
  if (!report->notes.empty()) {
    return std::unexpected(Error{ErrorCode::kDamaged, 0,
                                 fmt::format("check {}: {}", path, report->notes.front()),
                                 "Look at the device, then do it again."});
  }
  const StateDigest digest = digest_of_state(scheduler);
  return CheckedState{scheduler.op_applied(), scheduler.now(),
                      fmt::format("{:016x}{:016x}", digest.high, digest.low)};
}

void print_result(const CopiedJournal& copied, const CheckedState& state) {
  std::string snapshots;
  for (const Op op : copied.snapshots)
    snapshots += fmt::format("{}{}", snapshots.empty() ? "" : ",", raw(op));
  const std::string text = fmt::format(
      "{{\"op\":{},\"digest\":\"{}\",\"firstOp\":{},\"snapshots\":[{}],\"bytes\":{}}}\n",
      raw(state.op), state.digest, raw(copied.first_op), snapshots, copied.size);
  std::fputs(text.c_str(), stdout);
}

Expected<CheckedState> check_copy(const std::string& target, const CopiedJournal& copied) {
  auto state = check_state(target);
  if (state && state->op != copied.last_op) {
    return std::unexpected(Error{ErrorCode::kDamaged, 0,
                                 fmt::format("check {}: it ends at op {}, op {} was written",
                                             target, raw(state->op), raw(copied.last_op)),
                                 "Look at the device, then do it again."});
  }
  return state;
}

void clear(const JournalDirectory& target) {
  for (const char* const prefix : {"journal.", "snapshot."}) {
    const auto numbers = target.numbers(prefix);
    if (!numbers) continue;
    for (const std::uint64_t number : *numbers) {
      const bool is_segment = std::string_view(prefix) == "journal.";
      (void)target.remove_file(is_segment ? JournalDirectory::segment_name(number)
                                          : fmt::format("{}{:020}", prefix, number));
    }
  }
  target.remove_unfinished();
}

/// What cannot be used is taken away again: first what makes a directory a journal.
std::unexpected<Error> give_up(const JournalDirectory& target, const Error& error) {
  (void)target.remove_file("FORMAT");
  clear(target);
  return std::unexpected(error);
}

// ---- backup ----

/// The op up to which everything is durable: what the running daemon said, else the last one of a
/// journal that nobody writes.
Expected<Op> last_durable(JournalDirectory& data, const BackupRequest& wanted) {
  auto led = data.is_led();
  if (!led) return std::unexpected(led.error());
  if (wanted.to != Op{0} && *led) return wanted.to;
  if (wanted.to == Op{0} && *led) {
    return std::unexpected(Error{
        ErrorCode::kFenced, 0,
        "back up " + wanted.data + ": a daemon runs on it, and it alone knows what is durable",
        "Use 'permitctl backup', which asks it, or stop it."});
  }
  if (wanted.to != Op{0}) {
    return std::unexpected(Error{
        ErrorCode::kConfiguration, 0,
        "back up " + wanted.data + ": no daemon runs on it, so it is not the one that was asked",
        "Name the data directory of the daemon that answers at the socket."});
  }
  auto archive = JournalArchive::open(wanted.data);
  if (!archive) return std::unexpected(archive.error());
  auto lead = (*archive)->survey();
  if (!lead) return std::unexpected(lead.error());
  return lead->last_op;
}

Expected<std::uint64_t> first_segment(const JournalDirectory& data) {
  auto numbers = data.numbers("journal.");
  if (!numbers) return std::unexpected(numbers.error());
  return numbers->empty() ? 0 : numbers->front();
}

Expected<CopiedJournal> copy_running(const JournalDirectory& data, const JournalDirectory& target,
                                     Op last) {
  for (int attempt = 1;; ++attempt) {
    const auto before = first_segment(data);
    if (!before) return std::unexpected(before.error());
    auto copied = copy_journal(data, target, last, {});
    if (copied) return copied;
    const auto after = first_segment(data);
    if (attempt == kAttemptsMax || !after || *after == *before) return copied;
    clear(target);
  }
}

Expected<void> back_up(const BackupRequest& wanted) {
  auto data = JournalArchive::open(wanted.data);  // never makes a directory
  if (!data) return std::unexpected(data.error());
  auto directory = JournalDirectory::open(wanted.data);
  if (!directory) return std::unexpected(directory.error());
  auto last = last_durable(*directory, wanted);
  if (!last) return std::unexpected(last.error());
  auto target = open_empty(wanted.target);
  if (!target) return std::unexpected(target.error());
  auto copied = copy_running(*directory, *target, *last);
  if (!copied) return give_up(*target, copied.error());
  auto state = check_copy(wanted.target, *copied);
  if (!state) return give_up(*target, state.error());
  auto noted = write_note(*target, {state->op, state->digest, hex(copied->hash)});
  if (!noted) return give_up(*target, noted.error());
  print_result(*copied, *state);
  return {};
}

// ---- restore ----

Error cut_short(const RestoreRequest& wanted, Op noted, Op found) {
  return Error{ErrorCode::kDamaged, 0,
               fmt::format("read {}: BACKUP says that it reaches op {}, the journal ends at op {}",
                           wanted.backup, raw(noted), raw(found)),
               "Use another backup, or take what is there with --op."};
}

Error too_early(const RestoreRequest& wanted, Op begins) {
  return Error{ErrorCode::kConfiguration, 0,
               fmt::format("restore {}: it does not reach back so far, its journal begins at op {}",
                           wanted.backup, raw(begins)),
               "Name a later op or moment, or use an older backup."};
}

/// The last op before the first batch behind the moment; none where no such batch is reached.
Expected<std::optional<Op>> last_until(const RestoreRequest& wanted,
                                       const JournalDirectory& backup) {
  JournalFormat format;
  auto known = backup.read_format(format);
  if (!known) return std::unexpected(known.error());
  auto first = first_segment(backup);
  if (!first) return std::unexpected(first.error());
  FileSegments source(backup, true);
  FrameWalk walk(source, format);
  walk.start(*first);
  for (bool is_first = true;; is_first = false) {
    auto taken = walk.next();
    if (!taken) return std::unexpected(taken.error());
    if (!*taken) return std::nullopt;
    const protocol::FrameHeader& header = walk.header();
    if (header.op_count == 0 || header.now_ms <= wanted.until.at->ms) continue;
    if (is_first) return std::unexpected(too_early(wanted, Op{header.first_op}));
    return Op{header.first_op - 1};
  }
}

/// The last op to take. What is damaged behind a wanted op or moment is no obstacle: the copy ends
/// before it.
Expected<Op> last_kept(const RestoreRequest& wanted, const JournalDirectory& backup,
                       Storage& archive, const std::optional<BackupNote>& note) {
  if (wanted.until.op) return *wanted.until.op;
  if (wanted.until.at) {
    auto last = last_until(wanted, backup);
    if (!last) return std::unexpected(last.error());
    if (*last) return **last;
    // Everything that can be read lies before the moment: was that all?
  }
  auto lead = archive.survey();
  if (!lead) return std::unexpected(lead.error());
  if (note && lead->last_op < note->op)
    return std::unexpected(cut_short(wanted, note->op, lead->last_op));
  return lead->last_op;
}

/// An op that never was is no damage.
Error why_not(const RestoreRequest& wanted, Storage& archive, const Error& error) {
  if (error.code != ErrorCode::kDamaged || !wanted.until.op) return error;
  const auto lead = archive.survey();
  if (!lead || lead->last_op >= *wanted.until.op) return error;
  return Error{ErrorCode::kConfiguration, 0,
               fmt::format("restore {} to op {}: the last one is {}", wanted.backup,
                           raw(*wanted.until.op), raw(lead->last_op)),
               "Leave out --op to take all of it."};
}

/// The first op of what was copied, or the one that would come next where no batch was.
Op begin_of(const CopiedJournal& copied) {
  return copied.first_op != Op{0} ? copied.first_op : Op{raw(copied.last_op) + 1};
}

Expected<void> check_reach(const RestoreRequest& wanted, const CopiedJournal& copied) {
  const bool reaches = begin_of(copied) <= Op{1} || !copied.snapshots.empty();
  if (reaches && (!wanted.until.op || copied.last_op == *wanted.until.op)) return {};
  return std::unexpected(too_early(wanted, begin_of(copied)));
}

Expected<void> check_against(const BackupNote& note, const CopiedJournal& copied,
                             const CheckedState& state) {
  if (state.op != note.op) return {};
  const std::string hash = hex(copied.hash);
  if (state.digest == note.digest && hash == note.frame_hash) return {};
  return std::unexpected(
      Error{ErrorCode::kDamaged, 0,
            fmt::format("check the state at op {}: its digest is {} and its last frame {}, BACKUP "
                        "says {} and {}",
                        raw(state.op), state.digest, hash, note.digest, note.frame_hash),
            "The copy is not the backup that was made, or this permitd plays it otherwise than the "
            "one that made it: use that one."});
}

Expected<void> restore(const RestoreRequest& wanted) {
  auto archive = JournalArchive::open(wanted.backup);
  if (!archive) return std::unexpected(archive.error());
  auto backup = JournalDirectory::open(wanted.backup);
  if (!backup) return std::unexpected(backup.error());
  auto led = backup->is_led();
  if (!led) return std::unexpected(led.error());
  if (*led) {
    return std::unexpected(Error{ErrorCode::kFenced, 0,
                                 "restore " + wanted.backup + ": a daemon runs on it",
                                 "Make a backup of it first: 'permitctl backup'."});
  }
  auto note = read_backup_note(*backup);
  if (!note) return std::unexpected(note.error());
  auto last = last_kept(wanted, *backup, **archive, *note);
  if (!last) return std::unexpected(last.error());
  auto target = open_empty(wanted.target);
  if (!target) return std::unexpected(target.error());
  auto copied = copy_journal(*backup, *target, *last, wanted.until);
  if (!copied) return give_up(*target, why_not(wanted, **archive, copied.error()));
  if (auto reached = check_reach(wanted, *copied); !reached)
    return give_up(*target, reached.error());
  auto state = check_copy(wanted.target, *copied);
  if (!state) return give_up(*target, state.error());
  // A journal that was begun with a snapshot does not say when that one was taken; its state does.
  if (wanted.until.at && state->now > *wanted.until.at)
    return give_up(*target, too_early(wanted, begin_of(*copied)));
  if (*note) {
    if (auto same = check_against(**note, *copied, *state); !same)
      return give_up(*target, same.error());
  }
  print_result(*copied, *state);
  return {};
}

}  // namespace

Expected<std::optional<BackupNote>> read_backup_note(const JournalDirectory& directory) {
  auto file = directory.open_file(kNoteName, O_RDONLY, false);
  if (!file && file.error().number == ENOENT) return std::optional<BackupNote>();
  if (!file) return std::unexpected(file.error());
  const auto read = read_text(*file, directory.path_of(kNoteName));
  if (!read) return std::unexpected(read.error());
  const std::string& text = *read;
  BackupNote note;
  unsigned long long op = 0;
  char digest[33] = {};
  char frame[65] = {};
  const bool parsed =
      std::sscanf(text.c_str(), "permitd backup\nop %llu\ndigest %32[0-9a-f]\nframe %64[0-9a-f]\n",
                  &op, digest, frame) == 3;
  note = {Op{op}, digest, frame};
  if (parsed && text == note_text(note)) return note;
  return std::unexpected(Error{ErrorCode::kDamaged, 0,
                               "read " + directory.path_of(kNoteName) + ": the checksum is wrong",
                               "Use another backup."});
}

int make_backup(const BackupRequest& wanted) {
  auto done = back_up(wanted);
  return done ? 0 : report_failure(done.error());
}

int restore_backup(const RestoreRequest& wanted) {
  auto done = restore(wanted);
  return done ? 0 : report_failure(done.error());
}

}  // namespace permitd::daemon
