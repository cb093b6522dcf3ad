// The effects of licensing commands in the model, and the comparison with the core.
#include "tests/support/naive_licence.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "tests/support/naive_licence_rules.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

void NaiveLicences::fill_checks(ModelChecks& one, int subject, const LicencePerson& person,
                                std::int32_t day, const SetLicenceRules& rules) {
  const PersonRules& asked = subject == 0 ? rules.licensee : rules.manager;
  const auto set = [&](LicenceCheck check, bool passed) {
    one.checks[{subject, raw(check)}] = passed ? CheckResult::kPassed : CheckResult::kFailed;
  };
  for (int check = 0; check < static_cast<int>(kLicenceCheckCount); ++check) {
    one.evidence.erase({subject, check});
    const bool needed = (asked.checks >> check & 1U) != 0;
    one.checks[{subject, check}] = needed ? CheckResult::kPending : CheckResult::kNotRequired;
  }
  set(LicenceCheck::kNationality, right_nationality(asked, person));
  set(LicenceCheck::kAge, right_age(asked, person, day));
  set(LicenceCheck::kDegreeLevel, right_degree(asked, person));
  set(LicenceCheck::kDegreeField, right_field(asked, person));
}

void NaiveLicences::leave_venue(ModelApplication& one) {
  one.queue = 0;
  if (one.venue == 0) return;
  venues_.at(one.venue).application = 0;
  one.venue = 0;
  one.has_rent = false;
}

void NaiveLicences::choose(ModelApplication& one) {
  one.state = LicenceState::kSelected;
  if (one.venue == 0) one.queue = ++queued_;
}

void NaiveLicences::end(ModelApplication& one, LicenceState state) {
  const bool had_place =
      one.state == LicenceState::kSelected || one.state == LicenceState::kEquipping;
  one.state = state;
  leave_venue(one);
  if (!had_place) return;
  ModelApplication* next = nullptr;
  for (auto& [number, other] : applications_) {
    if (other.filed.round != one.filed.round || other.state != LicenceState::kWaitlisted) continue;
    if (next == nullptr || other.rank < next->rank) next = &other;
  }
  if (next != nullptr) choose(*next);
}

void NaiveLicences::judged(ModelApplication& one) {
  for (const auto& [check, result] : one.checks) {
    if (result == CheckResult::kPending) return;
  }
  if (fit(one)) {
    const auto own = one.checks.at({0, raw(LicenceCheck::kOwnVenue)});
    if (own == CheckResult::kFailed) leave_venue(one);
    one.state = LicenceState::kEligible;
  } else {
    end(one, LicenceState::kIneligible);
  }
  route(raw(one.filed.round));
}

void NaiveLicences::route(std::uint16_t number) {
  ModelRound& round = rounds_.at(number);
  if (round.state != RoundState::kChecking) return;
  std::uint32_t eligible = 0;
  for (const auto& [id, one] : applications_) {
    if (raw(one.filed.round) != number) continue;
    if (one.state == LicenceState::kApplied) return;
    if (one.state == LicenceState::kEligible) ++eligible;
  }
  round.eligible = eligible;
  round.exam = eligible > round.opened.places;
  round.state = round.exam ? RoundState::kExam : RoundState::kBoard;
  for (auto& [id, one] : applications_) {
    if (raw(one.filed.round) == number && one.state == LicenceState::kEligible)
      one.state = round.exam ? LicenceState::kExamPending : LicenceState::kBoardPending;
  }
}

