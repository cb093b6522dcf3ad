// A daemon that lives in the test: a Gateway with just enough memory to tell "once" from "twice",
// which loses its connections, answers `busy` or goes away when the test says so. One event loop
// and a clock that moves only when nothing else can happen, so a test takes no time and has no
// race.
#pragma once

#include <capnp/rpc-twoparty.h>
#include <gtest/gtest.h>
#include <kj/async-io.h>
#include <kj/timer.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/client.h"
#include "protocol/kj_compat.h"

namespace permitd::tests {

class FakeDaemon;

/// Event loop, virtual clock.
class FakeWorld {
 public:
  ~FakeWorld() noexcept = default;
  kj::EventLoop loop;
  kj::WaitScope scope{loop};
  kj::TimerImpl timer{kj::origin<kj::TimePoint>()};

  /// Runs until `promise` is settled, moving the clock from timer to timer.
  template <class T>
  T run(kj::Promise<T> promise) {
    settle(promise);
    return promise.wait(scope);
  }
  template <class T>
  void settle(kj::Promise<T>& promise) {
    while (!promise.poll(scope)) {
      PERMIT_IF_MAYBE(next, timer.nextEvent()) { timer.advanceTo(*next); }
      else {
        KJ_FAIL_REQUIRE("nothing will ever settle this promise");
      }
    }
  }
  /// Runs what is ready now.
  void turn() {
    auto never = kj::newPromiseAndFulfiller<void>();
    (void)never.promise.poll(scope);
  }
  std::int64_t now_ms() const {
    return (timer.now() - kj::origin<kj::TimePoint>()) / kj::MILLISECONDS;
  }
};

class FakeDaemon {
 public:
  FakeDaemon() = default;
  ~FakeDaemon() noexcept = default;

  // What the test looks at.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> cases;  // by key, the id given
  std::map<std::pair<std::uint64_t, std::uint64_t>, int> holds;  // by key, how often it was applied
  std::vector<std::size_t> batch_sizes;                          // of each submit call that arrived
  std::vector<std::uint64_t> order;  // areaM2 of cases in order of filing
  std::uint64_t hold_calls = 0;
  std::map<std::pair<std::uint64_t, std::uint64_t>, int> definitions;  // by key
  std::vector<std::string> kinds;          // of definitions, as they arrived
  std::uint16_t policy_lease_minutes = 0;  // of the policy in force
  std::uint64_t connects = 0;
  std::uint64_t sessions = 0;
  std::uint64_t watches = 0;

  // What the test breaks.
  int drops_after_applying =
      0;  // so many calls are carried out, then the connection goes before the answer
  int drops_before_applying = 0;
  int connects_refused = 0;
  int busy_answers = 0;  // of single results, in the order they are asked for
  bool session_refused = false;
  bool silent = false;   // calls are carried out and never answered
  bool holding = false;  // submits are carried out and answered by release()

  void drop_connections() { connections_.clear(); }
  kj::Own<cli::Connector> connector();
  void publish(std::uint64_t op);
  void release() {
    holding = false;
    for (auto& answer : held_) answer->fulfill();
    held_.clear();
  }

 private:
  friend class FakeConnector;
  friend class FakeGateway;
  friend class FakeOffice;
  friend class FakeSupervisor;

  struct Connection {
    kj::Own<capnp::MessageStream> stream;
    capnp::TwoPartyVatNetwork network;
    capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc;
    Connection(kj::Own<capnp::MessageStream> messages, capnp::Capability::Client bootstrap)
        : stream(kj::mv(messages)),
          network(*stream, capnp::rpc::twoparty::Side::SERVER),
          rpc(capnp::makeRpcServer(network, kj::mv(bootstrap))) {}
  };
  class Ignore final : public kj::TaskSet::ErrorHandler {
    void taskFailed(kj::Exception&&) override {}
  };

  void drop_soon() {
    tasks_.add(kj::evalLater([this] { drop_connections(); }));
  }
  bool take(int& count) {
    if (count <= 0) return false;
    --count;
    return true;
  }

  Ignore ignore_;
  kj::TaskSet tasks_{ignore_};
  std::vector<kj::Own<kj::PromiseFulfiller<void>>> held_;
  std::vector<protocol::Subscriber::Client> subscribers_;
  std::vector<kj::Own<Connection>> connections_;
  std::uint64_t next_case_ = 1;
};

inline void fake_busy(protocol::Refusal::Builder refusal) {
  refusal.setCode(static_cast<std::uint8_t>(scheduler::Refusal::kBusy));
  refusal.setCodeName("busy");
}

class FakeOffice final : public protocol::OfficeSession::Server {
 public:
  explicit FakeOffice(FakeDaemon& daemon) : daemon_(daemon) {}

 protected:
  kj::Promise<void> submit(SubmitContext context) override {
    auto submissions = context.getParams().getSubmissions();
    daemon_.batch_sizes.push_back(submissions.size());
    if (daemon_.take(daemon_.drops_before_applying)) {
      daemon_.drop_soon();
      return kj::NEVER_DONE;
    }
    auto results = context.getResults().initResults(submissions.size());
    for (unsigned index = 0; index < submissions.size(); ++index)
      file(submissions[index], results[index]);
    if (daemon_.silent) return kj::NEVER_DONE;
    if (daemon_.take(daemon_.drops_after_applying)) {
      daemon_.drop_soon();
      return kj::NEVER_DONE;
    }
    if (!daemon_.holding) return kj::READY_NOW;
    auto answer = kj::newPromiseAndFulfiller<void>();
    daemon_.held_.push_back(kj::mv(answer.fulfiller));
    return kj::mv(answer.promise);
  }
  kj::Promise<void> watch(WatchContext context) override {
    ++daemon_.watches;
    daemon_.subscribers_.push_back(context.getParams().getSubscriber());
    return kj::READY_NOW;
  }

