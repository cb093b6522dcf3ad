#include "tests/support/rpc_city.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "scheduler/limits.h"

namespace permitd::tests {

namespace {

constexpr std::int64_t kMsPerDay = 86'400'000;
constexpr std::int32_t kFirstDay = static_cast<std::int32_t>(kCityNowMs / kMsPerDay) - 5;
constexpr std::int64_t kNever = INT64_MAX;

void expect_accepted(protocol::Result::Reader result, const char* what) {
  EXPECT_TRUE(result.isAccepted()) << what << ": " << result.getRefused().getSentence().cStr();
}

/// Thirty days, as many a call as one takes.
void add_calendar(protocol::SupervisorSession::Client& supervisor, kj::WaitScope& wait_scope) {
  constexpr std::uint32_t kDays = 30;
  for (std::uint32_t from = 0; from < kDays; from += scheduler::kCalendarDaysPerCommand) {
    auto request = supervisor.setCalendarDaysRequest();
    fill_key(request.initKey());
    request.setFirstDay(kFirstDay + static_cast<std::int32_t>(from));
    auto days = request.initDays(std::min(kDays - from, scheduler::kCalendarDaysPerCommand));
    for (std::uint32_t i = 0; i < days.size(); ++i) {
      days[i].setOpenMinute((static_cast<std::uint32_t>(kFirstDay) + from + i) * 1440 + 240);
      days[i].setLengthMinutes(420);
    }
    expect_accepted(request.send().wait(wait_scope).getResult(), "calendar");
  }
}

void add_organisation(protocol::SupervisorSession::Client& supervisor, kj::WaitScope& wait_scope) {
  auto request = supervisor.defineOrganisationRequest();
  fill_key(request.initKey());
  auto organisation = request.initOrganisation();
  organisation.setOrganisation(1);
  organisation.setPriority(protocol::PriorityClass::MUNICIPAL);
  organisation.setEnabled(true);
  organisation.setLabel("Municipality");
  expect_accepted(request.send().wait(wait_scope).getResult(), "organisation");
}

void add_service(protocol::SupervisorSession::Client& supervisor, kj::WaitScope& wait_scope) {
  auto request = supervisor.defineServiceRequest();
  fill_key(request.initKey());
  auto service = request.initService();
  service.setService(1);
  service.setVersion(1);
  service.setEffectiveFrom(kCityNowMs - kMsPerDay);
  service.setLabel("Plan amendment");
  auto stages = service.initStages(2);
  stages[0].setStage(protocol::Stage::FILE_FORMATION);
  stages[0].setSkill(protocol::Skill::FILE);
  stages[1].setStage(protocol::Stage::PLAN_REVIEW);
  stages[1].setSkill(protocol::Skill::REVIEW);
  for (auto stage : stages) {
    stage.setEffortMinutes(5);
    stage.setSlaMinutes(420);
  }
  expect_accepted(request.send().wait(wait_scope).getResult(), "service");
}

void add_office(protocol::SupervisorSession::Client& supervisor, kj::WaitScope& wait_scope,
                std::uint16_t number) {
  auto request = supervisor.defineOfficeRequest();
  fill_key(request.initKey());
  auto office = request.initOffice();
  office.setOffice(number);
  office.setDistrict(static_cast<std::uint8_t>(number / 100));
  office.setState(protocol::OfficeState::ACTIVE);
  office.setLicensee(5000U + number);
  office.setTechnicalManager(6000U + number);
  office.setLabel("Office");
  expect_accepted(request.send().wait(wait_scope).getResult(), "office");
  auto activation = supervisor.activateServiceRequest();
  fill_key(activation.initKey());
  activation.setOffice(number);
  activation.setService(1);
  activation.setFrom(kCityNowMs - kMsPerDay);
  activation.setUntil(kNever);
  expect_accepted(activation.send().wait(wait_scope).getResult(), "activation");
}

void add_expert(protocol::SupervisorSession::Client& supervisor, kj::WaitScope& wait_scope,
                std::uint32_t number, std::uint16_t office) {
  auto request = supervisor.defineExpertRequest();
  fill_key(request.initKey());
  auto expert = request.initExpert();
  expert.setExpert(number);
  expert.setOffice(office);
  expert.setState(protocol::ExpertState::CERTIFIED);
  expert.setPerson(1000U + number);
  expert.setUnitsPerDay(48);
  expert.setLabel("Expert");
  expect_accepted(request.send().wait(wait_scope).getResult(), "expert");
  for (const auto skill : {protocol::Skill::FILE, protocol::Skill::REVIEW}) {
    auto certificate = supervisor.setCertificateRequest();
    fill_key(certificate.initKey());
    certificate.setExpert(number);
    certificate.setSkill(skill);
    certificate.setValidFrom(kCityNowMs - kMsPerDay);
    certificate.setValidUntil(kCityNowMs + 300 * kMsPerDay);
    expect_accepted(certificate.send().wait(wait_scope).getResult(), "certificate");
  }
}

}  // namespace

RpcClient::RpcClient(kj::AsyncIoContext& io, const std::string& address)
    : RpcClient(io, io.provider->getNetwork()
                        .parseAddress(address.c_str())
                        .wait(io.waitScope)
                        ->connect()
                        .wait(io.waitScope)) {}

RpcClient::RpcClient(kj::AsyncIoContext& io, kj::Own<kj::AsyncIoStream> stream)
    : io_(io),
      stream_(kj::mv(stream)),
      client_(*stream_),
      gateway_(client_.bootstrap().castAs<protocol::Gateway>()) {}

capnp::Response<protocol::SessionResult> RpcClient::session(protocol::Identity::Reader identity) {
  auto request = gateway_.sessionRequest();
  request.setIdentity(identity);
  return request.send().wait(io_.waitScope);
}

namespace {

template <class Fill>
capnp::Response<protocol::SessionResult> session_of(RpcClient& client, Fill&& fill) {
  capnp::MallocMessageBuilder message;
  auto identity = message.initRoot<protocol::Identity>();
  fill(identity);
  return client.session(identity);
}

}  // namespace

protocol::OfficeSession::Client RpcClient::office(std::uint16_t office) {
  return session_of(*this, [&](auto& identity) { identity.setOffice(office); }).getOffice();
}
protocol::ExpertSession::Client RpcClient::expert(std::uint32_t expert) {
  return session_of(*this, [&](auto& identity) { identity.setExpert(expert); }).getExpert();
}
protocol::SupervisorSession::Client RpcClient::supervisor() {
  return session_of(*this, [](auto& identity) { identity.setSupervisor(1); }).getSupervisor();
}
protocol::OperatorSession::Client RpcClient::operator_session() {
  return session_of(*this, [](auto& identity) { identity.setOperator(1); }).getOperator();
}
protocol::AuditorSession::Client RpcClient::auditor() {
  return session_of(*this, [](auto& identity) { identity.setAuditor(1); }).getAuditor();
}

void fill_key(protocol::Key::Builder key) {
  static std::uint64_t next = 0;
  next += 1000;  // a claim uses the numbers that follow its key
  key.setHigh(1);
  key.setLow(next);
}

void fill_submission(protocol::Submission::Builder submission, std::uint64_t owner) {
  fill_key(submission.initKey());
  submission.setService(1);
  submission.setDistrict(1);
  submission.setOrganisation(1);
  submission.setFloors(3);
  submission.setAreaM2(240);
  submission.setOwner(owner);
  submission.setParcel("1-23-45");
  submission.setReference("R-1");
}

void build_city(protocol::SupervisorSession::Client supervisor, kj::WaitScope& wait_scope) {
  add_calendar(supervisor, wait_scope);
  add_organisation(supervisor, wait_scope);
  add_service(supervisor, wait_scope);
  add_office(supervisor, wait_scope, 101);
  add_office(supervisor, wait_scope, 202);
  add_expert(supervisor, wait_scope, 1, 101);
  add_expert(supervisor, wait_scope, 2, 202);
}

}  // namespace permitd::tests
