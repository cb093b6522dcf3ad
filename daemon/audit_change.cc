#include "daemon/audit_change.h"

#include <capnp/dynamic.h>
#include <capnp/message.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "daemon/rpc_convert.h"
#include "daemon/rpc_licence_convert.h"
#include "daemon/rpc_plan_messages.h"
#include "protocol/words.h"

namespace permitd::daemon {

using protocol::name_of;
using scheduler::Command;
using scheduler::CommandKind;
using scheduler::Outcome;
using scheduler::raw;
using scheduler::Scheduler;

namespace {

using Names = std::initializer_list<std::string_view>;

template <std::size_t N>
std::string text_value(const scheduler::Text<N>& text) {
  return fmt::format("\"{}\"", json_escaped({text.bytes.data(), text.size}));
}

template <class Enum>
std::string name_value(Enum value) {
  return fmt::format("\"{}\"", name_of(value));
}

std::string flag_value(bool is_set) { return is_set ? "true" : "false"; }

// Of a message as the schema has it: what the calls tell, the trail tells in the same words.
std::string dynamic_value(capnp::DynamicValue::Reader value);

std::string dynamic_struct(capnp::DynamicStruct::Reader record) {
  std::string out;
  for (const auto field : record.getSchema().getFields()) {
    if (!record.has(field)) continue;
    out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",",
                       std::string_view(field.getProto().getName().cStr()),
                       dynamic_value(record.get(field)));
  }
  return "{" + out + "}";
}

std::string dynamic_list(capnp::DynamicList::Reader list) {
  std::string out;
  for (const auto element : list) {
    if (!out.empty()) out += ',';
    out += dynamic_value(element);
  }
  return "[" + out + "]";
}

std::string dynamic_enum(capnp::DynamicEnum value) {
  KJ_IF_MAYBE (enumerant, value.getEnumerant())
    return fmt::format("\"{}\"", std::string_view(enumerant->getProto().getName().cStr()));
  return fmt::format("{}", value.getRaw());
}

std::string dynamic_value(capnp::DynamicValue::Reader value) {
  using capnp::DynamicValue;
  switch (value.getType()) {
    case DynamicValue::BOOL:
      return flag_value(value.as<bool>());
    case DynamicValue::INT:
      return moment_value(scheduler::Tick{value.as<std::int64_t>()});  // or any other number
    case DynamicValue::UINT:
      return fmt::format("{}", value.as<std::uint64_t>());
    case DynamicValue::TEXT:
      return fmt::format("\"{}\"", json_escaped(value.as<capnp::Text>().cStr()));
    case DynamicValue::ENUM:
      return dynamic_enum(value.as<capnp::DynamicEnum>());
    case DynamicValue::LIST:
      return dynamic_list(value.as<capnp::DynamicList>());
    case DynamicValue::STRUCT:
      return dynamic_struct(value.as<capnp::DynamicStruct>());
    case DynamicValue::UNKNOWN:
    case DynamicValue::VOID:
    case DynamicValue::FLOAT:
    case DynamicValue::DATA:
    case DynamicValue::CAPABILITY:
    case DynamicValue::ANY_POINTER:
      break;
  }
  return "null";
}

/// Members of a message that are in `only`, all of them where that is empty.
template <class Message, class View, class Write>
RecordMembers members_of(const View& view, Write&& write, Names only = {}) {
  capnp::MallocMessageBuilder arena;
  auto message = arena.initRoot<Message>();
  write(view, message);
  const capnp::DynamicStruct::Reader record(message.asReader());
  RecordMembers out;
  for (const auto field : record.getSchema().getFields()) {
    const std::string_view name(field.getProto().getName().cStr());
    const bool is_wanted = only.size() == 0 || std::ranges::find(only, name) != only.end();
    if (is_wanted) out.emplace_back(name, dynamic_value(record.get(field)));
  }
  return out;
}

RecordMembers policy_members(const Scheduler& scheduler) {
  return members_of<protocol::Policy>(scheduler.policy(), write_policy);
}

RecordMembers limits_members(const scheduler::Limits& limits) {
  const auto number = [](std::uint32_t value) { return fmt::format("{}", value); };
  return {{"casesMax", number(limits.cases_max)},
          {"jobsMax", number(limits.jobs_max)},
          {"eventsMax", number(limits.events_max)},
          {"decisionsMax", number(limits.decisions_max)},
          {"notesMax", number(limits.notes_max)},
          {"keysMax", number(limits.keys_max)},
          {"expertsMax", number(limits.experts_max)},
          {"officesMax", number(limits.offices_max)},
          {"applicationsMax", number(limits.applications_max)},
          {"venuesMax", number(limits.venues_max)},
          {"meetingsMax", number(limits.meetings_max)}};
}

// Each date with when it opens, in minutes since 1970 UTC, and for how long.
RecordMembers calendar_members(const scheduler::SetCalendarDays& days, const Scheduler& scheduler) {
  RecordMembers out;
  for (std::int32_t i = 0; i < days.count; ++i) {
    const scheduler::CalendarDay day = scheduler.calendar_day(days.first_day + i);
    out.emplace_back(fmt::format("{}", days.first_day + i),
                     day.length_minutes == 0
                         ? "[]"
                         : fmt::format("[{},{}]", day.open_minute, day.length_minutes));
  }
  return out;
}

// The newest version of the service.
RecordMembers service_members(scheduler::ServiceId id, const Scheduler& scheduler) {
  scheduler::ServiceView newest;
  scheduler::Cursor cursor;
  std::array<scheduler::ServiceView, 64> services;
  while (!cursor.done) {
    const std::size_t count = scheduler.list_services(cursor, services);
    for (std::size_t i = 0; i < count; ++i) {
      if (services[i].service == id && services[i].version > newest.version) newest = services[i];
    }
  }
  if (newest.version == 0) return {};
  return members_of<protocol::Service>(newest, write_service);
}

RecordMembers organisation_members(scheduler::OrganisationId id, const Scheduler& scheduler) {
  scheduler::Cursor cursor;
  std::array<scheduler::OrganisationView, 64> rows;
  while (!cursor.done) {
    const std::size_t count = scheduler.list_organisations(cursor, rows);
    for (std::size_t i = 0; i < count; ++i) {
      if (rows[i].organisation != id) continue;
      return {{"priority", name_value(rows[i].priority)},
              {"enabled", flag_value(rows[i].enabled)},
              {"label", text_value(rows[i].label)}};
    }
  }
  return {};
}

RecordMembers activation_members(const scheduler::ActivateService& change,
                                 const Scheduler& scheduler) {
  scheduler::Cursor cursor;
  std::array<scheduler::ActivationView, 64> rows;
  while (!cursor.done) {
    const std::size_t count = scheduler.list_activations(cursor, SIZE_MAX, rows);
    for (std::size_t i = 0; i < count; ++i) {
      if (rows[i].office != change.office || rows[i].service != change.service) continue;
      return {{"from", moment_value(rows[i].from)}, {"until", moment_value(rows[i].until)}};
    }
  }
  return {};
}

RecordMembers office_members(scheduler::OfficeId id, const Scheduler& scheduler) {
  scheduler::OfficeView view;
  if (!scheduler.find_office(id, view)) return {};
  return members_of<protocol::Office>(
      view, write_office,
      {"district", "state", "licensee", "technicalManager", "managerState", "point", "label",
       "licenceUntil", "suspendedFrom", "suspendedUntil"});
}

RecordMembers expert_members(scheduler::ExpertId id, const Scheduler& scheduler) {
  scheduler::ExpertView view;
  if (!scheduler.find_expert(id, view)) return {};
  RecordMembers out = members_of<protocol::Expert>(
      view, write_expert,
      {"person", "office", "state", "unitsPerDay", "districts", "degree", "label", "relatives",
       "suspendedFrom", "suspendedUntil"});
  out.emplace_back("home", fmt::format("[{},{}]", view.home.lat_e6, view.home.lon_e6));
  return out;
}

RecordMembers certificate_members(const scheduler::SetCertificate& change,
                                  const Scheduler& scheduler) {
  scheduler::ExpertView view;
  if (!scheduler.find_expert(change.expert, view)) return {};
  if (raw(change.skill) >= scheduler::kSkillCount) return {};
  if (view.certified_until[raw(change.skill)].ms == 0) return {};
  return {{"from", moment_value(view.certified_from[raw(change.skill)])},
          {"until", moment_value(view.certified_until[raw(change.skill)])}};
}

RecordMembers absence_members(scheduler::ExpertId id, const Scheduler& scheduler) {
  scheduler::ExpertView view;
  if (!scheduler.find_expert(id, view) || view.absences.count == 0) return {};
  std::string list;
  for (const scheduler::Absence& absence : view.absences.all())
    list += fmt::format("{}[{},{},{}]", list.empty() ? "" : ",", moment_value(absence.from),
                        moment_value(absence.until), name_value(absence.reason));
  return {{"absences", "[" + list + "]"}};
}

RecordMembers case_members(scheduler::CaseId id, const Scheduler& scheduler) {
  scheduler::CaseView view;
  if (!scheduler.find_case(id, view)) return {};
  return members_of<protocol::Case>(
      view, write_case,
      {"designer", "supervisingEngineer", "areaM2", "floors", "zone", "coveragePermille",
       "streetWidthDm", "feesPaid", "feesRial", "office", "zoningVersion", "priority"});
}

// All that was asked for; nothing before. A relative is known to the command alone.
RecordMembers submitted_members(const Command& command, scheduler::CaseId id,
                                const Scheduler& scheduler) {
  scheduler::CaseView view;
  if (!scheduler.find_case(id, view)) return {};
  RecordMembers out = members_of<protocol::Case>(
      view, write_case,
      {"service",       "serviceVersion", "district", "organisation", "office",
       "state",         "priority",       "built",    "parcel",       "reference",
       "point",         "areaM2",         "floors",   "zone",         "coveragePermille",
       "streetWidthDm", "zoningVersion",  "owner",    "designer",     "supervisingEngineer"});
  const scheduler::PersonId relative = command.body.submit_case.relative;
  out.emplace_back("relative", fmt::format("{}", raw(relative)));
  std::erase_if(out, [](const auto& member) { return member.second == "\"\""; });
  return out;
}

// Where a case stands, for commands that ask for nothing but a step.
RecordMembers step_members(scheduler::CaseId id, const Scheduler& scheduler) {
  scheduler::CaseView view;
  if (!scheduler.find_case(id, view)) return {};
  return members_of<protocol::Case>(view, write_case,
                                    {"registeredAt", "closedAt", "serviceVersion", "state",
                                     "decided", "zoningVersion", "decisionDue"});
}

RecordMembers job_members(scheduler::JobId id, const Scheduler& scheduler, Names only) {
  scheduler::JobView view;
  if (!scheduler.find_job(id, view)) return {};
  return members_of<protocol::Job>(view, write_job, only);
}

// A claim sets how many are wanted; where it is one more of those, that is what was asked.
RecordMembers claim_members(const Command& command, const Outcome& outcome,
                            const Scheduler& scheduler) {
  scheduler::ExpertView view;
  if (!scheduler.find_expert(scheduler::ExpertId{command.actor.id}, view)) return {};
  RecordMembers out{{"available", flag_value(view.available)}};
  if (command.kind != CommandKind::kClaim || raw(outcome.op) == 0) return out;
  out.emplace_back("wanted", fmt::format("{}", command.body.claim.wanted));
  if (command.body.claim.further != 0) out.emplace_back("further", flag_value(true));
  return out;
}

// For whom and when a job is reserved, and when its visit is.
std::string reservation_value(scheduler::JobId id, const Scheduler& scheduler) {
  scheduler::JobView job;
  if (!scheduler.find_job(id, job)) return {};
  std::string out = fmt::format("{{\"appointment\":{}", moment_value(job.appointment));
  scheduler::PlanView plan;
  if (scheduler.find_plan(id, plan))
    out += fmt::format(",\"plannedFor\":{},\"plannedStart\":{},\"sequence\":{}", raw(plan.expert),
                       moment_value(plan.start), plan.sequence);
  return out + "}";
}

std::string line_result(scheduler::PlanLineResult result) {
  capnp::MallocMessageBuilder arena;
  auto answer = arena.initRoot<protocol::PlanLineAnswer>();
  write_line_result(result, answer);
  const capnp::DynamicStruct::Reader record(answer.asReader());
  const std::string what = dynamic_value(record.get("result"));
  if (answer.getResult() != protocol::PlanLineResult::NOT_ELIGIBLE) return what;
  return what + "," + dynamic_value(record.get("filter"));
}

// What each line asked and what became of it, and each job that a line names by its number.
RecordMembers plan_members(const scheduler::ApplyPlan& plan, const Outcome& outcome,
                           const Scheduler& scheduler) {
  RecordMembers out;
  std::string lines;
  for (std::size_t i = 0; i < std::min(std::size_t{plan.count}, plan.lines.size()); ++i) {
    const scheduler::PlanLine& line = plan.lines[i];
    std::string value = reservation_value(line.job, scheduler);
    if (!value.empty()) out.emplace_back(fmt::format("{}", raw(line.job)), std::move(value));
    const scheduler::Tick start{std::int64_t{line.start_minute} * scheduler::kMsPerMinute};
    lines += fmt::format("{}[{},{},{},{},{}]", lines.empty() ? "" : ",", raw(line.job),
                         raw(line.expert), moment_value(start), line.sequence,
                         line_result(scheduler::plan_line_result(outcome, i)));
  }
  std::ranges::stable_sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (raw(outcome.op) == 0) return out;
  out.emplace_back("snapshotOp", fmt::format("{}", raw(plan.snapshot_op)));
  out.emplace_back("lines", "[" + lines + "]");
  return out;
}

RecordMembers zoning_members(std::uint16_t version, const Scheduler& scheduler) {
  std::array<scheduler::ZoningVersionView, scheduler::kZoningVersionsMax> rows;
  const std::size_t count = scheduler.list_zoning(rows);
  for (std::size_t i = 0; i < count; ++i) {
    if (rows[i].version != version) continue;
    return {{"state", name_value(rows[i].state)},
            {"rules", fmt::format("{}", rows[i].rule_count)},
            {"rulesTotal", fmt::format("{}", rows[i].rules_total)},
            {"effectiveFrom", moment_value(rows[i].effective_from)}};
  }
  return {};
}

// With the rules that came with this command, kZoningRulesPerCommand at most.
RecordMembers loaded_members(const scheduler::LoadZoning& load, const Outcome& outcome,
                             const Scheduler& scheduler) {
  RecordMembers out = zoning_members(load.version, scheduler);
  if (raw(outcome.op) == 0) return out;
  const auto count = std::min(std::size_t{load.count}, load.rules.size());
  std::string loaded;
  for (const scheduler::ZoningRule& rule : std::span(load.rules).first(count)) {
    loaded += fmt::format(
        "{}{{\"zone\":{},\"floors\":{},\"coveragePermille\":{},\"areaMinM2\":{},"
        "\"areaEffect\":{},\"streetMinDm\":{},\"streetEffect\":{}}}",
        loaded.empty() ? "" : ",", text_value(rule.zone), rule.floors, rule.coverage_permille,
        rule.area_min_m2, rule.area_effect, rule.street_min_dm, rule.street_effect);
  }
  out.emplace_back("loaded", "[" + loaded + "]");
  return out;
}

RecordMembers venue_members(scheduler::VenueId id, const Scheduler& scheduler) {
  scheduler::Cursor cursor;
  std::array<scheduler::VenueView, 64> rows;
  while (!cursor.done) {
    const std::size_t count = scheduler.list_venues(cursor, rows);
    for (std::size_t i = 0; i < count; ++i) {
      if (rows[i].id == id) return members_of<protocol::Venue>(rows[i], write_venue);
    }
  }
  return {};
}

// The newest version of the rules.
RecordMembers licence_rules_members(const Scheduler& scheduler) {
  scheduler::LicenceRulesView newest;
  scheduler::Cursor cursor;
  std::array<scheduler::LicenceRulesView, scheduler::kLicenceRulesMax> rows;
  while (!cursor.done) {
    const std::size_t count = scheduler.list_licence_rules(cursor, rows);
    for (std::size_t i = 0; i < count; ++i) {
      if (rows[i].rules.version > newest.rules.version) newest = rows[i];
    }
  }
  if (newest.rules.version == 0) return {};
  return members_of<protocol::LicenceRules>(
      newest, write_licence_rules,
      {"version", "effectiveFrom", "validityDays", "pointsMaster", "pointsExperience",
       "pointsVenue", "experienceYears", "examMax", "examPass", "waitlistMax", "licensee",
       "manager", "equipment"});
}

// The last number that was set, and from when on.
RecordMembers wanted_members(const Scheduler& scheduler) {
  const scheduler::LicensingView view = scheduler.licensing();
  if (view.history_count == 0) return {};
  const auto& last = view.history[view.history_count - 1];
  return {{"count", fmt::format("{}", last.count)},
          {"effectiveFrom", moment_value(last.effective_from)}};
}

RecordMembers check_members(const scheduler::RecordLicenceCheck& change,
                            const scheduler::SubjectChecks& checks) {
  if (raw(change.check) >= checks.size()) return {};
  const scheduler::CheckRecord& check = checks[raw(change.check)];
  return {{"result", name_value(check.result)}, {"evidence", text_value(check.evidence)}};
}

// Of an application, or of the manager of an office from before the rounds.
RecordMembers checked_members(const scheduler::RecordLicenceCheck& change,
                              const Scheduler& scheduler) {
  scheduler::OfficeView office;
  scheduler::ApplicationView application;
  if (raw(change.office) != 0) {
    if (!scheduler.find_office(change.office, office)) return {};
    RecordMembers out = check_members(change, office.manager_checks);
    out.emplace_back("managerState", name_value(office.manager_state));
    return out;
  }
  if (!scheduler.find_application(change.application, application)) return {};
  if (raw(change.subject) >= scheduler::kLicenceSubjectCount) return {};
  return check_members(change, application.record.checks[raw(change.subject)]);
}

RecordMembers result_members(const scheduler::ApplicationRecord& record) {
  return {{"result", name_value(record.result)},
          {"score", fmt::format("{}", record.exam_score)},
          {"evidence", text_value(record.result_evidence)}};
}

RecordMembers rent_members(const scheduler::ApplicationRecord& record) {
  if (record.rent.amount_rial == 0) return {};
  return {{"amountRial", fmt::format("{}", record.rent.amount_rial)},
          {"from", moment_value(record.rent.from)},
          {"until", moment_value(record.rent.until)},
          {"reference", text_value(record.rent.reference)}};
}

RecordMembers equipment_members(const scheduler::RecordEquipment& change,
                                const scheduler::ApplicationRecord& record) {
  if (raw(change.item) >= record.equipment.size()) return {};
  const scheduler::EquipmentRecord& item = record.equipment[raw(change.item)];
  return {{"done", flag_value(item.done != 0)}, {"reference", text_value(item.reference)}};
}

// The licence and the office that it got; nothing before.
RecordMembers equipped_members(scheduler::ApplicationId id, const Scheduler& scheduler) {
  scheduler::ApplicationView view;
  if (!scheduler.find_application(id, view) || raw(view.record.office) == 0) return {};
  RecordMembers out = office_members(view.record.office, scheduler);
  out.emplace_back("office", fmt::format("{}", raw(view.record.office)));
  out.emplace_back("licence", name_value(view.record.state));
  return out;
}

RecordMembers round_members(scheduler::RoundId id, const Scheduler& scheduler, Names only) {
  scheduler::RoundView view;
  if (!scheduler.find_round(id, view)) return {};
  return members_of<protocol::Round>(view, write_round, only);
}

// With who came to which place: application, rank, points and score of the exam.
RecordMembers ranked_members(scheduler::RoundId id, const Scheduler& scheduler) {
  RecordMembers out = round_members(id, scheduler, {"state", "rankedAt"});
  std::map<std::uint32_t, std::string> ranks;
  scheduler::ApplicationFilter filter;
  filter.round = id;
  scheduler::Cursor cursor;
  std::array<scheduler::ApplicationView, 16> rows;
  while (!cursor.done) {
    const std::size_t count = scheduler.list_applications(filter, cursor, SIZE_MAX, rows);
    for (std::size_t i = 0; i < count; ++i) {
      const scheduler::ApplicationRecord& record = rows[i].record;
      if (record.rank != 0)
        ranks.emplace(record.rank, fmt::format("[{},{},{},{}]", raw(rows[i].id), record.rank,
                                               record.points, record.exam_score));
    }
  }
  if (ranks.empty()) return out;
  std::string list;
  for (const auto& [rank, row] : ranks) list += (list.empty() ? "" : ",") + row;
  out.emplace_back("ranks", "[" + list + "]");
  return out;
}

// By number, like everybody in the trail, and with what earns places and points.
std::string person_value(const scheduler::LicencePerson& person) {
  return fmt::format("{{\"person\":{},\"degree\":{},\"field\":{},\"experienceYears\":{}}}",
                     raw(person.person), name_value(person.degree), name_value(person.field),
                     person.experience_years);
}

// The checks that are not pending, as [subject, check, result].
void add_checks(std::string& list, std::string_view subject,
                const scheduler::SubjectChecks& checks) {
  for (std::uint8_t which = 0; which < scheduler::kLicenceCheckCount; ++which) {
    const scheduler::CheckResult result = checks[which].result;
    if (result != scheduler::CheckResult::kPassed && result != scheduler::CheckResult::kFailed)
      continue;
    list += fmt::format("{}[\"{}\",{},{}]", list.empty() ? "" : ",", subject,
                        name_value(scheduler::LicenceCheck{which}), name_value(result));
  }
}

std::string checks_value(const scheduler::ApplicationRecord& record) {
  std::string list;
  add_checks(list, "licensee", record.checks[raw(scheduler::LicenceSubject::kLicensee)]);
  add_checks(list, "manager", record.checks[raw(scheduler::LicenceSubject::kManager)]);
  return "[" + list + "]";
}

// With what was found of the manager, wherever it is kept.
RecordMembers managed_members(scheduler::OfficeId id, const Scheduler& scheduler) {
  scheduler::OfficeView office;
  if (!scheduler.find_office(id, office)) return {};
  RecordMembers out = office_members(id, scheduler);
  scheduler::ApplicationView application;
  const bool applied = scheduler.find_application(office.application, application);
  std::string list;
  add_checks(list, "manager",
             applied ? application.record.checks[raw(scheduler::LicenceSubject::kManager)]
                     : office.manager_checks);
  out.emplace_back("checks", "[" + list + "]");
  return out;
}

RecordMembers applied_members(scheduler::ApplicationId id, const Scheduler& scheduler) {
  scheduler::ApplicationView view;
  if (!scheduler.find_application(id, view)) return {};
  RecordMembers out = members_of<protocol::Application>(
      view, write_application,
      {"application", "round", "state", "district", "ownVenue", "venue", "rulesVersion", "points"});
  out.emplace_back("licensee", person_value(view.record.licensee));
  out.emplace_back("manager", person_value(view.record.manager));
  out.emplace_back("checks", checks_value(view.record));
  return out;
}

RecordMembers withdrawn_members(scheduler::ApplicationId id, const Scheduler& scheduler) {
  scheduler::ApplicationView view;
  if (!scheduler.find_application(id, view)) return {};
  return members_of<protocol::Application>(view, write_application, {"state", "venue", "queued"});
}

RecordMembers application_members(const Command& command, scheduler::ApplicationId id,
                                  const Scheduler& scheduler) {
  scheduler::ApplicationView view;
  if (!scheduler.find_application(id, view)) return {};
  if (command.kind == CommandKind::kRecordRent) return rent_members(view.record);
  if (command.kind == CommandKind::kRecordEquipment)
    return equipment_members(command.body.record_equipment, view.record);
  return result_members(view.record);
}

RecordMembers reference_members(const Command& command, const Outcome& outcome,
                                const Scheduler& scheduler) {
  const scheduler::CommandBody& body = command.body;
  if (command.kind == CommandKind::kSetLimits) return limits_members(scheduler.limits());
  if (command.kind == CommandKind::kSetPolicy) return policy_members(scheduler);
  if (command.kind == CommandKind::kSetCalendarDays)
    return calendar_members(body.set_calendar_days, scheduler);
  if (command.kind == CommandKind::kDefineService)
    return service_members(body.define_service.service, scheduler);
  if (command.kind == CommandKind::kDefineOrganisation)
    return organisation_members(body.define_organisation.organisation, scheduler);
  if (command.kind == CommandKind::kActivateService)
    return activation_members(body.activate_service, scheduler);
  if (command.kind == CommandKind::kSetLicenceRules) return licence_rules_members(scheduler);
  if (command.kind == CommandKind::kSetOfficesWanted) return wanted_members(scheduler);
  if (command.kind == CommandKind::kLoadZoning)
    return loaded_members(body.load_zoning, outcome, scheduler);
  if (command.kind == CommandKind::kValidateZoning)
    return zoning_members(body.validate_zoning.version, scheduler);
  if (command.kind == CommandKind::kNotifyZoning)
    return zoning_members(body.notify_zoning.version, scheduler);
  if (command.kind == CommandKind::kDropZoning)
    return zoning_members(body.drop_zoning.version, scheduler);
  if (command.kind == CommandKind::kDefineVenue)
    return venue_members(body.define_venue.venue, scheduler);
  return {};
}

RecordMembers person_members(const Command& command, const Scheduler& scheduler) {
  const scheduler::CommandBody& body = command.body;
  if (command.kind == CommandKind::kDefineExpert)
    return expert_members(body.define_expert.expert, scheduler);
  if (command.kind == CommandKind::kSetExpertState)
    return expert_members(body.set_expert_state.expert, scheduler);
  if (command.kind == CommandKind::kSetCertificate)
    return certificate_members(body.set_certificate, scheduler);
  if (command.kind == CommandKind::kSetAbsence)
    return absence_members(body.set_absence.expert, scheduler);
  if (command.kind == CommandKind::kDefineOffice)
    return office_members(body.define_office.office, scheduler);
  if (command.kind == CommandKind::kSetOfficeState)
    return office_members(body.set_office_state.office, scheduler);
  if (command.kind == CommandKind::kRenewLicence)
    return office_members(body.renew_licence.office, scheduler);
  if (command.kind == CommandKind::kSetTechnicalManager)
    return managed_members(body.set_technical_manager.office, scheduler);
  return {};
}

// What is made by the command has its number from the outcome; before, there is none of it.
RecordMembers licence_members(const Command& command, const Outcome& outcome,
                              const Scheduler& scheduler) {
  const scheduler::CommandBody& body = command.body;
  if (command.kind == CommandKind::kOpenRound)
    return round_members(scheduler::RoundId{static_cast<std::uint16_t>(raw(outcome.case_id))},
                         scheduler,
                         {"round", "state", "places", "opens", "closes", "rulesVersion", "label"});
  if (command.kind == CommandKind::kCloseRound)
    return round_members(body.close_round.round, scheduler,
                         {"state", "closes", "eligible", "route"});
  if (command.kind == CommandKind::kRankRound)
    return ranked_members(body.rank_round.round, scheduler);
  if (command.kind == CommandKind::kApplyForLicence)
    return applied_members(
        scheduler::ApplicationId{static_cast<std::uint32_t>(raw(outcome.case_id))}, scheduler);
  if (command.kind == CommandKind::kWithdrawApplication)
    return withdrawn_members(body.withdraw_application.application, scheduler);
  if (command.kind == CommandKind::kRecordLicenceCheck)
    return checked_members(body.record_licence_check, scheduler);
  if (command.kind == CommandKind::kRecordExamResult)
    return application_members(command, body.record_exam_result.application, scheduler);
  if (command.kind == CommandKind::kRecordBoardFinding)
    return application_members(command, body.record_board_finding.application, scheduler);
  if (command.kind == CommandKind::kRecordRent)
    return application_members(command, body.record_rent.application, scheduler);
  if (command.kind == CommandKind::kRecordEquipment)
    return application_members(command, body.record_equipment.application, scheduler);
  if (command.kind == CommandKind::kEquipOffice)
    return equipped_members(body.equip_office.application, scheduler);
  return {};
}

RecordMembers work_members(const Command& command, const Outcome& outcome,
                           const Scheduler& scheduler) {
  const scheduler::CommandBody& body = command.body;
  if (command.kind == CommandKind::kClaim || command.kind == CommandKind::kUnclaim)
    return claim_members(command, outcome, scheduler);
  if (command.kind == CommandKind::kRenew)
    return job_members(body.renew.job, scheduler, {"leaseUntil"});
  if (command.kind == CommandKind::kSchedule)
    return job_members(body.schedule.job, scheduler, {"state", "appointment", "deadline"});
  if (command.kind == CommandKind::kHold)
    return job_members(body.hold.job, scheduler, {"state", "deadline"});
  if (command.kind == CommandKind::kRelease)
    return job_members(body.release.job, scheduler, {"state", "deadline"});
  if (command.kind == CommandKind::kReassign)
    return job_members(body.reassign.job, scheduler, {"state", "holder", "leaseUntil"});
  if (command.kind == CommandKind::kCancel)
    return job_members(body.cancel.job, scheduler, {"state"});
  if (command.kind == CommandKind::kApplyPlan)
    return plan_members(body.apply_plan, outcome, scheduler);
  if (command.kind == CommandKind::kLockPlan)
    return job_members(body.lock_plan.job, scheduler, {"planLocks"});
  return {};
}

RecordMembers case_record(const Command& command, const Outcome& outcome,
                          const Scheduler& scheduler) {
  const scheduler::CommandBody& body = command.body;
  if (command.kind == CommandKind::kSubmitCase)
    return submitted_members(command, outcome.case_id, scheduler);
  if (command.kind == CommandKind::kAmendCase) return case_members(body.amend_case.id, scheduler);
  if (command.kind == CommandKind::kRecordFees) return case_members(body.record_fees.id, scheduler);
  if (command.kind == CommandKind::kMoveCase) return case_members(body.move_case.id, scheduler);
  if (command.kind == CommandKind::kExpedite) return case_members(body.expedite.id, scheduler);
  if (command.kind == CommandKind::kRebaseCase) return case_members(body.rebase_case.id, scheduler);
  if (command.kind == CommandKind::kRegisterCase)
    return step_members(body.register_case.id, scheduler);
  if (command.kind == CommandKind::kWithdrawCase)
    return step_members(body.withdraw_case.id, scheduler);
  if (command.kind == CommandKind::kAnswerCase) return step_members(body.answer_case.id, scheduler);
  if (command.kind == CommandKind::kRecordDecision)
    return step_members(body.record_decision.id, scheduler);
  if (command.kind == CommandKind::kReferCase) return step_members(body.refer_case.id, scheduler);
  if (command.kind == CommandKind::kCloseCase) return step_members(body.close_case.id, scheduler);
  return {};
}

// `outcome` is empty where the command is not applied yet.
RecordMembers record_of(const Command& command, const Outcome& outcome,
                        const Scheduler& scheduler) {
  for (const auto members : {work_members, case_record, licence_members, reference_members}) {
    RecordMembers found = members(command, outcome, scheduler);
    if (!found.empty()) return found;
  }
  return person_members(command, scheduler);
}

bool moves_deadlines(CommandKind kind) {
  return kind == CommandKind::kSetPolicy || kind == CommandKind::kSetCalendarDays;
}

void add_member(std::string& out, const std::pair<std::string, std::string>& member) {
  out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",", member.first, member.second);
}

