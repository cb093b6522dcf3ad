// Reads CSV, gzipped or plain, one record at a time in bounded memory.
//
// RFC 4180 quoting: a quoted field may hold commas, doubled quotes and line ends. A record that
// breaks the rules or the bounds is reported with the line it began on and skipped; reading goes on
// after it. Used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct gzFile_s;

namespace permitd::cli {

class CsvReader {
 public:
  static constexpr std::size_t kRecordSizeMax = 64 * 1024;  // the widest real record is under 1 KiB
  static constexpr std::size_t kFieldsMax = 256;

  enum class Next : std::uint8_t {
    kRecord,     // fields() is filled
    kMalformed,  // problem() says why, line() where; the record was skipped
    kEnd,
    kFailed,  // the file cannot be read on: problem(); nothing follows
  };

  static std::expected<CsvReader, std::string> open(const std::string& path);
  ~CsvReader();
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) = delete;

  /// Blank lines are passed over.
  Next next();
  /// Of the last record; the views are good until the next call of next().
  const std::vector<std::string_view>& fields() const { return fields_; }
  /// Line the last record began on, from 1.
  std::uint64_t line() const { return line_; }
  const std::string& problem() const { return problem_; }

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };
  explicit CsvReader(gzFile_s* file);

  int peek();
  int take();
  bool refill();
  bool read_field();
  bool read_quoted();
  bool append(int byte);
  Next malformed(std::string why);
  void skip_line();
  void cut_fields();

  std::unique_ptr<gzFile_s, Close> file_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  bool failed_ = false;
  std::string record_;             // bytes of the fields, one after another
  std::vector<std::size_t> ends_;  // [field] end within record_
  std::vector<std::string_view> fields_;
  std::uint64_t line_ = 0;
  std::uint64_t lines_taken_ = 0;
  std::string problem_;
};

}  // namespace permitd::cli
