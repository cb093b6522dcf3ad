// What a preview takes as already so: somebody is ill, an office is suspended, a day is a holiday.
// The change is made in the copied snapshot as the core would make it, so that the plan of the
// preview is the plan that the real event brings about. Pure values; any thread.
#pragma once

#include <cstdint>

#include "daemon/desk_snapshot.h"
#include "daemon/visit_snapshot.h"
#include "scheduler/types.h"

namespace permitd::daemon {

struct Assumption {
  enum class Kind : std::uint8_t { kNothing, kAbsent, kSuspended, kClosed };
  Kind kind = Kind::kNothing;
  scheduler::ExpertId expert{};  // kAbsent
  // Of both: an absence of no time is none, and a suspension that has begun lies before.
  scheduler::Tick from;
  scheduler::Tick until = scheduler::kNever;
  scheduler::OfficeId office{};  // kSuspended
  std::int32_t day = 0;          // kClosed: days since 1970-01-01
};

/// Who can no longer do it loses what is reserved or assigned; started work stays. On a closed day
/// the visits promised for it get the first half-days with room, by job, as far as the snapshot's
/// day has room; the others are its roomless ones.
void assume(const Assumption& assumption, VisitSnapshot& snapshot);
void assume(const Assumption& assumption, DeskSnapshot& snapshot);

}  // namespace permitd::daemon
