// New homes for the cases of an office: the proposal, and the move.
#include "daemon/new_homes.h"
#include "daemon/rpc_enums.h"
#include "daemon/rpc_question.h"
#include "daemon/rpc_supervisor_session.h"

namespace permitd::daemon {

using scheduler::CommandBody;
using scheduler::CommandKind;
using scheduler::raw;
using scheduler::Refusal;

namespace {

struct HomesAnswer {
  scheduler::Op op{};
  std::vector<NewHome> homes;
  std::uint32_t left_out = 0;
  std::vector<HeldBack> held;
  std::uint32_t held_left_out = 0;
  bool is_known = false;
};

void write_home(const NewHome& home, protocol::NewHome::Builder out) {
  const Homeless& one = home.homeless;
  out.setCaseId(raw(one.case_id));
  out.setJob(raw(one.job));
  out.setService(raw(one.service));
  out.setStage(to_wire<protocol::Stage>(one.stage));
  out.setState(to_wire<protocol::CaseState>(one.state));
  out.setDistrict(one.district);
  out.setAppointment(one.appointment.ms);
  out.setOffice(raw(home.office));
  out.setReason(static_cast<protocol::HomeReason>(home.reason));
}

void write_held(const HeldBack& one, protocol::HeldBack::Builder out) {
  out.setJob(raw(one.job));
  out.setCaseId(raw(one.case_id));
  out.setHolder(raw(one.holder));
  out.setState(to_wire<protocol::JobState>(one.state));
  out.setStage(to_wire<protocol::Stage>(one.stage));
  out.setDistrict(one.district);
  out.setOffice(raw(one.office));
}

void write_homes(const HomesAnswer& from, protocol::NewHomes::Builder out) {
  out.setOp(raw(from.op));
  out.setLeftOut(from.left_out);
  auto homes = out.initHomes(static_cast<unsigned>(from.homes.size()));
  for (unsigned i = 0; i < from.homes.size(); ++i) write_home(from.homes[i], homes[i]);
  out.setHeldLeftOut(from.held_left_out);
  auto held = out.initHeld(static_cast<unsigned>(from.held.size()));
  for (unsigned i = 0; i < from.held.size(); ++i) write_held(from.held[i], held[i]);
}

}  // namespace

kj::Promise<void> CityReaderServer::newHomes(NewHomesContext context) {
  PlannerThread* thread = services().options.questions;
  const scheduler::OfficeId office{context.getParams().getOffice()};
  if (thread == nullptr) {
    refuse(context.getResults().initRefused(), Refusal::kUnsupported);
    return kj::READY_NOW;
  }
  auto ticket = std::make_shared<Question<HomesAnswer>>(services().waker);
  auto asked = ask(
      std::make_unique<HomelessQuery>(scope_, office),
      [ticket, thread, office](HomelessQuery& done, scheduler::Op) {
        HomesAnswer answer{
            done.op, {}, done.left_out, std::move(done.held), done.held_left_out, done.is_known};
        post_question(ticket, *thread,
                      [answer = std::move(answer), office, cases = std::move(done.cases),
                       offices = std::move(done.offices)](const std::stop_token&) {
                        HomesAnswer made = answer;
                        made.homes = propose_homes(cases, offices, office);
                        return made;
                      });
      });
  return await_question(
      *connection_, kj::mv(asked), ticket,
      [this, context](const HomesAnswer& done) mutable {
        if (!done.is_known) {
          note_unknown("newHomes", Refusal::kUnknownOffice);
          return refuse(context.getResults().initRefused(), Refusal::kUnknownOffice,
                        scheduler::Field::kOffice);
        }
        write_homes(done, context.getResults().initHomes());
      },
      [context]() mutable { refuse(context.getResults().initRefused(), Refusal::kBusy); });
}

kj::Promise<void> SupervisorSessionServer::moveCase(MoveCaseContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kMoveCase,
                 params.getKey(), [&](CommandBody& body) {
                   body.move_case = {};
                   body.move_case.id = scheduler::CaseId{params.getCaseId()};
                   body.move_case.office = scheduler::OfficeId{params.getOffice()};
                   if (const Flaw flaw = read_reason(params.getReason(), body.move_case.reason))
                     return flaw;
                   return read_note(params.getNote(), body.move_case.note);
                 });
}

}  // namespace permitd::daemon
