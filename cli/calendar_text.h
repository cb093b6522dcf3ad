// What an edit of the calendar would change, in words and tables of either language. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "cli/holiday_table.h"
#include "cli/table.h"
#include "protocol/permit.capnp.h"
#include "protocol/words.h"

namespace permitd::cli {

/// The figures of a preview; `total`: days that the edit names.
std::string calendar_effect_text(protocol::CalendarPreview::Reader preview, std::size_t total,
                                 protocol::Language language);
/// Each deadline that the preview lists, as it is and as it would be.
Table deadline_moves_table(protocol::CalendarPreview::Reader preview, protocol::Language language);
/// How many more deadlines move than are listed; "" where none do.
std::string further_moves_text(protocol::CalendarPreview::Reader preview,
                               protocol::Language language);
/// Which days a pattern leaves closed, the first of them by date and name; "" without any.
std::string left_closed_text(std::span<const TableDay> closed, protocol::Language language);
/// That days asked for lie beyond the calendar, which covers `first` to `last`; "" without any.
std::string beyond_calendar_text(std::size_t count, LocalDay first, LocalDay last,
                                 protocol::Language language);
/// That the edit was made.
std::string calendar_applied_text(protocol::Language language);

}  // namespace permitd::cli
