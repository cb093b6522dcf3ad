// What the parts of a rehearsal share: the city, the clock, what is to come, the calls to be made,
// and what is known of each case. Made by ReplayRun, lent to the parts. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cli/city_file.h"
#include "cli/replay_agenda.h"
#include "cli/replay_chance.h"
#include "cli/replay_filings.h"
#include "cli/replay_habits.h"
#include "cli/replay_port.h"
#include "cli/replay_tally.h"
#include "scheduler/working_calendar.h"

namespace permitd::cli {

/// A case that this rehearsal has filed and the daemon has acknowledged.
struct CaseFile {
  scheduler::CaseId id{};
  std::uint32_t filing = 0;  // index into ReplayWorld::filings
  scheduler::CaseState state = scheduler::CaseState::kDraft;
  std::uint32_t generation = 0;  // counts the changes of state; entries of the agenda carry it
  std::array<std::uint8_t, kWorkRowCount> attempts{};  // jobs finished so far, by work_row
  std::uint8_t visits = 0;                             // appointments told so far
  bool fees_paid = false;
  bool ended = false;
};

struct ReplayWorld {
  ReplayWorld(const City& of_city, const scheduler::WorkingCalendar& of_calendar,
              std::vector<Filing> of_filings, const Habits& of_habits, std::uint64_t seed,
              std::uint64_t of_salt)
      : city(of_city),
        calendar(of_calendar),
        filings(std::move(of_filings)),
        habits(of_habits),
        chance(seed),
        salt(of_salt) {}

  const City& city;
  const scheduler::WorkingCalendar& calendar;
  std::vector<Filing> filings;
  Habits habits;
  Chance chance;
  std::uint64_t salt;  // tells apart the keys of two rehearsals of one seed at one daemon
  Agenda agenda;
  Tally tally;
  scheduler::Tick now;
  std::vector<ReplayCall> outbox;  // leaves with the next round
  std::vector<CaseFile> cases;     // in the order of their acknowledgement
  std::unordered_map<std::uint64_t, std::uint32_t> case_index;
  std::uint64_t keys_made = 0;

  /// A call with a key of its own, at the end of the outbox; the reference is good until the next
  /// one.
  ReplayCall& call(CallKind kind, scheduler::Actor actor) {
    auto& made = outbox.emplace_back();
    made.kind = kind;
    made.actor = actor;
    ++keys_made;
    made.key = {chance.bits(Draw::kKey, salt, 2 * keys_made),
                chance.bits(Draw::kKey, salt, 2 * keys_made + 1)};
    return made;
  }

  /// Null for a case that somebody else has filed.
  CaseFile* find_case(scheduler::CaseId id) {
    const auto found = case_index.find(raw(id));
    return found == case_index.end() ? nullptr : &cases[found->second];
  }

  scheduler::Tick after_minutes(std::int64_t minutes) const {
    return {now.ms + minutes * scheduler::kMsPerMinute};
  }
  /// kNever where the calendar ends before: what waits for it does not happen.
  scheduler::Tick after_working(std::int64_t minutes) const {
    return calendar.add_working_minutes(now, minutes);
  }
};

inline constexpr scheduler::Actor kCitySupervisor{scheduler::ActorKind::kSupervisor, 1};

}  // namespace permitd::cli
