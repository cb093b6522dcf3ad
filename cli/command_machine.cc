// What the operator of the machine does: health, snapshot, digest, drain, advance.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/operator_client.h"
#include "cli/progress.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;

std::uint32_t me(Context& context) {
  return context.identity({scheduler::ActorKind::kOperator}, 1).id;
}

int print_mark(Context& context, const StateMark& mark, std::string_view what) {
  auto digest = fmt::format("{:016x}{:016x}", mark.high, mark.low);
  if (context.wants_json()) {
    context.print(json::object{{"op", raw(mark.op)},
                               {"digest", json::object{{"high", mark.high}, {"low", mark.low}}},
                               {"digestText", digest}});
  } else {
    fmt::print("{} at op {}: {}\n", what, raw(mark.op), digest);
  }
  return kExitOk;
}

int health(Context& context) {
  OperatorClient machine(context.client(), me(context));
  auto response = context.wait(machine.health());
  auto health = response.getHealth();
  if (context.wants_json()) {
    context.print(message_json(health));
    return kExitOk;
  }
  fmt::print("op {} ({} durable), snapshot at op {}\n", grouped(health.getOp()),
             grouped(health.getOpDurable()), grouped(health.getSnapshotOp()));
  fmt::print("daemon's clock {}, up {} s, I/O by {}{}{}\n", local_text(Tick{health.getNow()}),
             grouped(health.getUptimeSeconds()), health.getIo().cStr(),
             health.getDraining() ? ", draining" : "",
             health.getFull() ? ", FULL: no room for new cases" : "");
  fmt::print("journal {} MiB, room for {} MiB more\n", grouped(health.getJournalSize() >> 20),
             grouped(health.getJournalRoom() >> 20));
  fmt::print("commands {} in {} batches, {} refused, {} pending; queries {}\n",
             grouped(health.getCommands()), grouped(health.getBatches()),
             grouped(health.getRefused()), health.getPending(), grouped(health.getQueries()));
  fmt::print("connections {}, sessions {}, calls in flight {}, calls {}, busy {}\n",
             health.getConnections(), health.getSessions(), health.getCallsInFlight(),
             grouped(health.getCallsTotal()), grouped(health.getBusyTotal()));
  fmt::print("memory {} MiB resident, {} MiB allocated; system calls {}\n",
             grouped(health.getResidentBytes() >> 20), grouped(health.getAllocatedBytes() >> 20),
             grouped(health.getSystemCalls()));
  for (auto drop : health.getDrops()) {
    if (drop.getCount() > 0)
      fmt::print("connections dropped ({}): {}\n", drop.getReason().cStr(),
                 grouped(drop.getCount()));
  }
  return kExitOk;
}

int snapshot(Context& context) {
  OperatorClient machine(context.client(), me(context));
  auto mark = context.wait(machine.snapshot(context.call_options()));
  if (!mark) return context.refuse(mark.error());
  return print_mark(context, *mark, "snapshot");
}

int advance(Context& context, const std::string& to) {
  auto at = context.moment(to, "TIME");
  OperatorClient machine(context.client(), me(context));
  auto now = context.wait(machine.advance(at, context.call_options()));
  if (!now) return context.refuse(now.error());
  if (context.wants_json())
    context.print(json::object{{"now", now->ms}});
  else
    fmt::print("The daemon's clock stands at {}.\n", local_text(*now));
  return kExitOk;
}

}  // namespace

void add_machine_commands(CLI::App& app, Context& context) {
  auto* command = add_command(
      app, {"health", "How the daemon is.", "permitctl health",
            "How far it has come, what is durable, room, load, memory. `FULL` or a growing\n"
            "  difference between op and durable calls for the operator."});
  context.on(command, [&context] { return health(context); });

  command = add_command(
      app, {"snapshot", "Write a snapshot and wait until it is durable.", "permitctl snapshot",
            "The op it was taken at and the digest of the state."});
  context.on(command, [&context] { return snapshot(context); });

  command =
      add_command(app, {"digest", "Digest of the present state.", "permitctl digest",
                        "Two daemons with equal digests at the same op hold the same state."});
  context.on(command, [&context] {
    OperatorClient machine(context.client(), me(context));
    return print_mark(context, context.wait(machine.digest(context.call_options())), "digest");
  });

  command = add_command(
      app, {"drain", "Take no new work; let connected holders finish. Before a planned stop.",
            "permitctl drain",
            "That the daemon drains: it listens no more, refuses new cases and claims, and\n"
            "  lets whoever is connected finish what they hold for at most drain_seconds; then it\n"
            "  stops. Leases that are not finished by then are still held after the next start."});
  context.on(command, [&context] {
    OperatorClient machine(context.client(), me(context));
    context.wait(machine.drain());
    if (context.wants_json())
      context.print(json::object{{"draining", true}});
    else
      fmt::print(
          "The daemon drains: it takes no new work and no new connections, and stops when the\n"
          "clients have gone or drain_seconds are over. What is held stays held.\n");
    return kExitOk;
  });

  auto to = std::make_shared<std::string>();
  command = add_command(
      app, {"advance", "Move the clock of a rehearsal daemon; everything due by then happens.",
            "permitctl advance +1d", "Where the clock stands. A daemon on real time refuses."});
  command->add_option("TIME", *to, "2025-03-21, \"2025-03-21 07:30\", +90m, +1d")->required();
  context.on(command, [&context, to] { return advance(context, *to); });
}

}  // namespace permitd::cli
