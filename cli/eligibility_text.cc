#include "cli/eligibility_text.h"

#include <fmt/format.h>

#include <algorithm>

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

std::vector<std::string> nobody_sentences(protocol::Eligibility::Reader answer) {
  std::vector<std::string> sentences;
  for (auto row : answer.getRows()) {
    if (row.getAble() != 0) continue;
    sentences.push_back(
        fmt::format("Nobody can {} in district {} on {}: {}.",
                    protocol::name_of(static_cast<scheduler::Skill>(row.getSkill())),
                    row.getDistrict(), weekday_text(row.getDay()), removed_text(row.getRemoved())));
  }
  return sentences;
}

void print_nobody(const std::vector<std::string>& sentences) {
  constexpr std::size_t kShownMax = 20;
  for (std::size_t i = 0; i < std::min(sentences.size(), kShownMax); ++i)
    fmt::print("{}\n", sentences[i]);
  if (sentences.size() > kShownMax)
    fmt::print("… and {} more; --nobody lists them all.\n", sentences.size() - kShownMax);
}

std::vector<std::string> who_is_missing(Context& context, protocol::VisitPlan::Reader plan) {
  EligibilitySpec spec;
  spec.day = plan.getDay();
  spec.skills = 1U << static_cast<unsigned>(scheduler::Skill::kInspect);
  for (auto visit : plan.getUnplanned()) {
    const bool is_nobody = visit.getCause() == protocol::Unplanned::NOBODY_QUALIFIED ||
                           visit.getCause() == protocol::Unplanned::NOBODY_ON_SHIFT;
    if (is_nobody && visit.getDistrict() < 32) spec.districts |= 1U << visit.getDistrict();
  }
  if (spec.districts == 0) return {};
  CityReaderClient reader(context.client(),
                          context.identity({scheduler::ActorKind::kSupervisor}, 1));
  const auto answer = context.wait(reader.eligibility(spec));
  return answer.isRefused() ? std::vector<std::string>{}
                            : nobody_sentences(answer.getEligibility());
}

}  // namespace permitd::cli
