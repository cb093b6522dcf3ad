// Questions about single things and about the whole: get, why, history, experts,
// offices, decisions, overrides, stats.
#include <capnp/message.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cli/case_text.h"
#include "cli/commands.h"
#include "cli/event_text.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/override_text.h"
#include "cli/pages.h"
#include "cli/progress.h"
#include "cli/reader_client.h"
#include "cli/why_text.h"
#include "cli/zoning_text.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;
constexpr auto kRight = Table::Align::kRight;

template <class Core, class Wire>
std::string_view word(Wire value) {
  return protocol::name_of(static_cast<Core>(value));
}

Identity reader_identity(Context& context) {
  return context.identity({ActorKind::kSupervisor, ActorKind::kAuditor, ActorKind::kOffice}, 1);
}
Identity city_identity(Context& context) {
  return context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1);
}

/// "2025-03-21 00:00 to 2025-03-25 00:00 (leave)", one after the other.
Cell absences_cell(protocol::Expert::Reader expert) {
  std::string text;
  for (auto absence : expert.getAbsences()) {
    const Tick until{absence.getUntil()};
    text += fmt::format("{}{} to {} ({})", text.empty() ? "" : "; ",
                        local_text(Tick{absence.getFrom()}),
                        until == scheduler::kNever ? "further notice" : local_text(until),
                        word<scheduler::Reason>(absence.getReason()));
  }
  return text.empty() ? no_cell() : Cell(text);
}

/// "suspended until 2025-03-25 00:00", "certified, suspended from 2025-03-25 00:00".
template <class State, class Holder>
std::string state_text(Holder holder) {
  std::string text(word<State>(holder.getState()));
  const Tick from{holder.getSuspendedFrom()};
  const Tick until{holder.getSuspendedUntil()};
  if (from != scheduler::kNever) text += ", suspended from " + local_text(from);
  if (until != scheduler::kNever) text += " until " + local_text(until);
  return text;
}

Cell relatives_cell(protocol::Expert::Reader expert) {
  std::string text;
  for (const auto person : expert.getRelatives())
    text += fmt::format("{}{}", text.empty() ? "" : " ", person);
  return text.empty() ? no_cell() : Cell(text);
}

int get(Context& context, std::uint64_t id, bool is_job) {
  ReaderClient reader(context.client(), reader_identity(context));
  if (is_job) {
    auto result = context.wait(reader.get_job(JobId{id}));
    if (result.isRefused()) return context.refuse(to_refused(result.getRefused()));
    auto table = job_table(context.table_language());
    add_job(table, result.getJob(), context.table_language());
    context.print(table, message_json(result.getJob()));
    return kExitOk;
  }
  auto result = context.wait(reader.get_case(CaseId{id}));
  if (result.isRefused()) return context.refuse(to_refused(result.getRefused()));
  if (context.wants_json())
    context.print(message_json(result.getCase()));
  else
    fmt::print("{}", case_text(result.getCase(), context.language()));
  return kExitOk;
}

struct WhyOptions {
  std::optional<std::uint64_t> job;
  std::optional<std::uint64_t> case_id;
};

int why_job(Context& context, ReaderClient& reader, std::uint64_t id) {
  auto result = context.wait(reader.why(JobId{id}, context.language()));
  if (result.isRefused()) return context.refuse(to_refused(result.getRefused()));
  auto answer = result.getAnswer();
  if (context.wants_json()) {
    context.print(message_json(answer));
    return kExitOk;
  }
  const protocol::Language language = context.language();
  auto job = answer.getJob();
  fmt::print("{}", why_job_text(answer, language));
  if (job.getStage() == protocol::Stage::PLAN_REVIEW) {
    auto found = context.wait(reader.get_case(CaseId{job.getCaseId()}));
    if (found.isCase()) fmt::print("{}", zoning_lines(found.getCase(), language));
  }
  fmt::print("{}", why_decision_text(answer, language));
  return kExitOk;
}

int why_without_job(Context& context, protocol::Case::Reader found) {
  if (!context.wants_json()) {
    fmt::print("{}", why_case_text(found, context.language()));
    return kExitOk;
  }
  const scheduler::StuckView view = case_stuck(found);
  capnp::MallocMessageBuilder message;
  auto stuck = message.initRoot<protocol::StuckReason>();
  stuck.setCause(static_cast<protocol::Stuck>(view.cause));
  stuck.setUntil(view.until.ms);
  stuck.setSentence(protocol::stuck_sentence(view, context.language()));
  context.print(json::object{{"caseId", found.getCaseId()},
                             {"state", message_json(found).as_object().at("state")},
                             {"stuck", message_json(stuck.asReader())}});
  return kExitOk;
}

