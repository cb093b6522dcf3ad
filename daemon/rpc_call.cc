#include "daemon/rpc_call.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/rpc_convert.h"
#include "protocol/words.h"

namespace permitd::daemon {

namespace {

// A ticket from the top: 24 bits of slot, 24 of generation, 16 of item.
constexpr unsigned kItemBits = 16;
constexpr unsigned kGenerationBits = 24;
constexpr std::uint32_t kGenerationMask = (1U << kGenerationBits) - 1;
constexpr std::uint32_t kSlotCountMax = 1U << 24;

// Places in the ring that commands leave to reads, so that the city can be looked at under any
// load.
constexpr std::size_t kReadReserveMax = 256;

// Answers handed out before KJ gets its turn: enough to keep a batch together, too few to starve
// new calls.
constexpr std::uint32_t kDeliverMax = 8192;

/// What a refusal says is not there, of what not everybody may see; nothing for other refusals.
std::string_view unknown_thing(scheduler::Refusal refusal) {
  using scheduler::Refusal;
  if (refusal == Refusal::kUnknownCase) return "case";
  if (refusal == Refusal::kUnknownJob) return "job";
  if (refusal == Refusal::kUnknownOffice) return "office";
  if (refusal == Refusal::kUnknownExpert) return "expert";
  if (refusal == Refusal::kUnknownApplication) return "application";
  return {};
}

std::string name_of_actor(const scheduler::Actor& actor) {
  return fmt::format("{} {}", protocol::name_of(actor.kind), actor.id);
}

std::uint64_t make_ticket(SlotIndex slot, std::uint32_t generation, std::uint16_t item) {
  return (std::uint64_t{slot} << (kItemBits + kGenerationBits)) |
         (std::uint64_t{generation} << kItemBits) | item;
}

}  // namespace

CallTable::CallTable(Port& port, std::uint32_t slot_count)
    : port_(port),
      capacity_(port.room()),
      read_reserve_(std::min(kReadReserveMax, capacity_ / 4)),
      slots_(slot_count) {
  PERMIT_ASSERT(slot_count > 0 && slot_count < kSlotCountMax, slot_count);
  for (SlotIndex slot = slot_count; slot-- > 0;) {
    slots_[slot].next_free = first_free_;
    first_free_ = slot;
  }
}

CallTable::~CallTable() = default;

bool CallTable::has_command_room(std::size_t count) {
  const std::size_t wanted = count + read_reserve_;
  return first_free_ != kNoSlot && port_.room(wanted) >= wanted;
}

bool CallTable::has_read_room() { return first_free_ != kNoSlot && port_.room(1) >= 1; }

SlotIndex CallTable::open() {
  PERMIT_ASSERT(first_free_ != kNoSlot);
  const SlotIndex index = first_free_;
  Slot& slot = slots_[index];
  first_free_ = slot.next_free;
  open_count_ += 1;
  PERMIT_ASSERT(slot.receiver == nullptr && slot.outstanding == 0, slot.outstanding);
  return index;
}

Request& CallTable::blank_request() {
  request_ = Request{};
  return request_;
}

void CallTable::send(SlotIndex index, std::uint16_t item) {
  Slot& slot = slots_[index];
  request_.ticket = make_ticket(index, slot.generation, item);
  const bool pushed = port_.try_push(request_);
  PERMIT_ASSERT(pushed, index);
  slot.kind = request_.command.kind;
  slot.actor = request_.command.actor;
  slot.outstanding += 1;
  sent_count_ += 1;
  pushed_ = true;
}

void CallTable::release(SlotIndex index, std::unique_ptr<Query> query) {
  Slot& slot = slots_[index];
  slot.receiver = nullptr;
  slot.keeps_open = false;
  if (slot.outstanding == 0) {
    free_slot(index);
  } else {
    slot.orphan = std::move(query);
  }
}

void CallTable::free_slot(SlotIndex index) {
  Slot& slot = slots_[index];
  slot.receiver = nullptr;
  slot.orphan.reset();
  slot.generation = (slot.generation + 1) & kGenerationMask;
  slot.next_free = first_free_;
  first_free_ = index;
  open_count_ -= 1;
}

void CallTable::note_denial(const scheduler::Actor& actor, scheduler::CommandKind kind,
                            const scheduler::Outcome& outcome) {
  if (figures_ != nullptr) figures_->count(&NetworkFigures::calls_denied);
  denials_.note(
      Denial::kCall, name_of_actor(actor),
      fmt::format("was denied {}: {}", protocol::name_of(kind), protocol::name_of(outcome.field)));
}

void CallTable::note_unknown(const scheduler::Actor& actor, std::string_view method,
                             scheduler::Refusal refusal) {
  const std::string_view thing = unknown_thing(refusal);
  if (thing.empty()) return;
  if (figures_ != nullptr) figures_->count(&NetworkFigures::unknown_numbers);
  denials_.note(Denial::kUnknownNumber, name_of_actor(actor),
                fmt::format("named an unknown {} in {}", thing, method));
}

void CallTable::note_refusal(const Slot& slot, const scheduler::Outcome& outcome) {
  if (outcome.refusal == scheduler::Refusal::kNotAllowed) {
    note_denial(slot.actor, slot.kind, outcome);
  } else {
    note_unknown(slot.actor, protocol::name_of(slot.kind), outcome.refusal);
  }
}

void CallTable::forget(RoomWaiter& waiter) { std::erase(waiters_, &waiter); }

bool CallTable::deliver() {
  std::uint32_t count = 0;
  while (count < kDeliverMax) {
    const Response* response = port_.front_response();
    if (response == nullptr) break;
    const std::uint64_t ticket = response->ticket;
    const auto index = static_cast<SlotIndex>(ticket >> (kItemBits + kGenerationBits));
    PERMIT_ASSERT(index < slots_.size(), index);
    Slot& slot = slots_[index];
    PERMIT_ASSERT(slot.generation == ((ticket >> kItemBits) & kGenerationMask), slot.generation,
                  ticket);
    PERMIT_ASSERT(slot.outstanding > 0, ticket);
    if (response->outcome.refusal != scheduler::Refusal::kNone) [[unlikely]]
      note_refusal(slot, response->outcome);
    Receiver* receiver = slot.receiver;
    if (receiver != nullptr) receiver->answer(static_cast<std::uint16_t>(ticket), *response);
    port_.pop_response();
    slot.outstanding -= 1;
    if (slot.outstanding == 0) {
      if (!slot.keeps_open) free_slot(index);
      if (receiver != nullptr) receiver->complete();
    }
    count += 1;
  }
  return count != 0;
}

bool CallTable::proceed_waiters() {
  if (waiters_.empty()) return false;
  // A waiter may come back for more while it proceeds; each is asked once a turn, in the order they
  // came.
  std::vector<RoomWaiter*> asked;
  asked.swap(waiters_);
  bool proceeded = false;
  for (RoomWaiter* waiter : asked) {
    if (waiter->proceed()) {
      proceeded = true;
    } else {
      waiters_.push_back(waiter);
    }
  }
  return proceeded;
}

void CallTable::publish() {
  if (!std::exchange(pushed_, false)) return;
  port_.publish();
}

void ResultCall::answer(std::uint16_t, const Response& response) {
  write_result(response.outcome, kind_, result_);
}

void ResultsCall::answer(std::uint16_t item, const Response& response) {
  write_result(response.outcome, kind_, results_[item]);
}

}  // namespace permitd::daemon
