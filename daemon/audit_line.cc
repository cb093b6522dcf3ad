#include "daemon/audit_line.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "protocol/command_codec.h"
#include "protocol/words.h"

namespace permitd::daemon {

using protocol::name_of;
using scheduler::Actor;
using scheduler::Command;
using scheduler::DecisionView;
using scheduler::Event;
using scheduler::EventKind;
using scheduler::JobState;
using scheduler::Outcome;
using scheduler::raw;

namespace {

std::string hex_of(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes)
    fmt::format_to(std::back_inserter(text), "{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

std::string actor_text(Actor actor) {
  if (actor.kind == scheduler::ActorKind::kEngine) return "engine";
  return fmt::format("{}:{}", name_of(actor.kind), actor.id);
}

/// The command's own bytes without the zeros at their end, so that nothing of it is lost.
std::string body_text(const Command& command) {
  const std::size_t size = protocol::encoded_size(command.kind) - sizeof(protocol::CommandHead);
  auto body = std::span(command.body.bytes).first(size);
  while (!body.empty() && body.back() == std::byte{0}) body = body.first(body.size() - 1);
  return hex_of(body);
}

/// A state as its own set calls it; a number where the kind has no states.
std::string state_text(EventKind kind, std::uint8_t value) {
  switch (kind) {
    case EventKind::kCaseChanged:
    case EventKind::kCaseMoved:
      return fmt::format("\"{}\"", name_of(scheduler::CaseState{value}));
    case EventKind::kJobChanged:
    case EventKind::kJobCreated:
    case EventKind::kJobMoved:
    case EventKind::kJobPlanned:
    case EventKind::kPlanEnded:
      return fmt::format("\"{}\"", name_of(JobState{value}));
    case EventKind::kOfficeChanged:
      return fmt::format("\"{}\"", name_of(scheduler::OfficeState{value}));
    case EventKind::kExpertChanged:
      return fmt::format("\"{}\"", name_of(scheduler::ExpertState{value}));
    case EventKind::kShareUsed:
      return fmt::format("\"{}\"", name_of(JobState{value}));
    case EventKind::kZoningChanged:
      return fmt::format("\"{}\"", name_of(scheduler::ZoningState{value}));
    case EventKind::kZoningChecked:
    case EventKind::kCaseRebased:
      return fmt::format("\"{}\"", name_of(scheduler::ZoningResult{value}));
    case EventKind::kLicenceChanged:
      return fmt::format("\"{}\"", name_of(scheduler::LicenceState{value}));
    case EventKind::kRoundChanged:
      return fmt::format("\"{}\"", name_of(scheduler::RoundState{value}));
    case EventKind::kCertificateChanged:
    case EventKind::kAbsenceChanged:
      return fmt::format("\"{}\"", name_of(scheduler::SpanState{value}));
    case EventKind::kVenueChanged:
      return value != 0 ? "\"held\"" : "\"free\"";
    case EventKind::kCaseAmended:
    case EventKind::kFeesRecorded:
      return fmt::format("\"{}\"", name_of(scheduler::CaseState{value}));
    case EventKind::kSlaNotified:
    case EventKind::kSlaBreached:
    case EventKind::kSlaEscalated:
    case EventKind::kCapacityOverridden:
      return fmt::format("\"{}\"", name_of(JobState{value}));
    case EventKind::kExpedited:
      return fmt::format("\"{}\"", name_of(scheduler::PriorityClass{value}));
    case EventKind::kPlanLocked:
      return fmt::format("\"{}\"", protocol::locks_text(value));
    case EventKind::kLicenceChecked:
    case EventKind::kLicenceRecorded:
    case EventKind::kDeadlineMoved:
    case EventKind::kReferenceChanged:
      break;  // see states_text()
  }
  return fmt::format("{}", value);
}

void add_number(std::string& out, std::string_view name, std::uint64_t value) {
  if (value != 0) out += fmt::format(",\"{}\":{}", name, value);
}

/// Whose work a job is; none where the job is not in memory any more.
std::string class_member(scheduler::JobId id, const scheduler::Scheduler& scheduler) {
  scheduler::JobView job;
  if (!scheduler.find_job(id, job)) return {};
  return fmt::format(",\"class\":\"{}\"", name_of(job.priority));
}

bool is_mark(EventKind kind) {
  return kind == EventKind::kSlaNotified || kind == EventKind::kSlaBreached ||
         kind == EventKind::kSlaEscalated;
}

/// What the event says of before and after; of kinds without states, what it is about in words.
std::string states_text(const Event& event, const AuditBefore& before,
                        const scheduler::Scheduler& scheduler) {
  using scheduler::CommandKind;
  if (event.kind == EventKind::kDeadlineMoved && raw(event.job) == 0) {
    scheduler::CaseView waiting;
    const auto was = before.decisions.find(event.case_id);
    if (was == before.decisions.end() || !scheduler.find_case(event.case_id, waiting)) return {};
    return fmt::format(",\"before\":{},\"after\":{}", moment_value(was->second),
                       moment_value(waiting.decision_due));
  }
  if (event.kind == EventKind::kDeadlineMoved) {
    scheduler::JobView job;
    const auto was = before.deadlines.find(event.job);
    if (was == before.deadlines.end() || !scheduler.find_job(event.job, job)) return {};
    return fmt::format(",\"before\":{},\"after\":{}", moment_value(was->second),
                       moment_value(job.deadline));
  }
  if (event.kind == EventKind::kReferenceChanged) {
    std::string out = fmt::format(",\"by\":\"{}\"", name_of(static_cast<CommandKind>(event.after)));
    add_number(out, "number", event.before);
    return out;
  }
  if (event.kind == EventKind::kLicenceRecorded)
    return fmt::format(",\"by\":\"{}\"", name_of(static_cast<CommandKind>(event.before)));
  if (event.kind == EventKind::kLicenceChecked) {
    const auto check = static_cast<scheduler::LicenceCheck>(event.before % 16);
    return fmt::format(",\"of\":\"{}\",\"check\":\"{}\",\"after\":\"{}\"",
                       event.before >= 16 ? "manager" : "licensee", name_of(check),
                       name_of(scheduler::CheckResult{event.after}));
  }
  // A mark of a case is one of what the municipality does: its states are the case's.
  const EventKind told =
      raw(event.job) == 0 && is_mark(event.kind) ? EventKind::kCaseChanged : event.kind;
  return fmt::format(",\"before\":{},\"after\":{}", state_text(told, event.before),
                     state_text(told, event.after));
}

/// The application that got the venue, or gave it back: it has no office yet when it is ranked.
void add_holder(std::string& out, const Event& event, const VenueHolders& venues) {
  if (event.kind != EventKind::kVenueChanged || event.before == event.after) return;
  add_number(out, "application", raw(venues.holder(event)));
}

std::string event_text(const Event& event, Actor of_command, const AuditBefore& before,
                       const VenueHolders& venues, const scheduler::Scheduler& scheduler) {
  std::string out = fmt::format("{{\"event\":\"{}\"", name_of(event.kind));
  add_number(out, "case", raw(event.case_id));
  add_number(out, "job", raw(event.job));
  if (event.actor != of_command) out += fmt::format(",\"actor\":\"{}\"", actor_text(event.actor));
  add_number(out, "expert", raw(event.expert));
  add_number(out, "office", raw(event.office));
  add_number(out, "version", event.version);
  add_number(out, "subject", event.subject);
  add_holder(out, event, venues);
  if (raw(event.job) != 0) out += fmt::format(",\"stage\":\"{}\"", name_of(event.stage));
  if (event.kind == EventKind::kJobCreated || event.kind == EventKind::kJobChanged)
    out += class_member(event.job, scheduler);
  scheduler::CaseView paid;
  if (event.kind == EventKind::kFeesRecorded && scheduler.find_case(event.case_id, paid))
    add_number(out, "amount", paid.fees_rial);
  if (event.kind == EventKind::kCertificateChanged)
    out += fmt::format(",\"skill\":\"{}\"", name_of(event.skill));
  out += states_text(event, before, scheduler);
  if (event.reason != scheduler::Reason::kNone)
    out += fmt::format(",\"reason\":\"{}\"", name_of(event.reason));
  return out + "}";
}

/// A command can move more deadlines than it has room for events: what it did not list is found by
/// comparing, and told all the same.
std::vector<Event> moved_silently(const Command& command, const AuditBefore& before,
                                  const scheduler::Scheduler& scheduler) {
  std::vector<Event> found;
  std::vector<scheduler::JobId> told;
  std::vector<scheduler::CaseId> told_cases;
  for (const Event& event : scheduler.events()) {
    if (event.kind != EventKind::kDeadlineMoved) continue;
    if (raw(event.job) != 0) told.push_back(event.job);
    if (raw(event.job) == 0) told_cases.push_back(event.case_id);
  }
  std::ranges::sort(told);
  std::ranges::sort(told_cases);
  for (const auto& [id, deadline] : before.deadlines) {
    scheduler::JobView job;
    if (!scheduler.find_job(id, job) || job.deadline == deadline) continue;
    if (std::ranges::binary_search(told, id)) continue;
    Event event;
    event.op = command.op;
    event.at = command.now;
    event.actor = command.actor;
    event.kind = EventKind::kDeadlineMoved;
    event.case_id = job.case_id;
    event.job = id;
    event.office = job.intake_office;
    event.stage = job.stage;
    found.push_back(event);
  }
  for (const auto& [id, due] : before.decisions) {
    scheduler::CaseView waiting;
    if (!scheduler.find_case(id, waiting) || waiting.decision_due == due) continue;
    if (std::ranges::binary_search(told_cases, id)) continue;
    Event event;
    event.op = command.op;
    event.at = command.now;
    event.actor = command.actor;
    event.kind = EventKind::kDeadlineMoved;
    event.case_id = id;
    event.office = waiting.office;
    found.push_back(event);
  }
  return found;
}

/// Stands at the end of a full list, and says that there were more.
bool is_marker(const Event& event) {
  return event.kind == EventKind::kDeadlineMoved && raw(event.job) == 0 && raw(event.case_id) == 0;
}

/// What changed, in order.
std::string events_text(const Command& command, const AuditBefore& before,
                        const VenueHolders& venues, const scheduler::Scheduler& scheduler) {
  std::string out;
  const auto add = [&](const Event& event) {
    if (!out.empty()) out += ',';
    out += event_text(event, command.actor, before, venues, scheduler);
  };
  for (const Event& event : scheduler.events())
    if (!is_marker(event)) add(event);
  for (const Event& event : moved_silently(command, before, scheduler)) add(event);
  return out;
}

std::string_view way_of(const DecisionView& decision) {
  if (decision.by_supervisor) return "supervisor";
  return decision.by_claim ? "claim" : "offer";
}

bool is_weighed(const DecisionView& decision) {
  return decision.weights != scheduler::ChoiceWeights{};
}

/// By load alone, or by all that was weighed.
std::string candidate_text(const scheduler::CandidateView& candidate, bool weighed) {
  if (!weighed) return fmt::format("[{},{}]", raw(candidate.expert), candidate.load_ppm);
  return fmt::format("[{},{},{},{}]", raw(candidate.expert), candidate.load_ppm, candidate.metres,
                     candidate.office_ppm);
}

/// How a job that looked for somebody compared them.
std::string comparison_text(const DecisionView& decision, std::uint16_t near_equal_permille) {
  std::string out = fmt::format(",\"within\":{}", near_equal_permille);
  if (is_weighed(decision))
    out += fmt::format(",\"weights\":[{},{},{}]", decision.weights.load, decision.weights.travel,
                       decision.weights.share);
  return out;
}

/// How many each filter took away.
template <class Count>
std::string removed_member(const std::array<Count, scheduler::kFilterCount>& by_filter) {
  std::string removed;
  for (std::size_t filter = 0; filter < by_filter.size(); ++filter) {
    if (by_filter[filter] == 0) continue;
    removed += fmt::format("{}\"{}\":{}", removed.empty() ? "" : ",",
                           name_of(scheduler::Filter{static_cast<std::uint8_t>(filter)}),
                           by_filter[filter]);
  }
  return removed.empty() ? removed : fmt::format(",\"removed\":{{{}}}", removed);
}

/// What a claim was drawn among, as [job, metres] or [job, minutes], and how far they count as
/// equal.
std::string drawn_member(const DecisionView& decision, const scheduler::SetPolicy& policy) {
  std::string drawn;
  for (const scheduler::DrawnView& each : std::span(decision.drawn).first(decision.drawn_count))
    drawn += fmt::format("{}[{},{}]", drawn.empty() ? "" : ",", raw(each.job),
                         decision.by_deadline ? each.minutes : each.metres);
  if (decision.by_deadline)
    return fmt::format(",\"drawn\":[{}],\"withinMinutes\":{}", drawn, policy.draw_minutes);
  return fmt::format(",\"drawn\":[{}],\"within\":{}", drawn, policy.near_equal_permille);
}

std::string decision_text(const DecisionView& decision, const scheduler::SetPolicy& policy) {
  std::string out = fmt::format("{{\"job\":{},\"by\":\"{}\",\"seed\":\"{:016x}\",\"near\":[",
                                raw(decision.job), way_of(decision), decision.seed);
  for (std::size_t i = 0; i < decision.near_equal_count; ++i) {
    if (i != 0) out += ',';
    out += candidate_text(decision.near_equal[i], is_weighed(decision));
  }
  out +=
      fmt::format("],\"chosen\":{},\"considered\":{}", raw(decision.chosen), decision.considered);
  if (!decision.by_claim && !decision.by_supervisor)
    out += comparison_text(decision, policy.near_equal_permille);
  if (decision.compared != 0) out += fmt::format(",\"compared\":{}", decision.compared);
  if (raw(decision.passed_over) != 0)
    out += fmt::format(",\"passedOver\":[{},{}]", raw(decision.passed_over),
                       decision.passed_over_metres);
  if (decision.drawn_count != 0) out += drawn_member(decision, policy);
  if (decision.by_plan)
    out += fmt::format(",\"plan\":{},\"planReason\":\"{}\"", raw(decision.plan),
                       name_of(decision.plan_reason));
  if (decision.by_share) out += ",\"share\":true";
  if (decision.municipal_first != 0)
    out += fmt::format(",\"municipalFirst\":{}", decision.municipal_first);
  out += removed_member(decision.removed);
  std::string rejected;
  for (std::size_t i = 0; i < decision.rejected_count; ++i) {
    const scheduler::RejectedView& each = decision.rejected[i];
    rejected +=
        fmt::format("{}[{},\"{}\"]", rejected.empty() ? "" : ",",
                    decision.by_claim ? raw(each.job) : raw(each.expert), name_of(each.filter));
  }
  if (!rejected.empty()) out += fmt::format(",\"rejected\":[{}]", rejected);
  return out + "}";
}

/// The choices that the command made: one for each job that was assigned.
std::string decisions_text(const Command& command, const scheduler::Scheduler& scheduler) {
  std::vector<scheduler::JobId> jobs;
  for (const Event& event : scheduler.events()) {
    const bool is_assigned =
        event.kind == EventKind::kJobChanged && JobState{event.after} == JobState::kAssigned;
    if (is_assigned && std::ranges::find(jobs, event.job) == jobs.end()) jobs.push_back(event.job);
  }
  std::string out;
  for (const scheduler::JobId job : jobs) {
    DecisionView decision;
    if (!scheduler.find_decision(job, decision) || decision.op != command.op) continue;
    if (!out.empty()) out += ',';
    out += decision_text(decision, scheduler.policy());
  }
  return out;
}

/// What stood before a job of another organisation when it was started. Looked up behind the
/// command: a start changes nothing of it.
std::string municipal_member(const scheduler::Scheduler& scheduler) {
  for (const Event& event : scheduler.events()) {
    scheduler::JobView job;
    if (event.kind != EventKind::kJobChanged || JobState{event.after} != JobState::kStarted ||
        !scheduler.find_job(event.job, job) || job.priority != scheduler::PriorityClass::kOther)
      continue;
    const scheduler::MunicipalLook look = scheduler.look_for_municipal(event.expert);
    return fmt::format(",\"municipal\":{{\"waiting\":[{},{}],\"fitting\":[{},{}]{}{}}}",
                       look.waiting[0], look.waiting[1], look.fitting[0], look.fitting[1],
                       removed_member(look.removed), look.cut ? ",\"cut\":true" : "");
  }
  return {};
}

std::string turn_member(const scheduler::TurnLottery& turn) {
  std::string out = fmt::format(",\"lottery\":{{\"day\":{},\"commitment\":\"{}\"", turn.day,
                                hex_of(std::as_bytes(std::span(turn.commitment))));
  if (turn.is_lost != 0) return out + ",\"lost\":true}";
  if (turn.opened == scheduler::Hash{}) return out + "}";
  return out + fmt::format(",\"opened\":\"{}\"}}", hex_of(std::as_bytes(std::span(turn.opened))));
}

}  // namespace

std::string lottery_member(const scheduler::LotteryView& standing) {
  if (standing.turns == 0) return {};
  return fmt::format(",\"lottery\":{{\"turned\":{},\"day\":{},\"commitment\":\"{}\"}}",
                     raw(standing.turned), standing.day,
                     hex_of(std::as_bytes(std::span(standing.commitment))));
}

std::string audit_members(const Command& command, scheduler::Op batch, const Outcome& outcome,
                          const AuditBefore& before, const VenueHolders& venues,
                          const scheduler::Scheduler& scheduler) {
  std::string out =
      fmt::format("\"op\":{},\"at\":{},\"command\":\"{}\",\"actor\":\"{}\"", raw(command.op),
                  command.now.ms, name_of(command.kind), actor_text(command.actor));
  if (command.key != scheduler::IdempotencyKey{})
    out += fmt::format(",\"key\":\"{:016x}{:016x}\"", command.key.high, command.key.low);
  out += fmt::format(",\"batch\":{},\"seed\":\"{:016x}\"", raw(batch), command.seed);
  if (outcome.refusal != scheduler::Refusal::kNone)
    out += fmt::format(",\"refused\":\"{}\"", name_of(outcome.refusal));
  if (outcome.field != scheduler::Field::kNone)
    out += fmt::format(",\"field\":\"{}\"", name_of(outcome.field));
  if (outcome.repeated != 0) out += ",\"repeated\":true";
  out += fmt::format(",\"body\":\"{}\"", body_text(command));
  if (command.kind == scheduler::CommandKind::kTurnLottery)
    out += turn_member(command.body.turn_lottery);
  const scheduler::Note& note = scheduler.event_note();
  if (note.size != 0)
    out += fmt::format(",\"note\":\"{}\"",
                       json_escaped(std::string_view(note.bytes.data(), note.size)));
  const bool is_done = outcome.refusal == scheduler::Refusal::kNone && outcome.repeated == 0;
  if (is_done) out += change_members(before, command, outcome, scheduler);
  const std::string events =
      is_done ? events_text(command, before, venues, scheduler) : std::string{};
  if (!events.empty()) out += fmt::format(",\"events\":[{}]", events);
  const std::string decisions = decisions_text(command, scheduler);
  if (!decisions.empty()) out += fmt::format(",\"decisions\":[{}]", decisions);
  out += municipal_member(scheduler);
  return out;
}

std::string AuditChain::link(const std::string& members) {
  const std::string line = "{" + members;
  const std::string hashed = last_ + line;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(hashed.data()), hashed.size(), digest.data());
  last_ = hex_of(std::as_bytes(std::span(digest)));
  return fmt::format("{},\"hash\":\"{}\"}}\n", line, last_);
}

}  // namespace permitd::daemon
