// Goal: over the network a certificate is the whole of an identity, and whoever has none, the wrong
// one or bad manners gets nowhere, while an honest office beside it is served. Method: a real loop,
// server and engine on a simulated disk, over both kernel interfaces; honest clients, and peers
// that hold a socket and say what they like, with TLS or without.
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/pki.h"
#include "cli/tls_stream.h"
#include "daemon/network_figures.h"
#include "protocol/frame_check.h"
#include "scheduler/outcome.h"
#include "tests/support/certificates.h"
#include "tests/support/echo_server.h"
#include "tests/support/frames.h"
#include "tests/support/raw_calls.h"
#include "tests/support/rpc_city.h"
#include "tests/support/served_engine.h"

namespace permitd::tests {
namespace {

using daemon::DropReason;
using daemon::IoKind;
using scheduler::raw;
using scheduler::Refusal;
using testing::HasSubstr;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// A peer that has shaken hands and from then on says any bytes it likes.
class RawTls {
 public:
  RawTls(RawSocket socket, Credentials shown)
      : socket_(std::move(socket)), channel_(std::move(shown), "localhost") {
    channel_.offer({});
    while (channel_.is_handshaking() && push() && receive()) continue;
    push();
  }
  bool is_open() const { return channel_.is_open(); }
  /// False when not all of it could be sent within the patience.
  bool send(std::span<const std::byte> bytes, int patience_ms = 10'000) {
    channel_.write(bytes);
    std::vector<std::byte> records;
    channel_.take_output(records);
    return socket_.send_some(records, patience_ms) == records.size();
  }
  /// The kind of each message that comes until the peer closes.
  std::vector<capnp::rpc::Message::Which> messages_until_closed() {
    std::vector<capnp::rpc::Message::Which> kinds;
    do {
      take(kinds);
    } while (!channel_.is_over() && receive());
    take(kinds);
    return kinds;
  }
  /// The same of so many messages; fewer when the peer closes before.
  std::vector<capnp::rpc::Message::Which> messages(std::size_t count) {
    std::vector<capnp::rpc::Message::Which> kinds;
    do {
      take(kinds);
    } while (kinds.size() < count && !channel_.is_over() && receive());
    return kinds;
  }
  /// The answer to a question that came with the messages so far; null: none did.
  const kj::Array<capnp::word>* answer_to(std::uint32_t question) const {
    const auto found = answers_.find(question);
    return found == answers_.end() ? nullptr : &found->second;
  }
  RawSocket& socket() { return socket_; }

 private:
  bool push() {
    std::vector<std::byte> records;
    channel_.take_output(records);
    return socket_.send(records);
  }
  bool receive() {
    const std::size_t size = socket_.receive(received_);
    if (size != 0) channel_.offer(std::span(received_).first(size));
    return size != 0;
  }
  void take(std::vector<capnp::rpc::Message::Which>& kinds) {
    std::byte piece[4096];
    while (const std::size_t size = channel_.read(piece)) append(plain_, std::span(piece, size));
    for (;;) {
      const auto check = protocol::check_frame(plain_, protocol::FrameLimits{});
      if (check.needed > plain_.size()) return;
      auto words = kj::heapArray<capnp::word>(check.needed / sizeof(capnp::word));
      std::memcpy(words.begin(), plain_.data(), check.needed);
      plain_.erase(plain_.begin(), plain_.begin() + static_cast<std::ptrdiff_t>(check.needed));
      capnp::FlatArrayMessageReader reader(words);
      const auto message = reader.getRoot<capnp::rpc::Message>();
      kinds.push_back(message.which());
      if (message.isReturn()) answers_[message.getReturn().getAnswerId()] = kj::mv(words);
    }
  }

