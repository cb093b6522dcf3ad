#include "bench/load_wire.h"

#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
#include <fmt/format.h>
#include <kj/debug.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "bench/load_city.h"
#include "cli/submit_gatherer.h"
#include "protocol/command_codec.h"
#include "protocol/frame_check.h"
#include "protocol/permit.capnp.h"

namespace permitd::bench {

namespace {

using capnp::rpc::Message;

constexpr std::size_t kWordSize = sizeof(capnp::word);
constexpr std::size_t kReceiveSize = 256U << 10;
// Bytes of calls that wait for a socket before further ones are held back: some two hundred, as
// many as the socket itself takes.
constexpr std::size_t kUnsentMax = 64U << 10;
constexpr std::int64_t kPatienceNs = 60'000'000'000;
constexpr std::size_t kParcelDigits = 12;
constexpr protocol::FrameLimits kFrameLimits{.words_max = 1U << 20, .segments_max = 64};

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void append_message(std::vector<std::byte>& out, capnp::MessageBuilder& message) {
  const auto segments = message.getSegmentsForOutput();
  KJ_REQUIRE(segments.size() == 1, "a template must fit its first segment", segments.size());
  const std::uint32_t table[2] = {0, static_cast<std::uint32_t>(segments[0].size())};
  const auto* head = reinterpret_cast<const std::byte*>(table);
  out.insert(out.end(), head, head + sizeof table);
  const auto* body = reinterpret_cast<const std::byte*>(segments[0].begin());
  out.insert(out.end(), body, body + segments[0].asBytes().size());
}

/// Of the message that append_message() put there.
std::size_t message_size(const std::vector<std::byte>& bytes, std::size_t begin) {
  std::uint32_t table[2];
  std::memcpy(table, bytes.data() + begin, sizeof table);
  return sizeof table + table[1] * kWordSize;
}

/// A submit call whose numbers are changed in place.
class CallTemplate {
 public:
  CallTemplate(std::uint32_t capability, std::uint32_t batch)
      : message_(static_cast<capnp::uint>(64 + batch * 64)) {
    call_ = message_.initRoot<Message>().initCall();
    call_.initTarget().setImportedCap(capability);
    call_.setInterfaceId(capnp::typeId<protocol::OfficeSession>());
    call_.setMethodId(0);
    list_ = call_.initParams()
                .initContent()
                .initAs<protocol::OfficeSession::SubmitParams>()
                .initSubmissions(batch);
    for (auto submission : list_)
      cli::fill(submission, cli::KeyedSubmission{{1, 1}, bench_submission(0)});
  }
  void append(std::vector<std::byte>& out, std::uint32_t question, std::uint64_t key_high,
              std::uint64_t number) {
    call_.setQuestionId(question);
    for (auto submission : list_) {
      submission.getKey().setHigh(key_high);
      submission.getKey().setLow(number);
      submission.setOwner(1'000'000'000 + number);
      submission.setDistrict(static_cast<std::uint8_t>(1 + number % 22));
      auto parcel = submission.getParcel();
      std::uint64_t rest = number++;
      for (std::size_t digit = kParcelDigits; digit-- > 0; rest /= 10)
        parcel[digit] = static_cast<char>('0' + rest % 10);
    }
    append_message(out, message_);
  }

 private:
  capnp::MallocMessageBuilder message_;
  capnp::rpc::Call::Builder call_{nullptr};
  capnp::List<protocol::Submission>::Builder list_;
};

class FinishTemplate {
 public:
  FinishTemplate() : finish_(message_.initRoot<Message>().initFinish()) {}
  void append(std::vector<std::byte>& out, std::uint32_t question) {
    finish_.setQuestionId(question);
    append_message(out, message_);
  }

