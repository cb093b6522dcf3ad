// The way of a command through the core: who may issue it, its idempotency key, the command itself.
#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/expert_flow.h"
#include "scheduler/members.h"
#include "scheduler/scheduler_state.h"

namespace permitd::scheduler {

namespace {

using ActorMask = std::uint8_t;
constexpr ActorMask by(ActorKind kind) { return static_cast<ActorMask>(1U << raw(kind)); }
constexpr ActorMask kByEngine = by(ActorKind::kEngine);
constexpr ActorMask kByOffice = by(ActorKind::kOffice);
constexpr ActorMask kByExpert = by(ActorKind::kExpert);
constexpr ActorMask kBySupervisor = by(ActorKind::kSupervisor);
constexpr ActorMask kByOperator = by(ActorKind::kOperator);
constexpr ActorMask kBySteering = kBySupervisor | kByOperator;

struct Rule {
  CommandKind kind;
  ActorMask actors;
  CommandFunction function;
  bool keyed = true;  // must carry an idempotency key
};

// Who may do what. An auditor may do nothing; a decision is the municipality's alone (I8).
constexpr Rule kRules[] = {
    {CommandKind::kSetLimits, kByEngine | kByOperator, apply_set_limits, false},
    {CommandKind::kTick, kByEngine, apply_tick, false},
    {CommandKind::kSetPolicy, kBySteering, apply_set_policy},
    {CommandKind::kSetCalendarDays, kBySteering, apply_set_calendar_days},
    {CommandKind::kDefineService, kBySteering, apply_define_service},
    {CommandKind::kDefineOrganisation, kBySteering, apply_define_organisation},
    {CommandKind::kDefineOffice, kBySteering, apply_define_office},
    {CommandKind::kSetOfficeState, kBySteering, apply_set_office_state},
    {CommandKind::kActivateService, kBySteering, apply_activate_service},
    {CommandKind::kDefineExpert, kBySteering, apply_define_expert},
    {CommandKind::kSetExpertState, kBySteering, apply_set_expert_state},
    {CommandKind::kSetCertificate, kBySteering, apply_set_certificate},
    {CommandKind::kSetAbsence, kBySteering, apply_set_absence},
    {CommandKind::kSubmitCase, kByOffice, apply_submit_case},
    {CommandKind::kRegisterCase, kByOffice | kBySupervisor, apply_register_case},
    {CommandKind::kAmendCase, kByOffice | kBySupervisor, apply_amend_case},
    {CommandKind::kWithdrawCase, kByOffice | kBySupervisor, apply_withdraw_case},
    {CommandKind::kAnswerCase, kByOffice | kBySupervisor, apply_answer_case},
    {CommandKind::kRecordFees, kByOffice | kBySupervisor, apply_record_fees},
    {CommandKind::kRecordDecision, kBySupervisor, apply_record_decision},
    {CommandKind::kReferCase, kBySupervisor, apply_refer_case},
    {CommandKind::kCloseCase, kByOffice | kBySupervisor, apply_close_case},
    {CommandKind::kMoveCase, kBySteering, apply_move_case},
    {CommandKind::kClaim, kByExpert, apply_claim},
    {CommandKind::kUnclaim, kByExpert, apply_unclaim},
    {CommandKind::kStart, kByExpert, apply_start},
    {CommandKind::kRenew, kByExpert, apply_renew},
    {CommandKind::kComplete, kByExpert, apply_complete},
    {CommandKind::kReturn, kByExpert, apply_return},
    {CommandKind::kDecline, kByExpert, apply_decline},
    {CommandKind::kSchedule, kByOffice | kBySteering, apply_schedule},
    {CommandKind::kHold, kBySteering, apply_hold},
    {CommandKind::kRelease, kBySteering, apply_release},
    {CommandKind::kExpedite, kBySupervisor, apply_expedite},
    {CommandKind::kReassign, kBySteering, apply_reassign},
    {CommandKind::kCancel, kBySteering, apply_cancel},
    {CommandKind::kApplyPlan, kBySteering | kByEngine, apply_apply_plan},
    {CommandKind::kLockPlan, kBySteering, apply_lock_plan},
    {CommandKind::kLoadZoning, kBySteering, apply_load_zoning},
    {CommandKind::kValidateZoning, kBySteering, apply_validate_zoning},
    {CommandKind::kNotifyZoning, kBySteering, apply_notify_zoning},
    {CommandKind::kDropZoning, kBySteering, apply_drop_zoning},
    {CommandKind::kRebaseCase, kBySupervisor, apply_rebase_case},
    {CommandKind::kSetLicenceRules, kBySteering, apply_set_licence_rules},
    {CommandKind::kSetOfficesWanted, kBySteering, apply_set_offices_wanted},
    {CommandKind::kOpenRound, kBySteering, apply_open_round},
    {CommandKind::kCloseRound, kBySteering, apply_close_round},
    {CommandKind::kApplyForLicence, kBySteering, apply_apply_for_licence},
    {CommandKind::kRecordLicenceCheck, kBySteering, apply_record_licence_check},
    {CommandKind::kWithdrawApplication, kBySteering, apply_withdraw_application},
    {CommandKind::kRecordExamResult, kBySteering, apply_record_exam_result},
    {CommandKind::kRecordBoardFinding, kBySteering, apply_record_board_finding},
    {CommandKind::kRankRound, kBySteering, apply_rank_round},
    {CommandKind::kDefineVenue, kBySteering, apply_define_venue},
    {CommandKind::kRecordRent, kBySteering, apply_record_rent},
    {CommandKind::kRecordEquipment, kBySteering, apply_record_equipment},
    {CommandKind::kEquipOffice, kBySteering, apply_equip_office},
    {CommandKind::kRenewLicence, kBySteering, apply_renew_licence},
    {CommandKind::kSetTechnicalManager, kBySteering, apply_set_technical_manager},
    {CommandKind::kTurnLottery, kByEngine, apply_turn_lottery, false},
};

constexpr std::size_t kKindsMax = 128;
constexpr std::array<Rule, kKindsMax> index_rules() {
  std::array<Rule, kKindsMax> rules{};
  for (const Rule& rule : kRules) rules[raw(rule.kind)] = rule;
  return rules;
}
constexpr std::array<Rule, kKindsMax> kRuleOf = index_rules();

const Rule* rule_of(CommandKind kind) {
  if (raw(kind) >= kKindsMax || kRuleOf[raw(kind)].function == nullptr) return nullptr;
  return &kRuleOf[raw(kind)];
}

bool actor_known(const Core& core, const Actor& actor, Outcome& outcome) {
  if (actor.kind == ActorKind::kOffice &&
      (actor.id > UINT16_MAX ||
       find_office_index(core, OfficeId{static_cast<std::uint16_t>(actor.id)}) == kNoSlot)) {
    refuse(outcome, Refusal::kUnknownOffice, Field::kActor);
  }
  if (actor.kind == ActorKind::kExpert && !expert_known(core, ExpertId{actor.id})) {
    refuse(outcome, Refusal::kUnknownExpert, Field::kActor);
  }
  return outcome.refusal == Refusal::kNone;
}

void execute(Core& core, const Rule& rule, const Command& command, Outcome& outcome) {
  if (!known_value(command.actor.kind, ActorKind::kAuditor) ||
      (rule.actors & by(command.actor.kind)) == 0) {
    refuse(outcome, Refusal::kNotAllowed, Field::kActor);
    return;
  }
  if (!actor_known(core, command.actor, outcome)) return;
  if (has_note_behind(command.kind)) {
    const Note& note = command.body.noted.note;
    if (!check_note(note, false, outcome)) return;
    core.note = &note;
  }
  rule.function(core, command, outcome);
  if (outcome.refusal != Refusal::kNone) core.note = nullptr;
  if (outcome.refusal == Refusal::kNone) keep_reserves(core);
}

void execute_keyed(Core& core, const Rule& rule, const Command& command, Outcome& outcome) {
  if (command.key == IdempotencyKey{}) {
    refuse(outcome, Refusal::kKeyMissing, Field::kKey);
    return;
  }
  const std::uint64_t digest = body_digest(command);
  Outcome before;
  switch (core.keys.find(command.actor, command.key, digest, before)) {
    case KeyMatch::kRepeat:
      outcome = before;
      return;
    case KeyMatch::kConflict:
      refuse(outcome, Refusal::kKeyReused, Field::kKey);
      return;
    case KeyMatch::kNew:
      break;
  }
  execute(core, rule, command, outcome);
  core.keys.remember(command, digest, outcome, core.policy.key_retention_minutes * kMsPerMinute);
}

void begin_command(Core& core, const Command& command) {
  PERMIT_ASSERT(raw(command.op) == raw(core.op) + 1, command.op, core.op);
  PERMIT_ASSERT(command.now >= core.now, command.now.ms, core.now.ms);
  core.op = command.op;
  core.now = command.now;
  core.seed = command.seed;
  core.actor = command.actor;
  core.note = nullptr;
  if (core.given_note.size != 0) core.given_note = {};
  core.event_count = 0;
  const std::int32_t day = core.calendar.day_of(core.now);
  if (day > core.day) {
    core.day = day;
    begin_day(core);
  }
}

// The job whose lease a command of an expert names, 0 for all others.
JobId leased_job_of(const Command& command) {
  if (command.kind == CommandKind::kStart) return command.body.start.job;
  if (command.kind == CommandKind::kRenew) return command.body.renew.job;
  if (command.kind == CommandKind::kComplete) return command.body.complete.job;
  return JobId{};
}

}  // namespace

void Scheduler::expect(const Command& command) const noexcept {
  const Core& core = state_->core;
  core.keys.expect(command.actor, command.key);
  if (command.actor.kind != ActorKind::kExpert) return;
  core.experts.expect(command.actor.id);
  core.job_index.expect(raw(leased_job_of(command)));
}

Outcome Scheduler::apply(const Command& command) noexcept {
  Core& core = state_->core;
  begin_command(core, command);
  Outcome outcome;
  outcome.op = command.op;
  const Rule* rule = rule_of(command.kind);
  if (rule == nullptr) {
    refuse(outcome, Refusal::kOutOfRange, Field::kCommand);
  } else if (core.limits == Limits{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0} &&
             command.kind != CommandKind::kSetLimits) {
    refuse(outcome, Refusal::kNotCompatible, Field::kLimits);
  } else if (rule->keyed) {
    execute_keyed(core, *rule, command, outcome);
  } else {
    execute(core, *rule, command, outcome);
  }
  if (outcome.refusal != Refusal::kNone) [[unlikely]]
    name_member(command, outcome);
  if (core.note != nullptr) core.given_note = tidy_text(*core.note);
  core.note = nullptr;
  return outcome;
}

}  // namespace permitd::scheduler
