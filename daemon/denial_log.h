// Denials in the log, told apart by who was denied what: each peer has lines of its own, so that a
// flood by one hides nothing of another's, and each command a line, so that many of one hide no
// other. The first of a peer is written at once, what follows is counted and told in one line per
// command and interval, with the sum. Rpc thread only.
//
// Bounds: kDenialPeersMax peers are told apart at a time, and kDenialKindsMax of what each was
// denied; what is beyond is one number, of all peers or of the one. So a peer has a line at once
// and then kDenialKindsMax + 1 an interval at the most. Who asks for sessions is denied roles, of
// which there are five, not numbers: one that tries them all has five lines an interval.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace permitd::daemon {

enum class Denial : std::uint8_t {
  kSession,        // asked for by somebody who may not be that
  kCall,           // not for this actor, or outside its districts
  kUnknownNumber,  // names what is not there for this actor
};

inline constexpr std::size_t kDenialPeersMax = 256;
inline constexpr std::size_t kDenialKindsMax = 64;  // commands and rules: a few dozen
inline constexpr std::int64_t kDenialIntervalNs = 10'000'000'000;

class DenialLog {
 public:
  DenialLog() { peers_.reserve(kDenialPeersMax); }
  ~DenialLog();  // tells what is counted
  DenialLog(const DenialLog&) = delete;
  DenialLog& operator=(const DenialLog&) = delete;

  /// `who` tells peers apart: "office 17"; `what` goes on with the sentence: "was denied hold:
  /// job". `where` stands between them and tells nothing apart, as a peer comes from many ports.
  /// `at_once`, where given, stands for `what` in the line of the first of a peer alone: it may
  /// name what must tell nothing apart.
  void note(Denial kind, std::string_view who, std::string_view what, std::string_view where = {},
            std::string_view at_once = {});
  /// The same at a given moment of the monotonic clock, nanoseconds.
  void note_at(Denial kind, std::string_view who, std::string_view what, std::int64_t now_ns,
               std::string_view where = {}, std::string_view at_once = {});
  /// Tells what was counted in intervals that are over. Once a turn.
  void tell_at(std::int64_t now_ns);
  /// Until there will be something to tell, nanoseconds; −1: nothing is counted.
  std::int64_t wait_ns(std::int64_t now_ns) const;

 private:
  struct Count {
    std::string what;
    std::string where;         // of the newest
    std::uint64_t untold = 0;  // within the interval
    std::uint64_t total = 0;   // since the first, without a whole interval of quiet
  };
  struct Peer {
    Denial kind = Denial::kCall;
    std::string who;
    std::int64_t begin_ns = 0;  // of its interval
    std::vector<Count> counts;
    std::uint64_t further = 0;  // of kinds that found no place
  };
  static void count(Peer& peer, std::string_view what, std::string_view where);
  static bool is_quiet(const Peer& peer);
  static void tell(Peer& peer);

  std::vector<Peer> peers_;
  std::uint64_t further_ = 0;  // of peers that found no place
  std::int64_t next_due_ns_ = INT64_MAX;
};

}  // namespace permitd::daemon
