// Licences of offices: rules, rounds, applications, venues, and what an office needs to be active.
// What changes something takes its values from options, or from a JSON file with one object or a
// list of them, named as in the schema.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/homes_text.h"
#include "cli/json_fill.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/office_leaving.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using scheduler::ActorKind;
using scheduler::Tick;
using Supervisor = protocol::SupervisorSession::Client;

/// An option and the member of the request that it sets, "venue.owner" for one inside.
struct Member {
  const char* option;
  const char* path;
  const char* help;
  bool decides = false;  // what leaving it out would say is a decision, too: it is never guessed
};

/// One method of the schema as a command: how it is filled and told.
struct Method {
  CommandText text;
  const char* wrap;  // member that an object of a file stands for; "" the parameters themselves
  std::vector<Member> members;
  std::function<kj::Promise<Answer>(SupervisorClient&, const object&, Tick, CallOptions)> call;
  std::function<std::string(const Accepted&)> sentence;
  bool dated = false;   // sets `day` to today where it is not given
  bool leaves = false;  // can have its office leave Active: shows first what that brings about
};

Identity me(Context& context) { return context.identity({ActorKind::kSupervisor}, 1); }

#define PERMIT_CALL(Method, method)                                                      \
  [](SupervisorClient& supervisor, const object& given, Tick now, CallOptions options) { \
    check_message<protocol::SupervisorSession::Method##Params>(given, now);              \
    return supervisor.call(                                                              \
        [given, now](Supervisor& session) {                                              \
          auto request = session.method##Request();                                      \
          fill_request(request, given, now);                                             \
          return request;                                                                \
        },                                                                               \
        options);                                                                        \
  }

std::string application_is(const Accepted& accepted) {
  return fmt::format("Application {} is {}.", raw(accepted.case_id),
                     protocol::name_of(scheduler::LicenceState{accepted.state}));
}
std::string checked_is(const Accepted& accepted) {
  if (raw(accepted.case_id) != 0) return application_is(accepted);
  return fmt::format("It is recorded; the office's licence is {}.",
                     protocol::name_of(scheduler::LicenceState{accepted.state}));
}
std::string round_is(const Accepted& accepted) {
  return fmt::format("Round {} is {}.", raw(accepted.case_id),
                     protocol::name_of(scheduler::RoundState{accepted.state}));
}
std::string office_is(const Accepted& accepted) {
  return fmt::format("The office is {}.",
                     protocol::name_of(scheduler::OfficeState{accepted.state}));
}

constexpr Member kApplication{"--application", "application", "Number of the application"};
constexpr Member kRound{"--round", "round", "Number of the round"};
constexpr Member kNote{"--note", "note", "Why, in words; at most 79 bytes"};
constexpr Member kEvidence{"--evidence", "evidence", "What names the document; at most 23 bytes"};
constexpr Member kReference{"--reference", "reference", "Contract or receipt; at most 23 bytes"};

std::vector<Method> methods_of_rounds() {
  return {
      {{"set-rules", "Put a version of the licensing rules into force; rounds keep theirs.",
        "permitctl licence set-rules rules.json", "That it is kept, from its date on."},
       "rules",
       {kNote},
       PERMIT_CALL(SetLicenceRules, setLicenceRules),
       [](const Accepted&) { return std::string("The rules are set."); }},
      {{"want", "Say how many offices the city wants, from a moment on.",
        "permitctl licence want --count 50 --note \"for now\"", "That it is kept, with its date."},
       "",
       {{"--count", "count", "Offices, 0 to 9999", true},
        {"--from", "effectiveFrom", "From when; now if not given"},
        kNote},
       PERMIT_CALL(SetOfficesWanted, setOfficesWanted),
       [](const Accepted&) { return std::string("It is set."); }},
      {{"open", "Open a round with a number of places, or announce one.",
        "permitctl licence open --places 10 --closes +30d --label spring",
        "Number of the round. It offers at most what is wanted and not taken."},
       "",
       {{"--places", "places", "Offices to be licensed"},
        {"--opens", "opens", "From when it takes applications; now if not given"},
        {"--closes", "closes", "Until when"},
        {"--label", "label", "Its name; at most 39 bytes"},
        kNote},
       PERMIT_CALL(OpenRound, openRound),
       round_is},
      {{"close", "Take no more applications in a round before its own time.",
        "permitctl licence close --round 1",
        "Its state: checking while checks are outstanding, else exam or board."},
       "",
       {kRound, kNote},
       PERMIT_CALL(CloseRound, closeRound),
       round_is},
      {{"rank", "Rank a round once all its results are in: who is selected, who waits.",
        "permitctl licence rank --round 1",
        "That it is ranked: by exam and points together, then points, then order of receipt."},
       "",
       {kRound, kNote},
       PERMIT_CALL(RankRound, rankRound),
       round_is},
  };
}

