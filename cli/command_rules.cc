// The city's rules, which are everybody's to read: the catalogue, whose requests are taken, and the
// policy. What changes them shows old and new first, and asks.
#include <capnp/dynamic.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "cli/city_file.h"
#include "cli/commands.h"
#include "cli/json_fill.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/pages.h"
#include "cli/question_text.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;
using scheduler::PriorityClass;
using scheduler::StageSpec;
constexpr auto kRight = Table::Align::kRight;

struct RuleOptions {
  std::uint16_t number = 0;  // service or organisation
  std::string office;
  std::string label;
  std::string priority;
  std::string file;
  std::string note;
  std::vector<std::string> changes;  // KEY=VALUE
  bool dry_run = false;
};
using Options = std::shared_ptr<RuleOptions>;

Identity me(Context& context) { return context.identity({ActorKind::kSupervisor}, 1); }
Identity reader_of(Context& context) {
  return context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1);
}

// ---- catalogue ----

/// One version of a service as people compare it.
struct ServiceText {
  std::uint8_t service = 0;
  std::uint16_t version = 0;
  Tick effective_from;
  std::string label;
  std::vector<std::string> stages;  // names
  std::vector<std::string> lines;   // one a stage, with everything that it says
};

std::string flag_words(std::uint8_t flags) {
  constexpr std::pair<std::uint8_t, std::string_view> kFlags[] = {
      {scheduler::kStageNeedsAppointment, "needsAppointment"},
      {scheduler::kStageIsSovereign, "sovereign"},
      {scheduler::kStageNeedsDecision, "needsDecision"},
      {scheduler::kStageFieldLease, "fieldLease"},
      {scheduler::kStageNotMechanised, "notMechanised"},
      {scheduler::kStageOnlyIfBuilt, "onlyIfBuilt"},
  };
  std::string words;
  for (const auto& [flag, word] : kFlags) {
    if ((flags & flag) != 0) words += fmt::format(" {}", word);
  }
  return words;
}

std::string stage_line(const StageSpec& stage) {
  const unsigned complex =
      stage.effort_complex_minutes == 0 ? stage.effort_minutes : stage.effort_complex_minutes;
  return fmt::format("{} {}, {} min (complex {}), due in {} working min, confirmer {}, reach {}{}",
                     protocol::name_of(stage.stage), protocol::name_of(stage.skill),
                     stage.effort_minutes, complex, stage.sla_minutes,
                     protocol::name_of(stage.confirmer), protocol::name_of(stage.reach),
                     flag_words(stage.flags));
}

StageSpec stage_of(protocol::StageSpec::Reader in) {
  StageSpec stage;
  stage.stage = static_cast<scheduler::Stage>(in.getStage());
  stage.skill = static_cast<scheduler::Skill>(in.getSkill());
  stage.confirmer = static_cast<scheduler::Confirmer>(in.getConfirmer());
  stage.reach = static_cast<scheduler::Reach>(in.getReach());
  const auto set = [&](bool is_set, std::uint8_t flag) {
    if (is_set) stage.flags = static_cast<std::uint8_t>(stage.flags | flag);
  };
  set(in.getNeedsAppointment(), scheduler::kStageNeedsAppointment);
  set(in.getSovereign(), scheduler::kStageIsSovereign);
  set(in.getNeedsDecision(), scheduler::kStageNeedsDecision);
  set(in.getFieldLease(), scheduler::kStageFieldLease);
  set(in.getNotMechanised(), scheduler::kStageNotMechanised);
  set(in.getOnlyIfBuilt(), scheduler::kStageOnlyIfBuilt);
  stage.effort_minutes = in.getEffortMinutes();
  stage.effort_complex_minutes = in.getEffortComplexMinutes();
  stage.sla_minutes = in.getSlaMinutes();
  return stage;
}

void add_stage(ServiceText& text, const StageSpec& stage) {
  text.stages.emplace_back(protocol::name_of(stage.stage));
  text.lines.push_back(stage_line(stage));
}

ServiceText text_of(protocol::Service::Reader in) {
  ServiceText text{
      in.getService(), in.getVersion(), Tick{in.getEffectiveFrom()}, in.getLabel().cStr(), {}, {}};
  for (auto stage : in.getStages()) add_stage(text, stage_of(stage));
  return text;
}

ServiceText text_of(const scheduler::DefineService& service) {
  ServiceText text{raw(service.service),
                   service.version,
                   service.effective_from(),
                   std::string(service.label.bytes.data(), service.label.size),
                   {},
                   {}};
  for (StageSpec stage : std::span(service.stages).first(service.stage_count)) {
    // As the daemon completes them.
    if (stage.stage == scheduler::Stage::kMunicipalDecision)
      stage.flags |= scheduler::kStageIsSovereign;
    if (stage.stage == scheduler::Stage::kPermitDelivery)
      stage.flags |= scheduler::kStageNeedsDecision;
    add_stage(text, stage);
  }
  return text;
}

