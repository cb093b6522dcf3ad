// The description of a city in TOML: what a scheduler needs to know before the first case comes.
// Reading a file is pure apart from the files it names; city_load.h sends the result to a daemon.
//
// Grammar. Every section may be missing; every key not marked "required" has the default shown.
// Unknown keys are errors, so that a misspelt one is found. Names are those of the schema in lower
// case with underscores: "site_inspection", "expedited". A MOMENT is a TOML date (the beginning of
// that local day), a local date-time or one with an offset. Paths are relative to the file. Numbers
// of stages, offices, … are checked against the ranges of scheduler/command.h.
//
//   [city]
//   name = "Tehran"                      # ""
//   time_zone = "Asia/Tehran"            # of every local date and hour below
//
//   [policy]                             # keys and ranges: scheduler::SetPolicy; what is missing
//   has its default lease_minutes = 30
//
//   [calendar]                           # working time; a day not covered by `hours` is closed
//   from = 2025-03-21                    # required: first day
//   until = 2026-03-20                   # required: last day, inclusive; at most 14,610 days
//   holidays = ["holidays.csv"]          # []: CSV with a header and a column `date` (YYYY-MM-DD);
//   closed days; from the columns `name` and `estimated` their note
//     [[calendar.hours]]                 # a weekly pattern; the last one whose `from` has come is
//     in force from = 2025-03-21                  # calendar.from saturday = "07:30-14:30" # a
//     missing weekday is closed; "00:00-24:00" is the whole day
//     [[calendar.closure]]               # closed by decree
//     from = 2025-07-01                  # required
//     until = 2025-07-02                 # from; inclusive
//     why = "heat"                       # ""; the note of its days
//     [[calendar.opening]]               # open against pattern, holiday and closure
//     date = 2025-07-04                  # required
//     hours = "08:00-12:00"              # required
//     why = "make-up day"                # ""
//
//   [stage.site_inspection]              # a template: how this stage is done unless a service says
//   otherwise skill = "inspect"                    # required,
//   file|inspect|admin|review|deliver|confirm confirmer = "office_head"            # "nobody",
//   |office_head|second_reviewer_above_area reach = "city"                       # |office
//   effort_minutes = 60                  # required, 1–1440; 0 when sovereign
//   effort_complex_minutes = 120         # 0: the same
//   sla_minutes = 840                    # required, 1–60,000 working minutes
//   needs_appointment = true             # false; so the next four
//   sovereign = false
//   needs_decision = false
//   field_lease = true
//   not_mechanised = false
//   only_if_built = false                # the stage is skipped where no building stands
//
//   [[service]]
//   id = 1                               # required, 1–63
//   label = "New building"               # ""; labels are at most 39 bytes of UTF-8
//   version = 1                          # 1; must grow when the definition changes
//   effective_from = 2025-03-21          # the beginning of time
//   stages = ["file_formation",          # required, 1–6, in order: the name of a template, or a
//             { stage = "plan_review", effort_minutes = 240 }]  # table of what differs from it
//
//   [[organisation]]
//   id = 1                               # required, 1–255
//   label = "Municipality"               # ""
//   priority = "municipal"               # "other", |municipal
//   enabled = true                       # true
//
//   [[office]]
//   code = "0101"                        # required, "0001"–"9999"
//   district = 1                         # code / 100; 1–31
//   label = "Office 0101"                # ""
//   state = "active"                     # "active"; of a new office, a known one keeps its own
//   licensee = 900101                    # 0; person
//   technical_manager = 900201           # person; an active office has one, a known one keeps it
//   point = [35.7, 51.4]                 # unknown; degrees north, east
//   services = "all"                     # "all", or [1, 2]: gone over to this office …
//   services_from = 2025-03-21           # … from (the beginning of time) …
//   services_until = 2026-03-21          # … until (never)
//
//   [[activation]]                       # a later phase: one service, one or all offices
//   service = 3                          # required
//   office = "all"                       # "all", or a code
//   from = 2025-09-23                    # required
//   until = 2026-03-21                   # never
//
//   [[expert]]
//   id = 1                               # required
//   count = 5                            # 1: so many alike; ids and persons count up from these
//   office = "0101"                      # required
//   person = 1001                        # required
//   label = "Expert"                     # ""; with count > 1 the id is appended
//   state = "certified"                  # "certified"
//   districts = [1, 2]                   # []: all
//   degree = "bachelor"                  # "none"; training asks for the policy's expert_degree
//   units_per_day = 14                   # 0: the policy's; units of 30 minutes, 0–48
//   home = [35.7, 51.4]                  # unknown
//   relatives = [501]                    # []: persons, at most 4, of an expert by itself
//   skills = ["file", "inspect"]         # []: certified, suspended or expired, with these …
//   certified_from = 2025-03-21          # … from (the beginning of time) …
//   certified_until = 2027-03-21         # … until (never)
//
//   [[certificate]]                      # one that differs
//   expert = 3                           # required
//   skill = "review"                     # required
//   from = 2025-03-21                    # required
//   until = 2026-03-21                   # never
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/command.h"

namespace permitd::cli {

/// Working intervals of consecutive local days.
struct CityCalendar {
  std::int32_t first_day = 0;  // days since 1970-01-01
  std::vector<scheduler::CalendarDay> days;
  std::vector<std::string> notes;  // why each day is as it is; "" where the week says so
};

/// A city as the commands that define it, in the order in which they must be given.
struct City {
  std::string name;
  std::string time_zone = "Asia/Tehran";
  std::optional<scheduler::SetPolicy> policy;
  std::optional<CityCalendar> calendar;
  std::vector<scheduler::DefineOrganisation> organisations;
  std::vector<scheduler::DefineService> services;
  std::vector<scheduler::DefineOffice> offices;
  std::vector<scheduler::ActivateService> activations;
  std::vector<scheduler::DefineExpert> experts;
  std::vector<scheduler::SetCertificate> certificates;
};

/// What is wrong with a city file, each line naming file, line, key and the allowed range.
struct CityErrors {
  std::vector<std::string> lines;  // at most 50
  std::string text() const;
};

std::expected<City, CityErrors> read_city_file(const std::string& path);
/// The same from memory; `directory` is where named files are looked for, `name` stands for the
/// file in errors.
std::expected<City, CityErrors> read_city_text(std::string_view text, const std::string& name,
                                               const std::string& directory);

}  // namespace permitd::cli
