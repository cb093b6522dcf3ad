#include "cli/keys.h"

#include <sys/random.h>

#include "scheduler/assert.h"

namespace permitd::cli {

std::uint64_t system_random() {
  std::uint64_t value = 0;
  // Up to 256 bytes come whole once the system's pool is ready, which it is long before any client
  // runs.
  auto size = getrandom(&value, sizeof value, 0);
  PERMIT_ASSERT(size == static_cast<ssize_t>(sizeof value), size);
  return value;
}

KeySource::KeySource() : next_{system_random(), system_random()} {}

scheduler::IdempotencyKey KeySource::next(std::uint64_t count) {
  // A block must not wrap around (the daemon adds to `low` alone), and all-zero is not a key.
  if (next_.low == 0 || next_.low > UINT64_MAX - count) {
    ++next_.high;
    next_.low = 1;
  }
  auto first = next_;
  next_.low += count;
  return first;
}

scheduler::IdempotencyKey content_key(std::string_view content) {
  __extension__ using Wide = unsigned __int128;
  constexpr Wide kPrime = (static_cast<Wide>(1) << 88) + 0x13B;
  Wide hash = (static_cast<Wide>(0x6c62272e07bb0142ULL) << 64) + 0x62b821756295c58dULL;
  for (char byte : content) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= kPrime;
  }
  scheduler::IdempotencyKey key{static_cast<std::uint64_t>(hash >> 64),
                                static_cast<std::uint64_t>(hash)};
  if (key == scheduler::IdempotencyKey{}) key.low = 1;
  return key;
}

}  // namespace permitd::cli
