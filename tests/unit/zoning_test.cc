// Goal: a version of the zoning plan goes its way and no other, a case is judged by the one that
// was in force when it was registered (I17), what is beyond it is read twice, and bad input changes
// nothing. Method: a small city, a version of two or three zones, cases one by one.
#include <gtest/gtest.h>

#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

constexpr std::int64_t kHour = 60;  // minutes

// R122 of the sample: five floors on three fifths, one floor less on a small parcel or a narrow
// street.
ZoningRule r122(std::uint16_t floors = 5) {
  ZoningRule rule;
  rule.zone = text<7>("R122");
  rule.floors = floors;
  rule.coverage_permille = 600;
  rule.area_min_m2 = 250;
  rule.area_effect = 1;
  rule.street_min_dm = 120;
  rule.street_effect = 1;
  return rule;
}

ZoningRule green() {
  ZoningRule rule;
  rule.zone = text<7>("G111");
  rule.floors = 1;
  rule.coverage_permille = 100;
  rule.area_min_m2 = 2000;
  rule.area_effect = kZoningRefuses;
  return rule;
}

class ZoningTest : public SmallCity {
 protected:
  Outcome load(std::uint16_t version, const std::vector<ZoningRule>& rules,
               std::uint16_t total = 0) {
    LoadZoning body;
    body.version = version;
    body.count = static_cast<std::uint16_t>(rules.size());
    body.total = total == 0 ? body.count : total;
    std::copy(rules.begin(), rules.end(), body.rules.begin());
    return apply(CommandKind::kLoadZoning, body, supervisor());
  }
  Outcome validate(std::uint16_t version) {
    ValidateZoning body;
    body.version = version;
    return apply(CommandKind::kValidateZoning, body, supervisor());
  }
  Outcome notify(std::uint16_t version, std::int64_t minutes_ahead) {
    NotifyZoning body;
    body.version = version;
    body.effective_from = {now_.ms + minutes_ahead * kMsPerMinute};
    return apply(CommandKind::kNotifyZoning, body, supervisor());
  }
  Outcome drop(std::uint16_t version, std::string_view note = "") {
    DropZoning body;
    body.version = version;
    body.note = text<79>(note);
    return apply(CommandKind::kDropZoning, body, supervisor());
  }
  Outcome rebase(CaseId id, std::string_view note) {
    RebaseCase body;
    body.id = id;
    body.note = text<79>(note);
    return apply(CommandKind::kRebaseCase, body, supervisor());
  }
  /// In force from now on.
  void put_in_force(std::uint16_t version, const std::vector<ZoningRule>& rules) {
    ASSERT_EQ(load(version, rules).refusal, Refusal::kNone);
    ASSERT_EQ(validate(version).refusal, Refusal::kNone);
    wait(1);  // no two versions come into force at one moment
    ASSERT_EQ(notify(version, 0).refusal, Refusal::kNone);
    wait(0);
    ASSERT_EQ(state_of(version), ZoningState::kInForce);
  }
  CaseId file(std::string_view zone, std::uint16_t floors, std::uint32_t area = 500,
              std::uint16_t street = 200, std::uint16_t coverage = 500) {
    SubmitCase body = submission(kNewBuild);
    body.zone = text<7>(zone);
    body.floors = floors;
    body.area_m2 = area;
    body.street_width_dm = street;
    body.coverage_permille = coverage;
    const Outcome outcome = apply(CommandKind::kSubmitCase, body, office());
    EXPECT_EQ(outcome.refusal, Refusal::kNone);
    return outcome.case_id;
  }
  ZoningState state_of(std::uint16_t version) const {
    std::array<ZoningVersionView, kZoningVersionsMax> views;
    const std::size_t count = scheduler_.list_zoning(views);
    for (std::size_t i = 0; i < count; ++i) {
      if (views[i].version == version) return views[i].state;
    }
    return ZoningState::kNone;
  }
  std::vector<CaseId> changed_by(std::uint16_t version, std::size_t scan_max = 100) const {
    std::vector<CaseId> cases;
    std::array<ZoningChangeView, 4> page;
    for (Cursor cursor; !cursor.done;) {
      const std::size_t count = scheduler_.list_zoning_changes(version, cursor, scan_max, page);
      for (std::size_t i = 0; i < count; ++i) cases.push_back(page[i].case_id);
    }
    return cases;
  }
  static void expect_refused(const Outcome& outcome, Refusal refusal, Field field) {
    EXPECT_EQ(outcome.refusal, refusal);
    EXPECT_EQ(outcome.field, field);
  }
  std::size_t count_events(CaseId id, EventKind kind) const {
    std::array<HistoryView, 64> history;
    const std::size_t count = scheduler_.list_history(id, 0, history);
    return static_cast<std::size_t>(
        std::count_if(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(count),
                      [&](const HistoryView& view) { return view.event.kind == kind; }));
  }
  /// File formation, the visit with its confirmation, and the papers.
  void work_up_to_review() {
    work(kClerk);
    std::array<JobView, 2> held;
    for (int hours = 0; hours < 48 && scheduler_.list_held(kInspector, held) == 0; ++hours) {
      claim(kInspector);
      wait(kHour / 2);
    }
    ASSERT_EQ(scheduler_.list_held(kInspector, held), 1U);
    Outcome lease;
    lease.job = held[0].job;
    lease.token = held[0].token;
    ASSERT_EQ(start(lease, kInspector).refusal, Refusal::kNone);
    ASSERT_EQ(complete(lease, kInspector).refusal, Refusal::kNone);
    work(kHead);
    work(kClerk);
  }
};

