// Goal: no message of a peer as the arguments of any method takes the server down, ends the
// connection or is refused without saying why. Method: a small city on a real loop, server and
// engine with planners, anew for each input, which is a row of calls: a method, and the words of
// its arguments or the seed of such that are made of dice.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "tests/support/any_arguments.h"
#include "tests/support/any_calls.h"
#include "tests/support/rpc_city.h"
#include "tests/support/served_engine.h"

namespace permitd::tests {
namespace {

constexpr std::size_t kCallsMax = 64;

/// How a call stands in an input: [method][way][words: 2 bytes][bytes]. An odd way has eight bytes
/// of a seed instead of words.
struct Head {
  std::uint8_t method;
  std::uint8_t way;
  std::uint16_t word_count;
};

class City {
 public:
  City() {
    ServedEngine::Options options;
    options.io = daemon::IoKind::kEpoll;
    options.now = {kCityNowMs};
    options.server.access.own_uid = geteuid();
    options.server.planner_settings = brief_planning();
    options.has_planners = true;
    served_ = std::make_unique<ServedEngine>(std::move(options));
    client_ = std::make_unique<RpcClient>(io_, "unix:" + served_->socket_path());
    build_city(client_->supervisor(), io_.waitScope);
    calls_ = std::make_unique<AnyCalls>(*client_);
  }

  void play(std::span<const std::uint8_t> input) {
    Head head{};
    for (std::size_t count = 0; count < kCallsMax && input.size() >= sizeof head; ++count) {
      std::memcpy(&head, input.data(), sizeof head);
      input = input.subspan(sizeof head);
      const bool is_dice = head.way % 2 != 0;
      const std::size_t wanted = is_dice ? 8 : head.word_count * sizeof(capnp::word);
      const std::size_t size = std::min(wanted, input.size());
      std::vector<capnp::word> words((size + sizeof(capnp::word) - 1) / sizeof(capnp::word));
      if (size != 0) std::memcpy(words.data(), input.data(), size);
      input = input.subspan(size);
      judge(call(head.method % calls_->method_count(), is_dice, words));
    }
    // Whatever came, it still serves.
    (void)client_->supervisor().statsRequest().send().wait(io_.waitScope).getStats().getOp();
  }

 private:
  AnyCalls::Answer call(std::size_t method, bool is_dice, const std::vector<capnp::word>& words) {
    if (!is_dice) return calls_->call(method, kj::arrayPtr(words.data(), words.size()));
    std::uint64_t seed = 0;
    if (!words.empty()) std::memcpy(&seed, words.data(), sizeof seed);
    Chance chance(seed);
    return calls_->call(method, chance);
  }
  static void judge(const AnyCalls::Answer& answer) {
    if (answer.complaint.empty()) return;
    std::fprintf(stderr, "%s\n", answer.complaint.c_str());
    std::abort();
  }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  std::unique_ptr<ServedEngine> served_;
  std::unique_ptr<RpcClient> client_;
  std::unique_ptr<AnyCalls> calls_;
};

}  // namespace
}  // namespace permitd::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  permitd::tests::City().play({data, size});
  return 0;
}
