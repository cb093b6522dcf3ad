// What must be told outside cases and jobs: every change of a record once, with what was before and
// what is now, whether a command made it or time did, and nothing else (I15).
#include "tests/support/naive_complain.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

SpanState span_of(std::int64_t from, std::int64_t until, std::int64_t now) {
  if (until == 0) return SpanState::kNone;
  if (now >= until) return SpanState::kOver;
  return now >= from ? SpanState::kInForce : SpanState::kAhead;
}

SpanState certificate_span(const ModelExpert& expert, std::size_t skill, std::int64_t now) {
  const ModelCertificate& held = expert.certificates[skill];
  return span_of(held.from, held.until, now);
}

SpanState absence_span(const ModelExpert& expert, std::int64_t now) {
  SpanState state = expert.ever_absent ? SpanState::kOver : SpanState::kNone;
  for (const auto& [from, until] : expert.absences) {
    if (from <= now && now < until) return SpanState::kInForce;
    if (from > now) state = SpanState::kAhead;
  }
  return state;
}

// Had certificates, and will have none any more.
bool has_lapsed(const ModelExpert& expert, std::int64_t now) {
  bool ever = false;
  for (const ModelCertificate& held : expert.certificates) {
    if (held.ever && held.until > now) return false;
    ever |= held.ever;
  }
  return ever;
}

// A certificate given to who had expired, as the expert was before.
bool brings_back(const Command& command, const ModelExpert& before, std::int64_t now) {
  const SetCertificate& change = command.body.set_certificate;
  return command.kind == CommandKind::kSetCertificate && before.state == ExpertState::kExpired &&
         change.valid_from < change.valid_until && change.valid_until.ms > now;
}

// The one whose certificate or absence the command changes; 0 for all others.
ExpertId span_changed_by(const Command& command) {
  if (command.kind == CommandKind::kSetCertificate) return command.body.set_certificate.expert;
  if (command.kind == CommandKind::kSetAbsence) return command.body.set_absence.expert;
  return ExpertId{};
}

// Number of the service or organisation that a command on reference data is about.
std::uint8_t reference_number(const Command& command) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kDefineService) return raw(body.define_service.service);
  if (command.kind == CommandKind::kActivateService) return raw(body.activate_service.service);
  if (command.kind == CommandKind::kDefineOrganisation)
    return raw(body.define_organisation.organisation);
  return 0;
}

bool changes_reference(CommandKind kind) {
  using enum CommandKind;
  return kind == kSetLimits || kind == kSetPolicy || kind == kSetCalendarDays ||
         kind == kDefineService || kind == kDefineOrganisation || kind == kActivateService ||
         kind == kSetLicenceRules || kind == kSetOfficesWanted || kind == kTurnLottery;
}

bool records_result(CommandKind kind) {
  using enum CommandKind;
  return kind == kRecordExamResult || kind == kRecordBoardFinding || kind == kRecordRent ||
         kind == kRecordEquipment;
}

bool changes_office(CommandKind kind) {
  using enum CommandKind;
  return kind == kDefineOffice || kind == kSetOfficeState || kind == kRenewLicence ||
         kind == kSetTechnicalManager || kind == kEquipOffice;
}

}  // namespace

// To be called before the model makes the command's own effect.
void NaiveModel::expect_told(const Command& command) {
  told_count_.clear();
  forgotten_zoning_ = 0;
  span_before_.reset();
  const ExpertId expert = span_changed_by(command);
  if (raw(expert) != 0) span_before_ = experts_.at(raw(expert));
}

bool NaiveModel::told_by_time(const Event& event) const {
  const bool may_be = event.kind == EventKind::kCertificateChanged ||
                      event.kind == EventKind::kAbsenceChanged ||
                      event.kind == EventKind::kExpertChanged;
  return may_be && event.actor == Actor{};
}

void NaiveModel::follow_span(const Command& command, const Event& event) {
  const bool is_absence = event.kind == EventKind::kAbsenceChanged;
  const auto found = experts_.find(raw(event.expert));
  expect(found != experts_.end() && raw(event.skill) < kSkillCount, "event {} of expert {}",
         raw(event.kind), raw(event.expert));
  if (!complaints_.empty()) return;
  const bool is_target = event.expert == span_changed_by(command);
  const bool by_time = told_by_time(event);
  if (!by_time) {
    const auto kind = is_absence ? CommandKind::kSetAbsence : CommandKind::kSetCertificate;
    expect(command.kind == kind && is_target &&
               (is_absence || event.skill == command.body.set_certificate.skill),
           "command {} changed expert {} ({})", raw(command.kind), raw(event.expert),
           raw(event.kind));
    ++told_count_[raw(event.kind)];
  }
  // What time did to it came before the command.
  const ModelExpert& expert = by_time && is_target ? *span_before_ : found->second;
  const SpanState now =
      is_absence ? absence_span(expert, now_) : certificate_span(expert, raw(event.skill), now_);
  ModelTold& told = told_experts_[raw(event.expert)];
  SpanState& known = is_absence ? told.absence : told.certificates[raw(event.skill)];
  expect(event.before == raw(known), "expert {} ({}): told as {}, now as {} before",
         raw(event.expert), raw(event.kind), raw(known), event.before);
  expect(event.after == raw(now), "expert {} ({}): {} is told, it is {}", raw(event.expert),
         raw(event.kind), event.after, raw(now));
  expect(!by_time || event.before != event.after, "expert {} ({}): nothing has changed",
         raw(event.expert), raw(event.kind));
  known = now;
}

