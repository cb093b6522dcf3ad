// Goal: no argument of any method of any session takes the server down, ends the connection or is
// refused without saying why. Method: every method that the schema has, found by reflection, called
// with arguments made of dice, against a real loop, server and engine with planners. PERMITD_SEED
// chooses the run, PERMITD_ROUNDS how often each method is called.
#include "tests/support/any_arguments.h"

#include <capnp/dynamic.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/planner_thread.h"
#include "daemon/visit_offers.h"
#include "tests/support/rpc_city.h"
#include "tests/support/served_engine.h"

namespace permitd::tests {
namespace {

using capnp::DynamicCapability;
using capnp::DynamicStruct;
using daemon::IoKind;

/// They end the daemon's service or wind its clock where no timer is any more.
bool is_tried_apart(kj::StringPtr interface, kj::StringPtr method) {
  return interface == "OperatorSession" && (method == "drain" || method == "advance");
}

class Quiet final : public protocol::Subscriber::Server {
  kj::Promise<void> events(EventsContext) override { return kj::READY_NOW; }
  kj::Promise<void> ended(EndedContext) override { return kj::READY_NOW; }
};

struct Tried {
  std::string name;  // of its own interface
  DynamicCapability::Client session;
  capnp::InterfaceSchema::Method method;
};

class AnyArgumentsTest : public testing::TestWithParam<IoKind> {
 public:
  ~AnyArgumentsTest() noexcept override {}  // KJ members may throw

 protected:
  void SetUp() override {
    ServedEngine::Options options;
    options.io = GetParam();
    options.now = {kCityNowMs};
    options.server.access.own_uid = geteuid();
    options.server.planner = &planner_;
    options.server.questions = &questions_;
    options.server.offers = &offers_;
    served_ = std::make_unique<ServedEngine>(std::move(options));
    client_ = std::make_unique<RpcClient>(io_, "unix:" + served_->socket_path());
    build_city(client_->supervisor(), io_.waitScope);
    add(client_->office(101));
    add(client_->office(202));
    add(client_->expert(1));
    add(client_->expert(2));
    add(client_->supervisor());
    add(client_->operator_session());
    add(client_->auditor());
    add_stream();
  }

  void add(DynamicCapability::Client session) { add(session, session.getSchema()); }
  void add(DynamicCapability::Client session, capnp::InterfaceSchema schema) {
    for (auto method : schema.getMethods()) {
      const kj::StringPtr interface = schema.getShortDisplayName();
      if (is_tried_apart(interface, method.getProto().getName())) continue;
      tried_.push_back(
          {kj::str(interface, '.', method.getProto().getName()).cStr(), session, method});
    }
    for (auto super : schema.getSuperclasses()) add(session, super);
  }
  void add_stream() {
    auto opened = client_->office(101).streamRequest().send().wait(io_.waitScope);
    add(opened.getStream());
  }

  void call(Tried& tried, Chance& chance) {
    auto request = tried.session.newRequest(tried.method);
    fill_with_anything(request, chance);
    for (auto field : tried.method.getParamType().getFields()) {
      if (field.getType().isInterface() && chance.chance(900))
        request.set(field, protocol::Subscriber::Client(kj::heap<Quiet>()));
    }
    calls_[tried.name] += 1;
    kj::Maybe<kj::Exception> thrown = kj::runCatchingExceptions([&] {
      auto response = request.send().wait(io_.waitScope);
      look_at(tried.name, response);
    });
    KJ_IF_MAYBE (exception, thrown) {
      // Busy is no value where a method has none; everything else would be a fault of the server.
      EXPECT_EQ(exception->getType(), kj::Exception::Type::OVERLOADED)
          << tried.name << ": " << exception->getDescription().cStr();
    }
  }

  /// A refusal says what, where and why.
  void look_at(const std::string& method, DynamicStruct::Reader answer) {
    for (auto field : answer.getSchema().getNonUnionFields()) look_at(method, field, answer);
    KJ_IF_MAYBE (field, answer.which()) {
      look_at(method, *field, answer);
    }
  }
  void look_at(const std::string& method, capnp::StructSchema::Field field,
               DynamicStruct::Reader answer) {
    const capnp::Type type = field.getType();
    if (!type.isStruct()) return;
    const auto value = answer.get(field).as<DynamicStruct>();
    if (type != capnp::Type(capnp::Schema::from<protocol::Refusal>()))
      return look_at(method, value);
    if (field.getProto().getName() != "refused") return;
    refused_[method] += 1;
    const auto refusal = value.as<protocol::Refusal>();
    EXPECT_NE(refusal.getCode(), 0) << method;
    EXPECT_GT(refusal.getCodeName().size(), 0U) << method;
    EXPECT_GT(refusal.getSentence().size(), 0U) << method;
    EXPECT_NE(refusal.getCodeName(), "unknown") << method;
  }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  daemon::PlannerThread planner_;
  daemon::PlannerThread questions_;
  daemon::OfferMemory offers_;
  std::unique_ptr<ServedEngine> served_;
  std::unique_ptr<RpcClient> client_;
  std::vector<Tried> tried_;
  std::map<std::string, std::uint64_t> calls_;
  std::map<std::string, std::uint64_t> refused_;
};

INSTANTIATE_TEST_SUITE_P(Io, AnyArgumentsTest, testing::Values(IoKind::kUring, IoKind::kEpoll),
                         [](const auto& tested) {
                           return tested.param == IoKind::kUring ? "uring" : "epoll";
                         });

TEST_P(AnyArgumentsTest, EveryMethodAnswersWhateverItIsGiven) {
  // What a call finds depends on all calls before it, so a seed is that of the whole run.
  const std::uint64_t seed = environment_number("PERMITD_SEED", 1);
  const std::uint64_t rounds = environment_number("PERMITD_ROUNDS", 10) * tried_.size();
  Chance chance(seed);
  for (std::uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    if (chance.chance(100)) {
      // Sound work in between, so that numbers made of dice find something.
      auto request = client_->office(101).submitRequest();
      fill_submission(request.initSubmissions(1)[0], chance.below(5U));
      request.send().wait(io_.waitScope);
    }
    SCOPED_TRACE("PERMITD_SEED=" + std::to_string(seed) + ", call " + std::to_string(round));
    call(tried_[round % tried_.size()], chance);
  }
  std::uint64_t refused = 0;
  for (const auto& [name, count] : refused_) refused += count;
  std::uint64_t calls = 0;
  for (const auto& [name, count] : calls_) calls += count;
  EXPECT_LT(refused, calls) << "nothing was ever accepted";
  EXPECT_GT(refused, 0U);
  // It still serves, and every count adds up.
  auto stats = client_->supervisor().statsRequest().send().wait(io_.waitScope);
  std::uint64_t cases = 0;
  for (auto count : stats.getStats().getCases()) cases += count;
  EXPECT_EQ(stats.getStats().getCasesSubmitted(), cases);
}

TEST_P(AnyArgumentsTest, TheClockTakesAnyMoment) {
  auto machine = client_->operator_session();
  for (const std::int64_t to : {std::int64_t{-1}, std::int64_t{0}, INT64_MIN, kCityNowMs - 1,
                                kCityNowMs, kCityNowMs + 86'400'000, INT64_MAX - 1, INT64_MAX}) {
    auto request = machine.advanceRequest();
    request.setTo(to);
    look_at("OperatorSession.advance", capnp::toDynamic(request.send().wait(io_.waitScope)));
  }
  EXPECT_GT(client_->supervisor().statsRequest().send().wait(io_.waitScope).getStats().getOp(), 0U);
}

}  // namespace
}  // namespace permitd::tests
