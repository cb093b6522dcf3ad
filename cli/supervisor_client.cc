#include "cli/supervisor_client.h"

#include <algorithm>

#include "scheduler/assert.h"

namespace permitd::cli {
namespace {

using Supervisor = protocol::SupervisorSession::Client;
using scheduler::Reason;

template <class Wire, class Core>
Wire wire(Core value) {
  return static_cast<Wire>(value);  // equal numbers, checked at compile time in protocol/
}

template <std::size_t N>
std::string string_of(const scheduler::Text<N>& text) {
  return {text.bytes.data(), text.size};
}

void fill(protocol::StageSpec::Builder out, const scheduler::StageSpec& stage) {
  out.setStage(wire<protocol::Stage>(stage.stage));
  out.setSkill(wire<protocol::Skill>(stage.skill));
  out.setConfirmer(wire<protocol::Confirmer>(stage.confirmer));
  out.setReach(wire<protocol::Reach>(stage.reach));
  out.setNeedsAppointment((stage.flags & scheduler::kStageNeedsAppointment) != 0);
  out.setSovereign((stage.flags & scheduler::kStageIsSovereign) != 0);
  out.setNeedsDecision((stage.flags & scheduler::kStageNeedsDecision) != 0);
  out.setFieldLease((stage.flags & scheduler::kStageFieldLease) != 0);
  out.setNotMechanised((stage.flags & scheduler::kStageNotMechanised) != 0);
  out.setOnlyIfBuilt((stage.flags & scheduler::kStageOnlyIfBuilt) != 0);
  out.setEffortMinutes(stage.effort_minutes);
  out.setEffortComplexMinutes(stage.effort_complex_minutes);
  out.setSlaMinutes(stage.sla_minutes);
}

void fill(protocol::Point::Builder out, scheduler::Point point) {
  out.setLatE6(point.lat_e6);
  out.setLonE6(point.lon_e6);
}

void fill(protocol::Policy::Builder out, const scheduler::SetPolicy& policy) {
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
  out.setConfirmerFallback(static_cast<protocol::ConfirmerFallback>(policy.confirmer_fallback));
  out.setZoningReview(static_cast<protocol::ZoningReview>(policy.zoning_review));
  out.setReservedSharePercent(policy.reserved_share_percent);
  out.setHomes(static_cast<protocol::HomePolicy>(policy.homes));
  out.setJobsInHand(static_cast<protocol::JobsInHand>(policy.jobs_in_hand));
  out.setWaitingAlarmMinutes(policy.waiting_alarm_minutes);
  out.setLapseWarningDays(policy.lapse_warning_days);
  out.setExpertDegree(static_cast<protocol::Degree>(policy.expert_degree));
}

}  // namespace

SupervisorClient::SupervisorClient(Client& client, Identity supervisor)
    : CityReaderCalls(client, supervisor) {}

kj::Promise<Answer> SupervisorClient::hold(JobId job, Reason reason, bool pauses_clock,
                                           std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.holdRequest();
        request.setJob(raw(job));
        request.setReason(wire<protocol::Reason>(reason));
        request.setPausesClock(pauses_clock);
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::release(JobId job, std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.releaseRequest();
        request.setJob(raw(job));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::expedite(CaseId id, std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.expediteRequest();
        request.setCaseId(raw(id));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::reassign(JobId job, ExpertId expert, bool override_capacity,
                                               std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.reassignRequest();
        request.setJob(raw(job));
        request.setExpert(raw(expert));
        request.setOverrideCapacity(override_capacity);
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::cancel(JobId job, std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.cancelRequest();
        request.setJob(raw(job));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::set_absence(ExpertId expert, Tick from, Tick until,
                                                  Reason reason, std::string note,
                                                  CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.setAbsenceRequest();
        request.setExpert(raw(expert));
        request.setFrom(from.ms);
        request.setUntil(until.ms);
        request.setReason(wire<protocol::Reason>(reason));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::set_office_state(OfficeId office,
                                                       scheduler::OfficeState state, Reason reason,
                                                       std::string note, SuspensionSpan span,
                                                       CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.setOfficeStateRequest();
        request.setOffice(raw(office));
        request.setState(wire<protocol::OfficeState>(state));
        request.setReason(wire<protocol::Reason>(reason));
        request.setNote(note);
        request.setFrom(span.from.ms);
        request.setUntil(span.until.ms);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::set_expert_state(ExpertId expert,
                                                       scheduler::ExpertState state, Reason reason,
                                                       std::string note, SuspensionSpan span,
                                                       CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.setExpertStateRequest();
        request.setExpert(raw(expert));
        request.setState(wire<protocol::ExpertState>(state));
        request.setReason(wire<protocol::Reason>(reason));
        request.setNote(note);
        request.setFrom(span.from.ms);
        request.setUntil(span.until.ms);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::record_decision(CaseId id, bool approved, Reason reason,
                                                      std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.recordDecisionRequest();
        request.setCaseId(raw(id));
        request.setApproved(approved);
        request.setReason(wire<protocol::Reason>(reason));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::move_case(CaseId id, OfficeId office, Reason reason,
                                                std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.moveCaseRequest();
        request.setCaseId(raw(id));
        request.setOffice(raw(office));
        request.setReason(wire<protocol::Reason>(reason));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::refer(CaseId id, bool refer, std::string note,
                                            CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.referRequest();
        request.setCaseId(raw(id));
        request.setRefer(refer);
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::withdraw(CaseId id, Reason reason, std::string note,
                                               CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.withdrawRequest();
        request.setCaseId(raw(id));
        request.setReason(wire<protocol::Reason>(reason));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::set_policy(const scheduler::SetPolicy& policy,
                                                 CallOptions options) {
  return call(
      [policy](Supervisor& session) {
        auto request = session.setPolicyRequest();
        fill(request.initPolicy(), policy);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::set_calendar_days(
    std::int32_t first_day, std::span<const scheduler::CalendarDay> days, CallOptions options,
    std::string note) {
  PERMIT_ASSERT(days.size() <= scheduler::kCalendarDaysPerCommand, days.size());
  std::array<scheduler::CalendarDay, scheduler::kCalendarDaysPerCommand> kept{};
  std::copy(days.begin(), days.end(), kept.begin());
  return call(
      [first_day, kept, count = static_cast<unsigned>(days.size()),
       note = std::move(note)](Supervisor& session) {
        auto request = session.setCalendarDaysRequest();
        request.setNote(note);
        request.setFirstDay(first_day);
        auto list = request.initDays(count);
        for (unsigned index = 0; index < count; ++index) {
          list[index].setOpenMinute(kept[index].open_minute);
          list[index].setLengthMinutes(kept[index].length_minutes);
        }
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::define_service(const scheduler::DefineService& service,
                                                     CallOptions options, std::string note) {
  return call(
      [service, note = std::move(note)](Supervisor& session) {
        auto request = session.defineServiceRequest();
        request.setNote(note);
        auto out = request.initService();
        out.setService(raw(service.service));
        out.setVersion(service.version);
        out.setEffectiveFrom(service.effective_from().ms);
        out.setLabel(string_of(service.label));
        auto stages = out.initStages(service.stage_count);
        for (unsigned index = 0; index < stages.size(); ++index)
          fill(stages[index], service.stages[index]);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::define_organisation(
    const scheduler::DefineOrganisation& organisation, CallOptions options, std::string note) {
  return call(
      [organisation, note = std::move(note)](Supervisor& session) {
        auto request = session.defineOrganisationRequest();
        request.setNote(note);
        auto out = request.initOrganisation();
        out.setOrganisation(raw(organisation.organisation));
        out.setPriority(wire<protocol::PriorityClass>(organisation.priority));
        out.setEnabled(organisation.enabled != 0);
        out.setLabel(string_of(organisation.label));
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::define_office(const scheduler::DefineOffice& office,
                                                    CallOptions options, std::string note) {
  return call(
      [office, note = std::move(note)](Supervisor& session) {
        auto request = session.defineOfficeRequest();
        request.setNote(note);
        auto out = request.initOffice();
        out.setOffice(raw(office.office));
        out.setDistrict(office.district);
        out.setState(wire<protocol::OfficeState>(office.state));
        out.setLicensee(raw(office.licensee));
        out.setTechnicalManager(raw(office.technical_manager));
        fill(out.initPoint(), office.point);
        out.setLabel(string_of(office.label));
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::activate_service(OfficeId office,
                                                       scheduler::ServiceId service, Tick from,
                                                       Tick until, CallOptions options,
                                                       std::string note) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.activateServiceRequest();
        request.setNote(note);
        request.setOffice(raw(office));
        request.setService(raw(service));
        request.setFrom(from.ms);
        request.setUntil(until.ms);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::define_expert(const scheduler::DefineExpert& expert,
                                                    CallOptions options, std::string note) {
  return call(
      [expert, note = std::move(note)](Supervisor& session) {
        auto request = session.defineExpertRequest();
        request.setNote(note);
        auto out = request.initExpert();
        out.setExpert(raw(expert.expert));
        out.setOffice(raw(expert.office));
        out.setState(wire<protocol::ExpertState>(expert.state));
        out.setDegree(wire<protocol::Degree>(expert.degree));
        out.setPerson(raw(expert.person));
        auto relatives = out.initRelatives(scheduler::kRelativesMax);
        for (unsigned i = 0; i < relatives.size(); ++i) relatives.set(i, raw(expert.relatives[i]));
        out.setDistricts(expert.districts);
        out.setUnitsPerDay(expert.units_per_day);
        fill(out.initHome(), expert.home);
        out.setLabel(string_of(expert.label));
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::set_certificate(ExpertId expert, scheduler::Skill skill,
                                                      Tick valid_from, Tick valid_until,
                                                      CallOptions options, std::string note) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.setCertificateRequest();
        request.setNote(note);
        request.setExpert(raw(expert));
        request.setSkill(wire<protocol::Skill>(skill));
        request.setValidFrom(valid_from.ms);
        request.setValidUntil(valid_until.ms);
        return request;
      },
      options);
}

}  // namespace permitd::cli
