#include "protocol/command_codec.h"

#include <array>
#include <bit>
#include <cstring>

#include "scheduler/assert.h"

namespace permitd::protocol {

using scheduler::Command;
using scheduler::CommandKind;

static_assert(std::endian::native == std::endian::little,
              "the formats are written as they lie in memory");

namespace {

constexpr std::size_t kKindCount = 256;

// body_size() as a table: one load per command.
const std::array<std::uint16_t, kKindCount>& body_sizes() {
  static const std::array<std::uint16_t, kKindCount> sizes = [] {
    std::array<std::uint16_t, kKindCount> table{};
    for (std::size_t kind = 0; kind < kKindCount; ++kind) {
      table[kind] =
          static_cast<std::uint16_t>(scheduler::body_size(static_cast<CommandKind>(kind)));
      PERMIT_ASSERT(table[kind] <= sizeof(scheduler::CommandBody), kind, table[kind]);
    }
    return table;
  }();
  return sizes;
}

}  // namespace

std::size_t encoded_size(CommandKind kind) {
  const std::size_t body = body_sizes()[static_cast<std::uint8_t>(kind)];
  return body == 0 ? 0 : sizeof(CommandHead) + body;
}

std::size_t encode_command(const Command& command, std::span<std::byte> out) {
  const std::size_t size = encoded_size(command.kind);
  PERMIT_ASSERT(size != 0, command.kind);
  if (out.size() < size) return 0;
  CommandHead head;
  head.kind = static_cast<std::uint8_t>(command.kind);
  head.actor_kind = static_cast<std::uint8_t>(command.actor.kind);
  head.body_size = static_cast<std::uint16_t>(size - sizeof head);
  head.actor_id = command.actor.id;
  head.key_high = command.key.high;
  head.key_low = command.key.low;
  std::memcpy(out.data(), &head, sizeof head);
  std::memcpy(out.data() + sizeof head, command.body.bytes.data(), head.body_size);
  return size;
}

bool CommandDecoder::next(Command& out) {
  if (rest_.empty() || broken_) return false;
  CommandHead head;
  broken_ = rest_.size() < sizeof head;
  if (broken_) return false;
  std::memcpy(&head, rest_.data(), sizeof head);
  const std::size_t size = sizeof head + head.body_size;
  broken_ = head.body_size == 0 || head.body_size != body_sizes()[head.kind] || rest_.size() < size;
  if (broken_) return false;
  out.op = static_cast<scheduler::Op>(op_);
  out.now = now_;
  out.seed = seed_of(batch_seed_, out.op);
  out.key = {head.key_high, head.key_low};
  out.actor.kind = static_cast<scheduler::ActorKind>(head.actor_kind);
  out.actor.id = head.actor_id;
  out.kind = static_cast<CommandKind>(head.kind);
  std::memset(out.reserved, 0, sizeof out.reserved);
  std::byte* const body = out.body.bytes.data();
  std::memcpy(body, rest_.data() + sizeof head, head.body_size);
  std::memset(body + head.body_size, 0, sizeof out.body - head.body_size);
  rest_ = rest_.subspan(size);
  ++op_;
  return true;
}

}  // namespace permitd::protocol
