// Goal: a supervisor or auditor of districts gets nothing of the rest of the city over the wire, in
// no answer, count, event or refusal, and changes nothing there, and an office nothing of another
// one (I18). Method: a city of two districts on a real loop, server and engine with planners, in
// which every number and name of the other district is known; every method that the schema has,
// found by reflection: with arguments made of dice no answer may hold any of them; with a number of
// there and one of nowhere the answers must be the same; and what happens there must change no
// answer. PERMITD_SEED chooses the run, PERMITD_ROUNDS how often each method is called.
#include <capnp/dynamic.h>
#include <capnp/pretty-print.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/network_figures.h"
#include "daemon/planner_thread.h"
#include "daemon/visit_offers.h"
#include "scheduler/outcome.h"
#include "tests/support/any_arguments.h"
#include "tests/support/rpc_city.h"
#include "tests/support/served_engine.h"

namespace permitd::tests {
namespace {

using capnp::DynamicCapability;
using capnp::DynamicList;
using capnp::DynamicStruct;
using daemon::IoKind;
using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

constexpr std::uint32_t kHere = 1U << 1;         // district 1: office 101 with expert 1
constexpr std::uint32_t kSupervisorNumber = 31;  // of district 1
constexpr std::uint16_t kOutsideOffice = 202;
constexpr std::uint32_t kOutsideExpert = 2;
constexpr std::uint64_t kOutsideOwner = 909'090'909;
constexpr const char* kOutsideParcel = "2-OUTSIDE";
constexpr std::uint64_t kNowhere = 50'000;  // a number that nothing has; offices end before

/// Everything that the other district has, by the names that the schema gives it.
struct Outside {
  std::set<std::uint64_t> cases;
  std::set<std::uint64_t> jobs;

  bool holds(std::string_view field, std::uint64_t value) const {
    if (field == "caseId") return cases.contains(value);
    if (field == "job" || field == "currentJob" || field == "passedOver")
      return jobs.contains(value);
    if (field == "office" || field == "intakeOffice") return value == kOutsideOffice;
    if (field == "expert" || field == "holder" || field == "plannedFor" || field == "chosen" ||
        field == "before" || field == "second")
      return value == kOutsideExpert;
    if (field == "district") return value == 2;
    if (field == "owner" || field == "person" || field == "licensee" || field == "designer")
      return value == kOutsideOwner;
    return false;
  }
};

bool is_number(capnp::Type type) {
  return type.isUInt8() || type.isUInt16() || type.isUInt32() || type.isUInt64();
}

struct Method {
  std::string name;
  DynamicCapability::Client session;
  capnp::InterfaceSchema::Method method;
};

class Quiet final : public protocol::Subscriber::Server {
  kj::Promise<void> events(EventsContext) override { return kj::READY_NOW; }
  kj::Promise<void> ended(EndedContext) override { return kj::READY_NOW; }
};

class Collector final : public protocol::Subscriber::Server {
 public:
  struct Seen {
    std::vector<std::uint64_t> cases;
    std::vector<std::uint16_t> offices;
    std::vector<std::uint32_t> experts;
    std::uint64_t dropped = 0;
  };
  explicit Collector(Seen& seen) : seen_(seen) {}

 private:
  kj::Promise<void> events(EventsContext context) override {
    for (auto event : context.getParams().getEvents()) {
      seen_.cases.push_back(event.getCaseId());
      seen_.offices.push_back(event.getOffice());
      seen_.experts.push_back(event.getExpert());
    }
    seen_.dropped += context.getParams().getDropped();
    return kj::READY_NOW;
  }
  kj::Promise<void> ended(EndedContext) override { return kj::READY_NOW; }
  Seen& seen_;
};

class DistrictScopeTest : public testing::TestWithParam<IoKind> {
 public:
  ~DistrictScopeTest() noexcept override {}  // KJ members may throw

