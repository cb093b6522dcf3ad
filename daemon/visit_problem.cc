// From the city's terms into the planner's: seconds since the day opens, bits for reach and
// services, prizes for classes.
#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "daemon/away_spans.h"
#include "daemon/visit_plan.h"
#include "scheduler/suspension.h"

namespace permitd::daemon {

using planner::PersonIndex;
using planner::Place;
using planner::Time;
using planner::TimeWindow;
using scheduler::ExpertId;
using scheduler::ExpertView;
using scheduler::JobState;
using scheduler::raw;
using scheduler::SlaBand;
using scheduler::Tick;

namespace {

constexpr std::int64_t kMsPerSecond = 1'000;
constexpr std::int64_t kSecondsPerMinute = 60;
constexpr std::int64_t kMinutesPerUnit = 30;
// Bits of planner::SkillMask: the district of a visit, then the service of its case.
constexpr unsigned kDistrictBits = 32;
constexpr unsigned kServiceBits = 32;
// Within a class what was promised to the applicant outweighs so many visits that were not, and
// among either the most urgent one so many that are not urgent: promises first, then bands.
constexpr planner::Cost kPromiseFactor = 8;
constexpr planner::Cost kUrgencyFactor = 2;
// Trips to one address that a further visit may join; more are there only where thousands of visits
// stand at one point.
constexpr std::size_t kTripsTriedMax = 8;

bool is_known(scheduler::Point point) { return point.lat_e6 != 0 || point.lon_e6 != 0; }

class Builder {
 public:
  Builder(const VisitSnapshot& snapshot, const VisitPlanOptions& options)
      : snapshot_(snapshot), options_(options) {
    for (const scheduler::OfficeView& office : snapshot.offices) {
      offices_.emplace(office.office, &office);
      for (const scheduler::PersonId owner : {office.licensee, office.technical_manager})
        if (raw(owner) != 0) offices_of_.emplace(owner, office.office);
    }
    met_ = snapshot.met;
    std::ranges::sort(met_, {}, &MetOwner::owner);
    out_.begin = snapshot.halves[0].is_closed() ? snapshot.halves[1].open : snapshot.halves[0].open;
  }

  VisitProblem build() {
    if (out_.begin == scheduler::kNever) return std::move(out_);
    count_held();
    for (std::size_t row = 0; row < snapshot_.experts.size(); ++row) add_inspector(row);
    for (std::size_t row = 0; row < snapshot_.visits.size(); ++row) add_visit(row);
    keep_order();
    group_trips();
    out_.problem.weights.balance_permille = options_.balance_permille;
    out_.problem.weights.move = options_.move_minutes * kSecondsPerMinute;
    return std::move(out_);
  }

 private:
  /// What somebody has of the day already.
  struct Held {
    std::int32_t minutes = 0;                 // assigned: in the problem again
    std::int32_t first_minutes = 0;           // of those, without rework: what counts for evenness
    std::int32_t visits = 0;                  // assigned
    std::int32_t reserved_minutes = 0;        // by plans, for what is not in the problem
    bool runs = false;                        // the problem has visits that are with them
    std::vector<scheduler::Point> ahead;      // where what is assigned is
    std::vector<const SnapshotVisit*> begun;  // the earliest first
  };
  /// Visits at one address that one person makes one after the other.
  struct Trip {
    std::vector<std::size_t> members;
    std::vector<TimeWindow> windows;  // when the first of them may begin
    std::vector<PersonIndex> excluded;
    planner::SkillMask skills = 0;
    Time service = 0;
    std::int32_t demand = 0;
  };

  Time seconds(Tick at) const { return static_cast<Time>((at.ms - out_.begin.ms) / kMsPerSecond); }
  Time now() const { return std::max<Time>(0, seconds(snapshot_.now)); }
  Tick day_close() const {
    return snapshot_.halves[1].is_closed() ? snapshot_.halves[0].close : snapshot_.halves[1].close;
  }

  Place place_of(scheduler::Point point) {
    if (!is_known(point)) return planner::kNowhere;
    const auto key = std::pair{point.lat_e6, point.lon_e6};
    const auto [found, is_new] = places_.try_emplace(key, static_cast<Place>(out_.points.size()));
    if (is_new) out_.points.push_back({point.lat_e6 / 1e6, point.lon_e6 / 1e6});
    return found->second;
  }

