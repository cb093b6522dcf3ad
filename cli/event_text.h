// Messages of the schema as lines for people, shared by the commands that show them.
#pragma once

#include <string>

#include "cli/table.h"
#include "protocol/permit.capnp.h"
#include "protocol/words.h"
#include "scheduler/outcome.h"

namespace permitd::cli {

/// The event as the core's own value, for protocol::event_sentence.
scheduler::Event to_event(protocol::Event::Reader event);
/// "2025-03-22 07:31  job 12 (…): ready -> assigned, expert 7, by expert 7"
std::string event_line(protocol::Event::Reader event,
                       protocol::Language language = protocol::Language::kEnglish);

/// A list of jobs: the columns of queue and get.
Table job_table(protocol::Language language = protocol::Language::kEnglish);
void add_job(Table& table, protocol::Job::Reader job,
             protocol::Language language = protocol::Language::kEnglish);

}  // namespace permitd::cli
