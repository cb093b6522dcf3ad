// forecast: when a case will be done, what will wait where in ten days, and what would be otherwise
// if something changed.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/progress.h"
#include "cli/reader_client.h"
#include "cli/what_if.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;
constexpr auto kRight = Table::Align::kRight;

struct ForecastOptions {
  ForecastSpec spec;
  std::uint64_t case_id = 0;
  std::uint32_t use_percent = 85;
  std::uint32_t spread_percent = 30;
  double answer_hours = 35;
  std::vector<std::string> what_if;
  bool by_district = false;
};
using Play = protocol::ForecastPlay::Reader;
using Cells = capnp::List<protocol::ForecastCell>::Reader;

ForecastSpec spec_of(const ForecastOptions& options) {
  ForecastSpec spec = options.spec;
  spec.case_id = CaseId{options.case_id};
  spec.use_permille = static_cast<std::uint16_t>(options.use_percent * 10);
  spec.spread_permille = static_cast<std::uint16_t>(options.spread_percent * 10);
  spec.answer_minutes = static_cast<std::uint32_t>(options.answer_hours * 60);
  for (const std::string& text : options.what_if) spec.what_if.push_back(parse_what_if(text));
  return spec;
}

std::string stage_name(protocol::ForecastCell::Reader cell) {
  return std::string(protocol::name_of(static_cast<scheduler::Stage>(cell.getStage())));
}

/// "47 (52)", and what becomes of it: "47 (52) -> 31 (36), -16".
std::string spread_text(protocol::Spread::Reader plain, const protocol::Spread::Reader* changed) {
  const std::string before = fmt::format("{} ({})", plain.getP50(), plain.getP90());
  if (changed == nullptr) return before;
  const auto difference =
      static_cast<std::int64_t>(changed->getP50()) - static_cast<std::int64_t>(plain.getP50());
  return fmt::format("{} -> {} ({}), {:+}", before, changed->getP50(), changed->getP90(),
                     difference);
}

/// The backlog of a stage and district in the other play; null where nothing waits there.
std::optional<protocol::ForecastCell::Reader> same_cell(Cells cells,
                                                        protocol::ForecastCell::Reader like) {
  for (auto cell : cells) {
    if (cell.getStage() == like.getStage() && cell.getDistrict() == like.getDistrict()) return cell;
  }
  return std::nullopt;
}

bool has_work(protocol::ForecastCell::Reader cell) {
  for (auto day : cell.getDays())
    if (day.getJobs().getP90() != 0) return true;
  return false;
}

/// A column for each stage that has work in either play, a row for each day.
Table table_by_day(protocol::Forecast::Reader forecast) {
  const bool is_changed = forecast.hasChanged();
  std::vector<unsigned> stages;
  std::vector<Table::Column> columns{{"end of"}};
  for (unsigned i = 0; i < forecast.getPlain().getStages().size(); ++i) {
    auto stage = forecast.getPlain().getStages()[i];
    const bool is_shown =
        has_work(stage) || (is_changed && has_work(forecast.getChanged().getStages()[i]));
    if (!is_shown) continue;
    stages.push_back(i);
    columns.push_back({stage_name(stage), kRight});
  }
  columns.push_back({"cases done", kRight});
  columns.push_back({"in use", kRight});
  Table table(std::move(columns));
  for (unsigned day = 0; day < forecast.getDays().size(); ++day) {
    std::vector<Cell> row{day_text(forecast.getDays()[day])};
    for (unsigned stage : stages) {
      auto plain = forecast.getPlain().getStages()[stage].getDays()[day].getJobs();
      if (is_changed) {
        auto changed = forecast.getChanged().getStages()[stage].getDays()[day].getJobs();
        row.emplace_back(spread_text(plain, &changed));
      } else {
        row.emplace_back(spread_text(plain, nullptr));
      }
    }
    auto plain = forecast.getPlain().getDays()[day];
    auto play = is_changed ? forecast.getChanged().getDays()[day] : plain;
    auto changed_done = play.getCasesDone();
    row.emplace_back(spread_text(plain.getCasesDone(), is_changed ? &changed_done : nullptr));
    const auto capacity = play.getCapacityMinutes();
    row.emplace_back(
        capacity == 0
            ? std::string("closed")
            : fmt::format("{} %", std::uint64_t{play.getWorkMinutes().getP50()} * 100 / capacity));
    table.add(std::move(row));
  }
  return table;
}

