#include "daemon/journal_archive.h"

#include <sys/stat.h>

#include "daemon/journal_scan.h"
#include "daemon/snapshot_file.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

using scheduler::Op;
using scheduler::raw;

namespace {

Error only_read(const std::string& act) {
  return Error{ErrorCode::kUnsupported, 0, act + ", which is only read", ""};
}

}  // namespace

JournalArchive::JournalArchive(JournalDirectory directory, const JournalFormat& format)
    : directory_(std::move(directory)), format_(format) {}

Expected<std::unique_ptr<JournalArchive>> JournalArchive::open(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return std::unexpected(system_error("open " + path, "Name the directory that holds FORMAT."));
  }
  auto directory = JournalDirectory::open(path);
  if (!directory) return std::unexpected(directory.error());
  JournalFormat format;
  auto known = directory->read_format(format);
  if (!known) return std::unexpected(known.error());
  if (!*known) {
    return std::unexpected(Error{ErrorCode::kDamaged, 0,
                                 "open " + path + ": there is no FORMAT in it",
                                 "Name the directory of a journal, the one that holds FORMAT."});
  }
  return std::unique_ptr<JournalArchive>(new JournalArchive(std::move(*directory), format));
}

Expected<Lead> JournalArchive::survey() {
  auto numbers = directory_.numbers("journal.");
  if (!numbers) return std::unexpected(numbers.error());
  if (numbers->empty()) {
    return std::unexpected(
        Error{ErrorCode::kDamaged, 0, "open " + directory_.path() + ": there is no segment", ""});
  }
  const auto list = snapshots();
  if (!list) return std::unexpected(list.error());
  FileSegments source(directory_, false);
  auto tail = find_tail(source, format_, numbers->front(), newest_op(*list));
  if (!tail) return std::unexpected(tail.error());
  (void)holds_.let_go(numbers->front());
  op_durable_ = Op{tail->end.next_op - 1};
  return Lead{tail->end.epoch + 1, Op{tail->first_op}, op_durable_, tail->torn_size,
              tail->torn_note};
}

Expected<std::unique_ptr<BatchReader>> JournalArchive::read(Op from) {
  auto reader = std::make_unique<JournalReader>(std::make_unique<FileSegments>(directory_, false),
                                                format_, holds_);
  if (auto done = reader->seek(holds_.first_kept(), from); !done) {
    return std::unexpected(done.error());
  }
  return reader;
}

Expected<SnapshotList> JournalArchive::snapshots() { return list_snapshots(directory_); }

Expected<std::unique_ptr<SnapshotReader>> JournalArchive::read_snapshot(Op op) {
  return open_snapshot(directory_, op);
}

Expected<Lead> JournalArchive::lead() {
  return std::unexpected(only_read("take the lead in " + directory_.path()));
}

void JournalArchive::append(const BatchHeader& header) {
  PERMIT_ASSERT(false, raw(header.first_op));  // nobody may append to an archive
}

Expected<std::unique_ptr<SnapshotWriter>> JournalArchive::write_snapshot(Op) {
  return std::unexpected(only_read("write a snapshot into " + directory_.path()));
}

void JournalArchive::trim(Op) {}

}  // namespace permitd::daemon
