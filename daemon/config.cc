#include "daemon/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pwd.h>
#include <sys/un.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>

#include "daemon/config_table.h"

namespace permitd::daemon {

namespace {

std::unexpected<Error> wrong(std::string act, std::string remedy = {}) {
  return std::unexpected(Error{ErrorCode::kConfiguration, 0, std::move(act), std::move(remedy)});
}

template <class Number>
bool take_number(std::string_view& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// Exactly `digits` digits; from_chars alone would take a sign or fewer.
bool take_digits(std::string_view& text, std::size_t digits, int& out) {
  if (text.size() < digits) return false;
  const std::string_view field = text.substr(0, digits);
  if (!std::ranges::all_of(field, [](char c) { return c >= '0' && c <= '9'; })) return false;
  std::from_chars(field.data(), field.data() + digits, out);
  text.remove_prefix(digits);
  return true;
}

/// "T07:30", "T07:30:15", then "", "Z" or "+03:30"; milliseconds since midnight UTC.
bool take_time(std::string_view& text, std::int64_t& ms) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!take_digits(text, 2, hour) || !take(text, ':') || !take_digits(text, 2, minute))
    return false;
  if (take(text, ':') && !take_digits(text, 2, second)) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  ms = ((hour * 60 + minute) * 60 + second) * std::int64_t{1000};
  if (text.empty() || take(text, 'Z')) return true;
  const bool east = text.front() == '+';
  if (!take(text, '+') && !take(text, '-')) return false;
  int offset_hour = 0;
  int offset_minute = 0;
  if (!take_digits(text, 2, offset_hour) || !take(text, ':') ||
      !take_digits(text, 2, offset_minute))
    return false;
  if (offset_hour > 14 || offset_minute > 59) return false;
  const std::int64_t offset = (offset_hour * 60 + offset_minute) * scheduler::kMsPerMinute;
  ms += east ? -offset : offset;
  return true;
}

/// Reads one file over a Config and gathers everything that is wrong with it.
class Reading {
 public:
  Reading(Config& config, std::string_view name) : config_(config), name_(name) {}

  void read_table(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string full = prefix + std::string(key.str());
      if (full == "access") {
        read_access(node);
      } else if (const toml::table* inner = node.as_table();
                 inner != nullptr && is_table_name(full)) {
        read_table(*inner, full + ".");
      } else {
        read_setting(full, key.source().begin.line, node);
      }
    }
  }

  Expected<void> result() const {
    if (faults_.empty()) return {};
    return wrong(fmt::format("{}", fmt::join(faults_, "\n  ")));
  }

 private:
  static bool is_table_name(const std::string& name) {
    return std::ranges::any_of(settings(),
                               [&](const Setting& s) { return s.key.starts_with(name + "."); });
  }

  void fault(std::uint32_t line, std::string what) {
    faults_.push_back(line == 0 ? fmt::format("{}: {}", name_, what)
                                : fmt::format("{}:{}: {}", name_, line, what));
  }
  void fault(const toml::node& node, std::string what) {
    fault(node.source().begin.line, std::move(what));
  }

  void read_setting(const std::string& key, std::uint32_t line, const toml::node& node) {
    const Setting* setting = find_setting(key);
    if (setting == nullptr) {
      const std::string_view near = nearest_key(key);
      fault(line, near.empty()
                      ? fmt::format("there is no setting {}", key)
                      : fmt::format("there is no setting {}; did you mean {}?", key, near));
      return;
    }
    if (setting->kind == SettingKind::kText) {
      if (const auto value = node.value_exact<std::string>()) {
        setting->text(config_) = *value;
      } else {
        fault(line, fmt::format("{} wants a string in quotes", key));
      }
      return;
    }
    const std::optional<std::uint64_t> value = number_of(*setting, node);
    if (!value) {
      fault(line, fmt::format("{} = {} is not possible; allowed: {}. {}", key, written(node),
                              allowed_values(*setting), setting->what));
      return;
    }
    setting->set(config_, *value);
  }

  static std::string written(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return fmt::format("\"{}\"", *text);
    if (const auto number = node.value_exact<std::int64_t>()) return fmt::format("{}", *number);
    if (const auto real = node.value_exact<double>()) return fmt::format("{}", *real);
    if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
    return "(a table, list or date)";
  }

