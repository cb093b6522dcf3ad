// A city of one office by hand, as a snapshot for questions: days of 420 minutes from a Saturday
// on, inspectors of district 1, everything else added by the test.
#pragma once

#include "daemon/city_snapshot.h"

namespace permitd::daemon {

inline constexpr std::int32_t kQuestionDate = 20'183;  // 2025-04-05
inline constexpr std::int64_t kQuestionOpenMs =
    std::int64_t{kQuestionDate} * 86'400'000 + 4 * 3'600'000;

inline scheduler::Tick question_minute(std::int64_t minute, std::int32_t days_on = 0) {
  return {kQuestionOpenMs + std::int64_t{days_on} * 86'400'000 + minute * 60'000};
}

struct QuestionCity {
  CitySnapshot snapshot;

  explicit QuestionCity(std::uint32_t days = 1) {
    snapshot.op = scheduler::Op{100};
    snapshot.now = question_minute(0);
    snapshot.present_date = kQuestionDate;
    for (std::uint32_t i = 0; i < days; ++i) add_day(static_cast<std::int32_t>(i));
    add_office(101);
  }

  void add_day(std::int32_t days_on) {
    CityDay day;
    day.date = kQuestionDate + days_on;
    day.halves[0] = {question_minute(0, days_on), question_minute(210, days_on)};
    day.halves[1] = {question_minute(210, days_on), question_minute(420, days_on)};
    day.minutes_left = 420;
    snapshot.days.push_back(day);
  }

  scheduler::OfficeView& add_office(std::uint16_t code) {
    scheduler::OfficeView office;
    office.office = scheduler::OfficeId{code};
    office.district = static_cast<scheduler::District>(code / 100);
    office.state = scheduler::OfficeState::kActive;
    office.services_active = ~std::uint64_t{0};
    snapshot.offices.push_back(office);
    return snapshot.offices.back();
  }

  scheduler::ExpertView& add_expert(std::uint32_t number, scheduler::Skill skill,
                                    std::uint32_t districts = 0) {
    scheduler::ExpertView expert;
    expert.expert = scheduler::ExpertId{number};
    expert.office = scheduler::OfficeId{101};
    expert.state = scheduler::ExpertState::kCertified;
    expert.units_per_day = 14;
    expert.certified_until[raw(skill)] = scheduler::kNever;
    expert.districts = districts;
    snapshot.experts.push_back(expert);
    return snapshot.experts.back();
  }
};

}  // namespace permitd::daemon
