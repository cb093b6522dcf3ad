// Calls that wait for the engine. A call takes a slot of the table, sends one or many requests
// whose tickets name slot and item, and is told of each answer as it comes. Rpc thread only.
//
// Invariants: every request pushed is answered exactly once, so a slot is free again when its last
// answer has come, whether or not anybody still waits for it. A caller that went away only takes
// its receiver off the slot: what was pushed is accepted work and goes on. A ticket carries the
// slot's generation, so that an answer can never reach a later user of the slot.
#pragma once

#include <kj/async.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/denial_log.h"
#include "daemon/engine.h"
#include "daemon/network_figures.h"
#include "protocol/permit.capnp.h"
#include "scheduler/assert.h"

namespace permitd::daemon {

/// Told of the answers of one slot.
class Receiver {
 public:
  /// The answer to item `item`. The order is that of the engine, not necessarily that of the items.
  virtual void answer(std::uint16_t item, const Response& response) = 0;
  /// Nothing is outstanding any more; the slot has been given back unless it is kept open.
  virtual void complete() = 0;

 protected:
  ~Receiver() = default;
};

/// Waits for room in the ring.
class RoomWaiter {
 public:
  /// Called once a turn while it waits; false: still waiting.
  virtual bool proceed() = 0;

 protected:
  ~RoomWaiter() = default;
};

using SlotIndex = std::uint32_t;
inline constexpr SlotIndex kNoSlot = UINT32_MAX;

class CallTable {
 public:
  CallTable(Port& port, std::uint32_t slot_count);
  CallTable(const CallTable&) = delete;
  CallTable& operator=(const CallTable&) = delete;
  ~CallTable();

  /// Can `count` commands be sent now, as one call?
  bool has_command_room(std::size_t count);
  /// Commands that one call can hold at the most: the ring without the places kept for reads.
  std::size_t command_room_max() const { return capacity_ - read_reserve_; }
  /// Can one read be sent now?
  bool has_read_room();

  /// Takes a slot. Pre: there is room for a command or read.
  SlotIndex open();
  /// A cleared request to fill in, valid until send().
  Request& blank_request();
  /// Sends the request filled in. Pre: room was there for it.
  void send(SlotIndex slot, std::uint16_t item);
  /// Who is told. A slot without outstanding answers and receiver must be let go with release().
  void attach(SlotIndex slot, Receiver& receiver) { slots_[slot].receiver = &receiver; }
  /// Nobody is told any more; the slot is freed now or with its last answer. `query` lives as long.
  void release(SlotIndex slot, std::unique_ptr<Query> query = nullptr);
  /// A slot kept open survives the last answer, until release().
  void keep_open(SlotIndex slot) { slots_[slot].keeps_open = true; }
  std::uint32_t outstanding(SlotIndex slot) const { return slots_[slot].outstanding; }

  void wait_for_room(RoomWaiter& waiter) { waiters_.push_back(&waiter); }
  void forget(RoomWaiter& waiter);
  bool has_waiters() const { return !waiters_.empty(); }

  /// Takes answers from the port and hands them out; a bounded number per call. True when there
  /// were any.
  bool deliver();
  /// Lets those go on who wait for room. True when one did.
  bool proceed_waiters();
  /// Wakes the engine when something was pushed since the last time. Once a turn.
  void publish();

  /// Counts and logs what was not allowed: who asked for what and which rule said no; nothing of
  /// what the call said.
  void note_denial(const scheduler::Actor& actor, scheduler::CommandKind kind,
                   const scheduler::Outcome& outcome);
  /// The same for a number that is not there for who named it in `method`: trying numbers is seen.
  /// Other refusals are not noted.
  void note_unknown(const scheduler::Actor& actor, std::string_view method,
                    scheduler::Refusal refusal);
  DenialLog& denials() { return denials_; }
  /// Where what is not allowed is counted; null: nowhere.
  void set_figures(NetworkFigures* figures) { figures_ = figures; }
  std::uint32_t open_count() const { return open_count_; }
  std::uint64_t sent_count() const { return sent_count_; }

 private:
  struct Slot {
    Receiver* receiver = nullptr;
    std::unique_ptr<Query> orphan;  // lent to the engine by a caller that has gone
    std::uint32_t generation = 0;
    std::uint32_t outstanding = 0;
    SlotIndex next_free = kNoSlot;
    bool keeps_open = false;
    // Of the newest request: who asks for what, should it be denied.
    scheduler::CommandKind kind = scheduler::CommandKind::kNone;
    scheduler::Actor actor;
  };
  void free_slot(SlotIndex slot);
  void note_refusal(const Slot& slot, const scheduler::Outcome& outcome);

