// Goal: every session does what the schema promises, and refuses what it must not do, over real
// sockets. Method: a real loop, server and engine on a simulated disk; clients speak plain Cap'n
// Proto.
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "scheduler/outcome.h"
#include "tests/support/rpc_city.h"
#include "tests/support/served_engine.h"

namespace permitd::tests {
namespace {

using daemon::IoKind;
using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

ServedEngine::Options city_options(IoKind io) {
  ServedEngine::Options options;
  options.io = io;
  options.now = {kCityNowMs};
  options.server.access.own_uid = geteuid();
  return options;
}

class RpcSessionTest : public testing::TestWithParam<IoKind> {
 public:
  ~RpcSessionTest() noexcept override {}  // KJ members may throw

 protected:
  void SetUp() override {
    if (!wants_default_server_) return;
    start(city_options(GetParam()));
  }
  void start(ServedEngine::Options options) {
    served_ = std::make_unique<ServedEngine>(std::move(options));
    client_ = connect();
    build_city(client_->supervisor(), wait());
  }
  void restart(ServedEngine::Options options) {
    client_.reset();
    served_.reset();
    start(std::move(options));
  }
  std::unique_ptr<RpcClient> connect() {
    return std::make_unique<RpcClient>(io_, "unix:" + served_->socket_path());
  }
  kj::WaitScope& wait() { return io_.waitScope; }

  /// Submits one sound case and gives its number.
  std::uint64_t submit_one(protocol::OfficeSession::Client office) {
    auto request = office.submitRequest();
    fill_submission(request.initSubmissions(1)[0]);
    auto response = request.send().wait(wait());
    EXPECT_TRUE(response.getResults()[0].isAccepted());
    return response.getResults()[0].getAccepted().getCaseId();
  }

  /// Lets the client send until so many batches are on their way to the disk; false when that does
  /// not come about.
  bool is_writing(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    bool is_there = false;
    while (!is_there && std::chrono::steady_clock::now() < end) {
      wait().poll();
      served_->run_in_loop(
          [&](ServedEngine::Parts& parts) { is_there = parts.storage.writing_count() == count; });
    }
    return is_there;
  }

