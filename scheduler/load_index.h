// Who is available for a skill, least loaded first: per skill an ordered set of experts by (load in
// parts per million, expert id). An expert may stand in several skills, with one load. Owned by the
// engine thread.
//
// Entries of one skill lie side by side by number: experts with equal loads, as most have, follow
// one another in the order too, so a decision looks at few lines of memory.
//
// Invariant: all entries of one expert carry the load last given to update() or insert().
#pragma once

#include <cstddef>
#include <cstdint>

#include "scheduler/ordered_pool.h"
#include "scheduler/types.h"

namespace permitd::scheduler {

class LoadIndex {
 public:
  /// Makes room for experts 1 … experts_max in every skill, keeping those present. Allocates 144
  /// bytes each.
  void reserve(std::uint32_t experts_max);

  /// Pre: not there for this skill. O(log n).
  void insert(Skill skill, ExpertId expert, std::uint32_t load_ppm) {
    pool_.insert(raw(skill), node(skill, expert), {load_ppm, raw(expert)});
  }
  /// Pre: there for this skill. O(log n).
  void remove(Skill skill, ExpertId expert) { pool_.remove(raw(skill), node(skill, expert)); }
  /// Takes the expert out of every skill.
  void remove_all(ExpertId expert) {
    for (std::uint8_t s = 0; s < kSkillCount; ++s) {
      if (contains(Skill{s}, expert)) remove(Skill{s}, expert);
    }
  }
  /// Gives the expert a new load in every skill where it stands. O(log n) each.
  void update(ExpertId expert, std::uint32_t load_ppm) {
    for (std::uint8_t s = 0; s < kSkillCount; ++s) {
      const Skill skill{s};
      if (!contains(skill, expert) || load(skill, expert) == load_ppm) continue;
      remove(skill, expert);
      insert(skill, expert, load_ppm);
    }
  }

  bool contains(Skill skill, ExpertId expert) const { return pool_.contains(node(skill, expert)); }
  /// Pre: contains(skill, expert).
  std::uint32_t load(Skill skill, ExpertId expert) const {
    return static_cast<std::uint32_t>(pool_.key(node(skill, expert)).rank);
  }
  std::uint32_t count(Skill skill) const { return pool_.count(raw(skill)); }

  /// Calls visit(expert, load_ppm) from the least loaded on until it returns true or `max` were
  /// visited. Returns whether the bound cut it. The index must not change meanwhile.
  template <class Visit>
  bool visit(Skill skill, std::uint32_t max, const Visit& visit_expert) const {
    return pool_.visit(raw(skill), max, [&](std::uint32_t at) {
      const OrderKey key = pool_.key(at);
      return visit_expert(ExpertId{static_cast<std::uint32_t>(key.id)},
                          static_cast<std::uint32_t>(key.rank));
    });
  }

  void clear() { pool_.clear(); }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    pool_.visit_memory(visit);
  }
  void write_state(StateSink& sink) const;
  /// Pre: reserved with the limits of the state. False, and empty, when the bytes are not a valid
  /// index.
  [[nodiscard]] bool read_state(StateSource& source);

 private:
  // Nodes of one skill.
  std::uint32_t stride() const {
    return static_cast<std::uint32_t>(pool_.node_count() / kSkillCount);
  }
  std::uint32_t node(Skill skill, ExpertId expert) const {
    PERMIT_ASSERT(raw(expert) < stride(), expert, stride());
    return raw(skill) * stride() + raw(expert);
  }
  [[nodiscard]] bool read_skill(StateSource& source, std::uint32_t skill);

  OrderedPool pool_;
};

}  // namespace permitd::scheduler