// Passed before failed; then the sum of exam and points, then the points, then who came first.
void NaiveLicences::rank(std::uint16_t number) {
  ModelRound& round = rounds_.at(number);
  std::vector<std::array<std::int64_t, 4>> order;
  for (const auto& [id, one] : applications_) {
    if (raw(one.filed.round) != number ||
        (one.state != LicenceState::kExamPending && one.state != LicenceState::kBoardPending))
      continue;
    const bool passed = one.result == 3 || (one.result == 1 && one.score >= round.rules.exam_pass);
    order.push_back({passed ? 0 : 1, -static_cast<std::int64_t>(one.score + points(one)),
                     -static_cast<std::int64_t>(points(one)), id});
  }
  std::sort(order.begin(), order.end());
  round.state = RoundState::kRanked;
  std::uint32_t place = 0;
  for (const auto& entry : order) {
    ModelApplication& one = applications_.at(static_cast<std::uint32_t>(entry[3]));
    one.rank = ++place;
    const bool waits = round.rules.waitlist_max == 0 ||
                       place <= round.opened.places + std::uint32_t{round.rules.waitlist_max};
    if (entry[0] != 0) {
      end(one, LicenceState::kNotSelected);
    } else if (place <= round.opened.places) {
      choose(one);
    } else if (waits) {
      one.state = LicenceState::kWaitlisted;
    } else {
      end(one, LicenceState::kNotSelected);
    }
  }
}

// Who has waited longest gets a venue of the own district, or the first there is.
void NaiveLicences::share_venues() {
  for (;;) {
    std::uint32_t first = 0;
    for (const auto& [number, one] : applications_) {
      if (one.queue != 0 && (first == 0 || one.queue < applications_.at(first).queue))
        first = number;
    }
    if (first == 0) return;
    ModelApplication& one = applications_.at(first);
    std::uint16_t given = 0;
    for (const auto& [number, venue] : venues_) {
      if (venue.defined.kind != VenueKind::kMunicipal || venue.defined.in_service == 0 ||
          venue.application != 0 || venue.office != 0)
        continue;
      if (given == 0) given = number;
      if (venue.defined.district == one.filed.district) {
        given = number;
        break;
      }
    }
    if (given == 0) return;
    venues_.at(given).application = first;
    one.venue = given;
    one.queue = 0;
  }
}

void NaiveLicences::change_office(std::uint16_t number, OfficeState to, World world) {
  ModelOffice& office = world.offices.at(number);
  const bool begins = to == OfficeState::kActive && office.state == OfficeState::kEquipping;
  office.state = to;
  office.suspended_from = kNever.ms;
  office.suspended_until = kNever.ms;
  office.suspended_for = Reason::kNone;
  const bool ends =
      to == OfficeState::kExpired || to == OfficeState::kRevoked || to == OfficeState::kSurrendered;
  for (auto& [id, venue] : venues_) {
    if (ends && venue.office == number) venue.office = 0;
  }
  if (office.application != 0) {
    ModelApplication& one = applications_.at(office.application);
    if (begins) {
      office.licence_until =
          world.now + std::int64_t{rules_of(one).validity_days} * 1440 * kMsPerMinute;
      if (office.defined.point == Point{})
        office.defined.point = venues_.at(one.venue).defined.point;
    }
    const auto state = static_cast<LicenceState>(raw(LicenceState::kEquipping) + raw(to) -
                                                 raw(OfficeState::kEquipping));
    if (ends) {
      end(one, state);
    } else {
      one.state = state;
    }
  }
  if (ends) share_venues();
}

