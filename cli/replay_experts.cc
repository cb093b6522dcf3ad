#include "cli/replay_experts.h"

#include <algorithm>

namespace permitd::cli {
namespace {

using scheduler::Event;
using scheduler::EventKind;
using scheduler::JobKind;
using scheduler::JobState;
using scheduler::Reason;
using scheduler::Refusal;
using scheduler::Skill;
using scheduler::Stage;
using scheduler::Tick;

// A lease is renewed this long before it ends.
constexpr std::int64_t kRenewAheadMinutes = 5;
// After an unexpected answer, so that a misunderstanding cannot become a loop within one minute.
constexpr std::int64_t kPauseMinutes = 2;
// Work is over this long before closing, when every lease ends.
constexpr std::int64_t kClosingMarginMinutes = 2;

Trade trade_of_skills(std::uint32_t skills) {
  const auto has = [skills](Skill skill) { return (skills >> raw(skill) & 1) != 0; };
  if (has(Skill::kInspect)) return Trade::kInspector;
  if (has(Skill::kReview)) return Trade::kReviewer;
  return has(Skill::kConfirm) && !has(Skill::kFile) ? Trade::kHead : Trade::kClerk;
}

}  // namespace

ReplayExperts::ReplayExperts(ReplayWorld& world) : world_(world) {
  const auto& city = world.city;
  claim_wait_minutes_ = city.policy.value_or(scheduler::SetPolicy{}).claim_wait_minutes;
  std::vector<std::uint32_t> skills;
  for (const auto& certificate : city.certificates) {
    const std::size_t number = raw(certificate.expert);
    if (skills.size() <= number) skills.resize(number + 1);
    skills[number] |= 1U << raw(certificate.skill);
  }
  for (const auto& expert : city.experts) {
    const std::size_t number = raw(expert.expert);
    if (index_.size() <= number) index_.resize(number + 1);
    if (number >= skills.size() || skills[number] == 0)
      continue;  // certified for nothing: never asks
    Person person;
    person.id = expert.expert;
    person.trade = trade_of_skills(skills[number]);
    people_.push_back(person);
    index_[number] = static_cast<std::uint32_t>(people_.size());
  }
  world_.tally.experts.resize(people_.size());
}

std::uint32_t ReplayExperts::index_of(scheduler::ExpertId id) const {
  return raw(id) < index_.size() ? index_[raw(id)] : 0;
}

scheduler::Actor ReplayExperts::actor_of(const Person& person) const {
  return {scheduler::ActorKind::kExpert, raw(person.id)};
}

ReplayCall& ReplayExperts::call_on_job(std::uint32_t index, CallKind kind) {
  const Person& person = people_[index];
  auto& call = world_.call(kind, actor_of(person));
  call.subject = index;
  call.job = person.item.job;
  call.token = person.item.token;
  call.case_id = person.item.case_id;
  return call;
}

bool ReplayExperts::takes_work(const Person& person) const {
  return day_.contains(world_.now) &&
         world_.now < last_call_[static_cast<std::size_t>(person.trade)] &&
         world_.now >= person.absent_until;
}

std::uint64_t ReplayExperts::subject_of(const WorkItem& item) const {
  const auto found = world_.case_index.find(raw(item.case_id));
  if (found == world_.case_index.end()) return raw(item.case_id);
  return world_.filings[world_.cases[found->second].filing].subject;
}

// ---- the day ----

void ReplayExperts::day_opens(const scheduler::Interval& day) {
  day_ = day;
  const auto& habits = world_.habits;
  for (std::size_t t = 0; t < kTradeCount; ++t) {
    last_call_[t] = Tick{day.close.ms - habits.last_call[t] * scheduler::kMsPerMinute};
    world_.agenda.add(last_call_[t],
                      {.subject = static_cast<std::uint32_t>(t), .kind = AgendaKind::kLastCall});
  }
  const auto date = static_cast<std::uint64_t>(day.open.ms / (24 * 60 * scheduler::kMsPerMinute));
  const auto length =
      static_cast<std::int32_t>((day.close.ms - day.open.ms) / scheduler::kMsPerMinute);
  for (std::uint32_t index = 0; index < people_.size(); ++index) {
    Person& person = people_[index];
    const std::uint64_t subject = raw(person.id);
    if (world_.chance.happens(habits.absence, Draw::kAbsence, subject, date)) {
      if (world_.chance.happens(habits.absence_all_day, Draw::kAbsenceKind, subject, date)) {
        fall_ill(index, day.close);
        continue;
      }
      const auto minute =
          world_.chance.within({1, std::max(length - 1, 1)}, Draw::kAbsenceMinute, subject, date);
      world_.agenda.add(world_.after_minutes(minute),
                        {.subject = index, .kind = AgendaKind::kExpertFallsIll});
    }
    if (person.doing == Doing::kAway || person.doing == Doing::kIdle) ask(index);
  }
}

void ReplayExperts::last_call(Trade trade) {
  for (std::uint32_t index = 0; index < people_.size(); ++index) {
    Person& person = people_[index];
    if (person.trade != trade || person.doing != Doing::kWaiting) continue;
    person.doing = Doing::kIdle;
    ++person.generation;
    auto& call = world_.call(CallKind::kUnclaim, actor_of(person));
    call.subject = index;
  }
}

void ReplayExperts::due(const AgendaItem& item) {
  Person& person = people_[item.subject];
  if (item.kind == AgendaKind::kExpertFallsIll) {
    if (day_.contains(world_.now)) fall_ill(item.subject, day_.close);
    return;
  }
  if (item.generation != person.generation) return;
  if (item.kind == AgendaKind::kExpertAsks) {
    if (person.doing == Doing::kWaiting || person.doing == Doing::kIdle) ask(item.subject);
  } else if (item.kind == AgendaKind::kExpertRenews) {
    call_on_job(item.subject, CallKind::kRenew);
  } else if (item.kind == AgendaKind::kExpertFinishes) {
    finish(item.subject);
  }
}

void ReplayExperts::fall_ill(std::uint32_t index, Tick until) {
  Person& person = people_[index];
  person.doing = Doing::kAway;
  person.absent_until = until;
  ++person.generation;
  ++world_.tally.absences;
  auto& call = world_.call(CallKind::kAbsence, kCitySupervisor);
  call.expert = person.id;
  call.from = world_.now;
  call.until = until;
  call.reason = Reason::kIllness;
  call.subject = index;
}

// ---- asking for work ----

void ReplayExperts::ask(std::uint32_t index) {
  Person& person = people_[index];
  ++person.generation;
  if (!takes_work(person)) {
    person.doing = Doing::kIdle;
    return;
  }
  person.doing = Doing::kAsking;
  auto& call = world_.call(CallKind::kClaim, actor_of(person));
  call.subject = index;
}

void ReplayExperts::ask_later(std::uint32_t index, std::int64_t minutes) {
  Person& person = people_[index];
  person.doing = Doing::kIdle;
  ++person.generation;
  world_.agenda.add(
      world_.after_minutes(minutes),
      {.subject = index, .generation = person.generation, .kind = AgendaKind::kExpertAsks});
}

void ReplayExperts::look(std::uint32_t index) {
  people_[index].doing = Doing::kLooking;
  auto& call = world_.call(CallKind::kWorklist, actor_of(people_[index]));
  call.subject = index;
}

void ReplayExperts::claimed(std::uint32_t index, const ReplayAnswer& answer) {
  Person& person = people_[index];
  if (person.doing != Doing::kAsking) return;  // fell ill in the same minute
  if (answer.refusal == Refusal::kNotEligible) {
    // No capacity left today, or absent by somebody else's word: tomorrow is another day.
    person.doing = Doing::kIdle;
    return;
  }
  if (!answer.accepted()) return ask_later(index, kPauseMinutes);
  if (raw(answer.job) == 0) {
    person.doing = Doing::kWaiting;
    world_.agenda.add(
        world_.after_minutes(claim_wait_minutes_),
        {.subject = index, .generation = person.generation, .kind = AgendaKind::kExpertAsks});
    return;
  }
  WorkItem item;
  item.job = answer.job;
  item.case_id = answer.case_id;
  item.token = answer.token;
  item.lease_until = answer.until;
  begin(index, item);
}

// ---- work ----

void ReplayExperts::begin(std::uint32_t index, const WorkItem& item) {
  Person& person = people_[index];
  person.item = item;
  person.lease_until = item.lease_until;
  person.began = false;
  ++person.generation;
  const std::uint64_t subject = subject_of(item);
  // Only the heads of an office can confirm its visits, and who refused a job is not asked again:
  // they do not refuse.
  if (person.trade != Trade::kHead &&
      world_.chance.happens(world_.habits.decline, Draw::kDecline, subject, raw(person.id))) {
    constexpr std::array kReasons{Reason::kOverload, Reason::kTooFar, Reason::kConflictOfInterest};
    return decline(index, kReasons[world_.chance.below(kReasons.size(), Draw::kDeclineReason,
                                                       subject, raw(person.id))]);
  }
  person.doing = Doing::kBeginning;
  call_on_job(index, CallKind::kStart);
  call_on_job(index, CallKind::kWorklist);
}

void ReplayExperts::decline(std::uint32_t index, Reason reason) {
  people_[index].doing = Doing::kDeclining;
  call_on_job(index, CallKind::kDecline).reason = reason;
}

void ReplayExperts::start_answered(std::uint32_t index, const ReplayAnswer& answer) {
  Person& person = people_[index];
  if (person.doing != Doing::kBeginning) return;
  if (answer.accepted()) {
    person.began = true;
    person.lease_until = answer.until;
  } else if (answer.refusal == Refusal::kNotEligible) {
    // A municipal job has turned up that comes before. Handing back is no refusal: a refused job
    // would never come to this expert again, and a head of an office may be its only one.
    auto& call = world_.call(CallKind::kUnclaim, actor_of(person));
    call.subject = index;
    ask_later(index, 1);
  } else {
    lose(index);
  }
}

void ReplayExperts::worklist_answered(std::uint32_t index, const ReplayAnswer& answer) {
  Person& person = people_[index];
  const auto mine = std::ranges::find(answer.items, person.item.job, &WorkItem::job);
  if (person.doing == Doing::kBeginning) {
    if (mine == answer.items.end() || !person.began) return lose(index);
    work(index, *mine);
  } else if (person.doing == Doing::kWorking) {
    if (mine == answer.items.end()) lose(index);
  } else if (person.doing == Doing::kLooking) {
    person.doing = Doing::kWaiting;
    if (answer.items.empty()) return;
    const WorkItem& first = answer.items.front();
    if (first.state == JobState::kAssigned) return begin(index, first);
    // Begun, but the answer that said so was lost with the connection.
    person.item = first;
    person.lease_until = first.lease_until;
    work(index, first);
  }
}

void ReplayExperts::work(std::uint32_t index, const WorkItem& item) {
  Person& person = people_[index];
  person.doing = Doing::kWorking;
  person.item = item;
  ++person.generation;
  auto& row = world_.tally.work[work_row(item.stage, item.kind)];
  ++row.started;
  const auto waited = world_.calendar.working_minutes(item.ready_since, world_.now);
  row.wait_minutes.record(static_cast<std::uint64_t>(std::max<std::int64_t>(waited, 0)));
  const CaseFile* file = world_.find_case(item.case_id);
  const std::uint64_t attempt =
      file == nullptr ? 0 : file->attempts[work_row(item.stage, item.kind)];
  const auto minutes = duration_of(person, subject_of(item), attempt);
  world_.tally.experts[index].worked_minutes += static_cast<std::uint64_t>(minutes);
  person.ends_at = world_.after_minutes(minutes);
  if (day_.contains(world_.now)) {
    const Tick latest{day_.close.ms - kClosingMarginMinutes * scheduler::kMsPerMinute};
    person.ends_at = std::max(std::min(person.ends_at, latest), world_.after_minutes(1));
  }
  plan_next(index);
}

std::int32_t ReplayExperts::duration_of(const Person& person, std::uint64_t subject,
                                        std::uint64_t attempt) const {
  const WorkItem& item = person.item;
  const std::uint64_t ordinal = attempt * kWorkRowCount + work_row(item.stage, item.kind);
  auto minutes = world_.chance.around(item.effort_minutes, subject, ordinal);
  if (item.stage == Stage::kSiteInspection && item.kind == JobKind::kWork) {
    minutes += world_.chance.within(world_.habits.travel, Draw::kTravel, subject, attempt);
  }
  return minutes;
}

// Ends the job, or renews its lease where that runs out before.
void ReplayExperts::plan_next(std::uint32_t index) {
  Person& person = people_[index];
  AgendaItem next{
      .subject = index, .generation = person.generation, .kind = AgendaKind::kExpertFinishes};
  Tick at = person.ends_at;
  if (person.lease_until <= person.ends_at) {
    next.kind = AgendaKind::kExpertRenews;
    at = std::max(Tick{person.lease_until.ms - kRenewAheadMinutes * scheduler::kMsPerMinute},
                  world_.after_minutes(1));
  }
  world_.agenda.add(at, next);
}

Reason ReplayExperts::outcome_of(const WorkItem& item, std::uint64_t subject,
                                 std::uint64_t attempt) const {
  const auto& habits = world_.habits;
  const auto draw = world_.chance.below(1000, Draw::kOutcome, subject,
                                        attempt * kWorkRowCount + work_row(item.stage, item.kind));
  if (item.kind == JobKind::kConfirmation)
    return draw < habits.confirmation_defect ? Reason::kDefect : Reason::kNone;
  switch (item.stage) {
    case Stage::kFileFormation:
      return draw < habits.documents_incomplete ? Reason::kDocumentsIncomplete : Reason::kNone;
    case Stage::kSiteInspection:
      if (draw < habits.violation) return Reason::kViolation;
      return draw < habits.violation + habits.no_access ? Reason::kNoAccess : Reason::kNone;
    case Stage::kAdminProcessing:
      return draw < habits.agency_inquiry ? Reason::kAgencyInquiry : Reason::kNone;
    case Stage::kPlanReview:
      return draw < habits.plan_defect ? Reason::kDefect : Reason::kNone;
    case Stage::kMunicipalDecision:
    case Stage::kPermitDelivery:
      return Reason::kNone;
  }
  return Reason::kNone;
}

void ReplayExperts::finish(std::uint32_t index) {
  Person& person = people_[index];
  const std::size_t row = work_row(person.item.stage, person.item.kind);
  CaseFile* file = world_.find_case(person.item.case_id);
  const std::uint64_t attempt = file == nullptr ? raw(person.item.job) : file->attempts[row];
  if (file != nullptr && file->attempts[row] < UINT8_MAX) ++file->attempts[row];
  const Reason reason = outcome_of(person.item, subject_of(person.item), attempt);
  person.finished = person.item;
  person.ends_with_return = reason != Reason::kNone;
  call_on_job(index, person.ends_with_return ? CallKind::kReturn : CallKind::kComplete).reason =
      reason;
  ask(index);
}

void ReplayExperts::end_answered(std::uint32_t index, const ReplayAnswer& answer) {
  const Person& person = people_[index];
  if (!answer.accepted()) {
    ++world_.tally.leases_lost;
    return;
  }
  const WorkItem& item = person.finished;
  auto& row = world_.tally.work[work_row(item.stage, item.kind)];
  ++(person.ends_with_return ? row.returned : row.completed);
  // Whoever checks the work of another and sends it back has done that job.
  if (person.ends_with_return && item.kind != JobKind::kConfirmation) return;
  row.effort_minutes += item.effort_minutes;
  auto& expert = world_.tally.experts[index];
  ++expert.jobs;
  if (!item.rework) expert.effort_minutes += item.effort_minutes;
}

void ReplayExperts::lose(std::uint32_t index) {
  ++world_.tally.leases_lost;
  ask_later(index, kPauseMinutes);
}

// ---- what comes from the daemon ----

void ReplayExperts::answered(const ReplayCall& call) {
  const std::uint32_t index = call.subject;
  switch (call.kind) {
    case CallKind::kClaim:
      return claimed(index, call.answer);
    case CallKind::kStart:
      return start_answered(index, call.answer);
    case CallKind::kWorklist:
      return worklist_answered(index, call.answer);
    case CallKind::kComplete:
    case CallKind::kReturn:
      return end_answered(index, call.answer);
    case CallKind::kDecline:
      if (call.answer.accepted()) ++world_.tally.declined;
      if (people_[index].doing == Doing::kDeclining) ask_later(index, 1);
      return;
    case CallKind::kRenew:
      // Answers of a job given up in the meantime are of no interest.
      if (people_[index].doing != Doing::kWorking || people_[index].item.job != call.job) return;
      if (!call.answer.accepted()) return lose(index);
      people_[index].lease_until = call.answer.until;
      return plan_next(index);
    case CallKind::kUnclaim:
    case CallKind::kSubmit:
    case CallKind::kAnswer:
    case CallKind::kWithdraw:
    case CallKind::kFees:
    case CallKind::kSchedule:
    case CallKind::kClose:
    case CallKind::kDecide:
    case CallKind::kAbsence:
    case CallKind::kRelease:
    case CallKind::kRefer:
    case CallKind::kReadCase:
      return;
  }
}

void ReplayExperts::seen(const Event& event) {
  if (event.kind != EventKind::kJobChanged) return;
  const std::uint32_t found = index_of(event.expert);
  if (found == 0) return;
  Person& person = people_[found - 1];
  if (event.after == raw(JobState::kAssigned)) {
    // Tokens grow: an event at or before the last lease is that lease, told a second time.
    if (person.doing != Doing::kWaiting || raw(event.op) <= raw(person.item.token)) return;
    WorkItem item;
    item.job = event.job;
    item.case_id = event.case_id;
    item.token = scheduler::LeaseToken{raw(event.op)};  // the op that granted the lease
    return begin(found - 1, item);
  }
  const bool taken_away =
      event.after == raw(JobState::kReady) || event.after == raw(JobState::kEscalated) ||
      event.after == raw(JobState::kHeld) || event.after == raw(JobState::kCancelled);
  // An event of an earlier lease of the same job may come late: the token is the op that granted
  // the lease.
  if (taken_away && person.doing == Doing::kWorking && person.item.job == event.job &&
      raw(event.op) > raw(person.item.token)) {
    lose(found - 1);
  }
}

void ReplayExperts::check_all() {
  for (std::uint32_t index = 0; index < people_.size(); ++index) {
    Person& person = people_[index];
    if (person.doing == Doing::kWaiting) {
      look(index);
    } else if (person.doing == Doing::kWorking) {
      call_on_job(index, CallKind::kWorklist);
    }
  }
}

void ReplayExperts::check_waiting(Trade trade) {
  for (std::uint32_t index = 0; index < people_.size(); ++index) {
    if (people_[index].trade == trade && people_[index].doing == Doing::kWaiting) look(index);
  }
}

}  // namespace permitd::cli
