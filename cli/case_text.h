// A case as `get` shows it, as lines for people. Pure, but for the time zone of local_time.h.
#pragma once

#include <string>

#include "protocol/permit.capnp.h"
#include "protocol/words.h"

namespace permitd::cli {

/// State, parcel, persons, dates, what the zoning plan says, the municipality's time, the stages
/// with the present one in brackets, and every job.
std::string case_text(protocol::Case::Reader found, protocol::Language language);

}  // namespace permitd::cli
