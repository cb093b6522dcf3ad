// The zoning plan in the model: which version judges a case, what it says, and what its commands
// must be answered; see naive_judge.cc.
#include <algorithm>

#include "tests/support/naive_complain.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

bool wrong_zone(const ZoneCode& zone) {
  if (zone.size > 7 || zone.size == 0) return zone.size > 7;
  for (std::size_t i = 0; i < zone.size; ++i) {
    const char c = zone.bytes[i];
    const bool letter = c >= 'A' && c <= 'Z';
    if (!letter && (i == 0 || c < '0' || c > '9')) return true;
  }
  return false;
}

void judge_rule(const ZoningRule& rule, Judgement& judgement) {
  const auto outside_of = [&](bool wrong, Field field) {
    judgement.fault(wrong, Refusal::kOutOfRange, field);
  };
  const auto wrong_effect = [](std::uint8_t effect) { return effect > 200 && effect != 255; };
  outside_of(rule.zone.size == 0 || wrong_zone(rule.zone), Field::kZone);
  outside_of(rule.area_min_m2 > 10'000'000, Field::kArea);
  outside_of(rule.coverage_permille > 1000, Field::kCoverage);
  outside_of(rule.street_min_dm > 10'000, Field::kStreetWidth);
  outside_of(rule.floors > 200, Field::kFloors);
  outside_of(wrong_effect(rule.area_effect) || wrong_effect(rule.street_effect), Field::kEffect);
}

bool incoherent(bool asked, std::uint8_t effect, std::uint16_t floors) {
  if (!asked) return effect != 0;
  return effect == 0 || (effect != 255 && effect > floors);
}

std::string zone_text(const ZoneCode& zone) {
  return {zone.bytes.data(), std::min<std::size_t>(zone.size, 7)};
}

}  // namespace

bool NaiveModel::zoning_values_wrong(const ZoneCode& zone, std::uint16_t coverage,
                                     std::uint16_t street) {
  return wrong_zone(zone) || coverage > 1000 || street > 10'000;
}

std::uint16_t NaiveModel::zoning_now() const {
  std::uint16_t best = 0;
  std::int64_t since = 0;
  for (const auto& [number, version] : zoning_) {
    if (version.effective_from.ms > now_) continue;
    if (best != 0 && version.effective_from.ms <= since) continue;
    best = number;
    since = version.effective_from.ms;
  }
  return best;
}

std::size_t NaiveModel::judged_by(std::uint16_t version) const {
  return static_cast<std::size_t>(
      std::count_if(cases_.begin(), cases_.end(),
                    [&](const auto& entry) { return entry.second.zoning_version == version; }));
}

// What a version says, in sentences: each condition that is not met takes floors, or everything.
ZoningFinding NaiveModel::zoning_says(std::uint16_t number, const ModelCase& c) const {
  ZoningFinding finding;
  const SubmitCase& filed = c.filed;
  if (filed.zone.size == 0) return finding;
  finding.result = number == 0 ? ZoningResult::kNoPlan : ZoningResult::kUnknownZone;
  if (number == 0) return finding;
  for (const ZoningRule& rule : zoning_.at(number).rules) {
    if (zone_text(rule.zone) != zone_text(filed.zone)) continue;
    int floors = rule.floors;
    bool nothing = false;
    const auto condition = [&](std::uint32_t least, std::uint32_t stated, std::uint8_t effect,
                               std::uint8_t unmet, std::uint8_t unknown) -> std::uint8_t {
      if (least == 0 || stated >= least) return 0;
      finding.conditions |= stated == 0 ? unknown : unmet;
      if (stated == 0) return 0;
      nothing = nothing || effect == 255;
      if (effect == 255) return 0;
      floors -= effect;
      return effect;
    };
    finding.area_cost = condition(rule.area_min_m2, filed.area_m2, rule.area_effect,
                                  kZoningAreaUnmet, kZoningAreaUnknown);
    finding.street_cost = condition(rule.street_min_dm, filed.street_width_dm, rule.street_effect,
                                    kZoningStreetUnmet, kZoningStreetUnknown);
    if (nothing) finding.conditions |= kZoningNotBuildable;
    finding.allowed_floors = static_cast<std::uint16_t>(nothing ? 0 : std::max(floors, 0));
    finding.allowed_coverage_permille = nothing ? std::uint16_t{0} : rule.coverage_permille;
    const bool within = filed.floors <= finding.allowed_floors &&
                        filed.coverage_permille <= finding.allowed_coverage_permille;
    finding.result = within ? ZoningResult::kWithin : ZoningResult::kBeyond;
    break;  // of a zone that stands twice, before anybody has validated it, the first that came
  }
  return finding;
}

