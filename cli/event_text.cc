#include "cli/event_text.h"

#include <fmt/format.h>

#include "cli/local_time.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

template <class Core, class Wire>
std::string word(Wire value) {
  return std::string(protocol::name_of(static_cast<Core>(value)));
}

}  // namespace

scheduler::Event to_event(protocol::Event::Reader event) {
  scheduler::Event out;
  out.op = scheduler::Op{event.getOp()};
  out.at = scheduler::Tick{event.getAt()};
  out.case_id = scheduler::CaseId{event.getCaseId()};
  out.job = scheduler::JobId{event.getJob()};
  out.actor = {static_cast<scheduler::ActorKind>(event.getActorKind()), event.getActor()};
  out.expert = scheduler::ExpertId{event.getExpert()};
  out.office = scheduler::OfficeId{event.getOffice()};
  out.kind = static_cast<scheduler::EventKind>(event.getKind());
  out.stage = static_cast<scheduler::Stage>(event.getStage());
  out.before = event.getBefore();
  out.after = event.getAfter();
  out.reason = static_cast<scheduler::Reason>(event.getReason());
  return out;
}

std::string actor_text(scheduler::Actor actor) {
  auto name = std::string(protocol::name_of(actor.kind));
  switch (actor.kind) {
    case scheduler::ActorKind::kEngine: return name;
    case scheduler::ActorKind::kOffice: return fmt::format("{} {:04}", name, actor.id);
    case scheduler::ActorKind::kExpert:
    case scheduler::ActorKind::kSupervisor:
    case scheduler::ActorKind::kOperator:
    case scheduler::ActorKind::kAuditor: return fmt::format("{} {}", name, actor.id);
  }
  return name;
}

std::string event_line(protocol::Event::Reader event) {
  auto core = to_event(event);
  std::string_view note(event.getNote().cStr(), event.getNote().size());
  return fmt::format("{}  {:<14} {}", local_text(core.at), actor_text(core.actor), protocol::event_sentence(core, note));
}

Table job_table() {
  constexpr auto kRight = Table::Align::kRight;
  return Table({{"job", kRight}, {"case", kRight}, {"stage"}, {"kind"}, {"state"}, {"class"}, {"office"},
                {"district", kRight}, {"expert", kRight}, {"effort", kRight}, {"deadline"}, {"left", kRight}, {"band"},
                {"ready since"}, {"attempts", kRight}});
}

void add_job(Table& table, protocol::Job::Reader job) {
  auto deadline = scheduler::Tick{job.getDeadline()};
  bool has_deadline = deadline != scheduler::kNever;
  auto since = scheduler::Tick{job.getReadySince()};
  table.add({fmt::to_string(job.getJob()), fmt::to_string(job.getCaseId()), word<scheduler::Stage>(job.getStage()),
             job.getRework() ? "rework" : word<scheduler::JobKind>(job.getKind()),
             word<scheduler::JobState>(job.getState()), word<scheduler::PriorityClass>(job.getPriority()),
             fmt::format("{:04}", job.getIntakeOffice()), fmt::to_string(job.getDistrict()),
             job.getHolder() != 0 ? fmt::to_string(job.getHolder()) : "-", working_text(job.getEffortMinutes()),
             has_deadline ? local_text(deadline) : "-", has_deadline ? working_text(job.getRemainingMinutes()) : "-",
             word<scheduler::SlaBand>(job.getBand()), since != scheduler::kNever ? local_text(since) : "-",
             fmt::to_string(job.getAttempts())});
}

}  // namespace permitd::cli
