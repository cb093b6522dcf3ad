// The working calendar: show what stands, set a day or a weekly pattern, import a table of days,
// and tell what a day was.
#include <capnp/message.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>

#include "cli/calendar_pattern.h"
#include "cli/calendar_text.h"
#include "cli/city_calendar.h"
#include "cli/commands.h"
#include "cli/holiday_table.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/question_text.h"
#include "cli/supervisor_client.h"
#include "cli/trail_search.h"
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
// As many days as one read takes, and deadlines as one preview lists.
constexpr LocalDay kDaysPerRead = 400;
constexpr int kMovesMax = 100;
// Edits of one day that are told; the calendar remembers no more of all its days.
constexpr std::size_t kHistoryMax = 4'096;

struct CalendarOptions {
  std::string file;
  std::vector<std::string> trails;
  std::string from;
  std::string until;
  std::string day;
  std::string hours;
  std::array<std::string, 7> week;  // hours by weekday
  std::string note;
  std::uint16_t days = 30;
  std::uint16_t moved = 10;
  bool dry_run = false;
};
using Options = std::shared_ptr<CalendarOptions>;

Tick minute(std::int64_t count) { return Tick{count * scheduler::kMsPerMinute}; }

std::string clock_text(Tick at) { return local_text(at).substr(11); }

std::string hours_text(std::int64_t open, std::int64_t length) {
  if (length == 0) return "closed";
  return fmt::format("{}-{}", clock_text(minute(open)), clock_text(minute(open + length)));
}

DayHours hours_option(const std::string& text, std::string_view option) {
  const auto hours =
      text == "closed" ? std::optional(DayHours{}) : parse_hours(protocol::ascii_digits(text));
  if (!hours)
    throw UsageError(fmt::format(
        "{} {}: it must be closed or HH:MM-HH:MM, the end after the beginning.", option, text));
  return *hours;
}

