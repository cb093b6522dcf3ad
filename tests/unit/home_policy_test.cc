// Goal: the open cases of an office that leaves Active move by themselves where the policy says so,
// to the very offices that the preview names; otherwise they stay for a supervisor. Method: a city
// of four offices in two districts, one of which is set to each state under each policy.
#include <gtest/gtest.h>

#include <set>

#include "daemon/new_homes.h"
#include "tests/support/small_city.h"

namespace permitd::tests {
namespace {

constexpr OfficeId kThirdOffice{103};
constexpr OfficeId kFarOffice{104};

class HomePolicyTest : public SmallCity {
 protected:
  void SetUp() override {
    SmallCity::SetUp();
    define_office(kThirdOffice);
    define_office(kFarOffice);
    settle(kFarOffice, 9);
    settle(kOffice, 5);
    settle(kOtherOffice, 5);
    settle(kThirdOffice, 5);
    for (std::uint32_t number = 7; number < 10; ++number)
      define_expert(ExpertId{number}, kThirdOffice, {Skill::kInspect});
  }

  void settle(OfficeId id, District district) {
    DefineOffice body;
    body.office = id;
    body.district = district;
    body.state = OfficeState::kActive;
    body.licensee = PersonId{5000 + std::uint64_t{raw(id)}};
    body.technical_manager = PersonId{6000 + std::uint64_t{raw(id)}};
    ASSERT_EQ(apply(CommandKind::kDefineOffice, body, supervisor()).refusal, Refusal::kNone);
  }

  void set_homes(HomePolicy homes) {
    SetPolicy policy;
    policy.homes = homes;
    ASSERT_EQ(apply(CommandKind::kSetPolicy, policy, supervisor()).refusal, Refusal::kNone);
  }

  void set_office(OfficeId id, OfficeState state) {
    SetOfficeState body;
    body.office = id;
    body.state = state;
    ASSERT_EQ(apply(CommandKind::kSetOfficeState, body, supervisor()).refusal, Refusal::kNone);
  }

  void file_cases(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) filed_.push_back(submit(kNewBuild).case_id);
  }

  std::vector<daemon::NewHome> preview() const {
    daemon::HomelessQuery query(daemon::Scope{}, kOffice);
    while (!query.run(scheduler_)) {
    }
    return daemon::propose_homes(query.cases, query.offices, kOffice);
  }

  std::size_t moved() const {
    return static_cast<std::size_t>(std::count_if(
        filed_.begin(), filed_.end(), [&](CaseId id) { return case_view(id).office != kOffice; }));
  }