  bool wants_default_server_ = true;
  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  std::unique_ptr<ServedEngine> served_;
  std::unique_ptr<RpcClient> client_;
};

INSTANTIATE_TEST_SUITE_P(Io, RpcSessionTest, testing::Values(IoKind::kUring, IoKind::kEpoll),
                         [](const auto& tested) {
                           return tested.param == IoKind::kUring ? "uring" : "epoll";
                         });

void expect_refused(protocol::Result::Reader result, Refusal refusal, Field field) {
  ASSERT_TRUE(result.isRefused());
  EXPECT_EQ(result.getRefused().getCode(), raw(refusal))
      << result.getRefused().getCodeName().cStr();
  EXPECT_EQ(result.getRefused().getField(), raw(field))
      << result.getRefused().getFieldName().cStr();
  EXPECT_GT(result.getRefused().getSentence().size(), 0U);
}

TEST_P(RpcSessionTest, HelloNamesVersionTimeAndLimits) {
  auto request = client_->gateway().helloRequest();
  request.setProtocolVersion(1);
  request.setClient("test");
  auto response = request.send().wait(wait());
  EXPECT_EQ(response.getProtocolVersion(), 1);
  EXPECT_TRUE(response.getRehearsal());
  EXPECT_EQ(response.getNow(), kCityNowMs);
  EXPECT_EQ(response.getLimits().getSubmissionsPerCall(), 1024);
  EXPECT_EQ(response.getLimits().getClaimMax(), scheduler::kHeldJobsMax);
}

TEST_P(RpcSessionTest, CaseGoesFromSubmissionThroughWorkToTheNextStage) {
  auto office = client_->office(101);
  const std::uint64_t case_id = submit_one(office);

  auto expert = client_->expert(1);
  auto claim = expert.claimRequest();
  fill_key(claim.initKey());
  claim.setCount(2);
  auto leases = claim.send().wait(wait());
  ASSERT_TRUE(leases.isLeases());
  ASSERT_EQ(leases.getLeases().size(), 1U);
  const auto lease = leases.getLeases()[0];
  EXPECT_EQ(lease.getCaseId(), case_id);
  EXPECT_GT(lease.getToken(), 0U);

  auto start = expert.startRequest();
  fill_key(start.initKey());
  start.setJob(lease.getJob());
  start.setToken(lease.getToken());
  EXPECT_TRUE(start.send().wait(wait()).getResult().isAccepted());

  auto held = expert.worklistRequest().send().wait(wait());
  ASSERT_EQ(held.getJobs().size(), 1U);
  EXPECT_EQ(held.getJobs()[0].getState(), protocol::JobState::STARTED);

  auto of_held = expert.caseRequest();
  of_held.setCaseId(case_id);
  EXPECT_TRUE(of_held.send().wait(wait()).isCase());

  auto complete = expert.completeRequest();
  fill_key(complete.initKey());
  complete.setJob(lease.getJob());
  complete.setToken(lease.getToken());
  complete.setNote("documents complete");
  EXPECT_TRUE(complete.send().wait(wait()).getResult().isAccepted());

  auto read = office.caseRequest();
  read.setCaseId(case_id);
  auto found = read.send().wait(wait());
  ASSERT_TRUE(found.isCase());
  EXPECT_EQ(found.getCase().getParcel(), "1-23-45");
  EXPECT_EQ(found.getCase().getOffice(), 101);
  EXPECT_EQ(found.getCase().getStageIndex(), 1);
  EXPECT_EQ(found.getCase().getJobs().size(), 2U);

  auto history = office.historyRequest();
  history.setCaseId(case_id);
  history.setLimit(100);
  auto told = history.send().wait(wait());
  ASSERT_TRUE(told.isEvents());
  bool has_note = false;
  for (auto event : told.getEvents()) has_note |= event.getNote() == "documents complete";
  EXPECT_TRUE(has_note);

  auto why = office.whyRequest();
  why.setJob(lease.getJob());
  auto reason = why.send().wait(wait());
  ASSERT_TRUE(reason.isAnswer());
  EXPECT_TRUE(reason.getAnswer().getHasDecision());
  EXPECT_EQ(reason.getAnswer().getDecision().getChosen(), 1U);
  EXPECT_GT(reason.getAnswer().getDecision().getSentence().size(), 0U);
}

TEST_P(RpcSessionTest, EachItemOfACallIsAnsweredInItsPlace) {
  auto request = client_->office(101).submitRequest();
  auto items = request.initSubmissions(7);
  for (auto item : items) fill_submission(item);
  items[1].initKey();                              // all zero
  items[2].setParcel("123456789012345678901234");  // 24 bytes
  items[3].setReference("\xC3\x28");               // not UTF-8
  items[4].setService(9);                          // the core does not know it
  items[5].setParcel("");
  auto response = request.send().wait(wait());
  auto results = response.getResults();
  ASSERT_EQ(results.size(), 7U);
  EXPECT_TRUE(results[0].isAccepted());
  expect_refused(results[1], Refusal::kKeyMissing, Field::kKey);
  expect_refused(results[2], Refusal::kTooLarge, Field::kParcel);
  expect_refused(results[3], Refusal::kOutOfRange, Field::kReference);
  expect_refused(results[4], Refusal::kUnknownService, Field::kService);
  expect_refused(results[5], Refusal::kMissing, Field::kParcel);
  ASSERT_TRUE(results[6].isAccepted());
  EXPECT_EQ(results[6].getAccepted().getCaseId(), results[0].getAccepted().getCaseId() + 1);
}

TEST_P(RpcSessionTest, SameKeyGivesTheSameAnswerAndAnotherBodyIsRefused) {
  auto office = client_->office(101);
  auto first = office.submitRequest();
  fill_submission(first.initSubmissions(1)[0]);
  auto again = office.submitRequest();
  again.setSubmissions(first.asReader().getSubmissions());
  auto changed = office.submitRequest();
  changed.setSubmissions(first.asReader().getSubmissions());
  changed.getSubmissions()[0].setFloors(9);
  auto one = first.send().wait(wait());
  auto two = again.send().wait(wait());
  EXPECT_FALSE(one.getResults()[0].getAccepted().getRepeated());
  EXPECT_TRUE(two.getResults()[0].getAccepted().getRepeated());
  EXPECT_EQ(two.getResults()[0].getAccepted().getCaseId(),
            one.getResults()[0].getAccepted().getCaseId());
  expect_refused(changed.send().wait(wait()).getResults()[0], Refusal::kKeyReused, Field::kKey);
}

TEST_P(RpcSessionTest, AnotherOfficesCaseReadsAsUnknown) {
  const std::uint64_t case_id = submit_one(client_->office(101));
  auto stranger = client_->office(202);
  auto job_list = client_->office(101).jobsRequest().send().wait(wait());
  ASSERT_EQ(job_list.getJobs().size(), 1U);
  const std::uint64_t job = job_list.getJobs()[0].getJob();

  auto read = stranger.caseRequest();
  read.setCaseId(case_id);
  auto unknown = stranger.caseRequest();
  unknown.setCaseId(case_id + 1000);
  auto outside = read.send().wait(wait());
  auto missing = unknown.send().wait(wait());
  ASSERT_TRUE(outside.isRefused());
  EXPECT_EQ(outside.getRefused().getCode(), raw(Refusal::kUnknownCase));
  EXPECT_EQ(outside.getRefused().getSentence(), missing.getRefused().getSentence());

  auto of_job = stranger.jobRequest();
  of_job.setJob(job);
  EXPECT_TRUE(of_job.send().wait(wait()).isRefused());
  auto history = stranger.historyRequest();
  history.setCaseId(case_id);
  history.setLimit(10);
  EXPECT_TRUE(history.send().wait(wait()).isRefused());
  auto why = stranger.whyRequest();
  why.setJob(job);
  EXPECT_TRUE(why.send().wait(wait()).isRefused());
  auto jobs = stranger.jobsRequest();
  jobs.initFilter().setOffice(101);
  EXPECT_EQ(jobs.send().wait(wait()).getJobs().size(), 0U);
  auto withdraw = stranger.withdrawRequest();
  fill_key(withdraw.initKey());
  withdraw.setCaseId(case_id);
  withdraw.setReason(protocol::Reason::APPLICANT_REQUEST);
  expect_refused(withdraw.send().wait(wait()).getResult(), Refusal::kUnknownCase, Field::kCase);
  auto schedule = stranger.scheduleRequest();
  fill_key(schedule.initKey());
  schedule.setJob(job);
  expect_refused(schedule.send().wait(wait()).getResult(), Refusal::kUnknownJob, Field::kJob);
}

TEST_P(RpcSessionTest, AnExpertReadsOnlyCasesOfJobsThatItHolds) {
  const std::uint64_t case_id = submit_one(client_->office(101));
  auto read = client_->expert(2).caseRequest();
  read.setCaseId(case_id);
  auto found = read.send().wait(wait());
  ASSERT_TRUE(found.isRefused());
  EXPECT_EQ(found.getRefused().getCode(), raw(Refusal::kUnknownCase));
}

TEST_P(RpcSessionTest, ACallOverTheLimitGetsOneAnswer) {
  auto options = city_options(GetParam());
  options.server.submissions_per_call_max = 3;
  restart(std::move(options));
  auto request = client_->office(101).submitRequest();
  for (auto item : request.initSubmissions(4)) fill_submission(item);
  auto response = request.send().wait(wait());
  auto results = response.getResults();
  ASSERT_EQ(results.size(), 1U);
  expect_refused(results[0], Refusal::kTooLarge, Field::kCount);
}

TEST_P(RpcSessionTest, ValuesBeyondTheKnownSetsAreOutOfRange) {
  auto office = client_->office(101);
  auto withdraw = office.withdrawRequest();
  fill_key(withdraw.initKey());
  withdraw.setCaseId(1);
  withdraw.setReason(static_cast<protocol::Reason>(999));
  expect_refused(withdraw.send().wait(wait()).getResult(), Refusal::kOutOfRange, Field::kReason);
  auto state = client_->supervisor().setExpertStateRequest();
  fill_key(state.initKey());
  state.setExpert(1);
  state.setState(static_cast<protocol::ExpertState>(8));
  expect_refused(state.send().wait(wait()).getResult(), Refusal::kOutOfRange, Field::kState);
  for (const std::uint16_t count : {std::uint16_t{0}, std::uint16_t{29}}) {
    auto claim = client_->expert(1).claimRequest();
    fill_key(claim.initKey());
    claim.setCount(count);
    auto answer = claim.send().wait(wait());
    ASSERT_TRUE(answer.isRefused());
    EXPECT_EQ(answer.getRefused().getField(), raw(Field::kCount));
  }
}

// The engine takes what waits until two batches are on their way to a disk that stands still. Only
// then does the ring fill and stay full, whatever the speed of client and loop.
TEST_P(RpcSessionTest, AFullRingRefusesTheWholeCallAndLosesNothingAccepted) {
  auto options = city_options(GetParam());
  options.request_capacity = 512;
  restart(std::move(options));
  auto office = client_->office(101);
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(false); });
  using Submitted = capnp::RemotePromise<protocol::OfficeSession::SubmitResults>;
  std::vector<Submitted> sent;
  const auto send = [&] {
    auto request = office.submitRequest();
    for (auto item : request.initSubmissions(64)) fill_submission(item);
    sent.push_back(request.send());
  };
  for (std::size_t batch = 1; batch <= 2; ++batch) {
    send();
    ASSERT_TRUE(is_writing(batch));
  }
  for (int call = 0; call < 40; ++call) send();
  // Six calls fill the ring, but for the places that are kept for reads.
  constexpr std::size_t kAcceptedCalls = 2 + 6;
  for (std::size_t call = kAcceptedCalls; call < sent.size(); ++call) {
    auto response = sent[call].wait(wait());
    ASSERT_EQ(response.getResults().size(), 64U);
    for (auto result : response.getResults()) {
      expect_refused(result, Refusal::kBusy, Field::kNone);
    }
  }
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(true); });
  for (std::size_t call = 0; call < kAcceptedCalls; ++call) {
    auto response = sent[call].wait(wait());
    for (auto result : response.getResults()) EXPECT_TRUE(result.isAccepted());
  }
  auto stats = client_->supervisor().statsRequest().send().wait(wait());
  EXPECT_EQ(stats.getStats().getCasesSubmitted(), kAcceptedCalls * 64);
}

