// Goal: hostile bytes never make the decoder read outside its payload, and whatever it takes for
// commands encodes to the same bytes again. Method: libFuzzer on CommandDecoder.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "protocol/command_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace permitd;
  const std::span<const std::byte> payload(reinterpret_cast<const std::byte*>(data), size);
  protocol::CommandDecoder decoder(payload, scheduler::Op{1}, scheduler::Tick{0}, 0);
  scheduler::Command command;
  std::vector<std::byte> again;
  while (decoder.next(command)) {
    std::byte bytes[protocol::kEncodedCommandSizeMax];
    const std::size_t used = protocol::encode_command(command, bytes);
    again.insert(again.end(), bytes, bytes + used);
  }
  const std::size_t decoded = size - decoder.rest_size();
  if (again.size() != decoded || (decoded != 0 && std::memcmp(again.data(), data, decoded) != 0))
    std::abort();
  if (decoder.is_broken() != (decoder.rest_size() != 0)) std::abort();
  return 0;
}
