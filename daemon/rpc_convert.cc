#include "daemon/rpc_convert.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "daemon/rpc_enums.h"
#include "daemon/rpc_licence_convert.h"
#include "protocol/words.h"

namespace permitd::daemon {

using scheduler::CommandKind;
using scheduler::Outcome;
using scheduler::raw;
using scheduler::Refusal;

namespace {

capnp::Text::Reader to_text(std::string_view text) {
  return capnp::Text::Reader(text.data(), text.size());
}
capnp::Text::Reader to_text(const std::string& text) {
  return capnp::Text::Reader(text.c_str(), text.size());
}

/// A stored text is not followed by NUL when it fills its place, so it is copied into the message,
/// not lent.
template <std::size_t N, class Init>
void write_text(const scheduler::Text<N>& text, Init&& init) {
  if (text.size == 0) return;
  capnp::Text::Builder out = init(text.size);
  std::copy_n(text.bytes.begin(), text.size, out.begin());
}

void write_accepted(const Outcome& outcome, protocol::Accepted::Builder out) {
  out.setOp(raw(outcome.op));
  out.setCaseId(raw(outcome.case_id));
  out.setJob(raw(outcome.job));
  out.setToken(raw(outcome.token));
  out.setUntil(outcome.until.ms);
  out.setExpert(raw(outcome.expert));
  out.setState(outcome.state);
  out.setRepeated(outcome.repeated != 0);
}

void write_point(scheduler::Point point, protocol::Point::Builder out) {
  out.setLatE6(point.lat_e6);
  out.setLonE6(point.lon_e6);
}

}  // namespace

void write_refusal(const Outcome& outcome, CommandKind kind, protocol::Refusal::Builder out) {
  out.setCode(raw(outcome.refusal));
  out.setField(raw(outcome.field));
  out.setFilter(to_wire<protocol::Filter>(outcome.filter));
  out.setState(outcome.state);
  out.setCodeName(to_text(protocol::name_of(outcome.refusal)));
  out.setFieldName(to_text(protocol::name_of(outcome.field)));
  out.setSentence(to_text(protocol::refusal_sentence(outcome, kind)));
  out.setCommand(raw(kind));
  const std::int64_t rule = protocol::is_of_zoning(kind) ? outcome.until.ms : outcome.row;
  out.setRule(static_cast<std::uint16_t>(rule));
  out.setMember(outcome.member);
  if (const auto* member = scheduler::member_range(outcome.field, outcome.member))
    out.setMemberName(to_text(member->name));
}

void write_refusal(Refusal refusal, scheduler::Field field, CommandKind kind,
                   protocol::Refusal::Builder out) {
  Outcome outcome;
  outcome.refusal = refusal;
  outcome.field = field;
  write_refusal(outcome, kind, out);
}

namespace {

/// Commands in which an office is named; none of them is an office's own.
bool names_office(CommandKind kind) {
  return kind == CommandKind::kMoveCase || kind == CommandKind::kDefineOffice ||
         kind == CommandKind::kSetOfficeState || kind == CommandKind::kActivateService ||
         kind == CommandKind::kDefineExpert || kind == CommandKind::kRenewLicence ||
         kind == CommandKind::kSetTechnicalManager;
}

Outcome unknown(Refusal refusal, scheduler::Field field, scheduler::Op op) {
  Outcome outcome;
  outcome.op = op;
  outcome.refusal = refusal;
  outcome.field = field;
  return outcome;
}

/// Another office's case, and whatever lies outside a supervisor's districts, reads as what does
/// not exist, whatever state it is in (I18).
Outcome within_scope(const Outcome& outcome, CommandKind kind) {
  using scheduler::Field;
  if (outcome.refusal != Refusal::kNotAllowed) return outcome;
  if (outcome.field == Field::kOffice && !names_office(kind)) {  // said to an office
    const bool is_job = kind == CommandKind::kSchedule;
    return is_job ? unknown(Refusal::kUnknownJob, Field::kJob, outcome.op)
                  : unknown(Refusal::kUnknownCase, Field::kCase, outcome.op);
  }
  struct Hidden {
    Field field;
    Refusal refusal;
  };
  static constexpr Hidden kHidden[] = {{Field::kCase, Refusal::kUnknownCase},
                                       {Field::kJob, Refusal::kUnknownJob},
                                       {Field::kOffice, Refusal::kUnknownOffice},
                                       {Field::kExpert, Refusal::kUnknownExpert},
                                       {Field::kApplication, Refusal::kUnknownApplication}};
  const auto* hidden = std::ranges::find(kHidden, outcome.field, &Hidden::field);
  return hidden == std::end(kHidden) ? outcome
                                     : unknown(hidden->refusal, hidden->field, outcome.op);
}

}  // namespace

void write_result(const Outcome& outcome, CommandKind kind, protocol::Result::Builder out) {
  if (outcome.refusal == Refusal::kNone) [[likely]] {
    write_accepted(outcome, out.initAccepted());
  } else {
    write_refusal(within_scope(outcome, kind), kind, out.initRefused());
  }
}

void write_lease(const Outcome& outcome, protocol::Lease::Builder out) {
  out.setJob(raw(outcome.job));
  out.setCaseId(raw(outcome.case_id));
  out.setToken(raw(outcome.token));
  out.setUntil(outcome.until.ms);
}

void write_job(const scheduler::JobView& view, protocol::Job::Builder out) {
  out.setJob(raw(view.job));
  out.setCaseId(raw(view.case_id));
  out.setToken(raw(view.token));
  out.setReadySince(view.ready_since.ms);
  out.setDeadline(view.deadline.ms);
  out.setLeaseUntil(view.lease_until.ms);
  out.setAppointment(view.appointment.ms);
  out.setHolder(raw(view.holder));
  out.setIntakeOffice(raw(view.intake_office));
  out.setEffortMinutes(view.effort_minutes);
  out.setService(raw(view.service));
  out.setStage(to_wire<protocol::Stage>(view.stage));
  out.setKind(to_wire<protocol::JobKind>(view.kind));
  out.setState(to_wire<protocol::JobState>(view.state));
  out.setSkill(to_wire<protocol::Skill>(view.skill));
  out.setPriority(to_wire<protocol::PriorityClass>(view.priority));
  out.setDistrict(view.district);
  out.setAttempts(view.attempts);
  out.setBand(to_wire<protocol::SlaBand>(view.band));
  out.setRework(view.rework);
  out.setReason(to_wire<protocol::Reason>(view.reason));
  out.setRemainingMinutes(view.remaining_minutes);
  out.setPlannedFor(raw(view.planned_for));
  out.setPlannedStart(view.planned_start.ms);
  out.setPlanLocks(view.plan_locks);
}

void write_case(const scheduler::CaseView& view, protocol::Case::Builder out) {
  out.setCaseId(raw(view.case_id));
  out.setRegisteredAt(view.registered_at.ms);
  out.setClosedAt(view.closed_at.ms);
  out.setOwner(raw(view.owner));
  out.setDesigner(raw(view.designer));
  out.setSupervisingEngineer(raw(view.supervising_engineer));
  write_text(view.parcel, [&](std::uint8_t size) { return out.initParcel(size); });
  write_text(view.reference, [&](std::uint8_t size) { return out.initReference(size); });
  write_point(view.point, out.initPoint());
  out.setAreaM2(view.area_m2);
  out.setFloors(view.floors);
  out.setDecisionDue(view.decision_due.ms);
  out.setDecisionRemainingMinutes(view.decision_remaining_minutes);
  out.setDecisionBand(to_wire<protocol::SlaBand>(view.decision_band));
  out.setServiceVersion(view.service_version);
  out.setOffice(raw(view.office));
  out.setService(raw(view.service));
  out.setOrganisation(raw(view.organisation));
  out.setState(to_wire<protocol::CaseState>(view.state));
  out.setPriority(to_wire<protocol::PriorityClass>(view.priority));
  out.setDistrict(view.district);
  out.setStageIndex(view.stage_index);
  auto stages = out.initStages(view.stage_count);
  for (unsigned i = 0; i < view.stage_count; ++i)
    stages.set(i, to_wire<protocol::Stage>(view.stages[i]));
  out.setDecided(view.decided);
  out.setFeesPaid(view.fees_paid);
  out.setFeesRial(view.fees_rial);
  out.setBuilt(view.built);
  out.setCurrentJob(raw(view.current_job));
  write_text(view.zone, [&](std::uint8_t size) { return out.initZone(size); });
  out.setCoveragePermille(view.coverage_permille);
  out.setStreetWidthDm(view.street_width_dm);
  out.setZoningVersion(view.zoning_version);
  out.setZoningCheckedAt(view.zoning_checked_at.ms);
  if (view.zoning_checked_at != scheduler::kNever) write_finding(view.zoning, out.initZoning());
}

void write_event(const scheduler::Event& event, protocol::Event::Builder out) {
  out.setOp(raw(event.op));
  out.setAt(event.at.ms);
  out.setCaseId(raw(event.case_id));
  out.setJob(raw(event.job));
  out.setActorKind(to_wire<protocol::ActorKind>(event.actor.kind));
  out.setActor(event.actor.id);
  out.setExpert(raw(event.expert));
  out.setOffice(raw(event.office));
  out.setKind(to_wire<protocol::EventKind>(event.kind));
  out.setStage(to_wire<protocol::Stage>(event.stage));
  out.setBefore(event.before);
  out.setAfter(event.after);
  out.setReason(to_wire<protocol::Reason>(event.reason));
  out.setVersion(event.version);
  out.setSubject(event.subject);
  out.setSkill(to_wire<protocol::Skill>(event.skill));
}

void write_history(const scheduler::HistoryView& view, protocol::Event::Builder out) {
  write_event(view.event, out);
  write_text(view.note, [&](std::uint8_t size) { return out.initNote(size); });
}

void write_expert(const scheduler::ExpertView& view, protocol::Expert::Builder out) {
  out.setExpert(raw(view.expert));
  out.setPerson(raw(view.person));
  out.setOffice(raw(view.office));
  out.setState(to_wire<protocol::ExpertState>(view.state));
  out.setOnShift(view.on_shift);
  out.setAbsent(view.absent);
  out.setAvailable(view.available);
  out.setUnitsPerDay(view.units_per_day);
  out.setBookedMinutesToday(view.booked_minutes_today);
  out.setVisitsToday(view.visits_today);
  out.setAssigned(view.assigned);
  out.setStarted(view.started);
  out.setWindowMinutes(view.window_minutes);
  out.setDoneTotal(view.done_total);
  auto certified = out.initCertifiedUntil(scheduler::kSkillCount);
  for (unsigned i = 0; i < scheduler::kSkillCount; ++i)
    certified.set(i, view.certified_until[i].ms);
  out.setDistricts(view.districts);
  out.setSuspendedFrom(view.suspended_from.ms);
  out.setSuspendedUntil(view.suspended_until.ms);
  auto absences = out.initAbsences(view.absences.count);
  for (unsigned i = 0; i < view.absences.count; ++i) {
    const scheduler::Absence& absence = view.absences.list[i];
    absences[i].setFrom(absence.from.ms);
    absences[i].setUntil(absence.until.ms);
    absences[i].setReason(to_wire<protocol::Reason>(absence.reason));
  }
  out.setOtherMinutesToday(view.other_minutes_today);
  out.setDegree(to_wire<protocol::Degree>(view.degree));
  const auto declared = static_cast<unsigned>(std::ranges::count_if(
      view.relatives, [](scheduler::PersonId person) { return raw(person) != 0; }));
  auto relatives = out.initRelatives(declared);
  unsigned next = 0;
  for (const scheduler::PersonId person : view.relatives) {
    if (raw(person) != 0) relatives.set(next++, raw(person));
  }
  write_text(view.label, [&](std::uint8_t size) { return out.initLabel(size); });
}

void write_office(const scheduler::OfficeView& view, protocol::Office::Builder out) {
  out.setOffice(raw(view.office));
  out.setDistrict(view.district);
  out.setState(to_wire<protocol::OfficeState>(view.state));
  out.setExpertsCertified(view.experts_certified);
  out.setCapacityUnitsPerDay(view.capacity_units_per_day);
  out.setServicesActive(view.services_active);
  out.setCasesSubmitted(view.cases_submitted);
  out.setCasesOpen(view.cases_open);
  out.setDoneMinutes(view.done_minutes);
  out.setWindowMinutes(view.window_minutes);
  out.setSlaMet(view.sla_met);
  out.setSlaMissed(view.sla_missed);
  out.setLicensee(raw(view.licensee));
  out.setTechnicalManager(raw(view.technical_manager));
  write_point(view.point, out.initPoint());
  write_text(view.label, [&](std::uint8_t size) { return out.initLabel(size); });
  out.setLicenceUntil(view.licence_until.ms);
  out.setSuspendedFrom(view.suspended_from.ms);
  out.setSuspendedUntil(view.suspended_until.ms);
  out.setApplication(raw(view.application));
  out.setVenue(raw(view.venue));
  out.setManagerState(to_wire<protocol::ManagerState>(view.manager_state));
  write_manager_checks(view.manager_checks, out);
}

void write_decision(const scheduler::DecisionView& view, protocol::Language language,
                    protocol::Decision::Builder out) {
  out.setJob(raw(view.job));
  out.setOp(raw(view.op));
  out.setAt(view.at.ms);
  out.setSeed(view.seed);
  out.setChosen(raw(view.chosen));
  out.setByClaim(view.by_claim);
  out.setBySupervisor(view.by_supervisor);
  out.setConsidered(view.considered);
  auto removed = out.initRemoved(scheduler::kFilterCount);
  for (unsigned i = 0; i < scheduler::kFilterCount; ++i) removed.set(i, view.removed[i]);
  auto near_equal = out.initNearEqual(view.near_equal_count);
  for (unsigned i = 0; i < view.near_equal_count; ++i) {
    near_equal[i].setExpert(raw(view.near_equal[i].expert));
    near_equal[i].setLoadPpm(view.near_equal[i].load_ppm);
    near_equal[i].setMetres(view.near_equal[i].metres);
    near_equal[i].setOfficePpm(view.near_equal[i].office_ppm);
  }
  auto rejected = out.initRejected(view.rejected_count);
  for (unsigned i = 0; i < view.rejected_count; ++i) {
    rejected[i].setExpert(raw(view.rejected[i].expert));
    rejected[i].setFilter(to_wire<protocol::Filter>(view.rejected[i].filter));
    rejected[i].setJob(raw(view.rejected[i].job));
  }
  out.setSentence(to_text(protocol::decision_sentence(view, language)));
  out.setPassedOver(raw(view.passed_over));
  out.setPassedOverMetres(view.passed_over_metres);
  out.setCompared(view.compared);
  out.setLoadWeight(view.weights.load);
  out.setTravelWeight(view.weights.travel);
  out.setShareWeight(view.weights.share);
  out.setByShare(view.by_share);
  out.setMunicipalFirst(view.municipal_first);
  auto drawn = out.initDrawn(view.drawn_count);
  for (unsigned i = 0; i < view.drawn_count; ++i) {
    drawn[i].setJob(raw(view.drawn[i].job));
    drawn[i].setMetres(view.drawn[i].metres);
    drawn[i].setMinutes(view.drawn[i].minutes);
  }
  out.setByDeadline(view.by_deadline);
  out.setDrawnHidden(view.drawn_hidden);
}

void write_stuck(const scheduler::StuckView& view, protocol::Language language,
                 protocol::StuckReason::Builder out) {
  out.setCause(to_wire<protocol::Stuck>(view.cause));
  out.setCertified(view.certified);
  out.setWithCapacity(view.with_capacity);
  out.setAhead(view.ahead);
  out.setUntil(view.until.ms);
  auto removed = out.initRemoved(scheduler::kFilterCount);
  for (unsigned i = 0; i < scheduler::kFilterCount; ++i) removed.set(i, view.removed[i]);
  out.setWaiting(view.waiting);
  out.setMunicipalAsked(view.municipal_asked);
  out.setMunicipalFirst(view.municipal_first);
  out.setSentence(to_text(protocol::stuck_sentence(view, language)));
}

void write_open_cell(const scheduler::OpenCellView& view, protocol::OpenCell::Builder out) {
  out.setStage(to_wire<protocol::Stage>(view.stage));
  out.setOffice(raw(view.office));
  out.setDistrict(view.district);
  out.setPriority(to_wire<protocol::PriorityClass>(view.priority));
  out.setBlocked(view.cell.blocked);
  out.setReady(view.cell.ready);
  out.setScheduled(view.cell.scheduled);
  out.setAssigned(view.cell.assigned);
  out.setStarted(view.cell.started);
  out.setHeld(view.cell.held);
  out.setConfirming(view.cell.confirming);
  out.setEffortMinutes(view.cell.effort_minutes);
}

namespace {

void write_flow(const scheduler::FlowCell& flow, protocol::Flow::Builder out) {
  out.setCreated(flow.created);
  out.setDone(flow.done);
  out.setCancelled(flow.cancelled);
  out.setReturned(flow.returned);
  out.setRework(flow.rework);
  out.setSlaMet(flow.sla_met);
  out.setSlaMissed(flow.sla_missed);
}

void write_stats_by_stage(const scheduler::StatsView& view, protocol::Stats::Builder out) {
  auto flow = out.initFlow(scheduler::kStageCount);
  auto bands = out.initBands(scheduler::kStageCount);
  for (unsigned stage = 0; stage < scheduler::kStageCount; ++stage) {
    write_flow(view.flow[stage], flow[stage]);
    auto row = bands.init(stage, scheduler::kSlaBandCount);
    for (unsigned band = 0; band < scheduler::kSlaBandCount; ++band)
      row.set(band, view.bands[stage][band]);
  }
}

void write_stats_by_class(const scheduler::StatsView& view, protocol::Stats::Builder out) {
  auto ready = out.initReady(scheduler::kClassCount);
  auto oldest = out.initOldestReady(scheduler::kClassCount);
  auto waiting = out.initWaitingMinutes(scheduler::kClassCount);
  auto alarm = out.initWaitingAlarm(scheduler::kClassCount);
  for (unsigned priority = 0; priority < scheduler::kClassCount; ++priority) {
    auto ready_row = ready.init(priority, scheduler::kSkillCount);
    auto oldest_row = oldest.init(priority, scheduler::kSkillCount);
    auto waiting_row = waiting.init(priority, scheduler::kSkillCount);
    auto alarm_row = alarm.init(priority, scheduler::kSkillCount);
    for (unsigned skill = 0; skill < scheduler::kSkillCount; ++skill) {
      ready_row.set(skill, view.ready[priority][skill]);
      oldest_row.set(skill, view.oldest_ready[priority][skill].ms);
      waiting_row.set(skill, view.waiting_minutes[priority][skill]);
      alarm_row.set(skill, view.waiting_alarm(priority, skill));
    }
  }
}

}  // namespace

void write_stats(const scheduler::StatsView& view, protocol::Stats::Builder out) {
  out.setOp(raw(view.op_applied));
  out.setNow(view.now.ms);
  out.setCasesSubmitted(view.cases_submitted);
  auto cases = out.initCases(scheduler::kCaseStateCount);
  for (unsigned i = 0; i < scheduler::kCaseStateCount; ++i) cases.set(i, view.cases[i]);
  auto jobs = out.initJobs(scheduler::kJobStateCount);
  for (unsigned i = 0; i < scheduler::kJobStateCount; ++i) jobs.set(i, view.jobs[i]);
  write_stats_by_stage(view, out);
  write_stats_by_class(view, out);
  out.setLeasesExpired(view.leases_expired);
  out.setDeclined(view.declined);
  out.setReassigned(view.reassigned);
  out.setEscalated(view.escalated);
  out.setCapacityOverrides(view.capacity_overrides);
  out.setDecisionsInTime(view.decisions_in_time);
  out.setDecisionsLate(view.decisions_late);
  out.setMunicipalFirstViolations(view.municipal_first_violations);
  out.setHistoryDropped(view.history_dropped);
  out.setKeysForgottenEarly(view.keys_forgotten_early);
  out.setCasesInMemory(view.cases_in_memory);
  out.setJobsInMemory(view.jobs_in_memory);
  out.setEventsInMemory(view.events_in_memory);
  out.setKeysInMemory(view.keys_in_memory);
  out.setMeetingsForgottenEarly(view.meetings_forgotten_early);
  out.setMeetingsInMemory(view.meetings_in_memory);
  out.setMemoryBytes(view.memory_bytes);
  out.setCasesRebased(view.cases_rebased);
  out.setReservedShareStarts(view.reserved_share_starts);
  auto lapsing = out.initCertificatesLapsing(scheduler::kSkillCount);
  for (unsigned skill = 0; skill < scheduler::kSkillCount; ++skill)
    lapsing.set(skill, view.certificates_lapsing[skill]);
}

void write_lottery(const scheduler::LotteryView& view, protocol::Lottery::Builder out) {
  const auto data = [](const scheduler::Hash& hash) {
    return hash == scheduler::Hash{} ? kj::ArrayPtr<const kj::byte>()
                                     : kj::arrayPtr(hash.data(), hash.size());
  };
  out.setTurns(view.turns);
  out.setDay(view.day);
  out.setCommitment(data(view.commitment));
  out.setOpenedDay(view.opened_day);
  out.setOpenedCommitment(data(view.opened_commitment));
  out.setOpened(data(view.opened));
}

void write_policy(const scheduler::SetPolicy& policy, protocol::Policy::Builder out) {
  out.setAttemptsMax(policy.attempts_max);
  out.setLeaseMinutes(policy.lease_minutes);
  out.setClaimWaitMinutes(policy.claim_wait_minutes);
  out.setNearEqualCount(policy.near_equal_count);
  out.setNearEqualPermille(policy.near_equal_permille);
  out.setCapacityUnitsPerDay(policy.capacity_units_per_day);
  out.setVisitsPerDay(policy.visits_per_day);
  out.setAppointmentLeadMinutes(policy.appointment_lead_minutes);
  out.setSlaNotifyPercent(policy.sla_notify_percent);
  out.setSlaAmberMinutes(policy.sla_amber_minutes);
  out.setSlaDistrictPercent(policy.sla_district_percent);
  out.setApplicantSilentDays(policy.applicant_silent_days);
  out.setSecondReviewAreaM2(policy.second_review_area_m2);
  out.setKeyRetentionMinutes(policy.key_retention_minutes);
  out.setComplexFloors(policy.complex_floors);
  out.setPairRepeatVisits(policy.pair_repeat_visits);
  out.setPairRepeatDays(policy.pair_repeat_days);
  out.setConfirmationEffortPercent(policy.confirmation_effort_percent);
  out.setNearVisits(policy.near_visits);
  out.setNearSlackMinutes(policy.near_slack_minutes);
  out.setDrawMinutes(policy.draw_minutes);
  out.setComparedCount(policy.compared_count);
  out.setLoadWeight(policy.load_weight);
  out.setTravelWeight(policy.travel_weight);
  out.setShareWeight(policy.share_weight);
  out.setConfirmerFallback(to_wire<protocol::ConfirmerFallback>(policy.confirmer_fallback));
  out.setZoningReview(to_wire<protocol::ZoningReview>(policy.zoning_review));
  out.setReservedSharePercent(policy.reserved_share_percent);
  out.setHomes(to_wire<protocol::HomePolicy>(policy.homes));
  out.setJobsInHand(to_wire<protocol::JobsInHand>(policy.jobs_in_hand));
  out.setWaitingAlarmMinutes(policy.waiting_alarm_minutes);
  out.setLapseWarningDays(policy.lapse_warning_days);
  out.setExpertDegree(to_wire<protocol::Degree>(policy.expert_degree));
}

namespace {

void write_stage(const scheduler::StageSpec& stage, protocol::StageSpec::Builder out) {
  const auto has = [&](std::uint8_t flag) { return (stage.flags & flag) != 0; };
  out.setStage(to_wire<protocol::Stage>(stage.stage));
  out.setSkill(to_wire<protocol::Skill>(stage.skill));
  out.setConfirmer(to_wire<protocol::Confirmer>(stage.confirmer));
  out.setReach(to_wire<protocol::Reach>(stage.reach));
  out.setNeedsAppointment(has(scheduler::kStageNeedsAppointment));
  out.setSovereign(has(scheduler::kStageIsSovereign));
  out.setNeedsDecision(has(scheduler::kStageNeedsDecision));
  out.setFieldLease(has(scheduler::kStageFieldLease));
  out.setNotMechanised(has(scheduler::kStageNotMechanised));
  out.setOnlyIfBuilt(has(scheduler::kStageOnlyIfBuilt));
  out.setEffortMinutes(stage.effort_minutes);
  out.setEffortComplexMinutes(stage.effort_complex_minutes);
  out.setSlaMinutes(stage.sla_minutes);
}

}  // namespace

void write_service(const scheduler::ServiceView& service, protocol::Service::Builder out) {
  out.setService(raw(service.service));
  out.setVersion(service.version);
  out.setEffectiveFrom(service.effective_from.ms);
  write_text(service.label, [&](std::uint8_t size) { return out.initLabel(size); });
  auto stages = out.initStages(service.stage_count);
  for (unsigned i = 0; i < service.stage_count; ++i) write_stage(service.stages[i], stages[i]);
}

void write_organisation(const scheduler::OrganisationView& organisation,
                        protocol::Organisation::Builder out) {
  out.setOrganisation(raw(organisation.organisation));
  out.setPriority(to_wire<protocol::PriorityClass>(organisation.priority));
  out.setEnabled(organisation.enabled);
  write_text(organisation.label, [&](std::uint8_t size) { return out.initLabel(size); });
}

void write_activation(const scheduler::ActivationView& activation,
                      protocol::Activation::Builder out) {
  out.setOffice(raw(activation.office));
  out.setService(raw(activation.service));
  out.setFrom(activation.from.ms);
  out.setUntil(activation.until.ms);
}

void write_override(const scheduler::CapacityOverride& one, protocol::Override::Builder out) {
  out.setOp(raw(one.op));
  out.setAt(one.at.ms);
  out.setJob(raw(one.job));
  out.setCaseId(raw(one.case_id));
  out.setStage(to_wire<protocol::Stage>(one.stage));
  out.setDistrict(one.district);
  out.setExpert(raw(one.expert));
  out.setActorKind(to_wire<protocol::ActorKind>(one.actor_kind));
  out.setActor(one.actor);
  out.setFilter(to_wire<protocol::Filter>(one.filter));
  out.setMinutesBefore(one.minutes_before);
  out.setEffortMinutes(one.effort_minutes);
  out.setCapacityMinutes(one.capacity_minutes);
  out.setVisitsBefore(one.visits_before);
  out.setVisitsMax(one.visits_max);
  write_text(one.note, [&](std::uint8_t size) { return out.initNote(size); });
}

void write_calendar_note(const scheduler::CalendarNoteView& note,
                         protocol::CalendarNote::Builder out) {
  out.setDay(note.day);
  write_text(note.note, [&](std::uint8_t size) { return out.initNote(size); });
  out.setAt(note.at.ms);
  out.setOp(raw(note.op));
  out.setActorKind(to_wire<protocol::ActorKind>(note.actor.kind));
  out.setActor(note.actor.id);
}

}  // namespace permitd::daemon