void check_note(const std::string& note) {
  if (note.size() > scheduler::Note::kCapacity)
    throw UsageError(fmt::format("--note: at most {} bytes.", scheduler::Note::kCapacity));
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
               hours_text(list[i].getOpenMinute(), list[i].getLengthMinutes()),
               fmt::to_string(list[i].getLengthMinutes()),
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

/// What an edit is about, beside what the daemon says of it.
struct Edit {
  std::vector<CalendarRunSpec> runs;
  std::size_t days = 0;          // that it names
  std::vector<TableDay> closed;  // that a pattern leaves closed
  std::size_t beyond = 0;        // that lie outside the calendar
};

json::object edit_json(protocol::CalendarPreview::Reader preview, const Edit& edit,
                       bool is_applied) {
  json::array closed;
  for (const TableDay& each : edit.closed)
    closed.push_back(json::object{{"day", each.day}, {"note", each.name}});
  json::array moves;
  for (auto move : preview.getMoves()) moves.push_back(message_json(move));
  return {{"days", edit.days},
          {"daysChanged", preview.getDaysChanged()},
          {"notesChanged", preview.getNotesChanged()},
          {"deadlinesLater", preview.getDeadlinesLater()},
          {"deadlinesEarlier", preview.getDeadlinesEarlier()},
          {"moves", std::move(moves)},
          {"leftClosed", std::move(closed)},
          {"beyondCalendar", edit.beyond},
          {"applied", is_applied}};
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

/// What the edit would change: its figures, and the deadlines that move furthest. CSV is those
/// alone.
void tell_effect(Context& context, protocol::CalendarPreview::Reader preview, const Edit& edit) {
  const auto table = deadline_moves_table(preview, context.table_language());
  if (context.globals.csv) return context.print(table, {});
  fmt::print("{}\n", calendar_effect_text(preview, edit.days, context.language()));
  const auto closed = left_closed_text(edit.closed, context.language());
  if (!closed.empty()) fmt::print("{}\n", closed);
  if (table.empty()) return;
  context.print(table, {});
  const auto further = further_moves_text(preview, context.language());
  if (!further.empty()) fmt::print("{}\n", further);
}

/// Says what the edit would change, asks, and makes it.
int change_days(Context& context, SupervisorClient& supervisor, const Edit& edit,
                const CalendarOptions& options) {
  auto answer = context.wait(supervisor.preview_calendar(edit.runs, options.moved));
  if (answer.isRefused()) return context.refuse(to_refused(answer.getRefused()));
  const auto preview = answer.getPreview();
  if (!context.wants_json()) tell_effect(context, preview, edit);
  const bool is_applied =
      !options.dry_run && preview.getDaysChanged() + preview.getNotesChanged() != 0;
  if (is_applied) {
    if (!context.confirm(std::string(question_text(Question::kCalendar, context.language()))))
      return kExitRefused;
    if (const int code = apply_runs(context, supervisor, edit.runs); code != kExitOk) return code;
  }
  if (context.wants_json())
    context.print(edit_json(preview, edit, is_applied));
  else if (is_applied && !context.globals.csv)
    fmt::print("{}\n", calendar_applied_text(context.language()));
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
  const Edit edit{runs_of(*table), table->size(), {}, 0};
  if (edit.runs.empty() || edit.runs.size() > kRunsMax)
    throw UsageError(fmt::format(
        "{}: a table has 1 to {} stretches of days within the calendar, this one has {}.",
        options.file, kRunsMax, edit.runs.size()));
  return change_days(context, supervisor, edit, options);
}

int set_day(Context& context, const CalendarOptions& options) {
  const LocalDay day = day_option(options.day, "DATE");
  const DayHours hours = hours_option(options.hours, "HOURS");
  check_note(options.note);
  SupervisorClient supervisor(context.client(), context.identity({ActorKind::kSupervisor}, 1));
  const Edit edit{{{day, {to_calendar_day(day, hours)}, options.note}}, 1, {}, 0};
  return change_days(context, supervisor, edit, options);
}

// ---- a weekly pattern ----

WeekPattern pattern_of(const CalendarOptions& options) {
  WeekPattern pattern;
  for (std::size_t i = 0; i < options.week.size(); ++i) {
    if (!options.week[i].empty())
      pattern.hours[i] = hours_option(options.week[i], fmt::format("--{}", kWeekdayNames[i]));
  }
  if (pattern.is_empty())
    throw UsageError("calendar pattern needs a weekday at least, such as --thursday 07:00-13:00.");
  return pattern;
}

/// Hours and names as they stand. Pre: all days are covered.
std::vector<TableDay> read_days(Context& context, SupervisorClient& supervisor, Stretch stretch) {
  std::vector<TableDay> days;
  for (LocalDay from = stretch.first; from <= stretch.last; from += kDaysPerRead) {
    const LocalDay count = std::min(kDaysPerRead, stretch.last - from + 1);
    auto answer = context.wait(supervisor.calendar(from, static_cast<std::uint16_t>(count)));
    const std::size_t begin = days.size();
    LocalDay day = from;
    for (auto hours : answer.getDays())
      days.push_back({day++, {hours.getOpenMinute(), hours.getLengthMinutes()}, ""});
    for (auto note : answer.getNotes())
      days[begin + static_cast<std::size_t>(note.getDay() - from)].name = note.getNote().cStr();
  }
  return days;
}

std::size_t count_weekdays(const WeekPattern& pattern, Stretch stretch) {
  std::size_t count = 0;
  for (LocalDay day = stretch.first; day <= stretch.last; ++day)
    count += pattern.hours[static_cast<std::size_t>(weekday_of(day))] ? 1 : 0;
  return count;
}

Stretch stretch_of(const CalendarOptions& options) {
  const Stretch asked{day_option(options.from, "--from"), day_option(options.until, "--until")};
  if (asked.size() == 0 || asked.size() > std::int64_t{scheduler::kCalendarDaysMax})
    throw UsageError(fmt::format("--until: it must be 0–{} days after --from.",
                                 scheduler::kCalendarDaysMax - 1));
  return asked;
}

/// The days that the calendar covers. Without any the city is always open, and the first day that
/// is set would close all others.
Stretch covered_days(Context& context, SupervisorClient& supervisor) {
  auto span = context.wait(supervisor.calendar(0, 0));
  if (span.getCoveredDays() == 0)
    throw UsageError(
        "No calendar is set: the city is always open. A city file sets one, see `city load`.");
  return {span.getCoveredFrom(),
          span.getCoveredFrom() + static_cast<LocalDay>(span.getCoveredDays()) - 1};
}

int set_pattern(Context& context, const CalendarOptions& options) {
  const WeekPattern pattern = pattern_of(options);
  const Stretch asked = stretch_of(options);
  check_note(options.note);
  SupervisorClient supervisor(context.client(), context.identity({ActorKind::kSupervisor}, 1));
  const Stretch covered = covered_days(context, supervisor);
  const Stretch within{std::max(asked.first, covered.first), std::min(asked.last, covered.last)};
  const Stretch around{std::max(within.first - kDaysAround, covered.first),
                       std::min(within.last + kDaysAround, covered.last)};
  auto plan = lay_pattern(pattern, read_days(context, supervisor, around), within, options.note);
  Edit edit{runs_of(plan.changed), plan.asked, std::move(plan.closed), 0};
  edit.beyond = count_weekdays(pattern, asked) - count_weekdays(pattern, within);
  if (edit.runs.size() > kRunsMax)
    throw UsageError(
        fmt::format("{} stretches of days would change, {} at most in one edit: ask "
                    "for fewer days.",
                    edit.runs.size(), kRunsMax));
  const auto beyond =
      beyond_calendar_text(edit.beyond, covered.first, covered.last, context.language());
  if (!beyond.empty()) fmt::print(stderr, "permitctl: {}\n", beyond);
  if (!edit.runs.empty()) return change_days(context, supervisor, edit, options);
  // All is so already: there is nothing to ask the daemon about.
  capnp::MallocMessageBuilder nothing;
  const auto preview = nothing.initRoot<protocol::CalendarPreview>().asReader();
  if (context.wants_json())
    context.print(edit_json(preview, edit, false));
  else
    tell_effect(context, preview, edit);
  return kExitOk;
}

// ---- history ----

/// Hours of a date as a trail has them: [minute of opening since 1970, minutes], [] closed.
std::string trail_hours(const json::object& line, std::string_view member, const std::string& day) {
  const auto* record = line.if_contains(member);
  const auto* hours =
      record != nullptr && record->is_object() ? record->get_object().if_contains(day) : nullptr;
  if (hours == nullptr || !hours->is_array()) return "-";
  const json::array& both = hours->get_array();
  if (both.size() != 2) return "closed";
  return hours_text(both[0].to_number<std::int64_t>(), both[1].to_number<std::int64_t>());
}

int history(Context& context, const CalendarOptions& options) {
  TrailFilter filter;
  filter.day = day_option(options.day, "DATE");
  TrailSearch search(filter, kHistoryMax, 0);
  for (const std::string& path : options.trails) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw UsageError(fmt::format("{}: it cannot be read.", path));
    if (const auto read = search.read(file, path); !read) throw UsageError(read.error());
  }
  Table table({{"op", Table::Align::kRight}, {"when"}, {"set by"}, {"was"}, {"is"}, {"name"}});
  const std::string day = fmt::to_string(*filter.day);
  json::array lines;
  for (const auto& line : search.found()) {
    const auto text = [&](std::string_view name) {
      const auto* member = line.if_contains(name);
      return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                      : std::string{};
    };
    table.add({fmt::to_string(line.at("op").to_number<std::uint64_t>()),
               local_text(Tick{line.at("at").to_number<std::int64_t>()}), text("actor"),
               trail_hours(line, "was", day), trail_hours(line, "is", day), text("note")});
    lines.push_back(line);
  }
  context.print(table, json::object{{"day", *filter.day},
                                    {"commands", std::move(lines)},
                                    {"more", search.has_more()},
                                    {"cutOff", search.was_cut_off()}});
  if (search.found().empty() && !context.wants_json())
    fmt::print(stderr, "No edit of these trails gave {} other hours.\n", day_text(*filter.day));
  if (search.has_more())
    fmt::print(stderr, "There are more: only the first {} edits are told. Name the later trails.\n",
               kHistoryMax);
  if (search.was_cut_off())
    fmt::print(stderr, "A file has no end line, so it may lack what came later.\n");
  return kExitOk;
}

void add_edit_options(CLI::App* command, const Options& options) {
  command
      ->add_option("--moved", options->moved,
                   "How many of the deadlines that move are listed, the furthest first")
      ->check(CLI::Range(0, kMovesMax))
      ->capture_default_str();
  command->add_flag("--dry-run", options->dry_run, "Only say what would change");
}

void add_pattern(CLI::App& calendar, Context& context, const Options& options) {
  auto* command = add_command(
      calendar,
      {"pattern", "Set the hours of weekdays over a stretch of days.",
       "permitctl calendar pattern --from 2026-03-21 --until 2027-03-20 --thursday 07:00-13:00",
       "How many days change, which open deadlines move furthest, and which closed days stay as "
       "they are; then it\n"
       "  asks and sets them. Weekdays that are not named keep their hours, and days beyond the "
       "calendar are left out.\n"
       "  Holidays and sudden closures stay closed: a closed day is one where it has a name (see "
       "`calendar show`), or\n"
       "  where most of the nearest days of its weekday, four to either side, are open. To open "
       "one, say so:\n"
       "  `calendar set DATE HOURS`. Open days are set whatever their name, and keep the note. "
       "What the pattern\n"
       "  closes keeps none: another one opens it again where it was closed five weeks in a row, "
       "and takes it for\n"
       "  a closure where it was less."});
  command->add_option("--from", options->from, "First day")->required();
  command->add_option("--until", options->until, "Last day")->required();
  for (std::size_t i = 0; i < options->week.size(); ++i)
    command->add_option(fmt::format("--{}", kWeekdayNames[i]), options->week[i],
                        "closed, or 07:30-14:30");
  command->add_option("--note", options->note, "Why, in words; at most 79 bytes");
  add_edit_options(command, options);
  context.on(command, [&context, options] { return set_pattern(context, *options); });
}

void add_history(CLI::App& calendar, Context& context, const Options& options) {
  auto* command = add_command(
      calendar,
      {"history", "What a day was: each edit that gave it other hours, from exported trails.",
       "permitctl calendar history 2025-07-01 april.trail may.trail",
       "One line an edit: op, when, who, the hours before and after, and the note. It reads files, "
       "not the daemon, which\n"
       "  keeps of each day its last edit alone (`calendar show`): export a trail of a backup "
       "first, `audit export`. An\n"
       "  edit that only named a day is found by `audit search --command setCalendarDays`; what "
       "the whole calendar was\n"
       "  then is told by `asof MOMENT --data DIR calendar show`."});
  command->add_option("DATE", options->day, "The day")->required();
  command->add_option("FILE", options->trails, "A trail, or its parts in order")->required();
  context.on(command, [&context, options] { return history(context, *options); });
}

}  // namespace

