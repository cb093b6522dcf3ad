// The events of an accepted command in the model: each is a legal move, and is made.
#include <algorithm>

#include "tests/support/naive_complain.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

constexpr std::int64_t kDayMs = 1440 * kMsPerMinute;

bool external(const StageSpec& stage) {
  return (stage.flags & (kStageIsSovereign | kStageNotMechanised)) != 0;
}

// States a job may go to from one, whatever the command.
std::uint32_t successors(JobState from) {
  const auto to = [](auto... states) { return ((1U << raw(states)) | ... | 0U); };
  using enum JobState;
  switch (from) {
    case kBlocked:
      return to(kReady, kScheduled, kCancelled);
    case kReady:
      return to(kAssigned, kScheduled, kHeld, kCancelled, kEscalated);
    case kScheduled:
      return to(kReady, kScheduled, kAssigned, kHeld, kCancelled);
    case kAssigned:
      return to(kStarted, kReady, kScheduled, kHeld, kEscalated, kCancelled);
    case kStarted:
      return to(kDone, kReturned, kReady, kScheduled, kEscalated, kCancelled);
    case kDone:
      return to(kConfirmed, kReturned, kCancelled);
    case kHeld:
      return to(kReady, kScheduled, kCancelled);
    case kEscalated:
      return to(kReady, kScheduled, kAssigned, kCancelled);
    case kConfirmed:
    case kReturned:
    case kCancelled:
      return 0;
  }
  return 0;
}

bool ends_case(CaseState state) {
  return state == CaseState::kClosed || state == CaseState::kRejected ||
         state == CaseState::kWithdrawn || state == CaseState::kLapsed;
}

// The move is one the domain draws, for a case that nothing has stopped.
bool running_move(CaseState from, CaseState to) {
  using enum CaseState;
  const bool stops = to == kAwaitingApplicant || to == kAwaitingAgency || to == kHeld ||
                     to == kReferred || to == kWithdrawn || to == kRejected;
  switch (from) {
    case kDraft:
      return to == kDraft || to == kRegistered || to == kWithdrawn;
    case kRegistered:
      return stops || to == kInProgress || to == kAwaitingDecision;
    case kInProgress:
      return stops || to == kAwaitingDecision || to == kDelivered || to == kClosed;
    case kAwaitingDecision:
      return to == kApproved || to == kInProgress || to == kRejected || to == kWithdrawn ||
             to == kReferred;
    case kApproved:
      return stops || to == kDelivered || to == kClosed;
    case kDelivered:
      return to == kClosed;
    case kAwaitingApplicant:
    case kAwaitingAgency:
    case kHeld:
    case kReferred:
    case kClosed:
    case kRejected:
    case kWithdrawn:
    case kLapsed:
      return false;
  }
  return false;
}

}  // namespace

ModelJob* NaiveModel::find_job(JobId id) {
  const auto found = jobs_.find(raw(id));
  return found == jobs_.end() ? nullptr : &found->second;
}

ModelCase* NaiveModel::find_case(CaseId id) {
  const auto found = cases_.find(raw(id));
  return found == cases_.end() ? nullptr : &found->second;
}

void NaiveModel::follow(const Command& command, const Outcome& outcome, const Scheduler& after) {
  became_ready_.clear();
  assigned_count_ = 0;
  share_due_ = false;
  ordered_.reset();
  ++answers_[{static_cast<int>(command.kind), static_cast<int>(outcome.refusal)}];
  if (repeat_expected_) {
    expect(outcome == repeated_, "a repeated key got another answer: refusal {} job {}",
           raw(outcome.refusal), raw(outcome.job));
    expect(after.events().empty(), "a repeated key did something");
    return;
  }
  check_answer(command, outcome);
  if (!complaints_.empty()) return;
  if (outcome.refusal != Refusal::kNone) {
    follow_refusal(command, outcome, after);
  } else {
    expect_told(command);
    prepare(command);
    if (command.kind == CommandKind::kApplyPlan) {
      follow_plan(command, outcome, after);
      if (!complaints_.empty()) return;
    }
    for (const Event& event : after.events()) {
      if (command.kind == CommandKind::kApplyPlan) break;
      follow_event(command, event, after);
      if (!complaints_.empty()) return;
    }
    expect(!ordered_ || ordered_->is_day_unclear,
           "the day of expert {} is full, and nothing was overridden (I9)", raw(outcome.expert));
    check_outcome(command, outcome);
    check_told(command);
    check_note(command, after);
    check_binding(command, outcome);
  }
  sweep();
  remember_key(command, outcome);
  forget_evicted(after);
}

