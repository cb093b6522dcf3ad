// When a suspension of an expert or an office begins and ends, as --from and --until say it.
#pragma once

#include <string>

#include "cli/context.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {

/// "now", and "never" or nothing for the end, are no moments: the span has zero for them.
/// UsageError where a moment is said of another state than a suspension.
SuspensionSpan suspension_option(Context& context, const std::string& from,
                                 const std::string& until, bool is_suspension);

}  // namespace permitd::cli
