#include "daemon/config_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace permitd::daemon {

namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

/// `Field` is a lambda that gives the field of a Config, so that one line describes a setting
/// whole.
template <auto Field>
constexpr Setting numeric(SettingKind kind, std::string_view key, std::uint64_t min,
                          std::uint64_t max, std::string_view what) {
  Setting setting{key, kind, min, max, {}, what};
  setting.get = [](const Config& config) { return static_cast<std::uint64_t>(Field(config)); };
  setting.set = [](Config& config, std::uint64_t value) {
    auto& field = Field(config);
    field = static_cast<std::remove_reference_t<decltype(field)>>(value);
  };
  return setting;
}

template <auto Field>
constexpr Setting count(std::string_view key, std::uint64_t min, std::uint64_t max,
                        std::string_view what) {
  return numeric<Field>(SettingKind::kCount, key, min, max, what);
}

template <auto Field>
constexpr Setting size(std::string_view key, std::uint64_t min, std::uint64_t max,
                       std::string_view what) {
  return numeric<Field>(SettingKind::kSize, key, min, max, what);
}

template <auto Field>
constexpr Setting flag(std::string_view key, std::string_view what) {
  return numeric<Field>(SettingKind::kBool, key, 0, 1, what);
}

template <auto Field>
constexpr Setting choice(std::string_view key, std::string_view choices, std::string_view what) {
  Setting setting = numeric<Field>(SettingKind::kChoice, key, 0, 0, what);
  setting.choices = choices;
  return setting;
}

template <auto Field>
constexpr Setting text(std::string_view key, std::string_view what) {
  Setting setting{key, SettingKind::kText, 0, 0, {}, what};
  setting.text = [](Config& config) -> std::string& { return Field(config); };
  return setting;
}

constexpr Setting message_size_setting() {
  Setting setting{
      "connections.message_size_max",
      SettingKind::kSize,
      64 * kKiB,
      16 * kMiB,
      {},
      "Largest message of a client, rounded up to words; a claim beyond it ends the connection."};
  setting.get = [](const Config& config) {
    return std::uint64_t{config.connections.message_words_max} * 8;
  };
  setting.set = [](Config& config, std::uint64_t value) {
    config.connections.message_words_max = static_cast<std::uint32_t>((value + 7) / 8);
  };
  return setting;
}

constexpr Setting clock_start_setting() {
  Setting setting{"clock.start",
                  SettingKind::kMoment,
                  0,
                  0,
                  {},
                  "Rehearsal: the moment at which time begins when the journal is empty."};
  setting.get = [](const Config& config) {
    return static_cast<std::uint64_t>(config.clock.start.ms);
  };
  setting.set = [](Config& config, std::uint64_t value) {
    config.clock.start.ms = static_cast<std::int64_t>(value);
  };
  return setting;
}

#define PERMIT_FIELD(member) \
  [](auto& config) -> auto& { return config.member; }