struct Catalogue {
  std::vector<ServiceText> versions;  // by service, then version
  json::array documents;              // in the order they came
};

template <class Reader>
Catalogue read_catalogue(Context& context, Reader& reader, std::uint16_t service) {
  Catalogue catalogue;
  all_pages(
      context, [&](const PageSpec& page) { return reader.catalogue(page); },
      [&](auto& answer) {
        for (auto one : answer.getServices()) {
          if (service != 0 && one.getService() != service) continue;
          catalogue.versions.push_back(text_of(one));
          catalogue.documents.push_back(message_json(one));
        }
      });
  std::ranges::sort(catalogue.versions, {},
                    [](const ServiceText& one) { return std::pair(one.service, one.version); });
  return catalogue;
}

/// Cases that are registered now get this version: of those whose time has come, the last.
bool is_in_force(const std::vector<ServiceText>& versions, const ServiceText& one, Tick now) {
  if (one.effective_from > now) return false;
  return std::ranges::none_of(versions, [&](const ServiceText& other) {
    return other.service == one.service && other.effective_from <= now &&
           other.version > one.version;
  });
}

int show_catalogue(Context& context, const RuleOptions& options) {
  CityReaderClient reader(context.client(), reader_of(context));
  const Catalogue catalogue = read_catalogue(context, reader, options.number);
  const Tick now = context.daemon_now();
  Table table(
      {{"service", kRight}, {"name"}, {"version", kRight}, {"from"}, {"state"}, {"stages"}});
  for (const ServiceText& one : catalogue.versions) {
    const std::string_view state = is_in_force(catalogue.versions, one, now) ? "in force"
                                   : one.effective_from > now                ? "to come"
                                                                             : "replaced";
    table.add({count_cell(one.service), one.label, count_cell(one.version),
               one.effective_from.ms <= 0 ? no_cell() : Cell(local_text(one.effective_from)), state,
               fmt::format("{}", fmt::join(options.number == 0 ? one.stages : one.lines,
                                           options.number == 0 ? ", " : "; "))});
  }
  context.print(table, json::object{{"services", catalogue.documents}});
  return kExitOk;
}

int show_activations(Context& context, const RuleOptions& options) {
  const std::uint16_t office =
      options.office.empty() ? 0 : raw(office_option(options.office, "--office"));
  CityReaderClient reader(context.client(), reader_of(context));
  const Tick now = context.daemon_now();
  Table table({{"office"}, {"service", kRight}, {"from"}, {"until"}, {"state"}});
  json::array rows;
  all_pages(
      context, [&](const PageSpec& page) { return reader.activations(page); },
      [&](auto& answer) {
        for (auto one : answer.getActivations()) {
          if (office != 0 && one.getOffice() != office) continue;
          if (options.number != 0 && one.getService() != options.number) continue;
          const Tick from{one.getFrom()};
          const Tick until{one.getUntil()};
          const std::string_view state = until <= from  ? "taken back"
                                         : now < from   ? "to come"
                                         : now >= until ? "ended"
                                                        : "active";
          rows.push_back(message_json(one));
          table.add({fmt::format("{:04}", one.getOffice()), count_cell(one.getService()),
                     from.ms <= 0 ? no_cell() : Cell(local_text(from)), local_text(until), state});
        }
      });
  context.print(table, json::object{{"activations", rows}});
  return kExitOk;
}

/// What a new version changes, line by line; a stage that stays the same is not told.
std::string difference(const ServiceText* before, const ServiceText& after) {
  auto text = fmt::format(
      "Service {} \"{}\": version {} from {}.\n", after.service, after.label, after.version,
      after.effective_from.ms <= 0 ? "the beginning" : local_text(after.effective_from));
  if (before != nullptr && before->label != after.label)
    text += fmt::format("  - \"{}\"\n  + \"{}\"\n", before->label, after.label);
  const std::vector<std::string> none;
  const std::vector<std::string>& old = before == nullptr ? none : before->lines;
  for (const std::string& line : old) {
    if (std::ranges::find(after.lines, line) == after.lines.end())
      text += fmt::format("  - {}\n", line);
  }
  for (const std::string& line : after.lines) {
    if (std::ranges::find(old, line) == old.end()) text += fmt::format("  + {}\n", line);
  }
  if (before != nullptr && before->lines != after.lines && before->stages != after.stages)
    text += fmt::format("  order: {}\n", fmt::join(after.stages, ", "));
  return text;
}