 private:
  void file(protocol::Submission::Reader submission, protocol::Result::Builder result) {
    if (daemon_.take(daemon_.busy_answers)) {
      fake_busy(result.initRefused());
      return;
    }
    auto key = std::pair{submission.getKey().getHigh(), submission.getKey().getLow()};
    auto [found, is_new] = daemon_.cases.try_emplace(key, daemon_.next_case_);
    if (is_new) {
      ++daemon_.next_case_;
      daemon_.order.push_back(submission.getAreaM2());
    }
    auto accepted = result.initAccepted();
    accepted.setCaseId(found->second);
    accepted.setRepeated(!is_new);
  }

  FakeDaemon& daemon_;
};

class FakeSupervisor final : public protocol::SupervisorSession::Server {
 public:
  explicit FakeSupervisor(FakeDaemon& daemon) : daemon_(daemon) {}

 protected:
  kj::Promise<void> setPolicy(SetPolicyContext context) override {
    auto lease = context.getParams().getPolicy().getLeaseMinutes();
    auto result = context.getResults().initResult();
    if (define("policy", context.getParams().getKey())) {
      result.initAccepted().setRepeated(true);
    } else if (daemon_.policy_lease_minutes == lease) {
      result.initRefused().setCode(static_cast<std::uint8_t>(scheduler::Refusal::kNothingToDo));
    } else {
      daemon_.policy_lease_minutes = lease;
      result.initAccepted();
    }
    return kj::READY_NOW;
  }
  kj::Promise<void> defineOffice(DefineOfficeContext context) override {
    bool repeated = define("office", context.getParams().getKey());
    context.getResults().initResult().initAccepted().setRepeated(repeated);
    return kj::READY_NOW;
  }
  kj::Promise<void> defineExpert(DefineExpertContext context) override {
    bool repeated = define("expert", context.getParams().getKey());
    context.getResults().initResult().initAccepted().setRepeated(repeated);
    return kj::READY_NOW;
  }
  kj::Promise<void> hold(HoldContext context) override {
    ++daemon_.hold_calls;
    auto key = context.getParams().getKey();
    auto result = context.getResults().initResult();
    if (daemon_.take(daemon_.busy_answers)) {
      fake_busy(result.initRefused());
      return kj::READY_NOW;
    }
    auto& applied = daemon_.holds[{key.getHigh(), key.getLow()}];
    result.initAccepted().setRepeated(applied > 0);
    if (applied == 0) ++applied;
    if (daemon_.silent) return kj::NEVER_DONE;
    if (daemon_.take(daemon_.drops_after_applying)) {
      daemon_.drop_soon();
      return kj::NEVER_DONE;
    }
    return kj::READY_NOW;
  }

 private:
  /// True when the key came before.
  bool define(const char* kind, protocol::Key::Reader key) {
    daemon_.kinds.emplace_back(kind);
    return daemon_.definitions[{key.getHigh(), key.getLow()}]++ > 0;
  }

  FakeDaemon& daemon_;
};

class FakeGateway final : public protocol::Gateway::Server {
 public:
  static constexpr std::uint16_t kSubmissionsPerCall = 10;
  explicit FakeGateway(FakeDaemon& daemon) : daemon_(daemon) {}

 protected:
  kj::Promise<void> hello(HelloContext context) override {
    auto limits = context.getResults().initLimits();
    limits.setMessageWords(1 << 17);
    limits.setSubmissionsPerCall(kSubmissionsPerCall);
    limits.setPageMax(100);
    return kj::READY_NOW;
  }
  kj::Promise<void> session(SessionContext context) override {
    ++daemon_.sessions;
    auto results = context.getResults();
    if (daemon_.session_refused) {
      results.initRefused().setSentence("You are not that office.");
      return kj::READY_NOW;
    }
    switch (context.getParams().getIdentity().which()) {
      case protocol::Identity::OFFICE:
        results.setOffice(kj::heap<FakeOffice>(daemon_));
        break;
      case protocol::Identity::SUPERVISOR:
        results.setSupervisor(kj::heap<FakeSupervisor>(daemon_));
        break;
      case protocol::Identity::EXPERT:
      case protocol::Identity::OPERATOR:
      case protocol::Identity::AUDITOR:
        results.initRefused().setSentence("no such role here");
        break;
    }
    return kj::READY_NOW;
  }

 private:
  FakeDaemon& daemon_;
};

class FakeConnector final : public cli::Connector {
 public:
  explicit FakeConnector(FakeDaemon& daemon) : daemon_(daemon) {}
  kj::Promise<kj::Own<capnp::MessageStream>> connect() override {
    if (daemon_.take(daemon_.connects_refused)) return KJ_EXCEPTION(DISCONNECTED, "nobody listens");
    ++daemon_.connects;
    auto pipe = kj::newTwoWayPipe();
    daemon_.connections_.push_back(kj::heap<FakeDaemon::Connection>(
        cli::message_stream_over(kj::mv(pipe.ends[0])), kj::heap<FakeGateway>(daemon_)));
    return cli::message_stream_over(kj::mv(pipe.ends[1]));
  }
  std::string where() const override { return "the test"; }

 private:
  FakeDaemon& daemon_;
};

inline kj::Own<cli::Connector> FakeDaemon::connector() { return kj::heap<FakeConnector>(*this); }

inline void FakeDaemon::publish(std::uint64_t op) {
  for (auto& subscriber : subscribers_) {
    auto request = subscriber.eventsRequest();
    request.initEvents(1)[0].setOp(op);
    tasks_.add(request.send().ignoreResult());
  }
}

}  // namespace permitd::tests
