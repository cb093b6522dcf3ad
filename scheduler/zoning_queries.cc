// The reads of Scheduler about the zoning plan.
#include <algorithm>

#include "scheduler/case_flow.h"
#include "scheduler/scheduler_state.h"
#include "scheduler/zoning.h"

namespace permitd::scheduler {

namespace {

ZoningChangeView view_change(const Core& core, const CaseRecord& record, std::uint8_t slot) {
  ZoningChangeView view;
  view.case_id = record.id;
  view.office = core.offices[record.office].id;
  view.district = record.district;
  view.stage = stage_of(core, record).stage;
  view.state = record.state;
  view.zone = record.zone;
  view.version = zoning_version_of(core, record);
  view.floors = record.floors;
  view.coverage_permille = record.coverage_permille;
  view.present = judge_zoning(core, record.zoning_slot, record);
  view.changed = judge_zoning(core, slot, record);
  return view;
}

// Drafts are judged by what will be in force, and ended cases by nothing any more.
bool may_change(const CaseRecord& record) {
  return raw(record.id) != 0 && record.zone.size != 0 && record.state != CaseState::kDraft &&
         record.state != CaseState::kDelivered && !case_is_terminal(record.state);
}

}  // namespace

std::size_t Scheduler::list_zoning(std::span<ZoningVersionView> out) const {
  std::array<ZoningVersion, kZoningVersionsMax> versions = state_->core.zoning;
  std::sort(versions.begin(), versions.end(),
            [](const ZoningVersion& a, const ZoningVersion& b) { return a.version < b.version; });
  std::size_t found = 0;
  for (const ZoningVersion& version : versions) {
    if (version.version == 0 || found == out.size()) continue;
    out[found++] = {version.version,     version.state,      version.rule_count,
                    version.rules_total, version.case_count, version.effective_from};
  }
  return found;
}

std::size_t Scheduler::list_zoning_rules(std::uint16_t version, std::size_t from,
                                         std::span<ZoningRule> out) const {
  const Core& core = state_->core;
  const std::size_t place = find_zoning(core, version);
  if (place == kZoningVersionsMax) return 0;
  const std::span<const ZoningRule> rules = rules_of(core, place);
  if (from >= rules.size()) return 0;
  const std::size_t count = std::min(out.size(), rules.size() - from);
  std::copy_n(rules.begin() + static_cast<std::ptrdiff_t>(from), count, out.begin());
  return count;
}

ZoningFinding Scheduler::judge_zoning(std::uint16_t version, CaseId id) const {
  const Core& core = state_->core;
  const std::uint32_t slot = find_case_slot(core, id);
  if (slot == kNoSlot) return {};
  const std::size_t place = find_zoning(core, version);
  const std::size_t zoning = place == kZoningVersionsMax ? 0 : place + 1;
  return scheduler::judge_zoning(core, static_cast<std::uint8_t>(zoning), core.cases[slot]);
}

std::size_t Scheduler::list_zoning_changes(std::uint16_t version, Cursor& cursor,
                                           std::size_t scan_max,
                                           std::span<ZoningChangeView> out) const {
  const Core& core = state_->core;
  const std::size_t place = find_zoning(core, version);
  if (place == kZoningVersionsMax) {
    cursor.done = true;
    return 0;
  }
  std::size_t found = 0;
  std::size_t looked = 0;
  for (; cursor.position < core.case_slots.used && looked < scan_max && found < out.size();
       ++cursor.position, ++looked) {
    const CaseRecord& record = core.cases[cursor.position];
    if (!may_change(record) || record.zoning_slot == place + 1) continue;
    out[found] = view_change(core, record, static_cast<std::uint8_t>(place + 1));
    if (out[found].present != out[found].changed) ++found;
  }
  cursor.done = cursor.position >= core.case_slots.used;
  return found;
}

}  // namespace permitd::scheduler