  RawSocket socket_;
  protocol::TlsChannel channel_;
  std::array<std::byte, 20'000> received_{};
  Bytes plain_;
  std::map<std::uint32_t, kj::Array<capnp::word>> answers_;
};

/// What became of a call.
enum class Fate : std::uint8_t { kUnanswered, kException, kRefused, kDone };

Fate fate_of(const RawTls& peer, std::uint32_t question) {
  const auto* words = peer.answer_to(question);
  if (words == nullptr) return Fate::kUnanswered;
  capnp::FlatArrayMessageReader reader(*words);
  const auto answer = reader.getRoot<capnp::rpc::Message>().getReturn();
  return answer.isResults() ? Fate::kDone : Fate::kException;
}

/// The same of OfficeSession.submit, which may be refused for one of its submissions or for all.
Fate fate_of_submit(const RawTls& peer, std::uint32_t question) {
  using Results = protocol::OfficeSession::SubmitResults;
  Fate fate = fate_of(peer, question);
  if (fate != Fate::kDone) return fate;
  capnp::FlatArrayMessageReader reader(*peer.answer_to(question));
  const auto answer = reader.getRoot<capnp::rpc::Message>().getReturn().getResults();
  for (auto result : answer.getContent().getAs<Results>().getResults())
    if (result.isRefused()) fate = Fate::kRefused;
  return fate;
}

/// The number under which the server gave a capability with its answer.
std::uint32_t capability_of(const RawTls& peer, std::uint32_t question) {
  capnp::FlatArrayMessageReader reader(*peer.answer_to(question));
  const auto table = reader.getRoot<capnp::rpc::Message>().getReturn().getResults().getCapTable();
  EXPECT_EQ(table.size(), 1U);
  return table[0].getSenderHosted();
}

/// Bytes of a line of /proc/self/status; the server is in this process.
std::int64_t own_memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kib = 0;
    if (word == name + ":" && status >> kib) return kib * 1024;
  }
  ADD_FAILURE() << "no " << name;
  return 0;
}

class TlsTest : public testing::TestWithParam<IoKind> {
 public:
  ~TlsTest() noexcept override {}  // KJ members may throw

 protected:
  ServedEngine::Options options() {
    ServedEngine::Options result;
    result.io = GetParam();
    result.now = {kCityNowMs};
    result.server.access.own_uid = geteuid();
    result.tls = authority_.server({"office-13"});
    return result;
  }
  void start(ServedEngine::Options options) {
    served_ = std::make_unique<ServedEngine>(std::move(options));
    RpcClient local(io_, "unix:" + served_->socket_path());
    build_city(local.supervisor(), wait());
    honest_ = connect("office-101");
  }
  kj::WaitScope& wait() { return io_.waitScope; }

  kj::Promise<kj::Own<kj::AsyncIoStream>> stream_with(Credentials shown) {
    auto address = io_.provider->getNetwork()
                       .parseAddress(kj::str("127.0.0.1:", served_->tls_port()))
                       .wait(wait());
    return cli::start_tls(address->connect().wait(wait()), std::move(shown), "localhost");
  }
  std::unique_ptr<RpcClient> connect_with(Credentials shown) {
    return std::make_unique<RpcClient>(io_, stream_with(std::move(shown)).wait(wait()));
  }
  std::unique_ptr<RpcClient> connect(const std::string& name) {
    return connect_with(authority_.client(name));
  }
  RawSocket raw_socket() { return RawSocket::tcp(served_->tls_port()); }
  RawTls raw_tls(const std::string& name) { return RawTls(raw_socket(), authority_.client(name)); }

  std::uint64_t submit_one(protocol::OfficeSession::Client office) {
    auto request = office.submitRequest();
    fill_submission(request.initSubmissions(1)[0]);
    auto response = request.send().wait(wait());
    EXPECT_TRUE(response.getResults()[0].isAccepted());
    return response.getResults()[0].getAccepted().getCaseId();
  }
  /// The office that was connected from the start still is, and its work arrives.
  void expect_service() { EXPECT_GT(submit_one(honest_->office(101)), 0U); }
  /// What a call of hello comes to.
  std::string fault_of(Credentials shown) {
    std::string fault;
    auto failure = kj::runCatchingExceptions([&] {
      auto client = connect_with(std::move(shown));
      client->gateway().helloRequest().send().wait(wait());
    });
    KJ_IF_MAYBE (exception, failure) {
      fault = exception->getDescription().cStr();
    }
    return fault;
  }
  /// In TLS 1.3 a client may have written before it reads the alert that refuses it; the system may
  /// then answer with a reset, and the alert is lost.
  static auto tells(const char* told) {
    return testing::AnyOf(HasSubstr(told), HasSubstr("Broken pipe"), HasSubstr("Connection reset"));
  }
  void expect_handshake_fails(Credentials shown, const char* told) {
    const std::uint64_t before = served_->dropped(DropReason::kHandshake);
    EXPECT_THAT(fault_of(std::move(shown)), tells(told));
    EXPECT_TRUE(served_->eventually_dropped(DropReason::kHandshake, before + 1)) << told;
    expect_service();
  }
  void set_credentials(Credentials credentials) {
    served_->run_in_loop(
        [&](ServedEngine::Parts& parts) { parts.loop.set_credentials(credentials); });
  }
  void TearDown() override {
    honest_.reset();
    EXPECT_TRUE(served_->eventually([](ServedEngine::Parts& parts) {
      return parts.loop.stats().connections_open == 0 && parts.server.figures().connections == 0 &&
             parts.server.figures().sessions == 0;
    }));
  }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  TestAuthority authority_;
  daemon::NetworkFigures figures_;
  std::unique_ptr<ServedEngine> served_;
  std::unique_ptr<RpcClient> honest_;  // office 101
};

