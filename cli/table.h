// A list for people (aligned columns) or for programs (CSV). Pure.
//
// A cell has a text for each: people read "3 h 20 min" and "1,234", programs 200 and 1234.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace permitd::cli {

struct Cell {
  Cell(std::string both) : text(both), plain(std::move(both)) {}  // NOLINT: a text is a cell
  Cell(const char* both) : text(both), plain(both) {}             // NOLINT
  Cell(std::string_view both) : text(both), plain(both) {}        // NOLINT
  Cell(std::string for_people, std::string for_programs)
      : text(std::move(for_people)), plain(std::move(for_programs)) {}
  std::string text;
  std::string plain;
};
/// 1,234 and 1234.
Cell count_cell(std::uint64_t count);
/// An identifier: 17 and 17; "-" and nothing for 0.
Cell id_cell(std::uint64_t id);
/// Working time: "3 h 20 min" and 200.
Cell minutes_cell(std::int64_t minutes);
/// Nothing there: "-" and nothing.
Cell no_cell();

class Table {
 public:
  enum class Align : std::uint8_t { kLeft, kRight };
  struct Column {
    std::string name;
    Align align = Align::kLeft;
    std::string csv_name = "";  // where it differs: a unit that people read in the cell
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// Pre: as many cells as columns.
  void add(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }
  std::size_t size() const { return rows_.size(); }

  /// Columns two blanks apart, as wide as their widest cell, header first; "" when there is no row.
  std::string aligned() const;
  /// RFC 4180 with \n line ends: quoted where a cell holds a comma, a quote or a line end. Header
  /// always.
  std::string csv() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// Columns a terminal gives to UTF-8 `text`: code points that take a place.
std::size_t display_width(std::string_view text);

}  // namespace permitd::cli
