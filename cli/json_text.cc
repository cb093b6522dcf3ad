#include "cli/json_text.h"

#include <fmt/format.h>
#include <kj/encoding.h>

#include <cstdint>

#include "protocol/kj_compat.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;

std::string_view view(kj::StringPtr text) { return {text.begin(), text.size()}; }

json::object object_json(capnp::DynamicStruct::Reader reader) {
  json::object object;
  auto put = [&](capnp::StructSchema::Field field) {
    auto type = field.getType();
    if (type.isInterface() || type.isVoid()) return;
    object[view(field.getProto().getName())] = to_json(reader.get(field));
  };
  for (auto field : reader.getSchema().getNonUnionFields()) put(field);
  PERMIT_IF_MAYBE(field, reader.which()) { put(*field); }
  return object;
}

json::array array_json(capnp::DynamicList::Reader list) {
  json::array array;
  array.reserve(list.size());
  for (auto element : list) array.push_back(to_json(element));
  return array;
}

void append_pretty(std::string& out, const json::value& value, std::size_t depth) {
  auto indent = [&](std::size_t level) { out += '\n' + std::string(level * 2, ' '); };
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    bool is_first = true;
    for (const auto& [key, member] : *object) {
      if (!is_first) out += ',';
      is_first = false;
      indent(depth + 1);
      out += json::serialize(key) + ": ";
      append_pretty(out, member, depth + 1);
    }
    indent(depth);
    out += '}';
  } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    bool is_first = true;
    for (const auto& element : *array) {
      if (!is_first) out += ',';
      is_first = false;
      indent(depth + 1);
      append_pretty(out, element, depth + 1);
    }
    indent(depth);
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

json::value to_json(capnp::DynamicValue::Reader value) {
  using capnp::DynamicValue;
  switch (value.getType()) {
    case DynamicValue::BOOL:
      return value.as<bool>();
    case DynamicValue::INT: {
      auto number = value.as<std::int64_t>();
      return number == INT64_MAX ? json::value(nullptr) : json::value(number);
    }
    case DynamicValue::UINT:
      return value.as<std::uint64_t>();
    case DynamicValue::TEXT: {
      auto text = value.as<capnp::Text>();
      return json::string(std::string_view(text.begin(), text.size()));
    }
    case DynamicValue::ENUM: {
      auto held = value.as<capnp::DynamicEnum>();
      PERMIT_IF_MAYBE(enumerant, held.getEnumerant()) {
        return json::string(view(enumerant->getProto().getName()));
      }
      return held.getRaw();  // of a later schema
    }
    case DynamicValue::STRUCT:
      return object_json(value.as<capnp::DynamicStruct>());
    case DynamicValue::LIST:
      return array_json(value.as<capnp::DynamicList>());
    case DynamicValue::FLOAT:
      return value.as<double>();
    case DynamicValue::DATA:
      return json::string(view(kj::encodeHex(value.as<capnp::Data>())));
    case DynamicValue::UNKNOWN:
    case DynamicValue::VOID:
    case DynamicValue::CAPABILITY:
    case DynamicValue::ANY_POINTER:
      return nullptr;
  }
  return nullptr;
}

std::string pretty(const json::value& value) {
  std::string out;
  append_pretty(out, value, 0);
  out += '\n';
  return out;
}

}  // namespace permitd::cli
