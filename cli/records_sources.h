// The mapping of each source, row by row; the reasons stand in city/records/README.md. Pure
// functions.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "cli/records.h"

namespace permitd::cli {

/// The fields of a row under the column numbers of its format. Borrows both.
class RecordRow {
 public:
  RecordRow(std::span<const std::string_view> fields, std::span<const std::size_t> index)
      : fields_(fields), index_(index) {}
  /// Pre: `column` is one of the format's.
  std::string_view operator[](std::size_t column) const { return fields_[index_[column]]; }

 private:
  std::span<const std::string_view> fields_;
  std::span<const std::size_t> index_;
};

using MappedRecord = std::expected<SourceRecord, std::string>;

MappedRecord map_chicago_permit(const RecordRow& row);
MappedRecord map_calgary_permit(const RecordRow& row);
MappedRecord map_philadelphia_permit(const RecordRow& row);
MappedRecord map_long_beach_inspection(const RecordRow& row);
MappedRecord map_asheville_review(const RecordRow& row);
MappedRecord map_chicago_food_inspection(const RecordRow& row);

}  // namespace permitd::cli
