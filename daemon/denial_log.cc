#include "daemon/denial_log.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "daemon/log.h"

namespace permitd::daemon {

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kIntervalSeconds = kDenialIntervalNs / kNsPerSecond;

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * kNsPerSecond + now.tv_nsec;
}

/// A wrong number is an everyday matter, what nobody may do is not.
LogLevel level_of(Denial kind) {
  return kind == Denial::kUnknownNumber ? LogLevel::kNotice : LogLevel::kWarning;
}

}  // namespace

DenialLog::~DenialLog() {
  for (Peer& peer : peers_)
    if (peer.untold != 0) tell(peer);
}

void DenialLog::note(Denial kind, std::string_view who, std::string_view what) {
  note_at(kind, who, what, monotonic_ns());
}

void DenialLog::note_at(Denial kind, std::string_view who, std::string_view what,
                        std::int64_t now_ns) {
  const auto found = std::ranges::find_if(
      peers_, [&](const Peer& peer) { return peer.kind == kind && peer.who == who; });
  if (found != peers_.end()) {
    found->untold += 1;
    found->total += 1;
    found->last = what;
    return;
  }
  if (peers_.size() == kDenialPeersMax) {
    further_ += 1;
    return;
  }
  peers_.push_back({kind, std::string(who), std::string(what), now_ns, 0, 1});
  next_due_ns_ = std::min(next_due_ns_, now_ns + kDenialIntervalNs);
  log_line(level_of(kind), "{} {}", who, what);
}

void DenialLog::tell(Peer& peer) {
  log_line(level_of(peer.kind), "{} {} ({} like it in {} s, {} since the first)", peer.who,
           peer.last, peer.untold, kIntervalSeconds, peer.total);
  peer.untold = 0;
}

void DenialLog::tell_at(std::int64_t now_ns) {
  if (now_ns < next_due_ns_) return;
  next_due_ns_ = INT64_MAX;
  for (std::size_t i = 0; i < peers_.size();) {
    Peer& peer = peers_[i];
    if (now_ns - peer.begin_ns >= kDenialIntervalNs) {
      if (peer.untold == 0) {
        std::swap(peer, peers_.back());
        peers_.pop_back();
        continue;
      }
      tell(peer);
      peer.begin_ns = now_ns;
    }
    next_due_ns_ = std::min(next_due_ns_, peer.begin_ns + kDenialIntervalNs);
    ++i;
  }
  if (const std::uint64_t further = std::exchange(further_, 0); further != 0) {
    log_line(LogLevel::kWarning, "{} more denials of peers beyond the {} that are told apart",
             further, kDenialPeersMax);
  }
}

std::int64_t DenialLog::wait_ns(std::int64_t now_ns) const {
  return next_due_ns_ == INT64_MAX ? -1 : std::max<std::int64_t>(0, next_due_ns_ - now_ns);
}

}  // namespace permitd::daemon