 private:
  capnp::MallocMessageBuilder message_;
  capnp::rpc::Finish::Builder finish_;
};

enum class Answer : std::uint8_t { kAccepted, kBusy };

Answer judge(capnp::rpc::Return::Reader answer, std::uint32_t batch) {
  if (answer.isException()) {
    const auto exception = answer.getException();
    KJ_REQUIRE(exception.getType() == capnp::rpc::Exception::Type::OVERLOADED,
               "a call ended with an exception", exception.getReason());
    return Answer::kBusy;
  }
  const auto results =
      answer.getResults().getContent().getAs<protocol::OfficeSession::SubmitResults>().getResults();
  KJ_REQUIRE(results.size() == batch, "an answer is of another length than its call");
  std::uint32_t busy = 0;
  for (const auto result : results) {
    if (result.isAccepted()) continue;
    const auto refused = result.getRefused();
    KJ_REQUIRE(refused.getCode() == static_cast<std::uint8_t>(scheduler::Refusal::kBusy),
               "a submission was refused", refused.getSentence());
    busy += 1;
  }
  KJ_REQUIRE(busy == 0 || busy == batch, "half a call was refused as busy", busy);
  return busy == 0 ? Answer::kAccepted : Answer::kBusy;
}

int connect_to_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  KJ_REQUIRE(path.size() < sizeof address.sun_path, "the socket's path is too long", path.c_str());
  path.copy(address.sun_path, path.size());
  const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  KJ_REQUIRE(
      file >= 0 && ::connect(file, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
      "cannot connect", path.c_str(), errno);
  return file;
}

int connect_to_port(const std::string& host, const std::string& port) {
  const addrinfo wanted{.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                        .ai_family = AF_UNSPEC,
                        .ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  KJ_REQUIRE(getaddrinfo(host.c_str(), port.c_str(), &wanted, &found) == 0, "no address",
             host.c_str(), port.c_str());
  const int file = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool is_connected = file >= 0 && ::connect(file, found->ai_addr, found->ai_addrlen) == 0;
  const int error = errno;
  freeaddrinfo(found);
  KJ_REQUIRE(is_connected, "cannot connect", host.c_str(), port.c_str(), error);
  const int on = 1;
  setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return file;
}

/// `address`: HOST:PORT, or the path of a unix socket, which has a slash.
int connect_to(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || address.contains('/')) return connect_to_path(address);
  return connect_to_port(address.substr(0, colon), address.substr(colon + 1));
}

/// One office's connection: what waits to leave, what has come in part, and which calls are open.
class WireConnection {
 public:
  WireConnection(const std::string& address, std::uint32_t index, std::uint32_t batch)
      : batch_(batch),
        key_high_((std::uint64_t{0xB} << 60) + index),
        next_number_(index * kNumbersEach + 1),
        file_(connect_to(address)),
        received_(kj::heapArray<capnp::word>(kReceiveSize / kWordSize)) {
    open_session(index);
  }
  ~WireConnection() { ::close(file_); }
  WireConnection(const WireConnection&) = delete;
  WireConnection& operator=(const WireConnection&) = delete;

  int file() const { return file_; }
  bool has_unsent() const { return sent_ != leaving_.size(); }
  /// The socket took nothing when it was asked last: like any client's, it is asked again when the
  /// kernel says that it has room.
  bool is_full() const { return is_full_; }
  bool is_stuffed() const { return leaving_.size() - sent_ > kUnsentMax; }
  std::uint64_t open_count() const { return due_.size() - free_.size(); }

  void call(std::int64_t due_ns) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(due_.size());
      due_.push_back(due_ns);
    } else {
      slot = free_.back();
      free_.pop_back();
      due_[slot] = due_ns;
    }
    call_->append(leaving_, kFirstQuestion + slot, key_high_, next_number_);
    next_number_ += batch_;
  }