TEST_P(RpcSessionTest, AStreamWaitsForRoomAndLosesNothing) {
  auto options = city_options(GetParam());
  options.request_capacity = 512;
  restart(std::move(options));
  auto opened = client_->office(101).streamRequest().send().wait(wait());
  auto stream = opened.getStream();
  for (int call = 0; call < 60; ++call) {
    auto request = stream.submitRequest();
    auto items = request.initSubmissions(100);
    for (auto item : items) fill_submission(item);
    if (call == 30) items[5].setParcel("");
    request.send().wait(wait());
  }
  auto summary = stream.finishRequest().send().wait(wait());
  EXPECT_EQ(summary.getAccepted(), 5999U);
  EXPECT_EQ(summary.getRepeated(), 0U);
  EXPECT_EQ(summary.getRefused(), 1U);
  ASSERT_EQ(summary.getRefusals().size(), 1U);
  EXPECT_EQ(summary.getRefusals()[0].getRefusal().getField(), raw(Field::kParcel));
  EXPECT_GT(summary.getRefusals()[0].getKey().getLow(), 0U);
}

TEST_P(RpcSessionTest, AnOfficeBeyondItsQuotaIsRefusedAndOthersAreNot) {
  auto options = city_options(GetParam());
  options.server.office_rate = 1;
  options.server.office_burst = 4;
  restart(std::move(options));
  auto request = client_->office(101).submitRequest();
  for (auto item : request.initSubmissions(4)) fill_submission(item);
  EXPECT_TRUE(request.send().wait(wait()).getResults()[3].isAccepted());
  auto more = client_->office(101).submitRequest();
  for (auto item : more.initSubmissions(4)) fill_submission(item);
  auto refused = more.send().wait(wait());
  for (auto result : refused.getResults()) {
    expect_refused(result, Refusal::kQuotaExceeded, Field::kNone);
  }
  submit_one(client_->office(202));
}

