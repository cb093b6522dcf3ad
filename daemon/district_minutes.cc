#include "daemon/district_minutes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "daemon/journal_files.h"

namespace permitd::daemon {

namespace {

// All pairs of 31 districts are 12 KiB; the rest is for comments.
constexpr std::size_t kTextSizeMax = 256U << 10;
constexpr std::size_t kFaultsMax = 20;
constexpr std::size_t kShownMax = 40;  // bytes of a field that a message repeats
constexpr std::uint32_t kDistrictMax = scheduler::kDistrictCount - 1;
constexpr std::array<std::string_view, 3> kColumns = {"district_from", "district_to", "minutes"};
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::unexpected<Error> wrong(std::string act, std::string remedy, int number = 0) {
  return std::unexpected(
      Error{ErrorCode::kConfiguration, number, std::move(act), std::move(remedy)});
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t comma = line.find(',');
    fields.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

/// Reads the lines of one file and gathers everything that is wrong with them.
class Reading {
 public:
  explicit Reading(const std::string& path) : path_(path) {}

  Expected<DistrictMinutes> read(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    for (std::size_t number = 1; !text.empty(); ++number) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      const std::string_view said = trimmed(line.substr(0, line.find('#')));
      if (said.empty()) continue;
      line_ = number;
      if (has_columns_) {
        read_pair(fields_of(said));
      } else if (!read_columns(fields_of(said))) {
        break;  // nothing behind it can be understood
      }
    }
    return result();
  }

 private:
  void fault(std::string what) {
    if (faults_.size() < kFaultsMax)
      faults_.push_back(fmt::format("{}:{}: {}", path_, line_, what));
    fault_count_ += 1;
  }

  bool read_columns(const std::vector<std::string_view>& fields) {
    has_columns_ = std::ranges::equal(fields, kColumns);
    if (!has_columns_)
      fault(fmt::format("the first line names the columns: {}", fmt::join(kColumns, ",")));
    return has_columns_;
  }

  std::optional<std::uint16_t> number_of(std::size_t column, std::string_view field,
                                         std::uint32_t max) {
    std::uint32_t value = 0;
    const char* end = field.data() + field.size();
    const auto [stop, error] = std::from_chars(field.data(), end, value);
    if (error == std::errc{} && stop == end && value >= 1 && value <= max)
      return static_cast<std::uint16_t>(value);
    fault(fmt::format("{} = {} is not possible; allowed: 1 … {}", kColumns[column],
                      field.empty() ? "nothing" : field.substr(0, kShownMax), max));
    return std::nullopt;
  }

  void read_pair(const std::vector<std::string_view>& fields) {
    if (fields.size() != kColumns.size()) {
      fault(fmt::format("a line has three fields, {}; this one has {}", fmt::join(kColumns, ","),
                        fields.size()));
      return;
    }
    const auto from = number_of(0, fields[0], kDistrictMax);
    const auto to = number_of(1, fields[1], kDistrictMax);
    const auto minutes = number_of(2, fields[2], DistrictMinutes::kMinutesMax);
    if (!from || !to || !minutes) return;
    if (*from == *to) {
      fault(
          fmt::format("district_to = {} is district_from; within a district the way is measured "
                      "from place to place",
                      *to));
      return;
    }
    std::size_t& before = lines_[*from][*to];
    if (before != 0) {
      fault(fmt::format("district_from = {}, district_to = {} stands in line {} already", *from,
                        *to, before));
      return;
    }
    before = line_;
    table_.minutes[*from][*to] = *minutes;
    pair_count_ += 1;
  }

  Expected<DistrictMinutes> result() {
    if (fault_count_ > faults_.size())
      faults_.push_back(fmt::format("and {} more", fault_count_ - faults_.size()));
    if (!faults_.empty()) return wrong(fmt::format("{}", fmt::join(faults_, "\n  ")), {});
    if (pair_count_ == 0) {
      return wrong(fmt::format("{} names no two districts", path_),
                   "Give it lines such as 1,2,25, or leave planner.travel_table out");
    }
    for (std::size_t from = 1; from <= kDistrictMax; ++from) {
      for (std::size_t to = 1; to <= kDistrictMax; ++to) {
        if (lines_[from][to] == 0 && lines_[to][from] != 0)
          table_.minutes[from][to] = table_.minutes[to][from];
      }
    }
    return table_;
  }

  const std::string& path_;
  std::size_t line_ = 0;
  bool has_columns_ = false;
  DistrictMinutes table_;
  std::size_t pair_count_ = 0;
  // [from][to]: the line that gives it, 0: none.
  std::array<std::array<std::size_t, scheduler::kDistrictCount>, scheduler::kDistrictCount>
      lines_{};
  std::vector<std::string> faults_;
  std::size_t fault_count_ = 0;
};

std::unexpected<Error> unreadable(const std::string& path, std::string_view why, int number = 0) {
  return wrong(fmt::format("planner.travel_table: '{}' cannot be read{}", path, why),
               "Name a file of lines district_from,district_to,minutes, or leave it out", number);
}

}  // namespace

Expected<DistrictMinutes> parse_district_minutes(std::string_view text, const std::string& path) {
  return Reading(path).read(text);
}

Expected<DistrictMinutes> read_district_minutes(const std::string& path) {
  // O_NONBLOCK: the open of a named pipe would wait for somebody to write into it.
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.is_open() || fstat(file.number(), &status) != 0) return unreadable(path, "", errno);
  if (!S_ISREG(status.st_mode)) return unreadable(path, ": it is not a file");
  std::string text(kTextSizeMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = uninterrupted(
        [&] { return ::read(file.number(), text.data() + size, text.size() - size); });
    if (got < 0) return unreadable(path, "", errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kTextSizeMax) return unreadable(path, ": it is larger than 256 KiB");
  return parse_district_minutes(std::string_view(text).substr(0, size), path);
}

}  // namespace permitd::daemon