std::vector<Method> methods_of_applications() {
  return {
      {{"apply", "File applications: a JSON object, or a list of them.",
        "permitctl licence apply applicants.json",
        "Number and state of each: ages, degrees and nationality are judged at once."},
       "application",
       {kNote},
       PERMIT_CALL(ApplyForLicence, applyForLicence),
       application_is,
       true},
      {{"check",
        "Record a check that needs evidence: criminalRecord, …; or the paper of age, degreeLevel",
        "permitctl licence check --application 3 --subject manager --check bankruptcy "
        "--passed true --evidence \"letter 112\"",
        "The application's state; it is judged when the last check is in. What is computed keeps\n"
        "  its result, which is to be given, and takes its paper at any time. Of an office from\n"
        "  before the rounds --office stands for --application: its new manager can act then."},
       "",
       {kApplication,
        {"--office", "office", "Code of an office from before the rounds, whose manager is new"},
        {"--subject", "subject", "licensee or manager", true},
        {"--check", "check", "Which check, as show lists them", true},
        {"--passed", "passed", "true or false: the verdict, always to be given", true},
        kEvidence,
        kNote},
       PERMIT_CALL(RecordLicenceCheck, recordLicenceCheck),
       checked_is},
      {{"exam", "Record the result of an exam.",
        "permitctl licence exam --application 3 --score 612 --evidence \"sheet 40\"",
        "The application's state."},
       "",
       {kApplication,
        {"--score", "score", "0 to the rules' most; of whoever sat it always to be given", true},
        {"--absent", "absent", "true: did not sit it"},
        kEvidence,
        kNote},
       PERMIT_CALL(RecordExamResult, recordExamResult),
       application_is},
      {{"board", "Record what the board found of an applicant's competence.",
        "permitctl licence board --application 3 --competent true --evidence \"minutes 7\"",
        "The application's state."},
       "",
       {kApplication,
        {"--competent", "competent", "true or false: the verdict, always to be given", true},
        kEvidence,
        kNote},
       PERMIT_CALL(RecordBoardFinding, recordBoardFinding),
       application_is},
      {{"withdraw", "Take an application back, or give up a place: the next one moves up.",
        "permitctl licence withdraw --application 3 --note \"moved away\"",
        "The application's state."},
       "",
       {kApplication, kNote},
       PERMIT_CALL(WithdrawApplication, withdrawApplication),
       application_is},
  };
}

