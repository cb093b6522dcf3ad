#include "cli/homes_text.h"

#include <fmt/format.h>

#include <map>

#include "cli/local_time.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

using scheduler::OfficeId;
using scheduler::raw;
using scheduler::Tick;
constexpr auto kRight = Table::Align::kRight;

std::string_view reason_text(protocol::HomeReason reason) {
  switch (reason) {
    case protocol::HomeReason::NONE:
      return "no active office has the service";
    case protocol::HomeReason::DISTRICT:
      return "least busy of the district";
    case protocol::HomeReason::CITY:
      return "least busy of the city, the district has none";
  }
  return "for a reason of a later version";
}

}  // namespace

Table homes_table(protocol::NewHomes::Reader homes) {
  Table table({{"case", kRight},
               {"district", kRight},
               {"stage"},
               {"state"},
               {"appointment"},
               {"new office", kRight, "office"},
               {"why"}});
  for (auto home : homes.getHomes()) {
    const Tick appointment{home.getAppointment()};
    table.add({count_cell(home.getCaseId()), count_cell(home.getDistrict()),
               protocol::name_of(static_cast<scheduler::Stage>(home.getStage())),
               protocol::name_of(static_cast<scheduler::CaseState>(home.getState())),
               appointment == scheduler::kNever ? no_cell() : Cell(local_text(appointment)),
               home.getOffice() == 0 ? no_cell() : Cell(fmt::format("{:04}", home.getOffice())),
               reason_text(home.getReason())});
  }
  return table;
}

Table held_table(protocol::NewHomes::Reader homes) {
  Table table({{"job", kRight},
               {"case", kRight},
               {"of office", kRight, "case_office"},
               {"district", kRight},
               {"stage"},
               {"held by", kRight, "holder"},
               {"state"}});
  for (auto one : homes.getHeld()) {
    table.add({count_cell(one.getJob()), count_cell(one.getCaseId()),
               fmt::format("{:04}", one.getOffice()), count_cell(one.getDistrict()),
               protocol::name_of(static_cast<scheduler::Stage>(one.getStage())),
               count_cell(one.getHolder()),
               protocol::name_of(static_cast<scheduler::JobState>(one.getState()))});
  }
  return table;
}

std::string homes_summary(OfficeId office, protocol::NewHomes::Reader homes) {
  std::map<unsigned, unsigned> cases_of;
  unsigned promised = 0;
  unsigned homeless = 0;
  for (auto home : homes.getHomes()) {
    if (home.getOffice() == 0) {
      ++homeless;
      continue;
    }
    ++cases_of[home.getOffice()];
    promised += Tick{home.getAppointment()} != scheduler::kNever ? 1 : 0;
  }
  auto text = fmt::format(
      "{} open cases of office {:04}: {} go to {} offices, {} of them with an appointment, which "
      "stands.",
      homes.getHomes().size() + homes.getLeftOut(), raw(office), homes.getHomes().size() - homeless,
      cases_of.size(), promised);
  if (homeless > 0) text += fmt::format(" {} find no office: activate their service.", homeless);
  if (homes.getLeftOut() > 0)
    text += fmt::format(" {} are more than one answer holds: run it again.", homes.getLeftOut());
  return text;
}

}  // namespace permitd::cli
