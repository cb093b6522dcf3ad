// The supervisor's calls about plans, as messages.
#include "cli/supervisor_client.h"

namespace permitd::cli {

void fill(protocol::VisitPlanRequest::Builder out, const VisitPlanSpec& spec) {
  out.setDay(spec.day);
  out.setMilliseconds(spec.milliseconds);
  out.setIterations(spec.iterations);
  out.setSeed(spec.seed);
  out.setBalancePermille(spec.balance_permille);
  out.setMoveMinutes(spec.move_minutes);
  out.setRoadPercent(spec.road_percent);
  out.setSpeedKmh(spec.speed_kmh);
}

void fill(capnp::List<protocol::PlanLine>::Builder out,
          std::span<const protocol::PlannedVisit::Reader> lines) {
  for (unsigned i = 0; i < lines.size(); ++i) {
    const protocol::PlannedVisit::Reader& from = lines[i];
    out[i].setJob(from.getJob());
    out[i].setExpert(from.getExpert());
    out[i].setStart(from.getStart());
    out[i].setSequence(from.getSequence());
    out[i].setAttempts(from.getAttempts());
    out[i].setState(from.getState());
    out[i].setReason(protocol::Reason::PLANNED);
  }
}

}  // namespace permitd::cli