std::vector<Method> methods_of_offices() {
  return {
      {{"venue", "Define a venue: the municipality's, or a licensee's own.",
        "permitctl licence venue --venue 36 --district 5 --label \"Mirdamad 12\"",
        "That it is known. A free municipal one goes to who has waited longest."},
       "venue",
       {{"--venue", "venue.venue", "Number of the venue"},
        {"--district", "venue.district", "1 to 31"},
        {"--kind", "venue.kind", "municipal or own"},
        {"--owner", "venue.owner", "Person whose own it is"},
        {"--office", "venue.office", "Office licensed before the rounds that sits there"},
        {"--in-service", "venue.inService", "false: it is given to nobody"},
        {"--label", "venue.label", "Its name; at most 39 bytes"},
        kNote},
       PERMIT_CALL(DefineVenue, defineVenue),
       [](const Accepted& accepted) {
         return std::string(accepted.state != 0 ? "It is known and held."
                                                : "It is known and free.");
       }},
      {{"rent", "Record the rent contract for a municipal venue.",
        "permitctl licence rent --application 3 --amount 50000000 --until +365d --reference C-12",
        "The licence's state."},
       "",
       {kApplication,
        {"--amount", "amountRial", "Rial a month"},
        {"--from", "from", "From when; now if not given. It counts from then on"},
        {"--until", "until", "Until when"},
        kReference,
        kNote},
       PERMIT_CALL(RecordRent, recordRent),
       application_is},
      {{"item", "Record that an item of the equipment is there.",
        "permitctl licence item --application 3 --item computers --reference R-9",
        "The licence's state; show tells what is still missing, and whose it is."},
       "",
       {kApplication,
        {"--item", "item", "Which, as show lists them", true},
        {"--done", "done", "false: it is not there (any more)"},
        kReference,
        kNote},
       PERMIT_CALL(RecordEquipment, recordEquipment),
       application_is},
      {{"equip", "Give a selected licence its office, which is equipped from now on.",
        "permitctl licence equip --application 3 --label \"Office Mirdamad\"",
        "The code of the office; 0 or none given: the district's next free serial."},
       "",
       {kApplication,
        {"--office", "office", "Code: district x 100 + serial"},
        {"--label", "label", "Its name; at most 39 bytes"},
        kNote},
       PERMIT_CALL(EquipOffice, equipOffice),
       [](const Accepted& accepted) {
         return fmt::format("Application {} is office {:04}, {}.", raw(accepted.case_id),
                            raw(accepted.job),
                            protocol::name_of(scheduler::LicenceState{accepted.state}));
       }},
      {{"renew", "Renew an office's licence: the persons are judged again.",
        "permitctl licence renew --office 501",
        "Until when it lasts. Of an office licensed before the rounds both persons are told in a "
        "file."},
       "",
       {{"--office", "office", "Code of the office"}, kNote},
       PERMIT_CALL(RenewLicence, renewLicence),
       [](const Accepted& accepted) {
         return fmt::format("The licence lasts until {}.", local_text(accepted.until));
       },
       true},
      {{"manager", "Suspend, restore, take out or replace an office's technical manager.",
        "permitctl licence manager --office 501 --change suspend --note \"under inquiry\"",
        "The office's state: without a manager who can act it is suspended. It says how many jobs\n"
        "  that concerns and asks first; --dry-run shows what becomes of them."},
       "",
       {{"--office", "office", "Code of the office"},
        {"--change", "change", "suspend, restore, leave or replace", true},
        {"--person", "person.person", "Replacement: number of the person"},
        {"--birth", "person.birthDay", "Replacement: date of birth"},
        {"--nationality", "person.nationality", "Replacement: iranian or other"},
        {"--degree", "person.degree", "Replacement: associate to doctorate"},
        {"--field", "person.field", "Replacement: field of study"},
        kNote},
       PERMIT_CALL(SetTechnicalManager, setTechnicalManager),
       office_is,
       true,
       true},
  };
}

#undef PERMIT_CALL

/// Sets "venue.owner" inside `given`.
void set_path(object& given, std::string_view path, const value& to) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    given[path] = to;
    return;
  }
  value& inner = given[path.substr(0, dot)];
  if (!inner.is_object()) inner = object{};
  set_path(inner.get_object(), path.substr(dot + 1), to);
}

array objects_of_file(const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream file(path);
    if (!file) throw UsageError(fmt::format("{} cannot be read", path));
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  boost::system::error_code fault;
  value parsed = boost::json::parse(text, fault);
  if (fault) throw UsageError(fmt::format("{} is not JSON: {}", path, fault.message()));
  if (parsed.is_object()) return {std::move(parsed)};
  if (!parsed.is_array()) throw UsageError(fmt::format("{} holds neither object nor list", path));
  return std::move(parsed.get_array());
}

