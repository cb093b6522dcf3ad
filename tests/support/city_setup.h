// The commands that build the made-up city of the command generator, one by one, in order.
#pragma once

#include <cstdint>

#include "scheduler/command.h"
#include "tests/support/seeded.h"

namespace permitd::tests {

/// How many commands build the city.
std::uint32_t city_setup_count();

/// Kind, actor and body of one of them. `chance` varies the city from seed to seed.
void make_city_setup(std::uint32_t index, Chance& chance, scheduler::Command& command);

/// Bodies that random steps change the city with, too.
/// Somewhere in the made-up city.
scheduler::Point city_point(Chance& chance);
scheduler::SetPolicy random_policy(Chance& chance);
scheduler::SetCalendarDays random_calendar(Chance& chance, std::int32_t first_day,
                                           std::uint16_t count);
scheduler::DefineService city_service(std::uint32_t number, std::uint16_t version, Chance& chance);
scheduler::DefineOffice city_office(std::uint32_t index, Chance& chance);
scheduler::DefineExpert city_expert(std::uint32_t number, Chance& chance);
scheduler::DefineOrganisation city_organisation(std::uint32_t number);

/// The person behind an expert, licensee or technical manager: experts 1 … are persons 1001 ….
scheduler::PersonId person_of_expert(std::uint32_t number);

scheduler::Note note_of(const char* words);
scheduler::Label label_of(const char* words);
scheduler::Code code_of(const char* words);
scheduler::ZoneCode zone_of(const char* words);

}  // namespace permitd::tests