  const scheduler::OfficeView* office_of(scheduler::OfficeId id) const {
    const auto found = offices_.find(id);
    return found == offices_.end() ? nullptr : found->second;
  }

  scheduler::Point point_of(const SnapshotVisit& visit) const {
    if (is_known(visit.point)) return visit.point;
    const scheduler::OfficeView* intake = office_of(visit.job.intake_office);
    return intake == nullptr ? visit.point : intake->point;
  }

  static ExpertId with_whom(const SnapshotVisit& visit) {
    return visit.is_planned ? visit.plan.expert : visit.job.holder;
  }

  /// Whether there is anything to plan about it.
  bool is_open(const SnapshotVisit& visit) const {
    return visit.job.state != JobState::kStarted && is_known(point_of(visit)) &&
           !windows_of(visit.job).empty();
  }

  /// What experts hold and what is reserved for them: those visits are in the problem, under way,
  /// or take something out of the day.
  void count_held() {
    std::vector<scheduler::JobId> open;
    for (const SnapshotVisit& visit : snapshot_.visits) {
      if (visit.job.state == JobState::kStarted) held_[visit.job.holder].begun.push_back(&visit);
      if (visit.job.state == JobState::kAssigned)
        held_[visit.job.holder].ahead.push_back(point_of(visit));
      if (!is_open(visit)) continue;
      if (!snapshot_.reserved.empty()) open.push_back(visit.job.job);
      if (raw(with_whom(visit)) != 0) held_[with_whom(visit)].runs = true;
      if (visit.job.state != JobState::kAssigned) continue;
      Held& held = held_[visit.job.holder];
      held.minutes += visit.job.effort_minutes;
      if (!visit.job.rework) held.first_minutes += visit.job.effort_minutes;
      held.visits += 1;
    }
    for (auto& [expert, held] : held_) {
      std::ranges::sort(held.begun, {}, [](const SnapshotVisit* visit) {
        return std::pair{visit->begun, visit->job.job};
      });
    }
    std::ranges::sort(open);
    for (const ReservedWork& work : snapshot_.reserved) {
      if (!std::ranges::binary_search(open, work.job))
        held_[work.expert].reserved_minutes += work.effort_minutes;
    }
  }

  // ---- people ----

  bool may_inspect(const ExpertView& expert, const scheduler::OfficeView* office) const {
    const auto skill = static_cast<std::size_t>(scheduler::Skill::kInspect);
    const Tick at = suspended_until(expert, office, out_.begin, day_close());
    return office != nullptr && expert_works_at(expert, at) && office_works_at(*office, at) &&
           expert.certified_from[skill] <= at && expert.certified_until[skill] > at;
  }

  /// When an inspector has done what is under way, one after the other: at once where that should
  /// have been long ago. Where nobody knows when it was begun, all of it is left.
  Time free_from(const Held& held) const {
    Tick end;
    for (const SnapshotVisit* visit : held.begun) {
      const Tick begun = visit->begun.ms == 0 ? snapshot_.now : visit->begun;
      end.ms =
          std::max(end.ms, begun.ms) + visit->job.effort_minutes * kSecondsPerMinute * kMsPerSecond;
    }
    return held.begun.empty() ? now() : std::max(now(), seconds(end));
  }

  scheduler::Point home_of(const ExpertView& expert, const scheduler::OfficeView& office) const {
    return is_known(expert.home) ? expert.home : office.point;
  }

  /// At the visit that is under way; else at the one that was given last, unless that is the first
  /// of the day and yet to be begun; else at home.
  scheduler::Point start_of(const ExpertView& expert, const scheduler::OfficeView& office,
                            const Held& held) const {
    const scheduler::Point home = home_of(expert, office);
    if (!snapshot_.is_today || snapshot_.now < out_.begin) return home;
    if (!held.begun.empty()) {
      const scheduler::Point there = point_of(*held.begun.back());
      return is_known(there) ? there : home;
    }
    const bool is_ahead = std::ranges::find(held.ahead, expert.place) != held.ahead.end();
    const bool has_set_out = !is_ahead || expert.visits_today > held.ahead.size();
    return is_known(expert.place) && has_set_out ? expert.place : home;
  }

