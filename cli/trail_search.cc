#include "cli/trail_search.h"

#include <fmt/format.h>

#include <algorithm>

namespace permitd::cli {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::size_t kEventsShown = 3;

// Members that are not there are 0 and empty, as nothing is left out that says something.
std::uint64_t number_of(const value* member) {
  boost::system::error_code fault;
  const auto number = member == nullptr ? 0 : member->to_number<std::uint64_t>(fault);
  return fault ? 0 : number;
}
std::uint64_t number_of(const object& from, std::string_view name) {
  return number_of(from.if_contains(name));
}

std::string_view text_of(const object& from, std::string_view name) {
  const value* member = from.if_contains(name);
  return member != nullptr && member->is_string() ? std::string_view(member->get_string())
                                                  : std::string_view{};
}

// Whether one of a list's objects is what is asked.
template <class Is>
bool any_of(const object& line, std::string_view name, const Is& is) {
  const value* member = line.if_contains(name);
  if (member == nullptr || !member->is_array()) return false;
  return std::ranges::any_of(member->get_array(), [&](const value& each) {
    return each.is_object() && is(each.get_object());
  });
}

bool event_names(const object& line, std::string_view what, std::uint64_t number) {
  return any_of(line, "events",
                [&](const object& event) { return number_of(event, what) == number; });
}

bool asked(const object& line, std::string_view who) {
  const auto is_theirs = [&](const object& each) { return text_of(each, "actor") == who; };
  return is_theirs(line) || any_of(line, "events", is_theirs);
}

// [[number, …], …] of candidates and of those who were removed.
bool list_names(const object& decision, std::string_view name, std::uint64_t number) {
  const value* member = decision.if_contains(name);
  if (member == nullptr || !member->is_array()) return false;
  return std::ranges::any_of(member->get_array(), [&](const value& each) {
    const array* pair = each.if_array();
    return pair != nullptr && !pair->empty() && number_of(&pair->front()) == number;
  });
}

bool decision_names(const object& line, std::uint64_t expert) {
  return any_of(line, "decisions", [&](const object& decision) {
    // What a claim passed over are jobs.
    const bool of_people = text_of(decision, "by") != "claim";
    return number_of(decision, "chosen") == expert || list_names(decision, "near", expert) ||
           (of_people && list_names(decision, "rejected", expert));
  });
}

bool decides(const object& line, std::uint64_t job) {
  return any_of(line, "decisions",
                [&](const object& decision) { return number_of(decision, "job") == job; });
}

// What the calendar is then is told by date, of dates that have other hours than before.
bool gives_hours(const object& line, std::int32_t day) {
  const value* is = line.if_contains("is");
  return text_of(line, "command") == "setCalendarDays" && is != nullptr && is->is_object() &&
         is->get_object().contains(fmt::format("{}", day));
}

std::string state_of(const object& event, std::string_view name) {
  const value* member = event.if_contains(name);
  if (member == nullptr) return {};
  return member->is_string() ? std::string(member->get_string()) : boost::json::serialize(*member);
}

std::string event_text(const object& event) {
  std::string text(text_of(event, "event"));
  for (const std::string_view what : {"case", "job", "expert", "office"}) {
    if (const auto number = number_of(event, what); number != 0)
      text += fmt::format(" {} {}", what, number);
  }
  const std::string after = state_of(event, "after");
  if (!after.empty()) text += fmt::format(" {} -> {}", state_of(event, "before"), after);
  if (const auto reason = text_of(event, "reason"); !reason.empty())
    text += fmt::format(" ({})", reason);
  return text;
}

}  // namespace

bool TrailFilter::asks_nothing() const {
  return case_id == 0 && job == 0 && office == 0 && expert == 0 && who.empty() &&
         commands.empty() && from.ms == INT64_MIN && until == scheduler::kNever && !day;
}

bool TrailFilter::takes(const object& line) const {
  const auto at = static_cast<std::int64_t>(number_of(line, "at"));
  if (at < from.ms || at >= until.ms) return false;
  if (!commands.empty() && std::ranges::find(commands, text_of(line, "command")) == commands.end())
    return false;
  if (!who.empty() && !asked(line, who)) return false;
  if (day && !gives_hours(line, *day)) return false;
  if (case_id != 0 && !event_names(line, "case", case_id)) return false;
  if (job != 0 && !event_names(line, "job", job) && !decides(line, job)) return false;
  if (office != 0 && !event_names(line, "office", office) &&
      !asked(line, fmt::format("office:{}", office)))
    return false;
  return expert == 0 || event_names(line, "expert", expert) || decision_names(line, expert) ||
         asked(line, fmt::format("expert:{}", expert));
}

TrailSearch::TrailSearch(TrailFilter filter, std::size_t limit, std::uint64_t behind)
    : filter_(std::move(filter)), limit_(limit), behind_(behind) {}

std::expected<void, std::string> TrailSearch::read(std::istream& in, std::string_view name) {
  std::string text;
  std::uint64_t number = 0;
  bool has_end = false;
  while (!has_more_ && std::getline(in, text)) {
    ++number;
    boost::system::error_code fault;
    const value parsed = boost::json::parse(text, fault);
    const object* line = fault ? nullptr : parsed.if_object();
    const bool is_begin = line != nullptr && text_of(*line, "trail") == "permitd audit trail" &&
                          number_of(*line, "version") == 1;
    has_end = line != nullptr && line->contains("end");
    const bool is_command = line != nullptr && number_of(*line, "op") != 0;
    if (number == 1 ? !is_begin : !is_command && !has_end) {
      return std::unexpected(fmt::format(
          "{}, line {}: it is no line of an audit trail of version 1; permitctl audit verify tells "
          "what is wrong with the file.",
          name, number));
    }
    if (is_command) look_at(*line);
  }
  if (number == 0 && !has_more_)
    return std::unexpected(fmt::format("{}: it is empty or cannot be read.", name));
  was_cut_off_ = was_cut_off_ || (!has_end && !has_more_);
  return {};
}

void TrailSearch::look_at(const object& line) {
  if (number_of(line, "op") <= behind_ || !filter_.takes(line)) return;
  if (found_.size() == limit_) {
    has_more_ = true;
    return;
  }
  found_.push_back(line);
}

std::uint64_t TrailSearch::last_op() const {
  return found_.empty() ? 0 : number_of(found_.back(), "op");
}

std::string trail_line_text(const object& line) {
  std::string text;
  const auto add = [&](const std::string& more) {
    text += text.empty() ? more : fmt::format("; {}", more);
  };
  if (const auto refused = text_of(line, "refused"); !refused.empty()) {
    const auto field = text_of(line, "field");
    add(field.empty() ? fmt::format("refused: {}", refused)
                      : fmt::format("refused: {}, {}", refused, field));
  }
  const value* events = line.if_contains("events");
  if (events != nullptr && events->is_array()) {
    const array& all = events->get_array();
    for (std::size_t i = 0; i < std::min(all.size(), kEventsShown); ++i)
      if (all[i].is_object()) add(event_text(all[i].get_object()));
    if (all.size() > kEventsShown) add(fmt::format("{} more", all.size() - kEventsShown));
  }
  if (const auto note = text_of(line, "note"); !note.empty()) add(fmt::format("\"{}\"", note));
  return text;
}

}  // namespace permitd::cli