  /// The value as the table's number, or nothing when its type or range is wrong.
  static std::optional<std::uint64_t> number_of(const Setting& setting, const toml::node& node) {
    switch (setting.kind) {
      case SettingKind::kCount:
        return in_range(setting, node.value_exact<std::int64_t>());
      case SettingKind::kSize: {
        if (const auto text = node.value_exact<std::string>()) {
          const auto size = parse_size(*text);
          if (!size || *size > INT64_MAX) return std::nullopt;
          return in_range(setting, static_cast<std::int64_t>(*size));
        }
        return in_range(setting, node.value_exact<std::int64_t>());
      }
      case SettingKind::kBool:
        if (const auto value = node.value_exact<bool>()) return *value ? 1 : 0;
        return std::nullopt;
      case SettingKind::kMode:
        return mode_of(setting, node);
      case SettingKind::kChoice:
        return choice_of(setting, node);
      case SettingKind::kMoment: {
        const auto text = node.value_exact<std::string>();
        if (!text) return std::nullopt;
        const auto moment = parse_moment(*text);
        if (!moment || moment->ms < 0) return std::nullopt;
        return static_cast<std::uint64_t>(moment->ms);
      }
      case SettingKind::kText:
        break;
    }
    return std::nullopt;
  }

  static std::optional<std::uint64_t> in_range(const Setting& setting,
                                               std::optional<std::int64_t> value) {
    if (!value || *value < 0) return std::nullopt;
    const auto number = static_cast<std::uint64_t>(*value);
    if (number < setting.min || number > setting.max) return std::nullopt;
    return number;
  }

  static std::optional<std::uint64_t> mode_of(const Setting& setting, const toml::node& node) {
    const auto text = node.value_exact<std::string>();
    if (!text || text->empty()) return std::nullopt;
    std::uint64_t mode = 0;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, mode, 8);
    if (error != std::errc{} || stop != end || mode > setting.max) return std::nullopt;
    return mode;
  }

  static std::optional<std::uint64_t> choice_of(const Setting& setting, const toml::node& node) {
    const auto text = node.value_exact<std::string>();
    if (!text) return std::nullopt;
    std::uint64_t position = 0;
    for (std::string_view rest = setting.choices;; ++position) {
      const auto word = rest.substr(0, rest.find('|'));
      if (word == *text) return position;
      if (word.size() == rest.size()) return std::nullopt;
      rest.remove_prefix(word.size() + 1);
    }
  }

  void read_access(const toml::node& node) {
    const toml::array* rules = node.as_array();
    if (rules == nullptr) return fault(node, "access is a list of tables: write [[access]]");
    for (const toml::node& entry : *rules) {
      const toml::table* table = entry.as_table();
      if (table == nullptr) {
        fault(entry, "access is a list of tables: write [[access]]");
        continue;
      }
      read_access_rule(*table);
    }
  }

  void read_access_rule(const toml::table& table) {
    struct List {
      std::string_view name;
      std::vector<NumberRange> AccessRule::*ranges;
    };
    static constexpr List kLists[] = {{"offices", &AccessRule::offices},
                                      {"experts", &AccessRule::experts},
                                      {"supervisors", &AccessRule::supervisors},
                                      {"operators", &AccessRule::operators},
                                      {"auditors", &AccessRule::auditors}};
    static constexpr std::string_view kWords[] = {
        "uid", "offices", "experts", "supervisors", "operators", "auditors", "districts"};
    AccessRule rule;
    bool has_uid = false;
    for (const auto& [key, node] : table) {
      const std::string_view name = key.str();
      const auto* list = std::ranges::find(kLists, name, &List::name);
      if (name == "uid") {
        has_uid = read_uid(node, rule);
      } else if (name == "districts") {
        read_districts(node, rule);
      } else if (list != std::end(kLists)) {
        read_ranges(name, node, rule.*(list->ranges));
      } else {
        const std::string_view near = nearest_word(name, kWords);
        fault(key.source().begin.line,
              fmt::format("an [[access]] table has no {}{}", name,
                          near.empty() ? std::string() : fmt::format("; did you mean {}?", near)));
      }
    }
    if (!has_uid)
      return fault(table, "an [[access]] table needs uid = a number, a user name or \"*\"");
    config_.access.push_back(std::move(rule));
  }

  /// Numbers and ranges of districts. An empty list would be the whole city to some and nothing to
  /// others.
  void read_districts(const toml::node& node, AccessRule& rule) {
    std::vector<NumberRange> ranges;
    read_ranges("districts", node, ranges);
    rule.districts = 0;
    for (const NumberRange range : ranges) {
      for (std::uint32_t district = range.first; district <= range.last; ++district) {
        if (district >= scheduler::kDistrictCount)
          return fault(node, fmt::format("districts: the last one is {}; leave the line out for "
                                         "the whole city",
                                         scheduler::kDistrictCount - 1));
        rule.districts |= protocol::DistrictSet{1} << district;
      }
    }
    if (ranges.empty()) fault(node, "districts: name at least one");
  }

  bool read_uid(const toml::node& node, AccessRule& rule) {
    if (const auto number = node.value_exact<std::int64_t>();
        number && *number >= 0 && *number < UINT32_MAX) {
      rule.uid = static_cast<std::uint32_t>(*number);
      return true;
    }
    const auto name = node.value_exact<std::string>();
    if (!name) return false;
    if (*name == "*") {
      rule.every_user = true;
      return true;
    }
    const passwd* user = getpwnam(name->c_str());
    if (user == nullptr) {
      fault(node, fmt::format("there is no user {} on this machine", *name));
      return true;  // said already
    }
    rule.uid = user->pw_uid;
    return true;
  }

  void read_ranges(std::string_view name, const toml::node& node, std::vector<NumberRange>& out) {
    const auto one = [&](const toml::node& entry) {
      const auto range = range_of(entry);
      if (range) {
        out.push_back(*range);
      } else {
        fault(entry, fmt::format("{}: {} is not a number, a range such as \"101-112\", or \"*\"",
                                 name, written(entry)));
      }
    };
    if (const toml::array* list = node.as_array()) {
      for (const toml::node& entry : *list) one(entry);
    } else {
      one(node);
    }
  }

  static std::optional<NumberRange> range_of(const toml::node& node) {
    if (const auto number = node.value_exact<std::int64_t>()) {
      if (*number < 1 || *number > UINT32_MAX) return std::nullopt;
      return NumberRange{static_cast<std::uint32_t>(*number), static_cast<std::uint32_t>(*number)};
    }
    const auto text = node.value_exact<std::string>();
    if (!text) return std::nullopt;
    if (*text == "*") return NumberRange{1, UINT32_MAX};
    std::string_view rest = *text;
    NumberRange range;
    if (!take_number(rest, range.first) || range.first == 0) return std::nullopt;
    range.last = range.first;
    if (!rest.empty() && (!take(rest, '-') || !take_number(rest, range.last))) return std::nullopt;
    if (!rest.empty() || range.last < range.first) return std::nullopt;
    return range;
  }

  Config& config_;
  std::string_view name_;
  std::vector<std::string> faults_;
};

