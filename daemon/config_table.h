// The table of settings: what each key means, its range, and where its value goes. Reading a file,
// printing the annotated default file and the reference for docs/ all walk this one table.
// Immutable.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daemon/config.h"

namespace permitd::daemon {

enum class SettingKind : std::uint8_t {
  kCount,  // an integer
  kSize,   // bytes: an integer or a string with a binary unit
  kBool,
  kText,
  kMode,    // file mode, an octal string
  kChoice,  // one of `choices`
  kMoment,  // ISO 8601
};

struct Setting {
  std::string_view key;  // dotted
  SettingKind kind = SettingKind::kCount;
  std::uint64_t min = 0;  // kCount, kSize: allowed range, both included
  std::uint64_t max = 0;
  std::string_view choices;  // kChoice: "uring|epoll", in the order of the enumerators
  std::string_view what;     // one sentence, with the unit
  // Every kind but kText: the value as a number (bool 0/1, choice its position, moment its ms).
  std::uint64_t (*get)(const Config&) = nullptr;
  void (*set)(Config&, std::uint64_t) = nullptr;
  std::string& (*text)(Config&) = nullptr;  // kText
};

std::span<const Setting> settings();

/// Null when there is no such key.
const Setting* find_setting(std::string_view key);

/// The key or word of `words` that is nearest to `wrong` by edit distance; empty when none is near
/// enough to be what was meant.
std::string_view nearest_word(std::string_view wrong, std::span<const std::string_view> words);
std::string_view nearest_key(std::string_view wrong);

/// A value as it is written in TOML.
std::string toml_value(const Setting& setting, const Config& config);
/// "1 … 64", "4 KiB … 1 GiB", "uring | epoll"; empty for free text.
std::string allowed_values(const Setting& setting);

/// The default file with a comment on every setting (systemd/permitd.toml).
std::string default_config_toml();
/// The table of settings as Markdown (docs/CONFIGURATION.md).
std::string configuration_markdown();

}  // namespace permitd::daemon
