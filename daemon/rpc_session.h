// What every session does: turn one call into commands or a read, and wait for the answer. Rpc
// thread only.
#pragma once

#include <kj/function.h>

#include <memory>

#include "daemon/queries.h"
#include "daemon/rpc_connection.h"
#include "daemon/rpc_convert.h"
#include "daemon/rpc_decode.h"

namespace permitd::daemon {

class RpcSession {
 public:
  RpcSession(kj::Own<RpcConnection> connection, scheduler::Actor actor, Scope scope);
  RpcSession(const RpcSession&) = delete;
  RpcSession& operator=(const RpcSession&) = delete;
  ~RpcSession();

 protected:
  /// Sends one command. `fill` writes the body and says what is wrong with it.
  kj::Promise<void> command(protocol::Result::Builder result, scheduler::CommandKind kind,
                            protocol::Key::Reader key,
                            kj::FunctionParam<Flaw(scheduler::CommandBody&)> fill);
  /// Prepares the request of a command: kind, actor, key.
  Flaw begin_command(Request& request, scheduler::CommandKind kind,
                     protocol::Key::Reader key) const;

  /// Lends the query to the engine; `answer(query, op)` runs when it is done and durable.
  template <class Q, class Answer>
  kj::Promise<void> ask(std::unique_ptr<Q> query, Answer&& answer) {
    connection_->admit_read();
    OpenCall call(calls());
    Request& request = calls().blank_request();
    request.kind = RequestKind::kQuery;
    request.query = query.get();
    calls().send(call.slot(), 0);
    return kj::newAdaptedPromise<void, QueryCall<Q, std::decay_t<Answer>>>(
        calls(), call.hand_over(), connection_->calls_in_flight, std::move(query), kj::mv(answer));
  }
  /// Sends a control request; `answer(response)` runs when it is done.
  template <class Answer>
  kj::Promise<void> control(RequestKind kind, scheduler::Tick at, Answer&& answer) {
    connection_->admit_read();
    OpenCall call(calls());
    Request& request = calls().blank_request();
    request.kind = kind;
    request.command.now = at;
    calls().send(call.slot(), 0);
    return kj::newAdaptedPromise<void, ResponseCall<std::decay_t<Answer>>>(
        calls(), call.hand_over(), connection_->calls_in_flight, kj::mv(answer));
  }

  /// Rows of a page: what was asked for, 1 … page_max.
  std::uint16_t page_limit(std::uint16_t wanted) const;
  /// A refusal of the daemon itself.
  static void refuse(protocol::Refusal::Builder out, scheduler::Refusal refusal,
                     scheduler::Field field = scheduler::Field::kNone,
                     scheduler::CommandKind kind = scheduler::CommandKind::kNone) {
    write_refusal(refusal, field, kind, out);
  }

  /// What concerns the whole city, asked by who has districts: refused, counted and logged.
  void deny_city_matter(protocol::Refusal::Builder out) const;

  /// Notes that a read named a number which is not there for its session; nothing for other
  /// refusals. Commands are noted where their outcomes come in.
  void note_unknown(std::string_view method, scheduler::Refusal refusal) const {
    calls().note_unknown(actor_, method, refusal);
  }

  RpcServices& services() const { return connection_->services; }
  CallTable& calls() const { return connection_->services.calls; }

  kj::Own<RpcConnection> connection_;
  const scheduler::Actor actor_;
  const Scope scope_;
};

/// Two words of Result, six of Accepted: what an accepted item of an answer takes.
inline constexpr std::uint64_t kResultWords = 8;
/// The size of an answer with one of them. Not said, Cap'n Proto begins each answer with eight
/// kilobytes of zeros.
inline constexpr capnp::MessageSize kResultSize{4 + kResultWords, 0};

}  // namespace permitd::daemon
