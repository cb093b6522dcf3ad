// A plan of the desks while it is being improved: who has which jobs, what that costs, and the
// steps that change it. Owned by one search.
//
// Invariants: every list of ranks is sorted; load_, late_, peaks_ and moved_ follow every step; a
// started job is never taken from its list.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "planner/random.h"
#include "planner/review_order.h"
#include "planner/review_plan.h"

namespace permitd::planner {

/// One person's part in a step: a job that goes, a job that comes, or both.
struct ReviewChange {
  std::uint32_t person = kNoPerson;
  std::uint32_t out = kNoPerson;
  std::uint32_t in = kNoPerson;
};

class ReviewDesks {
 public:
  explicit ReviewDesks(const ReviewOrder& order);

  const ReviewOrder& order() const { return *order_; }
  std::span<const std::uint32_t> list(std::uint32_t person) const { return lists_[person]; }
  std::uint32_t person_of(std::uint32_t rank) const { return person_of_[rank]; }
  double load(std::uint32_t person) const { return load_of(person, load_[person]); }
  double late(std::uint32_t person) const { return late_[person]; }
  /// Open people of the greatest loads, greatest first; a few.
  std::span<const std::uint32_t> peaks() const { return peaks_; }

  ReviewFigures figures() const;
  double cost() const;

  /// Puts a job that nobody has onto a person's list.
  void insert(std::uint32_t rank, std::uint32_t person);
  /// What changing at most three different people costs, as long as it stays below `limit`;
  /// anything not below it is given when it does not.
  double delta(std::span<const ReviewChange> changes, double limit) const;
  void apply(std::span<const ReviewChange> changes);
  /// Weighted lateness of a person's jobs with the change made.
  double late_with(const ReviewChange& change) const;
  /// Cost of giving a free job to a person, the fairness part alone.
  double uneven_delta(std::uint32_t person, std::int64_t minutes) const;

 private:
  double load_of(std::uint32_t person, std::int64_t minutes) const {
    return order_->open(person) ? static_cast<double>(minutes) / order_->capacity(person) : 0;
  }
  double uneven_of(std::uint32_t person, std::int64_t minutes) const {
    const double above = load_of(person, minutes) - floor_;
    return order_->open(person) ? above * above * order_->capacity(person) : 0;
  }
  std::int64_t minutes_with(const ReviewChange& change) const;
  double peak_with(std::span<const ReviewChange> changes) const;
  double late_with_releases(const ReviewChange& change) const;
  int moved(std::uint32_t rank, std::uint32_t person) const;
  void change_list(const ReviewChange& change);
  void find_peaks();

  const ReviewOrder* order_;
  const ReviewWeights* weights_;
  std::vector<std::vector<std::uint32_t>> lists_;
  std::vector<std::uint32_t> person_of_;
  std::vector<std::int64_t> load_;  // minutes, history included
  std::vector<double> late_;
  std::vector<std::int64_t> tightest_due_;  // of a list; may be earlier than it need be
  std::vector<std::uint32_t> peaks_;
  mutable std::vector<std::uint32_t> scratch_;
  bool releases_ = false;
  double floor_ = 0;  // the mean load if the quickest did everything
  double capacity_all_ = 0;
};

/// Improves `desks` until the budget, which began at `begin`, is used up; returns the steps tried.
/// A warm search begins cooler: it mends what is wrong and leaves the rest.
std::uint64_t improve_reviews(ReviewDesks& desks, const ReviewBudget& budget, bool warm,
                              std::chrono::steady_clock::time_point begin);

}  // namespace permitd::planner