void NaiveLicences::apply(const Command& command, World world) {
  const CommandBody& body = command.body;
  if (command.kind == CommandKind::kSetLicenceRules) {
    rules_.push_back(body.set_licence_rules);
    return;
  }
  if (command.kind == CommandKind::kSetOfficesWanted) {
    wanted_.push_back(body.set_offices_wanted);
    return;
  }
  if (command.kind == CommandKind::kOpenRound) {
    ModelRound round;
    round.opened = body.open_round;
    round.closes = body.open_round.closes.ms;
    round.rules = *rules_at(world.now);
    round.state =
        body.open_round.opens.ms <= world.now ? RoundState::kOpen : RoundState::kAnnounced;
    rounds_[static_cast<std::uint16_t>(rounds_.size() + 1)] = round;
    return;
  }
  if (command.kind == CommandKind::kCloseRound) {
    rounds_.at(raw(body.close_round.round)).closes = world.now;
    rounds_.at(raw(body.close_round.round)).state = RoundState::kChecking;
    route(raw(body.close_round.round));
    return;
  }
  if (command.kind == CommandKind::kApplyForLicence) {
    const auto number = static_cast<std::uint32_t>(applications_.size() + 1);
    ModelApplication& one = applications_[number];
    one.filed = body.apply_for_licence;
    one.manager = one.filed.manager;
    fill_checks(one, 0, one.filed.licensee, one.filed.day, rules_of(one));
    fill_checks(one, 1, one.filed.manager, one.filed.day, rules_of(one));
    one.venue = raw(one.filed.own_venue);
    if (one.venue != 0) one.checks[{0, raw(LicenceCheck::kOwnVenue)}] = CheckResult::kPending;
    if (one.venue != 0) venues_.at(one.venue).application = number;
    judged(one);
    return;
  }
  if (command.kind == CommandKind::kRecordLicenceCheck) {
    return record_check(body.record_licence_check, world);
  }
  if (command.kind == CommandKind::kWithdrawApplication) {
    ModelApplication& one = applications_.at(raw(body.withdraw_application.application));
    if (one.state == LicenceState::kEquipping) {
      change_office(one.office, OfficeState::kSurrendered, world);
    } else if (one.state == LicenceState::kSelected) {
      end(one, LicenceState::kSurrendered);
      share_venues();
    } else {
      end(one, LicenceState::kWithdrawn);
      route(raw(one.filed.round));
    }
    return;
  }
  if (command.kind == CommandKind::kRecordExamResult) {
    ModelApplication& one = applications_.at(raw(body.record_exam_result.application));
    one.result = body.record_exam_result.absent == 1 ? 2 : 1;
    one.score = body.record_exam_result.score;
    return;
  }
  if (command.kind == CommandKind::kRecordBoardFinding) {
    applications_.at(raw(body.record_board_finding.application)).result =
        body.record_board_finding.competent == 1 ? 3 : 4;
    return;
  }
  if (command.kind == CommandKind::kRankRound) {
    rank(raw(body.rank_round.round));
    share_venues();
    return;
  }
  if (command.kind == CommandKind::kDefineVenue) {
    ModelVenue& venue = venues_[raw(body.define_venue.venue)];
    venue.defined = body.define_venue;
    venue.office = raw(body.define_venue.office);
    share_venues();
    return;
  }
  if (command.kind == CommandKind::kRecordRent) {
    ModelApplication& one = applications_.at(raw(body.record_rent.application));
    one.has_rent = true;
    one.rent_from = body.record_rent.from.ms;
    one.rent_until = body.record_rent.until.ms;
    return;
  }
  if (command.kind == CommandKind::kRecordEquipment) {
    const RecordEquipment& record = body.record_equipment;
    ModelApplication& one = applications_.at(raw(record.application));
    if (record.done == 1) {
      one.equipped.insert(raw(record.item));
    } else {
      one.equipped.erase(raw(record.item));
    }
    one.references[raw(record.item)] = text_of(record.reference);
    return;
  }
  if (command.kind == CommandKind::kEquipOffice) {
    ModelApplication& one = applications_.at(raw(body.equip_office.application));
    std::uint16_t code = raw(body.equip_office.office);
    for (std::uint32_t serial = 1; code == 0; ++serial) {
      const auto next = static_cast<std::uint16_t>(one.filed.district * 100U + serial);
      if (!world.offices.contains(next)) code = next;
    }
    ModelOffice& office = world.offices[code];
    office.application = raw(body.equip_office.application);
    office.defined.office = OfficeId{code};
    office.defined.district = one.filed.district;
    office.defined.licensee = one.filed.licensee.person;
    office.defined.technical_manager = one.manager.person;
    office.defined.point = body.equip_office.point;
    one.office = code;
    change_office(code, OfficeState::kEquipping, world);
    return;
  }
  if (command.kind == CommandKind::kRenewLicence) {
    ModelOffice& office = world.offices.at(raw(body.renew_licence.office));
    const std::int64_t term =
        std::int64_t{rules_at(world.now)->validity_days} * 1440 * kMsPerMinute;
    if (returns(office, world)) {
      office.licence_until = world.now + term;
      return change_office(raw(body.renew_licence.office), OfficeState::kActive, world);
    }
    office.licence_until =
        (office.licence_until == INT64_MAX ? world.now : office.licence_until) + term;
    return;
  }
  if (command.kind == CommandKind::kSetTechnicalManager) {
    return change_manager(body.set_technical_manager, world);
  }
}

