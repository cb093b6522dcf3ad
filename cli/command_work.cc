// What an expert does: claim, unclaim, worklist, start, renew, done, return, decline.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/expert_client.h"
#include "cli/json_text.h"
#include "cli/local_time.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;
using scheduler::Reason;

struct LeaseOptions {
  std::uint64_t job = 0;
  std::uint64_t token = 0;
  std::string reason;
  std::string note;
};

ExpertId me(Context& context) { return ExpertId{context.identity({ActorKind::kExpert}, 1).id}; }

/// The token of --token, or of the job's entry in the worklist.
LeaseToken token_of(Context& context, ExpertClient& expert, const LeaseOptions& options) {
  if (options.token != 0) return LeaseToken{options.token};
  auto list = context.wait(expert.worklist());
  for (auto job : list.getJobs()) {
    if (job.getJob() == options.job) return LeaseToken{job.getToken()};
  }
  throw UsageError(fmt::format(
      "job {} is not in the worklist of expert {}; see permitctl worklist --as expert:{}.",
      options.job, expert.identity().id, expert.identity().id));
}

using LeaseCall =
    std::function<kj::Promise<Answer>(ExpertClient&, LeaseToken, const LeaseOptions&, CallOptions)>;
using LeaseSentence = std::function<std::string(const LeaseOptions&, const Accepted&)>;

/// A command on a leased job: JOB, --token, and what `call` needs.
CLI::App* add_lease_command(CLI::App& app, Context& context, const CommandText& text,
                            std::shared_ptr<LeaseOptions> options, LeaseCall call,
                            LeaseSentence sentence) {
  auto* command = add_command(app, text);
  command->add_option("JOB", options->job, "Number of the job")->required();
  command->add_option("--token", options->token,
                      "Fencing token of the lease; taken from the worklist when missing");
  context.on(command, [&context, options, call, sentence] {
    ExpertClient expert(context.client(), me(context));
    auto token = token_of(context, expert, *options);
    auto answer = context.wait(call(expert, token, *options, context.call_options()));
    return context.finish(answer,
                          [&](const Accepted& accepted) { return sentence(*options, accepted); });
  });
  return command;
}

void add_reason(CLI::App* command, const std::shared_ptr<LeaseOptions>& options,
                const std::string& fallback) {
  options->reason = fallback;
  command
      ->add_option("--reason", options->reason,
                   fmt::format("Why: {}", fmt::join(protocol::names_of<Reason>(), ", ")))
      ->capture_default_str();
  command->add_option("--note", options->note, "Free text, at most 79 bytes");
}

int claim(Context& context, std::uint16_t count) {
  ExpertClient expert(context.client(), me(context));
  auto leases = context.wait(expert.claim(count, context.call_options()));
  if (!leases) return context.refuse(leases.error());
  if (context.wants_json()) {
    json::array list;
    for (const auto& lease : *leases) {
      list.push_back(json::object{{"job", raw(lease.job)},
                                  {"caseId", raw(lease.case_id)},
                                  {"token", raw(lease.token)},
                                  {"until", lease.until.ms}});
    }
    context.print(json::object{{"leases", list}});
    return kExitOk;
  }
  for (const auto& lease : *leases) {
    fmt::print("job {} of case {} is yours until {} (token {})\n", raw(lease.job),
               raw(lease.case_id), local_text(lease.until), raw(lease.token));
  }
  auto missing = count - leases->size();
  if (missing > 0)
    fmt::print("No fitting job now for {} more; you stay available and will be given them.\n",
               missing);
  return kExitOk;
}

int worklist(Context& context) {
  ExpertClient expert(context.client(), me(context));
  auto list = context.wait(expert.worklist());
  Table table({{"job", Table::Align::kRight},
               {"case", Table::Align::kRight},
               {"stage"},
               {"kind"},
               {"state"},
               {"district", Table::Align::kRight},
               {"lease until", Table::Align::kLeft, "lease_until"},
               {"left", Table::Align::kRight, "left_minutes"},
               {"band"},
               {"token", Table::Align::kRight}});
  for (auto job : list.getJobs()) {
    table.add({fmt::to_string(job.getJob()), fmt::to_string(job.getCaseId()),
               std::string(protocol::name_of(static_cast<scheduler::Stage>(job.getStage()))),
               std::string(protocol::name_of(static_cast<scheduler::JobKind>(job.getKind()))),
               std::string(protocol::name_of(static_cast<scheduler::JobState>(job.getState()))),
               fmt::to_string(job.getDistrict()), local_text(Tick{job.getLeaseUntil()}),
               minutes_cell(job.getRemainingMinutes()),
               std::string(protocol::name_of(static_cast<scheduler::SlaBand>(job.getBand()))),
               fmt::to_string(job.getToken())});
  }
  context.print(table, message_json(list));
  if (table.empty() && !context.wants_json() && !context.globals.csv)
    fmt::print("Nothing to do: claim some work.\n");
  return kExitOk;
}

