#include "cli/commands.h"

#include <fmt/format.h>

#include <charconv>

namespace permitd::cli {

CLI::App* add_command(CLI::App& app, const CommandText& text) {
  auto* command = app.add_subcommand(text.name, text.what);
  command->footer(fmt::format("\nExample:\n  {}\n\nAnswer:\n  {}", text.example, text.answer));
  command->fallthrough();  // global options may stand behind the command
  return command;
}

void throw_unknown_name(const std::string& text, std::string_view option,
                        std::span<const std::string_view> names) {
  throw UsageError(
      fmt::format("{} {}: it must be one of {}.", option, text, fmt::join(names, ", ")));
}

OfficeId office_option(const std::string& text, std::string_view option) {
  std::uint16_t code = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc{} || end != text.data() + text.size() || code == 0 || code > 9999) {
    throw UsageError(fmt::format("{} {}: it must be an office code, 0001 to 9999.", option, text));
  }
  return OfficeId{code};
}

}  // namespace permitd::cli