/// Of a case the newest job is asked: it is the open one, or stands for what the case waits for.
int why(Context& context, const WhyOptions& options) {
  if (!options.job && !options.case_id) throw UsageError("why needs a JOB or --case.");
  ReaderClient reader(context.client(), reader_identity(context));
  if (options.job) return why_job(context, reader, *options.job);
  auto result = context.wait(reader.get_case(CaseId{*options.case_id}));
  if (result.isRefused()) return context.refuse(to_refused(result.getRefused()));
  auto jobs = result.getCase().getJobs();
  if (jobs.size() == 0) return why_without_job(context, result.getCase());
  return why_job(context, reader, jobs[jobs.size() - 1].getJob());
}

int history(Context& context, std::uint64_t id) {
  ReaderClient reader(context.client(), reader_identity(context));
  constexpr std::uint16_t kChunk = 100;
  json::array events;
  for (std::uint32_t from = 0;;) {
    auto result = context.wait(reader.history(CaseId{id}, from, kChunk));
    if (result.isRefused()) return context.refuse(to_refused(result.getRefused()));
    auto list = result.getEvents();
    for (auto event : list) {
      if (context.wants_json())
        events.push_back(message_json(event));
      else
        fmt::print("{}\n", event_line(event, context.language()));
    }
    if (list.size() == 0) break;
    from += list.size();
  }
  if (context.wants_json()) context.print(json::object{{"events", events}});
  return kExitOk;
}

int experts(Context& context, const std::string& office_code, const std::string& skill_name) {
  auto office = office_code.empty() ? OfficeId{} : office_option(office_code, "--office");
  std::optional<scheduler::Skill> skill;
  if (!skill_name.empty()) skill = enum_option<scheduler::Skill>(skill_name, "--skill");
  CityReaderClient reader(context.client(), city_identity(context));
  Table table({{"expert", kRight},
               {"name"},
               {"office"},
               {"degree"},
               {"state"},
               {"now"},
               {"booked", kRight, "booked_minutes"},
               {"of", kRight, "capacity_minutes"},
               {"visits", kRight},
               {"assigned", kRight},
               {"started", kRight},
               {"30 days", kRight, "window_minutes"},
               {"done", kRight},
               {"certified"},
               {"absences"},
               {"relatives"}});
  json::array rows;
  auto take = [&](auto& response) {
    for (auto expert : response.getExperts()) {
      std::string certified;
      bool has_skill = !skill;
      auto until = expert.getCertifiedUntil();
      for (unsigned index = 0; index < until.size(); ++index) {
        if (until[index] == 0) continue;
        has_skill = has_skill || static_cast<unsigned>(*skill) == index;
        certified += certified.empty() ? "" : " ";
        certified += protocol::name_of(static_cast<scheduler::Skill>(index));
      }
      if (!has_skill) continue;
      if (context.wants_json()) rows.push_back(message_json(expert));
      std::string now = expert.getAbsent()      ? "absent"
                        : !expert.getOnShift()  ? "off shift"
                        : expert.getAvailable() ? "available"
                                                : "on shift";
      table.add({id_cell(expert.getExpert()), expert.getLabel().cStr(),
                 fmt::format("{:04}", expert.getOffice()),
                 word<scheduler::Degree>(expert.getDegree()),
                 state_text<scheduler::ExpertState>(expert), now,
                 minutes_cell(expert.getBookedMinutesToday()),
                 minutes_cell(expert.getUnitsPerDay() * scheduler::kMinutesPerUnit),
                 count_cell(expert.getVisitsToday()), count_cell(expert.getAssigned()),
                 count_cell(expert.getStarted()), minutes_cell(expert.getWindowMinutes()),
                 count_cell(expert.getDoneTotal()), certified, absences_cell(expert),
                 relatives_cell(expert)});
    }
  };
  all_pages(
      context, [&](const PageSpec& page) { return reader.experts(office, page); }, take);
  context.print(table, json::object{{"experts", rows}});
  return kExitOk;
}

/// What waits for the municipality, the one that is late by most first.
struct Awaited {
  std::int32_t left = 0;
  bool runs = false;
  std::vector<Cell> cells;
  json::value row;
};

