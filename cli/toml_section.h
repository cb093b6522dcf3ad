// Reading a TOML table strictly: every key has a type, a range and a default; what is wrong is
// collected with file, line and key instead of stopping at the first; a key nobody asked for is an
// error.
#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "cli/local_time.h"
#include "protocol/words.h"
#include "scheduler/types.h"

namespace permitd::cli {

/// What is wrong with a file, in the order in which it was found.
class TomlProblems {
 public:
  static constexpr std::size_t kLinesMax = 50;
  explicit TomlProblems(std::string file) : file_(std::move(file)) {}
  void add(const toml::node* where, std::string_view key, std::string_view what);
  bool empty() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::string file_;
  std::vector<std::string> lines_;
};

class TomlSection {
 public:
  /// `path` is how keys are named in problems: "office[3]". `table` and `problems` must outlive the
  /// section.
  TomlSection(const toml::table& table, std::string path, TomlProblems& problems)
      : table_(&table), path_(std::move(path)), problems_(&problems) {}

  /// A whole number in min … max. Without a fallback the key is required.
  template <std::integral Int>
  Int number(std::string_view key, std::optional<std::type_identity_t<Int>> fallback,
             std::int64_t min, std::int64_t max) {
    return static_cast<Int>(
        number_in(key, fallback ? std::optional<std::int64_t>(*fallback) : std::nullopt, min, max));
  }
  bool flag(std::string_view key, bool fallback);
  /// At most `size_max` bytes of valid UTF-8.
  std::string text(std::string_view key, std::optional<std::string> fallback,
                   std::size_t size_max = 4096);
  /// An enumerator by the name it has in the schema; case, '-' and '_' do not matter.
  template <class Enum>
  Enum name(std::string_view key, std::optional<Enum> fallback);
  template <class Enum>
  std::vector<Enum> names(std::string_view key);
  /// A date, a local date-time, or one with an offset.
  scheduler::Tick moment(std::string_view key, std::optional<scheduler::Tick> fallback);
  LocalDay day(std::string_view key, std::optional<LocalDay> fallback);
  /// [north, east] in degrees; unknown when missing.
  scheduler::Point point(std::string_view key);
  /// "0101" or 101.
  scheduler::OfficeId office(std::string_view key);
  std::vector<std::int64_t> numbers(std::string_view key, std::int64_t min, std::int64_t max);
  std::vector<std::string> texts(std::string_view key);

  /// [key]: a sub-table, if it is there.
  std::optional<TomlSection> section(std::string_view key);
  /// [[key]]: its tables, in order; also `key = [{…}, …]`.
  std::vector<TomlSection> sections(std::string_view key);
  /// The names of all keys, for tables whose keys are names.
  std::vector<std::string> keys() const;

  bool has(std::string_view key) const { return table_->get(key) != nullptr; }
  const toml::node* node(std::string_view key);
  const toml::table& table() const { return *table_; }
  TomlProblems& problems() { return *problems_; }
  void complain(std::string_view key, std::string_view what);
  std::string name_of_key(std::string_view key) const;
  /// Reports every key that nobody asked for. Call last.
  void finish();

 private:
  std::int64_t number_in(std::string_view key, std::optional<std::int64_t> fallback,
                         std::int64_t min, std::int64_t max);
  std::int64_t checked(const toml::node& node, std::string_view key, std::int64_t min,
                       std::int64_t max);
  const toml::node* required(std::string_view key, bool has_fallback, std::string_view kind);
  template <class Enum>
  std::optional<Enum> enumerator(const toml::node& node, std::string_view key);
  template <class Enum>
  static std::string choices();

  const toml::table* table_;
  std::string path_;
  TomlProblems* problems_;
  std::set<std::string, std::less<>> asked_;
};

// ---- implementation ----

template <class Enum>
std::string TomlSection::choices() {
  return fmt::format("it must be one of: {}", fmt::join(protocol::names_of<Enum>(), ", "));
}

template <class Enum>
std::optional<Enum> TomlSection::enumerator(const toml::node& found, std::string_view key) {
  auto text = found.value<std::string>();
  auto value = text ? protocol::parse_name<Enum>(*text) : std::nullopt;
  if (!value) problems_->add(&found, name_of_key(key), choices<Enum>());
  return value;
}

template <class Enum>
Enum TomlSection::name(std::string_view key, std::optional<Enum> fallback) {
  const auto* found = required(key, fallback.has_value(), choices<Enum>());
  if (found == nullptr) return fallback.value_or(Enum{});
  return enumerator<Enum>(*found, key).value_or(Enum{});
}

template <class Enum>
std::vector<Enum> TomlSection::names(std::string_view key) {
  std::vector<Enum> out;
  const auto* found = node(key);
  if (found == nullptr) return out;
  const auto* array = found->as_array();
  if (array == nullptr) {
    complain(key, "it must be a list of names");
    return out;
  }
  for (const auto& element : *array) {
    if (auto value = enumerator<Enum>(element, key)) out.push_back(*value);
  }
  return out;
}

}  // namespace permitd::cli
