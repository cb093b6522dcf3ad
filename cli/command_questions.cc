// Questions about what can be done and who does it: offers, eligibility, fairness.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <memory>

#include "cli/commands.h"
#include "cli/eligibility_text.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/progress.h"
#include "cli/reader_client.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;
constexpr auto kRight = Table::Align::kRight;
constexpr double kPpmPerPercent = 10'000;
constexpr double kPpm = 1e6;

Identity city_identity(Context& context) {
  return context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1);
}

// ---- offers ----

constexpr std::array<std::string_view, 11> kOfferSentences{
    "free",
    "it has begun",
    "too far ahead to be booked",
    "the present appointment",
    "all its appointments are given",
    "too short, or nobody knows where the visit is",
    "nobody has the certificate, the district and the service",
    "everybody who could is excluded from the case",
    "nobody of the rest works then",
    "all of the rest have their number of visits or units",
    "nobody of the rest has a gap that is long enough",
};

int print_offers(Context& context, protocol::Offers::Reader offers, bool sees_city) {
  std::vector<Table::Column> columns{{"day"}, {"half"}, {"from"}, {"to"}, {"answer"}};
  if (sees_city) {
    columns.push_back({"detour", kRight, "extra_travel_seconds"});
    for (const char* name : {"qualified", "not excluded", "on shift", "with room"})
      columns.push_back({name, kRight});
  }
  Table table(std::move(columns));
  std::uint32_t free_count = 0;
  for (auto offer : offers.getOffers()) {
    const bool is_free = offer.getCause() == protocol::OfferCause::FREE;
    free_count += is_free ? 1 : 0;
    const auto cause = static_cast<std::size_t>(offer.getCause());
    std::vector<Cell> row{weekday_text(offer.getDay()),
                          protocol::name_of(static_cast<scheduler::HalfDay>(offer.getHalf())),
                          local_text(Tick{offer.getBegin()}).substr(11),
                          local_text(Tick{offer.getEnd()}).substr(11),
                          cause < kOfferSentences.size() ? kOfferSentences[cause] : "unknown"};
    if (sees_city) {
      row.push_back(is_free ? Cell(fmt::format("{} min", offer.getExtraTravelSeconds() / 60),
                                   fmt::to_string(offer.getExtraTravelSeconds()))
                            : no_cell());
      for (auto count :
           {offer.getQualified(), offer.getNotExcluded(), offer.getOnShift(), offer.getWithRoom()})
        row.push_back(count_cell(count));
    }
    table.add(std::move(row));
  }
  context.print(table, {});
  if (context.globals.csv) return kExitOk;
  const Tick promised{offers.getAppointment()};
  fmt::print("\njob {} of case {}: {} half-days can be offered{}.\n", offers.getJob(),
             offers.getCaseId(), free_count,
             promised == scheduler::kNever
                 ? std::string()
                 : fmt::format("; the present appointment is {}", local_text(promised)));
  return kExitOk;
}

int offers(Context& context, std::uint64_t id, bool is_job, std::uint16_t days) {
  const Identity identity =
      context.identity({ActorKind::kSupervisor, ActorKind::kAuditor, ActorKind::kOffice}, 1);
  ReaderClient reader(context.client(), identity);
  OffersSpec spec;
  spec.job = is_job ? JobId{id} : JobId{};
  spec.case_id = is_job ? CaseId{} : CaseId{id};
  spec.days = days;
  const auto answer = context.wait(reader.offers(spec));
  if (answer.isRefused()) return context.refuse(to_refused(answer.getRefused()));
  if (context.wants_json()) {
    context.print(message_json(answer.getOffers()));
    return kExitOk;
  }
  return print_offers(context, answer.getOffers(), identity.kind != ActorKind::kOffice);
}

// ---- eligibility ----

struct EligibilityOptions {
  std::string day = "now";
  std::uint16_t days = 1;
  std::vector<std::string> skills;
  std::vector<unsigned> districts;
  unsigned service = 0;
  bool only_nobody = false;
};

