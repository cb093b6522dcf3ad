// Commands as bytes: the payload of a journal batch is the concatenation of its encoded commands.
//
// A command is a head of 24 bytes and the body of its kind, little-endian, without padding. What
// the batch implies is not written: op = first op + index, the time is the batch's, the seed is
// seed_of(batch, op). Pure functions, any thread. Decoding checks kinds and sizes; values are the
// core's to judge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "scheduler/command.h"

namespace permitd::protocol {

/// First bytes of an encoded command; the body follows.
struct CommandHead {
  std::uint8_t kind = 0;
  std::uint8_t actor_kind = 0;
  std::uint16_t body_size =
      0;  // redundant with `kind`, so that a reader can tell damage from a new kind
  std::uint32_t actor_id = 0;
  std::uint64_t key_high = 0;
  std::uint64_t key_low = 0;
};
static_assert(sizeof(CommandHead) == 24);

inline constexpr std::size_t kEncodedCommandSizeMax =
    sizeof(CommandHead) + sizeof(scheduler::CommandBody);
static_assert(kEncodedCommandSizeMax == 224);

/// Bytes encode_command() needs for a command of this kind; 0 for a kind that does not exist.
std::size_t encoded_size(scheduler::CommandKind kind);

/// Appends `command` to the front of `out` and returns the bytes used; 0 when `out` is too small.
/// Pre: the kind exists.
std::size_t encode_command(const scheduler::Command& command, std::span<std::byte> out);

/// The seed of one command of a batch: a splitmix64 step keyed by the op. The same on every
/// machine.
constexpr std::uint64_t seed_of(std::uint64_t batch_seed, scheduler::Op op) {
  std::uint64_t mixed = batch_seed + 0x9E3779B97F4A7C15U * scheduler::raw(op);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31);
}

/// Takes the commands of one payload out in order, stamped. The payload must outlive the decoder.
class CommandDecoder {
 public:
  CommandDecoder(std::span<const std::byte> payload, scheduler::Op first_op, scheduler::Tick now,
                 std::uint64_t batch_seed)
      : rest_(payload), op_(scheduler::raw(first_op)), now_(now), batch_seed_(batch_seed) {}

  /// Overwrites `out` with the next command. False at the end, or where the bytes are not a
  /// command.
  [[nodiscard]] bool next(scheduler::Command& out);
  /// True when next() ended at something that is not a command.
  bool is_broken() const { return broken_; }
  /// Bytes not decoded yet.
  std::size_t rest_size() const { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  std::uint64_t op_;
  scheduler::Tick now_;
  std::uint64_t batch_seed_;
  bool broken_ = false;
};

}  // namespace permitd::protocol
