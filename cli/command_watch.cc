// Live events until Ctrl-C.
#include <fmt/format.h>
#include <kj/async-unix.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/event_text.h"
#include "cli/json_text.h"
#include "cli/watch.h"

namespace permitd::cli {
namespace {

using scheduler::ActorKind;

struct WatchOptions {
  std::uint64_t count = 0;  // 0 = until interrupted
  std::uint64_t case_id = 0;
};

class Printer final : public EventSink {
 public:
  Printer(const WatchOptions& options, bool as_json, kj::Own<kj::PromiseFulfiller<void>> enough)
      : options_(options), as_json_(as_json), enough_(kj::mv(enough)) {}
  ~Printer() noexcept override = default;

  void on_events(capnp::List<protocol::Event>::Reader events, std::uint64_t dropped) override {
    if (dropped > 0)
      fmt::print(stderr, "({} events missed: this terminal was too slow)\n", dropped);
    for (auto event : events) {
      if (options_.case_id != 0 && event.getCaseId() != options_.case_id) continue;
      if (options_.count != 0 && shown_ == options_.count) break;
      if (as_json_)
        fmt::print("{}\n", boost::json::serialize(message_json(event)));
      else
        fmt::print("{}\n", event_line(event));
      ++shown_;
    }
    std::fflush(stdout);
    if (options_.count != 0 && shown_ >= options_.count && enough_->isWaiting()) enough_->fulfill();
  }
  void on_subscribed() override {
    if (had_gap_)
      fmt::print(stderr, "(connected again; what happened in between is not shown, see history)\n");
    else
      fmt::print(stderr, "(watching; Ctrl-C ends)\n");
  }
  void on_gap(const std::string& reason) override {
    had_gap_ = true;
    fmt::print(stderr, "({}; connecting again)\n", reason);
  }

 private:
  const WatchOptions& options_;
  bool as_json_;
  bool had_gap_ = false;
  std::uint64_t shown_ = 0;
  kj::Own<kj::PromiseFulfiller<void>> enough_;
};

int run_watch(Context& context, const WatchOptions& options) {
  auto identity = context.identity(
      {ActorKind::kSupervisor, ActorKind::kAuditor, ActorKind::kOffice, ActorKind::kExpert}, 1);
  kj::UnixEventPort::captureSignal(SIGINT);
  auto enough = kj::newPromiseAndFulfiller<void>();
  Printer printer(options, context.wants_json(), kj::mv(enough.fulfiller));
  ReaderClient reader(context.client(), identity);
  ExpertClient expert(context.client(), ExpertId{identity.id});
  auto watching =
      identity.kind == ActorKind::kExpert ? watch(expert, printer) : watch(reader, printer);
  auto interrupted = context.connection().io().unixEventPort.onSignal(SIGINT).ignoreResult();
  context.wait(watching.exclusiveJoin(kj::mv(enough.promise)).exclusiveJoin(kj::mv(interrupted)));
  return kExitOk;
}

}  // namespace

void add_watch_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<WatchOptions>();
  auto* command = add_command(
      app, {"watch", "Events as they happen, until Ctrl-C.", "permitctl watch --as office:0101",
            "One line per event: an office sees its cases, an expert the jobs they hold or are\n"
            "  given, supervisors and auditors everything. With --json one document per line."});
  command->add_option("--count", options->count, "End after so many events");
  command->add_option("--case", options->case_id, "Only those of this case");
  context.on(command, [&context, options] { return run_watch(context, *options); });
}

}  // namespace permitd::cli
