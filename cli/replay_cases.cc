#include "cli/replay_cases.h"

#include <fmt/format.h>

#include "cli/local_time.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

using scheduler::Actor;
using scheduler::ActorKind;
using scheduler::CaseState;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::JobState;
using scheduler::Reason;
using scheduler::Refusal;
using scheduler::Stage;
using scheduler::Tick;

// Minutes between telling an appointment and the applicant's call to move it.
constexpr Range kSecondThoughts{10, 60};

}  // namespace

Actor ReplayCases::office_of(const CaseFile& file) const {
  return {ActorKind::kOffice, raw(world_.filings[file.filing].office)};
}

ReplayCall& ReplayCases::call_on_case(CallKind kind, Actor actor, std::uint32_t index) {
  auto& call = world_.call(kind, actor);
  call.subject = index;
  call.case_id = world_.cases[index].id;
  return call;
}

// ---- filing ----

Tick ReplayCases::next_filing() const {
  return all_filed() ? scheduler::kNever : world_.filings[next_].at;
}

void ReplayCases::file_due() {
  for (; !all_filed() && world_.filings[next_].at <= world_.now; ++next_) {
    const Filing& filing = world_.filings[next_];
    auto& call = world_.call(CallKind::kSubmit, {ActorKind::kOffice, raw(filing.office)});
    call.submission = &filing.body;
    call.subject = static_cast<std::uint32_t>(next_);
  }
}

void ReplayCases::submitted(const ReplayCall& call) {
  if (!call.answer.accepted()) {
    ++refused_;
    if (first_refusal_.empty())
      first_refusal_ = std::string(protocol::name_of(call.answer.refusal));
    return;
  }
  const auto index = static_cast<std::uint32_t>(world_.cases.size());
  CaseFile file;
  file.id = call.answer.case_id;
  file.filing = call.subject;
  world_.cases.push_back(file);
  world_.case_index.emplace(raw(file.id), index);
  observe(index, CaseState{call.answer.state});
}

// ---- what a case needs next ----

void ReplayCases::plan_move(std::uint32_t index, Range delay, Draw draw) {
  const CaseFile& file = world_.cases[index];
  const Tick at =
      world_.after_working(world_.chance.within(delay, draw, subject_of(file), file.generation));
  world_.agenda.add(
      at, {.subject = index, .generation = file.generation, .kind = AgendaKind::kCaseMoves});
}

void ReplayCases::plan_fees(std::uint32_t index) {
  const CaseFile& file = world_.cases[index];
  const Tick at = world_.after_working(
      world_.chance.within(world_.habits.fees, Draw::kFeesDelay, subject_of(file)));
  world_.agenda.add(at, {.subject = index, .kind = AgendaKind::kFeesPaid});
}

void ReplayCases::observe(std::uint32_t index, CaseState state) {
  CaseFile& file = world_.cases[index];
  if (file.ended || file.state == state) return;
  file.state = state;
  ++file.generation;
  const auto& habits = world_.habits;
  switch (state) {
    case CaseState::kAwaitingApplicant:
      return plan_move(index, habits.applicant_answers, Draw::kAnswerDelay);
    case CaseState::kAwaitingAgency:
      return plan_move(index, habits.agency_answers, Draw::kAnswerDelay);
    case CaseState::kAwaitingDecision:
      return plan_move(index, habits.decision, Draw::kDecisionDelay);
    case CaseState::kDelivered:
      return plan_move(index, habits.closing, Draw::kCloseDelay);
    case CaseState::kReferred:
      return plan_move(index, habits.commission, Draw::kReferDelay);
    case CaseState::kApproved:
      if (!file.fees_paid) plan_fees(index);
      return;
    case CaseState::kDraft:
    case CaseState::kRegistered:
    case CaseState::kInProgress:
    case CaseState::kHeld:
      return;
    case CaseState::kClosed:
    case CaseState::kRejected:
    case CaseState::kWithdrawn:
    case CaseState::kLapsed:
      break;
  }
  file.ended = true;
  ++ended_;
  const auto minutes = world_.calendar.working_minutes(world_.filings[file.filing].at, world_.now);
  world_.tally.case_minutes.record(static_cast<std::uint64_t>(std::max<std::int64_t>(minutes, 0)));
}

void ReplayCases::move(std::uint32_t index) {
  const CaseFile& file = world_.cases[index];
  const auto& habits = world_.habits;
  const std::uint64_t subject = subject_of(file);
  switch (file.state) {
    case CaseState::kAwaitingApplicant:
      if (world_.chance.happens(habits.withdraw, Draw::kAnswer, subject, file.generation)) {
        call_on_case(CallKind::kWithdraw, office_of(file), index).reason =
            Reason::kApplicantRequest;
        return;
      }
      call_on_case(CallKind::kAnswer, office_of(file), index);
      return;
    case CaseState::kAwaitingAgency:
      call_on_case(CallKind::kAnswer, office_of(file), index);
      return;
    case CaseState::kAwaitingDecision: {
      auto& call = call_on_case(CallKind::kDecide, kCitySupervisor, index);
      call.yes = !world_.chance.happens(habits.reject, Draw::kDecision, subject, file.generation);
      call.reason = call.yes ? Reason::kNone : Reason::kOther;
      return;
    }
    case CaseState::kDelivered:
      call_on_case(CallKind::kClose, office_of(file), index);
      return;
    case CaseState::kReferred:
      call_on_case(CallKind::kRefer, kCitySupervisor, index).yes = false;
      return;
    case CaseState::kDraft:
    case CaseState::kRegistered:
    case CaseState::kInProgress:
    case CaseState::kHeld:
    case CaseState::kApproved:
    case CaseState::kClosed:
    case CaseState::kRejected:
    case CaseState::kWithdrawn:
    case CaseState::kLapsed:
      return;
  }
}