  // Each message is a send of its own, as Cap'n Proto's client writes them.
  void send_some() {
    while (has_unsent()) {
      if (sent_ == message_end_) message_end_ += message_size(leaving_, sent_);
      const ssize_t size =
          ::send(file_, leaving_.data() + sent_, message_end_ - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (size < 0 && errno == EINTR) break;
      is_full_ = size < 0 && errno == EAGAIN;
      if (is_full_) break;
      KJ_REQUIRE(size > 0, "the daemon ended a connection", errno);
      sent_ += static_cast<std::size_t>(size);
    }
    if (has_unsent() && sent_ < kReceiveSize) return;
    leaving_.erase(leaving_.begin(), leaving_.begin() + static_cast<std::ptrdiff_t>(sent_));
    message_end_ -= sent_;
    sent_ = 0;
  }

  /// `on_answer(due_ns, Answer)` for each answer that is there.
  template <class OnAnswer>
  void receive_some(const OnAnswer& on_answer) {
    receive(MSG_DONTWAIT);
    take_messages([&](Message::Reader message) {
      if (!message.isReturn()) return;
      const auto answer = message.getReturn();
      const std::uint32_t slot = answer.getAnswerId() - kFirstQuestion;
      KJ_REQUIRE(slot < due_.size(), "an answer to nothing", answer.getAnswerId());
      on_answer(due_[slot], judge(answer, batch_));
      finish_.append(leaving_, answer.getAnswerId());
      free_.push_back(slot);
    });
  }

 private:
  static constexpr std::uint32_t kFirstQuestion = 2;
  static constexpr std::uint64_t kNumbersEach = 1'000'000'000;  // parcels have twelve digits

  void open_session(std::uint32_t index) {
    capnp::MallocMessageBuilder bootstrap;
    bootstrap.initRoot<Message>().initBootstrap().setQuestionId(0);
    append_message(leaving_, bootstrap);
    capnp::MallocMessageBuilder asked;
    auto call = asked.initRoot<Message>().initCall();
    call.setQuestionId(1);
    call.initTarget().initPromisedAnswer().setQuestionId(0);
    call.setInterfaceId(capnp::typeId<protocol::Gateway>());
    call.setMethodId(1);
    call.initParams()
        .initContent()
        .initAs<protocol::Gateway::SessionParams>()
        .initIdentity()
        .setOffice(scheduler::raw(bench_office(index)));
    append_message(leaving_, asked);
    send_some();
    while (call_ == nullptr) {
      receive(0);
      take_messages([this](Message::Reader message) {
        if (message.isReturn() && message.getReturn().getAnswerId() == 1)
          take_session(message.getReturn());
      });
    }
  }

  // Questions 0 and 1 are never finished, so the capability stays.
  void take_session(capnp::rpc::Return::Reader answer) {
    KJ_REQUIRE(answer.isResults(), "the session was not given");
    const auto caps = answer.getResults().getCapTable();
    KJ_REQUIRE(caps.size() == 1 && caps[0].isSenderHosted(), "the session was refused");
    call_ = std::make_unique<CallTemplate>(caps[0].getSenderHosted(), batch_);
  }

  void receive(int flags) {
    auto* bytes = reinterpret_cast<std::byte*>(received_.begin());
    const std::size_t room = received_.size() * kWordSize - received_size_;
    KJ_REQUIRE(room > 0, "an answer is larger than the buffer");
    const ssize_t size = ::recv(file_, bytes + received_size_, room, flags);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    KJ_REQUIRE(size > 0, "the daemon ended a connection", errno);
    received_size_ += static_cast<std::size_t>(size);
  }

  template <class Take>
  void take_messages(const Take& take) {
    auto* bytes = reinterpret_cast<std::byte*>(received_.begin());
    std::size_t begin = 0;
    while (begin < received_size_) {
      const auto rest = std::span<const std::byte>(bytes + begin, received_size_ - begin);
      const auto check = protocol::check_frame(rest, kFrameLimits);
      KJ_REQUIRE(check.fault == protocol::FrameFault::kNone, "bytes that are not a message");
      if (check.needed > rest.size()) break;
      capnp::FlatArrayMessageReader reader(kj::ArrayPtr<const capnp::word>(
          received_.begin() + begin / kWordSize, check.needed / kWordSize));
      take(reader.getRoot<Message>());
      begin += check.needed;
    }
    std::memmove(bytes, bytes + begin, received_size_ - begin);
    received_size_ -= begin;
  }

  std::uint32_t batch_;
  std::uint64_t key_high_;
  std::uint64_t next_number_;
  int file_;
  std::unique_ptr<CallTemplate> call_;  // null until the session is there
  FinishTemplate finish_;
  std::vector<std::byte> leaving_;
  std::size_t sent_ = 0;         // of leaving_
  std::size_t message_end_ = 0;  // in leaving_, of the message that is leaving
  bool is_full_ = false;
  kj::Array<capnp::word> received_;  // frames begin at words
  std::size_t received_size_ = 0;
  std::vector<std::int64_t> due_;    // [question − kFirstQuestion]
  std::vector<std::uint32_t> free_;  // of due_
};

}  // namespace

struct WireLoad::Impl {
  Impl(const std::string& address, const WirePlan& wire_plan) : plan(wire_plan) {
    for (std::uint32_t i = 0; i < plan.connections; ++i) {
      connections.push_back(std::make_unique<WireConnection>(address, i, plan.batch));
      files.push_back({connections.back()->file(), POLLIN, 0});
    }
  }

  /// An exponential gap of the mean that the rate gives; the same in every run.
  std::int64_t gap_ns() {
    const std::uint64_t bits = protocol::seed_of(20'190'321, scheduler::Op{++gap_count}) >> 11;
    const double uniform = (static_cast<double>(bits) + 1) / 9'007'199'254'740'993.0;  // (0, 1]
    return static_cast<std::int64_t>(-1e9 / plan.rate * std::log(uniform));
  }

  void call_what_is_due(std::int64_t now) {
    for (; next_due_ns <= now; next_due_ns += gap_ns()) {
      WireConnection& connection = *connections[turn++ % connections.size()];
      if (counting) result.due += 1;
      if (!connection.is_stuffed()) {
        connection.call(next_due_ns);
      } else if (counting) {
        result.held_back += 1;
      }
    }
  }

