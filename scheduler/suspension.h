// Suspensions of experts and offices that begin or end at a moment that was said: what records and
// views of both know of them.
//
// `suspended_from` is kNever unless one is ahead; `suspended_until` is when the one in force or
// ahead ends by itself, kNever when another command ends it. Pure functions, any thread.
#pragma once

#include <type_traits>

#include "scheduler/types.h"

namespace permitd::scheduler {

/// Whether the expert or office is suspended at a moment ahead, as far as is known.
template <class Holder>
constexpr bool suspended_at(const Holder& holder, Tick at) {
  using State = std::remove_cvref_t<decltype(holder.state)>;
  const bool has_begun = holder.state == State::kSuspended || holder.suspended_from <= at;
  return has_begun && at < holder.suspended_until;
}

/// The moment at which one that is ahead begins has come, whether or not the tick that says so has.
/// One that has begun lasts until the tick that ends it.
template <class Holder>
constexpr bool suspension_begins(const Holder& holder, Tick now) {
  return holder.suspended_from <= now;
}

/// When a suspension begins behind a moment; kNever when none does.
template <class Holder>
constexpr Tick next_suspension(const Holder& holder, Tick at) {
  return holder.suspended_from > at ? holder.suspended_from : kNever;
}

/// Whether certified at a moment ahead, as far as the state goes and is known; who is suspended
/// comes back as certified.
template <class Expert>
constexpr bool expert_works_at(const Expert& expert, Tick at) {
  const bool may =
      expert.state == ExpertState::kCertified || expert.state == ExpertState::kSuspended;
  return may && !suspended_at(expert, at);
}
/// Whether Active at a moment ahead, as far as is known. What it may lack then is not looked at.
template <class Office>
constexpr bool office_works_at(const Office& office, Tick at) {
  const bool may = office.state == OfficeState::kActive || office.state == OfficeState::kSuspended;
  return may && !suspended_at(office, at);
}

}  // namespace permitd::scheduler
