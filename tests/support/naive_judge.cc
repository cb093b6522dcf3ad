// Which answers a command may get, in the model: every true reason to refuse it is collected, and
// the core must name one of them, or accept when there is none.
#include <fmt/core.h>

#include <algorithm>

#include "tests/support/command_generator.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

constexpr std::uint32_t bit(ActorKind kind) { return 1U << raw(kind); }
constexpr std::uint32_t kOffices = bit(ActorKind::kOffice);
constexpr std::uint32_t kExperts = bit(ActorKind::kExpert);
constexpr std::uint32_t kSupervisors = bit(ActorKind::kSupervisor);
constexpr std::uint32_t kMachine = bit(ActorKind::kEngine);
constexpr std::uint32_t kSteering = kSupervisors | bit(ActorKind::kOperator);

// Who may issue what; 0 for a kind that does not exist.
std::uint32_t actors_of(CommandKind kind) {
  switch (kind) {
    case CommandKind::kNone:
      return 0;
    case CommandKind::kSetLimits:
      return kMachine | bit(ActorKind::kOperator);
    case CommandKind::kTick:
    case CommandKind::kTurnLottery:
      return kMachine;
    case CommandKind::kSetPolicy:
    case CommandKind::kSetCalendarDays:
    case CommandKind::kDefineService:
    case CommandKind::kDefineOrganisation:
    case CommandKind::kDefineOffice:
    case CommandKind::kSetOfficeState:
    case CommandKind::kActivateService:
    case CommandKind::kDefineExpert:
    case CommandKind::kSetExpertState:
    case CommandKind::kSetCertificate:
    case CommandKind::kSetAbsence:
    case CommandKind::kHold:
    case CommandKind::kRelease:
    case CommandKind::kMoveCase:
    case CommandKind::kReassign:
    case CommandKind::kCancel:
    case CommandKind::kLockPlan:
    case CommandKind::kLoadZoning:
    case CommandKind::kValidateZoning:
    case CommandKind::kNotifyZoning:
    case CommandKind::kDropZoning:
    case CommandKind::kSetLicenceRules:
    case CommandKind::kSetOfficesWanted:
    case CommandKind::kOpenRound:
    case CommandKind::kCloseRound:
    case CommandKind::kApplyForLicence:
    case CommandKind::kRecordLicenceCheck:
    case CommandKind::kWithdrawApplication:
    case CommandKind::kRecordExamResult:
    case CommandKind::kRecordBoardFinding:
    case CommandKind::kRankRound:
    case CommandKind::kDefineVenue:
    case CommandKind::kRecordRent:
    case CommandKind::kRecordEquipment:
    case CommandKind::kEquipOffice:
    case CommandKind::kRenewLicence:
    case CommandKind::kSetTechnicalManager:
      return kSteering;
    case CommandKind::kSubmitCase:
      return kOffices;
    case CommandKind::kRegisterCase:
    case CommandKind::kAmendCase:
    case CommandKind::kWithdrawCase:
    case CommandKind::kAnswerCase:
    case CommandKind::kRecordFees:
    case CommandKind::kCloseCase:
      return kOffices | kSupervisors;
    case CommandKind::kRecordDecision:
    case CommandKind::kReferCase:
    case CommandKind::kExpedite:
    case CommandKind::kRebaseCase:
      return kSupervisors;
    case CommandKind::kClaim:
    case CommandKind::kUnclaim:
    case CommandKind::kStart:
    case CommandKind::kRenew:
    case CommandKind::kComplete:
    case CommandKind::kReturn:
    case CommandKind::kDecline:
      return kExperts;
    case CommandKind::kSchedule:
      return kOffices | kSteering;
    case CommandKind::kApplyPlan:
      return kSteering | kMachine;
  }
  return 0;
}

bool same_request(const Command& a, const Command& b) {
  return a.kind == b.kind &&
         std::equal(a.body.bytes.begin(),
                    a.body.bytes.begin() + static_cast<std::ptrdiff_t>(body_size(a.kind)),
                    b.body.bytes.begin());
}

bool outside(std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  return value < least || value > most;
}

bool point_outside(Point point) {
  return point.lat_e6 < -90'000'000 || point.lat_e6 > 90'000'000 || point.lon_e6 < -180'000'000 ||
         point.lon_e6 > 180'000'000;
}

