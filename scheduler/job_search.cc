#include "scheduler/job_search.h"

#include <bit>
#include <optional>

#include "scheduler/job_clock.h"
#include "scheduler/plan_flow.h"

namespace permitd::scheduler {

namespace {

// One search of an expert over the queues of a class, for the first job that fits, or for the first
// few that are about as urgent.
struct Scan {
  const Core& core;
  const ExpertFilters& filters;
  JobSearch& search;
  std::size_t most;  // jobs to find
  const ExpertId expert = filters.expert();
  const ExpertRecord& record = core.experts[raw(expert)];
  const std::uint32_t districts = record.districts == 0 ? ~0U : record.districts;  // bits
  std::array<ReadyKey, kDrawnMax> urgent{};
  bool cut = false;
  std::uint8_t queued_first = 0;  // index of the first that was removed in the queues of the class

  void remove(Filter filter) {
    std::uint16_t& removed = search.removed[static_cast<std::size_t>(filter)];
    if (removed < UINT16_MAX) ++removed;
  }

  void keep_rejected(std::size_t at, std::uint32_t slot, Filter filter) {
    search.rejected_slot[at] = slot;
    search.rejected_filter[at] = filter;
  }

  /// Keeps the first removed of the class by deadline, whichever queue they stand in.
  void reject(std::uint32_t slot, const ReadyKey& key, Filter filter) {
    remove(filter);
    std::size_t at = search.rejected_count;
    if (at < kRejectedKept)
      ++search.rejected_count;
    else if (queued_first < kRejectedKept && key < key_of_rejected(at - 1))
      --at;
    else
      return;
    for (; at > queued_first && key < key_of_rejected(at - 1); --at)
      keep_rejected(at, search.rejected_slot[at - 1], search.rejected_filter[at - 1]);
    keep_rejected(at, slot, filter);
  }

  ReadyKey key_of_rejected(std::size_t at) const {
    return core.ready.key(search.rejected_slot[at]);
  }

  /// Those that come after the job found are no reason for it.
  void drop_later() {
    while (search.urgent_count != 0 && search.rejected_count > queued_first &&
           urgent[0] < key_of_rejected(search.rejected_count - std::size_t{1}))
      --search.rejected_count;
  }

  /// Due too long after the first that fits to be drawn with it.
  bool is_later(const ReadyKey& key) const {
    return key.deadline.ms - urgent[0].deadline.ms > core.policy.draw_minutes * kMsPerMinute;
  }

  /// Nothing behind this key is looked for.
  bool is_beyond(const ReadyKey& key) const {
    if (search.urgent_count == 0) return false;
    if (search.urgent_count == most) return urgent[most - 1] < key;
    return urgent[0] < key && is_later(key);
  }

  /// Keeps the first that fit, in order. Pre: not is_beyond().
  void take(std::uint32_t slot, const ReadyKey& key) {
    std::size_t at = search.urgent_count;
    if (at < most)
      ++search.urgent_count;
    else
      --at;
    for (; at > 0 && key < urgent[at - 1]; --at) {
      urgent[at] = urgent[at - 1];
      search.urgent_slot[at] = search.urgent_slot[at - 1];
    }
    urgent[at] = key;
    search.urgent_slot[at] = slot;
    while (is_later(urgent[search.urgent_count - std::size_t{1}])) --search.urgent_count;
  }

  void queue(const QueuePlace& queue) {
    const QueueHead& head = core.heads.of(queue);
    if (head.is_empty() || is_beyond(head.key)) return;
    cut |= core.ready.visit(ReadyQueue::number(queue), kQueueScanMax, [&](std::uint32_t slot) {
      const ReadyKey key = core.ready.key(slot);
      if (is_beyond(key)) return true;
      const bool comes_first = search.urgent_count == 0 || key < urgent[0];
      if (comes_first && search.considered < UINT16_MAX) ++search.considered;
      const Filter filter = filters.of_claim(core.jobs[slot]);
      if (filter == Filter::kNone)
        take(slot, key);
      else if (comes_first)
        reject(slot, key, filter);
      return false;
    });
  }

  /// The first job of the class in the expert's own plan, for today or for later days.
  void planned(PriorityClass priority, bool later) {
    visit_planned(core, expert, [&](std::uint32_t slot, const PlannedJob& plan) {
      const JobRecord& job = core.jobs[slot];
      if (job.priority != priority || job.state != JobState::kReady || !core.ages.contains(slot) ||
          (plan.day > core.day) != later)
        return false;
      if (search.considered < UINT16_MAX) ++search.considered;
      // Whether somebody else could go was asked when it was planned.
      const Filter filter = filters.first(job);
      if (filter == Filter::kNone) {
        search.slot = slot;
        return true;
      }
      remove(filter);
      if (search.rejected_count < kRejectedKept)
        keep_rejected(search.rejected_count++, slot, filter);
      return false;
    });
  }

  /// Calls look(skill) for each skill that the expert counts for.
  template <class Look>
  void each_skill(const Look& look) const {
    for (std::uint32_t skills = record.counted; skills != 0; skills &= skills - 1)
      look(Skill{static_cast<std::uint8_t>(std::countr_zero(skills))});
  }
  std::uint32_t office_place() const { return ReadyQueue::office_place(record.office); }

