// A client of permitd that survives the loss of its connection.
//
// Client keeps one connection at a time and makes a new one, with growing and jittered pauses,
// whenever a call needs it. The sessions (session.h, office_client.h, …) ask it for the present
// link for every attempt of a call; all sessions of one Client share the connection. Belongs to the
// thread of its event loop. A Client outlives its sessions, and a session outlives the promises of
// its calls.
#pragma once

#include <capnp/rpc-twoparty.h>
#include <capnp/serialize-async.h>
#include <kj/async-io.h>
#include <kj/refcount.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "cli/answer.h"
#include "cli/keys.h"
#include "protocol/permit.capnp.h"
#include "protocol/tls_channel.h"

namespace permitd::cli {

/// Makes connections: a socket, or a pipe in tests.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual kj::Promise<kj::Own<capnp::MessageStream>> connect() = 0;
  /// For messages: "unix:/run/permitd/permitd.sock".
  virtual std::string where() const = 0;
};

/// Where the daemon is.
struct Address {
  std::string socket_path;  // of a unix socket; empty when host_port is used
  std::string host_port;    // "127.0.0.1:7711", "[::1]:7711"
  /// What to show and to trust over TLS; without paths the connection is plain. The files are read
  /// for each connection, so a renewed certificate is used from the next one on.
  protocol::TlsFiles tls = {};
  bool is_tls() const { return !tls.certificate.empty(); }
};
/// "tls://HOST:PORT", "HOST:PORT" or "unix:PATH"; `tls` is looked at for the first alone. The error
/// is one sentence.
std::expected<Address, std::string> parse_server(const std::string& text,
                                                 const protocol::TlsFiles& tls);
/// For DIR/NAME.pem what was left out is DIR/NAME.key and DIR/authority.pem, as permitctl pki makes
/// them.
protocol::TlsFiles completed(protocol::TlsFiles files);
/// $PERMITD_SOCKET; else the system's socket if it is there; else the one below the working
/// directory.
Address default_address();
kj::Own<Connector> connector_to(kj::Network& network, Address address);
/// The message stream the connectors put over a byte stream.
kj::Own<capnp::MessageStream> message_stream_over(kj::Own<kj::AsyncIoStream> stream);

struct ClientOptions {
  std::string name = "client";  // told to the daemon in hello
  /// A logical call, with all its retries, ends so long after it was made.
  kj::Duration call_deadline = 30 * kj::SECONDS;
  /// A call gives up earlier when no connection could be made for so long.
  kj::Duration connect_deadline = 30 * kj::SECONDS;
  /// Pauses between attempts double from the first to the last; each is drawn from its upper half.
  kj::Duration pause_first = 10 * kj::MILLISECONDS;
  kj::Duration pause_last = 2 * kj::SECONDS;
  std::optional<scheduler::IdempotencyKey> key_base;  // tests; drawn from the system otherwise
};

/// Per call. A zero key means: make one.
struct CallOptions {
  scheduler::IdempotencyKey key{};
  std::optional<kj::Duration> deadline;  // instead of ClientOptions::call_deadline
};

/// What hello told us.
struct Greeting {
  std::string server;
  std::uint32_t message_words = 0;
  std::uint32_t calls_in_flight = 0;
  std::uint16_t submissions_per_call = 0;
  std::uint16_t page_max = 0;
  std::uint16_t claim_max = 0;
  std::uint32_t idle_seconds = 0;
  Tick now;
  bool rehearsal = false;  // the daemon's clock is moved by `advance`
};

/// One connection, from hello to its loss. Held by the Client and by every call that runs over it.
class Link : public kj::Refcounted {
 public:
  Link(kj::Own<capnp::MessageStream> stream, std::uint64_t generation);
  protocol::Gateway::Client gateway() { return gateway_; }
  /// Counts the connections of a client from 1: a session compares it to know that it must be set
  /// up again.
  std::uint64_t generation() const { return generation_; }
  kj::Promise<void> on_disconnect() { return network_.onDisconnect(); }
  /// What a fork of promises calls to share the link.
  kj::Own<Link> addRef();
  Greeting greeting;

 private:
  kj::Own<capnp::MessageStream> stream_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
  protocol::Gateway::Client gateway_;
  std::uint64_t generation_;
};

/// Growing, jittered pauses of one sequence of attempts.
class Backoff {
 public:
  Backoff(kj::Duration first, kj::Duration last, std::uint64_t seed)
      : next_(first), first_(first), last_(last), random_(seed | 1) {}
  kj::Duration next();
  void reset() { next_ = first_; }

 private:
  kj::Duration next_;
  kj::Duration first_;
  kj::Duration last_;
  std::uint64_t random_;  // xorshift state, never zero
};

struct ClientCounters {
  std::uint64_t connections = 0;  // made
  std::uint64_t disconnects = 0;
  std::uint64_t calls_retried = 0;  // attempts after the first, whatever the cause
  std::uint64_t busy = 0;           // of those: because the daemon said so
};

class Client : private kj::TaskSet::ErrorHandler {
 public:
  Client(kj::Timer& timer, kj::Own<Connector> connector, ClientOptions options = {});
  ~Client() noexcept;
  KJ_DISALLOW_COPY(Client);

  /// The present link, or a new one. All callers share one attempt to connect. Fails with
  /// DISCONNECTED when the attempt fails; the next caller starts another after the pause that is
  /// due.
  kj::Promise<kj::Own<Link>> link();
  /// Connects if need be, trying until unreachable(), and tells what the daemon said of itself.
  kj::Promise<Greeting> greeting();
  /// Somebody found the link of this generation broken. Idempotent.
  void lost(std::uint64_t generation);

  /// True when no connection could be made for `connect_deadline`.
  bool unreachable() const;
  kj::TimePoint deadline_of(const CallOptions& options) const;
  /// `promise`, but OVERLOADED at `deadline`.
  template <class T>
  kj::Promise<T> bounded(kj::TimePoint deadline, kj::Promise<T> promise) {
    return timer_.timeoutAt(deadline, kj::mv(promise));
  }

  Backoff new_backoff();
  KeySource& keys() { return keys_; }
  kj::Timer& timer() { return timer_; }
  const ClientOptions& options() const { return options_; }
  ClientCounters& counters() { return counters_; }
  std::string where() const { return connector_->where(); }

 private:
  kj::Promise<kj::Own<Link>> connect();
  kj::Promise<kj::Own<Link>> greet(kj::Own<Link> link);
  void connected(Link& link);
  void connect_failed();
  void taskFailed(kj::Exception&& exception) override;

  kj::Timer& timer_;
  kj::Own<Connector> connector_;
  ClientOptions options_;
  KeySource keys_;
  Backoff pauses_;
  ClientCounters counters_;
  std::uint64_t generation_ = 0;
  kj::Maybe<kj::Own<Link>> link_;
  kj::Maybe<kj::ForkedPromise<kj::Own<Link>>> connecting_;
  kj::Maybe<kj::TimePoint> unreachable_since_;
  kj::TimePoint not_before_;  // the next attempt to connect waits for this
  kj::TaskSet tasks_;
};

}  // namespace permitd::cli