INSTANTIATE_TEST_SUITE_P(Io, TlsTest, testing::Values(IoKind::kUring, IoKind::kEpoll),
                         [](const auto& tested) {
                           return tested.param == IoKind::kUring ? "uring" : "epoll";
                         });

// ---- Identity ----

TEST_P(TlsTest, AnOfficeWorksOverTls) {
  start(options());
  auto office = honest_->office(101);
  constexpr std::uint32_t kCalls = 8;
  constexpr std::uint32_t kPerCall = 500;
  std::uint32_t accepted = 0;
  for (std::uint32_t call = 0; call < kCalls; ++call) {
    auto request = office.submitRequest();
    for (auto submission : request.initSubmissions(kPerCall)) fill_submission(submission);
    auto response = request.send().wait(wait());
    for (auto result : response.getResults()) accepted += result.isAccepted() ? 1U : 0U;
  }
  EXPECT_EQ(accepted, kCalls * kPerCall);
  served_->run_in_loop(
      [](ServedEngine::Parts& parts) { EXPECT_EQ(parts.loop.stats().handshakes, 1U); });
  auto jobs = office.jobsRequest();
  jobs.initPage().setLimit(1000);
  EXPECT_EQ(jobs.send().wait(wait()).getJobs().size(), 1000U);
}

TEST_P(TlsTest, ACertificateIsExactlyItsIdentity) {
  start(options());
  const auto refusal_of = [&](RpcClient& client, auto&& fill) {
    capnp::MallocMessageBuilder message;
    auto identity = message.initRoot<protocol::Identity>();
    fill(identity);
    auto response = client.session(identity);
    return response.isRefused() ? response.getRefused().getCode() : std::uint8_t{0};
  };
  constexpr auto kUnknown = raw(Refusal::kUnauthenticated);
  const std::uint64_t denied_before = [&] {
    std::uint64_t count = 0;
    served_->run_in_loop([&](auto& parts) { count = parts.server.figures().denied_total; });
    return count;
  }();
  EXPECT_EQ(refusal_of(*honest_, [](auto& who) { who.setOffice(101); }), 0);
  EXPECT_EQ(refusal_of(*honest_, [](auto& who) { who.setOffice(202); }), kUnknown);
  EXPECT_EQ(refusal_of(*honest_, [](auto& who) { who.setExpert(101); }), kUnknown);
  EXPECT_EQ(refusal_of(*honest_, [](auto& who) { who.setSupervisor(101); }), kUnknown);
  EXPECT_EQ(refusal_of(*honest_, [](auto& who) { who.setOperator(101); }), kUnknown);
  EXPECT_EQ(refusal_of(*honest_, [](auto& who) { who.setAuditor(101); }), kUnknown);
  served_->run_in_loop(
      [&](auto& parts) { EXPECT_EQ(parts.server.figures().denied_total, denied_before + 5); });
  // Every kind of name opens its own session, and a name of no kind opens none.
  EXPECT_EQ(refusal_of(*connect("expert-1"), [](auto& who) { who.setExpert(1); }), 0);
  EXPECT_EQ(refusal_of(*connect("supervisor-3"), [](auto& who) { who.setSupervisor(3); }), 0);
  EXPECT_EQ(refusal_of(*connect("operator-1"), [](auto& who) { who.setOperator(1); }), 0);
  EXPECT_EQ(refusal_of(*connect("auditor-2"), [](auto& who) { who.setAuditor(2); }), 0);
  // Districts are part of a name: they may be fewer, never more, and never the city.
  auto of_district = connect("supervisor-31@1,3");
  const auto with = [&](std::uint32_t districts) {
    return refusal_of(*of_district, [&](auto& who) {
      who.setSupervisor(31);
      who.setDistricts(districts);
    });
  };
  EXPECT_EQ(with(1U << 1 | 1U << 3), 0);
  EXPECT_EQ(with(1U << 3), 0);
  EXPECT_EQ(with(0), kUnknown);
  EXPECT_EQ(with(1U << 2), kUnknown);
  EXPECT_EQ(with(1U << 1 | 1U << 2), kUnknown);
  EXPECT_EQ(refusal_of(*of_district, [](auto& who) { who.setSupervisor(31); }), kUnknown);
  for (const char* name : {"web-1", "office-0101", "office 101", "Office-101", "office-101@1",
                           "supervisor-31@2,1", "supervisor-31@"}) {
    auto nobody = connect(name);
    EXPECT_GT(nobody->gateway().helloRequest().send().wait(wait()).getNow(), 0) << name;
    EXPECT_EQ(refusal_of(*nobody, [](auto& who) { who.setOffice(101); }), kUnknown) << name;
    EXPECT_EQ(refusal_of(*nobody, [](auto& who) { who.setOffice(1); }), kUnknown) << name;
  }
}

