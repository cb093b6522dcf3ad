// The connections of one loop: who they are, how long they may keep it waiting, and why each of
// them ended. The loop's thread only.
//
// A stream is owned by RpcStreams from the accept until its socket is closed. The server holds a
// handle to it (hand_out()); giving the handle up releases the stream, which still sends what is
// queued, within the deadline for sends, gives the peer a moment to close first, and then closes.
// What the kernel may still be working on lies in the stream, so it is deleted only at the end of a
// turn and after its last operation.
//
// With TLS (rpc_stream_tls.cc) the server meets the stream only when the handshake is over and the
// peer's certificate has been found good; until then nobody but RpcStreams knows of it.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/rpc_loop.h"
#include "protocol/buffered_stream.h"

namespace permitd::daemon {

class RpcStreams;

class RpcStream : public protocol::BufferedStream {
 public:
  RpcStream(RpcStreams& streams, int socket, Peer peer);
  ~RpcStream() noexcept(false) override;

  const Peer& peer() const { return peer_; }
  // One of these, once, after the stream was added; `on_connection` outlives the stream.
  void begin(const RpcLoop::OnConnection& on_connection);
  void begin_tls(const RpcLoop::OnConnection& on_connection);
  /// Stops reading; Cap'n Proto then tells the peer why and gives the stream up.
  void drop(DropReason reason);
  /// Ends it on the spot, calls that wait included: the peer is not trusted any more.
  void end_trust(DropReason reason);
  /// Looks at the deadlines; 0 seconds means none. `wall_s` is what certificates run out by.
  void sweep(const ConnectionLimits& limits, std::int64_t now_ms, std::int64_t wall_s);

 protected:
  // What moves the bytes of the socket is the subclass: like start_send() and what it reports, but
  // with TLS these are records.
  virtual void transmit(std::span<const std::byte> bytes) = 0;
  void transmitted(std::size_t size);
  void arrived(std::span<const std::byte> bytes);
  void arrived_end() { received_end(); }

  /// Lets go of the socket and calls closed() when the kernel has let go of the stream.
  virtual void close() = 0;
  void closed();
  int socket() const { return socket_; }
  /// For a transport that closes the socket itself.
  int take_socket();
  bool is_closing() const { return is_closing_; }

  void start_send(std::span<const std::byte> bytes) override;
  void shut_down_write() override;
  void shut_down_both() override;
  void drained() override;
  void peer_closed() override;

 private:
  friend class RpcStreams;
  class Releaser final : public kj::Disposer {
   public:
    explicit Releaser(RpcStream& stream) : stream_(stream) {}
    void disposeImpl(void*) const override { stream_.release(); }

   private:
    RpcStream& stream_;
  };

  // Between the plaintext of a stream and the bytes of its socket.
  struct Tls {
    Tls(std::shared_ptr<const protocol::TlsCredentials> credentials,
        const RpcLoop::OnConnection& welcome)
        : channel(std::move(credentials)), on_connection(welcome) {}

    protocol::TlsChannel channel;
    const RpcLoop::OnConnection& on_connection;
    std::vector<std::byte> leaving;  // records with the kernel
    std::size_t left_size = 0;       // of leaving
    std::size_t plain_size = 0;      // of the present start_send()
    std::int64_t records_ms = -1;    // since when records have waited without progress
    bool is_transmitting = false;
    bool is_shut_wanted = false;  // as soon as the last record has left
    bool is_listed = false;       // among the handshakes under way
    std::list<RpcStream*>::iterator place;
  };

  kj::Own<capnp::MessageStream> hand_out();
  void serve(const RpcLoop::OnConnection& on_connection);
  void opened();
  void read_plain();
  void push_records();
  bool has_records() const;
  bool is_shaking() const { return tls_ != nullptr && !is_handed_out_; }
  /// Ends a connection that the server never met.
  void give_up(DropReason reason, std::string_view detail);

  void release();
  void close_when_done();
  void sweep_faulty(const ConnectionLimits& limits, std::int64_t now_ms);
  DropReason drop_reason() const;

  RpcStreams& streams_;
  Peer peer_;
  Releaser releaser_{*this};
  std::unique_ptr<Tls> tls_;  // null: plain
  std::size_t index_ = 0;     // in RpcStreams::open_
  int socket_;
  DropReason dropped_for_ = DropReason::kPeerClosed;  // where fault() is kDropped
  std::int64_t fault_ms_ = -1;                        // when a sweep first saw its fault
  std::int64_t lingering_ms_ = -1;  // since when it has waited for the peer to close
  bool is_handed_out_ = false;
  bool has_place_ = false;  // counted among the connections of its certificate's name
  bool is_released_ = false;
  bool is_closing_ = false;
};

class RpcStreams {
 public:
  explicit RpcStreams(const RpcLoop::Options& options);
  RpcStreams(const RpcStreams&) = delete;
  RpcStreams& operator=(const RpcStreams&) = delete;

  protocol::StreamContext& context() { return context_; }
  /// Over all network threads, where they share their figures.
  bool has_room() const;
  std::size_t count() const { return open_.size(); }
  RpcStream& add(std::unique_ptr<RpcStream> stream);
  /// Counts and logs why a connection ended, or was not let in; `detail` says more of it.
  void note_drop(DropReason reason, const Peer& peer, std::string_view detail = {});
  /// From now on a stream given up by the server is so for draining. Handshakes under way end.
  void set_draining();
  /// For connections from now on. Of the open ones those end whose name is denied, and all if the
  /// authority is another: they may show their certificates to it.
  void set_credentials(std::shared_ptr<const protocol::TlsCredentials> credentials);
  /// Deletes the streams that have closed. True when there were any.
  bool reap();
  /// Looks at all deadlines. O(streams).
  void sweep(std::int64_t now_ms);
  /// Deletes all streams; every handle must be gone. Part of a loop's end, while what they use is
  /// there.
  void clear();
  /// Puts its figures into `stats`.
  void fill(LoopStats& stats) const;

 private:
  friend class RpcStream;
  void begin_handshake(RpcStream& stream);
  void end_handshake(RpcStream& stream);
  /// One more connection of a certificate's name; false when it has as many as it may.
  bool take_place(const std::string& name);
  void leave_place(const std::string& name);
  void bury(RpcStream& stream);
  void count_refused();

  ConnectionLimits limits_;
  std::uint32_t handshakes_max_;
  NetworkFigures* figures_;  // may be null
  std::shared_ptr<const protocol::TlsCredentials> credentials_;
  std::list<RpcStream*> handshakes_;  // under way, oldest first
  std::unordered_map<std::string, std::uint32_t> places_;  // connections open by certificate's name
  std::uint64_t handshakes_done_ = 0;
  protocol::StreamContext context_;
  std::vector<std::unique_ptr<RpcStream>> open_;
  std::vector<std::unique_ptr<RpcStream>> buried_;  // until the end of the turn
  std::uint64_t accepted_ = 0;
  std::uint64_t dropped_[kDropReasonCount]{};
  std::uint64_t refused_counted_ = 0;  // of the context's calls_refused, in figures_
  bool is_draining_ = false;
};

}  // namespace permitd::daemon
