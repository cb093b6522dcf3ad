#include "daemon/rpc_plan_messages.h"

#include <algorithm>

#include "daemon/rpc_enums.h"

namespace permitd::daemon {

using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

namespace {

constexpr std::uint32_t kPlanMillisecondsMax = 60'000;
constexpr std::uint64_t kIterationsMax = 10'000'000;  // a minute or two
constexpr std::uint32_t kBalancePermilleMax = 100'000;
constexpr std::uint32_t kMoveMinutesMax = 10'000;
constexpr std::int64_t kMsPerMinute = 60'000;
// A value that is not given: the operator's counts.
constexpr std::uint32_t kNotGiven = UINT32_MAX;

Flaw outside(Field field) { return {Refusal::kOutOfRange, field}; }

bool within(std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  return low <= value && value <= high;
}

Flaw check_budget(std::uint32_t milliseconds, std::uint64_t iterations) {
  if (!within(milliseconds, 0, kPlanMillisecondsMax)) return outside(Field::kMilliseconds);
  if (!within(iterations, 0, kIterationsMax)) return outside(Field::kIterations);
  return {};
}

/// Takes a value that is given and in its range.
bool take(std::uint32_t given, std::uint32_t low, std::uint32_t high, std::uint32_t& out) {
  if (given == kNotGiven) return true;
  out = given;
  return within(given, low, high);
}

}  // namespace

// ---- requests ----

Flaw read_visit_request(protocol::VisitPlanRequest::Reader in, const PlannerSettings& settings,
                        VisitPlanOptions& out) {
  if (const Flaw flaw = check_budget(in.getMilliseconds(), in.getIterations())) return flaw;
  out = visit_options(settings);
  out.milliseconds = in.getMilliseconds();
  out.iterations = in.getIterations();
  out.seed = in.getSeed();
  out.mends = in.getMend();
  if (!take(in.getBalancePermille(), 0, kBalancePermilleMax, out.balance_permille))
    return outside(Field::kBalance);
  if (!take(in.getMoveMinutes(), 0, kMoveMinutesMax, out.move_minutes))
    return outside(Field::kMoveCost);
  if (!take(in.getRoadPercent(), 100, 1'000, out.road_percent)) return outside(Field::kRoad);
  if (!take(in.getSpeedKmh(), 1, 200, out.speed_kmh)) return outside(Field::kSpeed);
  return {};
}

Flaw read_desk_request(protocol::DeskPlanRequest::Reader in, const PlannerSettings& settings,
                       DeskPlanOptions& out) {
  if (const Flaw flaw = check_budget(in.getMilliseconds(), in.getIterations())) return flaw;
  out = desk_options(settings);
  out.milliseconds = in.getMilliseconds();
  out.iterations = in.getIterations();
  out.seed = in.getSeed();
  return {};
}

Flaw read_assumption(protocol::Assumption::Reader in, Assumption& out) {
  using Kind = Assumption::Kind;
  switch (in.which()) {
    case protocol::Assumption::NOTHING:
      return {};
    case protocol::Assumption::ABSENT:
      out.kind = Kind::kAbsent;
      out.expert = scheduler::ExpertId{in.getAbsent().getExpert()};
      out.from = {in.getAbsent().getFrom()};
      out.until = {in.getAbsent().getUntil()};
      return out.from < out.until ? Flaw{} : outside(Field::kValidity);
    case protocol::Assumption::SUSPENDED:
      out.kind = Kind::kSuspended;
      out.office = scheduler::OfficeId{in.getSuspended()};
      out.from = {in.getSuspendedFrom()};
      out.until =
          in.getSuspendedUntil() == 0 ? scheduler::kNever : scheduler::Tick{in.getSuspendedUntil()};
      return out.from < out.until ? Flaw{} : outside(Field::kValidity);
    case protocol::Assumption::CLOSED:
      out.kind = Kind::kClosed;
      out.day = in.getClosed();
      return {};
  }
  return {Refusal::kUnsupported};  // an assumption of a later schema
}

Flaw check_assumption(const Assumption& assumption, scheduler::Tick now,
                      const std::vector<scheduler::ExpertView>& experts,
                      const std::vector<scheduler::OfficeView>& offices) {
  const bool is_absent = assumption.kind == Assumption::Kind::kAbsent;
  if (is_absent && std::ranges::find(experts, assumption.expert, &scheduler::ExpertView::expert) ==
                       experts.end())
    return {Refusal::kUnknownExpert, Field::kExpert};
  const bool is_suspended = assumption.kind == Assumption::Kind::kSuspended;
  if (is_suspended && std::ranges::find(offices, assumption.office,
                                        &scheduler::OfficeView::office) == offices.end())
    return {Refusal::kUnknownOffice, Field::kOffice};
  if (is_suspended && assumption.until <= now) return outside(Field::kValidity);
  return {};
}

Flaw read_plan_line(protocol::PlanLine::Reader in, scheduler::PlanLine& out) {
  const std::int64_t minute = in.getStart() / kMsPerMinute;
  if (minute < 0 || minute > UINT32_MAX) return outside(Field::kDay);
  out.job = scheduler::JobId{in.getJob()};
  out.expert = scheduler::ExpertId{in.getExpert()};
  out.start_minute = static_cast<std::uint32_t>(minute);
  out.sequence = in.getSequence();
  out.attempts = in.getAttempts();
  if (!to_core(in.getState(), out.state)) return outside(Field::kState);
  out.flags = in.getMovesAppointment() ? scheduler::kPlanMovesAppointment : std::uint8_t{0};
  return read_reason(in.getReason(), out.reason);
}

// ---- answers ----

namespace {

void write_line(const PlannedVisitLine& line, protocol::PlannedVisit::Builder out) {
  out.setJob(raw(line.job));
  out.setCaseId(raw(line.case_id));
  out.setExpert(raw(line.expert));
  out.setBefore(raw(line.before));
  out.setSecond(raw(line.second));
  out.setStart(line.start.ms);
  out.setExtraTravelSeconds(line.extra_travel_s);
  out.setSecondTravelSeconds(line.second_travel_s);
  out.setSequence(line.sequence);
  out.setAttempts(line.attempts);
  out.setState(to_wire<protocol::JobState>(line.state));
  out.setDistrict(line.district);
  out.setChange(static_cast<protocol::PlanChange>(line.change));
  out.setDisplaced(line.is_displaced);
  out.setMovesAppointment(line.moves_appointment);
  out.setStartBefore(line.start_before.ms);
  out.setDeadline(line.deadline.ms);
  out.setLocks(line.locks);
}
static_assert(static_cast<int>(protocol::PlanChange::MOVED) ==
              static_cast<int>(PlanChange::kMoved));

void write_unplanned(const UnplannedVisitLine& line, protocol::UnplannedVisit::Builder out) {
  out.setJob(raw(line.job));
  out.setCaseId(raw(line.case_id));
  out.setDistrict(line.district);
  out.setCause(static_cast<protocol::Unplanned>(line.reason.cause));
  out.setQualified(static_cast<std::uint32_t>(line.reason.skilled));
  out.setNotExcluded(static_cast<std::uint32_t>(line.reason.not_excluded));
  out.setOnShift(static_cast<std::uint32_t>(line.reason.on_shift));
  out.setWithRoom(static_cast<std::uint32_t>(line.reason.with_room));
  out.setBefore(raw(line.before));
}
static_assert(static_cast<int>(protocol::Unplanned::NO_HALF_DAY) ==
              static_cast<int>(planner::UnservedCause::kNoHalfDay));

void write_line(const PlannedDeskLine& line, protocol::PlannedDesk::Builder out) {
  out.setJob(raw(line.job));
  out.setCaseId(raw(line.case_id));
  out.setExpert(raw(line.expert));
  out.setBefore(raw(line.before));
  out.setSecond(raw(line.second));
  out.setStart(line.start.ms);
  out.setFinish(line.finish.ms);
  out.setDeadline(line.deadline.ms);
  out.setLateBefore(line.late_before);
  out.setLateAfter(line.late_after);
  out.setEffortMinutes(line.effort_minutes);
  out.setSequence(line.sequence);
  out.setAttempts(line.attempts);
  out.setState(to_wire<protocol::JobState>(line.state));
  out.setStage(to_wire<protocol::Stage>(line.stage));
  out.setKind(to_wire<protocol::JobKind>(line.kind));
  out.setDistrict(line.district);
  out.setChange(static_cast<protocol::PlanChange>(line.change));
  out.setReason(static_cast<protocol::DeskReason>(line.reason));
  out.setCause(static_cast<protocol::DeskMoveCause>(line.cause));
  out.setObstacle(static_cast<protocol::DeskObstacle>(line.obstacle));
  out.setLocks(line.locks);
}
static_assert(static_cast<int>(protocol::DeskReason::TRADE) ==
              static_cast<int>(planner::ReviewReason::kTrade));
static_assert(static_cast<int>(protocol::DeskMoveCause::BALANCE) ==
              static_cast<int>(planner::ReviewMoveCause::kBalance));
static_assert(static_cast<int>(protocol::DeskObstacle::NO_CAPACITY) ==
              static_cast<int>(planner::ReviewObstacle::kNoCapacity));

void write_unplanned(const UnplannedDeskLine& line, protocol::UnplannedDesk::Builder out) {
  out.setJob(raw(line.job));
  out.setCaseId(raw(line.case_id));
  out.setStage(to_wire<protocol::Stage>(line.stage));
  out.setDistrict(line.district);
  out.setBefore(raw(line.before));
  out.setObstacle(static_cast<protocol::DeskObstacle>(line.obstacle));
}

template <class Rows>
void write_rows(const Rows& rows, auto list, auto write) {
  for (unsigned i = 0; i < rows.size(); ++i) write(rows[i], list[i]);
}

template <class Init>
void write_causes(const PlanCauses& causes, const Init& init) {
  const auto count =
      std::ranges::count_if(causes, [](const PlanCause& cause) { return cause.count != 0; });
  auto out = init(static_cast<unsigned>(count));
  unsigned next = 0;
  for (std::size_t kind = 0; kind < causes.size(); ++kind) {
    const PlanCause& cause = causes[kind];
    if (cause.count == 0) continue;
    auto written = out[next++];
    written.setKind(static_cast<protocol::PlanCauseKind>(kind));
    written.setCount(cause.count);
    written.setOp(raw(cause.op));
    written.setAt(cause.at.ms);
    written.setExpert(raw(cause.expert));
    written.setOffice(raw(cause.office));
    written.setJob(raw(cause.job));
  }
}
static_assert(static_cast<int>(protocol::PlanCauseKind::NEW_DAY) ==
              static_cast<int>(PlanCauseKind::kNewDay));

}  // namespace

std::size_t line_count(const VisitPlan& plan) { return plan.lines.size() + plan.unplanned.size(); }
std::size_t line_count(const DeskPlan& plan) { return plan.lines.size() + plan.unplanned.size(); }
std::size_t line_count(const StandingPlan& plan) {
  std::size_t count = line_count(plan.desks);
  for (const VisitPlan& day : plan.days) count += line_count(day);
  return count;
}

void write_visit_plan(const VisitPlan& plan, protocol::VisitPlan::Builder out) {
  out.setOp(raw(plan.op));
  out.setDay(plan.day);
  write_rows(plan.lines, out.initVisits(static_cast<unsigned>(plan.lines.size())),
             [](const auto& row, auto to) { write_line(row, to); });
  write_rows(plan.unplanned, out.initUnplanned(static_cast<unsigned>(plan.unplanned.size())),
             [](const auto& row, auto to) { write_unplanned(row, to); });
  out.setInspectors(plan.inspectors);
  out.setIdle(plan.idle);
  out.setMoved(plan.moved);
  out.setTravelSeconds(static_cast<std::uint64_t>(plan.travel_s));
  out.setJainPermille(plan.jain_permille);
  out.setWindowJainPermille(plan.window_jain_permille);
  out.setIterations(plan.iterations);
  out.setMilliseconds(plan.milliseconds);
  out.setLeftOut(plan.left_out);
}

void write_desk_plan(const DeskPlan& plan, protocol::DeskPlan::Builder out) {
  out.setOp(raw(plan.op));
  out.setDay(plan.day);
  write_rows(plan.lines, out.initJobs(static_cast<unsigned>(plan.lines.size())),
             [](const auto& row, auto to) { write_line(row, to); });
  write_rows(plan.unplanned, out.initUnplanned(static_cast<unsigned>(plan.unplanned.size())),
             [](const auto& row, auto to) { write_unplanned(row, to); });
  out.setLater(plan.later);
  out.setPeople(plan.people);
  out.setMoved(plan.moved);
  out.setJobsLate(plan.jobs_late);
  out.setLateMinutes(plan.late_minutes);
  out.setPeakPermille(plan.peak_permille);
  out.setMeanPermille(plan.mean_permille);
  out.setIterations(plan.iterations);
  out.setMilliseconds(plan.milliseconds);
  out.setLeftOut(plan.left_out);
}

void write_line_result(scheduler::PlanLineResult result, protocol::PlanLineAnswer::Builder out) {
  constexpr auto kFirstFilter = raw(scheduler::PlanLineResult::kNotEligible);
  if (result == scheduler::PlanLineResult::kLocked) {
    out.setResult(protocol::PlanLineResult::LOCKED);
  } else if (raw(result) >= kFirstFilter) {
    out.setResult(protocol::PlanLineResult::NOT_ELIGIBLE);
    out.setFilter(static_cast<protocol::Filter>(raw(result) - kFirstFilter));
  } else {
    out.setResult(static_cast<protocol::PlanLineResult>(raw(result)));
  }
}
static_assert(static_cast<int>(protocol::PlanLineResult::NOTHING_TO_DO) ==
              static_cast<int>(scheduler::PlanLineResult::kNothingToDo));

void write_standing_plan(const StandingPlan& plan, const PlanCauses& since,
                         protocol::StandingPlan::Builder out) {
  out.setOp(raw(plan.op));
  out.setNow(plan.now.ms);
  const auto age = std::chrono::steady_clock::now() - plan.made;
  out.setAgeSeconds(
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(age).count()));
  write_causes(plan.causes, [&](unsigned count) { return out.initCauses(count); });
  write_causes(since, [&](unsigned count) { return out.initSince(count); });
  auto days = out.initDays(static_cast<unsigned>(plan.days.size()));
  for (unsigned i = 0; i < plan.days.size(); ++i) write_visit_plan(plan.days[i], days[i]);
  write_desk_plan(plan.desks, out.initDesks());
  out.setAppliedLines(plan.applied_lines);
}

}  // namespace permitd::daemon