/// A row for each stage and district, the first, middle and last day.
Table table_by_district(protocol::Forecast::Reader forecast) {
  const auto days = forecast.getDays();
  std::vector<unsigned> shown{0};
  if (days.size() > 2) shown.push_back((days.size() - 1) / 2);
  if (days.size() > 1) shown.push_back(days.size() - 1);
  std::vector<Table::Column> columns{{"stage"}, {"district", kRight}};
  for (unsigned day : shown) columns.push_back({"end of " + day_text(days[day]), kRight});
  Table table(std::move(columns));
  for (auto cell : forecast.getPlain().getCells()) {
    std::vector<Cell> row{stage_name(cell), fmt::to_string(cell.getDistrict())};
    std::optional<protocol::ForecastCell::Reader> other;
    if (forecast.hasChanged()) other = same_cell(forecast.getChanged().getCells(), cell);
    for (unsigned day : shown) {
      auto plain = cell.getDays()[day].getJobs();
      protocol::Spread::Reader none;
      auto changed = other ? other->getDays()[day].getJobs() : none;
      row.emplace_back(spread_text(plain, forecast.hasChanged() ? &changed : nullptr));
    }
    table.add(std::move(row));
  }
  return table;
}

void add_rows(Table& table, std::string_view play, capnp::List<std::int32_t>::Reader days,
              Cells cells) {
  for (auto cell : cells) {
    for (unsigned day = 0; day < cell.getDays().size(); ++day) {
      auto jobs = cell.getDays()[day].getJobs();
      auto minutes = cell.getDays()[day].getMinutes();
      std::vector<Cell> row{
          play, day_text(days[day]), stage_name(cell),
          cell.getDistrict() == 0 ? std::string() : fmt::to_string(cell.getDistrict())};
      for (auto number : {jobs.getP10(), jobs.getP50(), jobs.getP90(), minutes.getP10(),
                          minutes.getP50(), minutes.getP90()})
        row.emplace_back(fmt::to_string(number));
      table.add(std::move(row));
    }
  }
}

/// Everything, a row for each figure: for programs.
Table long_table(protocol::Forecast::Reader forecast) {
  Table table({{"play"},
               {"day"},
               {"stage"},
               {"district"},
               {"jobs_p10"},
               {"jobs_p50"},
               {"jobs_p90"},
               {"minutes_p10"},
               {"minutes_p50"},
               {"minutes_p90"}});
  add_rows(table, "plain", forecast.getDays(), forecast.getPlain().getStages());
  add_rows(table, "plain", forecast.getDays(), forecast.getPlain().getCells());
  if (!forecast.hasChanged()) return table;
  add_rows(table, "changed", forecast.getDays(), forecast.getChanged().getStages());
  add_rows(table, "changed", forecast.getDays(), forecast.getChanged().getCells());
  return table;
}

std::string done_text(protocol::Forecast::Reader forecast, std::uint16_t day) {
  if (day == 0)
    return fmt::format("after {}", day_text(forecast.getDays()[forecast.getDays().size() - 1]));
  return fmt::format("by {}", day_text(forecast.getDays()[day - 1U]));
}

void print_case(protocol::Forecast::Reader forecast) {
  if (forecast.getCaseId() == 0) return;
  const auto tell = [&](std::string_view when, Play play) {
    fmt::print("Case {}{} will be done {} with an even chance, {} in nine of ten plays.\n",
               forecast.getCaseId(), when, done_text(forecast, play.getDoneP50()),
               done_text(forecast, play.getDoneP90()));
  };
  tell("", forecast.getPlain());
  if (forecast.hasChanged()) tell(", were it so,", forecast.getChanged());
  if (forecast.getPaused())
    fmt::print(
        "It waits for an answer, which is taken to come within --answer-hours of working time.\n");
  fmt::print("\n");
}