TEST_P(RpcSessionTest, CallsOfADeadConnectionGoOn) {
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(false); });
  std::uint64_t before = 0;
  served_->run_in_loop([&](ServedEngine::Parts& parts) { before = parts.engine.stats().commands; });
  {
    auto dying = connect();
    auto request = dying->office(101).submitRequest();
    for (auto item : request.initSubmissions(10)) fill_submission(item);
    auto sent = request.send();
    wait().poll();  // the request leaves, nobody waits for the answer
    EXPECT_TRUE(served_->eventually(
        [&](ServedEngine::Parts& parts) { return parts.engine.stats().commands >= before + 10; }));
  }
  EXPECT_TRUE(served_->eventually(
      [](ServedEngine::Parts& parts) { return parts.server.figures().connections == 1; }));
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(true); });
  auto stats = client_->supervisor().statsRequest().send().wait(wait());
  EXPECT_EQ(stats.getStats().getCasesSubmitted(), 10U);
}

TEST_P(RpcSessionTest, ConnectionsAndSessionsAreReaped) {
  for (int i = 0; i < 20; ++i) {
    auto passing = connect();
    submit_one(passing->office(101));
  }
  EXPECT_TRUE(served_->eventually([](ServedEngine::Parts& parts) {
    // The gateway of the one connection left; sessions that were dropped on the way are gone.
    return parts.server.figures().connections == 1 && parts.server.figures().sessions == 1;
  }));
}

