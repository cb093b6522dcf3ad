#include "cli/override_text.h"

#include <fmt/format.h>

#include <string>

#include "cli/local_time.h"
#include "protocol/jalali.h"
#include "protocol/persian.h"

namespace permitd::cli {
namespace {

using protocol::Language;
using scheduler::ActorKind;
using scheduler::Tick;
constexpr auto kRight = Table::Align::kRight;

std::string persian_number(std::uint64_t value) {
  return protocol::persian_digits(fmt::to_string(value));
}

// How many visits there were of how many; nothing where the job is no visit.
Cell visits_cell(protocol::Override::Reader one, bool is_persian) {
  const unsigned before = one.getVisitsBefore();
  const unsigned most = one.getVisitsMax();
  if (most == 0) return no_cell();
  return is_persian ? Cell(fmt::format("{} از {}", persian_number(before), persian_number(most)))
                    : Cell(fmt::format("{} of {}", before, most), fmt::to_string(before));
}

}  // namespace

Table override_table(Language language) {
  if (language == Language::kPersian) {
    return Table({{"هنگام"},
                  {"کار", kRight},
                  {"پرونده", kRight},
                  {"منطقه", kRight},
                  {"کارشناس", kRight},
                  {"به دستور"},
                  {"پیش از آن", kRight},
                  {"زمان کار", kRight},
                  {"ظرفیت", kRight},
                  {"بازدیدها", kRight},
                  {"چرا"}});
  }
  return Table({{"when"},
                {"job", kRight},
                {"case", kRight},
                {"district", kRight},
                {"expert", kRight},
                {"by"},
                {"before", kRight, "minutes_before"},
                {"effort", kRight, "effort_minutes"},
                {"capacity", kRight, "capacity_minutes"},
                {"visits", kRight, "visits_before"},
                {"why"}});
}

void add_override(Table& table, protocol::Override::Reader one, Language language) {
  const auto kind = static_cast<ActorKind>(one.getActorKind());
  const Tick at{one.getAt()};
  const std::string note = one.getNote().cStr();
  if (language == Language::kPersian) {
    table.add(
        {protocol::jalali_moment_text(at), persian_number(one.getJob()),
         persian_number(one.getCaseId()), persian_number(one.getDistrict()),
         persian_number(one.getExpert()),
         fmt::format("{} {}", protocol::persian::name_of(kind), persian_number(one.getActor())),
         persian_working_text(one.getMinutesBefore()), persian_working_text(one.getEffortMinutes()),
         persian_working_text(one.getCapacityMinutes()), visits_cell(one, true),
         fmt::format("\u2068{}\u2069", note)});
    return;
  }
  table.add({local_text(at), id_cell(one.getJob()), id_cell(one.getCaseId()),
             id_cell(one.getDistrict()), id_cell(one.getExpert()),
             fmt::format("{} {}", protocol::name_of(kind), one.getActor()),
             minutes_cell(one.getMinutesBefore()), minutes_cell(one.getEffortMinutes()),
             minutes_cell(one.getCapacityMinutes()), visits_cell(one, false), note});
}

}  // namespace permitd::cli
