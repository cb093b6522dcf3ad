// From the city's terms into the planner's: seconds since the day opens, bits for reach and
// services, prizes for classes.
#include <algorithm>
#include <map>
#include <utility>

#include "daemon/visit_plan.h"

namespace permitd::daemon {

using planner::PersonIndex;
using planner::Place;
using planner::Time;
using planner::TimeWindow;
using scheduler::ExpertView;
using scheduler::JobState;
using scheduler::raw;
using scheduler::SlaBand;
using scheduler::Tick;

namespace {

constexpr std::int64_t kMsPerSecond = 1'000;
constexpr std::int64_t kSecondsPerMinute = 60;
constexpr std::int64_t kMinutesPerUnit = 30;
// Working days of the rolling window that fairness looks at.
constexpr std::int64_t kWindowDays = 22;
// Bits of planner::SkillMask: the district of a visit, then the service of its case.
constexpr unsigned kDistrictBits = 32;
constexpr unsigned kServiceBits = 32;
// A class outweighs any number of the next one that fits into a day.
constexpr planner::Cost kPrizeOthers = 20'000;
constexpr planner::Cost kPrizeStep = 20;

bool is_known(scheduler::Point point) { return point.lat_e6 != 0 || point.lon_e6 != 0; }

std::uint64_t window_capacity_s(const ExpertView& expert) {
  return std::uint64_t{expert.units_per_day} * kMinutesPerUnit * kSecondsPerMinute * kWindowDays;
}

class Builder {
 public:
  Builder(const VisitSnapshot& snapshot, const VisitPlanOptions& options)
      : snapshot_(snapshot), options_(options) {
    for (const scheduler::OfficeView& office : snapshot.offices)
      offices_.emplace(office.office, &office);
    out_.begin = snapshot.halves[0].is_closed() ? snapshot.halves[1].open : snapshot.halves[0].open;
  }

  VisitProblem build() {
    if (out_.begin == scheduler::kNever) return std::move(out_);
    count_held();
    for (std::size_t row = 0; row < snapshot_.experts.size(); ++row) add_inspector(row);
    for (std::size_t row = 0; row < snapshot_.visits.size(); ++row) add_visit(row);
    group_trips();
    out_.problem.weights.balance_permille = options_.balance_permille;
    out_.problem.weights.move = options_.move_minutes * kSecondsPerMinute;
    return std::move(out_);
  }

 private:
  struct Held {
    std::int32_t minutes = 0;  // assigned: in the problem again
    std::int32_t visits = 0;
    std::int32_t started_minutes = 0;
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

  /// What experts hold at the moment: those visits are in the problem, or already under way.
  void count_held() {
    for (const SnapshotVisit& visit : snapshot_.visits) {
      Held& held = held_[visit.job.holder];
      if (visit.job.state == JobState::kAssigned) {
        held.minutes += visit.job.effort_minutes;
        held.visits += 1;
      } else if (visit.job.state == JobState::kStarted) {
        held.started_minutes += visit.job.effort_minutes;
      }
    }
  }

  // ---- people ----

  bool may_inspect(const ExpertView& expert, const scheduler::OfficeView* office) const {
    const auto skill = static_cast<std::size_t>(scheduler::Skill::kInspect);
    return expert.state == scheduler::ExpertState::kCertified && office != nullptr &&
           office->state == scheduler::OfficeState::kActive &&
           expert.certified_from[skill] <= out_.begin && expert.certified_until[skill] > out_.begin;
  }

  /// The part of the day that an absence leaves, the longer one where it leaves two.
  TimeWindow shift_of(const ExpertView& expert, const Held& held) const {
    TimeWindow shift{now() + static_cast<Time>(held.started_minutes * kSecondsPerMinute),
                     seconds(day_close())};
    const bool is_absent = expert.absent_until > out_.begin && expert.absent_from < day_close();
    if (!is_absent) return shift;
    const Time from = seconds(std::max(expert.absent_from, out_.begin));
    const Time until = seconds(std::min(expert.absent_until, day_close()));
    const bool is_before_longer = from - shift.open >= shift.close - until;
    (is_before_longer ? shift.close : shift.open) = is_before_longer ? from : until;
    return shift;
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
    const Held held = held_.contains(expert.expert) ? held_.at(expert.expert) : Held{};
    planner::Inspector inspector;
    inspector.shift = shift_of(expert, held);
    if (inspector.shift.open >= inspector.shift.close) return;
    inspector.start = place_of(is_known(expert.home) ? expert.home : office->point);
    inspector.end = inspector.start;
    inspector.skills = abilities(expert, *office);
    const std::int32_t booked = snapshot_.is_today ? expert.booked_minutes_today : 0;
    const std::int32_t visited = snapshot_.is_today ? expert.visits_today : 0;
    inspector.load_max =
        std::max(0, static_cast<std::int32_t>(expert.units_per_day * kMinutesPerUnit) - booked +
                        held.minutes);
    inspector.visits_max =
        std::max(0, std::int32_t{snapshot_.policy.visits_per_day} - visited + held.visits);
    inspector.effort_before = expert.window_minutes * kSecondsPerMinute;
    inspector.effort_capacity =
        static_cast<planner::Cost>(std::max<std::uint64_t>(1, window_capacity_s(expert)));
    index_of_.emplace(expert.expert, static_cast<PersonIndex>(out_.problem.inspectors.size()));
    by_person_.emplace(expert.person, static_cast<PersonIndex>(out_.problem.inspectors.size()));
    out_.problem.inspectors.push_back(inspector);
    out_.expert_rows.push_back(row);
  }