TEST_P(RpcSessionTest, TheServerMayEndWhileCallsAndReadsAreInFlight) {
  auto office = client_->office(101);
  auto opened = office.streamRequest().send().wait(wait());
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(false); });
  auto submit = office.submitRequest();
  for (auto item : submit.initSubmissions(10)) fill_submission(item);
  auto submitted = submit.send();
  auto streamed = opened.getStream().submitRequest();
  for (auto item : streamed.initSubmissions(10)) fill_submission(item);
  auto taken = streamed.send();
  auto stats = client_->supervisor().statsRequest().send();
  wait().poll();
  EXPECT_TRUE(served_->eventually(
      [](ServedEngine::Parts& parts) { return parts.server.calls_in_flight() >= 3; }));
  served_.reset();
  EXPECT_ANY_THROW(submitted.wait(wait()));
  EXPECT_ANY_THROW(stats.wait(wait()));
}

TEST_P(RpcSessionTest, AClientThatLeavesIsNotAFault) {
  for (int i = 0; i < 5; ++i) submit_one(connect()->office(101));
  EXPECT_TRUE(served_->eventually([](ServedEngine::Parts& parts) {
    return parts.server.figures().connections == 1 && parts.loop.stats().connections_open == 1;
  }));
  served_->run_in_loop([](ServedEngine::Parts& parts) {
    const auto& dropped = parts.loop.stats().dropped;
    for (std::size_t i = 1; i < daemon::kDropReasonCount; ++i) {
      EXPECT_EQ(dropped[i], 0U) << daemon::drop_reason_name(static_cast<daemon::DropReason>(i));
    }
  });
}

