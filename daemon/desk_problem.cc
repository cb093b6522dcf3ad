// From the city's terms into those of the desks' planner: working minutes from now, effort that is
// left of each day, bits for skills and services.
#include <algorithm>
#include <map>
#include <utility>

#include "daemon/away_spans.h"
#include "daemon/desk_plan.h"

namespace permitd::daemon {

using planner::kNoPerson;
using scheduler::ExpertId;
using scheduler::ExpertView;
using scheduler::JobState;
using scheduler::raw;
using scheduler::Tick;

namespace {

constexpr std::int64_t kMsPerMinute = 60'000;
constexpr std::int32_t kMinutesPerUnit = 30;
// Bits of ReviewPerson::districts.
constexpr unsigned kDistrictBits = 32;

std::int32_t minutes_between(Tick from, Tick to) {
  return to <= from ? 0 : static_cast<std::int32_t>((to.ms - from.ms) / kMsPerMinute);
}

class Builder {
 public:
  Builder(const DeskSnapshot& snapshot, const DeskPlanOptions& options)
      : snapshot_(snapshot), options_(options) {
    for (const scheduler::OfficeView& office : snapshot.offices) {
      offices_.emplace(office.office, &office);
      for (const scheduler::PersonId owner : {office.licensee, office.technical_manager})
        if (raw(owner) != 0) offices_of_.emplace(owner, raw(office.office));
    }
  }

  DeskProblem build() {
    add_days();
    count_reserved();
    for (std::size_t row = 0; row < snapshot_.experts.size(); ++row) add_person(row);
    for (std::size_t row = 0; row < snapshot_.desks.size(); ++row) add_job(row);
    out_.problem.weights = options_.weights;
    return std::move(out_);
  }

 private:
  void add_days() {
    std::int32_t longest = 1;
    for (const SnapshotDay& day : snapshot_.days) {
      std::int32_t minutes = 0;
      for (const HalfDaySpan& half : day.halves)
        if (!half.is_closed())
          minutes += minutes_between(std::max(half.open, snapshot_.now), half.close);
      out_.problem.city_minutes.push_back(minutes);
      longest = std::max(longest, minutes);
    }
    out_.problem.usual_city_minutes = longest;
  }

  struct Held {
    std::int32_t minutes = 0;
    std::int32_t window_minutes = 0;  // of those, in the window of loads: rework earns nothing
  };

  /// Effort of jobs in the problem is booked with who holds them, for the day and in the window of
  /// loads; that of reserved visits is not booked yet.
  void count_reserved() {
    for (const SnapshotDesk& desk : snapshot_.desks) {
      if (raw(desk.job.holder) == 0) continue;
      Held& held = held_[desk.job.holder];
      held.minutes += desk.job.effort_minutes;
      if (!desk.job.rework) held.window_minutes += desk.job.effort_minutes;
    }
    for (const ReservedVisit& visit : snapshot_.visits)
      visit_minutes_[{visit.expert, visit.day}] += visit.effort_minutes;
  }

  const scheduler::OfficeView* office_of(scheduler::OfficeId id) const {
    const auto found = offices_.find(id);
    return found == offices_.end() ? nullptr : found->second;
  }

  std::uint32_t skills_of(const ExpertView& expert) const {
    std::uint32_t skills = 0;
    for (std::size_t skill = 0; skill < scheduler::kSkillCount; ++skill) {
      const bool is_valid = expert.certified_from[skill] <= snapshot_.now &&
                            snapshot_.now < expert.certified_until[skill];
      if (is_valid) skills |= 1U << skill;
    }
    return skills;
  }

  template <class Holder, class State>
  static bool works_again(const Holder& holder, State working) {
    return holder.state == working ||
           (holder.state == State::kSuspended && holder.suspended_until != scheduler::kNever);
  }

  std::int32_t away_minutes(const AwaySpans& spans, const SnapshotDay& day) const {
    std::int32_t minutes = 0;
    for (const HalfDaySpan& half : day.halves) {
      if (half.is_closed()) continue;
      for (const AwaySpan& away : spans.all())
        minutes += minutes_between(std::max({half.open, snapshot_.now, away.from}),
                                   std::min(half.close, away.until));
    }
    return minutes;
  }

  std::vector<std::int32_t> days_of(const ExpertView& expert,
                                    const scheduler::OfficeView& office) const {
    const AwaySpans spans(expert, &office);
    std::vector<std::int32_t> days;
    for (std::size_t i = 0; i < snapshot_.days.size(); ++i) {
      const SnapshotDay& day = snapshot_.days[i];
      std::int32_t room = expert.units_per_day * kMinutesPerUnit;
      if (i == 0) room += held_of(expert.expert).minutes - expert.booked_minutes_today;
      const auto visits = visit_minutes_.find({expert.expert, day.day});
      if (visits != visit_minutes_.end()) room -= visits->second;
      const std::int32_t present = out_.problem.city_minutes[i] - away_minutes(spans, day);
      days.push_back(std::clamp(room, 0, std::max(0, present)));
    }
    return days;
  }

