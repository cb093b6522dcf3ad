#include "daemon/error.h"

#include <fmt/format.h>

#include <cstring>

namespace permitd::daemon {

namespace {

const char* name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kSystem:
      return "system error";
    case ErrorCode::kFull:
      return "device full";
    case ErrorCode::kDamaged:
      return "damaged";
    case ErrorCode::kFenced:
      return "in use";
    case ErrorCode::kVersion:
      return "version not supported";
    case ErrorCode::kUnsupported:
      return "not supported here";
    case ErrorCode::kConfiguration:
      return "wrong setting";
  }
  return "error";
}

}  // namespace

std::string Error::text() const {
  std::string line = fmt::format("{}: {}", name_of(code), act);
  if (number != 0) {
    char buffer[128];
    line += fmt::format(" ({}, errno {})", strerror_r(number, buffer, sizeof buffer), number);
  }
  if (!remedy.empty()) line += fmt::format(". {}", remedy);
  return line;
}

}  // namespace permitd::daemon