TEST_F(ZoningTest, AVersionGoesItsWayAndComesIntoForceAtItsMoment) {
  EXPECT_EQ(load(1, {green()}, 2).refusal, Refusal::kNone);
  expect_refused(validate(1), Refusal::kMissing, Field::kCount);
  EXPECT_EQ(load(1, {r122()}, 2).refusal, Refusal::kNone);
  expect_refused(notify(1, 60), Refusal::kWrongState, Field::kState);
  EXPECT_EQ(validate(1).refusal, Refusal::kNone);
  EXPECT_EQ(notify(1, 2 * kHour).refusal, Refusal::kNone);
  EXPECT_EQ(state_of(1), ZoningState::kNotified);
  wait(2 * kHour - 1);
  EXPECT_EQ(state_of(1), ZoningState::kNotified);
  wait(1);
  EXPECT_EQ(state_of(1), ZoningState::kInForce);
  put_in_force(2, {r122(4)});
  EXPECT_EQ(state_of(1), ZoningState::kSuperseded);
}

TEST_F(ZoningTest, EachUnmetConditionCostsWhatTheRuleSays) {
  put_in_force(1, {r122(), green()});
  const auto expect_finding = [&](CaseId id, ZoningResult result, int floors, int conditions) {
    const CaseView view = case_view(id);
    EXPECT_EQ(view.zoning.result, result);
    EXPECT_EQ(view.zoning.allowed_floors, floors);
    EXPECT_EQ(view.zoning.conditions, conditions);
    EXPECT_EQ(view.zoning_version, 1);
    EXPECT_EQ(view.zoning_checked_at, now_);
  };
  expect_finding(file("R122", 5), ZoningResult::kWithin, 5, 0);
  expect_finding(file("R122", 6), ZoningResult::kBeyond, 5, 0);
  expect_finding(file("R122", 5, 249), ZoningResult::kBeyond, 4, kZoningAreaUnmet);
  expect_finding(file("R122", 3, 249, 119), ZoningResult::kWithin, 3,
                 kZoningAreaUnmet | kZoningStreetUnmet);
  expect_finding(file("R122", 4, 0, 0), ZoningResult::kWithin, 5,
                 kZoningAreaUnknown | kZoningStreetUnknown);
  expect_finding(file("R122", 5, 500, 200, 601), ZoningResult::kBeyond, 5, 0);
  expect_finding(file("G111", 1, 1999, 0, 100), ZoningResult::kBeyond, 0,
                 kZoningAreaUnmet | kZoningNotBuildable);
  expect_finding(file("R999", 1), ZoningResult::kUnknownZone, 0, 0);
  EXPECT_EQ(case_view(file("", 1)).zoning.result, ZoningResult::kNotChecked);
}

