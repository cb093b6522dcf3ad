// Those who talk to the engine through its rings: they send again what was not answered, twice what
// was answered, out of order, all at once after a restart, and sometimes stop listening. Every
// answer and event they get is compared with the durable history. One thread.
//
// A client whose connection is lost while the daemon lives is away for a while. As with the network
// threads, what it had asked goes on and is answered to nobody, perhaps only after it has come back
// and asked again under the same keys through another ring. What its experts hold they still hold.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
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
  /// Some of those who are away come back; sends what is waiting, as far as the rings take it.
  void send(Chance& chance);
  /// Takes answers and events. `op_stable`: what the disk has.
  void listen(Chance& chance, scheduler::Op op_stable);
  /// A port's thread stops listening, or goes on.
  void turn_away(Chance& chance);
  /// Nobody asks for events, for the control that this is noticed.
  void leave_events() { subscribes_ = false; }
  /// What is not passed on as the process gave it, for the control that it is noticed.
  struct Misheard {
    bool reads = false;
    bool events = false;
    bool digests = false;
    bool answers = false;  // one in kUnheardEvery, which is then never heard at all
  };
  void mishear(const Misheard& misheard) { misheard_ = misheard; }
  /// The connection of one client is lost, or everybody's.
  void lose_connections(Chance& chance);
  /// From now on everybody listens and nothing is lost.
  void behave();
  bool is_waiting() const { return !unsent_.empty() || !calls_.empty(); }

  const std::string& complaint() const { return complaint_; }
  std::uint64_t answer_count() const { return answer_count_; }
  std::uint64_t digest_count() const { return digest_count_; }
  std::uint64_t full_count() const { return full_count_; }
  /// Leases that were renewed with their old token once the connection had been lost.
  std::uint64_t kept_lease_count() const { return kept_lease_count_; }

 private:
  static constexpr std::size_t kUnsentMax = 64;
  static constexpr std::size_t kClientCount = 8;
  static constexpr std::uint64_t kUnheardEvery = 16;
  static constexpr std::size_t kWatcher = 0;  // who listens to events, on the first line

  class Look;
  struct Unsent {
    scheduler::Command command;
    std::uint32_t attempts = 0;
  };
  struct Call {
    scheduler::Command command;
    daemon::RequestKind kind = daemon::RequestKind::kCommand;
    std::uint32_t attempts = 0;
    std::size_t client = 0;
    bool is_lost = false;  // nobody waits for the answer any more
    std::unique_ptr<daemon::Query> look;
  };
  /// One office's system, or one supervisor's or operator's: all of its calls share its fate.
  struct Client {
    bool is_away = false;
    std::size_t repeats = 0;                   // calls to be made again
    std::optional<scheduler::Command> renewal;  // of a lease that one of its experts holds
  };
  struct Line {
    daemon::Port* port = nullptr;
    bool deaf = false;
  };

  bool has(Fault fault) const { return (faults_ & bit_of(fault)) != 0; }
  static std::size_t client_of(const scheduler::Actor& actor) {
    return (actor.id + raw(actor.kind)) % kClientCount;
  }
  void lose(std::size_t client);
  std::optional<scheduler::Command> renewal_of(std::size_t client);
  void come_back(Chance& chance);
  void return_client(std::size_t client);
  /// The next one of unsent_ whose client is there, from `which` on; its size when there is none.
  std::size_t sendable(std::size_t which) const;
  bool push(Line& line, Call call);
  void take(Chance& chance, const daemon::Response& response, scheduler::Op op_stable);
  void check_answer(const Call& call, const daemon::Response& response, scheduler::Op op_stable);
  void listen_to(Line& line, Chance& chance, scheduler::Op op_stable);
  void complain(const std::string& text);

  DurableHistory& history_;
  FaultCounts& counts_;
  FaultMask faults_;
  std::vector<Line> lines_;
  std::array<Client, kClientCount> clients_;
  bool subscribes_ = true;
  Misheard misheard_;
  bool is_storm_ = false;  // everybody is away, and comes back at once
  std::uint64_t renewals_ = 0;
  std::deque<Unsent> unsent_;
  std::map<std::uint64_t, Call> calls_;  // by ticket
  std::uint64_t next_ticket_ = 1;
  std::string complaint_;
  std::uint64_t answer_count_ = 0;
  std::uint64_t digest_count_ = 0;
  std::uint64_t full_count_ = 0;
  std::uint64_t kept_lease_count_ = 0;
};

}  // namespace permitd::tests
