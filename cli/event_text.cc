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
  out.version = event.getVersion();
  out.subject = event.getSubject();
  out.skill = static_cast<scheduler::Skill>(event.getSkill());
  return out;
}

std::string event_line(protocol::Event::Reader event, protocol::Language language) {
  auto core = to_event(event);
  std::string_view note(event.getNote().cStr(), event.getNote().size());
  return fmt::format("{}  {}", local_text(core.at), protocol::event_sentence(core, note, language));
}

Table job_table() {
  constexpr auto kRight = Table::Align::kRight;
  return Table({{"job", kRight},
                {"case", kRight},
                {"stage"},
                {"kind"},
                {"state"},
                {"class"},
                {"office"},
                {"district", kRight},
                {"expert", kRight},
                {"effort", kRight, "effort_minutes"},
                {"deadline"},
                {"left", kRight, "left_minutes"},
                {"band"},
                {"ready since", Table::Align::kLeft, "ready_since"},
                {"attempts", kRight}});
}

void add_job(Table& table, protocol::Job::Reader job) {
  auto deadline = scheduler::Tick{job.getDeadline()};
  bool has_deadline = deadline != scheduler::kNever;
  auto since = scheduler::Tick{job.getReadySince()};
  table.add(
      {id_cell(job.getJob()), id_cell(job.getCaseId()), word<scheduler::Stage>(job.getStage()),
       job.getRework() ? "rework" : word<scheduler::JobKind>(job.getKind()),
       word<scheduler::JobState>(job.getState()), word<scheduler::PriorityClass>(job.getPriority()),
       fmt::format("{:04}", job.getIntakeOffice()), id_cell(job.getDistrict()),
       id_cell(job.getHolder()), minutes_cell(job.getEffortMinutes()),
       has_deadline ? Cell(local_text(deadline)) : no_cell(),
       has_deadline ? minutes_cell(job.getRemainingMinutes()) : no_cell(),
       word<scheduler::SlaBand>(job.getBand()),
       since != scheduler::kNever ? Cell(local_text(since)) : no_cell(),
       fmt::to_string(job.getAttempts())});
}

}  // namespace permitd::cli