TEST_F(ZoningTest, ACaseKeepsTheVersionOfItsRegistrationUntilItIsRebased) {
  const CaseId before = file("R122", 5);
  EXPECT_EQ(case_view(before).zoning.result, ZoningResult::kNoPlan);
  put_in_force(1, {r122(5)});
  const CaseId first = file("R122", 5);
  put_in_force(2, {r122(4)});
  EXPECT_EQ(case_view(file("R122", 5)).zoning.result, ZoningResult::kBeyond);
  EXPECT_EQ(case_view(first).zoning_version, 1);
  EXPECT_EQ(case_view(first).zoning.result, ZoningResult::kWithin);
  EXPECT_EQ(case_view(before).zoning.result, ZoningResult::kNoPlan);

  expect_refused(rebase(first, ""), Refusal::kMissing, Field::kNote);
  EXPECT_EQ(case_view(first).zoning_version, 1);
  EXPECT_EQ(rebase(first, "the owner asked").refusal, Refusal::kNone);
  EXPECT_EQ(case_view(first).zoning_version, 2);
  EXPECT_EQ(case_view(first).zoning.result, ZoningResult::kBeyond);
  EXPECT_EQ(count_events(first, EventKind::kCaseRebased), 1U);
  EXPECT_EQ(scheduler_.stats().cases_rebased, 1U);
  expect_refused(rebase(first, "again"), Refusal::kNothingToDo, Field::kVersion);
}

TEST_F(ZoningTest, ADraftIsJudgedByWhatIsInForceWhenItIsRegistered) {
  put_in_force(1, {r122(5)});
  SubmitCase body = submission(kNewBuild);
  body.flags = kSubmitDraft;
  body.zone = text<7>("R122");
  const CaseId draft = apply(CommandKind::kSubmitCase, body, office()).case_id;
  EXPECT_EQ(case_view(draft).zoning_version, 0);
  put_in_force(2, {r122(4)});
  ASSERT_EQ(apply(CommandKind::kRegisterCase, RegisterCase{draft}, office()).refusal,
            Refusal::kNone);
  EXPECT_EQ(case_view(draft).zoning_version, 2);
}

TEST_F(ZoningTest, AnAmendedCaseIsCheckedAgainByItsOwnVersion) {
  put_in_force(1, {r122(5)});
  const CaseId id = file("R122", 5);
  put_in_force(2, {r122(3)});
  AmendCase amend;
  amend.id = id;
  amend.area_m2 = 500;
  amend.floors = 6;
  amend.zone = text<7>("R122");
  ASSERT_EQ(apply(CommandKind::kAmendCase, amend, office()).refusal, Refusal::kNone);
  EXPECT_EQ(case_view(id).zoning.result, ZoningResult::kBeyond);
  EXPECT_EQ(case_view(id).zoning.allowed_floors, 5);
  EXPECT_EQ(count_events(id, EventKind::kZoningChecked), 2U);
}

TEST_F(ZoningTest, WhatIsBeyondThePlanIsReadByASecondReviewer) {
  put_in_force(1, {r122(5)});
  const CaseId id = file("R122", 6);
  work_up_to_review();
  EXPECT_EQ(count_events(id, EventKind::kZoningChecked), 2U) << "asked again before the review";
  EXPECT_EQ(case_view(id).zoning_checked_at, now_);
  work(kReviewer);
  EXPECT_EQ(case_view(id).state, CaseState::kInProgress);
  const JobView confirmation = job_view(case_view(id).current_job);
  EXPECT_EQ(confirmation.kind, JobKind::kConfirmation);
  EXPECT_EQ(confirmation.skill, Skill::kReview);
  work(kSecondReviewer);
  EXPECT_EQ(case_view(id).state, CaseState::kAwaitingDecision);
}

TEST_F(ZoningTest, WhatIsLeftUnsaidIsReadByASecondReviewer) {
  put_in_force(1, {r122(5)});
  const auto is_read_twice = [&](CaseId id) {
    work_up_to_review();
    work(kReviewer);
    EXPECT_EQ(case_view(id).state, CaseState::kInProgress);
    EXPECT_EQ(job_view(case_view(id).current_job).kind, JobKind::kConfirmation);
    work(kSecondReviewer);
    EXPECT_EQ(case_view(id).state, CaseState::kAwaitingDecision);
  };
  is_read_twice(file("", 5));
  const CaseId no_street = file("R122", 5, 500, 0);
  EXPECT_EQ(case_view(no_street).zoning.conditions, kZoningStreetUnknown);
  is_read_twice(no_street);
  const CaseId no_area = file("R122", 5, 0);
  EXPECT_EQ(case_view(no_area).zoning.conditions, kZoningAreaUnknown);
  is_read_twice(no_area);
}

