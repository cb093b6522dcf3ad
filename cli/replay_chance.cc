#include "cli/replay_chance.h"

#include <algorithm>
#include <array>

namespace permitd::cli {
namespace {

// The finaliser of SplitMix64.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9E37'79B9'7F4A'7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D0'49BB'1331'11EBULL;
  return value ^ (value >> 31);
}

// 32 equally likely quantiles of a log-normal with mean 1 and sigma 0.35, in thousandths: how long
// people take for work of one nominal length. No source gives service times; the shape is an
// assumption.
constexpr std::array<std::int32_t, 32> kQuantiles{
    443, 523, 573,  612,  645,  675,  703,  730,  755,  780,  805,  829,  853,  878,  903,  928,
    954, 980, 1008, 1037, 1067, 1099, 1134, 1171, 1212, 1258, 1310, 1371, 1447, 1545, 1691, 1999};

}  // namespace

std::uint64_t Chance::bits(Draw what, std::uint64_t subject, std::uint64_t ordinal) const {
  std::uint64_t hash = mix(seed_ ^ (static_cast<std::uint64_t>(what) << 56));
  hash = mix(hash ^ subject);
  return mix(hash ^ ordinal);
}

std::int32_t Chance::within(Range range, Draw what, std::uint64_t subject,
                            std::uint64_t ordinal) const {
  const auto width = static_cast<std::uint64_t>(range.to - range.from) + 1;
  return range.from + static_cast<std::int32_t>(below(width, what, subject, ordinal));
}

std::int32_t Chance::around(std::int32_t minutes, std::uint64_t subject,
                            std::uint64_t ordinal) const {
  const auto permille = kQuantiles[below(kQuantiles.size(), Draw::kEffort, subject, ordinal)];
  return std::max<std::int32_t>(1, (minutes * permille + 500) / 1000);
}

}  // namespace permitd::cli
