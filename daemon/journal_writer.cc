#include "daemon/journal_writer.h"

#include <sys/uio.h>

#include <cerrno>

#include "daemon/journal_files.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

namespace {

bool take_from(std::vector<WriteResult>& results, std::size_t& taken, WriteResult& result) {
  if (taken == results.size()) {
    results.clear();
    taken = 0;
    return false;
  }
  result = results[taken++];
  return true;
}

}  // namespace

void SyscallWriter::start(std::size_t slot, int file, std::span<const std::byte> bytes,
                          std::uint64_t offset) {
  const iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const ssize_t done = uninterrupted(
      [&] { return pwritev2(file, &part, 1, static_cast<off_t>(offset), RWF_DSYNC); });
  results_.push_back({slot, done < 0 ? -errno : done});
}

bool SyscallWriter::take(WriteResult& result) { return take_from(results_, taken_, result); }

class RingWriter::Slot final : public Operation {
 public:
  Slot(RingWriter& writer, std::size_t index) : writer_(writer), index_(index) {}
  void complete(const Completion& completion) noexcept override {
    writer_.results_.push_back({index_, completion.result});
  }

 private:
  RingWriter& writer_;
  std::size_t index_;
};

RingWriter::RingWriter(Ring& ring, std::size_t slot_count, bool runs_completions)
    : ring_(ring), runs_completions_(runs_completions) {
  results_.reserve(slot_count * 2);
  for (std::size_t index = 0; index < slot_count; ++index)
    slots_.push_back(std::make_unique<Slot>(*this, index));
}

RingWriter::~RingWriter() {
  if (registered_) (void)ring_.register_buffers({});
}

void RingWriter::set_buffers(std::span<const std::span<std::byte>> buffers) {
  PERMIT_ASSERT(buffers.size() == slots_.size(), buffers.size());
  registered_ = ring_.register_buffers(buffers).has_value();
}

void RingWriter::start(std::size_t slot, int file, std::span<const std::byte> bytes,
                       std::uint64_t offset) {
  ring_.write_durable(*slots_.at(slot), file, bytes, offset,
                      registered_ ? static_cast<int>(slot) : -1);
}

void RingWriter::poll() {
  ring_.poll();
  if (runs_completions_) ring_.run_completions();
}

void RingWriter::wait() {
  while (taken_ == results_.size()) {
    ring_.wait(-1, 0);
    ring_.run_completions();
  }
}

bool RingWriter::take(WriteResult& result) { return take_from(results_, taken_, result); }

}  // namespace permitd::daemon
