// Goal: no file of records crashes the import; every record that it takes is in its ranges, and
// what it skips it counts. Method: the input as a file, gzipped or not.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "cli/records.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace permitd;
  const int file = memfd_create("records", 0);
  if (file < 0 || write(file, data, size) != static_cast<ssize_t>(size)) std::abort();
  const auto read = cli::read_records("/proc/self/fd/" + std::to_string(file));
  close(file);
  if (!read) {
    if (read.error().empty()) std::abort();
    return 0;
  }
  for (const cli::SourceRecord& record : read->records) {
    const bool right = !record.id.empty() && record.id.size() <= 23 && record.district >= 1 &&
                       record.district <= 22 && record.minute >= -1 && record.minute < 1440 &&
                       record.floors <= 200 && record.area_m2 <= 10'000'000;
    if (!right) std::abort();
  }
  if (read->problems.size() > cli::RecordFile::kProblemsMax) std::abort();
  if (read->problems.size() > read->malformed_count) std::abort();
  return 0;
}
