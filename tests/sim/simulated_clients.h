// Those who talk to the engine through its rings: they send again what was not answered, twice what
// was answered, out of order, all at once after a restart, and sometimes stop listening. Every
// answer and event they get is compared with the durable history. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/engine.h"
#include "tests/sim/durable_history.h"
#include "tests/sim/fault_counts.h"
#include "tests/support/seeded.h"

namespace permitd::tests {

class SimulatedClients {
 public:
  SimulatedClients(DurableHistory& history, FaultCounts& counts, FaultMask faults)
      : history_(history), counts_(counts), faults_(faults) {}

  /// A process serves: its ports are opened, and whoever waits for an answer asks again.
  void connect(daemon::Engine& engine);
  /// The process is gone, and so is everything that was on its way. After its engine has ended.
  void disconnect();

  bool has_room() const { return unsent_.size() < kUnsentMax; }
  /// One more call to be made.
  void file(const scheduler::Command& command) { unsent_.push_back({command, 0}); }
  void look(Chance& chance);
  void ask(daemon::RequestKind kind);
  /// Sends what is waiting, as far as the rings take it.
  void send(Chance& chance);
  /// Takes answers and events. `op_stable`: what the disk has.
  void listen(Chance& chance, scheduler::Op op_stable);
  /// A port's thread stops listening, or goes on.
  void turn_away(Chance& chance);
  /// From now on everybody listens and nothing is lost.
  void behave() {
    faults_ = 0;
    for (Line& line : lines_) line.deaf = false;
  }
  bool is_waiting() const { return !unsent_.empty() || !calls_.empty(); }

  const std::string& complaint() const { return complaint_; }
  std::uint64_t answer_count() const { return answer_count_; }
  std::uint64_t digest_count() const { return digest_count_; }
  std::uint64_t full_count() const { return full_count_; }

 private:
  static constexpr std::size_t kUnsentMax = 64;

  class Look;
  struct Unsent {
    scheduler::Command command;
    std::uint32_t attempts = 0;
  };
  struct Call {
    scheduler::Command command;
    daemon::RequestKind kind = daemon::RequestKind::kCommand;
    std::uint32_t attempts = 0;
    std::unique_ptr<daemon::Query> look;
  };
  struct Line {
    daemon::Port* port = nullptr;
    bool deaf = false;
  };

  bool has(Fault fault) const { return (faults_ & bit_of(fault)) != 0; }
  bool push(Line& line, Call call);
  void take(Chance& chance, const daemon::Response& response, scheduler::Op op_stable);
  void check_answer(const Call& call, const daemon::Response& response, scheduler::Op op_stable);
  void listen_to(Line& line, Chance& chance, scheduler::Op op_stable);
  void complain(const std::string& text);

  DurableHistory& history_;
  FaultCounts& counts_;
  FaultMask faults_;
  std::vector<Line> lines_;
  std::deque<Unsent> unsent_;
  std::map<std::uint64_t, Call> calls_;  // by ticket
  std::uint64_t next_ticket_ = 1;
  std::string complaint_;
  std::uint64_t answer_count_ = 0;
  std::uint64_t digest_count_ = 0;
  std::uint64_t full_count_ = 0;
};

}  // namespace permitd::tests
