// A storage that passes everything on and shows each batch to a witness on its way. Optionally it
// lies about what is durable or how full the device is, leads too early or refuses for nothing, for
// the control that this is noticed. Engine thread, as the storage below.
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
  /// Its survey takes the lead, before anybody knows whether the state is right.
  void lead_early() { leads_early_ = true; }
  /// Its survey finds damage that is not there.
  void refuse_start() { refuses_start_ = true; }
  /// From now on the device is full, whatever is left on it.
  void say_full() { says_full_ = true; }
  /// True when it is lead() that has refused the start, and nothing before it.
  bool lead_has_failed() const { return lead_has_failed_; }
  /// Whether readers made from now on give batches with other seeds than were written.
  void read_wrongly(bool wrongly) { reads_wrongly_ = wrongly; }

  [[nodiscard]] daemon::Expected<daemon::Lead> survey() override {
    if (refuses_start_) {
      return std::unexpected(daemon::Error{daemon::ErrorCode::kDamaged, 0,
                                           "read journal.000001 at 0: nothing is wrong", {}});
    }
    return leads_early_ ? take_lead() : below_.survey();
  }
  [[nodiscard]] daemon::Expected<daemon::Lead> lead() override {
    return leads_early_ ? daemon::Lead{} : take_lead();
  }
  bool can_append() override { return below_.can_append(); }
  bool is_full() const override { return says_full_ || below_.is_full(); }
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

  daemon::Expected<daemon::Lead> take_lead() {
    auto lead = below_.lead();
    lead_has_failed_ = !lead;
    return lead;
  }

  daemon::Storage& below_;
  Witness witness_;
  std::span<std::byte> payload_;
  scheduler::Op last_op_{};
  bool early_ = false;
  bool leads_early_ = false;
  bool refuses_start_ = false;
  bool says_full_ = false;
  bool lead_has_failed_ = false;
  bool reads_wrongly_ = false;
};

}  // namespace permitd::tests
