// What a command does by itself, before anything follows from it, and the bookkeeping of the model:
// jobs of stages, clocks, bookings, keys, and what the core has forgotten.
#include <algorithm>

#include "tests/support/command_generator.h"
#include "tests/support/naive_complain.h"
#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

// The effect that the command itself has, before anything follows from it.
void NaiveModel::prepare(const Command& command) {
  const CommandBody& body = command.body;
  switch (command.kind) {
    case CommandKind::kSetLimits:
      limits_ = body.set_limits.limits;
      return;
    case CommandKind::kSetPolicy: {
      const bool homes_change = policy_.homes != body.set_policy.homes;
      policy_ = body.set_policy;
      for (const auto& [number, office] : offices_) {
        if (homes_change) note_leaving(OfficeId{number}, office.state);
      }
      offer_to_all();
      return;
    }
    case CommandKind::kSetCalendarDays:
      calendar_.set_days(body.set_calendar_days);
      if (calendar_.day_of(now_) < today_) went_back_from_ = std::max(went_back_from_, today_);
      today_ = calendar_.day_of(now_);
      offer_to_all();
      return;
    case CommandKind::kDefineService: {
      DefineService service = body.define_service;
      for (StageSpec& stage : service.stages) {
        if (stage.stage == Stage::kMunicipalDecision) stage.flags |= kStageIsSovereign;
        if (stage.stage == Stage::kPermitDelivery) stage.flags |= kStageNeedsDecision;
      }
      services_[raw(service.service)].push_back(service);
      return;
    }
    case CommandKind::kDefineOrganisation:
      organisations_[raw(body.define_organisation.organisation)] = body.define_organisation;
      return;
    case CommandKind::kDefineOffice: {
      const auto [office, fresh] = offices_.try_emplace(raw(body.define_office.office));
      if (fresh) office->second.state = body.define_office.state;
      office->second.defined = body.define_office;
      offer_to_office(body.define_office.office);
      return;
    }
    case CommandKind::kSetOfficeState:
      change_office(body.set_office_state);
      return;
    case CommandKind::kActivateService: {
      const ActivateService& change = body.activate_service;
      offices_.at(raw(change.office)).active[raw(change.service)] = {change.from.ms,
                                                                     change.until.ms};
      offer_to_office(change.office);
      return;
    }
    case CommandKind::kDefineExpert: {
      const auto [expert, fresh] = experts_.try_emplace(raw(body.define_expert.expert));
      if (fresh) expert->second.state = body.define_expert.state;
      expert->second.defined = body.define_expert;
      offer_due_.insert(raw(body.define_expert.expert));
      return;
    }
    case CommandKind::kSetExpertState:
      change_expert(body.set_expert_state);
      return;
    case CommandKind::kSetCertificate: {
      const SetCertificate& change = body.set_certificate;
      ModelExpert& expert = experts_.at(raw(change.expert));
      ModelCertificate& held = expert.certificates[raw(change.skill)];
      if (change.valid_until <= change.valid_from) {
        held.until = now_;
      } else {
        held = {true, change.valid_from.ms, change.valid_until.ms};
        if (expert.state == ExpertState::kExpired && held.until > now_)
          expert.state = ExpertState::kCertified;
      }
      offer_due_.insert(raw(change.expert));
      return;
    }
    case CommandKind::kSetAbsence: {
      const SetAbsence& change = body.set_absence;
      ModelExpert& expert = experts_.at(raw(change.expert));
      expert.absences = absences_after(expert, change);
      expert.ever_absent = !expert.absences.empty();
      offer_due_.insert(raw(change.expert));
      return;
    }
    case CommandKind::kSubmitCase: {
      ModelCase fresh;
      fresh.id = CaseId{stats_before_.cases_submitted + 1};
      fresh.filed = body.submit_case;
      fresh.office = OfficeId{static_cast<std::uint16_t>(command.actor.id)};
      ++offices_.at(raw(fresh.office)).submitted;
      judge_by_present_rules(fresh);
      if ((fresh.filed.flags & kSubmitDraft) == 0) fresh.zoning_version = zoning_now();
      cases_[raw(fresh.id)] = fresh;
      return;
    }
    case CommandKind::kRegisterCase:
      judge_by_present_rules(*find_case(body.register_case.id));
      find_case(body.register_case.id)->zoning_version = zoning_now();
      return;
    case CommandKind::kAmendCase: {
      ModelCase& c = *find_case(body.amend_case.id);
      c.filed.area_m2 = body.amend_case.area_m2;
      c.filed.floors = body.amend_case.floors;
      c.filed.zone = body.amend_case.zone;
      c.filed.coverage_permille = body.amend_case.coverage_permille;
      c.filed.street_width_dm = body.amend_case.street_width_dm;
      c.filed.designer = body.amend_case.designer;
      c.filed.supervising_engineer = body.amend_case.supervising_engineer;
      for (const JobId id : c.jobs) {
        ModelJob& job = jobs_.at(raw(id));
        if (!job.open() || job.in_hand() || job.kind != JobKind::kWork) continue;
        if (job.state != JobState::kDone) job.effort = stage_job(c, false).effort;
      }
      for (const JobId id : c.jobs) {
        if (waits(jobs_.at(raw(id)))) became_ready_.push_back(id);
      }
      return;
    }
    case CommandKind::kRecordFees:
      find_case(body.record_fees.id)->fees_paid = body.record_fees.amount_rial;
      return;
    case CommandKind::kClaim: {
      ModelExpert& expert = experts_.at(command.actor.id);
      offer_due_.erase(command.actor.id);  // one job for each claim, whatever is wanted
      if (body.claim.further == 0)
        expert.wanted = body.claim.wanted;
      else if (expert.claim_until <= now_)
        expert.wanted = 0;
      expert.claim_until = now_ + policy_.claim_wait_minutes * kMsPerMinute;
      if (!calendar_.always_open()) {
        expert.claim_until = std::min(expert.claim_until, calendar_.closing(now_));
      }
      return;
    }
    case CommandKind::kUnclaim:
      experts_.at(command.actor.id).wanted = 0;
      return;
    case CommandKind::kRenew: {
      ModelJob& job = *find_job(body.renew.job);
      job.lease_until = std::max(job.lease_until, lease_end(job));
      return;
    }
    case CommandKind::kDecline:
      find_job(body.decline.job)->declined_by = ExpertId{command.actor.id};
      return;
    case CommandKind::kReassign:
      return prepare_reassign(command);
    case CommandKind::kRelease: {
      ModelJob& job = *find_job(body.release.job);
      if (job.state == JobState::kEscalated) job.failures = 0;
      return;
    }
    case CommandKind::kStart: {
      const ModelJob& job = *find_job(body.start.job);
      share_due_ = job.priority == PriorityClass::kOther &&
                   municipal_for(job.holder, PriorityClass::kMunicipal) != nullptr;
      return;
    }
    case CommandKind::kLoadZoning:
    case CommandKind::kNotifyZoning:
    case CommandKind::kRebaseCase:
      return prepare_zoning(command);
    case CommandKind::kSetTechnicalManager:
      offer_to_office(body.set_technical_manager.office);
      [[fallthrough]];
    case CommandKind::kSetLicenceRules:
    case CommandKind::kSetOfficesWanted:
    case CommandKind::kOpenRound:
    case CommandKind::kCloseRound:
    case CommandKind::kApplyForLicence:
    case CommandKind::kRecordLicenceCheck:
    case CommandKind::kWithdrawApplication:
    case CommandKind::kRecordExamResult:
    case CommandKind::kRecordBoardFinding:
    case CommandKind::kRankRound:
    case CommandKind::kDefineVenue:
    case CommandKind::kRecordRent:
    case CommandKind::kRecordEquipment:
    case CommandKind::kEquipOffice:
    case CommandKind::kRenewLicence:
      licences_.apply(command, world());
      return;
    case CommandKind::kMoveCase:
      change_home(*find_case(body.move_case.id), body.move_case.office);
      return;
    case CommandKind::kTurnLottery:
      lottery_.push_back(body.turn_lottery);
      lottery_turned_ = command.op;
      return;
    case CommandKind::kValidateZoning:
    case CommandKind::kDropZoning:
    case CommandKind::kNone:
    case CommandKind::kTick:
    case CommandKind::kWithdrawCase:
    case CommandKind::kAnswerCase:
    case CommandKind::kRecordDecision:
    case CommandKind::kReferCase:
    case CommandKind::kCloseCase:
    case CommandKind::kComplete:
    case CommandKind::kReturn:
    case CommandKind::kSchedule:
    case CommandKind::kHold:
    case CommandKind::kExpedite:
    case CommandKind::kCancel:
    case CommandKind::kApplyPlan:
    case CommandKind::kLockPlan:
      return;
  }
}

