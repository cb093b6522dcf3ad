#include "cli/client.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "cli/session.h"
#include "cli/tls_stream.h"
#include "protocol/address.h"
#include "protocol/kj_compat.h"
#include "protocol/message_stream.h"

namespace permitd::cli {
namespace {

constexpr std::uint16_t kProtocolVersion = 1;

/// Answers come from our own daemon, and a page of the largest list is far below this: 64 MiB.
constexpr capnp::ReaderOptions kReaderOptions{.traversalLimitInWords = 8 * 1024 * 1024,
                                              .nestingLimit = 32};

/// What is waiting to be sent is bounded by the callers' own windows; this stops a runaway one at
/// 64 MiB.
constexpr protocol::StreamLimits kStreamLimits{
    .frame = {.words_max = 8 * 1024 * 1024, .segments_max = 512},
    .send_queue_size_max = 64U << 20,
};

capnp::rpc::twoparty::VatId::Reader server_id() {
  static const capnp::word* const kBytes = [] {
    static capnp::word space[4]{};
    capnp::MallocMessageBuilder message(kj::arrayPtr(space, 4));
    auto id = message.initRoot<capnp::rpc::twoparty::VatId>();
    id.setSide(capnp::rpc::twoparty::Side::SERVER);
    return static_cast<const capnp::word*>(space);
  }();
  return capnp::readMessageUnchecked<capnp::rpc::twoparty::VatId>(kBytes);
}

/// "[::1]:7712" is the host "::1".
std::string host_of(const std::string& host_port) {
  std::string host = host_port.substr(0, host_port.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

class SocketConnector final : public Connector {
 public:
  SocketConnector(kj::Network& network, Address address)
      : network_(network), address_(std::move(address)) {}

  kj::Promise<kj::Own<capnp::MessageStream>> connect() override {
    auto target = address_.host_port.empty() ? "unix:" + address_.socket_path : address_.host_port;
    auto connected = network_.parseAddress(target).then([](kj::Own<kj::NetworkAddress> found) {
      auto connection = found->connect();
      return connection.attach(kj::mv(found));
    });
    if (address_.is_tls()) {
      auto credentials = protocol::TlsCredentials::load(protocol::TlsSide::kClient, address_.tls);
      if (!credentials) {
        return kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__,
                             kj::str("TLS: ", credentials.error().c_str()));
      }
      connected =
          connected.then([host = host_of(address_.host_port), shown = std::move(*credentials)](
                             kj::Own<kj::AsyncIoStream> stream) mutable {
            return start_tls(kj::mv(stream), std::move(shown), host);
          });
    }
    return connected.then(
        [](kj::Own<kj::AsyncIoStream> stream) { return message_stream_over(kj::mv(stream)); });
  }
  std::string where() const override {
    if (address_.host_port.empty()) return "unix:" + address_.socket_path;
    return (address_.is_tls() ? "tls://" : "") + address_.host_port;
  }

 private:
  kj::Network& network_;
  Address address_;
};

bool is_socket(const char* path) {
  struct stat status {};
  return stat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

std::expected<Address, std::string> parse_server(const std::string& text,
                                                 const protocol::TlsFiles& tls) {
  constexpr std::string_view kTls = "tls://";
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) return Address{.socket_path = text.substr(kUnix.size())};
  const bool is_tls = text.starts_with(kTls);
  const std::string host_port = is_tls ? text.substr(kTls.size()) : text;
  const auto colon = host_port.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == host_port.size())
    return std::unexpected("'" + text + "' is not tls://HOST:PORT, HOST:PORT or unix:PATH.");
  if (!is_tls) return Address{.socket_path = {}, .host_port = host_port};
  if (tls.certificate.empty() || tls.key.empty() || tls.authority.empty()) {
    return std::unexpected(
        "'" + text +
        "' needs a certificate, its key and that of the authority: --certificate, "
        "--certificate-key, --authority, or $PERMITD_CERTIFICATE and the like.");
  }
  return Address{.socket_path = {}, .host_port = host_port, .tls = tls};
}

protocol::TlsFiles completed(protocol::TlsFiles files) {
  constexpr std::string_view kPem = ".pem";
  if (!files.certificate.ends_with(kPem)) return files;
  const std::string stem = files.certificate.substr(0, files.certificate.size() - kPem.size());
  if (files.key.empty()) files.key = stem + ".key";
  const auto slash = stem.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : stem.substr(0, slash + 1);
  if (files.authority.empty()) files.authority = directory + "authority.pem";
  return files;
}

Address default_address() {
  if (const char* path = std::getenv(protocol::kSocketVariable); path != nullptr && *path != 0) {
    return {.socket_path = path, .host_port = {}};
  }
  if (is_socket(protocol::kSystemSocketPath))
    return {.socket_path = protocol::kSystemSocketPath, .host_port = {}};
  return {.socket_path = protocol::kLocalSocketPath, .host_port = {}};
}

kj::Own<Connector> connector_to(kj::Network& network, Address address) {
  return kj::heap<SocketConnector>(network, std::move(address));
}

kj::Own<capnp::MessageStream> message_stream_over(kj::Own<kj::AsyncIoStream> stream) {
  return protocol::new_message_stream(kj::mv(stream), kStreamLimits);
}

// ---- Link ----

Link::Link(kj::Own<capnp::MessageStream> stream, std::uint64_t generation)
    : stream_(kj::mv(stream)),
      network_(*stream_, capnp::rpc::twoparty::Side::CLIENT, kReaderOptions),
      rpc_(capnp::makeRpcClient(network_)),
      gateway_(rpc_.bootstrap(server_id()).castAs<protocol::Gateway>()),
      generation_(generation) {}

kj::Own<Link> Link::addRef() { return kj::addRef(*this); }

// ---- Backoff ----

kj::Duration Backoff::next() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  auto full = next_ / kj::NANOSECONDS;
  next_ = std::min(next_ * 2, last_);
  return (full / 2 +
          static_cast<std::int64_t>(random_ % static_cast<std::uint64_t>(full / 2 + 1))) *
         kj::NANOSECONDS;
}

// ---- Client ----

Client::Client(kj::Timer& timer, kj::Own<Connector> connector, ClientOptions options)
    : timer_(timer),
      connector_(kj::mv(connector)),
      options_(std::move(options)),
      keys_(options_.key_base ? KeySource(*options_.key_base) : KeySource()),
      pauses_(new_backoff()),
      not_before_(timer.now()),
      tasks_(*this) {}

Client::~Client() noexcept = default;

Backoff Client::new_backoff() {
  auto seed = options_.key_base ? options_.key_base->low : system_random();
  return {options_.pause_first, options_.pause_last, seed};
}

kj::TimePoint Client::deadline_of(const CallOptions& options) const {
  return timer_.now() + options.deadline.value_or(options_.call_deadline);
}

bool Client::unreachable() const {
  PERMIT_IF_MAYBE(since, unreachable_since_) {
    return timer_.now() - *since >= options_.connect_deadline;
  }
  return false;
}

kj::Promise<kj::Own<Link>> Client::link() {
  PERMIT_IF_MAYBE(present, link_) { return kj::addRef(**present); }
  PERMIT_IF_MAYBE(connecting, connecting_) { return connecting->addBranch(); }
  return connecting_.emplace(connect().fork()).addBranch();
}

kj::Promise<Greeting> Client::greeting() {
  return link().then(
      [](kj::Own<Link> link) -> kj::Promise<Greeting> { return Greeting(link->greeting); },
      [this](kj::Exception&& exception) -> kj::Promise<Greeting> {
        if (failure_of(exception) != Failure::kCannotConnect || unreachable()) {
          return kj::mv(exception);
        }
        return greeting();
      });
}

kj::Promise<kj::Own<Link>> Client::connect() {
  auto start =
      timer_.now() < not_before_ ? timer_.atTime(not_before_) : kj::Promise<void>(kj::READY_NOW);
  return start
      .then([this] {
        // A connect that hangs (a full backlog, a black hole) must not hold every later call.
        return timer_.timeoutAfter(
            options_.connect_deadline, connector_->connect().then([this](auto stream) {
              return greet(kj::refcounted<Link>(kj::mv(stream), ++generation_));
            }));
      })
      .then(
          [this](kj::Own<Link> link) {
            connected(*link);
            return link;
          },
          [this](kj::Exception&& exception) -> kj::Own<Link> {
            connect_failed();
            if (exception.getType() == kj::Exception::Type::OVERLOADED ||
                exception.getType() == kj::Exception::Type::FAILED) {
              // No socket file or no such host come as FAILED: for a caller all of these mean "not
              // there".
              kj::throwFatalException(kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__,
                                                    __LINE__, kj::str(exception.getDescription())));
            }
            kj::throwFatalException(kj::mv(exception));
          });
}

