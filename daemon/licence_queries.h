// Reads of office licences, run on the engine thread between commands, see queries.h. The sending
// thread makes and reads them.
#pragma once

#include <vector>

#include "daemon/queries.h"

namespace permitd::daemon {

/// Of districts their applications and venues are counted one by one; how many offices the city
/// has taken is not told.
struct LicensingQuery final : Query {
  explicit LicensingQuery(Scope asking) : scope(asking), rows(kRows), venues(kRows) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    if (scope.sees_city()) {
      view = scheduler.licensing();
      return true;
    }
    if (!has_begun) begin(scheduler);
    if (!applications_at.done) {
      const std::size_t count =
          scheduler.list_applications({}, applications_at, kQueryScanMax, rows);
      for (std::size_t i = 0; i < count; ++i) add(rows[i]);
      return false;
    }
    const std::size_t count = scheduler.list_venues(venues_at, venues);
    for (std::size_t i = 0; i < count; ++i) add(venues[i]);
    return venues_at.done;
  }
  scheduler::LicensingView view;

 private:
  static constexpr std::size_t kRows = 64;

  void begin(const scheduler::Scheduler& scheduler) {
    has_begun = true;
    view = scheduler.licensing();
    view.taken = 0;
    view.applications = 0;
    view.venues_municipal = 0;
    view.venues_free = 0;
    view.venue_queue = 0;
  }
  void add(const scheduler::ApplicationView& application) {
    if (!scope.covers(application)) return;
    view.applications += 1;
    view.venue_queue += application.record.queue != 0 ? 1 : 0;
  }
  void add(const scheduler::VenueView& venue) {
    const bool is_counted =
        scope.covers(venue) && venue.record.kind == scheduler::VenueKind::kMunicipal;
    if (!is_counted) return;
    view.venues_municipal += 1;
    const bool is_free = venue.record.in_service != 0 &&
                         venue.record.application == scheduler::ApplicationId{} &&
                         venue.record.office == scheduler::OfficeId{};
    view.venues_free += is_free ? 1 : 0;
  }

  Scope scope;
  bool has_begun = false;
  scheduler::Cursor applications_at;
  scheduler::Cursor venues_at;
  std::vector<scheduler::ApplicationView> rows;
  std::vector<scheduler::VenueView> venues;
};

struct LicenceRulesQuery final : Query {
  LicenceRulesQuery() : rows(scheduler::kLicenceRulesMax) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    scheduler::Cursor cursor;
    rows.resize(scheduler.list_licence_rules(cursor, rows));
    return true;
  }
  std::vector<scheduler::LicenceRulesView> rows;
};

/// How many wait for a venue before it is the city's to know.
inline void hide_queue(const Scope& scope, scheduler::ApplicationView& view) {
  if (!scope.sees_city()) view.queue_ahead = 0;
}

struct ApplicationQuery final : Query {
  ApplicationQuery(Scope asking, scheduler::ApplicationId asked) : scope(asking), id(asked) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    found = scheduler.find_application(id, view) && scope.covers(view);
    hide_queue(scope, view);
    return true;
  }
  Scope scope;
  scheduler::ApplicationId id;
  bool found = false;
  scheduler::ApplicationView view;
};

/// Rounds are announced to everybody; how many applied is told to those who see the city.
struct RoundsQuery final : PageQuery {
  RoundsQuery(Scope asking, std::uint64_t position, std::uint16_t limit)
      : scope(asking), rows(limit) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    rows.resize(scheduler.list_rounds(cursor, rows));
    if (scope.sees_city()) return true;
    for (scheduler::RoundView& round : rows) {
      round.record.applied = 0;
      round.record.eligible = 0;
    }
    return true;
  }
  Scope scope;
  std::vector<scheduler::RoundView> rows;
};

struct VenuesQuery final : PageQuery {
  VenuesQuery(Scope asking, std::uint64_t position, std::uint16_t limit)
      : scope(asking), rows(limit) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    rows.resize(scheduler.list_venues(cursor, rows));
    std::erase_if(rows, [&](const scheduler::VenueView& venue) { return !scope.covers(venue); });
    for (scheduler::VenueView& venue : rows) hide_outside(scheduler, venue);
    hide_end(scope);
    return true;
  }
  Scope scope;
  std::vector<scheduler::VenueView> rows;

 private:
  /// Who sits there may have come from elsewhere.
  void hide_outside(const scheduler::Scheduler& scheduler, scheduler::VenueView& venue) const {
    if (!scope.covers(scheduler, venue.record.application)) venue.record.application = {};
    if (!scope.covers(scheduler, venue.record.office)) venue.record.office = {};
  }
};

/// All applications fit into a few slices: limits.applications_max is at most two of them.
struct ApplicationsQuery final : PageQuery {
  ApplicationsQuery(Scope asking, const scheduler::ApplicationFilter& asked, std::uint64_t position,
                    std::uint16_t limit)
      : scope(asking), filter(asked), rows(limit) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    const std::size_t found =
        scheduler.list_applications(filter, cursor, kQueryScanMax, std::span{rows}.subspan(count));
    for (std::size_t i = count, last = count + found; i < last; ++i) {
      if (!scope.covers(rows[i])) continue;
      rows[count] = rows[i];
      hide_queue(scope, rows[count++]);
    }
    if (!cursor.done && count < rows.size()) return false;
    rows.resize(count);
    hide_end(scope);
    return true;
  }
  Scope scope;
  scheduler::ApplicationFilter filter;
  std::size_t count = 0;
  std::vector<scheduler::ApplicationView> rows;
};

}  // namespace permitd::daemon