int set_catalogue(Context& context, const RuleOptions& options) {
  auto city = read_city_file(options.file);
  if (!city) throw UsageError(city.error().text() + "\nNothing was changed.");
  if (city->services.empty())
    throw UsageError(fmt::format("{}: it has no [[service]].", options.file));
  (void)use_time_zone(context.globals.time_zone);  // the file's was for its dates
  SupervisorClient supervisor(context.client(), me(context));
  const Catalogue present = read_catalogue(context, supervisor, 0);
  std::vector<const scheduler::DefineService*> changed;
  std::string preview;
  for (const scheduler::DefineService& service : city->services) {
    const ServiceText after = text_of(service);
    const ServiceText* newest = nullptr;
    for (const ServiceText& one : present.versions) {
      if (one.service == after.service) newest = &one;
    }
    if (newest != nullptr && newest->version == after.version && newest->lines == after.lines &&
        newest->label == after.label && newest->effective_from == after.effective_from)
      continue;
    preview += difference(newest, after);
    if (newest != nullptr && newest->version >= after.version)
      throw UsageError(fmt::format("{}{}: service {} has version {}; raise `version`.", preview,
                                   options.file, after.service, newest->version));
    changed.push_back(&service);
  }
  if (!context.wants_json()) {
    fmt::print("{}{} of {} services change. Cases that are registered keep their version.\n",
               preview, changed.size(), city->services.size());
    if (options.dry_run) fmt::print("Nothing was changed (--dry-run).\n");
  }
  const bool is_applied = !options.dry_run && !changed.empty();
  if (is_applied &&
      !context.confirm(std::string(question_text(Question::kCatalogue, context.language()))))
    return kExitRefused;
  for (const scheduler::DefineService* service : changed) {
    if (!is_applied) break;
    const Answer answer =
        context.wait(supervisor.define_service(*service, CallOptions{}, options.note));
    if (!answer) return context.refuse(answer.error());
  }
  if (context.wants_json())
    context.print(json::object{
        {"services", city->services.size()}, {"changed", changed.size()}, {"applied", is_applied}});
  return kExitOk;
}

void add_service_number(CLI::App* command, const char* name, const Options& options) {
  command->add_option(name, options->number, "Number of the service; without it all")
      ->check(CLI::Range(1, 63));
}

void add_catalogue_commands(CLI::App& app, Context& context) {
  auto* catalogue = app.add_subcommand(
      "catalog", "The catalogue of services: show, set, and which office has which.");
  catalogue->require_subcommand(1);
  catalogue->fallthrough();
  auto shown = std::make_shared<RuleOptions>();
  auto* command = add_command(
      *catalogue,
      {"show", "Every version of the services that is kept.", "permitctl catalog show 1",
       "One line a version. Of a single service each stage with its effort, deadline and "
       "flags."});
  add_service_number(command, "SERVICE", shown);
  context.on(command, [&context, shown] { return show_catalogue(context, *shown); });

  auto offices = std::make_shared<RuleOptions>();
  command = add_command(*catalogue,
                        {"offices", "Which service is with which office, from when until when.",
                         "permitctl catalog offices --office 0101",
                         "One line for each service that was ever handed over; see `activate`."});
  add_service_number(command, "--service", offices);
  command->add_option("--office", offices->office, "Code of the office; without it all");
  context.on(command, [&context, offices] { return show_activations(context, *offices); });

  auto set = std::make_shared<RuleOptions>();
  command = add_command(
      *catalogue,
      {"set", "Put the services of a city file into the catalogue, as new versions.",
       "permitctl catalog set services.toml --dry-run",
       "What each new version changes; then it asks. Only [[service]] and [stage.*] of the file\n"
       "  count. Cases that are registered keep the version that they have."});
  command->add_option("FILE", set->file, "City file, TOML")->required();
  command->add_flag("--dry-run", set->dry_run, "Only say what would change");
  command->add_option("--note", set->note, "Why, in words; at most 79 bytes");
  context.on(command, [&context, set] { return set_catalogue(context, *set); });
}

// ---- organisations ----

struct OrganisationText {
  std::uint8_t number = 0;
  PriorityClass priority{};
  bool is_enabled = false;
  std::string label;
};

template <class Reader>
std::vector<OrganisationText> read_organisations(Context& context, Reader& reader) {
  std::vector<OrganisationText> all;
  all_pages(
      context, [&](const PageSpec& page) { return reader.organisations(page); },
      [&](auto& answer) {
        for (auto one : answer.getOrganisations())
          all.push_back({one.getOrganisation(), static_cast<PriorityClass>(one.getPriority()),
                         one.getEnabled(), one.getLabel().cStr()});
      });
  return all;
}

