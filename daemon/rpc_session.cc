#include "daemon/rpc_session.h"

#include <kj/debug.h>

#include <algorithm>

namespace permitd::daemon {

using scheduler::CommandKind;
using scheduler::Refusal;

bool RpcConnection::admit_commands(std::size_t count) {
  if (!admit()) return false;
  if (services.calls.has_command_room(count)) return true;
  services.note_busy();
  return false;
}

void RpcConnection::admit_read() {
  if (admit()) {
    if (services.calls.has_read_room()) return;
    services.note_busy();
  }
  kj::throwFatalException(
      KJ_EXCEPTION(OVERLOADED, "busy: too many calls are waiting; send again in a moment"));
}

RpcSession::RpcSession(kj::Own<RpcConnection> connection, scheduler::Actor actor, Scope scope)
    : connection_(kj::mv(connection)), actor_(actor), scope_(scope) {
  connection_->sessions += 1;
  services().figures.sessions += 1;
}

RpcSession::~RpcSession() {
  connection_->sessions -= 1;
  services().figures.sessions -= 1;
}

Flaw RpcSession::begin_command(Request& request, CommandKind kind,
                               protocol::Key::Reader key) const {
  request.command.kind = kind;
  request.command.actor = actor_;
  request.districts = scope_.district_set();
  return read_key(key, request.command.key);
}

kj::Promise<void> RpcSession::command(protocol::Result::Builder result, CommandKind kind,
                                      protocol::Key::Reader key,
                                      kj::FunctionParam<Flaw(scheduler::CommandBody&)> fill) {
  if (!connection_->admit_commands(1)) {
    refuse(result.initRefused(), Refusal::kBusy, scheduler::Field::kNone, kind);
    return kj::READY_NOW;
  }
  Request& request = calls().blank_request();
  Flaw flaw = begin_command(request, kind, key);
  if (!flaw) flaw = fill(request.command.body);
  if (flaw) {
    scheduler::Outcome outcome;
    outcome.refusal = flaw.refusal;
    outcome.field = flaw.field;
    outcome.row = flaw.row;
    outcome.member = flaw.member;
    write_refusal(outcome, kind, result.initRefused());
    return kj::READY_NOW;
  }
  OpenCall call(calls());
  calls().send(call.slot(), 0);
  return kj::newAdaptedPromise<void, ResultCall>(calls(), call.hand_over(),
                                                 connection_->calls_in_flight, result, kind);
}

void RpcSession::deny_city_matter(protocol::Refusal::Builder out) const {
  scheduler::Outcome outcome;
  outcome.refusal = Refusal::kNotAllowed;
  outcome.field = scheduler::Field::kDistrict;
  calls().note_denial(actor_, CommandKind::kNone, outcome);
  write_refusal(outcome, CommandKind::kNone, out);
}

std::uint16_t RpcSession::page_limit(std::uint16_t wanted) const {
  return std::clamp<std::uint16_t>(wanted, 1, services().options.page_max);
}

}  // namespace permitd::daemon
