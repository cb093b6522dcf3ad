// The city's people and what they may do: experts on their way from candidate to certified,
// certificates, and which service is active at which office.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/pages.h"
#include "cli/supervisor_client.h"
#include "cli/suspension_option.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;
using scheduler::ExpertState;
using scheduler::Reason;
using scheduler::Skill;
constexpr auto kRight = Table::Align::kRight;
constexpr std::int64_t kMsPerDay = 86'400'000;

struct PeopleOptions {
  std::uint32_t expert = 0;
  std::uint64_t person = 0;
  std::uint16_t units = 0;
  std::uint16_t service = 0;
  std::uint32_t within_days = 0;  // 0: as the policy warns
  std::string office;
  std::string label;
  std::string state;
  std::string degree;
  std::string reason = "supervisorOrder";
  std::string note;
  std::vector<std::string> skills;
  std::vector<unsigned> districts;
  std::vector<std::uint64_t> relatives;
  std::vector<double> home;
  std::string from = "now";
  std::string until = "never";
};
using Options = std::shared_ptr<PeopleOptions>;

Identity me(Context& context) { return context.identity({ActorKind::kSupervisor}, 1); }

// ---- experts ----

scheduler::Label label_of(const std::string& text) {
  scheduler::Label label;
  if (text.size() > scheduler::Label::kCapacity)
    throw UsageError(fmt::format("--label: at most {} bytes.", scheduler::Label::kCapacity));
  label.size = static_cast<std::uint8_t>(text.size());
  std::copy(text.begin(), text.end(), label.bytes.begin());
  return label;
}

int add_expert(Context& context, const PeopleOptions& options) {
  scheduler::DefineExpert expert;
  expert.expert = ExpertId{options.expert};
  expert.office = office_option(options.office, "--office");
  expert.person = scheduler::PersonId{options.person};
  expert.state = ExpertState::kCandidate;
  expert.degree = enum_option<scheduler::Degree>(options.degree, "--degree");
  expert.units_per_day = options.units;
  expert.label = label_of(options.label);
  for (const unsigned district : options.districts) expert.districts |= 1U << district;
  if (options.relatives.size() > scheduler::kRelativesMax)
    throw UsageError(fmt::format("--relative: at most {}.", scheduler::kRelativesMax));
  for (std::size_t i = 0; i < options.relatives.size(); ++i)
    expert.relatives[i] = scheduler::PersonId{options.relatives[i]};
  if (!options.home.empty())
    expert.home = {static_cast<std::int32_t>(options.home[0] * 1e6),
                   static_cast<std::int32_t>(options.home[1] * 1e6)};
  SupervisorClient supervisor(context.client(), me(context));
  const auto answer =
      context.wait(supervisor.define_expert(expert, context.call_options(), options.note));
  return context.finish(answer, [&](const Accepted&) {
    return fmt::format("Expert {} belongs to office {:04}.", options.expert, raw(expert.office));
  });
}

int set_state(Context& context, const PeopleOptions& options) {
  const auto state = enum_option<ExpertState>(options.state, "STATE");
  const SuspensionSpan span =
      suspension_option(context, options.from, options.until, state == ExpertState::kSuspended);
  SupervisorClient supervisor(context.client(), me(context));
  const auto answer = context.wait(supervisor.set_expert_state(
      ExpertId{options.expert}, state, enum_option<Reason>(options.reason, "--reason"),
      options.note, span, context.call_options()));
  const std::string end = span.until.ms != 0 ? " until " + local_text(span.until) : "";
  return context.finish(answer, [&](const Accepted& accepted) {
    const ExpertState now{accepted.state};
    if (span.from.ms != 0)
      return fmt::format("Expert {} will be suspended from {}{}; until then the expert works on.",
                         options.expert, local_text(span.from), end);
    const bool lapsed = now == ExpertState::kExpired && state != now;
    return fmt::format(
        "Expert {} is {}{}{}.", options.expert, protocol::name_of(now), end,
        lapsed ? ": each certificate is over, `permitctl cert grant` gives one" : "");
  });
}