TEST_P(RpcSessionTest, TooManyCallsInFlightAreBusy) {
  auto options = city_options(GetParam());
  options.server.calls_in_flight_max = 4;
  restart(std::move(options));
  auto office = client_->office(101);
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(false); });
  std::vector<capnp::RemotePromise<protocol::OfficeSession::SubmitResults>> sent;
  for (int call = 0; call < 5; ++call) {
    auto request = office.submitRequest();
    fill_submission(request.initSubmissions(1)[0]);
    sent.push_back(request.send());
  }
  expect_refused(sent.back().wait(wait()).getResults()[0], Refusal::kBusy, Field::kNone);
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(true); });
  for (int call = 0; call < 4; ++call) {
    EXPECT_TRUE(sent[static_cast<std::size_t>(call)].wait(wait()).getResults()[0].isAccepted());
  }
}

// Within its number of calls a peer may still send large ones: what is read and not answered is
// memory.
TEST_P(RpcSessionTest, LargeCallsThatAreNotAnsweredAreNotAllRead) {
  constexpr std::uint32_t kWordsMax = 8192;
  constexpr std::uint64_t kCallSizeMax = kWordsMax * sizeof(capnp::word);
  constexpr capnp::uint kBallast = kCallSizeMax * 3 / 4;
  constexpr std::size_t kCalls = 128;
  // What is with Cap'n Proto, what waits unread, and what a turn brings before reading ends.
  constexpr std::uint64_t kReadMax = 32 * kCallSizeMax;
  static_assert(kCalls * kBallast > 2 * kReadMax);
  auto options = city_options(GetParam());
  options.server.connections.message_words_max = kWordsMax;
  restart(std::move(options));
  auto office = client_->office(101);
  std::uint64_t before = 0;
  served_->run_in_loop([&](ServedEngine::Parts& parts) {
    parts.storage.set_completing(false);
    before = parts.loop.stats().received_size;
  });
  std::vector<capnp::RemotePromise<protocol::OfficeSession::SubmitResults>> sent;
  for (std::size_t call = 0; call < kCalls; ++call) {
    auto request = office.submitRequest();
    fill_submission(request.initSubmissions(1)[0]);
    // Bytes that nothing points to come along and count.
    const protocol::OfficeSession::SubmitParams::Builder params = request;
    capnp::Orphanage::getForMessageContaining(params).newOrphan<capnp::Data>(kBallast);
    sent.push_back(request.send());
  }
  std::uint64_t read = 0;
  for (int turn = 0; turn < 500 && read <= kReadMax; ++turn) {
    wait().poll();
    served_->run_in_loop(
        [&](ServedEngine::Parts& parts) { read = parts.loop.stats().received_size - before; });
  }
  EXPECT_GT(read, 4 * kCallSizeMax) << "less than it may";
  EXPECT_LE(read, kReadMax);
  served_->run_in_loop([](ServedEngine::Parts& parts) { parts.storage.set_completing(true); });
  for (auto& each : sent) EXPECT_TRUE(each.wait(wait()).getResults()[0].isAccepted());
}

TEST_P(RpcSessionTest, ATcpPeerMayBeNobodyUnlessItsMachineIsTrusted) {
  RpcClient stranger(io_, "127.0.0.1:" + std::to_string(served_->tcp_port()));
  capnp::MallocMessageBuilder message;
  auto identity = message.initRoot<protocol::Identity>();
  identity.setSupervisor(1);
  auto refused = stranger.session(identity);
  ASSERT_TRUE(refused.isRefused());
  EXPECT_EQ(refused.getRefused().getCode(), raw(Refusal::kUnauthenticated));

  auto options = city_options(GetParam());
  options.server.access.trust_loopback = true;
  restart(std::move(options));
  RpcClient trusted(io_, "127.0.0.1:" + std::to_string(served_->tcp_port()));
  EXPECT_TRUE(trusted.session(identity).isSupervisor());
}