void NaiveModel::follow_event(const Command& command, const Event& event, const Scheduler& after) {
  expect(event.op == command.op && event.at == command.now &&
             (event.actor == command.actor || told_by_time(event)),
         "an event of another command");
  follow_told(command, event);
  if (!complaints_.empty()) return;
  ModelCase* c = find_case(event.case_id);
  if (raw(event.case_id) != 0) {
    expect(c != nullptr, "event {} of unknown case {}", raw(event.kind), raw(event.case_id));
    if (c == nullptr) return;
    c->history.push_back(event);
    expect(event.office == c->office || event.kind == EventKind::kCaseMoved,
           "event {} names office {}", raw(event.kind), raw(event.office));
  }
  ModelJob* job = find_job(event.job);
  switch (event.kind) {
    case EventKind::kCaseChanged:
      return follow_case(command, event);
    case EventKind::kJobCreated:
      return follow_created(command, event, after);
    case EventKind::kJobChanged:
      expect(job != nullptr, "job {} moved, but was never created", raw(event.job));
      return job == nullptr ? void() : follow_job(command, event, after);
    case EventKind::kExpedited:
      expect(command.kind == CommandKind::kExpedite, "expedited by command {}", raw(command.kind));
      c->priority = PriorityClass::kExpedited;
      for (const JobId id : c->jobs) jobs_.at(raw(id)).priority = PriorityClass::kExpedited;
      for (const JobId id : c->jobs) {
        if (waits(jobs_.at(raw(id)))) became_ready_.push_back(id);
      }
      return;
    case EventKind::kSlaNotified:
    case EventKind::kSlaBreached:
    case EventKind::kSlaEscalated:
      if (raw(event.job) == 0 && c != nullptr && c->stage < c->service.stage_count)
        return follow_mark(c->clock, c->service.stages[c->stage].sla_minutes, c->marks, event);
      expect(job != nullptr && job->open(), "an SLA mark on job {}", raw(event.job));
      return job == nullptr ? void()
                            : follow_mark(job->clock, job->spec.sla_minutes, job->marks, event);
    case EventKind::kDeadlineMoved:
      expect(
          command.kind == CommandKind::kSetCalendarDays || command.kind == CommandKind::kSetPolicy,
          "a deadline moved by command {}", raw(command.kind));
      return;
    case EventKind::kCapacityOverridden:
      expect(command.kind == CommandKind::kReassign && command.body.reassign.override_capacity == 1,
             "capacity overridden by command {}", raw(command.kind));
      expect(ordered_.has_value() && event.expert == ordered_->told.expert &&
                 event.job == ordered_->told.job,
             "capacity of expert {} was overridden, and the day is not full", raw(event.expert));
      if (ordered_) overrides_.push_back(*ordered_);
      ordered_.reset();
      return;
    case EventKind::kJobMoved:
      expect(job != nullptr, "job {} moved, but was never created", raw(event.job));
      return job == nullptr ? void() : follow_moved(command, *job);
    case EventKind::kCaseMoved:
      return follow_moved_home(command, event, *c);
    case EventKind::kJobPlanned:
      expect(command.kind == CommandKind::kApplyPlan, "job {} was planned by command {}",
             raw(event.job), raw(command.kind));
      return follow_planned(event);
    case EventKind::kPlanEnded:
      return follow_plan_ended(command, event);
    case EventKind::kPlanLocked:
      return follow_plan_locked(command, event);
    case EventKind::kZoningChanged:
      return follow_zoning(command, event);
    case EventKind::kZoningChecked:
    case EventKind::kCaseRebased:
      return follow_zoning_checked(command, event, *c);
    case EventKind::kShareUsed:
      expect(command.kind == CommandKind::kStart && job != nullptr &&
                 job->state == JobState::kStarted &&
                 (bookings_unclear() || share_allows(event.expert, *job)),
             "job {} was started by a share that was used up", raw(event.job));
      ++shares_;
      share_due_ = false;
      return;
    case EventKind::kOfficeChanged:
      note_in_hand(event);
      note_leaving(event.office, static_cast<OfficeState>(event.after));
      [[fallthrough]];
    case EventKind::kLicenceChanged:
    case EventKind::kRoundChanged:
    case EventKind::kVenueChanged:
      licences_.follow(command, event, world(),
                       [&](const std::string& what) { complain("{}", what); });
      return;
    case EventKind::kLicenceChecked:
    case EventKind::kLicenceRecorded:
    case EventKind::kCaseAmended:
    case EventKind::kFeesRecorded:
    case EventKind::kExpertChanged:
    case EventKind::kCertificateChanged:
    case EventKind::kAbsenceChanged:
    case EventKind::kReferenceChanged:
      return;  // see follow_told()
  }
}

