// Applications for a licence: received, checked, examined, and withdrawn.
#include "scheduler/commands.h"
#include "scheduler/events.h"
#include "scheduler/licence_flow.h"

namespace permitd::scheduler {

namespace {

bool application_known(const Core& core, ApplicationId id, Outcome& outcome) {
  if (core.licences.knows(id)) return true;
  refuse(outcome, Refusal::kUnknownApplication, Field::kApplication);
  return false;
}

void answer(const Core& core, ApplicationId id, Outcome& outcome) {
  outcome.case_id = CaseId{raw(id)};
  outcome.state = raw(core.licences.application(id).state);
}

bool check_evidence(const Code& evidence, Outcome& outcome) {
  if (!text_fits(evidence))
    refuse(outcome, Refusal::kOutOfRange, Field::kEvidence);
  else if (evidence.size == 0)
    refuse(outcome, Refusal::kMissing, Field::kEvidence);
  return outcome.refusal == Refusal::kNone;
}

bool check_persons(const ApplyForLicence& apply, Outcome& outcome) {
  if (raw(apply.licensee.person) == 0)
    refuse(outcome, Refusal::kMissing, Field::kLicensee);
  else if (raw(apply.manager.person) == 0)
    refuse(outcome, Refusal::kMissing, Field::kManager);
  else if (!person_in_range(apply.licensee, apply.day))
    refuse(outcome, Refusal::kOutOfRange, Field::kLicensee);
  else if (!person_in_range(apply.manager, apply.day))
    refuse(outcome, Refusal::kOutOfRange, Field::kManager);
  else if (apply.licensee.person == apply.manager.person && !(apply.licensee == apply.manager))
    refuse(outcome, Refusal::kNotCompatible, Field::kManager);  // one person, told in two ways
  return outcome.refusal == Refusal::kNone;
}

// One application a round for a licensee, and one office for a technical manager, whatever the
// round.
bool check_once(const Core& core, const ApplyForLicence& apply, Outcome& outcome) {
  const Licences& licences = core.licences;
  for (const ApplicationRecord& one :
       licences.applications.span().first(licences.application_count)) {
    if (one.round != apply.round || one.state == LicenceState::kWithdrawn ||
        one.state == LicenceState::kIneligible)
      continue;
    if (one.licensee.person == apply.licensee.person)
      refuse(outcome, Refusal::kAlreadyApplied, Field::kLicensee);
    else if (one.manager.person == apply.manager.person)
      refuse(outcome, Refusal::kAlreadyApplied, Field::kManager);
    if (outcome.refusal != Refusal::kNone) return false;
  }
  if (!manager_engaged(core, apply.manager.person, OfficeId{})) return true;
  refuse(outcome, Refusal::kNotCompatible, Field::kManager);
  return false;
}

bool check_own_venue(const Core& core, const ApplyForLicence& apply, Outcome& outcome) {
  if (raw(apply.own_venue) == 0) return true;
  if (!core.licences.knows(apply.own_venue)) {
    refuse(outcome, Refusal::kUnknownVenue, Field::kVenue);
    return false;
  }
  const VenueRecord& venue = core.licences.venues[raw(apply.own_venue)];
  if (venue.kind != VenueKind::kOwn || venue.owner != apply.licensee.person ||
      venue.in_service == 0)
    refuse(outcome, Refusal::kNotCompatible, Field::kVenue);
  else if (raw(venue.application) != 0 || raw(venue.office) != 0)
    refuse(outcome, Refusal::kVenueTaken, Field::kVenue);
  return outcome.refusal == Refusal::kNone;
}

bool check_application(const Core& core, const ApplyForLicence& apply, Outcome& outcome) {
  if (!core.licences.knows(apply.round)) {
    refuse(outcome, Refusal::kUnknownRound, Field::kRound);
    return false;
  }
  const RoundRecord& round = core.licences.round(apply.round);
  if (round.state != RoundState::kOpen || round.closes <= core.now) {
    refuse_state(outcome, round.state);
    outcome.refusal = Refusal::kRoundNotOpen;
    outcome.field = Field::kRound;
  } else if (apply.district == 0 || apply.district >= kDistrictCount) {
    refuse(outcome, Refusal::kOutOfRange, Field::kDistrict);
  } else if (!local_day_plausible(core, apply.day)) {
    refuse(outcome, Refusal::kOutOfRange, Field::kDay);
  }
  if (outcome.refusal != Refusal::kNone) return false;
  if (!check_persons(apply, outcome) || !check_own_venue(core, apply, outcome) ||
      !check_once(core, apply, outcome))
    return false;
  if (core.licences.application_count == core.limits.applications_max) {
    refuse(outcome, Refusal::kApplicationsFull, Field::kLimits);
    return false;
  }
  return true;
}

// Whose check is recorded, and where it is kept.
struct Checked {
  ApplicationId application{};
  std::uint32_t office = kNoSlot;  // that the person is to manage, where there is one
  LicenceState state = LicenceState::kNone;
};

// An office from before the rounds has nobody to check but a technical manager who came later; of
// one that was applied for the application is named.
bool find_checked_office(const Core& core, const RecordLicenceCheck& record, Checked& checked,
                         Outcome& outcome) {
  checked.office = find_office_index(core, record.office);
  if (raw(record.application) != 0)
    refuse(outcome, Refusal::kNotCompatible, Field::kOffice);
  else if (checked.office == kNoSlot)
    refuse(outcome, Refusal::kUnknownOffice, Field::kOffice);
  else if (raw(core.offices[checked.office].application) != 0)
    refuse(outcome, Refusal::kNotCompatible, Field::kOffice);
  else if (record.subject != LicenceSubject::kManager)
    refuse(outcome, Refusal::kNotCompatible, Field::kPerson);
  else
    checked.state = licence_state_of(core.offices[checked.office].state);
  return outcome.refusal == Refusal::kNone;
}

bool find_checked(const Core& core, const RecordLicenceCheck& record, Checked& checked,
                  Outcome& outcome) {
  if (raw(record.office) != 0) return find_checked_office(core, record, checked, outcome);
  if (!application_known(core, record.application, outcome)) return false;
  const ApplicationRecord& application = core.licences.application(record.application);
  checked.application = record.application;
  checked.office = find_office_index(core, application.office);
  checked.state = application.state;
  return true;
}

SubjectChecks& checks_of(Core& core, const Checked& checked, LicenceSubject subject) {
  if (raw(checked.application) == 0) return core.offices[checked.office].manager_checks;
  return core.licences.application(checked.application).checks[raw(subject)];
}

bool is_computed(LicenceCheck check) { return raw(check) < kComputedCheckCount; }

CheckResult result_of(const RecordLicenceCheck& record) {
  return record.passed != 0 ? CheckResult::kPassed : CheckResult::kFailed;
}

bool is_recorded(const RecordLicenceCheck& record, const CheckRecord& present) {
  return present.result == result_of(record) && present.evidence == tidy_text(record.evidence);
}

// The paper of what was computed, whenever it comes: what was found stays as it is.
bool check_paper(const Core& core, const RecordLicenceCheck& record, const Checked& checked,
                 const CheckRecord& present, Outcome& outcome) {
  const bool has_left = record.subject == LicenceSubject::kManager &&
                        raw(checked.application) != 0 &&
                        raw(core.licences.application(checked.application).manager.person) == 0;
  if (has_left)
    refuse(outcome, Refusal::kMissing, Field::kManager);
  else if (present.result != result_of(record))
    refuse(outcome, Refusal::kNotCompatible, Field::kCheck);
  else if (is_recorded(record, present))
    refuse(outcome, Refusal::kNothingToDo, Field::kCheck);
  if (outcome.refusal == Refusal::kNothingToDo) outcome.state = raw(checked.state);
  return outcome.refusal == Refusal::kNone;
}

// A check that was asked for, of somebody whose checks are under way: an applicant, or a technical
// manager who came later.
bool check_recordable(const Core& core, const RecordLicenceCheck& record, const Checked& checked,
                      const CheckRecord& present, Outcome& outcome) {
  bool replaced = false;
  if (record.subject == LicenceSubject::kManager && checked.office != kNoSlot) {
    const OfficeRecord& office = core.offices[checked.office];
    replaced = office_lives(office.state) && office.manager_state == ManagerState::kUnchecked;
  }
  if (checked.state != LicenceState::kApplied && !replaced) {
    refuse_state(outcome, checked.state);
    return false;
  }
  if (present.result == CheckResult::kNotRequired) {
    refuse(outcome, Refusal::kNotCompatible, Field::kCheck);
    return false;
  }
  if (is_recorded(record, present)) {
    outcome.state = raw(checked.state);
    refuse(outcome, Refusal::kNothingToDo, Field::kCheck);
    return false;
  }
  return true;
}

// The checks of a technical manager who came later: when all are passed the manager can act.
void judge_manager(Core& core, std::uint32_t office) {
  OfficeRecord& record = core.offices[office];
  if (checks_passed(manager_checks(core, record))) record.manager_state = ManagerState::kActive;
}

bool check_result(const Core& core, ApplicationId id, LicenceState asked, const Code& evidence,
                  Outcome& outcome) {
  if (!application_known(core, id, outcome) || !check_evidence(evidence, outcome)) return false;
  const LicenceState state = core.licences.application(id).state;
  if (state == asked) return true;
  refuse_state(outcome, state);
  return false;
}

void emit_recorded(Core& core, const Command& command, ApplicationId id, std::uint8_t what) {
  emit_licence(core, EventKind::kLicenceRecorded, event_subject(id),
               core.licences.application(id).office, raw(command.kind), what, Reason::kNone);
}

}  // namespace

void apply_apply_for_licence(Core& core, const Command& command, Outcome& outcome) {
  const ApplyForLicence& apply = command.body.apply_for_licence;
  if (!check_application(core, apply, outcome)) return;
  Licences& licences = core.licences;
  const ApplicationId id{++licences.application_count};
  ApplicationRecord& record = licences.application(id);
  record = ApplicationRecord{};
  record.applied_at = core.now;
  record.licensee = apply.licensee;
  record.manager = apply.manager;
  record.round = apply.round;
  record.own_venue = apply.own_venue;
  record.district = apply.district;
  const SetLicenceRules& rules = licences.rules_of(record);
  for (const LicenceSubject subject : {LicenceSubject::kLicensee, LicenceSubject::kManager}) {
    const LicencePerson& person =
        subject == LicenceSubject::kLicensee ? apply.licensee : apply.manager;
    record.checks[raw(subject)] = first_checks(core, rules, subject, person, apply.day);
  }
  if (raw(apply.own_venue) != 0)
    record.checks[raw(LicenceSubject::kLicensee)][raw(LicenceCheck::kOwnVenue)].result =
        CheckResult::kPending;
  ++licences.round(apply.round).applied;
  set_licence_state(core, id, LicenceState::kApplied, Reason::kNone);
  if (raw(apply.own_venue) != 0) hold_venue(core, id, apply.own_venue);
  judge_application(core, id);
  answer(core, id, outcome);
}

void apply_record_licence_check(Core& core, const Command& command, Outcome& outcome) {
  const RecordLicenceCheck& record = command.body.record_licence_check;
  Checked checked;
  if (!known_value(record.subject, LicenceSubject::kManager))
    return refuse(outcome, Refusal::kOutOfRange, Field::kPerson);
  if (!known_value(record.check, LicenceCheck::kOwnVenue) || record.passed > 1)
    return refuse(outcome, Refusal::kOutOfRange, Field::kCheck);
  if (!find_checked(core, record, checked, outcome)) return;
  if (!check_evidence(record.evidence, outcome) || !check_note(record.note, false, outcome)) return;
  CheckRecord& check = checks_of(core, checked, record.subject)[raw(record.check)];
  const bool is_paper = is_computed(record.check);
  if (is_paper ? !check_paper(core, record, checked, check, outcome)
               : !check_recordable(core, record, checked, check, outcome))
    return;
  core.note = &record.note;
  check.evidence = tidy_text(record.evidence);
  if (!is_paper) {
    check.at = core.now;
    check.result = result_of(record);
  }
  const unsigned of_manager = record.subject == LicenceSubject::kManager ? 16 : 0;
  const OfficeId office = checked.office == kNoSlot ? OfficeId{} : core.offices[checked.office].id;
  emit_licence(core, EventKind::kLicenceChecked, event_subject(checked.application), office,
               static_cast<std::uint8_t>(raw(record.check) + of_manager), raw(check.result),
               Reason::kNone);
  if (is_paper || checked.state != LicenceState::kApplied) {
    if (!is_paper) judge_manager(core, checked.office);
    outcome.state = raw(checked.state);
    outcome.case_id = CaseId{raw(checked.application)};
    return;
  }
  judge_application(core, checked.application);
  answer(core, checked.application, outcome);
}

void apply_withdraw_application(Core& core, const Command& command, Outcome& outcome) {
  const WithdrawApplication& withdraw = command.body.withdraw_application;
  if (!application_known(core, withdraw.application, outcome)) return;
  if (!check_note(withdraw.note, false, outcome)) return;
  const ApplicationRecord& application = core.licences.application(withdraw.application);
  const RoundId round = application.round;
  core.note = &withdraw.note;
  switch (application.state) {
    case LicenceState::kApplied:
    case LicenceState::kEligible:
    case LicenceState::kExamPending:
    case LicenceState::kBoardPending:
    case LicenceState::kWaitlisted:
      end_application(core, withdraw.application, LicenceState::kWithdrawn,
                      Reason::kApplicantRequest);
      choose_route(core, round);
      break;
    case LicenceState::kSelected:
      end_application(core, withdraw.application, LicenceState::kSurrendered,
                      Reason::kApplicantRequest);
      give_venues(core);
      break;
    case LicenceState::kEquipping:
      change_office_state(core, find_office_index(core, application.office),
                          OfficeState::kSurrendered, Reason::kApplicantRequest);
      break;
    case LicenceState::kNone:
    case LicenceState::kIneligible:
    case LicenceState::kNotSelected:
    case LicenceState::kActive:
    case LicenceState::kSuspended:
    case LicenceState::kExpired:
    case LicenceState::kRevoked:
    case LicenceState::kSurrendered:
    case LicenceState::kWithdrawn:
      core.note = nullptr;
      return refuse_state(outcome, application.state);
  }
  answer(core, withdraw.application, outcome);
}

void apply_record_exam_result(Core& core, const Command& command, Outcome& outcome) {
  const RecordExamResult& result = command.body.record_exam_result;
  if (!check_result(core, result.application, LicenceState::kExamPending, result.evidence, outcome))
    return;
  ApplicationRecord& application = core.licences.application(result.application);
  if (result.absent > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  if ((result.absent != 0 && result.score != 0) ||
      result.score > core.licences.rules_of(application).exam_max)
    return refuse(outcome, Refusal::kOutOfRange, Field::kScore);
  application.exam_score = result.score;
  application.result = result.absent != 0 ? ResultState::kAbsent : ResultState::kPresent;
  application.result_evidence = tidy_text(result.evidence);
  emit_recorded(core, command, result.application, raw(application.result));
  answer(core, result.application, outcome);
}

void apply_record_board_finding(Core& core, const Command& command, Outcome& outcome) {
  const RecordBoardFinding& finding = command.body.record_board_finding;
  if (!check_result(core, finding.application, LicenceState::kBoardPending, finding.evidence,
                    outcome) ||
      !check_note(finding.note, false, outcome))
    return;
  if (finding.competent > 1) return refuse(outcome, Refusal::kOutOfRange, Field::kState);
  ApplicationRecord& application = core.licences.application(finding.application);
  core.note = &finding.note;
  application.result =
      finding.competent != 0 ? ResultState::kCompetent : ResultState::kNotCompetent;
  application.result_evidence = tidy_text(finding.evidence);
  emit_recorded(core, command, finding.application, raw(application.result));
  answer(core, finding.application, outcome);
}

}  // namespace permitd::scheduler
