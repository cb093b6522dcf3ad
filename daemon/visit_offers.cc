#include "daemon/visit_offers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>

#include "daemon/person_day.h"
#include "planner/live_day.h"

namespace permitd::daemon {

using planner::Inspector;
using planner::kNobody;
using planner::Visit;
using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

namespace {

constexpr std::size_t at(auto index) { return static_cast<std::size_t>(index); }

/// What the core says of a half-day; kFree: nothing against it.
OfferCause cause_of(const OfferHalf& half, const OfferSnapshot& snapshot) {
  const scheduler::Tick now = snapshot.now;
  if (half.verdict.refusal == Refusal::kNone) return OfferCause::kFree;
  const bool is_present = half.span.open == snapshot.asked.job.appointment;
  if (is_present || half.verdict.refusal == Refusal::kNothingToDo) return OfferCause::kPromised;
  if (half.verdict.refusal == Refusal::kNotEligible) return OfferCause::kHalfDayFull;
  return half.span.open <= now ? OfferCause::kBegun : OfferCause::kBeyondHorizon;
}

/// One day with everything that is promised on it in somebody's route, and the visit asked about
/// kept aside.
class OfferDay {
 public:
  OfferDay(const OfferSnapshot& from, std::int32_t date, const VisitPlanOptions& options)
      : from_(from) {
    for (const scheduler::OfficeView& office : from.offices)
      offices_.emplace(office.office, &office);
    VisitSnapshot snapshot;
    snapshot.op = from.op;
    snapshot.now = from.now;
    snapshot.day = date;
    snapshot.is_today = date == from.present_date;
    snapshot.policy = from.policy;
    snapshot.window_work_days = from.window_work_days;
    snapshot.experts = from.experts;
    snapshot.offices = from.offices;
    for (const OfferHalf& half : from.halves)
      if (half.date == date) snapshot.halves[raw(half.half)] = half.span;
    for (const DatedVisit& visit : from.visits)
      if (visit.date == date) snapshot.visits.push_back(visit.visit);
    snapshot.visits.push_back(as_new(from.asked));
    const std::size_t asked_row = snapshot.visits.size() - 1;
    day_ = make_visit_problem(snapshot, options);
    if (day_.visit_rows.empty() || day_.visit_rows.back() != asked_row) return;
    asked_ = std::move(day_.problem.visits.back());
    asked_->group = planner::kNoGroup;
    asked_->running = kNobody;
    day_.problem.visits.pop_back();
    fill_routes(options);
  }

  bool knows_visit() const { return asked_.has_value(); }