TEST_F(ZoningTest, WhatIsWithinIsReadOnceAndThePolicyMayAskNobody) {
  put_in_force(1, {r122(5)});
  const CaseId within = file("R122", 5);
  work_up_to_review();
  work(kReviewer);
  EXPECT_EQ(case_view(within).state, CaseState::kAwaitingDecision);
  SetPolicy policy;
  policy.zoning_review = ZoningReview::kNobody;
  ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  const CaseId unknown = file("R999", 5);
  work_up_to_review();
  work(kReviewer);
  EXPECT_EQ(case_view(unknown).state, CaseState::kAwaitingDecision);
}

TEST_F(ZoningTest, TheCasesThatAVersionChangesAreListedPageByPage) {
  put_in_force(1, {r122(5)});
  std::vector<CaseId> wanted;
  for (int i = 0; i < 6; ++i) wanted.push_back(file("R122", 4));
  file("", 4);
  file("R999", 4);
  ASSERT_EQ(load(2, {r122(3)}).refusal, Refusal::kNone);
  EXPECT_EQ(changed_by(2), wanted);
  EXPECT_EQ(changed_by(2, 1), wanted);
  EXPECT_TRUE(changed_by(1).empty());
  EXPECT_TRUE(changed_by(7).empty());
}

TEST_F(ZoningTest, BadRulesAreRefusedByFieldAndNumberAndChangeNothing) {
  const auto refused = [&](ZoningRule rule, Field field) {
    const Outcome outcome = load(1, {r122(), rule});
    expect_refused(outcome, Refusal::kOutOfRange, field);
    EXPECT_EQ(outcome.until.ms, 2);
    EXPECT_EQ(state_of(1), ZoningState::kNone);
  };
  ZoningRule rule = green();
  rule.zone = text<7>("1A");
  refused(rule, Field::kZone);
  rule.zone = text<7>("r12");
  refused(rule, Field::kZone);
  rule.zone = {};
  refused(rule, Field::kZone);
  rule = green();
  rule.coverage_permille = 1001;
  refused(rule, Field::kCoverage);
  rule = green();
  rule.floors = 201;
  refused(rule, Field::kFloors);
  rule = green();
  rule.area_min_m2 = 10'000'001;
  refused(rule, Field::kArea);
  rule = green();
  rule.street_min_dm = 10'001;
  refused(rule, Field::kStreetWidth);
  rule = green();
  rule.street_effect = 201;
  refused(rule, Field::kEffect);
  expect_refused(load(0, {r122()}), Refusal::kOutOfRange, Field::kVersion);
  expect_refused(load(1, {}), Refusal::kOutOfRange, Field::kCount);
  expect_refused(load(1, {r122()}, 257), Refusal::kOutOfRange, Field::kCount);
}

TEST_F(ZoningTest, AVersionThatDoesNotHoldTogetherIsNotValidated) {
  ASSERT_EQ(load(1, {r122(), green(), r122()}).refusal, Refusal::kNone);
  expect_refused(validate(1), Refusal::kNotCompatible, Field::kZone);
  EXPECT_EQ(state_of(1), ZoningState::kLoaded);
  EXPECT_EQ(drop(1).refusal, Refusal::kNone);
  ZoningRule rule = r122();
  rule.area_effect = 0;
  ASSERT_EQ(load(1, {rule}).refusal, Refusal::kNone);
  expect_refused(validate(1), Refusal::kNotCompatible, Field::kEffect);
  EXPECT_EQ(drop(1).refusal, Refusal::kNone);
  expect_refused(validate(1), Refusal::kUnknownZoning, Field::kVersion);
}

TEST_F(ZoningTest, NoVersionComesIntoForceInThePastOrBeforeAnother) {
  put_in_force(1, {r122()});
  for (const std::uint16_t version : {std::uint16_t{2}, std::uint16_t{3}}) {
    ASSERT_EQ(load(version, {r122()}).refusal, Refusal::kNone);
    ASSERT_EQ(validate(version).refusal, Refusal::kNone);
  }
  expect_refused(notify(2, -1), Refusal::kOutOfRange, Field::kValidity);
  EXPECT_EQ(notify(2, 3 * kHour).refusal, Refusal::kNone);
  expect_refused(notify(3, 2 * kHour), Refusal::kNotCompatible, Field::kValidity);
  expect_refused(drop(2), Refusal::kMissing, Field::kNote);
  EXPECT_EQ(drop(2, "a wrong letter").refusal, Refusal::kNone);
  EXPECT_EQ(notify(3, 2 * kHour).refusal, Refusal::kNone);
  expect_refused(drop(1), Refusal::kWrongState, Field::kState);
}