// Who applies is judged when the last check is in; a manager who came later acts from then on.
void NaiveLicences::record_check(const RecordLicenceCheck& record, World world) {
  const std::pair<int, int> key{raw(record.subject), raw(record.check)};
  const auto note = [&](ModelChecks& checks) {
    checks.checks[key] = record.passed == 1 ? CheckResult::kPassed : CheckResult::kFailed;
    checks.evidence[key] = text_of(record.evidence);
  };
  if (raw(record.office) != 0) {
    ModelOffice& office = world.offices.at(raw(record.office));
    note(office);
    if (raw(record.check) < 4) return;  // the paper of what was computed decides nothing
    if (manager_fit(office)) office.manager_state = ManagerState::kActive;
    return;
  }
  ModelApplication& one = applications_.at(raw(record.application));
  note(one);
  if (raw(record.check) < 4) return;
  if (one.state == LicenceState::kApplied) {
    judged(one);
  } else if (manager_fit(one)) {
    world.offices.at(one.office).manager_state = ManagerState::kActive;
  }
}

void NaiveLicences::change_manager(const SetTechnicalManager& change, World world) {
  const std::uint16_t number = raw(change.office);
  ModelOffice& office = world.offices.at(number);
  ModelApplication* one = office.application == 0 ? nullptr : &applications_.at(office.application);
  switch (change.change) {
    case ManagerChange::kSuspend:
      office.manager_state = ManagerState::kSuspended;
      break;
    case ManagerChange::kRestore:
      office.manager_state = ManagerState::kActive;
      break;
    case ManagerChange::kLeave:
      office.manager_state = ManagerState::kActive;
      office.defined.technical_manager = PersonId{};
      office.checks.clear();
      office.evidence.clear();
      if (one != nullptr) one->manager = {};
      break;
    case ManagerChange::kReplace: {
      ModelChecks& checks = one == nullptr ? static_cast<ModelChecks&>(office) : *one;
      office.defined.technical_manager = change.person.person;
      if (one != nullptr) one->manager = change.person;
      fill_checks(checks, 1, change.person, change.day, *rules_at(world.now));
      office.manager_state = manager_fit(checks) ? ManagerState::kActive : ManagerState::kUnchecked;
      break;
    }
  }
  const bool acts =
      raw(office.defined.technical_manager) != 0 && office.manager_state == ManagerState::kActive;
  if (!acts && office.state == OfficeState::kActive)
    change_office(number, OfficeState::kSuspended, world);
}

// A suspension begins as it was said ahead, ends, or stays without an end where something is
// missing.
void NaiveLicences::follow_suspension(const Event& event, World world, const Wrong& wrong) {
  ModelOffice& office = world.offices.at(raw(event.office));
  if (event.before == raw(OfficeState::kActive)) {
    const std::int64_t until = office.suspended_until;
    if (office.state != OfficeState::kActive || office.suspended_from > world.now ||
        event.after != raw(OfficeState::kSuspended) || event.reason != office.suspended_for)
      return wrong("no suspension begins");
    change_office(raw(event.office), OfficeState::kSuspended, world);
    office.suspended_until = until;
    return;
  }
  if (office.state != OfficeState::kSuspended || office.suspended_until > world.now)
    return wrong("no suspension is over");
  const bool returns = lacks(raw(event.office), world).empty();
  if (event.before != raw(OfficeState::kSuspended) ||
      event.after != raw(returns ? OfficeState::kActive : OfficeState::kSuspended) ||
      event.reason != (returns ? Reason::kSuspensionOver : Reason::kSuspensionKept))
    return wrong("a suspension ended otherwise");
  office.suspended_until = kNever.ms;
  if (returns) change_office(raw(event.office), OfficeState::kActive, world);
}

