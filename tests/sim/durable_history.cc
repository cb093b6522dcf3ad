#include "tests/sim/durable_history.h"

#include <fmt/format.h>

#include <memory>

#include "protocol/command_codec.h"

namespace permitd::tests {

using scheduler::Command;
using scheduler::Op;
using scheduler::raw;

namespace {

// A full comparison walks through everything; so many batches lie between two.
constexpr std::uint64_t kAuditEvery = 16;
constexpr std::size_t kEventsMax = 60'000;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0xBF58476D1CE4E5B9ULL;
  return hash ^ (hash >> 29);
}

}  // namespace

std::uint64_t fingerprint_of(const scheduler::Scheduler& scheduler, std::uint64_t which) {
  const scheduler::StatsView stats = scheduler.stats();
  std::uint64_t hash = mixed(raw(stats.op_applied), static_cast<std::uint64_t>(stats.now.ms));
  hash = mixed(hash, stats.cases_submitted);
  for (const std::uint64_t count : stats.cases) hash = mixed(hash, count);
  for (const std::uint64_t count : stats.jobs) hash = mixed(hash, count);
  std::uint64_t jobs = 0;
  for (const scheduler::FlowCell& cell : stats.flow) {
    hash = mixed(mixed(mixed(hash, cell.created), cell.done), cell.cancelled);
    jobs += cell.created;
  }
  scheduler::CaseView found;
  if (stats.cases_submitted != 0 &&
      scheduler.find_case(scheduler::CaseId{which % stats.cases_submitted + 1}, found)) {
    hash = mixed(mixed(hash, raw(found.state)), raw(found.current_job));
  }
  scheduler::JobView job;
  if (jobs != 0 && scheduler.find_job(scheduler::JobId{which % jobs + 1}, job)) {
    hash = mixed(mixed(mixed(hash, raw(job.state)), raw(job.holder)), raw(job.token));
  }
  return hash;
}

DurableHistory::DurableHistory()
    : scheduler_(std::make_unique<scheduler::Scheduler>()), audit_every_(kAuditEvery) {}

void DurableHistory::complain(const std::string& text) {
  if (complaint_.empty()) complaint_ = text;
}

void DurableHistory::append(const daemon::BatchHeader& header, std::span<const std::byte> payload) {
  if (raw(header.first_op) != raw(op_appended()) + 1) {
    complain(fmt::format("a batch begins at op {}, the one before ended at {}",
                         raw(header.first_op), raw(op_appended())));
  }
  batches_.push_back({header, {payload.begin(), payload.end()}});
}

Op DurableHistory::op_appended() const {
  return batches_.empty() ? op() : Op{batches_.back().last()};
}

void DurableHistory::catch_up(Op durable) {
  while (complaint_.empty() && !batches_.empty() && batches_.front().last() <= raw(durable)) {
    apply(batches_.front());
    batches_.pop_front();
  }
  if (op() != durable) {
    complain(
        fmt::format("op {} is said to be durable, which ends no batch that was written; the "
                    "last one that does is {}",
                    raw(durable), raw(op())));
  }
}

bool DurableHistory::cut(Op last, std::string& why) {
  if (last < op()) {
    why = fmt::format("op {} was acknowledged, the journal ends at op {}", raw(op()), raw(last));
    return false;
  }
  if (last > op_appended()) {
    why = fmt::format("the journal ends at op {}, {} is the last that was written", raw(last),
                      raw(op_appended()));
    return false;
  }
  while (!batches_.empty() && batches_.back().last() > raw(last)) {
    if (raw(batches_.back().header.first_op) <= raw(last)) {
      why = fmt::format("the journal ends at op {}, inside the batch at op {}", raw(last),
                        raw(batches_.back().header.first_op));
      return false;
    }
    batches_.pop_back();
  }
  shown_.erase(shown_.upper_bound(raw(last)), shown_.end());
  catch_up(last);
  return true;
}

void DurableHistory::apply(const Batch& batch) {
  protocol::CommandDecoder decoder(batch.payload, batch.header.first_op, batch.header.now,
                                   batch.header.seed);
  Command command;
  std::uint32_t count = 0;
  for (; complaint_.empty() && decoder.next(command); ++count) apply(command);
  if (complaint_.empty() && (count != batch.header.op_count || decoder.is_broken()))
    complain(fmt::format("the batch at op {} does not decode", raw(batch.header.first_op)));
  if (++batches_applied_ % audit_every_ == 0) audit();
}

void DurableHistory::apply(const Command& command) {
  model_.judge(command, *scheduler_);
  const scheduler::Outcome outcome = scheduler_->apply(command);
  scheduler::Outcome told = outcome;
  if (alters_outcomes_) told.refusal = scheduler::Refusal::kVenueTaken;
  model_.follow(command, told, *scheduler_);
  known_.push_back({outcome, command.key, command.kind});
  for (const scheduler::Event& event : scheduler_->events()) events_.push_back(event);
  while (events_.size() > kEventsMax) events_.pop_front();
  const auto [begin, end] = shown_.equal_range(raw(command.op));
  for (auto shown = begin; shown != end; ++shown) compare_shown(shown->second);
  shown_.erase(begin, end);
  if (model_.complaints().empty()) return;
  std::string text =
      fmt::format("op {}, kind {} by {}:{} at {}:", raw(command.op), raw(command.kind),
                  raw(command.actor.kind), command.actor.id, command.now.ms);
  for (const std::string& line : model_.complaints()) text += "\n  " + line;
  complain(text);
}

void DurableHistory::audit() {
  if (!complaint_.empty() || scheduler_->next_due() <= scheduler_->now()) return;
  audit_count_ += 1;
  model_.audit(*scheduler_);
  if (model_.complaints().empty()) return;
  std::string text = fmt::format("the state at op {}:", raw(op()));
  for (const std::string& line : model_.complaints()) text += "\n  " + line;
  complain(text);
}

const DurableHistory::Known* DurableHistory::find(Op op) const {
  return raw(op) == 0 || raw(op) > known_.size() ? nullptr : &known_[raw(op) - 1];
}

void DurableHistory::compare_shown(const Shown& shown) {
  shown_count_ += 1;
  if (fingerprint_of(*scheduler_, shown.which) != shown.fingerprint)
    complain(fmt::format("a query was shown another state than that of op {}", raw(op())));
}

void DurableHistory::expect_shown(Op at, std::uint64_t which, std::uint64_t fingerprint) {
  if (at == op()) {
    compare_shown({which, fingerprint});
  } else if (at < op()) {
    complain(fmt::format("a query ran at op {}, behind the durable {}", raw(at), raw(op())));
  } else {
    shown_.emplace(raw(at), Shown{which, fingerprint});
  }
}

void DurableHistory::expect_all_told() {
  if (events_.empty() || events_.back().op <= skippable_until_) return;
  complain(fmt::format("the event of op {} was never told", raw(events_.back().op)));
}

void DurableHistory::check_told(const scheduler::Event& event) {
  told_count_ += 1;
  while (!events_.empty() && events_.front().op <= skippable_until_ &&
         !(events_.front() == event)) {
    events_.pop_front();
  }
  if (events_.empty()) {
    complain(fmt::format("an event of op {} was told, durable is {}", raw(event.op), raw(op())));
  } else if (!(events_.front() == event)) {
    complain(fmt::format(
        "an event of op {}, kind {}, was told where one of op {}, kind {}, comes "
        "next",
        raw(event.op), raw(event.kind), raw(events_.front().op), raw(events_.front().kind)));
  } else {
    events_.pop_front();
  }
}

}  // namespace permitd::tests
