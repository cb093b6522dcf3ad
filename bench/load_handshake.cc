#include "bench/load_handshake.h"

#include <chrono>

namespace permitd::bench {

namespace {

constexpr kj::Duration kPatience = 10 * kj::SECONDS;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Coming {
  kj::AsyncIoContext& io;
  const cli::Address& address;
  std::int64_t end_ns;
  HandshakeResult result;

  /// One connection after another until the time is over.
  kj::Promise<void> keep_coming() {
    const std::int64_t begin = now_ns();
    if (begin >= end_ns) return kj::READY_NOW;
    cli::ClientOptions options;
    options.connect_deadline = kPatience;
    auto client = kj::heap<cli::Client>(
        io.provider->getTimer(), cli::connector_to(io.provider->getNetwork(), address), options);
    auto greeting = client->greeting();
    return greeting
        .then([this, begin, client = kj::mv(client)](cli::Greeting&&) {
          result.latency.add(now_ns() - begin);
          result.count += 1;
        })
        .then([this] { return keep_coming(); });
  }
};

}  // namespace

HandshakeResult measure_handshakes(kj::AsyncIoContext& io, const cli::Address& address,
                                   std::uint32_t at_once, double seconds,
                                   const std::function<double()>& server_cpu) {
  const double cpu_before = server_cpu();
  const std::int64_t begin = now_ns();
  Coming coming{io, address, begin + static_cast<std::int64_t>(seconds * 1e9), {}};
  kj::Vector<kj::Promise<void>> loops;
  for (std::uint32_t i = 0; i < at_once; ++i) loops.add(coming.keep_coming());
  kj::joinPromises(loops.releaseAsArray()).wait(io.waitScope);
  coming.result.seconds = static_cast<double>(now_ns() - begin) / 1e9;
  coming.result.server_cpu_seconds = server_cpu() - cpu_before;
  return std::move(coming.result);
}

}  // namespace permitd::bench