void add_expert_commands(CLI::App& app, Context& context) {
  auto* expert = app.add_subcommand("expert", "One expert: add, and the way to a certificate.");
  expert->require_subcommand(1);
  expert->fallthrough();
  auto added = std::make_shared<PeopleOptions>();
  auto* command = add_command(
      *expert,
      {"add", "Add an expert to an office as a candidate, or change who is there.",
       "permitctl expert add 17 --office 0101 --person 5017 --degree bachelor --label \"Clerk\"",
       "That the expert belongs to the office. A candidate takes no work: training, exam\n"
       "  and certificate come first, see `expert set` and `cert grant`."});
  command->add_option("EXPERT", added->expert, "Number of the expert")->required();
  command->add_option("--office", added->office, "Code of the office")->required();
  command->add_option("--person", added->person, "Number of the person, for conflicts of interest")
      ->required();
  command
      ->add_option("--degree", added->degree,
                   "associate, bachelor, master, doctorate or none; the training asks for the "
                   "policy's least")
      ->required();
  command->add_option("--label", added->label, "Name, at most 39 bytes");
  command->add_option("--units", added->units, "Half hours a day; without it the policy's");
  command->add_option("--district", added->districts, "Takes visits there; without it everywhere")
      ->check(CLI::Range(1, 31));
  command->add_option("--relative", added->relatives,
                      "Person whom the expert declares a relative, for conflicts of interest; up "
                      "to four, without it none");
  command->add_option("--home", added->home, "Degrees north and east, where the day begins")
      ->expected(2);
  command->add_option("--note", added->note, "Why, in words; at most 79 bytes");
  context.on(command, [&context, added] { return add_expert(context, *added); });

  auto changed = std::make_shared<PeopleOptions>();
  command = add_command(
      *expert,
      {"set", "Set an expert's state: inTraining, examPending, certified, suspended, left, …",
       "permitctl expert set 17 examPending",
       "The new state; a step that the way does not have is refused with the present state.\n"
       "  candidate > inTraining > examPending > certified; failed: back to inTraining.\n"
       "  Certified without a certificate left is expired; `cert grant` brings back. A\n"
       "  suspension with --until ends by itself; said again it has another end, and without\n"
       "  --until none. One with --from begins by itself, and the expert works on until then;\n"
       "  any further state takes it back, certified said again too."});
  command->add_option("EXPERT", changed->expert, "Number of the expert")->required();
  command
      ->add_option("STATE", changed->state,
                   fmt::format("One of {}", fmt::join(protocol::names_of<ExpertState>(), ", ")))
      ->required();
  command
      ->add_option("--from", changed->from,
                   "When a suspension begins by itself: 2025-03-21, +7d; now: at once")
      ->capture_default_str();
  command
      ->add_option("--until", changed->until,
                   "When a suspension ends by itself: 2025-03-21, +14d; never: by another command")
      ->capture_default_str();
  command->add_option("--reason", changed->reason, "Why")->capture_default_str();
  command->add_option("--note", changed->note, "Why, in words; at most 79 bytes");
  context.on(command, [&context, changed] { return set_state(context, *changed); });
}

// ---- certificates ----

int grant(Context& context, const PeopleOptions& options, bool is_granted) {
  const Tick from = context.moment(options.from, "--from");
  const Tick until = is_granted ? context.moment(options.until, "--until") : from;
  SupervisorClient supervisor(context.client(), me(context));
  const bool gather = context.wants_json() && options.skills.size() > 1;
  json::array gathered;  // one document, however many skills
  int status = kExitOk;
  for (const std::string& name : options.skills) {
    const auto answer = context.wait(supervisor.set_certificate(
        ExpertId{options.expert}, enum_option<Skill>(name, "--skill"), from, until,
        options.skills.size() == 1 ? context.call_options() : CallOptions{}, options.note));
    if (gather) {
      json::object entry = to_json(answer).as_object();
      entry["skill"] = name;
      gathered.push_back(std::move(entry));
      status = answer ? kExitOk : kExitRefused;
      if (status != kExitOk) break;
      continue;
    }
    status = context.finish(answer, [&](const Accepted&) {
      if (!is_granted) return fmt::format("Expert {} has no {} any more.", options.expert, name);
      return fmt::format("Expert {} may do {} from {} until {}.", options.expert, name,
                         local_text(from), local_text(until));
    });
    if (status != kExitOk) break;
  }
  if (gather) context.print(json::object{{"certificates", std::move(gathered)}});
  return status;
}

/// One certificate that lapses, with the work that hangs on its holder.
struct Lapse {
  Tick until;
  std::uint32_t expert = 0;
  std::uint16_t office = 0;
  unsigned skill = 0;
  std::uint32_t window_minutes = 0;
  std::string label;
};

std::vector<Lapse> lapses_between(Context& context, CityReaderClient& reader, Tick now, Tick last) {
  std::vector<Lapse> lapses;
  const auto take = [&](auto& answer) {
    for (auto expert : answer.getExperts()) {
      const auto until = expert.getCertifiedUntil();
      for (unsigned skill = 0; skill < until.size(); ++skill) {
        if (Tick{until[skill]} <= now || Tick{until[skill]} > last) continue;
        lapses.push_back({Tick{until[skill]}, expert.getExpert(), expert.getOffice(), skill,
                          expert.getWindowMinutes(), expert.getLabel().cStr()});
      }
    }
  };
  all_pages(
      context, [&](const PageSpec& page) { return reader.experts({}, page); }, take);
  std::ranges::sort(lapses, {},
                    [](const Lapse& one) { return std::tuple(one.until, one.expert, one.skill); });
  return lapses;
}

