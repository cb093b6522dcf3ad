// One row of a source turned into a SourceRecord. One function per format; the columns are found by
// name once.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/records.h"

namespace permitd::cli {

/// The columns of a format in the order in which its mapping asks for them.
class RecordColumns {
 public:
  static constexpr std::size_t kColumnsMax = 12;

  /// Tells the format by the header; empty when no format has all its columns there.
  static std::optional<RecordColumns> find(std::span<const std::string_view> header);

  RecordFormat format() const { return format_; }
  std::size_t header_count() const { return header_count_; }
  /// Maps a row of header_count() fields; the error says what is wrong in a few words.
  std::expected<SourceRecord, std::string> map(std::span<const std::string_view> fields) const;

 private:
  RecordFormat format_{};
  std::size_t header_count_ = 0;
  std::array<std::size_t, kColumnsMax> index_{};
};

/// For messages: every known format with the columns that tell it.
std::string known_record_formats();

}  // namespace permitd::cli
