#include "daemon/audit_line.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
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
    case EventKind::kVenueChanged:
    case EventKind::kLicenceChecked:
    case EventKind::kLicenceRecorded:
    case EventKind::kCaseAmended:
    case EventKind::kFeesRecorded:
    case EventKind::kSlaNotified:
    case EventKind::kSlaBreached:
    case EventKind::kSlaEscalated:
    case EventKind::kExpedited:
    case EventKind::kDeadlineMoved:
    case EventKind::kCertificateChanged:
    case EventKind::kAbsenceChanged:
    case EventKind::kReferenceChanged:
    case EventKind::kCapacityOverridden:
    case EventKind::kPlanLocked:
      break;
  }
  return fmt::format("{}", value);
}

void add_number(std::string& out, std::string_view name, std::uint64_t value) {
  if (value != 0) out += fmt::format(",\"{}\":{}", name, value);
}

std::string event_text(const Event& event, Actor of_command) {
  std::string out = fmt::format("{{\"event\":\"{}\"", name_of(event.kind));
  add_number(out, "case", raw(event.case_id));
  add_number(out, "job", raw(event.job));
  if (event.actor != of_command) out += fmt::format(",\"actor\":\"{}\"", actor_text(event.actor));
  add_number(out, "expert", raw(event.expert));
  add_number(out, "office", raw(event.office));
  add_number(out, "version", event.version);
  add_number(out, "subject", event.subject);
  if (raw(event.job) != 0) out += fmt::format(",\"stage\":\"{}\"", name_of(event.stage));
  out += fmt::format(",\"before\":{},\"after\":{}", state_text(event.kind, event.before),
                     state_text(event.kind, event.after));
  if (event.reason != scheduler::Reason::kNone)
    out += fmt::format(",\"reason\":\"{}\"", name_of(event.reason));
  return out + "}";
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
  if (decision.by_plan)
    out += fmt::format(",\"plan\":{},\"planReason\":\"{}\"", raw(decision.plan),
                       name_of(decision.plan_reason));
  if (decision.by_share) out += ",\"share\":true";
  std::string removed;
  for (std::size_t filter = 0; filter < decision.removed.size(); ++filter) {
    if (decision.removed[filter] == 0) continue;
    removed += fmt::format("{}\"{}\":{}", removed.empty() ? "" : ",",
                           name_of(scheduler::Filter{static_cast<std::uint8_t>(filter)}),
                           decision.removed[filter]);
  }
  if (!removed.empty()) out += fmt::format(",\"removed\":{{{}}}", removed);
  std::string rejected;
  for (std::size_t i = 0; i < decision.rejected_count; ++i) {
    rejected += fmt::format("{}[{},\"{}\"]", rejected.empty() ? "" : ",",
                            raw(decision.rejected[i].expert), name_of(decision.rejected[i].filter));
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

std::string turn_member(const scheduler::TurnLottery& turn) {
  std::string out = fmt::format(",\"lottery\":{{\"day\":{},\"commitment\":\"{}\"", turn.day,
                                hex_of(std::as_bytes(std::span(turn.commitment))));
  if (turn.is_lost != 0) return out + ",\"lost\":true}";
  if (turn.opened == scheduler::Hash{}) return out + "}";
  return out + fmt::format(",\"opened\":\"{}\"}}", hex_of(std::as_bytes(std::span(turn.opened))));
}

}  // namespace

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

std::string lottery_member(const scheduler::LotteryView& standing) {
  if (standing.turns == 0) return {};
  return fmt::format(",\"lottery\":{{\"turned\":{},\"day\":{},\"commitment\":\"{}\"}}",
                     raw(standing.turned), standing.day,
                     hex_of(std::as_bytes(std::span(standing.commitment))));
}

std::string audit_members(const Command& command, scheduler::Op batch, const Outcome& outcome,
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
  std::string events;
  for (const Event& event : scheduler.events()) {
    if (!events.empty()) events += ',';
    events += event_text(event, command.actor);
  }
  if (!events.empty()) out += fmt::format(",\"events\":[{}]", events);
  const std::string decisions = decisions_text(command, scheduler);
  if (!decisions.empty()) out += fmt::format(",\"decisions\":[{}]", decisions);
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
