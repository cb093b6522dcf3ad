// "Nobody can inspect in district 5 on monday 2025-04-07: 3 absence, 2 certificate." The sentences
// of an eligibility report, for the command of that name and for plans that leave visits out.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/reader_client.h"

namespace permitd::cli {

/// "monday 2025-04-07".
std::string weekday_text(std::int32_t day);
/// "3 absence, 2 certificate"; "-" when nobody is kept from it.
std::string removed_text(capnp::List<std::uint32_t>::Reader removed);
/// A sentence for each skill, district and day that nobody is left for.
std::vector<std::string> nobody_sentences(protocol::Eligibility::Reader answer);
/// Prints at most twenty of them.
void print_nobody(const std::vector<std::string>& sentences);

/// For the districts whose visits a plan leaves out because nobody may make them or nobody works:
/// who is missing, and what keeps them. Asks the daemon.
std::vector<std::string> who_is_missing(Context& context, protocol::VisitPlan::Reader plan);

}  // namespace permitd::cli
