#include "cli/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "cli/records_csv.h"
#include "cli/records_mapping.h"

namespace permitd::cli {
namespace {

void report(RecordFile& file, std::uint64_t line, std::string text) {
  ++file.malformed_count;
  if (file.problems.size() < RecordFile::kProblemsMax)
    file.problems.push_back({line, std::move(text)});
}

std::string_view without_byte_order_mark(std::string_view text) {
  return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

std::expected<RecordColumns, std::string> read_header(CsvReader& csv, const std::string& path) {
  const auto next = csv.next();
  if (next != CsvReader::Next::kRecord) {
    const auto why = next == CsvReader::Next::kEnd ? std::string("it is empty") : csv.problem();
    return std::unexpected(fmt::format("{} has no header row: {}", path, why));
  }
  auto header = csv.fields();
  header[0] = without_byte_order_mark(header[0]);
  const auto columns = RecordColumns::find(header);
  if (columns) return *columns;
  return std::unexpected(fmt::format(
      "{}: the header is of no known kind of record. Known are, by the columns they need:\n{}",
      path, known_record_formats()));
}

// One row; what is wrong with it is noted in `file`.
void take_row(const CsvReader& csv, const RecordColumns& columns,
              std::unordered_set<std::string>& seen, RecordFile& file) {
  if (csv.fields().size() != columns.header_count()) {
    return report(file, csv.line(),
                  fmt::format("{} fields where the header has {}", csv.fields().size(),
                              columns.header_count()));
  }
  auto record = columns.map(csv.fields());
  if (!record) return report(file, csv.line(), std::move(record.error()));
  if (!seen.insert(record->id).second) {
    ++file.duplicate_count;
    return report(file, csv.line(), fmt::format("record {} was there before", record->id));
  }
  file.records.push_back(*std::move(record));
}

bool earlier(const SourceRecord& left, const SourceRecord& right) {
  if (left.day != right.day) return left.day < right.day;
  if (left.minute != right.minute) return left.minute < right.minute;
  return left.id < right.id;
}

}  // namespace

std::string_view record_format_name(RecordFormat format) {
  switch (format) {
    case RecordFormat::kChicagoPermits:
      return "permits-chicago";
    case RecordFormat::kCalgaryPermits:
      return "permits-calgary";
    case RecordFormat::kPhiladelphiaPermits:
      return "permits-philadelphia";
    case RecordFormat::kLongBeachInspections:
      return "inspections-longbeach";
    case RecordFormat::kAshevilleReviews:
      return "plan-reviews-asheville";
    case RecordFormat::kChicagoFoodInspections:
      return "inspections-chicago-food";
  }
  return "unknown";
}

std::uint64_t record_hash(std::string_view text, std::uint64_t salt) {
  // FNV-1a, then the finaliser of MurmurHash3, because the low bits of FNV alone are used modulo
  // small numbers.
  std::uint64_t hash = 14'695'981'039'346'656'037ULL ^ (salt * 0x9E37'79B9'7F4A'7C15ULL);
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1'099'511'628'211ULL;
  }
  hash ^= hash >> 33;
  hash *= 0xFF51'AFD7'ED55'8CCDULL;
  hash ^= hash >> 33;
  hash *= 0xC4CE'B9FE'1A85'EC53ULL;
  return hash ^ (hash >> 33);
}

std::expected<RecordFile, std::string> read_records(const std::string& path) {
  auto csv = CsvReader::open(path);
  if (!csv) return std::unexpected(std::move(csv.error()));
  const auto columns = read_header(*csv, path);
  if (!columns) return std::unexpected(columns.error());
  RecordFile file;
  file.format = columns->format();
  std::unordered_set<std::string> seen;
  for (auto next = csv->next(); next != CsvReader::Next::kEnd; next = csv->next()) {
    if (next == CsvReader::Next::kFailed)
      return std::unexpected(fmt::format("{}: {}", path, csv->problem()));
    if (next == CsvReader::Next::kMalformed) {
      report(file, csv->line(), csv->problem());
    } else {
      take_row(*csv, *columns, seen, file);
    }
    if (file.records.size() > kRecordsMax) {
      return std::unexpected(fmt::format("{} has more than {} records", path, kRecordsMax));
    }
  }
  std::ranges::sort(file.records, earlier);
  return file;
}

}  // namespace permitd::cli
