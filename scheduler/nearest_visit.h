// Which visits are nearest to an expert, among the first of each district and of the expert's
// office. Only distances are compared; whether the expert may take a visit is asked in the order
// in which they come.
#pragma once

#include <array>
#include <cstdint>

#include "scheduler/state.h"

namespace permitd::scheduler {

/// Keeps the fronts. After a visit has been put into its queue.
void join_front(Core& core, std::uint32_t slot);
/// After a visit was taken out of its queue, where it stood under this key.
void leave_front(Core& core, std::uint32_t slot, const ReadyKey& key);
/// After its key in the queue has become another one than `before`.
void rekey_front(Core& core, std::uint32_t slot, const ReadyKey& before);
/// Makes all of them anew from the queues.
void rebuild_fronts(Core& core);
/// Each holds what its queue and the cases say. For tests; O(fronts).
bool fronts_hold(const Core& core);

/// The visits of one class, nearest first as distance_square() says, ties by deadline and number:
/// of each queue that the expert serves the first `near_visits` that wait, without those of an
/// unknown place. A district whose first visits are all farther away than what was asked for is not
/// looked into.
class NearestVisits {
 public:
  struct Found {
    std::uint32_t slot = kNoSlot;  // none is left
    std::uint32_t case_slot = kNoSlot;
    std::uint64_t square = 0;
  };

  /// Pre: `from` is known.
  NearestVisits(const Core& core, ExpertId expert, PriorityClass priority, Point from);
  /// The next one.
  Found next();
  /// How many there are in all, whether they were asked for or not.
  std::uint16_t compared() const { return compared_; }

 private:
  static constexpr std::uint32_t kQueuesMax = kDistrictCount + 1;

  // In the words of least_: the queue, and whether it was looked into. What is above is the square.
  static constexpr unsigned kQueueBits = 6;
  static constexpr std::uint64_t kQueueMask = (1U << kQueueBits) - 1;
  static constexpr std::uint64_t kLookedInto = 1U << kQueueBits;
  static constexpr unsigned kSquareAt = kQueueBits + 1;
  static_assert(kQueuesMax <= kQueueMask);

  void look_into(std::uint32_t at);
  std::uint64_t find_least(std::uint32_t at);
  void set_least(std::uint32_t at, std::uint64_t least);
  bool has_equal(std::uint64_t least) const;
  std::uint32_t first_of_equals(std::uint64_t least) const;

  const Core& core_;
  const Point from_;
  const std::uint32_t cosine_;
  std::uint16_t compared_ = 0;
  std::uint32_t count_ = 0;
  // Of each queue the least square that is left, or before it is looked into what none is below,
  // with the bits above: of equals one that was not looked into comes first, as it may hold an
  // earlier one. kNowhere when none is left. They are the leaves of a tree, from count_ on; below
  // is the lesser of places 2i and 2i + 1 at i, so that the least of all is at 1.
  std::array<std::uint64_t, 2 * kQueuesMax> least_;
  std::array<std::uint32_t, kQueuesMax> nearest_;  // which of the front has it
  std::array<FrontNumber, kQueuesMax> front_;
  std::array<VisitFronts::Squares, kQueuesMax> squares_;
};

}  // namespace permitd::scheduler