// Time does what the events of a tick say: a round moves on when its moment has come, a licence
// lapses when its term is over. All other moves were made with the command.
void NaiveLicences::follow(const Command& command, const Event& event, World world,
                           const Complain& complain) {
  const auto wrong = [&](const char* what) {
    complain(fmt::format("event {} of {} from {} to {}: {}", raw(event.kind), event.subject,
                         event.before, event.after, what));
  };
  if (event.kind == EventKind::kOfficeChanged) {
    if (command.kind != CommandKind::kTick) return;
    const ModelOffice& office = world.offices.at(raw(event.office));
    if (event.after == raw(OfficeState::kSuspended) || event.after == raw(OfficeState::kActive))
      return follow_suspension(event, world, wrong);
    if (event.after != raw(OfficeState::kExpired) || office.licence_until > world.now)
      return wrong("no licence has lapsed");
    return change_office(raw(event.office), OfficeState::kExpired, world);
  }
  if (event.kind == EventKind::kRoundChanged) {
    std::uint8_t& told = told_rounds_[event.subject];
    if (told != event.before) wrong("it was told otherwise before");
    told = event.after;
    if (command.kind != CommandKind::kTick) return;
    ModelRound& round = rounds_.at(static_cast<std::uint16_t>(event.subject));
    const auto to = static_cast<RoundState>(event.after);
    if (to == RoundState::kOpen && round.opened.opens.ms <= world.now) round.state = to;
    if (to == RoundState::kChecking && round.closes <= world.now) {
      round.state = to;
      route(static_cast<std::uint16_t>(event.subject));
    }
    return;
  }
  if (event.kind == EventKind::kVenueChanged) {
    bool& told = told_venues_[event.subject];
    if (told != (event.before != 0)) wrong("it was told otherwise before");
    const bool defined = command.kind == CommandKind::kDefineVenue &&
                         raw(command.body.define_venue.venue) == event.subject;
    if (event.before == event.after && !defined) wrong("nothing changed");
    told = event.after != 0;
    return;
  }
  if (event.kind == EventKind::kLicenceChanged) {
    std::uint8_t& told = told_applications_[event.subject];
    if (told != event.before) wrong("it was told otherwise before");
    told = event.after;
  }
}

namespace {

bool same_manager_checks(const ModelOffice& office, const SubjectChecks& checks) {
  for (int check = 0; check < static_cast<int>(kLicenceCheckCount); ++check) {
    const auto result = office.checks.find({1, check});
    const auto evidence = office.evidence.find({1, check});
    const CheckRecord& record = checks[static_cast<std::size_t>(check)];
    const bool asked = result != office.checks.end();
    if (record.result != (asked ? result->second : CheckResult::kNotRequired) ||
        text_of(record.evidence) != (evidence == office.evidence.end() ? "" : evidence->second))
      return false;
  }
  return true;
}

bool same_checks(const ModelApplication& one, const ApplicationRecord& record) {
  for (const auto& [key, result] : one.checks) {
    const CheckRecord& check =
        record.checks[static_cast<std::size_t>(key.first)][static_cast<std::size_t>(key.second)];
    const auto evidence = one.evidence.find(key);
    const std::string told = evidence == one.evidence.end() ? "" : evidence->second;
    if (check.result != result || text_of(check.evidence) != told) return false;
  }
  return true;
}

}  // namespace

