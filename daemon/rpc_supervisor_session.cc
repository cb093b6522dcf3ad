#include "daemon/rpc_supervisor_session.h"

#include "daemon/rpc_enums.h"

namespace permitd::daemon {

using scheduler::CommandBody;
using scheduler::CommandKind;
using scheduler::Field;
using scheduler::Refusal;

namespace {

constexpr Flaw kSound{};

}  // namespace

SupervisorSessionServer::SupervisorSessionServer(kj::Own<RpcConnection> connection,
                                                 std::uint32_t supervisor, const Scope& scope)
    : CityReaderServer(kj::mv(connection), {scheduler::ActorKind::kSupervisor, supervisor}, scope) {
}

// ---- jobs and cases ----

kj::Promise<void> SupervisorSessionServer::hold(HoldContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kHold, params.getKey(),
                 [&](CommandBody& body) {
                   body.hold.job = scheduler::JobId{params.getJob()};
                   body.hold.pauses_clock = params.getPausesClock() ? 1 : 0;
                   if (const Flaw flaw = read_reason(params.getReason(), body.hold.reason))
                     return flaw;
                   return read_note(params.getNote(), body.hold.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::release(ReleaseContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kRelease,
                 params.getKey(), [&](CommandBody& body) {
                   body.release.job = scheduler::JobId{params.getJob()};
                   return read_note(params.getNote(), body.release.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::expedite(ExpediteContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kExpedite,
                 params.getKey(), [&](CommandBody& body) {
                   body.expedite.id = scheduler::CaseId{params.getCaseId()};
                   return read_note(params.getNote(), body.expedite.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::reassign(ReassignContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kReassign,
                 params.getKey(), [&](CommandBody& body) {
                   body.reassign.job = scheduler::JobId{params.getJob()};
                   body.reassign.expert = scheduler::ExpertId{params.getExpert()};
                   body.reassign.override_capacity = params.getOverrideCapacity() ? 1 : 0;
                   return read_note(params.getNote(), body.reassign.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::cancel(CancelContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kCancel,
                 params.getKey(), [&](CommandBody& body) {
                   body.cancel.job = scheduler::JobId{params.getJob()};
                   return read_note(params.getNote(), body.cancel.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::recordDecision(RecordDecisionContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kRecordDecision, params.getKey(),
      [&](CommandBody& body) {
        body.record_decision.id = scheduler::CaseId{params.getCaseId()};
        body.record_decision.approved = params.getApproved() ? 1 : 0;
        if (const Flaw flaw = read_reason(params.getReason(), body.record_decision.reason))
          return flaw;
        return read_note(params.getNote(), body.record_decision.note);
      });
}

kj::Promise<void> SupervisorSessionServer::refer(ReferContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kReferCase,
                 params.getKey(), [&](CommandBody& body) {
                   body.refer_case.id = scheduler::CaseId{params.getCaseId()};
                   body.refer_case.refer = params.getRefer() ? 1 : 0;
                   return read_note(params.getNote(), body.refer_case.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::withdraw(WithdrawContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kWithdrawCase,
                 params.getKey(), [&](CommandBody& body) {
                   body.withdraw_case.id = scheduler::CaseId{params.getCaseId()};
                   if (const Flaw flaw = read_reason(params.getReason(), body.withdraw_case.reason))
                     return flaw;
                   return read_note(params.getNote(), body.withdraw_case.note);
                 });
}

// ---- people and offices ----

kj::Promise<void> SupervisorSessionServer::setAbsence(SetAbsenceContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kSetAbsence,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::SetAbsence& absence = body.set_absence;
                   absence.expert = scheduler::ExpertId{params.getExpert()};
                   absence.from = {params.getFrom()};
                   absence.until = {params.getUntil()};
                   if (const Flaw flaw = read_reason(params.getReason(), absence.reason))
                     return flaw;
                   return read_note(params.getNote(), absence.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::setOfficeState(SetOfficeStateContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kSetOfficeState,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::SetOfficeState& change = body.set_office_state;
                   change.office = scheduler::OfficeId{params.getOffice()};
                   if (const Flaw flaw = read_suspension(params.getFrom(), params.getUntil(),
                                                         change.from, change.until))
                     return flaw;
                   if (!to_core(params.getState(), change.state))
                     return Flaw{Refusal::kOutOfRange, Field::kState};
                   if (const Flaw flaw = read_reason(params.getReason(), change.reason))
                     return flaw;
                   return read_note(params.getNote(), change.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::setExpertState(SetExpertStateContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kSetExpertState,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::SetExpertState& change = body.set_expert_state;
                   change.expert = scheduler::ExpertId{params.getExpert()};
                   if (const Flaw flaw = read_suspension(params.getFrom(), params.getUntil(),
                                                         change.from, change.until))
                     return flaw;
                   if (!to_core(params.getState(), change.state))
                     return Flaw{Refusal::kOutOfRange, Field::kState};
                   if (const Flaw flaw = read_reason(params.getReason(), change.reason))
                     return flaw;
                   return read_note(params.getNote(), change.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::setCertificate(SetCertificateContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kSetCertificate,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::SetCertificate& certificate = body.set_certificate;
                   certificate.expert = scheduler::ExpertId{params.getExpert()};
                   certificate.valid_from = {params.getValidFrom()};
                   certificate.valid_until = {params.getValidUntil()};
                   if (!to_core(params.getSkill(), certificate.skill))
                     return Flaw{Refusal::kOutOfRange, Field::kSkill};
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::defineOffice(DefineOfficeContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kDefineOffice,
                 params.getKey(), [&](CommandBody& body) {
                   if (const Flaw flaw = read_office(params.getOffice(), body.define_office))
                     return flaw;
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::defineExpert(DefineExpertContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kDefineExpert,
                 params.getKey(), [&](CommandBody& body) {
                   if (const Flaw flaw = read_expert(params.getExpert(), body.define_expert))
                     return flaw;
                   return read_note(params.getNote(), body.noted.note);
                 });
}

// ---- catalogue, calendar, policy ----

kj::Promise<void> SupervisorSessionServer::defineService(DefineServiceContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kDefineService,
                 params.getKey(), [&](CommandBody& body) {
                   if (const Flaw flaw = read_service(params.getService(), body.define_service))
                     return flaw;
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::activateService(ActivateServiceContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kActivateService,
                 params.getKey(), [&](CommandBody& body) {
                   body.activate_service.office = scheduler::OfficeId{params.getOffice()};
                   body.activate_service.service = scheduler::ServiceId{params.getService()};
                   body.activate_service.from = {params.getFrom()};
                   body.activate_service.until = {params.getUntil()};
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::defineOrganisation(DefineOrganisationContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kDefineOrganisation,
      params.getKey(), [&](CommandBody& body) {
        if (const Flaw flaw = read_organisation(params.getOrganisation(), body.define_organisation))
          return flaw;
        return read_note(params.getNote(), body.noted.note);
      });
}

kj::Promise<void> SupervisorSessionServer::setCalendarDays(SetCalendarDaysContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kSetCalendarDays,
                 params.getKey(), [&](CommandBody& body) {
                   if (const Flaw flaw = read_calendar(params.getFirstDay(), params.getDays(),
                                                       body.set_calendar_days))
                     return flaw;
                   return read_note(params.getNote(), body.set_calendar_days.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::setPolicy(SetPolicyContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kSetPolicy,
                 params.getKey(), [&](CommandBody& body) {
                   read_policy(params.getPolicy(), body.set_policy);
                   return read_note(params.getNote(), body.noted.note);
                 });
}

}  // namespace permitd::daemon
