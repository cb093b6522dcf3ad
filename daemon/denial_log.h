// Denials in the log, told apart by who was denied: each peer has lines of its own, so that a flood
// by one hides nothing of another's. The first of a peer is written at once, what follows is
// counted and told in one line per interval, with the sum. Rpc thread only.
//
// Bounds: kDenialPeersMax peers are told apart at a time; what others are denied meanwhile is one
// number.
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
inline constexpr std::int64_t kDenialIntervalNs = 10'000'000'000;

class DenialLog {
 public:
  DenialLog() { peers_.reserve(kDenialPeersMax); }
  ~DenialLog();  // tells what is counted
  DenialLog(const DenialLog&) = delete;
  DenialLog& operator=(const DenialLog&) = delete;

  /// `who` tells peers apart: "office 17"; `what` goes on with the sentence: "was denied hold:
  /// job".
  void note(Denial kind, std::string_view who, std::string_view what);
  /// The same at a given moment of the monotonic clock, nanoseconds.
  void note_at(Denial kind, std::string_view who, std::string_view what, std::int64_t now_ns);
  /// Tells what was counted in intervals that are over. Once a turn.
  void tell_at(std::int64_t now_ns);
  /// Until there will be something to tell, nanoseconds; −1: nothing is counted.
  std::int64_t wait_ns(std::int64_t now_ns) const;

 private:
  struct Peer {
    Denial kind = Denial::kCall;
    std::string who;
    std::string last;           // what the newest was
    std::int64_t begin_ns = 0;  // of its interval
    std::uint64_t untold = 0;   // within it
    std::uint64_t total = 0;    // since the first, without a whole interval of quiet
  };
  static void tell(Peer& peer);

  std::vector<Peer> peers_;
  std::uint64_t further_ = 0;  // of peers that found no place
  std::int64_t next_due_ns_ = INT64_MAX;
};

}  // namespace permitd::daemon
