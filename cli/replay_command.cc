#include "cli/replay_command.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <memory>

#include "cli/city_load.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/progress.h"
#include "cli/replay_page.h"
#include "cli/replay_report.h"
#include "cli/replay_wire.h"

namespace permitd::cli {
namespace {

struct ReplayArguments {
  std::string file;
  std::string city = "city/tehran.toml";
  std::string speed = "max";
  std::string from;
  std::string to;
  std::string begin;
  std::string report;
  std::string page;
  std::uint64_t seed = 1;
  std::uint64_t limit = UINT64_MAX;
  std::uint32_t copies = 1;
  std::uint32_t connections = 0;
  std::int32_t settle_days = 40;
  std::string patience = "2m";
  bool verify = false;
  bool no_load = false;
};

std::optional<std::int32_t> day_option(const std::string& text, std::string_view option) {
  if (text.empty()) return std::nullopt;
  const auto day = parse_typed_day(text);
  if (!day) throw UsageError(fmt::format("{} {}: it must be a date, YYYY-MM-DD.", option, text));
  return day;
}

// Simulated seconds per second; 0 for max.
double speed_option(const std::string& text) {
  if (text == "max") return 0;
  char* end = nullptr;
  const double speed = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != 0 || !(speed > 0) || speed > 1e9) {
    throw UsageError(fmt::format(
        "--speed {}: it must be max or a number of simulated seconds per second.", text));
  }
  return speed;
}

kj::Duration patience_option(const std::string& text) {
  const auto seconds = parse_duration_seconds(text);
  if (!seconds || *seconds <= 0)
    throw UsageError(fmt::format("--patience {}: it must be a time like 30s or 2m.", text));
  return *seconds * kj::SECONDS;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.flush();
  if (!file) throw UsageError(fmt::format("{} could not be written.", path));
}

/// One run of the command.
class ReplaySession {
 public:
  ReplaySession(Context& context, const ReplayArguments& arguments)
      : context_(context), arguments_(arguments) {}

  int run() {
    speed_ = speed_option(arguments_.speed);
    read_inputs();
    auto& connection = context_.connection();
    ReplayWireOptions options;
    options.address = context_.address();
    options.connections = arguments_.connections;
    options.patience = patience_option(arguments_.patience);
    wire_ = std::make_unique<ReplayWire>(connection.io(), city_, options);
    check_clock();
    if (!arguments_.no_load) load();
    wire_->open();
    return rehearse();
  }

 private:
  void read_inputs() {
    auto city = read_city_file(arguments_.city);  // puts the city's time zone in force
    if (!city) throw UsageError(city.error().text());
    city_ = std::move(*city);
    auto records = read_records(arguments_.file);
    if (!records) throw UsageError(records.error());
    records_ = std::move(*records);
    for (const RecordProblem& problem : records_.problems) {
      fmt::print(stderr, "permitctl: {}:{}: {}; the row is skipped.\n", arguments_.file,
                 problem.line, problem.text);
    }
    calendar_ = working_calendar_of(city_);
    FilingOptions options;
    options.from = day_option(arguments_.from, "--from");
    options.to = day_option(arguments_.to, "--to");
    options.begin = day_option(arguments_.begin, "--begin");
    options.limit = arguments_.limit;
    options.copies = arguments_.copies;
    auto plan =
        plan_filings(city_, *calendar_, records_.records, options, Habits{}, arguments_.seed);
    if (!plan) throw UsageError(fmt::format("{}: {}.", arguments_.city, plan.error()));
    plan_ = std::move(*plan);
    if (plan_.filings.empty()) {
      throw UsageError(fmt::format(
          "{}: none of its {} records falls into the days asked for and the calendar of {}.",
          arguments_.file, records_.records.size(), arguments_.city));
    }
  }

  void check_clock() {
    const auto greeting = wire_->greeting();
    if (!greeting.rehearsal) {
      throw UsageError(
          "the daemon's clock is the real one; start it with --rehearsal to replay records on it.");
    }
    if (greeting.now > plan_.filings.front().at) {
      throw UsageError(
          fmt::format("the daemon's clock stands at {}, after the first record ({}): take a fresh "
                      "daemon, or --begin {}.",
                      local_text(greeting.now), local_text(plan_.filings.front().at),
                      day_text(local_day_of(greeting.now) + 1)));
    }
    now_ = greeting.now;
  }

  void load() {
    SupervisorClient supervisor(context_.client());
    Progress progress("loading", "definitions", definition_count(city_), style());
    LoadOptions options;
    options.progress = [&](std::size_t done) { progress.set(done); };
    const auto report = context_.wait(load_city(supervisor, city_, std::move(options)));
    progress.finish();
    for (const auto& problem : report.refused) {
      fmt::print(stderr, "permitctl: {} refused ({}): {}\n", problem.what,
                 problem.refused.code_name, problem.refused.sentence);
    }
    if (!report.refused.empty())
      throw UsageError(fmt::format("{} does not fit the daemon's city.", arguments_.city));
  }

