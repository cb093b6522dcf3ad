// How licences move: an application is judged when its last check is in, a round goes to exam or
// board when its last application is, those selected queue for venues in order, and an office that
// ends gives its venue and place on. Owned by the engine thread.
//
// Every move emits its event. Callers have checked that the move is allowed.
#pragma once

#include "scheduler/licence_rules.h"
#include "scheduler/state.h"

namespace permitd::scheduler {

/// The state of the licence of an office in `state`.
LicenceState licence_state_of(OfficeState state);
void set_licence_state(Core& core, ApplicationId id, LicenceState state, Reason reason);
void set_round_state(Core& core, RoundId id, RoundState state);

/// Applied → Eligible | Ineligible when no check of it is pending any more; chooses the round's
/// route when it was the last.
void judge_application(Core& core, ApplicationId id);
/// Checking → Exam | Board when every application of the round is judged (R7, R8).
void choose_route(Core& core, RoundId id);
/// Exam | Board → Ranked. Pre: every result is in.
void rank_round(Core& core, RoundId id);
/// The application ends without (any more) leading to an office: its venue becomes free, and where
/// it had a place the first of the waiting list moves up.
void end_application(Core& core, ApplicationId id, LicenceState state, Reason reason);

/// Gives free municipal venues to who has queued for them longest: one in the district of the
/// office where there is one, else the one of the lowest number (R5).
void give_venues(Core& core);
void hold_venue(Core& core, ApplicationId id, VenueId venue);
void queue_for_venue(Core& core, ApplicationId id);

/// The licence has begun and has not ended.
constexpr bool office_lives(OfficeState state) {
  return state == OfficeState::kEquipping || state == OfficeState::kActive ||
         state == OfficeState::kSuspended;
}
constexpr bool office_ended(OfficeState state) {
  return state == OfficeState::kExpired || state == OfficeState::kRevoked ||
         state == OfficeState::kSurrendered;
}

/// The person is technical manager of an office that is Equipping, Active or Suspended, or of an
/// application that may still lead to one; `office` and its application are left out. One manager,
/// one office. O(offices + applications).
bool manager_engaged(const Core& core, PersonId person, OfficeId office);

/// Every change of an office's state goes through here: its licence follows, its experts stop or
/// may work again, one that ends gives back what it held, and a suspension that was ahead is taken
/// back. `suspended_until`: when a suspension ends by itself. Pre: the state differs.
void change_office_state(Core& core, std::uint32_t office, OfficeState state, Reason reason,
                         Tick suspended_until = kNever);
/// Says a suspension of an Active office ahead or takes it back, or gives the one in force another
/// end. The state stays.
void set_office_suspension(Core& core, std::uint32_t office, Tick from, Tick until, Reason reason);
/// Begins or ends a suspension whose moment has come: Active → Suspended, and Suspended → Active
/// unless something is missing. Then it stays, without an end, which is an event.
void pass_suspension(Core& core, std::uint32_t office);
/// Active → Suspended while it has no technical manager who can act (R3).
void suspend_without_manager(Core& core, std::uint32_t office);

/// A round's moment has come: one that opens, or stops taking applications.
void rounds_timer_fired(Core& core);
/// When the next round does so, kNever when none is to.
Tick rounds_due(const Core& core);
/// Sets the city's timer, which the zoning plan shares.
void set_rounds_timer(Core& core);
/// The office's licence has run out: Active | Suspended → Expired.
void lapse_licence(Core& core, std::uint32_t office);

}  // namespace permitd::scheduler