  void answer(VisitOffer& offer) {
    const auto open = static_cast<planner::Time>((offer.half.span.open.ms - day_.begin.ms) / 1'000);
    const auto close =
        static_cast<planner::Time>((offer.half.span.close.ms - day_.begin.ms) / 1'000);
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      const planner::TimeWindow& window = offers_[i].window;
      if (window.open < open || window.open >= close) continue;
      explain(offer);
      if (!offers_[i].placement) return;
      offer.cause = OfferCause::kFree;
      offer.extra_travel_s = offers_[i].placement->extra_travel;
      return;
    }
  }

 private:
  static SnapshotVisit as_new(SnapshotVisit visit) {
    visit.job.state = scheduler::JobState::kReady;
    visit.job.appointment = scheduler::kNever;
    visit.job.holder = {};
    visit.is_planned = false;
    return visit;
  }

  /// Who has a visit keeps it; the rest goes where it costs least, in the order of the snapshot.
  void fill_routes(const VisitPlanOptions& options) {
    travel_.emplace(day_.points,
                    planner::GreatCircleTravel::Road{options.road_percent / 100.0,
                                                     static_cast<double>(options.speed_kmh), 0});
    const auto checked = planner::validate(day_.problem, travel_->place_count());
    if (!checked) throw std::logic_error("no day to offer: " + checked.error().text);
    planner::DayProblem running;
    running.inspectors = day_.problem.inspectors;
    running.weights = day_.problem.weights;
    std::vector<Visit> waiting;
    planner::Plan plan;
    plan.routes.resize(running.inspectors.size());
    for (Visit& visit : day_.problem.visits) {
      visit.group = planner::kNoGroup;
      if (visit.running == kNobody) {
        waiting.push_back(visit);
        continue;
      }
      plan.routes[at(visit.running)].push_back(
          {static_cast<planner::VisitIndex>(running.visits.size()), 0});
      running.visits.push_back(visit);
    }
    planner::LiveDay live(std::move(running), *travel_, plan);
    for (const Visit& visit : waiting) live.insert(visit);
    offers_ = live.offers(*asked_);
    plan_ = live.plan();
    loads_.resize(day_.problem.inspectors.size());
    for (std::size_t person = 0; person < loads_.size(); ++person) {
      for (const planner::PlannedVisit& planned : plan_.routes[person])
        loads_[person].demand += live.problem().visits[at(planned.visit)].demand;
      loads_[person].visits = static_cast<std::int32_t>(plan_.routes[person].size());
    }
  }

  /// People left after each question; the cause is the first that leaves nobody.
  void explain(VisitOffer& offer) const {
    for (std::size_t row = 0; row < from_.experts.size(); ++row) {
      const scheduler::ExpertView& expert = from_.experts[row];
      if (!is_qualified(expert, offer.half)) continue;
      offer.qualified += 1;
      const auto excluded = std::span(from_.asked.excluded).first(from_.asked.excluded_count);
      if (std::ranges::find(excluded, expert.person) != excluded.end()) continue;
      offer.not_excluded += 1;
      if (present_minutes(expert, offer.half.span, from_.now) == 0) continue;
      offer.on_shift += 1;
      if (has_room(row)) offer.with_room += 1;
    }
    offer.cause = offer.qualified == 0      ? OfferCause::kNobodyQualified
                  : offer.not_excluded == 0 ? OfferCause::kAllExcluded
                  : offer.on_shift == 0     ? OfferCause::kNobodyOnShift
                  : offer.with_room == 0    ? OfferCause::kAllFull
                                            : OfferCause::kNoTime;
  }

  bool is_qualified(const scheduler::ExpertView& expert, const OfferHalf& half) const {
    const scheduler::JobView& job = from_.asked.job;
    const auto office = offices_.find(expert.office);
    const bool is_certified =
        right_filter(expert, office == offices_.end() ? nullptr : office->second, job.skill,
                     job.service, half.span.open) == scheduler::Filter::kNone;
    const bool reaches = expert.districts == 0 || (expert.districts >> job.district & 1) != 0;
    const bool is_of_office = raw(job.reach_office) == 0 || job.reach_office == expert.office;
    return is_certified && reaches && is_of_office;
  }

  bool has_room(std::size_t expert_row) const {
    const auto found = std::ranges::lower_bound(day_.expert_rows, expert_row);
    if (found == day_.expert_rows.end() || *found != expert_row) return false;
    const auto person = at(found - day_.expert_rows.begin());
    const Inspector& inspector = day_.problem.inspectors[person];
    return loads_[person].visits < inspector.visits_max &&
           loads_[person].demand + asked_->demand <= inspector.load_max;
  }

  struct Load {
    std::int32_t demand = 0;
    std::int32_t visits = 0;
  };

  const OfferSnapshot& from_;
  std::map<scheduler::OfficeId, const scheduler::OfficeView*> offices_;
  VisitProblem day_;
  std::optional<Visit> asked_;
  std::optional<planner::GreatCircleTravel> travel_;
  planner::Plan plan_;
  std::vector<Load> loads_;             // [inspector]
  std::vector<planner::Offer> offers_;  // by window
};

}  // namespace

std::vector<VisitOffer> offer_half_days(const OfferSnapshot& snapshot,
                                        const VisitPlanOptions& options) {
  std::vector<VisitOffer> offers;
  std::optional<OfferDay> day;
  std::int32_t date = INT32_MIN;
  for (const OfferHalf& half : snapshot.halves) {
    VisitOffer& offer = offers.emplace_back();
    offer.half = half;
    offer.cause = cause_of(half, snapshot);
    if (offer.cause != OfferCause::kFree) continue;
    offer.cause = OfferCause::kNoWindow;
    if (date != half.date) {
      day.emplace(snapshot, half.date, options);
      date = half.date;
    }
    if (day->knows_visit()) day->answer(offer);
  }
  return offers;
}

}  // namespace permitd::daemon