  /// The part of the day that absences and suspensions leave, the longest one where they leave
  /// more.
  TimeWindow shift_of(const ExpertView& expert, const scheduler::OfficeView& office,
                      const Held& held) const {
    TimeWindow shift{free_from(held), seconds(day_close())};
    TimeWindow longest{shift.open, std::min(shift.open, shift.close)};
    const auto take = [&](Time close) {
      if (close - shift.open > longest.close - longest.open) longest = {shift.open, close};
    };
    const AwaySpans spans(expert, &office);
    for (const AwaySpan& away : spans.all()) {
      if (away.until <= out_.begin || away.from >= day_close()) continue;
      take(std::min(seconds(std::max(away.from, out_.begin)), shift.close));
      shift.open = std::max(shift.open, seconds(std::min(away.until, day_close())));
    }
    take(shift.close);
    return longest;
  }

  planner::SkillMask abilities(const ExpertView& expert,
                               const scheduler::OfficeView& office) const {
    const std::uint32_t districts = expert.districts == 0 ? ~0U : expert.districts;
    const auto services = static_cast<std::uint32_t>(office.services_active);
    return planner::SkillMask{districts} | planner::SkillMask{services} << kDistrictBits;
  }

  void add_inspector(std::size_t row) {
    const ExpertView& expert = snapshot_.experts[row];
    const scheduler::OfficeView* office = office_of(expert.office);
    if (!may_inspect(expert, office)) return;
    const Held& held = held_[expert.expert];
    planner::Inspector inspector;
    inspector.shift = shift_of(expert, *office, held);
    if (inspector.shift.open >= inspector.shift.close) {
      // Somebody without time is needed for what is with them: it moves at a cost, or is locked.
      if (!held.runs) return;
      inspector.shift = {seconds(day_close()), seconds(day_close())};
    }
    inspector.end = place_of(home_of(expert, *office));
    inspector.start = place_of(start_of(expert, *office, held));
    inspector.skills = abilities(expert, *office);
    const std::int32_t booked = snapshot_.is_today ? expert.booked_minutes_today : 0;
    const std::int32_t visited = snapshot_.is_today ? expert.visits_today : 0;
    inspector.load_max =
        std::max(0, static_cast<std::int32_t>(expert.units_per_day * kMinutesPerUnit) - booked +
                        held.minutes - held.reserved_minutes);
    inspector.visits_max =
        std::max(0, std::int32_t{snapshot_.policy.visits_per_day} - visited + held.visits);
    // What is assigned counts there since it was given, and would count twice.
    inspector.effort_before =
        std::max<planner::Cost>(0, planner::Cost{expert.window_minutes} - held.first_minutes) *
        kSecondsPerMinute;
    inspector.effort_capacity =
        std::max<planner::Cost>(1, planner::Cost{expert.units_per_day} * kMinutesPerUnit *
                                       kSecondsPerMinute * snapshot_.window_work_days);
    index_of_.emplace(expert.expert, static_cast<PersonIndex>(out_.problem.inspectors.size()));
    // Who is near to somebody with another role of a case is left out as well: it costs little.
    by_person_.emplace(expert.person, static_cast<PersonIndex>(out_.problem.inspectors.size()));
    for (const scheduler::PersonId relative : expert.relatives) {
      if (raw(relative) != 0)
        by_person_.emplace(relative, static_cast<PersonIndex>(out_.problem.inspectors.size()));
    }
    out_.problem.inspectors.push_back(inspector);
    out_.expert_rows.push_back(row);
  }

  PersonIndex index_of(ExpertId expert) const {
    const auto found = index_of_.find(expert);
    return found == index_of_.end() ? planner::kNobody : found->second;
  }

  // ---- visits ----

  /// The half-day that a visit is promised for, unless it is over.
  const HalfDaySpan* promised_half(const scheduler::JobView& job) const {
    if (job.appointment == scheduler::kNever) return nullptr;
    const auto half = std::ranges::find_if(snapshot_.halves, [&](const HalfDaySpan& span) {
      return !span.is_closed() && span.open <= job.appointment && job.appointment < span.close;
    });
    return half == snapshot_.halves.end() || half->close <= snapshot_.now ? nullptr : &*half;
  }

