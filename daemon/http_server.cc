#include "daemon/http_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <list>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/http_metrics.h"

namespace permitd::daemon {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr std::uint32_t kHeaderSizeMax = 8'192;
constexpr std::chrono::milliseconds kAcceptRetry{100};

/// Whether a request for `host` ("localhost:7780") is meant for this machine: by that name, or by
/// an address of it. Every other name may be a stranger's, who has it lead here.
bool is_own_name(std::string_view host) {
  std::string name;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    name = host.substr(1, end - 1);
  } else {
    name = host.substr(0, host.rfind(':'));
  }
  if (beast::iequals(name, "localhost")) return true;
  beast::error_code error;
  const asio::ip::address address = asio::ip::make_address(name, error);
  return !error && address.is_loopback();
}

class Connection;

/// Who is connected. Connections hold it, and may outlive the server by what they wait for.
struct Places {
  HttpLimits limits;
  std::size_t taken = 0;
  std::list<Connection*> waiting;  // for their peers, in the order in which they began to
};

/// One connection: one request at a time, closed after a fault. It waits either for its peer, and
/// may have to give way then, or for the engine.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, HttpServer::Ask& ask, std::shared_ptr<Places> places)
      : stream_(std::move(socket)), ask_(ask), places_(std::move(places)) {
    beast::error_code error;
    const tcp::endpoint own = stream_.socket().local_endpoint(error);
    is_loopback_ = !error && own.address().is_loopback();
    places_->taken += 1;
  }
  ~Connection() { leave(); }

  void read() {
    parser_.emplace();
    parser_->header_limit(kHeaderSizeMax);
    parser_->body_limit(0);
    wait_for_peer();
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (self->end_wait() && !error) self->route();
                     });
  }

  /// Its place is free when this returns; it ends once its operation has been told.
  void give_way() {
    leave();
    stream_.close();
  }

 private:
  void wait_for_peer() {
    stream_.expires_after(places_->limits.patience);
    turn_ = places_->waiting.insert(places_->waiting.end(), this);
    is_waiting_ = true;
  }
  /// False when it had to give way meanwhile.
  bool end_wait() {
    if (std::exchange(is_waiting_, false)) places_->waiting.erase(turn_);
    return has_place_;
  }
  void leave() {
    end_wait();
    if (std::exchange(has_place_, false)) places_->taken -= 1;
  }

  void route() {
    const auto& request = parser_->get();
    // A page in a browser on this machine can have its own name lead to the loopback; it reads what
    // comes from there as its own.
    if (const auto host = request.find(http::field::host);
        is_loopback_ && host != request.end() &&
        !is_own_name({host->value().data(), host->value().size()})) {
      return write(http::status::misdirected_request, "text/plain", "ask by localhost\n");
    }
    const std::string_view target(request.target().data(), request.target().size());
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return write(http::status::method_not_allowed, "text/plain", "only GET and HEAD\n");
    }
    if (target != "/metrics" && target != "/healthz") {
      return write(http::status::not_found, "text/plain", "try /metrics or /healthz\n");
    }
    const bool metrics = target == "/metrics";
    ask_([self = shared_from_this(), metrics](const OpsFigures& figures) {
      if (metrics)
        return self->write(http::status::ok, "text/plain; version=0.0.4",
                           metrics_text(figures, memory_figures()));
      const bool fine = !figures.engine.draining && !figures.engine.full;
      self->write(fine ? http::status::ok : http::status::service_unavailable, "application/json",
                  health_text(figures));
    });
  }

  void write(http::status status, std::string_view type, std::string body) {
    const auto& request = parser_->get();
    response_ = {status, request.version()};
    response_.set(http::field::content_type, beast::string_view(type.data(), type.size()));
    response_.set(http::field::cache_control, "no-store");
    response_.keep_alive(request.keep_alive() && status == http::status::ok);
    response_.content_length(body.size());
    if (request.method() != http::verb::head) response_.body() = std::move(body);
    wait_for_peer();
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (self->end_wait() && !error && self->response_.keep_alive())
                          self->read();
                      });
  }

  beast::tcp_stream stream_;
  bool is_loopback_ = false;  // asked at an address of this machine alone
  HttpServer::Ask& ask_;
  std::shared_ptr<Places> places_;
  std::list<Connection*>::iterator turn_;  // in places_->waiting, while is_waiting_
  bool is_waiting_ = false;
  bool has_place_ = true;
  beast::flat_buffer buffer_{kHeaderSizeMax + 4'096};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

class HttpServerImpl final : public HttpServer {
 public:
  HttpServerImpl(asio::io_context& io, Ask ask, const HttpLimits& limits)
      : acceptor_(io), retry_(io), ask_(std::move(ask)) {
    places_->limits = limits;
  }

  Expected<void> begin(int file) {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    beast::error_code error;
    // The acceptor opens the sockets of its connections by this.
    if (getsockname(file, reinterpret_cast<sockaddr*>(&own), &size) != 0)
      error.assign(errno, boost::system::system_category());
    if (!error) acceptor_.assign(own.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), file, error);
    if (error) {
      close(file);
      return std::unexpected(
          Error{ErrorCode::kSystem, error.value(), "serve HTTP at a socket that listens", ""});
    }
    accept();
    return {};
  }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) welcome(std::move(socket));
      if (!error) return accept();
      // Out of descriptors, most likely: a pause instead of a tight loop.
      retry_.expires_after(kAcceptRetry);
      retry_.async_wait([this](beast::error_code stopped) {
        if (!stopped) accept();
      });
    });
  }

  void welcome(tcp::socket socket) {
    const bool is_full = places_->taken >= places_->limits.connections_max;
    if (is_full && !places_->waiting.empty()) places_->waiting.front()->give_way();
    // Everybody waits for the engine: the socket is closed by going out of scope.
    if (places_->taken >= places_->limits.connections_max) return;
    std::make_shared<Connection>(std::move(socket), ask_, places_)->read();
  }

  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  Ask ask_;
  std::shared_ptr<Places> places_ = std::make_shared<Places>();
};

}  // namespace

Expected<int> open_http_listener(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  beast::error_code error;
  const std::string host = address.substr(0, colon);
  const asio::ip::address ip = asio::ip::make_address(
      host.starts_with('[') ? host.substr(1, host.size() - 2) : host, error);
  const unsigned long port = colon == std::string::npos
                                 ? 65'536
                                 : std::strtoul(address.c_str() + colon + 1, nullptr, 10);
  if (error || port > 65'535) {
    return std::unexpected(Error{ErrorCode::kConfiguration, 0, "http address " + address,
                                 "write it as 127.0.0.1:7780"});
  }
  const tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(port));
  asio::io_context io;  // only for as long as it takes: nothing is waited for
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  const int file = error ? -1 : acceptor.release(error);
  if (!error && fcntl(file, F_SETFD, FD_CLOEXEC) == 0) return file;
  const int number = error ? error.value() : errno;
  if (file >= 0) close(file);
  return std::unexpected(Error{ErrorCode::kSystem, number, "listen for HTTP on " + address,
                               "choose another address, or an empty one for none"});
}

Expected<std::unique_ptr<HttpServer>> HttpServer::serve(asio::io_context& io, int file, Ask ask,
                                                        const HttpLimits& limits) {
  auto server = std::make_unique<HttpServerImpl>(io, std::move(ask), limits);
  if (auto begun = server->begin(file); !begun) return std::unexpected(begun.error());
  return server;
}

}  // namespace permitd::daemon