constexpr std::array kSettings = {
    text<PERMIT_FIELD(data_directory)>("data_directory",
                                       "Where journal, snapshots and the lottery's key live. One "
                                       "daemon at a time; a second one is "
                                       "refused."),
    choice<PERMIT_FIELD(io)>(
        "io", "uring|epoll",
        "How the network is driven. epoll is for hosts that forbid io_uring, and for comparison."),
    choice<PERMIT_FIELD(log_level)>("log_level", "critical|error|warning|notice|info|debug",
                                    "What is worth a line in the log."),
    count<PERMIT_FIELD(drain_seconds)>(
        "drain_seconds", 0, 3600,
        "After SIGTERM or a drain: how long whoever is connected may "
        "still finish what they hold. Keep it below the unit's "
        "TimeoutStopSec."),

    text<PERMIT_FIELD(listen.socket_path)>("listen.socket",
                                           "Path of the unix socket, at most 107 bytes; empty for "
                                           "none. The kernel says who is at the other end."),
    numeric<PERMIT_FIELD(listen.socket_mode)>(SettingKind::kMode, "listen.socket_mode", 0, 0777,
                                              "Permissions of the unix socket."),
    text<PERMIT_FIELD(listen.tcp_address)>(
        "listen.tcp",
        "Address and port for plain TCP on this machine, such as 127.0.0.1:7711 or [::1]:7711; "
        "empty for none."),
    flag<PERMIT_FIELD(listen.trust_loopback)>(
        "listen.trust_loopback",
        "Lets a TCP peer on this machine be anybody. For rehearsals and benchmarks: TCP alone "
        "proves no identity."),
    text<PERMIT_FIELD(listen.tls_address)>(
        "listen.tls",
        "Address and port for other machines, such as 0.0.0.0:7712: TLS 1.3 with a certificate on "
        "both sides; empty for none."),
    text<PERMIT_FIELD(listen.http_address)>("listen.http",
                                            "Address and port for health and metrics over HTTP, "
                                            "such as 127.0.0.1:7780; empty for none."),

    text<PERMIT_FIELD(tls.certificate)>(
        "tls.certificate", "PEM file of the daemon's certificate, which must name its host."),
    text<PERMIT_FIELD(tls.key)>("tls.key",
                                "PEM file of that certificate's key, not readable by everybody."),
    text<PERMIT_FIELD(tls.authority)>(
        "tls.authority",
        "PEM file of the authority: its certificates make their holders who they name, such as "
        "office-17, and nobody else's do. The system's trust store has no say."),
    text<PERMIT_FIELD(tls.deny)>(
        "tls.deny",
        "File of names that are turned away whatever their certificates say, one a line, # begins "
        "a comment; empty for none. This and the files above are read again within a second of a "
        "change, and on SIGHUP."),
    count<PERMIT_FIELD(tls.handshakes_max)>(
        "tls.handshakes_max", 16, 65'536,
        "TLS handshakes under way at once, per network thread; for one more the oldest is given "
        "up."),

    count<PERMIT_FIELD(threads.rpc)>("threads.rpc", 0, 64,
                                     "Threads for the network. 0 shares one thread between "
                                     "network, engine and journal, which is fastest on few "
                                     "cores."),
    count<PERMIT_FIELD(threads.spin_us)>("threads.spin_us", 0, 10'000,
                                         "Microseconds a waiting loop looks at its completions "
                                         "before it sleeps; a wake-up costs tens of microseconds."),

    size<PERMIT_FIELD(journal.segment_size)>(
        "journal.segment_size", 8 * kMiB, 4 * kGiB,
        "Size of a journal file, written with zeros ahead of use. A multiple of 4 KiB."),
    count<PERMIT_FIELD(journal.spare_segments)>("journal.spare_segments", 1, 64,
                                                "Files kept ready ahead of the one being written."),
    count<PERMIT_FIELD(journal.batches_in_flight)>(
        "journal.batches_in_flight", 1, 8,
        "Batches being written at once. Two let the next batch be worked on while one is on its "
        "way to the disk."),

    count<PERMIT_FIELD(engine.batch_count_max)>(
        "engine.batch_count_max", 1, 8192,
        "Most commands in one batch, that is, behind one durable write."),
    count<PERMIT_FIELD(engine.request_capacity)>(
        "engine.request_capacity", 64, 262'144,
        "Requests that can wait for the engine per network thread; beyond it callers are told busy "
        "at once."),
    size<PERMIT_FIELD(engine.snapshot_after_size)>(
        "engine.snapshot_after_size", 0, 1024 * kGiB,
        "Journal bytes after which a snapshot is taken in the background; 0 takes one only on "
        "request."),

    flag<PERMIT_FIELD(memory.touched)>(
        "memory.touched",
        "Brings the tables of [limits] into memory from the start, on huge pages where the system "
        "has them, beside the thread that serves; what does not fit is said in the log and comes "
        "in as it is used. false: all of it does, and the first use of each page takes "
        "microseconds."),

    message_size_setting(),
    count<PERMIT_FIELD(connections.segments_max)>("connections.segments_max", 1, 512,
                                                  "Most segments in one message."),
    count<PERMIT_FIELD(connections.connections_max)>(
        "connections.connections_max", 1, 100'000,
        "Most connections at once, all listeners together."),
    size<PERMIT_FIELD(connections.send_queue_size_max)>(
        "connections.send_queue_size_max", 64 * kKiB, 256 * kMiB,
        "Bytes that may wait for a slow reader before it is dropped."),
    size<PERMIT_FIELD(connections.held_size_max)>(
        "connections.held_size_max", 64 * kMiB, 64 * kGiB,
        "Bytes held for all connections together; beyond it those go that hold most."),
    count<PERMIT_FIELD(connections.handshake_seconds)>(
        "connections.handshake_seconds", 1, 600,
        "Time for the first whole message of a new connection, a TLS handshake included."),
    count<PERMIT_FIELD(connections.partial_seconds)>("connections.partial_seconds", 1, 600,
                                                     "Time to complete a message once begun."),
    count<PERMIT_FIELD(connections.same_name_max)>(
        "connections.same_name_max", 1, 100'000,
        "Most connections at once with certificates of one name, on each network thread: so many "
        "can one office open of all."),
    count<PERMIT_FIELD(connections.send_seconds)>(
        "connections.send_seconds", 1, 600,
        "Time a reader may take nothing while something waits for it."),
    count<PERMIT_FIELD(connections.idle_seconds)>(
        "connections.idle_seconds", 0, 604'800,
        "Silence after which a connection is closed; 0 never closes it."),
    count<PERMIT_FIELD(connections.wait_ms)>(
        "connections.wait_ms", 0, 60'000,
        "Milliseconds that calls may wait to be read when there are more than the daemon can do; "
        "while the oldest of a connection has waited longer, its newer ones are told busy at once. "
        "0 lets them wait."),

    count<PERMIT_FIELD(quota.office_rate)>(
        "quota.office_rate", 0, 10'000'000,
        "Cases a second that each office may file in the long run, over all network threads; "
        "beyond it calls are refused as quotaExceeded, and streams wait. 0 sets no quota, for "
        "benchmarks and for an import through one office."),
    count<PERMIT_FIELD(quota.office_burst)>(
        "quota.office_burst", 1, 10'000'000,
        "Cases an office may file at once after a quiet time. A call with more of them never "
        "passes."),
    count<PERMIT_FIELD(quota.calls_in_flight)>(
        "quota.calls_in_flight", 1, 65'536,
        "Unanswered calls of one connection; beyond it calls are told busy."),

    count<PERMIT_FIELD(planner.interval_seconds)>(
        "planner.interval_seconds", 0, 86'400,
        "Seconds between two standing plans at the least; one is made when something has changed. "
        "0: the daemon plans only when asked."),
    count<PERMIT_FIELD(planner.days)>("planner.days", 1, 5,
                                      "Working days of visits in the standing plan, from the "
                                      "present one on."),
    count<PERMIT_FIELD(planner.iterations)>(
        "planner.iterations", 1, 10'000'000,
        "Steps of the search per day of visits, and for the desks, of a standing plan."),
    count<PERMIT_FIELD(planner.milliseconds_max)>(
        "planner.milliseconds_max", 1, 60'000,
        "Processor time of each of those searches at the most; twice that on the wall."),
    count<PERMIT_FIELD(planner.threads)>(
        "planner.threads", 1, 64,
        "Threads that search a day of visits side by side, from seeds of their own and each with "
        "the whole of steps and time; the best plan is taken. A plan that ends by steps can be "
        "repeated with the same number of them. A preview and the standing plan may be made at "
        "once. Desks are planned on one."),
    choice<PERMIT_FIELD(planner.apply)>(
        "planner.apply", "never|new|all",
        "What of a standing plan the daemon applies by itself: nothing, so that it waits for a "
        "supervisor; work that nobody has; or every line. With a new line go the lines of the "
        "same day whose place in the order made room for it."),
    count<PERMIT_FIELD(planner.prize_minutes)>("planner.prize_minutes", 1, 10'000,
                                               "Minutes of travel that a visit of the last class "
                                               "is worth; eight times as many where a half-day "
                                               "was promised."),
    count<PERMIT_FIELD(planner.class_factor)>("planner.class_factor", 1, 100,
                                              "Visits of one class, promised and urgent ones among "
                                              "them, that one of the class above outweighs."),
    count<PERMIT_FIELD(planner.balance_permille)>(
        "planner.balance_permille", 0, 100'000,
        "What evenness between inspectors, over the window of loads, is worth against travel, in "
        "thousandths."),
    count<PERMIT_FIELD(planner.move_minutes)>(
        "planner.move_minutes", 0, 10'000,
        "Minutes of travel that must be saved to move a visit to somebody else."),
    count<PERMIT_FIELD(planner.road_percent)>("planner.road_percent", 100, 1'000,
                                              "Length of streets against the straight line."),
    count<PERMIT_FIELD(planner.speed_kmh)>("planner.speed_kmh", 1, 200,
                                           "Speed between visits, in km/h."),
    text<PERMIT_FIELD(planner.travel_table)>(
        "planner.travel_table",
        "CSV file of minutes between districts, for plans, previews and offers, read at the start; "
        "empty for none. What it does not give, and every way within a district or from and to a "
        "home, is the straight line by the two settings above."),
    count<PERMIT_FIELD(planner.desk_uneven_permille)>(
        "planner.desk_uneven_permille", 0, 100'000,
        "What evenness at the desks is worth against minutes behind deadlines, in thousandths."),
    count<PERMIT_FIELD(planner.desk_peak_permille)>("planner.desk_peak_permille", 0, 100'000,
                                                    "The same for the load of who has most."),
    count<PERMIT_FIELD(planner.desk_move_minutes)>(
        "planner.desk_move_minutes", 0, 10'000,
        "Minutes behind deadlines that must be saved to move a job to another desk."),

    count<PERMIT_FIELD(limits.cases_max)>(
        "limits.cases_max", 1, scheduler::kLimitsMax.cases_max,
        "Open and retained cases in memory. All limits may grow at a later start, never shrink."),
    count<PERMIT_FIELD(limits.jobs_max)>("limits.jobs_max", 1, scheduler::kLimitsMax.jobs_max,
                                         "Jobs of those cases."),
    count<PERMIT_FIELD(limits.events_max)>(
        "limits.events_max", 1, scheduler::kLimitsMax.events_max,
        "History records in memory; older ones stay in the journal."),
    count<PERMIT_FIELD(limits.decisions_max)>("limits.decisions_max", 1,
                                              scheduler::kLimitsMax.decisions_max,
                                              "Decision records in memory."),
    count<PERMIT_FIELD(limits.notes_max)>("limits.notes_max", 1, scheduler::kLimitsMax.notes_max,
                                          "Free-text notes in memory."),
    count<PERMIT_FIELD(limits.keys_max)>("limits.keys_max", 1, scheduler::kLimitsMax.keys_max,
                                         "Idempotency keys remembered."),
    count<PERMIT_FIELD(limits.experts_max)>("limits.experts_max", 1,
                                            scheduler::kLimitsMax.experts_max,
                                            "Greatest number of an expert."),
    count<PERMIT_FIELD(limits.offices_max)>(
        "limits.offices_max", 1, scheduler::kLimitsMax.offices_max, "Offices that can be defined."),
    count<PERMIT_FIELD(limits.applications_max)>(
        "limits.applications_max", 1, scheduler::kLimitsMax.applications_max,
        "Applications for an office's licence, over all rounds."),
    count<PERMIT_FIELD(limits.venues_max)>("limits.venues_max", 1, scheduler::kLimitsMax.venues_max,
                                           "Greatest number of a venue."),
    count<PERMIT_FIELD(limits.meetings_max)>(
        "limits.meetings_max", 1, scheduler::kLimitsMax.meetings_max,
        "Pairs of inspector and owner remembered to have met, for the policy's pair_repeat_days; "
        "when there is no room the oldest is forgotten, which the figures count."),

    flag<PERMIT_FIELD(clock.rehearsal)>("clock.rehearsal",
                                        "Time stands still until a client advances it: for "
                                        "rehearsals, replays of old records and tests."),
    clock_start_setting(),
};

