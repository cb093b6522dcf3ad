// The zoning plan's own commands: rules come in, are validated and announced; a case is re-based.
#include <algorithm>

#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/events.h"
#include "scheduler/ranges.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

namespace {

void check_rule(const ZoningRule& rule, Outcome& outcome) {
  const auto effect_fits = [](std::uint8_t effect) {
    return effect <= kFloorsMax || effect == kZoningRefuses;
  };
  if (!zone_fits(rule.zone, false))
    refuse(outcome, Refusal::kOutOfRange, Field::kZone);
  else if (rule.area_min_m2 > kAreaMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kArea);
  else if (rule.coverage_permille > kCoverageMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kCoverage);
  else if (rule.street_min_dm > kStreetWidthMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kStreetWidth);
  else if (rule.floors > kFloorsMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kFloors);
  else if (!effect_fits(rule.area_effect) || !effect_fits(rule.street_effect))
    refuse(outcome, Refusal::kOutOfRange, Field::kEffect);
}

// Which rule a refusal is about, counted from 1.
void name_rule(Outcome& outcome, std::size_t index) {
  outcome.until = Tick{static_cast<std::int64_t>(index + 1)};
}

bool check_load(const LoadZoning& load, Outcome& outcome) {
  if (load.version == 0)
    refuse(outcome, Refusal::kOutOfRange, Field::kVersion);
  else if (load.count == 0 || load.count > kZoningRulesPerCommand || load.total == 0 ||
           load.total > kZoningRulesMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kCount);
  return outcome.refusal == Refusal::kNone;
}

// Whether the rules have room in the version as it stands, or in a new one.
bool check_place(const Core& core, const LoadZoning& load, std::size_t place, Outcome& outcome) {
  std::uint16_t loaded = 0;
  if (place != kZoningVersionsMax) {
    const ZoningVersion& version = core.zoning[place];
    loaded = version.rule_count;
    if (version.state != ZoningState::kLoaded)
      refuse_state(outcome, version.state);
    else if (version.rules_total != load.total)
      refuse(outcome, Refusal::kNotCompatible, Field::kCount);
  } else {
    for (const ZoningVersion& version : core.zoning) {
      if (version.version > load.version) refuse(outcome, Refusal::kNotCompatible, Field::kVersion);
    }
  }
  if (outcome.refusal == Refusal::kNone && loaded + load.count > load.total)
    refuse(outcome, Refusal::kOutOfRange, Field::kCount);
  for (std::size_t i = 0; i < load.count && outcome.refusal == Refusal::kNone; ++i) {
    check_rule(load.rules[i], outcome);
    if (outcome.refusal != Refusal::kNone) name_rule(outcome, loaded + i);
  }
  return outcome.refusal == Refusal::kNone;
}

// A free place, or that of the oldest superseded version that judges no case any more.
std::size_t place_for_version(const Core& core) {
  std::size_t place = kZoningVersionsMax;
  for (std::size_t at = 0; at < kZoningVersionsMax; ++at) {
    const ZoningVersion& version = core.zoning[at];
    if (version.version == 0) return at;
    if (version.state != ZoningState::kSuperseded || version.case_count != 0) continue;
    if (place == kZoningVersionsMax || version.version < core.zoning[place].version) place = at;
  }
  return place;
}

ZoningRule tidy_rule(ZoningRule rule) {
  rule.zone = tidy_text(rule.zone);
  for (std::uint8_t& byte : rule.reserved) byte = 0;
  return rule;
}

// Keeps the rules sorted by zone; a zone that comes twice stands twice, for the validation to find.
void add_rules(Core& core, std::size_t place, const LoadZoning& load) {
  for (std::size_t i = 0; i < load.count; ++i) {
    ++core.zoning[place].rule_count;
    const std::span<ZoningRule> rules = rules_of(core, place);
    const ZoningRule rule = tidy_rule(load.rules[i]);
    const auto end = rules.end() - 1;
    const auto at = std::upper_bound(
        rules.begin(), end, rule,
        [](const ZoningRule& a, const ZoningRule& b) { return a.zone.bytes < b.zone.bytes; });
    std::move_backward(at, end, rules.end());
    *at = rule;
  }
}

void free_version(Core& core, std::size_t place) {
  for (ZoningRule& rule : rules_of(core, place)) rule = ZoningRule{};
  core.zoning[place] = ZoningVersion{};
}

// The version that the command names, kZoningVersionsMax with the refusal.
std::size_t version_for(const Core& core, std::uint16_t number, Outcome& outcome) {
  const std::size_t place = find_zoning(core, number);
  if (place == kZoningVersionsMax)
    refuse(outcome, Refusal::kUnknownZoning, Field::kVersion);
  else
    outcome.state = raw(core.zoning[place].state);
  return place;
}

// A condition and its effect belong together, and no effect takes more floors than there are.
bool effect_is_coherent(bool asked, std::uint8_t effect, std::uint16_t floors) {
  if (!asked) return effect == 0;
  return effect == kZoningRefuses || (effect != 0 && effect <= floors);
}

void check_rules(std::span<const ZoningRule> rules, Outcome& outcome) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const ZoningRule& rule = rules[i];
    if (i > 0 && rules[i - 1].zone == rule.zone)
      refuse(outcome, Refusal::kNotCompatible, Field::kZone);
    else if (!effect_is_coherent(rule.area_min_m2 != 0, rule.area_effect, rule.floors) ||
             !effect_is_coherent(rule.street_min_dm != 0, rule.street_effect, rule.floors))
      refuse(outcome, Refusal::kNotCompatible, Field::kEffect);
    else
      continue;
    return name_rule(outcome, i);
  }
}

