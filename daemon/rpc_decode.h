// From the wire to the core's commands. Everything that can be judged without state is judged here:
// sizes, text, counts, and whether an enumerator is one that this version knows. Ranges of numbers
// are the core's affair, because a replay must judge them the same way. Any thread; no state.
#pragma once

#include "protocol/permit.capnp.h"
#include "scheduler/command.h"
#include "scheduler/outcome.h"
#include "scheduler/views.h"

namespace permitd::daemon {

/// What is wrong with a request; kNone when nothing is.
struct Flaw {
  scheduler::Refusal refusal = scheduler::Refusal::kNone;
  scheduler::Field field = scheduler::Field::kNone;
  std::uint16_t row = 0;  // which of the values that make up the field, see Outcome
  std::uint8_t member = 0;
  explicit operator bool() const { return refusal != scheduler::Refusal::kNone; }
};

/// The key of a mutating call; all zero is a flaw.
[[nodiscard]] Flaw read_key(protocol::Key::Reader in, scheduler::IdempotencyKey& out);
[[nodiscard]] Flaw read_note(capnp::Text::Reader in, scheduler::Note& out);
[[nodiscard]] Flaw read_reason(protocol::Reason in, scheduler::Reason& out);

[[nodiscard]] Flaw read_zone(capnp::Text::Reader in, scheduler::ZoneCode& out);
Flaw read_zoning_rules(capnp::List<protocol::ZoningRule>::Reader in, scheduler::LoadZoning& out);
Flaw read_submission(protocol::Submission::Reader in, scheduler::SubmitCase& out);
[[nodiscard]] Flaw read_office(protocol::OfficeSpec::Reader in, scheduler::DefineOffice& out);
[[nodiscard]] Flaw read_expert(protocol::ExpertSpec::Reader in, scheduler::DefineExpert& out);
[[nodiscard]] Flaw read_service(protocol::Service::Reader in, scheduler::DefineService& out);
[[nodiscard]] Flaw read_organisation(protocol::Organisation::Reader in,
                                     scheduler::DefineOrganisation& out);
[[nodiscard]] Flaw read_calendar(std::int32_t first_day,
                                 capnp::List<protocol::CalendarDay>::Reader in,
                                 scheduler::SetCalendarDays& out);
void read_policy(protocol::Policy::Reader in, scheduler::SetPolicy& out);

/// When a suspension begins and ends; 0 on the wire is no moment: at once, and never. One that
/// begins never is a flaw.
[[nodiscard]] Flaw read_suspension(std::int64_t from, std::int64_t until, scheduler::Tick& from_out,
                                   scheduler::Tick& until_out);

/// A mask of zero does not filter.
scheduler::JobFilter read_filter(protocol::JobFilter::Reader in);

}  // namespace permitd::daemon
