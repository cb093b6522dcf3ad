// Goal: no bytes in a snapshot file crash its reader; what it gives out is what was written, and
// what it refuses is called damage or another version. Method: patches on a valid file, or the
// input as the whole file when its first byte is odd.
#include <fcntl.h>

#include <cstdlib>

#include "daemon/snapshot_file.h"
#include "tests/fuzz/patches.h"
#include "tests/sim/simulated_calls.h"

namespace permitd::tests {
namespace {

using daemon::ErrorCode;
using scheduler::Op;

constexpr std::size_t kStateSize = 3000;

std::vector<std::byte> valid_state() {
  std::vector<std::byte> state(kStateSize);
  Chance chance(3);
  for (std::byte& byte : state) byte = static_cast<std::byte>(chance.below(256));
  return state;
}

void require(bool holds) {
  if (!holds) std::abort();
}

void judge(const daemon::JournalDirectory& directory, const std::vector<std::byte>& state) {
  (void)daemon::list_snapshots(directory);
  auto reader = daemon::open_snapshot(directory, Op{7});
  const auto is_known = [](const daemon::Error& error) {
    return error.code == ErrorCode::kDamaged || error.code == ErrorCode::kVersion;
  };
  if (!reader) return require(is_known(reader.error()));
  if ((*reader)->mark().size > 2 * kStateSize) return;  // a claim that the file's size bears out
  std::vector<std::byte> read((*reader)->mark().size);
  const auto done = (*reader)->read(read);
  if (!done) return require(is_known(done.error()));
  if (read.size() == state.size()) require(read == state);
}

void run(std::span<const std::uint8_t> input) {
  FaultCounts counts;
  SimulatedDisk disk(counts);
  MountedDisk mount(disk, 1);
  auto directory = daemon::JournalDirectory::open(kSimulatedPath);
  const std::vector<std::byte> state = valid_state();
  auto writer = daemon::create_snapshot(*directory, Op{7});
  require(writer && (*writer)->write(state) && (*writer)->commit());
  const auto file = disk.find(disk.names_at(kSimulatedPath).front());
  std::vector<std::byte> bytes(file->size());
  file->read(0, bytes);
  if (!input.empty() && (input[0] & 1) != 0) {
    const auto whole = std::as_bytes(input.subspan(1));
    bytes.assign(whole.begin(), whole.end());
    file->resize(0);
  } else if (!input.empty()) {
    apply_patches(input.subspan(1), bytes);
  }
  file->write(0, bytes, true);
  judge(*directory, state);
}

}  // namespace
}  // namespace permitd::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  permitd::tests::run({data, size});
  return 0;
}
