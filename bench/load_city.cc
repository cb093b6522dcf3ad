#include "bench/load_city.h"

#include <fmt/format.h>

#include "cli/office_client.h"
#include "cli/supervisor_client.h"

namespace permitd::bench {

namespace {

using scheduler::ExpertId;
using scheduler::OfficeId;
using scheduler::PersonId;

/// Sends definitions without waiting for each, and no more than the daemon takes at once.
class Definitions {
 public:
  explicit Definitions(kj::WaitScope& wait_scope) : wait_scope_(wait_scope) {}
  void add(kj::Promise<cli::Answer> answer) {
    pending_.add(kj::mv(answer));
    if (pending_.size() >= 64) finish();
  }
  void finish() {
    for (auto& promise : pending_) {
      const cli::Answer answer = promise.wait(wait_scope_);
      if (answer || answer.error().code == scheduler::Refusal::kNothingToDo) continue;
      KJ_FAIL_REQUIRE("the bench city was refused", answer.error().sentence.c_str());
    }
    pending_.clear();
  }

 private:
  kj::WaitScope& wait_scope_;
  kj::Vector<kj::Promise<cli::Answer>> pending_;
};

}  // namespace

OfficeId bench_office(std::uint32_t index) {
  return OfficeId{static_cast<std::uint16_t>(101 + index)};
}

scheduler::DefineService single_stage_service() {
  scheduler::DefineService service;
  service.service = kBenchService;
  service.stage_count = 1;
  service.version = 1;
  service.stages[0].stage = scheduler::Stage::kFileFormation;
  service.stages[0].skill = scheduler::Skill::kFile;
  service.stages[0].effort_minutes = 1;
  service.stages[0].sla_minutes = 60'000;
  service.label = cli::fixed_text<39>("Single stage");
  return service;
}

scheduler::DefineOffice bench_office_definition(std::uint32_t index) {
  scheduler::DefineOffice office;
  office.office = bench_office(index);
  office.district = static_cast<scheduler::District>(1 + index % 22);
  office.state = scheduler::OfficeState::kActive;
  office.licensee = PersonId{900'000'000 + 2 * index};
  office.technical_manager = PersonId{900'000'001 + 2 * index};
  office.label = cli::fixed_text<39>(fmt::format("Office {:04}", scheduler::raw(office.office)));
  return office;
}

scheduler::DefineExpert bench_expert_definition(std::uint32_t number, std::uint32_t offices) {
  scheduler::DefineExpert expert;
  expert.expert = ExpertId{number};
  expert.office = bench_office((number - 1) % offices);
  expert.state = scheduler::ExpertState::kCertified;
  expert.person = PersonId{800'000'000 + number};
  expert.units_per_day = 48;
  return expert;
}

void define_bench_city(cli::Client& client, kj::WaitScope& wait_scope, const CityPlan& plan) {
  cli::SupervisorClient supervisor(client);
  Definitions definitions(wait_scope);

  scheduler::SetPolicy policy;
  policy.capacity_units_per_day = 48;
  definitions.add(supervisor.set_policy(policy));
  definitions.add(supervisor.define_organisation({scheduler::OrganisationId{1},
                                                  scheduler::PriorityClass::kMunicipal,
                                                  1,
                                                  {},
                                                  cli::fixed_text<39>("Municipality")}));
  definitions.add(supervisor.define_service(single_stage_service()));
  definitions.finish();

  for (std::uint32_t i = 0; i < plan.offices; ++i) {
    definitions.add(supervisor.define_office(bench_office_definition(i)));
  }
  definitions.finish();
  for (std::uint32_t i = 0; i < plan.offices; ++i) {
    definitions.add(supervisor.activate_service(bench_office(i), kBenchService, scheduler::Tick{0},
                                                scheduler::kNever));
  }
  for (std::uint32_t i = 0; i < plan.experts; ++i) {
    definitions.add(supervisor.define_expert(bench_expert_definition(i + 1, plan.offices)));
  }
  definitions.finish();
  for (std::uint32_t i = 0; i < plan.experts; ++i) {
    definitions.add(supervisor.set_certificate(ExpertId{i + 1}, scheduler::Skill::kFile,
                                               scheduler::Tick{0}, scheduler::kNever));
  }
  definitions.finish();
}

scheduler::SubmitCase bench_submission(std::uint64_t number) {
  scheduler::SubmitCase submission;
  submission.service = kBenchService;
  submission.district = static_cast<scheduler::District>(1 + number % 22);
  submission.organisation = scheduler::OrganisationId{1};
  submission.floors = 5;
  submission.area_m2 = 400;
  submission.owner = PersonId{1'000'000'000 + number};
  submission.designer = PersonId{700'000'000 + number % 1000};
  submission.parcel = cli::fixed_text<23>(fmt::format("{:012}", number));
  return submission;
}

}  // namespace permitd::bench