void NaiveModel::follow_case(const Command& command, const Event& event) {
  ModelCase& c = *find_case(event.case_id);
  const auto from = static_cast<CaseState>(event.before);
  const auto to = static_cast<CaseState>(event.after);
  expect(from == c.state, "case {} left state {} while in {}", raw(c.id), event.before,
         raw(c.state));
  const bool stopped = c.waiting() || c.state == CaseState::kHeld;
  const bool lapses = c.state == CaseState::kAwaitingApplicant && to == CaseState::kLapsed;
  const bool legal = stopped ? to == c.resumes_as || to == CaseState::kWithdrawn ||
                                   to == CaseState::kRejected || lapses
                             : running_move(from, to);
  expect(legal, "case {} went from {} to {}", raw(c.id), event.before, event.after);
  if (to == CaseState::kLapsed) {
    expect(command.kind == CommandKind::kTick && c.silent_until.ms <= now_,
           "case {} lapsed before its time", raw(c.id));
  }
  const bool was_waiting = c.waiting();
  const ModelClock clock = c.clock;
  c.state = to;
  follow_municipal_clock(c, from);
  if (!stopped) c.resumes_as = from;
  if (to == CaseState::kAwaitingApplicant) {
    c.silent_until = Tick{now_ + policy_.applicant_silent_days * kDayMs};
  }
  if (to == CaseState::kRegistered && from == CaseState::kDraft) c.registered_at = Tick{now_};
  if (ends_case(to)) c.closed_order = ++closed_count_;
  for (const JobId id : c.jobs) {
    ModelJob& job = jobs_.at(raw(id));
    if (!job.open() || job.state == JobState::kDone || job.state == JobState::kBlocked) continue;
    if (c.waiting() && !was_waiting) stop_clock(job);
    if (!c.waiting() && was_waiting && !ends_case(to)) {
      start_clock(job);
      if (job.state == JobState::kReady) {
        job.ready_since = Tick{now_};
        became_ready_.push_back(id);
      }
    }
  }
  if (command.kind == CommandKind::kRecordDecision && from == CaseState::kAwaitingDecision &&
      clock.runs) {
    ++(now_ <= deadline(clock).ms ? decided_in_time_ : decided_late_);
  }
  if (command.kind == CommandKind::kRecordDecision && from == CaseState::kAwaitingDecision &&
      !ends_case(to)) {
    // What is done outside but is no decision only lets the case go on.
    const StageSpec& stage = c.service.stages[c.stage];
    const bool decides = (stage.flags & (kStageIsSovereign | kStageNeedsDecision)) != 0;
    if (decides) c.decided = true;
    expect(decides == (to == CaseState::kApproved), "case {} went to {} by a decision", raw(c.id),
           event.after);
    if (external(stage)) advance(c);
  }
}

