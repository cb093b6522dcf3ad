// The supervisor's calls about plans, as messages.
#include "cli/supervisor_client.h"

namespace permitd::cli {

void fill(protocol::VisitPlanRequest::Builder out, const VisitPlanSpec& spec) {
  out.setDay(spec.day);
  out.setMilliseconds(spec.milliseconds);
  out.setIterations(spec.iterations);
  out.setSeed(spec.seed);
  if (spec.balance_permille) out.setBalancePermille(*spec.balance_permille);
  if (spec.move_minutes) out.setMoveMinutes(*spec.move_minutes);
  out.setMend(spec.mends);
}

void fill(protocol::DeskPlanRequest::Builder out, const DeskPlanSpec& spec) {
  out.setMilliseconds(spec.milliseconds);
  out.setIterations(spec.iterations);
  out.setSeed(spec.seed);
}

void fill(protocol::Assumption::Builder out, const AssumptionSpec& spec) {
  switch (spec.kind) {
    case AssumptionSpec::Kind::kNothing:
      return out.setNothing();
    case AssumptionSpec::Kind::kAbsent: {
      auto absent = out.initAbsent();
      absent.setExpert(raw(spec.expert));
      absent.setFrom(spec.from.ms);
      absent.setUntil(spec.until.ms);
      return;
    }
    case AssumptionSpec::Kind::kSuspended:
      out.setSuspended(raw(spec.office));
      out.setSuspendedFrom(spec.from.ms);
      out.setSuspendedUntil(spec.until.ms);
      return;
    case AssumptionSpec::Kind::kClosed:
      return out.setClosed(spec.day);
  }
}

void fill(capnp::List<protocol::PlanLine>::Builder out, std::span<const PlanLineSpec> lines) {
  for (unsigned i = 0; i < lines.size(); ++i) {
    const PlanLineSpec& from = lines[i];
    out[i].setJob(raw(from.job));
    out[i].setExpert(raw(from.expert));
    out[i].setStart(from.start.ms);
    out[i].setSequence(from.sequence);
    out[i].setAttempts(from.attempts);
    out[i].setState(from.state);
    out[i].setReason(protocol::Reason::PLANNED);
  }
}

kj::Promise<Answer> SupervisorClient::lock_plan(JobId job, std::uint8_t locks, bool is_locked,
                                                std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](protocol::SupervisorSession::Client& session) {
        auto request = session.lockPlanRequest();
        request.setJob(raw(job));
        request.setLocks(locks);
        request.setLocked(is_locked);
        request.setNote(note);
        return request;
      },
      options);
}

}  // namespace permitd::cli
