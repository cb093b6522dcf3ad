// The engine's step as work of a network's loop, where both share a thread.
#pragma once

#include "daemon/engine.h"
#include "daemon/rpc_loop.h"

namespace permitd::daemon {

class EngineHook final : public RpcLoop::Hook {
 public:
  explicit EngineHook(Engine& engine) : engine_(engine) {}
  bool work() override { return engine_.step(); }
  bool has_work() const override { return engine_.has_requests(); }
  std::int64_t sleep_limit_ns() override { return engine_.sleep_limit_ns(); }

 private:
  Engine& engine_;
};

}  // namespace permitd::daemon
