#include "cli/context.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "cli/json_text.h"
#include "cli/local_time.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;

/// How long to look for a daemon before saying that there is none.
constexpr kj::Duration kConnectPatience = 2 * kj::SECONDS;
constexpr const char* kServerVariable = "PERMITD_SERVER";

/// Whom a certificate names: "office-17" is office:17.
std::optional<Identity> identity_of_certificate(const std::string& path) {
  std::string name = protocol::common_name_of_file(path);
  const auto dash = name.find('-');
  if (dash == std::string::npos) return std::nullopt;
  name[dash] = ':';
  return parse_identity(name);
}

/// What a failed TLS connection asks for is another than a missing daemon does.
constexpr std::string_view kTlsMark = "TLS: ";

int report(const kj::Exception& exception, const std::string& where) {
  auto what = std::string(exception.getDescription().cStr());
  switch (failure_of(exception)) {
    case Failure::kCannotConnect:
      if (const auto mark = what.find(kTlsMark); mark != std::string::npos) {
        fmt::print(stderr,
                   "permitctl: no connection to {}: {}.\n"
                   "Look at the certificate with permitctl pki list DIR; a daemon that refuses it "
                   "says why in its log.\n",
                   where, what.substr(mark + kTlsMark.size()));
        return kExitCannotConnect;
      }
      fmt::print(stderr,
                 "permitctl: cannot reach the daemon at {} ({}).\n"
                 "Is permitd running? Start it, or say where it is with --socket PATH or --server "
                 "tls://HOST:PORT.\n",
                 where, what);
      return kExitCannotConnect;
    case Failure::kTimedOut:
      fmt::print(stderr,
                 "permitctl: no answer from {} in time. The call may have been carried out: look, "
                 "or repeat it "
                 "(with the same --key it is done once). --timeout waits longer.\n",
                 where);
      return kExitTimedOut;
    case Failure::kNotPermitted:
      fmt::print(stderr, "permitctl: refused: {}\n", what);
      return kExitRefused;
    case Failure::kBug:
      fmt::print(stderr,
                 "permitctl: unexpected failure: {}\nThis is a fault of permitctl or permitd; "
                 "please report it.\n",
                 what);
      return kExitBug;
  }
  return kExitBug;
}

}  // namespace

std::optional<Identity> parse_identity(std::string_view text) {
  auto colon = text.find(':');
  auto kind = protocol::parse_name<scheduler::ActorKind>(text.substr(0, colon));
  if (!kind || *kind == scheduler::ActorKind::kEngine || colon == std::string_view::npos)
    return std::nullopt;
  auto digits = text.substr(colon + 1);
  auto districts = protocol::kWholeCity;
  if (const auto at = digits.find('@'); at != std::string_view::npos) {
    const bool may_have =
        *kind == scheduler::ActorKind::kSupervisor || *kind == scheduler::ActorKind::kAuditor;
    const auto named = protocol::parse_districts(digits.substr(at + 1));
    if (!named || !may_have) return std::nullopt;
    districts = *named;
    digits = digits.substr(0, at);
  }
  std::uint32_t id = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  bool is_number = error == std::errc{} && end == digits.data() + digits.size() && id > 0;
  if (!is_number || (*kind == scheduler::ActorKind::kOffice && id > 9999)) return std::nullopt;
  return Identity{*kind, id, districts};
}

void Context::on(CLI::App* command, std::function<int()> action) {
  command->callback([this, action = std::move(action)] { action_ = action; });
}

int Context::run() {
  std::string where = "its address";
  try {
    if (!action_) return kExitUsage;
    if (globals.csv && globals.json)
      throw UsageError("--csv and --json exclude each other; choose one.");
    return action_();
  } catch (const kj::Exception& exception) {
    if (connection_) where = connection_->client().where();
    return report(exception, where);
  } catch (const UsageError& error) {
    fmt::print(stderr, "permitctl: {}\n", error.what());
    return kExitUsage;
  }
}

Address Context::address() const {
  if (!globals.socket.empty()) return {.socket_path = globals.socket, .host_port = {}};
  std::string server = globals.server;
  if (const char* given = std::getenv(kServerVariable); server.empty() && given != nullptr)
    server = given;
  if (server.empty()) return default_address();
  auto address = parse_server(server, completed(globals.tls));
  if (!address) throw UsageError("--server " + address.error());
  return *address;
}

BlockingClient& Context::connection() {
  if (connection_) return *connection_;
  auto seconds = parse_duration_seconds(globals.timeout);
  if (!seconds || *seconds == 0)
    throw UsageError("--timeout must be a number with its unit: 30s, 5m, 1h.");
  ClientOptions options;
  options.name = "permitctl";
  options.call_deadline = *seconds * kj::SECONDS;
  options.connect_deadline = std::min(options.call_deadline, kConnectPatience);
  connection_ = std::make_unique<BlockingClient>(address(), options);
  return *connection_;
}

