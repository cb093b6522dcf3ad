// Goal: every answer reaches whom it is for, once, and nobody who has gone. Method: a real engine
// on a simulated disk, stepped by hand.
#include "daemon/rpc_call.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/snapshotter.h"
#include "tests/support/faulty_storage.h"

namespace permitd::daemon {
namespace {

constexpr std::size_t kRing = 64;  // a quarter of it is kept for reads

class Recorder final : public Receiver {
 public:
  void answer(std::uint16_t item, const Response& response) override {
    items.push_back(item);
    last = response.outcome;
  }
  void complete() override { completed += 1; }
  std::vector<std::uint16_t> items;
  scheduler::Outcome last;
  int completed = 0;
};

class CountedQuery final : public Query {
 public:
  explicit CountedQuery(int& alive) : alive_(alive) { alive_ += 1; }
  ~CountedQuery() override { alive_ -= 1; }
  bool run(const scheduler::Scheduler&) noexcept override { return true; }

 private:
  int& alive_;
};

class RpcCallTest : public testing::Test {
 protected:
  RpcCallTest() {
    EXPECT_TRUE(storage_.lead().has_value());
    engine_.ensure_limits(scheduler::Limits{});
    settle();
  }
  /// A command that the core refuses: what it answers does not matter here.
  void send(SlotIndex slot, std::uint16_t item) {
    Request& request = calls_.blank_request();
    request.command.kind = scheduler::CommandKind::kRegisterCase;
    request.command.actor = {scheduler::ActorKind::kOffice, 101};
    request.command.key = {1, ++key_};
    calls_.send(slot, item);
  }
  void settle() {
    for (int i = 0; i < 20; ++i) engine_.step();
  }
  void deliver_all() {
    calls_.publish();
    settle();
    while (calls_.deliver()) continue;
  }

