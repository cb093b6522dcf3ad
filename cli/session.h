// One role at the daemon, kept alive over reconnects: the machinery that every typed client is made
// of.
//
// A logical call is a builder of requests. It is built anew for each attempt, with the same
// idempotency key, and tried until it is answered, its deadline passes, or the daemon cannot be
// reached for too long. Tried again: a lost connection, an overloaded server, the refusal `busy`.
// Everything else goes to the caller. Belongs to the thread of the client's event loop; must
// outlive the promises of its calls.
#pragma once

#include <capnp/capability.h>

#include <concepts>
#include <type_traits>
#include <utility>

#include "cli/client.h"
#include "protocol/districts.h"
#include "protocol/kj_compat.h"

namespace permitd::cli {

/// Who to be. Identities are checked by the daemon; the client only asks.
struct Identity {
  scheduler::ActorKind kind{};
  std::uint32_t id = 0;
  protocol::DistrictSet districts = protocol::kWholeCity;  // of a supervisor or an auditor
  friend bool operator==(const Identity&, const Identity&) = default;
};

namespace session_detail {

template <class Request>
struct ResultsOf;
template <class Params, class Results>
struct ResultsOf<capnp::Request<Params, Results>> {
  using Type = Results;
};

/// True for an answer that is the refusal `busy`, wherever a method keeps its refusal.
template <class Reader>
bool is_busy(const Reader& reader) {
  constexpr auto kBusy = static_cast<std::uint8_t>(scheduler::Refusal::kBusy);
  if constexpr (requires { reader.getResult().isRefused(); }) {
    return reader.getResult().isRefused() && reader.getResult().getRefused().getCode() == kBusy;
  } else if constexpr (requires { reader.isRefused(); }) {
    return reader.isRefused() && reader.getRefused().getCode() == kBusy;
  } else {
    return false;
  }
}

/// The capability inside `result`, as `Interface` or an interface above it; an exception otherwise.
template <class Interface>
typename Interface::Client extract(protocol::SessionResult::Reader result);

[[noreturn]] void throw_session_refused(protocol::Refusal::Reader refusal);
[[noreturn]] void throw_wrong_role();
kj::Promise<capnp::Response<protocol::SessionResult>> ask_session(Link& link, Identity identity);

}  // namespace session_detail

template <class Interface>
class Session {
 public:
  using Capability = typename Interface::Client;

  Session(Client& client, Identity identity) : client_(client), identity_(identity) {}
  ~Session() noexcept = default;
  KJ_DISALLOW_COPY(Session);

  Client& client() { return client_; }
  Identity identity() const { return identity_; }

  /// The session on the present connection, for callers who speak the schema themselves (streams,
  /// benchmarks). It dies with the connection. UNIMPLEMENTED when the daemon refuses the session.
  kj::Promise<Capability> capability();

  /// `build(Capability&)` returns a filled capnp::Request; it is called once per attempt.
  template <class Build>
  auto send(Build build, CallOptions options = {});

  /// The same for a method with a `key` parameter and a `result`; sets the key.
  template <class Build>
  kj::Promise<Answer> call(Build build, CallOptions options = {});

 private:
  template <class Build>
  struct Attempts : public kj::Refcounted {
    Attempts(Session& owner, Build builder, kj::TimePoint end)
        : session(owner),
          build(kj::mv(builder)),
          deadline(end),
          pauses(owner.client_.new_backoff()) {}
    using Results = typename session_detail::ResultsOf<decltype(std::declval<Build&>()(
        std::declval<Capability&>()))>::Type;
    using Response = capnp::Response<Results>;
    Session& session;
    Build build;
    kj::TimePoint deadline;
    Backoff pauses;
    std::uint64_t generation = 0;  // of the link of the present attempt; 0 before there is one
  };
  template <class State>
  static kj::Promise<typename State::Response> attempt(kj::Own<State> state);
  template <class State>
  static kj::Promise<typename State::Response> judge(kj::Own<State> state,
                                                     typename State::Response response);
  template <class State>
  static kj::Promise<typename State::Response> recover(kj::Own<State> state,
                                                       kj::Exception exception);
  template <class State>
  static kj::Promise<typename State::Response> again_after(kj::Own<State> state,
                                                           kj::Duration pause);

  kj::Promise<Capability> capability_on(kj::Own<Link> link);

