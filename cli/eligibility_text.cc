#include "cli/eligibility_text.h"

#include <fmt/format.h>

#include "cli/local_time.h"
#include "cli/progress.h"
#include "protocol/words.h"

namespace permitd::cli {

std::string weekday_text(std::int32_t day) {
  return fmt::format("{} {}", kWeekdayNames[static_cast<std::size_t>(weekday_of(day))],
                     day_text(day));
}

std::string removed_text(capnp::List<std::uint32_t>::Reader removed) {
  std::string text;
  for (unsigned filter = 0; filter < removed.size(); ++filter) {
    if (removed[filter] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(removed[filter]),
                        protocol::name_of(static_cast<scheduler::Filter>(filter)));
  }
  return text.empty() ? "-" : text;
}

std::uint32_t print_nobody(protocol::Eligibility::Reader answer) {
  constexpr std::uint32_t kShownMax = 20;
  std::uint32_t count = 0;
  for (auto row : answer.getRows()) {
    if (row.getAble() != 0) continue;
    if (++count > kShownMax) continue;
    fmt::print("Nobody can {} in district {} on {}: {}.\n",
               protocol::name_of(static_cast<scheduler::Skill>(row.getSkill())), row.getDistrict(),
               weekday_text(row.getDay()), removed_text(row.getRemoved()));
  }
  if (count > kShownMax) fmt::print("… and {} more; --nobody lists them all.\n", count - kShownMax);
  return count;
}

}  // namespace permitd::cli
