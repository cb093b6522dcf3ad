// A naive model of the core: what every command must do, kept in maps and found by walking through
// them. It judges each answer (accepted, or refused for a reason that is true), follows the events
// of an accepted command one by one as legal moves, and afterwards compares everything it believes
// with the core's views. Where the core is free (which of several equal experts) it checks that the
// choice was legal, and follows. For tests; one thread; no indexes, no shared code with the core
// but its vocabulary and the lottery.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "scheduler/members.h"
#include "scheduler/scheduler.h"
#include "tests/support/naive_calendar.h"
#include "tests/support/naive_licence.h"

namespace permitd::tests {

struct ModelClock {
  bool runs = false;
  std::int64_t from = 0;     // when it last began to run
  std::int64_t minutes = 0;  // working time that was left then, or is left while it stands
};

inline constexpr std::int32_t kNoHalfDay = INT32_MIN;

struct ModelJob {
  scheduler::JobId id{};
  scheduler::CaseId case_id{};
  scheduler::JobKind kind{};
  scheduler::JobState state{};
  scheduler::StageSpec spec{};
  scheduler::Skill skill{};
  scheduler::PriorityClass priority{};
  bool office_reach = false;
  scheduler::OfficeId office{};  // whose experts alone, with office_reach
  std::uint16_t effort = 0;
  bool rework = false;
  bool confirming = false;       // Done, and waits for the confirmer
  scheduler::JobId origin{};     // of a confirmation
  scheduler::ExpertId holder{};  // present or last
  scheduler::LeaseToken token{};
  scheduler::Tick lease_until;
  scheduler::Tick ready_since = scheduler::kNever;
  scheduler::ExpertId declined_by{};
  std::int32_t half_day = kNoHalfDay;  // of the appointment: date × 2, + 1 in the afternoon
  std::int32_t booked_day = 0;
  std::uint32_t failures = 0;  // times it came back undone
  std::uint32_t marks = 0;
  ModelClock clock;

  bool visit() const {
    return kind == scheduler::JobKind::kWork &&
           (spec.flags & scheduler::kStageNeedsAppointment) != 0;
  }
  bool goes_out() const {
    return kind == scheduler::JobKind::kWork && skill == scheduler::Skill::kInspect;
  }
  bool in_hand() const {
    return state == scheduler::JobState::kAssigned || state == scheduler::JobState::kStarted;
  }
  bool open() const;
};

struct ModelPlan {
  scheduler::JobId job{};
  scheduler::ExpertId expert{};
  scheduler::Op op{};
  std::int64_t start = 0;
  std::int64_t until = 0;
  std::int32_t day = 0;
  std::uint16_t sequence = 0;
  std::uint16_t effort = 0;
  bool visit = false;
  scheduler::Reason reason{};
  std::uint8_t locks = 0;
};

struct ModelCase {
  scheduler::CaseId id{};
  scheduler::SubmitCase filed;  // as amended
  scheduler::OfficeId office{};
  scheduler::CaseState state = scheduler::CaseState::kDraft;
  scheduler::CaseState resumes_as = scheduler::CaseState::kDraft;
  scheduler::PriorityClass priority = scheduler::PriorityClass::kOther;
  scheduler::DefineService service;  // the version it is judged by
  std::size_t stage = 0;             // index into service.stages
  bool decided = false;
  std::uint64_t fees_paid = 0;  // rial
  bool rework_due = false;
  bool begun = false;          // a job of it was started
  bool review_begun = false;   // somebody started the plan review, and may have lost it again
  bool review_passed = false;  // the plan review was finished or returned
  scheduler::Tick silent_until = scheduler::kNever;
  scheduler::Tick registered_at = scheduler::kNever;
  std::uint16_t zoning_version = 0;  // that judges it, 0: none
  scheduler::ZoningFinding finding;  // of the last check
  scheduler::Tick zoning_checked_at = scheduler::kNever;
  std::uint64_t closed_order = 0;
  ModelClock clock;         // of a stage that the municipality does
  std::uint32_t marks = 0;  // of it, a bit per event kind
  std::vector<scheduler::JobId> jobs;
  std::vector<scheduler::Event> history;
  // Who did which protected role, by person.
  std::array<std::set<std::uint64_t>, 3> roles;
  std::set<std::pair<int, std::uint32_t>> role_entries;  // role, expert

