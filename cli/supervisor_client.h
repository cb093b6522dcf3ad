// A supervisor of the city, or of districts: reads everything there, steers work, defines what the
// city is. Threads and lifetimes as in session.h. Definitions are the core's own value types; their
// labels are fixed_text().
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "cli/reader_client.h"
#include "scheduler/command.h"

namespace permitd::cli {

/// See protocol::VisitPlanRequest.
struct VisitPlanSpec {
  std::int32_t day = 0;
  std::uint32_t milliseconds = 2'000;
  std::uint64_t iterations = 0;
  std::uint64_t seed = 1;
  std::optional<std::uint32_t> balance_permille;  // as the daemon is set
  std::optional<std::uint32_t> move_minutes;
  bool mends = false;
};
/// When a suspension begins and ends by itself; zero: at once, and by another command.
struct SuspensionSpan {
  Tick from;
  Tick until;
};
/// What a preview takes as already so; see protocol::Assumption.
struct AssumptionSpec {
  enum class Kind : std::uint8_t { kNothing, kAbsent, kSuspended, kClosed };
  Kind kind = Kind::kNothing;
  ExpertId expert{};
  Tick from;
  Tick until;
  OfficeId office{};
  std::int32_t day = 0;
};
/// See protocol::DeskPlanRequest.
struct DeskPlanSpec {
  std::uint32_t milliseconds = 1'000;
  std::uint64_t iterations = 0;
  std::uint64_t seed = 1;
};
/// One line of a plan, of visits or desks.
struct PlanLineSpec {
  JobId job{};
  ExpertId expert{};
  Tick start;
  std::uint16_t sequence = 0;
  std::uint8_t attempts = 0;
  protocol::JobState state{};
};
std::string zone_text(const scheduler::ZoneCode& zone);
void fill(protocol::ZoningRule::Builder out, const scheduler::ZoningRule& rule);
void fill(protocol::VisitPlanRequest::Builder out, const VisitPlanSpec& spec);
void fill(protocol::DeskPlanRequest::Builder out, const DeskPlanSpec& spec);
void fill(protocol::Assumption::Builder out, const AssumptionSpec& spec);
void fill(capnp::List<protocol::PlanLine>::Builder out, std::span<const PlanLineSpec> lines);

class SupervisorClient : public CityReaderCalls<protocol::SupervisorSession> {
 public:
  explicit SupervisorClient(Client& client,
                            Identity supervisor = {scheduler::ActorKind::kSupervisor, 1});

  // Steering.
  kj::Promise<Answer> hold(JobId job, scheduler::Reason reason, bool pauses_clock, std::string note,
                           CallOptions options = {});
  kj::Promise<Answer> release(JobId job, std::string note, CallOptions options = {});
  kj::Promise<Answer> expedite(CaseId id, std::string note, CallOptions options = {});
  kj::Promise<Answer> reassign(JobId job, ExpertId expert, bool override_capacity, std::string note,
                               CallOptions options = {});
  kj::Promise<Answer> cancel(JobId job, std::string note, CallOptions options = {});
  /// Fixes parts of a planned job, or frees them: a sum of scheduler::kLock… bits.
  kj::Promise<Answer> lock_plan(JobId job, std::uint8_t locks, bool is_locked, std::string note,
                                CallOptions options = {});
  kj::Promise<Answer> set_absence(ExpertId expert, Tick from, Tick until, scheduler::Reason reason,
                                  std::string note, CallOptions options = {});
  kj::Promise<Answer> set_office_state(OfficeId office, scheduler::OfficeState state,
                                       scheduler::Reason reason, std::string note,
                                       SuspensionSpan span = {}, CallOptions options = {});
  kj::Promise<Answer> set_expert_state(ExpertId expert, scheduler::ExpertState state,
                                       scheduler::Reason reason, std::string note,
                                       SuspensionSpan span = {}, CallOptions options = {});
  kj::Promise<Answer> record_decision(CaseId id, bool approved, scheduler::Reason reason,
                                      std::string note, CallOptions options = {});
  /// Another office answers for the case.
  kj::Promise<Answer> move_case(CaseId id, OfficeId office, scheduler::Reason reason,
                                std::string note, CallOptions options = {});
  kj::Promise<Answer> refer(CaseId id, bool refer, std::string note, CallOptions options = {});
  kj::Promise<Answer> withdraw(CaseId id, scheduler::Reason reason, std::string note,
                               CallOptions options = {});

