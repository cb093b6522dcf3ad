// Goal: no text makes the settings crash; what is refused says why, and what is accepted passes or
// fails the check of the whole with a reason. Method: the text as settings, and its first line as
// an assignment from the command line.
#include <cstdlib>
#include <string_view>

#include "daemon/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace permitd::daemon;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Config config;
  const auto require = [](const Expected<void>& done) {
    if (done) return;
    if (done.error().code != ErrorCode::kConfiguration || done.error().text().empty()) std::abort();
  };
  require(apply_toml(config, text, "input.toml"));
  require(check_config(config));
  require(apply_assignment(config, text.substr(0, text.find('\n'))));
  if (const auto moment = parse_moment(text); moment && moment->ms % 1000 != 0) std::abort();
  (void)parse_size(text);
  return 0;
}
