// What can be read about licences of offices: rules, rounds, applications, venues, and one
// application with every check.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/pages.h"
#include "cli/reader_client.h"
#include "cli/supervisor_client.h"

namespace permitd::cli {

namespace {

using boost::json::array;
using boost::json::object;
using CityReader = protocol::CityReader::Client;
using Align = Table::Align;

// As a supervisor, or as an auditor where --as says so.
Identity reading(Context& context) {
  return context.identity({scheduler::ActorKind::kSupervisor, scheduler::ActorKind::kAuditor}, 1);
}

template <class Wire>
std::string name_in(Wire value) {
  const auto schema = capnp::Schema::from<Wire>();
  const auto number = static_cast<std::uint16_t>(value);
  const auto all = schema.getEnumerants();
  return number < all.size() ? all[number].getProto().getName().cStr() : "unknown";
}

std::string moment(std::int64_t ms) { return local_text(scheduler::Tick{ms}); }

void add_rounds(CLI::App& app, Context& context) {
  auto* command =
      add_command(app, {"rounds", "The rounds of licensing.", "permitctl licence rounds",
                        "Places, applications, who was eligible when the route was chosen."});
  context.on(command, [&context] {
    CityReaderClient reader(context.client(), reading(context));
    Table table({{"round", Align::kRight},
                 {"state"},
                 {"places", Align::kRight},
                 {"applied", Align::kRight},
                 {"eligible", Align::kRight},
                 {"route"},
                 {"closes"},
                 {"rules", Align::kRight},
                 {"label"}});
    array rows;
    all_pages(
        context,
        [&](const PageSpec& page) {
          return reader.send([page](CityReader& session) {
            auto request = session.roundsRequest();
            fill(request.initPage(), page);
            return request;
          });
        },
        [&](auto& response) {
          for (const auto round : response.getRounds()) {
            rows.push_back(message_json(round));
            table.add({id_cell(round.getRound()), name_in(round.getState()),
                       count_cell(round.getPlaces()), count_cell(round.getApplied()),
                       count_cell(round.getEligible()), name_in(round.getRoute()),
                       moment(round.getCloses()), count_cell(round.getRulesVersion()),
                       std::string(round.getLabel().cStr())});
          }
        });
    context.print(table, rows);
    return kExitOk;
  });
}

void add_list(CLI::App& app, Context& context) {
  struct Options {
    std::uint16_t round = 0;
    std::uint16_t district = 0;
    std::vector<std::string> states;
  };
  auto options = std::make_shared<Options>();
  auto* command = add_command(
      app, {"list", "Applications and the licences they have become.",
            "permitctl licence list --round 1 --state selected",
            "Points, result, rank, venue and office of each; show N tells all of one."});
  command->add_option("--round", options->round, "Of this round alone");
  command->add_option("--district", options->district, "Of this district alone");
  command->add_option("--state", options->states,
                      fmt::format("In these states: {}",
                                  fmt::join(protocol::names_of<scheduler::LicenceState>(), ", ")));
  context.on(command, [&context, options] {
    CityReaderClient reader(context.client(), reading(context));
    std::uint32_t states = 0;
    for (const std::string& name : options->states)
      states |= 1U << raw(enum_option<scheduler::LicenceState>(name, "--state"));
    Table table({{"application", Align::kRight},
                 {"round", Align::kRight},
                 {"state"},
                 {"district", Align::kRight},
                 {"licensee", Align::kRight},
                 {"points", Align::kRight},
                 {"result"},
                 {"score", Align::kRight},
                 {"rank", Align::kRight},
                 {"venue", Align::kRight},
                 {"office"}});
    array rows;
    all_pages(
        context,
        [&](const PageSpec& page) {
          return reader.send([page, states, options](CityReader& session) {
            auto request = session.applicationsRequest();
            fill(request.initPage(), page);
            auto filter = request.initFilter();
            filter.setStates(states);
            filter.setRound(options->round);
            filter.setDistrict(static_cast<std::uint8_t>(options->district));
            return request;
          });
        },
        [&](auto& response) {
          for (const auto one : response.getApplications()) {
            rows.push_back(message_json(one));
            table.add(
                {id_cell(one.getApplication()), id_cell(one.getRound()), name_in(one.getState()),
                 id_cell(one.getDistrict()), id_cell(one.getLicensee().getPerson()),
                 count_cell(one.getPoints()), name_in(one.getResult()),
                 count_cell(one.getExamScore()), id_cell(one.getRank()), id_cell(one.getVenue()),
                 one.getOffice() == 0 ? no_cell() : Cell(fmt::format("{:04}", one.getOffice()))});
          }
        });
    context.print(table, rows);
    return kExitOk;
  });
}

std::string found_text(protocol::CheckState::Reader check) {
  const std::uint32_t value = check.getValue();
  const auto number = static_cast<std::uint8_t>(value);
  switch (check.getCheck()) {
    case protocol::LicenceCheck::AGE:
      return fmt::format("{} years", value);
    case protocol::LicenceCheck::NATIONALITY:
      return std::string(protocol::name_of(scheduler::Nationality{number}));
    case protocol::LicenceCheck::DEGREE_LEVEL:
      return std::string(protocol::name_of(scheduler::Degree{number}));
    case protocol::LicenceCheck::DEGREE_FIELD:
      return std::string(protocol::name_of(scheduler::DegreeField{number}));
    case protocol::LicenceCheck::CRIMINAL_RECORD:
    case protocol::LicenceCheck::MORAL_RECORD:
    case protocol::LicenceCheck::BANKRUPTCY:
    case protocol::LicenceCheck::OTHER_CONDITIONS:
    case protocol::LicenceCheck::OWN_VENUE:
      return check.getEvidence().cStr();
  }
  return "";
}

void print_application(protocol::Application::Reader one) {
  fmt::print("Application {} of round {}, district {}: {}\n", one.getApplication(), one.getRound(),
             one.getDistrict(), name_in(one.getState()));
  fmt::print("Received {}; judged by rules {}. Licensee {}, technical manager {}.\n",
             moment(one.getAppliedAt()), one.getRulesVersion(), one.getLicensee().getPerson(),
             one.getManager().getPerson());
  for (const auto check : one.getChecks()) {
    const bool pending = check.getResult() == protocol::CheckResult::PENDING;
    fmt::print("  {:9} {:16} {:12} {}\n", name_in(check.getSubject()), name_in(check.getCheck()),
               name_in(check.getResult()),
               pending ? "" : fmt::format("{}  ({})", found_text(check), moment(check.getAt())));
  }
  fmt::print("Points {}", one.getPoints());
  if (one.getResult() != protocol::ResultState::NONE)
    fmt::print("; {}, score {}", name_in(one.getResult()), one.getExamScore());
  if (one.getRank() != 0) fmt::print("; rank {}", one.getRank());
  fmt::print(".\n");
  if (one.getVenue() != 0) fmt::print("Venue {}.\n", one.getVenue());
  if (one.getQueued())
    fmt::print("Waits for a venue, {} before it in the queue.\n", one.getQueueAhead());
  for (const auto item : one.getEquipment()) {
    fmt::print("  {:16} by the {:13} {}\n", name_in(item.getItem()), name_in(item.getParty()),
               item.getDone() ? fmt::format("there, {}", item.getReference().cStr()) : "missing");
  }
  if (one.getOffice() != 0)
    fmt::print("Office {:04}, licensed until {}.\n", one.getOffice(),
               moment(one.getLicenceUntil()));
  if (one.getMissingText().size() != 0)
    fmt::print("Missing to be active: {}.\n", one.getMissingText().cStr());
}

void add_show(CLI::App& app, Context& context) {
  auto number = std::make_shared<std::uint32_t>(0);
  auto* command = add_command(
      app, {"show", "One application with every check, and what is still missing.",
            "permitctl licence show 3",
            "Each check with result, evidence, date and rules; points, rank, venue, equipment."});
  command->add_option("APPLICATION", *number, "Number of the application")->required();
  context.on(command, [&context, number]() -> int {
    CityReaderClient reader(context.client(), reading(context));
    auto response = context.wait(reader.send([number](CityReader& session) {
      auto request = session.applicationRequest();
      request.setApplication(*number);
      return request;
    }));
    if (response.isRefused()) return context.refuse(to_refused(response.getRefused()));
    if (context.wants_json()) {
      context.print(message_json(response.getApplication()));
    } else {
      print_application(response.getApplication());
    }
    return kExitOk;
  });
}

void add_venues(CLI::App& app, Context& context) {
  auto* command =
      add_command(app, {"venues", "The venues, and who holds each.", "permitctl licence venues",
                        "A municipal venue without holder goes to who has waited longest."});
  context.on(command, [&context] {
    CityReaderClient reader(context.client(), reading(context));
    Table table({{"venue", Align::kRight},
                 {"kind"},
                 {"district", Align::kRight},
                 {"service"},
                 {"application", Align::kRight},
                 {"office"},
                 {"owner", Align::kRight},
                 {"label"}});
    array rows;
    all_pages(
        context,
        [&](const PageSpec& page) {
          return reader.send([page](CityReader& session) {
            auto request = session.venuesRequest();
            fill(request.initPage(), page);
            return request;
          });
        },
        [&](auto& response) {
          for (const auto venue : response.getVenues()) {
            rows.push_back(message_json(venue));
            table.add(
                {id_cell(venue.getVenue()), name_in(venue.getKind()), id_cell(venue.getDistrict()),
                 venue.getInService() ? "in" : "out", id_cell(venue.getApplication()),
                 venue.getOffice() == 0 ? no_cell() : Cell(fmt::format("{:04}", venue.getOffice())),
                 id_cell(venue.getOwner()), std::string(venue.getLabel().cStr())});
          }
        });
    context.print(table, rows);
    return kExitOk;
  });
}

void add_rules(CLI::App& app, Context& context) {
  auto* command = add_command(
      app, {"rules", "The versions of the licensing rules that are kept.",
            "permitctl --json licence rules", "Ages, points, term and rounds of each version."});
  context.on(command, [&context] {
    CityReaderClient reader(context.client(), reading(context));
    auto response = context.wait(
        reader.send([](CityReader& session) { return session.licenceRulesRequest(); }));
    Table table({{"version", Align::kRight},
                 {"from"},
                 {"now"},
                 {"licensee"},
                 {"manager"},
                 {"points"},
                 {"days", Align::kRight},
                 {"rounds", Align::kRight}});
    array rows;
    const auto ages = [](protocol::PersonRules::Reader rules) {
      return fmt::format("{}-{}", rules.getAgeMin(), rules.getAgeMax());
    };
    for (const auto rules : response.getVersions()) {
      rows.push_back(message_json(rules));
      table.add({count_cell(rules.getVersion()), moment(rules.getEffectiveFrom()),
                 rules.getInForce() ? "in force" : "-", ages(rules.getLicensee()),
                 ages(rules.getManager()),
                 fmt::format("{}/{}/{}", rules.getPointsMaster(), rules.getPointsExperience(),
                             rules.getPointsVenue()),
                 count_cell(rules.getValidityDays()), count_cell(rules.getRounds())});
    }
    context.print(table, rows);
    return kExitOk;
  });
}

/// Licences in use whose rent contract has ended: nothing happens to them, somebody must be told.
array ended_rents(Context& context, CityReaderClient& reader) {
  constexpr std::uint32_t kInUse =
      1U << raw(scheduler::LicenceState::kActive) | 1U << raw(scheduler::LicenceState::kSuspended);
  array rows;
  all_pages(
      context,
      [&](const PageSpec& page) {
        return reader.send([page](CityReader& session) {
          auto request = session.applicationsRequest();
          fill(request.initPage(), page);
          request.initFilter().setStates(kInUse);
          return request;
        });
      },
      [&](auto& response) {
        for (const auto one : response.getApplications()) {
          if ((one.getMissing() & scheduler::kMissingRent) == 0) continue;
          rows.push_back(boost::json::object{{"application", one.getApplication()},
                                             {"office", one.getOffice()},
                                             {"rentUntil", one.getRentUntil()}});
        }
      });
  return rows;
}

void add_summary(CLI::App& app, Context& context) {
  auto* command = add_command(
      app,
      {"status", "Licensing at a glance: wanted and taken places, venues, the queue.",
       "permitctl licence status",
       "And every number of offices wanted, with its date, and the offices whose rent contract\n"
       "  has ended: they go on, and need another one recorded."});
  context.on(command, [&context] {
    CityReaderClient reader(context.client(), reading(context));
    auto response =
        context.wait(reader.send([](CityReader& session) { return session.licensingRequest(); }));
    const auto sums = response.getLicensing();
    const array rents = ended_rents(context, reader);
    if (context.wants_json()) {
      auto document = message_json(sums);
      document.get_object()["rentsEnded"] = rents;
      context.print(document);
      return kExitOk;
    }
    fmt::print("{} offices are wanted, {} places are taken.\n", sums.getWanted(), sums.getTaken());
    fmt::print("{} rounds, {} applications.\n", sums.getRounds(), sums.getApplications());
    fmt::print("{} municipal venues, {} free; {} licences wait for one.\n",
               sums.getVenuesMunicipal(), sums.getVenuesFree(), sums.getVenueQueue());
    for (const auto wanted : sums.getHistory())
      fmt::print("  {} wanted from {} (op {})\n", wanted.getCount(),
                 moment(wanted.getEffectiveFrom()), wanted.getOp());
    for (const auto& rent : rents)
      fmt::print("Warning: the rent contract of office {:04} ended at {}; see `licence rent`.\n",
                 rent.at("office").to_number<unsigned>(),
                 moment(rent.at("rentUntil").to_number<std::int64_t>()));
    return kExitOk;
  });
}

}  // namespace

void add_licence_reads(CLI::App& app, Context& context) {
  add_summary(app, context);
  add_rules(app, context);
  add_rounds(app, context);
  add_list(app, context);
  add_show(app, context);
  add_venues(app, context);
}

}  // namespace permitd::cli
