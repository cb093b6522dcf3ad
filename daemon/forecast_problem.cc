// From the city's terms into the forecaster's: services with their chains of steps, cases with
// where they stand, people with the minutes of each day ahead.
#include <algorithm>
#include <map>
#include <tuple>

#include "daemon/city_forecast.h"
#include "daemon/person_day.h"

namespace permitd::daemon {

using planner::ForecastCase;
using planner::ForecastPerson;
using planner::ForecastService;
using planner::ForecastStep;
using scheduler::CaseState;
using scheduler::JobKind;
using scheduler::JobState;
using scheduler::raw;
using scheduler::StageSpec;

namespace {

// What the core gives a confirmation at least, see docs/CONFIGURATION.md.
constexpr std::uint32_t kConfirmationEffortMin = 5;
// Steps of the sample that efforts are drawn from, evenly over the spread.
constexpr int kEffortSteps = 2;
// What fewer jobs took says little of the next: the spread of a sample of 30 is known to an eighth.
constexpr std::size_t kLearnedFrom = 30;
// Shares kept of what was learned, equally likely.
constexpr std::size_t kLearnedShares = 20;

struct Variant {
  scheduler::ServiceId service{};
  std::uint16_t version = 0;
  bool is_built = false;
  bool is_complex = false;
  bool needs_second_review = false;
  scheduler::PriorityClass priority{};
  friend auto operator<=>(const Variant&, const Variant&) = default;
};

template <class Row>
Variant variant_of(const Row& row) {
  return {row.service,    row.service_version,     row.is_built,
          row.is_complex, row.needs_second_review, row.priority};
}

bool is_external(const StageSpec& stage) {
  return (stage.flags & (scheduler::kStageIsSovereign | scheduler::kStageNotMechanised)) != 0;
}

class Builder {
 public:
  Builder(const CitySnapshot& snapshot, const ForecastQuestion& question)
      : snapshot_(snapshot), question_(question), people_(snapshot) {
    for (const scheduler::ServiceView& service : snapshot.services)
      catalogue_[{service.service, service.version}] = &service;
  }

  planner::ForecastProblem build() {
    out_.days = static_cast<std::uint32_t>(snapshot_.days.size());
    out_.day_minutes = day_minutes();
    out_.week_days = 1;  // arrivals are counted over all weekdays together
    out_.other_share_percent = snapshot_.policy.reserved_share_percent;
    learn_efforts();
    add_history();
    add_arrivals();
    for (const SnapshotCase& one : snapshot_.cases) add_case(one);
    for (const scheduler::ExpertView& expert : snapshot_.experts) add_person(expert);
    return std::move(out_);
  }

 private:
  /// Effort in hand.
  struct Held {
    std::int32_t minutes = 0;
    std::int32_t other_minutes = 0;  // of those, for other organisations
  };
  struct Known {
    std::uint16_t index = 0;
    std::vector<std::uint8_t> step_of_stage;  // [stage_index] first step at or behind it
    std::vector<bool> confirms;               // [stage_index] its step is followed by a second one
  };

  std::uint32_t day_minutes() const {
    std::int64_t longest_ms = 0;
    for (const CityDay& day : snapshot_.days) {
      std::int64_t ms = 0;
      for (const HalfDaySpan& half : day.halves)
        if (!half.is_closed()) ms += half.close.ms - half.open.ms;
      longest_ms = std::max(longest_ms, ms);
    }
    return std::max(planner::kForecastSlotsPerDay,
                    static_cast<std::uint32_t>(longest_ms / scheduler::kMsPerMinute));
  }

  // ---- services ----

  bool needs_confirmation(const StageSpec& stage, const Variant& variant,
                          scheduler::Skill& skill) const {
    switch (stage.confirmer) {
      case scheduler::Confirmer::kNobody:
        return false;
      case scheduler::Confirmer::kOfficeHead:
        skill = scheduler::Skill::kConfirm;
        return true;
      case scheduler::Confirmer::kSecondReviewerAboveArea:
        skill = scheduler::Skill::kReview;
        return variant.needs_second_review;
    }
    return false;
  }

