// Technician instances, reduced to what a day plan knows: homes, shifts, skills, windows. Tools and
// spare parts of the Pillac set are left out, so its costs in the source are those of a harder
// problem and only printed beside ours. In the Kovacs set a task may be outsourced at its cost.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "bench/balance_commands.h"
#include "bench/balance_instances.h"
#include "bench/balance_svg.h"

namespace permitd::bench {
namespace {

namespace fs = std::filesystem;
using planner::SkillMask;

planner::Time scaled(double value) {
  return static_cast<planner::Time>(std::lround(value * kInstanceScale));
}

void add_travel(Instance& instance) {
  instance.travel = std::make_unique<planner::PlaneTravel>(instance.points, kInstanceScale);
}

/// "[1,3,4]" as bits.
SkillMask listed_skills(std::string_view text) {
  SkillMask skills = 0;
  for (char c : text) {
    if (c >= '0' && c <= '9') skills |= SkillMask{1} << (c - '0');
  }
  return skills;
}

std::expected<Instance, std::string> read_pillac(const fs::path& file) {
  std::ifstream in(file);
  Instance instance;
  instance.name = file.stem().string();
  std::string line;
  std::size_t crew = 0;
  while (std::getline(in, line) && !line.starts_with("CREW")) {
  }
  in >> crew;
  while (std::getline(in, line) && !line.starts_with("ID")) {
  }
  std::size_t number = 0;
  double x = 0, y = 0, open = 0, close = 0, service = 0;
  while (in >> number >> x >> y >> open >> close >> service && std::getline(in, line)) {
    std::istringstream lists(line);
    std::string skills;
    lists >> skills;
    const auto place = static_cast<planner::Place>(instance.points.size());
    instance.points.push_back({x, y});
    if (number == 0) continue;  // the depot holds tools and parts, nobody's home
    if (number <= crew) {
      planner::Inspector inspector;
      inspector.start = inspector.end = place;
      inspector.shift = {scaled(open), scaled(close)};
      inspector.skills = listed_skills(skills);
      inspector.effort_capacity = scaled(close);
      instance.problem.inspectors.push_back(inspector);
    } else {
      planner::Visit visit;
      visit.place = place;
      visit.service = scaled(service);
      visit.windows = {{scaled(open), scaled(close)}};
      visit.skills = listed_skills(skills);
      instance.problem.visits.push_back(visit);
    }
  }
  if (instance.problem.visits.empty()) return std::unexpected(file.string() + ": no requests");
  add_travel(instance);
  return instance;
}

/// A bit per domain and level; whoever has a level has those below.
SkillMask level_skill(std::int32_t domain, std::int32_t level, std::int32_t levels) {
  return SkillMask{1} << (domain * levels + level);
}

struct Crew {
  std::int32_t domains = 0;
  std::int32_t levels = 0;
  std::vector<SkillMask> skills;
};

Crew read_crew(const fs::path& file) {
  std::ifstream in(file);
  Crew crew;
  std::string line;
  while (std::getline(in, line) && !line.starts_with("ID")) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const int value = std::atoi(line.c_str() + colon + 1);
    if (line.starts_with("domains")) crew.domains = value;
    if (line.starts_with("proficiency")) crew.levels = value;
  }
  std::int32_t number = 0;
  while (in >> number) {
    SkillMask skills = 0;
    for (std::int32_t domain = 0; domain < crew.domains; ++domain) {
      std::int32_t reached = 0;
      in >> reached;
      for (std::int32_t level = 0; level < reached; ++level) {
        skills |= level_skill(domain, level, crew.levels);
      }
    }
    crew.skills.push_back(skills);
  }
  return crew;
}

planner::Inspector technician_at_depot(SkillMask skills, planner::TimeWindow shift) {
  planner::Inspector inspector;
  inspector.start = inspector.end = 0;
  inspector.shift = shift;
  inspector.skills = skills;
  inspector.effort_capacity = shift.close;
  return inspector;
}

/// One row of a task file behind its number; the first row is the depot.
planner::Visit read_task(std::ifstream& in, const Crew& crew, Instance& instance) {
  double x = 0, y = 0, demand = 0, open = 0, close = 0, service = 0, cost = 0;
  in >> x >> y >> demand >> open >> close >> service >> cost;
  planner::Visit visit;
  for (std::int32_t bit = 0; bit < crew.domains * crew.levels; ++bit) {
    int needed = 0;
    in >> needed;
    if (needed != 0) visit.skills |= SkillMask{1} << bit;
  }
  visit.place = static_cast<planner::Place>(instance.points.size());
  visit.service = scaled(service);
  visit.windows = {{scaled(open), scaled(close)}};
  visit.prize = scaled(cost);
  instance.points.push_back({x, y});
  return visit;
}

std::expected<Instance, std::string> read_kovacs(const fs::path& tasks, const fs::path& crew_file) {
  const Crew crew = read_crew(crew_file);
  if (crew.skills.empty()) return std::unexpected(crew_file.string() + ": no technicians");
  std::ifstream in(tasks);
  Instance instance;
  const std::string stem = tasks.stem().string();
  const bool few = crew_file.parent_path().filename().string().find("Reduced") != std::string::npos;
  instance.name = stem.substr(0, stem.find("_no")) + (few ? " few" : "");
  std::string line;
  while (std::getline(in, line) && !line.starts_with("CUST")) {
  }
  std::int32_t number = 0;
  while (in >> number) {
    const planner::Visit visit = read_task(in, crew, instance);
    if (visit.place > 0) {
      instance.problem.visits.push_back(visit);
      continue;
    }
    for (SkillMask skills : crew.skills) {
      instance.problem.inspectors.push_back(technician_at_depot(skills, visit.windows.front()));
    }
  }
  if (instance.problem.visits.empty()) return std::unexpected(tasks.string() + ": no tasks");
  add_travel(instance);
  return instance;
}

std::vector<fs::path> sorted_files(const fs::path& directory) {
  std::vector<fs::path> files;
  if (!fs::is_directory(directory)) return files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

struct Outcomes {
  int faults = 0;
  bool is_drawn = true;
  boost::json::array rows;
};

void measure_instance(const std::expected<Instance, std::string>& instance, double source_cost,
                      const SearchChoice& search, Outcomes& outcomes) {
  if (!instance) {
    fmt::print(stderr, "{}\n", instance.error());
    ++outcomes.faults;
    return;
  }
  const Measured measured = measure(instance->problem, *instance->travel, search);
  const auto tenths = [](planner::Cost cost) { return static_cast<double>(cost) / kInstanceScale; };
  if (search.json) {
    boost::json::object row = to_json(measured);
    row["instance"] = instance->name;
    outcomes.rows.push_back(std::move(row));
  } else {
    fmt::print("{:<22}{:>8}{:>12.1f}{:>10}{:>14.1f}{:>10}{:>14}\n", instance->name,
               instance->problem.inspectors.size(), tenths(measured.plan.cost.travel),
               measured.plan.unserved.size(), tenths(measured.plan.cost.total()),
               measured.routes_used(), source_cost > 0 ? fmt::format("{:.1f}", source_cost) : "-");
  }
  if (!search.svg.empty()) {
    const auto written = write_svg(svg_of_instance(search.svg, instance->name),
                                   {instance->name, instance->points, instance->problem, measured});
    if (!written) fmt::print(stderr, "{}\n", written.error());
    outcomes.is_drawn &= written.has_value();
  }
  outcomes.faults += print_faults(measured);
}

}  // namespace

int run_technician(const TechnicianOptions& options) {
  const fs::path directory = options.directory;
  Outcomes outcomes;
  if (!options.search.json) {
    fmt::print("{:<22}{:>8}{:>12}{:>10}{:>14}{:>10}{:>14}\n", "instance", "crew", "travel", "out",
               "with prizes", "routes", "source's cost");
  }
  const auto source = read_best_known(directory / "pillac-crew25" / "best-known.csv");
  for (const fs::path& file : sorted_files(directory / "pillac-crew25")) {
    const auto instance = read_pillac(file);
    const auto known = source.find(file.stem().string());
    measure_instance(instance, known == source.end() ? 0 : known->second, options.search, outcomes);
  }
  for (const fs::path& file : sorted_files(directory / "kovacs" / "tasks_noTeam")) {
    for (const char* crews : {"technicians_noTeam", "techniciansReduced_noTeam"}) {
      const fs::path crew =
          directory / "kovacs" / crews / ("technicians_" + file.filename().string());
      measure_instance(read_kovacs(file, crew), 0, options.search, outcomes);
    }
  }
  if (options.search.json) fmt::print("{}\n", boost::json::serialize(outcomes.rows));
  if (!outcomes.is_drawn) return 2;
  return outcomes.faults == 0 ? 0 : 1;
}

}  // namespace permitd::bench
