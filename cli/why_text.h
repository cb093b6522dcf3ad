// The answer to `why`, as lines for people. Pure, but for the time zone of local_time.h.
#pragma once

#include <string>

#include "protocol/permit.capnp.h"
#include "protocol/words.h"

namespace permitd::cli {

/// Which job it is, why it does not move, for whom a plan reserves it, and who could take it.
std::string why_job_text(protocol::WhyAnswer::Reader answer, protocol::Language language);

/// How it was assigned: the sentence, the candidates, what was removed; or that it never was.
std::string why_decision_text(protocol::WhyAnswer::Reader answer, protocol::Language language);

}  // namespace permitd::cli
