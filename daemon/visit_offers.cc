#include "daemon/visit_offers.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>

#include "daemon/away_spans.h"
#include "daemon/person_day.h"
#include "daemon/visit_travel.h"
#include "planner/live_day.h"

namespace permitd::daemon {

using planner::Inspector;
using planner::kNobody;
using planner::PersonIndex;
using planner::Visit;
using scheduler::raw;
using scheduler::Refusal;

namespace {

// The present day's routes begin at the last quarter of an hour, so that they serve for one.
constexpr std::int64_t kGrainMs = 15 * scheduler::kMsPerMinute;
constexpr std::int64_t kMsPerSecond = 1'000;
// A small day is mended so often before it is made anew.
constexpr std::size_t kMendedMin = 64;
// Rounds of its visits that are placed one by one before that, at a question and ahead of one.
constexpr std::size_t kRoundsAsked = 2;
constexpr std::size_t kRoundsAhead = 1;

constexpr std::size_t at(auto index) { return static_cast<std::size_t>(index); }

/// What the core says of a half-day; kFree: nothing against it.
OfferCause cause_of(const OfferHalf& half, const OfferSnapshot& snapshot) {
  if (half.verdict.refusal == Refusal::kNone) return OfferCause::kFree;
  const bool is_present = half.span.open == snapshot.asked.job.appointment;
  if (is_present || half.verdict.refusal == Refusal::kNothingToDo) return OfferCause::kPromised;
  if (half.verdict.refusal == Refusal::kNotEligible) return OfferCause::kHalfDayFull;
  return half.span.open <= snapshot.now ? OfferCause::kBegun : OfferCause::kBeyondHorizon;
}

/// A map that grows by the place asked about.
class OfferTravel final : public planner::Travel {
 public:
  void set(std::unique_ptr<const planner::Travel> inner) { inner_ = std::move(inner); }
  planner::Place place_count() const override { return inner_->place_count(); }
  planner::Time between(planner::Place from, planner::Place to) const override {
    return inner_->between(from, to);
  }
  bool symmetric() const override { return inner_->symmetric(); }

