// What a command costs on its way to the disk: encoding, decoding, sealing and checking a frame.
#include <benchmark/benchmark.h>

#include <vector>

#include "protocol/command_codec.h"
#include "protocol/journal_format.h"

namespace permitd::protocol {
namespace {

scheduler::Command submission() {
  scheduler::Command command;
  command.kind = scheduler::CommandKind::kSubmitCase;
  command.key = {7, 11};
  command.actor = {scheduler::ActorKind::kOffice, 101};
  command.body.submit_case = scheduler::SubmitCase{};
  command.body.submit_case.floors = 5;
  return command;
}

void encode_submission(benchmark::State& state) {
  const scheduler::Command command = submission();
  std::vector<std::byte> out(kEncodedCommandSizeMax);
  std::size_t size = 0;
  for (auto _ : state) {
    size = encode_command(command, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(size);
}
BENCHMARK(encode_submission);

void decode_submission(benchmark::State& state) {
  std::vector<std::byte> payload(kEncodedCommandSizeMax * 64);
  std::size_t size = 0;
  for (int i = 0; i < 64; ++i)
    size += encode_command(submission(), std::span(payload).subspan(size));
  payload.resize(size);
  scheduler::Command command;
  for (auto _ : state) {
    CommandDecoder decoder(payload, scheduler::Op{1}, scheduler::Tick{1}, 42);
    while (decoder.next(command)) benchmark::DoNotOptimize(command);
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(decode_submission);

FrameHeader header_of(std::size_t payload_size) {
  FrameHeader header;
  header.frame = 1;
  header.first_op = 1;
  header.op_count = 1;
  header.payload_size = static_cast<std::uint32_t>(payload_size);
  return header;
}

void seal_frame(benchmark::State& state) {
  const std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)), std::byte{7});
  FrameHasher hasher;
  FrameHeader header = header_of(payload.size());
  for (auto _ : state) {
    seal(header, payload, hasher);
    benchmark::DoNotOptimize(header);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(seal_frame)->Arg(160)->Arg(4096)->Arg(64 << 10)->Arg(1 << 20);

void check_frame(benchmark::State& state) {
  const std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)), std::byte{7});
  FrameHasher hasher;
  FrameHeader header = header_of(payload.size());
  seal(header, payload, hasher);
  for (auto _ : state) {
    if (!is_whole(header, payload, hasher)) state.SkipWithError("a sealed frame is not whole");
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(check_frame)->Arg(4096)->Arg(1 << 20);

}  // namespace
}  // namespace permitd::protocol