struct Given {
  std::string file;
  std::map<const char*, std::string> options;  // by path
  bool dry_run = false;
};

std::vector<object> requests_of(const Method& method, const Given& given) {
  const std::string_view wrap = method.wrap;
  std::vector<object> requests;
  if (given.file.empty()) {
    requests.emplace_back();
  } else {
    for (value& one : objects_of_file(given.file)) {
      if (!one.is_object()) throw UsageError(fmt::format("{}: an entry is no object", given.file));
      requests.push_back(wrap.empty() ? one.get_object() : object{{wrap, one}});
    }
  }
  for (object& request : requests) {
    for (const auto& [path, text] : given.options) {
      if (!text.empty()) set_path(request, path, value(text));
    }
    if (!method.dated) continue;
    object& inside = wrap.empty() ? request : request[wrap].get_object();
    if (!inside.contains("day")) inside["day"] = "today";
  }
  return requests;
}

// What a moment that is not given means: now.
void add_now(object& request, std::string_view name) {
  for (const std::string_view member : {"effectiveFrom", "opens", "from"}) {
    const bool asked = (name == "want" && member == "effectiveFrom") ||
                       (name == "open" && member == "opens") ||
                       (name == "rent" && member == "from");
    if (asked && !request.contains(member)) request[member] = "now";
  }
  if (name == "set-rules" && request.contains("rules")) {
    object& rules = request["rules"].get_object();
    if (!rules.contains("effectiveFrom")) rules["effectiveFrom"] = "now";
  }
  if (name == "item" && !request.contains("done")) request["done"] = true;
}

bool holds(const object& request, std::string_view member) {
  const value* given = request.if_contains(member);
  return given != nullptr && !given->is_null();
}

bool says_absent(const object& request) {
  const value* absent = request.if_contains("absent");
  return absent != nullptr && (*absent == value(true) || *absent == value("true"));
}

/// Throws where a request leaves out what decides: an applicant must not fail by an omission.
void check_decided(const Method& method, const std::vector<object>& requests) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (const Member& member : method.members) {
      const bool is_needed =
          member.decides && !(member.path == std::string_view("score") && says_absent(requests[i]));
      if (!is_needed || holds(requests[i], member.path)) continue;
      const std::string entry = requests.size() == 1 ? "" : fmt::format("entry {}: ", i + 1);
      throw UsageError(fmt::format("{}{} ({}) is not given. {}", entry, member.option, member.path,
                                   member.help));
    }
  }
}

int run_many(Context& context, const Method& method, const std::vector<object>& requests,
             Tick now) {
  SupervisorClient supervisor(context.client(), me(context));
  array answers;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Answer answer = context.wait(method.call(supervisor, requests[i], now, {}));
    answers.push_back(to_json(answer));
    refused += answer ? 0 : 1;
    if (context.wants_json()) continue;
    fmt::print("{}: {}\n", i + 1, answer ? method.sentence(*answer) : answer.error().sentence);
  }
  if (context.wants_json()) {
    context.print(answers);
  } else {
    fmt::print("{} of {} done, {} refused.\n", requests.size() - refused, requests.size(), refused);
  }
  return refused == 0 ? kExitOk : kExitRefused;
}

/// What a request says of its office, where that can be told before it is sent.
OfficeId office_in(const object& request) {
  const value* office = request.if_contains("office");
  if (office == nullptr) return OfficeId{};
  if (office->is_string()) return office_option(std::string(office->get_string()), "--office");
  boost::system::error_code fault;
  const auto code = office->to_number<std::uint16_t>(fault);
  return fault ? OfficeId{} : OfficeId{code};  // the request itself says what is wrong with it
}

bool restores(const object& request) {
  const value* change = request.if_contains("change");
  return change != nullptr && change->is_string() &&
         protocol::is_same_name(std::string_view(change->get_string()), "restore");
}