  /// When an inspector may ring: in the promised half-day, or in both where none was promised.
  std::vector<TimeWindow> windows_of(const scheduler::JobView& job) const {
    const auto service = static_cast<Time>(job.effort_minutes * kSecondsPerMinute);
    const HalfDaySpan* promised = promised_half(job);
    std::vector<TimeWindow> windows;
    for (const HalfDaySpan& half : snapshot_.halves) {
      if (half.is_closed() || (promised != nullptr && promised != &half)) continue;
      const TimeWindow window{std::max(seconds(half.open), now()),
                              std::max(seconds(half.open), seconds(half.close) - service - 1)};
      if (window.open <= window.close) windows.push_back(window);
    }
    return windows;
  }

  /// By class first of all, then by whether it was promised, then by band.
  planner::Cost prize_of(const scheduler::JobView& job) const {
    planner::Cost prize = planner::Cost{options_.prize_minutes} * kSecondsPerMinute;
    for (auto step = raw(job.priority); step < raw(scheduler::PriorityClass::kOther); ++step)
      prize *= options_.class_factor * kPromiseFactor * kUrgencyFactor;
    if (job.appointment != scheduler::kNever) prize *= kPromiseFactor;
    switch (job.band) {
      case SlaBand::kRed:
        return prize * kUrgencyFactor;
      case SlaBand::kAmber:
        return prize * (1 + kUrgencyFactor) / 2;
      case SlaBand::kGreen:
      case SlaBand::kPaused:
        break;
    }
    return prize;
  }

  void add_visit(std::size_t row) {
    const SnapshotVisit& from = snapshot_.visits[row];
    const scheduler::Point point = point_of(from);
    if (from.job.state == JobState::kStarted || !is_known(point)) return;
    planner::Visit visit;
    visit.windows = windows_of(from.job);
    if (visit.windows.empty()) return;
    visit.place = place_of(point);
    visit.service = static_cast<Time>(from.job.effort_minutes * kSecondsPerMinute);
    visit.demand = from.job.effort_minutes;
    visit.prize = prize_of(from.job);
    visit.skills = planner::SkillMask{1} << from.job.district % kDistrictBits;
    if (raw(from.job.service) < kServiceBits)
      visit.skills |= planner::SkillMask{1} << (kDistrictBits + raw(from.job.service));
    exclude(from, visit);
    visit.running = index_of(with_whom(from));
    lock(from, visit);
    out_.problem.visits.push_back(std::move(visit));
    out_.visit_rows.push_back(row);
  }

  /// What a supervisor has fixed, as long as who it is fixed to is there.
  void lock(const SnapshotVisit& from, planner::Visit& visit) const {
    if (!from.is_planned || visit.running == planner::kNobody) return;
    if ((from.plan.locks & scheduler::kLockPerson) != 0) visit.lock.person = visit.running;
    if ((from.plan.locks & scheduler::kLockStart) == 0) return;
    const bool is_early = from.plan.start < snapshot_.halves[0].close;
    const HalfDaySpan& half =
        snapshot_.halves[is_early && !snapshot_.halves[0].is_closed() ? 0 : 1];
    visit.lock.start = TimeWindow{seconds(half.open), seconds(half.close)};
  }

  /// Visits whose number in one person's day is fixed stay one behind the other.
  void keep_order() {
    std::map<PersonIndex, std::vector<std::pair<std::uint16_t, planner::VisitIndex>>> fixed;
    for (std::size_t i = 0; i < out_.problem.visits.size(); ++i) {
      const SnapshotVisit& from = snapshot_.visits[out_.visit_rows[i]];
      const PersonIndex person = out_.problem.visits[i].running;
      const bool is_fixed = from.is_planned && (from.plan.locks & scheduler::kLockOrder) != 0;
      if (is_fixed && person != planner::kNobody)
        fixed[person].emplace_back(from.plan.sequence, static_cast<planner::VisitIndex>(i));
    }
    for (auto& [person, visits] : fixed) {
      std::ranges::sort(visits);
      for (std::size_t i = 1; i < visits.size(); ++i)
        out_.problem.visits[static_cast<std::size_t>(visits[i].second)].lock.after =
            visits[i - 1].second;
    }
  }

  static bool is_free(const planner::Visit& visit) {
    return visit.lock.person == planner::kNobody && !visit.lock.start &&
           visit.lock.after == planner::kNoVisit;
  }