 private:
  std::unique_ptr<const planner::Travel> inner_;
};

struct Load {
  std::int32_t demand = 0;
  std::int32_t visits = 0;
};

/// Everything that the routes of a day are made from. `districts`: of these points and maybe of
/// more, or none.
std::vector<std::int64_t> key_of(const planner::DayProblem& problem,
                                 const std::vector<planner::GeoPoint>& points,
                                 const std::vector<std::int32_t>& districts,
                                 const std::vector<bool>& promised,
                                 const VisitPlanOptions& options) {
  constexpr double kPerDegree = 1e6;
  std::vector<std::int64_t> key{options.road_percent, options.speed_kmh,
                                std::bit_cast<std::int64_t>(options.minutes_between),
                                static_cast<std::int64_t>(problem.inspectors.size()),
                                static_cast<std::int64_t>(problem.visits.size())};
  for (const planner::GeoPoint& point : points) {
    key.push_back(static_cast<std::int64_t>(point.latitude * kPerDegree));
    key.push_back(static_cast<std::int64_t>(point.longitude * kPerDegree));
  }
  const auto known = static_cast<std::ptrdiff_t>(std::min(points.size(), districts.size()));
  key.insert(key.end(), districts.begin(), districts.begin() + known);
  for (const Inspector& one : problem.inspectors) {
    key.insert(key.end(), {one.start, one.end, one.shift.open, one.shift.close,
                           static_cast<std::int64_t>(one.skills), one.load_max, one.visits_max});
  }
  for (std::size_t i = 0; i < problem.visits.size(); ++i) {
    const Visit& visit = problem.visits[i];
    const planner::TimeWindow lock = visit.lock.start.value_or(planner::TimeWindow{-1, -1});
    key.insert(key.end(), {promised[i] ? 1 : 0, visit.lock.person, lock.open, lock.close});
    key.insert(key.end(),
               {visit.place, visit.service, static_cast<std::int64_t>(visit.skills), visit.demand,
                visit.running, static_cast<std::int64_t>(visit.windows.size())});
    for (const planner::TimeWindow& window : visit.windows)
      key.insert(key.end(), {window.open, window.close});
    key.push_back(static_cast<std::int64_t>(visit.excluded.size()));
    key.insert(key.end(), visit.excluded.begin(), visit.excluded.end());
  }
  return key;
}

}  // namespace

/// Routes of a day with everything that is promised on it.
struct OfferMemory::Day {
  std::int32_t date = 0;
  std::vector<std::int64_t> key;
  OfferTravel travel;  // the live day knows where it is
  std::unique_ptr<planner::LiveDay> live;
  std::vector<scheduler::ExpertId> people;    // [inspector]
  std::vector<scheduler::JobId> jobs;         // [visit of the problem]
  std::vector<Load> loads;                    // [inspector]
  std::vector<planner::VisitIndex> left_out;  // promised, and no route has room for them
  std::size_t placed = 0;                     // one by one, since the day was made anew
};

OfferMemory::OfferMemory() = default;
OfferMemory::~OfferMemory() = default;

OfferMemory::Day* OfferMemory::find(const std::vector<std::int64_t>& key) {
  const auto found = std::ranges::find_if(days_, [&](const auto& day) { return day->key == key; });
  if (found == days_.end()) return nullptr;
  days_.splice(days_.begin(), days_, found);
  found_count_ += 1;
  return days_.front().get();
}

std::unique_ptr<OfferMemory::Day> OfferMemory::take(std::int32_t date) {
  const auto found =
      std::ranges::find_if(days_, [&](const auto& day) { return day->date == date; });
  if (found == days_.end()) return nullptr;
  std::unique_ptr<Day> day = std::move(*found);
  days_.erase(found);
  return day;
}

OfferMemory::Day& OfferMemory::keep(std::unique_ptr<Day> day) {
  days_.push_front(std::move(day));
  if (days_.size() > kDaysMax) days_.pop_back();
  return *days_.front();
}

namespace {

// Of visits that nobody had room for before, and that were promised to nobody, so many are tried
// again when a day is mended.
constexpr std::size_t kRetriedMax = 32;

/// Fills the routes of a day: who has a visit keeps it; what stood in a route of the day before it
/// was mended stays there, in its order; the rest goes where it costs least.
class DayFilling {
 public:
  /// `before`: the day as it was when it was asked about last, or null.
  DayFilling(const VisitSnapshot& snapshot, const VisitProblem& problem,
             const std::vector<bool>& promised, const OfferMemory::Day* before)
      : snapshot_(snapshot), from_(problem), promised_(promised), before_(before) {
    stands_.resize(problem.problem.visits.size());
  }

  void fill(OfferMemory::Day& day) {
    for (const std::size_t row : from_.expert_rows)
      day.people.push_back(snapshot_.experts[row].expert);
    for (const std::size_t row : from_.visit_rows)
      day.jobs.push_back(snapshot_.visits[row].job.job);
    if (before_ != nullptr) find_before(day);
    for (std::size_t i = 0; i < stands_.size(); ++i) find_planned(i);
    day.live = std::make_unique<planner::LiveDay>(from_.problem, day.travel, standing_plan());
    place_rest(day);
    count_loads(day);
  }

 private:
  /// Where a visit stands, as far as somebody has it.
  struct Standing {
    PersonIndex person = kNobody;
    planner::Time start = 0;
    bool had_no_room = false;
  };

  void find_before(const OfferMemory::Day& day) {
    std::map<scheduler::ExpertId, PersonIndex> people;
    for (std::size_t i = 0; i < day.people.size(); ++i)
      people.emplace(day.people[i], static_cast<PersonIndex>(i));
    std::map<scheduler::JobId, Standing> known;
    const planner::Plan plan = before_->live->plan();
    for (std::size_t route = 0; route < plan.routes.size(); ++route) {
      const auto found = people.find(before_->people[route]);
      const PersonIndex person = found == people.end() ? kNobody : found->second;
      for (const planner::PlannedVisit& planned : plan.routes[route])
        known[before_->jobs[at(planned.visit)]] = {person, planned.start, false};
    }
    for (const planner::VisitIndex visit : plan.unserved)
      known[before_->jobs[at(visit)]].had_no_room = true;
    for (std::size_t i = 0; i < stands_.size(); ++i) {
      const auto found = known.find(day.jobs[i]);
      if (found != known.end()) stands_[i] = found->second;
    }
  }

