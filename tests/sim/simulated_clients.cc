#include "tests/sim/simulated_clients.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/recovery.h"

namespace permitd::tests {

using daemon::Request;
using daemon::RequestKind;
using daemon::Response;
using scheduler::Op;
using scheduler::raw;
using scheduler::Refusal;

namespace {

// Small, so that they are full now and then.
constexpr std::size_t kRingCapacities[] = {4, 16, 64};
// A call that is refused because of the daemon's state is made again so often.
constexpr std::uint32_t kAttemptsMax = 6;
// Of 1000: how likely who is away comes back whenever something is sent.
constexpr std::uint32_t kBackPermille = 150;
// High half of the keys of renewals: no other command has it.
constexpr std::uint64_t kRenewalKeys = 0x52'454E'4557'414C;

}  // namespace

/// A read, in one or more slices; what it saw is compared when it counts.
class SimulatedClients::Look final : public daemon::Query {
 public:
  Look(DurableHistory& history, std::uint64_t which, std::uint32_t slices, bool misheard)
      : history_(history), which_(which), slices_(slices), mask_(misheard ? 1 : 0) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    if (slices_ != 0) {
      slices_ -= 1;
      return false;
    }
    history_.expect_shown(scheduler.op_applied(), which_,
                          fingerprint_of(scheduler, which_) ^ mask_);
    return true;
  }

 private:
  DurableHistory& history_;
  std::uint64_t which_;
  std::uint32_t slices_;
  std::uint64_t mask_;  // of the bits that are misheard
};

void SimulatedClients::complain(const std::string& text) {
  if (complaint_.empty()) complaint_ = text;
}

void SimulatedClients::connect(daemon::Engine& engine) {
  lines_.clear();
  for (const std::size_t capacity : kRingCapacities)
    lines_.push_back({&engine.add_port(capacity), false});
  lines_.front().port->subscribe(subscribes_);
  history_.expect_events();
}

void SimulatedClients::disconnect() {
  lines_.clear();
  is_storm_ = false;
  for (std::size_t client = 0; client < kClientCount; ++client) return_client(client);
  std::size_t again = 0;
  for (auto& [ticket, call] : calls_) {
    if (call.kind != RequestKind::kCommand || call.is_lost) continue;
    unsent_.push_back({call.command, call.attempts});
    ++again;
  }
  if (again > 1) counts_.add(Fault::kReconnectStorm);
  calls_.clear();
}

bool SimulatedClients::push(Line& line, Call call) {
  Request request;
  request.command = call.command;
  request.kind = call.kind;
  request.districts = protocol::kWholeCity;
  request.query = call.look.get();
  request.ticket = next_ticket_;
  if (!line.port->try_push(request)) {
    counts_.add(Fault::kRingFull);
    return false;
  }
  calls_[next_ticket_++] = std::move(call);
  return true;
}

void SimulatedClients::look(Chance& chance) {
  Call call;
  call.kind = RequestKind::kQuery;
  const std::uint64_t which = chance.next();
  call.look = std::make_unique<Look>(history_, which, chance.below(4U), misheard_.reads);
  call.client = which % kClientCount;
  if (clients_[call.client].is_away) return;
  (void)push(lines_[chance.below(lines_.size())], std::move(call));
}

void SimulatedClients::ask(RequestKind kind) {
  Call call;
  call.kind = kind;
  call.client = client_of({scheduler::ActorKind::kOperator, 0});
  if (clients_[call.client].is_away) return;
  (void)push(lines_.back(), std::move(call));
}

void SimulatedClients::send(Chance& chance) {
  come_back(chance);
  for (std::size_t first = sendable(0); first < unsent_.size(); first = sendable(0)) {
    std::size_t which = first;
    if (unsent_.size() > 1 && has(Fault::kReorderedRequest) && chance.chance(200)) {
      const std::size_t other = sendable(chance.below(unsent_.size()));
      if (other < unsent_.size()) which = other;
      if (which != first) counts_.add(Fault::kReorderedRequest);
    }
    const Unsent unsent = unsent_[which];
    const std::size_t client = client_of(unsent.command.actor);
    Line& line = lines_[chance.below(lines_.size())];
    if (!push(line, {unsent.command, RequestKind::kCommand, unsent.attempts, client, false, {}}))
      return;
    unsent_.erase(unsent_.begin() + static_cast<std::ptrdiff_t>(which));
    if (has(Fault::kDuplicate) && chance.chance(40) &&
        push(line, {unsent.command, RequestKind::kCommand, kAttemptsMax, client, false, {}})) {
      counts_.add(Fault::kDuplicate);
    }
  }
}