  std::vector<CaseId> filed_;
};

TEST_F(HomePolicyTest, CasesStayWhereTheyAreOnlyProposed) {
  file_cases(5);  // as the policy has it by itself
  set_office(kOffice, OfficeState::kRevoked);
  wait(60);
  EXPECT_EQ(moved(), 0U);
}

TEST_F(HomePolicyTest, EachStateMovesThemAsThePolicySays) {
  struct Row {
    HomePolicy homes;
    OfficeState state;
    std::size_t moved;
  };
  constexpr Row kRows[] = {
      {HomePolicy::kWhenEnded, OfficeState::kSuspended, 0},
      {HomePolicy::kWhenInactive, OfficeState::kSuspended, 4},
      {HomePolicy::kWhenEnded, OfficeState::kSurrendered, 6},
  };
  for (const Row& row : kRows) {
    file_cases(2);
    set_homes(row.homes);
    set_office(kOffice, row.state);
    wait(1);
    EXPECT_EQ(moved(), row.moved) << raw(row.homes) << " " << raw(row.state);
    if (row.state == OfficeState::kSuspended) set_office(kOffice, OfficeState::kActive);
  }
}

TEST_F(HomePolicyTest, TheyGoWhereThePreviewSaid) {
  set_homes(HomePolicy::kWhenEnded);
  file_cases(50);  // more than one firing moves
  const std::vector<daemon::NewHome> said = preview();
  ASSERT_EQ(said.size(), 50U);
  set_office(kOffice, OfficeState::kRevoked);
  EXPECT_EQ(moved(), 0U);  // the command itself only begins it
  wait(1);
  std::set<OfficeId> homes;
  for (const daemon::NewHome& one : said) {
    EXPECT_EQ(case_view(one.homeless.case_id).office, one.office);
    EXPECT_EQ(one.reason, daemon::HomeReason::kDistrict);
    homes.insert(one.office);
  }
  EXPECT_EQ(homes, (std::set<OfficeId>{kOtherOffice, kThirdOffice}));
  EXPECT_TRUE(preview().empty());
}

TEST_F(HomePolicyTest, AMoveIsToldWithItsReason) {
  set_homes(HomePolicy::kWhenEnded);
  file_cases(1);
  set_office(kOffice, OfficeState::kSurrendered);
  wait(1);
  std::array<HistoryView, 16> history;
  const std::size_t count = scheduler_.list_history(filed_[0], 0, history);
  const auto end = history.begin() + static_cast<std::ptrdiff_t>(count);
  const auto move = std::find_if(history.begin(), end, [](const HistoryView& view) {
    return view.event.kind == EventKind::kCaseMoved;
  });
  ASSERT_NE(move, end);
  EXPECT_EQ(move->event.reason, Reason::kOfficeInactive);
  EXPECT_EQ(move->event.actor.kind, ActorKind::kEngine);
}

TEST_F(HomePolicyTest, ACaseThatNobodyTakesStays) {
  set_homes(HomePolicy::kWhenInactive);
  file_cases(3);
  for (const OfficeId id : {kOtherOffice, kThirdOffice, kFarOffice})
    set_office(id, OfficeState::kSuspended);
  set_office(kOffice, OfficeState::kSuspended);
  wait(60);
  EXPECT_EQ(moved(), 0U);
  EXPECT_EQ(preview()[0].reason, daemon::HomeReason::kNone);
}

TEST_F(HomePolicyTest, AnOfficeThatComesBackAtOnceKeepsThem) {
  set_homes(HomePolicy::kWhenInactive);
  file_cases(3);
  set_office(kOffice, OfficeState::kSuspended);
  set_office(kOffice, OfficeState::kActive);
  wait(60);
  EXPECT_EQ(moved(), 0U);
}

TEST_F(HomePolicyTest, APolicyThatComesLaterMovesTheCasesOfWhoHasLeftAlready) {
  file_cases(3);
  set_office(kOffice, OfficeState::kSuspended);
  wait(60);
  ASSERT_EQ(moved(), 0U);
  set_homes(HomePolicy::kWhenEnded);
  wait(60);
  EXPECT_EQ(moved(), 0U) << "suspended is not ended";
  set_homes(HomePolicy::kWhenInactive);
  EXPECT_EQ(moved(), 0U);  // the command itself only begins it
  wait(1);
  EXPECT_EQ(moved(), 3U);
}

TEST_F(HomePolicyTest, APolicyThatIsTakenBackStopsWhatHasBegun) {
  set_homes(HomePolicy::kWhenEnded);
  file_cases(3);
  set_office(kOffice, OfficeState::kRevoked);
  set_homes(HomePolicy::kPropose);
  wait(60);
  EXPECT_EQ(moved(), 0U);
}

TEST_F(HomePolicyTest, ThePreviewNamesTheJobsThatComeBackWhoseverCaseItIs) {
  const Outcome own = submit(kReport);
  const Outcome foreign =
      apply(CommandKind::kSubmitCase, submission(kReport), office(kOtherOffice));
  for (int i = 0; i < 2; ++i) ASSERT_EQ(claim(kClerk).refusal, Refusal::kNone);
  ASSERT_EQ(job_view(own.job).holder, kClerk);
  ASSERT_EQ(job_view(foreign.job).holder, kClerk);
  daemon::HomelessQuery query(daemon::Scope{}, kOffice);
  while (!query.run(scheduler_)) {
  }
  ASSERT_EQ(query.cases.size(), 1U);
  ASSERT_EQ(query.held.size(), 2U);
  std::set<std::pair<JobId, OfficeId>> held;
  for (const daemon::HeldBack& one : query.held) {
    EXPECT_EQ(one.holder, kClerk);
    EXPECT_EQ(one.state, JobState::kAssigned);
    held.emplace(one.job, one.office);
  }
  EXPECT_EQ(held, (std::set<std::pair<JobId, OfficeId>>{{own.job, kOffice},
                                                        {foreign.job, kOtherOffice}}));
  set_office(kOffice, OfficeState::kSuspended);
  wait(1);
  for (const JobId job : {own.job, foreign.job}) EXPECT_EQ(job_view(job).state, JobState::kReady);
}

}  // namespace
}  // namespace permitd::tests
