// The rehearsal itself: moves the daemon's clock from one moment at which something happens to the
// next, and at each lets offices, experts and the municipality act until nobody has anything more
// to do.
//
// All calls of a round are independent and leave together; rounds of one moment follow each other
// until the outbox is empty. What a daemon that is killed and comes back may have left unsaid is
// read again. One thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "cli/replay_cases.h"
#include "cli/replay_experts.h"
#include "cli/replay_port.h"
#include "cli/replay_world.h"

namespace permitd::cli {

/// For a progress bar; given at every moment.
struct ReplayProgress {
  std::uint64_t records = 0;  // to be filed in all
  std::uint64_t filed = 0;
  std::uint64_t cases_open = 0;
  std::uint64_t cases_ended = 0;
  std::uint64_t calls = 0;
  scheduler::Tick now;
};

struct ReplayOptions {
  std::int32_t settle_days = 40;  // working days after the last filing that open cases are followed
  std::int32_t quiet_days = 12;   // … but no longer than so many working days without any change
  bool verify = false;
  std::function<void(scheduler::Tick)> before_advance;  // paces the clock; may be empty
  std::function<void(const ReplayProgress&)> progress;  // may be empty
};

/// What the daemon says of itself before and after.
struct CityFigures {
  scheduler::StatsView stats;
  std::vector<scheduler::OfficeView> offices;
  std::array<std::uint64_t, scheduler::kStageCount> open_jobs{};  // counted cell by cell
};

struct VerifyResult {
  std::uint64_t checked = 0;          // acknowledged submissions
  std::uint64_t missing = 0;          // the daemon does not know the case …
  std::uint64_t different = 0;        // … or keeps another record under its number
  std::uint64_t twice = 0;            // two records were acknowledged with one case
  std::uint64_t unexpected = 0;       // cases beyond the acknowledged ones
  std::int64_t cases_unbalanced = 0;  // submitted minus the sum over all states
  std::array<std::int64_t, scheduler::kStageCount>
      jobs_unbalanced{};              // created − done − cancelled − open, by stage
  std::vector<std::string> examples;  // the first of what is wrong
  bool holds() const;
};

class ReplayRun {
 public:
  /// `world.now` must be the daemon's time. All borrowed.
  ReplayRun(ReplayWorld& world, ReplayPort& port, ReplayOptions options);

  /// Errors: the daemon stays away, or it refuses to move its clock.
  std::expected<void, std::string> run();

  const CityFigures& before() const { return before_; }
  const CityFigures& after() const { return after_; }
  const VerifyResult& verified() const { return verified_; }
  const ReplayCases& cases() const { return cases_; }
  const ReplayExperts& experts() const { return experts_; }
  scheduler::Tick began() const { return began_; }

 private:
  using Step = std::expected<void, std::string>;

  Step read_figures(CityFigures& out);
  Step live(scheduler::Tick at);
  Step rounds();
  Step round();
  void fire(const AgendaItem& item);
  void plan_day();
  void answered(const ReplayCall& call);
  void add_fence(const ReplayCall& call);
  void report();
  Step sample();
  Step verify();
  void compare(const ReplayCall& call);
  void check_balance();
  bool finished(scheduler::Tick next) const;

  ReplayWorld& world_;
  ReplayPort& port_;
  ReplayOptions options_;
  ReplayCases cases_;
  ReplayExperts experts_;
  CityFigures before_;
  CityFigures after_;
  VerifyResult verified_;
  std::vector<ReplayCall> calls_;  // of the round under way; kept for its memory
  std::vector<Fence> fences_;
  std::vector<scheduler::Event> events_;
  scheduler::Tick began_;
  scheduler::Tick last_moment_ = scheduler::kNever;
  std::int32_t planned_until_ = INT32_MIN;  // the last date whose opening is on the agenda
  std::uint64_t calls_made_ = 0;
  scheduler::Tick last_change_;  // when a case or a job last changed
  bool sample_due_ = false;
  bool half_day_due_ = false;
};

}  // namespace permitd::cli
