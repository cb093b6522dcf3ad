// The counters of the offices, the applicants behind them, other agencies, and the municipality:
// they file, answer, pay, ask for another day, decide and close. What a case needs next follows
// from its state, as the feed, the answers and, after a gap in the feed, a reading of the case tell
// it. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/replay_world.h"

namespace permitd::cli {

class ReplayCases {
 public:
  explicit ReplayCases(ReplayWorld& world) : world_(world) {}

  /// Submits what was to be filed by now.
  void file_due();
  scheduler::Tick next_filing() const;
  /// kCaseMoves … kVisitMoved.
  void due(const AgendaItem& item);
  void answered(const ReplayCall& call);
  void seen(const scheduler::Event& event);
  /// Events may have been lost: every open case is read again.
  void read_again();

  std::uint64_t filed() const { return next_; }
  std::uint64_t acknowledged() const { return world_.cases.size(); }
  std::uint64_t refused() const { return refused_; }
  /// Sentence of the first submission that was refused, by its code; empty when none was.
  const std::string& first_refusal() const { return first_refusal_; }
  std::uint64_t ended() const { return ended_; }
  std::uint64_t open() const { return acknowledged() - ended_; }
  bool all_filed() const { return next_ == world_.filings.size(); }

 private:
  scheduler::Actor office_of(const CaseFile& file) const;
  ReplayCall& call_on_case(CallKind kind, scheduler::Actor actor, std::uint32_t index);
  std::uint64_t subject_of(const CaseFile& file) const {
    return world_.filings[file.filing].subject;
  }

  void submitted(const ReplayCall& call);
  void observe(std::uint32_t index, scheduler::CaseState state);
  void plan_move(std::uint32_t index, Range delay, Draw draw);
  void plan_fees(std::uint32_t index);
  void move(std::uint32_t index);
  void appointment_told(CaseFile& file, const scheduler::Event& event);
  void move_visit(const AgendaItem& item);

  ReplayWorld& world_;
  std::size_t next_ = 0;  // first filing not yet sent
  std::uint64_t refused_ = 0;
  std::uint64_t ended_ = 0;
  std::string first_refusal_;
};

}  // namespace permitd::cli
