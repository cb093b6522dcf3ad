// PERMIT_ASSERT: one invariant per use; on in release builds. It prints the condition and up to a
// few integer values, then aborts: the process restarts and replays its journal. Never judges input
// that came from a client, a file or the network; those are refusals or errors.
#pragma once

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace permitd::scheduler {

namespace assertion {

template <class T>
requires std::integral<T> || std::is_enum_v<T>
void print_value(T value) {
  if constexpr (std::is_enum_v<T>) {
    print_value(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_signed_v<T>) {
    std::fprintf(stderr, " %lld", static_cast<long long>(value));
  } else {
    std::fprintf(stderr, " %llu", static_cast<unsigned long long>(value));
  }
}

template <class... Values>
[[noreturn]] __attribute__((noinline, cold)) void fail(const char* condition, const char* file,
                                                       int line, Values... values) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s", file, line, condition);
  if constexpr (sizeof...(values) > 0) {
    std::fputs(" | values:", stderr);
    (print_value(values), ...);
  }
  std::fputc('\n', stderr);
  std::abort();
}

}  // namespace assertion

}  // namespace permitd::scheduler

#define PERMIT_ASSERT(condition, ...)                                             \
  do {                                                                            \
    if (!(condition)) [[unlikely]]                                                \
      ::permitd::scheduler::assertion::fail(#condition, __FILE__,                 \
                                            __LINE__ __VA_OPT__(, ) __VA_ARGS__); \
  } while (false)