void add_claims(CLI::App& app, Context& context) {
  auto count = std::make_shared<std::uint16_t>(std::uint16_t{1});
  auto* command = add_command(
      app, {"claim", "Ask for work as an expert: the best jobs you may take now.",
            "permitctl claim 3 --as expert:17",
            "One line per job given, with its lease and token. Fewer than asked means that the\n"
            "  rest will be given as it turns up: see worklist or watch."});
  command->add_option("COUNT", *count, "How many jobs")
      ->capture_default_str()
      ->check(CLI::Range(1, 28));
  context.on(command, [&context, count] { return claim(context, *count); });

  auto* unclaim = add_command(
      app, {"unclaim", "Take no more work; assigned, not started jobs go back to the queue.",
            "permitctl unclaim --as expert:17", "That you are no longer available."});
  context.on(unclaim, [&context] {
    ExpertClient expert(context.client(), me(context));
    auto answer = context.wait(expert.unclaim(context.call_options()));
    return context.finish(
        answer, [](const Accepted&) { return std::string("You are no longer available."); });
  });

  auto* list = add_command(
      app, {"worklist", "The jobs an expert holds.", "permitctl worklist --as expert:17",
            "Assigned and started jobs, with lease, working time left and token."});
  context.on(list, [&context] { return worklist(context); });
}

}  // namespace

void add_work_commands(CLI::App& app, Context& context) {
  add_claims(app, context);
  auto until = [](const char* done) {
    return [done](const LeaseOptions& options, const Accepted& accepted) {
      return fmt::format("Job {} {}; the lease runs until {}.", options.job, done,
                         local_text(accepted.until));
    };
  };
  add_lease_command(
      app, context,
      {"start", "Begin an assigned job.", "permitctl start 42 --as expert:17",
       "That the job is started, and until when it is yours; renew in time."},
      std::make_shared<LeaseOptions>(),
      [](ExpertClient& expert, LeaseToken token, const LeaseOptions& options, CallOptions call) {
        return expert.start(JobId{options.job}, token, call);
      },
      until("is started"));
  add_lease_command(
      app, context,
      {"renew", "Keep a job for another lease.", "permitctl renew 42 --as expert:17",
       "Until when the job is yours."},
      std::make_shared<LeaseOptions>(),
      [](ExpertClient& expert, LeaseToken token, const LeaseOptions& options, CallOptions call) {
        return expert.renew(JobId{options.job}, token, call);
      },
      until("is renewed"));
  auto done = std::make_shared<LeaseOptions>();
  add_lease_command(
      app, context,
      {"done", "Finish a started job.", "permitctl done 42 --as expert:17 --note \"complete\"",
       "That the job is done; the case goes on, or waits for a second person to confirm."},
      done,
      [](ExpertClient& expert, LeaseToken token, const LeaseOptions& options, CallOptions call) {
        return expert.complete(JobId{options.job}, token, options.note, call);
      },
      [](const LeaseOptions& options, const Accepted&) {
        return fmt::format("Job {} is done.", options.job);
      })
      ->add_option("--note", done->note, "Free text, at most 79 bytes");
  auto returned = std::make_shared<LeaseOptions>();
  auto* give_back = add_lease_command(
      app, context,
      {"return", "Give a started job back unfinished: something is missing, wrong, or in the way.",
       "permitctl return 42 --as expert:17 --reason documentsIncomplete --note \"deed\"",
       "That the job is returned. documentsIncomplete and agencyInquiry pause the clock, defect "
       "makes rework,\n"
       "  noAccess needs a new appointment, violation refers the case."},
      returned,
      [](ExpertClient& expert, LeaseToken token, const LeaseOptions& options, CallOptions call) {
        return expert.give_back(JobId{options.job}, token,
                                enum_option<Reason>(options.reason, "--reason"), options.note,
                                call);
      },
      [](const LeaseOptions& options, const Accepted&) {
        return fmt::format("Job {} is returned.", options.job);
      });
  add_reason(give_back, returned, "defect");
  auto declined = std::make_shared<LeaseOptions>();
  auto* decline = add_lease_command(
      app, context,
      {"decline", "Refuse an assigned job; it goes to somebody else.",
       "permitctl decline 42 --as expert:17 --reason conflictOfInterest",
       "That the job is no longer yours."},
      declined,
      [](ExpertClient& expert, LeaseToken token, const LeaseOptions& options, CallOptions call) {
        return expert.decline(JobId{options.job}, token,
                              enum_option<Reason>(options.reason, "--reason"), options.note, call);
      },
      [](const LeaseOptions& options, const Accepted&) {
        return fmt::format("Job {} is declined.", options.job);
      });
  add_reason(decline, declined, "other");
}

}  // namespace permitd::cli
