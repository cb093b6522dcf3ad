#include "scheduler/ordered_pool.h"

#include "scheduler/state_io.h"

namespace permitd::scheduler {

// A bijection, so that no two nodes have one priority and shapes are unique.
// Constants: the 32-bit finaliser "lowbias32" found by C. Wellons' hash prospector.
std::uint32_t OrderedPool::priority(Link link) {
  std::uint32_t mixed = link;
  mixed ^= mixed >> 16;
  mixed *= 0x7FEB352DU;
  mixed ^= mixed >> 15;
  mixed *= 0x846CA68BU;
  mixed ^= mixed >> 16;
  return mixed;
}

void OrderedPool::reserve(std::size_t node_count, std::size_t set_count) {
  nodes_.reserve(node_count);
  sets_.reserve(set_count);
}

// Divides `tree` into the entries before and after `key`, from the root down.
void OrderedPool::split(Link tree, OrderKey key, Link& before, Link& after) {
  Link* before_end = &before;
  Link* after_end = &after;
  while (tree != 0) {
    Node& node = at(tree);
    if (node.key < key) {
      *before_end = tree;
      before_end = &node.right;
      tree = node.right;
    } else {
      *after_end = tree;
      after_end = &node.left;
      tree = node.left;
    }
  }
  *before_end = 0;
  *after_end = 0;
}

// Joins two trees of which every key of `before` comes first, from the root down.
OrderedPool::Link OrderedPool::merge(Link before, Link after) {
  Link root = 0;
  Link* end = &root;
  while (before != 0 && after != 0) {
    if (priority(before) > priority(after)) {
      *end = before;
      end = &at(before).right;
      before = *end;
    } else {
      *end = after;
      end = &at(after).left;
      after = *end;
    }
  }
  *end = before != 0 ? before : after;
  return root;
}

void OrderedPool::insert(std::uint32_t set, std::uint32_t node, OrderKey key) {
  PERMIT_ASSERT(key.id != 0, set, node);
  PERMIT_ASSERT(!contains(node), set, node, key.id);
  const Link added = node + 1;
  const std::uint32_t added_priority = priority(added);
  Link* link = &sets_[set].root;
  while (*link != 0 && priority(*link) > added_priority) {
    Node& above = at(*link);
    link = key < above.key ? &above.left : &above.right;
  }
  Node& entry = nodes_[node];
  entry.key = key;
  split(*link, key, entry.left, entry.right);
  *link = added;
  ++sets_[set].count;
}

void OrderedPool::remove(std::uint32_t set, std::uint32_t node) {
  PERMIT_ASSERT(contains(node), set, node);
  const Link removed = node + 1;
  Node& entry = nodes_[node];
  Link* link = &sets_[set].root;
  while (*link != removed) {
    PERMIT_ASSERT(*link != 0, set, node, entry.key.id);  // it is in another set
    Node& above = at(*link);
    link = entry.key < above.key ? &above.left : &above.right;
  }
  *link = merge(entry.left, entry.right);
  entry = {};
  --sets_[set].count;
}

std::pair<std::uint32_t, std::uint32_t> OrderedPool::first_two(std::uint32_t set) const {
  Link first = sets_[set].root;
  if (first == 0) return {kNoSlot, kNoSlot};
  Link above = 0;
  for (Link left = at(first).left; left != 0; left = at(first).left) {
    above = first;
    first = left;
  }
  Link second = at(first).right;
  if (second == 0)
    second = above;
  else
    while (at(second).left != 0) second = at(second).left;
  return {first - 1, second == 0 ? kNoSlot : second - 1};
}

void OrderedPool::clear() {
  for (std::size_t index = 0; index < sets_.size(); ++index) {
    const auto set = static_cast<std::uint32_t>(index);
    // Entries of non-empty sets only: pages of nodes that were never used stay untouched.
    while (sets_[set].root != 0) remove(set, sets_[set].root - 1);
  }
}

void OrderedPool::write_state(StateSink& sink) const {
  std::uint32_t occupied = 0;
  for (const Set& set : sets_.span()) occupied += set.count > 0 ? 1 : 0;
  put_state(sink, occupied);
  for (std::size_t index = 0; index < sets_.size(); ++index) {
    const auto set = static_cast<std::uint32_t>(index);
    if (sets_[set].count == 0) continue;
    put_state(sink, set);
    put_state(sink, sets_[set].count);
    const bool cut = visit(set, sets_[set].count, [&](std::uint32_t node) {
      put_state(sink, node);
      put_state(sink, nodes_[node].key.rank);
      put_state(sink, nodes_[node].key.id);
      return false;
    });
    PERMIT_ASSERT(!cut, set, sets_[set].count);
  }
}

bool OrderedPool::read_set(StateSource& source, std::uint32_t set) {
  std::uint32_t count = 0;
  if (!get_state(source, count) || count == 0 || count > nodes_.size()) return false;
  OrderKey last{INT64_MIN, 0};
  for (std::uint32_t index = 0; index < count; ++index) {
    std::uint32_t node = 0;
    OrderKey key;
    if (!get_state(source, node) || !get_state(source, key.rank) || !get_state(source, key.id)) {
      return false;
    }
    if (node >= nodes_.size() || contains(node) || key.id == 0 || key <= last) return false;
    insert(set, node, key);
    last = key;
  }
  return true;
}

bool OrderedPool::read_state(StateSource& source) {
  clear();
  std::uint32_t occupied = 0;
  std::uint32_t set = 0;
  if (!get_state(source, occupied) || occupied > sets_.size()) return false;
  for (std::uint32_t index = 0; index < occupied; ++index) {
    const std::uint32_t last = set;
    const bool read = get_state(source, set) && set < sets_.size() && (index == 0 || set > last);
    if (!read || !read_set(source, set)) {
      clear();
      return false;
    }
  }
  return true;
}

}  // namespace permitd::scheduler
