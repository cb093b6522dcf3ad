// Idempotency keys. A key is made once per logical call and stays the same over all its retries, so
// that the daemon does the thing once. Owned by one thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "scheduler/types.h"

namespace permitd::cli {

/// Keys that no other source makes: 128 random bits from the system at start, then a counter in the
/// low half. Two sources meet with a chance of about calls² / 2^128.
class KeySource {
 public:
  KeySource();
  explicit KeySource(scheduler::IdempotencyKey base) : next_(base) {}
  /// The first of `count` consecutive keys (low, low + 1, …), all reserved for this caller.
  scheduler::IdempotencyKey next(std::uint64_t count = 1);

 private:
  scheduler::IdempotencyKey next_;
};

/// Random bytes of the system, for keys and for jitter.
std::uint64_t system_random();

/// A key that depends on `content` alone (FNV-1a, 128 bits; never zero): the same definition sent
/// twice is the same call. Not against somebody who wants two contents to meet: such a call is
/// refused as keyReused.
scheduler::IdempotencyKey content_key(std::string_view content);

}  // namespace permitd::cli