  // ---- what was learned ----

  struct Work {
    scheduler::ServiceId service{};  // 0: any
    scheduler::Stage stage{};
    JobKind kind{};
    friend auto operator<=>(const Work&, const Work&) = default;
  };

  /// Shares of the estimate that finished work took, where there is enough of it.
  void learn_efforts() {
    std::map<Work, std::vector<std::uint16_t>> samples;
    for (const FinishedWork& one : snapshot_.finished) {
      samples[{one.service, one.stage, one.kind}].push_back(one.effort_permille);
      samples[{{}, one.stage, one.kind}].push_back(one.effort_permille);
    }
    for (auto& [work, shares] : samples) {
      if (shares.size() < kLearnedFrom) continue;
      std::ranges::sort(shares);
      learned_.emplace(work, static_cast<std::uint16_t>(out_.efforts.size()));
      std::vector<std::uint16_t>& drawn = out_.efforts.emplace_back();
      for (std::size_t i = 0; i < kLearnedShares; ++i)
        drawn.push_back(shares[(2 * i + 1) * shares.size() / (2 * kLearnedShares)]);
    }
  }

  /// Of the service, else of all services together, else what the question says of the stage.
  std::uint16_t efforts_of(scheduler::ServiceId service, scheduler::Stage stage,
                           JobKind kind) const {
    auto found = learned_.find({service, stage, kind});
    if (found == learned_.end()) found = learned_.find({{}, stage, kind});
    return found == learned_.end() ? ForecastStep::kOfStage : found->second;
  }

  // ---- steps ----

  ForecastStep step_of(const StageSpec& stage, const Variant& variant) const {
    ForecastStep step;
    step.stage = raw(stage.stage);
    step.term_minutes = stage.sla_minutes;
    if (is_external(stage)) {
      step.wait_minutes = stage.sla_minutes;
      return step;
    }
    step.skill = raw(stage.skill);
    step.efforts = efforts_of(variant.service, stage.stage, JobKind::kWork);
    const bool is_longer = variant.is_complex && stage.effort_complex_minutes != 0;
    step.effort_minutes =
        std::max<std::uint16_t>(1, is_longer ? stage.effort_complex_minutes : stage.effort_minutes);
    if ((stage.flags & scheduler::kStageNeedsAppointment) != 0)
      step.wait_minutes = snapshot_.policy.appointment_lead_minutes;
    return step;
  }

  void add_steps(const StageSpec& stage, const Variant& variant, Known& known,
                 ForecastService& service) const {
    known.step_of_stage.push_back(static_cast<std::uint8_t>(service.steps.size()));
    known.confirms.push_back(false);
    const bool is_skipped = (stage.flags & scheduler::kStageOnlyIfBuilt) != 0 && !variant.is_built;
    if (is_skipped) return;
    const ForecastStep step = step_of(stage, variant);
    service.steps.push_back(step);
    scheduler::Skill skill{};
    if (is_external(stage) || !needs_confirmation(stage, variant, skill)) return;
    ForecastStep second = step;
    second.skill = raw(skill);
    second.wait_minutes = 0;
    second.efforts = efforts_of(variant.service, stage.stage, JobKind::kConfirmation);
    second.effort_minutes = static_cast<std::uint16_t>(std::max(
        kConfirmationEffortMin,
        std::uint32_t{step.effort_minutes} * snapshot_.policy.confirmation_effort_percent / 100));
    service.steps.push_back(second);
    known.confirms.back() = true;
  }

  /// Null where the catalogue does not have the version any more.
  const Known* known(const Variant& variant) {
    const auto found = known_.find(variant);
    if (found != known_.end()) return &found->second;
    const auto version = catalogue_.find({variant.service, variant.version});
    if (version == catalogue_.end()) return nullptr;
    Known added;
    added.index = static_cast<std::uint16_t>(out_.services.size());
    ForecastService service;
    service.priority = raw(variant.priority);
    for (std::size_t i = 0; i < version->second->stage_count; ++i)
      add_steps(version->second->stages[i], variant, added, service);
    if (service.steps.empty()) return nullptr;
    out_.services.push_back(std::move(service));
    return &known_.emplace(variant, std::move(added)).first->second;
  }

