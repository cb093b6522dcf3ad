#include "cli/calendar_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/local_time.h"
#include "protocol/jalali.h"

namespace permitd::cli {
namespace {

using protocol::Language;
using scheduler::Tick;
constexpr auto kRight = Table::Align::kRight;
constexpr std::size_t kClosedShown = 10;

std::string persian_number(std::uint64_t value) {
  return protocol::persian_digits(fmt::to_string(value));
}

std::uint64_t moved(protocol::CalendarPreview::Reader preview) {
  return preview.getDeadlinesLater() + preview.getDeadlinesEarlier();
}

// The cells of the table in the language of its words.
struct Cells {
  bool is_persian;

  Cell number(std::uint64_t value) const {
    if (value == 0) return no_cell();
    return is_persian ? Cell(persian_number(value)) : id_cell(value);
  }
  Cell due(Tick at) const {
    if (at == scheduler::kNever)
      return Cell(is_persian ? "پس از پایان تقویم" : "beyond the calendar", "");
    return is_persian ? protocol::jalali_moment_text(at) : local_text(at);
  }
};

std::string date_of(LocalDay day, bool is_persian) {
  return is_persian ? protocol::persian_digits(day_text(day)) : day_text(day);
}

}  // namespace

std::string calendar_effect_text(protocol::CalendarPreview::Reader preview, std::size_t total,
                                 Language language) {
  const auto later = preview.getDeadlinesLater();
  const auto earlier = preview.getDeadlinesEarlier();
  const auto notes = preview.getNotesChanged();
  if (language == Language::kPersian) {
    auto text = fmt::format(
        "از {} روز، {} روز تغییر می‌کند؛ {} مهلت باز جابه‌جا می‌شود: {} دیرتر "
        "و "
        "{} "
        "زودتر.",
        persian_number(total), persian_number(preview.getDaysChanged()),
        persian_number(later + earlier), persian_number(later), persian_number(earlier));
    if (notes > 0)
      text += fmt::format(
          " ساعت {} روز همان می‌ماند و نام آن عوض می‌شود.",
          persian_number(notes));
    return text;
  }
  auto text =
      fmt::format("{} of {} days change{}; {} open deadline{}, {} later and {} earlier.",
                  preview.getDaysChanged(), total, preview.getDaysChanged() == 1 ? "s" : "",
                  later + earlier, later + earlier == 1 ? " moves" : "s move", later, earlier);
  if (notes == 1) text += " 1 day keeps its hours and gets another name.";
  if (notes > 1) text += fmt::format(" {} days keep their hours and get another name.", notes);
  return text;
}

Table deadline_moves_table(protocol::CalendarPreview::Reader preview, Language language) {
  const Cells cells{language == Language::kPersian};
  Table table = cells.is_persian
                    ? Table({{"پرونده", kRight}, {"کار", kRight}, {"مهلت"}, {"مهلت تازه"}})
                    : Table({{"case", kRight},
                             {"job", kRight},
                             {"due"},
                             {"due then", Table::Align::kLeft, "due_then"}});
  for (auto move : preview.getMoves()) {
    table.add({cells.number(move.getCaseId()), cells.number(move.getJob()),
               cells.due(Tick{move.getBefore()}), cells.due(Tick{move.getAfter()})});
  }
  return table;
}

std::string further_moves_text(protocol::CalendarPreview::Reader preview, Language language) {
  const std::uint64_t listed = preview.getMoves().size();
  if (moved(preview) <= listed) return "";
  const std::uint64_t more = moved(preview) - listed;
  if (language == Language::kPersian)
    return fmt::format("{} مهلت دیگر، کمتر یا به همین اندازه.", persian_number(more));
  return fmt::format("{} more move{} as far or less.", more, more == 1 ? "s" : "");
}

std::string left_closed_text(std::span<const TableDay> closed, Language language) {
  if (closed.empty()) return "";
  const bool is_persian = language == Language::kPersian;
  auto text = is_persian
                  ? fmt::format("{} روزِ تعطیل همان که هست می‌ماند:",
                                persian_number(closed.size()))
                  : fmt::format("{} closed day{} left as {}:", closed.size(),
                                closed.size() == 1 ? " is" : "s are",
                                closed.size() == 1 ? "it is" : "they are");
  const std::size_t shown = std::min(closed.size(), kClosedShown);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += is_persian ? "،" : ",";
    text += " " + date_of(closed[i].day, is_persian);
    if (!closed[i].name.empty()) text += fmt::format(" ({})", closed[i].name);
  }
  if (shown < closed.size()) text += is_persian ? " و …" : ", …";
  return text;
}

std::string beyond_calendar_text(std::size_t count, LocalDay first, LocalDay last,
                                 Language language) {
  if (count == 0) return "";
  if (language == Language::kPersian) {
    return fmt::format(
        "{} روز بیرون از تقویم است، که از {} تا {} گذاشته شده، و چنان "
        "می‌ماند.",
        persian_number(count), date_of(first, true), date_of(last, true));
  }
  return fmt::format("{} day{} beyond the calendar, which is set from {} to {}, and stay{} out.",
                     count, count == 1 ? " lies" : "s lie", date_of(first, false),
                     date_of(last, false), count == 1 ? "s" : "");
}

std::string calendar_applied_text(Language language) {
  return language == Language::kPersian ? "ثبت شد." : "Applied.";
}

}  // namespace permitd::cli
