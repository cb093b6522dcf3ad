// Calls per second of the transport alone: clients on one thread, the loop on another, small
// echoes.
//
//   permitd_echo_load <uring|epoll> [seconds] [connections] [in flight] [payload bytes] [tcp|unix]
//   [lone]
//
// `lone` uses Cap'n Proto's own stream on the client's side, which writes message by message.
#include <capnp/rpc-twoparty.h>
#include <fmt/format.h>
#include <kj/async-io.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "protocol/message_stream.h"
#include "tests/support/echo_client.h"
#include "tests/support/echo_server.h"

namespace {

using permitd::tests::Echo;
using permitd::tests::EchoServer;

struct Load {
  std::string io = "uring";
  double seconds = 3;
  unsigned connections = 8;
  unsigned in_flight = 64;
  unsigned payload = 64;
  bool is_unix = false;
  bool is_lone = false;
};

double clock_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void pin(unsigned processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

// One call after the other on one connection, until the time is up.
class Caller {
 public:
  Caller(permitd::tests::EchoConnection& connection, const Load& load, double end)
      : connection_(connection), load_(load), end_(end) {}

  kj::Promise<void> call() {
    auto request = connection_.echo().echoRequest(capnp::MessageSize{load_.payload / 8 + 16, 0});
    request.initPayload(load_.payload);
    return request.send().then([this](auto&&) -> kj::Promise<void> {
      ++count_;
      if (count_ % 256 == 0 && clock_seconds(CLOCK_MONOTONIC) >= end_) is_over_ = true;
      if (is_over_) return kj::READY_NOW;
      return call();
    });
  }
  std::uint64_t count() const { return count_; }

 private:
  permitd::tests::EchoConnection& connection_;
  const Load& load_;
  double end_;
  std::uint64_t count_ = 0;
  bool is_over_ = false;
};

kj::Own<capnp::MessageStream> stream_over(kj::Own<kj::AsyncIoStream> io, bool is_lone) {
  if (!is_lone) return permitd::protocol::new_message_stream(kj::mv(io));
  auto stream = kj::heap<capnp::AsyncIoMessageStream>(*io);
  return stream.attach(kj::mv(io));
}

Load parse(int argc, char** argv) {
  Load load;
  if (argc > 1) load.io = argv[1];
  if (argc > 2) load.seconds = std::atof(argv[2]);
  if (argc > 3) load.connections = static_cast<unsigned>(std::atoi(argv[3]));
  if (argc > 4) load.in_flight = static_cast<unsigned>(std::atoi(argv[4]));
  if (argc > 5) load.payload = static_cast<unsigned>(std::atoi(argv[5]));
  load.is_unix = argc > 6 && std::string(argv[6]) == "unix";
  load.is_lone = argc > 7;
  return load;
}

}  // namespace

int main(int argc, char** argv) {
  const Load load = parse(argc, argv);
  EchoServer::Options options;
  options.loop.io =
      load.io == "epoll" ? permitd::daemon::IoKind::kEpoll : permitd::daemon::IoKind::kUring;
  EchoServer server(options);
  clockid_t server_clock{};
  server.run_in_loop([&server_clock](permitd::daemon::RpcLoop&) {
    pin(0);
    pthread_getcpuclockid(pthread_self(), &server_clock);
  });
  pin(1);

  auto io = kj::setupAsyncIo();
  const std::string where =
      load.is_unix ? "unix:" + server.unix_path() : fmt::format("127.0.0.1:{}", server.port());
  auto address = io.provider->getNetwork().parseAddress(where.c_str()).wait(io.waitScope);
  std::vector<kj::Own<permitd::tests::EchoConnection>> connections;
  for (unsigned index = 0; index < load.connections; ++index) {
    auto stream = stream_over(address->connect().wait(io.waitScope), load.is_lone);
    connections.push_back(kj::heap<permitd::tests::EchoConnection>(kj::mv(stream)));
  }
  const auto before = server.stats();
  const double begin = clock_seconds(CLOCK_MONOTONIC);
  const double server_begin = clock_seconds(server_clock);
  std::vector<kj::Own<Caller>> callers;
  kj::Vector<kj::Promise<void>> calls;
  for (auto& connection : connections) {
    callers.push_back(kj::heap<Caller>(*connection, load, begin + load.seconds));
    for (unsigned index = 0; index < load.in_flight; ++index) calls.add(callers.back()->call());
  }
  kj::joinPromises(calls.releaseAsArray()).wait(io.waitScope);
  const double wall = clock_seconds(CLOCK_MONOTONIC) - begin;
  const double cpu = clock_seconds(server_clock) - server_begin;
  const auto after = server.stats();
  std::uint64_t count = 0;
  for (const auto& caller : callers) count += caller->count();
  const auto sends = after.sends - before.sends;
  fmt::print(
      "{} {}x{} {} B {}: {:.0f} calls/s, server {:.2f} us CPU/call, {:.1f} messages/send, {:.3f} "
      "enters/call\n",
      load.io, load.connections, load.in_flight, load.payload, load.is_lone ? "lone" : "coalesced",
      static_cast<double>(count) / wall, cpu * 1e6 / static_cast<double>(count),
      static_cast<double>(after.messages_sent - before.messages_sent) / static_cast<double>(sends),
      static_cast<double>(after.system_calls - before.system_calls) / static_cast<double>(count));
  return 0;
}
