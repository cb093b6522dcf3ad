// Real records of building control, read from the open data of several cities and mapped to
// requests that the sample catalogue knows. The mapping is documented row by row in
// city/records/README.md; it depends on the record alone, never on chance or on a seed.
//
// What a source does not say is not invented here: a record without a time of day has none. Reading
// is pure apart from the file. Used by one thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/types.h"

namespace permitd::cli {

enum class RecordFormat : std::uint8_t {
  kChicagoPermits,
  kCalgaryPermits,
  kPhiladelphiaPermits,
  kLongBeachInspections,
  kAshevilleReviews,
  kChicagoFoodInspections,
};
inline constexpr std::size_t kRecordFormatCount = 6;
std::string_view record_format_name(RecordFormat format);

/// One record as a request on a parcel.
struct SourceRecord {
  std::string id;  // number at the source, 1–23 printable ASCII characters, unique in the file
  std::int32_t day = 0;      // days since 1970-01-01, local at the source
  std::int16_t minute = -1;  // of that day; −1 where the source has dates only
  scheduler::ServiceId service{};
  scheduler::District district = 0;  // 1 … 22
  scheduler::OrganisationId organisation{1};
  bool built = false;  // a building stands there already
  std::uint16_t floors = 1;
  std::uint32_t area_m2 = 0;
  std::uint64_t place = 0;  // equal for records at one address; everything that must differ by
                            // address follows from it
};

struct RecordProblem {
  std::uint64_t line = 0;
  std::string text;
};

struct RecordFile {
  RecordFormat format{};
  std::vector<SourceRecord> records;    // by day, minute, id
  std::uint64_t malformed_count = 0;    // rows that were skipped
  std::uint64_t duplicate_count = 0;    // of those: the number had been seen before
  std::vector<RecordProblem> problems;  // the first kProblemsMax of the skipped rows
  static constexpr std::size_t kProblemsMax = 20;
};

/// At most this many records of a file are read: the largest source has 426,622.
inline constexpr std::size_t kRecordsMax = 4'000'000;

/// Reads a file, gzipped or not; the format is told by the header. An error names the file and says
/// what is wrong with the whole of it; a row that is wrong is counted and skipped.
std::expected<RecordFile, std::string> read_records(const std::string& path);

/// A well-mixed hash of text that is the same on every machine.
std::uint64_t record_hash(std::string_view text, std::uint64_t salt = 0);

}  // namespace permitd::cli