Expected<void> check_address(std::string_view key, const std::string& address) {
  if (address.empty()) return {};
  const auto colon = address.rfind(':');
  unsigned port = 0;
  if (colon != std::string::npos && colon > 0) {
    std::string_view rest = std::string_view(address).substr(colon + 1);
    if (take_number(rest, port) && rest.empty() && port <= 65'535) return {};
  }
  return wrong(fmt::format("{} = \"{}\" is not an address with a port", key, address),
               "Write it as 127.0.0.1:7711 or [::1]:7711");
}

/// TCP proves no identity, so beyond this machine it would let nobody in and say so late.
Expected<void> check_plain_tcp(const std::string& address) {
  if (auto ok = check_address("listen.tcp", address); !ok) return ok;
  if (address.empty() || address.starts_with("127.") || address.starts_with("[::1]:")) return {};
  return wrong(fmt::format("listen.tcp = \"{}\" is not an address of this machine alone", address),
               "Plain TCP proves nobody's identity: listen at 127.0.0.1 or [::1], and set "
               "listen.tls for other machines");
}

Expected<void> check_tls(const Config& config) {
  if (auto ok = check_address("listen.tls", config.listen.tls_address); !ok) return ok;
  const std::pair<std::string_view, const std::string*> files[] = {
      {"tls.certificate", &config.tls.certificate},
      {"tls.key", &config.tls.key},
      {"tls.authority", &config.tls.authority}};
  for (const auto& [key, path] : files) {
    if (config.listen.tls_address.empty() && !path->empty()) {
      return wrong(fmt::format("{} is set, but listen.tls is not", key),
                   "Set listen.tls to the address for other machines, or leave the tls keys out");
    }
    if (!config.listen.tls_address.empty() && path->empty()) {
      return wrong(fmt::format("listen.tls is set, but {} is not", key),
                   "Name the PEM file; permitctl pki init DIR makes some to try with");
    }
  }
  return {};
}

Expected<void> check_limits(const scheduler::Limits& limits) {
  if (limits.jobs_max < limits.cases_max) {
    return wrong(fmt::format("limits.jobs_max = {} is less than limits.cases_max = {}",
                             limits.jobs_max, limits.cases_max),
                 "Every open case has at least one job");
  }
  return {};
}

}  // namespace

Expected<void> apply_toml(Config& config, std::string_view text, std::string_view name) {
  try {
    const toml::table table = toml::parse(text, name);
    Reading reading(config, name);
    reading.read_table(table, "");
    return reading.result();
  } catch (const toml::parse_error& error) {
    return wrong(fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
  }
}

Expected<void> apply_toml_file(Config& config, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return std::unexpected(
        Error{ErrorCode::kConfiguration, errno, fmt::format("open {}", path),
              "Name the file with --config, or leave it out to run on defaults"});
  }
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return apply_toml(config, text, path);
}

