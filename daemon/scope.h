// What a session may see and steer (I18): the one place that decides. Every read of a session
// passes its scope to the query, which copies out what the scope covers and nothing else; every
// command of a supervisor is judged by judge_command() before it is journaled.
//
// Of districts a session has the cases and jobs whose parcel lies there, the offices that have
// their seat there with their people, and the applications and venues of there, see docs/RULES.md.
// Engine's thread, but for what only reads the scope itself.
#pragma once

#include <cstdint>

#include "protocol/districts.h"
#include "scheduler/scheduler.h"

namespace permitd::daemon {

struct Scope {
  enum class Kind : std::uint8_t { kCity, kDistricts, kOffice, kHolder };
  Kind kind = Kind::kCity;
  scheduler::OfficeId office{};         // kOffice: cases that this office filed
  scheduler::ExpertId expert{};         // kHolder: cases of jobs that this expert holds now
  protocol::DistrictSet districts = 0;  // kDistricts

  /// Of districts, or of the city when that is what the set is.
  static Scope of_districts(protocol::DistrictSet districts);
  bool sees_city() const { return kind == Kind::kCity; }
  /// Those whose offices, people and work are covered as such; none for kOffice and kHolder.
  protocol::DistrictSet district_set() const;
  bool covers_district(scheduler::District district) const {
    return (district_set() >> district & 1) != 0;
  }

  bool covers(const scheduler::Scheduler& scheduler, const scheduler::CaseView& view) const;
  /// Jobs are covered as their case is.
  bool covers(const scheduler::Scheduler& scheduler, const scheduler::JobView& view) const;
  /// Whom a plan has reserved a job for is told to who steers, and to the expert it is about: an
  /// office may not foresee who comes (I14).
  bool sees_reservation(scheduler::ExpertId planned) const {
    return kind == Kind::kCity || kind == Kind::kDistricts ||
           (kind == Kind::kHolder && planned == expert);
  }
  bool covers(const scheduler::OfficeView& view) const { return covers_district(view.district); }
  /// Experts are covered as their office is.
  bool covers(const scheduler::Scheduler& scheduler, const scheduler::ExpertView& view) const;
  bool covers(const scheduler::ApplicationView& view) const {
    return covers_district(view.record.district);
  }
  bool covers(const scheduler::VenueView& view) const {
    return covers_district(view.record.district);
  }
  /// By number; what does not exist is not covered.
  bool covers(const scheduler::Scheduler& scheduler, scheduler::CaseId id) const;
  bool covers(const scheduler::Scheduler& scheduler, scheduler::JobId id) const;
  bool covers(const scheduler::Scheduler& scheduler, scheduler::OfficeId id) const;
  bool covers(const scheduler::Scheduler& scheduler, scheduler::ExpertId id) const;
  bool covers(const scheduler::Scheduler& scheduler, scheduler::ApplicationId id) const;
};

/// Who may be told of an event: the districts that it concerns, the whole city's where it is
/// everybody's matter, and 0 where it is the city's alone.
protocol::DistrictSet districts_of(const scheduler::Scheduler& scheduler,
                                   const scheduler::Event& event);

/// Of the kinds of events that tell whom a plan reserves a job for.
bool tells_reservation(scheduler::EventKind kind);

/// Takes out of an event whom a plan reserves the job for, where the scope does not see it.
void hide_reservation(const Scope& scope, scheduler::Event& event);

/// Judges a command that a supervisor of `districts` gives, against the present state. Refused is
/// what names something outside or nothing at all, each with the same `field`, and what concerns
/// the whole city (`field` kDistrict). Lines of a plan are judged one by one: of those outside the
/// job, or the expert, is taken off, so that the core answers as to a number that it does not know.
/// Pre: `districts` is not the whole city.
scheduler::Outcome judge_command(const scheduler::Scheduler& scheduler,
                                 protocol::DistrictSet districts, scheduler::Command& command);

}  // namespace permitd::daemon