kj::Promise<kj::Own<Link>> Client::greet(kj::Own<Link> link) {
  auto request = link->gateway().helloRequest();
  request.setProtocolVersion(kProtocolVersion);
  request.setClient(options_.name.c_str());
  return request.send().then([link = kj::mv(link)](auto&& hello) mutable {
    auto limits = hello.getLimits();
    link->greeting = Greeting{
        .server = hello.getServer().cStr(),
        .message_words = limits.getMessageWords(),
        .calls_in_flight = limits.getCallsInFlight(),
        .submissions_per_call = limits.getSubmissionsPerCall(),
        .page_max = limits.getPageMax(),
        .claim_max = limits.getClaimMax(),
        .idle_seconds = limits.getIdleSeconds(),
        .now = Tick{hello.getNow()},
        .rehearsal = hello.getRehearsal(),
    };
    return kj::mv(link);
  });
}

void Client::connected(Link& link) {
  link_ = kj::addRef(link);
  unreachable_since_ = nullptr;
  pauses_.reset();
  ++counters_.connections;
  // The fork that brought us here still has branches to serve; it goes in a later turn of the loop.
  tasks_.add(kj::evalLater([this] { connecting_ = nullptr; }));
  tasks_.add(
      link.on_disconnect().then([this, generation = link.generation()] { lost(generation); }));
}