  // Plans.
  /// A preview; nothing changes. The answer's messages live as long as the response.
  auto plan_visits(const VisitPlanSpec& spec, const AssumptionSpec& assumption = {}) {
    return send([spec, assumption](protocol::SupervisorSession::Client& session) {
      auto request = session.planVisitsRequest();
      auto out = request.initRequest();
      fill(out, spec);
      fill(out.initAssumption(), assumption);
      return request;
    });
  }
  auto plan_desks(const DeskPlanSpec& spec, const AssumptionSpec& assumption = {}) {
    return send([spec, assumption](protocol::SupervisorSession::Client& session) {
      auto request = session.planDesksRequest();
      auto out = request.initRequest();
      fill(out, spec);
      fill(out.initAssumption(), assumption);
      return request;
    });
  }
  /// The proposal that the daemon keeps ready.
  auto standing_plan() {
    return send(
        [](protocol::SupervisorSession::Client& session) { return session.standingPlanRequest(); });
  }
  /// Lines of a preview made at `op`, at most Limits.submissionsPerCall of them.
  auto apply_plan(Op op, std::span<const PlanLineSpec> lines, IdempotencyKey key) {
    return send([op, lines, key](protocol::SupervisorSession::Client& session) {
      auto request = session.applyPlanRequest();
      request.setOp(raw(op));
      auto out = request.initKey();
      out.setHigh(key.high);
      out.setLow(key.low);
      fill(request.initLines(static_cast<unsigned>(lines.size())), lines);
      return request;
    });
  }

  // The zoning plan, in zoning_client.cc.
  /// At most kZoningRulesPerCommand rules; `total`: of the whole version.
  kj::Promise<Answer> load_zoning(std::uint16_t version, std::uint16_t total,
                                  std::span<const scheduler::ZoningRule> rules,
                                  CallOptions options = {}, std::string note = {});
  kj::Promise<Answer> validate_zoning(std::uint16_t version, std::string note,
                                      CallOptions options = {});
  kj::Promise<Answer> notify_zoning(std::uint16_t version, Tick effective_from, std::string note,
                                    CallOptions options = {});
  kj::Promise<Answer> drop_zoning(std::uint16_t version, std::string note,
                                  CallOptions options = {});
  /// Has a case judged by the version in force now.
  kj::Promise<Answer> rebase(CaseId id, std::string note, CallOptions options = {});

  // What the city is. A note says why.
  kj::Promise<Answer> set_policy(const scheduler::SetPolicy& policy, CallOptions options = {});
  /// At most kCalendarDaysPerCommand days; `first_day` counts local dates from 1970-01-01. The note
  /// says why they are so.
  kj::Promise<Answer> set_calendar_days(std::int32_t first_day,
                                        std::span<const scheduler::CalendarDay> days,
                                        CallOptions options = {}, std::string note = {});
  kj::Promise<Answer> define_service(const scheduler::DefineService& service,
                                     CallOptions options = {}, std::string note = {});
  kj::Promise<Answer> define_organisation(const scheduler::DefineOrganisation& organisation,
                                          CallOptions options = {}, std::string note = {});
  kj::Promise<Answer> define_office(const scheduler::DefineOffice& office, CallOptions options = {},
                                    std::string note = {});
  kj::Promise<Answer> activate_service(OfficeId office, scheduler::ServiceId service, Tick from,
                                       Tick until, CallOptions options = {}, std::string note = {});
  kj::Promise<Answer> define_expert(const scheduler::DefineExpert& expert, CallOptions options = {},
                                    std::string note = {});
  kj::Promise<Answer> set_certificate(ExpertId expert, scheduler::Skill skill, Tick valid_from,
                                      Tick valid_until, CallOptions options = {},
                                      std::string note = {});
};

}  // namespace permitd::cli