#undef PERMIT_FIELD

std::string size_text(std::uint64_t bytes) {
  if (bytes != 0 && bytes % kGiB == 0) return fmt::format("{} GiB", bytes / kGiB);
  if (bytes != 0 && bytes % kMiB == 0) return fmt::format("{} MiB", bytes / kMiB);
  if (bytes != 0 && bytes % kKiB == 0) return fmt::format("{} KiB", bytes / kKiB);
  return fmt::format("{}", bytes);
}

std::string moment_text(std::uint64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> moment{milliseconds{static_cast<std::int64_t>(ms)}};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss time{moment - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::string_view choice_at(std::string_view choices, std::uint64_t position) {
  for (; position > 0; --position) choices.remove_prefix(choices.find('|') + 1);
  return choices.substr(0, choices.find('|'));
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string_view table_of(std::string_view key) {
  const auto dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
}

/// Comment lines of at most 100 columns.
std::string wrapped_comment(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (column == 0 || column + 1 + word.size() > 100) {
      out += column == 0 ? "# " : "\n# ";
      column = 2;
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out + "\n";
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

const Setting* find_setting(std::string_view key) {
  const auto found = std::ranges::find(kSettings, key, &Setting::key);
  return found == kSettings.end() ? nullptr : &*found;
}

std::string_view nearest_word(std::string_view wrong, std::span<const std::string_view> words) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, wrong.size() / 3) + 1;
  for (const std::string_view word : words) {
    const std::size_t distance = edit_distance(wrong, word);
    if (distance < best_distance) {
      best = word;
      best_distance = distance;
    }
  }
  return best;
}

std::string_view nearest_key(std::string_view wrong) {
  std::vector<std::string_view> keys;
  for (const Setting& setting : kSettings) keys.push_back(setting.key);
  // A right name in the wrong table is the commonest mistake and may be far by edit distance.
  const auto name_of = [](std::string_view key) { return key.substr(key.rfind('.') + 1); };
  for (const std::string_view key : keys) {
    if (name_of(key) == name_of(wrong)) return key;
  }
  return nearest_word(wrong, keys);
}

std::string toml_value(const Setting& setting, const Config& config) {
  switch (setting.kind) {
    case SettingKind::kCount:
      return fmt::format("{}", setting.get(config));
    case SettingKind::kSize: {
      const std::string size = size_text(setting.get(config));
      return size.find(' ') == std::string::npos ? size : fmt::format("\"{}\"", size);
    }
    case SettingKind::kBool:
      return setting.get(config) != 0 ? "true" : "false";
    case SettingKind::kText: {
      Config copy = config;
      return fmt::format("\"{}\"", setting.text(copy));
    }
    case SettingKind::kMode:
      return fmt::format("\"{:04o}\"", setting.get(config));
    case SettingKind::kChoice:
      return fmt::format("\"{}\"", choice_at(setting.choices, setting.get(config)));
    case SettingKind::kMoment:
      return fmt::format("\"{}\"", moment_text(setting.get(config)));
  }
  return {};
}

std::string allowed_values(const Setting& setting) {
  switch (setting.kind) {
    case SettingKind::kCount:
      return fmt::format("{} … {}", setting.min, setting.max);
    case SettingKind::kSize:
      return fmt::format("{} … {}", size_text(setting.min), size_text(setting.max));
    case SettingKind::kBool:
      return "true, false";
    case SettingKind::kText:
      return {};
    case SettingKind::kMode:
      return fmt::format("{:04o} … {:04o}", setting.min, setting.max);
    case SettingKind::kChoice: {
      std::string out(setting.choices);
      for (std::size_t at = out.find('|'); at != std::string::npos; at = out.find('|'))
        out.replace(at, 1, ", ");
      return out;
    }
    case SettingKind::kMoment:
      return "ISO 8601";
  }
  return {};
}

std::string default_config_toml() {
  const Config defaults;
  std::string out =
      "# Settings of permitd. Every line shows the default; uncomment what you change.\n"
      "# Check a change before you restart: permitd --config FILE --check-config\n";
  std::string_view table;
  for (const Setting& setting : kSettings) {
    out += '\n';
    if (table_of(setting.key) != table) {
      table = table_of(setting.key);
      out += fmt::format("[{}]\n", table);
    }
    out += wrapped_comment(setting.what);
    const std::string allowed = allowed_values(setting);
    if (!allowed.empty()) out += fmt::format("# Allowed: {}\n", allowed);
    out += fmt::format("#{} = {}\n", setting.key.substr(setting.key.rfind('.') + 1),
                       toml_value(setting, defaults));
  }
  out +=
      "\n# Who a local user may be on the unix socket. Root and the daemon's own user may always "
      "be anybody.\n"
      "# uid is a number, a user name or \"*\"; the lists hold numbers, ranges or \"*\".\n"
      "#[[access]]\n"
      "#uid = \"office0101\"\n"
      "#offices = [101]\n"
      "#experts = [\"1-40\"]\n"
      "#[[access]]\n"
      "#uid = \"supervision\"\n"
      "#supervisors = [\"*\"]\n"
      "#operators = [1]\n"
      "#auditors = [\"*\"]\n"
      "#[[access]]\n"
      "#uid = \"district5\"\n"
      "#supervisors = [31, 32]\n"
      "#districts = [5]  # of its supervisors and auditors; without it the whole city\n";
  return out;
}

std::string configuration_markdown() {
  const Config defaults;
  std::string out;
  std::string_view table = "-";
  for (const Setting& setting : kSettings) {
    if (table_of(setting.key) != table) {
      table = table_of(setting.key);
      out += table.empty() ? std::string("\n## Top level\n") : fmt::format("\n## [{}]\n", table);
      out += "\n| key | default | allowed | meaning |\n| --- | --- | --- | --- |\n";
    }
    out += fmt::format("| `{}` | `{}` | {} | {} |\n", setting.key, toml_value(setting, defaults),
                       allowed_values(setting), setting.what);
  }
  return out;
}

}  // namespace permitd::daemon