  Port& port_;
  const std::size_t capacity_;      // of the ring
  const std::size_t read_reserve_;  // places that commands leave to reads
  std::vector<Slot> slots_;
  SlotIndex first_free_ = kNoSlot;
  std::uint32_t open_count_ = 0;
  std::uint64_t sent_count_ = 0;
  NetworkFigures* figures_ = nullptr;
  DenialLog denials_;
  bool pushed_ = false;
  Request request_;
  std::vector<RoomWaiter*> waiters_;
};

/// Takes a slot back when an exception ends the call before anybody waits for it.
class OpenCall {
 public:
  explicit OpenCall(CallTable& calls) : calls_(calls), slot_(calls.open()) {}
  ~OpenCall() {
    if (slot_ != kNoSlot) calls_.release(slot_);
  }
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;
  SlotIndex slot() const { return slot_; }
  /// The slot is somebody else's from now on.
  SlotIndex hand_over() { return std::exchange(slot_, kNoSlot); }

 private:
  CallTable& calls_;
  SlotIndex slot_;
};

/// Base of what waits inside a promise: KJ builds it in place with the promise and destroys it when
/// the promise is resolved or dropped.
class WaitingCall : public Receiver {
 public:
  WaitingCall(kj::PromiseFulfiller<void>& fulfiller, CallTable& calls, SlotIndex slot,
              std::uint32_t& in_flight)
      : fulfiller_(fulfiller), calls_(calls), slot_(slot), in_flight_(in_flight) {
    in_flight_ += 1;
    calls_.attach(slot, *this);
  }
  WaitingCall(const WaitingCall&) = delete;
  WaitingCall& operator=(const WaitingCall&) = delete;
  void complete() override {
    slot_ = kNoSlot;
    fulfiller_.fulfill();
  }

 protected:
  ~WaitingCall() {
    in_flight_ -= 1;
    if (slot_ != kNoSlot) calls_.release(slot_);
  }
  kj::PromiseFulfiller<void>& fulfiller_;
  CallTable& calls_;
  SlotIndex slot_;

 private:
  std::uint32_t& in_flight_;  // calls of the connection
};

/// Writes the outcome of one command into its place.
class ResultCall final : public WaitingCall {
 public:
  ResultCall(kj::PromiseFulfiller<void>& fulfiller, CallTable& calls, SlotIndex slot,
             std::uint32_t& in_flight, protocol::Result::Builder result,
             scheduler::CommandKind kind)
      : WaitingCall(fulfiller, calls, slot, in_flight), result_(result), kind_(kind) {}
  void answer(std::uint16_t item, const Response& response) override;

 private:
  protocol::Result::Builder result_;
  scheduler::CommandKind kind_;
};

/// Writes the outcomes of many commands of one kind, each into its place.
class ResultsCall final : public WaitingCall {
 public:
  ResultsCall(kj::PromiseFulfiller<void>& fulfiller, CallTable& calls, SlotIndex slot,
              std::uint32_t& in_flight, capnp::List<protocol::Result>::Builder results,
              scheduler::CommandKind kind)
      : WaitingCall(fulfiller, calls, slot, in_flight), results_(results), kind_(kind) {}
  void answer(std::uint16_t item, const Response& response) override;

 private:
  capnp::List<protocol::Result>::Builder results_;
  scheduler::CommandKind kind_;
};

/// Hands a finished query, or any other response, to `fill`.
template <class Q, class Fill>
class QueryCall final : public WaitingCall {
 public:
  QueryCall(kj::PromiseFulfiller<void>& fulfiller, CallTable& calls, SlotIndex slot,
            std::uint32_t& in_flight, std::unique_ptr<Q> query, Fill&& fill)
      : WaitingCall(fulfiller, calls, slot, in_flight),
        query_(std::move(query)),
        fill_(kj::mv(fill)) {}
  ~QueryCall() {
    if (slot_ != kNoSlot) calls_.release(std::exchange(slot_, kNoSlot), std::move(query_));
  }
  void answer(std::uint16_t, const Response& response) override { op_ = response.outcome.op; }
  void complete() override {
    slot_ = kNoSlot;
    // What is written here was counted and bounded before; an exception is KJ's, e.g. out of
    // memory.
    fulfiller_.rejectIfThrows([&] { fill_(*query_, op_); });
    fulfiller_.fulfill();
  }

 private:
  std::unique_ptr<Q> query_;
  Fill fill_;
  scheduler::Op op_{};
};

/// Hands the one response of a control request to `fill`.
template <class Fill>
class ResponseCall final : public WaitingCall {
 public:
  ResponseCall(kj::PromiseFulfiller<void>& fulfiller, CallTable& calls, SlotIndex slot,
               std::uint32_t& in_flight, Fill&& fill)
      : WaitingCall(fulfiller, calls, slot, in_flight), fill_(kj::mv(fill)) {}
  void answer(std::uint16_t, const Response& response) override {
    fulfiller_.rejectIfThrows([&] { fill_(response); });
  }

 private:
  Fill fill_;
};

}  // namespace permitd::daemon
