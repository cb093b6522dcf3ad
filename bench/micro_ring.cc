// The hand-off between two threads: what one request-sized item costs, in one thread and across
// two.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>

#include "daemon/engine.h"
#include "daemon/spsc_ring.h"

namespace permitd::daemon {
namespace {

void ring_push_pop(benchmark::State& state) {
  SpscRing<Request> ring(1024);
  Request request;
  for (auto _ : state) {
    ring.try_push(request);
    benchmark::DoNotOptimize(ring.front());
    ring.pop();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ring_push_pop);

/// Both ends spin: the price of moving cache lines, without any sleep. Needs two cores that are
/// free.
void ring_two_threads(benchmark::State& state) {
  SpscRing<Request> ring(1024);
  std::atomic<bool> stop{false};
  std::thread consumer([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      if (Request* request = ring.front(); request != nullptr) {
        benchmark::DoNotOptimize(request->ticket);
        ring.pop();
      }
    }
  });
  Request request;
  for (auto _ : state) {
    while (!ring.try_push(request)) {
    }
  }
  stop = true;
  consumer.join();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ring_two_threads)->UseRealTime();

}  // namespace
}  // namespace permitd::daemon