  bool terminal() const;
  bool waiting() const;  // its clock stands
};

struct ModelZoning {
  scheduler::ZoningState state = scheduler::ZoningState::kNone;
  std::uint16_t total = 0;
  std::vector<scheduler::ZoningRule> rules;  // as they came
  scheduler::Tick effective_from = scheduler::kNever;
};

struct ModelCertificate {
  bool ever = false;
  std::int64_t from = 0;
  std::int64_t until = 0;
};

struct ModelExpert {
  scheduler::DefineExpert defined;
  scheduler::ExpertState state{};
  std::int64_t suspended_from = scheduler::kNever.ms;   // of a suspension that is ahead
  std::int64_t suspended_until = scheduler::kNever.ms;  // of one that ends by itself
  scheduler::Reason suspended_for{};                    // of the one ahead
  std::array<ModelCertificate, scheduler::kSkillCount> certificates;
  std::map<std::int64_t, std::int64_t> absences;  // begin: end, apart from each other
  bool ever_absent = false;                       // one was told since a command took the last away
  std::uint32_t wanted = 0;
  std::int64_t claim_until = 0;
  std::int32_t booked_day = 0;
  std::uint32_t booked = 0;  // minutes of booked_day
  std::uint32_t other = 0;   // of those, for other organisations
  std::uint32_t visits = 0;
  std::map<std::int32_t, std::uint32_t> load;  // by day
  std::uint32_t visits_done = 0;               // inspections finished, ever
  std::uint64_t done_total = 0;
  scheduler::Point place;  // of the visit given last, on place_day
  std::int32_t place_day = INT32_MIN;
};

/// What events have said of an expert.
struct ModelTold {
  scheduler::ExpertState state = scheduler::ExpertState::kNone;
  std::array<scheduler::SpanState, scheduler::kSkillCount> certificates{};
  scheduler::SpanState absence = scheduler::SpanState::kNone;
};

struct ModelOffice : ModelChecks {  // of a manager who came later, where nobody applied for it
  scheduler::DefineOffice defined;
  scheduler::OfficeState state{};
  std::map<std::uint8_t, std::pair<std::int64_t, std::int64_t>> active;  // service: from, until
  std::uint64_t submitted = 0;
  std::uint32_t application = 0;  // that it was licensed by; 0: before the rounds
  std::int64_t licence_until = INT64_MAX;
  std::int64_t suspended_from = scheduler::kNever.ms;  // as those of an expert
  std::int64_t suspended_until = scheduler::kNever.ms;
  scheduler::Reason suspended_for{};
  std::int64_t in_hand_until = 0;  // of one that is not Active: its people keep what they hold
  scheduler::ManagerState manager_state = scheduler::ManagerState::kActive;
  std::map<std::int32_t, std::uint32_t> load;  // effort finished, by day
  std::int32_t load_day = INT32_MIN;           // the newest of those days
};

/// An inspector has finished a visit for an owner.
struct ModelMeeting {
  scheduler::PersonId owner{};
  std::uint32_t expert = 0;
  std::uint32_t visit = 0;  // of the expert's own, from 1
  std::int64_t at = 0;
};

/// A job that went to somebody whose day was full, by order.
struct ModelOverride {
  scheduler::CapacityOverride told;
  bool is_day_unclear = false;  // what was booked is the core's affair
};

struct ModelKey {
  scheduler::Command command;
  scheduler::Outcome outcome;
};

/// Which answers a command may get. No faults: it must be accepted.
struct Judgement {
  std::set<scheduler::Refusal> faults;   // all that are true
  std::set<scheduler::Refusal> allowed;  // may be, but need not
  scheduler::Filter filter{};            // of a kNotEligible, where it is known
  std::set<std::pair<scheduler::Refusal, scheduler::Field>> fields;  // of both
  /// One of the values that make up a field: of which row of a list, 0 for no list, and its name.
  struct Culprit {
    scheduler::Refusal refusal{};
    scheduler::Field field{};
    std::uint16_t row = 0;
    std::string member;
    friend auto operator<=>(const Culprit&, const Culprit&) = default;
  };
  std::set<Culprit> culprits;  // where the model says which of the values are wrong
  bool only_faults() const { return !faults.empty(); }
  void fault(bool wrong, scheduler::Refusal refusal, scheduler::Field field) {
    if (!wrong) return;
    faults.insert(refusal);
    fields.emplace(refusal, field);
  }
  void allow(scheduler::Refusal refusal, scheduler::Field field) {
    allowed.insert(refusal);
    fields.emplace(refusal, field);
  }
  void fault(bool wrong, const Culprit& culprit) {
    if (!wrong) return;
    fault(true, culprit.refusal, culprit.field);
    culprits.insert(culprit);
  }
  /// What is named of the field is wrong, too, as far as the model says what is.
  bool culprit_fits(const scheduler::Outcome& outcome) const {
    const auto is_of_field = [&](const Culprit& one) {
      return one.refusal == outcome.refusal && one.field == outcome.field;
    };
    if (std::ranges::none_of(culprits, is_of_field)) return true;
    const scheduler::MemberRange* named = scheduler::member_range(outcome.field, outcome.member);
    return culprits.contains({outcome.refusal, outcome.field, outcome.row,
                              named == nullptr ? "" : std::string(named->name)});
  }
  /// The field is one that is wrong; where nothing of the request is, none is named.
  bool field_fits(const scheduler::Outcome& outcome) const {
    if (outcome.refusal == scheduler::Refusal::kNone) return outcome.field == scheduler::Field{};
    return fields.contains({outcome.refusal, outcome.field});
  }
};

class NaiveModel {
 public:
  /// To be called before the core applies the command.
  void judge(const scheduler::Command& command, const scheduler::Scheduler& before);
  /// To be called after it; follows the events and checks what the command must have done.
  void follow(const scheduler::Command& command, const scheduler::Outcome& outcome,
              const scheduler::Scheduler& after);
  /// Compares everything with the core's views. Pre: nothing is due any more.
  void audit(const scheduler::Scheduler& scheduler);

