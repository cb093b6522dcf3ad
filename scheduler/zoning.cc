#include "scheduler/zoning.h"

#include <algorithm>

#include "scheduler/events.h"
#include "scheduler/licence_flow.h"

namespace permitd::scheduler {

namespace {

bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A version whose moment is known: it was, is or will be in force.
bool is_public(const ZoningVersion& version) {
  return version.state == ZoningState::kNotified || version.state == ZoningState::kInForce ||
         version.state == ZoningState::kSuperseded;
}

const ZoningRule* find_rule(std::span<const ZoningRule> rules, const ZoneCode& zone) {
  const auto at = std::lower_bound(rules.begin(), rules.end(), zone,
                                   [](const ZoningRule& rule, const ZoneCode& wanted) {
                                     return rule.zone.bytes < wanted.bytes;
                                   });
  return at != rules.end() && at->zone == zone ? &*at : nullptr;
}

// One condition: what it costs when it is not met; nothing when it is, or can't be judged.
struct Condition {
  std::uint32_t least = 0;  // 0: there is none
  std::uint32_t stated = 0;
  std::uint8_t effect = 0;
  std::uint8_t unmet = 0;    // the bit
  std::uint8_t unknown = 0;  // the bit
};

std::uint8_t cost_of(const Condition& condition, ZoningFinding& finding) {
  if (condition.least == 0) return 0;
  if (condition.stated == 0) {
    finding.conditions |= condition.unknown;
    return 0;
  }
  if (condition.stated >= condition.least) return 0;
  finding.conditions |= condition.unmet;
  if (condition.effect != kZoningRefuses) return condition.effect;
  finding.conditions |= kZoningNotBuildable;
  return 0;
}

ZoningFinding judge_by_rule(const ZoningRule& rule, const CaseRecord& record) {
  ZoningFinding finding;
  finding.area_cost = cost_of(
      {rule.area_min_m2, record.area_m2, rule.area_effect, kZoningAreaUnmet, kZoningAreaUnknown},
      finding);
  finding.street_cost = cost_of({rule.street_min_dm, record.street_width_dm, rule.street_effect,
                                 kZoningStreetUnmet, kZoningStreetUnknown},
                                finding);
  if ((finding.conditions & kZoningNotBuildable) == 0) {
    const std::uint32_t lost = std::uint32_t{finding.area_cost} + finding.street_cost;
    finding.allowed_floors =
        static_cast<std::uint16_t>(rule.floors - std::min<std::uint32_t>(rule.floors, lost));
    finding.allowed_coverage_permille = rule.coverage_permille;
  }
  const bool beyond = record.floors > finding.allowed_floors ||
                      record.coverage_permille > finding.allowed_coverage_permille;
  finding.result = beyond ? ZoningResult::kBeyond : ZoningResult::kWithin;
  return finding;
}

}  // namespace

bool zone_fits(const ZoneCode& zone, bool optional) {
  if (zone.size > ZoneCode::kCapacity) return false;
  if (zone.size == 0) return optional;
  return is_letter(zone.bytes[0]) &&
         std::all_of(zone.bytes.begin(), zone.bytes.begin() + zone.size,
                     [](char c) { return is_letter(c) || is_digit(c); });
}

std::size_t find_zoning(const Core& core, std::uint16_t version) {
  std::size_t place = 0;
  while (place < kZoningVersionsMax &&
         (core.zoning[place].version != version || core.zoning[place].version == 0))
    ++place;
  return place;
}

std::uint8_t zoning_in_force(const Core& core, Tick at) {
  std::uint8_t slot = 0;
  for (std::uint8_t place = 0; place < kZoningVersionsMax; ++place) {
    const ZoningVersion& version = core.zoning[place];
    if (!is_public(version) || version.effective_from > at) continue;
    if (slot == 0 || version.effective_from > core.zoning[slot - 1U].effective_from)
      slot = static_cast<std::uint8_t>(place + 1);
  }
  return slot;
}

std::span<const ZoningRule> rules_of(const Core& core, std::size_t place) {
  return core.zoning_rules.span().subspan(place * kZoningRulesMax, core.zoning[place].rule_count);
}

std::span<ZoningRule> rules_of(Core& core, std::size_t place) {
  return core.zoning_rules.span().subspan(place * kZoningRulesMax, core.zoning[place].rule_count);
}

std::uint16_t zoning_version_of(const Core& core, const CaseRecord& record) {
  return record.zoning_slot == 0 ? std::uint16_t{0} : core.zoning[record.zoning_slot - 1U].version;
}

void pin_zoning(Core& core, CaseRecord& record, std::uint8_t slot) {
  if (record.zoning_slot != 0) --core.zoning[record.zoning_slot - 1U].case_count;
  record.zoning_slot = slot;
  if (slot != 0) ++core.zoning[slot - 1U].case_count;
}

ZoningFinding judge_zoning(const Core& core, std::uint8_t slot, const CaseRecord& record) {
  ZoningFinding finding;
  if (record.zone.size == 0) return finding;
  if (slot == 0) {
    finding.result = ZoningResult::kNoPlan;
    return finding;
  }
  const ZoningRule* rule = find_rule(rules_of(core, slot - 1U), record.zone);
  if (rule != nullptr) return judge_by_rule(*rule, record);
  finding.result = ZoningResult::kUnknownZone;
  return finding;
}

void check_zoning(Core& core, CaseRecord& record) {
  if (record.zone.size == 0 && record.zoning_checked_at == kNever) return;
  const ZoningFinding finding = judge_zoning(core, record.zoning_slot, record);
  const ZoningResult before = record.zoning_result;
  record.zoning_result = finding.result;
  record.zoning_conditions = finding.conditions;
  record.allowed_floors = finding.allowed_floors;
  record.allowed_coverage_permille = finding.allowed_coverage_permille;
  record.zoning_checked_at = record.zone.size == 0 ? kNever : core.now;
  emit_case_zoning(core, record, EventKind::kZoningChecked, zoning_version_of(core, record), before,
                   finding.result);
}

Tick zoning_due(const Core& core) {
  Tick at = kNever;
  for (const ZoningVersion& version : core.zoning) {
    if (version.state == ZoningState::kNotified) at = std::min(at, version.effective_from);
  }
  return at;
}

void set_zoning_timer(Core& core) {
  core.other_timers.set(kCityTimer, std::min(zoning_due(core), rounds_due(core)));
}

void zoning_timer_fired(Core& core) {
  const std::uint8_t slot = zoning_in_force(core, core.now);
  for (std::size_t place = 0; place < kZoningVersionsMax; ++place) {
    ZoningVersion& version = core.zoning[place];
    if (version.effective_from > core.now || !is_public(version)) continue;
    const ZoningState before = version.state;
    version.state = place + 1 == slot ? ZoningState::kInForce : ZoningState::kSuperseded;
    if (version.state != before) emit_zoning(core, version.version, before, version.state);
  }
  set_zoning_timer(core);
}

}  // namespace permitd::scheduler