void NaiveModel::judge_load(const LoadZoning& load) {
  judgement_.fault(load.version == 0, Refusal::kOutOfRange, Field::kVersion);
  judgement_.fault(load.count == 0 || load.count > 4 || load.total == 0 || load.total > 256,
                   Refusal::kOutOfRange, Field::kCount);
  const auto known = zoning_.find(load.version);
  std::size_t loaded = 0;
  if (known != zoning_.end()) {
    loaded = known->second.rules.size();
    judgement_.fault(known->second.state != ZoningState::kLoaded, Refusal::kWrongState,
                     Field::kState);
    judgement_.fault(known->second.total != load.total, Refusal::kNotCompatible, Field::kCount);
  } else {
    judgement_.fault(!zoning_.empty() && zoning_.rbegin()->first > load.version,
                     Refusal::kNotCompatible, Field::kVersion);
    judgement_.fault(zoning_.size() >= kZoningVersionsMax && forgettable_zoning() == 0,
                     Refusal::kNotCompatible, Field::kLimits);
  }
  judgement_.fault(loaded + load.count > load.total, Refusal::kOutOfRange, Field::kCount);
  for (std::size_t i = 0; i < std::min<std::size_t>(load.count, 4); ++i)
    judge_rule(load.rules[i], judgement_);
}

// The oldest version that was in force and judges no case any more, 0 when there is none.
std::uint16_t NaiveModel::forgettable_zoning() const {
  for (const auto& [number, version] : zoning_) {
    if (version.state == ZoningState::kSuperseded && judged_by(number) == 0) return number;
  }
  return 0;
}

void NaiveModel::judge_zoning(const Command& command) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kLoadZoning) return judge_load(body.load_zoning);
  if (command.kind == CommandKind::kRebaseCase) {
    const ModelCase* c = judge_case_id(command, body.rebase_case.id);
    if (c == nullptr) return;
    judge_note(body.rebase_case.note, true);
    judgement_.fault(
        c->terminal() || c->state == CaseState::kDraft || c->state == CaseState::kDelivered,
        Refusal::kWrongState, Field::kState);
    judgement_.fault(c->zoning_version == zoning_now(), Refusal::kNothingToDo, Field::kVersion);
    return;
  }
  // Every other body begins with the number of the version.
  const std::uint16_t number = body.validate_zoning.version;
  const auto known = zoning_.find(number);
  judgement_.fault(known == zoning_.end(), Refusal::kUnknownZoning, Field::kVersion);
  if (known == zoning_.end()) return;
  const ModelZoning& version = known->second;
  if (command.kind == CommandKind::kValidateZoning) {
    judgement_.fault(version.state != ZoningState::kLoaded, Refusal::kWrongState, Field::kState);
    judgement_.fault(version.rules.size() < version.total, Refusal::kMissing, Field::kCount);
    std::set<std::string> zones;
    for (const ZoningRule& rule : version.rules) {
      judgement_.fault(!zones.insert(zone_text(rule.zone)).second, Refusal::kNotCompatible,
                       Field::kZone);
      judgement_.fault(incoherent(rule.area_min_m2 != 0, rule.area_effect, rule.floors) ||
                           incoherent(rule.street_min_dm != 0, rule.street_effect, rule.floors),
                       Refusal::kNotCompatible, Field::kEffect);
    }
  } else if (command.kind == CommandKind::kNotifyZoning) {
    const Tick from = body.notify_zoning.effective_from;
    judgement_.fault(version.state != ZoningState::kValidated, Refusal::kWrongState, Field::kState);
    judge_note(body.notify_zoning.note, false);
    judgement_.fault(from.ms < now_ || from.ms > std::int64_t{1} << 50, Refusal::kOutOfRange,
                     Field::kValidity);
    for (const auto& [other, public_version] : zoning_) {
      judgement_.fault(
          public_version.effective_from != kNever && public_version.effective_from >= from,
          Refusal::kNotCompatible, Field::kValidity);
    }
  } else {
    judgement_.fault(number == zoning_now() || judged_by(number) > 0, Refusal::kWrongState,
                     Field::kState);
    judge_note(body.drop_zoning.note, version.state == ZoningState::kNotified);
  }
}

