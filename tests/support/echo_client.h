// A client of the Echo interface with its own event loop, over the project's message stream. One
// per thread.
#pragma once

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <string>

#include "protocol/message_stream.h"
#include "tests/support/echo.capnp.h"

namespace permitd::tests {

/// One connection; needs KJ's loop of the calling thread.
class EchoConnection {
 public:
  explicit EchoConnection(kj::Own<capnp::MessageStream> stream)
      : stream_(kj::mv(stream)),
        network_(*stream_, capnp::rpc::twoparty::Side::CLIENT),
        rpc_(capnp::makeRpcClient(network_)),
        echo_(bootstrap()) {}

  Echo::Client& echo() { return echo_; }
  kj::Promise<void> on_disconnect() { return network_.onDisconnect(); }
  kj::Promise<std::string> call(std::string text) {
    auto request = echo_.echoRequest();
    request.setPayload(
        capnp::Data::Reader(reinterpret_cast<const kj::byte*>(text.data()), text.size()));
    return request.send().then([](auto&& response) {
      const auto payload = response.getPayload();
      return std::string(reinterpret_cast<const char*>(payload.begin()), payload.size());
    });
  }

 private:
  Echo::Client bootstrap() {
    capnp::word scratch[8]{};
    capnp::MallocMessageBuilder builder(scratch);
    auto vat = builder.getRoot<capnp::rpc::twoparty::VatId>();
    vat.setSide(capnp::rpc::twoparty::Side::SERVER);
    return rpc_.bootstrap(vat).castAs<Echo>();
  }

  kj::Own<capnp::MessageStream> stream_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
  Echo::Client echo_;
};

class EchoClient {
 public:
  /// "127.0.0.1:7711" or "unix:/path".
  explicit EchoClient(const std::string& address, const protocol::StreamLimits& limits = {})
      : io_(kj::setupAsyncIo()), limits_(limits), address_(address), first_(connect()) {}

  kj::Own<EchoConnection> connect() {
    auto address = io_.provider->getNetwork().parseAddress(address_.c_str()).wait(io_.waitScope);
    auto stream = protocol::new_message_stream(address->connect().wait(io_.waitScope), limits_);
    return kj::heap<EchoConnection>(kj::mv(stream));
  }
  EchoConnection& connection() { return *first_; }
  Echo::Client& echo() { return first_->echo(); }
  kj::WaitScope& wait_scope() { return io_.waitScope; }
  kj::Timer& timer() { return io_.provider->getTimer(); }
  std::string call(std::string text) { return first_->call(std::move(text)).wait(io_.waitScope); }

 private:
  kj::AsyncIoContext io_;
  protocol::StreamLimits limits_;
  std::string address_;
  kj::Own<EchoConnection> first_;
};

}  // namespace permitd::tests