void NaiveModel::follow_created(const Command& command, const Event& event,
                                const Scheduler& after) {
  ModelCase& c = *find_case(event.case_id);
  const ModelJob* work = nullptr;
  for (const JobId id : c.jobs) {
    const ModelJob& job = jobs_.at(raw(id));
    if (job.confirming) work = &job;
    expect(!job.open() || job.confirming, "job {} was created while job {} is open", raw(event.job),
           raw(id));
  }
  expect(raw(event.job) == ++jobs_created_, "job {} is not the next number", raw(event.job));
  expect(work != nullptr || c.stage < c.service.stage_count, "case {} has no stage left",
         raw(c.id));
  if (!complaints_.empty()) return;
  ModelJob job = work != nullptr ? confirmation_of(*work) : stage_job(c, c.rework_due);
  expect(!external(job.spec), "a job for a stage that nobody may take (I8)");
  expect(event.stage == job.spec.stage, "job {} is of stage {}, next is {} (I10)", raw(event.job),
         raw(event.stage), raw(job.spec.stage));
  job.id = event.job;
  job.state = static_cast<JobState>(event.after);
  c.rework_due = false;
  c.jobs.push_back(job.id);
  JobView view;
  if (after.find_job(job.id, view)) {
    expect(view.kind == job.kind && view.skill == job.skill && view.rework == job.rework &&
               view.effort_minutes == job.effort,
           "job {} is not what its stage says", raw(job.id));
  }
  FlowCell& flow = flow_[{raw(c.office), raw(job.spec.stage)}];
  ++flow.created;
  if (job.rework) ++flow.rework;
  const bool blocked = job.kind == JobKind::kWork && precondition_missing(job);
  expect(blocked == (job.state == JobState::kBlocked), "job {} begins in state {}", raw(job.id),
         event.after);
  if (!blocked) {
    const bool fits =
        job.state == JobState::kReady || (job.visit() && job.state == JobState::kScheduled);
    expect(fits, "job {} begins in state {}", raw(job.id), event.after);
    start_clock(job);
  }
  if (job.state == JobState::kReady) {
    job.ready_since = Tick{now_};
    became_ready_.push_back(job.id);
  }
  ModelJob& kept = jobs_[raw(job.id)] = job;
  if (!blocked) expect_checked_for_review(c, kept);
  if (!blocked && kept.visit()) follow_appointment(command, kept, JobState::kBlocked, after);
}

// An inspection gets the first half-day that is far enough ahead and has room, and waits without
// one only when there is none.
void NaiveModel::follow_appointment(const Command& command, ModelJob& job, JobState from,
                                    const Scheduler& after) {
  const bool missed = command.kind == CommandKind::kReturn && from != JobState::kBlocked;
  if (command.kind == CommandKind::kApplyPlan) {
    expect(moves_appointment(line_), "a plan moved the appointment of job {}", raw(job.id));
    return book_half_day(job, half_day_key(line_.start_minute * kMsPerMinute));
  }
  if (command.kind == CommandKind::kSchedule) {
    const Schedule& schedule = command.body.schedule;
    return book_half_day(job, schedule.day * 2 + raw(schedule.half));
  }
  if (command.kind == CommandKind::kRelease) {
    const bool begun = job.half_day == kNoHalfDay || half_day(job.half_day).open <= now_;
    expect(begun == (job.state == JobState::kReady), "job {} was released into state {}",
           raw(job.id), raw(job.state));
    return;
  }
  // A visit that was made is spent; a half-day that the calendar took away is given back.
  if (missed) job.half_day = kNoHalfDay;
  if (from == JobState::kScheduled) {
    const NaiveCalendar::Hours hours = half_day(job.half_day);
    if (hours.open != hours.close) {
      expect(hours.open <= now_, "the half-day of job {} has not begun", raw(job.id));
      return;
    }
    drop_half_day(job);
  }
  std::int32_t key = first_free_half_day(job.skill);
  JobView view;
  if (late_ && after.find_job(job.id, view)) {
    // Which moments of the past the core saw is its own affair: take what it chose.
    key = kNoHalfDay;
    for (std::int32_t ahead = 0; ahead < 140 && job.state == JobState::kScheduled; ++ahead) {
      if (half_day(today_ * 2 + ahead).open == view.appointment.ms) key = today_ * 2 + ahead;
    }
  }
  expect((key == kNoHalfDay) == (job.state == JobState::kReady),
         "job {} is in state {}, the first free half-day is {}", raw(job.id), raw(job.state), key);
  if (key != kNoHalfDay) book_half_day(job, key);
}

