#include "tests/sim/fault_counts.h"

namespace permitd::tests {

std::string_view name_of(Fault fault) {
  static constexpr std::array<std::string_view, kFaultCount> kNames{
      "power cut",         "kill -9",           "orderly stop",      "cut in recovery",
      "cut in a call",     "torn write",        "lost cache",        "lost rename",
      "orphan write",      "write error",       "short write",       "sync error",
      "read error",        "no space",          "lost write",        "misdirected write",
      "latent corruption", "bit rot",           "rot in a snapshot", "reordered completions",
      "slow disk",         "clock forward",     "clock back",        "reconnect storm",
      "duplicate request", "reordered request", "lost reply",        "half-open client",
      "full ring",         "lost connection",   "storm while it lives"};
  return kNames[static_cast<std::size_t>(fault)];
}

}  // namespace permitd::tests
