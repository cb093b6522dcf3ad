// Arguments for any method of the schema, made of dice: mostly plausible, often at or beyond the
// edges of what is allowed, now and then absurd. Which methods and fields there are is read from
// the schema, so that what is added to it is tried without being named here.
#pragma once

#include <capnp/dynamic.h>

#include "daemon/planner_settings.h"
#include "tests/support/seeded.h"

namespace permitd::tests {

/// What the planner may spend in tests: a plan is there at once and made anew at each change.
daemon::PlannerSettings brief_planning();

/// Fills a struct, its lists and structs. Capabilities stay null.
void fill_with_anything(capnp::DynamicStruct::Builder out, Chance& chance);

/// Whether what others filled asks the planner for more than a moment of its time.
bool asks_for_long(capnp::DynamicStruct::Reader arguments);

}  // namespace permitd::tests