void NaiveModel::follow_job(const Command& command, const Event& event, const Scheduler& after) {
  ModelJob& job = *find_job(event.job);
  const auto from = static_cast<JobState>(event.before);
  const auto to = static_cast<JobState>(event.after);
  expect(from == job.state, "job {} left state {} while in {}", raw(job.id), event.before,
         raw(job.state));
  expect((successors(from) >> raw(to) & 1U) != 0, "job {} went from {} to {}", raw(job.id),
         event.before, event.after);
  if (!complaints_.empty()) return;
  ModelCase& c = cases_.at(raw(job.case_id));
  if (to == JobState::kAssigned) return follow_assigned(command, job, event, after);
  if (from == JobState::kAssigned && to == JobState::kStarted) {
    expect(command.kind == CommandKind::kStart && command.body.start.job == job.id,
           "job {} was started by command {}", raw(job.id), raw(command.kind));
    job.state = to;
    c.begun = true;
    if (job.spec.stage == Stage::kPlanReview) c.review_begun = true;
    return;
  }
  if (job.in_hand()) follow_left_hand(command, job, to, event.reason);
  if (from == JobState::kReady && to == JobState::kEscalated) {
    const bool nobody =
        policy_.confirmer_fallback == ConfirmerFallback::kSupervisor ||
        (policy_.confirmer_fallback == ConfirmerFallback::kIntakeHead && !office_active(c.office));
    expect(job.kind == JobKind::kConfirmation && job.office_reach && !office_active(job.office) &&
               nobody && event.reason == Reason::kOfficeInactive,
           "job {} was escalated, though somebody may confirm", raw(job.id));
  }
  const bool was_blocked = job.state == JobState::kBlocked;
  const bool missed = command.kind == CommandKind::kReturn && event.reason == Reason::kNoAccess;
  job.state = to;
  const bool recalled = command.kind == CommandKind::kApplyPlan && from == JobState::kAssigned;
  const bool books = was_blocked || missed || from == JobState::kScheduled ||
                     from == JobState::kHeld || from == JobState::kEscalated ||
                     to == JobState::kScheduled;
  if (job.visit() && books && !recalled && (to == JobState::kReady || to == JobState::kScheduled)) {
    follow_appointment(command, job, from, after);
  }
  if (missed && to == JobState::kEscalated) job.half_day = kNoHalfDay;
  if (to == JobState::kCancelled) drop_half_day(job);
  if (was_blocked && to != JobState::kCancelled) {
    expect(!precondition_missing(job), "job {} is not blocked any more, but should be",
           raw(job.id));
    expect_checked_for_review(c, job);
  }
  if (to == JobState::kReady || to == JobState::kScheduled) {
    if (to == JobState::kScheduled) expect(job.visit(), "job {} needs no appointment", raw(job.id));
    if (to == JobState::kReady && !c.waiting()) {
      job.ready_since = Tick{now_};
      if (!pausing(command)) became_ready_.push_back(job.id);
      if (const ModelPlan* plan = plan_of(job.id); plan != nullptr)
        offer_due_.insert(raw(plan->expert));
    }
    if (!pausing(command)) start_clock(job);
  }
  if (to == JobState::kHeld && command.body.hold.pauses_clock == 1) stop_clock(job);
  if (to == JobState::kDone || to == JobState::kReturned || to == JobState::kConfirmed ||
      to == JobState::kCancelled) {
    follow_ended(command, job, from);
  }
}

