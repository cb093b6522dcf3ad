// Offices and experts: who they are, and in which state of licence or certification.
#include <algorithm>

#include "scheduler/commands.h"
#include "scheduler/distance.h"
#include "scheduler/events.h"
#include "scheduler/expert_flow.h"
#include "scheduler/expert_score.h"
#include "scheduler/job_flow.h"
#include "scheduler/licence_flow.h"

namespace permitd::scheduler {

namespace {

constexpr std::uint32_t bit(OfficeState state) { return 1U << raw(state); }
constexpr std::uint32_t bit(ExpertState state) { return 1U << raw(state); }

std::uint32_t successors(OfficeState from) {
  using enum OfficeState;
  switch (from) {
    case kNone:
      return 0;
    case kEquipping:
      return bit(kActive) | bit(kRevoked) | bit(kSurrendered);
    case kActive:
      return bit(kSuspended) | bit(kExpired) | bit(kRevoked) | bit(kSurrendered);
    case kSuspended:
      return bit(kActive) | bit(kExpired) | bit(kRevoked) | bit(kSurrendered);
    case kExpired:
      return bit(kEquipping) | bit(kActive);  // Active while a term, if any, lasts
    case kRevoked:
      return 0;
    case kSurrendered:
      return 0;
  }
  return 0;
}

std::uint32_t successors(ExpertState from) {
  using enum ExpertState;
  switch (from) {
    case kNone:
      return 0;
    case kCandidate:
      return bit(kInTraining) | bit(kLeft);
    case kInTraining:
      return bit(kExamPending) | bit(kLeft);
    case kExamPending:
      return bit(kCertified) | bit(kInTraining) | bit(kLeft);
    case kCertified:
      return bit(kSuspended) | bit(kExpired) | bit(kLeft);
    case kSuspended:
      return bit(kCertified) | bit(kExpired) | bit(kLeft);
    case kExpired:
      return bit(kInTraining) | bit(kCertified) | bit(kLeft);
    case kLeft:
      return bit(kCandidate);
  }
  return 0;
}

// The first activation of a licence that was applied for begins its term; one from before the
// rounds has none until it is renewed. An office that was given no place is where its venue is.
void begin_licence(Core& core, OfficeRecord& office) {
  constexpr std::int64_t kDayMs = std::int64_t{1440} * kMsPerMinute;
  if (raw(office.application) == 0 || office.state != OfficeState::kEquipping) return;
  const Licences& licences = core.licences;
  const ApplicationRecord& application = licences.application(office.application);
  office.licence_until = Tick{core.now.ms + licences.rules_of(application).validity_days * kDayMs};
  if (!is_known(office.point)) office.point = licences.venues[raw(application.venue)].point;
}

void link_expert(Core& core, std::uint32_t number) {
  OfficeRecord& office = core.offices[core.experts[number].office];
  core.experts[number].previous_in_office = 0;
  core.experts[number].next_in_office = office.first_expert;
  if (office.first_expert != 0) core.experts[office.first_expert].previous_in_office = number;
  office.first_expert = number;
}

void unlink_expert(Core& core, std::uint32_t number) {
  const ExpertRecord& expert = core.experts[number];
  if (expert.previous_in_office != 0) {
    core.experts[expert.previous_in_office].next_in_office = expert.next_in_office;
  } else {
    core.offices[expert.office].first_expert = expert.next_in_office;
  }
  if (expert.next_in_office != 0)
    core.experts[expert.next_in_office].previous_in_office = expert.previous_in_office;
}

// A technical manager comes and goes by SetTechnicalManager, which judges who comes. Who applied
// for a licence was checked, and so was the place: both stay.
bool check_office_persons(const OfficeRecord& present, const DefineOffice& office,
                          Outcome& outcome) {
  const bool applied = raw(present.application) != 0;
  if (applied && present.licensee != office.licensee)
    refuse(outcome, Refusal::kNotCompatible, Field::kLicensee);
  else if (present.technical_manager != office.technical_manager)
    refuse(outcome, Refusal::kNotCompatible, Field::kManager);
  else if (applied && present.district != office.district)
    refuse(outcome, Refusal::kNotCompatible, Field::kDistrict);
  return outcome.refusal == Refusal::kNone;
}

bool check_office(const Core& core, const DefineOffice& office, std::uint32_t index,
                  Outcome& outcome) {
  if (raw(office.office) == 0 || raw(office.office) > 9999)
    refuse(outcome, Refusal::kOutOfRange, Field::kOffice);
  else if (office.district == 0 || office.district >= kDistrictCount)
    refuse(outcome, Refusal::kOutOfRange, Field::kDistrict);
  else if (!point_in_range(office.point))
    refuse(outcome, Refusal::kOutOfRange, Field::kPoint);
  else if (!text_fits(office.label))
    refuse(outcome, Refusal::kOutOfRange, Field::kLabel);
  else if (!known_value(office.state, OfficeState::kSurrendered))
    refuse(outcome, Refusal::kOutOfRange, Field::kState);
  else if (index == kNoSlot && office.state == OfficeState::kNone)
    refuse(outcome, Refusal::kMissing, Field::kState);
  else if (index == kNoSlot && core.office_count == core.limits.offices_max)
    refuse(outcome, Refusal::kOutOfRange, Field::kLimits);
  if (outcome.refusal != Refusal::kNone) return false;
  const OfficeState state = index == kNoSlot ? office.state : core.offices[index].state;
  if (state == OfficeState::kActive && raw(office.technical_manager) == 0) {
    refuse(outcome, Refusal::kMissing, Field::kManager);
    return false;
  }
  if (office_lives(state) && manager_engaged(core, office.technical_manager, office.office)) {
    refuse(outcome, Refusal::kNotCompatible, Field::kManager);
    return false;
  }
  return index == kNoSlot || check_office_persons(core.offices[index], office, outcome);
}

bool check_expert(const Core& core, const DefineExpert& expert, bool known, Outcome& outcome) {
  if (raw(expert.expert) == 0 || raw(expert.expert) > core.limits.experts_max)
    refuse(outcome, Refusal::kOutOfRange, Field::kExpert);
  else if (find_office_index(core, expert.office) == kNoSlot)
    refuse(outcome, Refusal::kUnknownOffice, Field::kOffice);
  else if (raw(expert.person) == 0)
    refuse(outcome, Refusal::kMissing, Field::kPerson);
  else if (std::find(expert.relatives.begin(), expert.relatives.end(), expert.person) !=
           expert.relatives.end())
    refuse(outcome, Refusal::kNotCompatible, Field::kPerson);
  else if (!known_value(expert.state, ExpertState::kLeft))
    refuse(outcome, Refusal::kOutOfRange, Field::kState);
  else if (!known_value(expert.degree, Degree::kDoctorate))
    refuse(outcome, Refusal::kOutOfRange, Field::kDegree);
  else if (!known && expert.state == ExpertState::kNone)
    refuse(outcome, Refusal::kMissing, Field::kState);
  else if ((expert.districts & 1) != 0)
    refuse(outcome, Refusal::kOutOfRange, Field::kDistrict);
  else if (expert.units_per_day > 48)
    refuse(outcome, Refusal::kOutOfRange, Field::kCount);
  else if (!point_in_range(expert.home))
    refuse(outcome, Refusal::kOutOfRange, Field::kPoint);
  else if (!text_fits(expert.label))
    refuse(outcome, Refusal::kOutOfRange, Field::kLabel);
  if (outcome.refusal != Refusal::kNone) return false;
  const ExpertState state = known ? core.experts[raw(expert.expert)].state : expert.state;
  const bool learns = state == ExpertState::kInTraining || state == ExpertState::kExamPending;
  if (learns && expert.degree < core.policy.expert_degree)
    refuse(outcome, Refusal::kNotCompatible, Field::kDegree);
  return outcome.refusal == Refusal::kNone;
}

// Only a suspension has moments: it begins ahead, and ends after that.
template <class Change>
bool check_suspension(const Core& core, const Change& change, Outcome& outcome) {
  using State = decltype(change.state);
  if (change.from == kNever && change.until == kNever) return true;
  const Tick begin = change.from == kNever ? core.now : change.from;
  if (change.state != State::kSuspended)
    refuse(outcome, Refusal::kNotCompatible, Field::kValidity);
  else if (change.from <= core.now || change.until <= begin)
    refuse(outcome, Refusal::kOutOfRange, Field::kValidity);
  return outcome.refusal == Refusal::kNone;
}

// Pre: the change is of the moments alone: an Active office is suspended ahead or no longer, or a
// suspended one until another moment.
void change_office_suspension(Core& core, std::uint32_t index, const SetOfficeState& change,
                              Outcome& outcome) {
  const OfficeRecord& office = core.offices[index];
  outcome.state = raw(office.state);
  if (office.suspended_from == change.from && office.suspended_until == change.until)
    return refuse(outcome, Refusal::kNothingToDo, Field::kState);
  core.note = &change.note;
  set_office_suspension(core, index, change.from, change.until, change.reason);
}

// Who an expert is stays as it is: four eyes and past decisions hang on it. Offices change between
// jobs only.
bool check_expert_move(const Core& core, const DefineExpert& expert, Outcome& outcome) {
  const ExpertRecord& present = core.experts[raw(expert.expert)];
  if (present.person != expert.person) {
    refuse(outcome, Refusal::kNotCompatible, Field::kPerson);
  } else if (present.office != find_office_index(core, expert.office) && present.held_count > 0) {
    refuse_state(outcome, present.state);
  }
  return outcome.refusal == Refusal::kNone;
}

// Pre: those that are over are forgotten.
bool change_absences(const Core& core, const SetAbsence& change, Absences& absences,
                     Outcome& outcome) {
  const Absence fresh{change.from, change.until, change.reason, {}};
  const Absence* known = absences.at(fresh.from);
  if (fresh.from == fresh.until) {
    if (!absences.end(fresh.from)) refuse(outcome, Refusal::kNothingToDo, Field::kValidity);
    absences.forget(core.now);
  } else if (fresh.until <= core.now || (known != nullptr && fresh.until <= known->until)) {
    refuse(outcome, Refusal::kNothingToDo, Field::kValidity);
  } else if (!absences.add(fresh)) {
    refuse(outcome, Refusal::kAbsencesFull, Field::kValidity);
  }
  return outcome.refusal == Refusal::kNone;
}

}  // namespace

void apply_define_office(Core& core, const Command& command, Outcome& outcome) {
  const DefineOffice& office = command.body.define_office;
  std::uint32_t index = find_office_index(core, office.office);
  if (!check_office(core, office, index, outcome)) return;
  OfficeState before = OfficeState::kNone;
  if (index == kNoSlot) {
    index = core.office_count++;
    core.office_index[raw(office.office)] = static_cast<std::uint16_t>(index + 1);
    core.offices[index] = OfficeRecord{};
    core.offices[index].id = office.office;
    core.offices[index].state = office.state;
  } else {
    before = core.offices[index].state;
  }
  OfficeRecord& record = core.offices[index];
  record.district = office.district;
  record.licensee = office.licensee;
  record.technical_manager = office.technical_manager;
  record.point = office.point;
  record.label = tidy_text(office.label);
  outcome.state = raw(record.state);
  emit_reference(core, EventKind::kOfficeChanged, record.id, ExpertId{}, raw(before),
                 raw(record.state), Reason::kNone);
  offer_to_office_soon(core, index);  // other persons behind the office: other conflicts
}

void apply_set_office_state(Core& core, const Command& command, Outcome& outcome) {
  const SetOfficeState& change = command.body.set_office_state;
  const std::uint32_t index = find_office_index(core, change.office);
  if (index == kNoSlot) return refuse(outcome, Refusal::kUnknownOffice, Field::kOffice);
  if (!known_value(change.state, OfficeState::kSurrendered) || change.state == OfficeState::kNone) {
    return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  }
  if (!check_reason(change.reason, false, outcome) || !check_note(change.note, false, outcome))
    return;
  if (!check_suspension(core, change, outcome)) return;
  OfficeRecord& office = core.offices[index];
  const bool is_ahead = change.from != kNever;
  if (is_ahead && office.state != OfficeState::kActive) return refuse_state(outcome, office.state);
  if (is_ahead || office.state == change.state)
    return change_office_suspension(core, index, change, outcome);
  // A licence that was applied for and has ended is applied for again.
  const bool ended = office.state == OfficeState::kExpired && raw(office.application) != 0;
  if (ended || (successors(office.state) & bit(change.state)) == 0)
    return refuse_state(outcome, office.state);
  // Who managed a lapsed office may have gone to another one.
  if (office.state == OfficeState::kExpired &&
      manager_engaged(core, office.technical_manager, office.id))
    return refuse(outcome, Refusal::kNotCompatible, Field::kManager);
  if (change.state == OfficeState::kActive) {
    // Over is over, whether or not the timer has told it: only a renewal gives another term.
    if (office.licence_until <= core.now)
      return refuse(outcome, Refusal::kRequirementMissing, Field::kValidity);
    const std::uint32_t missing = missing_of_office(core, index);
    if (missing != 0) return refuse(outcome, Refusal::kRequirementMissing, missing_field(missing));
    begin_licence(core, office);
  }
  core.note = &change.note;
  outcome.state = raw(change.state);
  change_office_state(core, index, change.state, change.reason, change.until);
}

void apply_activate_service(Core& core, const Command& command, Outcome& outcome) {
  const ActivateService& change = command.body.activate_service;
  const std::uint32_t index = find_office_index(core, change.office);
  if (index == kNoSlot) return refuse(outcome, Refusal::kUnknownOffice, Field::kOffice);
  if (raw(change.service) >= kServicesMax ||
      service_version(core, change.service, 0).version == 0) {
    return refuse(outcome, Refusal::kUnknownService, Field::kService);
  }
  if (change.until < change.from) return refuse(outcome, Refusal::kOutOfRange, Field::kValidity);
  Activation& activation = core.offices[index].activations[raw(change.service)];
  if (activation.from == change.from && activation.until == change.until) {
    return refuse(outcome, Refusal::kNothingToDo, Field::kValidity);
  }
  activation = {change.from, change.until};
  emit_reference(core, EventKind::kReferenceChanged, change.office, ExpertId{}, raw(change.service),
                 raw(command.kind), Reason::kNone);
  sweep_office(core, index);  // leases end with the activation; who waits may take more
  set_office_timer(core, index);
  if (activation.covers(core.now) && core.ages.count(blocked_list_of(index)) > 0) {
    core.offices[index].pass_left = 0;
    core.other_timers.set(office_timer(core, index), core.now);
  }
}

void apply_define_expert(Core& core, const Command& command, Outcome& outcome) {
  const DefineExpert& expert = command.body.define_expert;
  const bool known = expert_known(core, expert.expert);
  if (!check_expert(core, expert, known, outcome)) return;
  if (known && !check_expert_move(core, expert, outcome)) return;
  const std::uint32_t number = raw(expert.expert);
  ExpertRecord& record = core.experts[number];
  const ExpertState before = record.state;
  const auto office = static_cast<std::uint16_t>(find_office_index(core, expert.office));
  if (!known) {
    record = ExpertRecord{};
    record.person = expert.person;
    record.state = expert.state;
    core.expert_last = std::max(core.expert_last, number);
  }
  if (record.counted != 0) count_capacity(core, record, false);
  if (!known || record.office != office) {
    if (known) unlink_expert(core, number);
    record.office = office;
    link_expert(core, number);
  }
  record.districts = expert.districts;
  record.units_per_day = expert.units_per_day;
  if (record.counted != 0) count_capacity(core, record, true);
  record.degree = expert.degree;
  record.relatives = expert.relatives;
  record.home = expert.home;
  record.label = tidy_text(expert.label);
  outcome.expert = expert.expert;
  emit_reference(core, EventKind::kExpertChanged, expert.office, expert.expert, raw(before),
                 raw(record.state), Reason::kNone);
  sweep_expert(core, expert.expert);
  outcome.state = raw(record.state);
}

void apply_set_expert_state(Core& core, const Command& command, Outcome& outcome) {
  const SetExpertState& change = command.body.set_expert_state;
  if (!expert_known(core, change.expert))
    return refuse(outcome, Refusal::kUnknownExpert, Field::kExpert);
  if (!known_value(change.state, ExpertState::kLeft) || change.state == ExpertState::kNone) {
    return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  }
  if (!check_reason(change.reason, false, outcome) || !check_note(change.note, false, outcome))
    return;
  if (!check_suspension(core, change, outcome)) return;
  ExpertRecord& record = core.experts[raw(change.expert)];
  const bool is_ahead = change.from != kNever;
  if (is_ahead && record.state != ExpertState::kCertified)
    return refuse_state(outcome, record.state);
  const bool is_same = is_ahead || record.state == change.state;
  if (is_same && record.suspended_from == change.from && record.suspended_until == change.until) {
    outcome.state = raw(record.state);
    return refuse(outcome, Refusal::kNothingToDo, Field::kState);
  }
  if (!is_same && (successors(record.state) & bit(change.state)) == 0)
    return refuse_state(outcome, record.state);
  if (change.state == ExpertState::kInTraining && record.degree < core.policy.expert_degree)
    return refuse(outcome, Refusal::kNotCompatible, Field::kDegree);
  const ExpertState before = record.state;
  core.note = &change.note;
  if (!is_ahead) record.state = change.state;
  record.suspended_from = change.from;
  record.suspended_until = change.until;
  record.suspension_reason = is_ahead ? change.reason : Reason::kNone;
  outcome.expert = change.expert;
  emit_reference(core, EventKind::kExpertChanged, core.offices[record.office].id, change.expert,
                 raw(before), raw(record.state), change.reason);
  sweep_expert(core, change.expert);  // certified without a certificate left, it expires at once
  outcome.state = raw(record.state);
}

void apply_set_certificate(Core& core, const Command& command, Outcome& outcome) {
  const SetCertificate& change = command.body.set_certificate;
  if (!expert_known(core, change.expert))
    return refuse(outcome, Refusal::kUnknownExpert, Field::kExpert);
  if (!known_value(change.skill, Skill::kConfirm))
    return refuse(outcome, Refusal::kOutOfRange, Field::kSkill);
  ExpertRecord& record = core.experts[raw(change.expert)];
  Tick& from = record.valid_from[raw(change.skill)];
  Tick& until = record.valid_until[raw(change.skill)];
  const bool revokes = change.valid_until <= change.valid_from;
  if (!revokes && change.valid_until.ms <= 0)
    return refuse(outcome, Refusal::kOutOfRange, Field::kValidity);
  const bool same =
      revokes ? until <= core.now : from == change.valid_from && until == change.valid_until;
  if (same) return refuse(outcome, Refusal::kNothingToDo, Field::kValidity);
  if (!revokes && !may_be_certified(record.state)) return refuse_state(outcome, record.state);
  tell_passed(core, change.expert);
  if (!revokes) from = change.valid_from;
  until = revokes ? core.now : change.valid_until;
  outcome.expert = change.expert;
  tell_certificate(core, change.expert, change.skill);
  if (record.state == ExpertState::kExpired && !revokes && until > core.now) {
    record.state = ExpertState::kCertified;
    emit_expert(core, core.offices[record.office].id, change.expert, ExpertState::kExpired,
                record.state, core.actor, Reason::kNone);
  }
  sweep_expert(core, change.expert);
  outcome.state = raw(record.state);
}

void apply_set_absence(Core& core, const Command& command, Outcome& outcome) {
  const SetAbsence& change = command.body.set_absence;
  if (!expert_known(core, change.expert))
    return refuse(outcome, Refusal::kUnknownExpert, Field::kExpert);
  if (change.until < change.from) return refuse(outcome, Refusal::kOutOfRange, Field::kValidity);
  if (!check_reason(change.reason, change.from != change.until, outcome) ||
      !check_note(change.note, false, outcome))
    return;
  ExpertRecord& record = core.experts[raw(change.expert)];
  Absences changed = record.absences;
  changed.forget(core.now);
  if (!change_absences(core, change, changed, outcome)) return;
  core.note = &change.note;
  tell_passed(core, change.expert);
  record.absences = changed;
  outcome.expert = change.expert;
  tell_absence(core, change.expert, change.reason);
  sweep_expert(core, change.expert);
  outcome.state = raw(record.state);
}

}  // namespace permitd::scheduler
