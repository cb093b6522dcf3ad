// What a connection may cost and how the loop talks to the kernel: plain settings that the
// configuration fills and the RPC loop keeps to, so that neither includes the other.
#pragma once

#include <cstdint>

namespace permitd::daemon {

enum class IoKind : std::uint8_t { kUring, kEpoll };

/// What a connection may cost. Whoever goes beyond is dropped with the reason in the log and in a
/// counter.
struct ConnectionLimits {
  std::uint32_t message_words_max = (1U << 20) / 8;  // 1 MiB
  std::uint16_t segments_max = 64;
  std::uint32_t connections_max = 12'000;
  std::uint32_t same_name_max = 512;  // connections with certificates of one name, on one thread
  // Bytes held for all connections together. 12,000 of them, each at its own limits, would be 60
  // GiB; what each may hold whatever the others do (64 KiB) is three quarters of this.
  std::uint64_t held_size_max = std::uint64_t{1} << 30;
  std::uint32_t send_queue_size_max = 4U << 20;  // bytes waiting for a slow reader
  std::uint32_t handshake_seconds = 10;          // to the first whole message
  std::uint32_t partial_seconds = 30;            // a begun message must be complete by then
  std::uint32_t send_seconds = 30;               // without progress of a non-empty send queue
  std::uint32_t idle_seconds = 0;                // 0 = no limit
  // Calls are answered busy, unread, while the oldest message of their connection has waited so
  // long to be read, or so many wait. The daemon sets both, the second by quota.calls_in_flight.
  std::uint32_t wait_ms = 0;                        // 0 = however long
  std::uint32_t messages_waiting_max = UINT32_MAX;  // a call and its Finish are two
  // Questions open at once, answered ones that are not finished included; the daemon sets it by
  // quota.calls_in_flight, too. See protocol/buffered_stream.h.
  std::uint32_t questions_max = UINT32_MAX;
};

}  // namespace permitd::daemon