// ---- appointments ----

void ReplayCases::appointment_told(CaseFile& file, const Event& event) {
  const bool missed = event.reason == Reason::kNoAccess;
  const std::uint64_t subject = subject_of(file);
  const std::uint64_t visit = file.visits++;
  const auto share = missed ? world_.habits.rebook_after_miss : world_.habits.rebook;
  if (!world_.chance.happens(share, Draw::kRebook, subject, visit)) return;
  const auto index = static_cast<std::uint32_t>(&file - world_.cases.data());
  const auto thinks = world_.chance.within(kSecondThoughts, Draw::kRebookDay, subject, visit);
  world_.agenda.add(world_.after_minutes(thinks), {.extra = raw(event.job),
                                                   .subject = index,
                                                   .generation = file.generation,
                                                   .kind = AgendaKind::kVisitMoved});
}

void ReplayCases::move_visit(const AgendaItem& item) {
  const CaseFile& file = world_.cases[item.subject];
  const std::uint64_t subject = subject_of(file);
  const std::uint64_t draw = world_.chance.bits(Draw::kRebookDay, subject, 1'000 + file.visits);
  auto day = local_day_of(world_.now);
  auto ahead = world_.chance.within(world_.habits.rebook_days, Draw::kRebookDay, subject,
                                    2'000 + file.visits);
  for (int looked = 0; looked < 60 && ahead > 0; ++looked) {
    if (!world_.calendar.day(++day).empty()) --ahead;
  }
  auto& call = call_on_case(CallKind::kSchedule, office_of(file), item.subject);
  call.job = scheduler::JobId{item.extra};
  call.day = day;
  call.half = (draw & 1) == 0 ? scheduler::HalfDay::kMorning : scheduler::HalfDay::kAfternoon;
}

// ---- what comes ----

void ReplayCases::due(const AgendaItem& item) {
  const CaseFile& file = world_.cases[item.subject];
  if (file.ended) return;
  if (item.kind == AgendaKind::kCaseMoves) {
    if (item.generation == file.generation) move(item.subject);
  } else if (item.kind == AgendaKind::kFeesPaid) {
    if (!file.fees_paid) call_on_case(CallKind::kFees, office_of(file), item.subject);
  } else if (item.kind == AgendaKind::kVisitMoved) {
    if (item.generation == file.generation) move_visit(item);
  } else if (item.kind == AgendaKind::kJobReleased) {
    call_on_case(CallKind::kRelease, kCitySupervisor, item.subject).job =
        scheduler::JobId{item.extra};
  }
}

void ReplayCases::answered(const ReplayCall& call) {
  const ReplayAnswer& answer = call.answer;
  switch (call.kind) {
    case CallKind::kSubmit:
      return submitted(call);
    case CallKind::kFees:
      if (answer.accepted() || answer.refusal == Refusal::kNothingToDo)
        world_.cases[call.subject].fees_paid = true;
      return;
    case CallKind::kAnswer:
    case CallKind::kWithdraw:
    case CallKind::kDecide:
    case CallKind::kClose:
    case CallKind::kRefer:
      // Where it was too late, the refusal tells the present state.
      if (answer.accepted() || answer.refusal == Refusal::kWrongState)
        observe(call.subject, CaseState{answer.state});
      return;
    case CallKind::kReadCase:
      if (!answer.accepted()) return;
      observe(call.subject, CaseState{answer.state});
      for (const WorkItem& item : answer.items) {
        if (item.state != JobState::kEscalated) continue;
        world_.agenda.add(
            world_.after_minutes(world_.habits.escalation.from),
            {.extra = raw(item.job), .subject = call.subject, .kind = AgendaKind::kJobReleased});
      }
      return;
    case CallKind::kSchedule:
    case CallKind::kRelease:
    case CallKind::kClaim:
    case CallKind::kUnclaim:
    case CallKind::kWorklist:
    case CallKind::kStart:
    case CallKind::kRenew:
    case CallKind::kComplete:
    case CallKind::kReturn:
    case CallKind::kDecline:
    case CallKind::kAbsence:
      return;
  }
}

void ReplayCases::seen(const Event& event) {
  CaseFile* file = world_.find_case(event.case_id);
  if (file == nullptr || file->ended) return;
  const auto index = static_cast<std::uint32_t>(file - world_.cases.data());
  if (event.kind == EventKind::kCaseChanged) return observe(index, CaseState{event.after});
  if (event.kind != EventKind::kJobChanged && event.kind != EventKind::kJobCreated) return;
  if (event.after == raw(JobState::kScheduled)) {
    // The office's own booking is not news to it.
    if (event.actor.kind != ActorKind::kOffice) appointment_told(*file, event);
  } else if (event.after == raw(JobState::kEscalated)) {
    const auto delay = world_.chance.within(world_.habits.escalation, Draw::kReleaseDelay,
                                            subject_of(*file), raw(event.job));
    world_.agenda.add(
        world_.after_working(delay),
        {.extra = raw(event.job), .subject = index, .kind = AgendaKind::kJobReleased});
  } else if (event.after == raw(JobState::kDone) && event.stage == Stage::kAdminProcessing &&
             !file->fees_paid) {
    if (world_.chance.happens(world_.habits.fees_early, Draw::kFees, subject_of(*file)))
      plan_fees(index);
  }
}

void ReplayCases::read_again() {
  for (std::uint32_t index = 0; index < world_.cases.size(); ++index) {
    if (!world_.cases[index].ended) call_on_case(CallKind::kReadCase, kCitySupervisor, index);
  }
}

}  // namespace permitd::cli
