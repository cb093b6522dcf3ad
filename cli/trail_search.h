// Which commands of an audit trail a question is about. It reads the lines of docs/AUDIT.md and
// checks nothing: whether a trail holds is said by `audit verify`, which shares no code with it.
// Pure but for the stream it is given; holds no more lines than its limit.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <expected>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/types.h"

namespace permitd::cli {

/// What a line must be; 0 and empty ask for nothing. All that is asked must be so.
struct TrailFilter {
  std::uint64_t case_id = 0;  // an event names it
  std::uint64_t job = 0;      // an event or a decision names it
  std::uint64_t office = 0;   // an event names it, or it asked
  std::uint64_t expert = 0;   // an event or a decision names them, the removed too, or they asked
  std::string who{};          // who asked, or whom an event names instead: "office:101", "engine"
  std::vector<std::string> commands{};  // names, one of them
  scheduler::Tick from{INT64_MIN};
  scheduler::Tick until = scheduler::kNever;  // not with it
  std::optional<std::int32_t> day{};          // an edit of the calendar gave it other hours

  bool asks_nothing() const;
  bool takes(const boost::json::object& line) const;
};

class TrailSearch {
 public:
  /// Looks behind op `behind` and keeps the first `limit` that fit.
  TrailSearch(TrailFilter filter, std::size_t limit, std::uint64_t behind);

  /// Reads a part to its end, or until there is one more than the limit. Errors: a sentence with
  /// the place, when it is no trail.
  [[nodiscard]] std::expected<void, std::string> read(std::istream& in, std::string_view name);

  /// The lines that fit, in their order.
  const std::vector<boost::json::object>& found() const { return found_; }
  /// There are more behind the last one found.
  bool has_more() const { return has_more_; }
  /// Op of the last one found; 0: none.
  std::uint64_t last_op() const;
  /// A part had no end line: it was cut off.
  bool was_cut_off() const { return was_cut_off_; }

 private:
  void look_at(const boost::json::object& line);

  TrailFilter filter_;
  std::size_t limit_;
  std::uint64_t behind_;
  std::vector<boost::json::object> found_;
  bool has_more_ = false;
  bool was_cut_off_ = false;
};

/// What a line tells, for people: its refusal, its first events, its note.
std::string trail_line_text(const boost::json::object& line);

}  // namespace permitd::cli