  Held held_of(ExpertId expert) const {
    const auto found = held_.find(expert);
    return found == held_.end() ? Held{} : found->second;
  }

  void add_person(std::size_t row) {
    const ExpertView& expert = snapshot_.experts[row];
    const scheduler::OfficeView* office = office_of(expert.office);
    if (office == nullptr) return;
    planner::ReviewPerson person;
    person.number = raw(expert.expert);
    person.skills = skills_of(expert);
    person.districts = expert.districts;
    person.office = raw(expert.office);
    person.services = office->services_active;
    // Who is suspended until a moment is back behind it: the days say so.
    person.active = works_again(expert, scheduler::ExpertState::kCertified) &&
                    works_again(*office, scheduler::OfficeState::kActive);
    person.day_minutes = days_of(expert, *office);
    person.usual_minutes =
        std::min(expert.units_per_day * kMinutesPerUnit, out_.problem.usual_city_minutes);
    // What is in hand is among the jobs again, whoever the plan gives it to.
    person.history_minutes = std::max<std::int64_t>(
        0, std::int64_t{expert.window_minutes} - held_of(expert.expert).window_minutes);
    person.history_capacity =
        std::int64_t{expert.units_per_day} * kMinutesPerUnit * snapshot_.window_work_days;
    const auto index = static_cast<std::uint32_t>(out_.problem.people.size());
    index_of_.emplace(expert.expert, index);
    by_person_.emplace(expert.person, index);
    for (const scheduler::PersonId relative : expert.relatives) {
      if (raw(relative) != 0) by_person_.emplace(relative, index);
    }
    out_.problem.people.push_back(std::move(person));
    out_.expert_rows.push_back(row);
  }

  std::uint32_t index_of(ExpertId expert) const {
    const auto found = index_of_.find(expert);
    return found == index_of_.end() ? kNoPerson : found->second;
  }

  /// Four eyes and conflicts of interest look at reviews and confirmations.
  static bool is_protected(const scheduler::JobView& job) {
    return job.skill == scheduler::Skill::kReview || job.kind == scheduler::JobKind::kConfirmation;
  }

  /// An office does not judge a case of its own licensee or technical manager.
  void exclude_offices_of(scheduler::PersonId person, planner::ReviewJob& job) const {
    const auto [first, last] = offices_of_.equal_range(person);
    for (auto office = first; office != last; ++office)
      for (std::uint32_t i = 0; i < out_.problem.people.size(); ++i)
        if (out_.problem.people[i].office == office->second) job.excluded.push_back(i);
  }

  void add_job(std::size_t row) {
    const SnapshotDesk& from = snapshot_.desks[row];
    planner::ReviewJob job;
    job.number = raw(from.job.job);
    job.skill = raw(from.job.skill);
    job.district = static_cast<std::uint8_t>(from.job.district % kDistrictBits);
    job.priority = raw(from.job.priority);
    job.services = std::uint64_t{1} << raw(from.job.service) % 64;
    if (raw(from.job.reach_office) != 0) job.office = raw(from.job.reach_office);
    job.effort[0] = std::max<std::int32_t>(1, from.job.effort_minutes);
    job.due = from.job.remaining_minutes;
    job.started = from.job.state == JobState::kStarted;
    job.current = index_of(from.is_planned ? from.plan.expert : from.job.holder);
    job.keeps_person = from.is_planned && (from.plan.locks & scheduler::kLockPerson) != 0;
    if (job.started && job.current == kNoPerson) return;  // of somebody beyond the snapshot
    for (std::size_t i = 0; i < from.excluded_count; ++i) {
      const auto [first, last] = by_person_.equal_range(from.excluded[i]);
      for (auto found = first; found != last; ++found) job.excluded.push_back(found->second);
      if (is_protected(from.job)) exclude_offices_of(from.excluded[i], job);
    }
    std::ranges::sort(job.excluded);
    const auto doubled = std::ranges::unique(job.excluded);
    job.excluded.erase(doubled.begin(), doubled.end());
    out_.problem.jobs.push_back(std::move(job));
    out_.desk_rows.push_back(row);
  }

  const DeskSnapshot& snapshot_;
  const DeskPlanOptions& options_;
  DeskProblem out_;
  std::map<scheduler::OfficeId, const scheduler::OfficeView*> offices_;
  std::map<ExpertId, Held> held_;
  std::map<std::pair<ExpertId, std::int32_t>, std::int32_t> visit_minutes_;
  std::map<ExpertId, std::uint32_t> index_of_;
  std::multimap<scheduler::PersonId, std::uint32_t> by_person_;
  std::multimap<scheduler::PersonId, std::uint32_t> offices_of_;
};

}  // namespace

DeskProblem make_desk_problem(const DeskSnapshot& snapshot, const DeskPlanOptions& options) {
  return Builder(snapshot, options).build();
}

}  // namespace permitd::daemon
