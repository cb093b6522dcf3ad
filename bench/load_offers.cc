#include "bench/load_offers.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "bench/load_city.h"
#include "bench/load_plan.h"
#include "cli/office_client.h"
#include "cli/operator_client.h"
#include "cli/supervisor_client.h"
#include "protocol/command_codec.h"

namespace permitd::bench {

namespace {

using scheduler::CaseId;
using scheduler::ExpertId;

constexpr std::uint32_t kOffices = 50;
constexpr scheduler::ServiceId kVisitService{2};
constexpr std::int32_t kFirstDay = 20'168;  // 2025-03-21, where the daemon's clock stands
constexpr std::uint32_t kMinutesPerDay = 1440;
constexpr std::uint16_t kOpensAt = 240;  // UTC: 07:30 in Tehran
constexpr std::uint16_t kOpenFor = 420;
constexpr std::uint16_t kDaysAsked = 5;
constexpr std::uint32_t kQuestions = 40;  // of each kind

/// The same spread numbers in every run.
std::uint64_t spread(std::uint64_t i) { return protocol::seed_of(2025, scheduler::Op{i}); }

scheduler::Point anywhere(std::uint64_t i) {
  return {35'600'000 + static_cast<std::int32_t>(spread(2 * i) % 180'000),
          51'250'000 + static_cast<std::int32_t>(spread(2 * i + 1) % 300'000)};
}

scheduler::Tick minute_of(std::int32_t day, std::int64_t minute) {
  return {(std::int64_t{day} * kMinutesPerDay + minute) * scheduler::kMsPerMinute};
}

struct Row {
  const char* what;
  Samples times;
};

class OffersRun {
 public:
  OffersRun(const DaemonOptions& daemon, const OffersPlan& plan)
      : plan_(plan), io_(kj::setupAsyncIo()), daemon_(daemon) {
    daemon_.set("planner.interval_seconds=0");
    start();
    define();
    file();
  }

  std::vector<Row> measure() {
    std::vector<Row> rows = {{"nothing prepared: the first question", {}},
                             {"prepared: the first question", {}},
                             {"another visit, days unchanged", {}},
                             {"after a visit was promised", {}},
                             {"after an inspector was told absent", {}}};
    restart();
    ask(rows[0].times);
    daemon_.set("planner.interval_seconds=30");
    restart();
    wait_for_preparation();
    ask(rows[1].times);
    for (std::uint32_t i = 0; i < kQuestions; ++i) ask(rows[2].times);
    for (std::uint32_t i = 0; i < kQuestions; ++i) {
      promise();
      ask(rows[3].times);
    }
    for (std::uint32_t i = 0; i < kQuestions; ++i) {
      tell_absence(i);
      ask(rows[4].times);
    }
    return rows;
  }

 private:
  kj::WaitScope& wait_scope() { return io_.waitScope; }

  void start() {
    client_ = nullptr;
    daemon_.start();
    cli::ClientOptions options;
    options.call_deadline = options.connect_deadline = 600 * kj::SECONDS;
    options.pause_first = options.pause_last = 2 * kj::MILLISECONDS;
    client_ = kj::heap<cli::Client>(
        io_.provider->getTimer(),
        cli::connector_to(io_.provider->getNetwork(), {daemon_.socket_path(), {}}), options);
    supervisor_ = std::make_unique<cli::SupervisorClient>(*client_);
    cli::OperatorClient(*client_).health().wait(wait_scope());
    (void)supervisor_->calendar(kFirstDay, 1).wait(wait_scope());  // its session is open now
  }

  void restart() {
    supervisor_.reset();
    daemon_.kill_hard();
    start();
  }

  void expect(kj::Promise<cli::Answer> promise) {
    const cli::Answer answer = promise.wait(wait_scope());
    if (!answer) KJ_FAIL_REQUIRE("refused", answer.error().sentence.c_str());
  }

  void set_visits_per_day(std::uint32_t visits) {
    scheduler::SetPolicy policy;
    policy.appointment_lead_minutes = 0;
    policy.visits_per_day = static_cast<std::uint16_t>(visits);
    expect(supervisor_->set_policy(policy));
  }

  void define() {
    define_bench_city(*client_, wait_scope(), {kOffices, 0});
    constexpr std::int32_t kDays = 30;
    std::vector<scheduler::CalendarDay> days;
    for (std::int32_t day = kFirstDay; day < kFirstDay + kDays; ++day) {
      days.push_back({static_cast<std::uint32_t>(day) * kMinutesPerDay + kOpensAt, kOpenFor});
      if (days.size() < scheduler::kCalendarDaysPerCommand && day + 1 < kFirstDay + kDays) continue;
      const auto count = static_cast<std::int32_t>(days.size());
      expect(supervisor_->set_calendar_days(day + 1 - count, days));
      days.clear();
    }
    scheduler::DefineService visit = single_stage_service();
    visit.service = kVisitService;
    visit.stages[0].stage = scheduler::Stage::kSiteInspection;
    visit.stages[0].skill = scheduler::Skill::kInspect;
    visit.stages[0].flags = scheduler::kStageNeedsAppointment;
    visit.stages[0].effort_minutes = 45;
    expect(supervisor_->define_service(visit));
    for (std::uint32_t i = 0; i < kOffices; ++i) {
      scheduler::DefineOffice office = bench_office_definition(i);
      office.point = anywhere(2'000'000 + i);
      expect(supervisor_->define_office(office));
      expect(supervisor_->activate_service(office.office, kVisitService, scheduler::Tick{0},
                                           scheduler::kNever));
    }
    for (std::uint32_t number = 1; number <= plan_.inspectors; ++number) {
      scheduler::DefineExpert expert = bench_expert_definition(number, kOffices);
      expert.units_per_day = 14;
      expert.home = anywhere(1'000'000 + number);
      expect(supervisor_->define_expert(expert));
      expect(supervisor_->set_certificate(ExpertId{number}, scheduler::Skill::kInspect,
                                          scheduler::Tick{0}, scheduler::kNever));
    }
  }

  /// Two days full of visits, some visits behind them to ask about, and other work.
  void file() {
    set_visits_per_day(plan_.visits_per_day / plan_.inspectors);
    // Each question is about another one, and each promise gives one away.
    const std::uint32_t asked = 4 * kQuestions + 2;
    const std::uint32_t visits = 2 * plan_.visits_per_day + asked;
    cli::OfficeClient office(*client_, bench_office(0));
    std::vector<kj::Promise<cli::Answer>> pending;
    for (std::uint32_t i = 0; i < visits + plan_.desk_jobs; ++i) {
      scheduler::SubmitCase submission = bench_submission(i);
      if (i < visits) {
        submission.service = kVisitService;
        submission.point = anywhere(i);
      }
      pending.push_back(office.submit(submission));
      if (pending.size() < 256 && i + 1 < visits + plan_.desk_jobs) continue;
      for (auto& promise : pending) {
        const cli::Answer answer = promise.wait(wait_scope());
        if (!answer) KJ_FAIL_REQUIRE("refused", answer.error().sentence.c_str());
        if (visits_.size() < visits) visits_.push_back({answer->case_id, answer->job});
      }
      pending.clear();
    }
    visits_.erase(visits_.begin(), visits_.begin() + 2 * plan_.visits_per_day);
    set_visits_per_day(8);
  }

  void wait_for_preparation() {
    // The standing plan is made after the days of offers.
    while (!supervisor_->standing_plan().wait(wait_scope()).isPlan())
      io_.provider->getTimer().afterDelay(50 * kj::MILLISECONDS).wait(wait_scope());
  }

  struct VisitIds {
    CaseId case_id{};
    scheduler::JobId job{};
  };

  VisitIds next_visit() {
    KJ_REQUIRE(!visits_.empty());
    const VisitIds visit = visits_.back();
    visits_.pop_back();
    return visit;
  }

  void ask(Samples& times) {
    cli::OffersSpec spec;
    spec.job = next_visit().job;
    spec.days = kDaysAsked;
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = supervisor_->offers(spec).wait(wait_scope());
    times.add(std::chrono::duration_cast<std::chrono::nanoseconds>(
                  std::chrono::steady_clock::now() - begin)
                  .count());
    KJ_REQUIRE(answer.isOffers(), "the question was refused");
    KJ_REQUIRE(answer.getOffers().getOffers().size() == 2U * kDaysAsked);
  }

  /// On the second of the full days, which has eight a head by now.
  void promise() {
    cli::OfficeClient office(*client_, bench_office(0));
    expect(office.schedule(next_visit().job, kFirstDay + 1, scheduler::HalfDay::kAfternoon));
  }

  void tell_absence(std::uint32_t turn) {
    const ExpertId expert{1 + turn * (plan_.inspectors / kQuestions)};
    expect(supervisor_->set_absence(expert, minute_of(kFirstDay + 1, kOpensAt),
                                    minute_of(kFirstDay + 1, kOpensAt + kOpenFor),
                                    scheduler::Reason::kLeave, "measured"));
  }

  const OffersPlan plan_;
  kj::AsyncIoContext io_;
  BenchDaemon daemon_;
  kj::Own<cli::Client> client_;
  std::unique_ptr<cli::SupervisorClient> supervisor_;
  std::vector<VisitIds> visits_;  // to be asked about or promised
};

double milliseconds(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

}  // namespace

std::string measure_offers(const DaemonOptions& daemon, const OffersPlan& plan,
                           const Conditions& conditions, std::uint32_t runs) {
  std::string json;
  fmt::print("| question of {} half-days | median | most | of |\n| --- | --- | --- | --- |\n",
             2 * kDaysAsked);
  std::vector<Row> all;
  for (std::uint32_t run = 0; run < runs; ++run) {
    const std::vector<Row> rows = OffersRun(daemon, plan).measure();
    if (all.empty())
      for (const Row& row : rows) all.push_back({row.what, {}});
    for (std::size_t i = 0; i < rows.size(); ++i) all[i].times.add(rows[i].times);
  }
  for (Row& row : all) {
    const double median = milliseconds(row.times.at(5'000));
    const double most = milliseconds(row.times.at(10'000));
    fmt::print("| {} | {:.1f} ms | {:.1f} ms | {} |\n", row.what, median, most, row.times.count());
    json += fmt::format(R"({}{{"what": "{}", "median_ms": {}, "most_ms": {}, "count": {}}})",
                        json.empty() ? "" : ", ", row.what, median, most, row.times.count());
  }
  return fmt::format(R"({{"kind": "offers", "conditions": {}, "runs": {}, "inspectors": {}, )"
                     R"("visits_per_day": {}, "rows": [{}]}})",
                     conditions_json(conditions), runs, plan.inspectors, plan.visits_per_day, json);
}

}  // namespace permitd::bench
