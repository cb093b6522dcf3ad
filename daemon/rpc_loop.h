// One thread's event loop for Cap'n Proto: KJ on io_uring, or on KJ's own epoll port where asked
// for.
//
// The loop turns like this: run every KJ event that is ready; send what the turn produced, one send
// per connection; let the hooks work (the engine's step in a shared loop, the port's responses
// otherwise); sleep only when nobody had anything to do. All members belong to the loop's thread.
#pragma once

#include <capnp/serialize-async.h>
#include <kj/async.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/connection_limits.h"
#include "daemon/drop_reason.h"
#include "daemon/error.h"
#include "daemon/network_figures.h"
#include "daemon/uring.h"
#include "daemon/waker.h"
#include "protocol/tls_channel.h"

namespace permitd::daemon {

/// Who is at the other end, as far as the kernel says, or the authority of the certificates.
struct Peer {
  bool is_unix = false;
  std::uint32_t uid = 0;  // unix sockets only (SO_PEERCRED)
  std::uint32_t gid = 0;
  std::int32_t pid = 0;
  bool is_loopback = false;
  bool is_tls = false;  // a certificate was shown and found good
  std::string name;     // its common name, "office-17"; empty when it has no usable one
  std::string address;  // for the log; with TLS the name is part of it
};

struct LoopStats {
  std::uint64_t connections_accepted = 0;
  std::uint32_t connections_open = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t sends = 0;  // send operations, each with all replies of a turn
  std::uint64_t messages_sent = 0;
  std::uint64_t calls_refused = 0;  // answered busy, unread
  std::uint64_t received_size = 0;
  std::uint64_t sent_size = 0;
  std::uint64_t system_calls = 0;  // io_uring_enter; 0 with epoll
  std::uint64_t receive_exhausted =
      0;  // receives that met no free buffer and were armed again; 0 with epoll
  std::uint64_t handshakes = 0;  // of TLS, completed
  std::uint64_t dropped[kDropReasonCount]{};
};

class RpcLoop {
 public:
  /// Work that is not KJ's.
  class Hook {
   public:
    virtual ~Hook() = default;
    /// True when something was done: the loop turns again before it sleeps.
    virtual bool work() = 0;
    /// Looked at after the wakers were told that the loop is about to sleep; true keeps it awake.
    virtual bool has_work() const = 0;
    /// Longest sleep in nanoseconds, −1 = no limit.
    virtual std::int64_t sleep_limit_ns() { return -1; }
  };
  struct Options {
    IoKind io = IoKind::kUring;
    ConnectionLimits limits;
    // TLS handshakes under way at once; one more, and the oldest is given up for it.
    std::uint32_t handshakes_max = 256;
    NetworkFigures* figures = nullptr;  // outlives the loop; null: only stats() counts
    std::int64_t spin_ns = 30'000;      // looks at the completion queue so long before it sleeps
    // io_uring only. 1,024 buffers of 16 KiB: what 1,024 receives of one turn can bring, recycled
    // at once.
    std::uint32_t ring_entries = 1024;
    std::uint32_t receive_buffer_count = 1024;  // power of two
    std::uint32_t receive_buffer_size = 16'384;
  };
  enum class Security : std::uint8_t { kPlain, kTls };
  /// The stream is already limited, and with TLS the handshake is over; `peer` is what the kernel
  /// knows. Called in the loop.
  using OnConnection = std::function<void(kj::Own<capnp::MessageStream> stream, const Peer& peer)>;

  /// The calling thread becomes the loop's: KJ's event loop and the ring belong to it.
  static Expected<std::unique_ptr<RpcLoop>> create(const Options& options);
  /// Every stream that was handed out must be gone by then.
  virtual ~RpcLoop() = default;

  virtual Ring* ring() = 0;  // null with epoll
  virtual kj::WaitScope& wait_scope() = 0;
  /// Hooks and wakers are borrowed until the loop has turned for the last time.
  virtual void add_hook(Hook& hook) = 0;
  virtual void add_waker(Waker& waker) = 0;

  /// "127.0.0.1:7711", "[::1]:7711". Retries for two seconds when the address is still in use.
  virtual Expected<void> listen_tcp(const std::string& address, OnConnection on_connection) = 0;
  /// Path of a unix socket; a stale one is replaced, a live one refused. `mode` as for chmod.
  virtual Expected<void> listen_unix(const std::string& path, std::uint32_t mode,
                                     OnConnection on_connection) = 0;
  /// A listening socket from the service manager.
  virtual Expected<void> listen_file(int file, OnConnection on_connection,
                                     Security security = Security::kPlain) = 0;
  /// What TLS connections show and accept from now on. Open ones whose peer it denies end at once.
  virtual void set_credentials(std::shared_ptr<const protocol::TlsCredentials> credentials) = 0;
  /// No new connections from now on.
  virtual void stop_listening() = 0;

  /// A promise that resolves after so long, by the loop's own timer (for deadlines, never for
  /// business time).
  virtual kj::Promise<void> after_ms(std::int64_t ms) = 0;

  /// Turns until `stop` is true: asked each turn and before each sleep. Another thread that makes
  /// it true wakes the loop with one of its wakers.
  virtual void run(const std::function<bool()>& stop) = 0;
  virtual const LoopStats& stats() const = 0;
};

}  // namespace permitd::daemon