template <std::size_t N>
bool too_long(const Text<N>& text) {
  return text.size > N;
}

bool external(const StageSpec& stage) {
  return (stage.flags & (kStageIsSovereign | kStageNotMechanised)) != 0;
}

bool policy_outside(const SetPolicy& p) {
  return outside(p.attempts_max, 1, 100) || outside(p.lease_minutes, 1, 1440) ||
         outside(p.claim_wait_minutes, 1, 1440) || outside(p.near_equal_count, 1, 8) ||
         p.near_equal_permille > 1000 || outside(p.capacity_units_per_day, 1, 48) ||
         outside(p.visits_per_day, 1, 48) || p.appointment_lead_minutes > 10'000 ||
         outside(p.sla_notify_percent, 1, 100) || p.sla_amber_minutes > 10'000 ||
         outside(p.sla_district_percent, 100, 1000) || outside(p.applicant_silent_days, 1, 3650) ||
         p.second_review_area_m2 > 10'000'000 || outside(p.key_retention_minutes, 1, 525'600) ||
         p.complex_floors > 200 || p.pair_repeat_visits > 100 || p.pair_repeat_days > 3650 ||
         outside(p.confirmation_effort_percent, 1, 100) || raw(p.confirmer_fallback) > 2 ||
         p.near_visits > 16 || p.near_slack_minutes > 10'000 || p.draw_minutes > 10'000 ||
         p.compared_count > 32 || p.load_weight > 1000 || p.travel_weight > 1000 ||
         p.share_weight > 1000 || raw(p.zoning_review) > 1 || p.reserved_share_percent > 100 ||
         raw(p.homes) > 2 || p.waiting_alarm_minutes > 60'000 || p.lapse_warning_days > 3650 ||
         raw(p.jobs_in_hand) > 1 || raw(p.expert_degree) > 4;
}

}  // namespace

void NaiveModel::judge(const Command& command, const Scheduler& before) {
  judgement_ = {};
  repeat_expected_ = false;
  stats_before_ = before.stats();
  const std::int64_t since = now_;
  now_ = command.now.ms;
  offer_what_began(since);
  op_ = raw(command.op);
  late_ = before.next_due().ms <= now_;
  // Working days begin by themselves.
  today_ = std::max(today_, calendar_.day_of(now_));
  if (actors_of(command.kind) == 0) {
    judgement_.fault(true, Refusal::kOutOfRange, Field::kCommand);
    return;
  }
  if (judge_key(command) && judge_actor(command)) judge_kind(command);
}

bool NaiveModel::judge_key(const Command& command) {
  if (!is_keyed(command.kind)) return true;
  if (command.key == IdempotencyKey{}) {
    judgement_.fault(true, Refusal::kKeyMissing, Field::kKey);
    return false;
  }
  for (const ModelKey& known : keys_) {
    if (known.command.key != command.key || known.command.actor != command.actor) continue;
    if (same_request(known.command, command)) {
      repeat_expected_ = true;
      repeated_ = known.outcome;
      repeated_.repeated = 1;
    } else {
      judgement_.fault(true, Refusal::kKeyReused, Field::kKey);
    }
    return false;
  }
  return true;
}

bool NaiveModel::judge_actor(const Command& command) {
  const Actor actor = command.actor;
  if (raw(actor.kind) > 5 || (actors_of(command.kind) >> raw(actor.kind) & 1U) == 0) {
    judgement_.fault(true, Refusal::kNotAllowed, Field::kActor);
    return false;
  }
  if (actor.kind == ActorKind::kOffice &&
      (actor.id > UINT16_MAX || !offices_.contains(static_cast<std::uint16_t>(actor.id)))) {
    judgement_.fault(true, Refusal::kUnknownOffice, Field::kActor);
    return false;
  }
  if (actor.kind == ActorKind::kExpert && !experts_.contains(actor.id)) {
    judgement_.fault(true, Refusal::kUnknownExpert, Field::kActor);
    return false;
  }
  return true;
}