TEST_P(RpcSessionTest, ListsArePagedToTheirEnd) {
  auto office = client_->office(101);
  auto request = office.submitRequest();
  for (auto item : request.initSubmissions(25)) fill_submission(item);
  request.send().wait(wait());
  std::size_t seen = 0;
  std::uint64_t cursor = 0;
  for (int pages = 0; pages < 10; ++pages) {
    auto jobs = office.jobsRequest();
    jobs.initPage().setLimit(10);
    jobs.getPage().setCursor(cursor);
    auto page = jobs.send().wait(wait());
    EXPECT_LE(page.getJobs().size(), 10U);
    seen += page.getJobs().size();
    cursor = page.getEnd().getCursor();
    if (page.getEnd().getDone()) break;
  }
  EXPECT_EQ(seen, 25U);
  auto supervisor = client_->supervisor();
  EXPECT_EQ(supervisor.officesRequest().send().wait(wait()).getOffices().size(), 2U);
  EXPECT_EQ(supervisor.expertsRequest().send().wait(wait()).getExperts().size(), 2U);
  auto cells = supervisor.openCellsRequest().send().wait(wait());
  ASSERT_EQ(cells.getCells().size(), 1U);
  EXPECT_EQ(cells.getCells()[0].getReady(), 25U);
  auto auditor = client_->auditor();
  EXPECT_EQ(auditor.statsRequest().send().wait(wait()).getStats().getCasesSubmitted(), 25U);
  EXPECT_EQ(auditor.policyRequest().send().wait(wait()).getPolicy().getLeaseMinutes(), 30);
}

TEST_P(RpcSessionTest, TheOperatorLooksAfterTheProcess) {
  submit_one(client_->office(101));
  auto op = client_->operator_session();
  auto response = op.healthRequest().send().wait(wait());
  auto health = response.getHealth();
  EXPECT_EQ(health.getIo(), GetParam() == IoKind::kUring ? "io_uring" : "epoll");
  EXPECT_EQ(health.getConnections(), 1U);
  EXPECT_EQ(health.getOp(), health.getOpDurable());
  EXPECT_EQ(health.getNow(), kCityNowMs);
  EXPECT_GT(health.getResidentBytes(), 0U);
  EXPECT_EQ(health.getDrops().size(), daemon::kDropReasonCount);

  auto before = op.digestRequest().send().wait(wait());
  auto snapshot = op.snapshotRequest().send().wait(wait());
  ASSERT_TRUE(snapshot.isTaken()) << snapshot.getRefused().getSentence().cStr();
  EXPECT_EQ(snapshot.getTaken().getOp(), before.getOp());
  EXPECT_EQ(snapshot.getTaken().getDigest().getHigh(), before.getDigest().getHigh());
  EXPECT_EQ(snapshot.getTaken().getDigest().getLow(), before.getDigest().getLow());

  auto advance = op.advanceRequest();
  advance.setTo(kCityNowMs + 3'600'000);
  auto advanced = advance.send().wait(wait());
  ASSERT_TRUE(advanced.isNow());
  EXPECT_EQ(advanced.getNow(), kCityNowMs + 3'600'000);
}

/// What a client's subscriber saw.
struct Seen {
  std::deque<std::uint64_t> jobs;
  std::uint64_t dropped = 0;
  std::string ended;
  kj::Own<kj::PromiseFulfiller<void>> released;  // set: the next call waits for it
  kj::Maybe<kj::Promise<void>> hold;
};

class TestSubscriber final : public protocol::Subscriber::Server {
 public:
  explicit TestSubscriber(Seen& seen) : seen_(seen) {}
  kj::Promise<void> events(EventsContext context) override {
    const auto params = context.getParams();
    for (auto event : params.getEvents()) {
      if (event.getKind() == protocol::EventKind::JOB_CREATED) seen_.jobs.push_back(event.getJob());
    }
    seen_.dropped += params.getDropped();
    auto hold = kj::mv(seen_.hold);
    seen_.hold = nullptr;
    KJ_IF_MAYBE (promise, hold) return kj::mv(*promise);
    return kj::READY_NOW;
  }
  kj::Promise<void> ended(EndedContext context) override {
    seen_.ended = context.getParams().getReason().cStr();
    return kj::READY_NOW;
  }

 private:
  Seen& seen_;
};

