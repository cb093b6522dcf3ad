#include "daemon/rpc_decode.h"

#include <algorithm>
#include <string_view>

#include "daemon/rpc_enums.h"
#include "protocol/words.h"
#include "scheduler/members.h"

namespace permitd::daemon {

using scheduler::Field;
using scheduler::Refusal;

namespace {

constexpr Flaw kSound{};

Flaw out_of_range(Field field) { return {Refusal::kOutOfRange, field}; }

template <std::size_t N>
Flaw read_text(capnp::Text::Reader in, Field field, scheduler::Text<N>& out) {
  if (in.size() > N) return {Refusal::kTooLarge, field};
  if (!protocol::is_valid_text({in.begin(), in.size()})) return out_of_range(field);
  out.size = static_cast<std::uint8_t>(in.size());
  std::copy_n(in.begin(), in.size(), out.bytes.begin());
  return kSound;
}

scheduler::Point read_point(protocol::Point::Reader in) { return {in.getLatE6(), in.getLonE6()}; }

}  // namespace

Flaw read_key(protocol::Key::Reader in, scheduler::IdempotencyKey& out) {
  out = {in.getHigh(), in.getLow()};
  if (out == scheduler::IdempotencyKey{}) return {Refusal::kKeyMissing, Field::kKey};
  return kSound;
}

Flaw read_note(capnp::Text::Reader in, scheduler::Note& out) {
  return read_text(in, Field::kNote, out);
}

Flaw read_reason(protocol::Reason in, scheduler::Reason& out) {
  return to_core(in, out) ? kSound : out_of_range(Field::kReason);
}

Flaw read_zone(capnp::Text::Reader in, scheduler::ZoneCode& out) {
  // Whether the code is one is the core's to judge.
  return read_text(in, Field::kZone, out);
}

Flaw read_zoning_rules(capnp::List<protocol::ZoningRule>::Reader in, scheduler::LoadZoning& out) {
  if (in.size() == 0) return {Refusal::kMissing, Field::kCount};
  if (in.size() > scheduler::kZoningRulesPerCommand) return {Refusal::kTooLarge, Field::kCount};
  out.count = static_cast<std::uint16_t>(in.size());
  for (unsigned i = 0; i < in.size(); ++i) {
    scheduler::ZoningRule& rule = out.rules[i];
    if (const Flaw flaw = read_zone(in[i].getZone(), rule.zone)) return flaw;
    rule.floors = in[i].getFloors();
    rule.coverage_permille = in[i].getCoveragePermille();
    rule.area_min_m2 = in[i].getAreaMinM2();
    rule.street_min_dm = in[i].getStreetMinDm();
    rule.area_effect = in[i].getAreaEffect();
    rule.street_effect = in[i].getStreetEffect();
  }
  return kSound;
}

Flaw read_submission(protocol::Submission::Reader in, scheduler::SubmitCase& out) {
  out.service = scheduler::ServiceId{in.getService()};
  out.district = in.getDistrict();
  out.organisation = scheduler::OrganisationId{in.getOrganisation()};
  if (in.getDraft()) out.flags |= scheduler::kSubmitDraft;
  if (in.getBuilt()) out.flags |= scheduler::kSubmitBuilt;
  out.floors = in.getFloors();
  out.area_m2 = in.getAreaM2();
  out.point = read_point(in.getPoint());
  out.owner = scheduler::PersonId{in.getOwner()};
  out.relative = scheduler::PersonId{in.getRelative()};
  out.designer = scheduler::PersonId{in.getDesigner()};
  out.supervising_engineer = scheduler::PersonId{in.getSupervisingEngineer()};
  out.coverage_permille = in.getCoveragePermille();
  out.street_width_dm = in.getStreetWidthDm();
  if (const Flaw flaw = read_text(in.getParcel(), Field::kParcel, out.parcel)) return flaw;
  if (const Flaw flaw = read_zone(in.getZone(), out.zone)) return flaw;
  return read_text(in.getReference(), Field::kReference, out.reference);
}

Flaw read_office(protocol::OfficeSpec::Reader in, scheduler::DefineOffice& out) {
  out.office = scheduler::OfficeId{in.getOffice()};
  out.district = in.getDistrict();
  if (!to_core(in.getState(), out.state)) return out_of_range(Field::kState);
  out.licensee = scheduler::PersonId{in.getLicensee()};
  out.technical_manager = scheduler::PersonId{in.getTechnicalManager()};
  out.point = read_point(in.getPoint());
  return read_text(in.getLabel(), Field::kLabel, out.label);
}

Flaw read_expert(protocol::ExpertSpec::Reader in, scheduler::DefineExpert& out) {
  out.expert = scheduler::ExpertId{in.getExpert()};
  out.office = scheduler::OfficeId{in.getOffice()};
  if (!to_core(in.getState(), out.state)) return out_of_range(Field::kState);
  if (!to_core(in.getDegree(), out.degree)) return out_of_range(Field::kDegree);
  out.person = scheduler::PersonId{in.getPerson()};
  const auto relatives = in.getRelatives();
  if (relatives.size() > out.relatives.size()) return {Refusal::kTooLarge, Field::kPerson};
  for (unsigned i = 0; i < relatives.size(); ++i)
    out.relatives[i] = scheduler::PersonId{relatives[i]};
  out.districts = in.getDistricts();
  out.units_per_day = in.getUnitsPerDay();
  out.home = read_point(in.getHome());
  return read_text(in.getLabel(), Field::kLabel, out.label);
}

namespace {

Flaw out_of_range(Field field, unsigned index, std::string_view member) {
  return {Refusal::kOutOfRange, field, static_cast<std::uint8_t>(index + 1),
          scheduler::member_named(field, member)};
}

Flaw read_stage(protocol::StageSpec::Reader in, unsigned index, scheduler::StageSpec& out) {
  if (!to_core(in.getStage(), out.stage)) return out_of_range(Field::kStages, index, "stage");
  if (!to_core(in.getSkill(), out.skill)) return out_of_range(Field::kSkill, index, "skill");
  if (!to_core(in.getConfirmer(), out.confirmer))
    return out_of_range(Field::kStages, index, "confirmer");
  if (!to_core(in.getReach(), out.reach)) return out_of_range(Field::kStages, index, "reach");
  unsigned flags = 0;
  if (in.getNeedsAppointment()) flags |= scheduler::kStageNeedsAppointment;
  if (in.getSovereign()) flags |= scheduler::kStageIsSovereign;
  if (in.getNeedsDecision()) flags |= scheduler::kStageNeedsDecision;
  if (in.getFieldLease()) flags |= scheduler::kStageFieldLease;
  if (in.getNotMechanised()) flags |= scheduler::kStageNotMechanised;
  if (in.getOnlyIfBuilt()) flags |= scheduler::kStageOnlyIfBuilt;
  out.flags = static_cast<std::uint8_t>(flags);
  out.effort_minutes = in.getEffortMinutes();
  out.effort_complex_minutes = in.getEffortComplexMinutes();
  out.sla_minutes = in.getSlaMinutes();
  return kSound;
}

}  // namespace

Flaw read_service(protocol::Service::Reader in, scheduler::DefineService& out) {
  const auto stages = in.getStages();
  if (stages.size() == 0) return {Refusal::kMissing, Field::kStages};
  if (stages.size() > scheduler::kServiceStagesMax) return {Refusal::kTooLarge, Field::kStages};
  out.service = scheduler::ServiceId{in.getService()};
  out.stage_count = static_cast<std::uint8_t>(stages.size());
  out.version = in.getVersion();
  const std::int64_t minute = in.getEffectiveFrom() / scheduler::kMsPerMinute;
  if (in.getEffectiveFrom() < 0 || minute > UINT32_MAX) return out_of_range(Field::kValidity);
  out.effective_minute = static_cast<std::uint32_t>(minute);
  for (unsigned i = 0; i < stages.size(); ++i) {
    if (const Flaw flaw = read_stage(stages[i], i, out.stages[i])) return flaw;
  }
  return read_text(in.getLabel(), Field::kLabel, out.label);
}

Flaw read_organisation(protocol::Organisation::Reader in, scheduler::DefineOrganisation& out) {
  out.organisation = scheduler::OrganisationId{in.getOrganisation()};
  if (!to_core(in.getPriority(), out.priority)) return out_of_range(Field::kPriority);
  out.enabled = in.getEnabled() ? 1 : 0;
  return read_text(in.getLabel(), Field::kLabel, out.label);
}

Flaw read_calendar(std::int32_t first_day, capnp::List<protocol::CalendarDay>::Reader in,
                   scheduler::SetCalendarDays& out) {
  if (in.size() == 0) return {Refusal::kMissing, Field::kCount};
  if (in.size() > scheduler::kCalendarDaysPerCommand) return {Refusal::kTooLarge, Field::kCount};
  out.first_day = first_day;
  out.count = static_cast<std::uint16_t>(in.size());
  for (unsigned i = 0; i < in.size(); ++i) {
    out.open_minute[i] = in[i].getOpenMinute();
    out.length_minutes[i] = in[i].getLengthMinutes();
  }
  return kSound;
}

void read_policy(protocol::Policy::Reader in, scheduler::SetPolicy& out) {
  out.attempts_max = in.getAttemptsMax();
  out.lease_minutes = in.getLeaseMinutes();
  out.claim_wait_minutes = in.getClaimWaitMinutes();
  out.near_equal_count = in.getNearEqualCount();
  out.near_equal_permille = in.getNearEqualPermille();
  out.capacity_units_per_day = in.getCapacityUnitsPerDay();
  out.visits_per_day = in.getVisitsPerDay();
  out.appointment_lead_minutes = in.getAppointmentLeadMinutes();
  out.sla_notify_percent = in.getSlaNotifyPercent();
  out.sla_amber_minutes = in.getSlaAmberMinutes();
  out.sla_district_percent = in.getSlaDistrictPercent();
  out.applicant_silent_days = in.getApplicantSilentDays();
  out.second_review_area_m2 = in.getSecondReviewAreaM2();
  out.key_retention_minutes = in.getKeyRetentionMinutes();
  out.complex_floors = in.getComplexFloors();
  out.pair_repeat_visits = in.getPairRepeatVisits();
  out.pair_repeat_days = in.getPairRepeatDays();
  out.confirmation_effort_percent = in.getConfirmationEffortPercent();
  out.near_visits = in.getNearVisits();
  out.near_slack_minutes = in.getNearSlackMinutes();
  out.draw_minutes = in.getDrawMinutes();
  out.compared_count = in.getComparedCount();
  out.load_weight = in.getLoadWeight();
  out.travel_weight = in.getTravelWeight();
  out.share_weight = in.getShareWeight();
  // The core judges the value; what does not fit its byte is none of its values either.
  const auto fallback = static_cast<std::uint16_t>(in.getConfirmerFallback());
  out.confirmer_fallback = scheduler::ConfirmerFallback{
      static_cast<std::uint8_t>(std::min<std::uint16_t>(fallback, UINT8_MAX))};
  const auto review = static_cast<std::uint16_t>(in.getZoningReview());
  out.zoning_review = scheduler::ZoningReview{
      static_cast<std::uint8_t>(std::min<std::uint16_t>(review, UINT8_MAX))};
  out.reserved_share_percent = in.getReservedSharePercent();
  out.waiting_alarm_minutes = in.getWaitingAlarmMinutes();
  out.lapse_warning_days = in.getLapseWarningDays();
  const auto degree = static_cast<std::uint16_t>(in.getExpertDegree());
  out.expert_degree =
      scheduler::Degree{static_cast<std::uint8_t>(std::min<std::uint16_t>(degree, UINT8_MAX))};
  const auto homes = static_cast<std::uint16_t>(in.getHomes());
  out.homes =
      scheduler::HomePolicy{static_cast<std::uint8_t>(std::min<std::uint16_t>(homes, UINT8_MAX))};
  const auto in_hand = static_cast<std::uint16_t>(in.getJobsInHand());
  out.jobs_in_hand =
      scheduler::JobsInHand{static_cast<std::uint8_t>(std::min<std::uint16_t>(in_hand, UINT8_MAX))};
}

Flaw read_suspension(std::int64_t from, std::int64_t until, scheduler::Tick& from_out,
                     scheduler::Tick& until_out) {
  if (from == scheduler::kNever.ms) return {Refusal::kOutOfRange, Field::kValidity};
  from_out = from == 0 ? scheduler::kNever : scheduler::Tick{from};
  until_out = until == 0 ? scheduler::kNever : scheduler::Tick{until};
  return {};
}

scheduler::JobFilter read_filter(protocol::JobFilter::Reader in) {
  const auto mask = [](std::uint32_t bits) { return bits == 0 ? ~0U : bits; };
  scheduler::JobFilter filter;
  filter.stages = mask(in.getStages());
  filter.states = mask(in.getStates());
  filter.classes = mask(in.getClasses());
  filter.districts = mask(in.getDistricts());
  filter.bands = mask(in.getBands());
  filter.office = scheduler::OfficeId{in.getOffice()};
  filter.holder = scheduler::ExpertId{in.getHolder()};
  filter.case_id = scheduler::CaseId{in.getCaseId()};
  filter.service = scheduler::ServiceId{in.getService()};
  return filter;
}

}  // namespace permitd::daemon