// A suspension that was ahead is replaced, or taken back, whatever comes.
void NaiveModel::change_office(const SetOfficeState& change) {
  ModelOffice& office = offices_.at(raw(change.office));
  const bool is_ahead = change.from != kNever;
  if (!is_ahead && change.state != office.state)
    licences_.change_office(raw(change.office), change.state, world());
  office.suspended_from = change.from.ms;
  office.suspended_until = change.until.ms;
  office.suspended_for = is_ahead ? change.reason : Reason::kNone;
}

void NaiveModel::change_expert(const SetExpertState& change) {
  ModelExpert& expert = experts_.at(raw(change.expert));
  const bool is_ahead = change.from != kNever;
  if (!is_ahead) expert.state = change.state;
  expert.suspended_from = change.from.ms;
  expert.suspended_until = change.until.ms;
  expert.suspended_for = is_ahead ? change.reason : Reason::kNone;
}

// What is open counts where the case is. A confirmation belongs to the head of who did the work.
// Whether the day of the expert is full is judged as it is before.
void NaiveModel::prepare_reassign(const Command& command) {
  const Reassign& body = command.body.reassign;
  ModelJob& job = *find_job(body.job);
  const ModelExpert& expert = experts_.at(raw(body.expert));
  const ModelPlan* plan = plan_of(job.id);
  const auto [minutes, visits] = plan != nullptr && plan->expert == body.expert
                                     ? std::pair<std::uint32_t, std::uint32_t>{}
                                     : planned_on(body.expert, today_, JobId{});
  ModelOverride one;
  one.is_day_unclear = bookings_unclear();
  one.told.op = command.op;
  one.told.at = Tick{now_};
  one.told.job = job.id;
  one.told.case_id = job.case_id;
  one.told.expert = body.expert;
  one.told.actor = command.actor.id;
  one.told.actor_kind = command.actor.kind;
  one.told.filter = Filter::kCapacity;
  one.told.minutes_before = booked_today(expert) + minutes;
  one.told.capacity_minutes = capacity(expert);
  one.told.effort_minutes = job.effort;
  if (job.visit()) {
    one.told.visits_before = visits_today(expert) + visits;
    one.told.visits_max = policy_.visits_per_day;
  }
  one.told.stage = job.spec.stage;
  one.told.district = cases_.at(raw(job.case_id)).filed.district;
  one.told.note.size = body.note.size;
  std::copy_n(body.note.bytes.begin(), body.note.size, one.told.note.bytes.begin());
  bool unclear = false;
  const Filter filter = first_filter(body.expert, job, false, true, unclear);
  if (one.is_day_unclear || filter == Filter::kCapacity) ordered_ = one;
  job.declined_by = ExpertId{};
  if (job.state == JobState::kEscalated) job.failures = 0;
  if (!office_active(job.office)) job.office_reach = false;
}

