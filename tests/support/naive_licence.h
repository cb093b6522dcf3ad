// The naive model's part about office licences (R1–R8): rounds, applications, checks, venues and
// what an office needs. Kept in maps and found by walking through them; it judges each command and
// makes its effect, and compares all of it with the core's views. For tests; one thread; shares the
// core's vocabulary and nothing else.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "scheduler/scheduler.h"

namespace permitd::tests {

struct ModelOffice;
struct Judgement;

/// Results and evidence by subject and check; what is not there was not asked for.
struct ModelChecks {
  std::map<std::pair<int, int>, scheduler::CheckResult> checks;
  std::map<std::pair<int, int>, std::string> evidence;
};

struct ModelApplication : ModelChecks {
  scheduler::ApplyForLicence filed;
  scheduler::LicencePerson manager;  // the present one; person 0: none
  scheduler::LicenceState state = scheduler::LicenceState::kApplied;
  std::set<int> equipped;                 // items
  std::map<int, std::string> references;  // by item
  bool has_rent = false;
  std::int64_t rent_from = 0;
  std::int64_t rent_until = 0;
  int result = 0;  // ResultState
  std::uint32_t score = 0;
  std::uint32_t rank = 0;
  std::uint64_t queue = 0;  // moment it began to wait for a venue, counted; 0: does not wait
  std::uint16_t venue = 0;
  std::uint16_t office = 0;
};

struct ModelRound {
  scheduler::OpenRound opened;
  std::int64_t closes = 0;
  scheduler::SetLicenceRules rules;
  scheduler::RoundState state{};
  bool exam = false;
  std::uint32_t eligible = 0;
};

struct ModelVenue {
  scheduler::DefineVenue defined;
  std::uint32_t application = 0;
  std::uint16_t office = 0;
};

class NaiveLicences {
 public:
  using Offices = std::map<std::uint16_t, ModelOffice>;
  /// What is around it when a command comes.
  struct World {
    Offices& offices;
    const scheduler::Limits& limits;
    std::int64_t now = 0;
  };
  using Complain = std::function<void(const std::string&)>;

  void judge(const scheduler::Command& command, const World& world, Judgement& judgement) const;
  /// What keeps an office from being Active, as a refusal may name it; empty when nothing does.
  std::set<scheduler::Field> lacks(std::uint16_t office, const World& world) const;
  /// Somebody manages another office than `office`, or stands in an application that goes on.
  bool manages(scheduler::PersonId person, std::uint16_t office, const World& world) const;
  /// The command's own effect. Pre: it was accepted.
  void apply(const scheduler::Command& command, World world);
  /// An office changes its state, by whatever command; the rest of it follows.
  void change_office(std::uint16_t office, scheduler::OfficeState to, World world);
  /// Follows an event of licensing; false and a complaint where it says what did not happen.
  void follow(const scheduler::Command& command, const scheduler::Event& event, World world,
              const Complain& complain);
  void audit(const scheduler::Scheduler& scheduler, const World& world,
             const Complain& complain) const;

 private:
  using Command = scheduler::Command;
  using Wrong = std::function<void(const char*)>;

  void follow_suspension(const scheduler::Event& event, World world, const Wrong& wrong);
  void judge_round(const Command& command, const World& world, Judgement& judgement) const;
  void judge_apply(const scheduler::ApplyForLicence& apply, const World& world,
                   Judgement& judgement) const;
  void judge_check(const scheduler::RecordLicenceCheck& record, const World& world,
                   Judgement& judgement) const;
  void judge_office_check(const scheduler::RecordLicenceCheck& record, const World& world,
                          Judgement& judgement) const;
  void judge_paper(const scheduler::RecordLicenceCheck& record, const ModelChecks& checks,
                   Judgement& judgement) const;
  void judge_recorded(const scheduler::RecordLicenceCheck& record, const ModelChecks& checks,
                      Judgement& judgement) const;
  void judge_application(const Command& command, const World& world, Judgement& judgement) const;
  void judge_venue(const scheduler::DefineVenue& venue, const World& world,
                   Judgement& judgement) const;
  void judge_outfit(const Command& command, const World& world, Judgement& judgement) const;
  void judge_office(const Command& command, const World& world, Judgement& judgement) const;
  const scheduler::SetLicenceRules* rules_at(std::int64_t now) const;
  std::uint32_t wanted_at(std::int64_t now) const;
  std::uint32_t taken(const World& world) const;
  const scheduler::SetLicenceRules& rules_of(const ModelApplication& one) const;
  std::uint32_t points(const ModelApplication& one) const;
  bool fit(const ModelApplication& one) const;
  bool manager_fit(const ModelChecks& one) const;
  std::uint32_t missing(const ModelApplication& one, const World& world) const;
  bool returns(const ModelOffice& office, const World& world) const;

  void fill_checks(ModelChecks& one, int subject, const scheduler::LicencePerson& person,
                   std::int32_t day, const scheduler::SetLicenceRules& rules);
  void record_check(const scheduler::RecordLicenceCheck& record, World world);
  void judged(ModelApplication& one);
  void end(ModelApplication& one, scheduler::LicenceState state);
  void leave_venue(ModelApplication& one);
  void choose(ModelApplication& one);
  void route(std::uint16_t round);
  void rank(std::uint16_t round);
  void share_venues();
  void change_manager(const scheduler::SetTechnicalManager& change, World world);

  std::vector<scheduler::SetLicenceRules> rules_;
  std::vector<scheduler::SetOfficesWanted> wanted_;
  std::map<std::uint16_t, ModelRound> rounds_;
  std::map<std::uint32_t, ModelApplication> applications_;
  std::map<std::uint16_t, ModelVenue> venues_;
  std::map<std::uint32_t, std::uint8_t> told_applications_;  // states as events told them
  std::map<std::uint32_t, std::uint8_t> told_rounds_;
  std::map<std::uint32_t, bool> told_venues_;  // held, as events told it
  std::uint64_t queued_ = 0;
};

}  // namespace permitd::tests
