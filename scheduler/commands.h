// The commands, one function each: checks everything first, then changes. A refused command has
// changed nothing. apply.cc names who may issue which.
#pragma once

#include "scheduler/state.h"

namespace permitd::scheduler {

using CommandFunction = void (*)(Core& core, const Command& command, Outcome& outcome);

// reference_commands.cc
void apply_set_limits(Core& core, const Command& command, Outcome& outcome);
void apply_set_policy(Core& core, const Command& command, Outcome& outcome);
void apply_set_calendar_days(Core& core, const Command& command, Outcome& outcome);
void apply_define_service(Core& core, const Command& command, Outcome& outcome);
void apply_define_organisation(Core& core, const Command& command, Outcome& outcome);
// licence_commands.cc
void apply_define_office(Core& core, const Command& command, Outcome& outcome);
void apply_set_office_state(Core& core, const Command& command, Outcome& outcome);
void apply_activate_service(Core& core, const Command& command, Outcome& outcome);
void apply_define_expert(Core& core, const Command& command, Outcome& outcome);
void apply_set_expert_state(Core& core, const Command& command, Outcome& outcome);
void apply_set_certificate(Core& core, const Command& command, Outcome& outcome);
void apply_set_absence(Core& core, const Command& command, Outcome& outcome);
// case_commands.cc
void apply_submit_case(Core& core, const Command& command, Outcome& outcome);
void apply_register_case(Core& core, const Command& command, Outcome& outcome);
void apply_amend_case(Core& core, const Command& command, Outcome& outcome);
void apply_withdraw_case(Core& core, const Command& command, Outcome& outcome);
void apply_answer_case(Core& core, const Command& command, Outcome& outcome);
void apply_record_fees(Core& core, const Command& command, Outcome& outcome);
void apply_record_decision(Core& core, const Command& command, Outcome& outcome);
void apply_refer_case(Core& core, const Command& command, Outcome& outcome);
void apply_close_case(Core& core, const Command& command, Outcome& outcome);
// case_move.cc
void apply_move_case(Core& core, const Command& command, Outcome& outcome);
// work_commands.cc
void apply_claim(Core& core, const Command& command, Outcome& outcome);
void apply_unclaim(Core& core, const Command& command, Outcome& outcome);
void apply_start(Core& core, const Command& command, Outcome& outcome);
void apply_renew(Core& core, const Command& command, Outcome& outcome);
void apply_complete(Core& core, const Command& command, Outcome& outcome);
void apply_return(Core& core, const Command& command, Outcome& outcome);
void apply_decline(Core& core, const Command& command, Outcome& outcome);
// steering_commands.cc
void apply_schedule(Core& core, const Command& command, Outcome& outcome);
void apply_hold(Core& core, const Command& command, Outcome& outcome);
void apply_release(Core& core, const Command& command, Outcome& outcome);
void apply_expedite(Core& core, const Command& command, Outcome& outcome);
void apply_reassign(Core& core, const Command& command, Outcome& outcome);
void apply_cancel(Core& core, const Command& command, Outcome& outcome);
// plan_commands.cc
void apply_apply_plan(Core& core, const Command& command, Outcome& outcome);
void apply_lock_plan(Core& core, const Command& command, Outcome& outcome);
// zoning_commands.cc
void apply_load_zoning(Core& core, const Command& command, Outcome& outcome);
void apply_validate_zoning(Core& core, const Command& command, Outcome& outcome);
void apply_notify_zoning(Core& core, const Command& command, Outcome& outcome);
void apply_drop_zoning(Core& core, const Command& command, Outcome& outcome);
void apply_rebase_case(Core& core, const Command& command, Outcome& outcome);
// round_commands.cc
void apply_set_licence_rules(Core& core, const Command& command, Outcome& outcome);
void apply_set_offices_wanted(Core& core, const Command& command, Outcome& outcome);
void apply_open_round(Core& core, const Command& command, Outcome& outcome);
void apply_close_round(Core& core, const Command& command, Outcome& outcome);
void apply_rank_round(Core& core, const Command& command, Outcome& outcome);
// application_commands.cc
void apply_apply_for_licence(Core& core, const Command& command, Outcome& outcome);
void apply_record_licence_check(Core& core, const Command& command, Outcome& outcome);
void apply_withdraw_application(Core& core, const Command& command, Outcome& outcome);
void apply_record_exam_result(Core& core, const Command& command, Outcome& outcome);
void apply_record_board_finding(Core& core, const Command& command, Outcome& outcome);
// venue_commands.cc
void apply_define_venue(Core& core, const Command& command, Outcome& outcome);
void apply_record_rent(Core& core, const Command& command, Outcome& outcome);
void apply_record_equipment(Core& core, const Command& command, Outcome& outcome);
void apply_equip_office(Core& core, const Command& command, Outcome& outcome);
void apply_renew_licence(Core& core, const Command& command, Outcome& outcome);
void apply_set_technical_manager(Core& core, const Command& command, Outcome& outcome);
// lottery.cc
void apply_turn_lottery(Core& core, const Command& command, Outcome& outcome);
// tick.cc
void apply_tick(Core& core, const Command& command, Outcome& outcome);

// What the commands share.

inline void refuse(Outcome& outcome, Refusal refusal, Field field = Field::kNone) {
  outcome.refusal = refusal;
  outcome.field = field;
}

template <class State>
void refuse_state(Outcome& outcome, State state) {
  outcome.refusal = Refusal::kWrongState;
  outcome.field = Field::kState;
  outcome.state = raw(state);
}

/// Whether an enumerator that came from outside is one.
template <class Enum>
constexpr bool known_value(Enum value, Enum last) {
  return raw(value) <= raw(last);
}

template <std::size_t N>
constexpr bool text_fits(const Text<N>& text) {
  return text.size <= N;
}

/// The text with every byte behind its size zeroed, as the state keeps it.
template <std::size_t N>
constexpr Text<N> tidy_text(const Text<N>& text) {
  Text<N> tidy = text;
  for (std::size_t i = text.size; i < N; ++i) tidy.bytes[i] = 0;
  return tidy;
}

/// Refuses a note that is too long, or missing though required. False when refused.
bool check_note(const Note& note, bool required, Outcome& outcome);
/// Refuses a reason that is none of them, or missing though required. False when refused.
bool check_reason(Reason reason, bool required, Outcome& outcome);
bool point_in_range(Point point);
/// Refuses a half-day that the job's appointment cannot have, or a job that can have none.
void check_schedule(const Core& core, const JobRecord& job, const Schedule& schedule,
                    Outcome& outcome);

/// Slot of the case of the command, or kNoSlot with the refusal: unknown, or of another office.
std::uint32_t case_for(const Core& core, const Command& command, CaseId id, Outcome& outcome);
std::uint32_t job_for(const Core& core, const Command& command, JobId id, Outcome& outcome);

}  // namespace permitd::scheduler
