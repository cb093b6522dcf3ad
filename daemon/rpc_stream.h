// The connections of one loop: who they are, how long they may keep it waiting, and why each of
// them ended. The loop's thread only.
//
// A stream is owned by RpcStreams from the accept until its socket is closed. The server holds a
// handle to it (hand_out()); giving the handle up releases the stream, which still sends what is
// queued, within the deadline for sends, gives the peer a moment to close first, and then closes.
// What the kernel may still be working on lies in the stream, so it is deleted only at the end of a
// turn and after its last operation.
#pragma once

#include <cstdint>
#include <memory>
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
  /// Once, after the stream was added.
  kj::Own<capnp::MessageStream> hand_out();
  void begin() { start_receiving(); }
  /// Stops reading; Cap'n Proto then tells the peer why and gives the stream up.
  void drop(DropReason reason);
  /// Looks at the deadlines; 0 seconds means none.
  void sweep(const ConnectionLimits& limits, std::int64_t now_ms);

 protected:
  /// Lets go of the socket and calls closed() when the kernel has let go of the stream.
  virtual void close() = 0;
  void closed();
  int socket() const { return socket_; }
  /// For a transport that closes the socket itself.
  int take_socket();
  bool is_closing() const { return is_closing_; }

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

  void release();
  void close_when_done();
  void sweep_faulty(const ConnectionLimits& limits, std::int64_t now_ms);
  DropReason drop_reason() const;

  RpcStreams& streams_;
  Peer peer_;
  Releaser releaser_{*this};
  std::size_t index_ = 0;  // in RpcStreams::open_
  int socket_;
  DropReason dropped_for_ = DropReason::kPeerClosed;  // where fault() is kDropped
  std::int64_t fault_ms_ = -1;                        // when a sweep first saw its fault
  std::int64_t lingering_ms_ = -1;  // since when it has waited for the peer to close
  bool is_released_ = false;
  bool is_closing_ = false;
};

class RpcStreams {
 public:
  explicit RpcStreams(const ConnectionLimits& limits);
  RpcStreams(const RpcStreams&) = delete;
  RpcStreams& operator=(const RpcStreams&) = delete;

  protocol::StreamContext& context() { return context_; }
  bool has_room() const { return open_.size() < limits_.connections_max; }
  std::size_t count() const { return open_.size(); }
  RpcStream& add(std::unique_ptr<RpcStream> stream);
  /// Counts and logs why a connection ended, or was not let in.
  void note_drop(DropReason reason, const Peer& peer);
  /// From now on a stream given up by the server is so for draining.
  void set_draining() { is_draining_ = true; }
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
  void bury(RpcStream& stream);

  ConnectionLimits limits_;
  protocol::StreamContext context_;
  std::vector<std::unique_ptr<RpcStream>> open_;
  std::vector<std::unique_ptr<RpcStream>> buried_;  // until the end of the turn
  std::uint64_t accepted_ = 0;
  std::uint64_t dropped_[kDropReasonCount]{};
  bool is_draining_ = false;
};

}  // namespace permitd::daemon
