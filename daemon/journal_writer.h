// The one way bytes become durable: a positioned write that is on the device when it completes.
//
// RingWriter gives it to an io_uring and does not block; SyscallWriter is for hosts without
// io_uring and blocks for the time of the write. Both report results in take(), in the order of
// completion. Engine thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "daemon/uring.h"

namespace permitd::daemon {

/// Result of the write from a slot: bytes written or −errno.
struct WriteResult {
  std::size_t slot = 0;
  std::int64_t result = 0;
};

class DurableWriter {
 public:
  virtual ~DurableWriter() = default;
  /// Tells the memory of each slot, in which all writes from it begin. Once, before start(); it
  /// outlives the writer.
  virtual void set_buffers(std::span<const std::span<std::byte>> buffers) = 0;
  /// Starts a write; `bytes` must stand still until its result was taken. One write per slot at a
  /// time.
  virtual void start(std::size_t slot, int file, std::span<const std::byte> bytes,
                     std::uint64_t offset) = 0;
  /// Looks for results without blocking.
  virtual void poll() = 0;
  /// Blocks until there is a result. Pre: a write is under way whose result was not taken.
  virtual void wait() = 0;
  /// Next result, false when there is none.
  virtual bool take(WriteResult& result) = 0;
};

class SyscallWriter final : public DurableWriter {
 public:
  void set_buffers(std::span<const std::span<std::byte>>) override {}
  void start(std::size_t slot, int file, std::span<const std::byte> bytes,
             std::uint64_t offset) override;
  void poll() override {}
  void wait() override {}
  bool take(WriteResult& result) override;

 private:
  std::vector<WriteResult> results_;
  std::size_t taken_ = 0;
};

class RingWriter final : public DurableWriter {
 public:
  /// `runs_completions`: poll() also runs the ring's handlers; otherwise the loop that owns the
  /// ring does.
  RingWriter(Ring& ring, std::size_t slot_count, bool runs_completions);
  ~RingWriter() override;
  /// Registers them with the ring, which saves pinning their pages at each write: a third of the
  /// CPU time of a write of 1 MiB. Where that is refused, it works without.
  void set_buffers(std::span<const std::span<std::byte>> buffers) override;
  void start(std::size_t slot, int file, std::span<const std::byte> bytes,
             std::uint64_t offset) override;
  void poll() override;
  void wait() override;
  bool take(WriteResult& result) override;

 private:
  class Slot;
  Ring& ring_;
  bool runs_completions_;
  bool registered_ = false;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<WriteResult> results_;
  std::size_t taken_ = 0;
};

}  // namespace permitd::daemon