  /// What did not agree; empty while all is well.
  const std::vector<std::string>& complaints() const { return complaints_; }
  /// How often which answer was given, to see that a test reaches what it should.
  const std::map<std::pair<int, int>, std::uint64_t>& answers() const { return answers_; }

 private:
  using Command = scheduler::Command;
  using Outcome = scheduler::Outcome;
  using Event = scheduler::Event;

  // naive_judge.cc
  bool judge_actor(const Command& command);
  bool judge_key(const Command& command);
  void judge_kind(const Command& command);
  void judge_reference(const Command& command);
  void judge_licence(const Command& command);
  void judge_case(const Command& command);
  void judge_work(const Command& command);
  void judge_steering(const Command& command);
  void judge_turn(const scheduler::TurnLottery& turn);
  void judge_lock(const scheduler::LockPlan& lock);
  void judge_acceptance(scheduler::OfficeId office, scheduler::ServiceId service,
                        scheduler::OrganisationId organisation);
  void judge_building(std::uint32_t area_m2, std::uint16_t floors, const scheduler::ZoneCode& zone,
                      std::uint16_t coverage, std::uint16_t street);
  void judge_lease(const Command& command, scheduler::JobId job, scheduler::LeaseToken token);
  template <class Change>
  void judge_moments(const Change& change);
  void judge_office_change(const scheduler::SetOfficeState& change);
  void judge_expert_change(const scheduler::SetExpertState& change);
  void judge_claim(const Command& command);
  void judge_room();
  void judge_job_room();
  void judge_schedule(const scheduler::Schedule& schedule);
  void judge_reassign(const scheduler::Reassign& reassign);
  void judge_limits(const scheduler::Limits& limits);
  void judge_days(const scheduler::SetCalendarDays& days);
  bool judge_hours(const scheduler::SetCalendarDays& days);
  void judge_overlaps(const scheduler::SetCalendarDays& days);
  bool acceptable_service(const scheduler::DefineService& service) const;
  bool amendable(const ModelCase& c, bool& unclear) const;
  void judge_note(const scheduler::Note& note, bool required);
  void judge_reason(scheduler::Reason reason, bool required);
  ModelCase* judge_case_id(const Command& command, scheduler::CaseId id);
  ModelJob* judge_job_id(const Command& command, scheduler::JobId id);