TEST_P(TlsTest, AnotherOfficeSeesAndCountsNothing) {
  start(options());
  const std::uint64_t case_id = submit_one(honest_->office(101));
  auto stranger = connect("office-202");
  auto office = stranger->office(202);
  auto read = office.caseRequest();
  read.setCaseId(case_id);
  auto missing = office.caseRequest();
  missing.setCaseId(case_id + 1000);
  EXPECT_EQ(read.send().wait(wait()).getRefused().getSentence(),
            missing.send().wait(wait()).getRefused().getSentence());
  EXPECT_EQ(office.jobsRequest().send().wait(wait()).getJobs().size(), 0U);
  auto jobs = office.jobsRequest();
  jobs.initFilter().setOffice(101);
  EXPECT_EQ(jobs.send().wait(wait()).getJobs().size(), 0U);
  auto withdraw = office.withdrawRequest();
  fill_key(withdraw.initKey());
  withdraw.setCaseId(case_id);
  withdraw.setReason(protocol::Reason::APPLICANT_REQUEST);
  EXPECT_EQ(withdraw.send().wait(wait()).getResult().getRefused().getCode(),
            raw(Refusal::kUnknownCase));
}

TEST_P(TlsTest, AnotherOfficesKeyTellsNothing) {
  start(options());
  auto request = honest_->office(101).submitRequest();
  fill_submission(request.initSubmissions(1)[0]);
  auto key = request.getSubmissions()[0].getKey();
  const std::uint64_t high = key.getHigh();
  const std::uint64_t low = key.getLow();
  const auto mine = request.send().wait(wait());
  const std::uint64_t case_id = mine.getResults()[0].getAccepted().getCaseId();
  auto stranger = connect("office-202");
  auto replay = stranger->office(202).submitRequest();
  fill_submission(replay.initSubmissions(1)[0]);
  auto copied = replay.getSubmissions()[0].initKey();
  copied.setHigh(high);
  copied.setLow(low);
  const auto answer = replay.send().wait(wait());
  const auto result = answer.getResults()[0];
  // A key belongs to its caller: here it is a new one, and it does its work.
  ASSERT_TRUE(result.isAccepted()) << result.getRefused().getSentence().cStr();
  EXPECT_NE(result.getAccepted().getCaseId(), case_id);
  EXPECT_FALSE(result.getAccepted().getRepeated());
  // With another body it is no sooner refused than any key: only who has used it knows that it is.
  auto other = stranger->office(202).submitRequest();
  fill_submission(other.initSubmissions(1)[0], 909);
  auto more = honest_->office(101).submitRequest();
  fill_submission(more.initSubmissions(1)[0], 808);
  auto other_key = other.getSubmissions()[0].initKey();
  other_key.setHigh(more.getSubmissions()[0].getKey().getHigh());
  other_key.setLow(more.getSubmissions()[0].getKey().getLow());
  const auto second = more.send().wait(wait());
  ASSERT_TRUE(second.getResults()[0].isAccepted());
  const auto third = other.send().wait(wait());
  ASSERT_TRUE(third.getResults()[0].isAccepted())
      << third.getResults()[0].getRefused().getSentence().cStr();
  EXPECT_FALSE(third.getResults()[0].getAccepted().getRepeated());
  EXPECT_NE(third.getResults()[0].getAccepted().getCaseId(),
            second.getResults()[0].getAccepted().getCaseId());
  // The control: its owner, who comes again with another body, is told.
  auto again = honest_->office(101).submitRequest();
  fill_submission(again.initSubmissions(1)[0], 707);
  auto same_key = again.getSubmissions()[0].initKey();
  same_key.setHigh(high);
  same_key.setLow(low);
  EXPECT_EQ(again.send().wait(wait()).getResults()[0].getRefused().getCode(),
            raw(Refusal::kKeyReused));
}

