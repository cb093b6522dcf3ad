// Rules of licensing, how many offices the city wants, and rounds.
#include <algorithm>

#include "scheduler/commands.h"
#include "scheduler/events.h"
#include "scheduler/licence_flow.h"
#include "scheduler/ranges.h"

namespace permitd::scheduler {

namespace {

void emit_rules(Core& core, const Command& command) {
  emit_reference(core, EventKind::kReferenceChanged, OfficeId{}, ExpertId{}, 0, raw(command.kind),
                 Reason::kNone);
}

// A free place for one more version: never used, or the oldest that no round keeps and that a newer
// one in force has replaced.
std::size_t rules_place(const Core& core) {
  const Licences& licences = core.licences;
  const std::size_t in_force = rules_in_force(licences, core.now);
  std::size_t place = kLicenceRulesMax;
  for (std::size_t slot = 0; slot < kLicenceRulesMax; ++slot) {
    const RulesRecord& record = licences.rules[slot];
    if (record.rules.version == 0) return slot;
    if (record.round_count != 0 || slot == in_force || record.rules.effective_from > core.now)
      continue;
    if (place == kLicenceRulesMax || record.rules.version < licences.rules[place].rules.version)
      place = slot;
  }
  return place;
}

std::uint16_t last_rules_version(const Licences& licences) {
  std::uint16_t last = 0;
  for (const RulesRecord& record : licences.rules) last = std::max(last, record.rules.version);
  return last;
}

bool check_round(const Core& core, const OpenRound& round, Outcome& outcome) {
  const std::uint32_t wanted = offices_wanted(core.licences, core.now);
  const std::uint32_t taken = places_taken(core);
  if (rules_in_force(core.licences, core.now) == kLicenceRulesMax)
    refuse(outcome, Refusal::kMissing, Field::kRules);
  else if (round.places == 0)
    refuse(outcome, Refusal::kOutOfRange, Field::kCount);
  else if (round.closes <= round.opens || round.closes <= core.now || round.opens.ms < 0 ||
           round.closes > kMomentMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kValidity);
  else if (!text_fits(round.label))
    refuse(outcome, Refusal::kOutOfRange, Field::kLabel);
  else if (core.licences.round_count == kRoundsMax)
    refuse(outcome, Refusal::kOutOfRange, Field::kLimits);
  else if (taken + round.places > wanted)
    refuse(outcome, Refusal::kNotEnoughPlaces, Field::kCount);
  return outcome.refusal == Refusal::kNone;
}

// The number of an application of the round whose result is missing, 0 when all are in.
std::uint32_t result_missing(const Licences& licences, RoundId round) {
  for (std::uint32_t number = 1; number <= licences.application_count; ++number) {
    const ApplicationRecord& one = licences.applications[number - 1];
    const bool pending =
        one.state == LicenceState::kExamPending || one.state == LicenceState::kBoardPending;
    if (one.round == round && pending && one.result == ResultState::kNone) return number;
  }
  return 0;
}

}  // namespace

void apply_set_licence_rules(Core& core, const Command& command, Outcome& outcome) {
  const SetLicenceRules& rules = command.body.set_licence_rules;
  if (!licence_rules_in_range(rules)) return refuse(outcome, Refusal::kOutOfRange, Field::kRules);
  if (rules.version <= last_rules_version(core.licences))
    return refuse(outcome, Refusal::kNotCompatible, Field::kVersion);
  const std::size_t place = rules_place(core);
  if (place == kLicenceRulesMax) return refuse(outcome, Refusal::kNotCompatible, Field::kLimits);
  core.licences.rules[place] = RulesRecord{rules, 0, 0};
  emit_rules(core, command);
}

void apply_set_offices_wanted(Core& core, const Command& command, Outcome& outcome) {
  const SetOfficesWanted& wanted = command.body.set_offices_wanted;
  Licences& licences = core.licences;
  if (wanted.count > 9999) return refuse(outcome, Refusal::kOutOfRange, Field::kCount);
  if (!check_note(wanted.note, false, outcome)) return;
  if (licences.wanted_count != 0) {
    const WantedRecord& last = licences.wanted[licences.wanted_count - 1];
    if (wanted.effective_from < last.effective_from)
      return refuse(outcome, Refusal::kNotCompatible, Field::kValidity);
    if (wanted.effective_from == last.effective_from && wanted.count == last.count)
      return refuse(outcome, Refusal::kNothingToDo, Field::kCount);
  }
  if (licences.wanted_count == kOfficesWantedMax)
    return refuse(outcome, Refusal::kOutOfRange, Field::kLimits);
  core.note = &wanted.note;
  licences.wanted[licences.wanted_count++] =
      WantedRecord{wanted.effective_from, core.op, wanted.count, 0};
  emit_rules(core, command);
}

void apply_open_round(Core& core, const Command& command, Outcome& outcome) {
  const OpenRound& round = command.body.open_round;
  if (!check_round(core, round, outcome)) return;
  Licences& licences = core.licences;
  const std::size_t rules = rules_in_force(licences, core.now);
  const RoundId id{static_cast<std::uint16_t>(++licences.round_count)};
  RoundRecord& record = licences.round(id);
  record = RoundRecord{};
  record.opens = round.opens;
  record.closes = round.closes;
  record.places = round.places;
  record.rules = static_cast<std::uint8_t>(rules);
  record.label = tidy_text(round.label);
  ++licences.rules[rules].round_count;
  set_round_state(core, id, round.opens <= core.now ? RoundState::kOpen : RoundState::kAnnounced);
  set_rounds_timer(core);
  outcome.case_id = CaseId{raw(id)};
  outcome.until = round.closes;
  outcome.state = raw(record.state);
}

void apply_close_round(Core& core, const Command& command, Outcome& outcome) {
  const CloseRound& close = command.body.close_round;
  if (!core.licences.knows(close.round))
    return refuse(outcome, Refusal::kUnknownRound, Field::kRound);
  if (!check_note(close.note, false, outcome)) return;
  RoundRecord& round = core.licences.round(close.round);
  if (round.state != RoundState::kAnnounced && round.state != RoundState::kOpen)
    return refuse_state(outcome, round.state);
  core.note = &close.note;
  round.closes = core.now;
  set_round_state(core, close.round, RoundState::kChecking);
  choose_route(core, close.round);
  set_rounds_timer(core);
  outcome.case_id = CaseId{raw(close.round)};
  outcome.state = raw(round.state);
}

void apply_rank_round(Core& core, const Command& command, Outcome& outcome) {
  const RankRound& rank = command.body.rank_round;
  if (!core.licences.knows(rank.round))
    return refuse(outcome, Refusal::kUnknownRound, Field::kRound);
  if (!check_note(rank.note, false, outcome)) return;
  const RoundRecord& round = core.licences.round(rank.round);
  if (round.state != RoundState::kExam && round.state != RoundState::kBoard)
    return refuse_state(outcome, round.state);
  const std::uint32_t without = result_missing(core.licences, rank.round);
  outcome.case_id = CaseId{without};
  if (without != 0) return refuse(outcome, Refusal::kMissing, Field::kScore);
  core.note = &rank.note;
  rank_round(core, rank.round);
  outcome.case_id = CaseId{raw(rank.round)};
  outcome.state = raw(round.state);
}

}  // namespace permitd::scheduler
