// What a supervisor does: hold, release, expedite, reassign, cancel, lock, absent, suspend.
// Commands that touch more than one job say how many first and ask.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/homes_text.h"
#include "cli/local_time.h"
#include "cli/office_leaving.h"
#include "cli/supervisor_client.h"
#include "cli/suspension_option.h"

namespace permitd::cli {
namespace {

using scheduler::ActorKind;
using scheduler::OfficeState;
using scheduler::Reason;

struct SteeringOptions {
  std::uint64_t id = 0;  // job, case or expert
  std::uint32_t expert = 0;
  std::string office;
  std::string from = "now";
  std::string until;
  std::string state = "suspended";
  std::string reason;
  std::string note;
  bool flag = false;
  bool person = false;
  bool start = false;
  bool order = false;
  bool dry_run = false;
};
using Options = std::shared_ptr<SteeringOptions>;

Identity me(Context& context) { return context.identity({ActorKind::kSupervisor}, 1); }

using Call =
    std::function<kj::Promise<Answer>(SupervisorClient&, const SteeringOptions&, CallOptions)>;
using Sentence = std::function<std::string(const SteeringOptions&, const Accepted&)>;

/// A command of a supervisor on one thing, named by the positional `what`.
CLI::App* add_one(CLI::App& app, Context& context, const CommandText& text, const char* what,
                  Options options, Call call, Sentence sentence) {
  auto* command = add_command(app, text);
  command
      ->add_option(
          what, options->id,
          fmt::format("Number of the {}", what == std::string_view("JOB") ? "job" : "case"))
      ->required();
  context.on(command, [&context, options, call, sentence] {
    SupervisorClient supervisor(context.client(), me(context));
    auto answer = context.wait(call(supervisor, *options, context.call_options()));
    return context.finish(answer,
                          [&](const Accepted& accepted) { return sentence(*options, accepted); });
  });
  return command;
}

void add_note(CLI::App* command, const Options& options, bool is_required) {
  auto* note = command->add_option("--note", options->note, "Why, in words; at most 79 bytes");
  if (is_required) note->required();
}

void add_reason(CLI::App* command, const Options& options, std::string fallback) {
  options->reason = std::move(fallback);
  command
      ->add_option("--reason", options->reason,
                   fmt::format("One of {}", fmt::join(protocol::names_of<Reason>(), ", ")))
      ->capture_default_str();
}

void add_hold(CLI::App& app, Context& context) {
  auto options = std::make_shared<SteeringOptions>();
  auto* command = add_one(
      app, context,
      {"hold", "Stop one job until it is released.",
       "permitctl hold 42 --reason supervisorOrder --note \"court order\" --pause",
       "That the job is held. Its clock runs on unless --pause is given."},
      "JOB", options,
      [](SupervisorClient& supervisor, const SteeringOptions& given, CallOptions call) {
        return supervisor.hold(JobId{given.id}, enum_option<Reason>(given.reason, "--reason"),
                               given.flag, given.note, call);
      },
      [](const SteeringOptions& given, const Accepted&) {
        return fmt::format("Job {} is held{}.", given.id, given.flag ? ", its clock paused" : "");
      });
  add_reason(command, options, "supervisorOrder");
  add_note(command, options, false);
  command->add_flag("--pause", options->flag, "The deadline does not run meanwhile");
}

void add_job_commands(CLI::App& app, Context& context) {
  auto release = std::make_shared<SteeringOptions>();
  auto* command = add_one(
      app, context,
      {"release", "Let a held or escalated job go on.",
       "permitctl release 42 --note \"order lifted\"", "That the job is back in the queue."},
      "JOB", release,
      [](SupervisorClient& supervisor, const SteeringOptions& given, CallOptions call) {
        return supervisor.release(JobId{given.id}, given.note, call);
      },
      [](const SteeringOptions& given, const Accepted&) {
        return fmt::format("Job {} is released.", given.id);
      });
  add_note(command, release, false);

  auto expedite = std::make_shared<SteeringOptions>();
  command = add_one(
      app, context,
      {"expedite", "Put a municipal case before all others.",
       "permitctl expedite 17 --note \"hospital\"",
       "That the case is in class 0. The note is public record."},
      "CASE", expedite,
      [](SupervisorClient& supervisor, const SteeringOptions& given, CallOptions call) {
        return supervisor.expedite(CaseId{given.id}, given.note, call);
      },
      [](const SteeringOptions& given, const Accepted&) {
        return fmt::format("Case {} is expedited.", given.id);
      });
  add_note(command, expedite, true);

  auto cancel = std::make_shared<SteeringOptions>();
  command = add_one(
      app, context,
      {"cancel", "Cancel a blocked, held or escalated job; its case is rejected.",
       "permitctl cancel 42 --note \"filed twice\"", "That the job is cancelled."},
      "JOB", cancel,
      [](SupervisorClient& supervisor, const SteeringOptions& given, CallOptions call) {
        return supervisor.cancel(JobId{given.id}, given.note, call);
      },
      [](const SteeringOptions& given, const Accepted&) {
        return fmt::format("Job {} is cancelled.", given.id);
      });
  add_note(command, cancel, true);
}

void add_reassign(CLI::App& app, Context& context) {
  auto options = std::make_shared<SteeringOptions>();
  auto* command = add_one(
      app, context,
      {"reassign", "Give a job to a named expert.",
       "permitctl reassign 42 --to 17 --note \"knows the site\"",
       "Whose the job is now, and until when. Filters apply; --over-capacity lifts capacity alone\n"
       "  and is listed as an override."},
      "JOB", options,
      [](SupervisorClient& supervisor, const SteeringOptions& given, CallOptions call) {
        return supervisor.reassign(JobId{given.id}, ExpertId{given.expert}, given.flag, given.note,
                                   call);
      },
      [](const SteeringOptions& given, const Accepted&) {
        return fmt::format("Job {} is with expert {}.", given.id, given.expert);
      });
  command->add_option("--to", options->expert, "Number of the expert")->required();
  command->add_flag("--over-capacity", options->flag,
                    "Even above the expert's capacity of the day; needs --note");
  add_note(command, options, false);
}

std::uint8_t locks_of(const SteeringOptions& options) {
  const int chosen = (options.person ? scheduler::kLockPerson : 0) |
                     (options.start ? scheduler::kLockStart : 0) |
                     (options.order ? scheduler::kLockOrder : 0);
  return chosen == 0 ? scheduler::kLockAll : static_cast<std::uint8_t>(chosen);
}

void add_lock(CLI::App& app, Context& context, const CommandText& text, bool is_locked) {
  auto options = std::make_shared<SteeringOptions>();
  auto* command = add_one(
      app, context, text, "JOB", options,
      [is_locked](SupervisorClient& supervisor, const SteeringOptions& given, CallOptions call) {
        return supervisor.lock_plan(JobId{given.id}, locks_of(given), is_locked, given.note, call);
      },
      [](const SteeringOptions& given, const Accepted& accepted) {
        return fmt::format("Job {}, planned for expert {}: fixed {}.", given.id,
                           raw(accepted.expert), protocol::locks_text(accepted.state));
      });
  command->add_flag("--person", options->person, "Who does it");
  command->add_flag("--start", options->start, "Its half-day");
  command->add_flag("--order", options->order, "Its number in the order of that person's day");
  add_note(command, options, false);
}

void add_locks(CLI::App& app, Context& context) {
  add_lock(app, context,
           {"lock", "Fix parts of a planned job, so that no plan moves them.",
            "permitctl lock 42 --person --start --note \"promised by telephone\"",
            "What is fixed now. Without --person, --start or --order all three. Plans leave alone "
            "what is fixed;\n  a supervisor's own orders do not, and with the reservation its "
            "locks end."},
           true);
  add_lock(app, context,
           {"unlock", "Free parts of a planned job that were fixed with lock.",
            "permitctl unlock 42 --order", "What is still fixed. Without a part all three."},
           false);
}

/// One expert as the daemon lists them, or nothing.
struct ExpertLoad {
  std::uint32_t assigned = 0;
  std::uint32_t started = 0;
};
std::optional<ExpertLoad> find_expert(Context& context, SupervisorClient& supervisor,
                                      std::uint32_t id) {
  PageSpec page;
  for (;;) {
    auto list = context.wait(supervisor.experts({}, page));
    for (auto expert : list.getExperts()) {
      if (expert.getExpert() == id) return ExpertLoad{expert.getAssigned(), expert.getStarted()};
    }
    if (list.getEnd().getDone()) return std::nullopt;
    page.cursor = list.getEnd().getCursor();
  }
}

int absent(Context& context, const SteeringOptions& options) {
  auto from = context.moment(options.from, "--from");
  auto until = context.moment(options.until, "--to");
  if (until < from) throw UsageError("--to must not be before --from.");
  auto reason = enum_option<Reason>(options.reason, "--reason");
  SupervisorClient supervisor(context.client(), me(context));
  auto load = find_expert(context, supervisor, static_cast<std::uint32_t>(options.id));
  const HandFigures figures{options.id, load ? load->assigned : 0U, load ? load->started : 0U};
  const std::string preview = absence_text(figures, context.language());
  if (options.dry_run) {
    fmt::print("{}\n{}\n", preview, homes_word(HomesWord::kNothingChanged, context.language()));
    return kExitOk;
  }
  if (figures.assigned + figures.started > 1 && !context.confirm(preview)) return kExitRefused;
  auto answer =
      context.wait(supervisor.set_absence(ExpertId{static_cast<std::uint32_t>(options.id)}, from,
                                          until, reason, options.note, context.call_options()));
  return context.finish(answer, [&](const Accepted&) {
    return absence_done_text(options.id, from, until, context.language());
  });
}

void add_absent(CLI::App& app, Context& context) {
  auto options = std::make_shared<SteeringOptions>();
  auto* command = add_command(
      app,
      {"absent", "Mark an expert absent: they take nothing, and what they hold goes back.",
       "permitctl absent 17 --from now --to +2d --reason illness",
       "From when until when. With more than one job in hand it says how many and asks first;\n"
       "  --dry-run only says. Eight that are not over are kept, of now and of days to come; what\n"
       "  overlaps is one. Equal --from and --to end the one of that moment, or take away the one\n"
       "  that begins at it."});
  command->add_option("EXPERT", options->id, "Number of the expert")->required();
  command->add_option("--from", options->from, "2025-03-21, \"2025-03-21 07:30\", now, +2h")
      ->capture_default_str();
  command->add_option("--to", options->until, "The same; the expert is back at this moment")
      ->required();
  command->add_flag("--dry-run", options->dry_run, "Say what it would touch and change nothing");
  add_reason(command, options, "leave");
  add_note(command, options, false);
  context.on(command, [&context, options] { return absent(context, *options); });
}

/// What an office that is Active again would be: no case moves and nothing goes back.
int show_return(Context& context, SupervisorClient& supervisor, OfficeId office) {
  const OfficeState now = state_of_office(context, supervisor, office);
  if (now == OfficeState::kNone)
    throw UsageError(fmt::format("OFFICE: there is no office {:04}", raw(office)));
  if (context.wants_json()) {
    context.print(boost::json::object{{"office", raw(office)}, {"state", protocol::name_of(now)}});
  } else {
    fmt::print("{}\n{}\n", office_return_text(office, now, context.language()),
               homes_word(HomesWord::kNothingChanged, context.language()));
  }
  return kExitOk;
}

int set_office_state(Context& context, const SteeringOptions& options) {
  auto office = office_option(options.office, "OFFICE");
  auto state = enum_option<OfficeState>(options.state, "--state");
  auto reason = enum_option<Reason>(options.reason, "--reason");
  SupervisorClient supervisor(context.client(), me(context));
  const SuspensionSpan span =
      suspension_option(context, options.from, options.until, state == OfficeState::kSuspended);
  std::string afterwards;
  if (options.dry_run && state == OfficeState::kActive)
    return show_return(context, supervisor, office);
  if (state != OfficeState::kActive) {
    const OfficeLeaving leaving = preview_leaving(context, supervisor, office, state, span);
    if (options.dry_run) return show_leaving(context, office, leaving);
    if (leaving.refused) return context.refuse(*leaving.refused);
    if (leaving.needs_question() && !context.confirm(leaving.preview)) return kExitRefused;
    afterwards = leaving.afterwards;
  }
  auto answer = context.wait(supervisor.set_office_state(office, state, reason, options.note, span,
                                                         context.call_options()));
  return context.finish(answer, [&](const Accepted&) {
    const bool has_moments = span.from.ms != 0 || span.until.ms != 0;
    return has_moments ? office_suspension_text(office, span.from, span.until, afterwards,
                                                context.language())
                       : office_state_text(office, state, afterwards, context.language());
  });
}

void add_suspend(CLI::App& app, Context& context) {
  auto options = std::make_shared<SteeringOptions>();
  auto* command = add_command(
      app,
      {"suspend", "Suspend an office, or set another state of its licence.",
       "permitctl suspend 0101 --reason violation --note \"inspection of 3 Mehr\"",
       "The state of the office. It says how many jobs are concerned, its own and those that\n"
       "  its experts hold for others, and asks first; --dry-run shows the office that each\n"
       "  open case would go to, whether by itself (the policy's `homes`) or by `rehome`, and\n"
       "  each job that comes back. --state active lifts a suspension. With --from it begins by\n"
       "  itself, and the office works on until then; with --until it ends by itself if nothing\n"
       "  is missing then. One can be ahead; --state active takes it back."});
  command->add_option("OFFICE", options->office, "Code of the office")->required();
  command
      ->add_option("--state", options->state,
                   fmt::format("One of {}", fmt::join(protocol::names_of<OfficeState>(), ", ")))
      ->capture_default_str();
  command
      ->add_option("--from", options->from,
                   "When the suspension begins: 2025-03-21, \"2025-03-21 07:30\", +2d; now: at "
                   "once")
      ->capture_default_str();
  command->add_option("--until", options->until,
                      "When it ends by itself: the same; never or left out: by another command");
  command->add_flag("--dry-run", options->dry_run,
                    "Show what becomes of its cases and jobs and change nothing");
  add_reason(command, options, "supervisorOrder");
  add_note(command, options, false);
  context.on(command, [&context, options] { return set_office_state(context, *options); });
}

}  // namespace

void add_steering_commands(CLI::App& app, Context& context) {
  add_hold(app, context);
  add_job_commands(app, context);
  add_reassign(app, context);
  add_locks(app, context);
  add_absent(app, context);
  add_suspend(app, context);
}

}  // namespace permitd::cli
