#include "daemon/scope.h"

#include <algorithm>
#include <array>

namespace permitd::daemon {

using protocol::DistrictSet;
using protocol::kWholeCity;
using scheduler::ApplicationId;
using scheduler::CaseId;
using scheduler::CaseView;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::ExpertId;
using scheduler::ExpertView;
using scheduler::JobId;
using scheduler::JobView;
using scheduler::OfficeId;
using scheduler::OfficeView;
using scheduler::raw;
using scheduler::Scheduler;

namespace {

bool holds_case(const Scheduler& scheduler, ExpertId expert, CaseId id) {
  std::array<JobView, scheduler::kHeldJobsMax> held;
  const std::size_t count = scheduler.list_held(expert, held);
  return std::any_of(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(count),
                     [&](const JobView& job) { return job.case_id == id; });
}

DistrictSet set_of(scheduler::District district) { return DistrictSet{1} << district; }

/// None for an office that is not known.
DistrictSet districts_of_office(const Scheduler& scheduler, OfficeId id) {
  OfficeView office;
  return scheduler.find_office(id, office) ? set_of(office.district) : 0;
}

}  // namespace

Scope Scope::of_districts(DistrictSet districts) {
  if (districts == kWholeCity) return {};
  return {Kind::kDistricts, {}, {}, districts};
}

DistrictSet Scope::district_set() const {
  switch (kind) {
    case Kind::kCity:
      return kWholeCity;
    case Kind::kDistricts:
      return districts;
    case Kind::kOffice:
    case Kind::kHolder:
      return 0;
  }
  return 0;
}

bool Scope::covers(const Scheduler& scheduler, const CaseView& view) const {
  switch (kind) {
    case Kind::kCity:
      return true;
    case Kind::kDistricts:
      return covers_district(view.district);
    case Kind::kOffice:
      return view.office == office;
    case Kind::kHolder:
      return holds_case(scheduler, expert, view.case_id);
  }
  return false;
}

bool Scope::covers(const Scheduler& scheduler, const JobView& view) const {
  switch (kind) {
    case Kind::kCity:
      return true;
    case Kind::kDistricts:
      return covers_district(view.district);
    case Kind::kOffice:
      return view.intake_office == office;
    case Kind::kHolder:
      return holds_case(scheduler, expert, view.case_id);
  }
  return false;
}

bool Scope::covers(const Scheduler& scheduler, const ExpertView& view) const {
  return covers(scheduler, view.office);
}

bool Scope::covers(const Scheduler& scheduler, CaseId id) const {
  CaseView view;
  return scheduler.find_case(id, view) && covers(scheduler, view);
}

bool Scope::covers(const Scheduler& scheduler, JobId id) const {
  JobView view;
  return scheduler.find_job(id, view) && covers(scheduler, view);
}

bool Scope::covers(const Scheduler& scheduler, OfficeId id) const {
  OfficeView view;
  return scheduler.find_office(id, view) && covers(view);
}

bool Scope::covers(const Scheduler& scheduler, ExpertId id) const {
  ExpertView view;
  return scheduler.find_expert(id, view) && covers(scheduler, view);
}

bool Scope::covers(const Scheduler& scheduler, ApplicationId id) const {
  scheduler::ApplicationView view;
  return scheduler.find_application(id, view) && covers(view);
}

DistrictSet districts_of(const Scheduler& scheduler, const Event& event) {
  if (raw(event.case_id) != 0) {
    CaseView view;
    return scheduler.find_case(event.case_id, view) ? set_of(view.district) : 0;
  }
  if (raw(event.office) != 0) return districts_of_office(scheduler, event.office);
  if (raw(event.expert) != 0) {
    ExpertView expert;
    return scheduler.find_expert(event.expert, expert)
               ? districts_of_office(scheduler, expert.office)
               : 0;
  }
  switch (event.kind) {
    case EventKind::kReferenceChanged:
    case EventKind::kZoningChanged:
    case EventKind::kRoundChanged:
      return kWholeCity;
    case EventKind::kLicenceChanged:
    case EventKind::kLicenceChecked:
    case EventKind::kLicenceRecorded: {
      scheduler::ApplicationView application;
      return scheduler.find_application(ApplicationId{event.subject}, application)
                 ? set_of(application.record.district)
                 : 0;
    }
    case EventKind::kVenueChanged:
    case EventKind::kCaseChanged:
    case EventKind::kJobChanged:
    case EventKind::kJobCreated:
    case EventKind::kCaseAmended:
    case EventKind::kFeesRecorded:
    case EventKind::kSlaNotified:
    case EventKind::kSlaBreached:
    case EventKind::kSlaEscalated:
    case EventKind::kExpedited:
    case EventKind::kDeadlineMoved:
    case EventKind::kOfficeChanged:
    case EventKind::kExpertChanged:
    case EventKind::kCertificateChanged:
    case EventKind::kAbsenceChanged:
    case EventKind::kCapacityOverridden:
    case EventKind::kJobMoved:
    case EventKind::kJobPlanned:
    case EventKind::kPlanEnded:
    case EventKind::kPlanLocked:
    case EventKind::kZoningChecked:
    case EventKind::kCaseRebased:
    case EventKind::kShareUsed:
    case EventKind::kCaseMoved:
      return 0;  // they name what they concern, or nothing that a district has
  }
  return 0;
}

bool tells_reservation(EventKind kind) {
  return kind == EventKind::kJobPlanned || kind == EventKind::kPlanEnded ||
         kind == EventKind::kPlanLocked;
}

void hide_reservation(const Scope& scope, Event& event) {
  if (tells_reservation(event.kind) && !scope.sees_reservation(event.expert))
    event.expert = ExpertId{};
}

}  // namespace permitd::daemon