Awaited awaited_of(protocol::Case::Reader one) {
  const Tick due{one.getDecisionDue()};
  const bool runs = one.getDecisionBand() != protocol::SlaBand::PAUSED;
  const std::int32_t left = one.getDecisionRemainingMinutes();
  return {
      left,
      runs,
      {id_cell(one.getCaseId()), fmt::format("{:04}", one.getOffice()),
       count_cell(one.getDistrict()), due == scheduler::kNever ? no_cell() : Cell(local_text(due)),
       runs ? minutes_cell(left) : no_cell(),
       runs ? Cell(word<scheduler::SlaBand>(one.getDecisionBand())) : no_cell()},
      message_json(one)};
}

int decisions(Context& context, std::uint32_t within_minutes) {
  CityReaderClient reader(context.client(), city_identity(context));
  std::vector<Awaited> found;
  all_pages(
      context, [&](const PageSpec& page) { return reader.awaiting_decisions(page); },
      [&](auto& response) {
        for (auto one : response.getCases()) found.push_back(awaited_of(one));
      });
  std::ranges::stable_sort(found, {},
                           [](const Awaited& one) { return std::pair(!one.runs, one.left); });
  Table table({{"case", kRight},
               {"office"},
               {"district", kRight},
               {"due"},
               {"left", kRight, "left_minutes"},
               {"band"}});
  json::array rows;
  for (Awaited& one : found) {
    const bool is_soon = one.runs && one.left <= static_cast<std::int64_t>(within_minutes);
    if (within_minutes != 0 && !is_soon) continue;
    table.add(std::move(one.cells));
    rows.push_back(std::move(one.row));
  }
  context.print(table, json::object{{"cases", rows}});
  return kExitOk;
}

struct OverrideOptions {
  std::uint32_t expert = 0;
  std::string since;
};

int overrides(Context& context, const OverrideOptions& options) {
  const Tick since = options.since.empty() ? Tick{} : context.moment(options.since, "--since");
  CityReaderClient reader(context.client(), city_identity(context));
  Table table = override_table(context.table_language());
  json::array rows;
  all_pages(
      context,
      [&](const PageSpec& page) { return reader.overrides(ExpertId{options.expert}, since, page); },
      [&](auto& response) {
        for (auto one : response.getOverrides()) {
          add_override(table, one, context.table_language());
          if (context.wants_json()) rows.push_back(message_json(one));
        }
      });
  context.print(table, json::object{{"overrides", rows}});
  return kExitOk;
}

int offices(Context& context) {
  CityReaderClient reader(context.client(), city_identity(context));
  Table table({{"office"},
               {"name"},
               {"district", kRight},
               {"state"},
               {"experts", kRight},
               {"units/day", kRight, "units_per_day"},
               {"open", kRight},
               {"submitted", kRight},
               {"done", kRight, "done_minutes"},
               {"30 days", kRight, "window_minutes"},
               {"in time", kRight, "in_time_percent"}});
  json::array rows;
  auto take = [&](auto& response) {
    for (auto office : response.getOffices()) {
      if (context.wants_json()) rows.push_back(message_json(office));
      auto ended = office.getSlaMet() + office.getSlaMissed();
      auto percent = ended == 0 ? 0 : office.getSlaMet() * 100 / ended;
      table.add(
          {fmt::format("{:04}", office.getOffice()), office.getLabel().cStr(),
           id_cell(office.getDistrict()), state_text<scheduler::OfficeState>(office),
           count_cell(office.getExpertsCertified()), count_cell(office.getCapacityUnitsPerDay()),
           count_cell(office.getCasesOpen()), count_cell(office.getCasesSubmitted()),
           minutes_cell(static_cast<std::int64_t>(office.getDoneMinutes())),
           minutes_cell(static_cast<std::int64_t>(office.getWindowMinutes())),
           ended == 0 ? no_cell() : Cell(fmt::format("{} %", percent), fmt::to_string(percent))});
    }
  };
  all_pages(
      context, [&](const PageSpec& page) { return reader.offices(page); }, take);
  context.print(table, json::object{{"offices", rows}});
  return kExitOk;
}

