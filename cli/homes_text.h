// What becomes of an office that leaves and of its cases, and of the work of an expert who is
// absent, in words of either language. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/table.h"
#include "protocol/permit.capnp.h"
#include "protocol/words.h"
#include "scheduler/types.h"

namespace permitd::cli {

/// Each case with its new office and why.
Table homes_table(protocol::NewHomes::Reader homes, protocol::Language language);
/// Each job in the hands of the office's experts, which goes back to the queue.
Table held_table(protocol::NewHomes::Reader homes, protocol::Language language);
/// All cases in a few sentences.
std::string homes_summary(scheduler::OfficeId office, protocol::NewHomes::Reader homes,
                          protocol::Language language);

struct LeavingFigures {
  scheduler::OfficeId office{};
  std::uint64_t open = 0;  // jobs of its own cases
  std::uint64_t held = 0;  // jobs that its people hold on other offices' cases
  scheduler::Tick from;    // when it leaves; zero: at once
  scheduler::Tick until;   // when it is Active again; zero: by another command
  // Of the policy: whether what is held comes back at once, or at the end of that day's shift.
  scheduler::JobsInHand in_hand = scheduler::JobsInHand::kReturned;
};
/// What it brings about that the office leaves Active; `afterwards` is its last sentence.
std::string leaving_text(const LeavingFigures& figures, protocol::NewHomes::Reader homes,
                         std::string_view afterwards, protocol::Language language);
/// What becomes of its cases then.
std::string afterwards_text(scheduler::OfficeId office, bool by_themselves,
                            protocol::Language language);
/// What the office is now; `afterwards` may be empty.
std::string office_state_text(scheduler::OfficeId office, scheduler::OfficeState state,
                              std::string_view afterwards, protocol::Language language);
/// The same of a suspension that begins or ends by itself; zero: at once, and by another command.
std::string office_suspension_text(scheduler::OfficeId office, scheduler::Tick from,
                                   scheduler::Tick until, std::string_view afterwards,
                                   protocol::Language language);
/// What it would be that an office is Active again.
std::string office_return_text(scheduler::OfficeId office, scheduler::OfficeState now,
                               protocol::Language language);

struct HandFigures {
  std::uint64_t expert = 0;
  std::uint64_t assigned = 0;
  std::uint64_t started = 0;
};
/// What an absence gives back.
std::string absence_text(const HandFigures& figures, protocol::Language language);
/// That it is recorded; equal moments: that the expert is back.
std::string absence_done_text(std::uint64_t expert, scheduler::Tick from, scheduler::Tick until,
                              protocol::Language language);

/// The short ones.
enum class HomesWord : std::uint8_t { kNothingChanged, kNobodyLeaves, kMoveThem };
inline constexpr std::size_t kHomesWordCount = 3;
std::string_view homes_word(HomesWord word, protocol::Language language);
std::string moved_text(std::uint64_t count, protocol::Language language);

}  // namespace permitd::cli
