// What an office does with its cases: submit, register, amend, withdraw, answer, fees, schedule,
// close; and what the municipality adds: decide, refer.
#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/office_client.h"
#include "cli/supervisor_client.h"
#include "cli/zoning_file.h"

namespace permitd::cli {
namespace {

using scheduler::ActorKind;
using scheduler::HalfDay;
using scheduler::PersonId;
using scheduler::Reason;

/// The office that a command acts as when --as does not say: the first of the first district.
constexpr std::uint32_t kDefaultOffice = 101;

OfficeId my_office(Context& context) {
  return OfficeId{
      static_cast<std::uint16_t>(context.identity({ActorKind::kOffice}, kDefaultOffice).id)};
}

struct CaseOptions {
  std::uint64_t id = 0;
  std::uint64_t amount = 0;
  std::string reason;
  std::string note;
  bool flag = false;
};

/// What is asked of the zoning plan; what is not named is not stated.
struct ZoningAsked {
  std::optional<std::string> zone;
  std::optional<double> coverage;
  std::optional<double> street;

  void add_to(CLI::App* command) {
    command->add_option(
        "--zone", zone,
        "Zone of the parcel, such as R122; without it the zoning plan is not asked");
    command->add_option("--coverage", coverage, "Share of the parcel to be built on, per cent")
        ->check(CLI::Range(0.0, 100.0));
    command->add_option("--street", street, "Width of the street in metres")
        ->check(CLI::Range(0.0, 1000.0));
  }
  scheduler::ZoneCode zone_or(scheduler::ZoneCode present) const {
    if (!zone) return present;
    if (zone->empty()) return {};
    auto parsed = parse_zone(*zone);
    if (!parsed)
      throw UsageError(fmt::format(
          "--zone {}: it must be 1 to 7 letters and digits, a letter first, such as R122.", *zone));
    return *parsed;
  }
  std::uint16_t coverage_or(std::uint16_t present) const { return tenths(coverage, present); }
  std::uint16_t street_or(std::uint16_t present) const { return tenths(street, present); }

