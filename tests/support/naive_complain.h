// How the naive model says what it does not agree with. Included by the files of the model alone.
#pragma once

#include <fmt/core.h>

#include "tests/support/naive_model.h"

namespace permitd::tests {

template <class... Values>
void NaiveModel::complain(const char* format, const Values&... values) {
  if (complaints_.size() < 20) {
    complaints_.push_back(
        fmt::format("op {}: {}", op_, fmt::format(fmt::runtime(format), values...)));
  }
}

template <class... Values>
void NaiveModel::expect(bool holds, const char* format, const Values&... values) {
  if (!holds) complain(format, values...);
}

}  // namespace permitd::tests