void NaiveModel::judge_kind(const Command& command) {
  if (has_note_behind(command.kind)) judge_note(command.body.noted.note, false);
  const auto kind = raw(command.kind);
  if (kind < raw(CommandKind::kDefineOffice)) {
    judge_reference(command);
  } else if (kind < raw(CommandKind::kSubmitCase)) {
    judge_licence(command);
  } else if (kind < raw(CommandKind::kClaim)) {
    judge_case(command);
  } else if (kind < raw(CommandKind::kSchedule)) {
    judge_work(command);
  } else if (kind < raw(CommandKind::kSetLicenceRules)) {
    judge_steering(command);
  } else if (kind < raw(CommandKind::kLoadZoning)) {
    licences_.judge(command, world(), judgement_);
  } else if (kind < raw(CommandKind::kTurnLottery)) {
    judge_zoning(command);
  } else {
    judge_turn(command.body.turn_lottery);
  }
}

void NaiveModel::judge_turn(const TurnLottery& turn) {
  const bool owes_secret = !lottery_.empty() && turn.is_lost == 0;
  judgement_.fault(turn.day != calendar_.day_of(now_), Refusal::kOutOfRange, Field::kDay);
  judgement_.fault(turn.is_lost > 1 || turn.commitment == Hash{}, Refusal::kOutOfRange,
                   Field::kCommand);
  judgement_.fault(!lottery_.empty() && turn.commitment == lottery_.back().commitment,
                   Refusal::kOutOfRange, Field::kCommand);
  judgement_.fault((turn.opened != Hash{}) != owes_secret, Refusal::kWrongState, Field::kCommand);
}

void NaiveModel::judge_note(const Note& note, bool required) {
  judgement_.fault(too_long(note), Refusal::kOutOfRange, Field::kNote);
  judgement_.fault(required && note.size == 0, Refusal::kMissing, Field::kNote);
}

void NaiveModel::judge_reason(Reason reason, bool required) {
  judgement_.fault(raw(reason) >= kReasonCount, Refusal::kOutOfRange, Field::kReason);
  judgement_.fault(required && reason == Reason::kNone, Refusal::kMissing, Field::kReason);
}

// ---- reference data ----

void NaiveModel::judge_limits(const Limits& limits) {
  const auto judge_one = [this](const char* name, std::uint32_t value, std::uint32_t present,
                                std::uint32_t most) {
    judgement_.fault(outside(value, 1, most), {Refusal::kOutOfRange, Field::kLimits, 0, name});
    judgement_.fault(value < present, {Refusal::kNotCompatible, Field::kLimits, 0, name});
  };
  const Limits& now = limits_;
  judge_one("casesMax", limits.cases_max, now.cases_max, 134'217'728);
  judge_one("jobsMax", limits.jobs_max, now.jobs_max, 134'217'728);
  judge_one("eventsMax", limits.events_max, now.events_max, 268'435'456);
  judge_one("decisionsMax", limits.decisions_max, now.decisions_max, 134'217'728);
  judge_one("notesMax", limits.notes_max, now.notes_max, 4'194'304);
  judge_one("keysMax", limits.keys_max, now.keys_max, 67'108'864);
  judge_one("expertsMax", limits.experts_max, now.experts_max, 1'048'576);
  judge_one("officesMax", limits.offices_max, now.offices_max, 9999);
  judge_one("applicationsMax", limits.applications_max, now.applications_max, 4096);
  judge_one("venuesMax", limits.venues_max, now.venues_max, 9999);
  judge_one("meetingsMax", limits.meetings_max, now.meetings_max, 67'108'864);
  judgement_.fault(limits == limits_, Refusal::kNothingToDo, Field::kLimits);
}

// Hours that are wrong whatever the calendar holds; true when there are none.
bool NaiveModel::judge_hours(const SetCalendarDays& days) {
  bool right = true;
  for (std::uint16_t index = 0; index < days.count; ++index) {
    if (days.length_minutes[index] == 0) continue;
    const auto row = static_cast<std::uint16_t>(index + 1);
    const std::int64_t date = days.first_day + index;
    const std::int64_t open = days.open_minute[index];
    const std::int64_t close = open + days.length_minutes[index];
    const bool is_long = days.length_minutes[index] > 1440;
    const bool is_far = open < (date - 1) * 1440 || close > (date + 2) * 1440;
    judgement_.fault(is_long, {Refusal::kOutOfRange, Field::kDay, row, "lengthMinutes"});
    judgement_.fault(is_far, {Refusal::kOutOfRange, Field::kDay, row, "openMinute"});
    right = right && !is_long && !is_far;
  }
  return right;
}

