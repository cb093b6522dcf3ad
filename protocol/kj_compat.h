// What differs between the supported versions of Cap'n Proto (0.9.2 to 1.x), in one place.
#pragma once

#include <kj/common.h>

/// `PERMIT_IF_MAYBE(value, maybe) { use(*value); }`: `value` is a pointer to what `maybe` holds.
#define PERMIT_IF_MAYBE(name, ...) if (auto name = ::kj::_::readMaybe(__VA_ARGS__))
