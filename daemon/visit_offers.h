// Which half-days can be offered for a visit, and why not the others: first what the core would say
// to the appointment, then whether somebody's day has room for one more visit, beside all that is
// promised already. Nobody is promised to anybody here: who comes is decided on the day.
//
// Belongs to one thread. The same questions in the same order give the same offers.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "daemon/offer_snapshot.h"
#include "daemon/visit_plan.h"

namespace permitd::daemon {

enum class OfferCause : std::uint8_t {
  kFree,  // it can be offered
  kBegun,
  kBeyondHorizon,
  kPromised,     // it is the present appointment
  kHalfDayFull,  // the core takes no more appointments
  kNoWindow,     // it is too short, or nobody knows where the visit is
  kNobodyQualified,
  kAllExcluded,
  kNobodyOnShift,
  kAllFull,
  kNoTime,
};

struct VisitOffer {
  OfferHalf half;
  OfferCause cause = OfferCause::kNoWindow;
  std::int32_t extra_travel_s = 0;  // of the cheapest way to fit it in; with kFree
  // Inspectors left after each question, where it was asked.
  std::uint32_t qualified = 0;
  std::uint32_t not_excluded = 0;
  std::uint32_t on_shift = 0;
  std::uint32_t with_room = 0;
};

/// Days as they were planned for the questions before. Who asks again about a day on which nothing
/// has changed is answered from its routes; what has changed since is mended: who can be visited as
/// before is, and only the rest looks for a place. So what is offered depends on what was asked
/// before, as it depends on the order in which visits were promised; that there is room for
/// everything promised, and for what is offered, holds either way.
class OfferMemory {
 public:
  static constexpr std::size_t kDaysMax = 24;

  OfferMemory();
  ~OfferMemory();
  OfferMemory(const OfferMemory&) = delete;
  OfferMemory& operator=(const OfferMemory&) = delete;

  struct Day;
  /// The day with this key, or null.
  Day* find(const std::vector<std::int64_t>& key);
  /// The day of this date as it was asked about last, out of the memory; null if there is none.
  std::unique_ptr<Day> take(std::int32_t date);
  /// Takes a day in; the one asked for longest ago goes.
  Day& keep(std::unique_ptr<Day> day);
  std::uint64_t found_count() const { return found_count_; }

 private:
  std::list<std::unique_ptr<Day>> days_;  // the one asked for last in front
  std::uint64_t found_count_ = 0;
};

/// Makes or mends the day of this date, so that the next question finds it as it is in the
/// snapshot. What was mended for long is made anew here, sooner than a question would.
void prepare_offer_day(const OfferSnapshot& snapshot, std::int32_t date,
                       const VisitPlanOptions& options, OfferMemory& memory);

/// One offer per half-day of the snapshot, from what `memory` has of its days. Pre: the visit was
/// found.
std::vector<VisitOffer> offer_half_days(const OfferSnapshot& snapshot,
                                        const VisitPlanOptions& options, OfferMemory& memory);

}  // namespace permitd::daemon
