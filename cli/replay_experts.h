// The experts of the offices: they come in the morning, ask for work, do it, sometimes refuse it,
// find defects, fall ill and go home. Each holds one job at a time. They learn of work from the
// answers to their claims and, while they wait, from the feed; the worklist tells what the job is.
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "cli/replay_world.h"

namespace permitd::cli {

class ReplayExperts {
 public:
  explicit ReplayExperts(ReplayWorld& world);

  void day_opens(const scheduler::Interval& day);
  /// From now on today nobody of the trade takes new work.
  void last_call(Trade trade);
  /// kExpertAsks … kExpertFallsIll.
  void due(const AgendaItem& item);
  void answered(const ReplayCall& call);
  void seen(const scheduler::Event& event);
  /// Events may have been lost: everybody who waits or works looks at their worklist.
  void check_all();
  /// The same for those of one trade who wait.
  void check_waiting(Trade trade);

  Trade trade_of(std::size_t expert) const { return people_[expert].trade; }
  std::size_t count() const { return people_.size(); }

 private:
  enum class Doing : std::uint8_t {
    kAway,       // at home, ill
    kIdle,       // present, without a claim
    kAsking,     // a claim is on its way
    kWaiting,    // the claim stands, no work yet
    kLooking,    // waits, and has asked for the worklist
    kBeginning,  // start and worklist are on their way
    kDeclining,
    kWorking,
  };
  struct Person {
    scheduler::ExpertId id{};
    Trade trade{};
    Doing doing = Doing::kAway;
    bool began = false;  // start was accepted
    std::uint32_t generation = 0;
    scheduler::Tick ends_at;
    scheduler::Tick lease_until;
    WorkItem item;      // job in hand
    WorkItem finished;  // job whose end is on its way
    bool ends_with_return = false;
    scheduler::Tick absent_until;
  };

  std::uint32_t index_of(scheduler::ExpertId id) const;
  scheduler::Actor actor_of(const Person& person) const;
  ReplayCall& call_on_job(std::uint32_t index, CallKind kind);
  bool takes_work(const Person& person) const;
  std::uint64_t subject_of(const WorkItem& item) const;

  void ask(std::uint32_t index);
  void ask_later(std::uint32_t index, std::int64_t minutes);
  void look(std::uint32_t index);
  void begin(std::uint32_t index, const WorkItem& item);
  void decline(std::uint32_t index, scheduler::Reason reason);
  void work(std::uint32_t index, const WorkItem& item);
  void plan_next(std::uint32_t index);
  void finish(std::uint32_t index);
  void lose(std::uint32_t index);
  void fall_ill(std::uint32_t index, scheduler::Tick until);
  std::int32_t duration_of(const Person& person, std::uint64_t subject,
                           std::uint64_t attempt) const;
  scheduler::Reason outcome_of(const WorkItem& item, std::uint64_t subject,
                               std::uint64_t attempt) const;

  void claimed(std::uint32_t index, const ReplayAnswer& answer);
  void start_answered(std::uint32_t index, const ReplayAnswer& answer);
  void worklist_answered(std::uint32_t index, const ReplayAnswer& answer);
  void end_answered(std::uint32_t index, const ReplayAnswer& answer);

  ReplayWorld& world_;
  std::vector<Person> people_;        // [expert of the city]
  std::vector<std::uint32_t> index_;  // [ExpertId] index + 1; 0 = unknown
  std::array<scheduler::Tick, kTradeCount> last_call_{};
  scheduler::Interval day_;
  std::int64_t claim_wait_minutes_;
};

}  // namespace permitd::cli
