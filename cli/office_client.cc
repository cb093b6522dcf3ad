#include "cli/office_client.h"

#include <algorithm>

namespace permitd::cli {
namespace {

using Office = protocol::OfficeSession::Client;
using scheduler::ActorKind;

/// Submissions in one message of a stream: about 10,000 words, well below what the daemon takes.
constexpr std::size_t kStreamChunk = 256;

struct Submissions {
  kj::ArrayPtr<const KeyedSubmission> rest;
  protocol::SubmissionStream::Client stream;
};

/// Sends what is left, chunk by chunk; the library delays each send while too much is under way.
kj::Promise<void> send_rest(kj::Own<Submissions> state) {
  if (state->rest.size() == 0) return kj::READY_NOW;
  auto count = std::min(state->rest.size(), kStreamChunk);
  auto request = state->stream.submitRequest();
  auto list = request.initSubmissions(static_cast<unsigned>(count));
  for (unsigned index = 0; index < count; ++index) fill(list[index], state->rest[index]);
  state->rest = state->rest.slice(count, state->rest.size());
  return request.send().then(
      [state = kj::mv(state)]() mutable { return send_rest(kj::mv(state)); });
}

StreamTotals to_totals(protocol::SubmissionStream::FinishResults::Reader results) {
  StreamTotals totals{
      .accepted = results.getAccepted(),
      .repeated = results.getRepeated(),
      .refused = results.getRefused(),
      .last_op = Op{results.getLastOp()},
      .refusals = {},
  };
  for (auto refusal : results.getRefusals()) {
    auto key = refusal.getKey();
    totals.refusals.emplace_back(IdempotencyKey{key.getHigh(), key.getLow()},
                                 to_refused(refusal.getRefusal()));
  }
  return totals;
}

kj::Promise<StreamTotals> stream_once(Office office,
                                      kj::ArrayPtr<const KeyedSubmission> submissions) {
  auto stream = office.streamRequest().send().getStream();
  return send_rest(kj::heap<Submissions>(Submissions{submissions, stream}))
      .then([stream]() mutable {
        return stream.finishRequest().send().then(
            [](auto&& results) { return to_totals(results); });
      });
}

}  // namespace

OfficeClient::OfficeClient(Client& client, OfficeId office, GathererOptions gathering)
    : ReaderCalls(client, Identity{ActorKind::kOffice, raw(office)}), gatherer_(*this, gathering) {}

kj::Promise<StreamTotals> OfficeClient::submit_all(kj::ArrayPtr<const KeyedSubmission> submissions,
                                                   CallOptions options) {
  auto deadline = client().deadline_of(options);
  return client().bounded(deadline, stream_all(submissions));
}

kj::Promise<StreamTotals> OfficeClient::stream_all(
    kj::ArrayPtr<const KeyedSubmission> submissions) {
  return client().link().then([this, submissions](kj::Own<Link> link) {
    auto generation = link->generation();
    return capability()
        .then([submissions](Office office) { return stream_once(kj::mv(office), submissions); })
        .catch_([this, submissions,
                 generation](kj::Exception&& exception) -> kj::Promise<StreamTotals> {
          if (exception.getType() != kj::Exception::Type::DISCONNECTED) return kj::mv(exception);
          client().lost(generation);
          if (client().unreachable()) return kj::mv(exception);
          ++client().counters().calls_retried;
          return stream_all(submissions);
        })
        .attach(kj::mv(link));
  });
}

kj::Promise<Answer> OfficeClient::register_case(CaseId id, CallOptions options) {
  return call(
      [id](Office& office) {
        auto request = office.registerRequest();
        request.setCaseId(raw(id));
        return request;
      },
      options);
}

kj::Promise<Answer> OfficeClient::amend(CaseId id, Amendment amendment, CallOptions options) {
  return call(
      [id, amendment = std::move(amendment)](Office& office) {
        auto request = office.amendRequest();
        request.setCaseId(raw(id));
        request.setAreaM2(amendment.area_m2);
        request.setFloors(amendment.floors);
        request.setDesigner(raw(amendment.designer));
        request.setSupervisingEngineer(raw(amendment.supervising_engineer));
        request.setNote(amendment.note);
        request.setZone(amendment.zone);
        request.setCoveragePermille(amendment.coverage_permille);
        request.setStreetWidthDm(amendment.street_width_dm);
        return request;
      },
      options);
}

kj::Promise<Answer> OfficeClient::withdraw(CaseId id, scheduler::Reason reason, std::string note,
                                           CallOptions options) {
  return call(
      [id, reason, note = std::move(note)](Office& office) {
        auto request = office.withdrawRequest();
        request.setCaseId(raw(id));
        request.setReason(static_cast<protocol::Reason>(reason));
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> OfficeClient::answer(CaseId id, CallOptions options) {
  return call(
      [id](Office& office) {
        auto request = office.answerRequest();
        request.setCaseId(raw(id));
        return request;
      },
      options);
}

kj::Promise<Answer> OfficeClient::record_fees(CaseId id, std::uint64_t amount_rial,
                                              CallOptions options, std::string note) {
  return call(
      [id, amount_rial, note = std::move(note)](Office& office) {
        auto request = office.recordFeesRequest();
        request.setNote(note);
        request.setCaseId(raw(id));
        request.setAmountRial(amount_rial);
        return request;
      },
      options);
}

kj::Promise<Answer> OfficeClient::schedule(JobId id, std::int32_t day, scheduler::HalfDay half,
                                           CallOptions options) {
  return call(
      [id, day, half](Office& office) {
        auto request = office.scheduleRequest();
        request.setJob(raw(id));
        request.setDay(day);
        request.setHalf(static_cast<protocol::HalfDay>(half));
        return request;
      },
      options);
}

kj::Promise<Answer> OfficeClient::close(CaseId id, CallOptions options) {
  return call(
      [id](Office& office) {
        auto request = office.closeRequest();
        request.setCaseId(raw(id));
        return request;
      },
      options);
}

}  // namespace permitd::cli
