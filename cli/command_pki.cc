// pki init, pki issue, pki list: certificates to try TLS with. No daemon is spoken to.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/pki.h"
#include "cli/table.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;

constexpr std::int64_t kAuthorityDays = 365;
constexpr const char* kServerName = "server";

struct PkiOptions {
  std::string directory;
  std::string name;
  std::int64_t days = 7;
  std::vector<std::string> hosts;
};

std::string day_text(std::int64_t seconds) {
  return fmt::format("{:%F %T} UTC", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

json::object issued_json(const IssuedCertificate& issued) {
  return {{"name", issued.name},
          {"path", issued.path},
          {"use", issued.is_authority ? "authority"
                  : issued.is_server  ? "server"
                                      : "client"},
          {"notAfter", issued.not_after * 1000},
          {"expired", issued.not_after <= ::time(nullptr)}};
}

int fail(const PkiError& error) {
  fmt::print(stderr, "permitctl: {}\n", error);
  return kExitUsage;
}

/// The name as the daemon reads it: office-0101 is office-101.
std::string identity_name(const std::string& text) {
  std::string name = text;
  if (const auto dash = name.find('-'); dash != std::string::npos) name[dash] = ':';
  const auto identity = parse_identity(name);
  if (!identity) {
    throw UsageError(
        fmt::format("NAME {}: it must be office-CODE, expert-ID, supervisor-N, operator-N, "
                    "auditor-N, for districts supervisor-N@5,7-9 or auditor-N@5,7-9, or {} for the "
                    "daemon itself.",
                    text, kServerName));
  }
  const std::string districts = protocol::districts_text(identity->districts);
  return fmt::format("{}-{}{}{}", text.substr(0, text.find('-')), identity->id,
                     districts.empty() ? "" : "@", districts);
}

std::vector<std::string> hosts_or_local(const std::vector<std::string>& hosts) {
  if (!hosts.empty()) return hosts;
  return {"localhost", "127.0.0.1", "::1"};
}

int issue(Context& context, const PkiOptions& options, bool is_server) {
  CertificateOrder order;
  order.name = is_server ? kServerName : identity_name(options.name);
  if (is_server) order.hosts = hosts_or_local(options.hosts);
  if (!is_server && !options.hosts.empty())
    throw UsageError("--host is for the certificate of the server.");
  order.validity = validity_of_days(options.days);
  auto issued = issue_certificate(options.directory, order);
  if (!issued) return fail(issued.error());
  if (context.wants_json()) {
    context.print(issued_json(*issued));
  } else {
    fmt::print("{} is {} until {}; its key is beside it.\n", issued->path, issued->name,
               day_text(issued->not_after));
  }
  return kExitOk;
}

int init(Context& context, const PkiOptions& options) {
  if (auto made = make_authority(options.directory, validity_of_days(kAuthorityDays)); !made)
    return fail(made.error());
  return issue(context, options, true);
}

int list(Context& context, const PkiOptions& options) {
  auto found = list_certificates(options.directory);
  if (!found) return fail(found.error());
  Table table({{"name"}, {"use"}, {"until"}, {"file"}});
  json::array rows;
  for (const IssuedCertificate& issued : *found) {
    const json::object row = issued_json(issued);
    table.add({issued.name, std::string(row.at("use").as_string()),
               day_text(issued.not_after) + (row.at("expired").as_bool() ? " EXPIRED" : ""),
               issued.path});
    rows.push_back(row);
  }
  context.print(table, json::object{{"certificates", rows}});
  return kExitOk;
}

void add_directory(CLI::App* command, PkiOptions& options) {
  command->add_option("DIR", options.directory, "Directory of the authority")->required();
}

void add_days(CLI::App* command, PkiOptions& options) {
  command->add_option("--days", options.days, "Days the certificate is good for")
      ->capture_default_str()
      ->check(CLI::Range(1, 3650));
}

void add_hosts(CLI::App* command, PkiOptions& options) {
  command->add_option(
      "--host", options.hosts,
      "Name or address under which clients reach the daemon, any number [localhost]");
}

}  // namespace

void add_pki_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<PkiOptions>();
  auto* pki = app.add_subcommand(
      "pki", "A small authority of your own, to try TLS between machines: permitctl pki --help.");
  pki->require_subcommand(1);
  pki->fallthrough();
  auto* make = add_command(
      *pki, {"init", "Makes an authority and the daemon's certificate.",
             "permitctl pki init pki --host permitd.example.org",
             "DIR/authority.pem and server.pem, each with its .key, readable by you alone."});
  add_directory(make, *options);
  add_hosts(make, *options);
  add_days(make, *options);
  context.on(make, [&context, options] { return init(context, *options); });

  auto* give =
      add_command(*pki, {"issue", "Makes a certificate that lets its holder be NAME.",
                         "permitctl pki issue pki office-0101 --days 7",
                         "DIR/NAME.pem and NAME.key. Short-lived on purpose: issue it anew "
                         "before it ends; the name server renews the daemon's."});
  add_directory(give, *options);
  give->add_option("NAME", options->name,
                   "office-0101, expert-17, supervisor-1, supervisor-31@5, … or server")
      ->required();
  add_days(give, *options);
  add_hosts(give, *options);
  context.on(
      give, [&context, options] { return issue(context, *options, options->name == kServerName); });

  auto* show = add_command(*pki, {"list", "Lists the certificates of an authority.",
                                  "permitctl pki list pki", "Name, use, end and file of each."});
  add_directory(show, *options);
  context.on(show, [&context, options] { return list(context, *options); });
}

}  // namespace permitd::cli
