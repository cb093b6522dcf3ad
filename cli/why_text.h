// The answer to `why`, as lines for people. Pure, but for the time zone of local_time.h.
#pragma once

#include <string>

#include "protocol/permit.capnp.h"
#include "protocol/words.h"
#include "scheduler/views.h"

namespace permitd::cli {

/// Which job it is, why it does not move, for whom a plan reserves it, and who could take it.
std::string why_job_text(protocol::WhyAnswer::Reader answer, protocol::Language language);

/// What a case without a job to ask waits for, by its state.
scheduler::StuckView case_stuck(protocol::Case::Reader found);
/// Which case it is, and what it waits for.
std::string why_case_text(protocol::Case::Reader found, protocol::Language language);
/// Until when the municipality has time for it, and how much of that is left: a line, indented;
/// empty while no clock of it runs.
std::string municipal_line(protocol::Case::Reader found,
                           protocol::Language language = protocol::Language::kEnglish);

/// How it was assigned: the sentence, the candidates, what was removed; or that it never was.
std::string why_decision_text(protocol::WhyAnswer::Reader answer, protocol::Language language);

}  // namespace permitd::cli
