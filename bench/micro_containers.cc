// The core's containers at the size of a city and of a nation: one move of the steady state each.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "protocol/command_codec.h"
#include "scheduler/ready_queue.h"
#include "scheduler/timer_heap.h"
#include "scheduler/working_calendar.h"

namespace permitd::scheduler {
namespace {

/// The same spread numbers in every run.
std::uint64_t spread(std::uint64_t i) { return protocol::seed_of(2019, Op{i}); }

void timer_set(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  TimerHeap timers;
  timers.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i)
    timers.set(i, Tick{static_cast<std::int64_t>(spread(i) % 1'000'000'000)});
  std::uint64_t i = 0;
  for (auto _ : state) {
    ++i;
    timers.set(static_cast<std::uint32_t>(spread(i) % count),
               Tick{static_cast<std::int64_t>(spread(i) % 1'000'000'000)});
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(timer_set)->Arg(20'000)->Arg(1'000'000);

void timer_fire_and_set_again(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  TimerHeap timers;
  timers.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i)
    timers.set(i, Tick{static_cast<std::int64_t>(spread(i) % 1'000'000)});
  std::int64_t now = 1'000'000;
  for (auto _ : state) {
    const std::uint32_t subject = timers.pop_due(kNever);
    timers.set(subject, Tick{now += 1});
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(timer_fire_and_set_again)->Arg(20'000)->Arg(1'000'000);

void ready_take_best_insert_new(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  ReadyQueue ready;
  ready.reserve(count, 64);
  const auto queue_of = [](std::uint32_t slot) {
    return ReadyQueue::number(PriorityClass::kMunicipal, static_cast<Skill>(slot % kSkillCount),
                              ReadyQueue::district_place(static_cast<District>(1 + slot % 22)));
  };
  std::uint64_t job = 0;
  const auto key_of = [&] {
    ++job;
    return ReadyKey{Tick{static_cast<std::int64_t>(job * 1000 + spread(job) % 100'000'000)},
                    JobId{job}};
  };
  for (std::uint32_t slot = 0; slot < count; ++slot) ready.insert(queue_of(slot), slot, key_of());
  std::uint32_t turn = 0;
  for (auto _ : state) {
    const QueueNumber queue = queue_of(turn++);
    const std::uint32_t slot = ready.best_two(queue).first;
    ready.remove(queue, slot);
    ready.insert(queue, slot, key_of());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ready_take_best_insert_new)->Arg(20'000)->Arg(1'000'000);

/// Ten years of five-day weeks, 07:30 to 14:30 Tehran time.
WorkingCalendar ten_years() {
  WorkingCalendar calendar;
  calendar.reserve();
  constexpr std::int32_t kFirstDay = 17'897;  // 2019-01-01
  for (std::int32_t day = kFirstDay; day < kFirstDay + 3650;
       day += static_cast<std::int32_t>(kCalendarDaysPerCommand)) {
    SetCalendarDays days;
    days.first_day = day;
    days.count = kCalendarDaysPerCommand;
    for (std::uint32_t i = 0; i < kCalendarDaysPerCommand; ++i) {
      const std::int32_t date = day + static_cast<std::int32_t>(i);
      if ((date + 3) % 7 >= 5) continue;  // two closed days a week
      days.open_minute[i] = static_cast<std::uint32_t>(date) * 1440 + 240;
      days.length_minutes[i] = 420;
    }
    calendar.set_days(days);
  }
  return calendar;
}

void calendar_deadline(benchmark::State& state) {
  const WorkingCalendar calendar = ten_years();
  std::uint64_t i = 0;
  for (auto _ : state) {
    ++i;
    const Tick from{
        (std::int64_t{17'900} * 1440 + static_cast<std::int64_t>(spread(i) % (3000 * 1440))) *
        kMsPerMinute};
    benchmark::DoNotOptimize(calendar.add_working_minutes(from, 840));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(calendar_deadline);

void calendar_remaining(benchmark::State& state) {
  const WorkingCalendar calendar = ten_years();
  std::uint64_t i = 0;
  for (auto _ : state) {
    ++i;
    const Tick from{
        (std::int64_t{17'900} * 1440 + static_cast<std::int64_t>(spread(i) % (3000 * 1440))) *
        kMsPerMinute};
    benchmark::DoNotOptimize(
        calendar.working_minutes(from, Tick{from.ms + 10 * 1440 * kMsPerMinute}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(calendar_remaining);

}  // namespace
}  // namespace permitd::scheduler
