#include "daemon/audit_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "daemon/audit_line.h"
#include "daemon/command_walk.h"
#include "daemon/journal_archive.h"
#include "daemon/recovery.h"

namespace permitd::daemon {

using scheduler::Command;
using scheduler::Op;
using scheduler::raw;
using scheduler::Scheduler;

namespace {

constexpr int kDamagedStatus = 5;
constexpr std::size_t kHashDigits = 64;

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
  }
};
using Output = std::unique_ptr<std::FILE, CloseFile>;

Error cannot_write(const std::string& file) {
  return Error{ErrorCode::kSystem, errno, "write " + file, "Look at the room on that device."};
}

Error out_of_range(std::string what, std::string remedy) {
  return Error{ErrorCode::kConfiguration, 0, std::move(what), std::move(remedy)};
}

std::string digest_text(const Scheduler& scheduler) {
  const StateDigest digest = digest_of_state(scheduler);
  return fmt::format("{:016x}{:016x}", digest.high, digest.low);
}

/// The ops that the trail tells.
struct Range {
  Op from{};
  Op to{};
};

/// What the directory can tell at all: from behind its oldest snapshot, or from its first op.
Expected<Range> range_of(const AuditExport& wanted, Storage& storage, const Lead& lead) {
  std::uint64_t oldest = raw(lead.first_op);
  if (oldest > 1) {
    std::uint64_t base = UINT64_MAX;
    auto list = storage.snapshots();
    if (!list) return std::unexpected(list.error());
    for (const SnapshotMark& mark : list->marks)
      if (raw(mark.op) + 1 >= oldest) base = std::min(base, raw(mark.op));
    if (base == UINT64_MAX) {
      const Error error{ErrorCode::kDamaged, 0,
                        fmt::format("tell what happened: the journal begins at op {} and no "
                                    "snapshot reaches it",
                                    oldest),
                        "Use a backup that is whole."};
      return std::unexpected(with_unread(error, Op{oldest - 2}, list->unread));
    }
    oldest = base + 1;
  }
  const std::uint64_t from = wanted.from == 0 ? oldest : wanted.from;
  const std::uint64_t to = wanted.to == 0 ? raw(lead.last_op) : wanted.to;
  if (from < oldest)
    return std::unexpected(
        out_of_range(fmt::format("tell op {}: the directory reaches back to op {}", from, oldest),
                     "Take what lies before from an earlier trail or backup."));
  if (to > raw(lead.last_op) || from > to)
    return std::unexpected(out_of_range(
        fmt::format("tell ops {} to {}: the last one is {}", from, to, raw(lead.last_op)),
        "Name ops that are there, the first one first."));
  return Range{Op{from}, Op{to}};
}

class Exporter {
 public:
  Exporter(const AuditExport& wanted, Output output)
      : wanted_(wanted),
        output_(std::move(output)),
        chain_(wanted.previous.empty() ? std::string(kHashDigits, '0') : wanted.previous) {}

  Expected<void> run(Storage& storage, const Lead& lead) {
    auto range = range_of(wanted_, storage, lead);
    if (!range) return std::unexpected(range.error());
    std::vector<std::string> notes;
    std::unique_ptr<Scheduler> scheduler;
    const PastMoment begin{Op{raw(range->from) - 1}, std::nullopt};
    if (auto done = replay_to(storage, lead, begin, scheduler, notes); !done) return done;
    for (const std::string& note : notes) std::fprintf(stderr, "permitd: %s\n", note.c_str());
    if (auto done = write(head(*range, *scheduler)); !done) return done;
    auto walk = CommandWalk::open(storage, range->from, range->to);
    if (!walk) return std::unexpected(walk.error());
    VenueHolders venues(*scheduler);
    Command command;
    while (true) {
      auto taken = (*walk)->next(command);
      if (!taken) return std::unexpected(taken.error());
      if (!*taken) break;
      const AuditBefore before = look_before(command, *scheduler);
      const scheduler::Outcome outcome = scheduler->apply(command);
      venues.follow(*scheduler);
      if (auto done =
              write(audit_members(command, (*walk)->batch(), outcome, before, venues, *scheduler));
          !done)
        return done;
      count_ += 1;
    }
    return finish(*range, *scheduler);
  }

 private:
  std::string head(const Range& range, const Scheduler& scheduler) const {
    return fmt::format(
               "\"trail\":\"permitd audit trail\",\"version\":1,\"from\":{},\"to\":{},"
               "\"previous\":\"{}\",\"state\":\"{}\"",
               raw(range.from), raw(range.to), chain_.last(), digest_text(scheduler)) +
           lottery_member(scheduler.lottery());
  }

  Expected<void> finish(const Range& range, const Scheduler& scheduler) {
    if (auto done = write(fmt::format("\"end\":{},\"commands\":{},\"state\":\"{}\"", raw(range.to),
                                      count_, digest_text(scheduler)));
        !done)
      return done;
    if (std::fflush(output_.get()) != 0) return std::unexpected(cannot_write(wanted_.file));
    std::fprintf(stderr, "ops %llu to %llu; the trail ends with %s\n",
                 static_cast<unsigned long long>(raw(range.from)),
                 static_cast<unsigned long long>(raw(range.to)), chain_.last().c_str());
    return {};
  }

  Expected<void> write(const std::string& members) {
    const std::string line = chain_.link(members);
    if (std::fwrite(line.data(), 1, line.size(), output_.get()) == line.size()) return {};
    return std::unexpected(cannot_write(wanted_.file));
  }

  const AuditExport& wanted_;
  Output output_;
  AuditChain chain_;
  std::uint64_t count_ = 0;
};

Expected<void> try_export(const AuditExport& wanted) {
  auto archive = JournalArchive::open(wanted.directory);
  if (!archive) return std::unexpected(archive.error());
  auto lead = (*archive)->survey();
  if (!lead) return std::unexpected(lead.error());
  Output output(wanted.file == "-" ? stdout : std::fopen(wanted.file.c_str(), "wx"));
  if (!output)
    return std::unexpected(Error{ErrorCode::kSystem, errno, "make " + wanted.file,
                                 "Name a file that is not there yet."});
  return Exporter(wanted, std::move(output)).run(**archive, *lead);
}

}  // namespace

int export_audit(const AuditExport& wanted) {
  const auto done = try_export(wanted);
  if (done) return 0;
  std::fprintf(stderr, "permitd: %s\n", done.error().text().c_str());
  return done.error().code == ErrorCode::kDamaged ? kDamagedStatus : 1;
}

}  // namespace permitd::daemon
