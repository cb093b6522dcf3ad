// System calls that fail when a test says so: the n-th of a run, once, at every later call from the
// same place, or every call from there on. Without a plan it counts, so that a test learns what
// calls a run makes and from where. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace permitd::tests {

/// How long a call goes on failing.
enum class Lasting : std::uint8_t {
  kOnce,
  kAtThisPlace,  // whatever calls from the same place
  kEverywhere,   // the device is gone
};

/// What a failing call does instead of failing, in place of an errno: a half of what was asked for,
/// a byte at least, or nothing at all.
inline constexpr int kShortCall = -1;
inline constexpr int kEmptyCall = -2;

struct CallFailure {
  std::uint64_t call = 0;  // number of the first call that fails, from 1; 0: none
  int number = 0;          // errno, kShortCall or kEmptyCall
  Lasting lasting = Lasting::kOnce;
};

/// A call that was made.
struct CallNote {
  const char* name = "";        // of the function
  std::string file;             // or directory
  const void* place = nullptr;  // return address
  const char* phase = "";       // what the test was doing
  std::uint64_t path = 0;       // hash of the return addresses of all callers; noted without a plan
};

class FailingCalls {
 public:
  FailingCalls() = default;
  explicit FailingCalls(const CallFailure& failure)
      : failure_(failure), notes_paths_(failure.call == 0) {}

  /// Notes a call; errno when it fails, kShortCall, kEmptyCall, or 0 when it does what it should.
  int look(const char* name, std::string file, const void* place);
  /// What the test does next.
  void enter(const char* phase) { phase_ = phase; }
  const char* phase() const { return phase_; }
  /// From here on everything works.
  void heal() { failure_ = {}; }

  std::uint64_t failed_count() const { return failed_count_; }
  const std::vector<CallNote>& notes() const { return notes_; }

 private:
  CallFailure failure_;
  bool notes_paths_ = true;
  const char* phase_ = "";
  const void* failing_place_ = nullptr;
  std::uint64_t failed_count_ = 0;
  std::vector<CallNote> notes_;
};

}  // namespace permitd::tests