 private:
  static std::uint16_t tenths(std::optional<double> given, std::uint16_t present) {
    return given ? static_cast<std::uint16_t>(*given * 10 + 0.5) : present;
  }
};

struct SubmitOptions {
  std::uint32_t service = 1;
  std::uint32_t district = 0;
  std::uint32_t organisation = 1;
  std::uint16_t floors = 0;
  std::uint32_t area = 0;
  std::uint64_t owner = 0;
  std::uint64_t relative = 0;
  std::uint64_t designer = 0;
  std::uint64_t engineer = 0;
  std::string parcel;
  std::string reference;
  std::vector<double> point;
  bool draft = false;
  bool built = false;
  ZoningAsked asked;
};

scheduler::SubmitCase to_submission(const SubmitOptions& options) {
  if (options.parcel.size() > scheduler::Code::kCapacity ||
      options.reference.size() > scheduler::Code::kCapacity) {
    throw UsageError(
        fmt::format("--parcel and --reference hold at most {} bytes.", scheduler::Code::kCapacity));
  }
  scheduler::SubmitCase out;
  out.service = scheduler::ServiceId{static_cast<std::uint8_t>(options.service)};
  out.district = static_cast<scheduler::District>(options.district);
  out.organisation = scheduler::OrganisationId{static_cast<std::uint8_t>(options.organisation)};
  auto flags =
      (options.draft ? scheduler::kSubmitDraft : 0) | (options.built ? scheduler::kSubmitBuilt : 0);
  out.flags = static_cast<std::uint8_t>(flags);
  out.floors = options.floors;
  out.area_m2 = options.area;
  out.owner = PersonId{options.owner};
  out.relative = PersonId{options.relative};
  out.designer = PersonId{options.designer};
  out.supervising_engineer = PersonId{options.engineer};
  out.parcel = fixed_text<scheduler::Code::kCapacity>(options.parcel);
  out.reference = fixed_text<scheduler::Code::kCapacity>(options.reference);
  out.zone = options.asked.zone_or({});
  out.coverage_permille = options.asked.coverage_or(0);
  out.street_width_dm = options.asked.street_or(0);
  if (!options.point.empty()) {
    out.point = {static_cast<std::int32_t>(options.point[0] * 1e6),
                 static_cast<std::int32_t>(options.point[1] * 1e6)};
  }
  return out;
}

void add_submit(CLI::App& app, Context& context) {
  auto options = std::make_shared<SubmitOptions>();
  auto* command = add_command(app, {"submit", "File a case as an office.",
                                    "permitctl submit --as office:0101 --service 1 --district 1 "
                                    "--parcel 1-22-333 --owner 5001 --floors 5 --area 600",
                                    "The numbers of the case and of its first job, and the "
                                    "deadline of that job. Once it is printed, the\n"
                                    "  case survives any crash. With --key the same submission can "
                                    "be repeated without filing it twice."});
  command->add_option("--service", options->service, "Catalogue number of the service")
      ->capture_default_str()
      ->check(CLI::Range(1, 63));
  command->add_option("--district", options->district, "District of the parcel")
      ->required()
      ->check(CLI::Range(1, 31));
  command->add_option("--parcel", options->parcel, "Renewal code of the parcel, at most 23 bytes")
      ->required();
  command
      ->add_option("--organisation", options->organisation,
                   "Whose request it is; 1 is the municipality")
      ->capture_default_str()
      ->check(CLI::Range(1, 255));
  command->add_option("--floors", options->floors, "Floors")->check(CLI::Range(0, 200));
  command->add_option("--area", options->area, "Area in square metres")
      ->check(CLI::Range(0, 10'000'000));
  command->add_option("--owner", options->owner, "Person number of the owner");
  command->add_option("--relative", options->relative,
                      "Person number of a relative of the owner among the experts");
  command->add_option("--designer", options->designer, "Person number of the designer");
  command->add_option("--engineer", options->engineer, "Person number of the supervising engineer");
  command->add_option("--point", options->point, "Degrees north and east, e.g. --point 35.7 51.4")
      ->expected(2);
  command->add_option("--reference", options->reference,
                      "Number of the record at its source, at most 23 bytes");
  options->asked.add_to(command);
  command->add_flag("--draft", options->draft, "File as a draft; `register` sets it going");
  command->add_flag("--built", options->built, "A building stands there already");
  context.on(command, [&context, options] {
    auto submission = to_submission(*options);
    OfficeClient office(context.client(), my_office(context));
    auto answer = context.wait(office.submit(submission, context.call_options()));
    return context.finish(answer, [](const Accepted& accepted) {
      return fmt::format("Case {} is filed; its first job is {}, due {}.", raw(accepted.case_id),
                         raw(accepted.job), local_text(accepted.until));
    });
  });
}

using OfficeCall =
    std::function<kj::Promise<Answer>(OfficeClient&, const CaseOptions&, CallOptions)>;

/// A command of an office on CASE.
CLI::App* add_office_command(CLI::App& app, Context& context, const CommandText& text,
                             std::shared_ptr<CaseOptions> options, OfficeCall call,
                             std::string done) {
  auto* command = add_command(app, text);
  command->add_option("CASE", options->id, "Number of the case")->required();
  context.on(command, [&context, options, call, done] {
    OfficeClient office(context.client(), my_office(context));
    auto answer = context.wait(call(office, *options, context.call_options()));
    return context.finish(
        answer, [&](const Accepted&) { return fmt::format("Case {} {}.", options->id, done); });
  });
  return command;
}

void add_amend(CLI::App& app, Context& context) {
  struct Options {
    std::uint64_t id = 0;
    std::optional<std::uint32_t> area;
    std::optional<std::uint16_t> floors;
    std::optional<std::uint64_t> designer;
    std::optional<std::uint64_t> engineer;
    std::string note;
    ZoningAsked asked;
  };
  auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, {"amend", "Correct a case before its plan review has begun.",
                        "permitctl amend 17 --as office:0101 --floors 6 --note \"one floor more\"",
                        "That the case is amended. What is not named stays as it is."});
  command->add_option("CASE", options->id, "Number of the case")->required();
  command->add_option("--area", options->area, "Area in square metres");
  command->add_option("--floors", options->floors, "Floors");
  command->add_option("--designer", options->designer, "Person number of the designer");
  command->add_option("--engineer", options->engineer, "Person number of the supervising engineer");
  command->add_option("--note", options->note, "Why, at most 79 bytes");
  options->asked.add_to(command);
  context.on(command, [&context, options] {
    OfficeClient office(context.client(), my_office(context));
    auto present = context.wait(office.get_case(CaseId{options->id}));
    if (present.isRefused()) return context.refuse(to_refused(present.getRefused()));
    auto now = present.getCase();
    Amendment amendment{
        .area_m2 = options->area.value_or(now.getAreaM2()),
        .floors = options->floors.value_or(now.getFloors()),
        .designer = PersonId{options->designer.value_or(now.getDesigner())},
        .supervising_engineer = PersonId{options->engineer.value_or(now.getSupervisingEngineer())},
        .note = options->note,
        .zone = zone_text(options->asked.zone_or(
            fixed_text<scheduler::ZoneCode::kCapacity>(std::string(now.getZone().cStr())))),
        .coverage_permille = options->asked.coverage_or(now.getCoveragePermille()),
        .street_width_dm = options->asked.street_or(now.getStreetWidthDm()),
    };
    auto answer =
        context.wait(office.amend(CaseId{options->id}, amendment, context.call_options()));
    return context.finish(
        answer, [&](const Accepted&) { return fmt::format("Case {} is amended.", options->id); });
  });
}

void add_withdraw(CLI::App& app, Context& context) {
  auto options = std::make_shared<CaseOptions>();
  options->reason = "applicantRequest";
  auto* command = add_command(
      app, {"withdraw", "End a case at the applicant's wish (as its office or a supervisor).",
            "permitctl withdraw 17 --as office:0101 --note \"sold\"",
            "That the case is withdrawn; its open jobs are cancelled."});
  command->add_option("CASE", options->id, "Number of the case")->required();
  command->add_option("--reason", options->reason, "Why")->capture_default_str();
  command->add_option("--note", options->note, "Free text, at most 79 bytes");
  context.on(command, [&context, options] {
    auto identity = context.identity({ActorKind::kOffice, ActorKind::kSupervisor}, kDefaultOffice);
    auto reason = enum_option<Reason>(options->reason, "--reason");
    CaseId id{options->id};
    auto done = [&](const Answer& answer) {
      return context.finish(answer, [&](const Accepted&) {
        return fmt::format("Case {} is withdrawn.", options->id);
      });
    };
    if (identity.kind == ActorKind::kSupervisor) {
      SupervisorClient supervisor(context.client(), identity);
      return done(
          context.wait(supervisor.withdraw(id, reason, options->note, context.call_options())));
    }
    OfficeClient office(context.client(), OfficeId{static_cast<std::uint16_t>(identity.id)});
    return done(context.wait(office.withdraw(id, reason, options->note, context.call_options())));
  });
}

void add_schedule(CLI::App& app, Context& context) {
  struct Options {
    std::uint64_t job = 0;
    std::string day;
    std::string half = "morning";
  };
  auto options = std::make_shared<Options>();
  auto* command =
      add_command(app, {"schedule", "Book or move the appointment of a site inspection.",
                        "permitctl schedule 42 2025-04-05 --half afternoon --as office:0101",
                        "The beginning of the half-day; the inspector is chosen on the day."});
  command->add_option("JOB", options->job, "Number of the job")->required();
  command->add_option("DAY", options->day, "Local date, YYYY-MM-DD")->required();
  command->add_option("--half", options->half, "morning or afternoon")->capture_default_str();
  context.on(command, [&context, options] {
    auto day = parse_typed_day(options->day);
    if (!day) throw UsageError(fmt::format("DAY {}: it must be a date, YYYY-MM-DD.", options->day));
    OfficeClient office(context.client(), my_office(context));
    auto half = enum_option<HalfDay>(options->half, "--half");
    auto answer =
        context.wait(office.schedule(JobId{options->job}, *day, half, context.call_options()));
    return context.finish(answer, [&](const Accepted& accepted) {
      return fmt::format("The visit of job {} begins {}.", options->job,
                         local_text(accepted.until));
    });
  });
}

void add_decide(CLI::App& app, Context& context) {
  auto options = std::make_shared<CaseOptions>();
  auto reject = std::make_shared<bool>(false);
  options->reason = "none";
  auto* command = add_command(
      app, {"decide", "Record the municipality's decision on a case.",
            "permitctl decide 17 --approve --as supervisor:1",
            "That the decision is recorded. Approved and paid, the permit can be delivered; a\n"
            "  rejected case has ended."});
  command->add_option("CASE", options->id, "Number of the case")->required();
  auto* approve_flag = command->add_flag("--approve", options->flag, "Approved");
  auto* reject_flag = command->add_flag("--reject", *reject, "Rejected; needs --reason");
  approve_flag->excludes(reject_flag);
  command->add_option("--reason", options->reason, "Why")->capture_default_str();
  command->add_option("--note", options->note, "Free text, at most 79 bytes");
  context.on(command, [&context, options, reject] {
    if (options->flag == *reject) throw UsageError("decide needs --approve or --reject.");
    SupervisorClient supervisor(context.client(), context.identity({ActorKind::kSupervisor}, 1));
    auto reason = enum_option<Reason>(options->reason, "--reason");
    auto answer = context.wait(supervisor.record_decision(
        CaseId{options->id}, options->flag, reason, options->note, context.call_options()));
    return context.finish(answer, [&](const Accepted&) {
      return fmt::format("Case {} is {}.", options->id, options->flag ? "approved" : "rejected");
    });
  });
}

void add_refer(CLI::App& app, Context& context) {
  auto options = std::make_shared<CaseOptions>();
  auto* command =
      add_command(app, {"refer", "Send a case to the Article 100 commission, or take it back.",
                        "permitctl refer 17 --as supervisor:1 --note \"one floor too many\"",
                        "That the case is with the commission, or goes on again."});
  command->add_option("CASE", options->id, "Number of the case")->required();
  command->add_flag("--back", options->flag, "The commission has ruled: the case goes on");
  command->add_option("--note", options->note, "Free text, at most 79 bytes");
  context.on(command, [&context, options] {
    SupervisorClient supervisor(context.client(), context.identity({ActorKind::kSupervisor}, 1));
    auto answer = context.wait(supervisor.refer(CaseId{options->id}, !options->flag, options->note,
                                                context.call_options()));
    return context.finish(answer, [&](const Accepted&) {
      return fmt::format("Case {} {}.", options->id,
                         options->flag ? "goes on" : "is referred to the commission");
    });
  });
}

}  // namespace

