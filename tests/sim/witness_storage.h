// A storage that passes everything on and shows each batch to a witness on its way. Optionally it
// lies about what is durable, for the control that such a lie is noticed. Engine thread, as the
// storage below.
#pragma once

#include <functional>

#include "daemon/storage.h"

namespace permitd::tests {

class WitnessStorage final : public daemon::Storage {
 public:
  using Witness = std::function<void(const daemon::BatchHeader&, std::span<const std::byte>)>;

  WitnessStorage(daemon::Storage& below, Witness witness)
      : below_(below), witness_(std::move(witness)) {}
  /// From now on what was appended counts as durable.
  void answer_early() { early_ = true; }
  /// Whether readers made from now on give batches with other seeds than were written.
  void read_wrongly(bool wrongly) { reads_wrongly_ = wrongly; }

  [[nodiscard]] daemon::Expected<daemon::Lead> survey() override { return below_.survey(); }
  [[nodiscard]] daemon::Expected<daemon::Lead> lead() override { return below_.lead(); }
  bool can_append() override { return below_.can_append(); }
  bool is_full() const override { return below_.is_full(); }
  std::span<std::byte> begin_batch() override { return payload_ = below_.begin_batch(); }
  void append(const daemon::BatchHeader& header) override {
    witness_(header, payload_.first(header.payload_size));
    last_op_ = scheduler::Op{scheduler::raw(header.first_op) + header.op_count - 1};
    below_.append(header);
  }
  scheduler::Op op_durable() const override {
    return early_ && last_op_ > below_.op_durable() ? last_op_ : below_.op_durable();
  }
  const daemon::Error* failure() const override { return below_.failure(); }
  void poll() override { below_.poll(); }
  void flush() override { below_.flush(); }
  [[nodiscard]] daemon::Expected<std::unique_ptr<daemon::BatchReader>> read(
      scheduler::Op from) override {
    auto reader = below_.read(from);
    if (!reader || !reads_wrongly_) return reader;
    return std::make_unique<WrongReader>(std::move(*reader));
  }
  [[nodiscard]] daemon::Expected<daemon::SnapshotList> snapshots() override {
    return below_.snapshots();
  }
  [[nodiscard]] daemon::Expected<std::unique_ptr<daemon::SnapshotWriter>> write_snapshot(
      scheduler::Op op) override {
    return below_.write_snapshot(op);
  }
  [[nodiscard]] daemon::Expected<std::unique_ptr<daemon::SnapshotReader>> read_snapshot(
      scheduler::Op op) override {
    return below_.read_snapshot(op);
  }
  void trim(scheduler::Op op) override { below_.trim(op); }
  daemon::StorageStats stats() const override { return below_.stats(); }

 private:
  class WrongReader final : public daemon::BatchReader {
   public:
    explicit WrongReader(std::unique_ptr<daemon::BatchReader> right) : right_(std::move(right)) {}
    [[nodiscard]] daemon::Expected<bool> next(scheduler::Op last, daemon::BatchHeader& header,
                                              std::span<const std::byte>& payload) override {
      auto taken = right_->next(last, header, payload);
      header.seed ^= 1;
      return taken;
    }

   private:
    std::unique_ptr<daemon::BatchReader> right_;
  };

  daemon::Storage& below_;
  Witness witness_;
  std::span<std::byte> payload_;
  scheduler::Op last_op_{};
  bool early_ = false;
  bool reads_wrongly_ = false;
};

}  // namespace permitd::tests
