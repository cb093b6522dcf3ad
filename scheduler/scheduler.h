// The core: commands in, outcomes and events out. A pure, deterministic function of its commands:
// no clock, no thread, no chance, no float, no I/O. The same commands give the same bytes of state
// on any machine; ties are always broken by id. Owned by one thread (the engine's).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "scheduler/command.h"
#include "scheduler/outcome.h"
#include "scheduler/views.h"

namespace permitd::scheduler {

/// Receives state bytes in order (write_state) or gives them back (read_state).
class StateSink {
 public:
  virtual ~StateSink() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
};
class StateSource {
 public:
  virtual ~StateSource() = default;
  /// Fills `bytes` whole, or returns false when the source has ended or failed.
  [[nodiscard]] virtual bool read(std::span<std::byte> bytes) = 0;
};

/// Told where the tables lie, so that whoever runs the core can have the system bring their pages
/// in ahead of use. No byte of them may be changed.
class TableMemory {
 public:
  virtual ~TableMemory() = default;
  /// All tables lie here from now on: their memory has just been taken, and new parts of it were
  /// not touched yet. What was told before may have been given back. Called by apply() of SetLimits
  /// and by read_state().
  virtual void taken(std::span<const std::span<const std::byte>> tables) noexcept = 0;
};

class WorkingCalendar;

class Scheduler {
 public:
  /// `memory` may be null; otherwise it outlives the scheduler.
  explicit Scheduler(TableMemory* memory = nullptr);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Applies one stamped command. Pre: command.op is the last op + 1; command.now never goes back;
  /// the first command is SetLimits (it takes the memory; every other call is allocation-free).
  /// A refused command changes nothing but the last op and, where it had one, the memory of its
  /// key. O(log n) but for SetCalendarDays and SetPolicy, which recompute open deadlines.
  Outcome apply(const Command& command) noexcept;

  /// A hint that `command` is applied a few commands from now: fetches what it will look up.
  /// Changes nothing; who applies many commands gives it for each, kCommandsAhead in advance.
  void expect(const Command& command) const noexcept;
  static constexpr std::size_t kCommandsAhead = 4;

  /// Events of the last apply(), in order; valid until the next one.
  std::span<const Event> events() const;

  /// The note given with the last command, which belongs to every event of it; empty when it had
  /// none or was refused. Valid until the next apply().
  const Note& event_note() const;
  /// The note given with an earlier command; empty when there was none or newer ones have pushed it
  /// out of memory. Only notes that a case's history refers to are kept.
  Note find_note(Op op) const;

  /// Moment at which a Tick command has something to do; kNever when nothing is timed.
  Tick next_due() const;
  Op op_applied() const;
  /// Time of the last command.
  Tick now() const;
  const Limits& limits() const;  // all zero before the first SetLimits
  const SetPolicy& policy() const;
  const LotteryView& lottery() const;

  // Reads. A list call looks at no more than `scan_max` records and returns how many rows it
  // filled.
  [[nodiscard]] bool find_case(CaseId id, CaseView& out) const;
  [[nodiscard]] bool find_job(JobId id, JobView& out) const;
  [[nodiscard]] bool find_office(OfficeId id, OfficeView& out) const;
  [[nodiscard]] bool find_expert(ExpertId id, ExpertView& out) const;
  [[nodiscard]] bool find_decision(JobId id,
                                   DecisionView& out) const;  // newest assignment of the job
  StuckView explain_stuck(JobId id) const;
  /// What stands before the work of other organisations for this expert now (I7). All zero for an
  /// unknown one.
  MunicipalLook look_for_municipal(ExpertId expert) const;
  StatsView stats() const;
  std::size_t list_jobs(const JobFilter& filter, Cursor& cursor, std::size_t scan_max,
                        std::span<JobView> out) const;
  /// Assigned and Started jobs of one expert, oldest lease first. Complete: at most kHeldJobsMax.
  std::size_t list_held(ExpertId expert, std::span<JobView> out) const;
  std::size_t list_case_jobs(CaseId id, std::span<JobView> out) const;
  /// Oldest event first, from index `from`; events pushed out of memory are missing from the front.
  std::size_t list_history(CaseId id, std::size_t from, std::span<HistoryView> out) const;
  std::size_t list_offices(Cursor& cursor, std::span<OfficeView> out) const;
  std::size_t list_experts(OfficeId office, Cursor& cursor, std::span<ExpertView> out) const;
  /// Non-empty cells only. `office` 0 = all.
  std::size_t list_open_cells(OfficeId office, Cursor& cursor, std::span<OpenCellView> out) const;
  FlowCell flow(Stage stage, OfficeId office) const;  // office 0 = all
  /// Open cases and those that ended not long ago, in no order that means anything.
  std::size_t list_cases(Cursor& cursor, std::size_t scan_max, std::span<CaseView> out) const;
  /// Every version of the catalogue that is kept. All in one call when `out` has room.
  std::size_t list_services(Cursor& cursor, std::span<ServiceView> out) const;
  /// By number. All in one call when `out` has 255 places.
  std::size_t list_organisations(Cursor& cursor, std::span<OrganisationView> out) const;
  /// Every service that was ever activated at an office, by office in order of definition.
  std::size_t list_activations(Cursor& cursor, std::size_t scan_max,
                               std::span<ActivationView> out) const;
  /// The versions of the zoning plan that are kept, oldest first. All in one call when `out` has
  /// kZoningVersionsMax places.
  std::size_t list_zoning(std::span<ZoningVersionView> out) const;
  /// Rules of a version from index `from`, sorted by zone. None when it is not kept.
  std::size_t list_zoning_rules(std::uint16_t version, std::size_t from,
                                std::span<ZoningRule> out) const;
  /// What a version would say to a case in what it asks for. kNoPlan when the version is not kept.
  [[nodiscard]] ZoningFinding judge_zoning(std::uint16_t version, CaseId id) const;
  /// Open cases to which a version says something else than the one that judges them.
  std::size_t list_zoning_changes(std::uint16_t version, Cursor& cursor, std::size_t scan_max,
                                  std::span<ZoningChangeView> out) const;
  /// Overrides of capacity, newest first, of the last kCapacityOverridesMax. The cursor is the op
  /// of the last one told, and stays true while others come. Looks at all that are kept.
  std::size_t list_overrides(const OverrideFilter& filter, Cursor& cursor,
                             std::span<CapacityOverride> out) const;
  /// How many list_overrides() has in all.
  std::uint64_t count_overrides(const OverrideFilter& filter) const;
  /// What Schedule would be answered, were an actor who may give it to give it now. `kNone` in the
  /// refusal: it would be accepted.
  Outcome judge_schedule(const Schedule& schedule) const;

