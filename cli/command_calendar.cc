// The working calendar: show what stands, set a day, import a table of days.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "cli/city_calendar.h"
#include "cli/commands.h"
#include "cli/holiday_table.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/question_text.h"
#include "cli/supervisor_client.h"
#include "protocol/jalali.h"

namespace permitd::cli {

void fill(capnp::List<protocol::CalendarRun>::Builder out,
          const std::vector<CalendarRunSpec>& runs) {
  for (unsigned i = 0; i < runs.size(); ++i) {
    out[i].setFirstDay(runs[i].first_day);
    out[i].setNote(runs[i].note);
    auto days = out[i].initDays(static_cast<unsigned>(runs[i].days.size()));
    for (unsigned k = 0; k < days.size(); ++k) {
      days[k].setOpenMinute(runs[i].days[k].open_minute);
      days[k].setLengthMinutes(runs[i].days[k].length_minutes);
    }
  }
}

namespace {

namespace json = boost::json;
using scheduler::ActorKind;

// As many runs as one preview takes.
constexpr std::size_t kRunsMax = 400;

struct CalendarOptions {
  std::string file;
  std::string from;
  std::string day;
  std::string hours;
  std::string note;
  std::uint16_t days = 30;
  bool dry_run = false;
};
using Options = std::shared_ptr<CalendarOptions>;

Tick minute(std::int64_t count) { return Tick{count * scheduler::kMsPerMinute}; }

std::string clock_text(Tick at) { return local_text(at).substr(11); }

std::string hours_text(protocol::CalendarDay::Reader day) {
  if (day.getLengthMinutes() == 0) return "closed";
  const std::int64_t open = day.getOpenMinute();
  return fmt::format("{}-{}", clock_text(minute(open)),
                     clock_text(minute(open + day.getLengthMinutes())));
}

LocalDay day_option(const std::string& text, std::string_view option) {
  const auto day = parse_typed_day(text);
  if (!day) throw UsageError(fmt::format("{} {}: it must be a date, YYYY-MM-DD.", option, text));
  return *day;
}

LocalDay first_day(Context& context, const std::string& text) {
  return text.empty() ? local_day_of(context.daemon_now()) : day_option(text, "--from");
}

/// Who made an edit of the calendar.
std::string editor_text(protocol::CalendarNote::Reader note) {
  const auto kind = static_cast<ActorKind>(note.getActorKind());
  return fmt::format("{} {}", protocol::name_of(kind), note.getActor());
}

int show(Context& context, const CalendarOptions& options) {
  CityReaderClient reader(context.client(),
                          context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1));
  const LocalDay from = first_day(context, options.from);
  auto answer = context.wait(reader.calendar(from, options.days));
  const LocalDay covered_from = answer.getCoveredFrom();
  const auto covered_until = covered_from + static_cast<LocalDay>(answer.getCoveredDays());
  Table table({{"day"},
               {"weekday"},
               {"hours"},
               {"minutes", Table::Align::kRight},
               {"name"},
               {"set by"},
               {"set"},
               {""}});
  json::array rows;
  auto list = answer.getDays();
  std::map<LocalDay, protocol::CalendarNote::Reader> notes;
  for (auto note : answer.getNotes()) notes.emplace(note.getDay(), note);
  for (unsigned i = 0; i < list.size(); ++i) {
    const LocalDay day = from + static_cast<LocalDay>(i);
    const bool is_covered = day >= covered_from && day < covered_until;
    const auto note = notes.find(day);
    table.add({day_text(day), kWeekdayNames[static_cast<std::size_t>(weekday_of(day))],
               hours_text(list[i]), fmt::to_string(list[i].getLengthMinutes()),
               note == notes.end() ? "" : note->second.getNote().cStr(),
               note == notes.end() ? no_cell() : Cell(editor_text(note->second)),
               note == notes.end() ? no_cell() : Cell(local_text(Tick{note->second.getAt()})),
               is_covered ? "" : "not set"});
    json::object row{{"day", day},
                     {"openMinute", list[i].getOpenMinute()},
                     {"lengthMinutes", list[i].getLengthMinutes()},
                     {"isSet", is_covered}};
    if (note != notes.end()) {
      row["note"] = note->second.getNote().cStr();
      row["at"] = note->second.getAt();
      row["op"] = note->second.getOp();
      row["by"] = editor_text(note->second);
    }
    rows.push_back(std::move(row));
  }
  if (!context.wants_json() && answer.getCoveredDays() == 0)
    fmt::print("No calendar is set: the city is always open.\n");
  context.print(table, json::object{{"days", rows},
                                    {"coveredFrom", covered_from},
                                    {"coveredDays", answer.getCoveredDays()}});
  return kExitOk;
}

struct Effect {
  std::uint64_t days = 0;
  std::uint64_t notes = 0;  // days that keep their hours and get another name
  std::uint64_t later = 0;
  std::uint64_t earlier = 0;
};

json::object effect_json(const Effect& effect, std::size_t total, bool is_applied) {
  return {{"days", total},
          {"daysChanged", effect.days},
          {"notesChanged", effect.notes},
          {"deadlinesLater", effect.later},
          {"deadlinesEarlier", effect.earlier},
          {"applied", is_applied}};
}

std::string effect_text(const Effect& effect, std::size_t total) {
  auto text =
      fmt::format("{} of {} days change; {} open deadlines move, {} later and {} earlier.",
                  effect.days, total, effect.later + effect.earlier, effect.later, effect.earlier);
  if (effect.notes > 0)
    text += fmt::format(" {} days keep their hours and get another name.", effect.notes);
  return text;
}

/// Runs that are so already are left out: they would be refused as nothing to do.
int apply_runs(Context& context, SupervisorClient& supervisor,
               const std::vector<CalendarRunSpec>& runs) {
  for (const CalendarRunSpec& run : runs) {
    const auto answer = context.wait(
        supervisor.set_calendar_days(run.first_day, run.days, CallOptions{}, run.note));
    if (answer || answer.error().code == scheduler::Refusal::kNothingToDo) continue;
    fmt::print(stderr, "permitctl: the days before {} were applied.\n", day_text(run.first_day));
    return context.refuse(answer.error());
  }
  return kExitOk;
}

/// What is not covered is closed: closing it again would only stretch the calendar.
void leave_out_closed(std::vector<TableDay>& days, LocalDay covered_from,
                      std::uint32_t covered_days) {
  if (covered_days == 0) return;
  const LocalDay covered_until = covered_from + static_cast<LocalDay>(covered_days);
  std::erase_if(days, [&](const TableDay& each) {
    return each.hours.length_minutes == 0 && (each.day < covered_from || each.day >= covered_until);
  });
}

/// Says what the runs would change, asks, and sets them.
int change_days(Context& context, SupervisorClient& supervisor,
                const std::vector<CalendarRunSpec>& runs, std::size_t total, bool is_dry_run) {
  auto answer = context.wait(supervisor.preview_calendar(runs));
  if (answer.isRefused()) return context.refuse(to_refused(answer.getRefused()));
  auto preview = answer.getPreview();
  const Effect effect{preview.getDaysChanged(), preview.getNotesChanged(),
                      preview.getDeadlinesLater(), preview.getDeadlinesEarlier()};
  if (!context.wants_json()) fmt::print("{}\n", effect_text(effect, total));
  const bool is_applied = !is_dry_run && effect.days + effect.notes != 0;
  if (is_applied) {
    if (!context.confirm(std::string(question_text(Question::kCalendar, context.language()))))
      return kExitRefused;
    if (const int code = apply_runs(context, supervisor, runs); code != kExitOk) return code;
  }
  if (context.wants_json())
    context.print(effect_json(effect, total, is_applied));
  else if (is_applied)
    fmt::print("Applied.\n");
  return kExitOk;
}

int import(Context& context, const CalendarOptions& options) {
  auto table = read_holiday_table(options.file);
  if (!table) throw UsageError(table.error().text() + "\nNothing was changed.");
  SupervisorClient supervisor(context.client(), context.identity({ActorKind::kSupervisor}, 1));
  {
    auto span = context.wait(supervisor.calendar(0, 0));
    leave_out_closed(*table, span.getCoveredFrom(), span.getCoveredDays());
  }
  const auto runs = runs_of(*table);
  if (runs.empty() || runs.size() > kRunsMax)
    throw UsageError(fmt::format(
        "{}: a table has 1 to {} stretches of days within the calendar, this one has {}.",
        options.file, kRunsMax, runs.size()));
  return change_days(context, supervisor, runs, table->size(), options.dry_run);
}

int set_day(Context& context, const CalendarOptions& options) {
  const LocalDay day = day_option(options.day, "DATE");
  const auto hours = options.hours == "closed" ? std::optional(DayHours{})
                                               : parse_hours(protocol::ascii_digits(options.hours));
  if (!hours)
    throw UsageError(fmt::format(
        "HOURS {}: it must be closed or HH:MM-HH:MM, the end after the beginning.", options.hours));
  if (options.note.size() > scheduler::Note::kCapacity)
    throw UsageError(fmt::format("--note: at most {} bytes.", scheduler::Note::kCapacity));
  SupervisorClient supervisor(context.client(), context.identity({ActorKind::kSupervisor}, 1));
  const std::vector<CalendarRunSpec> runs{{day, {to_calendar_day(day, *hours)}, options.note}};
  return change_days(context, supervisor, runs, 1, options.dry_run);
}

}  // namespace

