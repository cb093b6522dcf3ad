#include "tests/support/zoning_steps.h"

#include <algorithm>
#include <array>

#include "tests/support/city_setup.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

constexpr std::int64_t kDay = 1440 * kMsPerMinute;
// Of each thousand steps so many are wrong in one way.
constexpr std::uint32_t kSeldom = 20;

constexpr std::uint32_t states(auto... state) { return ((1U << raw(state)) | ... | 0U); }

// A version in one of the states, else any one, else one that is not kept.
ZoningVersionView any_version(Chance& chance, const Scheduler& scheduler, std::uint32_t wanted) {
  std::array<ZoningVersionView, kZoningVersionsMax> versions;
  const std::size_t count = scheduler.list_zoning(versions);
  ZoningVersionView unknown;
  unknown.version = static_cast<std::uint16_t>(chance.below(20U));
  if (count == 0) return unknown;
  const std::size_t from = chance.below(count);
  for (std::size_t step = 0; step < count; ++step) {
    const ZoningVersionView& version = versions[(from + step) % count];
    if ((wanted >> raw(version.state) & 1U) != 0) return version;
  }
  return chance.chance(100) ? unknown : versions[from];
}

std::uint8_t random_effect(Chance& chance, std::uint16_t floors) {
  if (chance.chance(kSeldom / 2)) return 0;
  if (floors == 0 || chance.chance(200)) return kZoningRefuses;
  return static_cast<std::uint8_t>(chance.between(1U, std::uint32_t{floors}));
}

ZoningRule random_rule(Chance& chance) {
  ZoningRule rule;
  rule.zone = random_zone(chance);
  rule.floors = static_cast<std::uint16_t>(chance.below(12U));
  rule.coverage_permille = static_cast<std::uint16_t>(chance.below(900U));
  if (chance.chance(500)) {
    rule.area_min_m2 = chance.between(1U, 5000U);
    rule.area_effect = random_effect(chance, rule.floors);
  }
  if (chance.chance(500)) {
    rule.street_min_dm = static_cast<std::uint16_t>(chance.between(1U, 250U));
    rule.street_effect = random_effect(chance, rule.floors);
  }
  if (chance.chance(kSeldom / 2)) rule.street_effect = 230;
  return rule;
}

}  // namespace

ZoneCode random_zone(Chance& chance) {
  constexpr std::array kZones{"R111", "R122", "R251", "S121", "M1", "G"};
  if (chance.chance(kSeldom))
    return ZoneCode{static_cast<std::uint8_t>(chance.below(10U)), {'r', '1'}};
  return zone_of(kZones[chance.below(kZones.size())]);
}

void make_load_zoning(Chance& chance, const Scheduler& scheduler, Command& command) {
  command.kind = CommandKind::kLoadZoning;
  command.body.load_zoning = {};
  LoadZoning& load = command.body.load_zoning;
  const ZoningVersionView present = any_version(chance, scheduler, states(ZoningState::kLoaded));
  const bool goes_on = present.state == ZoningState::kLoaded && chance.chance(850);
  std::array<ZoningVersionView, kZoningVersionsMax> versions;
  const std::size_t count = scheduler.list_zoning(versions);
  const int last = count > 0 ? versions[count - 1].version : 0;
  load.version = goes_on ? present.version : static_cast<std::uint16_t>(last + 1);
  if (chance.chance(50)) load.version = static_cast<std::uint16_t>(chance.below(20U));
  load.total = static_cast<std::uint16_t>(goes_on ? present.rules_total : chance.between(1, 4));
  if (chance.chance(kSeldom)) load.total = static_cast<std::uint16_t>(chance.below(300U));
  const int left = load.total - (goes_on ? present.rule_count : 0);
  load.count = static_cast<std::uint16_t>(chance.between(1, std::clamp(left, 1, 4)));
  if (chance.chance(kSeldom)) load.count = static_cast<std::uint16_t>(chance.below(12U));
  for (ZoningRule& rule : load.rules) rule = random_rule(chance);
}

void make_move_zoning(Chance& chance, const Scheduler& scheduler, Command& command) {
  CommandBody& body = command.body;
  const std::uint32_t step = chance.below(10U);
  const Note note = chance.chance(800) ? note_of("for a reason") : Note{};
  if (step < 4) {
    command.kind = CommandKind::kValidateZoning;
    body.validate_zoning = {};
    body.validate_zoning.version =
        any_version(chance, scheduler, states(ZoningState::kLoaded)).version;
  } else if (step < 8) {
    command.kind = CommandKind::kNotifyZoning;
    body.notify_zoning = {};
    body.notify_zoning.version =
        any_version(chance, scheduler, states(ZoningState::kValidated)).version;
    const std::int64_t back = chance.chance(30) ? kDay : 0;
    body.notify_zoning.effective_from =
        Tick{std::max<std::int64_t>(0, command.now.ms + chance.between(-back, 4 * kDay))};
    body.notify_zoning.note = note;
  } else {
    command.kind = CommandKind::kDropZoning;
    body.drop_zoning = {};
    body.drop_zoning.version =
        any_version(chance, scheduler, states(ZoningState::kLoaded, ZoningState::kSuperseded))
            .version;
    body.drop_zoning.note = note;
  }
}

}  // namespace permitd::tests