  // Office licences (licence_queries.cc).
  [[nodiscard]] bool find_application(ApplicationId id, ApplicationView& out) const;
  [[nodiscard]] bool find_round(RoundId id, RoundView& out) const;
  std::size_t list_applications(const ApplicationFilter& filter, Cursor& cursor,
                                std::size_t scan_max, std::span<ApplicationView> out) const;
  std::size_t list_rounds(Cursor& cursor, std::span<RoundView> out) const;
  std::size_t list_venues(Cursor& cursor, std::span<VenueView> out) const;
  /// Every version that is kept. All in one call when `out` has room.
  std::size_t list_licence_rules(Cursor& cursor, std::span<LicenceRulesView> out) const;
  /// O(applications + venues + offices).
  LicensingView licensing() const;

  // What a plan is made of: list_jobs, list_experts and list_offices, and these.
  /// The reservation of a job. False when no plan reserves it.
  [[nodiscard]] bool find_plan(JobId id, PlanView& out) const;
  /// The expert's reserved jobs in the order of the plan. Complete: at most kPlannedPerExpertMax.
  std::size_t list_planned(ExpertId expert, std::span<PlanView> out) const;
  /// What would keep the expert from a line of ApplyPlan on this job and start, see PlanLineResult.
  /// O(1), but for visits by somebody who met the owner lately.
  Filter plan_filter_of(JobId job, ExpertId expert, Tick start) const;
  /// Persons who may not take the job, whoever their office is: those of its case, those who had
  /// another protected role on it, and who declined it last. At most 11.
  std::size_t list_excluded(JobId job, std::span<PersonId> out) const;
  /// Inspectors who met the owner so lately that the next inspection is somebody else's, if anybody
  /// else may take it. At most kMeetingsPerOwnerMax, none twice, who met last in front.
  std::size_t list_met(PersonId owner, std::span<ExpertId> out) const;
  /// The working day that a moment belongs to, days since 1970-01-01.
  std::int32_t working_day(Tick at) const;
  /// When a half-day begins and ends. False when it is closed.
  [[nodiscard]] bool half_day(std::int32_t day, HalfDay half, Tick& open, Tick& close) const;

  // Working time (calendar in force).
  bool is_working(Tick at) const;
  /// The dates that are covered, none when the calendar was never set; see working_calendar.h.
  void calendar_span(std::int32_t& first_day, std::uint32_t& count) const;
  /// Hours of a date; closed when it is not covered.
  CalendarDay calendar_day(std::int32_t date) const;
  /// Why a date is as it is. False when it was never set, or so many edits ago that it is
  /// forgotten.
  [[nodiscard]] bool find_calendar_note(std::int32_t date, CalendarNoteView& out) const;
  /// A copy of the calendar in force, to be changed and asked. Pre: `out` is reserved.
  void copy_calendar(WorkingCalendar& out) const;
  /// Open deadlines that would be different by `changed`. See list_jobs.
  std::size_t list_deadline_moves(const WorkingCalendar& changed, Cursor& cursor,
                                  std::size_t scan_max, std::span<DeadlineMove> out) const;
  /// Working minutes between two moments, from ≤ to.
  std::int64_t working_minutes(Tick from, Tick to) const;

  /// Writes the whole state in a canonical form: equal states give equal bytes. The digest of a
  /// state is a hash of these bytes, taken by the caller.
  void write_state(StateSink& sink) const;
  /// Replaces the state. Returns false, leaving an unusable scheduler, when the bytes are not a
  /// valid state.
  [[nodiscard]] bool read_state(StateSource& source);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace permitd::scheduler