// The command makes its case wait, so a job that comes back does not go into a queue.
bool NaiveModel::pausing(const Command& command) const {
  if (command.kind == CommandKind::kReferCase) return command.body.refer_case.refer == 1;
  if (command.kind != CommandKind::kReturn) return false;
  const Reason reason = command.body.return_.reason;
  return reason == Reason::kDocumentsIncomplete || reason == Reason::kAgencyInquiry ||
         reason == Reason::kViolation;
}

void NaiveModel::follow_assigned(const Command& command, ModelJob& job, const Event& event,
                                 const Scheduler& after) {
  const ExpertId id = event.expert;
  const bool ordered =
      command.kind == CommandKind::kReassign && command.body.reassign.job == job.id;
  expect(known_expert(id), "job {} went to nobody", raw(job.id));
  if (!complaints_.empty()) return;
  ModelExpert& expert = experts_.at(raw(id));
  bool unclear = false;
  const bool lift = ordered && command.body.reassign.override_capacity == 1;
  const Filter filter = first_filter(id, job, lift, ordered, unclear);
  // What a supervisor orders was judged before the reservation of the job ended, which gave it
  // room.
  expect(ordered || filter == Filter::kNone, "job {} went to expert {}, whom filter {} removes",
         raw(job.id), raw(id), raw(filter));
  if (!ordered) {
    expect(available(id), "job {} went to expert {}, who has not claimed", raw(job.id), raw(id));
    expect(may_go_first(id, job), "job {} of class 2 went before municipal work (I7)", raw(job.id));
    check_decision(command, job, id, after);
  }
  expect(!ordered || plan_of(job.id) == nullptr, "job {} is reserved and was reassigned",
         raw(job.id));
  expect(open_to(id, job), "job {} is reserved, and went to expert {}", raw(job.id), raw(id));
  plans_.erase(raw(job.id));
  ++assigned_count_;
  job.state = JobState::kAssigned;
  job.holder = id;
  job.token = LeaseToken{op_};
  job.lease_until = lease_end(job);
  job.declined_by = ExpertId{};
  roll(expert);
  expert.booked += job.effort;
  if (job.priority == PriorityClass::kOther) expert.other += job.effort;
  if (job.visit()) ++expert.visits;
  if (job.goes_out()) {
    expert.place = cases_.at(raw(job.case_id)).filed.point;
    expert.place_day = today_;
  }
  job.booked_day = expert.booked_day;
  if (!job.rework) expert.load[job.booked_day] += job.effort;
  if (expert.wanted > 0) --expert.wanted;
}