  // naive_outcome.cc
  void check_answer(const Command& command, const Outcome& outcome);
  void follow_refusal(const Command& command, const Outcome& outcome,
                      const scheduler::Scheduler& after);
  void check_outcome(const Command& command, const Outcome& outcome);
  void check_note(const Command& command, const scheduler::Scheduler& after);
  void check_effect(const Command& command);
  void check_returned(const Command& command);

  // naive_effects.cc
  void prepare(const Command& command);
  void prepare_reassign(const Command& command);
  void change_office(const scheduler::SetOfficeState& change);
  void change_expert(const scheduler::SetExpertState& change);
  void change_home(ModelCase& c, scheduler::OfficeId office);
  void note_in_hand(const Event& event);
  void note_leaving(scheduler::OfficeId office, scheduler::OfficeState state);
  void follow_moved_home(const scheduler::Command& command, const scheduler::Event& event,
                         ModelCase& c);
  void judge_by_present_rules(ModelCase& c);
  void skip_stages(ModelCase& c);
  void advance(ModelCase& c);
  scheduler::Tick holding_end(const ModelJob& job) const;
  scheduler::Tick lease_end(const ModelJob& job) const;
  void offer_what_began(std::int64_t since);
  void offer_to_all();
  void offer_to_office(scheduler::OfficeId office);
  ModelJob stage_job(const ModelCase& c, bool rework) const;
  ModelJob confirmation_of(const ModelJob& work) const;
  bool needs_confirmation(const ModelJob& job, scheduler::Skill& skill) const;
  void start_clock(ModelJob& job);
  void stop_clock(ModelJob& job);
  void roll(ModelExpert& expert);
  void unbook(ModelJob& job);
  void book_half_day(ModelJob& job, std::int32_t key);
  void drop_half_day(ModelJob& job);
  void sweep();
  void remember_key(const Command& command, const Outcome& outcome);
  void forget_evicted(const scheduler::Scheduler& after);

  // naive_choice.cc
  void check_decision(const Command& command, const ModelJob& job, scheduler::ExpertId chosen,
                      const scheduler::Scheduler& after);
  void check_claimed(const ModelJob& job, scheduler::ExpertId expert,
                     const scheduler::DecisionView& decision);
  struct NearVisit {
    const ModelJob* job = nullptr;
    std::int64_t square = 0;
    std::uint32_t metres = 0;
  };
  std::vector<NearVisit> near_visits(scheduler::ExpertId expert,
                                     scheduler::PriorityClass priority) const;
  std::vector<scheduler::DrawnView> nearest(scheduler::ExpertId expert, const ModelJob& first,
                                            std::size_t& compared) const;
  std::vector<scheduler::DrawnView> as_urgent(const ModelJob& first,
                                              std::span<const ModelJob* const> fitting) const;
  void check_drawn(const ModelJob& job, scheduler::ExpertId expert, const ModelJob& first,
                   std::span<const scheduler::DrawnView> expected,
                   const scheduler::DecisionView& decision);
  scheduler::Point place_of(const ModelExpert& expert) const;
  void check_offered(const ModelJob& job, const scheduler::DecisionView& decision);
  void check_least_loaded(const ModelJob& job,
                          std::span<const scheduler::CandidateView> candidates);
  void check_compared(const ModelJob& job, const scheduler::DecisionView& decision);
  scheduler::CandidateView weighed(const ModelJob& job, scheduler::ExpertId expert) const;
  std::uint32_t way_to(scheduler::ExpertId expert, scheduler::Point parcel) const;
  std::uint32_t office_ppm(scheduler::OfficeId office) const;
  bool may_be_offered(scheduler::ExpertId expert, const ModelJob& job, bool& unclear) const;
  void check_binding(const Command& command, const Outcome& outcome);
  bool could_take(scheduler::ExpertId expert, const ModelJob& job) const;