void NaiveModel::change_home(ModelCase& c, OfficeId office) {
  for (const JobId id : c.jobs) {
    ModelJob& job = jobs_.at(raw(id));
    if (!job.open()) continue;
    FlowCell& from = flow_[{raw(c.office), raw(job.spec.stage)}];
    FlowCell& to = flow_[{raw(office), raw(job.spec.stage)}];
    --from.created;
    ++to.created;
    if (job.rework) {
      --from.rework;
      ++to.rework;
    }
    if (job.kind != JobKind::kWork) continue;
    job.office = office;
    if (job.office_reach && waits(job)) became_ready_.push_back(id);
  }
  c.office = office;
}

// A case is judged by what is in force when it is registered (I17).
void NaiveModel::judge_by_present_rules(ModelCase& c) {
  c.service = *in_force(c.filed.service);
  if (c.priority != PriorityClass::kExpedited) {
    c.priority = organisations_.at(raw(c.filed.organisation)).priority;
  }
  c.stage = 0;
  skip_stages(c);
}

void NaiveModel::skip_stages(ModelCase& c) {
  const bool built = (c.filed.flags & kSubmitBuilt) != 0;
  while (c.stage < c.service.stage_count && !built &&
         (c.service.stages[c.stage].flags & kStageOnlyIfBuilt) != 0) {
    ++c.stage;
  }
}

