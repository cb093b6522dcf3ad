// Whether an expert may take a job: the filters, one function each, in the order they are applied.
// Reads only, but for remember_work.
#pragma once

#include <optional>

#include "scheduler/expert_flow.h"
#include "scheduler/plan_flow.h"
#include "scheduler/state.h"

namespace permitd::scheduler {

/// Certified experts looked at for somebody who has not met the owner lately (I14).
inline constexpr std::uint32_t kPairRepeatScanMax = 64;
static_assert(kMeetingsPerOwnerMax >= kPairRepeatScanMax);

/// The first filter that keeps the expert from the job now; kNone when it may be taken. Pair
/// repeats are not judged here: they depend on who else could go.
Filter first_filter(const Core& core, ExpertId expert, const JobRecord& job, bool lift_capacity);
/// first_filter at a moment to come, without what the expert's other work decides: capacity and the
/// number of jobs.
Filter standing_filter(const Core& core, ExpertId expert, const JobRecord& job, Tick at);
/// claim_job_filter at a moment to come, with the capacity that is left of that working day.
Filter plan_filter(const Core& core, ExpertId expert, const JobRecord& job, Tick at,
                   std::int32_t day);
/// The persons of the case, as they are now, keep its job from who holds it (I6). Pre: the job is
/// Assigned or Started.
bool concerns_holder(const Core& core, const JobRecord& job);
/// The first filter that keeps the expert from any job now.
Filter claim_filter(const Core& core, ExpertId expert);

/// What is taken of an expert's present day.
struct DayTaken {
  std::uint32_t minutes = 0;
  std::uint32_t visits = 0;
};
/// What the expert is booked for today, and what plans keep of the day for other jobs than this.
inline DayTaken day_taken(const Core& core, ExpertId id, const JobRecord& job) {
  const ExpertRecord& expert = core.experts[raw(id)];
  DayTaken taken{booked_today(core, expert), visits_today(core, expert)};
  if (expert.planned_count != 0 && !planned_for(core, job, id)) {
    taken.minutes += expert.planned_minutes;
    taken.visits += expert.planned_visits;
  }
  return taken;
}

/// The protected role a job is, for four eyes (I5).
Role role_of(const JobRecord& job);
/// The meeting is fewer visits of the expert's own ago than the policy says, or fewer days.
bool is_lately(const Core& core, const Meeting& met);
/// The expert inspected for the owner lately, by count or by time. Jobs in hand do not count:
/// visits of one owner that are made together are one meeting. O(kMeetingsPerOwnerMax).
bool met_lately(const Core& core, ExpertId expert, PersonId owner);
/// The expert inspected for the same owner lately (I14).
bool pair_repeats(const Core& core, ExpertId expert, const JobRecord& job);
/// As first_filter, and passed over for a pair repeat when somebody else could go.
Filter claim_job_filter(const Core& core, ExpertId expert, const JobRecord& job);

/// A set of persons in so many bits, as each person's number says: who has none of them is not in
/// it.
constexpr std::uint64_t person_bit(PersonId person) { return std::uint64_t{1} << raw(person) % 64; }
/// Nobody has a bit here, too: the places of relatives are mostly free.
inline std::uint64_t person_bits_of(const ExpertRecord& who, const OfficeRecord& office) {
  std::uint64_t bits =
      person_bit(who.person) | person_bit(office.licensee) | person_bit(office.technical_manager);
  for (const PersonId relative : who.relatives) bits |= person_bit(relative);
  return bits;
}

/// What the filters ask of a job and of an expert, looked up once where one of them meets many of
/// the others. Valid until the state changes.
struct FilterJob {
  /// `job` outlives it.
  FilterJob(const Core& core, const JobRecord& job);
  FilterJob(const Core& core, JobRecord&& job) = delete;

  const JobRecord& job;
  const CaseRecord& record;
  std::uint64_t person_bits;  // the persons of the case
  Role role;
};
struct FilterExpert {
  FilterExpert(const Core& core, ExpertId expert);

  ExpertId id;
  const ExpertRecord& who;
  const OfficeRecord& office;
  std::uint64_t person_bits;  // as of a job: the expert, relatives, who the office belongs to
  bool is_office_active;
  bool is_certified;  // apart from each certificate's time
  bool is_absent;
};

inline FilterExpert::FilterExpert(const Core& core, ExpertId expert)
    : id(expert),
      who(core.experts[raw(expert)]),
      office(core.offices[who.office]),
      person_bits(person_bits_of(who, office)),
      is_office_active(office_active(core, who.office)),
      is_certified(may_hold_certificates(core, who)),
      is_absent(expert_absent(core, who)) {}

/// claim_stands().
inline bool claim_stands(const Core& core, const FilterExpert& expert) {
  return claim_stands(core, expert.who, expert.is_office_active, expert.is_certified,
                      expert.is_absent);
}

/// The filters of one job for many experts.
class JobFilters {
 public:
  /// `job` outlives it.
  JobFilters(const Core& core, const JobRecord& job);
  JobFilters(const Core& core, JobRecord&& job) = delete;
  /// first_filter().
  Filter first(const FilterExpert& expert, bool lift_capacity) const;
  /// claim_job_filter().
  Filter of_claim(const FilterExpert& expert) const;

 private:
  const Core& core_;
  FilterJob job_;
  bool is_open_;
  mutable std::optional<bool> has_met_;  // whether the owner has met any inspector
};

/// The filters of one expert for many jobs.
class ExpertFilters {
 public:
  ExpertFilters(const Core& core, ExpertId expert);
  ExpertId expert() const { return expert_.id; }
  /// first_filter() without lifting the capacity.
  Filter first(const JobRecord& job) const;
  /// claim_job_filter().
  Filter of_claim(const JobRecord& job) const;

 private:
  const Core& core_;
  FilterExpert expert_;
  bool is_open_;
};

/// Remembers who did a protected role of the job's case (I5) and whom an inspector met (I14).
void remember_work(Core& core, const JobRecord& job);

}  // namespace permitd::scheduler
