#include "scheduler/timer_heap.h"

#include <algorithm>

#include "scheduler/state_io.h"

namespace permitd::scheduler {

namespace {

constexpr std::uint32_t kArity = 4;  // one cache line of children

}  // namespace

void TimerHeap::reserve(std::uint32_t subject_count) {
  heap_.reserve(subject_count);
  positions_.reserve(subject_count);
}

Tick TimerHeap::at(std::uint32_t subject) const {
  const std::uint32_t position = positions_[subject];
  return position == 0 ? kNever : heap_[position - 1].at;
}

void TimerHeap::set(std::uint32_t subject, Tick at) {
  const std::uint32_t position = positions_[subject];
  if (at == kNever) {
    if (position != 0) remove_at(position - 1);
    return;
  }
  const Timer timer{at, subject};
  if (position == 0) {
    rise(count_++, timer);
  } else if (timer < heap_[position - 1]) {
    rise(position - 1, timer);
  } else {
    sink_down(position - 1, timer);
  }
}

std::uint32_t TimerHeap::pop_due(Tick now) {
  if (count_ == 0 || heap_[0].at > now) return kNoSlot;
  const auto subject = static_cast<std::uint32_t>(heap_[0].subject);
  remove_at(0);
  return subject;
}

void TimerHeap::place(std::uint32_t position, Timer timer) {
  heap_[position] = timer;
  positions_[timer.subject] = position + 1;
}

void TimerHeap::rise(std::uint32_t position, Timer timer) {
  while (position > 0) {
    const std::uint32_t parent = (position - 1) / kArity;
    if (heap_[parent] < timer) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, timer);
}

void TimerHeap::sink_down(std::uint32_t position, Timer timer) {
  for (;;) {
    const std::uint64_t first = std::uint64_t{position} * kArity + 1;
    if (first >= count_) break;
    const std::uint64_t end = std::min<std::uint64_t>(first + kArity, count_);
    std::uint64_t least = first;
    for (std::uint64_t child = first + 1; child < end; ++child) {
      if (heap_[child] < heap_[least]) least = child;
    }
    if (timer < heap_[least]) break;
    place(position, heap_[least]);
    position = static_cast<std::uint32_t>(least);
  }
  place(position, timer);
}

void TimerHeap::remove_at(std::uint32_t position) {
  positions_[heap_[position].subject] = 0;
  const Timer last = heap_[--count_];
  if (position == count_) return;
  if (last < heap_[position]) {
    rise(position, last);
  } else {
    sink_down(position, last);
  }
}

void TimerHeap::clear_all() {
  for (std::uint32_t position = 0; position < count_; ++position) {
    positions_[heap_[position].subject] = 0;
  }
  count_ = 0;
}

void TimerHeap::write_state(StateSink& sink) const {
  put_state(sink, count_);
  std::uint32_t written = 0;
  for (std::uint32_t subject = 0; written < count_; ++subject) {
    const std::uint32_t position = positions_[subject];
    if (position == 0) continue;
    put_state(sink, subject);
    put_state(sink, heap_[position - 1].at.ms);
    ++written;
  }
}

bool TimerHeap::read_state(StateSource& source) {
  clear_all();
  std::uint32_t count = 0;
  if (!get_state(source, count) || count > positions_.size()) return false;
  std::uint32_t from = 0;  // subjects ascend
  for (std::uint32_t index = 0; index < count; ++index) {
    std::uint32_t subject = 0;
    Tick at;
    const bool read = get_state(source, subject) && get_state(source, at.ms);
    if (!read || subject < from || subject >= positions_.size() || at == kNever) {
      clear_all();
      return false;
    }
    set(subject, at);
    from = subject + 1;
  }
  return true;
}

}  // namespace permitd::scheduler
