// Half-days that can be offered for a visit, over the wire. An office learns which they are and why
// not the others; how many people there are, and how far they would go, is the city's affair alone.
#include "daemon/rpc_enums.h"
#include "daemon/rpc_question.h"
#include "daemon/rpc_reader.h"
#include "daemon/visit_offers.h"

namespace permitd::daemon {

using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

namespace {

struct OffersAnswer {
  scheduler::Outcome refused;  // of the visit as a whole
  scheduler::Op op{};
  scheduler::Tick now;
  scheduler::JobView job;
  std::vector<VisitOffer> offers;
};

struct OffersQuestion {
  std::uint32_t days = 0;
  VisitPlanOptions options;
};

Flaw read_request(protocol::OffersRequest::Reader in, const PlannerSettings& settings,
                  OffersQuestion& out) {
  if (in.getJob() == 0 && in.getCaseId() == 0) return {Refusal::kMissing, Field::kJob};
  if (in.getDays() < 1 || in.getDays() > kOfferDaysMax)
    return {Refusal::kOutOfRange, Field::kCount};
  const bool is_sound = in.getRoadPercent() >= 100 && in.getRoadPercent() <= 1'000 &&
                        in.getSpeedKmh() >= 1 && in.getSpeedKmh() <= 200;
  if (!is_sound) return {Refusal::kOutOfRange, Field::kAmount};
  out.days = in.getDays();
  out.options.road_percent = in.getRoadPercent();
  out.options.speed_kmh = in.getSpeedKmh();
  out.options.minutes_between = settings.minutes_between.get();
  return {};
}

/// A visit whose state or kind lets it have no appointment: the same for every half-day.
scheduler::Outcome refusal_of(const OfferSnapshot& snapshot, bool is_by_job) {
  scheduler::Outcome outcome;
  if (!snapshot.is_found) {
    outcome.refusal = is_by_job ? Refusal::kUnknownJob : Refusal::kUnknownCase;
    outcome.field = is_by_job ? Field::kJob : Field::kCase;
  } else if (snapshot.halves.empty()) {
    outcome.refusal = Refusal::kOutsideCalendar;
    outcome.field = Field::kDay;
  } else {
    const scheduler::Outcome& first = snapshot.halves.front().verdict;
    if (first.field == Field::kState || first.field == Field::kJob) outcome = first;
  }
  return outcome;
}

OffersAnswer make_answer(const OfferSnapshot& snapshot, const OffersQuestion& question,
                         bool is_by_job, OfferMemory& memory) {
  OffersAnswer answer;
  answer.refused = refusal_of(snapshot, is_by_job);
  answer.op = snapshot.op;
  answer.now = snapshot.now;
  answer.job = snapshot.asked.job;
  if (answer.refused.refusal == Refusal::kNone)
    answer.offers = offer_half_days(snapshot, question.options, memory);
  return answer;
}

void write_offer(const VisitOffer& from, bool sees_city, protocol::Offer::Builder out) {
  out.setDay(from.half.date);
  out.setHalf(to_wire<protocol::HalfDay>(from.half.half));
  out.setBegin(from.half.span.open.ms);
  out.setEnd(from.half.span.close.ms);
  out.setCause(static_cast<protocol::OfferCause>(from.cause));
  if (!sees_city) return;
  out.setExtraTravelSeconds(from.extra_travel_s);
  out.setQualified(from.qualified);
  out.setNotExcluded(from.not_excluded);
  out.setOnShift(from.on_shift);
  out.setWithRoom(from.with_room);
}
static_assert(static_cast<int>(protocol::OfferCause::NO_TIME) ==
              static_cast<int>(OfferCause::kNoTime));

void write_offers(const OffersAnswer& from, bool sees_city, protocol::Offers::Builder out) {
  out.setOp(raw(from.op));
  out.setNow(from.now.ms);
  out.setJob(raw(from.job.job));
  out.setCaseId(raw(from.job.case_id));
  out.setAppointment(from.job.appointment.ms);
  auto offers = out.initOffers(static_cast<unsigned>(from.offers.size()));
  for (unsigned i = 0; i < from.offers.size(); ++i)
    write_offer(from.offers[i], sees_city, offers[i]);
}

}  // namespace

kj::Promise<void> ReaderServer::offers(OffersContext context) {
  const auto request = context.getParams().getRequest();
  OffersQuestion question;
  PlannerThread* thread = services().options.questions;
  OfferMemory* memory = services().options.offers;
  Flaw flaw = read_request(request, services().options.planner_settings, question);
  if (thread == nullptr || memory == nullptr) flaw = {Refusal::kUnsupported};
  if (flaw) {
    refuse(context.getResults().initRefused(), flaw.refusal, flaw.field);
    return kj::READY_NOW;
  }
  auto ticket = std::make_shared<Question<OffersAnswer>>(services().waker);
  const bool is_by_job = request.getJob() != 0;
  auto query =
      std::make_unique<OfferSnapshotQuery>(scope_, scheduler::JobId{request.getJob()},
                                           scheduler::CaseId{request.getCaseId()}, question.days);
  auto asked = ask(std::move(query), [=](OfferSnapshotQuery& done, scheduler::Op) {
    post_question(
        ticket, *thread,
        [question, is_by_job, memory, snapshot = std::move(done.snapshot)](const std::stop_token&) {
          return make_answer(snapshot, question, is_by_job, *memory);
        });
  });
  const bool sees_city = scope_.kind == Scope::Kind::kCity;
  return await_question(
      *connection_, kj::mv(asked), ticket,
      [this, context, sees_city](const OffersAnswer& done) mutable {
        note_unknown("offers", done.refused.refusal);
        if (done.refused.refusal != Refusal::kNone)
          return write_refusal(done.refused, scheduler::CommandKind::kSchedule,
                               context.getResults().initRefused());
        write_offers(done, sees_city, context.getResults().initOffers());
      },
      [context]() mutable { refuse(context.getResults().initRefused(), Refusal::kBusy); });
}

}  // namespace permitd::daemon
