// Sends a city to a daemon. Keys are derived from the content of each definition, so loading the
// same file twice changes nothing. Threads and lifetimes as in session.h.
//
// A daemon that knows a key answers from memory, whatever has become of the thing since: load file
// A, then B, then A again, and the second A would be "done already" while B is in force. So what
// the daemon compares by itself (policy, calendar, organisations, activations, certificates) is
// asked again under a new key, and the answer is then about the present state. Offices and experts
// are not compared: they are reported as remembered, not as unchanged. A service version is never
// replaced, so a remembered one is unchanged.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/city_file.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {

struct LoadOptions {
  /// Mixed into every key. Empty: content alone. Anything else makes the same content new calls,
  /// which applies offices and experts again while the daemon still remembers their keys.
  std::string salt;
  /// Definitions under way at once, within one kind.
  std::size_t window = 64;
  /// Called after each answer with the number of definitions answered so far.
  std::function<void(std::size_t done)> progress = [](std::size_t) {};
};

struct LoadReport {
  std::size_t total = 0;
  std::size_t changed = 0;
  std::size_t unchanged = 0;   // the daemon has exactly this
  std::size_t remembered = 0;  // offices and experts of an earlier load; may have changed since
  struct Problem {
    std::string what;  // "office 0101"
    Refused refused;
  };
  std::vector<Problem> refused;   // nothing was changed by these
  std::vector<std::string> kept;  // services the daemon has in this or a later version
};

/// How many definitions a city consists of.
std::size_t definition_count(const City& city);

/// Defines policy, calendar, organisations, services, offices, activations, experts, certificates,
/// in this order; a kind begins when the one before is answered. `city` must outlive the promise.
kj::Promise<LoadReport> load_city(SupervisorClient& supervisor, const City& city,
                                  LoadOptions options = {});

}  // namespace permitd::cli