  // naive_follow.cc
  void follow_event(const Command& command, const Event& event, const scheduler::Scheduler& after);
  void follow_case(const Command& command, const Event& event);
  void follow_created(const Command& command, const Event& event,
                      const scheduler::Scheduler& after);
  void follow_job(const Command& command, const Event& event, const scheduler::Scheduler& after);
  void follow_assigned(const Command& command, ModelJob& job, const Event& event,
                       const scheduler::Scheduler& after);
  void follow_left_hand(const Command& command, ModelJob& job, scheduler::JobState to,
                        scheduler::Reason reason);
  void follow_appointment(const Command& command, ModelJob& job, scheduler::JobState from,
                          const scheduler::Scheduler& after);
  void follow_ended(const Command& command, ModelJob& job, scheduler::JobState from);
  void follow_worked(ModelJob& job);
  void follow_moved(const Command& command, ModelJob& job);
  void follow_mark(const ModelClock& clock, std::int64_t sla, std::uint32_t& marks,
                   const Event& event);
  void follow_municipal_clock(ModelCase& c, scheduler::CaseState from);
  bool pausing(const Command& command) const;

  // naive_told.cc
  void expect_told(const Command& command);
  bool told_by_time(const Event& event) const;
  void follow_span(const Command& command, const Event& event);
  void follow_expert_by_time(const Event& event);
  void follow_suspended_by_time(const Event& event, ModelExpert& expert);
  void follow_expert_told(const Command& command, const Event& event);
  void follow_case_told(const Command& command, const Event& event);
  void follow_told(const Command& command, const Event& event);
  void check_told(const Command& command);
  void audit_told();

  // naive_plan.cc
  void follow_plan(const Command& command, const Outcome& outcome,
                   const scheduler::Scheduler& after);
  void follow_planned(const Event& event);
  void follow_plan_ended(const Command& command, const Event& event);
  std::set<scheduler::PlanLineResult> plan_results(const scheduler::ApplyPlan& plan,
                                                   const scheduler::PlanLine& line) const;
  scheduler::PlanLineResult job_result(const scheduler::ApplyPlan& plan,
                                       const scheduler::PlanLine& line) const;
  ModelPlan plan_from(const scheduler::PlanLine& line) const;
  scheduler::Filter plan_filter(scheduler::ExpertId expert, const ModelJob& job,
                                const ModelPlan& plan, bool& unclear) const;
  scheduler::Filter own_plan_filter(scheduler::ExpertId expert, const ModelJob& job,
                                    const ModelPlan& plan, bool& unclear) const;
  bool is_locked(const scheduler::PlanLine& line, const ModelPlan& wanted) const;
  std::uint8_t locks_after(const scheduler::PlanLine& line) const;
  void follow_plan_locked(const Command& command, const Event& event);
  std::int32_t half_day_key(std::int64_t at) const;
  bool promised(const ModelJob& job) const;
  bool moves_appointment(const scheduler::PlanLine& line) const;
  const ModelPlan* plan_of(scheduler::JobId job) const;
  bool open_to(scheduler::ExpertId expert, const ModelJob& job) const;
  std::pair<std::uint32_t, std::uint32_t> planned_on(scheduler::ExpertId expert, std::int32_t day,
                                                     scheduler::JobId except) const;
  bool may_keep(const ModelPlan& plan) const;
  void bound_plan(ModelPlan& plan) const;
  void audit_plans(const scheduler::Scheduler& scheduler);

  // naive_zoning.cc
  static bool zoning_values_wrong(const scheduler::ZoneCode& zone, std::uint16_t coverage,
                                  std::uint16_t street);
  std::uint16_t zoning_now() const;
  std::size_t judged_by(std::uint16_t version) const;
  std::uint16_t forgettable_zoning() const;
  scheduler::ZoningFinding zoning_says(std::uint16_t version, const ModelCase& c) const;
  void judge_load(const scheduler::LoadZoning& load);
  void judge_zoning(const Command& command);
  void prepare_zoning(const Command& command);
  void follow_zoning(const Command& command, const Event& event);
  void follow_zoning_checked(const Command& command, const Event& event, ModelCase& c);
  void expect_checked_for_review(const ModelCase& c, const ModelJob& job);
  bool zoning_asks(const ModelJob& job) const;
  void audit_case_zoning(const ModelCase& c, const scheduler::CaseView& view);
  void audit_zoning(const scheduler::Scheduler& scheduler);
  void audit_zoning_changes(const scheduler::Scheduler& scheduler, std::uint16_t version);
  bool share_allows(scheduler::ExpertId expert, const ModelJob& job) const;
  bool may_go_first(scheduler::ExpertId expert, const ModelJob& job) const;

