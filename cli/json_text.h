// Any message of the schema as JSON: field names and enumerators as in permit.capnp, unions as
// their set member, numbers as numbers, moments in milliseconds with null for "never". Pure.
#pragma once

#include <capnp/dynamic.h>

#include <boost/json.hpp>
#include <string>

namespace permitd::cli {

boost::json::value to_json(capnp::DynamicValue::Reader value);
/// A generated reader or response.
template <class Reader>
boost::json::value message_json(const Reader& reader) {
  return to_json(capnp::DynamicValue::Reader(capnp::toDynamic(reader)));
}
template <class T>
boost::json::value message_json(const capnp::Response<T>& response) {
  return message_json(static_cast<const typename T::Reader&>(response));
}

/// Indented by two blanks, members in the order they were put in, ends with a line end.
std::string pretty(const boost::json::value& value);

}  // namespace permitd::cli
