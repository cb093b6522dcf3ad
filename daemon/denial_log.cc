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
  for (Peer& peer : peers_) tell(peer);
}

void DenialLog::note(Denial kind, std::string_view who, std::string_view what,
                     std::string_view where, std::string_view at_once) {
  note_at(kind, who, what, monotonic_ns(), where, at_once);
}

void DenialLog::note_at(Denial kind, std::string_view who, std::string_view what,
                        std::int64_t now_ns, std::string_view where, std::string_view at_once) {
  const auto found = std::ranges::find_if(
      peers_, [&](const Peer& peer) { return peer.kind == kind && peer.who == who; });
  if (found != peers_.end()) return count(*found, what, where);
  if (peers_.size() == kDenialPeersMax) {
    further_ += 1;
    return;
  }
  peers_.push_back({kind, std::string(who), now_ns, {}, 0});
  peers_.back().counts.push_back({std::string(what), std::string(where), 0, 1});
  next_due_ns_ = std::min(next_due_ns_, now_ns + kDenialIntervalNs);
  log_line(level_of(kind), "{} {}{}", who, where, at_once.empty() ? what : at_once);
}

void DenialLog::count(Peer& peer, std::string_view what, std::string_view where) {
  const auto found = std::ranges::find(peer.counts, what, &Count::what);
  if (found != peer.counts.end()) {
    found->where = where;
    found->untold += 1;
    found->total += 1;
  } else if (peer.counts.size() < kDenialKindsMax) {
    peer.counts.push_back({std::string(what), std::string(where), 1, 1});
  } else {
    peer.further += 1;
  }
}

bool DenialLog::is_quiet(const Peer& peer) {
  return peer.further == 0 &&
         std::ranges::all_of(peer.counts, [](const Count& count) { return count.untold == 0; });
}

/// Forgets what was not denied again within the interval.
void DenialLog::tell(Peer& peer) {
  std::erase_if(peer.counts, [](const Count& count) { return count.untold == 0; });
  for (Count& count : peer.counts) {
    log_line(level_of(peer.kind), "{} {}{} ({}× in {} s, {} since the first)", peer.who,
             count.where, count.what, std::exchange(count.untold, 0), kIntervalSeconds,
             count.total);
  }
  if (const std::uint64_t further = std::exchange(peer.further, 0); further != 0) {
    log_line(level_of(peer.kind),
             "{}: further denials: {}, beyond the {} kinds that are told apart", peer.who, further,
             kDenialKindsMax);
  }
}

void DenialLog::tell_at(std::int64_t now_ns) {
  if (now_ns < next_due_ns_) return;
  next_due_ns_ = INT64_MAX;
  for (std::size_t i = 0; i < peers_.size();) {
    Peer& peer = peers_[i];
    if (now_ns - peer.begin_ns >= kDenialIntervalNs) {
      if (is_quiet(peer)) {
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
    log_line(LogLevel::kWarning, "further denials: {}, of peers beyond the {} that are told apart",
             further, kDenialPeersMax);
  }
}

std::int64_t DenialLog::wait_ns(std::int64_t now_ns) const {
  return next_due_ns_ == INT64_MAX ? -1 : std::max<std::int64_t>(0, next_due_ns_ - now_ns);
}

}  // namespace permitd::daemon