void NaiveModel::follow_left_hand(const Command& command, ModelJob& job, JobState to,
                                  Reason reason) {
  if (to == JobState::kDone || to == JobState::kReturned) return;
  const bool missed = command.kind == CommandKind::kReturn && reason == Reason::kNoAccess;
  const bool ordered = command.kind == CommandKind::kReassign || to == JobState::kCancelled ||
                       to == JobState::kHeld || command.kind == CommandKind::kApplyPlan;
  if (pausing(command)) {
    // Work that was begun stays on the day it was done.
    if (job.state == JobState::kAssigned) unbook(job);
    return;
  }
  if (!missed) unbook(job);
  if (ordered) return;
  ++job.failures;
  expect((job.failures > policy_.attempts_max) == (to == JobState::kEscalated),
         "job {} failed {} times and is in state {}", raw(job.id), job.failures, raw(to));
  if (command.kind == CommandKind::kDecline) return;
  ModelExpert& expert = experts_.at(raw(job.holder));
  if (reason == Reason::kCertificateLapsed) {
    expect(!certified(expert, job.skill), "the holder of job {} is still certified", raw(job.id));
  } else if (reason == Reason::kServiceNotActive) {
    expect(!service_active(expert.defined.office, cases_.at(raw(job.case_id)).filed.service),
           "the service of job {} is still active", raw(job.id));
  } else if (reason == Reason::kOfficeInactive && command.kind != CommandKind::kReturn) {
    expect(kept_until(offices_.at(raw(expert.defined.office))) <= now_,
           "job {} came back before the end of what its office may finish", raw(job.id));
  } else if (reason == Reason::kConflictOfInterest) {
    expect(concerns_holder(job), "job {} does not concern its holder (I6)", raw(job.id));
  } else if (reason == Reason::kLeaseExpired || reason == Reason::kNotOnShift) {
    expect(job.lease_until.ms <= now_, "the lease of job {} had not run out", raw(job.id));
    const bool worked = calendar_.is_open(job.lease_until.ms);
    expect(worked == (reason == Reason::kLeaseExpired), "job {} came back for reason {}",
           raw(job.id), raw(reason));
    expert.wanted = 0;
  }
}

// Whether its people keep what they hold is a matter of the policy when the office leaves.
void NaiveModel::note_in_hand(const Event& event) {
  ModelOffice& office = offices_.at(raw(event.office));
  const bool was_active = event.before == raw(OfficeState::kActive);
  if (event.after == raw(OfficeState::kActive))
    office.in_hand_until = 0;
  else if (was_active && event.before != event.after)
    office.in_hand_until = kept_until(now_);
  if (event.after == raw(OfficeState::kActive)) return;
  for (auto& [number, expert] : experts_) {
    if (expert.defined.office == event.office) expert.wanted = 0;  // however soon it is back
  }
}

// Whether its cases may move by themselves is a matter of the policy when the office leaves.
void NaiveModel::note_leaving(OfficeId office, OfficeState state) {
  const bool ended = state == OfficeState::kExpired || state == OfficeState::kRevoked ||
                     state == OfficeState::kSurrendered;
  const bool moves =
      (ended && policy_.homes != HomePolicy::kPropose) ||
      (state == OfficeState::kSuspended && policy_.homes == HomePolicy::kWhenInactive);
  if (moves) {
    leaving_.insert(raw(office));
  } else {
    leaving_.erase(raw(office));
  }
}

void NaiveModel::follow_moved_home(const Command& command, const Event& event, ModelCase& c) {
  if (command.kind == CommandKind::kMoveCase) {
    expect(c.id == command.body.move_case.id && c.office == event.office,
           "case {} moved to office {}", raw(c.id), raw(event.office));
    return;  // an effect of the command
  }
  expect(command.kind == CommandKind::kTick && leaving_.contains(raw(c.office)) &&
             !office_active(c.office) && event.reason == Reason::kOfficeInactive,
         "case {} left office {} by command {}", raw(c.id), raw(c.office), raw(command.kind));
  const auto takes = [&](const ModelOffice& office) {
    const auto active = office.active.find(raw(c.filed.service));
    return office_active(office.defined.office) && active != office.active.end() &&
           active->second.first <= now_ && now_ < active->second.second;
  };
  const ModelOffice& home = offices_.at(raw(event.office));
  expect(takes(home), "case {} moved to office {}, which cannot take it", raw(c.id),
         raw(event.office));
  for (const auto& [number, office] : offices_) {
    expect(!takes(office) || office.defined.district != c.filed.district ||
               home.defined.district == c.filed.district,
           "case {} moved to office {}, although {} is of its district", raw(c.id),
           raw(event.office), number);
  }
  change_home(c, event.office);
}