TEST_P(RpcSessionTest, AWatcherSeesWhatConcernsItInOrder) {
  Seen own;
  Seen other;
  auto watch = client_->office(101).watchRequest();
  watch.setSubscriber(kj::heap<TestSubscriber>(own));
  auto subscription = watch.send().wait(wait());
  auto watch_other = client_->office(202).watchRequest();
  watch_other.setSubscriber(kj::heap<TestSubscriber>(other));
  auto subscription_other = watch_other.send().wait(wait());
  auto request = client_->office(101).submitRequest();
  for (auto item : request.initSubmissions(100)) fill_submission(item);
  auto response = request.send().wait(wait());
  auto results = response.getResults();
  submit_one(client_->office(202));
  while (own.jobs.size() < 100 || other.jobs.empty()) {
    client_->supervisor().policyRequest().send().wait(wait());
  }
  ASSERT_EQ(own.jobs.size(), 100U);
  for (unsigned i = 0; i < 100; ++i) {
    EXPECT_EQ(own.jobs[i], results[i].getAccepted().getJob());
  }
  EXPECT_EQ(other.jobs.size(), 1U);
  EXPECT_EQ(own.dropped, 0U);
}

TEST_P(RpcSessionTest, ASlowWatcherIsToldHowMuchItLost) {
  Seen seen;
  auto paf = kj::newPromiseAndFulfiller<void>();
  seen.hold = kj::mv(paf.promise);
  auto watch = client_->office(101).watchRequest();
  watch.setSubscriber(kj::heap<TestSubscriber>(seen));
  auto subscription = watch.send().wait(wait());
  std::uint64_t created = 0;
  for (int call = 0; call < 20; ++call) {
    auto request = client_->office(101).submitRequest();
    for (auto item : request.initSubmissions(100)) fill_submission(item);
    request.send().wait(wait());
    created += 100;
  }
  paf.fulfiller->fulfill();
  submit_one(client_->office(101));
  while (seen.dropped == 0) client_->supervisor().policyRequest().send().wait(wait());
  EXPECT_LT(seen.jobs.size(), created);
  // Each submission makes a fixed number of events, so what was told and what was lost add up.
  EXPECT_GE(seen.dropped + seen.jobs.size(), created);
}

TEST_P(RpcSessionTest, DroppingTheSubscriptionEndsIt) {
  Seen seen;
  {
    auto watch = client_->office(101).watchRequest();
    watch.setSubscriber(kj::heap<TestSubscriber>(seen));
    auto subscription = watch.send().wait(wait());
  }
  submit_one(client_->office(101));
  client_->supervisor().policyRequest().send().wait(wait());
  EXPECT_TRUE(seen.jobs.empty());
}

TEST_P(RpcSessionTest, DrainingLetsHoldersFinishAndTellsTheRest) {
  Seen seen;
  auto office = client_->office(101);
  auto watch = office.watchRequest();
  watch.setSubscriber(kj::heap<TestSubscriber>(seen));
  auto subscription = watch.send().wait(wait());
  submit_one(office);
  auto expert = client_->expert(1);
  auto claim = expert.claimRequest();
  fill_key(claim.initKey());
  claim.setCount(1);
  auto leases = claim.send().wait(wait());
  ASSERT_TRUE(leases.isLeases());
  ASSERT_EQ(leases.getLeases().size(), 1U);

  client_->operator_session().drainRequest().send().wait(wait());
  client_->supervisor().policyRequest().send().wait(wait());
  auto request = office.submitRequest();
  fill_submission(request.initSubmissions(1)[0]);
  expect_refused(request.send().wait(wait()).getResults()[0], Refusal::kDraining, Field::kNone);
  auto start = expert.startRequest();
  fill_key(start.initKey());
  start.setJob(leases.getLeases()[0].getJob());
  start.setToken(leases.getLeases()[0].getToken());
  EXPECT_TRUE(start.send().wait(wait()).getResult().isAccepted());
  EXPECT_FALSE(seen.ended.empty());
  EXPECT_TRUE(served_->eventually([](ServedEngine::Parts& parts) {
    return parts.server.is_drained() && parts.engine.is_drained();
  }));
}

}  // namespace
}  // namespace permitd::tests