  void add_history() {
    std::vector<std::uint16_t> efforts;
    const int spread = static_cast<int>(question_.spread_permille);
    for (int step = -kEffortSteps; step <= kEffortSteps; ++step)
      efforts.push_back(static_cast<std::uint16_t>(1'000 + spread * step / kEffortSteps));
    for (const scheduler::FlowCell& cell : snapshot_.stats.flow) {
      planner::ForecastHistory history;
      history.effort_permille = efforts;
      if (cell.done != 0)
        history.rework_permille = static_cast<std::uint16_t>(cell.returned * 1'000 / cell.done);
      out_.history.push_back(std::move(history));
    }
  }

  /// What came within the window comes again at the same rate, by service and district.
  void add_arrivals() {
    std::map<std::uint16_t, double> counts;
    for (const Arrival& arrival : snapshot_.arrivals) {
      const Known* service = known(variant_of(arrival));
      if (service == nullptr) continue;
      counts[service->index] += 1;
      out_.services[service->index].districts.push_back(arrival.district);
    }
    const auto minutes = std::max<std::int64_t>(snapshot_.arrival_minutes, out_.day_minutes);
    const double days = static_cast<double>(minutes) / out_.day_minutes;
    for (const auto& [index, count] : counts) out_.services[index].arrivals = {count / days};
  }

  // ---- cases ----

  void add_case(const SnapshotCase& one) {
    const Known* service = known(variant_of(one));
    ForecastCase out;
    out.number = raw(one.case_id);
    out.district = one.district;
    out.priority = raw(one.priority);
    out.due_in_minutes = one.remaining_minutes;
    if (service != nullptr) {
      out.service = service->index;
      place_case(one, *service, out);
    } else {
      out.service = retired_service();
      out.ready_in_minutes = INT32_MAX;
    }
    out_.cases.push_back(out);
  }

  void place_case(const SnapshotCase& one, const Known& service, ForecastCase& out) {
    const auto stage = std::min<std::size_t>(one.stage_index, service.step_of_stage.size() - 1);
    const auto& steps = out_.services[service.index].steps;
    const bool is_confirmed_next =
        one.job_kind == JobKind::kConfirmation && service.confirms[stage];
    const std::size_t step = service.step_of_stage[stage] + (is_confirmed_next ? 1U : 0U);
    out.step = static_cast<std::uint8_t>(std::min(step, steps.size() - 1));
    out.ready_in_minutes = wait_of(one, steps[out.step]);
    const bool is_in_hand =
        one.job_state == JobState::kAssigned || one.job_state == JobState::kStarted;
    if (!is_in_hand || out.ready_in_minutes != 0) return;
    out.remaining_minutes = one.effort_minutes;
    Held& held = held_[one.holder];
    held.minutes += one.effort_minutes;
    if (one.priority == scheduler::PriorityClass::kOther) held.other_minutes += one.effort_minutes;
  }

  std::int32_t wait_of(const SnapshotCase& one, const ForecastStep& step) const {
    const auto answer = static_cast<std::int32_t>(question_.answer_minutes);
    switch (one.state) {
      case CaseState::kAwaitingApplicant:
      case CaseState::kAwaitingAgency:
      case CaseState::kHeld:
      case CaseState::kReferred:
        return answer;
      case CaseState::kDraft:
      case CaseState::kRegistered:
      case CaseState::kInProgress:
      case CaseState::kAwaitingDecision:
      case CaseState::kApproved:
      case CaseState::kDelivered:
      case CaseState::kClosed:
      case CaseState::kRejected:
      case CaseState::kWithdrawn:
      case CaseState::kLapsed:
        break;
    }
    if (step.skill == ForecastStep::kNoSkill) return step.wait_minutes;
    const bool stands = one.job_state == JobState::kBlocked || one.job_state == JobState::kHeld ||
                        one.job_state == JobState::kEscalated;
    return stands ? answer : static_cast<std::int32_t>(one.appointment_minutes);
  }

  /// For cases of a version that the catalogue has forgotten: nothing can be said of them.
  std::uint16_t retired_service() {
    if (!retired_) {
      retired_ = static_cast<std::uint16_t>(out_.services.size());
      ForecastService service;
      service.steps.emplace_back();
      out_.services.push_back(std::move(service));
    }
    return *retired_;
  }

  // ---- people ----

  /// Skills that the expert may use on a day; none when the expert cannot work then.
  std::uint32_t skills_on(const scheduler::ExpertView& expert, const CityDay& day) const {
    std::uint32_t skills = 0;
    for (std::uint8_t skill = 0; skill < scheduler::kSkillCount; ++skill) {
      const auto filter =
          people_.standing_filter(expert, scheduler::Skill{skill}, scheduler::ServiceId{}, day);
      if (filter == scheduler::Filter::kNone) skills |= 1U << skill;
    }
    return skills;
  }

  /// One person of the problem for each set of skills that the days see: certificates lapse.
  void add_person(const scheduler::ExpertView& expert) {
    std::map<std::uint32_t, ForecastPerson> by_skills;
    for (std::size_t i = 0; i < snapshot_.days.size(); ++i) {
      const CityDay& day = snapshot_.days[i];
      const std::uint32_t skills = skills_on(expert, day);
      if (skills == 0) continue;
      ForecastPerson& person = by_skills[skills];
      person.skills = skills;
      person.districts = expert.districts;
      person.office = raw(expert.office);
      person.day_minutes.resize(snapshot_.days.size());
      if (day.date == snapshot_.present_date) add_given(expert, person);
      person.day_minutes[i] = static_cast<std::uint16_t>(
          static_cast<std::uint32_t>(own_minutes(expert, day)) * question_.use_permille / 1'000);
    }
    for (auto& [skills, person] : by_skills) out_.people.push_back(std::move(person));
  }

  /// What is in hand is among the cases, and will be given once more.
  void add_given(const scheduler::ExpertView& expert, ForecastPerson& person) const {
    const Held held = held_of(expert.expert);
    person.given_minutes =
        static_cast<std::uint16_t>(std::max(0, expert.booked_minutes_today - held.minutes));
    person.given_other_minutes =
        static_cast<std::uint16_t>(std::max(0, expert.other_minutes_today - held.other_minutes));
  }

  Held held_of(scheduler::ExpertId expert) const {
    const auto found = held_.find(expert);
    return found == held_.end() ? Held{} : found->second;
  }

  /// Capacity and presence. What is reserved or in hand is among the cases, so it takes nothing
  /// away here.
  std::int32_t own_minutes(const scheduler::ExpertView& expert, const CityDay& day) const {
    auto left = static_cast<std::int32_t>(expert.units_per_day * scheduler::kMinutesPerUnit);
    if (day.date == snapshot_.present_date) {
      left -= std::max(0, expert.booked_minutes_today - held_of(expert.expert).minutes);
    }
    return std::clamp(left, 0,
                      present_minutes(expert, people_.office(expert.office), day, snapshot_.now));
  }

  const CitySnapshot& snapshot_;
  const ForecastQuestion& question_;
  const CityPeople people_;
  std::map<std::pair<scheduler::ServiceId, std::uint16_t>, const scheduler::ServiceView*>
      catalogue_;
  std::map<Variant, Known> known_;
  std::map<scheduler::ExpertId, Held> held_;
  std::map<Work, std::uint16_t> learned_;  // into the problem's efforts
  std::optional<std::uint16_t> retired_;
  planner::ForecastProblem out_;
};

}  // namespace

planner::ForecastProblem make_forecast_problem(const CitySnapshot& snapshot,
                                               const ForecastQuestion& question) {
  return Builder(snapshot, question).build();
}

}  // namespace permitd::daemon
