// Goal: gathered submissions are filed once each, in order, in full calls, and every caller gets
// its own answer. Method: the office client against a fake daemon in the same event loop, on a
// clock of the test.
#include "cli/office_client.h"
#include "tests/unit/client_fake_gateway.h"

namespace permitd::cli {
namespace {

using tests::FakeDaemon;
using tests::FakeGateway;
using tests::FakeWorld;

class SubmitTest : public testing::Test {
 protected:
  FakeWorld world;
  FakeDaemon daemon;
  Client client{world.timer, daemon.connector(), options()};
  OfficeClient office{client, OfficeId{101}, GathererOptions{.queue_max = 1000}};

  static ClientOptions options() {
    ClientOptions made;
    made.key_base = IdempotencyKey{7, 100};
    return made;
  }
  static scheduler::SubmitCase a_case(std::uint32_t area) {
    scheduler::SubmitCase made;
    made.area_m2 = area;
    made.parcel = fixed_text<23>("1-22-333");
    return made;
  }
  std::vector<kj::Promise<Answer>> submit(std::uint32_t count) {
    std::vector<kj::Promise<Answer>> calls;
    for (std::uint32_t area = 1; area <= count; ++area)
      calls.push_back(office.submit(a_case(area)));
    return calls;
  }
  /// All answered, each with a case of its own.
  void expect_all_filed(std::vector<kj::Promise<Answer>> calls) {
    std::map<std::uint64_t, int> ids;
    for (auto& call : calls) {
      auto answer = world.run(kj::mv(call));
      ASSERT_TRUE(answer.has_value());
      ++ids[raw(answer->case_id)];
    }
    EXPECT_EQ(ids.size(), calls.size());
    EXPECT_EQ(daemon.cases.size(), calls.size());
  }
  void expect_in_order() {
    for (std::size_t index = 0; index < daemon.order.size(); ++index)
      EXPECT_EQ(daemon.order[index], index + 1);
  }
};

TEST_F(SubmitTest, OneIsOneCall) {
  expect_all_filed(submit(1));
  EXPECT_EQ(daemon.batch_sizes, (std::vector<std::size_t>{1}));
}

TEST_F(SubmitTest, ThoseOfOneTurnLeaveTogetherUpToTheDaemonsLimit) {
  expect_all_filed(submit(25));
  EXPECT_EQ(daemon.batch_sizes, (std::vector<std::size_t>{10, 10, 5}));
  static_assert(FakeGateway::kSubmissionsPerCall == 10);
  expect_in_order();
}

TEST_F(SubmitTest, ThoseThatComeDuringACallLeaveInTheNext) {
  std::vector<kj::Promise<Answer>> calls;
  calls.push_back(office.submit(a_case(1)));
  daemon.holding = true;
  world.turn();
  ASSERT_EQ(daemon.batch_sizes.size(), 1U) << "the first call is with the daemon and not answered";
  for (std::uint32_t area = 2; area <= 6; ++area) {
    calls.push_back(office.submit(a_case(area)));
    world.turn();
  }
  EXPECT_EQ(daemon.batch_sizes.size(), 1U);
  daemon.release();
  expect_all_filed(kj::mv(calls));
  EXPECT_EQ(daemon.batch_sizes, (std::vector<std::size_t>{1, 5}));
  expect_in_order();
}

TEST_F(SubmitTest, ConnectionLostBeforeAndAfterApplyingFilesEachOnce) {
  daemon.drops_before_applying = 1;
  daemon.drops_after_applying = 2;
  expect_all_filed(submit(25));
  EXPECT_EQ(daemon.batch_sizes, (std::vector<std::size_t>{10, 10, 10, 10, 10, 5}));
  expect_in_order();
}

TEST_F(SubmitTest, BusyOnesAreSentAgainAndTheOthersAnswered) {
  daemon.busy_answers = 13;
  expect_all_filed(submit(20));
  EXPECT_GT(client.counters().busy, 0U);
  EXPECT_GT(world.now_ms(), 0) << "a busy daemon must be given a pause";
}

TEST_F(SubmitTest, GivenKeyTwiceIsOneCase) {
  CallOptions options;
  options.key = IdempotencyKey{1, 2};
  auto first = world.run(office.submit(a_case(1), options));
  auto second = world.run(office.submit(a_case(1), options));
  EXPECT_EQ(first->case_id, second->case_id);
  EXPECT_TRUE(second->repeated);
}

TEST_F(SubmitTest, FullQueueIsRefusedAtOnce) {
  auto calls = submit(1000);
  auto refused = world.run(office.submit(a_case(1001)));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, scheduler::Refusal::kBusy);
  expect_all_filed(kj::mv(calls));
}

TEST_F(SubmitTest, UnreachableDaemonFailsEveryWaitingCall) {
  daemon.connects_refused = 1'000'000;
  auto calls = submit(3);
  for (auto& call : calls) {
    world.settle(call);
    auto exception = kj::runCatchingExceptions([&] { (void)call.wait(world.scope); });
    PERMIT_IF_MAYBE(thrown, exception) { EXPECT_EQ(failure_of(*thrown), Failure::kCannotConnect); }
    else {
      ADD_FAILURE() << "answered by nobody";
    }
  }
  EXPECT_GE(world.now_ms(), 30'000) << "not before the connect deadline";
  daemon.connects_refused = 0;
  expect_all_filed(submit(3));
}

TEST(FixedTextTest, IsCutBetweenCharacters) {
  EXPECT_EQ(view_of(fixed_text<5>("abc")), "abc");
  EXPECT_EQ(view_of(fixed_text<5>("abcdefg")), "abcde");
  EXPECT_EQ(view_of(fixed_text<5>("پلاک")), "پل")
      << "two bytes each: the third would be cut in half";
}

}  // namespace
}  // namespace permitd::cli