void print_flow(protocol::Stats::Reader stats) {
  Table table({{"stage"},
               {"created", kRight},
               {"done", kRight},
               {"cancelled", kRight},
               {"open", kRight},
               {"returned", kRight},
               {"rework", kRight},
               {"in time", kRight},
               {"late", kRight},
               {"green", kRight},
               {"amber", kRight},
               {"red", kRight},
               {"paused", kRight}});
  auto flow = stats.getFlow();
  for (unsigned stage = 0; stage < flow.size(); ++stage) {
    auto cell = flow[stage];
    std::vector<Cell> row{protocol::name_of(static_cast<scheduler::Stage>(stage)),
                          grouped(cell.getCreated()),
                          grouped(cell.getDone()),
                          grouped(cell.getCancelled()),
                          grouped(cell.getCreated() - cell.getDone() - cell.getCancelled()),
                          grouped(cell.getReturned()),
                          grouped(cell.getRework()),
                          grouped(cell.getSlaMet()),
                          grouped(cell.getSlaMissed())};
    for (unsigned band = 0; band < scheduler::kSlaBandCount; ++band) {
      bool is_known = stage < stats.getBands().size() && band < stats.getBands()[stage].size();
      row.push_back(is_known ? grouped(stats.getBands()[stage][band]) : "-");
    }
    table.add(std::move(row));
  }
  fmt::print("{}", table.aligned());
}

void print_oldest(protocol::Stats::Reader stats) {
  Table table(
      {{"class"}, {"skill"}, {"ready", kRight}, {"oldest since"}, {"waits", kRight}, {"alarm"}});
  for (unsigned priority = 0; priority < stats.getReady().size(); ++priority) {
    auto counts = stats.getReady()[priority];
    for (unsigned skill = 0; skill < counts.size(); ++skill) {
      if (counts[skill] == 0) continue;
      table.add({std::string(protocol::name_of(static_cast<scheduler::PriorityClass>(priority))),
                 std::string(protocol::name_of(static_cast<scheduler::Skill>(skill))),
                 grouped(counts[skill]), local_text(Tick{stats.getOldestReady()[priority][skill]}),
                 working_text(stats.getWaitingMinutes()[priority][skill]),
                 stats.getWaitingAlarm()[priority][skill] ? "ALARM" : ""});
    }
  }
  fmt::print("{}", table.aligned());
}

void print_lapsing(protocol::Stats::Reader stats) {
  std::string text;
  auto counts = stats.getCertificatesLapsing();
  for (unsigned skill = 0; skill < counts.size(); ++skill) {
    if (counts[skill] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(counts[skill]),
                        protocol::name_of(static_cast<scheduler::Skill>(skill)));
  }
  if (!text.empty())
    fmt::print("certificates that end soon: {} (`permitctl cert list` names them)\n", text);
}

template <class Core, class Counts>
std::string counts_text(Counts counts) {
  std::string out;
  for (unsigned index = 0; index < counts.size(); ++index) {
    if (counts[index] == 0) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", grouped(counts[index]),
                       protocol::name_of(static_cast<Core>(index)));
  }
  return out.empty() ? "none" : out;
}

int stats(Context& context) {
  const Identity identity = city_identity(context);
  CityReaderClient reader(context.client(), identity);
  auto response = context.wait(reader.stats());
  auto stats = response.getStats();
  if (context.wants_json()) {
    context.print(message_json(stats));
    return kExitOk;
  }
  fmt::print("{} (op {}), {} cases submitted\n", local_text(Tick{stats.getNow()}),
             grouped(stats.getOp()), grouped(stats.getCasesSubmitted()));
  fmt::print("cases: {}\njobs: {}\n\n", counts_text<scheduler::CaseState>(stats.getCases()),
             counts_text<scheduler::JobState>(stats.getJobs()));
  print_flow(stats);
  fmt::print("\n");
  print_oldest(stats);
  print_lapsing(stats);
  if (identity.districts != protocol::kWholeCity) {
    fmt::print("\ncapacity overridden {}\n", grouped(stats.getCapacityOverrides()));
    fmt::print("Of districts {}, as far as it is in memory; the city alone has other figures.\n",
               protocol::districts_text(identity.districts));
    return kExitOk;
  }
  fmt::print(
      "\nleases expired {}, declined {}, reassigned {}, escalated {}, capacity overridden {}\n",
      grouped(stats.getLeasesExpired()), grouped(stats.getDeclined()),
      grouped(stats.getReassigned()), grouped(stats.getEscalated()),
      grouped(stats.getCapacityOverrides()));
  fmt::print("decisions of the municipality: {} in time, {} late\n",
             grouped(stats.getDecisionsInTime()), grouped(stats.getDecisionsLate()));
  fmt::print("started before the municipality's: {} (must be 0)\n",
             grouped(stats.getMunicipalFirstViolations()));
  if (stats.getReservedShareStarts() > 0)
    fmt::print("started out of the share of other organisations while municipal work waited: {}\n",
               grouped(stats.getReservedShareStarts()));
  if (stats.getCasesRebased() > 0)
    fmt::print("cases moved to another version of the zoning plan: {}\n",
               grouped(stats.getCasesRebased()));
  if (stats.getMeetingsForgottenEarly() > 0)
    fmt::print("meetings of inspector and owner forgotten early, limits.meetings_max: {}\n",
               grouped(stats.getMeetingsForgottenEarly()));
  fmt::print("in memory: {} cases, {} jobs, {} events, {} keys, {} meetings; tables {} MiB\n",
             grouped(stats.getCasesInMemory()), grouped(stats.getJobsInMemory()),
             grouped(stats.getEventsInMemory()), grouped(stats.getKeysInMemory()),
             grouped(stats.getMeetingsInMemory()), grouped(stats.getMemoryBytes() >> 20));
  return kExitOk;
}

}  // namespace