void add_calendar_command(CLI::App& app, Context& context) {
  auto* calendar = app.add_subcommand("calendar",
                                      "The working calendar: what stands and stood, weekly hours, "
                                      "tables of holidays and closures.");
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
                  "Whether the day changes, how many open deadlines move with it and which of them "
                  "furthest; then it is set.\n"
                  "  The note is kept with the day, see `calendar show`."});
  command->add_option("DATE", options->day, "The day")->required();
  command->add_option("HOURS", options->hours, "closed, or 07:30-14:30")->required();
  command->add_option("--note", options->note, "Why, in words; at most 79 bytes");
  add_edit_options(command, options);
  context.on(command, [&context, options] { return set_day(context, *options); });

  command = add_command(
      *calendar,
      {"import", "Set the days of a table: holidays, closures, other hours.",
       "permitctl calendar import city/iran-holidays.csv --dry-run",
       "How many days change, how many open deadlines move with them and which of them furthest; "
       "then they are set.\n"
       "  The table is a CSV with the columns date (Gregorian, or Jalali as in 1404-01-01), hours\n"
       "  (closed, or 07:30-14:30; without the column every day is closed), name, which is kept "
       "with\n"
       "  the day, and estimated. Days that the table does not name stay as they are."});
  command->add_option("FILE", options->file, "Table of days, CSV")->required();
  add_edit_options(command, options);
  context.on(command, [&context, options] { return import(context, *options); });

  add_pattern(*calendar, context, options);
  add_history(*calendar, context, options);
}

}  // namespace permitd::cli
