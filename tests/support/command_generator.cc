#include "tests/support/command_generator.h"

#include <algorithm>

#include "tests/support/city_setup.h"
#include "tests/support/licence_steps.h"
#include "tests/support/zoning_steps.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

// Compilers evaluate arguments in their own order, so no expression below draws twice in it.

constexpr std::int64_t kMinute = kMsPerMinute;
constexpr std::int64_t kDay = 1440 * kMinute;

/// Makes the body of one random step from what the scheduler shows.
class StepMaker {
 public:
  StepMaker(Chance& chance, const Scheduler& scheduler, Command& command)
      : chance_(chance), scheduler_(scheduler), command_(command), body_(command.body) {}

  void make();

 private:
  using Maker = void (StepMaker::*)();
  struct Choice {
    std::uint32_t weight;
    Maker maker;
  };

  void claim();
  void unclaim();
  void start();
  void renew();
  void complete();
  void return_job();
  void decline();
  void schedule();
  void submit();
  void register_case();
  void amend();
  void withdraw();
  void answer();
  void fees();
  void decide();
  void refer();
  void close();
  void hold();
  void release();
  void expedite();
  void reassign();
  void cancel();
  void plan();
  void lock();
  void load_zoning() {
    command_.actor = supervisor();
    make_load_zoning(chance_, scheduler_, command_);
  }
  void move_zoning() {
    command_.actor = supervisor();
    make_move_zoning(chance_, scheduler_, command_);
  }
  void rebase();
  void absence();
  void certificate();
  template <class Change>
  void moments(Change& change);
  void expert_state();
  void office_state();
  void activation();
  void calendar();
  void policy();
  void definition();
  void limits();
  void move_case();
  void turn();
  void licence();
  void nonsense();

  static const std::array<Choice, 40> kChoices;

  bool wrong(std::uint32_t per_thousand = 60) { return chance_.chance(per_thousand); }
  ExpertId any_expert() { return ExpertId{chance_.between(wrong(20) ? 0U : 1U, kCityExperts)}; }
  OfficeId any_office() {
    return wrong(20) ? OfficeId{777} : OfficeId{kCityOffices[chance_.below(kCityOffices.size())]};
  }
  Actor supervisor() {
    return wrong(20) ? Actor{ActorKind::kAuditor, 1} : Actor{ActorKind::kSupervisor, 7};
  }
  ZoneCode any_zone() { return random_zone(chance_); }
  Note any_note() { return chance_.chance(800) ? note_of("for a reason") : Note{}; }
  Reason any_reason() {
    return static_cast<Reason>(chance_.below(kReasonCount + (wrong(20) ? 5 : 0)));
  }
  Tick moment(std::int64_t back, std::int64_t ahead) {
    return Tick{std::max<std::int64_t>(0, command_.now.ms + chance_.between(-back, ahead))};
  }

  CaseId case_in(std::uint32_t states, CaseView& found);
  JobId job_in(std::uint32_t states, JobView& found);
  void held(JobState state, JobId& job, LeaseToken& token);
  bool find_held(JobState state, JobView& found);

  Chance& chance_;
  const Scheduler& scheduler_;
  Command& command_;
  CommandBody& body_;
};

const std::array<StepMaker::Choice, 40> StepMaker::kChoices = {{
    {150, &StepMaker::submit},       {160, &StepMaker::claim},       {150, &StepMaker::start},
    {150, &StepMaker::complete},     {40, &StepMaker::return_job},   {35, &StepMaker::decline},
    {15, &StepMaker::renew},         {10, &StepMaker::unclaim},      {30, &StepMaker::schedule},
    {15, &StepMaker::register_case}, {15, &StepMaker::amend},        {8, &StepMaker::withdraw},
    {30, &StepMaker::answer},        {40, &StepMaker::fees},         {50, &StepMaker::decide},
    {12, &StepMaker::refer},         {20, &StepMaker::close},        {20, &StepMaker::hold},
    {25, &StepMaker::release},       {20, &StepMaker::expedite},     {35, &StepMaker::reassign},
    {12, &StepMaker::cancel},        {15, &StepMaker::absence},      {20, &StepMaker::certificate},
    {15, &StepMaker::expert_state},  {10, &StepMaker::office_state}, {12, &StepMaker::activation},
    {10, &StepMaker::calendar},      {6, &StepMaker::policy},        {15, &StepMaker::definition},
    {3, &StepMaker::limits},         {10, &StepMaker::nonsense},     {90, &StepMaker::plan},
    {30, &StepMaker::lock},          {20, &StepMaker::load_zoning},  {40, &StepMaker::move_zoning},
    {25, &StepMaker::rebase},        {4, &StepMaker::turn},          {260, &StepMaker::licence},
    {25, &StepMaker::move_case},
}};

