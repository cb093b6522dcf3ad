// A probe of health is answered however many connections say nothing, and nobody keeps a place for
// longer than its patience. Method: the server as it ships on the loopback with a thread of its
// own, and clients with plain sockets.
#include "daemon/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace permitd::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kProbe = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr timeval kClientPatience{60, 0};

sockaddr_in loopback(in_port_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = port;
  return address;
}

class Client {
 public:
  explicit Client(in_port_t port) : file_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    setsockopt(file_, SOL_SOCKET, SO_RCVTIMEO, &kClientPatience, sizeof kClientPatience);
    const sockaddr_in address = loopback(port);
    if (connect(file_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      ADD_FAILURE() << "connect: " << errno;
  }
  ~Client() { close(file_); }
  Client(Client&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  Client& operator=(Client&&) = delete;

  void say(std::string_view text) { (void)!send(file_, text.data(), text.size(), MSG_NOSIGNAL); }
  /// What comes first; empty when the server has closed.
  std::string hear() {
    std::array<char, 4096> bytes{};
    const ssize_t size = recv(file_, bytes.data(), bytes.size(), 0);
    EXPECT_FALSE(size < 0 && errno == EAGAIN) << "neither answered nor closed";
    return {bytes.data(), size < 0 ? 0 : static_cast<std::size_t>(size)};
  }
  bool is_open() const {
    char byte = 0;
    return recv(file_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
  }

 private:
  int file_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void serve(const HttpLimits& limits) {
    // A port that was free a moment ago; another one when somebody was faster.
    for (int attempt = 0; attempt < 20 && !server_; ++attempt) {
      port_ = free_port();
      const auto file = open_http_listener("127.0.0.1:" + std::to_string(ntohs(port_)));
      if (!file) continue;
      auto serving = HttpServer::serve(
          io_, *file, [this](const HttpServer::Answer& answer) { take(answer); }, limits);
      if (serving) server_ = std::move(*serving);
    }
    ASSERT_NE(server_, nullptr);
    thread_ = std::thread([this] { io_.run(); });
  }
  void TearDown() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Client connect() { return Client(port_); }
  /// From now on whoever asks waits, until answer_all(); by the server's own thread.
  void hold_answers() {
    in_server([this] { is_holding_ = true; });
  }
  std::size_t held_count() {
    std::size_t count = 0;
    in_server([&] { count = held_.size(); });
    return count;
  }
  void answer_all() {
    in_server([this] {
      is_holding_ = false;
      for (HttpServer::Answer& answer : std::exchange(held_, {})) answer(OpsFigures{});
    });
  }

 private:
  void take(const HttpServer::Answer& answer) {
    if (is_holding_) {
      held_.push_back(answer);
    } else {
      answer(OpsFigures{});
    }
  }

  template <class Work>
  void in_server(const Work& work) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  static in_port_t free_port() {
    const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(file, any, size), 0);
    EXPECT_EQ(getsockname(file, any, &size), 0);
    close(file);
    return address.sin_port;
  }

  boost::asio::io_context io_;
  std::unique_ptr<HttpServer> server_;
  std::vector<HttpServer::Answer> held_;  // server's thread, as is_holding_
  bool is_holding_ = false;
  in_port_t port_ = 0;
  std::thread thread_;
};

TEST_F(HttpServerTest, SilentConnectionsGiveWayToWhoAsks) {
  constexpr std::size_t kPlaces = 64;
  ASSERT_EQ(HttpLimits{}.connections_max, kPlaces);
  serve({.patience = 1h});
  std::vector<Client> silent;
  for (std::size_t i = 0; i < 3 * kPlaces; ++i) silent.push_back(connect());
  Client probe = connect();
  probe.say(kProbe);
  EXPECT_TRUE(probe.hear().starts_with("HTTP/1.1 200 OK"));
  // The oldest have gone, one for each that came when all places were taken.
  EXPECT_EQ(silent.front().hear(), "");
  EXPECT_EQ(silent[silent.size() - kPlaces].hear(), "");
  EXPECT_TRUE(silent[silent.size() - kPlaces + 1].is_open());
  EXPECT_TRUE(silent.back().is_open());
  // Who was answered is as silent as they are until it asks again.
  probe.say(kProbe);
  EXPECT_TRUE(probe.hear().starts_with("HTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, HalfARequestIsSilenceToo) {
  serve({.connections_max = 1, .patience = 1h});
  Client slow = connect();
  slow.say(kProbe.substr(0, 20));
  Client probe = connect();
  probe.say(kProbe);
  EXPECT_TRUE(probe.hear().starts_with("HTTP/1.1 200 OK"));
  EXPECT_EQ(slow.hear(), "");
}

TEST_F(HttpServerTest, WhoIsBeingAnsweredKeepsItsPlace) {
  serve({.connections_max = 2, .patience = 1h});
  hold_answers();
  Client first = connect();
  Client second = connect();
  first.say(kProbe);
  second.say(kProbe);
  while (held_count() < 2) std::this_thread::yield();
  Client third = connect();
  EXPECT_EQ(third.hear(), "") << "all places are taken by who has asked";
  answer_all();
  EXPECT_TRUE(first.hear().starts_with("HTTP/1.1 200 OK"));
  EXPECT_TRUE(second.hear().starts_with("HTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, PatienceEndsByItself) {
  EXPECT_EQ(HttpLimits{}.patience, 5s);  // docs/SECURITY.md says so
  serve({.patience = 20ms});
  Client mute = connect();
  EXPECT_EQ(mute.hear(), "");
  Client half = connect();
  half.say(kProbe.substr(0, 20));
  EXPECT_EQ(half.hear(), "");
}

}  // namespace
}  // namespace permitd::daemon