int list_lapses(Context& context, const PeopleOptions& options) {
  CityReaderClient reader(context.client(),
                          context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1));
  const std::uint32_t days = options.within_days != 0
                                 ? options.within_days
                                 : context.wait(reader.policy()).getPolicy().getLapseWarningDays();
  const Tick now = context.daemon_now();
  const Tick last{now.ms + days * kMsPerDay};
  Table table({{"lapses"},
               {"expert", kRight},
               {"name"},
               {"office"},
               {"skill"},
               {"30 days", kRight, "window_minutes"}});
  json::array rows;
  for (const Lapse& one : lapses_between(context, reader, now, last)) {
    const auto skill = protocol::name_of(static_cast<Skill>(one.skill));
    rows.push_back(json::object{{"until", one.until.ms},
                                {"expert", one.expert},
                                {"office", one.office},
                                {"skill", skill},
                                {"windowMinutes", one.window_minutes},
                                {"label", one.label}});
    table.add({local_text(one.until), id_cell(one.expert), one.label,
               fmt::format("{:04}", one.office), skill, minutes_cell(one.window_minutes)});
  }
  context.print(table, json::object{{"certificates", rows}});
  return kExitOk;
}

CLI::App* add_one_certificate(CLI::App& cert, const CommandText& text, const Options& options) {
  auto* command = add_command(cert, text);
  command->add_option("EXPERT", options->expert, "Number of the expert")->required();
  command
      ->add_option("--skill", options->skills,
                   fmt::format("One or more of {}", fmt::join(protocol::names_of<Skill>(), ", ")))
      ->required();
  command->add_option("--note", options->note, "Why, in words; at most 79 bytes");
  return command;
}

void add_certificate_commands(CLI::App& app, Context& context) {
  auto* cert = app.add_subcommand("cert", "Certificates: grant, revoke, and which will lapse.");
  cert->require_subcommand(1);
  cert->fallthrough();
  auto granted = std::make_shared<PeopleOptions>();
  auto* command = add_one_certificate(
      *cert,
      {"grant", "Grant or renew an expert's certificate for a skill.",
       "permitctl cert grant 17 --skill inspect --until +365d",
       "From when until when. It lapses by itself; what the expert holds then goes back."},
      granted);
  command->add_option("--from", granted->from, "2025-03-21, now, +2d")->capture_default_str();
  command->add_option("--until", granted->until, "The same, or never")->capture_default_str();
  context.on(command, [&context, granted] { return grant(context, *granted, true); });

  auto revoked = std::make_shared<PeopleOptions>();
  command = add_one_certificate(
      *cert,
      {"revoke", "Take a certificate away at once.", "permitctl cert revoke 17 --skill inspect",
       "That it is gone; such jobs that the expert holds go back."},
      revoked);
  context.on(command, [&context, revoked] { return grant(context, *revoked, false); });

  auto listed = std::make_shared<PeopleOptions>();
  command = add_command(
      *cert, {"list", "Which certificates lapse soon, and how much work their holders do.",
              "permitctl cert list --within 60",
              "The next to lapse first; the last column is the effort of the last 30 days."});
  command
      ->add_option("--within", listed->within_days,
                   "Days from now, 1 to 36500; without it as many as the policy warns of")
      ->check(CLI::Range(1, 36'500));
  context.on(command, [&context, listed] { return list_lapses(context, *listed); });
}

// ---- services ----

int activate(Context& context, const PeopleOptions& options) {
  const OfficeId office = office_option(options.office, "--office");
  const Tick from = context.moment(options.from, "--from");
  const Tick until = context.moment(options.until, "--until");
  SupervisorClient supervisor(context.client(), me(context));
  const auto answer = context.wait(supervisor.activate_service(
      office, scheduler::ServiceId{static_cast<std::uint8_t>(options.service)}, from, until,
      context.call_options(), options.note));
  return context.finish(answer, [&](const Accepted&) {
    return fmt::format("Service {} is with office {:04} from {} until {}.", options.service,
                       raw(office), local_text(from), local_text(until));
  });
}

void add_activate(CLI::App& app, Context& context) {
  auto options = std::make_shared<PeopleOptions>();
  auto* command = add_command(
      app, {"activate", "Hand a service over to an office, from a moment on.",
            "permitctl activate 1 --office 0101 --from 2025-04-05",
            "From when until when the office takes such cases. --until equal to --from ends it."});
  command->add_option("SERVICE", options->service, "Number of the service in the catalogue")
      ->required()
      ->check(CLI::Range(1, 63));
  command->add_option("--office", options->office, "Code of the office")->required();
  command->add_option("--from", options->from, "2025-03-21, now, +2d")->capture_default_str();
  command->add_option("--until", options->until, "The same, or never")->capture_default_str();
  command->add_option("--note", options->note, "Why, in words; at most 79 bytes");
  context.on(command, [&context, options] { return activate(context, *options); });
}

}  // namespace

void add_people_commands(CLI::App& app, Context& context) {
  add_expert_commands(app, context);
  add_certificate_commands(app, context);
  add_activate(app, context);
}

}  // namespace permitd::cli