TEST_F(ZoningTest, AVersionThatStillJudgesACaseIsKept) {
  put_in_force(1, {r122()});
  const CaseId id = file("R122", 5);
  for (std::uint16_t version = 2; version <= kZoningVersionsMax; ++version)
    put_in_force(version, {r122()});
  put_in_force(9, {r122()});  // in the place of version 2, which judges nothing
  EXPECT_EQ(state_of(2), ZoningState::kNone);
  EXPECT_EQ(state_of(1), ZoningState::kSuperseded);
  EXPECT_EQ(case_view(id).zoning_version, 1);
  expect_refused(drop(1), Refusal::kWrongState, Field::kState);
  expect_refused(load(5, {r122()}), Refusal::kWrongState, Field::kState);
}

TEST_F(ZoningTest, BadSubmissionsAreRefusedByField) {
  const auto refused = [&](auto change, Field field) {
    SubmitCase body = submission(kNewBuild);
    change(body);
    expect_refused(apply(CommandKind::kSubmitCase, body, office()), Refusal::kOutOfRange, field);
  };
  refused([](SubmitCase& body) { body.zone = text<7>("r122"); }, Field::kZone);
  refused([](SubmitCase& body) { body.zone.size = 8; }, Field::kZone);
  refused([](SubmitCase& body) { body.coverage_permille = 1001; }, Field::kCoverage);
  refused([](SubmitCase& body) { body.street_width_dm = 10'001; }, Field::kStreetWidth);
}

// ---- the share of other organisations (R17) ----

class ShareTest : public ZoningTest {
 protected:
  void set_share(std::uint8_t percent) {
    SetPolicy policy;
    policy.reserved_share_percent = percent;
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  }
  /// Claims, starts and completes; the class of the job.
  PriorityClass work_class() {
    const Outcome lease = claim(kClerk);
    const PriorityClass priority = job_view(lease.job).priority;
    EXPECT_EQ(start(lease, kClerk).refusal, Refusal::kNone);
    EXPECT_EQ(complete(lease, kClerk).refusal, Refusal::kNone);
    return priority;
  }
};

TEST_F(ShareTest, WithoutAShareTheMunicipalityComesFirst) {
  for (int i = 0; i < 4; ++i) submit(kNewBuild, kOthers);
  for (int i = 0; i < 4; ++i) submit(kNewBuild, kCity);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(work_class(), PriorityClass::kMunicipal);
  EXPECT_EQ(work_class(), PriorityClass::kOther);
  EXPECT_EQ(scheduler_.stats().reserved_share_starts, 0U);
}

TEST_F(ShareTest, AShareIsNeverMoreThanItsPartOfTheDayAndIsCounted) {
  set_share(25);
  for (int i = 0; i < 6; ++i) submit(kNewBuild, kOthers);
  for (int i = 0; i < 9; ++i) submit(kNewBuild, kCity);
  // All jobs are of 30 minutes: the fourth of each four may be theirs.
  for (int job = 1; job <= 8; ++job) {
    EXPECT_EQ(work_class(), job % 4 == 0 ? PriorityClass::kOther : PriorityClass::kMunicipal)
        << "job " << job;
  }
  const StatsView stats = scheduler_.stats();
  EXPECT_EQ(stats.reserved_share_starts, 2U);
  EXPECT_EQ(stats.municipal_first_violations, 0U);
}

TEST_F(ShareTest, TheRecordOfTheChoiceAndTheHistorySayThatItWasTheShare) {
  set_share(100);
  const Outcome other = submit(kNewBuild, kOthers);
  submit(kNewBuild, kCity);
  const Outcome lease = claim(kClerk);
  EXPECT_EQ(lease.job, other.job);
  DecisionView decision;
  ASSERT_TRUE(scheduler_.find_decision(lease.job, decision));
  EXPECT_TRUE(decision.by_share);
  ASSERT_EQ(start(lease, kClerk).refusal, Refusal::kNone);
  EXPECT_EQ(count_events(other.case_id, EventKind::kShareUsed), 1U);
}

TEST_F(ShareTest, NothingGoesBeforeWhatWasExpedited) {
  set_share(100);
  submit(kNewBuild, kOthers);
  const Outcome urgent = submit(kNewBuild, kCity);
  Expedite body;
  body.id = urgent.case_id;
  body.note = text<79>("a hospital");
  ASSERT_EQ(apply(CommandKind::kExpedite, body, supervisor()).refusal, Refusal::kNone);
  EXPECT_EQ(claim(kClerk).job, urgent.job);
}

}  // namespace
}  // namespace permitd::tests