  /// An office does not look at a case of its own licensee or technical manager.
  void exclude_offices_of(scheduler::PersonId person, planner::Visit& visit) const {
    const auto [first, last] = offices_of_.equal_range(person);
    for (auto office = first; office != last; ++office)
      for (std::size_t i = 0; i < out_.expert_rows.size(); ++i)
        if (snapshot_.experts[out_.expert_rows[i]].office == office->second)
          visit.excluded.push_back(static_cast<PersonIndex>(i));
  }

  std::span<const MetOwner> who_met(scheduler::PersonId owner) const {
    return std::ranges::equal_range(met_, owner, {}, &MetOwner::owner);
  }

  bool is_excluded(const ExpertView& expert, const scheduler::OfficeView& office,
                   const SnapshotVisit& visit) const {
    const auto persons = std::span(visit.excluded).first(visit.excluded_count);
    return std::ranges::any_of(persons, [&](scheduler::PersonId person) {
      return is_near(expert, person) || person == office.licensee ||
             person == office.technical_manager;
    });
  }

  /// Whether the core may find that the expert could go: with doubt it may, as what others are
  /// given before the plan is applied is not known.
  bool may_go(const ExpertView& expert, const SnapshotVisit& visit) const {
    const scheduler::OfficeView* office = office_of(expert.office);
    if (!may_inspect(expert, office) || is_excluded(expert, *office, visit)) return false;
    const scheduler::JobView& job = visit.job;
    const bool reaches = raw(job.reach_office) != 0
                             ? job.reach_office == expert.office
                             : expert.districts == 0 || (expert.districts >> job.district & 1) != 0;
    const bool serves = (office->services_active >> raw(job.service) & 1) != 0;
    const scheduler::Absence* absence = expert.absences.at(out_.begin);
    const bool is_absent = absence != nullptr && absence->until >= day_close();
    const std::int32_t booked = snapshot_.is_today ? expert.booked_minutes_today : 0;
    const std::int32_t visited = snapshot_.is_today ? expert.visits_today : 0;
    return reaches && serves && !is_absent && visited < snapshot_.policy.visits_per_day &&
           booked + job.effort_minutes <=
               static_cast<std::int32_t>(expert.units_per_day * kMinutesPerUnit);
  }

  /// Who inspected for the owner lately does not come again while somebody else could (I14). Whose
  /// visit it is already, by hand or by lock, keeps it.
  void exclude_repeats(const SnapshotVisit& from, planner::Visit& visit) const {
    const std::span<const MetOwner> met = who_met(from.owner);
    if (met.empty()) return;
    const bool could_another = std::ranges::any_of(snapshot_.experts, [&](const auto& expert) {
      const bool has_met = std::ranges::find(met, expert.expert, &MetOwner::expert) != met.end();
      return !has_met && may_go(expert, from);
    });
    if (!could_another) return;
    const bool is_locked = from.is_planned && (from.plan.locks & scheduler::kLockPerson) != 0;
    const ExpertId keeps = is_locked ? from.plan.expert : from.job.holder;
    for (const MetOwner& one : met) {
      const PersonIndex person = index_of(one.expert);
      if (person != planner::kNobody && one.expert != keeps) visit.excluded.push_back(person);
    }
  }

  void exclude(const SnapshotVisit& from, planner::Visit& visit) const {
    for (std::size_t i = 0; i < from.excluded_count; ++i) {
      const auto [first, last] = by_person_.equal_range(from.excluded[i]);
      for (auto found = first; found != last; ++found) visit.excluded.push_back(found->second);
      exclude_offices_of(from.excluded[i], visit);
    }
    const bool needs_look =
        raw(from.job.reach_office) != 0 || raw(from.job.service) >= kServiceBits;
    for (std::size_t i = 0; needs_look && i < out_.expert_rows.size(); ++i) {
      const ExpertView& expert = snapshot_.experts[out_.expert_rows[i]];
      const bool reaches =
          raw(from.job.reach_office) == 0 || from.job.reach_office == expert.office;
      const bool serves =
          (office_of(expert.office)->services_active >> raw(from.job.service) & 1) != 0;
      if (!reaches || !serves) visit.excluded.push_back(static_cast<PersonIndex>(i));
    }
    exclude_repeats(from, visit);
    std::ranges::sort(visit.excluded);
    const auto doubled = std::ranges::unique(visit.excluded);
    visit.excluded.erase(doubled.begin(), doubled.end());
  }

