#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/local_time.h"
#include "cli/progress.h"
#include "scheduler/assert.h"

namespace permitd::cli {
namespace {

void append_csv(std::string& out, const std::vector<Cell>& cells) {
  for (std::size_t index = 0; index < cells.size(); ++index) {
    if (index > 0) out += ',';
    const auto& cell = cells[index].plain;
    if (cell.find_first_of(",\"\r\n") == std::string::npos) {
      out += cell;
      continue;
    }
    out += '"';
    for (char byte : cell) {
      if (byte == '"') out += '"';
      out += byte;
    }
    out += '"';
  }
  out += '\n';
}

}  // namespace

Cell count_cell(std::uint64_t count) { return {grouped(count), fmt::to_string(count)}; }
Cell id_cell(std::uint64_t id) { return id != 0 ? Cell(fmt::to_string(id)) : no_cell(); }
Cell minutes_cell(std::int64_t minutes) { return {working_text(minutes), fmt::to_string(minutes)}; }
Cell no_cell() { return {"-", ""}; }

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto byte = static_cast<unsigned char>(text[at]);
    if ((byte & 0xC0U) == 0x80U) continue;  // inside a character
    auto rest = text.substr(at, 3);
    if (rest >= "\xE2\x80\x8B" && rest <= "\xE2\x80\x8F")
      continue;  // joiners and direction marks take no place
    auto pair = text.substr(at, 2);
    if (pair >= "\xD9\x8B" && pair <= "\xD9\x9F")
      continue;  // Arabic vowel signs stand on their letter
    ++width;
  }
  return width;
}

void Table::add(std::vector<Cell> cells) {
  PERMIT_ASSERT(cells.size() == columns_.size(), cells.size(), columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::aligned() const {
  if (rows_.empty()) return "";
  std::vector<Cell> header;
  std::vector<std::size_t> widths;
  for (const auto& column : columns_) {
    header.push_back(column.name);
    widths.push_back(display_width(column.name));
  }
  for (const auto& row : rows_) {
    for (std::size_t index = 0; index < row.size(); ++index) {
      widths[index] = std::max(widths[index], display_width(row[index].text));
    }
  }
  std::string out;
  auto append = [&](const std::vector<Cell>& cells) {
    std::string line;
    for (std::size_t index = 0; index < cells.size(); ++index) {
      if (index > 0) line += "  ";
      const auto& text = cells[index].text;
      std::string blanks(widths[index] - display_width(text), ' ');
      line += columns_[index].align == Align::kRight ? blanks + text : text + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  append(header);
  for (const auto& row : rows_) append(row);
  return out;
}

std::string Table::csv() const {
  std::string out;
  std::vector<Cell> header;
  for (const auto& column : columns_)
    header.push_back(column.csv_name.empty() ? column.name : column.csv_name);
  append_csv(out, header);
  for (const auto& row : rows_) append_csv(out, row);
  return out;
}

}  // namespace permitd::cli
