#include "scheduler/load_index.h"

namespace permitd::scheduler {

namespace {

// Whether a node number and its key say the same, as every entry that insert() made does.
bool consistent(std::uint32_t node, std::size_t skill, OrderKey key) {
  return key.rank >= 0 && key.rank <= UINT32_MAX && node % kSkillCount == skill &&
         node / kSkillCount == key.id;
}

}  // namespace

bool LoadIndex::read_state(StateSource& source) {
  bool valid = pool_.read_state(source);
  for (std::uint32_t skill = 0; valid && skill < kSkillCount; ++skill) {
    pool_.visit(skill, pool_.count(skill), [&](std::uint32_t node) {
      valid = consistent(node, skill, pool_.key(node));
      return !valid;
    });
  }
  if (!valid) pool_.clear();
  return valid;
}

}  // namespace permitd::scheduler
