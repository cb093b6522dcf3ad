// Goal: no bytes of a peer crash Cap'n Proto's RPC above our stream, keep its loop busy without end
// or make the stream hold more than it may; who called before is answered, and so is who comes
// after. Method: the stream and the gate as they ship, without a socket, and a gateway with
// sessions that do next to nothing; the input's first bytes say how crowded it is and where its
// receives are cut, the rest is what the peer sends.
#include <capnp/message.h>
#include <capnp/rpc-twoparty.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <kj/async.h>
#include <kj/debug.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "protocol/buffered_stream.h"
#include "protocol/permit.capnp.h"

namespace permitd::protocol {
namespace {

using capnp::rpc::Message;

// What the first byte of an input asks for.
constexpr unsigned kCrowded = 1;       // a second message that waits makes it busy
constexpr unsigned kFewInService = 2;  // calls wait for others' to be answered
constexpr unsigned kDeaf = 4;          // the peer takes no answers until it ends
constexpr unsigned kAllAtOnce = 8;     // the loop has a turn only after every third receive

constexpr std::size_t kHeadSize = 3;
constexpr std::uint32_t kWordsMax = 2048;
constexpr std::uint64_t kHeldMax = 2 * kHeldSizeFair;
// Beyond the limit: what one receive and one answer bring before anybody looks, twice for memory
// that grows by doubling.
constexpr std::uint64_t kHeldMost = kHeldMax + 2 * (4096 + kWordsMax * sizeof(capnp::word)) + 8192;
constexpr std::uint32_t kQuestionsMax = 256;
constexpr unsigned kEventsMax = 1U << 20;  // of the loop until it comes to rest
constexpr std::uint16_t kHello = 7;

[[noreturn]] void complain(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// ---- a gateway ----

class SubmissionStreamServer final : public SubmissionStream::Server {
 public:
  kj::Promise<void> submit(SubmitContext) override {
    return kj::evalLater([] {});
  }
};

class SubscriptionServer final : public Subscription::Server {};

class OfficeServer final : public OfficeSession::Server {
 public:
  kj::Promise<void> stream(StreamContext context) override {
    context.getResults().setStream(kj::heap<SubmissionStreamServer>());
    return kj::READY_NOW;
  }
  // Answered when the peer has answered.
  kj::Promise<void> watch(WatchContext context) override {
    auto request = context.getParams().getSubscriber().eventsRequest();
    request.setDropped(1);
    return request.send().then([context](auto&&) mutable {
      context.getResults().setSubscription(kj::heap<SubscriptionServer>());
    });
  }
  kj::Promise<void> lottery(LotteryContext) override { return kj::NEVER_DONE; }
};

class GatewayServer final : public Gateway::Server {
 public:
  kj::Promise<void> hello(HelloContext context) override {
    context.getResults().setProtocolVersion(kHello);
    return kj::READY_NOW;
  }
  kj::Promise<void> session(SessionContext context) override {
    return kj::evalLater(
        [context]() mutable { context.getResults().setOffice(kj::heap<OfficeServer>()); });
  }
};

// ---- a connection ----

/// A stream whose peer is the test.
class PeerStream final : public BufferedStream {
 public:
  using BufferedStream::BufferedStream;
  using BufferedStream::is_receiving;
  using BufferedStream::received;
  using BufferedStream::received_end;
  using BufferedStream::start_receiving;

  /// False: what is sent stays under way.
  void set_taking(bool is_taking) {
    is_taking_ = is_taking;
    if (is_taking_ && under_way_ != 0) sent(std::exchange(under_way_, 0));
  }
  /// What has been sent since the last call.
  std::vector<std::byte> take_answers() { return std::exchange(answers_, {}); }

 private:
  void start_send(std::span<const std::byte> bytes) override {
    answers_.insert(answers_.end(), bytes.begin(), bytes.end());
    if (is_taking_) {
      sent(bytes.size());
    } else {
      under_way_ = bytes.size();
    }
  }
  void set_receiving(bool) override {}
  void shut_down_write() override {}
  void shut_down_both() override {}

  std::vector<std::byte> answers_;
  std::size_t under_way_ = 0;
  bool is_taking_ = true;
};

class Connection {
 public:
  explicit Connection(StreamContext& context)
      : stream_(context),
        network_(stream_, capnp::rpc::twoparty::Side::SERVER, reader_options()),
        rpc_(capnp::makeRpcServer(network_, kj::heap<GatewayServer>())),
        gone_(network_.onDisconnect()
                  .then([this] { is_gone_ = true; })
                  .eagerlyEvaluate([this](kj::Exception&&) { is_gone_ = true; })) {
    stream_.start_receiving();
  }

  PeerStream& stream() { return stream_; }
  /// Cap'n Proto has let go of the stream.
  bool is_gone() const { return is_gone_; }

 private:
  static capnp::ReaderOptions reader_options() {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = std::uint64_t{4} * kWordsMax;
    options.nestingLimit = 16;
    return options;
  }

  bool is_gone_ = false;
  PeerStream stream_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
  kj::Promise<void> gone_;
};

StreamLimits limits_of(unsigned options) {
  StreamLimits limits;
  limits.frame = {.words_max = kWordsMax, .segments_max = 8};
  limits.send_queue_size_max = 64U << 10;
  limits.held_size_max = kHeldMax;
  limits.questions_max = kQuestionsMax;
  if ((options & kCrowded) != 0) limits.messages_waiting_max = 1;
  if ((options & kFewInService) != 0) limits.questions_in_service_max = 1;
  return limits;
}

template <class Fill>
void send(PeerStream& stream, const Fill& fill) {
  capnp::MallocMessageBuilder builder;
  fill(builder.initRoot<Message>());
  const auto words = capnp::messageToFlatArray(builder);
  stream.received(std::as_bytes(std::span(words.asBytes().begin(), words.asBytes().size())));
}

/// True when the call with number `question` was answered with the gateway's number.
bool is_answered(const std::vector<std::byte>& answers, std::uint32_t question) {
  auto words = kj::heapArray<capnp::word>(answers.size() / sizeof(capnp::word));
  if (answers.empty()) return false;
  std::memcpy(words.begin(), answers.data(), words.asBytes().size());
  kj::ArrayPtr<const capnp::word> rest = words;
  while (rest.size() != 0) {
    capnp::FlatArrayMessageReader reader(rest);
    const auto message = reader.getRoot<Message>();
    if (message.isReturn() && message.getReturn().getAnswerId() == question &&
        message.getReturn().isResults()) {
      const auto content = message.getReturn().getResults().getContent();
      return content.getAs<Gateway::HelloResults>().getProtocolVersion() == kHello;
    }
    rest = kj::arrayPtr(reader.getEnd(), rest.end());
  }
  return false;
}

class Loop {
 public:
  explicit Loop(unsigned options) : context_(limits_of(options)) {}

  StreamContext& context() { return context_; }

  /// Until there is nothing to do without another byte, as often as the loop that ships would.
  void turn() {
    loop_.run(kEventsMax);
    if (loop_.isRunnable()) complain("the loop does not come to rest");
    context_.flush();
    context_.deliver_in_turn();
    context_.set_now_ms(context_.now_ms() + 1);
    check_held();
  }
  void check_held() const {
    if (context_.held_size() > kHeldMost) complain("more is held than may be");
  }
  /// A bootstrap, a call on it and the end of both, as a peer sends them that means well.
  void call_soundly(Connection& connection) {
    constexpr std::uint32_t kBootstrap = kQuestionsMax - 2;
    constexpr std::uint32_t kCall = kQuestionsMax - 1;
    PeerStream& stream = connection.stream();
    send(stream, [](Message::Builder root) { root.initBootstrap().setQuestionId(kBootstrap); });
    settle();
    send(stream, [](Message::Builder root) {
      auto call = root.initCall();
      call.setQuestionId(kCall);
      call.setInterfaceId(capnp::typeId<Gateway>());
      call.initTarget().initPromisedAnswer().setQuestionId(kBootstrap);
      call.initParams().getContent().initAs<Gateway::HelloParams>().setProtocolVersion(kHello);
    });
    settle();
    if (!is_answered(stream.take_answers(), kCall)) complain("a sound call is not answered");
    for (const std::uint32_t question : {kCall, kBootstrap})
      send(stream, [&](Message::Builder root) { root.initFinish().setQuestionId(question); });
    settle();
    (void)stream.take_answers();
  }
  /// The peer closes, and Cap'n Proto must let go of the connection: each turn reads a message that
  /// waits, at least.
  void end(Connection& connection, std::size_t message_count) {
    connection.stream().set_taking(true);
    connection.stream().received_end();
    for (std::size_t turns = 0; !connection.is_gone(); ++turns) {
      if (turns > message_count + 16) complain("a connection outlives its peer");
      turn();
    }
  }

 private:
  void settle() {
    for (int turns = 0; turns < 4; ++turns) turn();
  }

  kj::EventLoop loop_;
  kj::WaitScope scope_{loop_};
  StreamContext context_;
};

void play(std::span<const std::uint8_t> input) {
  const unsigned options = input[0];
  const std::size_t pieces[] = {std::size_t{input[1]} + 1, std::size_t{input[2]} * 8 + 1};
  std::span<const std::byte> rest = std::as_bytes(input.subspan(kHeadSize));
  const std::size_t messages_most = rest.size() / sizeof(capnp::word);
  Loop loop(options);
  {
    Connection connection(loop.context());
    PeerStream& stream = connection.stream();
    loop.call_soundly(connection);
    stream.set_taking((options & kDeaf) == 0);
    for (std::size_t receives = 0; !rest.empty(); ++receives) {
      // A loop that is not to receive does not, whatever the peer has sent.
      for (int turns = 0; turns < 4 && !stream.is_receiving(); ++turns) loop.turn();
      if (!stream.is_receiving()) break;
      const std::size_t part = std::min(pieces[receives % 2], rest.size());
      stream.received(rest.first(part));
      rest = rest.subspan(part);
      loop.check_held();
      if ((options & kAllAtOnce) == 0 || receives % 3 == 0) loop.turn();
      (void)stream.take_answers();
    }
    loop.end(connection, messages_most);
  }
  loop.turn();
  if (loop.context().held_size() != 0) complain("bytes are held for nobody");
  if (loop.context().questions_in_service() != 0) complain("a call is in service for nobody");
  Connection next(loop.context());
  loop.call_soundly(next);
  loop.end(next, 0);
}

}  // namespace
}  // namespace permitd::protocol

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace permitd::protocol;
  // What a peer does wrong is no news here, and a trace of each costs more than all the rest.
  kj::_::Debug::setLogLevel(kj::LogSeverity::FATAL);
  if (size >= kHeadSize) play({data, size});
  return 0;
}
