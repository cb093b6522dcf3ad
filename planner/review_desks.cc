#include <algorithm>
#include <array>
#include <cmath>

#include "planner/review_search.h"

namespace permitd::planner {

namespace {

// A step touches at most three people, so the greatest load outside it is among four.
constexpr std::size_t kPeakCount = 4;

double lateness(const RankedJob& job, std::int64_t finish) {
  return job.weight *
         static_cast<double>(std::clamp<std::int64_t>(finish - job.due, 0, kLateMinutesMax));
}

}  // namespace

ReviewDesks::ReviewDesks(const ReviewOrder& order)
    : order_(&order),
      weights_(&order.problem().weights),
      lists_(order.people_count()),
      person_of_(order.job_count(), kNoPerson),
      late_(order.people_count()),
      tightest_due_(order.people_count(), kNeverMinutes) {
  double work = 0;
  for (std::uint32_t person = 0; person < order.people_count(); ++person) {
    load_.push_back(order.base_load(person));
    if (!order.open(person)) continue;
    work += static_cast<double>(load_.back());
    capacity_all_ += order.capacity(person);
  }
  for (std::uint32_t rank = 0; rank < order.job_count(); ++rank) {
    const auto candidates = order.candidates(rank);
    releases_ |= order.job(rank).release > 0;
    if (candidates.empty()) continue;
    std::int32_t least = order.effort(candidates[0], rank);
    for (const std::uint32_t person : candidates) {
      least = std::min(least, order.effort(person, rank));
    }
    work += least;
  }
  floor_ = capacity_all_ > 0 ? work / capacity_all_ : 0;
  find_peaks();
}

void ReviewDesks::find_peaks() {
  peaks_.clear();
  for (std::uint32_t person = 0; person < order_->people_count(); ++person) {
    if (!order_->open(person)) continue;
    if (peaks_.size() == kPeakCount && load(person) <= load(peaks_.back())) continue;
    if (peaks_.size() == kPeakCount) peaks_.pop_back();
    auto at = peaks_.end();
    while (at != peaks_.begin() && load(*(at - 1)) < load(person)) --at;
    peaks_.insert(at, person);
  }
}

int ReviewDesks::moved(std::uint32_t rank, std::uint32_t person) const {
  // A job whose person may not have it any more moves in any case.
  const RankedJob& job = order_->job(rank);
  return job.current_may && job.current != person ? 1 : 0;
}

ReviewFigures ReviewDesks::figures() const {
  ReviewFigures figures;
  double used = 0;
  for (std::uint32_t person = 0; person < order_->people_count(); ++person) {
    order_->work_off(person, lists_[person], [&](std::uint32_t rank, std::int64_t, auto finish) {
      const RankedJob& job = order_->job(rank);
      figures.jobs_late += finish > job.due ? 1 : 0;
      figures.late_minutes += lateness(job, finish);
    });
    if (!order_->open(person)) continue;
    used += static_cast<double>(load_[person]);
    figures.uneven += uneven_of(person, load_[person]);
  }
  int forced = 0;
  for (std::uint32_t rank = 0; rank < order_->job_count(); ++rank) {
    const RankedJob& job = order_->job(rank);
    const std::uint32_t person = person_of_[rank];
    figures.unserved += person == kNoPerson ? 1 : 0;
    if (person == kNoPerson || job.current == kNoPerson || job.current == person) continue;
    ++figures.moves;
    forced += job.current_may ? 0 : 1;
  }
  figures.mean = capacity_all_ > 0 ? used / capacity_all_ : 0;
  figures.peak = peaks_.empty() ? 0 : load(peaks_[0]);
  figures.cost = weights_->late * figures.late_minutes + weights_->uneven * figures.uneven +
                 weights_->peak * capacity_all_ * std::max(0.0, figures.peak - floor_) +
                 weights_->move * (static_cast<double>(figures.moves) - forced);
  return figures;
}

double ReviewDesks::cost() const { return figures().cost; }

double ReviewDesks::uneven_delta(std::uint32_t person, std::int64_t minutes) const {
  return uneven_of(person, load_[person] + minutes) - uneven_of(person, load_[person]);
}

std::int64_t ReviewDesks::minutes_with(const ReviewChange& change) const {
  std::int64_t minutes = load_[change.person];
  if (change.out != kNoPerson) minutes -= order_->effort(change.person, change.out);
  if (change.in != kNoPerson) minutes += order_->effort(change.person, change.in);
  return minutes;
}

double ReviewDesks::peak_with(std::span<const ReviewChange> changes) const {
  double peak = 0;
  for (const std::uint32_t person : peaks_) {
    if (std::ranges::any_of(changes, [&](const auto& c) { return c.person == person; })) continue;
    peak = load(person);
    break;
  }
  for (const ReviewChange& change : changes) {
    peak = std::max(peak, load_of(change.person, minutes_with(change)));
  }
  return peak;
}

double ReviewDesks::late_with(const ReviewChange& change) const {
  if (weights_->late == 0) return 0;
  if (releases_) return late_with_releases(change);
  const PersonClock& clock = order_->clock(change.person);
  std::int64_t at = order_->problem().people[change.person].held_minutes;
  std::int64_t tightest = tightest_due_[change.person];
  if (change.in != kNoPerson) tightest = std::min(tightest, order_->job(change.in).due);
  const std::int64_t history = order_->base_load(change.person) - at;
  if (clock.moment(minutes_with(change) - history) <= tightest) return 0;
  double late = 0;
  const auto work = [&](std::uint32_t rank) {
    at += order_->effort(change.person, rank);
    late += lateness(order_->job(rank), clock.moment(at));
  };
  bool coming = change.in != kNoPerson;
  for (const std::uint32_t rank : lists_[change.person]) {
    if (coming && change.in < rank) {
      work(change.in);
      coming = false;
    }
    if (rank != change.out) work(rank);
  }
  if (coming) work(change.in);
  return late;
}

double ReviewDesks::late_with_releases(const ReviewChange& change) const {
  scratch_.clear();
  for (const std::uint32_t rank : lists_[change.person]) {
    if (rank != change.out) scratch_.push_back(rank);
  }
  if (change.in != kNoPerson) {
    scratch_.insert(std::ranges::upper_bound(scratch_, change.in), change.in);
  }
  double late = 0;
  order_->work_off(change.person, scratch_, [&](std::uint32_t rank, std::int64_t, auto finish) {
    late += lateness(order_->job(rank), finish);
  });
  return late;
}

double ReviewDesks::delta(std::span<const ReviewChange> changes, double limit) const {
  double delta = 0;
  int moves = 0;
  double late_now = 0;
  for (const ReviewChange& change : changes) {
    const std::uint32_t person = change.person;
    delta += weights_->uneven *
             (uneven_of(person, minutes_with(change)) - uneven_of(person, load_[person]));
    if (change.out != kNoPerson) moves -= moved(change.out, person);
    if (change.in != kNoPerson) moves += moved(change.in, person);
    late_now += late_[person];
  }
  delta += weights_->move * moves;
  if (!peaks_.empty()) {
    const double before = std::max(floor_, load(peaks_[0]));
    delta += weights_->peak * capacity_all_ * (std::max(floor_, peak_with(changes)) - before);
  }
  // Lateness cannot fall below nothing: most steps end here, before anybody's day is worked off.
  delta -= weights_->late * late_now;
  for (const ReviewChange& change : changes) {
    if (delta >= limit) return delta;
    delta += weights_->late * late_with(change);
  }
  return delta;
}

void ReviewDesks::change_list(const ReviewChange& change) {
  std::vector<std::uint32_t>& list = lists_[change.person];
  load_[change.person] = minutes_with(change);
  std::int64_t& tightest = tightest_due_[change.person];
  if (change.out != kNoPerson) {
    list.erase(std::ranges::lower_bound(list, change.out));
    if (order_->job(change.out).due == tightest) {
      tightest = kNeverMinutes;
      for (const auto rank : list) tightest = std::min(tightest, order_->job(rank).due);
    }
  }
  if (change.in == kNoPerson) return;
  list.insert(std::ranges::upper_bound(list, change.in), change.in);
  tightest = std::min(tightest, order_->job(change.in).due);
  person_of_[change.in] = change.person;
}

void ReviewDesks::apply(std::span<const ReviewChange> changes) {
  bool peaks_move = false;
  for (const ReviewChange& change : changes) {
    const bool was_peak = std::ranges::find(peaks_, change.person) != peaks_.end();
    late_[change.person] = late_with(change);
    change_list(change);
    peaks_move |=
        was_peak || peaks_.size() < kPeakCount || load(change.person) > load(peaks_.back());
  }
  if (peaks_move) find_peaks();
}

void ReviewDesks::insert(std::uint32_t rank, std::uint32_t person) {
  const ReviewChange change{person, kNoPerson, rank};
  apply({&change, 1});
}

}  // namespace permitd::planner
