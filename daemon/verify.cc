#include "daemon/verify.h"

#include <fmt/format.h>

#include <cstdio>

#include "daemon/backup.h"
#include "daemon/journal_archive.h"
#include "daemon/recovery.h"

namespace permitd::daemon {

using scheduler::raw;

namespace {

constexpr int kDamagedStatus = 5;

int report_failure(const Error& error) {
  std::fprintf(stderr, "permitd: %s\n", error.text().c_str());
  return error.code == ErrorCode::kDamaged ? kDamagedStatus : 1;
}

Expected<std::string> verify_snapshots(Storage& storage) {
  std::string rows;
  auto list = storage.snapshots();
  if (!list) return std::unexpected(list.error());
  if (!list->unread.empty()) return std::unexpected(list->unread.front().error);
  for (const SnapshotMark& mark : list->marks) {
    auto verified = verify_snapshot(storage, mark.op);
    if (!verified) return std::unexpected(verified.error());
    rows += fmt::format("{}{{\"op\":{},\"digest\":\"{:016x}{:016x}\",\"replayedFrom\":{}}}",
                        rows.empty() ? "" : ",", raw(mark.op), mark.digest.high, mark.digest.low,
                        verified->replayed ? fmt::format("{}", raw(verified->base_op)) : "null");
  }
  return rows;
}

/// What was noted when the directory was made as a backup still holds.
Expected<void> check_note(const std::string& path, const scheduler::Scheduler& scheduler) {
  auto directory = JournalDirectory::open(path);
  if (!directory) return std::unexpected(directory.error());
  auto note = read_backup_note(*directory);
  if (!note) return std::unexpected(note.error());
  if (!*note || (*note)->op < scheduler.op_applied()) return {};  // a daemon has gone on from it
  const StateDigest digest = digest_of_state(scheduler);
  const std::string found = fmt::format("{:016x}{:016x}", digest.high, digest.low);
  if ((*note)->op == scheduler.op_applied() && (*note)->digest == found) return {};
  return std::unexpected(
      Error{ErrorCode::kDamaged, 0,
            fmt::format("check {}: BACKUP says op {} and digest {}, found are op {} and {}", path,
                        raw((*note)->op), (*note)->digest, raw(scheduler.op_applied()), found),
            "Use another backup, or the permitd that made it."});
}

}  // namespace

int verify(const std::string& directory) {
  auto archive = JournalArchive::open(directory);
  if (!archive) return report_failure(archive.error());
  scheduler::Scheduler scheduler;
  auto report = recover_unled(**archive, scheduler);
  if (!report) return report_failure(report.error());
  for (const std::string& note : report->notes) std::fprintf(stderr, "permitd: %s\n", note.c_str());
  if (auto noted = check_note(directory, scheduler); !noted) return report_failure(noted.error());
  auto snapshots = verify_snapshots(**archive);
  if (!snapshots) return report_failure(snapshots.error());
  const StateDigest digest = digest_of_state(scheduler);
  std::printf(
      "{\"op\":%llu,\"digest\":\"%016llx%016llx\",\"firstOp\":%llu,\"snapshotOp\":%llu,"
      "\"replayedOps\":%llu,"
      "\"tornBytes\":%llu,\"snapshots\":[%s]}\n",
      static_cast<unsigned long long>(raw(scheduler.op_applied())),
      static_cast<unsigned long long>(digest.high), static_cast<unsigned long long>(digest.low),
      static_cast<unsigned long long>(raw(report->lead.first_op)),
      static_cast<unsigned long long>(raw(report->snapshot_op)),
      static_cast<unsigned long long>(report->replay.op_count),
      static_cast<unsigned long long>(report->lead.torn_size), snapshots->c_str());
  return 0;
}

}  // namespace permitd::daemon