int eligibility(Context& context, const EligibilityOptions& options) {
  EligibilitySpec spec;
  spec.day = local_day_of(context.moment(options.day, "--day"));
  spec.days = options.days;
  for (const std::string& skill : options.skills)
    spec.skills |= 1U << static_cast<unsigned>(enum_option<scheduler::Skill>(skill, "--skill"));
  for (unsigned district : options.districts) spec.districts |= 1U << district;
  spec.service = scheduler::ServiceId{static_cast<std::uint8_t>(options.service)};
  CityReaderClient reader(context.client(), city_identity(context));
  const auto response = context.wait(reader.eligibility(spec));
  if (response.isRefused()) return context.refuse(to_refused(response.getRefused()));
  const auto answer = response.getEligibility();
  if (context.wants_json()) {
    context.print(message_json(answer));
    return kExitOk;
  }
  Table table({{"day"},
               {"skill"},
               {"district", kRight},
               {"able", kRight},
               {"free", kRight, "free_minutes"},
               {"kept from it by"}});
  for (auto row : answer.getRows()) {
    if (options.only_nobody && row.getAble() != 0) continue;
    table.add({weekday_text(row.getDay()),
               protocol::name_of(static_cast<scheduler::Skill>(row.getSkill())),
               count_cell(row.getDistrict()), count_cell(row.getAble()),
               minutes_cell(row.getFreeMinutes()), removed_text(row.getRemoved())});
  }
  context.print(table, {});
  if (context.globals.csv || options.only_nobody) return kExitOk;
  fmt::print("\n");
  const std::vector<std::string> nobody = nobody_sentences(answer);
  print_nobody(nobody);
  if (nobody.empty())
    fmt::print("For everything asked there is somebody, among {} people.\n",
               grouped(answer.getPeople()));
  return kExitOk;
}

void add_eligibility(CLI::App& app, Context& context) {
  auto options = std::make_shared<EligibilityOptions>();
  auto* command = add_command(
      app,
      {"eligibility", "Who could do which work where on a day, and what keeps the others from it.",
       "permitctl eligibility --day +1d --skill inspect --district 5",
       "People by skill, district and day who could take one more such job, the working time they "
       "have left, and\n"
       "  how many the first filter removes: office, skill, certificate, shift, absence, capacity, "
       "district. Where\n"
       "  nobody is left a sentence says so. What a single case excludes is asked with why."});
  command->add_option("--day", options->day, "A date, now, or +1d")->capture_default_str();
  command->add_option("--days", options->days, "Days from there on")
      ->check(CLI::Range(1, 31))
      ->capture_default_str();
  command->add_option("--skill", options->skills, "file, inspect, admin, review, deliver, confirm")
      ->delimiter(',');
  command->add_option("--district", options->districts, "Districts")
      ->delimiter(',')
      ->check(CLI::Range(1, 31));
  command->add_option("--service", options->service, "Only offices where this one is active")
      ->check(CLI::Range(1, 63));
  command->add_flag("--nobody", options->only_nobody, "Only where nobody can");
  context.on(command, [&context, options] { return eligibility(context, *options); });
}

// ---- fairness ----

std::int64_t gap_ppm(protocol::OfficeShare::Reader share) {
  return std::int64_t{share.getWorkPpm()} - std::int64_t{share.getCapacityPpm()};
}

Cell percent_cell(std::int64_t ppm, bool has_sign = false) {
  const double percent = static_cast<double>(ppm) / kPpmPerPercent;
  return {has_sign ? fmt::format("{:+.2f} %", percent) : fmt::format("{:.2f} %", percent),
          fmt::to_string(ppm)};
}

