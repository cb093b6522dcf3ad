// Sends a city to a daemon. Keys are derived from the content of each definition, so loading the
// same file twice changes nothing: the second time is answered from the daemon's memory of keys, or
// with "already so". Threads and lifetimes as in session.h.
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
  /// which is needed to go back to an earlier city while the daemon still remembers its keys.
  std::string salt;
  /// Definitions under way at once, within one kind.
  std::size_t window = 64;
  /// Called after each answer with the number of definitions answered so far.
  std::function<void(std::size_t done)> progress = [](std::size_t) {};
};

struct LoadReport {
  std::size_t total = 0;
  std::size_t changed = 0;
  std::size_t unchanged = 0;
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
