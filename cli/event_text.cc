#include "cli/event_text.h"

#include <fmt/format.h>

#include <vector>

#include "cli/local_time.h"
#include "protocol/jalali.h"
#include "protocol/persian.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

namespace persian = protocol::persian;
using protocol::Language;

template <class Core, class Wire>
std::string word(Wire value) {
  return std::string(protocol::name_of(static_cast<Core>(value)));
}

template <class Core, class Wire>
Cell persian_word(Wire value) {
  return persian::name_of(static_cast<Core>(value));
}

Cell persian_number(std::uint64_t value) { return protocol::persian_digits(fmt::to_string(value)); }

Cell persian_moment(scheduler::Tick at) {
  return at == scheduler::kNever ? no_cell() : Cell(protocol::jalali_moment_text(at));
}

std::vector<Cell> persian_cells(protocol::Job::Reader job) {
  const scheduler::Tick deadline{job.getDeadline()};
  return {persian_number(job.getJob()),
          persian_number(job.getCaseId()),
          persian_word<scheduler::Stage>(job.getStage()),
          job.getRework() ? Cell("رفع نقص") : persian_word<scheduler::JobKind>(job.getKind()),
          persian_word<scheduler::JobState>(job.getState()),
          persian_word<scheduler::PriorityClass>(job.getPriority()),
          protocol::persian_digits(fmt::format("{:04}", job.getIntakeOffice())),
          persian_number(job.getDistrict()),
          job.getHolder() == 0 ? no_cell() : persian_number(job.getHolder()),
          persian_working_text(job.getEffortMinutes()),
          persian_moment(deadline),
          deadline == scheduler::kNever ? no_cell()
                                        : Cell(persian_working_text(job.getRemainingMinutes())),
          persian_word<scheduler::SlaBand>(job.getBand()),
          persian_moment(scheduler::Tick{job.getReadySince()}),
          persian_number(job.getAttempts())};
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

Table job_table(Language language) {
  constexpr auto kRight = Table::Align::kRight;
  if (language == Language::kPersian) {
    return Table({{"کار", kRight},
                  {"پرونده", kRight},
                  {"مرحله"},
                  {"نوع"},
                  {"وضعیت"},
                  {"اولویت"},
                  {"دفتر", kRight},
                  {"منطقه", kRight},
                  {"کارشناس", kRight},
                  {"زمان کار", kRight},
                  {"مهلت"},
                  {"مانده", kRight},
                  {"رنگ"},
                  {"آماده از"},
                  {"بازگشت‌ها", kRight}});
  }
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

void add_job(Table& table, protocol::Job::Reader job, Language language) {
  if (language == Language::kPersian) return table.add(persian_cells(job));
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
