#include "scheduler/load_index.h"

#include <utility>

#include "scheduler/state_io.h"

namespace permitd::scheduler {

namespace {

constexpr std::uint32_t kSkills = kSkillCount;

// In the bytes an entry is numbered by expert, then skill, so that they do not depend on how many
// experts there is room for.
constexpr std::uint32_t number_of(std::uint64_t expert, std::uint32_t skill) {
  return static_cast<std::uint32_t>(expert * kSkills + skill);
}

}  // namespace

void LoadIndex::reserve(std::uint32_t experts_max) {
  const std::uint32_t wanted = experts_max + 1;
  if (wanted <= stride()) return;
  OrderedPool grown;
  grown.reserve(std::size_t{wanted} * kSkills, kSkills);
  for (std::uint32_t skill = 0; skill < kSkills && stride() != 0; ++skill) {
    pool_.visit(skill, pool_.count(skill), [&](std::uint32_t node) {
      grown.insert(skill, skill * wanted + node % stride(), pool_.key(node));
      return false;
    });
  }
  pool_ = std::move(grown);
}

void LoadIndex::write_state(StateSink& sink) const {
  std::uint32_t occupied = 0;
  for (std::uint32_t skill = 0; skill < kSkills && stride() != 0; ++skill)
    occupied += pool_.count(skill) > 0 ? 1 : 0;
  put_state(sink, occupied);
  for (std::uint32_t skill = 0; skill < kSkills && stride() != 0; ++skill) {
    const std::uint32_t count = pool_.count(skill);
    if (count == 0) continue;
    put_state(sink, skill);
    put_state(sink, count);
    const bool cut = pool_.visit(skill, count, [&](std::uint32_t node) {
      const OrderKey key = pool_.key(node);
      put_state(sink, number_of(key.id, skill));
      put_state(sink, key.rank);
      put_state(sink, key.id);
      return false;
    });
    PERMIT_ASSERT(!cut, skill, count);
  }
}

bool LoadIndex::read_skill(StateSource& source, std::uint32_t skill) {
  std::uint32_t count = 0;
  if (!get_state(source, count) || count == 0 || count > stride()) return false;
  OrderKey last{INT64_MIN, 0};
  for (std::uint32_t index = 0; index < count; ++index) {
    std::uint32_t number = 0;
    OrderKey key;
    if (!get_state(source, number) || !get_state(source, key.rank) || !get_state(source, key.id))
      return false;
    // Number and key say the same, as those of every entry that insert() made do.
    const bool consistent = key.id != 0 && key.id < stride() &&
                            number == number_of(key.id, skill) && key.rank >= 0 &&
                            key.rank <= UINT32_MAX;
    if (!consistent || key <= last) return false;
    const std::uint32_t at = skill * stride() + static_cast<std::uint32_t>(key.id);
    if (pool_.contains(at)) return false;
    pool_.insert(skill, at, key);
    last = key;
  }
  return true;
}

bool LoadIndex::read_state(StateSource& source) {
  clear();
  std::uint32_t occupied = 0;
  std::uint32_t skill = 0;
  if (!get_state(source, occupied) || occupied > kSkills) return false;
  for (std::uint32_t index = 0; index < occupied; ++index) {
    const std::uint32_t last = skill;
    const bool read = get_state(source, skill) && skill < kSkills && (index == 0 || skill > last);
    if (!read || !read_skill(source, skill)) {
      clear();
      return false;
    }
  }
  return true;
}

}  // namespace permitd::scheduler
