// Goal: no argument of any method of the gateway or any session takes the server down, ends the
// connection or is refused without saying why. Method: every method that the schema has, found by
// reflection, called with arguments made of dice, against a real loop, server and engine with
// planners. PERMITD_SEED chooses the run, PERMITD_ROUNDS how often each method is called.
#include "tests/support/any_arguments.h"

#include <capnp/dynamic.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/any_calls.h"
#include "tests/support/rpc_city.h"
#include "tests/support/served_engine.h"

namespace permitd::tests {
namespace {

using daemon::IoKind;

class AnyArgumentsTest : public testing::TestWithParam<IoKind> {
 public:
  ~AnyArgumentsTest() noexcept override {}  // KJ members may throw

 protected:
  void SetUp() override {
    ServedEngine::Options options;
    options.io = GetParam();
    options.now = {kCityNowMs};
    options.server.access.own_uid = geteuid();
    options.server.planner_settings = brief_planning();
    options.has_planners = true;
    served_ = std::make_unique<ServedEngine>(std::move(options));
    client_ = std::make_unique<RpcClient>(io_, "unix:" + served_->socket_path());
    build_city(client_->supervisor(), io_.waitScope);
    calls_ = std::make_unique<AnyCalls>(*client_);
  }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  std::unique_ptr<ServedEngine> served_;
  std::unique_ptr<RpcClient> client_;
  std::unique_ptr<AnyCalls> calls_;
};

INSTANTIATE_TEST_SUITE_P(Io, AnyArgumentsTest, testing::Values(IoKind::kUring, IoKind::kEpoll),
                         [](const auto& tested) {
                           return tested.param == IoKind::kUring ? "uring" : "epoll";
                         });

TEST_P(AnyArgumentsTest, EveryMethodAnswersWhateverItIsGiven) {
  // What a call finds depends on all calls before it, so a seed is that of the whole run.
  const std::uint64_t seed = environment_number("PERMITD_SEED", 1);
  const std::uint64_t rounds = environment_number("PERMITD_ROUNDS", 10) * calls_->method_count();
  Chance chance(seed);
  std::uint64_t refused = 0;
  for (std::uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    if (chance.chance(100)) {
      // Sound work in between, so that numbers made of dice find something.
      auto request = client_->office(101).submitRequest();
      fill_submission(request.initSubmissions(1)[0], chance.below(5U));
      request.send().wait(io_.waitScope);
    }
    SCOPED_TRACE("PERMITD_SEED=" + std::to_string(seed) + ", call " + std::to_string(round));
    const AnyCalls::Answer answer = calls_->call(round % calls_->method_count(), chance);
    EXPECT_EQ(answer.complaint, "");
    refused += answer.is_refused ? 1 : 0;
  }
  EXPECT_LT(refused, rounds) << "nothing was ever accepted";
  EXPECT_GT(refused, 0U);
  // It still serves, and every count adds up.
  auto stats = client_->supervisor().statsRequest().send().wait(io_.waitScope);
  std::uint64_t cases = 0;
  for (auto count : stats.getStats().getCases()) cases += count;
  EXPECT_EQ(stats.getStats().getCasesSubmitted(), cases);
}

// The control of the test above and of the fuzz target: where a part of the server is missing, what
// a method does is never tried, and that is a complaint.
TEST_P(AnyArgumentsTest, WhatTheServerLacksIsAComplaint) {
  ServedEngine::Options options;
  options.io = GetParam();
  options.now = {kCityNowMs};
  options.server.access.own_uid = geteuid();
  ServedEngine bare(std::move(options));
  RpcClient client(io_, "unix:" + bare.socket_path());
  build_city(client.supervisor(), io_.waitScope);
  AnyCalls calls(client);
  Chance chance(1);
  std::uint64_t unsupported = 0;
  for (std::size_t method = 0; method < calls.method_count(); ++method) {
    const AnyCalls::Answer answer = calls.call(method, chance);
    if (!answer.is_unsupported) continue;
    unsupported += 1;
    EXPECT_NE(answer.complaint, "");
  }
  // fairness, newHomes and standingPlan, which look at no argument before.
  EXPECT_GE(unsupported, 3U);
}

TEST_P(AnyArgumentsTest, APlanStands) {
  auto supervisor = client_->supervisor();
  for (int tries = 0; tries < 1000; ++tries) {
    auto answer = supervisor.standingPlanRequest().send().wait(io_.waitScope);
    ASSERT_FALSE(answer.isRefused());
    if (answer.isPlan()) return;
    io_.provider->getTimer().afterDelay(10 * kj::MILLISECONDS).wait(io_.waitScope);
  }
  FAIL() << "none was made";
}

TEST_P(AnyArgumentsTest, TheClockTakesAnyMoment) {
  auto machine = client_->operator_session();
  for (const std::int64_t to : {std::int64_t{-1}, std::int64_t{0}, INT64_MIN, kCityNowMs - 1,
                                kCityNowMs, kCityNowMs + 86'400'000, INT64_MAX - 1, INT64_MAX}) {
    auto request = machine.advanceRequest();
    request.setTo(to);
    auto answer = request.send().wait(io_.waitScope);
    EXPECT_EQ(AnyCalls::judge(capnp::toDynamic(answer)).complaint, "") << to;
  }
  EXPECT_GT(client_->supervisor().statsRequest().send().wait(io_.waitScope).getStats().getOp(), 0U);
}

}  // namespace
}  // namespace permitd::tests
