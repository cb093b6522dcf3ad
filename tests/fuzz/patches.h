// The input of a fuzz target that needs something valid to begin with: places to change and what to
// write there. An input stays small and still reaches every byte. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace permitd::tests {

/// Applies patches of [offset: 4 bytes][size: 1][bytes] to `bytes`, as many as the input holds.
inline void apply_patches(std::span<const std::uint8_t> input, std::vector<std::byte>& bytes) {
  constexpr std::size_t kHead = 5;
  while (input.size() > kHead && !bytes.empty()) {
    std::uint32_t place = 0;
    std::memcpy(&place, input.data(), sizeof place);
    const std::size_t at = place % bytes.size();
    const std::size_t size =
        std::min({std::size_t{input[4]} % 16 + 1, input.size() - kHead, bytes.size() - at});
    std::memcpy(bytes.data() + at, input.data() + kHead, size);
    input = input.subspan(kHead + size);
  }
}

}  // namespace permitd::tests