void StepMaker::make() {
  std::uint32_t total = 0;
  for (const Choice& choice : kChoices) total += choice.weight;
  std::uint32_t pick = chance_.below(total);
  for (const Choice& choice : kChoices) {
    if (pick < choice.weight) {
      (this->*choice.maker)();
      break;
    }
    pick -= choice.weight;
  }
  if (has_note_behind(command_.kind) && chance_.chance(300)) body_.noted.note = any_note();
  if (wrong(15)) command_.actor.kind = static_cast<ActorKind>(chance_.below(6));
  if (wrong(10)) command_.actor.id = chance_.below(400U);
}

constexpr std::uint32_t states(auto... state) { return ((1U << raw(state)) | ... | 0U); }

// A recent case in one of the states, any other one or an unknown one when none is found.
CaseId StepMaker::case_in(std::uint32_t wanted, CaseView& found) {
  const std::uint64_t last = scheduler_.stats().cases_submitted;
  CaseId id{};
  for (int attempt = 0; attempt < 40 && last > 0; ++attempt) {
    id = CaseId{last - chance_.below(std::min<std::uint64_t>(last, 80))};
    if (!scheduler_.find_case(id, found)) continue;
    if (wrong(30) || (wanted >> raw(found.state) & 1U) != 0) return id;
  }
  return chance_.chance(500) ? id : CaseId{last + chance_.below(3U)};
}

JobId StepMaker::job_in(std::uint32_t wanted, JobView& found) {
  std::uint64_t last = 0;
  for (const FlowCell& cell : scheduler_.stats().flow) last += cell.created;
  JobId id{};
  for (int attempt = 0; attempt < 40 && last > 0; ++attempt) {
    id = JobId{last - chance_.below(std::min<std::uint64_t>(last, 120))};
    if (!scheduler_.find_job(id, found)) continue;
    if (wrong(30) || (wanted >> raw(found.state) & 1U) != 0) return id;
  }
  return chance_.chance(500) ? id : JobId{last + chance_.below(3U)};
}

bool StepMaker::find_held(JobState state, JobView& found) {
  std::array<JobView, kHeldJobsMax> jobs;
  const std::uint32_t from = chance_.below(kCityExperts);
  for (std::uint32_t step = 0; step < kCityExperts; ++step) {
    const std::size_t count =
        scheduler_.list_held(ExpertId{(from + step) % kCityExperts + 1}, jobs);
    const std::size_t first = count == 0 ? 0 : chance_.below(count);
    for (std::size_t index = 0; index < count; ++index) {
      found = jobs[(first + index) % count];
      if (found.state == state) return true;
    }
  }
  return false;
}

// The holder's call on a held job, its token sometimes stale or made up.
void StepMaker::held(JobState state, JobId& job, LeaseToken& token) {
  JobView found;
  if (find_held(wrong(80) ? JobState::kAssigned : state, found)) {
    job = found.job;
  } else if (wrong(300)) {
    job = job_in(~0U, found);
  } else {
    return claim();  // nothing to call about: ask for work instead
  }
  command_.actor = {ActorKind::kExpert, raw(wrong(40) ? any_expert() : found.holder)};
  token = found.token;
  if (wrong(40)) token = LeaseToken{raw(token) - chance_.below(3U)};
}

void StepMaker::claim() {
  command_.kind = CommandKind::kClaim;
  body_.bytes = {};
  command_.actor = {ActorKind::kExpert, raw(any_expert())};
  body_.claim = {};
  const int most = wrong(30) ? 40 : 3;
  body_.claim.wanted = static_cast<std::uint16_t>(chance_.between(wrong(20) ? 0 : 1, most));
  body_.claim.further = wrong(300) ? 1 : 0;
}

void StepMaker::unclaim() {
  command_.kind = CommandKind::kUnclaim;
  command_.actor = {ActorKind::kExpert, raw(any_expert())};
}