void NaiveModel::prepare_zoning(const Command& command) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kLoadZoning) {
    const LoadZoning& load = body.load_zoning;
    if (!zoning_.contains(load.version) && zoning_.size() >= kZoningVersionsMax) {
      forgotten_zoning_ = forgettable_zoning();
      zoning_.erase(forgotten_zoning_);
    }
    ModelZoning& version = zoning_[load.version];
    version.total = load.total;
    version.rules.insert(version.rules.end(), load.rules.begin(), load.rules.begin() + load.count);
  } else if (command.kind == CommandKind::kNotifyZoning) {
    zoning_.at(body.notify_zoning.version).effective_from = body.notify_zoning.effective_from;
  } else if (command.kind == CommandKind::kRebaseCase) {
    find_case(body.rebase_case.id)->zoning_version = zoning_now();
    ++rebased_;
  }
}

// Loaded, validated and dropped by command; notified by command; the rest comes with time.
void NaiveModel::follow_zoning(const Command& command, const Event& event) {
  if (forgotten_zoning_ != 0 && event.version == forgotten_zoning_) {
    expect(event.before == raw(ZoningState::kSuperseded) && event.after == raw(ZoningState::kNone),
           "version {} made room in state {}", event.version, event.before);
    forgotten_zoning_ = 0;
    return;
  }
  const auto found = zoning_.find(event.version);
  expect(found != zoning_.end(), "version {} of the zoning plan moved, and is not known",
         event.version);
  if (found == zoning_.end()) return;
  ModelZoning& version = found->second;
  const auto to = static_cast<ZoningState>(event.after);
  expect(version.state == static_cast<ZoningState>(event.before), "version {} was in state {}",
         event.version, event.before);
  const auto by = [&](CommandKind kind, ZoningState from, ZoningState after) {
    return command.kind == kind && version.state == from && to == after;
  };
  using enum ZoningState;
  const bool legal =
      by(CommandKind::kLoadZoning, kNone, kLoaded) ||
      by(CommandKind::kLoadZoning, kLoaded, kLoaded) ||
      by(CommandKind::kValidateZoning, kLoaded, kValidated) ||
      by(CommandKind::kNotifyZoning, kValidated, kNotified) ||
      (command.kind == CommandKind::kDropZoning && to == kNone) ||
      (command.kind == CommandKind::kTick && (to == kInForce || to == kSuperseded) &&
       version.effective_from.ms <= now_ && (to == kInForce) == (event.version == zoning_now()));
  expect(legal, "version {} went from {} to {} by command {}", event.version, event.before,
         event.after, raw(command.kind));
  version.state = to;
  if (to == kNone) zoning_.erase(found);
}

void NaiveModel::follow_zoning_checked(const Command& command, const Event& event, ModelCase& c) {
  const ZoningFinding finding = zoning_says(c.zoning_version, c);
  expect(event.version == c.zoning_version, "case {} was checked by version {}, not {} (I17)",
         raw(c.id), event.version, c.zoning_version);
  expect(event.before == raw(c.finding.result) && event.after == raw(finding.result),
         "case {} went from finding {} to {}, not {}", raw(c.id), event.before, event.after,
         raw(finding.result));
  if (event.kind == EventKind::kCaseRebased) {
    expect(command.kind == CommandKind::kRebaseCase, "case {} was re-based by command {}",
           raw(c.id), raw(command.kind));
    return;
  }
  expect(c.filed.zone.size != 0 || c.zoning_checked_at != kNever,
         "case {} was checked without a zone", raw(c.id));
  c.finding = finding;
  c.zoning_checked_at = c.filed.zone.size == 0 ? kNever : Tick{now_};
}

// The plan is asked again when the review can begin.
void NaiveModel::expect_checked_for_review(const ModelCase& c, const ModelJob& job) {
  if (job.kind != JobKind::kWork || job.spec.stage != Stage::kPlanReview) return;
  expect(c.filed.zone.size == 0 || c.zoning_checked_at.ms == now_,
         "the plan review of case {} can begin, and the zoning plan was not asked", raw(c.id));
}

bool NaiveModel::zoning_asks(const ModelJob& job) const {
  const ModelCase& c = cases_.at(raw(job.case_id));
  const bool is_open = (c.finding.conditions & (kZoningAreaUnknown | kZoningStreetUnknown)) != 0;
  const bool doubtful = c.finding.result == ZoningResult::kBeyond ||
                        c.finding.result == ZoningResult::kUnknownZone || is_open ||
                        (c.filed.zone.size == 0 && c.zoning_version != 0);
  return doubtful && job.spec.stage == Stage::kPlanReview &&
         policy_.zoning_review == ZoningReview::kSecondReviewer;
}