// By itself an expert can only expire, be suspended as it was said ahead, or come back when a
// suspension is over.
void NaiveModel::follow_expert_by_time(const Event& event) {
  const auto found = experts_.find(raw(event.expert));
  expect(found != experts_.end(), "expert {} is not known", raw(event.expert));
  if (!complaints_.empty()) return;
  ModelExpert& expert = found->second;
  if (event.after == raw(ExpertState::kSuspended)) return follow_suspended_by_time(event, expert);
  const bool returns = event.after == raw(ExpertState::kCertified);
  const ExpertState from = returns ? ExpertState::kSuspended : ExpertState::kCertified;
  const ExpertState to = returns ? ExpertState::kCertified : ExpertState::kExpired;
  expect(returns ? expert.suspended_until <= now_ : has_lapsed(expert, now_),
         "expert {} changed by itself for reason {}, which has not come", raw(event.expert),
         raw(event.reason));
  ModelTold& told = told_experts_[raw(event.expert)];
  expect(expert.state == from && told.state == from && event.before == raw(from) &&
             event.after == raw(to) &&
             event.reason == (returns ? Reason::kSuspensionOver : Reason::kCertificateLapsed),
         "expert {} went from {} to {} for reason {} by itself", raw(event.expert), event.before,
         event.after, raw(event.reason));
  expert.state = to;
  if (returns) expert.suspended_until = kNever.ms;
  told.state = to;
}

// The end, if it has one, stays.
void NaiveModel::follow_suspended_by_time(const Event& event, ModelExpert& expert) {
  ModelTold& told = told_experts_[raw(event.expert)];
  const bool may = expert.state == ExpertState::kCertified || expert.state == ExpertState::kExpired;
  expect(may && expert.suspended_from <= now_ && event.reason == expert.suspended_for &&
             event.before == raw(expert.state) && event.before == raw(told.state),
         "expert {} was suspended by itself from state {} for reason {}", raw(event.expert),
         event.before, raw(event.reason));
  expert.state = ExpertState::kSuspended;
  expert.suspended_from = kNever.ms;
  expert.suspended_for = Reason::kNone;
  told.state = expert.state;
}

void NaiveModel::follow_expert_told(const Command& command, const Event& event) {
  const CommandBody& body = command.body;
  if (told_by_time(event)) return follow_expert_by_time(event);
  ++told_count_[raw(event.kind)];
  const bool defines =
      command.kind == CommandKind::kDefineExpert && event.expert == body.define_expert.expert;
  const bool moves =
      command.kind == CommandKind::kSetExpertState && event.expert == body.set_expert_state.expert;
  const bool certifies =
      command.kind == CommandKind::kSetCertificate && event.expert == body.set_certificate.expert;
  expect(defines || moves || (certifies && brings_back(command, *span_before_, now_)),
         "expert {} changed by command {}", raw(event.expert), raw(command.kind));
  if (!complaints_.empty()) return;
  ModelTold& told = told_experts_[raw(event.expert)];
  expect(
      event.before == raw(told.state) && event.after == raw(experts_.at(raw(event.expert)).state),
      "expert {} went from {} to {}", raw(event.expert), event.before, event.after);
  told.state = static_cast<ExpertState>(event.after);
}

// Events of a case that leave its state as it is.
void NaiveModel::follow_case_told(const Command& command, const Event& event) {
  const bool is_fees = event.kind == EventKind::kFeesRecorded;
  const auto kind = is_fees ? CommandKind::kRecordFees : CommandKind::kAmendCase;
  const CaseId named = is_fees ? command.body.record_fees.id : command.body.amend_case.id;
  const ModelCase* c = find_case(event.case_id);
  expect(command.kind == kind && c != nullptr && event.case_id == named &&
             event.before == raw(c->state) && event.after == raw(c->state),
         "event {} of case {} by command {}", raw(event.kind), raw(event.case_id),
         raw(command.kind));
}