/// Members of `one` that are not in `other` as they are.
std::string differing(const RecordMembers& one, const RecordMembers& other) {
  std::string out;
  for (const auto& member : one) {
    if (std::ranges::find(other, member) == other.end()) add_member(out, member);
  }
  return out;
}

}  // namespace

AuditBefore look_before(const Command& command, const Scheduler& scheduler) {
  AuditBefore before;
  if (scheduler.limits() == scheduler::Limits{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) return before;
  before.record = record_of(command, Outcome{}, scheduler);
  if (!moves_deadlines(command.kind)) return before;
  scheduler::Cursor cursor;
  std::array<scheduler::JobView, 64> jobs;
  while (!cursor.done) {
    const std::size_t count = scheduler.list_jobs(scheduler::JobFilter{}, cursor, SIZE_MAX, jobs);
    for (std::size_t i = 0; i < count; ++i) before.deadlines.emplace(jobs[i].job, jobs[i].deadline);
  }
  cursor = {};
  std::array<scheduler::CaseView, 64> cases;
  while (!cursor.done) {
    const std::size_t count = scheduler.list_cases(cursor, SIZE_MAX, cases);
    for (std::size_t i = 0; i < count; ++i) {
      if (cases[i].decision_band != scheduler::SlaBand::kPaused)
        before.decisions.emplace(cases[i].case_id, cases[i].decision_due);
    }
  }
  return before;
}

std::string change_members(const AuditBefore& before, const Command& command,
                           const Outcome& outcome, const Scheduler& after) {
  const RecordMembers now = record_of(command, outcome, after);
  const std::string was = differing(before.record, now);
  const std::string is = differing(now, before.record);
  std::string out;
  if (!was.empty()) out += fmt::format(",\"was\":{{{}}}", was);
  if (!is.empty()) out += fmt::format(",\"is\":{{{}}}", is);
  return out;
}

VenueHolders::VenueHolders(const Scheduler& scheduler) : after_(read(scheduler)) {}

void VenueHolders::follow(const Scheduler& after) {
  const bool has_moved = std::ranges::any_of(after.events(), [](const scheduler::Event& event) {
    return event.kind == scheduler::EventKind::kVenueChanged;
  });
  if (!has_moved) return;
  before_ = std::exchange(after_, read(after));
}

scheduler::ApplicationId VenueHolders::holder(const scheduler::Event& moved) const {
  const Held& held = moved.after != 0 ? after_ : before_;
  const auto found = held.find(scheduler::VenueId{moved.subject});
  return found != held.end() ? found->second : scheduler::ApplicationId{};
}

VenueHolders::Held VenueHolders::read(const Scheduler& scheduler) {
  Held out;
  scheduler::Cursor cursor;
  std::array<scheduler::VenueView, 64> rows;
  while (!cursor.done) {
    const std::size_t count = scheduler.list_venues(cursor, rows);
    for (std::size_t i = 0; i < count; ++i) {
      if (raw(rows[i].record.application) != 0) out.emplace(rows[i].id, rows[i].record.application);
    }
  }
  return out;
}

std::string moment_value(scheduler::Tick at) {
  return at == scheduler::kNever ? "null" : fmt::format("{}", at.ms);
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace permitd::daemon
