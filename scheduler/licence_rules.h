// The licensing rules as functions of what is stored: checks that the core computes, points, ranks
// and what a licence still misses. Pure reads; engine thread.
#pragma once

#include "scheduler/outcome.h"
#include "scheduler/state.h"

namespace permitd::scheduler {

bool licence_rules_in_range(const SetLicenceRules& rules);
bool person_in_range(const LicencePerson& person, std::int32_t day);
/// A local date that is not more than a day away from the UTC date of now, and known.
bool local_day_plausible(const Core& core, std::int32_t day);

const PersonRules& rules_for(const SetLicenceRules& rules, LicenceSubject subject);

/// The computed checks of a person as found on `day`, and the others as pending or not required.
SubjectChecks first_checks(const Core& core, const SetLicenceRules& rules, LicenceSubject subject,
                           const LicencePerson& person, std::int32_t day);
/// The field of the first condition that the person does not meet on `day`, kNone when all are met.
Field first_unmet(const PersonRules& rules, const LicencePerson& person, std::int32_t day);

/// The checks of an office's technical manager: its licence's, or those that an office from before
/// the rounds keeps itself. Pre: `office` is one of the core's.
const SubjectChecks& manager_checks(const Core& core, const OfficeRecord& office);
SubjectChecks& manager_checks(Core& core, OfficeRecord& office);

/// No check of the subject is pending; and none has failed, the own venue's aside.
bool checks_complete(const SubjectChecks& checks);
bool checks_passed(const SubjectChecks& checks);

/// Points by the rules' table: degree, experience, own venue found suitable (R4).
std::uint16_t licence_points(const SetLicenceRules& rules, const ApplicationRecord& application);
/// Whether `a` stands before `b` in the ranking of their round: by score of the exam and points
/// together, then by points, then by number, that is by order of receipt.
bool ranks_before(const ApplicationRecord& a, std::uint32_t a_number, const ApplicationRecord& b,
                  std::uint32_t b_number);
/// Exam or board have found the applicant fit to be ranked.
bool passed_selection(const SetLicenceRules& rules, const ApplicationRecord& application);

/// What keeps the licence from being Active, kMissing… bits. Of an office licensed before the
/// rounds only the manager counts.
std::uint32_t missing_of(const Core& core, const ApplicationRecord& application);
std::uint32_t missing_of_office(const Core& core, std::uint32_t office);
/// The field that a refusal names for what is missing. Pre: something is.
Field missing_field(std::uint32_t missing);

/// Offices that are licensed or under way: places that the city no longer needs (R1).
std::uint32_t places_taken(const Core& core);

}  // namespace permitd::scheduler