Expected<void> apply_assignment(Config& config, std::string_view assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return wrong(fmt::format("--set {} has no value", assignment),
                 "Write it as --set limits.jobs_max=2000000");
  }
  const std::string key(assignment.substr(0, equals));
  const std::string_view value = assignment.substr(equals + 1);
  const Setting* setting = find_setting(key);
  const bool is_quoted = value.starts_with('"');
  const bool is_text = setting != nullptr && setting->kind != SettingKind::kCount &&
                       setting->kind != SettingKind::kBool;
  const bool is_number =
      !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  const bool as_is = is_quoted || !is_text || (setting->kind == SettingKind::kSize && is_number);
  return apply_toml(
      config, as_is ? fmt::format("{} = {}", key, value) : fmt::format("{} = \"{}\"", key, value),
      "--set");
}

Expected<void> check_config(const Config& config) {
  if (config.data_directory.empty())
    return wrong("data_directory is empty", "Name a directory that the daemon may write");
  if (config.listen.socket_path.size() >= sizeof(sockaddr_un::sun_path)) {
    return wrong(fmt::format("listen.socket is {} bytes long; the kernel allows {}",
                             config.listen.socket_path.size(), sizeof(sockaddr_un::sun_path) - 1));
  }
  if (config.listen.socket_path.empty() && config.listen.tcp_address.empty() &&
      config.listen.tls_address.empty()) {
    return wrong("none of listen.socket, listen.tcp and listen.tls is set",
                 "Nobody could reach the daemon; set one of them");
  }
  if (auto ok = check_plain_tcp(config.listen.tcp_address); !ok) return ok;
  if (auto ok = check_tls(config); !ok) return ok;
  if (auto ok = check_address("listen.http", config.listen.http_address); !ok) return ok;
  if (config.journal.segment_size % 4096 != 0) {
    return wrong(fmt::format("journal.segment_size = {} is not a multiple of 4 KiB",
                             config.journal.segment_size),
                 "The journal writes whole blocks past the page cache");
  }
  if (!config.clock.rehearsal && config.clock.start.ms != 0) {
    return wrong("clock.start is set without clock.rehearsal",
                 "Real time begins by itself; set clock.rehearsal = true");
  }
  return check_limits(config.limits);
}

Expected<scheduler::Tick> parse_moment(std::string_view text) {
  using namespace std::chrono;
  std::string_view rest = text;
  int year_number = 0;
  int month_number = 0;
  int day_number = 0;
  std::int64_t ms = 0;
  const bool has_date = take_digits(rest, 4, year_number) && take(rest, '-') &&
                        take_digits(rest, 2, month_number) && take(rest, '-') &&
                        take_digits(rest, 2, day_number);
  const year_month_day date{year{year_number}, month{static_cast<unsigned>(month_number)},
                            day{static_cast<unsigned>(day_number)}};
  const bool has_time = has_date && (take(rest, 'T') || take(rest, ' '));
  if (!has_date || !date.ok() || (has_time && !take_time(rest, ms)) || !rest.empty()) {
    return wrong(fmt::format("\"{}\" is not a moment", text),
                 "Write it as 2019-12-22, 2019-12-22T07:30Z or 2019-12-22T07:30+03:30");
  }
  return scheduler::Tick{duration_cast<milliseconds>(sys_days{date}.time_since_epoch()).count() +
                         ms};
}

Expected<std::uint64_t> parse_size(std::string_view text) {
  struct Unit {
    std::string_view name;
    int shift;
  };
  static constexpr Unit kUnits[] = {{"", 0},     {"B", 0},    {"KiB", 10},
                                    {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  std::string_view rest = text;
  std::uint64_t number = 0;
  const bool has_digit = !rest.empty() && rest.front() >= '0' && rest.front() <= '9';
  if (has_digit && take_number(rest, number)) {
    take(rest, ' ');
    const auto* unit = std::ranges::find(kUnits, rest, &Unit::name);
    if (unit != std::end(kUnits) && number <= (UINT64_MAX >> unit->shift))
      return number << unit->shift;
  }
  return wrong(fmt::format("\"{}\" is not a size", text),
               "Write it as 4096, 64 KiB, 256 MiB or 2 GiB");
}

bool allows(const AccessRule& rule, std::uint32_t uid, std::vector<NumberRange> AccessRule::*list,
            std::uint32_t number) {
  if (!rule.every_user && rule.uid != uid) return false;
  return std::ranges::any_of(rule.*list,
                             [&](NumberRange r) { return r.first <= number && number <= r.last; });
}

}  // namespace permitd::daemon
