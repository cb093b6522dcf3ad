// A list for people (aligned columns) or for programs (CSV). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace permitd::cli {

class Table {
 public:
  enum class Align : std::uint8_t { kLeft, kRight };
  struct Column {
    std::string name;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// Pre: as many cells as columns.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  std::size_t size() const { return rows_.size(); }

  /// Columns two blanks apart, as wide as their widest cell, header first; "" when there is no row.
  std::string aligned() const;
  /// RFC 4180 with \n line ends: quoted where a cell holds a comma, a quote or a line end. Header always.
  std::string csv() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Columns a terminal gives to UTF-8 `text`: code points that take a place.
std::size_t display_width(std::string_view text);

}  // namespace permitd::cli