TEST_P(TlsTest, NumbersThatAreTriedAreSeen) {
  auto counted = options();
  counted.server.network = &figures_;
  start(std::move(counted));
  const std::uint64_t case_id = submit_one(honest_->office(101));
  constexpr std::uint64_t kTries = 20;
  RpcClient local(io_, "unix:" + served_->socket_path());
  auto stranger = connect("office-202");
  auto office = stranger->office(202);
  auto expert = local.expert(2);
  testing::internal::CaptureStderr();
  for (std::uint64_t i = 0; i < kTries; ++i) {
    auto history = office.historyRequest();
    history.setCaseId(case_id + i);
    EXPECT_TRUE(history.send().wait(wait()).isRefused());
  }
  auto why = office.whyRequest();
  why.setJob(kTries);
  EXPECT_TRUE(why.send().wait(wait()).isRefused());
  auto read = expert.caseRequest();
  read.setCaseId(case_id);
  EXPECT_TRUE(read.send().wait(wait()).isRefused());
  auto close = office.closeRequest();
  fill_key(close.initKey());
  close.setCaseId(case_id + kTries);
  EXPECT_EQ(close.send().wait(wait()).getResult().getRefused().getCode(),
            raw(Refusal::kUnknownCase));
  const std::string log = testing::internal::GetCapturedStderr();
  // One line of each peer now; the many of the office hide nothing of the expert's one.
  EXPECT_THAT(log, HasSubstr("office 202 named an unknown case in history"));
  EXPECT_THAT(log, HasSubstr("expert 2 named an unknown case in case"));
  EXPECT_EQ(log.find("office 202"), log.rfind("office 202")) << log;
  EXPECT_EQ(figures_.unknown_numbers.load(), kTries + 3);
  // What is there for its caller is no try.
  auto own = honest_->office(101).caseRequest();
  own.setCaseId(case_id);
  EXPECT_TRUE(own.send().wait(wait()).isCase());
  EXPECT_EQ(figures_.unknown_numbers.load(), kTries + 3);
}

// ---- Who is not let in ----

TEST_P(TlsTest, CertificatesThatDoNotHoldAreRefusedAndToldWhy) {
  start(options());
  const std::int64_t now = ::time(nullptr);
  expect_handshake_fails(authority_.client("office-17", {now - 7200, now - 3600}),
                         "certificate expired");
  expect_handshake_fails(authority_.client("office-17", {now + 3600, now + 7200}),
                         "bad certificate");
  expect_handshake_fails(authority_.client("office-13"), "certificate revoked");
  TestAuthority foreign;
  auto files = foreign.issue("office-101");
  files.authority = authority_.file("authority.pem");
  expect_handshake_fails(TestAuthority::load(protocol::TlsSide::kClient, files), "unknown CA");
  // An authority of the same name, whose certificates a careless check would take.
  expect_handshake_fails(
      TestAuthority::load(protocol::TlsSide::kClient,
                          authority_.issue("office-102", {now - 60, now + 60}, {"localhost"})),
      "unsupported certificate");
}

TEST_P(TlsTest, BytesThatAreNotTlsEndTheConnection) {
  start(options());
  std::uint64_t count = 0;
  for (const Bytes& bytes : {bootstrap_message(), Bytes(100, std::byte{0xFF}),
                             Bytes(1, std::byte{'G'}), Bytes(5000, std::byte{0x16})}) {
    RawSocket peer = raw_socket();
    peer.send(bytes);
    EXPECT_TRUE(peer.is_closed_by_peer());
    EXPECT_TRUE(served_->eventually_dropped(DropReason::kHandshake, ++count));
    expect_service();
  }
}

