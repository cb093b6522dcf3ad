// The kinds of faults that a simulation makes, and how often each of them really came about.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace permitd::tests {

enum class Fault : std::uint8_t {
  // The machine.
  kPowerCut,
  kKill,
  kOrderlyStop,
  kCutInRecovery,
  kCutInCall,    // inside a system call, its effect half done
  kTornWrite,    // of a write under way some sectors survived, others did not
  kLostCache,    // bytes written and not synced were gone after a cut
  kLostRename,   // a name that was given and not synced was gone after a cut
  kOrphanWrite,  // a killed process's write arrived after its successor had begun
  // The disk.
  kWriteError,
  kShortWrite,
  kSyncError,
  kReadError,
  kNoSpace,
  kLostWrite,
  kMisdirectedWrite,
  kLatentCorruption,
  kBitRot,
  kSnapshotRot,
  kReordered,
  kSlowDisk,
  // Clocks and peers.
  kClockForward,
  kClockBack,
  kReconnectStorm,
  kDuplicate,
  kReorderedRequest,
  kLostReply,
  kHalfOpen,
  kRingFull,
  kLostConnection,  // with calls under way, to a daemon that goes on
  kLiveStorm,       // everybody came back to it at once
};
inline constexpr std::size_t kFaultCount = 31;

std::string_view name_of(Fault fault);

using FaultMask = std::uint64_t;
constexpr FaultMask bit_of(Fault fault) { return FaultMask{1} << static_cast<unsigned>(fault); }
inline constexpr FaultMask kEveryFault = (FaultMask{1} << kFaultCount) - 1;

struct FaultCounts {
  std::array<std::uint64_t, kFaultCount> counts{};
  void add(Fault fault) { counts[static_cast<std::size_t>(fault)] += 1; }
  std::uint64_t of(Fault fault) const { return counts[static_cast<std::size_t>(fault)]; }
  void add_all(const FaultCounts& other) {
    for (std::size_t index = 0; index < kFaultCount; ++index) counts[index] += other.counts[index];
  }
};

}  // namespace permitd::tests