 protected:
  void SetUp() override {
    ServedEngine::Options options;
    options.io = GetParam();
    options.now = {kCityNowMs};
    options.server.access.own_uid = geteuid();
    options.server.network = &figures_;
    options.server.planner = &planner_;
    options.server.questions = &questions_;
    options.server.offers = &offers_;
    served_ = std::make_unique<ServedEngine>(std::move(options));
    client_ = std::make_unique<RpcClient>(io_, "unix:" + served_->socket_path());
    city_ = std::make_unique<protocol::SupervisorSession::Client>(client_->supervisor());
    build_city(*city_, wait());
    mark_outside_expert();
    supervisor_ = std::make_unique<protocol::SupervisorSession::Client>(
        session([](auto& who) { who.setSupervisor(kSupervisorNumber); }).getSupervisor());
    auditor_ = std::make_unique<protocol::AuditorSession::Client>(
        session([](auto& who) { who.setAuditor(kSupervisorNumber); }).getAuditor());
    for (int i = 0; i < 3; ++i) submit_here();
    for (int i = 0; i < 3; ++i) submit_outside();
  }

  template <class Fill>
  capnp::Response<protocol::SessionResult> session(Fill&& fill, std::uint32_t districts = kHere) {
    capnp::MallocMessageBuilder message;
    auto identity = message.initRoot<protocol::Identity>();
    fill(identity);
    identity.setDistricts(districts);
    return client_->session(identity);
  }
  kj::WaitScope& wait() { return io_.waitScope; }

  /// The other district's expert works there alone, and its name says so.
  void mark_outside_expert() {
    auto request = city_->defineExpertRequest();
    fill_key(request.initKey());
    auto expert = request.initExpert();
    expert.setExpert(kOutsideExpert);
    expert.setOffice(kOutsideOffice);
    expert.setState(protocol::ExpertState::CERTIFIED);
    expert.setPerson(1000U + kOutsideExpert);
    expert.setDistricts(1U << 2);
    expert.setUnitsPerDay(48);
    expert.setLabel("OUTSIDE expert");
    EXPECT_TRUE(request.send().wait(wait()).getResult().isAccepted());
  }
  struct Filed {
    std::uint64_t case_id;
    std::uint64_t job;
  };
  Filed submit(std::uint16_t office, std::uint8_t district, std::uint64_t owner,
               const char* parcel) {
    auto request = client_->office(office).submitRequest();
    auto submission = request.initSubmissions(1)[0];
    fill_submission(submission, owner);
    submission.setDistrict(district);
    submission.setParcel(parcel);
    auto response = request.send().wait(wait());
    const auto result = response.getResults()[0];
    // Dice may have suspended an office of here, which its supervisor may do; never one of there.
    EXPECT_TRUE(result.isAccepted() || district == 1);
    if (!result.isAccepted()) return here_;
    return {result.getAccepted().getCaseId(), result.getAccepted().getJob()};
  }
  Filed submit_here() { return here_ = submit(101, 1, 77, "1-23-45"); }
  Filed submit_outside() {
    const Filed filed = submit(kOutsideOffice, 2, kOutsideOwner, kOutsideParcel);
    outside_.cases.insert(filed.case_id);
    outside_.jobs.insert(filed.job);
    return outside_one_ = filed;
  }
  void work(std::uint32_t number) {
    auto expert = client_->expert(number);
    auto claim = expert.claimRequest();
    fill_key(claim.initKey());
    claim.setCount(1);
    auto leases = claim.send().wait(wait());
    if (!leases.isLeases()) return;
    for (auto lease : leases.getLeases()) {
      auto start = expert.startRequest();
      fill_key(start.initKey());
      start.setJob(lease.getJob());
      start.setToken(lease.getToken());
      start.send().wait(wait());
      auto complete = expert.completeRequest();
      fill_key(complete.initKey());
      complete.setJob(lease.getJob());
      complete.setToken(lease.getToken());
      complete.send().wait(wait());
    }
    learn_outside_jobs();
  }
  /// Jobs that followed from others, as the city is told.
  void learn_outside_jobs() {
    auto request = city_->jobsRequest();
    request.initFilter().setDistricts(1U << 2);
    request.initPage().setLimit(1000);
    auto response = request.send().wait(wait());
    for (auto job : response.getJobs()) outside_.jobs.insert(job.getJob());
  }