  /// Visits at one address are one trip as far as one person could make them in one go, whatever
  /// their services: a trip is made whole or not at all, and there is no way between two of them
  /// that would keep them apart.
  void group_trips() {
    std::map<Place, std::vector<Trip>> trips;
    for (std::size_t i = 0; i < out_.problem.visits.size(); ++i) {
      // Without a point of its own a visit stands at its office, wherever its address is.
      const bool has_address = is_known(snapshot_.visits[out_.visit_rows[i]].point);
      if (!has_address || !is_free(out_.problem.visits[i])) continue;
      std::vector<Trip>& here = trips[out_.problem.visits[i].place];
      const std::size_t tried = std::min(here.size(), kTripsTriedMax);
      const bool joins = std::ranges::any_of(std::span(here).last(tried),
                                             [&](Trip& trip) { return join(trip, i); });
      if (joins) continue;
      Trip alone;
      alone.windows = out_.problem.visits[i].windows;
      add_to(alone, i);
      here.push_back(std::move(alone));
    }
    std::int32_t group = planner::kNoGroup;
    for (const auto& [place, here] : trips) {
      for (const Trip& trip : here) {
        if (trip.members.size() < 2) continue;
        ++group;
        for (const std::size_t member : trip.members) out_.problem.visits[member].group = group;
      }
    }
  }

  void add_to(Trip& trip, std::size_t visit) const {
    const planner::Visit& added = out_.problem.visits[visit];
    std::vector<PersonIndex> excluded;
    std::ranges::set_union(trip.excluded, added.excluded, std::back_inserter(excluded));
    trip.excluded = std::move(excluded);
    trip.members.push_back(visit);
    trip.skills |= added.skills;
    trip.service += added.service;
    trip.demand += added.demand;
  }

  /// When the trip may begin so that a visit behind it begins in a window of its own.
  static std::vector<TimeWindow> windows_with(const Trip& trip, const planner::Visit& visit) {
    std::vector<TimeWindow> windows;
    for (const TimeWindow& first : trip.windows) {
      for (const TimeWindow& other : visit.windows) {
        const TimeWindow cut{std::max(first.open, other.open - trip.service),
                             std::min(first.close, other.close - trip.service)};
        if (cut.open <= cut.close) windows.push_back(cut);
      }
    }
    return windows;
  }

  /// False, and the trip is as it was, when nobody could make it with that visit.
  bool join(Trip& trip, std::size_t visit) const {
    std::vector<TimeWindow> windows = windows_with(trip, out_.problem.visits[visit]);
    if (windows.empty()) return false;
    Trip with = trip;
    with.windows = std::move(windows);
    add_to(with, visit);
    for (std::size_t person = 0; person < out_.problem.inspectors.size(); ++person) {
      if (!could_make(static_cast<PersonIndex>(person), with)) continue;
      trip = std::move(with);
      return true;
    }
    return false;
  }

  bool could_make(PersonIndex person, const Trip& trip) const {
    const planner::Inspector& who = out_.problem.inspectors[static_cast<std::size_t>(person)];
    const bool may_go = (trip.skills & ~who.skills) == 0 && trip.demand <= who.load_max &&
                        std::cmp_less_equal(trip.members.size(), who.visits_max) &&
                        !std::ranges::binary_search(trip.excluded, person);
    return may_go && std::ranges::any_of(trip.windows, [&](const TimeWindow& window) {
             const Time start = std::max(window.open, who.shift.open);
             return start <= window.close && start + trip.service <= who.shift.close;
           });
  }

  const VisitSnapshot& snapshot_;
  const VisitPlanOptions& options_;
  VisitProblem out_;
  std::map<scheduler::OfficeId, const scheduler::OfficeView*> offices_;
  std::map<ExpertId, Held> held_;
  std::map<ExpertId, PersonIndex> index_of_;
  std::multimap<scheduler::PersonId, PersonIndex> by_person_;
  std::multimap<scheduler::PersonId, scheduler::OfficeId> offices_of_;
  std::vector<MetOwner> met_;  // by owner
  std::map<std::pair<std::int32_t, std::int32_t>, Place> places_;
};

}  // namespace

VisitProblem make_visit_problem(const VisitSnapshot& snapshot, const VisitPlanOptions& options) {
  return Builder(snapshot, options).build();
}

}  // namespace permitd::daemon