void add_read_commands(CLI::App& app, Context& context) {
  auto id = std::make_shared<std::uint64_t>(0);
  auto is_job = std::make_shared<bool>(false);
  auto* command = add_command(
      app, {"get", "One case with its jobs, or one job.", "permitctl get 17",
            "State, parcel, persons, stages with the present one in brackets, and every job."});
  command->add_option("ID", *id, "Number of the case (of the job with --job)")->required();
  command->add_flag("--job", *is_job, "ID is a job");
  context.on(command, [&context, id, is_job] { return get(context, *id, *is_job); });

  command = add_command(
      app,
      {"why", "Why a job went to this person, and why it does not move.", "permitctl why 42",
       "The first true cause that keeps it, and the record of its last assignment: who was\n"
       "  near-equal, who was chosen among them, whom which filter removed. Of a case that is\n"
       "  open and has no open job, its newest job tells what the case waits for."});
  auto asked = std::make_shared<WhyOptions>();
  auto* job = command->add_option("JOB", asked->job, "Number of the job");
  command
      ->add_option("--case", asked->case_id, "Ask the newest job of this case; without one, itself")
      ->excludes(job);
  context.on(command, [&context, asked] { return why(context, *asked); });

  command =
      add_command(app, {"history", "What happened to a case, oldest first.", "permitctl history 17",
                        "One line per event: when, who, what, and the note."});
  command->add_option("CASE", *id, "Number of the case")->required();
  context.on(command, [&context, id] { return history(context, *id); });

  auto office = std::make_shared<std::string>();
  auto skill = std::make_shared<std::string>();
  command = add_command(app, {"experts", "Who works, with what load.",
                              "permitctl experts --office 0101 --skill inspect",
                              "Effort booked today of the day's capacity, jobs in hand, effort "
                              "over 30 days, certificates."});
  command->add_option("--office", *office, "Only those of this office");
  command->add_option("--skill", *skill, "Only those certified in it");
  context.on(command, [&context, office, skill] { return experts(context, *office, *skill); });

  command = add_command(
      app,
      {"offices", "Offices with their capacity, cases and share of work.",
       "permitctl offices --csv",
       "Certified capacity a day, open and submitted cases, effort done, share ended in time."});
  context.on(command, [&context] { return offices(context); });

  auto within = std::make_shared<std::uint32_t>(0);
  command = add_command(
      app, {"decisions", "Which cases the municipality holds, and until when it has time.",
            "permitctl decisions --within 420",
            "Each case with the moment at which the decision is due and the working time that is\n"
            "  left, negative when it is late; the one most overdue first, those whose clock does\n"
            "  not run last. The municipality holds all of them, and no expert."});
  command
      ->add_option("--within", *within,
                   "Only those due within so many minutes of working time, late ones too; none\n"
                   "whose clock does not run")
      ->check(CLI::Range(1, 60'000));
  context.on(command, [&context, within] { return decisions(context, *within); });

  auto overridden = std::make_shared<OverrideOptions>();
  command = add_command(
      app, {"overrides", "Who was given more than a day's capacity by order, and why.",
            "permitctl overrides --expert 7 --since 2025-03-21",
            "Each with who ordered it, what was booked of the day before, what the job takes, the\n"
            "  capacity of the day, of a visit how many there were of how many, and the note; the\n"
            "  newest first, of the last 4,096 of the city."});
  command->add_option("--expert", overridden->expert, "Only those of this expert");
  command->add_option("--since", overridden->since, "Only those from this moment on");
  context.on(command, [&context, overridden] { return overrides(context, *overridden); });

  command = add_command(
      app,
      {"stats", "The whole city in one page.", "permitctl stats --json",
       "Cases and jobs by state, flow by stage (created = done + cancelled + open), SLA bands,\n"
       "  oldest waiting job by class and skill, and what went against the plan."});
  context.on(command, [&context] { return stats(context); });
}

}  // namespace permitd::cli
