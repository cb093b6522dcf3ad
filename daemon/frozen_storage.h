// A storage behind which nothing changes any more: everything is durable, and there is no room for
// anything else, so that an engine over it answers reads and refuses commands. Engine thread only.
#pragma once

#include "daemon/storage.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

class FrozenStorage final : public Storage {
 public:
  explicit FrozenStorage(scheduler::Op op) : op_(op) {}

  [[nodiscard]] Expected<Lead> survey() override { return Lead{0, op_, op_, 0, {}}; }
  [[nodiscard]] Expected<Lead> lead() override {
    return std::unexpected(frozen("take the lead"));
  }
  scheduler::Op op_durable() const override { return op_; }
  bool can_append() override { return false; }
  bool is_full() const override { return true; }
  std::span<std::byte> begin_batch() override { return {}; }
  void append(const BatchHeader& header) override {
    PERMIT_ASSERT(false, scheduler::raw(header.first_op));  // can_append() is false
  }
  const Error* failure() const override { return nullptr; }
  void poll() override {}
  void flush() override {}
  [[nodiscard]] Expected<std::unique_ptr<BatchReader>> read(scheduler::Op) override {
    return std::unexpected(frozen("read the journal"));
  }
  [[nodiscard]] Expected<SnapshotList> snapshots() override { return SnapshotList{}; }
  [[nodiscard]] Expected<std::unique_ptr<SnapshotWriter>> write_snapshot(scheduler::Op) override {
    return std::unexpected(frozen("write a snapshot"));
  }
  [[nodiscard]] Expected<std::unique_ptr<SnapshotReader>> read_snapshot(scheduler::Op) override {
    return std::unexpected(frozen("read a snapshot"));
  }
  void trim(scheduler::Op) override {}
  StorageStats stats() const override { return {}; }

 private:
  static Error frozen(const char* act) {
    return Error{ErrorCode::kUnsupported, 0, std::string(act) + " of a state of the past", ""};
  }

  scheduler::Op op_;
};

}  // namespace permitd::daemon