  void set_absent(protocol::SupervisorSession::Client& by, std::uint32_t expert) {
    auto request = by.setAbsenceRequest();
    fill_key(request.initKey());
    request.setExpert(expert);
    request.setFrom(kCityNowMs + 3'600'000);
    request.setUntil(kCityNowMs + 7'200'000);
    request.setReason(protocol::Reason::LEAVE);
    EXPECT_TRUE(request.send().wait(wait()).getResult().isAccepted());
  }
  void add_outside_office() {
    auto request = city_->defineOfficeRequest();
    fill_key(request.initKey());
    auto office = request.initOffice();
    office.setOffice(203);
    office.setDistrict(2);
    office.setState(protocol::OfficeState::ACTIVE);
    office.setLicensee(5203);
    office.setTechnicalManager(6203);
    office.setLabel("OUTSIDE office");
    EXPECT_TRUE(request.send().wait(wait()).getResult().isAccepted());
  }
  void hold_outside() {
    const Filed filed = submit_outside();
    auto request = city_->holdRequest();
    fill_key(request.initKey());
    request.setJob(filed.job);
    request.setReason(protocol::Reason::SUPERVISOR_ORDER);
    EXPECT_TRUE(request.send().wait(wait()).getResult().isAccepted());
  }
  std::string planned_desks() {
    auto request = supervisor_->planDesksRequest();
    auto wanted = request.initRequest();
    wanted.setMilliseconds(0);
    wanted.setIterations(50);
    return told(capnp::toDynamic(request.send().wait(wait())));
  }

  void add_methods(std::vector<Method>& out, DynamicCapability::Client session) {
    add_methods(out, session, session.getSchema());
  }
  void add_methods(std::vector<Method>& out, DynamicCapability::Client session,
                   capnp::InterfaceSchema schema) {
    for (auto method : schema.getMethods()) {
      const auto name = kj::str(schema.getShortDisplayName(), '.', method.getProto().getName());
      out.push_back({name.cStr(), session, method});
    }
    for (auto super : schema.getSuperclasses()) add_methods(out, session, super);
  }
  void set_subscriber(DynamicStruct::Builder request) {
    for (auto field : request.getSchema().getFields()) {
      if (field.getType().isInterface())
        request.set(field, protocol::Subscriber::Client(kj::heap<Quiet>()));
    }
  }

  // ---- what no answer may hold ----

  void expect_inside(const std::string& method, DynamicStruct::Reader answer) {
    // People of elsewhere who were considered for a job of here belong to its record (I13).
    const kj::StringPtr type = answer.getSchema().getShortDisplayName();
    if (type == "Rejected" || type == "Candidate") return;
    for (auto field : answer.getSchema().getNonUnionFields()) expect_inside(method, field, answer);
    KJ_IF_MAYBE (field, answer.which()) {
      expect_inside(method, *field, answer);
    }
  }
  void expect_inside(const std::string& method, capnp::StructSchema::Field field,
                     DynamicStruct::Reader answer) {
    const capnp::Type type = field.getType();
    const kj::StringPtr name = field.getProto().getName();
    if (type.isStruct()) {
      expect_inside(method, answer.get(field).as<DynamicStruct>());
    } else if (type.isList()) {
      for (auto element : answer.get(field).as<DynamicList>()) expect_inside(method, name, element);
    } else if (is_number(type)) {
      if (name == "before" && answer.getSchema().getShortDisplayName() == "Event")
        return;  // a state
      const auto value = answer.get(field).as<std::uint64_t>();
      EXPECT_FALSE(outside_.holds({name.begin(), name.size()}, value))
          << method << " tells of " << name.cStr() << " " << value;
    } else if (type.isText()) {
      expect_text_inside(method, answer.get(field).as<capnp::Text>());
    }
  }
  void expect_inside(const std::string& method, kj::StringPtr, capnp::DynamicValue::Reader value) {
    if (value.getType() == capnp::DynamicValue::STRUCT)
      expect_inside(method, value.as<DynamicStruct>());
    if (value.getType() == capnp::DynamicValue::TEXT)
      expect_text_inside(method, value.as<capnp::Text>());
  }
  static void expect_text_inside(const std::string& method, kj::StringPtr text) {
    EXPECT_EQ(std::string_view(text.cStr()).find("OUTSIDE"), std::string_view::npos)
        << method << " tells " << text.cStr();
  }

  // ---- the same question about two numbers ----