void NaiveModel::advance(ModelCase& c) {
  ++c.stage;
  skip_stages(c);
}

// Nobody holds a job beyond the certificate, the activation of the service, the end of the shift or
// the beginning of an absence.
Tick NaiveModel::holding_end(const ModelJob& job) const {
  const ModelExpert& expert = experts_.at(raw(job.holder));
  const ServiceId service = cases_.at(raw(job.case_id)).filed.service;
  if (!certified(expert, job.skill) || !service_active(expert.defined.office, service)) {
    return Tick{now_};
  }
  std::int64_t end =
      std::min(expert.certificates[raw(job.skill)].until,
               offices_.at(raw(expert.defined.office)).active.at(raw(service)).second);
  const auto absence = expert.absences.upper_bound(now_);
  if (absence != expert.absences.end()) end = std::min(end, absence->first);
  end = std::min(end, expert.suspended_from);
  end = std::min(end, kept_until(offices_.at(raw(expert.defined.office))));
  if (!calendar_.always_open()) {
    end = std::min(end, calendar_.is_open(now_) ? calendar_.closing(now_) : now_);
  }
  return Tick{end};
}

Tick NaiveModel::lease_end(const ModelJob& job) const {
  const bool field = job.kind == JobKind::kWork && (job.spec.flags & kStageFieldLease) != 0;
  const Tick by_policy = field && calendar_.is_open(now_)
                             ? Tick{calendar_.closing(now_)}
                             : Tick{now_ + policy_.lease_minutes * kMsPerMinute};
  return std::min(by_policy, holding_end(job));
}

// Activations and certificates that have begun by themselves.
void NaiveModel::offer_what_began(std::int64_t since) {
  for (const auto& [number, office] : offices_) {
    for (const auto& [service, span] : office.active) {
      if (span.first > since && span.first <= now_) offer_to_office(OfficeId{number});
    }
  }
  for (const auto& [number, expert] : experts_) {
    for (const ModelCertificate& certificate : expert.certificates) {
      if (certificate.from > since && certificate.from <= now_) offer_due_.insert(number);
    }
  }
}

void NaiveModel::offer_to_all() {
  for (const auto& [number, expert] : experts_) offer_due_.insert(number);
}

void NaiveModel::offer_to_office(OfficeId office) {
  for (const auto& [number, expert] : experts_) {
    if (expert.defined.office == office) offer_due_.insert(number);
  }
}

ModelJob NaiveModel::stage_job(const ModelCase& c, bool rework) const {
  ModelJob job;
  job.case_id = c.id;
  job.kind = JobKind::kWork;
  job.spec = c.service.stages[c.stage];
  job.skill = job.spec.skill;
  job.priority = c.priority;
  job.office_reach = job.spec.reach == Reach::kOffice;
  job.office = c.office;
  const bool complex =
      c.filed.floors > policy_.complex_floors && job.spec.effort_complex_minutes > 0;
  job.effort = complex ? job.spec.effort_complex_minutes : job.spec.effort_minutes;
  job.rework = rework;
  job.clock.minutes = job.spec.sla_minutes;
  return job;
}

bool NaiveModel::needs_confirmation(const ModelJob& job, Skill& skill) const {
  if (job.kind != JobKind::kWork) return false;
  switch (job.spec.confirmer) {
    case Confirmer::kNobody:
      skill = Skill::kReview;
      return zoning_asks(job);
    case Confirmer::kOfficeHead:
      skill = Skill::kConfirm;
      return true;
    case Confirmer::kSecondReviewerAboveArea:
      skill = Skill::kReview;
      return cases_.at(raw(job.case_id)).filed.area_m2 > policy_.second_review_area_m2 ||
             zoning_asks(job);
  }
  return false;
}

// Read by a second person: a share of the effort, five minutes at least.
ModelJob NaiveModel::confirmation_of(const ModelJob& work) const {
  ModelJob job;
  job.case_id = work.case_id;
  job.kind = JobKind::kConfirmation;
  job.spec = work.spec;
  needs_confirmation(work, job.skill);
  job.priority = work.priority;
  job.office = experts_.at(raw(work.holder)).defined.office;
  // The head of the worker's office; it moves on when that one is closed.
  job.office_reach = job.skill == Skill::kConfirm;
  job.effort = std::max<std::uint16_t>(
      static_cast<std::uint16_t>(work.effort * policy_.confirmation_effort_percent / 100), 5);
  job.origin = work.id;
  job.clock.minutes = job.spec.sla_minutes;
  return job;
}

