#include "tests/sim/failing_calls.h"

#include <execinfo.h>

#include <array>
#include <span>
#include <utility>

#include "protocol/journal_format.h"

namespace permitd::tests {

namespace {

// Deeper than any call of the journal's files is, so that a path has its beginning in it.
constexpr int kFramesMax = 64;

std::uint64_t path_here() {
  std::array<void*, kFramesMax> frames{};
  const int count = backtrace(frames.data(), kFramesMax);
  return protocol::checksum_of(
      std::as_bytes(std::span(frames).first(static_cast<std::size_t>(count))));
}

}  // namespace

int FailingCalls::look(const char* name, std::string file, const void* place) {
  notes_.push_back({name, std::move(file), place, phase_, notes_paths_ ? path_here() : 0});
  if (failure_.call == 0 || notes_.size() < failure_.call) return 0;
  const bool first = notes_.size() == failure_.call;
  if (first) failing_place_ = place;
  const bool again = failure_.lasting == Lasting::kEverywhere ||
                     (failure_.lasting == Lasting::kAtThisPlace && place == failing_place_);
  if (!first && !again) return 0;
  failed_count_ += 1;
  return failure_.number;
}

}  // namespace permitd::tests