void StepMaker::start() {
  command_.kind = CommandKind::kStart;
  body_.start = {};
  held(JobState::kAssigned, body_.start.job, body_.start.token);
}

void StepMaker::renew() {
  command_.kind = CommandKind::kRenew;
  body_.renew = {};
  held(chance_.chance(500) ? JobState::kStarted : JobState::kAssigned, body_.renew.job,
       body_.renew.token);
}

void StepMaker::complete() {
  command_.kind = CommandKind::kComplete;
  body_.complete = {};
  held(JobState::kStarted, body_.complete.job, body_.complete.token);
}

void StepMaker::return_job() {
  constexpr std::array kReasons{Reason::kDocumentsIncomplete, Reason::kAgencyInquiry,
                                Reason::kDefect, Reason::kNoAccess, Reason::kViolation};
  command_.kind = CommandKind::kReturn;
  body_.return_ = {};
  const bool missed = chance_.chance(150);
  held(missed ? JobState::kAssigned : JobState::kStarted, body_.return_.job, body_.return_.token);
  body_.return_.reason = wrong(40) ? any_reason() : kReasons[chance_.below(kReasons.size())];
  if (missed) body_.return_.reason = Reason::kNoAccess;
  body_.return_.note = any_note();
}

void StepMaker::decline() {
  command_.kind = CommandKind::kDecline;
  body_.decline = {};
  held(JobState::kAssigned, body_.decline.job, body_.decline.token);
  body_.decline.reason = any_reason();
  body_.decline.note = any_note();
}

void StepMaker::schedule() {
  JobView job;
  command_.kind = CommandKind::kSchedule;
  command_.actor = supervisor();
  body_.schedule = {};
  body_.schedule.job = job_in(states(JobState::kScheduled, JobState::kReady), job);
  if (chance_.chance(500)) command_.actor = {ActorKind::kOffice, raw(job.intake_office)};
  const auto today = static_cast<std::int32_t>(command_.now.ms / kDay);
  const int earliest = wrong(50) ? -3 : 0;
  body_.schedule.day = today + chance_.between(earliest, wrong(50) ? 200 : 9);
  body_.schedule.half = static_cast<HalfDay>(chance_.below(wrong(20) ? 3 : 2));
}

void StepMaker::submit() {
  command_.kind = CommandKind::kSubmitCase;
  body_.submit_case = {};
  SubmitCase& submit = body_.submit_case;
  command_.actor = {ActorKind::kOffice, raw(any_office())};
  submit.service = ServiceId{static_cast<std::uint8_t>(chance_.between(1U, wrong(30) ? 9U : 4U))};
  if (chance_.chance(200)) submit.service = ServiceId{6};
  const int least = wrong(20) ? 0 : 1;
  submit.district = static_cast<District>(chance_.between(least, wrong(20) ? 40 : 4));
  submit.organisation =
      chance_.chance(650)
          ? kCityMunicipality
          : OrganisationId{static_cast<std::uint8_t>(chance_.between(2, wrong() ? 5 : 3))};
  if (chance_.chance(100)) submit.flags |= kSubmitDraft;
  if (chance_.chance(300)) submit.flags |= kSubmitBuilt;
  submit.floors = static_cast<std::uint16_t>(chance_.below(wrong(20) ? 300 : 12));
  submit.area_m2 = chance_.below(wrong(20) ? 20'000'000U : 6000U);
  if (chance_.chance(900)) submit.point = city_point(chance_);
  if (chance_.chance(600)) submit.zone = any_zone();
  submit.coverage_permille = static_cast<std::uint16_t>(chance_.below(wrong(20) ? 2000 : 900));
  if (chance_.chance(700)) submit.street_width_dm = static_cast<std::uint16_t>(chance_.below(300));
  submit.owner = PersonId{chance_.between<std::uint64_t>(wrong(20) ? 0 : 3000, 3012)};
  // Conflicts of interest: persons around the case are sometimes experts.
  const auto person = [&] {
    return chance_.chance(150) ? person_of_expert(chance_.between(1U, kCityExperts)) : PersonId{};
  };
  submit.relative = person();
  submit.designer = person();
  submit.supervising_engineer = person();
  if (chance_.chance(60)) submit.owner = person_of_expert(chance_.between(1U, kCityExperts));
  if (!wrong(20)) submit.parcel = code_of("5-12-3");
  submit.reference = code_of("r");
}

