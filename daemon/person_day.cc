#include "daemon/person_day.h"

#include <algorithm>

#include "daemon/away_spans.h"
#include "scheduler/suspension.h"

namespace permitd::daemon {

using scheduler::ExpertView;
using scheduler::Filter;
using scheduler::raw;
using scheduler::Skill;
using scheduler::Tick;

CityPeople::CityPeople(const CitySnapshot& snapshot) : snapshot_(snapshot) {
  for (const scheduler::OfficeView& office : snapshot.offices)
    offices_.emplace(office.office, &office);
  for (const ReservedDay& day : snapshot.reserved) reserved_[{day.expert, day.date}] += day.minutes;
}

const scheduler::OfficeView* CityPeople::office(scheduler::OfficeId id) const {
  const auto found = offices_.find(id);
  return found == offices_.end() ? nullptr : found->second;
}

std::uint32_t CityPeople::reserved_minutes(scheduler::ExpertId expert, std::int32_t date) const {
  const auto found = reserved_.find({expert, date});
  return found == reserved_.end() ? 0 : found->second;
}

Filter CityPeople::standing_filter(const ExpertView& expert, Skill skill,
                                   scheduler::ServiceId service, const CityDay& day) const {
  const scheduler::OfficeView* own = office(expert.office);
  const Tick begin = std::max(day.is_closed() ? snapshot_.now : day.open(), snapshot_.now);
  const Tick at = day.is_closed() ? begin : suspended_until(expert, own, begin, day.close());
  const Filter right = right_filter(expert, own, skill, service, at);
  if (right != Filter::kNone) return right;
  if (day.minutes_left == 0) return Filter::kShift;
  return present_minutes(expert, own, day, snapshot_.now) == 0 ? Filter::kAbsence : Filter::kNone;
}

Filter CityPeople::filter(const ExpertView& expert, Skill skill, scheduler::ServiceId service,
                          const CityDay& day) const {
  const Filter standing = standing_filter(expert, skill, service, day);
  if (standing != Filter::kNone) return standing;
  if (free_minutes(expert, day) == 0) return Filter::kCapacity;
  const bool is_present_day = day.date == snapshot_.present_date;
  const bool has_visits = skill != Skill::kInspect || !is_present_day ||
                          expert.visits_today < snapshot_.policy.visits_per_day;
  return has_visits ? Filter::kNone : Filter::kCapacity;
}

std::int32_t CityPeople::free_minutes(const ExpertView& expert, const CityDay& day) const {
  auto left = static_cast<std::int32_t>(expert.units_per_day * scheduler::kMinutesPerUnit);
  left -= static_cast<std::int32_t>(reserved_minutes(expert.expert, day.date));
  if (day.date == snapshot_.present_date) left -= expert.booked_minutes_today;
  return std::clamp(left, 0, present_minutes(expert, office(expert.office), day, snapshot_.now));
}

Filter right_filter(const ExpertView& expert, const scheduler::OfficeView* office, Skill skill,
                    scheduler::ServiceId service, Tick at) {
  if (office == nullptr || !office_works_at(*office, at) || office->services_active == 0)
    return Filter::kOffice;
  if (raw(service) != 0 && (office->services_active >> raw(service) & 1) == 0)
    return Filter::kOffice;
  if (expert.certified_until[raw(skill)] == Tick{}) return Filter::kSkill;
  const bool is_certified = expert_works_at(expert, at) &&
                            expert.certified_from[raw(skill)] <= at &&
                            at < expert.certified_until[raw(skill)];
  return is_certified ? Filter::kNone : Filter::kCertificate;
}

std::int32_t present_minutes(const ExpertView& expert, const scheduler::OfficeView* office,
                             const HalfDaySpan& half, Tick now) {
  if (half.is_closed()) return 0;
  const Tick open = std::max(half.open, now);
  if (open >= half.close) return 0;
  std::int64_t present_ms = half.close.ms - open.ms;
  const AwaySpans spans(expert, office);
  for (const AwaySpan& away : spans.all()) {
    const Tick away_from = std::clamp(away.from, open, half.close);
    const Tick away_until = std::clamp(away.until, away_from, half.close);
    present_ms -= away_until.ms - away_from.ms;
  }
  return static_cast<std::int32_t>(present_ms / scheduler::kMsPerMinute);
}

std::int32_t present_minutes(const ExpertView& expert, const scheduler::OfficeView* office,
                             const CityDay& day, Tick now) {
  return present_minutes(expert, office, day.halves[0], now) +
         present_minutes(expert, office, day.halves[1], now);
}

}  // namespace permitd::daemon
