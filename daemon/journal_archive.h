// A journal directory that is only read: for verification of copies and backups. It takes no lock,
// cuts no tail and writes nothing, so the directory must not be in use; a running daemon's may be
// copied first.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/journal_files.h"
#include "daemon/journal_reader.h"
#include "daemon/storage.h"

namespace permitd::daemon {

class JournalArchive final : public Storage {
 public:
  /// Errors: kDamaged when it is no journal, kVersion, kSystem.
  [[nodiscard]] static Expected<std::unique_ptr<JournalArchive>> open(const std::string& path);

  /// Takes no lock; may be called again, and looks again.
  [[nodiscard]] Expected<Lead> survey() override;
  scheduler::Op op_durable() const override { return op_durable_; }
  [[nodiscard]] Expected<std::unique_ptr<BatchReader>> read(scheduler::Op from) override;
  [[nodiscard]] Expected<SnapshotList> snapshots() override;
  [[nodiscard]] Expected<std::unique_ptr<SnapshotReader>> read_snapshot(scheduler::Op op) override;

  // Nothing can be written.
  [[nodiscard]] Expected<Lead> lead() override;
  bool can_append() override { return false; }
  bool is_full() const override { return false; }
  std::span<std::byte> begin_batch() override { return {}; }
  void append(const BatchHeader& header) override;
  const Error* failure() const override { return nullptr; }
  void poll() override {}
  void flush() override {}
  [[nodiscard]] Expected<std::unique_ptr<SnapshotWriter>> write_snapshot(scheduler::Op op) override;
  void trim(scheduler::Op op) override;
  StorageStats stats() const override { return {}; }

 private:
  JournalArchive(JournalDirectory directory, const JournalFormat& format);

  JournalDirectory directory_;
  JournalFormat format_;
  SegmentHolds holds_;
  scheduler::Op op_durable_{};
};

}  // namespace permitd::daemon