Identity Context::identity(std::initializer_list<scheduler::ActorKind> kinds,
                           std::uint32_t fallback) const {
  if (globals.as.empty()) {
    const Address where = address();
    const auto shown =
        where.is_tls() ? identity_of_certificate(where.tls.certificate) : std::optional<Identity>();
    const bool fits = shown && std::find(kinds.begin(), kinds.end(), shown->kind) != kinds.end();
    return fits ? *shown : Identity{*kinds.begin(), fallback};
  }
  auto identity = parse_identity(globals.as);
  if (!identity) {
    throw UsageError(fmt::format(
        "--as {}: it must be office:CODE, expert:ID, supervisor:N, operator:N or auditor:N; a "
        "supervisor or auditor of districts is supervisor:N@5,7-9.",
        globals.as));
  }
  if (std::find(kinds.begin(), kinds.end(), identity->kind) == kinds.end()) {
    std::string allowed;
    for (auto kind : kinds)
      allowed += (allowed.empty() ? "" : " or ") + std::string(protocol::name_of(kind));
    throw UsageError(fmt::format("--as {}: this command is done by {}.", globals.as, allowed));
  }
  return *identity;
}

CallOptions Context::call_options() const {
  CallOptions options;
  if (!globals.key.empty()) options.key = content_key(globals.key);
  return options;
}

int Context::finish(const Answer& answer,
                    const std::function<std::string(const Accepted&)>& sentence) {
  if (!answer) return refuse(answer.error());
  if (globals.json) {
    print(to_json(answer));
  } else {
    fmt::print("{}{}\n", sentence(*answer),
               answer->repeated ? " (already done with this key)" : "");
  }
  return kExitOk;
}

std::string Context::sentence_of(const Refused& refused) const {
  if (language() == protocol::Language::kEnglish) return refused.sentence;
  scheduler::Outcome outcome;
  outcome.refusal = refused.code;
  outcome.field = refused.field;
  outcome.filter = refused.filter;
  outcome.state = refused.state;
  outcome.until.ms = refused.rule;
  outcome.row = refused.rule;
  outcome.member = refused.member;
  return protocol::refusal_sentence(outcome, refused.command, language());
}

int Context::refuse(const Refused& refused) {
  if (globals.json) print(json::object{{"refused", to_json(refused)}});
  auto about = refused.field_name.empty() ? refused.code_name
                                          : refused.code_name + ", " + refused.field_name;
  if (language() == protocol::Language::kPersian)
    fmt::print(stderr, "permitctl: رد شد (\u2066{}\u2069): {}\n", about, sentence_of(refused));
  else
    fmt::print(stderr, "permitctl: refused ({}): {}\n", about, sentence_of(refused));
  return kExitRefused;
}

void Context::print(const json::value& document) { fmt::print("{}", pretty(document)); }

void Context::print(const Table& table, const json::value& document) {
  if (globals.json)
    print(document);
  else
    fmt::print("{}", globals.csv ? table.csv() : table.aligned());
}

bool Context::confirm(const std::string& question) {
  if (globals.yes) return true;
  const bool is_persian = language() == protocol::Language::kPersian;
  if (isatty(STDIN_FILENO) == 0) {
    throw UsageError(question +
                     (is_persian
                          ? "\nچیزی تغییر نکرد: برای انجام بدون پرسش \u2066--yes\u2069 را بیفزایید."
                          : "\nNothing was changed: say --yes to do it without being asked."));
  }
  fmt::print(stderr, "{} {} ", question,
             is_persian ? "برای انجام آن \u2066yes\u2069 بنویسید:" : "Type yes to do it:");
  std::string line;
  std::getline(std::cin, line);
  if (line == "yes") return true;
  fmt::print(stderr, "{}\n", is_persian ? "چیزی تغییر نکرد." : "Nothing was changed.");
  return false;
}

Tick Context::daemon_now() { return wait(client().greeting()).now; }

Tick Context::moment(const std::string& text, std::string_view option) {
  bool is_relative = text == "now" || text.starts_with('+') || text.starts_with('-');
  auto at = parse_moment(text, is_relative ? daemon_now() : Tick{});
  if (!at) {
    throw UsageError(
        fmt::format("{} {}: it must be 2025-03-21, \"2025-03-21 07:30\", now, never, or a distance "
                    "from now like +90m, +2h, +3d.",
                    option, text));
  }
  return *at;
}

json::value to_json(const Refused& refused) {
  return json::object{
      {"code", static_cast<unsigned>(refused.code)},
      {"field", static_cast<unsigned>(refused.field)},
      {"filter", protocol::name_of(refused.filter)},
      {"state", refused.state},
      {"codeName", refused.code_name},
      {"fieldName", refused.field_name},
      {"rule", refused.rule},
      {"memberName", refused.member_name},
      {"sentence", refused.sentence},
  };
}

json::value to_json(const Answer& answer) {
  if (!answer) return json::object{{"refused", to_json(answer.error())}};
  const auto& accepted = *answer;
  auto until =
      accepted.until == scheduler::kNever ? json::value(nullptr) : json::value(accepted.until.ms);
  return json::object{{"accepted", json::object{
                                       {"op", raw(accepted.op)},
                                       {"caseId", raw(accepted.case_id)},
                                       {"job", raw(accepted.job)},
                                       {"token", raw(accepted.token)},
                                       {"until", until},
                                       {"expert", raw(accepted.expert)},
                                       {"state", accepted.state},
                                       {"repeated", accepted.repeated},
                                   }}};
}

}  // namespace permitd::cli
