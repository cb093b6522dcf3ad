// Many ordered sets over one pool of nodes: the structure under the ready queues and the load
// index. Each set is a treap whose priorities are a fixed mixing of the node number, so its shape
// depends on its content alone, an entry costs 24 bytes and a set that is empty costs 8. Owned by
// the engine thread.
//
// Why a treap: entries are removed from the middle (claim, hold, calendar edit) and read in exact
// order without being taken out. A pairing or leftist heap gives neither without parent links (over
// 24 bytes) or a second heap; a B-tree is faster on cold sets but wastes a node per small set, and
// there are thousands of those. Keys arrive nearly in order, so the path an insertion takes stays
// in the cache.
//
// Invariants: an id is not 0 while its node is in a set; a node is in one set at most; keys of a
// set are unique. Method: C. R. Aragon, R. G. Seidel, Randomized Search Trees (1989), with split
// and merge.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "scheduler/fixed_array.h"
#include "scheduler/scheduler.h"

namespace permitd::scheduler {

/// Order of the entries of a set: rank first, ties by id, which is never 0.
struct OrderKey {
  std::int64_t rank = 0;
  std::uint64_t id = 0;
  friend constexpr auto operator<=>(const OrderKey&, const OrderKey&) = default;
};

class OrderedPool {
 public:
  /// Makes room for `node_count` nodes and `set_count` sets, keeping those present. Allocates.
  void reserve(std::size_t node_count, std::size_t set_count);

  /// Pre: the node is in no set and no entry of the set has this key. O(log n) expected.
  void insert(std::uint32_t set, std::uint32_t node, OrderKey key);
  /// Pre: the node is in this set. O(log n) expected.
  void remove(std::uint32_t set, std::uint32_t node);

  bool contains(std::uint32_t node) const { return nodes_[node].key.id != 0; }
  /// Pre: contains(node).
  OrderKey key(std::uint32_t node) const { return nodes_[node].key; }
  std::uint32_t count(std::uint32_t set) const { return sets_[set].count; }
  /// Nodes with the least two keys, or kNoSlot. O(log n) expected; the path is short and stays in
  /// the cache.
  std::pair<std::uint32_t, std::uint32_t> first_two(std::uint32_t set) const;

  /// Calls visit(node) in key order until it returns true (stop) or `max` nodes were visited.
  /// Returns whether the bound cut it: max nodes were visited, none stopped it, and more are there.
  /// The set must not change meanwhile. O(log n + visited) expected.
  template <class Visit>
  bool visit(std::uint32_t set, std::uint32_t max, const Visit& visit_node) const;

  std::size_t set_count() const { return sets_.size(); }
  std::size_t node_count() const { return nodes_.size(); }
  template <class Visit>
  void visit_memory(const Visit& visit) const {
    nodes_.visit_memory(visit);
    sets_.visit_memory(visit);
  }

  /// Sets in ascending order, the entries of each in key order.
  void write_state(StateSink& sink) const;
  /// Replaces the content; the pool is empty when it returns false. Pre: reserved.
  [[nodiscard]] bool read_state(StateSource& source);
  /// Removes every entry, keeping the memory.
  void clear();

 private:
  using Link = std::uint32_t;  // node + 1, 0 = none

  struct Node {
    OrderKey key;
    Link left = 0;   // entries before this one
    Link right = 0;  // entries after it
  };
  static_assert(sizeof(Node) == 24);

  struct Set {
    Link root = 0;
    std::uint32_t count = 0;
  };

  // Ancestors of a node whose left side holds it. The expected depth of 2^27 nodes is 37; a depth
  // of 256 has a probability below 10^-60.
  static constexpr std::size_t kDepthMax = 256;

  Node& at(Link link) { return nodes_[link - 1]; }
  const Node& at(Link link) const { return nodes_[link - 1]; }
  static std::uint32_t priority(Link link);
  void split(Link tree, OrderKey key, Link& before, Link& after);
  Link merge(Link before, Link after);
  [[nodiscard]] bool read_set(StateSource& source, std::uint32_t set);

  FixedArray<Node> nodes_;
  FixedArray<Set> sets_;
};

template <class Visit>
bool OrderedPool::visit(std::uint32_t set, std::uint32_t max, const Visit& visit_node) const {
  std::array<Link, kDepthMax> pending;
  std::size_t depth = 0;
  std::uint32_t visited = 0;
  Link link = sets_[set].root;
  while (link != 0 || depth > 0) {
    if (visited == max) return true;
    while (link != 0) {
      PERMIT_ASSERT(depth < kDepthMax, set, depth);
      pending[depth++] = link;
      link = at(link).left;
    }
    const Link next = pending[--depth];
    ++visited;
    if (visit_node(next - 1)) return false;
    link = at(next).right;
  }
  return false;
}

}  // namespace permitd::scheduler