/// Shows what it brings about that the offices leave Active, and asks; nothing: go on.
std::optional<int> ask_before(Context& context, const std::vector<object>& requests,
                              const Given& given) {
  SupervisorClient supervisor(context.client(), me(context));
  bool is_shown = false;
  for (const object& request : requests) {
    const OfficeId office = restores(request) ? OfficeId{} : office_in(request);
    const bool leaves = raw(office) != 0 && state_of_office(context, supervisor, office) ==
                                                scheduler::OfficeState::kActive;
    if (!leaves) continue;
    const OfficeLeaving leaving =
        preview_leaving(context, supervisor, office, scheduler::OfficeState::kSuspended);
    if (given.dry_run) {
      if (const int code = show_leaving(context, office, leaving); code != kExitOk) return code;
      is_shown = true;
      continue;
    }
    if (leaving.refused) return context.refuse(*leaving.refused);
    if (leaving.needs_question() && !context.confirm(leaving.preview)) return kExitRefused;
  }
  if (!given.dry_run) return std::nullopt;
  if (!is_shown && !context.wants_json())
    fmt::print("{} {}\n", homes_word(HomesWord::kNobodyLeaves, context.language()),
               homes_word(HomesWord::kNothingChanged, context.language()));
  return kExitOk;
}

int run_method(Context& context, const Method& method, const Given& given) {
  const Tick now = context.daemon_now();
  std::vector<object> requests = requests_of(method, given);
  for (object& request : requests) add_now(request, method.text.name);
  check_decided(method, requests);
  try {
    if (method.leaves) {
      if (const auto code = ask_before(context, requests, given)) return *code;
    }
    if (requests.size() != 1) return run_many(context, method, requests, now);
    SupervisorClient supervisor(context.client(), me(context));
    const Answer answer =
        context.wait(method.call(supervisor, requests[0], now, context.call_options()));
    return context.finish(answer, method.sentence);
  } catch (const FillError& fault) {
    throw UsageError(fault.what());
  }
}

void add_method(CLI::App& app, Context& context, Method from) {
  auto method = std::make_shared<Method>(std::move(from));
  auto given = std::make_shared<Given>();
  auto* command = add_command(app, method->text);
  for (const Member& member : method->members)
    command->add_option(member.option, given->options[member.path], member.help);
  if (method->leaves)
    command->add_flag("--dry-run", given->dry_run,
                      "Show what becomes of the office's cases and jobs and change nothing");
  command->add_option("FILE", given->file,
                      "JSON with one object or a list of them, named as in the schema; - is stdin");
  context.on(command, [&context, method, given] {
    const bool nothing = given->file.empty() &&
                         std::all_of(given->options.begin(), given->options.end(),
                                     [](const auto& option) { return option.second.empty(); });
    if (nothing) throw UsageError("nothing was given; --help shows an example");
    return run_method(context, *method, *given);
  });
}

// ---- activation ----

void add_activate(CLI::App& app, Context& context) {
  auto office = std::make_shared<std::string>();
  auto* command = add_command(
      app, {"activate", "Set an office active once manager, venue, rent and equipment are there.",
            "permitctl licence activate 0501", "That it is active, or the first thing missing."});
  command->add_option("OFFICE", *office, "Code of the office")->required();
  context.on(command, [&context, office] {
    SupervisorClient supervisor(context.client(), me(context));
    return context.finish(
        context.wait(supervisor.set_office_state(
            office_option(*office, "OFFICE"), scheduler::OfficeState::kActive,
            scheduler::Reason::kNone, "", {}, context.call_options())),
        [&](const Accepted&) { return fmt::format("Office {} is active.", *office); });
  });
}

}  // namespace

void add_licence_command(CLI::App& app, Context& context) {
  auto* licence = app.add_subcommand(
      "licence", "Licences of offices: rounds, applications, venues, and what an office needs");
  licence->require_subcommand(1);
  for (auto& methods : {methods_of_rounds(), methods_of_applications(), methods_of_offices()}) {
    for (const Method& method : methods) add_method(*licence, context, method);
  }
  add_activate(*licence, context);
  add_licence_reads(*licence, context);
}

}  // namespace permitd::cli
