// Goal: no bytes at the port of health and metrics crash it or make it answer anything but HTTP,
// and only the two pages are served. Method: the server as it ships on the loopback; the input is
// sent as it is, on a connection of its own, and the answer is read to its end.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/http_server.h"

namespace {

using permitd::daemon::HttpServer;
using permitd::daemon::OpsFigures;

class Served {
 public:
  Served() {
    // A port that was free a moment ago; another one when somebody was faster.
    for (int attempt = 0; attempt < 20 && !server_; ++attempt) {
      port_ = free_port();
      const auto file =
          permitd::daemon::open_http_listener("127.0.0.1:" + std::to_string(ntohs(port_)));
      if (!file) continue;
      auto serving = HttpServer::serve(io_, *file, [this](const HttpServer::Answer& answer) {
        asked_ = true;
        answer(OpsFigures{});
      });
      if (serving) server_ = std::move(*serving);
    }
    if (!server_) std::abort();
  }

  /// What comes back for `input`, until the server closes or has nothing more to do.
  std::string answer_to(std::string_view input) {
    asked_ = false;
    const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = port_;
    (void)!connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    pollfd writable{file, POLLOUT, 0};
    if (poll(&writable, 1, 10'000) != 1) std::abort();
    (void)!send(file, input.data(), input.size(), MSG_NOSIGNAL);
    shutdown(file, SHUT_WR);
    std::string answer;
    while (true) {
      io_.restart();
      io_.poll();
      std::array<char, 16'384> bytes;
      const ssize_t got = recv(file, bytes.data(), bytes.size(), 0);
      if (got > 0) {
        answer.append(bytes.data(), static_cast<std::size_t>(got));
        continue;
      }
      if (got == 0 || (errno != EAGAIN && errno != EINTR)) break;  // closed, or reset
      io_.run_one();  // the loopback delivers at once, the deadline of five seconds ends the rest
    }
    ::close(file);
    return answer;
  }
  bool was_asked() const { return asked_; }

 private:
  static in_port_t free_port() {
    const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(file, any, size) != 0 || getsockname(file, any, &size) != 0) std::abort();
    ::close(file);
    return address.sin_port;
  }

  boost::asio::io_context io_;
  std::unique_ptr<HttpServer> server_;
  in_port_t port_ = 0;
  bool asked_ = false;
};

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Served served;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string answer = served.answer_to(input);
  if (!answer.empty() && !answer.starts_with("HTTP/1.")) std::abort();
  // Nobody is told anything who has not asked for one of the pages.
  const bool names_page = holds(input, "/metrics") || holds(input, "/healthz");
  if (served.was_asked() && !names_page) std::abort();
  if (holds(answer, " 200 ") && !served.was_asked()) std::abort();
  return 0;
}