  void keep_depth(WireConnection& connection, std::int64_t now) {
    while (connection.open_count() < plan.depth) {
      if (counting) result.due += 1;
      connection.call(now);
    }
  }

  /// False when no socket had anything.
  bool exchange(std::int64_t now, bool is_ending) {
    for (std::size_t i = 0; i < connections.size(); ++i)
      files[i].events = connections[i]->is_full() ? POLLIN | POLLOUT : POLLIN;
    const bool any = poll(files.data(), files.size(), 0) > 0;
    for (std::size_t i = 0; i < connections.size(); ++i) {
      WireConnection& connection = *connections[i];
      if ((files[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        connection.receive_some([&](std::int64_t due_ns, Answer answer) { note(due_ns, answer); });
      }
      if (plan.rate == 0 && !is_ending) keep_depth(connection, now);
      const bool takes_more = !connection.is_full() || (files[i].revents & POLLOUT) != 0;
      if (connection.has_unsent() && takes_more) connection.send_some();
    }
    return any;
  }

  // Not in poll(): the daemon would pay for each wake-up.
  void nap(std::int64_t now) const {
    std::int64_t ns = std::int64_t{plan.nap_us} * 1000;
    if (plan.rate > 0) ns = std::min(ns, next_due_ns - now);
    if (ns <= 0) return;
    const timespec span{0, ns};
    nanosleep(&span, nullptr);
  }

  void note(std::int64_t due_ns, Answer answer) {
    const std::int64_t latency = now_ns() - due_ns;
    accepted_total += answer == Answer::kAccepted ? 1 : 0;
    if (counting) ++(answer == Answer::kAccepted ? result.accepted : result.busy);
    if (due_ns < timing_from_ns || due_ns >= timing_until_ns) return;
    (answer == Answer::kAccepted ? result.accepted_latency : result.busy_latency).add(latency);
  }

  void drive(double seconds) {
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (std::int64_t now = now_ns(); now < end; now = now_ns()) {
      if (plan.rate > 0) call_what_is_due(now);
      if (!exchange(now, false)) nap(now);
    }
  }

  bool has_open() const {
    return std::any_of(connections.begin(), connections.end(),
                       [](const auto& connection) { return connection->open_count() != 0; });
  }

  WirePlan plan;
  std::vector<std::unique_ptr<WireConnection>> connections;
  std::vector<pollfd> files;
  std::uint64_t gap_count = 0;
  std::size_t turn = 0;
  std::int64_t next_due_ns = 0;
  bool counting = false;
  std::int64_t timing_from_ns = INT64_MAX;
  std::int64_t timing_until_ns = INT64_MAX;
  std::uint64_t accepted_total = 0;
  WireResult result;
};

WireLoad::WireLoad(const std::string& address, const WirePlan& plan)
    : impl_(std::make_unique<Impl>(address, plan)) {}
WireLoad::~WireLoad() = default;

std::uint64_t WireLoad::accepted_total() const { return impl_->accepted_total; }

void WireLoad::begin_phase(double rate, std::uint32_t depth, double settle_seconds) {
  impl_->plan.rate = rate;
  impl_->plan.depth = depth;
  impl_->next_due_ns = now_ns();
  impl_->drive(settle_seconds);
}

double WireLoad::measure_phase(double seconds) {
  Impl& impl = *impl_;
  const std::uint64_t before = impl.accepted_total;
  const std::int64_t begin = now_ns();
  impl.drive(seconds);
  return static_cast<double>(impl.accepted_total - before) /
         (static_cast<double>(now_ns() - begin) / 1e9);
}

void WireLoad::warm_up() {
  impl_->next_due_ns = now_ns();
  impl_->drive(impl_->plan.warmup_seconds);
}

void WireLoad::run() {
  Impl& impl = *impl_;
  const double cpu_before = own_cpu_seconds();
  const std::int64_t begin = now_ns();
  impl.timing_from_ns = begin;
  impl.counting = true;
  impl.drive(impl.plan.seconds);
  impl.counting = false;
  impl.timing_until_ns = now_ns();
  impl.result.seconds = static_cast<double>(impl.timing_until_ns - begin) / 1e9;
  impl.result.own_cpu_seconds = own_cpu_seconds() - cpu_before;
}

WireResult WireLoad::finish() {
  const std::int64_t end = now_ns() + kPatienceNs;
  while (impl_->has_open()) {
    KJ_REQUIRE(now_ns() < end, "calls were not answered within a minute");
    impl_->exchange(now_ns(), true);
  }
  for (auto& connection : impl_->connections) connection->send_some();
  return std::exchange(impl_->result, {});
}

}  // namespace permitd::bench
