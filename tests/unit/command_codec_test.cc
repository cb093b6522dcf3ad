// Goal: what is encoded comes back as it was, and nothing else is taken for a command. Method:
// every kind with random bodies, every cut and every changed byte of the heads; golden values pin
// the format.
#include "protocol/command_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace permitd::protocol {
namespace {

using scheduler::Command;
using scheduler::CommandKind;
using scheduler::Op;
using scheduler::Tick;

std::vector<CommandKind> all_kinds() {
  std::vector<CommandKind> kinds;
  for (int number = 0; number < 256; ++number) {
    const auto kind = static_cast<CommandKind>(number);
    if (scheduler::body_size(kind) != 0) kinds.push_back(kind);
  }
  return kinds;
}

Command random_command(CommandKind kind, std::mt19937_64& random) {
  Command command;
  command.kind = kind;
  command.actor = {static_cast<scheduler::ActorKind>(random() % 6),
                   static_cast<std::uint32_t>(random())};
  command.key = {random(), random()};
  for (std::size_t index = 0; index < scheduler::body_size(kind); ++index) {
    command.body.bytes[index] = static_cast<std::byte>(random());
  }
  return command;
}

void stamp(Command& command, Op op, Tick now, std::uint64_t batch_seed) {
  command.op = op;
  command.now = now;
  command.seed = seed_of(batch_seed, op);
}

bool same(const Command& left, const Command& right) {
  return left.op == right.op && left.now == right.now && left.seed == right.seed &&
         left.key == right.key && left.actor == right.actor && left.kind == right.kind &&
         left.body.bytes == right.body.bytes;
}

TEST(CommandCodec, EveryKindComesBackByteForByte) {
  std::mt19937_64 random(1);
  const auto kinds = all_kinds();
  ASSERT_EQ(kinds.size(), 60U);
  std::vector<Command> commands;
  std::vector<std::byte> payload;
  for (int round = 0; round < 50; ++round) {
    for (const CommandKind kind : kinds) commands.push_back(random_command(kind, random));
  }
  for (const Command& command : commands) {
    std::byte buffer[kEncodedCommandSizeMax];
    const std::size_t size = encode_command(command, buffer);
    ASSERT_EQ(size, encoded_size(command.kind));
    payload.insert(payload.end(), buffer, buffer + size);
  }
  CommandDecoder decoder(payload, Op{1000}, Tick{77}, 99);
  Command decoded;
  std::memset(static_cast<void*>(&decoded), 0xEE,
              sizeof decoded);  // whatever was in it before is gone afterwards
  for (std::size_t index = 0; index < commands.size(); ++index) {
    ASSERT_TRUE(decoder.next(decoded));
    stamp(commands[index], Op{1000 + index}, Tick{77}, 99);
    ASSERT_TRUE(same(decoded, commands[index])) << index;
  }
  EXPECT_FALSE(decoder.next(decoded));
  EXPECT_FALSE(decoder.is_broken());
}

TEST(CommandCodec, TheFormatDoesNotChange) {
  Command command;
  command.kind = CommandKind::kStart;
  command.actor = {scheduler::ActorKind::kExpert, 0x01020304};
  command.key = {0x1112131415161718, 0x2122232425262728};
  command.body.start = {scheduler::JobId{0x3132333435363738},
                        scheduler::LeaseToken{0x4142434445464748}};
  std::byte bytes[kEncodedCommandSizeMax];
  ASSERT_EQ(encode_command(command, bytes), 40U);
  const std::uint8_t expected[40] = {0x34, 0x02, 0x10, 0x00, 0x04, 0x03, 0x02, 0x01, 0x18, 0x17,
                                     0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x28, 0x27, 0x26, 0x25,
                                     0x24, 0x23, 0x22, 0x21, 0x38, 0x37, 0x36, 0x35, 0x34, 0x33,
                                     0x32, 0x31, 0x48, 0x47, 0x46, 0x45, 0x44, 0x43, 0x42, 0x41};
  EXPECT_EQ(std::memcmp(bytes, expected, sizeof expected), 0);
}

TEST(CommandCodec, SeedsArePinned) {
  EXPECT_EQ(seed_of(0, Op{1}), 0xE220A8397B1DCDAFU);  // first output of splitmix64 seeded with 0
  EXPECT_EQ(seed_of(0, Op{2}), 0x6E789E6AA1B965F4U);  // and its second
  EXPECT_NE(seed_of(1, Op{1}), seed_of(0, Op{1}));
}

TEST(CommandCodec, NothingIsWrittenWhereItDoesNotFit) {
  std::mt19937_64 random(2);
  for (const CommandKind kind : all_kinds()) {
    const Command command = random_command(kind, random);
    std::byte buffer[kEncodedCommandSizeMax] = {};
    for (std::size_t room = 0; room < encoded_size(kind); ++room) {
      ASSERT_EQ(encode_command(command, std::span(buffer).first(room)), 0U);
      ASSERT_EQ(buffer[0], std::byte{0});
    }
  }
}

TEST(CommandCodec, ACutPayloadIsBrokenUnlessItIsCutBetweenCommands) {
  std::mt19937_64 random(3);
  std::vector<std::byte> payload;
  std::vector<std::size_t> edges{0};
  for (const CommandKind kind : all_kinds()) {
    std::byte buffer[kEncodedCommandSizeMax];
    const std::size_t size = encode_command(random_command(kind, random), buffer);
    payload.insert(payload.end(), buffer, buffer + size);
    edges.push_back(payload.size());
  }
  for (std::size_t cut = 0; cut <= payload.size(); ++cut) {
    CommandDecoder decoder(std::span<const std::byte>(payload.data(), cut), Op{1}, Tick{}, 0);
    Command command;
    std::size_t count = 0;
    while (decoder.next(command)) ++count;
    const auto edge = std::upper_bound(edges.begin(), edges.end(), cut) - 1;
    ASSERT_EQ(count, static_cast<std::size_t>(edge - edges.begin()));
    ASSERT_EQ(decoder.is_broken(), *edge != cut);
    ASSERT_EQ(decoder.rest_size(), cut - *edge);
  }
}

TEST(CommandCodec, UnknownKindsAndWrongSizesAreNoCommands) {
  std::byte bytes[kEncodedCommandSizeMax];
  std::mt19937_64 random(4);
  const std::size_t size = encode_command(random_command(CommandKind::kStart, random), bytes);
  for (int kind = 0; kind < 256; ++kind) {
    for (const std::uint16_t body_size :
         std::initializer_list<std::uint16_t>{0, 8, 16, 24, 199, 200, 0xFFFF}) {
      bytes[0] = static_cast<std::byte>(kind);
      std::memcpy(bytes + 2, &body_size, sizeof body_size);
      CommandDecoder decoder(bytes, Op{1}, Tick{}, 0);
      Command command;
      const bool right =
          body_size != 0 && scheduler::body_size(static_cast<CommandKind>(kind)) == body_size;
      ASSERT_EQ(decoder.next(command), right) << kind << " " << body_size;
      ASSERT_EQ(decoder.is_broken(), !right);
    }
  }
  EXPECT_EQ(size, 40U);
}

}  // namespace
}  // namespace permitd::protocol