TEST_P(TlsTest, AHandshakeThatIsNeverCompletedEndsInTime) {
  auto limits = options();
  limits.server.connections.handshake_seconds = 1;
  start(std::move(limits));
  expect_service();  // within its own first second
  RawSocket silent = raw_socket();
  RawSocket half = raw_socket();
  const Bytes begun{std::byte{0x16}, std::byte{3}, std::byte{1}, std::byte{2}, std::byte{0}};
  half.send(begun);
  RawTls mute = raw_tls("office-202");  // through, and then says nothing
  ASSERT_TRUE(mute.is_open());
  EXPECT_TRUE(silent.is_closed_by_peer());
  EXPECT_TRUE(half.is_closed_by_peer());
  EXPECT_TRUE(served_->eventually_dropped(DropReason::kHandshake, 2));
  EXPECT_TRUE(served_->eventually_dropped(DropReason::kSilent, 1));
  expect_service();
}

TEST_P(TlsTest, AFloodOfHandshakesDoesNotKeepAnybodyOut) {
  auto limits = options();
  limits.handshakes_max = 16;
  start(std::move(limits));
  std::vector<RawSocket> flood;
  const Bytes begun{std::byte{0x16}, std::byte{3}, std::byte{1}, std::byte{2}, std::byte{0}};
  for (int count = 0; count < 200; ++count) {
    flood.push_back(raw_socket());
    flood.back().send(begun);
  }
  EXPECT_TRUE(served_->eventually_dropped(DropReason::kHandshake, 184));
  EXPECT_TRUE(served_->eventually(
      [](ServedEngine::Parts& parts) { return parts.loop.stats().connections_open <= 18U; }));
  auto late = connect("office-202");
  EXPECT_EQ(late->office(202).jobsRequest().send().wait(wait()).getJobs().size(), 0U);
  expect_service();
}

// ---- Trust that ends ----

TEST_P(TlsTest, ADeniedNameLosesItsConnectionAtOnce) {
  start(options());
  auto doomed = connect("office-202");
  auto office = doomed->office(202);
  submit_one(office);
  // A call that waits for its answer ends with the rest.
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(false); });
  auto request = office.submitRequest();
  fill_submission(request.initSubmissions(1)[0]);
  auto pending = request.send();
  const std::int64_t begin = now_ms();
  set_credentials(authority_.server({"office-202"}));
  doomed->on_disconnect().wait(wait());
  EXPECT_LT(now_ms() - begin, 1000);
  EXPECT_TRUE(kj::runCatchingExceptions([&] { pending.wait(wait()); }) != nullptr);
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(true); });
  EXPECT_TRUE(served_->eventually_dropped(DropReason::kDenied));
  expect_handshake_fails(authority_.client("office-202"), "certificate revoked");
  expect_service();
  // Off the list again it may come back.
  set_credentials(authority_.server());
  EXPECT_EQ(fault_of(authority_.client("office-202")), "");
}

TEST_P(TlsTest, ADeniedNameIsDeniedWithWhateverDistricts) {
  start(options());
  auto doomed = connect("supervisor-31@2");
  auto other = connect("supervisor-3@2");
  set_credentials(authority_.server({"supervisor-31"}));
  doomed->on_disconnect().wait(wait());
  expect_handshake_fails(authority_.client("supervisor-31@2,5"), "certificate revoked");
  expect_handshake_fails(authority_.client("supervisor-31"), "certificate revoked");
  EXPECT_GT(other->gateway().helloRequest().send().wait(wait()).getNow(), 0);
  set_credentials(authority_.server({"supervisor-31@2"}));
  expect_handshake_fails(authority_.client("supervisor-31@2"), "certificate revoked");
  EXPECT_EQ(fault_of(authority_.client("supervisor-31@5")), "");
  expect_service();
}

TEST_P(TlsTest, ACertificateThatRunsOutEndsItsConnection) {
  start(options());
  const std::int64_t end = ::time(nullptr) + 2;
  auto brief = connect_with(authority_.client("office-202", {end - 1000, end}));
  submit_one(brief->office(202));
  brief->on_disconnect().wait(wait());
  EXPECT_GE(::time(nullptr), end);
  EXPECT_TRUE(served_->eventually_dropped(DropReason::kExpired));
  expect_service();
}

TEST_P(TlsTest, AnotherAuthorityAsksEverybodyAgain) {
  start(options());
  TestAuthority next;
  set_credentials(next.server());
  honest_->on_disconnect().wait(wait());
  EXPECT_TRUE(served_->eventually_dropped(DropReason::kDenied));
  auto files = next.issue("office-101");
  honest_ = connect_with(TestAuthority::load(protocol::TlsSide::kClient, files));
  expect_service();
}

// ---- Bad manners of those who were let in ----

