#include "cli/json_fill.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "cli/local_time.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

using boost::json::value;
using scheduler::Tick;

[[noreturn]] void wrong(std::string_view name, std::string_view rule) {
  throw FillError(fmt::format("{}: {}", name, rule));
}

template <class Number>
Number whole_number(std::string_view name, const value& from) {
  if (from.is_string()) {
    const std::string_view text = from.get_string();
    Number number{};
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault == std::errc{} && end == text.data() + text.size()) return number;
  } else {
    boost::system::error_code fault;
    const auto number = from.to_number<Number>(fault);
    if (!fault) return number;
  }
  wrong(name, fmt::format("give a whole number of {} to {}", std::numeric_limits<Number>::min(),
                          std::numeric_limits<Number>::max()));
}

Tick moment_of(std::string_view name, const value& from, Tick now) {
  if (from.is_null()) return scheduler::kNever;
  if (!from.is_string()) return Tick{whole_number<std::int64_t>(name, from)};
  const auto at = parse_moment(std::string_view(from.get_string()), now);
  if (!at) wrong(name, "give a moment: \"2025-03-21 07:30\", \"now\", \"+10d\", \"never\"");
  return *at;
}

// Dates of birth lie before the days that local_time.h reads.
std::optional<std::int32_t> day_before_1970(std::string_view text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto part = [&](std::size_t at, std::size_t size, auto& out) {
    const auto [end, fault] = std::from_chars(text.data() + at, text.data() + at + size, out);
    return fault == std::errc{} && end == text.data() + at + size;
  };
  if (text.size() != 10 || !part(0, 4, year) || !part(5, 2, month) || !part(8, 2, day))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok() || year < 1832 || year > 1969) return std::nullopt;
  return static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

std::int32_t day_of(std::string_view name, const value& from, Tick now) {
  if (!from.is_string()) return whole_number<std::int32_t>(name, from);
  const std::string_view text = from.get_string();
  if (text == "today") return local_day_of(now);
  auto day = parse_typed_day(text);
  if (!day) day = day_before_1970(text);
  if (!day)
    wrong(name, "give a date such as \"1985-04-23\", or with --calendar jalali \"1364-02-03\"");
  return *day;
}

bool flag_of(std::string_view name, const value& from) {
  if (from.is_bool()) return from.get_bool();
  if (from.is_string() && from.get_string() == "true") return true;
  if (from.is_string() && from.get_string() == "false") return false;
  wrong(name, "give true or false");
}

template <class Enum>
std::uint16_t mask_of_names(std::string_view name, const boost::json::array& from) {
  unsigned mask = 0;
  for (const value& one : from) {
    const auto known = one.is_string()
                           ? protocol::parse_name<Enum>(std::string_view(one.get_string()))
                           : std::nullopt;
    if (!known) {
      wrong(name, fmt::format("give names of {}", fmt::join(protocol::names_of<Enum>(), ", ")));
    }
    mask |= 1U << raw(*known);
  }
  return static_cast<std::uint16_t>(mask);
}

std::uint16_t mask_of(std::string_view name, const value& from) {
  if (!from.is_array()) return whole_number<std::uint16_t>(name, from);
  return name == "checks" ? mask_of_names<scheduler::LicenceCheck>(name, from.get_array())
                          : mask_of_names<scheduler::DegreeField>(name, from.get_array());
}

capnp::DynamicEnum enumerator_of(std::string_view name, capnp::EnumSchema schema,
                                 const value& from) {
  std::string names;
  for (const auto enumerant : schema.getEnumerants()) {
    const auto known = enumerant.getProto().getName();
    const std::string_view text(known.begin(), known.size());
    if (from.is_string() && protocol::is_same_name(text, std::string_view(from.get_string())))
      return {enumerant};
    names += fmt::format("{}{}", names.empty() ? "" : ", ", text);
  }
  wrong(name, fmt::format("give one of {}", names));
}

void set_list(capnp::DynamicStruct::Builder out, capnp::StructSchema::Field field,
              std::string_view name, const value& from) {
  const auto element = field.getType().asList().getElementType();
  if (!from.is_array() || !element.isEnum()) wrong(name, "give a list of names");
  const auto& items = from.get_array();
  auto list = out.init(field, static_cast<unsigned>(items.size())).as<capnp::DynamicList>();
  for (unsigned i = 0; i < items.size(); ++i)
    list.set(i, enumerator_of(name, element.asEnum(), items[i]));
}

void set_member(capnp::DynamicStruct::Builder out, capnp::StructSchema::Field field,
                std::string_view name, const value& from, Tick now) {
  const capnp::Type type = field.getType();
  if (type.isBool()) return out.set(field, flag_of(name, from));
  if (type.isUInt8()) return out.set(field, whole_number<std::uint8_t>(name, from));
  if (type.isUInt16()) return out.set(field, mask_of(name, from));
  if (type.isUInt32()) return out.set(field, whole_number<std::uint32_t>(name, from));
  if (type.isUInt64()) return out.set(field, whole_number<std::uint64_t>(name, from));
  if (type.isInt32()) return out.set(field, day_of(name, from, now));
  if (type.isInt64()) return out.set(field, moment_of(name, from, now).ms);
  if (type.isEnum()) return out.set(field, enumerator_of(name, type.asEnum(), from));
  if (type.isList()) return set_list(out, field, name, from);
  if (type.isText() && from.is_string()) {
    const std::string text(from.get_string());
    return out.set(field, capnp::Text::Reader(text.c_str(), text.size()));
  }
  if (!type.isStruct() || !from.is_object()) wrong(name, "give what the schema asks for");
  // What was set before stays: options may name members of one struct one by one.
  auto inner = out.has(field) ? out.get(field) : out.init(field);
  fill_message(inner.as<capnp::DynamicStruct>(), from.get_object(), now);
}

}  // namespace

void fill_message(capnp::DynamicStruct::Builder out, const boost::json::object& object, Tick now) {
  for (const auto& member : object) {
    const std::string name(member.key());
    KJ_IF_MAYBE (field, out.getSchema().findFieldByName(name.c_str())) {
      set_member(out, *field, name, member.value(), now);
    } else {
      std::string names;
      for (const auto known : out.getSchema().getFields())
        names += fmt::format("{}{}", names.empty() ? "" : ", ", known.getProto().getName().cStr());
      wrong(name, fmt::format("there is no such member; there are {}", names));
    }
  }
}

}  // namespace permitd::cli