  Client& client_;
  Identity identity_;
  std::uint64_t generation_ = 0;  // of the link that capability_ or opening_ belongs to
  kj::Maybe<Capability> capability_;
  kj::Maybe<kj::ForkedPromise<Capability>> opening_;
};

// ---- implementation ----

namespace session_detail {

template <class Interface>
typename Interface::Client extract(protocol::SessionResult::Reader result) {
  using Wanted = typename Interface::Client;
  auto as_wanted = [](auto held) -> Wanted {
    if constexpr (std::is_convertible_v<decltype(held), Wanted>) {
      return held;
    } else {
      throw_wrong_role();
    }
  };
  switch (result.which()) {
    case protocol::SessionResult::OFFICE:
      return as_wanted(result.getOffice());
    case protocol::SessionResult::EXPERT:
      return as_wanted(result.getExpert());
    case protocol::SessionResult::SUPERVISOR:
      return as_wanted(result.getSupervisor());
    case protocol::SessionResult::OPERATOR:
      return as_wanted(result.getOperator());
    case protocol::SessionResult::AUDITOR:
      return as_wanted(result.getAuditor());
    case protocol::SessionResult::REFUSED:
      throw_session_refused(result.getRefused());
  }
  throw_wrong_role();  // a member of a later schema
}

}  // namespace session_detail

template <class Interface>
kj::Promise<typename Interface::Client> Session<Interface>::capability() {
  return client_.link().then([this](kj::Own<Link> link) { return capability_on(kj::mv(link)); });
}

template <class Interface>
kj::Promise<typename Interface::Client> Session<Interface>::capability_on(kj::Own<Link> link) {
  if (generation_ != link->generation()) {
    generation_ = link->generation();
    capability_ = nullptr;
    opening_ = nullptr;
  }
  PERMIT_IF_MAYBE(present, capability_) { return Capability(*present); }
  PERMIT_IF_MAYBE(opening, opening_) { return opening->addBranch(); }
  auto opened = session_detail::ask_session(*link, identity_)
                    .then([this, generation = generation_](auto&& response) -> Capability {
                      auto held = session_detail::extract<Interface>(response);
                      if (generation == generation_) capability_ = held;
                      return held;
                    })
                    .attach(kj::mv(link));
  return opening_.emplace(opened.fork()).addBranch();
}

template <class Interface>
template <class Build>
auto Session<Interface>::send(Build build, CallOptions options) {
  auto deadline = client_.deadline_of(options);
  auto state = kj::refcounted<Attempts<Build>>(*this, kj::mv(build), deadline);
  return client_.bounded(deadline, attempt(kj::mv(state)));
}

template <class Interface>
template <class Build>
kj::Promise<Answer> Session<Interface>::call(Build build, CallOptions options) {
  auto key = options.key == IdempotencyKey{} ? client_.keys().next() : options.key;
  auto keyed = [build = kj::mv(build), key](Capability& capability) mutable {
    auto request = build(capability);
    auto slot = request.initKey();
    slot.setHigh(key.high);
    slot.setLow(key.low);
    return request;
  };
  return send(kj::mv(keyed), options).then([](auto&& response) {
    return to_answer(response.getResult());
  });
}

template <class Interface>
template <class State>
kj::Promise<typename State::Response> Session<Interface>::attempt(kj::Own<State> state) {
  auto& session = state->session;
  auto& kept = *state;
  kept.generation = 0;
  return session.client_.link()
      .then([&session, &kept](kj::Own<Link> link) -> kj::Promise<typename State::Response> {
        kept.generation = link->generation();
        auto holder = kj::addRef(*link);
        return session.capability_on(kj::mv(link))
            .then([&kept](Capability capability) -> kj::Promise<typename State::Response> {
              return kept.build(capability).send();
            })
            .attach(kj::mv(holder));
      })
      .then(
          [again = kj::addRef(kept)](typename State::Response&& response) mutable {
            return judge(kj::mv(again), kj::mv(response));
          },
          [again = kj::addRef(kept)](kj::Exception&& exception) mutable {
            return recover(kj::mv(again), kj::mv(exception));
          });
}

template <class Interface>
template <class State>
kj::Promise<typename State::Response> Session<Interface>::judge(kj::Own<State> state,
                                                                typename State::Response response) {
  if (!session_detail::is_busy(response)) return kj::mv(response);
  auto& client = state->session.client_;
  auto pause = state->pauses.next();
  // No time for another attempt: `busy` is then the answer, which says more than a time-out.
  if (client.timer().now() + pause >= state->deadline) return kj::mv(response);
  ++client.counters().busy;
  return again_after(kj::mv(state), pause);
}

template <class Interface>
template <class State>
kj::Promise<typename State::Response> Session<Interface>::recover(kj::Own<State> state,
                                                                  kj::Exception exception) {
  auto& client = state->session.client_;
  switch (exception.getType()) {
    case kj::Exception::Type::DISCONNECTED:
      if (state->generation != 0) {
        client.lost(state->generation);
      } else if (client.unreachable()) {
        return kj::mv(exception);
      }
      // No pause here: the client paces its attempts to connect for all its calls together.
      return again_after(kj::mv(state), 0 * kj::SECONDS);
    case kj::Exception::Type::OVERLOADED: {
      ++client.counters().busy;
      auto pause = state->pauses.next();
      return again_after(kj::mv(state), pause);
    }
    case kj::Exception::Type::FAILED:
    case kj::Exception::Type::UNIMPLEMENTED:
      return kj::mv(exception);
  }
  return kj::mv(exception);
}

template <class Interface>
template <class State>
kj::Promise<typename State::Response> Session<Interface>::again_after(kj::Own<State> state,
                                                                      kj::Duration pause) {
  auto& client = state->session.client_;
  ++client.counters().calls_retried;
  auto waited =
      pause > 0 * kj::SECONDS ? client.timer().afterDelay(pause) : kj::Promise<void>(kj::READY_NOW);
  return waited.then([state = kj::mv(state)]() mutable { return attempt(kj::mv(state)); });
}

}  // namespace permitd::cli
