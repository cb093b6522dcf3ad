// A small HTTP/1.1 server (Boost.Beast) for health and metrics, on the ops thread's io_context.
// GET and HEAD only; at the loopback under its own names only, against DNS rebinding; headers at
// most 8 KiB, bodies refused. A connection must have sent its whole request, and taken its whole
// answer, within five seconds each. There are 64 places; for one more connection the one goes whose
// peer has been waited for longest, so that a flood of silent ones pushes itself out and a probe,
// which asks at once, is answered.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "daemon/error.h"
#include "daemon/ops_thread.h"

namespace permitd::daemon {

struct HttpLimits {
  std::size_t connections_max = 64;
  // For a whole request, then for its answer to be taken.
  std::chrono::milliseconds patience{5'000};
};

/// A socket that listens at "127.0.0.1:7780", for HttpServer::serve(): who connects meanwhile is
/// answered from then on. Whoever gets it closes it. Errors: kConfiguration, kSystem (in use).
Expected<int> open_http_listener(const std::string& address);

class HttpServer {
 public:
  /// Called with the figures when the engine has answered.
  using Answer = std::function<void(const OpsFigures&)>;
  using Ask = std::function<void(Answer)>;

  /// Takes over the listening socket `file`, and closes it also where it cannot serve.
  static Expected<std::unique_ptr<HttpServer>> serve(boost::asio::io_context& io, int file, Ask ask,
                                                     const HttpLimits& limits = {});
  virtual ~HttpServer() = default;
};

}  // namespace permitd::daemon
