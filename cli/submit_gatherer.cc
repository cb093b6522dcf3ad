#include "cli/submit_gatherer.h"

#include <algorithm>

#include "scheduler/assert.h"

namespace permitd::cli {
namespace {

/// A submission with both texts full takes 26 words; a call's own overhead is below 64. Rounded up.
constexpr std::uint32_t kWordsPerSubmission = 40;

Refused local_busy() {
  return Refused{
      .code = scheduler::Refusal::kBusy,
      .code_name = "busy",
      .field_name = {},
      .sentence =
          "Too many submissions of this program wait for the daemon; wait for some of their "
          "answers "
          "before you submit more.",
  };
}

bool is_busy(const Answer& answer) {
  return !answer && answer.error().code == scheduler::Refusal::kBusy;
}

}  // namespace

void fill(protocol::Submission::Builder out, const KeyedSubmission& submission) {
  const auto& body = submission.body;
  auto key = out.initKey();
  key.setHigh(submission.key.high);
  key.setLow(submission.key.low);
  out.setService(raw(body.service));
  out.setDistrict(body.district);
  out.setOrganisation(raw(body.organisation));
  out.setDraft((body.flags & scheduler::kSubmitDraft) != 0);
  out.setBuilt((body.flags & scheduler::kSubmitBuilt) != 0);
  out.setFloors(body.floors);
  out.setCoveragePermille(body.coverage_permille);
  out.setStreetWidthDm(body.street_width_dm);
  out.setAreaM2(body.area_m2);
  auto point = out.initPoint();
  point.setLatE6(body.point.lat_e6);
  point.setLonE6(body.point.lon_e6);
  out.setOwner(raw(body.owner));
  out.setRelative(raw(body.relative));
  out.setDesigner(raw(body.designer));
  out.setSupervisingEngineer(raw(body.supervising_engineer));
  std::copy_n(body.parcel.bytes.data(), body.parcel.size, out.initParcel(body.parcel.size).begin());
  std::copy_n(body.reference.bytes.data(), body.reference.size,
              out.initReference(body.reference.size).begin());
  if (body.zone.size != 0)
    std::copy_n(body.zone.bytes.data(), body.zone.size, out.initZone(body.zone.size).begin());
}

SubmitGatherer::SubmitGatherer(Session<protocol::OfficeSession>& session, GathererOptions options)
    : session_(session), options_(options), pauses_(session.client().new_backoff()), tasks_(*this) {
  PERMIT_ASSERT(options_.per_call_max > 0 && options_.calls_max > 0 && options_.queue_max > 0);
}

SubmitGatherer::~SubmitGatherer() noexcept = default;

kj::Promise<Answer> SubmitGatherer::submit(const scheduler::SubmitCase& body, CallOptions options) {
  if (queue_.size() >= options_.queue_max) return Answer(std::unexpected(local_busy()));
  auto& client = session_.client();
  auto key = options.key == IdempotencyKey{} ? client.keys().next() : options.key;
  auto waiter = kj::newPromiseAndFulfiller<Answer>();
  queue_.push_back(Item{{key, body}, client.deadline_of(options), kj::mv(waiter.fulfiller)});
  schedule_flush();
  return kj::mv(waiter.promise);
}

void SubmitGatherer::schedule_flush() {
  if (flush_scheduled_ || queue_.empty() || calls_under_way_ >= options_.calls_max) return;
  flush_scheduled_ = true;
  // At the end of the turn, so that what one turn submits leaves together.
  auto when = busy_ ? session_.client().timer().afterDelay(pauses_.next()) : kj::evalLast([] {});
  tasks_.add(when.then([this] { return flush(); }));
}

kj::Promise<void> SubmitGatherer::flush() {
  if (per_call_ == 0) {
    return session_.client().greeting().then(
        [this](Greeting greeting) {
          auto by_size = greeting.message_words / kWordsPerSubmission;
          auto agreed = std::min<std::uint32_t>(
              {options_.per_call_max, greeting.submissions_per_call, by_size});
          per_call_ = std::max(agreed, 1U);
          return flush();
        },
        [this](kj::Exception&& exception) -> kj::Promise<void> {
          flush_scheduled_ = false;
          fail_queue(exception);
          return kj::READY_NOW;
        });
  }
  flush_scheduled_ = false;
  while (!queue_.empty() && calls_under_way_ < options_.calls_max) send_batch(take_batch());
  return kj::READY_NOW;
}

SubmitGatherer::Batch SubmitGatherer::take_batch() {
  Batch batch;
  auto count = std::min(queue_.size(), per_call_);
  batch.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void SubmitGatherer::send_batch(Batch batch) {
  ++calls_under_way_;
  ++calls_sent_;
  auto now = session_.client().timer().now();
  auto latest = std::max_element(batch.begin(), batch.end(), [](const Item& a, const Item& b) {
    return a.deadline < b.deadline;
  });
  auto left = std::max(latest->deadline - now, 1 * kj::MILLISECONDS);
  auto held = kj::heap<Batch>(std::move(batch));
  auto& items = *held;
  auto build = [&items](protocol::OfficeSession::Client& office) {
    auto size = static_cast<std::uint64_t>(items.size()) * kWordsPerSubmission + 64;
    auto request = office.submitRequest(capnp::MessageSize{size, 0});
    auto list = request.initSubmissions(static_cast<unsigned>(items.size()));
    for (unsigned index = 0; index < list.size(); ++index)
      fill(list[index], items[index].submission);
    return request;
  };
  tasks_.add(session_.send(build, CallOptions{.key = {}, .deadline = left})
                 .then(
                     [this, &items](auto&& response) {
                       --calls_under_way_;
                       deliver(std::move(items), response.getResults());
                     },
                     [this, &items](kj::Exception&& exception) {
                       --calls_under_way_;
                       for (auto& item : items) item.fulfiller->reject(kj::cp(exception));
                       schedule_flush();
                     })
                 .attach(kj::mv(held)));
}

void SubmitGatherer::deliver(Batch batch, capnp::List<protocol::Result>::Reader results) {
  auto now = session_.client().timer().now();
  Batch again;
  for (std::size_t index = 0; index < batch.size(); ++index) {
    auto& item = batch[index];
    if (index >= results.size()) {
      item.fulfiller->reject(
          KJ_EXCEPTION(FAILED, "the daemon answered fewer submissions than it was sent"));
      continue;
    }
    auto answer = to_answer(results[static_cast<unsigned>(index)]);
    if (is_busy(answer) && now < item.deadline) {
      ++session_.client().counters().busy;
      again.push_back(std::move(item));
    } else {
      item.fulfiller->fulfill(kj::mv(answer));
    }
  }
  busy_ = !again.empty();
  if (!busy_) pauses_.reset();
  for (auto item = again.rbegin(); item != again.rend(); ++item)
    queue_.push_front(std::move(*item));
  schedule_flush();
}

void SubmitGatherer::fail_queue(const kj::Exception& exception) {
  auto queue = std::move(queue_);
  queue_.clear();
  for (auto& item : queue) item.fulfiller->reject(kj::cp(exception));
}

void SubmitGatherer::taskFailed(kj::Exception&& exception) {
  // Every task settles its own items; what arrives here is a fault of this class and must not be
  // lost.
  fail_queue(exception);
}

}  // namespace permitd::cli
