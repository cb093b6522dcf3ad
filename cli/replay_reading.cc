#include "cli/replay_reading.h"

#include <algorithm>

#include "cli/office_client.h"

namespace permitd::cli {
namespace {

// A list by enumerator may be longer than ours (a newer daemon) or shorter (an older one).
template <class List, class Array>
void copy_list(List list, Array& out) {
  const auto count = std::min<std::size_t>(list.size(), out.size());
  for (unsigned i = 0; i < count; ++i) out[i] = list[i];
}

scheduler::FlowCell to_flow(protocol::Flow::Reader flow) {
  return {flow.getCreated(), flow.getDone(),   flow.getCancelled(), flow.getReturned(),
          flow.getRework(),  flow.getSlaMet(), flow.getSlaMissed()};
}

}  // namespace

WorkItem to_work_item(protocol::Job::Reader job) {
  return {.job = scheduler::JobId{job.getJob()},
          .case_id = scheduler::CaseId{job.getCaseId()},
          .token = scheduler::LeaseToken{job.getToken()},
          .ready_since = {job.getReadySince()},
          .lease_until = {job.getLeaseUntil()},
          .effort_minutes = job.getEffortMinutes(),
          .stage = static_cast<scheduler::Stage>(job.getStage()),
          .kind = static_cast<scheduler::JobKind>(job.getKind()),
          .state = static_cast<scheduler::JobState>(job.getState()),
          .rework = job.getRework()};
}

scheduler::StatsView to_stats(protocol::Stats::Reader stats) {
  scheduler::StatsView view;
  view.op_applied = scheduler::Op{stats.getOp()};
  view.now = {stats.getNow()};
  view.cases_submitted = stats.getCasesSubmitted();
  copy_list(stats.getCases(), view.cases);
  copy_list(stats.getJobs(), view.jobs);
  const auto flow = stats.getFlow();
  for (unsigned i = 0; i < std::min<std::size_t>(flow.size(), view.flow.size()); ++i)
    view.flow[i] = to_flow(flow[i]);
  const auto bands = stats.getBands();
  for (unsigned i = 0; i < std::min<std::size_t>(bands.size(), view.bands.size()); ++i)
    copy_list(bands[i], view.bands[i]);
  view.leases_expired = stats.getLeasesExpired();
  view.declined = stats.getDeclined();
  view.reassigned = stats.getReassigned();
  view.escalated = stats.getEscalated();
  view.capacity_overrides = stats.getCapacityOverrides();
  view.municipal_first_violations = stats.getMunicipalFirstViolations();
  view.history_dropped = stats.getHistoryDropped();
  view.keys_forgotten_early = stats.getKeysForgottenEarly();
  view.cases_in_memory = stats.getCasesInMemory();
  view.jobs_in_memory = stats.getJobsInMemory();
  view.events_in_memory = stats.getEventsInMemory();
  view.keys_in_memory = stats.getKeysInMemory();
  view.meetings_forgotten_early = stats.getMeetingsForgottenEarly();
  view.meetings_in_memory = stats.getMeetingsInMemory();
  view.memory_bytes = stats.getMemoryBytes();
  return view;
}

scheduler::OfficeView to_office(protocol::Office::Reader office) {
  scheduler::OfficeView view;
  view.office = scheduler::OfficeId{office.getOffice()};
  view.district = office.getDistrict();
  view.state = static_cast<scheduler::OfficeState>(office.getState());
  view.experts_certified = office.getExpertsCertified();
  view.capacity_units_per_day = office.getCapacityUnitsPerDay();
  view.services_active = office.getServicesActive();
  view.cases_submitted = office.getCasesSubmitted();
  view.cases_open = office.getCasesOpen();
  view.done_minutes = office.getDoneMinutes();
  view.window_minutes = office.getWindowMinutes();
  view.sla_met = office.getSlaMet();
  view.sla_missed = office.getSlaMissed();
  view.point = {office.getPoint().getLatE6(), office.getPoint().getLonE6()};
  view.label = fixed_text<scheduler::Label::kCapacity>(office.getLabel().cStr());
  return view;
}

std::uint64_t open_in(protocol::OpenCell::Reader cell) {
  return std::uint64_t{cell.getBlocked()} + cell.getReady() + cell.getScheduled() +
         cell.getAssigned() + cell.getStarted() + cell.getHeld() + cell.getConfirming();
}

}  // namespace permitd::cli