void add_calendar_command(CLI::App& app, Context& context) {
  auto* calendar = app.add_subcommand(
      "calendar", "The working calendar: what stands, and tables of holidays and other hours.");
  calendar->require_subcommand(1);
  calendar->fallthrough();
  auto options = std::make_shared<CalendarOptions>();

  auto* command = add_command(
      *calendar,
      {"show", "The hours of some days as they stand.",
       "permitctl calendar show --from 2025-03-21 --days 14",
       "One line a day, with its name, and who set it when. Days beyond those that were set are\n"
       "  closed."});
  command->add_option("--from", options->from, "First day [today]");
  command->add_option("--days", options->days, "How many days")
      ->capture_default_str()
      ->check(CLI::Range(1, 400));
  context.on(command, [&context, options] { return show(context, *options); });

  command = add_command(
      *calendar, {"set", "Set the hours of one day, and say why.",
                  "permitctl calendar set 2025-07-01 closed --note \"heat\"",
                  "Whether the day changes and how many open deadlines move with it; then it is "
                  "set.\n"
                  "  The note is kept with the day, see `calendar show`."});
  command->add_option("DATE", options->day, "The day")->required();
  command->add_option("HOURS", options->hours, "closed, or 07:30-14:30")->required();
  command->add_option("--note", options->note, "Why, in words; at most 79 bytes");
  command->add_flag("--dry-run", options->dry_run, "Only say what would change");
  context.on(command, [&context, options] { return set_day(context, *options); });

  command = add_command(
      *calendar,
      {"import", "Set the days of a table: holidays, closures, other hours.",
       "permitctl calendar import city/iran-holidays.csv --dry-run",
       "How many days change and how many open deadlines move with them; then they are set.\n"
       "  The table is a CSV with the columns date (Gregorian, or Jalali as in 1404-01-01), hours\n"
       "  (closed, or 07:30-14:30; without the column every day is closed), name, which is kept "
       "with\n"
       "  the day, and estimated. Days that the table does not name stay as they are."});
  command->add_option("FILE", options->file, "Table of days, CSV")->required();
  command->add_flag("--dry-run", options->dry_run, "Only say what would change");
  context.on(command, [&context, options] { return import(context, *options); });
}

}  // namespace permitd::cli
