// The sentences of words.h in Persian, for people of the offices and the city. Numbers are written
// in Persian digits, moments in the Jalali calendar as the clocks of Tehran show them. Reached
// through words.h with Language::kPersian. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "protocol/words.h"
#include "scheduler/command.h"
#include "scheduler/outcome.h"
#include "scheduler/views.h"

namespace permitd::protocol::persian {

std::string_view name_of(scheduler::Stage stage);
std::string_view name_of(scheduler::CaseState state);
std::string_view name_of(scheduler::ZoningState state);
std::string_view name_of(scheduler::ZoningResult result);
std::string_view name_of(scheduler::JobState state);
std::string_view name_of(scheduler::OfficeState state);
std::string_view name_of(scheduler::ExpertState state);
std::string_view name_of(scheduler::JobKind kind);
std::string_view name_of(scheduler::PriorityClass priority);
std::string_view name_of(scheduler::SlaBand band);
std::string_view name_of(scheduler::Skill skill);
std::string_view name_of(scheduler::SpanState state);
std::string_view name_of(scheduler::ActorKind kind);
std::string_view name_of(scheduler::Reason reason);
/// What removed a candidate, as a noun: "چهارچشمی".
std::string_view name_of(scheduler::Filter filter);

// What a field may hold, and what is wrong with a version of the zoning plan (persian_rules.cc):
// see words.h.
std::string_view rule_of(scheduler::Field field);
std::string_view zoning_phrase(ZoningFault fault);
std::string rule_of(const scheduler::MemberRange& range);

/// "کارشناس، ترتیب"; see locks_text().
std::string locks_text(std::uint8_t locks);

std::string_view name_of(scheduler::LicenceState state);
std::string_view name_of(scheduler::RoundState state);
std::string_view name_of(scheduler::LicenceCheck check);
std::string_view name_of(scheduler::CheckResult result);

// The parts of sentences that are about office licences (persian_licence.cc).
std::string licence_refusal(const scheduler::Outcome& outcome);
std::string licence_subject(const scheduler::Event& event);
std::string licence_act(const scheduler::Event& event);

std::string refusal_sentence(const scheduler::Outcome& outcome, scheduler::CommandKind kind);
std::string event_sentence(const scheduler::Event& event, std::string_view note);
std::string decision_sentence(const scheduler::DecisionView& decision);
std::string stuck_sentence(const scheduler::StuckView& stuck);

}  // namespace permitd::protocol::persian
