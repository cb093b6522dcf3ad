// What the rehearsal needs of a daemon, as plain values: calls with their answers, the clock, the
// feed of events, and the city's figures. replay_wire.h speaks RPC behind it; tests put the core
// itself there. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/command.h"
#include "scheduler/outcome.h"
#include "scheduler/views.h"

namespace permitd::cli {

/// Who calls what; the actor of the call must have the method.
enum class CallKind : std::uint8_t {
  kSubmit,  // office
  kAnswer,
  kWithdraw,
  kFees,
  kSchedule,
  kClose,
  kClaim,  // expert; always one job
  kUnclaim,
  kWorklist,
  kStart,
  kRenew,
  kComplete,
  kReturn,
  kDecline,
  kDecide,  // supervisor
  kAbsence,
  kRelease,
  kRefer,
  kReadCase,
};
inline constexpr std::size_t kCallKindCount = 19;
constexpr std::string_view call_kind_name(CallKind kind) {
  constexpr std::array<std::string_view, kCallKindCount> kNames{
      "submit",         "answer",     "withdraw", "recordFees", "schedule", "close",  "claim",
      "unclaim",        "worklist",   "start",    "renew",      "complete", "return", "decline",
      "recordDecision", "setAbsence", "release",  "refer",      "case"};
  return kNames[static_cast<std::size_t>(kind)];
}

/// A job in an expert's worklist.
struct WorkItem {
  scheduler::JobId job{};
  scheduler::CaseId case_id{};
  scheduler::LeaseToken token{};
  scheduler::Tick ready_since;
  scheduler::Tick lease_until;
  std::uint16_t effort_minutes = 0;
  scheduler::Stage stage{};
  scheduler::JobKind kind{};
  scheduler::JobState state{};
  bool rework = false;
};

/// Members that a kind does not use stay as they are made.
struct ReplayAnswer {
  scheduler::Refusal refusal = scheduler::Refusal::kNone;
  scheduler::Filter filter{};
  scheduler::Op op{};
  scheduler::CaseId case_id{};
  scheduler::JobId job{};
  scheduler::LeaseToken token{};
  scheduler::Tick until;
  std::uint8_t state = 0;  // CaseState or JobState of what the call was about
  bool repeated = false;
  std::string reference;        // kReadCase
  std::vector<WorkItem> items;  // kWorklist
  bool accepted() const { return refusal == scheduler::Refusal::kNone; }
};

struct ReplayCall {
  CallKind kind{};
  scheduler::HalfDay half{};
  bool yes = false;  // kDecide: approved; kRefer: to the commission
  scheduler::Reason reason{};
  std::int32_t day = 0;  // kSchedule
  scheduler::Actor actor;
  scheduler::IdempotencyKey key;
  scheduler::CaseId case_id{};
  scheduler::JobId job{};
  scheduler::LeaseToken token{};
  scheduler::ExpertId expert{};  // kAbsence
  scheduler::Tick from;
  scheduler::Tick until;
  const scheduler::SubmitCase* submission = nullptr;  // kSubmit; outlives the call
  std::uint32_t subject = 0;                          // the caller's own
  ReplayAnswer answer;
};

/// Everything an office has been told up to `op` must have come before the rehearsal goes on.
struct Fence {
  scheduler::OfficeId office{};
  scheduler::Op op{};
};

class ReplayPort {
 public:
  virtual ~ReplayPort() = default;

  /// Moves the clock; the time it stands at then.
  virtual std::expected<scheduler::Tick, std::string> advance(scheduler::Tick to) = 0;
  /// Carries out independent calls, those of one actor in order, and fills their answers. A call is
  /// tried again with its key until it is answered; an error means that the daemon stays away.
  virtual std::expected<void, std::string> execute(std::span<ReplayCall> calls) = 0;
  /// Appends the events of the city's cases that have come since the last call, waiting for the
  /// fences. False: some may have been lost, so what matters must be read again.
  virtual std::expected<bool, std::string> collect(std::span<const Fence> fences,
                                                   std::vector<scheduler::Event>& out) = 0;

  virtual std::expected<scheduler::StatsView, std::string> figures() = 0;
  virtual std::expected<std::vector<scheduler::OfficeView>, std::string> offices() = 0;
  /// Open jobs by stage, summed over the cells of the city: an account other than that of
  /// figures().
  virtual std::expected<std::array<std::uint64_t, scheduler::kStageCount>, std::string>
  open_jobs() = 0;
};

}  // namespace permitd::cli
