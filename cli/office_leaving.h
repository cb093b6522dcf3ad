// What an office that leaves Active would bring about: the cases that need a new home, and the jobs
// in the hands of its people, which go back to the queue. Read before it is done, by every
// command that can do it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/context.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {

struct OfficeLeaving {
  std::uint64_t open = 0;  // jobs of its own cases
  std::uint64_t held = 0;  // jobs that its people hold on other offices' cases
  std::string preview;     // in a few sentences
  std::string afterwards;  // what becomes of its cases then
  std::optional<Refused> refused;
  std::optional<capnp::Response<protocol::NewHomesResult>> homes;

  /// More than one job is concerned: it is asked first.
  bool needs_question() const { return open + held > 1; }
};

/// `state`: what the office comes to, `span`: when, and for how long. Nothing changes.
OfficeLeaving preview_leaving(Context& context, SupervisorClient& supervisor, OfficeId office,
                              scheduler::OfficeState state, SuspensionSpan span = {});
/// Prints the new homes and the jobs that come back; the exit code.
int show_leaving(Context& context, OfficeId office, const OfficeLeaving& leaving);
/// State of an office; kNone when the session sees no such office.
scheduler::OfficeState state_of_office(Context& context, SupervisorClient& supervisor,
                                       OfficeId office);

}  // namespace permitd::cli