void NaiveModel::audit_case_zoning(const ModelCase& c, const CaseView& view) {
  const std::uint64_t id = raw(c.id);
  expect(zone_text(view.zone) == zone_text(c.filed.zone) &&
             view.coverage_permille == c.filed.coverage_permille &&
             view.street_width_dm == c.filed.street_width_dm,
         "case {} asks for something else", id);
  expect(view.zoning_version == c.zoning_version,
         "case {} is judged by version {} of the zoning plan, not {} (I17)", id,
         view.zoning_version, c.zoning_version);
  expect(view.zoning_checked_at == c.zoning_checked_at, "case {} was checked at {}, not {}", id,
         view.zoning_checked_at.ms, c.zoning_checked_at.ms);
  expect(view.zoning == c.finding, "case {} has finding {}, not {}: {} floors, not {}", id,
         raw(view.zoning.result), raw(c.finding.result), view.zoning.allowed_floors,
         c.finding.allowed_floors);
  if (c.registered_at == kNever) return;  // a draft, or one that ended as such
  expect(c.finding == zoning_says(c.zoning_version, c), "the finding of case {} is stale", id);
}

// Every version stands where its moment says, and the list of cases that one would change is whole.
void NaiveModel::audit_zoning(const Scheduler& scheduler) {
  const std::uint16_t now = zoning_now();
  std::array<ZoningVersionView, kZoningVersionsMax> views;
  const std::size_t count = scheduler.list_zoning(views);
  expect(count == zoning_.size(), "{} versions of the zoning plan, not {}", count, zoning_.size());
  std::size_t index = 0;
  for (const auto& [number, version] : zoning_) {
    const ZoningVersionView& view = views[index++];
    expect(view.version == number && view.rule_count == version.rules.size() &&
               view.rules_total == version.total && view.state == version.state &&
               view.effective_from == version.effective_from &&
               view.case_count == judged_by(number),
           "version {} of the zoning plan is in state {} with {} rules and {} cases", number,
           raw(view.state), view.rule_count, view.case_count);
    const bool begun = version.effective_from.ms <= now_;
    expect((version.state == ZoningState::kInForce) == (number == now) &&
               (version.state == ZoningState::kSuperseded) == (begun && number != now),
           "version {} is in state {} at its moment", number, raw(version.state));
  }
  if (!zoning_.empty()) audit_zoning_changes(scheduler, zoning_.rbegin()->first);
  const StatsView stats = scheduler.stats();
  expect(stats.cases_rebased == rebased_, "{} cases were re-based, not {}", stats.cases_rebased,
         rebased_);
  expect(stats.reserved_share_starts == shares_, "{} starts by the share, not {}",
         stats.reserved_share_starts, shares_);
}

void NaiveModel::audit_zoning_changes(const Scheduler& scheduler, std::uint16_t version) {
  std::set<std::uint64_t> wanted;
  for (const auto& [id, c] : cases_) {
    const bool judged = !c.terminal() && c.state != CaseState::kDraft &&
                        c.state != CaseState::kDelivered && c.filed.zone.size != 0;
    if (judged && zoning_says(version, c) != zoning_says(c.zoning_version, c)) wanted.insert(id);
  }
  std::set<std::uint64_t> listed;
  std::array<ZoningChangeView, 5> page;
  for (Cursor cursor; !cursor.done;) {
    const std::size_t count = scheduler.list_zoning_changes(version, cursor, 7, page);
    for (std::size_t i = 0; i < count; ++i) {
      listed.insert(raw(page[i].case_id));
      expect(page[i].changed == scheduler.judge_zoning(version, page[i].case_id),
             "case {} would change otherwise", raw(page[i].case_id));
    }
  }
  expect(listed == wanted, "version {} changes {} cases, not {}", version, listed.size(),
         wanted.size());
}

// ---- the share of other organisations ----

// Of what the expert was given today, the job included, so much may be of other organisations.
bool NaiveModel::share_allows(ExpertId id, const ModelJob& job) const {
  const ModelExpert& expert = experts_.at(raw(id));
  const bool same_day = today_ <= expert.booked_day;
  std::uint32_t other = same_day ? expert.other : 0;
  std::uint32_t all = booked_today(expert);
  const bool counted = job.in_hand() && job.holder == id && job.booked_day == today_;
  if (!counted) {
    other += job.effort;
    all += job.effort;
  }
  return policy_.reserved_share_percent > 0 && other * 100 <= policy_.reserved_share_percent * all;
}

// Class 2 goes when nothing municipal waits for the expert, or it is the turn of the share; never
// before what was expedited.
bool NaiveModel::may_go_first(ExpertId expert, const ModelJob& job) const {
  if (job.priority != PriorityClass::kOther) return true;
  if (municipal_for(expert, PriorityClass::kMunicipal) == nullptr) return true;
  return municipal_for(expert, PriorityClass::kExpedited) == nullptr && share_allows(expert, job);
}

}  // namespace permitd::tests