void StepMaker::register_case() {
  CaseView found;
  command_.kind = CommandKind::kRegisterCase;
  body_.register_case = {};
  body_.register_case.id = case_in(states(CaseState::kDraft), found);
  command_.actor = {ActorKind::kOffice, raw(found.office)};
}

void StepMaker::amend() {
  CaseView found;
  command_.kind = CommandKind::kAmendCase;
  body_.amend_case = {};
  AmendCase& amend = body_.amend_case;
  amend.id = case_in(states(CaseState::kRegistered, CaseState::kInProgress), found);
  command_.actor = {ActorKind::kOffice, raw(found.office)};
  amend.area_m2 = chance_.below(6000U);
  amend.floors = static_cast<std::uint16_t>(chance_.below(wrong(30) ? 300 : 12));
  amend.designer =
      chance_.chance(300) ? person_of_expert(chance_.between(1U, kCityExperts)) : found.designer;
  amend.note = any_note();
  amend.zone = chance_.chance(500) ? found.zone : any_zone();
  if (wrong(50)) amend.zone = {};
  amend.coverage_permille = static_cast<std::uint16_t>(chance_.below(wrong(20) ? 2000 : 900));
  amend.street_width_dm = static_cast<std::uint16_t>(chance_.below(wrong(20) ? 20'000 : 300));
}

void StepMaker::withdraw() {
  CaseView found;
  command_.kind = CommandKind::kWithdrawCase;
  body_.withdraw_case = {};
  body_.withdraw_case.id = case_in(~0U, found);
  body_.withdraw_case.note = any_note();
  command_.actor = {ActorKind::kOffice, raw(found.office)};
}

void StepMaker::answer() {
  CaseView found;
  command_.kind = CommandKind::kAnswerCase;
  body_.answer_case = {};
  body_.answer_case.id =
      case_in(states(CaseState::kAwaitingApplicant, CaseState::kAwaitingAgency), found);
  command_.actor = {ActorKind::kOffice, raw(found.office)};
}

void StepMaker::fees() {
  CaseView found;
  command_.kind = CommandKind::kRecordFees;
  body_.record_fees = {};
  body_.record_fees.id = case_in(~0U, found);
  body_.record_fees.amount_rial = chance_.chance(30) ? 0
                                  : chance_.chance(30)
                                      ? 1'000'000'000'000'001
                                      : chance_.between<std::uint64_t>(1, 1'000'000'000);
  command_.actor =
      chance_.chance(700) ? Actor{ActorKind::kOffice, raw(found.office)} : supervisor();
}

void StepMaker::decide() {
  CaseView found;
  command_.kind = CommandKind::kRecordDecision;
  body_.record_decision = {};
  body_.record_decision.id = case_in(states(CaseState::kAwaitingDecision), found);
  body_.record_decision.approved = chance_.chance(850) ? 1 : 0;
  body_.record_decision.reason = any_reason();
  body_.record_decision.note = any_note();
  command_.actor = supervisor();
}

void StepMaker::refer() {
  CaseView found;
  command_.kind = CommandKind::kReferCase;
  body_.refer_case = {};
  const bool back = chance_.chance(600);
  body_.refer_case.id = case_in(back ? states(CaseState::kReferred) : ~0U, found);
  body_.refer_case.refer = back ? 0 : 1;
  body_.refer_case.note = any_note();
  command_.actor = supervisor();
}

void StepMaker::close() {
  CaseView found;
  command_.kind = CommandKind::kCloseCase;
  body_.close_case = {};
  body_.close_case.id = case_in(states(CaseState::kDelivered), found);
  command_.actor = {ActorKind::kOffice, raw(found.office)};
}

void StepMaker::hold() {
  JobView found;
  command_.kind = CommandKind::kHold;
  command_.actor = supervisor();
  body_.hold = {};
  body_.hold.job =
      job_in(states(JobState::kReady, JobState::kAssigned, JobState::kScheduled), found);
  body_.hold.reason = wrong() ? any_reason() : Reason::kSupervisorOrder;
  body_.hold.pauses_clock = static_cast<std::uint8_t>(chance_.below(2));
  body_.hold.note = any_note();
}

void StepMaker::release() {
  JobView found;
  command_.kind = CommandKind::kRelease;
  command_.actor = supervisor();
  body_.release = {};
  body_.release.job = job_in(states(JobState::kHeld, JobState::kEscalated), found);
  body_.release.note = any_note();
}

void StepMaker::expedite() {
  CaseView found;
  command_.kind = CommandKind::kExpedite;
  command_.actor = supervisor();
  body_.expedite = {};
  body_.expedite.id = case_in(states(CaseState::kRegistered, CaseState::kInProgress), found);
  body_.expedite.note = any_note();
}

void StepMaker::move_case() {
  CaseView found;
  command_.kind = CommandKind::kMoveCase;
  command_.actor = supervisor();
  body_.move_case = {};
  body_.move_case.id =
      case_in(states(CaseState::kInProgress, CaseState::kAwaitingApplicant), found);
  body_.move_case.office = any_office();
  if (wrong(30)) body_.move_case.reason = any_reason();
  body_.move_case.note = any_note();
}

void StepMaker::reassign() {
  JobView found;
  command_.kind = CommandKind::kReassign;
  command_.actor = supervisor();
  body_.reassign = {};
  body_.reassign.job =
      job_in(states(JobState::kReady, JobState::kAssigned, JobState::kEscalated), found);
  body_.reassign.expert = any_expert();
  body_.reassign.override_capacity = static_cast<std::uint8_t>(chance_.below(2));
  body_.reassign.note = any_note();
}

void StepMaker::cancel() {
  JobView found;
  command_.kind = CommandKind::kCancel;
  command_.actor = supervisor();
  body_.cancel = {};
  body_.cancel.job =
      job_in(states(JobState::kBlocked, JobState::kEscalated, JobState::kHeld), found);
  body_.cancel.note = any_note();
}

// Lines on recent jobs as they are now, mostly for somebody who may do them, some of them wrong.
void StepMaker::plan() {
  command_.kind = CommandKind::kApplyPlan;
  command_.actor = supervisor();
  body_.apply_plan = {};
  ApplyPlan& plan = body_.apply_plan;
  const std::uint64_t last = raw(scheduler_.op_applied());
  plan.snapshot_op = Op{last - std::min<std::uint64_t>(last, chance_.chance(200) ? 9 : 0)};
  if (wrong(10)) plan.snapshot_op = Op{last + 1};
  plan.count =
      static_cast<std::uint16_t>(chance_.between(wrong(10) ? 0U : 1U, kPlanLinesPerCommand));
  if (wrong(10)) plan.count = kPlanLinesPerCommand + 1;
  for (PlanLine& line : plan.lines) {
    JobView job;
    line.job = job_in(states(JobState::kReady, JobState::kAssigned, JobState::kScheduled), job);
    line.state = job.state;
    line.attempts = job.attempts;
    const bool dated = job.appointment != kNever && !chance_.chance(150);
    const Tick from = dated ? job.appointment : moment(kDay / 24, 3 * kDay);
    line.start_minute = static_cast<std::uint32_t>(from.ms / kMinute) + chance_.below(90U);
    line.sequence = static_cast<std::uint16_t>(chance_.below(9U));
    line.reason = chance_.chance(500) ? Reason::kNone : Reason::kOverload;
    line.flags = chance_.chance(250) ? kPlanMovesAppointment : 0;
    for (int attempt = 0; attempt < 8; ++attempt) {
      line.expert = any_expert();
      const Tick start{line.start_minute * kMinute};
      if (scheduler_.plan_filter_of(line.job, line.expert, start) == Filter::kNone) break;
    }
    if (chance_.chance(100)) line.expert = ExpertId{};
    if (wrong(20)) line.attempts ^= 1;
    if (wrong(20)) line.state = static_cast<JobState>(chance_.below(13U));
    if (wrong(5)) line.flags = 2;
  }
}

// Mostly on a job that is planned, and often the opposite of what stands.
void StepMaker::lock() {
  command_.kind = CommandKind::kLockPlan;
  command_.actor = supervisor();
  body_.lock_plan = {};
  JobView job;
  for (int attempt = 0; attempt < 12; ++attempt) {
    body_.lock_plan.job = job_in(states(JobState::kReady, JobState::kScheduled), job);
    if (raw(job.planned_for) != 0) break;
  }
  body_.lock_plan.locks =
      static_cast<std::uint8_t>(chance_.below(std::uint32_t{kLockAll}) + (wrong(20) ? 0U : 1U));
  if (wrong(10)) body_.lock_plan.locks = kLockAll + 1;
  body_.lock_plan.is_locked = chance_.chance(650) ? 1 : 0;
  if (wrong(10)) body_.lock_plan.is_locked = 2;
  body_.lock_plan.note = any_note();
}

void StepMaker::rebase() {
  CaseView found;
  command_.kind = CommandKind::kRebaseCase;
  command_.actor = supervisor();
  body_.rebase_case = {};
  body_.rebase_case.id = case_in(states(CaseState::kRegistered, CaseState::kInProgress), found);
  body_.rebase_case.note = any_note();
}

void StepMaker::absence() {
  command_.kind = CommandKind::kSetAbsence;
  command_.actor = supervisor();
  body_.set_absence = {};
  SetAbsence& absence = body_.set_absence;
  absence.expert = chance_.chance(300) ? ExpertId{1} : any_expert();  // one has many
  absence.from = moment(kDay, 2 * kDay);
  const bool is_short = chance_.chance(600);
  absence.until = Tick{absence.from.ms + chance_.below(is_short ? kDay / 24 : 3 * kDay)};
  ExpertView present;
  if (chance_.chance(250)) absence.until = absence.from;
  if (absence.until == absence.from && scheduler_.find_expert(absence.expert, present) &&
      present.absences.count > 0) {
    const Absence& known = present.absences.list[chance_.below(present.absences.count + 0U)];
    const std::int64_t length = std::min<std::int64_t>(known.until.ms - known.from.ms, kDay);
    absence.from = absence.until = Tick{known.from.ms + chance_.below(length)};
  }
  if (wrong(30)) std::swap(absence.from, absence.until);
  absence.note = any_note();
}

void StepMaker::certificate() {
  command_.kind = CommandKind::kSetCertificate;
  command_.actor = supervisor();
  body_.set_certificate = {};
  SetCertificate& certificate = body_.set_certificate;
  certificate.expert = any_expert();
  certificate.skill = static_cast<Skill>(chance_.below(kSkillCount + (wrong(20) ? 1 : 0)));
  certificate.valid_from = moment(30 * kDay, kDay);
  certificate.valid_until =
      Tick{certificate.valid_from.ms + (chance_.chance(100) ? 0 : chance_.below(200 * kDay))};
}

// When a suspension begins and ends; sometimes of what is none, past, or turned round.
template <class Change>
void StepMaker::moments(Change& change) {
  const bool is_suspension = change.state == decltype(change.state)::kSuspended;
  if ((is_suspension && chance_.chance(400)) || wrong(20))
    change.from = moment(wrong(50) ? kDay : -1, kDay);
  const bool begins = change.from != kNever;
  if ((is_suspension && chance_.chance(600)) || wrong(20)) {
    change.until = begins && !wrong(50)
                       ? Tick{change.from.ms + 1 + static_cast<std::int64_t>(chance_.below(kDay))}
                       : moment(wrong(50) ? kDay : -1, kDay);
  }
}

void StepMaker::expert_state() {
  command_.kind = CommandKind::kSetExpertState;
  command_.actor = supervisor();
  body_.set_expert_state = {};
  body_.set_expert_state.expert = any_expert();
  body_.set_expert_state.state = chance_.chance(600)
                                     ? ExpertState::kCertified
                                     : static_cast<ExpertState>(chance_.below(wrong() ? 9 : 6));
  moments(body_.set_expert_state);
  body_.set_expert_state.reason = Reason::kSupervisorOrder;
  body_.set_expert_state.note = any_note();
}

void StepMaker::office_state() {
  command_.kind = CommandKind::kSetOfficeState;
  command_.actor = supervisor();
  body_.set_office_state = {};
  body_.set_office_state.office = any_office();
  body_.set_office_state.state = chance_.chance(700)
                                     ? OfficeState::kActive
                                     : static_cast<OfficeState>(chance_.below(wrong() ? 8 : 4));
  moments(body_.set_office_state);
  body_.set_office_state.reason = Reason::kSupervisorOrder;
  body_.set_office_state.note = any_note();
}

void StepMaker::activation() {
  command_.kind = CommandKind::kActivateService;
  command_.actor = {ActorKind::kOperator, 1};
  body_.activate_service = {};
  ActivateService& activate = body_.activate_service;
  activate.office = any_office();
  activate.service =
      ServiceId{static_cast<std::uint8_t>(chance_.between(1U, wrong(30) ? 70U : 6U))};
  activate.from = moment(5 * kDay, 2 * kDay);
  activate.until = chance_.chance(700) ? kNever : Tick{activate.from.ms + chance_.below(9 * kDay)};
}

void StepMaker::calendar() {
  command_.kind = CommandKind::kSetCalendarDays;
  command_.actor = {ActorKind::kOperator, 1};
  const auto today = static_cast<std::int32_t>(command_.now.ms / kDay);
  const auto count = static_cast<std::uint16_t>(chance_.between(1, wrong(50) ? 31 : 9));
  body_.set_calendar_days = {};
  if (count > kCalendarDaysPerCommand) {
    body_.set_calendar_days.first_day = today;
    body_.set_calendar_days.count = count;
    return;
  }
  body_.set_calendar_days = random_calendar(chance_, today + chance_.between(0, 12), count);
  if (chance_.chance(300)) body_.set_calendar_days.note = any_note();
  if (wrong(50)) body_.set_calendar_days.length_minutes[0] = 1500;
  if (wrong(50)) body_.set_calendar_days.open_minute[count - 1U] += 3 * 1440;
  if (wrong(50) && count > 1)
    body_.set_calendar_days.open_minute[1] = body_.set_calendar_days.open_minute[0];
}

void StepMaker::policy() {
  command_.kind = CommandKind::kSetPolicy;
  command_.actor = {ActorKind::kOperator, 1};
  body_.set_policy = random_policy(chance_);
  if (wrong(200)) body_.set_policy.near_equal_count = 9;
  if (wrong(200)) body_.set_policy.attempts_max = 0;
}

void StepMaker::definition() {
  command_.actor = {ActorKind::kOperator, 1};
  std::uint16_t version = 0;
  switch (chance_.below(4)) {
    case 0:
      command_.kind = CommandKind::kDefineService;
      version = chance_.between(std::uint16_t{1}, std::uint16_t{20});
      body_.define_service = city_service(chance_.between(1U, kCityServices), version, chance_);
      body_.define_service.effective_minute =
          static_cast<std::uint32_t>(moment(0, kDay).ms / kMsPerMinute);
      if (wrong()) body_.define_service.stages[0].effort_minutes = 0;
      break;
    case 1:
      command_.kind = CommandKind::kDefineOrganisation;
      body_.define_organisation = city_organisation(chance_.between(1U, 4U));
      if (wrong()) body_.define_organisation.priority = PriorityClass::kExpedited;
      break;
    case 2:
      command_.kind = CommandKind::kDefineOffice;
      body_.define_office = city_office(chance_.below(5U), chance_);
      if (OfficeView present;
          scheduler_.find_office(body_.define_office.office, present) && !wrong(200))
        body_.define_office.technical_manager = present.technical_manager;
      if (wrong()) body_.define_office.office = OfficeId{};
      break;
    case 3:
      command_.kind = CommandKind::kDefineExpert;
      body_.define_expert = city_expert(chance_.between(1U, kCityExperts + 4), chance_);
      if (wrong()) body_.define_expert.person = PersonId{};
      if (wrong()) body_.define_expert.relatives[3] = body_.define_expert.person;
      break;
  }
}

void StepMaker::limits() {
  command_.kind = CommandKind::kSetLimits;
  command_.actor = {};
  Limits limits = scheduler_.limits();
  limits.jobs_max += chance_.below(10U);
  limits.keys_max += chance_.below(10U);
  limits.meetings_max += chance_.below(3U);
  limits.events_max += chance_.below(100U);
  if (wrong(300)) limits.cases_max -= 1;
  if (wrong(300)) limits.venues_max = 10'000;
  body_.set_limits = {limits};
}

// As the engine makes it, but now and then.
void StepMaker::turn() {
  command_.kind = CommandKind::kTurnLottery;
  command_.actor = wrong(30) ? supervisor() : Actor{};
  body_.turn_lottery = {};
  TurnLottery& turn = body_.turn_lottery;
  const LotteryView& standing = scheduler_.lottery();
  turn.day = scheduler_.working_day(command_.now) + (wrong(30) ? 1 : 0);
  turn.is_lost = standing.turns != 0 && chance_.chance(200) ? 1 : 0;
  if ((standing.turns != 0 && turn.is_lost == 0) != wrong(30)) turn.opened[0] = 1;
  turn.commitment[0] = static_cast<std::uint8_t>(chance_.between(wrong(30) ? 0 : 1, 255));
  if (wrong(30)) turn.commitment = standing.commitment;
  turn.salt[15] = static_cast<std::uint8_t>(chance_.below(256));
}

void StepMaker::licence() {
  command_.actor = supervisor();
  make_licence_step(chance_, scheduler_, command_);
}

// Kinds that exist with bodies made of dice, and kinds that do not exist.
void StepMaker::nonsense() {
  command_.kind = static_cast<CommandKind>(chance_.below(128));
  command_.actor = {static_cast<ActorKind>(chance_.below(6)), chance_.below(400U)};
  if (command_.kind == CommandKind::kSetLimits) command_.kind = CommandKind::kNone;
  for (std::byte& byte : body_.bytes) {
    byte = chance_.chance(500) ? std::byte{0} : static_cast<std::byte>(chance_.below(256));
  }
}

// Mostly minutes, sometimes a night, now and then weeks. Most closed hours are skipped.
std::int64_t pause(Chance& chance, const Scheduler& scheduler) {
  std::int64_t pause = 0;
  constexpr std::int64_t kHour = 60 * kMinute;
  while (pause < 6 * kDay && !scheduler.is_working(Tick{scheduler.now().ms + pause}) &&
         chance.chance(985)) {
    pause += kHour;
  }
  if (pause > 0) return pause;
  if (chance.chance(600)) return 0;
  if (chance.chance(930)) return chance.below(10 * kMinute);
  if (chance.chance(800)) return chance.below(6 * kHour);
  return chance.below(chance.chance(900) ? 2 * kDay : 25 * kDay);
}

}  // namespace

std::vector<Step> steps_of(std::uint64_t seed, std::size_t count) {
  Chance chance(seed);
  std::vector<Step> steps;
  for (std::uint32_t index = 0; index < city_setup_count(); ++index) {
    steps.push_back({index, chance.next()});
  }
  // Every eighth city has no calendar: always open.
  if (seed % 8 == 0) {
    std::erase_if(steps, [](const Step& step) { return step.setup >= 2 && step.setup < 10; });
  }
  for (std::size_t index = 0; index < count; ++index)
    steps.push_back({Step::kRandom, chance.next()});
  return steps;
}

bool CommandGenerator::send_again(Chance& chance, Command& command) {
  if (remembered_count_ == 0 || !chance.chance(25)) return false;
  const std::size_t known = std::min(remembered_count_, kRemembered);
  const Command& earlier = remembered_[chance.below(known)];
  command.key = earlier.key;
  command.actor = earlier.actor;
  command.kind = earlier.kind;
  command.body = earlier.body;
  if (chance.chance(250)) command.body.bytes[0] ^= std::byte{1};
  if (chance.chance(100)) command.actor.id ^= 1;
  return true;
}

Command CommandGenerator::make(const Step& step, const Scheduler& scheduler) {
  Chance chance(step.dice);
  Command command;
  command.op = Op{raw(scheduler.op_applied()) + 1};
  command.seed = chance.next();
  command.key = {step.dice, step.setup + 1};
  if (step.setup != Step::kRandom) {
    command.now = Tick{std::int64_t{kCityFirstDay} * kDay + 4 * 60 * kMinute};
    make_city_setup(step.setup, chance, command);
    if (command.kind == CommandKind::kSetLimits) command.key = {};
    return command;
  }
  command.now = Tick{scheduler.now().ms + pause(chance, scheduler)};
  if (send_again(chance, command)) return command;
  StepMaker(chance, scheduler, command).make();
  if (!is_keyed(command.kind)) {
    command.key = {};
  } else if (chance.chance(5)) {
    command.key = {};  // refused: every other kind needs one
  }
  remembered_[remembered_count_++ % kRemembered] = command;
  return command;
}

bool make_due_tick(const Scheduler& scheduler, Tick now, Command& command) {
  if (scheduler.next_due() > now) return false;
  command = Command{};
  command.op = Op{raw(scheduler.op_applied()) + 1};
  command.now = now;
  command.seed = raw(command.op) * 0x9E3779B97F4A7C15ULL;
  command.kind = CommandKind::kTick;
  return true;
}

}  // namespace permitd::tests
