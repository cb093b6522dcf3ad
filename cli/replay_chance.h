// Chance in a rehearsal: every draw is a hash of the seed, what is drawn, and whom it concerns.
// There is no sequence, so a draw does not depend on what else was drawn before it, nor on which
// answers came first: the same record meets the same fate in every run. Integers only. Pure.
#pragma once

#include <cstdint>

namespace permitd::cli {

/// What a draw decides. Values are part of the hash: they only grow.
enum class Draw : std::uint8_t {
  kOffice = 1,
  kMinute,
  kOwner,
  kDesigner,
  kEngineer,
  kRelative,
  kPlace,
  kOutcome,
  kEffort,
  kTravel,
  kDecline,
  kDeclineReason,
  kAbsence,
  kAbsenceKind,
  kAbsenceMinute,
  kAnswer,
  kAnswerDelay,
  kDecision,
  kDecisionDelay,
  kFees,
  kFeesDelay,
  kCloseDelay,
  kReferDelay,
  kReleaseDelay,
  kRebook,
  kRebookDay,
  kKey,
};

/// Both ends included.
struct Range {
  std::int32_t from = 0;
  std::int32_t to = 0;
};

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t bits(Draw what, std::uint64_t subject, std::uint64_t ordinal = 0) const;
  /// 0 … count-1. Pre: count > 0.
  std::uint64_t below(std::uint64_t count, Draw what, std::uint64_t subject,
                      std::uint64_t ordinal = 0) const {
    return bits(what, subject, ordinal) % count;
  }
  /// True for `permille` of 1,000.
  bool happens(std::uint32_t permille, Draw what, std::uint64_t subject,
               std::uint64_t ordinal = 0) const {
    return below(1000, what, subject, ordinal) < permille;
  }
  std::int32_t within(Range range, Draw what, std::uint64_t subject,
                      std::uint64_t ordinal = 0) const;
  /// A duration around `minutes`, mean the same, from 0.44 to 2 times as long; at least one minute.
  std::int32_t around(std::int32_t minutes, std::uint64_t subject, std::uint64_t ordinal = 0) const;

 private:
  std::uint64_t seed_;
};

}  // namespace permitd::cli
