#include "cli/toml_section.h"

#include <cmath>

namespace permitd::cli {

void TomlProblems::add(const toml::node* where, std::string_view key, std::string_view what) {
  if (lines_.size() >= kLinesMax) return;
  auto line = where != nullptr ? where->source().begin.line : 0;
  auto place = line != 0 ? fmt::format("{}:{}", file_, line) : file_;
  lines_.push_back(fmt::format("{}: {}: {}", place, key, what));
}

std::string TomlSection::name_of_key(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void TomlSection::complain(std::string_view key, std::string_view what) {
  const auto* where = table_->get(key);
  problems_->add(where != nullptr ? where : table_, name_of_key(key), what);
}

const toml::node* TomlSection::node(std::string_view key) {
  asked_.emplace(key);
  return table_->get(key);
}

const toml::node* TomlSection::required(std::string_view key, bool has_fallback,
                                        std::string_view kind) {
  const auto* found = node(key);
  if (found == nullptr && !has_fallback) complain(key, fmt::format("is missing; {}", kind));
  return found;
}

std::int64_t TomlSection::checked(const toml::node& found, std::string_view key, std::int64_t min,
                                  std::int64_t max) {
  auto value = found.value_exact<std::int64_t>();
  if (!value || *value < min || *value > max) {
    problems_->add(&found, name_of_key(key),
                   fmt::format("it must be a whole number, {}–{}", min, max));
    return min;
  }
  return *value;
}

std::int64_t TomlSection::number_in(std::string_view key, std::optional<std::int64_t> fallback,
                                    std::int64_t min, std::int64_t max) {
  const auto* found =
      required(key, fallback.has_value(), fmt::format("a whole number, {}–{}", min, max));
  if (found == nullptr) return fallback.value_or(min);
  return checked(*found, key, min, max);
}

bool TomlSection::flag(std::string_view key, bool fallback) {
  const auto* found = node(key);
  if (found == nullptr) return fallback;
  auto value = found->value_exact<bool>();
  if (!value) complain(key, "it must be true or false");
  return value.value_or(fallback);
}

std::string TomlSection::text(std::string_view key, std::optional<std::string> fallback,
                              std::size_t size_max) {
  const auto* found = required(key, fallback.has_value(), "a text");
  if (found == nullptr) return fallback.value_or("");
  auto value = found->value_exact<std::string>();
  if (!value || value->size() > size_max || !protocol::is_valid_text(*value)) {
    complain(key, fmt::format(
                      "it must be a text of at most {} bytes of UTF-8, without control characters",
                      size_max));
    return "";
  }
  return *value;
}

LocalDay TomlSection::day(std::string_view key, std::optional<LocalDay> fallback) {
  constexpr std::string_view kKind = "it must be a date of 1970–2200, without quotes: 2025-03-21";
  const auto* found = required(key, fallback.has_value(), kKind);
  if (found == nullptr) return fallback.value_or(0);
  auto date = found->value_exact<toml::date>();
  if (!date || !is_date(date->year, date->month, date->day)) {
    complain(key, kKind);
    return 0;
  }
  return day_of(date->year, date->month, date->day);
}

scheduler::Tick TomlSection::moment(std::string_view key, std::optional<scheduler::Tick> fallback) {
  constexpr std::string_view kKind =
      "it must be a date or a date-time, without quotes: 2025-03-21T07:30:00";
  const auto* found = required(key, fallback.has_value(), kKind);
  if (found == nullptr) return fallback.value_or(scheduler::Tick{});
  if (found->is_date()) return moment_at(day(key, std::nullopt), 0);
  auto value = found->value_exact<toml::date_time>();
  if (!value || !is_date(value->date.year, value->date.month, value->date.day)) {
    complain(key, kKind);
    return {};
  }
  auto local_day = day_of(value->date.year, value->date.month, value->date.day);
  auto minute = value->time.hour * 60 + value->time.minute;
  auto seconds_ms = value->time.second * 1000LL + value->time.nanosecond / 1'000'000;
  if (!value->offset) return {moment_at(local_day, minute).ms + seconds_ms};
  constexpr std::int64_t kMsPerDay = 86'400'000;
  return {local_day * kMsPerDay + (minute - value->offset->minutes) * scheduler::kMsPerMinute +
          seconds_ms};
}

scheduler::Point TomlSection::point(std::string_view key) {
  const auto* found = node(key);
  if (found == nullptr) return {};
  const auto* pair = found->as_array();
  auto north = pair != nullptr && pair->size() == 2 ? pair->get(0)->value<double>() : std::nullopt;
  auto east = pair != nullptr && pair->size() == 2 ? pair->get(1)->value<double>() : std::nullopt;
  if (!north || !east || !(std::abs(*north) <= 90) || !(std::abs(*east) <= 180)) {
    complain(key, "it must be [degrees north, degrees east], within ±90 and ±180");
    return {};
  }
  return {static_cast<std::int32_t>(std::lround(*north * 1e6)),
          static_cast<std::int32_t>(std::lround(*east * 1e6))};
}

scheduler::OfficeId TomlSection::office(std::string_view key) {
  constexpr std::string_view kKind = "it must be an office code of four digits, \"0001\"–\"9999\"";
  const auto* found = required(key, false, kKind);
  if (found == nullptr) return {};
  std::int64_t code = 0;
  if (auto text = found->value_exact<std::string>(); text && text->size() == 4) {
    for (char digit : *text)
      code = digit >= '0' && digit <= '9' && code >= 0 ? code * 10 + (digit - '0') : -1;
  } else if (auto number = found->value_exact<std::int64_t>()) {
    code = *number;
  }
  if (code < 1 || code > 9999) {
    complain(key, kKind);
    return {};
  }
  return scheduler::OfficeId{static_cast<std::uint16_t>(code)};
}

std::vector<std::int64_t> TomlSection::numbers(std::string_view key, std::int64_t min,
                                               std::int64_t max) {
  std::vector<std::int64_t> out;
  const auto* found = node(key);
  if (found == nullptr) return out;
  const auto* array = found->as_array();
  if (array == nullptr) {
    complain(key, fmt::format("it must be a list of whole numbers, {}–{}", min, max));
    return out;
  }
  for (const auto& element : *array) out.push_back(checked(element, key, min, max));
  return out;
}

std::vector<std::string> TomlSection::texts(std::string_view key) {
  std::vector<std::string> out;
  const auto* found = node(key);
  if (found == nullptr) return out;
  const auto* array = found->as_array();
  bool is_list = array != nullptr;
  if (is_list) {
    for (const auto& element : *array) {
      auto value = element.value_exact<std::string>();
      if (value)
        out.push_back(*value);
      else
        is_list = false;
    }
  }
  if (!is_list) complain(key, "it must be a list of texts");
  return out;
}

std::optional<TomlSection> TomlSection::section(std::string_view key) {
  const auto* found = node(key);
  if (found == nullptr) return std::nullopt;
  const auto* inner = found->as_table();
  if (inner == nullptr) {
    complain(key, fmt::format("it must be a section, [{}]", name_of_key(key)));
    return std::nullopt;
  }
  return TomlSection(*inner, name_of_key(key), *problems_);
}

std::vector<TomlSection> TomlSection::sections(std::string_view key) {
  std::vector<TomlSection> out;
  const auto* found = node(key);
  if (found == nullptr) return out;
  const auto* array = found->as_array();
  if (array == nullptr) {
    complain(key, fmt::format("it must be a list of sections, [[{}]]", name_of_key(key)));
    return out;
  }
  for (std::size_t index = 0; index < array->size(); ++index) {
    const auto* inner = array->get(index)->as_table();
    if (inner == nullptr) {
      problems_->add(array->get(index), name_of_key(key), "each element must be a table");
      continue;
    }
    out.emplace_back(*inner, fmt::format("{}[{}]", name_of_key(key), index + 1), *problems_);
  }
  return out;
}

std::vector<std::string> TomlSection::keys() const {
  std::vector<std::string> out;
  for (auto&& [key, value] : *table_) out.emplace_back(key.str());
  return out;
}

void TomlSection::finish() {
  for (auto&& [key, value] : *table_) {
    if (!asked_.contains(key.str()))
      problems_->add(&value, name_of_key(key.str()), "there is no such key");
  }
}

}  // namespace permitd::cli
