// A client with its own event loop, for programs that do one thing after another. One per thread.
#pragma once

#include <kj/async-io.h>

#include <utility>

#include "cli/client.h"

namespace permitd::cli {

class BlockingClient {
 public:
  explicit BlockingClient(Address address = default_address(), ClientOptions options = {});

  Client& client() { return client_; }
  kj::WaitScope& wait_scope() { return io_.waitScope; }
  kj::AsyncIoContext& io() { return io_; }

  /// Runs the loop until `promise` has its result; throws kj::Exception (see failure_of).
  template <class T>
  T wait(kj::Promise<T> promise) {
    return promise.wait(io_.waitScope);
  }

 private:
  kj::AsyncIoContext io_;
  Client client_;
};

}  // namespace permitd::cli
