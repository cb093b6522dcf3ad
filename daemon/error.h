// Operating failures as values: what was being done, and what the system said about it.
#pragma once

#include <cerrno>
#include <cstdint>
#include <expected>
#include <string>

namespace permitd::daemon {

enum class ErrorCode : std::uint8_t {
  kSystem,         // a system call failed; see `number`
  kFull,           // no room on the device
  kDamaged,        // bytes that were durable once are not what was written
  kFenced,         // somebody else leads this journal
  kVersion,        // written by a version this one cannot read
  kUnsupported,    // the kernel, or a sandbox, lacks something
  kConfiguration,  // a setting is wrong
};

struct Error {
  ErrorCode code = ErrorCode::kSystem;
  int number = 0;      // errno, 0 when none
  std::string act;     // what failed, with the file and offset where there is one: "write
                       // journal.000003 at 8192"
  std::string remedy;  // what the operator can do, one sentence; may be empty

  /// One line for log and terminal.
  std::string text() const;
};

template <class T>
using Expected = std::expected<T, Error>;

}  // namespace permitd::daemon
