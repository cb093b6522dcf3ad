// Goal: a case's events come back whole and in order, memory is given back, old notes read as
// empty. Method: every field at its greatest value; filling, freeing and refilling; damaged bytes.
#include "scheduler/history_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "tests/support/seeded.h"
#include "tests/support/state_bytes.h"

namespace permitd::scheduler {
namespace {

Note note_of(std::string_view text) {
  Note note;
  note.size = static_cast<std::uint8_t>(text.size());
  std::copy(text.begin(), text.end(), note.bytes.begin());
  return note;
}

Event event_of(std::uint64_t op) {
  Event event;
  event.op = Op{op};
  event.at = Tick{static_cast<std::int64_t>(op) * 10};
  return event;
}

std::vector<HistoryView> all_of(const HistoryPool& pool, const HistoryChain& chain) {
  std::vector<HistoryView> views(chain.count);
  views.resize(pool.list(chain, CaseId{}, 0, views));
  return views;
}

/// Writes notes and one chain, as an owner of chains would.
struct PoolAndChain {
  HistoryPool pool;
  HistoryChain chain;

  void write_state(StateSink& sink) const {
    pool.write_notes(sink);
    pool.write_chain(sink, chain);
  }
  bool read_state(StateSource& source) {
    pool.clear();
    chain = {};
    if (pool.read_notes(source) && pool.read_chain(source, chain)) return true;
    pool.clear();
    return false;
  }
};

class HistoryPoolTest : public testing::Test {
 protected:
  HistoryPoolTest() { pool_.reserve(8, 3); }
  HistoryPool pool_;
  HistoryChain chain_;
};

TEST_F(HistoryPoolTest, EveryFieldSurvivesAtItsGreatest) {
  Event event;
  event.op = Op{(std::uint64_t{1} << 44) - 1};
  event.at = Tick{(std::int64_t{1} << 44) - 1};
  event.case_id = CaseId{UINT64_MAX};
  event.job = JobId{(std::uint64_t{1} << 43) - 1};
  event.actor = {ActorKind::kAuditor, UINT32_MAX};
  event.expert = ExpertId{kLimitsMax.experts_max};
  event.office = OfficeId{9999};
  event.kind = EventKind::kCapacityOverridden;
  event.stage = Stage::kPermitDelivery;
  event.before = kCaseStateCount - 1;
  event.after = kCaseStateCount - 1;
  event.reason = Reason::kOther;
  ASSERT_TRUE(pool_.append(chain_, event, nullptr));
  HistoryView view;
  ASSERT_EQ(pool_.list(chain_, CaseId{UINT64_MAX}, 0, {&view, 1}), 1U);
  EXPECT_EQ(view.event, event);
  EXPECT_EQ(view.note, Note{});
}

TEST_F(HistoryPoolTest, MomentsOutsideWhatIsKeptSaturate) {
  Event event = event_of(1);
  event.at = kNever;
  ASSERT_TRUE(pool_.append(chain_, event, nullptr));
  event.at = Tick{-5};
  ASSERT_TRUE(pool_.append(chain_, event, nullptr));
  const auto views = all_of(pool_, chain_);
  EXPECT_EQ(views[0].event.at.ms, (std::int64_t{1} << 44) - 1);
  EXPECT_EQ(views[1].event.at.ms, 0);
}

TEST_F(HistoryPoolTest, ListsFromTheOldestInPages) {
  for (std::uint64_t op = 1; op <= 7; ++op)
    ASSERT_TRUE(pool_.append(chain_, event_of(op), nullptr));
  std::array<HistoryView, 3> page;
  ASSERT_EQ(pool_.list(chain_, CaseId{5}, 0, page), 3U);
  EXPECT_EQ(page[0].event.op, Op{1});
  EXPECT_EQ(page[2].event.op, Op{3});
  EXPECT_EQ(page[2].event.case_id, CaseId{5});
  ASSERT_EQ(pool_.list(chain_, CaseId{5}, 6, page), 1U);
  EXPECT_EQ(page[0].event.op, Op{7});
  EXPECT_EQ(pool_.list(chain_, CaseId{5}, 7, page), 0U);
  EXPECT_EQ(pool_.list(chain_, CaseId{5}, SIZE_MAX, page), 0U);
  EXPECT_EQ(pool_.list(chain_, CaseId{5}, 0, {}), 0U);
}

TEST_F(HistoryPoolTest, ARegistrationAndTheJobItCreatesShareOneRecord) {
  Event registered = event_of(5);
  registered.after = raw(CaseState::kRegistered);
  registered.actor = {ActorKind::kOffice, 101};
  registered.office = OfficeId{101};
  Event created = registered;
  created.kind = EventKind::kJobCreated;
  created.job = JobId{9};
  created.after = raw(JobState::kScheduled);
  ASSERT_TRUE(pool_.append(chain_, registered, nullptr));
  ASSERT_TRUE(pool_.append(chain_, created, nullptr));
  EXPECT_EQ(pool_.count(), 1U);
  const auto views = all_of(pool_, chain_);
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[0].event, registered);
  EXPECT_EQ(views[1].event, created);
  HistoryView second;
  ASSERT_EQ(pool_.list(chain_, CaseId{}, 1, {&second, 1}), 1U);
  EXPECT_EQ(second.event, created);
}

TEST_F(HistoryPoolTest, AJobThatDiffersFromItsCaseInAnythingKeepsARecordOfItsOwn) {
  Event registered = event_of(5);
  Event created = registered;
  created.kind = EventKind::kJobCreated;
  created.job = JobId{9};
  const auto change = [&](int field) {
    Event other = created;
    if (field == 0) other.op = Op{6};
    if (field == 1) other.stage = Stage::kPlanReview;
    if (field == 2) other.actor = {ActorKind::kSupervisor, 1};
    if (field == 3) other.office = OfficeId{7};
    if (field == 4) other.after = raw(JobState::kAssigned);
    if (field == 5) other.reason = Reason::kDefect;
    return other;
  };
  for (int field = 0; field < 6; ++field) {
    HistoryPool pool;
    HistoryChain chain;
    pool.reserve(8, 3);
    ASSERT_TRUE(pool.append(chain, registered, nullptr));
    ASSERT_TRUE(pool.append(chain, change(field), nullptr));
    EXPECT_EQ(pool.count(), 2U) << field;
    EXPECT_EQ(all_of(pool, chain)[1].event, change(field)) << field;
  }
}

TEST_F(HistoryPoolTest, AFullPoolDropsTheEventAndSaysSo) {
  for (std::uint64_t op = 1; op <= 8; ++op)
    ASSERT_TRUE(pool_.append(chain_, event_of(op), nullptr));
  EXPECT_TRUE(pool_.full());
  HistoryChain other;
  EXPECT_FALSE(pool_.append(other, event_of(9), nullptr));
  EXPECT_EQ(other.count, 0U);
  EXPECT_EQ(chain_.count, 8U);
}

TEST_F(HistoryPoolTest, AFreedChainGivesAllItsRoomBack) {
  HistoryChain other;
  for (std::uint64_t op = 1; op <= 8; ++op) {
    ASSERT_TRUE(pool_.append(op % 2 == 0 ? chain_ : other, event_of(op), nullptr));
  }
  pool_.free(chain_);
  EXPECT_EQ(chain_.count, 0U);
  EXPECT_EQ(pool_.count(), 4U);
  pool_.free(chain_);  // empty: nothing to do
  for (std::uint64_t op = 9; op <= 12; ++op) {
    ASSERT_TRUE(pool_.append(chain_, event_of(op), nullptr));
  }
  EXPECT_TRUE(pool_.full());
  EXPECT_EQ(all_of(pool_, chain_)[0].event.op, Op{9});
  EXPECT_EQ(all_of(pool_, other)[3].event.op, Op{7});
}

TEST_F(HistoryPoolTest, OneCaseCannotTakeMoreThanItsShare) {
  HistoryPool large;
  large.reserve(HistoryPool::kChainMax + 10, 1);
  for (std::uint64_t op = 1; op <= HistoryPool::kChainMax; ++op) {
    ASSERT_TRUE(large.append(chain_, event_of(op), nullptr));
  }
  EXPECT_FALSE(large.append(chain_, event_of(5000), nullptr));
  EXPECT_EQ(large.count(), HistoryPool::kChainMax);
}

TEST_F(HistoryPoolTest, AnOverwrittenNoteReadsAsEmpty) {
  for (std::uint64_t op = 1; op <= 4; ++op) {
    const Note note = note_of(std::string(op, 'x'));
    ASSERT_TRUE(pool_.append(chain_, event_of(op * 2), &note));
  }
  const auto views = all_of(pool_, chain_);
  EXPECT_EQ(views[0].note, Note{}) << "the ring has room for three";
  EXPECT_EQ(views[1].note, note_of("xx"));
  EXPECT_EQ(views[3].note, note_of("xxxx"));
}

TEST_F(HistoryPoolTest, EventsOfOneCommandShareOneNote) {
  const Note note = note_of("why");
  const Note empty;
  ASSERT_TRUE(pool_.append(chain_, event_of(3), &note));
  ASSERT_TRUE(pool_.append(chain_, event_of(3), &note));
  ASSERT_TRUE(pool_.append(chain_, event_of(3), nullptr));
  ASSERT_TRUE(pool_.append(chain_, event_of(4), &empty));
  const auto views = all_of(pool_, chain_);
  EXPECT_EQ(views[0].note, note);
  EXPECT_EQ(views[1].note, note);
  EXPECT_EQ(views[2].note, Note{});
  EXPECT_EQ(views[3].note, Note{});
}

TEST_F(HistoryPoolTest, WithoutRoomForNotesEventsAreKeptAllTheSame) {
  HistoryPool bare;
  bare.reserve(2, 0);
  const Note note = note_of("lost");
  ASSERT_TRUE(bare.append(chain_, event_of(1), &note));
  EXPECT_EQ(all_of(bare, chain_)[0].note, Note{});
}

TEST_F(HistoryPoolTest, GrowingKeepsEventsAndNotes) {
  for (std::uint64_t op = 1; op <= 5; ++op) {
    const Note note = note_of(std::string(op, 'n'));
    ASSERT_TRUE(pool_.append(chain_, event_of(op), &note));
  }
  pool_.reserve(100, 50);
  const Note later = note_of("later");
  ASSERT_TRUE(pool_.append(chain_, event_of(6), &later));
  const auto views = all_of(pool_, chain_);
  EXPECT_EQ(views[1].note, Note{});
  EXPECT_EQ(views[2].note, note_of("nnn"));
  EXPECT_EQ(views[5].note, later);
}

TEST_F(HistoryPoolTest, StateDoesNotSayWhereRecordsLie) {
  PoolAndChain direct;
  PoolAndChain detour;
  direct.pool.reserve(8, 3);
  detour.pool.reserve(8, 3);
  HistoryChain passing;
  const Note note = note_of("n");
  for (std::uint64_t op = 1; op <= 3; ++op) detour.pool.append(passing, event_of(op), nullptr);
  for (std::uint64_t op = 4; op <= 6; ++op) {
    direct.pool.append(direct.chain, event_of(op), &note);
    detour.pool.append(detour.chain, event_of(op), &note);
  }
  detour.pool.free(passing);
  const tests::Bytes bytes = tests::state_bytes(direct);
  EXPECT_EQ(tests::state_bytes(detour), bytes);
  PoolAndChain read;
  read.pool.reserve(8, 3);
  ASSERT_TRUE(tests::read_bytes(read, bytes));
  EXPECT_EQ(tests::state_bytes(read), bytes);
  EXPECT_EQ(all_of(read.pool, read.chain)[2].note, note);
}

TEST_F(HistoryPoolTest, DamagedStateIsRefusedOrStillConsistent) {
  PoolAndChain kept;
  kept.pool.reserve(8, 3);
  const Note note = note_of("note");
  for (std::uint64_t op = 1; op <= 4; ++op) kept.pool.append(kept.chain, event_of(op), &note);
  Event created = event_of(4);
  created.kind = EventKind::kJobCreated;
  created.job = JobId{1};
  kept.pool.append(kept.chain, created, &note);
  ASSERT_EQ(kept.pool.count(), 4U);
  EXPECT_EQ(tests::damage_not_met(kept, tests::state_bytes(kept)), "");
}

}  // namespace
}  // namespace permitd::scheduler