  /// Who has a visit has it whatever the day was like before.
  void find_planned(std::size_t i) {
    const PersonIndex running = from_.problem.visits[i].running;
    if (running == kNobody) return;
    const SnapshotVisit& row = snapshot_.visits[from_.visit_rows[i]];
    if (row.is_planned) {
      const auto start = (row.plan.start.ms - from_.begin.ms) / kMsPerSecond;
      stands_[i] = {running, static_cast<planner::Time>(start), false};
    } else if (stands_[i].person != running) {
      stands_[i] = {running, from_.problem.visits[i].windows.front().open, false};
    }
  }

  planner::Plan standing_plan() const {
    planner::Plan plan;
    plan.routes.resize(from_.problem.inspectors.size());
    for (std::size_t i = 0; i < stands_.size(); ++i) {
      if (stands_[i].person == kNobody) continue;
      plan.routes[at(stands_[i].person)].push_back(
          {static_cast<planner::VisitIndex>(i), stands_[i].start});
    }
    for (auto& route : plan.routes) {
      std::ranges::sort(route, {}, [](const planner::PlannedVisit& planned) {
        return std::pair{planned.start, planned.visit};
      });
    }
    return plan;
  }

  /// What was promised first of all.
  void place_rest(OfferMemory::Day& day) {
    std::size_t retried = 0;
    for (const bool is_promised : {true, false}) {
      for (std::size_t i = 0; i < stands_.size(); ++i) {
        const auto visit = static_cast<planner::VisitIndex>(i);
        if (promised_[i] != is_promised || day.live->is_placed(visit)) continue;
        if (!is_promised && stands_[i].had_no_room && ++retried > kRetriedMax) continue;
        day.placed += 1;
        if (!day.live->place(visit) && is_promised) day.left_out.push_back(visit);
      }
    }
  }

  static void count_loads(OfferMemory::Day& day) {
    const planner::Plan plan = day.live->plan();
    day.loads.resize(plan.routes.size());
    for (std::size_t person = 0; person < day.loads.size(); ++person) {
      for (const planner::PlannedVisit& planned : plan.routes[person])
        day.loads[person].demand += day.live->problem().visits[at(planned.visit)].demand;
      day.loads[person].visits = static_cast<std::int32_t>(plan.routes[person].size());
    }
  }

  const VisitSnapshot& snapshot_;
  const VisitProblem& from_;
  const std::vector<bool>& promised_;
  const OfferMemory::Day* before_;
  std::vector<Standing> stands_;  // [visit of the problem]
};

/// The days of one question, one after the other.
class OfferDays {
 public:
  OfferDays(const OfferSnapshot& from, const VisitPlanOptions& options, OfferMemory& memory)
      : from_(from), options_(options), memory_(memory) {
    for (const scheduler::OfficeView& office : from.offices)
      offices_.emplace(office.office, &office);
    snapshot_.op = from.op;
    snapshot_.now = {from.now.ms - from.now.ms % kGrainMs};
    snapshot_.policy = from.policy;
    snapshot_.window_work_days = from.window_work_days;
    snapshot_.experts = from.experts;
    snapshot_.offices = from.offices;
    snapshot_.met = from.met;
  }

  void prepare(std::int32_t date) {
    take_day(date);
    problem_ = make_visit_problem(snapshot_, options_);
    districts_ = place_districts(problem_.points, snapshot_.visits, snapshot_.offices, options_);
    find_day(problem_.points, kRoundsAhead);
  }

