#include "cli/case_text.h"

#include <fmt/format.h>

#include <string_view>

#include "cli/event_text.h"
#include "cli/local_time.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/why_text.h"
#include "cli/zoning_text.h"
#include "protocol/jalali.h"
#include "protocol/persian.h"

namespace permitd::cli {
namespace {

namespace persian = protocol::persian;
using protocol::Language;
using scheduler::Tick;

std::string persian_number(std::uint64_t value) {
  return protocol::persian_digits(fmt::to_string(value));
}

template <class Core, class Wire>
std::string_view word(Wire value, bool is_persian) {
  const auto core = static_cast<Core>(value);
  return is_persian ? persian::name_of(core) : protocol::name_of(core);
}

std::string english_head(protocol::Case::Reader found) {
  const Tick closed{found.getClosedAt()};
  std::string text = fmt::format(
      "case {}: {}, service {} version {}, office {:04}, district {}\n", found.getCaseId(),
      word<scheduler::CaseState>(found.getState(), false), found.getService(),
      found.getServiceVersion(), found.getOffice(), found.getDistrict());
  text +=
      fmt::format("  parcel {}{}{}, {}, {} floors, {} m², organisation {}, class {}\n",
                  found.getParcel().cStr(), found.getReference().size() > 0 ? ", reference " : "",
                  found.getReference().cStr(), found.getBuilt() ? "built" : "not built",
                  found.getFloors(), grouped(found.getAreaM2()), found.getOrganisation(),
                  word<scheduler::PriorityClass>(found.getPriority(), false));
  text += fmt::format("  owner {}, designer {}, supervising engineer {}\n", found.getOwner(),
                      found.getDesigner(), found.getSupervisingEngineer());
  return text +
         fmt::format("  registered {}{}{}; {}, {}\n", local_text(Tick{found.getRegisteredAt()}),
                     closed == scheduler::kNever ? "" : ", ended ",
                     closed == scheduler::kNever ? "" : local_text(closed),
                     found.getDecided() ? "decided" : "not decided",
                     found.getFeesPaid() ? fmt::format("{} rial paid", grouped(found.getFeesRial()))
                                         : "not paid");
}

// What a client wrote is set apart, so that its Latin letters do not turn the line.
std::string code(capnp::Text::Reader text) { return fmt::format("\u2066{}\u2069", text.cStr()); }

std::string persian_head(protocol::Case::Reader found) {
  const Tick closed{found.getClosedAt()};
  std::string text = fmt::format(
      "پروندهٔ {}: {}، خدمت {} نسخهٔ {}، دفتر {}، منطقهٔ {}\n", persian_number(found.getCaseId()),
      word<scheduler::CaseState>(found.getState(), true), persian_number(found.getService()),
      persian_number(found.getServiceVersion()),
      protocol::persian_digits(fmt::format("{:04}", found.getOffice())),
      persian_number(found.getDistrict()));
  text +=
      fmt::format("  ملک {}{}{}، {}، {} طبقه، {} متر مربع، سازمان {}، اولویت «{}»\n",
                  code(found.getParcel()), found.getReference().size() > 0 ? "، شمارهٔ مرجع " : "",
                  found.getReference().size() > 0 ? code(found.getReference()) : "",
                  found.getBuilt() ? "با ساختمان" : "بی ساختمان", persian_number(found.getFloors()),
                  persian_number(found.getAreaM2()), persian_number(found.getOrganisation()),
                  word<scheduler::PriorityClass>(found.getPriority(), true));
  text += fmt::format("  مالک {}، طراح {}، مهندس ناظر {}\n", persian_number(found.getOwner()),
                      persian_number(found.getDesigner()),
                      persian_number(found.getSupervisingEngineer()));
  return text + fmt::format("  ثبت {}{}{}؛ {}، {}\n",
                            protocol::jalali_moment_text(Tick{found.getRegisteredAt()}),
                            closed == scheduler::kNever ? "" : "، پایان ",
                            closed == scheduler::kNever ? "" : protocol::jalali_moment_text(closed),
                            found.getDecided() ? "تصمیم گرفته شده" : "تصمیم گرفته نشده",
                            found.getFeesPaid() ? fmt::format("{} ریال پرداخت شده",
                                                              persian_number(found.getFeesRial()))
                                                : "عوارض پرداخت نشده");
}

std::string stages_line(protocol::Case::Reader found, bool is_persian) {
  std::string stages;
  auto list = found.getStages();
  for (unsigned index = 0; index < list.size(); ++index) {
    stages += index == 0 ? "" : is_persian ? " ← " : " > ";
    const std::string_view name = word<scheduler::Stage>(list[index], is_persian);
    stages += index == found.getStageIndex() ? fmt::format("[{}]", name) : std::string(name);
  }
  return fmt::format("  {} {}\n", is_persian ? "مرحله‌ها:" : "stages", stages);
}

}  // namespace

std::string case_text(protocol::Case::Reader found, Language language) {
  const bool is_persian = language == Language::kPersian;
  Table jobs = job_table(language);
  for (auto job : found.getJobs()) add_job(jobs, job, language);
  return (is_persian ? persian_head(found) : english_head(found)) + zoning_lines(found, language) +
         municipal_line(found, language) + stages_line(found, is_persian) + jobs.aligned();
}

}  // namespace permitd::cli
