#include "tests/support/any_arguments.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "tests/support/rpc_city.h"

namespace permitd::tests {

namespace {

using capnp::DynamicList;
using capnp::DynamicStruct;
using capnp::DynamicValue;
using Which = capnp::schema::Type::Which;

// Longest list of which every element is filled, so that a message stays within its limit.
constexpr std::array<std::uint32_t, 8> kListSizes{0, 1, 1, 2, 3, 7, 31, 300};

// Numbers that mean something somewhere: jobs, cases, experts, offices, and the edges of ranges.
constexpr std::array<std::uint64_t, 20> kNumbers{
    0, 1, 2, 3, 4, 5, 6, 8, 22, 31, 32, 101, 202, 255, 256, 365, 1000, 10000, 18251, 65535};

const std::array<std::string, 10> kTexts{"",
                                         "a",
                                         "R122",
                                         "پلاک ۱۲۳",
                                         std::string(23, 'x'),
                                         std::string(24, 'x'),
                                         std::string(39, 'y'),
                                         std::string(80, 'z'),
                                         std::string(5000, '{'),
                                         "\xff\xfe\x01\"\n"};

std::uint64_t any_bits(Chance& chance) {
  if (chance.chance(700)) return kNumbers[chance.below(kNumbers.size())];
  if (chance.chance(300)) return std::uint64_t{1} << chance.below(64U);
  return chance.chance(500) ? std::numeric_limits<std::uint64_t>::max() : chance.next();
}

/// A moment near the present more often than not, as only few numbers are one.
std::int64_t any_int64(Chance& chance) {
  if (chance.chance(600))
    return kCityNowMs + (chance.between(-100, 100)) * std::int64_t{60'000} * chance.between(1, 600);
  return static_cast<std::int64_t>(any_bits(chance));
}

// Of the planner: milliseconds, steps, runs.
constexpr std::uint32_t kBudgetMax = 20;

/// What would only cost time: budgets of the planner stay small or are beyond their range.
bool is_budget(std::string_view field) {
  return field == "milliseconds" || field == "iterations" || field == "runs";
}

DynamicValue::Reader any_value(capnp::Type type, Chance& chance) {
  switch (type.which()) {
    case Which::VOID:
      return capnp::VOID;
    case Which::BOOL:
      return chance.chance(500);
    case Which::INT8:
      return static_cast<std::int8_t>(any_bits(chance));
    case Which::INT16:
      return static_cast<std::int16_t>(any_bits(chance));
    case Which::INT32:
      return static_cast<std::int32_t>(any_bits(chance));
    case Which::INT64:
      return any_int64(chance);
    case Which::UINT8:
      return static_cast<std::uint8_t>(any_bits(chance));
    case Which::UINT16:
      return static_cast<std::uint16_t>(any_bits(chance));
    case Which::UINT32:
      return static_cast<std::uint32_t>(any_bits(chance));
    case Which::UINT64:
      return any_bits(chance);
    case Which::FLOAT32:
    case Which::FLOAT64:
      return chance.chance(200) ? std::numeric_limits<double>::quiet_NaN()
                                : static_cast<double>(any_int64(chance)) / 7;
    case Which::TEXT: {
      const std::string& text = kTexts[chance.below(kTexts.size())];
      return capnp::Text::Reader(text.data(), text.size());
    }
    case Which::DATA: {
      const std::string& bytes = kTexts[chance.below(kTexts.size())];
      return capnp::Data::Reader(reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size());
    }
    case Which::ENUM: {
      const auto schema = type.asEnum();
      const auto known = static_cast<std::uint16_t>(schema.getEnumerants().size());
      const auto raw = chance.chance(900) ? chance.below(known)
                                          : static_cast<std::uint16_t>(known + chance.below(300));
      return capnp::DynamicEnum(schema, static_cast<std::uint16_t>(raw));
    }
    case Which::LIST:
    case Which::STRUCT:
    case Which::INTERFACE:
    case Which::ANY_POINTER:
      break;
  }
  return nullptr;
}

void fill_list(DynamicList::Builder list, Chance& chance) {
  const capnp::Type type = list.getSchema().getElementType();
  for (unsigned i = 0; i < list.size(); ++i) {
    if (type.isStruct()) {
      fill_with_anything(list[i].as<DynamicStruct>(), chance);
    } else if (type.isList()) {
      fill_list(list.init(i, chance.below(4U)).as<DynamicList>(), chance);
    } else {
      list.set(i, any_value(type, chance));
    }
  }
}

void fill_field(DynamicStruct::Builder out, capnp::StructSchema::Field field, Chance& chance) {
  const capnp::Type type = field.getType();
  const kj::StringPtr name = field.getProto().getName();
  if (type.isInterface() || type.isAnyPointer()) return;
  if (type.isStruct()) {
    fill_with_anything(out.init(field).as<DynamicStruct>(), chance);
  } else if (type.isList()) {
    const auto size = kListSizes[chance.below(kListSizes.size())];
    fill_list(out.init(field, size).as<DynamicList>(), chance);
  } else if (is_budget({name.begin(), name.size()})) {
    out.set(field, chance.chance(900) ? chance.below(kBudgetMax) : 65'000U);
  } else {
    out.set(field, any_value(type, chance));
  }
}

}  // namespace

daemon::PlannerSettings brief_planning() {
  daemon::PlannerSettings settings;
  settings.interval_seconds = 0;
  settings.iterations = 20;
  settings.milliseconds_max = 20;
  return settings;
}

bool asks_for_long(DynamicStruct::Reader arguments) {
  for (auto field : arguments.getSchema().getFields()) {
    const kj::StringPtr name = field.getProto().getName();
    if (!arguments.has(field)) continue;  // unset, or not the one of its union
    if (field.getType().isStruct()) {
      if (asks_for_long(arguments.get(field).as<DynamicStruct>())) return true;
    } else if (is_budget({name.begin(), name.size()})) {
      if (arguments.get(field).as<std::uint64_t>() > kBudgetMax) return true;
    }
  }
  return false;
}

void fill_with_anything(DynamicStruct::Builder out, Chance& chance) {
  for (auto field : out.getSchema().getNonUnionFields()) {
    if (chance.chance(930)) fill_field(out, field, chance);
  }
  const auto choices = out.getSchema().getUnionFields();
  if (choices.size() > 0 && chance.chance(930))
    fill_field(out, choices[chance.below(choices.size())], chance);
}

}  // namespace permitd::tests