std::size_t SimulatedClients::sendable(std::size_t which) const {
  while (which < unsent_.size() && clients_[client_of(unsent_[which].command.actor)].is_away)
    ++which;
  return which;
}

// ---- lost connections ----

void SimulatedClients::lose_connections(Chance& chance) {
  if (!has(Fault::kLostConnection)) return;
  is_storm_ = is_storm_ || (has(Fault::kLiveStorm) && chance.chance(300));
  if (!is_storm_) return lose(chance.below(kClientCount));
  for (std::size_t client = 0; client < kClientCount; ++client) lose(client);
}

// What lies in the rings has been taken and goes on; what was not sent yet never arrived.
void SimulatedClients::lose(std::size_t client) {
  Client& lost = clients_[client];
  if (lost.is_away) return;
  lost.is_away = true;
  lost.renewal = renewal_of(client);
  bool had_calls = false;
  for (auto& [ticket, call] : calls_) {
    if (call.client != client || call.is_lost) continue;
    call.is_lost = had_calls = true;
    if (call.kind != RequestKind::kCommand) continue;
    unsent_.push_back({call.command, call.attempts});
    lost.repeats += 1;
  }
  if (had_calls) counts_.add(Fault::kLostConnection);
  if (client != kWatcher) return;
  lines_.front().port->subscribe(false);
  history_.expect_some_events();
}

/// Asks again for the newest job that an expert of this client holds, with the token it has.
std::optional<scheduler::Command> SimulatedClients::renewal_of(std::size_t client) {
  const scheduler::Scheduler& scheduler = history_.scheduler();
  std::uint64_t jobs = 0;
  for (const scheduler::FlowCell& cell : scheduler.stats().flow) jobs += cell.created;
  for (; jobs != 0; --jobs) {
    scheduler::JobView job;
    if (!scheduler.find_job(scheduler::JobId{jobs}, job)) continue;
    const bool is_held = job.state == scheduler::JobState::kAssigned ||
                         job.state == scheduler::JobState::kStarted;
    const scheduler::Actor holder{scheduler::ActorKind::kExpert, raw(job.holder)};
    if (!is_held || client_of(holder) != client) continue;
    scheduler::Command renewal;
    renewal.kind = scheduler::CommandKind::kRenew;
    renewal.actor = holder;
    renewal.key = {kRenewalKeys, ++renewals_};
    renewal.body.renew = {job.job, job.token};
    return renewal;
  }
  return {};
}

void SimulatedClients::come_back(Chance& chance) {
  if (is_storm_) {
    if (!chance.chance(kBackPermille)) return;
    std::size_t repeats = 0;
    for (const Client& client : clients_) repeats += client.repeats;
    if (repeats > 1) counts_.add(Fault::kLiveStorm);
    is_storm_ = false;
    for (std::size_t client = 0; client < kClientCount; ++client) return_client(client);
    return;
  }
  for (std::size_t client = 0; client < kClientCount; ++client) {
    if (clients_[client].is_away && chance.chance(kBackPermille)) return_client(client);
  }
}

void SimulatedClients::return_client(std::size_t client) {
  Client& back = clients_[client];
  if (!back.is_away) return;
  // Before what it repeats: a lease that has ended meanwhile is refused, one that has not is kept.
  if (back.renewal) unsent_.push_front({*back.renewal, 0});
  back = {};
  if (client != kWatcher || lines_.empty()) return;
  lines_.front().port->subscribe(subscribes_);
  history_.expect_events_again();
}

void SimulatedClients::behave() {
  faults_ = 0;
  is_storm_ = false;
  for (Line& line : lines_) line.deaf = false;
  for (std::size_t client = 0; client < kClientCount; ++client) return_client(client);
}

