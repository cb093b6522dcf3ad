// The queue: lists of jobs by filter, page by page or sorted, and the open work by stage × office ×
// district.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>

#include "cli/commands.h"
#include "cli/event_text.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/progress.h"
#include "cli/reader_client.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;
using scheduler::ActorKind;
using scheduler::JobState;

/// Jobs fetched at most to be sorted: a list longer than this is not read by a person.
constexpr std::size_t kSortMax = 10'000;

struct QueueOptions {
  std::vector<std::string> stages;
  std::vector<std::string> classes;
  std::vector<std::string> states;
  std::vector<std::string> bands;
  std::vector<std::uint32_t> districts;
  std::string office;
  std::uint32_t expert = 0;
  std::uint64_t case_id = 0;
  std::uint32_t service = 0;
  std::string sort;
  std::size_t limit = 50;
  std::uint64_t cursor = 0;
  bool all = false;
  bool summary = false;
};

template <class Enum>
std::uint32_t mask_of(const std::vector<std::string>& names, std::string_view option) {
  std::uint32_t mask = 0;
  for (const auto& name : names)
    mask |= 1U << static_cast<unsigned>(enum_option<Enum>(name, option));
  return mask;
}

/// What is not finished.
constexpr std::uint32_t open_states() {
  std::uint32_t mask = 0;
  for (auto state :
       {JobState::kBlocked, JobState::kReady, JobState::kScheduled, JobState::kAssigned,
        JobState::kStarted, JobState::kHeld, JobState::kEscalated}) {
    mask |= 1U << static_cast<unsigned>(state);
  }
  return mask;
}

JobFilterSpec to_filter(const QueueOptions& options) {
  JobFilterSpec filter;
  filter.stages = mask_of<scheduler::Stage>(options.stages, "--stage");
  filter.classes = mask_of<scheduler::PriorityClass>(options.classes, "--class");
  filter.bands = mask_of<scheduler::SlaBand>(options.bands, "--band");
  filter.states = mask_of<JobState>(options.states, "--state");
  if (filter.states == 0 && !options.all) filter.states = open_states();
  for (auto district : options.districts) filter.districts |= 1U << district;
  if (!options.office.empty()) filter.office = office_option(options.office, "--office");
  filter.holder = ExpertId{options.expert};
  filter.case_id = CaseId{options.case_id};
  filter.service = scheduler::ServiceId{static_cast<std::uint8_t>(options.service)};
  return filter;
}

/// Jobs with the response that owns their memory.
struct Listing {
  std::vector<kj::Own<capnp::Response<protocol::Reader::JobsResults>>> pages;
  std::vector<protocol::Job::Reader> jobs;
  std::uint64_t cursor = 0;
  bool done = false;
};

/// Pages from `cursor` on until `wanted` jobs are there. Never takes a part of a page, so that the
/// cursor fits.
Listing fetch(Context& context, const JobFilterSpec& filter, std::uint64_t cursor,
              std::size_t wanted) {
  ReaderClient reader(
      context.client(),
      context.identity({ActorKind::kSupervisor, ActorKind::kAuditor, ActorKind::kOffice}, 1));
  Listing listing;
  listing.cursor = cursor;
  while (!listing.done && listing.jobs.size() < wanted) {
    auto limit =
        static_cast<std::uint16_t>(std::min<std::size_t>(wanted - listing.jobs.size(), 1000));
    auto page = kj::heap(context.wait(reader.jobs(filter, PageSpec{listing.cursor, limit})));
    for (auto job : page->getJobs()) listing.jobs.push_back(job);
    listing.cursor = page->getEnd().getCursor();
    listing.done = page->getEnd().getDone();
    listing.pages.push_back(kj::mv(page));
  }
  return listing;
}

void sort_jobs(std::vector<protocol::Job::Reader>& jobs, const std::string& by) {
  auto key_of = [&by](protocol::Job::Reader job) -> std::int64_t {
    if (by == "deadline") return job.getDeadline();
    if (by == "age") return job.getReadySince();
    if (by == "left") return job.getDeadline() == INT64_MAX ? INT64_MAX : job.getRemainingMinutes();
    if (by == "effort") return -static_cast<std::int64_t>(job.getEffortMinutes());
    if (by == "attempts") return -static_cast<std::int64_t>(job.getAttempts());
    return 0;
  };
  std::sort(jobs.begin(), jobs.end(), [&](auto a, auto b) {
    return std::tuple(key_of(a), a.getJob()) < std::tuple(key_of(b), b.getJob());
  });
}

int list(Context& context, const QueueOptions& options) {
  bool sorted = !options.sort.empty();
  auto listing =
      fetch(context, to_filter(options), options.cursor, sorted ? kSortMax : options.limit);
  auto found = listing.jobs.size();
  if (sorted) sort_jobs(listing.jobs, options.sort);
  if (listing.jobs.size() > options.limit) listing.jobs.resize(options.limit);
  auto table = job_table();
  json::array rows;
  for (auto job : listing.jobs) {
    if (context.wants_json())
      rows.push_back(message_json(job));
    else
      add_job(table, job);
  }
  bool whole = listing.done && listing.jobs.size() == found;
  json::object end{{"cursor", listing.cursor}, {"done", whole}};
  context.print(table, json::object{{"jobs", rows}, {"end", end}});
  if (context.wants_json() || context.globals.csv) return kExitOk;
  if (sorted && !listing.done)
    fmt::print("Sorted among the first {} that fit; filter further.\n", grouped(found));
  else if (sorted && found > options.limit)
    fmt::print("{} of {} that fit; --limit shows more.\n", options.limit, grouped(found));
  else if (!sorted && !listing.done)
    fmt::print("There may be more: --cursor {}\n", listing.cursor);
  else if (found == 0)
    fmt::print("No job fits.\n");
  return kExitOk;
}