int list_organisations(Context& context) {
  CityReaderClient reader(context.client(), reader_of(context));
  Table table({{"organisation", kRight}, {"name"}, {"priority"}, {"requests"}});
  json::array rows;
  for (const OrganisationText& one : read_organisations(context, reader)) {
    const auto priority = protocol::name_of(one.priority);
    table.add({count_cell(one.number), one.label, priority, one.is_enabled ? "taken" : "refused"});
    rows.push_back(json::object{{"organisation", one.number},
                                {"label", one.label},
                                {"priority", priority},
                                {"enabled", one.is_enabled}});
  }
  context.print(table, json::object{{"organisations", rows}});
  return kExitOk;
}

scheduler::Label label_of(const std::string& text) {
  scheduler::Label label;
  if (text.size() > scheduler::Label::kCapacity)
    throw UsageError(fmt::format("--label: at most {} bytes.", scheduler::Label::kCapacity));
  label.size = static_cast<std::uint8_t>(text.size());
  std::copy(text.begin(), text.end(), label.bytes.begin());
  return label;
}

/// Opens or closes the gate. What is not told stays as it is; a new number needs a name.
int set_gate(Context& context, const RuleOptions& options, bool is_enabled) {
  SupervisorClient supervisor(context.client(), me(context));
  const auto all = read_organisations(context, supervisor);
  const auto present = std::ranges::find(all, options.number, &OrganisationText::number);
  if (present == all.end() && (options.label.empty() || !is_enabled))
    throw UsageError(
        fmt::format("ORGANISATION {}: there is none with this number; see `org list`. `org enable` "
                    "with --label "
                    "adds one.",
                    options.number));
  OrganisationText wanted = present == all.end()
                                ? OrganisationText{static_cast<std::uint8_t>(options.number),
                                                   PriorityClass::kOther, is_enabled, ""}
                                : *present;
  if (!options.label.empty()) wanted.label = options.label;
  if (!options.priority.empty())
    wanted.priority = enum_option<PriorityClass>(options.priority, "--priority");
  scheduler::DefineOrganisation organisation;
  organisation.organisation = scheduler::OrganisationId{wanted.number};
  organisation.priority = wanted.priority;
  organisation.enabled = is_enabled ? 1 : 0;
  organisation.label = label_of(wanted.label);
  const Answer answer = context.wait(
      supervisor.define_organisation(organisation, context.call_options(), options.note));
  return context.finish(answer, [&](const Accepted&) {
    return fmt::format("Requests of {} ({}) are {}.", wanted.label,
                       protocol::name_of(wanted.priority),
                       is_enabled ? "taken from now on" : "refused from now on");
  });
}

void add_gate(CLI::App& org, Context& context, const CommandText& text, bool is_enabled) {
  auto options = std::make_shared<RuleOptions>();
  auto* command = add_command(org, text);
  command->add_option("ORGANISATION", options->number, "Its number")
      ->required()
      ->check(CLI::Range(1, 255));
  command->add_option("--label", options->label,
                      "Its name, at most 39 bytes; without it as it was");
  command->add_option("--priority", options->priority,
                      "municipal or other, municipal work goes first; without it as it was, of a "
                      "new one other");
  command->add_option("--note", options->note, "Why, in words; at most 79 bytes");
  context.on(command,
             [&context, options, is_enabled] { return set_gate(context, *options, is_enabled); });
}

void add_organisation_commands(CLI::App& app, Context& context) {
  auto* org = app.add_subcommand("org", "Whose requests are taken: list, enable, disable.");
  org->require_subcommand(1);
  org->fallthrough();
  auto* command = add_command(*org, {"list", "All organisations.", "permitctl org list",
                                     "Number, name, priority, and whether requests are taken."});
  context.on(command, [&context] { return list_organisations(context); });
  add_gate(*org, context,
           {"enable", "Take an organisation's requests from now on; a new number adds one.",
            "permitctl org enable 2 --label \"Water company\"",
            "That its requests are taken. Those of others than the municipality wait behind its.\n"
            "  Name and priority stay as they are unless told."},
           true);
  add_gate(*org, context,
           {"disable", "Take no more requests of an organisation.", "permitctl org disable 2",
            "That they are refused from now on; cases that are there go on. Name and priority\n"
            "  stay as they are unless told."},
           false);
}

// ---- policy ----