void Client::connect_failed() {
  auto now = timer_.now();
  if (unreachable_since_ == nullptr) unreachable_since_ = now;
  not_before_ = now + pauses_.next();
  tasks_.add(kj::evalLater([this] { connecting_ = nullptr; }));
}

void Client::lost(std::uint64_t generation) {
  PERMIT_IF_MAYBE(present, link_) {
    if ((*present)->generation() != generation) return;
    ++counters_.disconnects;
    // Never inside a callback of the link's own machinery.
    tasks_.add(kj::evalLater([gone = kj::mv(*present)] {}));
    link_ = nullptr;
  }
}

void Client::taskFailed(kj::Exception&& exception) {
  // Only tidying up runs there; the calls themselves have their own promises.
  (void)exception;
}

// ---- session.h ----

namespace session_detail {

void throw_session_refused(protocol::Refusal::Reader refusal) {
  kj::throwFatalException(kj::Exception(kj::Exception::Type::UNIMPLEMENTED, __FILE__, __LINE__,
                                        kj::str(refusal.getSentence())));
}

void throw_wrong_role() {
  kj::throwFatalException(kj::Exception(
      kj::Exception::Type::UNIMPLEMENTED, __FILE__, __LINE__,
      kj::str("This role cannot do that: choose another identity for this command.")));
}

kj::Promise<capnp::Response<protocol::SessionResult>> ask_session(Link& link, Identity identity) {
  auto request = link.gateway().sessionRequest();
  auto slot = request.initIdentity();
  slot.setDistricts(protocol::districts_to_wire(identity.districts));
  switch (identity.kind) {
    case scheduler::ActorKind::kOffice:
      slot.setOffice(static_cast<std::uint16_t>(identity.id));
      break;
    case scheduler::ActorKind::kExpert:
      slot.setExpert(identity.id);
      break;
    case scheduler::ActorKind::kSupervisor:
      slot.setSupervisor(identity.id);
      break;
    case scheduler::ActorKind::kOperator:
      slot.setOperator(identity.id);
      break;
    case scheduler::ActorKind::kAuditor:
      slot.setAuditor(identity.id);
      break;
    case scheduler::ActorKind::kEngine:
      throw_wrong_role();
  }
  return request.send();
}

}  // namespace session_detail

}  // namespace permitd::cli