  void answer(VisitOffer& offer) {
    if (date_ != offer.half.date) open_day(offer.half.date);
    if (!asked_) return;
    const auto open =
        static_cast<planner::Time>((offer.half.span.open.ms - problem_.begin.ms) / kMsPerSecond);
    const auto close =
        static_cast<planner::Time>((offer.half.span.close.ms - problem_.begin.ms) / kMsPerSecond);
    for (const planner::Offer& found : found_) {
      if (found.window.open < open || found.window.open >= close) continue;
      explain(offer);
      if (!found.placement || is_overpromised(found.window)) return;
      offer.cause = OfferCause::kFree;
      offer.extra_travel_s = found.placement->extra_travel;
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

  /// The visits of a date, but for the one asked about.
  void take_day(std::int32_t date) {
    date_ = date;
    day_ = nullptr;
    asked_.reset();
    snapshot_.day = date;
    snapshot_.is_today = date == from_.present_date;
    snapshot_.halves = {};
    for (const OfferHalf& half : from_.halves)
      if (half.date == date) snapshot_.halves[raw(half.half)] = half.span;
    snapshot_.visits.clear();
    for (const DatedVisit& visit : from_.visits)
      if (visit.date == date) snapshot_.visits.push_back(visit.visit);
    snapshot_.reserved.clear();
    for (const ReservedWork& work : from_.reserved)
      if (work.date == date) snapshot_.reserved.push_back(work);
  }

  void open_day(std::int32_t date) {
    take_day(date);
    snapshot_.visits.push_back(as_new(from_.asked));
    problem_ = make_visit_problem(snapshot_, options_);
    const bool is_known =
        !problem_.visit_rows.empty() && problem_.visit_rows.back() == snapshot_.visits.size() - 1;
    if (is_known) ask_day();
  }

  /// Takes the visit asked about out of the day, and asks the routes of the others.
  void ask_day() {
    asked_ = std::move(problem_.problem.visits.back());
    problem_.problem.visits.pop_back();
    asked_->lock = {};
    asked_->group = planner::kNoGroup;
    asked_->running = kNobody;
    const std::span visits(snapshot_.visits);
    districts_ = place_districts(problem_.points, visits.first(visits.size() - 1),
                                 snapshot_.offices, options_);
    std::vector<planner::GeoPoint> others = problem_.points;
    if (!is_place_of_others(asked_->place)) {
      others.pop_back();
      // What others have told of a place stays, so that their routes do.
      const auto told = place_districts(problem_.points, visits, snapshot_.offices, options_);
      if (!told.empty()) districts_.back() = told.back();
    }
    find_day(others, kRoundsAsked);
    day_->travel.set(make_travel(problem_.points, districts_, options_));
    found_ = day_->live->offers(*asked_);
  }

  /// The routes of the problem's visits, all of which others have; `points` are theirs.
  void find_day(const std::vector<planner::GeoPoint>& points, std::size_t rounds_max) {
    planner::DayProblem& problem = problem_.problem;
    for (Visit& visit : problem.visits) {
      visit.group = planner::kNoGroup;
      // Who and when hold here, too; the order of a route is a matter of its day.
      visit.lock.after = planner::kNoVisit;
      visit.lock.frozen = false;
    }
    // Evenness of the days before has no say in whether somebody can come.
    for (Inspector& inspector : problem.inspectors) inspector.effort_before = 0;
    promised_.clear();
    for (std::size_t i = 0; i < problem.visits.size(); ++i) {
      const scheduler::JobView& job = snapshot_.visits[problem_.visit_rows[i]].job;
      promised_.push_back(job.appointment != scheduler::kNever);
    }
    auto key = key_of(problem, points, districts_, promised_, options_);
    day_ = memory_.find(key);
    if (day_ == nullptr) day_ = &plan_day(std::move(key), rounds_max);
  }

  bool is_place_of_others(planner::Place place) const {
    const planner::DayProblem& problem = problem_.problem;
    return std::ranges::any_of(problem.visits,
                               [&](const Visit& visit) { return visit.place == place; }) ||
           std::ranges::any_of(problem.inspectors, [&](const Inspector& inspector) {
             return inspector.start == place || inspector.end == place;
           });
  }

  OfferMemory::Day& plan_day(std::vector<std::int64_t> key, std::size_t rounds_max) {
    auto day = std::make_unique<OfferMemory::Day>();
    day->date = date_;
    day->key = std::move(key);
    day->travel.set(make_travel(problem_.points, districts_, options_));
    const auto checked = planner::validate(problem_.problem, day->travel.place_count());
    if (!checked) throw std::logic_error("no day to offer: " + checked.error().text);
    std::unique_ptr<OfferMemory::Day> before = memory_.take(date_);
    // Mended so often that as many found a place one by one as there are, a day is made anew: what
    // that costs is spread over them.
    if (before != nullptr && before->placed > kMendedMin + rounds_max * promised_.size())
      before = nullptr;
    if (before != nullptr) day->placed = before->placed;
    DayFilling(snapshot_, problem_, promised_, before.get()).fill(*day);
    return memory_.keep(std::move(day));
  }

  /// Somebody else was promised the same time, could be visited by the same people, and there is no
  /// room for them yet.
  bool is_overpromised(const planner::TimeWindow& window) const {
    return std::ranges::any_of(day_->left_out, [&](planner::VisitIndex index) {
      const Visit& other = day_->live->problem().visits[at(index)];
      const bool is_then =
          other.windows.front().open <= window.close && window.open <= other.windows.back().close;
      return is_then && std::ranges::any_of(problem_.problem.inspectors, [&](const auto& one) {
               return ((other.skills | asked_->skills) & ~one.skills) == 0;
             });
    });
  }

  /// People left after each question; the cause is the first that leaves nobody.
  void explain(VisitOffer& offer) const {
    const auto excluded = std::span(from_.asked.excluded).first(from_.asked.excluded_count);
    for (std::size_t row = 0; row < from_.experts.size(); ++row) {
      const scheduler::ExpertView& expert = from_.experts[row];
      if (!is_qualified(expert, offer.half)) continue;
      offer.qualified += 1;
      const auto is_near = [&](scheduler::PersonId person) {
        return scheduler::is_near(expert, person);
      };
      if (std::ranges::any_of(excluded, is_near)) continue;
      offer.not_excluded += 1;
      if (present_minutes(expert, office_of(expert), offer.half.span, from_.now) == 0) continue;
      offer.on_shift += 1;
      if (has_room(row)) offer.with_room += 1;
    }
    offer.cause = offer.qualified == 0      ? OfferCause::kNobodyQualified
                  : offer.not_excluded == 0 ? OfferCause::kAllExcluded
                  : offer.on_shift == 0     ? OfferCause::kNobodyOnShift
                  : offer.with_room == 0    ? OfferCause::kAllFull
                                            : OfferCause::kNoTime;
  }

  const scheduler::OfficeView* office_of(const scheduler::ExpertView& expert) const {
    const auto found = offices_.find(expert.office);
    return found == offices_.end() ? nullptr : found->second;
  }

  bool is_qualified(const scheduler::ExpertView& expert, const OfferHalf& half) const {
    const scheduler::JobView& job = from_.asked.job;
    const scheduler::OfficeView* office = office_of(expert);
    const scheduler::Tick at = suspended_until(expert, office, half.span.open, half.span.close);
    const bool is_certified =
        right_filter(expert, office, job.skill, job.service, at) == scheduler::Filter::kNone;
    const bool reaches = expert.districts == 0 || (expert.districts >> job.district & 1) != 0;
    const bool is_of_office = raw(job.reach_office) == 0 || job.reach_office == expert.office;
    return is_certified && reaches && is_of_office;
  }

  bool has_room(std::size_t expert_row) const {
    const auto found = std::ranges::lower_bound(problem_.expert_rows, expert_row);
    if (found == problem_.expert_rows.end() || *found != expert_row) return false;
    const auto person = at(found - problem_.expert_rows.begin());
    const Inspector& inspector = problem_.problem.inspectors[person];
    return day_->loads[person].visits < inspector.visits_max &&
           day_->loads[person].demand + asked_->demand <= inspector.load_max;
  }

  const OfferSnapshot& from_;
  const VisitPlanOptions& options_;
  OfferMemory& memory_;
  std::map<scheduler::OfficeId, const scheduler::OfficeView*> offices_;
  VisitSnapshot snapshot_;  // of the day under way, the visit asked about at its end
  std::int32_t date_ = INT32_MIN;
  VisitProblem problem_;
  std::vector<std::int32_t> districts_;  // [place of the problem], or empty
  std::vector<bool> promised_;           // [visit of the problem]
  std::optional<Visit> asked_;           // empty: it cannot be made on that day
  OfferMemory::Day* day_ = nullptr;
  std::vector<planner::Offer> found_;  // by window
};

}  // namespace

void prepare_offer_day(const OfferSnapshot& snapshot, std::int32_t date,
                       const VisitPlanOptions& options, OfferMemory& memory) {
  OfferDays(snapshot, options, memory).prepare(date);
}

std::vector<VisitOffer> offer_half_days(const OfferSnapshot& snapshot,
                                        const VisitPlanOptions& options, OfferMemory& memory) {
  std::vector<VisitOffer> offers;
  OfferDays days(snapshot, options, memory);
  for (const OfferHalf& half : snapshot.halves) {
    VisitOffer& offer = offers.emplace_back();
    offer.half = half;
    offer.cause = cause_of(half, snapshot);
    if (offer.cause != OfferCause::kFree) continue;
    offer.cause = OfferCause::kNoWindow;
    days.answer(offer);
  }
  return offers;
}

}  // namespace permitd::daemon
