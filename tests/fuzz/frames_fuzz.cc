// Goal: no bytes of a peer crash the assembly of messages or make it hold more than it may; what it
// lets through can be walked by Cap'n Proto within its limits. Method: the input as a stream in
// pieces whose sizes its first bytes give.
#include <capnp/any.h>
#include <capnp/message.h>
#include <kj/exception.h>

#include <algorithm>
#include <cstdlib>

#include "protocol/frame_assembler.h"

namespace permitd::protocol {
namespace {

constexpr FrameLimits kLimits{.words_max = 2048, .segments_max = 8};

void walk(FrameAssembler& assembler) {
  while (assembler.has_message()) {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = 4096;
    options.nestingLimit = 16;
    auto message = assembler.take(options);
    // Cap'n Proto says what is wrong with a message by an exception.
    (void)kj::runCatchingExceptions([&] {
      const auto size = message->getRoot<capnp::AnyPointer>().targetSize();
      if (size.wordCount > options.traversalLimitInWords) std::abort();
    });
  }
}

}  // namespace
}  // namespace permitd::protocol

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace permitd::protocol;
  if (size < 2) return 0;
  const std::size_t pieces[] = {std::size_t{data[0]} + 1, std::size_t{data[1]} * 8 + 1};
  std::span<const std::byte> rest = std::as_bytes(std::span(data, size)).subspan(2);
  FrameAssembler assembler(kLimits);
  for (std::size_t turn = 0; !rest.empty(); ++turn) {
    const std::size_t part = std::min(pieces[turn % 2], rest.size());
    if (assembler.feed(rest.first(part)) != FrameFault::kNone) break;
    if (assembler.partial_capacity() > std::max<std::size_t>(2 * size, 256) + 8) std::abort();
    rest = rest.subspan(part);
    if (turn % 3 == 0) walk(assembler);
  }
  walk(assembler);
  return 0;
}