  /// The queue whose first job is the first of all.
  std::optional<QueuePlace> first_queue(PriorityClass priority) const {
    std::optional<QueuePlace> first;
    ReadyKey least;
    const auto look = [&](const QueuePlace& queue, const QueueHead& head) {
      if (first && least < head.key) return;
      first = queue;
      least = head.key;
    };
    each_skill([&](Skill skill) {
      core.heads.visit(priority, skill, districts, [&](std::uint32_t place, const QueueHead& head) {
        look({priority, skill, place}, head);
        return true;
      });
      const QueuePlace own{priority, skill, office_place()};
      if (!core.heads.of(own).is_empty()) look(own, core.heads.of(own));
    });
    return first;
  }

  /// Whether the first of all fits: mostly it does, and nothing comes before it.
  bool is_found_first(const QueueHead& head) {
    PERMIT_ASSERT(core.jobs[head.slot].id == head.key.job, head.slot);
    if (filters.of_claim(core.jobs[head.slot]) != Filter::kNone) return false;
    if (search.considered < UINT16_MAX) ++search.considered;
    take(head.slot, head.key);
    return true;
  }

  void look_at_head(const QueueHead& head) {
    if (head.key == urgent[0] || is_beyond(head.key)) return;
    if (filters.of_claim(core.jobs[head.slot]) == Filter::kNone) take(head.slot, head.key);
  }

  /// Those about as urgent as the first, which was found: the first jobs of the queues in order,
  /// then the queues that hold more of them.
  void find_urgent(PriorityClass priority) {
    each_skill([&](Skill skill) {
      core.heads.visit(priority, skill, districts, [&](std::uint32_t, const QueueHead& head) {
        look_at_head(head);
        return is_beyond(head.key);
      });
      const QueueHead& own = core.heads.of({priority, skill, office_place()});
      if (!own.is_empty()) look_at_head(own);
    });
    each_skill([&](Skill skill) {
      core.heads.visit(priority, skill, districts, [&](std::uint32_t place, const QueueHead& head) {
        look_behind({priority, skill, place}, head);
        return is_beyond(head.key);
      });
      const QueuePlace own{priority, skill, office_place()};
      look_behind(own, core.heads.of(own));
    });
  }

  void look_behind(const QueuePlace& queue, const QueueHead& head) {
    if (!head.has_behind() || is_beyond(head.behind)) return;
    core.ready.visit(ReadyQueue::number(queue), kQueueScanMax, [&](std::uint32_t slot) {
      const ReadyKey key = core.ready.key(slot);
      if (key == head.key) return false;
      if (is_beyond(key)) return true;
      if (filters.of_claim(core.jobs[slot]) == Filter::kNone) take(slot, key);
      return false;
    });
  }

  /// The first that fits and those about as urgent, where the first of all does not fit: each
  /// queue is looked through, that of the first of all before the others.
  void search_queues(PriorityClass priority, const QueuePlace& first) {
    queue(first);
    each_skill([&](Skill skill) {
      const std::uint32_t waiting = core.heads.waiting(priority, skill) & districts;
      const auto look = [&](std::uint32_t place) {
        if (skill != first.skill || place != first.place) queue({priority, skill, place});
      };
      for (std::uint32_t left = waiting; left != 0; left &= left - 1)
        look(static_cast<std::uint32_t>(std::countr_zero(left)));
      look(office_place());
    });
    drop_later();
  }

  void priority_class(PriorityClass priority) {
    queued_first = search.rejected_count;
    const std::optional<QueuePlace> first = first_queue(priority);
    if (!first) return;
    const QueueHead& head = core.heads.of(*first);
    if (!is_found_first(head))
      search_queues(priority, *first);
    else if (most != 1 && can_wait(core, core.jobs[head.slot], core.policy.draw_minutes))
      find_urgent(priority);
    if (search.urgent_count != 0) search.slot = search.urgent_slot[0];
  }
};

}  // namespace

bool can_wait(const Core& core, const JobRecord& job, std::uint16_t minutes) {
  return !job.has(kJobPlanned) && remaining_minutes(core, job) > minutes;
}

void search_class(const Core& core, const ExpertFilters& filters, PriorityClass priority,
                  JobSearch& search, std::size_t most) {
  PERMIT_ASSERT(search.slot == kNoSlot && search.urgent_count == 0, search.slot);
  Scan scan{.core = core, .filters = filters, .search = search, .most = most};
  const bool has_plan = scan.record.planned_count != 0;
  if (has_plan) scan.planned(priority, false);
  if (search.slot == kNoSlot) scan.priority_class(priority);
  if (search.slot == kNoSlot && has_plan) scan.planned(priority, true);
  if (search.slot == kNoSlot && priority != PriorityClass::kOther) search.cut |= scan.cut;
}

JobSearch first_jobs(const Core& core, const ExpertFilters& filters, PriorityClass last,
                     std::size_t most) {
  JobSearch search;
  for (std::uint8_t c = 0; c <= raw(last) && search.slot == kNoSlot; ++c) {
    const PriorityClass priority{c};
    if (priority == PriorityClass::kOther && search.cut) break;
    search_class(core, filters, priority, search, most);
  }
  return search;
}

bool municipal_waits(const Core& core, ExpertId expert, JobSearch& search) {
  search = first_jobs(core, ExpertFilters(core, expert), PriorityClass::kMunicipal, 1);
  return search.slot != kNoSlot || search.cut;
}

}  // namespace permitd::scheduler