int forecast(Context& context, const ForecastOptions& options) {
  const ForecastSpec spec = spec_of(options);
  CityReaderClient reader(context.client(),
                          context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1));
  const auto answer = context.wait(reader.forecast(spec));
  if (answer.isRefused()) return context.refuse(to_refused(answer.getRefused()));
  const auto forecast = answer.getForecast();
  if (context.wants_json()) {
    context.print(message_json(forecast));
    return kExitOk;
  }
  if (context.globals.csv) {
    context.print(long_table(forecast), {});
    return kExitOk;
  }
  fmt::print(
      "An estimate from {}, op {}: {} open cases, {:.1f} arrive a working day, {} people; {} plays "
      "with seed {}.\n\n",
      local_text(Tick{forecast.getNow()}), forecast.getOp(), grouped(forecast.getOpenCases()),
      forecast.getArrivalsPerDay(), grouped(forecast.getPeople()), forecast.getRuns(),
      forecast.getSeed());
  if (forecast.getFinishedJobs() != 0)
    fmt::print("How long work takes is drawn from {} jobs of the last four weeks.\n\n",
               grouped(forecast.getFinishedJobs()));
  print_case(forecast);
  fmt::print("Jobs that wait at the end of the day, p50 (p90){}:\n",
             forecast.hasChanged() ? " -> were it so, and the difference" : "");
  context.print(options.by_district ? table_by_district(forecast) : table_by_day(forecast), {});
  if (forecast.getLeftOut() != 0)
    fmt::print("{} cases and people are beyond what one forecast can hold.\n",
               forecast.getLeftOut());
  return kExitOk;
}

}  // namespace

void add_forecast_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<ForecastOptions>();
  auto* command = add_command(
      app, {"forecast", "When a case will be done, and what will wait where in the days ahead.",
            "permitctl forecast 17 --what-if +2inspectors,-office:0107",
            "The present queues played forward several times with different luck: jobs that wait "
            "at the end of each\n"
            "  working day, with an even chance and in nine of ten plays. --what-if plays the "
            "changed city with the\n"
            "  same luck beside it and shows the difference. An estimate, the same for the same "
            "seed and op; nothing\n"
            "  changes. A value that begins with a minus needs an equals sign: "
            "--what-if=-office:0107."});
  command->add_option("CASE", options->case_id, "Say when this case will be done, too");
  command->add_option("--days", options->spec.days, "Working days ahead")
      ->check(CLI::Range(1, 60))
      ->capture_default_str();
  command
      ->add_option("--what-if", options->what_if,
                   "+2inspectors, +1reviewer@5&6, -office:0107, -day:2025-04-12, arrivals:+20%")
      ->delimiter(',');
  command->add_flag("--by-district", options->by_district, "A line for each stage and district");
  command->add_option("--runs", options->spec.runs, "Plays")
      ->check(CLI::Range(1, 200))
      ->capture_default_str();
  command->add_option("--seed", options->spec.seed, "Luck of the plays")->capture_default_str();
  command->add_option("--use", options->use_percent, "Percent of the capacity that is worked")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command
      ->add_option("--spread", options->spread_percent,
                   "Percent that efforts lie around their estimates, of work with fewer than 30 "
                   "jobs finished lately")
      ->check(CLI::Range(0, 90))
      ->capture_default_str();
  command
      ->add_option("--answer-hours", options->answer_hours,
                   "Working hours until an applicant, an agency or who holds a job answers")
      ->check(CLI::Range(0.0, 1'600.0))
      ->capture_default_str();
  context.on(command, [&context, options] { return forecast(context, *options); });
}

}  // namespace permitd::cli
