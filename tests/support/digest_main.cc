// permitd_digest: runs generated commands for a seed and prints the digest of the state they leave,
// so that builds by different compilers and at different optimisation can be compared line by line.
//
//   permitd_digest [--seed=N] [--commands=N] [--every=N]     --every prints intermediate digests,
//   too
#include <fmt/core.h>
#include <xxhash.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "scheduler/scheduler.h"
#include "tests/support/command_generator.h"

namespace permitd::tests {
namespace {

class DigestSink final : public scheduler::StateSink {
 public:
  DigestSink() : hash_(XXH3_createState()) { XXH3_128bits_reset(hash_); }
  ~DigestSink() override { XXH3_freeState(hash_); }
  DigestSink(const DigestSink&) = delete;
  DigestSink& operator=(const DigestSink&) = delete;

  void write(std::span<const std::byte> bytes) override {
    XXH3_128bits_update(hash_, bytes.data(), bytes.size());
  }
  XXH128_hash_t digest() const { return XXH3_128bits_digest(hash_); }

 private:
  XXH3_state_t* hash_;
};

struct Arguments {
  std::uint64_t seed = 1;
  std::uint64_t commands = 10'000;
  std::uint64_t every = 0;
};

bool parse(const char* argument, const char* name, std::uint64_t& value) {
  const std::size_t size = std::strlen(name);
  if (std::strncmp(argument, name, size) != 0) return false;
  char* end = nullptr;
  value = std::strtoull(argument + size, &end, 0);
  return end != argument + size && *end == '\0';
}

void print_digest(const scheduler::Scheduler& scheduler) {
  DigestSink sink;
  scheduler.write_state(sink);
  const XXH128_hash_t digest = sink.digest();
  fmt::print("{} {:016x}{:016x}\n", raw(scheduler.op_applied()), digest.high64, digest.low64);
}

void run(const Arguments& arguments) {
  scheduler::Scheduler scheduler;
  CommandGenerator generator;
  std::uint64_t done = 0;
  for (const Step& step : steps_of(arguments.seed, arguments.commands)) {
    const scheduler::Command command = generator.make(step, scheduler);
    scheduler::Command tick;
    while (make_due_tick(scheduler, command.now, tick)) scheduler.apply(tick);
    scheduler::Command stamped = command;
    stamped.op = scheduler::Op{raw(scheduler.op_applied()) + 1};
    scheduler.apply(stamped);
    if (arguments.every > 0 && ++done % arguments.every == 0) print_digest(scheduler);
  }
  print_digest(scheduler);
}

}  // namespace
}  // namespace permitd::tests

int main(int argc, char** argv) {
  permitd::tests::Arguments arguments;
  for (int index = 1; index < argc; ++index) {
    if (!permitd::tests::parse(argv[index], "--seed=", arguments.seed) &&
        !permitd::tests::parse(argv[index], "--commands=", arguments.commands) &&
        !permitd::tests::parse(argv[index], "--every=", arguments.every)) {
      fmt::print(stderr, "usage: permitd_digest [--seed=N] [--commands=N] [--every=N]\n");
      return 2;
    }
  }
  permitd::tests::run(arguments);
  return 0;
}