void SimulatedClients::turn_away(Chance& chance) {
  if (!has(Fault::kHalfOpen)) return;
  Line& line = lines_[chance.below(lines_.size())];
  line.deaf = !line.deaf;
  if (line.deaf) counts_.add(Fault::kHalfOpen);
}

void SimulatedClients::listen(Chance& chance, Op op_stable) {
  for (Line& line : lines_) {
    if (!line.deaf) listen_to(line, chance, op_stable);
  }
}

void SimulatedClients::listen_to(Line& line, Chance& chance, Op op_stable) {
  while (const Response* response = line.port->front_response()) {
    const bool is_unheard = misheard_.answers && response->ticket % kUnheardEvery == 0;
    if (!is_unheard) take(chance, *response, op_stable);
    line.port->pop_response();
  }
  while (const daemon::FeedItem* item = line.port->front_event()) {
    if (item->event.op > op_stable) {
      complain(fmt::format("an event of op {} was told, the disk has op {}", raw(item->event.op),
                           raw(op_stable)));
    }
    if (item->dropped == 0) {
      scheduler::Event event = item->event;
      if (misheard_.events) event.actor.id ^= 1;
      history_.check_told(event);
    } else {
      complain(fmt::format("{} events were dropped from a feed with room", item->dropped));
    }
    line.port->pop_event();
  }
}

void SimulatedClients::take(Chance& chance, const Response& response, Op op_stable) {
  const auto found = calls_.find(response.ticket);
  if (found == calls_.end())
    return complain(fmt::format("ticket {} was answered and not asked", response.ticket));
  const Call call = std::move(found->second);
  calls_.erase(found);
  answer_count_ += 1;
  check_answer(call, response, op_stable);
  if (call.is_lost) return;
  if (call.command.key.high == kRenewalKeys && raw(response.outcome.op) != 0 &&
      response.outcome.refusal == Refusal::kNone) {
    kept_lease_count_ += 1;
  }
  if (call.kind != RequestKind::kCommand || call.attempts >= kAttemptsMax) return;
  const bool lost = has(Fault::kLostReply) && chance.chance(30);
  if (lost) counts_.add(Fault::kLostReply);
  if (lost || raw(response.outcome.op) == 0) unsent_.push_back({call.command, call.attempts + 1});
}

void SimulatedClients::check_answer(const Call& call, const Response& response, Op op_stable) {
  const scheduler::Outcome& outcome = response.outcome;
  if (outcome.op > op_stable) {
    return complain(fmt::format("an answer of op {} left the process, the disk has op {}",
                                raw(outcome.op), raw(op_stable)));
  }
  if (call.kind == RequestKind::kDigest && outcome.op == history_.op()) {
    digest_count_ += 1;
    daemon::StateDigest digest = response.digest;
    if (misheard_.digests) digest.low ^= 1;
    if (daemon::digest_of_state(history_.scheduler()) != digest)
      complain(fmt::format("the digest at op {} is another one", raw(outcome.op)));
  }
  if (call.kind != RequestKind::kCommand) return;
  if (raw(outcome.op) == 0) {
    if (outcome.refusal == Refusal::kDiskFull) full_count_ += 1;
    if (outcome.refusal != Refusal::kDiskFull && outcome.refusal != Refusal::kDraining) {
      complain(fmt::format("a call was refused with {} and not journaled", raw(outcome.refusal)));
    }
    return;
  }
  // An answer from the memory of a key is that of the first time.
  scheduler::Outcome first_time = outcome;
  first_time.repeated = 0;
  const DurableHistory::Known* known = history_.find(outcome.op);
  if (known == nullptr) {
    complain(fmt::format("op {} was answered, durable is {}", raw(outcome.op), raw(history_.op())));
  } else if (known->kind != call.command.kind || !(known->key == call.command.key)) {
    complain(fmt::format("the answer of op {} went to somebody else", raw(outcome.op)));
  } else if (!(known->outcome == first_time)) {
    complain(fmt::format("op {} was answered otherwise than a replay answers it: refusal {} and {}",
                         raw(outcome.op), raw(outcome.refusal), raw(known->outcome.refusal)));
  }
}

}  // namespace permitd::tests
