// The parts of words.h that are about office licences, told in English. Reached through words.h.
// Pure; any thread.
#pragma once

#include <string>

#include "scheduler/outcome.h"

namespace permitd::protocol::licence {

/// Pre: the refusal is one of licensing's own.
std::string refusal_sentence(const scheduler::Outcome& outcome);
std::string event_subject(const scheduler::Event& event);
std::string event_act(const scheduler::Event& event);

}  // namespace permitd::protocol::licence
