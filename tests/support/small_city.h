// The fixture of the core's unit tests: two offices, two services and six experts, driven command
// by command by a clock that the test moves. Every test ends by counting the jobs again and by
// reading back the state's own bytes. One thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "scheduler/scheduler.h"
#include "tests/support/state_bytes.h"

namespace permitd::tests {

using namespace permitd::scheduler;

inline constexpr OfficeId kOffice{101};
inline constexpr OfficeId kOtherOffice{102};
inline constexpr ServiceId kNewBuild{1};
inline constexpr ServiceId kReport{2};
inline constexpr OrganisationId kCity{1};
inline constexpr OrganisationId kOthers{2};
inline constexpr Tick kStart{std::int64_t{20'000} * 24 * 60 * kMsPerMinute};

inline constexpr ExpertId kClerk{1};
inline constexpr ExpertId kInspector{2};
inline constexpr ExpertId kReviewer{3};
inline constexpr ExpertId kHead{4};
inline constexpr ExpertId kOtherClerk{5};
inline constexpr ExpertId kSecondReviewer{6};

template <std::size_t N>
Text<N> text(std::string_view words) {
  Text<N> out;
  out.size = static_cast<std::uint8_t>(words.size());
  std::copy(words.begin(), words.end(), out.bytes.begin());
  return out;
}

class SmallCity : public ::testing::Test {
 protected:
  void SetUp() override {
    SetLimits limits;
    limits.limits = {64, 160, 4096, 64, 32, 1024, 16, 4, 1024, 256, 12};
    ASSERT_EQ(apply(CommandKind::kSetLimits, limits, engine()).refusal, Refusal::kNone);
    define_services();
    define_organisation(kCity, PriorityClass::kMunicipal);
    define_organisation(kOthers, PriorityClass::kOther);
    define_office(kOffice);
    define_office(kOtherOffice);
    define_expert(kClerk, kOffice, {Skill::kFile, Skill::kAdmin, Skill::kDeliver});
    define_expert(kInspector, kOffice, {Skill::kInspect});
    define_expert(kReviewer, kOffice, {Skill::kReview});
    define_expert(kHead, kOffice, {Skill::kConfirm});
    define_expert(kOtherClerk, kOtherOffice, {Skill::kFile, Skill::kAdmin, Skill::kDeliver});
    define_expert(kSecondReviewer, kOtherOffice, {Skill::kReview});
  }

  void TearDown() override {
    expect_conserved();
    const tests::Bytes bytes = state_bytes(scheduler_);
    Scheduler copy;
    ASSERT_TRUE(read_bytes(copy, bytes));
    EXPECT_EQ(state_bytes(copy), bytes);
  }

  static Actor engine() { return {ActorKind::kEngine, 0}; }
  static Actor supervisor() { return {ActorKind::kSupervisor, 1}; }
  static Actor office(OfficeId id = kOffice) { return {ActorKind::kOffice, raw(id)}; }
  static Actor expert(ExpertId id) { return {ActorKind::kExpert, raw(id)}; }

  template <class Body>
  Command make(CommandKind kind, const Body& body, Actor actor) {
    Command command;
    command.op = Op{raw(scheduler_.op_applied()) + 1};
    command.now = now_;
    command.seed = 7 * raw(command.op);
    command.key = {1, raw(command.op)};
    command.actor = actor;
    command.kind = kind;
    std::memcpy(command.body.bytes.data(), &body, sizeof(body));
    return command;
  }

  template <class Body>
  Outcome apply(CommandKind kind, const Body& body, Actor actor) {
    return scheduler_.apply(make(kind, body, actor));
  }

  void wait(std::int64_t minutes) {
    const Tick until{now_.ms + minutes * kMsPerMinute};
    while (scheduler_.next_due() <= until) {
      now_ = std::max(now_, scheduler_.next_due());
      apply(CommandKind::kTick, TickBody{}, engine());
    }
    now_ = until;
  }

  void define_services() {
    DefineService service;
    service.service = kNewBuild;
    service.version = 1;
    service.stage_count = 6;
    service.stages[0] = {
        Stage::kFileFormation, Skill::kFile, Confirmer::kNobody, Reach::kCity, 0, 0, 30, 0, 420};
    service.stages[1] = {Stage::kSiteInspection,
                         Skill::kInspect,
                         Confirmer::kOfficeHead,
                         Reach::kCity,
                         kStageNeedsAppointment | kStageFieldLease,
                         0,
                         60,
                         0,
                         840};
    service.stages[2] = {
        Stage::kAdminProcessing, Skill::kAdmin, Confirmer::kNobody, Reach::kCity, 0, 0, 45, 0, 840};
    service.stages[3] = {Stage::kPlanReview,
                         Skill::kReview,
                         Confirmer::kSecondReviewerAboveArea,
                         Reach::kCity,
                         0,
                         0,
                         120,
                         240,
                         1680};
    service.stages[4] = {Stage::kMunicipalDecision,
                         Skill::kFile,
                         Confirmer::kNobody,
                         Reach::kCity,
                         kStageIsSovereign,
                         0,
                         0,
                         0,
                         420};
    service.stages[5] = {Stage::kPermitDelivery,
                         Skill::kDeliver,
                         Confirmer::kNobody,
                         Reach::kCity,
                         kStageNeedsDecision,
                         0,
                         15,
                         0,
                         420};
    ASSERT_EQ(apply(CommandKind::kDefineService, service, supervisor()).refusal, Refusal::kNone);
    service.service = kReport;
    service.stage_count = 2;
    service.stages[1] = service.stages[2];
    ASSERT_EQ(apply(CommandKind::kDefineService, service, supervisor()).refusal, Refusal::kNone);
  }

  void define_organisation(OrganisationId id, PriorityClass priority) {
    DefineOrganisation organisation;
    organisation.organisation = id;
    organisation.priority = priority;
    organisation.enabled = 1;
    ASSERT_EQ(apply(CommandKind::kDefineOrganisation, organisation, supervisor()).refusal,
              Refusal::kNone);
  }

  void define_office(OfficeId id) {
    DefineOffice body;
    body.office = id;
    body.district = 1;
    body.state = OfficeState::kActive;
    body.licensee = PersonId{5000 + std::uint64_t{raw(id)}};
    body.technical_manager = PersonId{6000 + std::uint64_t{raw(id)}};
    ASSERT_EQ(apply(CommandKind::kDefineOffice, body, supervisor()).refusal, Refusal::kNone);
    for (const ServiceId service : {kNewBuild, kReport}) {
      ActivateService activation;
      activation.office = id;
      activation.service = service;
      activation.until = kNever;
      ASSERT_EQ(apply(CommandKind::kActivateService, activation, supervisor()).refusal,
                Refusal::kNone);
    }
  }

  void define_expert(ExpertId id, OfficeId where, std::vector<Skill> skills) {
    DefineExpert body;
    body.expert = id;
    body.office = where;
    body.state = ExpertState::kCertified;
    body.person = PersonId{1000 + std::uint64_t{raw(id)}};
    ASSERT_EQ(apply(CommandKind::kDefineExpert, body, supervisor()).refusal, Refusal::kNone);
    for (const Skill skill : skills) {
      SetCertificate certificate;
      certificate.expert = id;
      certificate.skill = skill;
      certificate.valid_until = {kStart.ms + 365LL * 24 * 60 * kMsPerMinute};
      ASSERT_EQ(apply(CommandKind::kSetCertificate, certificate, supervisor()).refusal,
                Refusal::kNone);
    }
  }

  SubmitCase submission(ServiceId service, OrganisationId organisation = kCity) const {
    SubmitCase body;
    body.service = service;
    body.district = 5;
    body.organisation = organisation;
    body.floors = 3;
    body.area_m2 = 500;
    body.owner = PersonId{77};
    body.parcel = text<23>("12-34-567");
    return body;
  }

  Outcome submit(ServiceId service, OrganisationId organisation = kCity) {
    return apply(CommandKind::kSubmitCase, submission(service, organisation), office());
  }

  Outcome claim(ExpertId who, std::uint16_t wanted = 1, bool further = false) {
    Claim body;
    body.wanted = wanted;
    body.further = further ? 1 : 0;
    return apply(CommandKind::kClaim, body, expert(who));
  }
  Outcome start(const Outcome& lease, ExpertId who) {
    return apply(CommandKind::kStart, Start{lease.job, lease.token}, expert(who));
  }
  Outcome complete(const Outcome& lease, ExpertId who) {
    return apply(CommandKind::kComplete, Complete{lease.job, lease.token, {}}, expert(who));
  }
  Outcome give_back(const Outcome& lease, ExpertId who, Reason reason) {
    Return body;
    body.job = lease.job;
    body.token = lease.token;
    body.reason = reason;
    return apply(CommandKind::kReturn, body, expert(who));
  }

  /// Claims, starts and completes one job.
  Outcome work(ExpertId who) {
    const Outcome lease = claim(who);
    EXPECT_NE(raw(lease.job), 0U) << "nothing to do for expert " << raw(who);
    EXPECT_EQ(start(lease, who).refusal, Refusal::kNone);
    const Outcome done = complete(lease, who);
    EXPECT_EQ(done.refusal, Refusal::kNone);
    return done;
  }

  CaseView case_view(CaseId id) const {
    CaseView view;
    EXPECT_TRUE(scheduler_.find_case(id, view));
    return view;
  }
  JobView job_view(JobId id) const {
    JobView view;
    EXPECT_TRUE(scheduler_.find_job(id, view));
    return view;
  }

  void expect_conserved() const {
    std::array<std::uint64_t, kStageCount> open{};
    Cursor cursor;
    std::array<OpenCellView, 16> cells;
    while (!cursor.done) {
      const std::size_t count = scheduler_.list_open_cells(OfficeId{}, cursor, cells);
      for (std::size_t i = 0; i < count; ++i) open[raw(cells[i].stage)] += cells[i].cell.open();
    }
    for (std::uint8_t stage = 0; stage < kStageCount; ++stage) {
      const FlowCell flow = scheduler_.flow(Stage{stage}, OfficeId{});
      EXPECT_EQ(flow.created, flow.done + flow.cancelled + open[stage]) << "stage " << int{stage};
    }
  }

  Scheduler scheduler_;
  Tick now_ = kStart;
};

}  // namespace permitd::tests