// Events that say what their command recorded.
void NaiveModel::follow_told(const Command& command, const Event& event) {
  const EventKind kind = event.kind;
  if (kind == EventKind::kCertificateChanged || kind == EventKind::kAbsenceChanged)
    return follow_span(command, event);
  if (kind == EventKind::kExpertChanged) return follow_expert_told(command, event);
  ++told_count_[raw(kind)];
  if (kind == EventKind::kCaseAmended || kind == EventKind::kFeesRecorded)
    return follow_case_told(command, event);
  if (kind == EventKind::kOfficeChanged) {
    OfficeState& told = told_offices_[raw(event.office)];
    expect(event.before == raw(told), "office {} was {}, told as {} before", raw(event.office),
           raw(told), event.before);
    told = static_cast<OfficeState>(event.after);
  } else if (kind == EventKind::kReferenceChanged) {
    expect(changes_reference(command.kind) && event.after == raw(command.kind) &&
               event.before == reference_number(command),
           "reference data {} of {} changed by command {}", event.after, event.before,
           raw(command.kind));
  } else if (kind == EventKind::kLicenceChecked) {
    const RecordLicenceCheck& check = command.body.record_licence_check;
    const unsigned of_manager = check.subject == LicenceSubject::kManager ? 16 : 0;
    const CheckResult result = check.passed == 1 ? CheckResult::kPassed : CheckResult::kFailed;
    expect(command.kind == CommandKind::kRecordLicenceCheck &&
               event.subject == raw(check.application) &&
               (raw(check.application) != 0 || event.office == check.office) &&
               event.before == raw(check.check) + of_manager && event.after == raw(result),
           "application {} was checked by command {}", event.subject, raw(command.kind));
  } else if (kind == EventKind::kLicenceRecorded) {
    expect(records_result(command.kind) && event.before == raw(command.kind),
           "{} was recorded by command {}", event.before, raw(command.kind));
  }
}

// What the command changed was told, and what it did not change was not.
void NaiveModel::check_told(const Command& command) {
  const auto once = [&](EventKind kind, bool due) {
    expect(told_count_[raw(kind)] == (due ? 1U : 0U), "command {} has {} events {}",
           raw(command.kind), told_count_[raw(kind)], raw(kind));
  };
  using enum CommandKind;
  const CommandKind kind = command.kind;
  once(EventKind::kCaseAmended, kind == kAmendCase);
  once(EventKind::kFeesRecorded, kind == kRecordFees);
  once(EventKind::kExpertChanged,
       kind == kDefineExpert || kind == kSetExpertState ||
           (kind == kSetCertificate && brings_back(command, *span_before_, now_)));
  once(EventKind::kCertificateChanged, kind == kSetCertificate);
  once(EventKind::kAbsenceChanged, kind == kSetAbsence);
  once(EventKind::kReferenceChanged, changes_reference(kind));
  once(EventKind::kLicenceChecked, kind == kRecordLicenceCheck);
  once(EventKind::kLicenceRecorded, records_result(kind));
  if (changes_office(kind)) {
    expect(told_count_[raw(EventKind::kOfficeChanged)] > 0, "command {} changed an office silently",
           raw(kind));
  }
  if (kind == kLoadZoning) {
    expect(told_count_[raw(EventKind::kZoningChanged)] > 0 && forgotten_zoning_ == 0,
           "rules came in, or version {} made room for them, silently", forgotten_zoning_);
  }
  if (kind == kDefineVenue) {
    expect(told_count_[raw(EventKind::kVenueChanged)] > 0, "a venue was defined silently");
  }
}

// What time alone has changed was told by now. Pre: nothing is due any more.
void NaiveModel::audit_told() {
  for (const auto& [number, expert] : experts_) {
    const auto found = told_experts_.find(number);
    expect(found != told_experts_.end(), "nothing told of expert {}", number);
    if (found == told_experts_.end()) return;
    const ModelTold& told = found->second;
    expect(told.state == expert.state, "expert {} is told as {}", number, raw(told.state));
    expect(expert.state != ExpertState::kCertified || !has_lapsed(expert, now_),
           "expert {} is certified, and each certificate is over", number);
    expect(expert.suspended_until > now_, "expert {} is suspended beyond the end of it", number);
    expect(expert.suspended_from > now_, "expert {} works on in the suspension", number);
    expect(told.absence == absence_span(expert, now_), "the absence of expert {} is told as {}",
           number, raw(told.absence));
    for (std::size_t s = 0; s < kSkillCount; ++s) {
      expect(told.certificates[s] == certificate_span(expert, s, now_),
             "certificate {} of expert {} is told as {}", s, number, raw(told.certificates[s]));
    }
  }
  for (const auto& [number, office] : offices_) {
    const auto found = told_offices_.find(number);
    expect(found != told_offices_.end() && found->second == office.state,
           "office {} is in state {}, told otherwise", number, raw(office.state));
  }
}

}  // namespace permitd::tests
