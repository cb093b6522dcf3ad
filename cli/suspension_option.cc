#include "cli/suspension_option.h"

namespace permitd::cli {

SuspensionSpan suspension_option(Context& context, const std::string& from,
                                 const std::string& until, bool is_suspension) {
  const bool begins = from != "now";
  const bool ends = !until.empty() && until != "never";
  if (!is_suspension && begins) {
    throw UsageError(
        "--from: only a suspension begins by itself; leave it out, or set the state to suspended.");
  }
  if (!is_suspension && ends) {
    throw UsageError(
        "--until: only a suspension ends by itself; leave it out, or set the state to suspended.");
  }
  if (from == "never") throw UsageError("--from: \"never\" is no moment; say when, or now.");
  SuspensionSpan span;
  if (begins) span.from = context.moment(from, "--from");
  if (ends) span.until = context.moment(until, "--until");
  return span;
}

}  // namespace permitd::cli