void print_fairness(protocol::Fairness::Reader answer) {
  fmt::print(
      "\n{} of finished effort in {} days over {} units of certified capacity a day, {} people.\n",
      working_text(static_cast<std::int64_t>(answer.getWorkMinutes())), answer.getWindowDays(),
      grouped(answer.getCapacityUnits()), grouped(answer.getExperts()));
  fmt::print(
      "Jain's index {:.3f} over offices, {:.3f} over people (1: work lies as capacity does); "
      "Gini {:.3f} over offices.\n",
      answer.getJainOfficesPpm() / kPpm, answer.getJainExpertsPpm() / kPpm,
      answer.getGiniOfficesPpm() / kPpm);
  fmt::print("Capacity overridden {} times; started before the municipality's: {} (must be 0).\n",
             grouped(answer.getCapacityOverrides()), grouped(answer.getMunicipalFirstViolations()));
}

int fairness(Context& context) {
  CityReaderClient reader(context.client(), city_identity(context));
  const auto response = context.wait(reader.fairness());
  if (response.isRefused()) return context.refuse(to_refused(response.getRefused()));
  const auto answer = response.getFairness();
  if (context.wants_json()) {
    context.print(message_json(answer));
    return kExitOk;
  }
  std::vector<protocol::OfficeShare::Reader> shares;
  for (auto share : answer.getOffices()) shares.push_back(share);
  std::ranges::stable_sort(shares, std::ranges::greater{},
                           [](const auto& share) { return std::abs(gap_ppm(share)); });
  Table table({{"office"},
               {"name"},
               {"district", kRight},
               {"state"},
               {"experts", kRight},
               {"units/day", kRight, "units_per_day"},
               {"work", kRight, "work_minutes"},
               {"of capacity", kRight, "capacity_ppm"},
               {"of work", kRight, "work_ppm"},
               {"gap", kRight, "gap_ppm"}});
  for (const auto& share : shares) {
    table.add({fmt::format("{:04}", share.getOffice()), share.getLabel().cStr(),
               id_cell(share.getDistrict()),
               protocol::name_of(static_cast<scheduler::OfficeState>(share.getState())),
               count_cell(share.getExperts()), count_cell(share.getCapacityUnits()),
               minutes_cell(static_cast<std::int64_t>(share.getWorkMinutes())),
               percent_cell(share.getCapacityPpm()), percent_cell(share.getWorkPpm()),
               percent_cell(gap_ppm(share), true)});
  }
  context.print(table, {});
  if (!context.globals.csv) print_fairness(answer);
  return kExitOk;
}

}  // namespace

void add_question_commands(CLI::App& app, Context& context) {
  auto id = std::make_shared<std::uint64_t>(0);
  auto is_job = std::make_shared<bool>(false);
  auto days = std::make_shared<std::uint16_t>(OffersSpec{}.days);
  auto* command = add_command(
      app,
      {"offers", "Which half-days can be offered for a visit, and why not the others.",
       "permitctl offers 17 --as office:0101",
       "Each half-day of the next working days: free, or the first reason against it. Nobody is "
       "promised to anybody;\n"
       "  who comes is decided on the day. Book one with the office's schedule command. "
       "Supervisors "
       "also see the\n"
       "  detour and how many inspectors are left after each question."});
  command->add_option("ID", *id, "Number of the case (of the job with --job)")->required();
  command->add_flag("--job", *is_job, "ID is a job");
  command->add_option("--days", *days, "Working days, the present one included")
      ->check(CLI::Range(1, 15))
      ->capture_default_str();
  context.on(command,
             [&context, id, is_job, days] { return offers(context, *id, *is_job, *days); });

  add_eligibility(app, context);

  command = add_command(
      app, {"fairness", "Each office's share of the work against its share of the capacity.",
            "permitctl fairness --csv",
            "Finished effort of the last 30 days, rework not counted, against certified capacity; "
            "the widest gap first.\n"
            "  How even it is over offices and, by the effort they were given, over people; and "
            "what was overridden."});
  context.on(command, [&context] { return fairness(context); });
}

}  // namespace permitd::cli
