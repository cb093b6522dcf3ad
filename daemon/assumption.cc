#include "daemon/assumption.h"

#include <algorithm>
#include <array>

#include "scheduler/assert.h"

namespace permitd::daemon {

using scheduler::ExpertId;
using scheduler::ExpertView;
using scheduler::JobState;
using scheduler::Tick;

namespace {

scheduler::Tick later_of(Tick a, Tick b) { return std::max(a, b); }

/// Absent or suspended.
bool is_away_at(const Assumption& assumption, Tick at) {
  return assumption.from <= at && at < assumption.until;
}

/// As the core keeps absences: one more, and what it overlaps is one with it. Where there is no
/// room for one more it takes the place of the last.
void make_absent(const Assumption& assumption, std::vector<ExpertView>& experts) {
  for (ExpertView& expert : experts) {
    if (expert.expert != assumption.expert) continue;
    if (assumption.from >= assumption.until) continue;
    scheduler::Absences& absences = expert.absences;
    const scheduler::Absence fresh{assumption.from, assumption.until};
    if (absences.add(fresh)) continue;
    absences.end(absences.list[absences.count - 1U].from);
    const bool is_added = absences.add(fresh);
    PERMIT_ASSERT(is_added, expert.expert);
  }
}

bool is_of_office(const std::vector<ExpertView>& experts, ExpertId id, scheduler::OfficeId office) {
  const auto found = std::ranges::find(experts, id, &ExpertView::expert);
  return found != experts.end() && found->office == office;
}

/// Gives the job back as the core would: to nobody.
template <class Row>
void take_away(Row& row) {
  if (row.is_planned) row.taken_from = row.plan.expert;
  if (row.job.state == JobState::kAssigned) {
    row.taken_from = row.job.holder;
    row.job.state = JobState::kReady;
    row.job.holder = {};
  }
  row.is_planned = false;
}

/// Reservations end where their moment falls into the absence, leases when it has begun.
template <class Row>
void end_absent_work(const Assumption& assumption, Tick now, Row& row) {
  const bool is_theirs = row.is_planned && row.plan.expert == assumption.expert;
  const bool lapses = is_theirs && is_away_at(assumption, later_of(row.plan.start, now));
  const bool is_held = row.job.state == JobState::kAssigned && row.job.holder == assumption.expert;
  if (lapses || (is_held && is_away_at(assumption, now))) take_away(row);
}

/// Reservations end where their moment falls into the suspension, leases when it has begun.
template <class Row>
void end_office_work(const Assumption& assumption, const std::vector<ExpertView>& experts, Tick now,
                     Row& row) {
  const ExpertId with = row.is_planned ? row.plan.expert : row.job.holder;
  const bool is_begun = row.job.state == JobState::kStarted;
  const Tick at = row.is_planned ? later_of(row.plan.start, now) : now;
  const bool ends = raw(with) != 0 && !is_begun && is_away_at(assumption, at);
  if (ends && is_of_office(experts, with, assumption.office)) take_away(row);
}

void suspend(const Assumption& assumption, Tick now, std::vector<scheduler::OfficeView>& offices) {
  for (scheduler::OfficeView& office : offices) {
    const bool may_be = office.state == scheduler::OfficeState::kActive ||
                        office.state == scheduler::OfficeState::kSuspended;
    if (office.office != assumption.office || !may_be) continue;
    const bool has_begun = assumption.from <= now;
    if (has_begun) office.state = scheduler::OfficeState::kSuspended;
    office.suspended_from = has_begun ? scheduler::kNever : assumption.from;
    office.suspended_until = assumption.until;
  }
}

bool lies_in(const HalfDaySpan& half, Tick at) {
  return !half.is_closed() && half.open <= at && at < half.close;
}

/// The visits of the closed day, told from those of the day itself by their moments.
bool is_of_closed_day(const VisitSnapshot& snapshot, const SnapshotVisit& visit) {
  const Tick at =
      visit.is_planned || raw(visit.plan.job) != 0 ? visit.plan.start : visit.job.appointment;
  return at != scheduler::kNever && at < snapshot.halves[0].open && at < snapshot.halves[1].open &&
         visit.job.state == JobState::kScheduled && !lies_in(snapshot.halves[0], at) &&
         !lies_in(snapshot.halves[1], at);
}

/// Visits that a half-day of the snapshot's day takes: as many as its certified inspectors make.
std::uint32_t half_day_room(const VisitSnapshot& snapshot) {
  constexpr auto kInspect = static_cast<std::size_t>(scheduler::Skill::kInspect);
  const auto certified = std::ranges::count_if(snapshot.experts, [&](const ExpertView& expert) {
    return expert.state == scheduler::ExpertState::kCertified &&
           expert.certified_from[kInspect] <= snapshot.now &&
           snapshot.now < expert.certified_until[kInspect];
  });
  return std::max(1U, static_cast<std::uint32_t>(certified) * snapshot.policy.visits_per_day / 2);
}

void close_day(VisitSnapshot& snapshot) {
  std::array<std::uint32_t, 2> taken{};
  std::vector<SnapshotVisit*> moved;
  for (SnapshotVisit& visit : snapshot.visits) {
    if (is_of_closed_day(snapshot, visit)) {
      moved.push_back(&visit);
      continue;
    }
    for (std::size_t half = 0; half < taken.size(); ++half)
      if (lies_in(snapshot.halves[half], visit.job.appointment)) taken[half] += 1;
  }
  std::ranges::sort(moved, {}, [](const SnapshotVisit* visit) { return visit->job.job; });
  const std::uint32_t room = half_day_room(snapshot);
  for (SnapshotVisit* visit : moved) {
    visit->start_before = raw(visit->plan.job) != 0 ? visit->plan.start : visit->job.appointment;
    if (raw(visit->plan.job) != 0) visit->taken_from = visit->plan.expert;
    visit->is_planned = false;
    visit->lost_half_day = true;
    visit->job.appointment = scheduler::kNever;
    for (std::size_t half = 0; half < taken.size(); ++half) {
      const HalfDaySpan& span = snapshot.halves[half];
      if (span.is_closed() || taken[half] >= room) continue;
      taken[half] += 1;
      visit->job.appointment = span.open;
      break;
    }
  }
  // Without room on this day they come later: not in its plan, which says so.
  const auto roomless = std::ranges::stable_partition(snapshot.visits, [](const auto& visit) {
    return !visit.lost_half_day || visit.job.appointment != scheduler::kNever;
  });
  snapshot.roomless.assign(roomless.begin(), roomless.end());
  snapshot.visits.erase(roomless.begin(), roomless.end());
}

}  // namespace

void assume(const Assumption& assumption, VisitSnapshot& snapshot) {
  switch (assumption.kind) {
    case Assumption::Kind::kNothing:
      return;
    case Assumption::Kind::kAbsent:
      make_absent(assumption, snapshot.experts);
      for (SnapshotVisit& visit : snapshot.visits) end_absent_work(assumption, snapshot.now, visit);
      std::erase_if(snapshot.reserved, [&](const ReservedWork& work) {
        return work.expert == assumption.expert &&
               is_away_at(assumption, later_of(work.start, snapshot.now));
      });
      return;
    case Assumption::Kind::kSuspended:
      suspend(assumption, snapshot.now, snapshot.offices);
      for (SnapshotVisit& visit : snapshot.visits)
        end_office_work(assumption, snapshot.experts, snapshot.now, visit);
      return;
    case Assumption::Kind::kClosed:
      return close_day(snapshot);
  }
}

void assume(const Assumption& assumption, DeskSnapshot& snapshot) {
  switch (assumption.kind) {
    case Assumption::Kind::kNothing:
      return;
    case Assumption::Kind::kAbsent:
      make_absent(assumption, snapshot.experts);
      for (SnapshotDesk& desk : snapshot.desks) end_absent_work(assumption, snapshot.now, desk);
      return;
    case Assumption::Kind::kSuspended:
      suspend(assumption, snapshot.now, snapshot.offices);
      for (SnapshotDesk& desk : snapshot.desks)
        end_office_work(assumption, snapshot.experts, snapshot.now, desk);
      return;
    case Assumption::Kind::kClosed:
      for (SnapshotDay& day : snapshot.days)
        if (day.day == assumption.day) day.halves = {};
      for (SnapshotDesk& desk : snapshot.desks) {
        const bool is_of_day = desk.is_planned && snapshot.days[0].day == assumption.day;
        if (is_of_day) take_away(desk);
      }
      return;
  }
}

}  // namespace permitd::daemon