void set_state(Core& core, std::size_t place, ZoningState after, Outcome& outcome) {
  ZoningVersion& version = core.zoning[place];
  const ZoningState before = version.state;
  version.state = after;
  outcome.state = raw(after);
  emit_zoning(core, version.version, before, after);
}

bool case_is_judged(CaseState state) {
  return !case_is_terminal(state) && state != CaseState::kDraft && state != CaseState::kDelivered;
}

}  // namespace

void apply_load_zoning(Core& core, const Command& command, Outcome& outcome) {
  const LoadZoning& load = command.body.load_zoning;
  if (!check_load(load, outcome)) return;
  std::size_t place = find_zoning(core, load.version);
  if (!check_place(core, load, place, outcome)) return;
  if (place == kZoningVersionsMax) {
    place = place_for_version(core);
    if (place == kZoningVersionsMax)
      return refuse(outcome, Refusal::kNotCompatible, Field::kLimits);
    if (core.zoning[place].version != 0) set_state(core, place, ZoningState::kNone, outcome);
    free_version(core, place);
    core.zoning[place].version = load.version;
    core.zoning[place].rules_total = load.total;
  }
  set_state(core, place, ZoningState::kLoaded, outcome);
  add_rules(core, place, load);
}

void apply_validate_zoning(Core& core, const Command& command, Outcome& outcome) {
  const std::size_t place = version_for(core, command.body.validate_zoning.version, outcome);
  if (place == kZoningVersionsMax) return;
  const ZoningVersion& version = core.zoning[place];
  if (version.state != ZoningState::kLoaded) return refuse_state(outcome, version.state);
  if (version.rule_count < version.rules_total) {
    name_rule(outcome, version.rule_count);
    return refuse(outcome, Refusal::kMissing, Field::kCount);
  }
  check_rules(rules_of(core, place), outcome);
  if (outcome.refusal == Refusal::kNone) set_state(core, place, ZoningState::kValidated, outcome);
}

void apply_notify_zoning(Core& core, const Command& command, Outcome& outcome) {
  const NotifyZoning& notify = command.body.notify_zoning;
  const std::size_t place = version_for(core, notify.version, outcome);
  if (place == kZoningVersionsMax) return;
  ZoningVersion& version = core.zoning[place];
  if (version.state != ZoningState::kValidated) return refuse_state(outcome, version.state);
  if (!check_note(notify.note, false, outcome)) return;
  if (notify.effective_from < core.now || notify.effective_from > kMomentMax)
    return refuse(outcome, Refusal::kOutOfRange, Field::kValidity);
  for (const ZoningVersion& other : core.zoning) {
    if (other.effective_from != kNever && other.effective_from >= notify.effective_from)
      return refuse(outcome, Refusal::kNotCompatible, Field::kValidity);
  }
  core.note = &notify.note;
  version.effective_from = notify.effective_from;
  set_state(core, place, ZoningState::kNotified, outcome);
  outcome.until = notify.effective_from;
  set_zoning_timer(core);
}

void apply_drop_zoning(Core& core, const Command& command, Outcome& outcome) {
  const DropZoning& drop = command.body.drop_zoning;
  const std::size_t place = version_for(core, drop.version, outcome);
  if (place == kZoningVersionsMax) return;
  const ZoningVersion& version = core.zoning[place];
  const bool in_force = place + 1U == zoning_in_force(core, core.now);
  if (in_force || version.case_count != 0) return refuse_state(outcome, version.state);
  if (!check_note(drop.note, version.state == ZoningState::kNotified, outcome)) return;
  core.note = &drop.note;
  set_state(core, place, ZoningState::kNone, outcome);
  free_version(core, place);
  set_zoning_timer(core);
}

void apply_rebase_case(Core& core, const Command& command, Outcome& outcome) {
  const RebaseCase& rebase = command.body.rebase_case;
  const std::uint32_t slot = case_for(core, command, rebase.id, outcome);
  if (slot == kNoSlot) return;
  if (!check_note(rebase.note, true, outcome)) return;
  CaseRecord& record = core.cases[slot];
  outcome.case_id = record.id;
  if (!case_is_judged(record.state)) return refuse_state(outcome, record.state);
  outcome.state = raw(record.state);
  const std::uint8_t now = zoning_in_force(core, core.now);
  if (now == record.zoning_slot) return refuse(outcome, Refusal::kNothingToDo, Field::kVersion);
  core.note = &rebase.note;
  pin_zoning(core, record, now);
  ++core.totals.cases_rebased;
  emit_case_zoning(core, record, EventKind::kCaseRebased, zoning_version_of(core, record),
                   record.zoning_result, judge_zoning(core, now, record).result);
  check_zoning(core, record);
}

}  // namespace permitd::scheduler
