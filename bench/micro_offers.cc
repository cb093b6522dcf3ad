// Half-days that can be offered for a visit at the size of a large city: a day of 500 inspectors
// and 2,500 visits, four fifths of them promised, and what the same question costs after a change.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>

#include "daemon/visit_offers.h"
#include "protocol/command_codec.h"
#include "scheduler/assert.h"

namespace permitd::daemon {
namespace {

constexpr std::int32_t kDate = 18'037;
constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kOpenMs = 1'558'411'200'000;  // 2019-05-21 04:00 UTC, 07:30 in Tehran
constexpr std::uint32_t kInspectors = 500;
constexpr std::uint64_t kVisits = 2'500;

scheduler::Tick minute(std::int64_t minutes) { return {kOpenMs + minutes * kMinuteMs}; }

/// The same spread numbers in every run.
std::uint64_t spread(std::uint64_t i) { return protocol::seed_of(2019, scheduler::Op{i}); }

scheduler::Point anywhere(std::uint64_t i) {
  return {35'600'000 + static_cast<std::int32_t>(spread(2 * i) % 180'000),
          51'250'000 + static_cast<std::int32_t>(spread(2 * i + 1) % 300'000)};
}

SnapshotVisit visit(std::uint64_t number) {
  SnapshotVisit made;
  made.job.job = scheduler::JobId{number};
  made.job.state = scheduler::JobState::kScheduled;
  made.job.skill = scheduler::Skill::kInspect;
  made.job.priority = scheduler::PriorityClass::kMunicipal;
  made.job.service = scheduler::ServiceId{1};
  made.job.intake_office = scheduler::OfficeId{101};
  made.job.district = 1;
  made.job.effort_minutes = 45;
  made.job.appointment = scheduler::kNever;
  made.point = anywhere(number);
  return made;
}

DatedVisit promised(std::uint64_t number) {
  DatedVisit made{kDate, visit(number)};
  if (spread(number) % 5 != 0) made.visit.job.appointment = minute(spread(number) % 2 * 210);
  return made;
}

OfferSnapshot city_day() {
  OfferSnapshot snapshot;
  snapshot.is_found = true;
  snapshot.now = minute(5);
  snapshot.present_date = kDate;
  snapshot.window_work_days = 22;
  scheduler::OfficeView office;
  office.office = scheduler::OfficeId{101};
  office.state = scheduler::OfficeState::kActive;
  office.services_active = ~std::uint64_t{0};
  office.point = {35'700'000, 51'400'000};
  snapshot.offices.push_back(office);
  for (std::uint32_t number = 1; number <= kInspectors; ++number) {
    scheduler::ExpertView expert;
    expert.expert = scheduler::ExpertId{number};
    expert.person = scheduler::PersonId{10'000 + number};
    expert.office = scheduler::OfficeId{101};
    expert.state = scheduler::ExpertState::kCertified;
    expert.units_per_day = 14;
    expert.certified_until.fill(scheduler::kNever);
    expert.home = anywhere(1'000'000 + number);
    snapshot.experts.push_back(expert);
  }
  for (std::uint64_t number = 1; number <= kVisits; ++number)
    snapshot.visits.push_back(promised(number));
  snapshot.halves.push_back({kDate, scheduler::HalfDay::kMorning, {minute(0), minute(210)}, {}});
  snapshot.halves.push_back(
      {kDate, scheduler::HalfDay::kAfternoon, {minute(210), minute(420)}, {}});
  snapshot.asked = visit(kVisits + 1);
  return snapshot;
}

void offers_made_anew(benchmark::State& state) {
  const OfferSnapshot snapshot = city_day();
  for (auto _ : state) {
    OfferMemory memory;
    benchmark::DoNotOptimize(offer_half_days(snapshot, {}, memory));
  }
}
BENCHMARK(offers_made_anew)->Unit(benchmark::kMillisecond);

void offers_unchanged(benchmark::State& state) {
  OfferSnapshot snapshot = city_day();
  OfferMemory memory;
  offer_half_days(snapshot, {}, memory);
  for (auto _ : state) benchmark::DoNotOptimize(offer_half_days(snapshot, {}, memory));
}
BENCHMARK(offers_unchanged)->Unit(benchmark::kMillisecond);

/// One visit goes and another one is promised before each question.
void offers_after_a_promise(benchmark::State& state) {
  OfferSnapshot snapshot = city_day();
  OfferMemory memory;
  offer_half_days(snapshot, {}, memory);
  std::uint64_t next = kVisits + 2;
  for (auto _ : state) {
    snapshot.visits.erase(snapshot.visits.begin() +
                          static_cast<std::ptrdiff_t>(spread(next) % kVisits));
    snapshot.visits.push_back(promised(next++));
    benchmark::DoNotOptimize(offer_half_days(snapshot, {}, memory));
  }
}
BENCHMARK(offers_after_a_promise)->Unit(benchmark::kMillisecond);

/// An inspector is ill, and another one comes back, before each question.
void offers_after_an_absence(benchmark::State& state) {
  OfferSnapshot snapshot = city_day();
  OfferMemory memory;
  offer_half_days(snapshot, {}, memory);
  std::uint64_t ill = 0;
  for (auto _ : state) {
    snapshot.experts[ill % kInspectors].absences = {};
    ill = spread(ill + 1) % kInspectors;
    const bool is_told = snapshot.experts[ill].absences.add({minute(0), minute(420)});
    PERMIT_ASSERT(is_told, ill);
    benchmark::DoNotOptimize(offer_half_days(snapshot, {}, memory));
  }
}
BENCHMARK(offers_after_an_absence)->Unit(benchmark::kMillisecond);

/// The routes of the present day begin a quarter of an hour later at each question: what is not
/// made by then has to find another place. Back to the morning after the eighth.
void offers_after_a_quarter(benchmark::State& state) {
  OfferSnapshot snapshot = city_day();
  OfferMemory memory;
  std::int64_t quarter = 8;
  for (auto _ : state) {
    if (quarter == 8) {
      state.PauseTiming();
      quarter = 0;
      snapshot.now = minute(0);
      offer_half_days(snapshot, {}, memory);
      state.ResumeTiming();
    }
    quarter += 1;
    snapshot.now = minute(quarter * 15);
    benchmark::DoNotOptimize(offer_half_days(snapshot, {}, memory));
  }
}
BENCHMARK(offers_after_a_quarter)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace permitd::daemon
