#include "daemon/eligibility_report.h"

#include "daemon/person_day.h"

namespace permitd::daemon {

using scheduler::Filter;
using scheduler::raw;
using scheduler::Skill;

namespace {

constexpr std::uint32_t kRealDistricts = ~1U;  // district 0 is none

std::uint32_t known_districts(const CitySnapshot& snapshot) {
  std::uint32_t districts = snapshot.open_districts;
  for (const scheduler::OfficeView& office : snapshot.offices) districts |= 1U << office.district;
  for (const scheduler::ExpertView& expert : snapshot.experts) districts |= expert.districts;
  return districts & kRealDistricts;
}

using DistrictRows = std::array<EligibilityRow, scheduler::kDistrictCount>;

void count_person(const CityPeople& people, const scheduler::ExpertView& expert, Skill skill,
                  scheduler::ServiceId service, const CityDay& day, DistrictRows& rows) {
  const Filter filter = people.filter(expert, skill, service, day);
  const std::uint32_t reach = expert.districts == 0 ? ~0U : expert.districts;
  const auto free =
      filter == Filter::kNone ? static_cast<std::uint32_t>(people.free_minutes(expert, day)) : 0U;
  for (std::size_t district = 0; district < rows.size(); ++district) {
    EligibilityRow& row = rows[district];
    if (filter != Filter::kNone) {
      row.removed[raw(filter)] += 1;
    } else if ((reach >> district & 1) == 0) {
      row.removed[raw(Filter::kDistrict)] += 1;
    } else {
      row.able += 1;
      row.free_minutes += free;
    }
  }
}

}  // namespace

std::vector<EligibilityRow> report_eligibility(const CitySnapshot& snapshot,
                                               const EligibilityQuestion& question) {
  const CityPeople people(snapshot);
  const std::uint32_t skills = question.skills == 0 ? ~0U : question.skills;
  const std::uint32_t wanted =
      question.districts == 0 ? known_districts(snapshot) : question.districts & kRealDistricts;
  const std::uint32_t districts = wanted & question.seen;
  std::vector<EligibilityRow> out;
  for (const CityDay& day : snapshot.days) {
    for (std::uint8_t number = 0; number < scheduler::kSkillCount; ++number) {
      if ((skills >> number & 1) == 0) continue;
      DistrictRows rows;
      for (const scheduler::ExpertView& expert : snapshot.experts)
        count_person(people, expert, Skill{number}, question.service, day, rows);
      for (std::uint8_t district = 0; district < rows.size(); ++district) {
        if ((districts >> district & 1) == 0) continue;
        rows[district].date = day.date;
        rows[district].skill = Skill{number};
        rows[district].district = district;
        out.push_back(rows[district]);
      }
    }
  }
  return out;
}

}  // namespace permitd::daemon