  // naive_rules.cc
  bool office_active(scheduler::OfficeId office) const;
  bool office_works(scheduler::OfficeId office, std::int64_t at) const;
  std::int64_t kept_until(std::int64_t leaves) const;
  std::int64_t kept_until(const ModelOffice& office) const;
  static bool works(const ModelExpert& expert, std::int64_t at);
  bool service_active(scheduler::OfficeId office, scheduler::ServiceId service) const;
  bool certified(const ModelExpert& expert, scheduler::Skill skill) const;
  bool absent(const ModelExpert& expert) const;
  static bool absent_at(const ModelExpert& expert, std::int64_t at);
  /// The absences as a command leaves them; those that are over are gone.
  std::map<std::int64_t, std::int64_t> absences_after(const ModelExpert& expert,
                                                      const scheduler::SetAbsence& change) const;
  std::uint32_t capacity(const ModelExpert& expert) const;
  bool bookings_unclear() const { return today_ <= went_back_from_; }
  bool loads_unclear() const {
    return went_back_from_ != INT32_MIN &&
           today_ <= went_back_from_ + static_cast<std::int32_t>(scheduler::kLoadWindowDays);
  }
  std::uint32_t booked_today(const ModelExpert& expert) const;
  std::uint32_t visits_today(const ModelExpert& expert) const;
  std::uint32_t window_minutes(const ModelExpert& expert) const;
  std::uint32_t load_ppm(const ModelExpert& expert) const;
  std::size_t held_count(scheduler::ExpertId expert) const;
  bool concerns(const ModelCase& c, scheduler::PersonId person) const;
  /// The expert, or one of the relatives that the expert has declared.
  bool concerns(const ModelCase& c, const ModelExpert& expert) const;
  /// The case of the job concerns who has it, or the persons behind the holder's office.
  bool concerns_holder(const ModelJob& job) const;
  bool four_eyes(const ModelCase& c, const ModelJob& job, scheduler::ExpertId expert,
                 bool& unclear) const;
  scheduler::Filter first_filter(scheduler::ExpertId expert, const ModelJob& job,
                                 bool lift_capacity, bool ordered, bool& unclear) const;
  scheduler::Filter claim_filter(scheduler::ExpertId expert) const;
  bool met_lately(scheduler::ExpertId expert, const ModelJob& job) const;
  bool is_lately(const ModelMeeting& meeting) const;
  bool keeps(const ModelMeeting& meeting) const;
  void remember_meeting(scheduler::PersonId owner, scheduler::ExpertId expert);
  bool someone_else(scheduler::ExpertId expert, const ModelJob& job) const;
  bool claim_stands(const ModelExpert& expert) const;
  bool available(scheduler::ExpertId expert) const;
  const ModelJob* municipal_for(scheduler::ExpertId expert, scheduler::PriorityClass last) const;
  bool precondition_missing(const ModelJob& job) const;
  static int role_of(const ModelJob& job);
  std::int64_t remaining(const ModelClock& clock) const;
  std::int64_t remaining(const ModelJob& job) const { return remaining(job.clock); }
  scheduler::Tick deadline(const ModelClock& clock) const;
  scheduler::Tick deadline(const ModelJob& job) const { return deadline(job.clock); }
  /// Working minutes left at which a mark of a term is due.
  std::int64_t mark_due(std::int64_t sla, scheduler::EventKind kind) const;
  NaiveCalendar::Hours half_day(std::int32_t key) const;
  std::uint32_t visits_per_half_day(scheduler::Skill skill) const;
  std::int32_t first_free_half_day(scheduler::Skill skill) const;
  const scheduler::DefineService* in_force(scheduler::ServiceId service) const;
  bool waits(const ModelJob& job) const;

  // naive_audit.cc
  void audit_jobs(const scheduler::Scheduler& scheduler);
  void audit_job(const ModelJob& job, const scheduler::JobView& view);
  void audit_cases(const scheduler::Scheduler& scheduler);
  void audit_case(const ModelCase& c, const scheduler::CaseView& view);
  void audit_municipal_clock(const ModelCase& c, const scheduler::CaseView& view);
  void audit_history(const ModelCase& c, const scheduler::Scheduler& scheduler);
  void audit_experts(const scheduler::Scheduler& scheduler);
  void audit_offices(const scheduler::Scheduler& scheduler);
  void audit_holders();
  void audit_waiting();
  void audit_persons();
  void audit_stages();
  void audit_totals(const scheduler::Scheduler& scheduler);
  void audit_overrides(const scheduler::Scheduler& scheduler);
  void audit_overrides(const scheduler::Scheduler& scheduler,
                       const scheduler::OverrideFilter& filter);
  void audit_conservation(const scheduler::Scheduler& scheduler);
  void audit_lists(const scheduler::Scheduler& scheduler);
  void audit_lottery(const scheduler::Scheduler& scheduler);