// Every pair of open days, one of them given: the later one of the two given, or the given one.
void NaiveModel::judge_overlaps(const SetCalendarDays& days) {
  NaiveCalendar after = calendar_;
  after.set_days(days);
  const std::int32_t end = days.first_day + days.count;
  for (std::int32_t date = days.first_day; date < end; ++date) {
    const NaiveCalendar::Hours hours = after.hours(date);
    if (hours.open == hours.close) continue;
    for (std::int32_t other = date - 4; other < end + 4; ++other) {
      const NaiveCalendar::Hours there = after.hours(other);
      if (other == date || there.open == there.close) continue;
      const bool is_apart = other < date ? there.close <= hours.open : hours.close <= there.open;
      const bool other_is_later_given = other > date && other < end;
      const auto row =
          static_cast<std::uint16_t>((other_is_later_given ? other : date) - days.first_day + 1);
      judgement_.fault(!is_apart, {Refusal::kNotCompatible, Field::kDay, row, ""});
    }
  }
}

void NaiveModel::judge_days(const SetCalendarDays& days) {
  if (outside(days.count, 1, 18))
    return judgement_.fault(true, {Refusal::kOutOfRange, Field::kCount, 0, "days"});
  if (days.first_day < 0 || days.first_day > 2'900'000)
    return judgement_.fault(true, {Refusal::kOutOfRange, Field::kDay, 0, "firstDay"});
  if (!judge_hours(days)) return;
  std::int32_t first = days.first_day;
  std::int32_t last = first + days.count - 1;
  if (!calendar_.always_open()) {
    first = std::min(first, calendar_.first());
    last = std::max(last, calendar_.last());
  }
  if (last - first >= 14'610)
    return judgement_.fault(true, {Refusal::kNotCompatible, Field::kDay, 0, ""});
  judge_overlaps(days);
}

bool NaiveModel::acceptable_service(const DefineService& service) const {
  if (service.stage_count == 0 || service.stage_count > kServiceStagesMax) return false;
  std::set<Stage> seen;
  for (std::size_t index = 0; index < service.stage_count; ++index) {
    const StageSpec& stage = service.stages[index];
    if (raw(stage.stage) >= kStageCount || raw(stage.skill) >= kSkillCount ||
        raw(stage.confirmer) > 2 || raw(stage.reach) > 1 || stage.flags > 63 ||
        !seen.insert(stage.stage).second) {
      return false;
    }
    const bool nobody = external(stage) || stage.stage == Stage::kMunicipalDecision;
    if (outside(stage.effort_minutes, nobody ? 0 : 1, 1440) ||
        outside(stage.sla_minutes, nobody ? 0 : 1, 60'000)) {
      return false;
    }
    if (!nobody && stage.effort_complex_minutes > 1440) return false;
  }
  return true;
}

void NaiveModel::judge_reference(const Command& command) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kSetLimits) {
    judge_limits(body.set_limits.limits);
  } else if (command.kind == CommandKind::kSetPolicy) {
    judgement_.fault(policy_outside(body.set_policy), Refusal::kOutOfRange, Field::kPolicy);
    judgement_.fault(body.set_policy == policy_, Refusal::kNothingToDo, Field::kPolicy);
  } else if (command.kind == CommandKind::kSetCalendarDays) {
    const SetCalendarDays& days = body.set_calendar_days;
    judge_note(days.note, false);
    judge_days(days);
    if (judgement_.only_faults()) return;
    bool same = true;
    NaiveCalendar after = calendar_;
    after.set_days(days);
    for (std::int32_t date = days.first_day; date < days.first_day + days.count; ++date) {
      const auto now = calendar_.hours(date);
      const auto then = after.hours(date);
      same = same && calendar_.covers(date) && now.open == then.open && now.close == then.close &&
             calendar_.note(date) == after.note(date);
    }
    judgement_.fault(same, Refusal::kNothingToDo, Field::kDay);
  } else if (command.kind == CommandKind::kDefineService) {
    const DefineService& service = body.define_service;
    judgement_.fault(outside(raw(service.service), 1, kServicesMax - 1), Refusal::kOutOfRange,
                     Field::kService);
    judgement_.fault(!acceptable_service(service), Refusal::kOutOfRange, Field::kStages);
    judgement_.fault(too_long(service.label), Refusal::kOutOfRange, Field::kLabel);
    const auto known = services_.find(raw(service.service));
    const std::uint16_t last = known == services_.end() ? 0 : known->second.back().version;
    judgement_.fault(service.version <= last, Refusal::kNotCompatible, Field::kVersion);
    // Versions that cases still keep may fill all the places there are.
    if (known != services_.end() && known->second.size() >= kServiceVersionsMax)
      judgement_.allow(Refusal::kNotCompatible, Field::kLimits);
  } else if (command.kind == CommandKind::kDefineOrganisation) {
    const DefineOrganisation& organisation = body.define_organisation;
    judgement_.fault(raw(organisation.organisation) == 0, Refusal::kOutOfRange,
                     Field::kOrganisation);
    judgement_.fault(organisation.priority != PriorityClass::kMunicipal &&
                         organisation.priority != PriorityClass::kOther,
                     Refusal::kOutOfRange, Field::kPriority);
    judgement_.fault(organisation.enabled > 1, Refusal::kOutOfRange, Field::kState);
    judgement_.fault(too_long(organisation.label), Refusal::kOutOfRange, Field::kLabel);
    const auto known = organisations_.find(raw(organisation.organisation));
    if (known == organisations_.end()) return;
    const DefineOrganisation& present = known->second;
    judgement_.fault(present.priority == organisation.priority &&
                         present.enabled == organisation.enabled &&
                         present.label == organisation.label,
                     Refusal::kNothingToDo, Field::kOrganisation);
  }
}

