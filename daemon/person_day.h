// What one person could do on one day: the filters of an assignment that depend on the person and
// the day and on no job, in the order in which the core applies them, and the effort that is left.
// Pure functions of a snapshot; any thread.
#pragma once

#include <cstdint>
#include <map>

#include "daemon/city_snapshot.h"

namespace permitd::daemon {

/// A snapshot with its rows at hand by number. The snapshot outlives it.
class CityPeople {
 public:
  explicit CityPeople(const CitySnapshot& snapshot);

  const CitySnapshot& snapshot() const { return snapshot_; }
  const scheduler::OfficeView* office(scheduler::OfficeId id) const;
  /// Effort that plans keep free for the expert on a date.
  std::uint32_t reserved_minutes(scheduler::ExpertId expert, std::int32_t date) const;

  /// The first filter that keeps the expert from all jobs of the skill on the day, wherever they
  /// are. `service` 0: any service will do.
  scheduler::Filter filter(const scheduler::ExpertView& expert, scheduler::Skill skill,
                           scheduler::ServiceId service, const CityDay& day) const;
  /// The same but for capacity: whether the expert works in the skill on that day at all.
  scheduler::Filter standing_filter(const scheduler::ExpertView& expert, scheduler::Skill skill,
                                    scheduler::ServiceId service, const CityDay& day) const;
  /// Effort the expert can still take on that day: capacity less what is booked or reserved, and no
  /// more than the working time outside an absence.
  std::int32_t free_minutes(const scheduler::ExpertView& expert, const CityDay& day) const;

 private:
  const CitySnapshot& snapshot_;
  std::map<scheduler::OfficeId, const scheduler::OfficeView*> offices_;
  std::map<std::pair<scheduler::ExpertId, std::int32_t>, std::uint32_t> reserved_;
};

/// Office, skill or certificate, whichever keeps the expert first from jobs at a moment, as things
/// stand; `office` null: unknown, `service` 0: any.
scheduler::Filter right_filter(const scheduler::ExpertView& expert,
                               const scheduler::OfficeView* office, scheduler::Skill skill,
                               scheduler::ServiceId service, scheduler::Tick at);
/// Working minutes of a half-day, from `now` on, in which neither the expert is absent nor it or
/// the office suspended; `office` null: it is not looked at.
std::int32_t present_minutes(const scheduler::ExpertView& expert,
                             const scheduler::OfficeView* office, const HalfDaySpan& half,
                             scheduler::Tick now);
/// The same of a whole day.
std::int32_t present_minutes(const scheduler::ExpertView& expert,
                             const scheduler::OfficeView* office, const CityDay& day,
                             scheduler::Tick now);

}  // namespace permitd::daemon
