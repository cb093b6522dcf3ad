#include "daemon/rpc_office_session.h"

#include <kj/debug.h>

#include "daemon/rpc_enums.h"
#include "daemon/rpc_submission_stream.h"

namespace permitd::daemon {

using scheduler::CommandBody;
using scheduler::CommandKind;
using scheduler::Field;
using scheduler::Refusal;

namespace {

constexpr Flaw kSound{};

scheduler::Actor actor_of(scheduler::OfficeId office) {
  return {scheduler::ActorKind::kOffice, scheduler::raw(office)};
}

}  // namespace

OfficeSessionServer::OfficeSessionServer(kj::Own<RpcConnection> connection,
                                         scheduler::OfficeId office)
    : ReaderServer(kj::mv(connection), actor_of(office),
                   Scope{Scope::Kind::kOffice, office, {}, 0}),
      office_(office) {}

Refusal OfficeSessionServer::admit_submissions(std::uint32_t count) {
  if (!connection_->admit_commands(count)) return Refusal::kBusy;
  return services().quota.take(office_, count, services().now_ns) ? Refusal::kNone
                                                                  : Refusal::kQuotaExceeded;
}

/// False when the submission was refused at once.
bool OfficeSessionServer::push_submission(SlotIndex slot, std::uint16_t item,
                                          protocol::Submission::Reader submission,
                                          Results results) {
  Request& request = calls().blank_request();
  Flaw flaw = begin_command(request, CommandKind::kSubmitCase, submission.getKey());
  if (!flaw) flaw = read_submission(submission, request.command.body.submit_case);
  if (flaw) {
    refuse(results[item].initRefused(), flaw.refusal, flaw.field, CommandKind::kSubmitCase);
    return false;
  }
  calls().send(slot, item);
  return true;
}

kj::Promise<void> OfficeSessionServer::submit(SubmitContext context) {
  const Submissions submissions = context.getParams().getSubmissions();
  const std::uint32_t count = submissions.size();
  if (count > services().options.submissions_per_call_max) {
    // One answer for the whole call: a list as long as the claimed one could be a thousand times
    // the request.
    refuse(context.getResults().initResults(1)[0].initRefused(), Refusal::kTooLarge, Field::kCount,
           CommandKind::kSubmitCase);
    return kj::READY_NOW;
  }
  Results results =
      context.getResults(capnp::MessageSize{4 + count * kResultWords, 0}).initResults(count);
  if (const Refusal refusal = admit_submissions(count); refusal != Refusal::kNone) {
    for (auto result : results)
      refuse(result.initRefused(), refusal, Field::kNone, CommandKind::kSubmitCase);
    return kj::READY_NOW;
  }
  OpenCall call(calls());
  bool is_waiting = false;
  for (std::uint32_t item = 0; item < count; ++item) {
    is_waiting |=
        push_submission(call.slot(), static_cast<std::uint16_t>(item), submissions[item], results);
  }
  if (!is_waiting) return kj::READY_NOW;
  return kj::newAdaptedPromise<void, ResultsCall>(
      calls(), call.hand_over(), connection_->calls_in_flight, results, CommandKind::kSubmitCase);
}

kj::Promise<void> OfficeSessionServer::stream(StreamContext context) {
  connection_->admit_read();
  if (connection_->streams >= services().options.streams_max) {
    services().note_busy();
    kj::throwFatalException(
        KJ_EXCEPTION(OVERLOADED, "busy: finish a stream before you open another"));
  }
  context.getResults().setStream(
      kj::heap<SubmissionStreamServer>(kj::addRef(*connection_), actor_));
  return kj::READY_NOW;
}

kj::Promise<void> OfficeSessionServer::register_(RegisterContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kRegisterCase,
                 params.getKey(), [&](CommandBody& body) {
                   body.register_case.id = scheduler::CaseId{params.getCaseId()};
                   return kSound;
                 });
}

kj::Promise<void> OfficeSessionServer::amend(AmendContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kAmendCase,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::AmendCase& amend = body.amend_case;
                   amend.id = scheduler::CaseId{params.getCaseId()};
                   amend.area_m2 = params.getAreaM2();
                   amend.floors = params.getFloors();
                   amend.coverage_permille = params.getCoveragePermille();
                   amend.street_width_dm = params.getStreetWidthDm();
                   if (const Flaw flaw = read_zone(params.getZone(), amend.zone)) return flaw;
                   amend.designer = scheduler::PersonId{params.getDesigner()};
                   amend.supervising_engineer =
                       scheduler::PersonId{params.getSupervisingEngineer()};
                   return read_note(params.getNote(), amend.note);
                 });
}

kj::Promise<void> OfficeSessionServer::withdraw(WithdrawContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kWithdrawCase,
                 params.getKey(), [&](CommandBody& body) {
                   body.withdraw_case.id = scheduler::CaseId{params.getCaseId()};
                   if (const Flaw flaw = read_reason(params.getReason(), body.withdraw_case.reason))
                     return flaw;
                   return read_note(params.getNote(), body.withdraw_case.note);
                 });
}

kj::Promise<void> OfficeSessionServer::answer(AnswerContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kAnswerCase,
                 params.getKey(), [&](CommandBody& body) {
                   body.answer_case.id = scheduler::CaseId{params.getCaseId()};
                   return kSound;
                 });
}

kj::Promise<void> OfficeSessionServer::recordFees(RecordFeesContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kRecordFees,
                 params.getKey(), [&](CommandBody& body) {
                   body.record_fees.id = scheduler::CaseId{params.getCaseId()};
                   body.record_fees.amount_rial = params.getAmountRial();
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> OfficeSessionServer::schedule(ScheduleContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kSchedule,
                 params.getKey(), [&](CommandBody& body) {
                   body.schedule.job = scheduler::JobId{params.getJob()};
                   body.schedule.day = params.getDay();
                   return to_core(params.getHalf(), body.schedule.half)
                              ? kSound
                              : Flaw{Refusal::kOutOfRange, Field::kHalfDay};
                 });
}

kj::Promise<void> OfficeSessionServer::close(CloseContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kCloseCase,
                 params.getKey(), [&](CommandBody& body) {
                   body.close_case.id = scheduler::CaseId{params.getCaseId()};
                   return kSound;
                 });
}

}  // namespace permitd::daemon
