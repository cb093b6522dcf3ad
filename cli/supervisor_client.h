// A supervisor of the city: reads everything, steers work, defines what the city is. Threads and
// lifetimes as in session.h. Definitions are the core's own value types; their labels are
// fixed_text().
#pragma once

#include <array>
#include <span>
#include <string>

#include "cli/reader_client.h"
#include "scheduler/command.h"

namespace permitd::cli {

class SupervisorClient : public CityReaderCalls<protocol::SupervisorSession> {
 public:
  explicit SupervisorClient(Client& client, std::uint32_t supervisor = 1);

  // Steering.
  kj::Promise<Answer> hold(JobId job, scheduler::Reason reason, bool pauses_clock, std::string note,
                           CallOptions options = {});
  kj::Promise<Answer> release(JobId job, std::string note, CallOptions options = {});
  kj::Promise<Answer> expedite(CaseId id, std::string note, CallOptions options = {});
  kj::Promise<Answer> reassign(JobId job, ExpertId expert, bool override_capacity, std::string note,
                               CallOptions options = {});
  kj::Promise<Answer> cancel(JobId job, std::string note, CallOptions options = {});
  kj::Promise<Answer> set_absence(ExpertId expert, Tick from, Tick until, scheduler::Reason reason,
                                  std::string note, CallOptions options = {});
  kj::Promise<Answer> set_office_state(OfficeId office, scheduler::OfficeState state,
                                       scheduler::Reason reason, std::string note,
                                       CallOptions options = {});
  kj::Promise<Answer> set_expert_state(ExpertId expert, scheduler::ExpertState state,
                                       scheduler::Reason reason, std::string note,
                                       CallOptions options = {});
  kj::Promise<Answer> record_decision(CaseId id, bool approved, scheduler::Reason reason,
                                      std::string note, CallOptions options = {});
  kj::Promise<Answer> refer(CaseId id, bool refer, std::string note, CallOptions options = {});
  kj::Promise<Answer> withdraw(CaseId id, scheduler::Reason reason, std::string note,
                               CallOptions options = {});

  // What the city is.
  kj::Promise<Answer> set_policy(const scheduler::SetPolicy& policy, CallOptions options = {});
  /// At most kCalendarDaysPerCommand days; `first_day` counts local dates from 1970-01-01.
  kj::Promise<Answer> set_calendar_days(std::int32_t first_day,
                                        std::span<const scheduler::CalendarDay> days,
                                        CallOptions options = {});
  kj::Promise<Answer> define_service(const scheduler::DefineService& service,
                                     CallOptions options = {});
  kj::Promise<Answer> define_organisation(const scheduler::DefineOrganisation& organisation,
                                          CallOptions options = {});
  kj::Promise<Answer> define_office(const scheduler::DefineOffice& office,
                                    CallOptions options = {});
  kj::Promise<Answer> activate_service(OfficeId office, scheduler::ServiceId service, Tick from,
                                       Tick until, CallOptions options = {});
  kj::Promise<Answer> define_expert(const scheduler::DefineExpert& expert,
                                    CallOptions options = {});
  kj::Promise<Answer> set_certificate(ExpertId expert, scheduler::Skill skill, Tick valid_from,
                                      Tick valid_until, CallOptions options = {});
};

}  // namespace permitd::cli