// ---- offices and experts ----

// Only a suspension has moments: it begins ahead, and ends after that.
template <class Change>
void NaiveModel::judge_moments(const Change& change) {
  const bool any = change.from != kNever || change.until != kNever;
  const bool suspends = change.state == decltype(change.state)::kSuspended;
  judgement_.fault(any && !suspends, Refusal::kNotCompatible, Field::kValidity);
  const bool past = change.from.ms <= now_ || change.until.ms <= now_ ||
                    (change.from != kNever && change.until <= change.from);
  judgement_.fault(past, Refusal::kOutOfRange, Field::kValidity);
}

void NaiveModel::judge_office_change(const SetOfficeState& change) {
  judge_reason(change.reason, false);
  judge_note(change.note, false);
  judgement_.fault(outside(raw(change.state), 1, 6), Refusal::kOutOfRange, Field::kState);
  judge_moments(change);
  const auto found = offices_.find(raw(change.office));
  if (found == offices_.end()) {
    judgement_.fault(true, Refusal::kUnknownOffice, Field::kOffice);
    return;
  }
  const OfficeState from = found->second.state;
  const OfficeState to = change.state;
  using enum OfficeState;
  const bool is_ahead = change.from != kNever;
  judgement_.fault(is_ahead && from != kActive, Refusal::kWrongState, Field::kState);
  if (is_ahead || from == to) {
    judgement_.fault(change.from.ms == found->second.suspended_from &&
                         change.until.ms == found->second.suspended_until,
                     Refusal::kNothingToDo, Field::kState);
    return;
  }
  if (to == kActive) {
    for (const Field field : licences_.lacks(raw(change.office), world()))
      judgement_.fault(true, Refusal::kRequirementMissing, field);
  }
  // A licence that was applied for and has ended is applied for again.
  judgement_.fault(from == kExpired && found->second.application != 0, Refusal::kWrongState,
                   Field::kState);
  judgement_.fault(from == kExpired && licences_.manages(found->second.defined.technical_manager,
                                                         raw(change.office), world()),
                   Refusal::kNotCompatible, Field::kManager);
  const bool serving = from == kActive || from == kSuspended;
  const bool named = (from == kEquipping && to == kActive) ||
                     (serving && (to == kActive || to == kSuspended || to == kExpired ||
                                  to == kRevoked || to == kSurrendered));
  // The domain does not say whether a lapsed licence can be renewed or a new one given up.
  const bool unsaid = from == kExpired || from == kEquipping;
  if (unsaid && !named) judgement_.allow(Refusal::kWrongState, Field::kState);
  judgement_.fault(!named && !unsaid, Refusal::kWrongState, Field::kState);
}