  int rehearse() {
    const auto figures = wire_->figures();
    if (!figures) {
      fmt::print(stderr, "permitctl: {}\n", figures.error());
      return kExitCannotConnect;
    }
    // The op has grown since any earlier replay, so that no key of it is used again.
    ReplayWorld world(city_, *calendar_, std::move(plan_.filings), Habits{}, arguments_.seed,
                      raw(figures->op_applied));
    world.now = now_;
    Progress progress("replaying", "records", world.filings.size(), style());
    const auto start = std::chrono::steady_clock::now();
    ReplayOptions options;
    options.settle_days = arguments_.settle_days;
    options.verify = arguments_.verify;
    if (speed_ > 0) options.before_advance = pacer(world.filings.front().at);
    options.progress = [&](const ReplayProgress& at) { show(progress, at, start); };
    ReplayRun run(world, *wire_, std::move(options));
    const auto done = run.run();
    progress.finish();
    if (!done) {
      fmt::print(stderr, "permitctl: the replay stopped at {}: {}\n", local_text(world.now),
                 done.error());
      return kExitCannotConnect;
    }
    auto report = make_report(world, run);
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    complete(report);
    return publish(report);
  }

  // Waits so that simulated time does not run ahead of its speed; it may fall behind.
  std::function<void(Tick)> pacer(Tick begin) {
    const auto start = wire_->timer().now();
    return [this, start, begin](Tick at) {
      const double simulated_ms = static_cast<double>(std::max<std::int64_t>(at.ms - begin.ms, 0));
      wire_->sleep_until(start +
                         static_cast<std::int64_t>(simulated_ms * 1e6 / speed_) * kj::NANOSECONDS);
    };
  }

  void show(Progress& progress, const ReplayProgress& at,
            std::chrono::steady_clock::time_point start) {
    const double seconds = std::max(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 1e-3);
    const double simulated =
        static_cast<double>(std::max<std::int64_t>(at.now.ms - now_.ms, 0)) / 1000.0;
    progress.note(fmt::format("{}  cases {} open {} closed  x{:.0f}  {:.0f} calls/s",
                              local_text(at.now), grouped(at.cases_open), grouped(at.cases_ended),
                              simulated / seconds, static_cast<double>(at.calls) / seconds));
    progress.set(at.filed);
  }

  void complete(ReplayReport& report) {
    report.file = arguments_.file;
    report.format = record_format_name(records_.format);
    report.seed = arguments_.seed;
    report.records_malformed = records_.malformed_count;
    report.records_left_out = plan_.outside_calendar + plan_.unknown_service;
    report.moved_to_working_day = plan_.moved_to_working_day;
    report.verified = arguments_.verify;
    report.wire = wire_->counters();
    report.connections = wire_->connection_count();
    report.methods = wire_->methods();
  }

  int publish(const ReplayReport& report) {
    if (!arguments_.report.empty()) write_file(arguments_.report, pretty(report_json(report)));
    if (!arguments_.page.empty()) write_file(arguments_.page, report_page(report));
    if (context_.wants_json()) {
      context_.print(report_json(report));
    } else {
      fmt::print("{}", report_text(report));
    }
    if (arguments_.verify && !report.verify.holds()) return kExitDamaged;
    return report.submit_refused > 0 ? kExitRefused : kExitOk;
  }

  Progress::Style style() const {
    return context_.wants_json() ? Progress::Style::kSilent : Progress::Style::kAuto;
  }

  Context& context_;
  const ReplayArguments& arguments_;
  double speed_ = 0;
  City city_;
  RecordFile records_;
  std::unique_ptr<scheduler::WorkingCalendar> calendar_;
  FilingPlan plan_;
  Tick now_;  // of the daemon, before the first move
  std::unique_ptr<ReplayWire> wire_;
};

}  // namespace

void add_replay_command(CLI::App& app, Context& context) {
  auto* command = add_command(
      app,
      {.name = "replay",
       .what = "File real records at a daemon whose clock is in rehearsal, and let the whole city "
               "work on them.",
       .example =
           "permitctl replay city/records/chicago-2019-05-18.csv.gz --verify --report report.json",
       .answer = "What became of cases and jobs, how long work waited, how it was shared, and how "
                 "fast the calls were.\n"
                 "  Exit code 5 when --verify finds an acknowledged case missing or counts that do "
                 "not balance."});
  auto arguments = std::make_shared<ReplayArguments>();
  auto& a = *arguments;
  command->add_option("FILE", a.file, "Records: CSV, gzipped or not; the header tells the kind")
      ->required();
  command->add_option("--city", a.city, "City file; loaded into the daemon first")
      ->capture_default_str();
  command->add_flag("--no-load", a.no_load, "The daemon knows the city already");
  command->add_option("--speed", a.speed, "Simulated seconds per second, or max")
      ->capture_default_str();
  command->add_option("--from", a.from, "Only records from this date");
  command->add_option("--to", a.to, "Only records to this date, inclusive");
  command->add_option("--begin", a.begin,
                      "Move the records by whole weeks so that the first is of this date or later");
  command->add_option("--limit", a.limit, "Only so many records");
  command
      ->add_option("--copies", a.copies,
                   "File every record so often: a heavier load of the same shape")
      ->check(CLI::Range(1, 1000));
  command->add_option("--seed", a.seed, "Of everything that is drawn")->capture_default_str();
  command
      ->add_option("--connections", a.connections,
                   "Connections to spread the sessions over [as few as carry them]")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--settle-days", a.settle_days,
                   "Working days after the last record to wait for open cases")
      ->capture_default_str()
      ->check(CLI::Range(0, 2000));
  command->add_option("--patience", a.patience, "How long the daemon may be away")
      ->capture_default_str();
  command->add_flag(
      "--verify", a.verify,
      "Check at the end that every acknowledged case is there once and the counts balance");
  command->add_option("--report", a.report, "Write the report as JSON to this file");
  command->add_option("--report-html", a.page,
                      "Write the report as a page with drawings to this file");
  context.on(command, [&context, arguments] { return ReplaySession(context, *arguments).run(); });
}

}  // namespace permitd::cli
