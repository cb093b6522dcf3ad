// The city of the benchmarks: one service of one stage, always open, as many offices as connections
// and as many experts as the jobs need (an expert's day holds 1,440 jobs of one minute). One
// thread.
#pragma once

#include <cstdint>

#include "cli/client.h"
#include "scheduler/command.h"

namespace permitd::bench {

inline constexpr scheduler::ServiceId kBenchService{1};
/// Jobs an expert of the bench city can take in its one day: 48 units of 30 minutes, a minute each.
inline constexpr std::uint32_t kJobsPerExpert = 1440;

struct CityPlan {
  std::uint32_t offices = 1;
  std::uint32_t experts = 1;
};

/// Code of the office that connection `index` speaks for.
scheduler::OfficeId bench_office(std::uint32_t index);

/// The definitions themselves, also for benchmarks of the core alone.
scheduler::DefineService single_stage_service();
scheduler::DefineOffice bench_office_definition(std::uint32_t index);
/// `number` counts from 1; experts are dealt to the offices in turn.
scheduler::DefineExpert bench_expert_definition(std::uint32_t number, std::uint32_t offices);
/// The `number`-th submission of a run: spread over districts and owners, always the same.
scheduler::SubmitCase bench_submission(std::uint64_t number);

/// Defines the city; throws kj::Exception when the daemon refuses any of it.
void define_bench_city(cli::Client& client, kj::WaitScope& wait_scope, const CityPlan& plan);

}  // namespace permitd::bench