void NaiveModel::judge_expert_change(const SetExpertState& change) {
  judge_reason(change.reason, false);
  judge_note(change.note, false);
  judgement_.fault(outside(raw(change.state), 1, 7), Refusal::kOutOfRange, Field::kState);
  judge_moments(change);
  const auto found = experts_.find(raw(change.expert));
  if (found == experts_.end()) {
    judgement_.fault(true, Refusal::kUnknownExpert, Field::kExpert);
    return;
  }
  const ExpertState from = found->second.state;
  const ExpertState to = change.state;
  using enum ExpertState;
  const bool is_ahead = change.from != kNever;
  judgement_.fault(is_ahead && from != kCertified, Refusal::kWrongState, Field::kState);
  if (is_ahead || from == to) {
    judgement_.fault(change.from.ms == found->second.suspended_from &&
                         change.until.ms == found->second.suspended_until,
                     Refusal::kNothingToDo, Field::kState);
    return;
  }
  judgement_.fault(
      to == kInTraining && raw(found->second.defined.degree) < raw(policy_.expert_degree),
      Refusal::kNotCompatible, Field::kDegree);
  const bool named = (from == kCandidate && to == kInTraining) ||
                     (from == kInTraining && to == kExamPending) ||
                     (from == kExamPending && (to == kCertified || to == kInTraining)) ||
                     (from == kCertified && to == kSuspended) ||
                     (from == kSuspended && (to == kCertified || to == kExpired || to == kLeft));
  // Leaving at any time, lapsing without a suspension and coming back are not spelled out.
  const bool unsaid =
      to == kLeft || (from == kCertified && to == kExpired) || from == kExpired || from == kLeft;
  if (unsaid && !named) judgement_.allow(Refusal::kWrongState, Field::kState);
  judgement_.fault(!named && !unsaid, Refusal::kWrongState, Field::kState);
}