// A confirmation whose head is gone goes to whom the policy names, or, released by a supervisor, to
// anybody's head.
void NaiveModel::follow_moved(const Command& command, ModelJob& job) {
  expect(job.kind == JobKind::kConfirmation && job.office_reach && !office_active(job.office),
         "job {} moved away from its own office", raw(job.id));
  const bool released = command.kind == CommandKind::kRelease && command.body.release.job == job.id;
  if (released || policy_.confirmer_fallback == ConfirmerFallback::kAnyHead) {
    job.office_reach = false;
    return;
  }
  job.office = cases_.at(raw(job.case_id)).office;
  expect(policy_.confirmer_fallback == ConfirmerFallback::kIntakeHead && office_active(job.office),
         "job {} moved to an office that is closed", raw(job.id));
}

void NaiveModel::follow_ended(const Command& command, ModelJob& job, JobState from) {
  ModelCase& c = cases_.at(raw(job.case_id));
  FlowCell& flow = flow_[{raw(c.office), raw(job.spec.stage)}];
  if (job.state == JobState::kCancelled) {
    ++flow.cancelled;
    job.confirming = false;
    return;
  }
  if (from == JobState::kStarted) {
    follow_worked(job);
    if (job.state == JobState::kDone) {
      ModelExpert& worker = experts_.at(raw(job.holder));
      ++worker.done_total;
      ModelOffice& office = offices_.at(raw(worker.defined.office));
      office.load_day = std::max(office.load_day, today_);
      if (!job.rework) office.load[office.load_day] += job.effort;
      Skill skill{};
      job.confirming = needs_confirmation(job, skill);
      if (job.confirming) return;
    }
  }
  job.confirming = false;
  ++flow.done;
  if (job.state == JobState::kReturned) {
    ++flow.returned;
    c.rework_due = true;
    expect(command.kind == CommandKind::kReturn, "job {} was returned by command {}", raw(job.id),
           raw(command.kind));
    return;
  }
  const bool passed = job.kind == JobKind::kWork;
  if (passed) advance(c);
}

// Who worked on it, for four eyes and for the owners an inspector has met.
void NaiveModel::follow_worked(ModelJob& job) {
  ModelCase& c = cases_.at(raw(job.case_id));
  ModelExpert& expert = experts_.at(raw(job.holder));
  if (job.spec.stage == Stage::kPlanReview) c.review_passed = true;
  const int role = role_of(job);
  if (role < 0) return;
  c.roles[static_cast<std::size_t>(role)].insert(raw(expert.defined.person));
  c.role_entries.insert({role, raw(job.holder)});
  if (job.kind == JobKind::kWork && job.skill == Skill::kInspect)
    remember_meeting(c.filed.owner, job.holder);
}

void NaiveModel::follow_mark(const ModelClock& clock, std::int64_t sla, std::uint32_t& marks,
                             const Event& event) {
  const std::int64_t left = remaining(clock);
  const std::uint32_t bit = 1U << raw(event.kind);
  expect(clock.runs && left <= mark_due(sla, event.kind),
         "job {} of case {} was marked {} with {} minutes left", raw(event.job), raw(event.case_id),
         raw(event.kind), left);
  expect((marks & bit) == 0, "job {} of case {} was marked {} twice", raw(event.job),
         raw(event.case_id), raw(event.kind));
  marks |= bit;
}

// The municipality has the time of its stage (R10), and what was left of it after a referral (I16).
void NaiveModel::follow_municipal_clock(ModelCase& c, CaseState from) {
  using enum CaseState;
  c.clock.minutes = remaining(c.clock);
  c.clock.runs = false;
  if (c.state == kReferred) return;
  if (from != kReferred || c.state != kAwaitingDecision) {
    c.clock = {};
    c.marks = 0;
  }
  if (c.state != kAwaitingDecision) return;
  const StageSpec& stage = c.service.stages[c.stage];
  if (!external(stage) || stage.sla_minutes == 0) return;
  if (from != kReferred) c.clock.minutes = stage.sla_minutes;
  c.clock.runs = true;
  c.clock.from = now_;
}

}  // namespace permitd::tests