struct Cell {
  std::uint64_t blocked = 0, ready = 0, scheduled = 0, assigned = 0, started = 0, held = 0,
                confirming = 0, effort = 0;
  void add(protocol::OpenCell::Reader cell) {
    blocked += cell.getBlocked();
    ready += cell.getReady();
    scheduled += cell.getScheduled();
    assigned += cell.getAssigned();
    started += cell.getStarted();
    held += cell.getHeld();
    confirming += cell.getConfirming();
    effort += cell.getEffortMinutes();
  }
  std::uint64_t open() const {
    return blocked + ready + scheduled + assigned + started + held + confirming;
  }
};

bool fits(protocol::OpenCell::Reader cell, const JobFilterSpec& filter) {
  auto in = [](std::uint32_t mask, unsigned bit) { return mask == 0 || (mask >> bit & 1U) != 0; };
  return in(filter.stages, static_cast<unsigned>(cell.getStage())) &&
         in(filter.districts, cell.getDistrict()) &&
         in(filter.classes, static_cast<unsigned>(cell.getPriority()));
}

int summary(Context& context, const QueueOptions& options) {
  auto filter = to_filter(options);
  CityReaderClient reader(context.client(),
                          context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1));
  std::map<std::tuple<unsigned, unsigned, unsigned>, Cell> cells;  // stage, office, district
  json::array rows;
  Cell total;
  PageSpec page;
  for (bool done = false; !done;) {
    auto response = context.wait(reader.open_cells(filter.office, page));
    for (auto cell : response.getCells()) {
      if (!fits(cell, filter)) continue;
      if (context.wants_json()) rows.push_back(message_json(cell));
      cells[{static_cast<unsigned>(cell.getStage()), cell.getOffice(), cell.getDistrict()}].add(
          cell);
      total.add(cell);
    }
    done = response.getEnd().getDone();
    page.cursor = response.getEnd().getCursor();
  }
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"stage"},
               {"office"},
               {"district", kRight},
               {"open", kRight},
               {"effort", kRight, "effort_minutes"},
               {"blocked", kRight},
               {"ready", kRight},
               {"scheduled", kRight},
               {"assigned", kRight},
               {"started", kRight},
               {"held", kRight},
               {"confirming", kRight}});
  auto add = [&table](std::string stage, std::string office, std::string district,
                      const Cell& cell) {
    table.add({std::move(stage), std::move(office), std::move(district), count_cell(cell.open()),
               minutes_cell(static_cast<std::int64_t>(cell.effort)), count_cell(cell.blocked),
               count_cell(cell.ready), count_cell(cell.scheduled), count_cell(cell.assigned),
               count_cell(cell.started), count_cell(cell.held), count_cell(cell.confirming)});
  };
  for (const auto& [where, cell] : cells) {
    auto [stage, office, district] = where;
    add(std::string(protocol::name_of(static_cast<scheduler::Stage>(stage))),
        fmt::format("{:04}", office), fmt::to_string(district), cell);
  }
  if (!context.globals.csv) add("all", "", "", total);
  context.print(table, json::object{{"cells", rows}});
  return kExitOk;
}

}  // namespace

void add_queue_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<QueueOptions>();
  auto* command = add_command(
      app,
      {"queue", "Which jobs wait, where, and how long they have left.",
       "permitctl queue --stage siteInspection --district 5 --band red --sort left",
       "One line per job: state, who holds it, effort, deadline and the working time left. Open "
       "jobs only, unless\n"
       "  --state or --all. --summary counts open work by stage, office and district instead."});
  command->add_option("--stage", options->stages, "Stages, e.g. siteInspection,planReview")
      ->delimiter(',');
  command->add_option("--office", options->office, "Code of the office of intake");
  command->add_option("--district", options->districts, "Districts of the parcel")
      ->delimiter(',')
      ->check(CLI::Range(1, 31));
  command->add_option("--class", options->classes, "expedited, municipal, other")->delimiter(',');
  command->add_option("--state", options->states, "States of the job")->delimiter(',');
  command->add_option("--band", options->bands, "green, amber, red, paused")->delimiter(',');
  command->add_option("--expert", options->expert, "Held by this expert");
  command->add_option("--case", options->case_id, "Of this case");
  command->add_option("--service", options->service, "Of this service")->check(CLI::Range(1, 63));
  command->add_flag("--all", options->all, "Finished jobs too");
  command->add_option("--sort", options->sort, "id, deadline, left, age, effort or attempts")
      ->check(CLI::IsMember({"id", "deadline", "left", "age", "effort", "attempts"}));
  command->add_option("--limit", options->limit, "Rows at most")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  auto* cursor =
      command->add_option("--cursor", options->cursor, "Go on where the list before ended");
  command->get_option("--sort")->excludes(cursor);
  command->add_flag("--summary", options->summary, "Counts by stage, office and district");
  context.on(command, [&context, options] {
    return options->summary ? summary(context, *options) : list(context, *options);
  });
}

}  // namespace permitd::cli
