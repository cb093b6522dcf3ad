// What the operator may set: one plain struct, filled from defaults, then the file, then the
// command line. Nothing reads a setting anywhere else, and the struct does not change after start.
//
// The table of settings (config_table.h) is the one description of every key: it reads the file,
// names the nearest right key for a wrong one, and prints the annotated default file and the
// reference in docs/CONFIGURATION.md. Start-up only, no thread of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/connection_limits.h"
#include "daemon/error.h"
#include "daemon/log_level.h"
#include "daemon/planner_settings.h"
#include "protocol/districts.h"
#include "scheduler/limits.h"
#include "scheduler/types.h"

namespace permitd::daemon {

/// Numbers first … last, both included.
struct NumberRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend bool operator==(NumberRange, NumberRange) = default;
};

/// Who a local user may be: one [[access]] table. A list that is empty allows nothing of its kind.
struct AccessRule {
  std::uint32_t uid = 0;
  bool every_user = false;  // uid = "*": whoever can open the socket
  std::vector<NumberRange> offices;
  std::vector<NumberRange> experts;
  std::vector<NumberRange> supervisors;
  std::vector<NumberRange> operators;
  std::vector<NumberRange> auditors;
  // What its supervisors and auditors may see and steer; the whole city where nothing is said.
  protocol::DistrictSet districts = protocol::kWholeCity;
};

struct Config {
  std::string data_directory = "/var/lib/permitd";
  IoKind io = IoKind::kUring;
  LogLevel log_level = LogLevel::kInfo;
  std::uint32_t drain_seconds = 20;

  struct Listen {
    std::string socket_path = "/run/permitd/permitd.sock";  // empty: no unix socket
    std::uint32_t socket_mode = 0660;
    std::string tcp_address;      // "127.0.0.1:7711"; empty: no TCP
    bool trust_loopback = false;  // a TCP peer on this machine may be anybody
    std::string tls_address;      // "0.0.0.0:7712"; empty: no TLS
    std::string http_address;     // health and metrics, "127.0.0.1:7780"; empty: no HTTP
  } listen;

  /// What the TLS listener shows and accepts; paths of files. Read again when they change.
  struct Tls {
    std::string certificate;
    std::string key;
    std::string authority;  // whose certificates make somebody of a peer
    std::string deny;       // names that are nobody any more; empty: no list
    std::uint32_t handshakes_max = 256;
  } tls;

  struct Threads {
    std::uint32_t rpc = 0;  // 0: network, engine and journal share one thread
    std::uint32_t spin_us = 30;
  } threads;

  struct Journal {
    std::uint64_t segment_size = std::uint64_t{64} << 20;
    std::uint32_t spare_segments = 2;
    std::uint32_t batches_in_flight = 2;
  } journal;

  struct Engine {
    std::uint32_t batch_count_max = 4096;
    std::uint32_t request_capacity = 8192;
    std::uint64_t snapshot_after_size = std::uint64_t{256} << 20;
  } engine;

  struct Memory {
    bool touched = true;
  } memory;

  ConnectionLimits connections{.wait_ms = 50};

  /// Token bucket of each office; a rate of 0 is no quota. All offices of a country make some 800
  /// events a second at their peak, and a core files 100,000 cases: at 2,000 no office's own work
  /// is ever held up, and one that floods leaves the others 98 %.
  struct Quota {
    std::uint32_t office_rate = 2'000;
    std::uint32_t office_burst = 10'000;
    std::uint32_t calls_in_flight = 256;
  } quota;

  PlannerSettings planner;

  scheduler::Limits limits;

  struct Clock {
    bool rehearsal = false;
    scheduler::Tick start;  // rehearsal: where time begins on an empty journal; 0 = the epoch
  } clock;

  /// Beside root and the user that the daemon runs as, who may always be anybody.
  std::vector<AccessRule> access;
};

/// Reads TOML text over `config`. `name` is what messages call the file. All faults of the text are
/// reported together, each with its line, the allowed range and, for a wrong key, the nearest right
/// one. Errors: kConfiguration.
[[nodiscard]] Expected<void> apply_toml(Config& config, std::string_view text,
                                        std::string_view name);

/// The same from a file.
[[nodiscard]] Expected<void> apply_toml_file(Config& config, const std::string& path);

/// One setting from the command line: "limits.jobs_max=2000000". A value that is not TOML is a
/// string.
[[nodiscard]] Expected<void> apply_assignment(Config& config, std::string_view assignment);

/// What no single setting can say: settings that contradict each other. Call once everything is
/// applied.
[[nodiscard]] Expected<void> check_config(const Config& config);

/// "2019-12-22", "2019-12-22T07:30", "2019-12-22T07:30:00Z", "2019-12-22T07:30+03:30". Without an
/// offset the moment is UTC. Errors: kConfiguration.
[[nodiscard]] Expected<scheduler::Tick> parse_moment(std::string_view text);

/// "4096", "64 KiB", "256MiB", "2 GiB": bytes. Errors: kConfiguration.
[[nodiscard]] Expected<std::uint64_t> parse_size(std::string_view text);

/// Whether the rule lets the user be number `number` of the kind that `list` selects, e.g.
/// allows(rule, uid, &AccessRule::offices, 101).
bool allows(const AccessRule& rule, std::uint32_t uid, std::vector<NumberRange> AccessRule::*list,
            std::uint32_t number);

}  // namespace permitd::daemon
