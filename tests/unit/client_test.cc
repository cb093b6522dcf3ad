// Goal: a logical call is carried out once, whatever happens to its connection, and ends in time.
// Method: the client against a fake daemon in the same event loop, on a clock of the test.
#include "cli/client.h"

#include <set>

#include "cli/office_client.h"
#include "cli/supervisor_client.h"
#include "cli/watch.h"
#include "tests/unit/client_fake_gateway.h"

namespace permitd::cli {
namespace {

using scheduler::Reason;
using tests::FakeDaemon;
using tests::FakeWorld;

class ClientTest : public testing::Test {
 protected:
  FakeWorld world;
  FakeDaemon daemon;
  Client client{world.timer, daemon.connector(), options()};
  SupervisorClient supervisor{client};

  static ClientOptions options() {
    ClientOptions made;
    made.call_deadline = 20 * kj::SECONDS;
    made.connect_deadline = 5 * kj::SECONDS;
    made.key_base = IdempotencyKey{7, 100};
    return made;
  }
  kj::Promise<Answer> hold() {
    return supervisor.hold(JobId{3}, Reason::kSupervisorOrder, false, "note");
  }
  template <class T>
  Failure failure(kj::Promise<T> promise) {
    world.settle(promise);
    auto exception = kj::runCatchingExceptions([&] { (void)promise.wait(world.scope); });
    PERMIT_IF_MAYBE(thrown, exception) { return failure_of(*thrown); }
    ADD_FAILURE() << "the call was answered";
    return Failure::kBug;
  }
};

TEST_F(ClientTest, CallIsAnswered) {
  auto answer = world.run(hold());
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->repeated);
  EXPECT_EQ(daemon.hold_calls, 1U);
  EXPECT_EQ(daemon.sessions, 1U);
}

TEST_F(ClientTest, ConnectionLostAfterApplyingIsRetriedWithTheSameKey) {
  daemon.drops_after_applying = 3;
  auto answer = world.run(hold());
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->repeated);
  EXPECT_EQ(daemon.hold_calls, 4U);
  ASSERT_EQ(daemon.holds.size(), 1U) << "every attempt must carry the same key";
  EXPECT_EQ(daemon.holds.begin()->second, 1);
  EXPECT_EQ(daemon.connects, 4U);
  EXPECT_EQ(daemon.sessions, 4U) << "the session must be set up anew on each connection";
}

TEST_F(ClientTest, CallsInFlightAllSurviveALostConnection) {
  daemon.drops_after_applying = 1;
  std::vector<kj::Promise<Answer>> calls;
  for (int count = 0; count < 50; ++count) calls.push_back(hold());
  for (auto& call : calls) EXPECT_TRUE(world.run(kj::mv(call)).has_value());
  EXPECT_EQ(daemon.holds.size(), 50U);
  for (auto& [key, applied] : daemon.holds) EXPECT_EQ(applied, 1);
  EXPECT_EQ(daemon.connects, 2U) << "all calls share one attempt to connect";
}

TEST_F(ClientTest, IdleConnectionLostIsNoticedAndReplaced) {
  ASSERT_TRUE(world.run(hold()).has_value());
  daemon.drop_connections();
  world.turn();
  ASSERT_TRUE(world.run(hold()).has_value());
  EXPECT_EQ(client.counters().disconnects, 1U);
  EXPECT_EQ(client.counters().calls_retried, 0U) << "the loss was seen before the call was made";
}

TEST_F(ClientTest, DaemonThatComesBackInTimeIsFound) {
  daemon.connects_refused = 5;
  ASSERT_TRUE(world.run(hold()).has_value());
  EXPECT_GT(world.now_ms(), 50) << "attempts to connect must pause";
  EXPECT_LT(world.now_ms(), 1000);
}

TEST_F(ClientTest, UnreachableDaemonEndsTheCallAtTheConnectDeadline) {
  daemon.connects_refused = 1'000'000;
  EXPECT_EQ(failure(hold()), Failure::kCannotConnect);
  EXPECT_GE(world.now_ms(), 5000);
  EXPECT_LT(world.now_ms(), 8000) << "at most one more pause after the deadline";
  auto attempts = 1'000'000 - daemon.connects_refused;
  EXPECT_LT(attempts, 20) << "pauses must grow";
}

