// A small HTTP/1.1 server (Boost.Beast) for health and metrics, on the ops thread's io_context.
// GET and HEAD only; at the loopback under its own names only, against DNS rebinding; headers at
// most 8 KiB, bodies refused, a request must be whole within ten
// seconds, at most 64 connections at once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "daemon/error.h"
#include "daemon/ops_thread.h"

namespace permitd::daemon {

class HttpServer {
 public:
  /// Called with the figures when the engine has answered.
  using Answer = std::function<void(const OpsFigures&)>;
  using Ask = std::function<void(Answer)>;

  static Expected<std::unique_ptr<HttpServer>> listen(boost::asio::io_context& io,
                                                      const std::string& address, Ask ask);
  virtual ~HttpServer() = default;
};

}  // namespace permitd::daemon