  PersonIndex index_of(scheduler::ExpertId expert) const {
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

  planner::Cost prize_of(const scheduler::JobView& job) const {
    planner::Cost prize = kPrizeOthers;
    for (auto step = raw(job.priority); step < raw(scheduler::PriorityClass::kOther); ++step)
      prize *= kPrizeStep;
    switch (job.band) {
      case SlaBand::kRed:
        return prize * 2;
      case SlaBand::kAmber:
        return prize * 3 / 2;
      case SlaBand::kGreen:
      case SlaBand::kPaused:
        break;
    }
    return prize;
  }

  void add_visit(std::size_t row) {
    const SnapshotVisit& from = snapshot_.visits[row];
    if (from.job.state == JobState::kStarted) return;
    planner::Visit visit;
    visit.windows = windows_of(from.job);
    const scheduler::OfficeView* intake = office_of(from.job.intake_office);
    visit.place = place_of(is_known(from.point) || intake == nullptr ? from.point : intake->point);
    if (visit.windows.empty() || visit.place == planner::kNowhere) return;
    visit.service = static_cast<Time>(from.job.effort_minutes * kSecondsPerMinute);
    visit.demand = from.job.effort_minutes;
    visit.prize = prize_of(from.job);
    visit.skills = planner::SkillMask{1} << from.job.district % kDistrictBits;
    if (raw(from.job.service) < kServiceBits)
      visit.skills |= planner::SkillMask{1} << (kDistrictBits + raw(from.job.service));
    exclude(from, visit);
    const scheduler::ExpertId with = from.is_planned ? from.plan.expert : from.job.holder;
    visit.running = index_of(with);
    out_.problem.visits.push_back(std::move(visit));
    out_.visit_rows.push_back(row);
  }

  void exclude(const SnapshotVisit& from, planner::Visit& visit) const {
    for (std::size_t i = 0; i < from.excluded_count; ++i) {
      const auto found = by_person_.find(from.excluded[i]);
      if (found != by_person_.end()) visit.excluded.push_back(found->second);
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
    std::ranges::sort(visit.excluded);
    const auto doubled = std::ranges::unique(visit.excluded);
    visit.excluded.erase(doubled.begin(), doubled.end());
  }

  /// Visits at one place in the same windows are one trip, two by two: a trip is made whole or not
  /// at all, and there is no way between pairs that would keep them apart.
  void group_trips() {
    std::map<std::pair<Place, Time>, std::size_t> alone;
    auto& visits = out_.problem.visits;
    std::int32_t group = planner::kNoGroup;
    for (std::size_t i = 0; i < visits.size(); ++i) {
      const std::pair key{visits[i].place, visits[i].windows[0].open};
      const auto [other, is_first] = alone.try_emplace(key, i);
      if (is_first) continue;
      if (may_be_one_trip(visits[other->second], visits[i])) {
        visits[other->second].group = visits[i].group = ++group;
        alone.erase(other);
      } else {
        other->second = i;
      }
    }
  }

  static bool may_be_one_trip(const planner::Visit& first, const planner::Visit& second) {
    const Time length = second.windows.back().close - first.windows.front().open;
    return first.windows == second.windows && first.skills == second.skills &&
           first.excluded == second.excluded && first.service <= length;
  }

  const VisitSnapshot& snapshot_;
  const VisitPlanOptions& options_;
  VisitProblem out_;
  std::map<scheduler::OfficeId, const scheduler::OfficeView*> offices_;
  std::map<scheduler::ExpertId, Held> held_;
  std::map<scheduler::ExpertId, PersonIndex> index_of_;
  std::map<scheduler::PersonId, PersonIndex> by_person_;
  std::map<std::pair<std::int32_t, std::int32_t>, Place> places_;
};

}  // namespace

VisitProblem make_visit_problem(const VisitSnapshot& snapshot, const VisitPlanOptions& options) {
  return Builder(snapshot, options).build();
}

}  // namespace permitd::daemon