TEST_F(ClientTest, SilentDaemonEndsTheCallAtItsDeadline) {
  daemon.silent = true;
  EXPECT_EQ(failure(hold()), Failure::kTimedOut);
  EXPECT_EQ(world.now_ms(), 20'000);
}

TEST_F(ClientTest, OwnDeadlineOfACallCounts) {
  daemon.silent = true;
  CallOptions soon;
  soon.deadline = 300 * kj::MILLISECONDS;
  EXPECT_EQ(failure(supervisor.release(JobId{1}, "", soon)), Failure::kNotPermitted)
      << "not on the fake";
  EXPECT_EQ(failure(supervisor.hold(JobId{1}, Reason::kOther, false, "", soon)),
            Failure::kTimedOut);
  EXPECT_EQ(world.now_ms(), 300);
}

TEST_F(ClientTest, BusyIsRetriedWithGrowingPauses) {
  daemon.busy_answers = 6;
  auto answer = world.run(hold());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(daemon.hold_calls, 7U);
  EXPECT_EQ(daemon.holds.size(), 1U);
  EXPECT_GE(world.now_ms(), 5 + 10 + 20 + 40 + 80 + 160) << "each pause is at least half its bound";
  EXPECT_LE(world.now_ms(), 10 + 20 + 40 + 80 + 160 + 320);
}

TEST_F(ClientTest, BusyToTheEndIsTheAnswer) {
  daemon.busy_answers = 1'000'000;
  auto answer = world.run(hold());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, scheduler::Refusal::kBusy);
  EXPECT_EQ(answer.error().code_name, "busy");
  EXPECT_LE(world.now_ms(), 20'000);
}

TEST_F(ClientTest, RefusedSessionIsNotRetried) {
  daemon.session_refused = true;
  EXPECT_EQ(failure(hold()), Failure::kNotPermitted);
  EXPECT_EQ(daemon.sessions, 1U);
}

TEST_F(ClientTest, RoleWithoutTheInterfaceIsNotPermitted) {
  CityReaderClient as_office(client, Identity{scheduler::ActorKind::kOffice, 101});
  EXPECT_EQ(failure(as_office.stats()), Failure::kNotPermitted);
}

TEST_F(ClientTest, GivenKeyIsUsed) {
  CallOptions options;
  options.key = IdempotencyKey{42, 43};
  (void)world.run(supervisor.hold(JobId{3}, Reason::kOther, false, "", options));
  auto again = world.run(supervisor.hold(JobId{3}, Reason::kOther, false, "", options));
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(daemon.holds.begin()->first, std::pair(std::uint64_t{42}, std::uint64_t{43}));
}

class CountingSink final : public EventSink {
 public:
  void on_events(capnp::List<protocol::Event>::Reader events, std::uint64_t) override {
    for (auto event : events) ops.push_back(event.getOp());
  }
  void on_subscribed() override { ++subscribed; }
  void on_gap(const std::string&) override { ++gaps; }
  std::vector<std::uint64_t> ops;
  int subscribed = 0;
  int gaps = 0;
};

TEST_F(ClientTest, WatchSubscribesAgainAfterALostConnection) {
  ReaderClient office(client, Identity{scheduler::ActorKind::kOffice, 101});
  CountingSink sink;
  auto watching = watch(office, sink);
  EXPECT_FALSE(watching.poll(world.scope));
  daemon.publish(1);
  EXPECT_FALSE(watching.poll(world.scope));
  daemon.drop_connections();
  EXPECT_FALSE(watching.poll(world.scope));
  daemon.publish(2);
  EXPECT_FALSE(watching.poll(world.scope));
  EXPECT_EQ(sink.ops, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(sink.subscribed, 2);
  EXPECT_EQ(sink.gaps, 1);
}

TEST(KeySourceTest, KeysOfOneBlockAreConsecutiveAndNeverMeetTheNext) {
  KeySource keys(IdempotencyKey{5, UINT64_MAX - 3});
  auto first = keys.next(3);
  auto block = keys.next(4);
  EXPECT_EQ(first, (IdempotencyKey{5, UINT64_MAX - 3}));
  EXPECT_EQ(block, (IdempotencyKey{6, 1})) << "a block must not wrap";
  EXPECT_EQ(keys.next(), (IdempotencyKey{6, 5}));
}

TEST(KeySourceTest, SourcesDiffer) {
  std::set<std::uint64_t> highs;
  for (int count = 0; count < 100; ++count) highs.insert(KeySource().next().high);
  EXPECT_EQ(highs.size(), 100U);
}

TEST(ContentKeyTest, DependsOnContentAlone) {
  EXPECT_EQ(content_key("office 0101"), content_key("office 0101"));
  EXPECT_FALSE(content_key("office 0101") == content_key("office 0102"));
  // FNV-1a, 128 bits, of the empty string is its offset basis.
  EXPECT_EQ(content_key(""), (IdempotencyKey{0x6c62272e07bb0142ULL, 0x62b821756295c58dULL}));
}

TEST(BackoffTest, PausesDoubleUpToTheLastAndAreJittered) {
  Backoff backoff(10 * kj::MILLISECONDS, 100 * kj::MILLISECONDS, 12345);
  std::set<std::int64_t> seen;
  for (auto bound : {10, 20, 40, 80, 100, 100, 100, 100}) {
    auto pause = backoff.next() / kj::MICROSECONDS;
    EXPECT_GE(pause, bound * 500);
    EXPECT_LE(pause, bound * 1000);
    seen.insert(pause);
  }
  EXPECT_EQ(seen.size(), 8U);
}

}  // namespace
}  // namespace permitd::cli
