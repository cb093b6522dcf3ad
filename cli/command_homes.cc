// Another office for a case, or for all cases of an office that cannot answer for them any more.
#include <fmt/format.h>

#include <memory>
#include <vector>

#include "cli/commands.h"
#include "cli/homes_text.h"
#include "cli/json_text.h"
#include "cli/progress.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {
namespace {

using scheduler::ActorKind;
using scheduler::Reason;
/// Moves sent before their answers are waited for.
constexpr std::size_t kMovesInFlight = 64;

struct HomeOptions {
  std::uint64_t id = 0;
  std::string office;
  std::string to;
  std::string reason = "officeInactive";
  std::string note;
  bool dry_run = false;
};
using Options = std::shared_ptr<HomeOptions>;

struct Move {
  CaseId id{};
  OfficeId office{};
};

Identity me(Context& context) { return context.identity({ActorKind::kSupervisor}, 1); }

void add_why(CLI::App* command, const Options& options) {
  command
      ->add_option("--reason", options->reason,
                   fmt::format("One of {}", fmt::join(protocol::names_of<Reason>(), ", ")))
      ->capture_default_str();
  command->add_option("--note", options->note, "Why, in words; at most 79 bytes");
}

// ---- move ----

int move(Context& context, const HomeOptions& options) {
  const OfficeId office = office_option(options.to, "--to");
  SupervisorClient supervisor(context.client(), me(context));
  auto answer = context.wait(supervisor.move_case(CaseId{options.id}, office,
                                                  enum_option<Reason>(options.reason, "--reason"),
                                                  options.note, context.call_options()));
  return context.finish(answer, [&](const Accepted&) {
    return fmt::format("Office {:04} answers for case {} now.", raw(office), options.id);
  });
}

// ---- rehome ----

std::vector<Move> moves_of(protocol::NewHomes::Reader homes) {
  std::vector<Move> moves;
  for (auto home : homes.getHomes()) {
    if (home.getOffice() != 0)
      moves.push_back({CaseId{home.getCaseId()}, OfficeId{home.getOffice()}});
  }
  return moves;
}

/// Sends the moves; a case that has ended or moved meanwhile stays where it is, and is told.
int apply_moves(Context& context, SupervisorClient& supervisor, const std::vector<Move>& moves,
                const HomeOptions& options) {
  const auto reason = enum_option<Reason>(options.reason, "--reason");
  std::size_t moved = 0;
  Progress progress("moving", "cases", moves.size());
  for (std::size_t from = 0; from < moves.size(); from += kMovesInFlight) {
    const std::size_t end = std::min(moves.size(), from + kMovesInFlight);
    std::vector<kj::Promise<Answer>> answers;
    for (std::size_t i = from; i < end; ++i)
      answers.push_back(supervisor.move_case(moves[i].id, moves[i].office, reason, options.note));
    for (std::size_t i = from; i < end; ++i) {
      const Answer answer = context.wait(kj::mv(answers[i - from]));
      moved += answer ? 1 : 0;
      if (!answer) fmt::print(stderr, "case {}: {}\n", raw(moves[i].id), answer.error().sentence);
    }
    progress.set(end);
  }
  progress.finish();
  if (context.wants_json())
    context.print(boost::json::object{{"moved", moved}, {"refused", moves.size() - moved}});
  else
    fmt::print("{}\n", moved_text(moved, context.language()));
  return moved == moves.size() ? kExitOk : kExitRefused;
}

int rehome(Context& context, const HomeOptions& options) {
  const OfficeId office = office_option(options.office, "OFFICE");
  SupervisorClient supervisor(context.client(), me(context));
  auto answer = context.wait(supervisor.new_homes(office));
  if (answer.isRefused()) return context.refuse(to_refused(answer.getRefused()));
  const auto homes = answer.getHomes();
  const std::vector<Move> moves = moves_of(homes);
  if (options.dry_run || !context.wants_json()) {
    context.print(homes_table(homes, context.table_language()), message_json(homes));
    if (!context.wants_json() && !context.globals.csv)
      fmt::print("\n{}\n", homes_summary(office, homes, context.language()));
  }
  if (options.dry_run || moves.empty()) return kExitOk;
  if (moves.size() > 1 &&
      !context.confirm(std::string(homes_word(HomesWord::kMoveThem, context.language()))))
    return kExitRefused;
  return apply_moves(context, supervisor, moves, options);
}

}  // namespace

void add_home_commands(CLI::App& app, Context& context) {
  auto one = std::make_shared<HomeOptions>();
  one->reason = "supervisorOrder";
  auto* command = add_command(
      app, {"move", "Let another office answer for a case.",
            "permitctl move 17 --to 0203 --note \"the owner asked for it\"",
            "That the case is with the other office, which must be active and have its service.\n"
            "  What somebody holds stays in their hands; appointments stand."});
  command->add_option("CASE", one->id, "Number of the case")->required();
  command->add_option("--to", one->to, "Code of the office")->required();
  add_why(command, one);
  context.on(command, [&context, one] { return move(context, *one); });

  auto all = std::make_shared<HomeOptions>();
  command = add_command(
      app, {"rehome", "Find new offices for the cases of one, and move them there.",
            "permitctl rehome 0101 --dry-run",
            "Each open case with its new office and why: of the parcel's district where one has\n"
            "  the service, there the one with the fewest open cases for its capacity, then the\n"
            "  nearest. With more than one case it asks first; --dry-run only shows."});
  command->add_option("OFFICE", all->office, "Code of the office")->required();
  command->add_flag("--dry-run", all->dry_run, "Show it and change nothing");
  add_why(command, all);
  context.on(command, [&context, all] { return rehome(context, *all); });
}

}  // namespace permitd::cli