void NaiveModel::judge_licence(const Command& command) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kDefineOffice) {
    const DefineOffice& office = body.define_office;
    const auto known = offices_.find(raw(office.office));
    const bool fresh = known == offices_.end();
    const auto outside_of = [&](bool wrong, Field field) {
      judgement_.fault(wrong, Refusal::kOutOfRange, field);
    };
    outside_of(outside(raw(office.office), 1, 9999), Field::kOffice);
    outside_of(outside(office.district, 1, 31), Field::kDistrict);
    outside_of(point_outside(office.point), Field::kPoint);
    outside_of(too_long(office.label), Field::kLabel);
    outside_of(raw(office.state) > 6, Field::kState);
    outside_of(fresh && offices_.size() >= limits_.offices_max, Field::kLimits);
    judgement_.fault(fresh && office.state == OfficeState::kNone, Refusal::kMissing, Field::kState);
    const OfficeState state = fresh ? office.state : known->second.state;
    judgement_.fault(state == OfficeState::kActive && raw(office.technical_manager) == 0,
                     Refusal::kMissing, Field::kManager);
    const bool lives = state == OfficeState::kEquipping || state == OfficeState::kActive ||
                       state == OfficeState::kSuspended;
    judgement_.fault(
        lives && licences_.manages(office.technical_manager, raw(office.office), world()),
        Refusal::kNotCompatible, Field::kManager);
    if (fresh) return;
    const DefineOffice& present = known->second.defined;
    const auto differs = [&](bool wrong, Field field) {
      judgement_.fault(wrong, Refusal::kNotCompatible, field);
    };
    differs(present.technical_manager != office.technical_manager, Field::kManager);
    if (known->second.application == 0) return;
    differs(present.licensee != office.licensee, Field::kLicensee);
    differs(present.district != office.district, Field::kDistrict);
  } else if (command.kind == CommandKind::kSetOfficeState) {
    judge_office_change(body.set_office_state);
  } else if (command.kind == CommandKind::kActivateService) {
    const ActivateService& change = body.activate_service;
    const auto office = offices_.find(raw(change.office));
    judgement_.fault(office == offices_.end(), Refusal::kUnknownOffice, Field::kOffice);
    judgement_.fault(!services_.contains(raw(change.service)), Refusal::kUnknownService,
                     Field::kService);
    judgement_.fault(change.until < change.from, Refusal::kOutOfRange, Field::kValidity);
    if (office == offices_.end()) return;
    const auto present = office->second.active.find(raw(change.service));
    const bool none = present == office->second.active.end();
    const std::int64_t from = none ? 0 : present->second.first;
    const std::int64_t until = none ? 0 : present->second.second;
    judgement_.fault(from == change.from.ms && until == change.until.ms, Refusal::kNothingToDo,
                     Field::kValidity);
  } else if (command.kind == CommandKind::kDefineExpert) {
    const DefineExpert& expert = body.define_expert;
    const auto known = experts_.find(raw(expert.expert));
    const bool fresh = known == experts_.end();
    const auto outside_of = [&](bool wrong, Field field) {
      judgement_.fault(wrong, Refusal::kOutOfRange, field);
    };
    outside_of(outside(raw(expert.expert), 1, limits_.experts_max), Field::kExpert);
    judgement_.fault(!offices_.contains(raw(expert.office)), Refusal::kUnknownOffice,
                     Field::kOffice);
    judgement_.fault(raw(expert.person) == 0, Refusal::kMissing, Field::kPerson);
    judgement_.fault(
        raw(expert.person) != 0 && std::ranges::count(expert.relatives, expert.person) > 0,
        Refusal::kNotCompatible, Field::kPerson);
    judgement_.fault(fresh && expert.state == ExpertState::kNone, Refusal::kMissing, Field::kState);
    outside_of(raw(expert.state) > 7, Field::kState);
    outside_of((expert.districts & 1U) != 0, Field::kDistrict);
    outside_of(expert.units_per_day > 48, Field::kCount);
    outside_of(point_outside(expert.home), Field::kPoint);
    outside_of(too_long(expert.label), Field::kLabel);
    outside_of(raw(expert.degree) > 4, Field::kDegree);
    const ExpertState state = fresh ? expert.state : known->second.state;
    judgement_.fault((state == ExpertState::kInTraining || state == ExpertState::kExamPending) &&
                         raw(expert.degree) < raw(policy_.expert_degree),
                     Refusal::kNotCompatible, Field::kDegree);
    if (fresh) return;
    judgement_.fault(known->second.defined.person != expert.person, Refusal::kNotCompatible,
                     Field::kPerson);
    judgement_.fault(known->second.defined.office != expert.office && held_count(expert.expert) > 0,
                     Refusal::kWrongState, Field::kState);
  } else if (command.kind == CommandKind::kSetExpertState) {
    judge_expert_change(body.set_expert_state);
  } else if (command.kind == CommandKind::kSetCertificate) {
    const SetCertificate& change = body.set_certificate;
    const auto known = experts_.find(raw(change.expert));
    judgement_.fault(known == experts_.end(), Refusal::kUnknownExpert, Field::kExpert);
    judgement_.fault(raw(change.skill) >= kSkillCount, Refusal::kOutOfRange, Field::kSkill);
    const bool revokes = change.valid_until <= change.valid_from;
    judgement_.fault(!revokes && change.valid_until.ms <= 0, Refusal::kOutOfRange,
                     Field::kValidity);
    if (judgement_.only_faults()) return;
    const ModelCertificate& present = known->second.certificates[raw(change.skill)];
    const bool same =
        revokes ? present.until <= now_
                : present.from == change.valid_from.ms && present.until == change.valid_until.ms;
    judgement_.fault(same, Refusal::kNothingToDo, Field::kValidity);
    // Who is still learning has passed no exam, and who has left does not work (R9).
    const ExpertState state = known->second.state;
    const bool learns = state == ExpertState::kCandidate || state == ExpertState::kInTraining ||
                        state == ExpertState::kExamPending;
    judgement_.fault(!revokes && (learns || state == ExpertState::kLeft), Refusal::kWrongState,
                     Field::kState);
  } else {
    const SetAbsence& change = body.set_absence;
    const auto known = experts_.find(raw(change.expert));
    const bool clears = change.from == change.until;
    judgement_.fault(known == experts_.end(), Refusal::kUnknownExpert, Field::kExpert);
    judgement_.fault(change.until < change.from, Refusal::kOutOfRange, Field::kValidity);
    judge_reason(change.reason, !clears);
    judge_note(change.note, false);
    if (known == experts_.end()) return;
    const ModelExpert& expert = known->second;
    if (change.until < change.from) return;
    std::map<std::int64_t, std::int64_t> present = expert.absences;
    std::erase_if(present, [this](const auto& one) { return one.second <= now_; });
    const std::map<std::int64_t, std::int64_t> after = absences_after(expert, change);
    judgement_.fault(after == present || (!clears && change.until.ms <= now_),
                     Refusal::kNothingToDo, Field::kValidity);
    judgement_.fault(after.size() > kAbsencesMax, Refusal::kAbsencesFull, Field::kValidity);
  }
}

}  // namespace permitd::tests
