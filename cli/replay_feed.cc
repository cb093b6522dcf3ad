#include "cli/replay_feed.h"

#include "protocol/kj_compat.h"

namespace permitd::cli {
namespace {

// How long events of an acknowledged op may be under way before they count as lost.
constexpr kj::Duration kFencePatience = 2 * kj::SECONDS;

scheduler::Event to_event(protocol::Event::Reader reader) {
  scheduler::Event event;
  event.op = Op{reader.getOp()};
  event.at = Tick{reader.getAt()};
  event.case_id = CaseId{reader.getCaseId()};
  event.job = JobId{reader.getJob()};
  event.actor = {static_cast<scheduler::ActorKind>(reader.getActorKind()), reader.getActor()};
  event.expert = ExpertId{reader.getExpert()};
  event.office = OfficeId{reader.getOffice()};
  event.kind = static_cast<scheduler::EventKind>(reader.getKind());
  event.stage = static_cast<scheduler::Stage>(reader.getStage());
  event.before = reader.getBefore();
  event.after = reader.getAfter();
  event.reason = static_cast<scheduler::Reason>(reader.getReason());
  return event;
}

}  // namespace

ReplayFeed::Source::Source(ReplayFeed& owner, Client& client, OfficeId of_office)
    : feed(owner),
      office(of_office),
      reader(client, Identity{scheduler::ActorKind::kOffice, raw(of_office)}),
      task(nullptr) {
  task = watch(reader, *this).eagerlyEvaluate([this](kj::Exception&& exception) {
    feed.failure_ = exception.getDescription().cStr();
    feed.stir();
  });
}

ReplayFeed::Source::~Source() noexcept = default;

void ReplayFeed::Source::on_events(capnp::List<protocol::Event>::Reader events,
                                   std::uint64_t dropped) {
  if (dropped > 0) feed.gap_ = true;
  for (auto event : events) feed.events_.push_back(to_event(event));
  if (events.size() > 0) seen = feed.events_.back().op;
  feed.stir();
}

void ReplayFeed::Source::on_subscribed() {
  if (!stands) ++feed.standing_;
  stands = true;
  feed.stir();
}

void ReplayFeed::Source::on_gap(const std::string&) {
  if (stands) --feed.standing_;
  stands = false;
  feed.gap_ = true;
  feed.stir();
}

void ReplayFeed::add_office(Client& client, OfficeId office) {
  sources_.push_back(std::make_unique<Source>(*this, client, office));
  by_office_[raw(office)] = sources_.back().get();
}

void ReplayFeed::stir() {
  PERMIT_IF_MAYBE(stirred, stirred_) {
    if ((*stirred)->isWaiting()) (*stirred)->fulfill();
  }
}

bool ReplayFeed::passed(std::span<const Fence> fences) const {
  for (const Fence& fence : fences) {
    const auto found = by_office_.find(raw(fence.office));
    if (found != by_office_.end() && raw(found->second->seen) < raw(fence.op)) return false;
  }
  return true;
}

void ReplayFeed::wait_until(kj::TimePoint deadline, kj::WaitScope& wait_scope) {
  auto waiter = kj::newPromiseAndFulfiller<void>();
  stirred_ = kj::mv(waiter.fulfiller);
  waiter.promise.exclusiveJoin(timer_.atTime(deadline)).wait(wait_scope);
  stirred_ = nullptr;
}

kj::Promise<void> ReplayFeed::subscribed() {
  if (!failure_.empty()) {
    kj::throwFatalException(
        kj::Exception(kj::Exception::Type::DISCONNECTED, __FILE__, __LINE__, kj::str(failure_)));
  }
  if (all_stand()) return kj::READY_NOW;
  auto waiter = kj::newPromiseAndFulfiller<void>();
  stirred_ = kj::mv(waiter.fulfiller);
  return waiter.promise.then([this] { return subscribed(); });
}

bool ReplayFeed::collect(std::span<const Fence> fences, std::vector<scheduler::Event>& out,
                         kj::WaitScope& wait_scope) {
  wait_scope.poll();
  const auto deadline = timer_.now() + kFencePatience;
  while (!gap_ && !passed(fences)) {
    if (timer_.now() >= deadline) {
      gap_ = true;
      // The fences are not waited for a second time.
      for (const Fence& fence : fences) {
        const auto found = by_office_.find(raw(fence.office));
        if (found != by_office_.end())
          found->second->seen = std::max(found->second->seen, fence.op);
      }
      break;
    }
    wait_until(deadline, wait_scope);
  }
  if (gap_) subscribed().wait(wait_scope);
  const bool whole = !gap_;
  gap_ = false;
  out.insert(out.end(), events_.begin(), events_.end());
  events_.clear();
  return whole;
}

}  // namespace permitd::cli
