// The journal's durable writes on a simulated disk: several under way, completed in any order when
// the disk's chance has it. Engine thread.
#pragma once

#include <vector>

#include "daemon/journal_writer.h"
#include "tests/sim/simulated_disk.h"

namespace permitd::tests {

class SimulatedWriter final : public daemon::DurableWriter {
 public:
  explicit SimulatedWriter(SimulatedDisk& disk) : disk_(disk) {}

  void set_buffers(std::span<const std::span<std::byte>>) override {}
  void start(std::size_t slot, int file, std::span<const std::byte> bytes,
             std::uint64_t offset) override {
    disk_.start_write(slot, file, bytes, offset);
  }
  /// Completes one of the writes under way, 0 = oldest.
  void complete(std::size_t index);
  void poll() override;
  void wait() override;
  bool take(daemon::WriteResult& result) override;

 private:
  SimulatedDisk& disk_;
  std::vector<daemon::WriteResult> results_;
};

}  // namespace permitd::tests
