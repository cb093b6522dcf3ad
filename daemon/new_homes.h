// Where the cases of an office would go that cannot answer for them any more: a proposal for a
// supervisor, who moves them; where the policy lets them move by themselves, a preview of that, as
// the choice is the core's own (scheduler/home_choice.h). Reading runs on the engine's thread in
// bounded slices; choosing is pure, any thread.
//
// A case goes to an Active office that has its service: of the parcel's district where there is
// one; among those to the one with the fewest open cases for its capacity, what was proposed before
// included; then to the nearest, then to the lowest number. People's work follows by itself, as any
// expert of the city may do it; what only the office's own people may do moves with the case.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/queries.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

inline constexpr std::size_t kHomelessMax = 40'000;
inline constexpr std::size_t kHeldBackMax = 40'000;

struct Homeless {
  scheduler::CaseId case_id{};
  scheduler::JobId job{};                           // the one that must be done next, 0: none
  scheduler::Tick appointment = scheduler::kNever;  // a citizen was told, kNever: none
  scheduler::Point point;
  scheduler::ServiceId service{};
  scheduler::District district = 0;
  scheduler::CaseState state{};
  scheduler::Stage stage{};
};

/// A job in the hands of an expert of the office, on whatever office's case: it goes back to the
/// queue at once when the office leaves.
struct HeldBack {
  scheduler::JobId job{};
  scheduler::CaseId case_id{};
  scheduler::ExpertId holder{};
  scheduler::OfficeId office{};  // of the case
  scheduler::JobState state{};
  scheduler::Stage stage{};
  scheduler::District district = 0;
};

enum class HomeReason : std::uint8_t {
  kNone,      // no office can take it
  kDistrict,  // one of the parcel's district
  kCity,      // its district has none
};

struct NewHome {
  Homeless homeless;
  scheduler::OfficeId office{};  // 0: none
  HomeReason reason = HomeReason::kNone;
};

/// Every open case of an office, what its experts hold, and the offices of the city, as far as the
/// scope covers them.
class HomelessQuery final : public Query {
 public:
  HomelessQuery(const Scope& scope, scheduler::OfficeId office);
  bool run(const scheduler::Scheduler& scheduler) noexcept override;

  bool is_known = false;  // the office is
  scheduler::Op op{};     // as the reading began
  std::vector<Homeless> cases;
  std::vector<scheduler::OfficeView> offices;
  std::uint32_t left_out = 0;       // cases beyond kHomelessMax
  std::vector<HeldBack> held;       // by expert
  std::uint32_t held_left_out = 0;  // jobs beyond kHeldBackMax

 private:
  enum class Part : std::uint8_t { kOffices, kExperts, kCases };

  bool take_experts(const scheduler::Scheduler& scheduler);
  void take_held(const scheduler::Scheduler& scheduler, scheduler::ExpertId expert);
  bool take_offices(const scheduler::Scheduler& scheduler);
  bool take_cases(const scheduler::Scheduler& scheduler);
  void take_case(const scheduler::Scheduler& scheduler, const scheduler::CaseView& view);

  const Scope scope_;
  scheduler::OfficeId office_;
  scheduler::Cursor cursor_;
  Part part_ = Part::kOffices;
  std::vector<scheduler::CaseView> page_;
  std::vector<scheduler::ExpertView> expert_page_;
  std::vector<scheduler::OfficeView> office_page_;
};

/// In the order of `cases`. `leaving` gets none of them.
std::vector<NewHome> propose_homes(const std::vector<Homeless>& cases,
                                   const std::vector<scheduler::OfficeView>& offices,
                                   scheduler::OfficeId leaving);

}  // namespace permitd::daemon