  tests::FaultyDisk disk_;
  tests::FaultyStorage storage_{disk_, tests::FaultyOptions{}};
  scheduler::Scheduler scheduler_;
  RehearsalClock clock_;
  Snapshotter snapshotter_{storage_};
  Engine engine_{scheduler_, storage_, clock_, &clock_, snapshotter_, EngineOptions{}};
  Port& port_ = engine_.add_port(kRing);
  CallTable calls_{port_, 4};
  std::uint64_t key_ = 0;
};

TEST_F(RpcCallTest, EachItemIsAnsweredOnceThenTheCallIsComplete) {
  Recorder recorder;
  const SlotIndex slot = calls_.open();
  for (std::uint16_t item = 0; item < 10; ++item) send(slot, item);
  calls_.attach(slot, recorder);
  deliver_all();
  EXPECT_EQ(recorder.items, (std::vector<std::uint16_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(recorder.completed, 1);
  EXPECT_NE(recorder.last.refusal, scheduler::Refusal::kNone);
  EXPECT_EQ(calls_.open_count(), 0U);
}

TEST_F(RpcCallTest, AnswersOfAReleasedSlotReachNobodyAndTheSlotIsUsedAgain) {
  Recorder gone;
  for (int round = 0; round < 20; ++round) {
    const SlotIndex slot = calls_.open();
    send(slot, 0);
    send(slot, 1);
    calls_.attach(slot, gone);
    calls_.release(slot);
    EXPECT_EQ(calls_.open_count(), 1U);
    deliver_all();
    EXPECT_EQ(calls_.open_count(), 0U);
  }
  EXPECT_TRUE(gone.items.empty());
  EXPECT_EQ(gone.completed, 0);
}

TEST_F(RpcCallTest, AQueryOutlivesWhoAskedUntilItIsAnswered) {
  int alive = 0;
  auto query = std::make_unique<CountedQuery>(alive);
  const SlotIndex slot = calls_.open();
  Request& request = calls_.blank_request();
  request.kind = RequestKind::kQuery;
  request.query = query.get();
  calls_.send(slot, 0);
  calls_.release(slot, std::move(query));
  EXPECT_EQ(alive, 1);
  deliver_all();
  EXPECT_EQ(alive, 0);
}

TEST_F(RpcCallTest, ASlotKeptOpenIsTheSameCallUntilReleased) {
  Recorder recorder;
  const SlotIndex slot = calls_.open();
  calls_.keep_open(slot);
  calls_.attach(slot, recorder);
  for (std::uint16_t round = 0; round < 3; ++round) {
    send(slot, round);
    deliver_all();
    EXPECT_EQ(recorder.completed, round + 1);
    EXPECT_EQ(calls_.outstanding(slot), 0U);
  }
  EXPECT_EQ(calls_.open_count(), 1U);
  calls_.release(slot);
  EXPECT_EQ(calls_.open_count(), 0U);
}

TEST_F(RpcCallTest, CommandsLeaveRoomForReads) {
  EXPECT_TRUE(calls_.has_command_room(kRing * 3 / 4));
  EXPECT_FALSE(calls_.has_command_room(kRing * 3 / 4 + 1));
  EXPECT_EQ(calls_.command_room_max(), kRing * 3 / 4);
  const SlotIndex slot = calls_.open();
  for (std::uint16_t item = 0; item < kRing * 3 / 4; ++item) send(slot, item);
  EXPECT_FALSE(calls_.has_command_room(1));
  EXPECT_TRUE(calls_.has_read_room());
  calls_.release(slot);
  deliver_all();
  EXPECT_TRUE(calls_.has_command_room(1));
}

TEST_F(RpcCallTest, WithoutAFreeSlotThereIsNoRoom) {
  std::vector<SlotIndex> slots;
  while (calls_.has_read_room()) slots.push_back(calls_.open());
  EXPECT_EQ(slots.size(), 4U);
  EXPECT_FALSE(calls_.has_command_room(1));
  calls_.release(slots[2]);
  EXPECT_TRUE(calls_.has_command_room(1));
}

class Waiter final : public RoomWaiter {
 public:
  bool proceed() override {
    asked += 1;
    return asked >= needed;
  }
  int asked = 0;
  int needed = 1;
};

TEST_F(RpcCallTest, WaitersAreAskedOnceATurnUntilTheyProceed) {
  Waiter quick;
  Waiter slow;
  slow.needed = 3;
  Waiter leaving;
  leaving.needed = 99;
  calls_.wait_for_room(slow);
  calls_.wait_for_room(quick);
  calls_.wait_for_room(leaving);
  EXPECT_TRUE(calls_.proceed_waiters());
  EXPECT_FALSE(calls_.proceed_waiters());
  calls_.forget(leaving);
  EXPECT_TRUE(calls_.proceed_waiters());
  EXPECT_FALSE(calls_.has_waiters());
  EXPECT_EQ(quick.asked, 1);
  EXPECT_EQ(slow.asked, 3);
  EXPECT_EQ(leaving.asked, 2);
}

TEST_F(RpcCallTest, ADeniedCallIsLoggedWithWhoAndWhatAndNotWithoutEnd) {
  NetworkFigures figures;
  calls_.set_figures(&figures);
  testing::internal::CaptureStderr();
  for (std::uint16_t call = 0; call < 10; ++call) {
    Recorder recorder;
    const SlotIndex slot = calls_.open();
    calls_.attach(slot, recorder);
    Request& request = calls_.blank_request();
    request.command.kind = scheduler::CommandKind::kDefineOffice;
    request.command.actor = {scheduler::ActorKind::kExpert, 17};
    request.command.key = {2, ++key_};
    request.command.body.define_office.licensee = scheduler::PersonId{4711};
    calls_.send(slot, 0);
    deliver_all();
    ASSERT_EQ(recorder.last.refusal, scheduler::Refusal::kNotAllowed);
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("expert 17 was denied defineOffice: "), std::string::npos) << log;
  EXPECT_EQ(log.find("4711"), std::string::npos) << log;
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1);
  EXPECT_EQ(figures.calls_denied.load(), 10U);
  testing::internal::CaptureStderr();
  calls_.denials().tell_at(INT64_MAX / 2);  // much later
  EXPECT_NE(testing::internal::GetCapturedStderr().find("(9× in "), std::string::npos);
}

TEST_F(RpcCallTest, ACallThatNamesWhatIsNotThereIsCountedAndLogged) {
  NetworkFigures figures;
  calls_.set_figures(&figures);
  testing::internal::CaptureStderr();
  for (const std::uint32_t office : {101U, 101U, 202U}) {
    Recorder recorder;
    const SlotIndex slot = calls_.open();
    calls_.attach(slot, recorder);
    Request& request = calls_.blank_request();
    request.command.kind = scheduler::CommandKind::kRegisterCase;
    request.command.actor = {scheduler::ActorKind::kOffice, office};
    request.command.key = {2, ++key_};
    request.command.body.register_case.id = scheduler::CaseId{47'114'711};
    calls_.send(slot, 0);
    deliver_all();
    ASSERT_EQ(recorder.last.refusal, scheduler::Refusal::kUnknownOffice);
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(log,
            "<5>office 101 named an unknown office in register\n"
            "<5>office 202 named an unknown office in register\n");
  EXPECT_EQ(figures.unknown_numbers.load(), 3U);
  EXPECT_EQ(figures.calls_denied.load(), 0U);
  calls_.note_unknown({scheduler::ActorKind::kOffice, 101}, "zoningRules",
                      scheduler::Refusal::kUnknownZoning);
  EXPECT_EQ(figures.unknown_numbers.load(), 3U) << "what everybody may know is no secret";
}

TEST_F(RpcCallTest, ASupervisorWhoseScopeIsNotStatedSteersNothing) {
  const auto set_policy = [&](protocol::DistrictSet districts, std::uint16_t attempts) {
    Recorder recorder;
    const SlotIndex slot = calls_.open();
    calls_.attach(slot, recorder);
    Request& request = calls_.blank_request();
    request.districts = districts;
    request.command.kind = scheduler::CommandKind::kSetPolicy;
    request.command.actor = {scheduler::ActorKind::kSupervisor, 1};
    request.command.key = {2, ++key_};
    request.command.body.set_policy = scheduler::SetPolicy{};
    request.command.body.set_policy.attempts_max = attempts;
    calls_.send(slot, 0);
    deliver_all();
    return recorder.last;
  };
  const scheduler::Op before = scheduler_.op_applied();
  EXPECT_EQ(set_policy(0, 7).refusal, scheduler::Refusal::kNotAllowed);
  EXPECT_EQ(set_policy(1U << 5, 7).field, scheduler::Field::kDistrict);
  EXPECT_EQ(scheduler_.op_applied(), before) << "what is not allowed was journaled";
  EXPECT_EQ(set_policy(protocol::kWholeCity, 7).refusal, scheduler::Refusal::kNone);
  EXPECT_EQ(scheduler_.policy().attempts_max, 7);
}

TEST_F(RpcCallTest, AScopeIsJudgedByTheStateBehindEverythingBefore) {
  Recorder defined;
  Recorder suspended;
  const auto send_of = [&](Recorder& recorder, protocol::DistrictSet districts, auto&& fill) {
    const SlotIndex slot = calls_.open();
    calls_.attach(slot, recorder);
    Request& request = calls_.blank_request();
    request.districts = districts;
    request.command.actor = {scheduler::ActorKind::kSupervisor, 1};
    request.command.key = {3, ++key_};
    fill(request.command);
    calls_.send(slot, 0);
  };
  const scheduler::OfficeId office{501};
  send_of(defined, protocol::kWholeCity, [&](scheduler::Command& command) {
    command.kind = scheduler::CommandKind::kDefineOffice;
    auto& body = command.body.define_office = scheduler::DefineOffice{};
    body.office = office;
    body.district = 5;
    body.state = scheduler::OfficeState::kActive;
    body.licensee = scheduler::PersonId{1};
    body.technical_manager = scheduler::PersonId{2};
  });
  send_of(suspended, 1U << 5, [&](scheduler::Command& command) {
    command.kind = scheduler::CommandKind::kSetOfficeState;
    auto& body = command.body.set_office_state = scheduler::SetOfficeState{};
    body.office = office;
    body.state = scheduler::OfficeState::kSuspended;
  });
  deliver_all();
  EXPECT_EQ(defined.last.refusal, scheduler::Refusal::kNone);
  EXPECT_EQ(suspended.last.refusal, scheduler::Refusal::kNone);
  EXPECT_EQ(suspended.completed, 1);
}

}  // namespace
}  // namespace permitd::daemon
