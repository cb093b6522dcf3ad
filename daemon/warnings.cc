#include "daemon/warnings.h"

#include <fmt/format.h>

#include <numeric>

#include "protocol/words.h"

namespace permitd::daemon {

using protocol::name_of;
using scheduler::PriorityClass;
using scheduler::Skill;
using scheduler::StatsView;

namespace {

Warning begun(const StatsView& stats, PriorityClass priority, Skill skill) {
  return {
      LogLevel::kWarning,
      fmt::format("waiting too long: {} jobs of skill {}, {} of them ready; the oldest for {} "
                  "working minutes, the policy allows {}",
                  name_of(priority), name_of(skill), stats.ready[raw(priority)][raw(skill)],
                  stats.waiting_minutes[raw(priority)][raw(skill)], stats.waiting_alarm_minutes)};
}

Warning ended(PriorityClass priority, Skill skill) {
  return {LogLevel::kNotice, fmt::format("not waiting too long any more: {} jobs of skill {}",
                                         name_of(priority), name_of(skill))};
}

Warning lapsing(const StatsView& stats, std::uint32_t count) {
  std::string by_skill;
  for (std::uint8_t s = 0; s < stats.certificates_lapsing.size(); ++s) {
    if (stats.certificates_lapsing[s] == 0) continue;
    by_skill += fmt::format("{} {} {}", by_skill.empty() ? ":" : ",", name_of(Skill{s}),
                            stats.certificates_lapsing[s]);
  }
  return {LogLevel::kNotice, fmt::format("{} certificates end within {} days{}", count,
                                         stats.lapse_warning_days, by_skill)};
}

}  // namespace

std::vector<Warning> Warnings::look(const StatsView& stats, std::int32_t day) {
  std::vector<Warning> said;
  for (std::uint8_t c = 0; c < scheduler::kClassCount; ++c) {
    for (std::uint8_t s = 0; s < scheduler::kSkillCount; ++s) {
      const bool waits = stats.waiting_alarm(c, s);
      if (waits == waiting_[c][s]) continue;
      waiting_[c][s] = waits;
      said.push_back(waits ? begun(stats, PriorityClass{c}, Skill{s})
                           : ended(PriorityClass{c}, Skill{s}));
    }
  }
  if (day == day_) return said;
  day_ = day;
  const std::uint32_t count =
      std::accumulate(stats.certificates_lapsing.begin(), stats.certificates_lapsing.end(), 0U);
  if (count != 0) said.push_back(lapsing(stats, count));
  return said;
}

}  // namespace permitd::daemon
