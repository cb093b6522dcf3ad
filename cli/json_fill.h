// Messages of the schema from JSON, the way back of json_text.h: what a file or the options of a
// command say, by the schema's own names. A scalar may be a text, too: numbers as digits,
// enumerators by name, a moment as people write it ("+10d", "2025-03-21 07:30"), a local date as
// "2025-03-21", a mask (fields, checks) as a list of names. Pure but for the calendar in force.
#pragma once

#include <capnp/dynamic.h>
#include <capnp/message.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "scheduler/types.h"

namespace permitd::cli {

/// Names the member and what it may hold.
class FillError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Sets the members that `object` has; others keep their defaults. Moments relative to `now`.
/// Throws FillError for a member that the message lacks or a value that it cannot hold.
void fill_message(capnp::DynamicStruct::Builder out, const boost::json::object& object,
                  scheduler::Tick now);

/// Throws as fill_message() would: before a call is under way, where nobody could catch it.
template <class Params>
void check_message(const boost::json::object& object, scheduler::Tick now) {
  capnp::MallocMessageBuilder trial;
  fill_message(capnp::toDynamic(trial.initRoot<Params>()), object, now);
}

template <class Params, class Results>
void fill_request(capnp::Request<Params, Results>& request, const boost::json::object& object,
                  scheduler::Tick now) {
  typename Params::Builder builder = request;
  fill_message(capnp::toDynamic(builder), object, now);
}

}  // namespace permitd::cli