/// Names of the policy in the schema's order.
std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const auto field : capnp::Schema::from<protocol::Policy>().getFields())
    names.emplace_back(field.getProto().getName().cStr());
  return names;
}

std::string value_text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

int show_policy(Context& context) {
  CityReaderClient reader(context.client(), reader_of(context));
  auto answer = context.wait(reader.policy());
  const json::value policy = message_json(answer.getPolicy());
  Table table({{"key"}, {"value"}});
  for (const auto& [key, value] : policy.get_object())
    table.add({std::string(key), value_text(value)});
  context.print(table, policy);
  return kExitOk;
}

/// Sets KEY=VALUE in the policy; UsageError for a key that it lacks.
void change_policy(json::object& policy, const std::string& change) {
  const auto equals = change.find('=');
  const std::string key = change.substr(0, equals);
  const auto names = policy_names();
  const auto name = std::ranges::find_if(
      names, [&](const std::string& known) { return protocol::is_same_name(known, key); });
  if (equals == std::string::npos || name == names.end())
    throw UsageError(
        fmt::format("{}: it must be KEY=VALUE, KEY one of {}.", change, fmt::join(names, ", ")));
  policy[*name] = change.substr(equals + 1);
}

int set_policy(Context& context, const RuleOptions& options) {
  SupervisorClient supervisor(context.client(), me(context));
  json::object before;
  {
    auto answer = context.wait(supervisor.policy());
    before = message_json(answer.getPolicy()).get_object();
  }
  json::object after = before;
  for (const std::string& change : options.changes) change_policy(after, change);
  const Tick now = context.daemon_now();
  capnp::MallocMessageBuilder message;
  auto wanted = message.initRoot<protocol::Policy>();
  try {
    fill_message(capnp::toDynamic(wanted), after, now);
  } catch (const FillError& fault) {
    throw UsageError(fault.what());
  }
  // Back from the message, so that "5" and 5 or "when_ended" and "whenEnded" are the same.
  after = message_json(wanted.asReader()).get_object();
  Table table({{"key"}, {"old"}, {"new"}});
  json::array changes;
  for (const auto& [key, value] : after) {
    const json::value& old = before.at(key);
    if (old == value) continue;
    table.add({std::string(key), value_text(old), value_text(value)});
    changes.push_back(json::object{{"key", key}, {"old", old}, {"new", value}});
  }
  if (!context.wants_json())
    fmt::print("{}{} keys of the policy change.\n", table.aligned(), table.size());
  const bool is_asked = !options.dry_run && !changes.empty();
  if (is_asked &&
      !context.confirm(std::string(question_text(Question::kPolicy, context.language()))))
    return kExitRefused;
  if (!is_asked) {
    if (context.wants_json())
      context.print(json::object{{"changes", changes}, {"applied", false}});
    else
      fmt::print("Nothing was changed{}.\n", options.dry_run ? " (--dry-run)" : "");
    return kExitOk;
  }
  const Answer answer = context.wait(supervisor.call(
      [after, now, note = options.note](protocol::SupervisorSession::Client& session) {
        auto request = session.setPolicyRequest();
        request.setNote(note);
        fill_request(request, json::object{{"policy", after}}, now);
        return request;
      },
      context.call_options()));
  if (!answer) return context.refuse(answer.error());
  if (context.wants_json())
    context.print(json::object{{"changes", changes}, {"applied", true}});
  else
    fmt::print("Applied.\n");
  return kExitOk;
}

void add_policy_commands(CLI::App& app, Context& context) {
  auto* policy = app.add_subcommand("policy", "The policy: show, set.");
  policy->require_subcommand(1);
  policy->fallthrough();
  auto* command = add_command(*policy, {"show", "Every key of the policy in force.",
                                        "permitctl policy show", "One line a key."});
  context.on(command, [&context] { return show_policy(context); });

  auto options = std::make_shared<RuleOptions>();
  command = add_command(
      *policy, {"set", "Change some keys of the policy.",
                "permitctl policy set leaseMinutes=45 homes=whenEnded --dry-run",
                "Old and new of each key that changes; then it asks. The other keys stay as they "
                "are.\n  Names as `policy show` tells them, or as in a city file."});
  command->add_option("KEY=VALUE", options->changes, "What changes")->required();
  command->add_flag("--dry-run", options->dry_run, "Only say what would change");
  command->add_option("--note", options->note, "Why, in words; at most 79 bytes");
  context.on(command, [&context, options] { return set_policy(context, *options); });
}

}  // namespace

void add_rule_commands(CLI::App& app, Context& context) {
  add_catalogue_commands(app, context);
  add_organisation_commands(app, context);
  add_policy_commands(app, context);
}

}  // namespace permitd::cli
