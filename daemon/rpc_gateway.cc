#include "daemon/rpc_gateway.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/rpc_expert_session.h"
#include "daemon/rpc_office_session.h"
#include "daemon/rpc_operator_session.h"
#include "daemon/rpc_supervisor_session.h"

namespace permitd::daemon {

using scheduler::Field;
using scheduler::Refusal;

namespace {

void write_limits(const RpcServerOptions& options, protocol::Limits::Builder out) {
  out.setMessageWords(options.connections.message_words_max);
  out.setSegments(options.connections.segments_max);
  out.setCallsInFlight(options.calls_in_flight_max);
  out.setSubmissionsPerCall(options.submissions_per_call_max);
  out.setPageMax(options.page_max);
  out.setClaimMax(scheduler::kHeldJobsMax);
  out.setIdleSeconds(options.connections.idle_seconds);
}

constexpr std::uint32_t kOfficeMax = 9999;

}  // namespace

GatewayServer::GatewayServer(kj::Own<RpcConnection> connection)
    : RpcSession(kj::mv(connection), scheduler::Actor{}, Scope{}) {}

kj::Promise<void> GatewayServer::hello(HelloContext context) {
  auto query = std::make_unique<ClockQuery>(services().clock);
  return ask(std::move(query),
             [&options = services().options, context](ClockQuery& done, scheduler::Op) mutable {
               auto results = context.getResults();
               results.setProtocolVersion(kProtocolVersion);
               results.setServer(options.server_name);
               write_limits(options, results.initLimits());
               results.setNow(done.now.ms);
               results.setRehearsal(options.is_rehearsal);
             });
}

bool GatewayServer::is_allowed(const PeerIdentity& asked,
                               protocol::SessionResult::Builder results) {
  if (services().options.access.allows(connection_->proof, asked)) return true;
  services().figures.denied_total += 1;
  if (NetworkFigures* network = services().options.network)
    network->count(&NetworkFigures::sessions_denied);
  const std::string denial = access_denial(connection_->proof, asked);
  calls().denials().note(Denial::kSession, name_of_peer(connection_->proof),
                         role_denial(connection_->proof, asked.role),
                         fmt::format("at {}: ", connection_->address), denial);
  auto refused = results.initRefused();
  refuse(refused, Refusal::kUnauthenticated, Field::kActor);
  refused.setSentence(denial);
  return false;
}

bool GatewayServer::has_session_room(protocol::SessionResult::Builder results) {
  if (connection_->admit()) {
    if (connection_->sessions < services().options.sessions_max) return true;
    services().note_busy();
  }
  refuse(results.initRefused(), Refusal::kBusy);
  return false;
}

kj::Promise<void> GatewayServer::session(SessionContext context) {
  const auto identity = context.getParams().getIdentity();
  auto results = context.getResults();
  if (!has_session_room(results)) return kj::READY_NOW;
  const auto districts = protocol::districts_from_wire(identity.getDistricts());
  const bool may_have = identity.isSupervisor() || identity.isAuditor();
  if (!districts || (*districts != protocol::kWholeCity && !may_have)) {
    refuse(results.initRefused(), Refusal::kOutOfRange, Field::kDistrict);
    return kj::READY_NOW;
  }
  const Scope scope = Scope::of_districts(*districts);
  switch (identity.which()) {
    case protocol::Identity::OFFICE:
      if (identity.getOffice() == 0 || identity.getOffice() > kOfficeMax) {
        refuse(results.initRefused(), Refusal::kOutOfRange, Field::kOffice);
      } else if (is_allowed({Role::kOffice, identity.getOffice(), *districts}, results)) {
        results.setOffice(kj::heap<OfficeSessionServer>(kj::addRef(*connection_),
                                                        scheduler::OfficeId{identity.getOffice()}));
      }
      return kj::READY_NOW;
    case protocol::Identity::EXPERT:
      if (identity.getExpert() == 0) {
        refuse(results.initRefused(), Refusal::kOutOfRange, Field::kExpert);
      } else if (is_allowed({Role::kExpert, identity.getExpert(), *districts}, results)) {
        results.setExpert(kj::heap<ExpertSessionServer>(kj::addRef(*connection_),
                                                        scheduler::ExpertId{identity.getExpert()}));
      }
      return kj::READY_NOW;
    case protocol::Identity::SUPERVISOR:
      if (is_allowed({Role::kSupervisor, identity.getSupervisor(), *districts}, results)) {
        results.setSupervisor(kj::heap<SupervisorSessionServer>(kj::addRef(*connection_),
                                                                identity.getSupervisor(), scope));
      }
      return kj::READY_NOW;
    case protocol::Identity::OPERATOR:
      if (is_allowed({Role::kOperator, identity.getOperator(), *districts}, results)) {
        results.setOperator(
            kj::heap<OperatorSessionServer>(kj::addRef(*connection_), identity.getOperator()));
      }
      return kj::READY_NOW;
    case protocol::Identity::AUDITOR:
      if (is_allowed({Role::kAuditor, identity.getAuditor(), *districts}, results)) {
        const scheduler::Actor actor{scheduler::ActorKind::kAuditor, identity.getAuditor()};
        results.setAuditor(kj::heap<AuditorSessionServer>(kj::addRef(*connection_), actor, scope));
      }
      return kj::READY_NOW;
  }
  // A kind of identity that a later schema knows.
  refuse(results.initRefused(), Refusal::kUnsupported, Field::kActor);
  return kj::READY_NOW;
}

}  // namespace permitd::daemon