TEST_P(TlsTest, HostileMessagesEndTheirOwnConnection) {
  start(options());
  struct Case {
    Bytes bytes;
    DropReason reason;
  };
  Bytes count_overflow;
  append_u32(count_overflow, 0xFFFFFFFF);
  Bytes many_segments;
  append_u32(many_segments, 64);
  const Case cases[] = {{frame_table(0, {0x7FFFFFFF}), DropReason::kOversized},
                        {count_overflow, DropReason::kMalformed},
                        {many_segments, DropReason::kTooManySegments},
                        {nested_message(100), DropReason::kProtocolError}};
  for (const Case& hostile : cases) {
    RawTls peer = raw_tls("office-202");
    ASSERT_TRUE(peer.send(hostile.bytes));
    const auto said = peer.messages_until_closed();
    EXPECT_THAT(said, testing::ElementsAre(capnp::rpc::Message::ABORT));
    EXPECT_TRUE(served_->eventually_dropped(hostile.reason)) << drop_reason_name(hostile.reason);
    expect_service();
  }
}

TEST_P(TlsTest, ListsThatClaimWhatIsNotThereCostNothing) {
  start(options());
  // A pointer to a list: 1 in the lowest bits, then words up to the list; from bit 32 the kind of
  // its elements and their number (Cap'n Proto, "Encoding Spec", "Lists"). A tag is a number of
  // elements and their size.
  constexpr std::uint64_t kCountMax = (1U << 29) - 1;
  constexpr std::uint64_t kVoids = 0;
  constexpr std::uint64_t kComposite = 7;
  struct Case {
    const char* what;
    std::uint64_t pointer;
    std::uint64_t tag;
  };
  const Case cases[] = {
      {"elements without a size", 1 | (kCountMax << 3 | kVoids) << 32, 0},
      {"more words than there are", 1 | (kCountMax << 3 | kComposite) << 32, kCountMax << 2},
      {"structs without a size", 1 | kComposite << 32, kCountMax << 2},
      {"more structs than words", 1 | (1U << 3 | kComposite) << 32, kCountMax << 2 | 1ULL << 32}};
  const auto as_office = [](protocol::Identity::Builder who) { who.setOffice(202); };
  const std::int64_t resident = own_memory("VmHWM");
  const std::int64_t reserved = own_memory("VmPeak");
  for (const Case& hostile : cases) {
    RawTls peer = raw_tls("office-202");
    Bytes bytes = bootstrap_message();
    append(bytes, session_message(1, as_office));
    append(bytes, submit_message(2, 1, hostile.pointer, hostile.tag));
    const std::int64_t begin = now_ms();
    ASSERT_TRUE(peer.send(bytes));
    // Each call is answered, the last with a refusal or an exception: nothing is fatal.
    EXPECT_EQ(peer.messages(3), std::vector(3, capnp::rpc::Message::RETURN)) << hostile.what;
    EXPECT_THAT(fate_of_submit(peer, 2), testing::AnyOf(Fate::kException, Fate::kRefused))
        << hostile.what;
    EXPECT_LT(now_ms() - begin, 10'000) << hostile.what;
    expect_service();
  }
  // A byte for each claimed element would be half a GiB.
  EXPECT_LT(own_memory("VmHWM") - resident, 64 << 20);
  EXPECT_LT(own_memory("VmPeak") - reserved, 256 << 20);
  // The control: the same call without a list, which has nothing to refuse.
  RawTls peer = raw_tls("office-202");
  Bytes bytes = bootstrap_message();
  append(bytes, session_message(1, as_office));
  append(bytes, submit_message(2, 1, 0, 0));
  ASSERT_TRUE(peer.send(bytes));
  EXPECT_EQ(peer.messages(3), std::vector(3, capnp::rpc::Message::RETURN));
  EXPECT_EQ(fate_of_submit(peer, 2), Fate::kDone);
}

TEST_P(TlsTest, CapabilitiesOfAnotherConnectionCannotBeForged) {
  start(options());
  submit_one(honest_->office(101));  // holds capabilities 0, 1, …
  auto city = connect("supervisor-1");
  city->supervisor().statsRequest().send().wait(wait());
  for (std::uint32_t turn = 0; turn < 16; ++turn) {
    const std::uint32_t id = turn / 2;
    const bool is_office = turn % 2 == 0;
    const std::uint64_t interface = is_office ? capnp::typeId<protocol::OfficeSession>()
                                              : capnp::typeId<protocol::SupervisorSession>();
    const std::string name = is_office ? "office-202" : "supervisor-31@2";
    RawTls peer = raw_tls(name);
    Bytes bytes = bootstrap_message();
    append(bytes, forged_message(1, id, interface));
    ASSERT_TRUE(peer.send(bytes));
    peer.socket().shut_down_write();
    const auto said = peer.messages_until_closed();
    ASSERT_FALSE(said.empty());
    // Number 0 is the peer's own gateway, which is no office; the rest does not exist for it.
    EXPECT_EQ(fate_of(peer, 1), id == 0 ? Fate::kException : Fate::kUnanswered) << id;
    if (id != 0) {
      EXPECT_EQ(said.back(), capnp::rpc::Message::ABORT) << id;
    }
    expect_service();
    // The control: the same call on the number that the server gave to the peer is served.
    RawTls owner = raw_tls(name);
    bytes = bootstrap_message();
    append(bytes, session_message(1, [&](protocol::Identity::Builder who) {
             if (is_office) return who.setOffice(202);
             who.setSupervisor(31);
             who.setDistricts(1U << 2);
           }));
    ASSERT_TRUE(owner.send(bytes));
    ASSERT_EQ(owner.messages(2), std::vector(2, capnp::rpc::Message::RETURN));
    ASSERT_TRUE(owner.send(forged_message(2, capability_of(owner, 1), interface)));
    EXPECT_EQ(owner.messages(1), std::vector(1, capnp::rpc::Message::RETURN));
    EXPECT_EQ(fate_of(owner, 2), Fate::kDone) << name;
  }
  served_->run_in_loop(
      [](ServedEngine::Parts& parts) { EXPECT_EQ(parts.server.figures().busy_total, 0U); });
}

TEST_P(TlsTest, TrickleDoesNotBuyTime) {
  auto limits = options();
  limits.server.connections.partial_seconds = 1;
  start(std::move(limits));
  RawTls peer = raw_tls("office-202");
  ASSERT_TRUE(peer.send(bootstrap_message()));
  ASSERT_TRUE(peer.send(frame_table(0, {100'000})));
  const std::byte one{0};
  EXPECT_TRUE(served_->eventually([&](ServedEngine::Parts& parts) {
    peer.send(std::span(&one, 1), 0);
    return parts.loop.stats().dropped[static_cast<std::size_t>(DropReason::kSlowWriter)] == 1;
  }));
  expect_service();
}

TEST_P(TlsTest, AReaderThatStopsIsDroppedAndItsQueueStaysBounded) {
  auto limits = options();
  limits.server.connections.send_seconds = 1;
  limits.server.connections.send_queue_size_max = 64U << 10;
  start(std::move(limits));
  RawTls peer(RawSocket::tcp(served_->tls_port(), 8192), authority_.client("office-202"));
  ASSERT_TRUE(peer.send(bootstrap_message()));
  Bytes calls;
  for (std::uint32_t question = 1; question <= 40'000; ++question)
    append(calls, hello_message(question));
  peer.send(calls, 500);
  EXPECT_TRUE(served_->eventually_dropped(DropReason::kSlowReader));
  expect_service();
}

TEST_P(TlsTest, PeersThatVanishLeaveNothing) {
  start(options());
  for (int round = 0; round < 30; ++round) {
    if (round % 3 == 0) {
      RawSocket peer = raw_socket();
      peer.send(Bytes(3, std::byte{0x16}));
      if (round % 2 == 0) peer.reset();
    } else {
      RawTls peer = raw_tls("office-202");
      Bytes bytes = bootstrap_message();
      append(bytes, hello_message(1));
      peer.send(bytes);
      if (round % 2 == 0) peer.socket().reset();
    }
  }
  expect_service();
  EXPECT_TRUE(served_->eventually(
      [](ServedEngine::Parts& parts) { return parts.loop.stats().connections_open == 1; }));
}

TEST_P(TlsTest, DrainingEndsHandshakesToo) {
  start(options());
  RawSocket half = raw_socket();
  half.send(Bytes(3, std::byte{0x16}));
  EXPECT_TRUE(served_->eventually(
      [](ServedEngine::Parts& parts) { return parts.loop.stats().connections_open == 2; }));
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.server.drain(); });
  EXPECT_TRUE(half.is_closed_by_peer());
  EXPECT_TRUE(served_->eventually_dropped(DropReason::kDraining));
}

}  // namespace
}  // namespace permitd::tests
