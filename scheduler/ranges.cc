// Ranges of what is set from outside: limits, policy, stages of a service.
#include "scheduler/ranges.h"

#include "scheduler/case_flow.h"
#include "scheduler/commands.h"
#include "scheduler/expert_score.h"
#include "scheduler/records.h"

namespace permitd::scheduler {

namespace {

template <class Check>
bool each_limit(const Limits& a, const Limits& b, const Check& check) {
  return check(a.cases_max, b.cases_max) && check(a.jobs_max, b.jobs_max) &&
         check(a.events_max, b.events_max) && check(a.decisions_max, b.decisions_max) &&
         check(a.notes_max, b.notes_max) && check(a.keys_max, b.keys_max) &&
         check(a.experts_max, b.experts_max) && check(a.offices_max, b.offices_max) &&
         check(a.applications_max, b.applications_max) && check(a.venues_max, b.venues_max) &&
         check(a.meetings_max, b.meetings_max);
}

bool between(std::uint32_t value, std::uint32_t least, std::uint32_t most) {
  return value >= least && value <= most;
}

}  // namespace

bool limits_in_range(const Limits& limits) {
  return each_limit(limits, kLimitsMax,
                    [](auto value, auto most) { return value >= 1 && value <= most; });
}

bool limits_reach(const Limits& limits, const Limits& least) {
  return each_limit(limits, least, [](auto value, auto present) { return value >= present; });
}

bool policy_in_range(const SetPolicy& policy) {
  return between(policy.attempts_max, 1, 100) && between(policy.lease_minutes, 1, 1440) &&
         between(policy.claim_wait_minutes, 1, 1440) && between(policy.near_equal_count, 1, 8) &&
         policy.near_equal_permille <= 1000 && between(policy.capacity_units_per_day, 1, 48) &&
         between(policy.visits_per_day, 1, 48) && policy.appointment_lead_minutes <= 10'000 &&
         between(policy.sla_notify_percent, 1, 100) && policy.sla_amber_minutes <= 10'000 &&
         between(policy.sla_district_percent, 100, 1000) &&
         between(policy.applicant_silent_days, 1, 3650) &&
         policy.second_review_area_m2 <= 10'000'000 &&
         between(policy.key_retention_minutes, 1, 525'600) && policy.complex_floors <= 200 &&
         policy.pair_repeat_visits <= kPairRepeatVisitsMax && policy.pair_repeat_days <= 3650 &&
         between(policy.confirmation_effort_percent, 1, 100) &&
         policy.near_visits <= kNearVisitsMax && policy.near_slack_minutes <= 10'000 &&
         policy.compared_count <= kComparedMax && policy.load_weight <= 1000 &&
         policy.travel_weight <= 1000 && policy.share_weight <= 1000 &&
         known_value(policy.confirmer_fallback, ConfirmerFallback::kSupervisor) &&
         known_value(policy.zoning_review, ZoningReview::kSecondReviewer) &&
         policy.reserved_share_percent <= 100 && policy.waiting_alarm_minutes <= 60'000 &&
         policy.lapse_warning_days <= 3650 &&
         known_value(policy.expert_degree, Degree::kDoctorate) &&
         known_value(policy.homes, HomePolicy::kWhenInactive);
}

bool stage_in_range(const StageSpec& stage) {
  constexpr std::uint8_t kFlags = kStageNeedsAppointment | kStageIsSovereign | kStageNeedsDecision |
                                  kStageFieldLease | kStageNotMechanised | kStageOnlyIfBuilt;
  if (!known_value(stage.stage, Stage::kPermitDelivery) ||
      !known_value(stage.skill, Skill::kConfirm) ||
      !known_value(stage.confirmer, Confirmer::kSecondReviewerAboveArea) ||
      !known_value(stage.reach, Reach::kOffice) || (stage.flags & ~kFlags) != 0) {
    return false;
  }
  if (stage_is_external(stage)) return stage.effort_minutes <= 1440 && stage.sla_minutes <= 60'000;
  return between(stage.effort_minutes, 1, 1440) && stage.effort_complex_minutes <= 1440 &&
         between(stage.sla_minutes, 1, 60'000);
}

}  // namespace permitd::scheduler
