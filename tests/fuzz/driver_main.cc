// Runs a fuzz target without libFuzzer, so that every build and sanitizer does it: first the kept
// inputs, then changed ones. What aborts is the target's business; the driver says which input it
// was. To search for long is libFuzzer's, see script/fuzz.
//
//   <name>_fuzz [--rounds=N] [--seed=N] FILE-OR-DIRECTORY …
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/seeded.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kInputSizeMax = 16 * 1024;

// Said by the handler of SIGABRT, which may not allocate.
char case_now[160];
const Input* input_now = nullptr;

void say_case(int) {
  (void)!write(STDERR_FILENO, case_now, std::strlen(case_now));
  if (std::FILE* file = std::fopen("fuzz-failure.bin", "wb")) {
    std::fwrite(input_now->data(), 1, input_now->size(), file);
    std::fclose(file);
  }
}

std::vector<std::filesystem::path> files_of(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Input read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void change(Input& input, const Input& other, permitd::tests::Chance& chance) {
  const std::uint32_t way = chance.below(6U);
  const std::size_t at = chance.below(input.size() + 1);
  const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
  if (way == 0 || input.empty()) {
    input.insert(place, static_cast<std::uint8_t>(chance.below(256)));
  } else if (way == 1 && at < input.size()) {
    input[at] ^= static_cast<std::uint8_t>(1U << chance.below(8U));
  } else if (way == 2 && at < input.size()) {
    input[at] = static_cast<std::uint8_t>(chance.below(256));
  } else if (way == 3) {
    const std::size_t size = std::min<std::size_t>(chance.below(16U), input.size() - at);
    input.erase(place, place + static_cast<std::ptrdiff_t>(size));
  } else if (way == 4 && !other.empty()) {
    const std::size_t from = chance.below(other.size());
    const std::size_t size = std::min<std::size_t>(chance.below(32U), other.size() - from);
    const auto first = other.begin() + static_cast<std::ptrdiff_t>(from);
    input.insert(place, first, first + static_cast<std::ptrdiff_t>(size));
  } else if (at + 8 <= input.size()) {
    static constexpr std::uint64_t kEdges[] = {0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, UINT64_MAX};
    std::memcpy(input.data() + at, &kEdges[chance.below(std::size(kEdges))], 8);
  }
  if (input.size() > kInputSizeMax) input.resize(kInputSizeMax);
}

void run(const Input& input, const std::string& name) {
  std::snprintf(case_now, sizeof case_now, "failed at %s; kept as fuzz-failure.bin\n",
                name.c_str());
  input_now = &input;
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int count, char** arguments) {
  std::uint64_t rounds = 0;
  std::uint64_t seed = 1;
  std::vector<Input> kept;
  std::signal(SIGABRT, say_case);
  for (int index = 1; index < count; ++index) {
    const std::string argument = arguments[index];
    if (argument.starts_with("--rounds=")) {
      rounds = std::strtoull(argument.c_str() + 9, nullptr, 10);
    } else if (argument.starts_with("--seed=")) {
      seed = std::strtoull(argument.c_str() + 7, nullptr, 10);
    } else {
      for (const auto& path : files_of(argument)) {
        kept.push_back(read_file(path));
        run(kept.back(), path.string());
      }
    }
  }
  if (kept.empty()) kept.emplace_back();
  permitd::tests::Chance chance(seed);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    Input input = kept[chance.below(kept.size())];
    const Input& other = kept[chance.below(kept.size())];
    const std::uint32_t changes = chance.between(1U, 8U);
    for (std::uint32_t index = 0; index < changes; ++index) change(input, other, chance);
    run(input, "round " + std::to_string(round) + " of seed " + std::to_string(seed));
  }
  std::printf("%zu kept inputs, %llu changed ones\n", kept.size(),
              static_cast<unsigned long long>(rounds));
  return 0;
}
