#include "bench/balance_instances.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>

namespace permitd::bench {
namespace {

using planner::Time;

struct Customer {
  double x = 0;
  double y = 0;
  std::int32_t demand = 0;
  double ready = 0;
  double due = 0;
  double service = 0;
};

/// The depot comes first.
struct Raw {
  std::int32_t vehicles = 0;
  std::int32_t capacity = 0;
  std::vector<Customer> customers;
};

Time scaled(double value) { return static_cast<Time>(std::lround(value * kInstanceScale)); }

std::optional<Raw> read_solomon(std::ifstream& in) {
  Raw raw;
  std::string line;
  while (std::getline(in, line) && line.find("CAPACITY") == std::string::npos) {
  }
  in >> raw.vehicles >> raw.capacity;
  while (std::getline(in, line) && line.find("CUST ") == std::string::npos) {
  }
  std::int32_t number = 0;
  Customer c;
  while (in >> number >> c.x >> c.y >> c.demand >> c.ready >> c.due >> c.service) {
    raw.customers.push_back(c);
  }
  if (raw.customers.size() < 2) return std::nullopt;
  return raw;
}

/// One section of a .vrp file: a row per customer, which begins with the customer's number.
template <class Read>
void read_section(std::ifstream& in, Raw& raw, const Read& read) {
  for (Customer& customer : raw.customers) {
    std::int32_t number = 0;
    in >> number;
    read(customer);
  }
}

std::optional<Raw> read_vrp(std::ifstream& in) {
  Raw raw;
  double service = 0;
  std::string word;
  while (in >> word && word != "EOF") {
    std::string colon;
    if (word == "DIMENSION") {
      std::size_t count = 0;
      in >> colon >> count;
      raw.customers.resize(count);
    } else if (word == "VEHICLES") {
      in >> colon >> raw.vehicles;
    } else if (word == "CAPACITY") {
      in >> colon >> raw.capacity;
    } else if (word == "SERVICE_TIME") {
      in >> colon >> service;
    } else if (word == "NODE_COORD_SECTION") {
      read_section(in, raw, [&](Customer& c) { in >> c.x >> c.y; });
    } else if (word == "DEMAND_SECTION") {
      read_section(in, raw, [&](Customer& c) { in >> c.demand; });
    } else if (word == "TIME_WINDOW_SECTION") {
      read_section(in, raw, [&](Customer& c) { in >> c.ready >> c.due; });
    }
  }
  if (raw.customers.size() < 2) return std::nullopt;
  for (std::size_t i = 1; i < raw.customers.size(); ++i) raw.customers[i].service = service;
  return raw;
}

Instance as_problem(const Raw& raw) {
  Instance instance;
  const Customer& depot = raw.customers.front();
  planner::Inspector vehicle;
  vehicle.start = vehicle.end = 0;
  vehicle.shift = {scaled(depot.ready), scaled(depot.due)};
  vehicle.load_max = raw.capacity;
  vehicle.effort_capacity = std::max(1, vehicle.shift.close);
  instance.problem.inspectors.assign(static_cast<std::size_t>(raw.vehicles), vehicle);
  for (planner::Place place = 0; const Customer& customer : raw.customers) {
    instance.points.push_back({customer.x, customer.y});
    if (place > 0) {
      planner::Visit visit;
      visit.place = place;
      visit.service = scaled(customer.service);
      visit.windows = {{scaled(customer.ready), scaled(customer.due)}};
      visit.demand = customer.demand;
      instance.problem.visits.push_back(visit);
    }
    ++place;
  }
  instance.travel = std::make_unique<planner::PlaneTravel>(instance.points, kInstanceScale);
  return instance;
}

}  // namespace

std::expected<Instance, std::string> read_vrptw(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return std::unexpected(fmt::format("{}: cannot be read", file.string()));
  const std::optional<Raw> raw = file.extension() == ".vrp" ? read_vrp(in) : read_solomon(in);
  if (!raw) return std::unexpected(fmt::format("{}: no customers in it", file.string()));
  Instance instance = as_problem(*raw);
  instance.name = file.stem().string();
  return instance;
}

std::map<std::string, double> read_best_known(const std::filesystem::path& file) {
  std::map<std::string, double> costs;
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::string name;
    std::string cost;
    if (!std::getline(fields, name, ',') || !std::getline(fields, cost, ',')) continue;
    // The head of the table and instances without a known cost have no number there.
    if (!cost.empty() && std::isdigit(static_cast<unsigned char>(cost.front()))) {
      costs[name] = std::stod(cost);
    }
  }
  return costs;
}

}  // namespace permitd::bench