void NaiveModel::start_clock(ModelJob& job) {
  if (job.clock.runs) return;
  job.clock.runs = true;
  job.clock.from = now_;
}

void NaiveModel::stop_clock(ModelJob& job) {
  job.clock.minutes = remaining(job);
  job.clock.runs = false;
}

void NaiveModel::roll(ModelExpert& expert) {
  if (today_ <= expert.booked_day) return;
  expert.booked_day = today_;
  expert.booked = 0;
  expert.other = 0;
  expert.visits = 0;
}

// Work that was not done gives its place in the day back.
void NaiveModel::unbook(ModelJob& job) {
  ModelExpert& expert = experts_.at(raw(job.holder));
  offer_due_.insert(raw(job.holder));
  if (job.booked_day == expert.booked_day) {
    expert.booked -= std::min<std::uint32_t>(expert.booked, job.effort);
    if (job.priority == PriorityClass::kOther)
      expert.other -= std::min<std::uint32_t>(expert.other, job.effort);
    if (job.visit() && expert.visits > 0) --expert.visits;
  }
  if (job.rework) return;
  std::uint32_t& load = expert.load[job.booked_day];
  load -= std::min<std::uint32_t>(load, job.effort);
}

void NaiveModel::book_half_day(ModelJob& job, std::int32_t key) {
  drop_half_day(job);
  job.half_day = key;
  if (key != kNoHalfDay) ++visits_booked_[key];
}

void NaiveModel::drop_half_day(ModelJob& job) {
  if (job.half_day != kNoHalfDay) --visits_booked_[job.half_day];
  job.half_day = kNoHalfDay;
}

void NaiveModel::sweep() {
  for (auto& [number, expert] : experts_) {
    if (!claim_stands(expert)) expert.wanted = 0;
  }
  for (auto& [id, job] : jobs_) {
    if (job.in_hand()) job.lease_until = std::min(job.lease_until, holding_end(job));
  }
  for (auto& [id, plan] : plans_) bound_plan(plan);
}

void NaiveModel::remember_key(const Command& command, const Outcome& outcome) {
  if (!is_keyed(command.kind) || outcome.refusal == Refusal::kKeyMissing ||
      outcome.refusal == Refusal::kKeyReused || body_size(command.kind) == 0) {
    return;
  }
  const auto old = [&] {
    return now_ - keys_.front().command.now.ms > policy_.key_retention_minutes * kMsPerMinute;
  };
  for (int dropped = 0; dropped < 2 && !keys_.empty() && old(); ++dropped) keys_.pop_front();
  if (keys_.size() >= limits_.keys_max) {
    keys_early_ += old() ? 0 : 1;
    keys_.pop_front();
  }
  keys_.push_back({command, outcome});
}

// Closed cases may be forgotten, the one closed first before the others; and jobs that have ended.
void NaiveModel::forget_evicted(const Scheduler& after) {
  const StatsView stats = after.stats();
  if (stats.cases_in_memory == cases_.size() && stats.jobs_in_memory == jobs_.size()) return;
  std::uint64_t last_gone = 0;
  std::uint64_t first_kept = UINT64_MAX;
  CaseView seen;
  for (auto c = cases_.begin(); c != cases_.end();) {
    if (after.find_case(c->second.id, seen)) {
      if (c->second.terminal()) first_kept = std::min(first_kept, c->second.closed_order);
      ++c;
      continue;
    }
    expect(c->second.terminal(), "case {} was lost in state {}", c->first, raw(c->second.state));
    last_gone = std::max(last_gone, c->second.closed_order);
    for (const JobId id : c->second.jobs) jobs_.erase(raw(id));
    c = cases_.erase(c);
  }
  expect(last_gone < first_kept, "a case closed later was forgotten first");
  JobView job_seen;
  std::erase_if(jobs_, [&](const auto& entry) {
    const ModelJob& job = entry.second;
    if (after.find_job(job.id, job_seen)) return false;
    expect(!job.open(), "job {} was lost in state {}", raw(job.id), raw(job.state));
    std::erase(cases_.at(raw(job.case_id)).jobs, job.id);
    return true;
  });
}

}  // namespace permitd::tests