void add_case_commands(CLI::App& app, Context& context) {
  add_submit(app, context);
  add_office_command(
      app, context,
      {"register", "Set a draft going.", "permitctl register 17 --as office:0101",
       "That the case is registered; its clock runs."},
      std::make_shared<CaseOptions>(),
      [](OfficeClient& office, const CaseOptions& options, CallOptions call) {
        return office.register_case(CaseId{options.id}, call);
      },
      "is registered");
  add_amend(app, context);
  add_withdraw(app, context);
  add_office_command(
      app, context,
      {"answer", "The applicant or the agency has answered: the case goes on.",
       "permitctl answer 17 --as office:0101",
       "That the case goes on with the working time it had left."},
      std::make_shared<CaseOptions>(),
      [](OfficeClient& office, const CaseOptions& options, CallOptions call) {
        return office.answer(CaseId{options.id}, call);
      },
      "goes on");
  auto fees = std::make_shared<CaseOptions>();
  auto* paid = add_office_command(
      app, context,
      {"fees", "Record that the fees of a case are paid.",
       "permitctl fees 17 --amount 250000000 --as office:0101",
       "That the payment is recorded; with the decision it allows the delivery."},
      fees,
      [](OfficeClient& office, const CaseOptions& options, CallOptions call) {
        return office.record_fees(CaseId{options.id}, options.amount, call, options.note);
      },
      "is paid");
  paid->add_option("--amount", fees->amount, "Amount in rial, 1 to 10^15")->required();
  paid->add_option("--note", fees->note, "By which receipt, or why; at most 79 bytes");
  add_schedule(app, context);
  add_decide(app, context);
  add_refer(app, context);
  add_office_command(
      app, context,
      {"close", "Close a delivered case.", "permitctl close 17 --as office:0101",
       "That the case is closed."},
      std::make_shared<CaseOptions>(),
      [](OfficeClient& office, const CaseOptions& options, CallOptions call) {
        return office.close(CaseId{options.id}, call);
      },
      "is closed");
}

}  // namespace permitd::cli