void NaiveLicences::audit(const Scheduler& scheduler, const World& world,
                          const Complain& complain) const {
  const auto expect = [&](bool holds, const char* what, std::uint64_t number) {
    if (!holds) complain(fmt::format("licensing: {} of {}", what, number));
  };
  for (const auto& [number, one] : applications_) {
    ApplicationView view;
    expect(scheduler.find_application(ApplicationId{number}, view), "unknown application", number);
    const ApplicationRecord& record = view.record;
    expect(record.state == one.state, "another state", number);
    expect(raw(record.venue) == one.venue && (record.queue != 0) == (one.queue != 0),
           "another venue", number);
    expect(raw(record.office) == one.office && record.rank == one.rank, "another office or rank",
           number);
    expect(record.manager == one.manager && same_checks(one, record), "other checks", number);
    const bool scored =
        one.state != LicenceState::kApplied && one.state != LicenceState::kWithdrawn;
    expect(!scored || record.points == points(one), "other points (R4)", number);
    const auto told = told_applications_.find(number);
    expect(told != told_applications_.end() && told->second == raw(one.state),
           "a state that no event told (I15)", number);
    const bool leads = one.state == LicenceState::kSelected ||
                       one.state == LicenceState::kEquipping ||
                       one.state == LicenceState::kActive || one.state == LicenceState::kSuspended;
    expect(!leads || view.missing == missing(one, world), "something else is missing (R6)", number);
    // R3, R5, R6: without these there is no Active office.
    expect(one.state != LicenceState::kActive ||
               (view.missing & (kMissingManager | kMissingVenue | kMissingOffice)) == 0,
           "an active office that lacks something", number);
    expect(one.venue == 0 || venues_.at(one.venue).application == number, "a venue held twice (R5)",
           number);
  }
  for (const auto& [number, round] : rounds_) {
    RoundView view;
    expect(scheduler.find_round(RoundId{number}, view), "unknown round", number);
    expect(view.record.state == round.state && view.rules_version == round.rules.version,
           "another state or rules of round", number);
    const bool routed = raw(round.state) >= raw(RoundState::kExam);
    expect(!routed || ((view.record.route == SelectionRoute::kExam) == round.exam &&
                       view.record.eligible == round.eligible),
           "another route (R8) of round", number);
    expect(told_rounds_.contains(number) && told_rounds_.at(number) == raw(round.state),
           "a state that no event told of round", number);
  }
  std::array<VenueView, 64> venues;
  Cursor cursor;
  const std::size_t count = scheduler.list_venues(cursor, venues);
  expect(count == venues_.size(), "another number of venues", count);
  for (const auto& [number, venue] : venues_) {
    const auto told = told_venues_.find(number);
    expect(
        told != told_venues_.end() && told->second == (venue.application != 0 || venue.office != 0),
        "another holder told", number);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto known = venues_.find(raw(venues[i].id));
    expect(known != venues_.end() &&
               raw(venues[i].record.application) == known->second.application &&
               raw(venues[i].record.office) == known->second.office,
           "another holder of venue", raw(venues[i].id));
  }
  for (const auto& [number, office] : world.offices) {
    OfficeView view;
    if (!scheduler.find_office(OfficeId{number}, view)) continue;
    expect(view.licence_until.ms == office.licence_until, "another term of office", number);
    expect(view.point == office.defined.point, "another place of office", number);
    expect(view.manager_state == office.manager_state &&
               view.technical_manager == office.defined.technical_manager,
           "another manager of office", number);
    expect(same_manager_checks(office, view.manager_checks),
           "other checks of the manager of office", number);
    const bool acts =
        raw(office.defined.technical_manager) != 0 && office.manager_state == ManagerState::kActive;
    expect(view.state != OfficeState::kActive || acts, "no manager, yet active (R3): office",
           number);
  }
  const LicensingView sums = scheduler.licensing();
  expect(sums.wanted == wanted_at(world.now) && sums.taken == taken(world),
         "other places wanted and taken (R1):", sums.taken);
}

}  // namespace permitd::tests