  template <class... Values>
  void complain(const char* format, const Values&... values);
  template <class... Values>
  void expect(bool holds, const char* format, const Values&... values);

  bool known_expert(scheduler::ExpertId id) const { return experts_.contains(raw(id)); }
  NaiveLicences::World world() { return {offices_, limits_, now_}; }
  ModelJob* find_job(scheduler::JobId id);
  ModelCase* find_case(scheduler::CaseId id);

  std::map<std::uint16_t, ModelZoning> zoning_;
  std::uint16_t forgotten_zoning_ = 0;  // makes room for the one that the command loads; 0: none
  std::uint64_t rebased_ = 0;
  std::uint64_t shares_ = 0;
  bool share_due_ = false;  // by the command being followed
  std::map<std::uint64_t, ModelCase> cases_;
  std::map<std::uint64_t, ModelJob> jobs_;
  std::map<std::uint32_t, ModelExpert> experts_;
  std::map<std::uint16_t, ModelOffice> offices_;
  std::set<std::uint16_t> leaving_;  // whose cases may move by themselves
  std::map<std::uint8_t, scheduler::DefineOrganisation> organisations_;
  std::map<std::uint8_t, std::vector<scheduler::DefineService>> services_;
  std::deque<ModelKey> keys_;
  NaiveCalendar calendar_;
  std::vector<scheduler::TurnLottery> lottery_;  // every turn, the last one stands
  scheduler::Op lottery_turned_{};
  scheduler::SetPolicy policy_;
  scheduler::Limits limits_{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  std::map<std::int32_t, std::uint32_t> visits_booked_;  // by half-day
  std::int64_t now_ = 0;
  bool late_ = false;  // something was due before the command: counters of the core may lag behind
  std::int32_t today_ = 0;
  // An edit of the calendar took the working day back from here: what was booked is the core's
  // affair until that day has passed, and the window of loads for as long as it reaches back.
  std::int32_t went_back_from_ = INT32_MIN;
  std::uint64_t op_ = 0;
  std::vector<ModelOverride> overrides_;
  std::optional<ModelOverride> ordered_;  // by the command being followed, where the day is full
  std::uint64_t decided_in_time_ = 0;
  std::uint64_t decided_late_ = 0;
  std::uint64_t keys_early_ = 0;
  std::vector<ModelMeeting> meetings_;  // each pair once, oldest first
  std::uint64_t meetings_early_ = 0;
  std::uint64_t jobs_created_ = 0;
  std::uint64_t closed_count_ = 0;
  std::map<std::pair<std::uint16_t, std::uint8_t>, scheduler::FlowCell> flow_;  // office, stage

  NaiveLicences licences_;

  std::map<std::uint32_t, ModelTold> told_experts_;
  std::map<std::uint16_t, scheduler::OfficeState> told_offices_;
  std::map<std::uint8_t, unsigned> told_count_;  // by kind, of the command being followed
  std::optional<ModelExpert> span_before_;       // whose certificate or absence it changes

  Judgement judgement_;
  bool repeat_expected_ = false;
  Outcome repeated_;
  scheduler::StatsView stats_before_;
  std::vector<scheduler::JobId> became_ready_;
  std::map<std::uint64_t, ModelPlan> plans_;  // by job
  scheduler::PlanLine line_;                  // the line of a plan being followed
  std::uint8_t line_locks_ = 0;               // what stays fixed of its job when it is applied
  std::uint64_t lines_applied_ = 0;
  std::uint64_t lines_dropped_ = 0;
  std::uint64_t plans_ended_ = 0;
  std::set<std::uint32_t> offer_due_;  // experts for whom more may fit than before
  std::size_t assigned_count_ = 0;     // by the command being followed

  std::vector<std::string> complaints_;
  std::map<std::pair<int, int>, std::uint64_t> answers_;
};

}  // namespace permitd::tests
