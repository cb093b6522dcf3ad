// Reads of office licences, run on the engine thread between commands, see queries.h. The sending
// thread makes and reads them.
#pragma once

#include <vector>

#include "daemon/queries.h"

namespace permitd::daemon {

struct LicensingQuery final : Query {
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    view = scheduler.licensing();
    return true;
  }
  scheduler::LicensingView view;
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

struct ApplicationQuery final : Query {
  explicit ApplicationQuery(scheduler::ApplicationId asked) : id(asked) {}
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    found = scheduler.find_application(id, view);
    return true;
  }
  scheduler::ApplicationId id;
  bool found = false;
  scheduler::ApplicationView view;
};

struct RoundsQuery final : PageQuery {
  RoundsQuery(std::uint64_t position, std::uint16_t limit) : rows(limit) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    rows.resize(scheduler.list_rounds(cursor, rows));
    return true;
  }
  std::vector<scheduler::RoundView> rows;
};

struct VenuesQuery final : PageQuery {
  VenuesQuery(std::uint64_t position, std::uint16_t limit) : rows(limit) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    rows.resize(scheduler.list_venues(cursor, rows));
    return true;
  }
  std::vector<scheduler::VenueView> rows;
};

/// All applications fit into a few slices: limits.applications_max is at most two of them.
struct ApplicationsQuery final : PageQuery {
  ApplicationsQuery(const scheduler::ApplicationFilter& asked, std::uint64_t position,
                    std::uint16_t limit)
      : filter(asked), rows(limit) {
    cursor.position = position;
  }
  bool run(const scheduler::Scheduler& scheduler) noexcept override {
    count +=
        scheduler.list_applications(filter, cursor, kQueryScanMax, std::span{rows}.subspan(count));
    if (!cursor.done && count < rows.size()) return false;
    rows.resize(count);
    return true;
  }
  scheduler::ApplicationFilter filter;
  std::size_t count = 0;
  std::vector<scheduler::ApplicationView> rows;
};

}  // namespace permitd::daemon