  /// Sets every number that names something: cases, jobs, offices, experts, applications.
  void set_names(DynamicStruct::Builder out, const std::map<std::string, std::uint64_t>& numbers) {
    for (auto field : out.getSchema().getFields()) {
      const capnp::Type type = field.getType();
      const std::string name = field.getProto().getName().cStr();
      if (field.getProto().getDiscriminantValue() != capnp::schema::Field::NO_DISCRIMINANT) {
        KJ_IF_MAYBE (chosen, out.which()) {
          if (*chosen != field) continue;
        } else {
          continue;
        }
      }
      if (type.isStruct()) {
        if (out.has(field) || field.getProto().isGroup())
          set_names(out.get(field).as<DynamicStruct>(), numbers);
      } else if (type.isList() && out.has(field)) {
        auto list = out.get(field).as<DynamicList>();
        if (!list.getSchema().getElementType().isStruct()) continue;
        for (unsigned i = 0; i < list.size(); ++i) set_names(list[i].as<DynamicStruct>(), numbers);
      } else if (const auto number = numbers.find(name);
                 number != numbers.end() && is_number(type)) {
        out.set(field, number->second);
      }
    }
  }

  /// An answer as text, without what passes with every command and on the wall.
  static std::string told(DynamicStruct::Reader answer) {
    std::string text = capnp::prettyPrint(answer).flatten().cStr();
    for (const char* name : {"op = ", "milliseconds = ", "iterations = "}) {
      const std::string sought = name;
      for (std::size_t at = text.find(sought); at != std::string::npos;
           at = text.find(sought, at)) {
        at += sought.size();
        while (at < text.size() && (std::isdigit(text[at]) != 0 || text[at] == '-'))
          text.erase(at, 1);
      }
    }
    return text;
  }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  daemon::NetworkFigures figures_;
  daemon::PlannerThread planner_;
  daemon::PlannerThread questions_;
  daemon::OfferMemory offers_;
  std::unique_ptr<ServedEngine> served_;
  std::unique_ptr<RpcClient> client_;
  std::unique_ptr<protocol::SupervisorSession::Client> city_;
  std::unique_ptr<protocol::SupervisorSession::Client> supervisor_;  // of district 1
  std::unique_ptr<protocol::AuditorSession::Client> auditor_;        // of district 1
  Outside outside_;
  Filed here_{};
  Filed outside_one_{};
};

INSTANTIATE_TEST_SUITE_P(Io, DistrictScopeTest, testing::Values(IoKind::kUring, IoKind::kEpoll),
                         [](const auto& tested) {
                           return tested.param == IoKind::kUring ? "uring" : "epoll";
                         });

TEST_P(DistrictScopeTest, NoMethodTellsOfAnotherDistrictWhateverItIsAsked) {
  std::vector<Method> methods;
  add_methods(methods, protocol::SupervisorSession::Client(*supervisor_));
  add_methods(methods, protocol::AuditorSession::Client(*auditor_));
  add_methods(methods, client_->office(101));
  const std::uint64_t seed = environment_number("PERMITD_SEED", 1);
  const std::uint64_t rounds = environment_number("PERMITD_ROUNDS", 8) * methods.size();
  Chance chance(seed);
  for (std::uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
    if (chance.chance(50)) submit_outside();
    if (chance.chance(50)) submit_here();
    if (chance.chance(50)) work(kOutsideExpert);
    if (chance.chance(50)) work(1);
    Method& tried = methods[round % methods.size()];
    SCOPED_TRACE("PERMITD_SEED=" + std::to_string(seed) + ", call " + std::to_string(round));
    auto request = tried.session.newRequest(tried.method);
    fill_with_anything(request, chance);
    set_subscriber(request);
    // An office may file for any district; what it filed for the other one would be its own there.
    if (tried.name == "OfficeSession.submit") set_names(request, {{"district", 1}});
    kj::Maybe<kj::Exception> thrown = kj::runCatchingExceptions([&] {
      auto response = request.send().wait(wait());
      expect_inside(tried.name, response);
    });
    KJ_IF_MAYBE (exception, thrown) {
      EXPECT_EQ(exception->getType(), kj::Exception::Type::OVERLOADED)
          << tried.name << ": " << exception->getDescription().cStr();
    }
  }
  // Nothing there has been touched: no event of any case of there names this supervisor or office.
  for (const std::uint64_t id : outside_.cases) {
    auto request = city_->historyRequest();
    request.setCaseId(id);
    request.setLimit(1000);
    auto response = request.send().wait(wait());
    for (auto event : response.getEvents()) {
      EXPECT_FALSE(event.getActorKind() == protocol::ActorKind::SUPERVISOR &&
                   event.getActor() == kSupervisorNumber)
          << "case " << id;
      EXPECT_FALSE(event.getActorKind() == protocol::ActorKind::OFFICE && event.getActor() == 101)
          << "case " << id;
    }
  }
  auto page = city_->officesRequest().send().wait(wait());
  const auto offices = page.getOffices();
  for (auto office : offices) {
    if (office.getOffice() != kOutsideOffice) continue;
    EXPECT_EQ(office.getState(), protocol::OfficeState::ACTIVE);
    EXPECT_EQ(office.getDistrict(), 2);
    EXPECT_EQ(office.getLicensee(), 5000U + kOutsideOffice);
  }
  auto people = city_->expertsRequest();
  people.setOffice(kOutsideOffice);
  auto experts = people.send().wait(wait());
  ASSERT_EQ(experts.getExperts().size(), 1U);
  EXPECT_EQ(experts.getExperts()[0].getState(), protocol::ExpertState::CERTIFIED);
  EXPECT_FALSE(experts.getExperts()[0].getAbsent());
  EXPECT_EQ(experts.getExperts()[0].getLabel(), "OUTSIDE expert");
}

TEST_P(DistrictScopeTest, WhatLiesElsewhereIsAnsweredLikeWhatDoesNotExist) {
  work(kOutsideExpert);
  std::vector<Method> methods;
  add_methods(methods, protocol::SupervisorSession::Client(*supervisor_));
  add_methods(methods, client_->office(101));
  // These two name nothing, and what they begin the first time the second answer would tell.
  std::erase_if(methods, [](const Method& each) {
    return each.name == "OfficeSession.submit" || each.name == "OfficeSession.stream";
  });
  const std::map<std::string, std::uint64_t> there{
      {"caseId", outside_one_.case_id}, {"job", outside_one_.job},    {"office", kOutsideOffice},
      {"expert", kOutsideExpert},       {"holder", kOutsideExpert},   {"suspended", kOutsideOffice},
      {"closeOffice", kOutsideOffice},  {"application", kNowhere + 1}};
  const std::map<std::string, std::uint64_t> nowhere{
      {"caseId", kNowhere},   {"job", kNowhere},        {"office", 9'999},
      {"expert", 5'000},      {"holder", 5'000},        {"suspended", 9'999},
      {"closeOffice", 9'999}, {"application", kNowhere}};
  const std::uint64_t seed = environment_number("PERMITD_SEED", 1);
  std::uint64_t refused = 0;
  for (std::uint64_t round = 0; round < 4 * methods.size() && !HasFailure(); ++round) {
    Method& tried = methods[round % methods.size()];
    SCOPED_TRACE("PERMITD_SEED=" + std::to_string(seed) + ", call " + std::to_string(round));
    const auto ask = [&](const std::map<std::string, std::uint64_t>& numbers) {
      Chance chance(seed * 1000 + round);
      auto request = tried.session.newRequest(tried.method);
      fill_with_anything(request, chance);
      set_subscriber(request);
      set_names(request, numbers);
      if (tried.method.getParamType().findFieldByName("key") != nullptr)
        fill_key(request.get("key").as<DynamicStruct>().as<protocol::Key>());
      std::string text;
      kj::Maybe<kj::Exception> thrown =
          kj::runCatchingExceptions([&] { text = told(request.send().wait(wait())); });
      KJ_IF_MAYBE (exception, thrown) {
        text = exception->getDescription().cStr();
      }
      return text;
    };
    const std::string first = ask(there);
    EXPECT_EQ(first, ask(nowhere)) << tried.name;
    refused += first.find("refused") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(refused, methods.size());
}

TEST_P(DistrictScopeTest, WhatHappensElsewhereChangesNoAnswer) {
  work(1);
  std::vector<Method> methods;
  add_methods(methods, protocol::AuditorSession::Client(*auditor_));
  const std::map<std::string, std::uint64_t> names{{"caseId", here_.case_id},
                                                   {"job", here_.job},
                                                   {"count", 30},
                                                   {"limit", 100},
                                                   {"runs", 3},
                                                   {"office", 101}};
  const auto ask_all = [&] {
    std::map<std::string, std::string> answers;
    for (Method& tried : methods) {
      if (tried.method.getProto().getName() == "watch") continue;
      auto request = tried.session.newRequest(tried.method);
      for (auto field : tried.method.getParamType().getFields()) {
        if (field.getType().isStruct()) request.init(field);
      }
      set_names(request, names);
      answers[tried.name] = told(request.send().wait(wait()));
    }
    answers["planDesks"] = planned_desks();
    return answers;
  };
  const auto before = ask_all();
  add_outside_office();
  for (int i = 0; i < 40; ++i) submit_outside();
  for (int i = 0; i < 12; ++i) work(kOutsideExpert);
  hold_outside();
  const auto after = ask_all();
  EXPECT_GT(before.size(), 20U);
  for (const auto& [name, text] : before) EXPECT_EQ(after.at(name), text) << name;
}

TEST_P(DistrictScopeTest, CountsAreThoseOfTheDistrict) {
  const auto stats = auditor_->statsRequest().send().wait(wait());
  EXPECT_EQ(stats.getStats().getCasesSubmitted(), 3U);
  EXPECT_EQ(stats.getStats().getJobs()[raw(scheduler::JobState::kReady)], 3U);
  const auto jobs = auditor_->jobsRequest().send().wait(wait());
  EXPECT_EQ(jobs.getJobs().size(), 3U);
  EXPECT_TRUE(jobs.getEnd().getDone());
  EXPECT_EQ(jobs.getEnd().getCursor(), 0U);
  const auto offices = auditor_->officesRequest().send().wait(wait());
  EXPECT_EQ(offices.getOffices().size(), 1U);
  const auto experts = auditor_->expertsRequest().send().wait(wait());
  EXPECT_EQ(experts.getExperts().size(), 1U);
  const auto fairness = auditor_->fairnessRequest().send().wait(wait());
  ASSERT_TRUE(fairness.isFairness());
  EXPECT_EQ(fairness.getFairness().getExperts(), 1U);
  const auto forecast = auditor_->forecastRequest().send().wait(wait());
  ASSERT_TRUE(forecast.isForecast());
  EXPECT_EQ(forecast.getForecast().getOpenCases(), 3U);
  EXPECT_EQ(forecast.getForecast().getPeople(), 1U);
  // The city itself is told all of it.
  EXPECT_EQ(city_->statsRequest().send().wait(wait()).getStats().getCasesSubmitted(), 6U);
}

TEST_P(DistrictScopeTest, AWatcherIsToldOfItsDistrict) {
  Collector::Seen seen;
  auto request = supervisor_->watchRequest();
  request.setSubscriber(kj::heap<Collector>(seen));
  auto subscription = request.send().wait(wait());
  std::set<std::uint64_t> mine;
  for (int i = 0; i < 5; ++i) {
    submit_outside();
    mine.insert(submit_here().case_id);
    work(kOutsideExpert);
  }
  work(1);
  set_absent(*city_, kOutsideExpert);
  set_absent(*city_, 1);
  for (int turn = 0; turn < 1000 && !std::ranges::count(seen.experts, 1U); ++turn)
    city_->statsRequest().send().wait(wait());
  for (const std::uint64_t id : mine) EXPECT_EQ(std::ranges::count(seen.cases, id) > 0, true);
  for (const std::uint64_t id : seen.cases) EXPECT_FALSE(outside_.cases.contains(id)) << id;
  EXPECT_EQ(std::ranges::count(seen.offices, kOutsideOffice), 0);
  EXPECT_EQ(std::ranges::count(seen.experts, kOutsideExpert), 0);
  EXPECT_GT(std::ranges::count(seen.experts, 1U), 0) << "the own expert's absence";
  EXPECT_EQ(seen.dropped, 0U);
}

TEST_P(DistrictScopeTest, ItSteersItsDistrict) {
  auto hold = supervisor_->holdRequest();
  fill_key(hold.initKey());
  hold.setJob(here_.job);
  hold.setReason(protocol::Reason::SUPERVISOR_ORDER);
  EXPECT_TRUE(hold.send().wait(wait()).getResult().isAccepted());
  auto release = supervisor_->releaseRequest();
  fill_key(release.initKey());
  release.setJob(here_.job);
  EXPECT_TRUE(release.send().wait(wait()).getResult().isAccepted());
  auto expedite = supervisor_->expediteRequest();
  fill_key(expedite.initKey());
  expedite.setCaseId(here_.case_id);
  expedite.setNote("a hospital");
  EXPECT_TRUE(expedite.send().wait(wait()).getResult().isAccepted());
  set_absent(*supervisor_, 1);
  auto state = supervisor_->setOfficeStateRequest();
  fill_key(state.initKey());
  state.setOffice(101);
  state.setState(protocol::OfficeState::SUSPENDED);
  state.setReason(protocol::Reason::SUPERVISOR_ORDER);
  EXPECT_TRUE(state.send().wait(wait()).getResult().isAccepted());
  EXPECT_EQ(figures_.calls_denied.load(), 0U);
}

TEST_P(DistrictScopeTest, WhatConcernsTheWholeCityIsRefusedWithTheRuleAndCounted) {
  auto policy = supervisor_->setPolicyRequest();
  fill_key(policy.initKey());
  policy.initPolicy().setAttemptsMax(7);
  const auto refused = policy.send().wait(wait());
  ASSERT_TRUE(refused.getResult().isRefused());
  EXPECT_EQ(refused.getResult().getRefused().getCode(), raw(Refusal::kNotAllowed));
  EXPECT_EQ(refused.getResult().getRefused().getField(), raw(Field::kDistrict));
  EXPECT_EQ(city_->policyRequest().send().wait(wait()).getPolicy().getAttemptsMax(), 5);
  EXPECT_EQ(figures_.calls_denied.load(), 1U);
  auto preview = auditor_->previewCalendarRequest();
  EXPECT_EQ(preview.send().wait(wait()).getRefused().getField(), raw(Field::kDistrict));
  EXPECT_EQ(figures_.calls_denied.load(), 2U);
  auto hold = supervisor_->holdRequest();
  fill_key(hold.initKey());
  hold.setJob(outside_one_.job);
  hold.setReason(protocol::Reason::SUPERVISOR_ORDER);
  EXPECT_EQ(hold.send().wait(wait()).getResult().getRefused().getCode(), raw(Refusal::kUnknownJob));
  EXPECT_EQ(figures_.calls_denied.load(), 3U);
  const auto standing = supervisor_->standingPlanRequest().send().wait(wait());
  ASSERT_TRUE(standing.isRefused());
  EXPECT_EQ(standing.getRefused().getCode(), raw(Refusal::kNotAllowed));
  EXPECT_EQ(standing.getRefused().getField(), raw(Field::kDistrict));
  EXPECT_EQ(figures_.calls_denied.load(), 4U);
}

TEST_P(DistrictScopeTest, AKeyDoesNotTellWhatExists) {
  // Were a refused number remembered with its key only where it is nobody's, the next body under
  // the same key would tell.
  for (const std::uint64_t job : {outside_one_.job, kNowhere}) {
    auto first = supervisor_->holdRequest();
    auto key = first.initKey();
    fill_key(key);
    const std::uint64_t high = key.getHigh();
    const std::uint64_t low = key.getLow();
    first.setJob(job);
    first.setReason(protocol::Reason::SUPERVISOR_ORDER);
    EXPECT_TRUE(first.send().wait(wait()).getResult().isRefused());
    auto second = supervisor_->releaseRequest();
    second.initKey().setHigh(high);
    second.getKey().setLow(low);
    second.setJob(here_.job);
    const auto answer = second.send().wait(wait());
    EXPECT_NE(answer.getResult().getRefused().getCode(), raw(Refusal::kKeyReused)) << job;
  }
}

TEST_P(DistrictScopeTest, OnlyWhoHasAScopeHasDistrictsAndZeroIsNone) {
  const auto field_of = [&](auto&& fill) { return session(fill).getRefused().getField(); };
  EXPECT_EQ(field_of([](auto& who) { who.setOffice(101); }), raw(Field::kDistrict));
  EXPECT_EQ(field_of([](auto& who) { who.setExpert(1); }), raw(Field::kDistrict));
  EXPECT_EQ(field_of([](auto& who) { who.setOperator(1); }), raw(Field::kDistrict));
  for (const std::uint32_t wrong : {1U, 3U, UINT32_MAX}) {
    auto refused = session([](auto& who) { who.setSupervisor(1); }, wrong);
    ASSERT_TRUE(refused.isRefused()) << wrong;
    EXPECT_EQ(refused.getRefused().getField(), raw(Field::kDistrict));
  }
  EXPECT_TRUE(session([](auto& who) { who.setSupervisor(1); }, 0).isSupervisor());
}

}  // namespace
}  // namespace permitd::tests
