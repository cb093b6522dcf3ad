#include "cli/records_csv.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

namespace permitd::cli {
namespace {

constexpr std::size_t kBufferSize = 256 * 1024;
constexpr int kNone = -1;

}  // namespace

void CsvReader::Close::operator()(gzFile_s* file) const { gzclose_r(file); }

std::expected<CsvReader, std::string> CsvReader::open(const std::string& path) {
  errno = 0;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    return std::unexpected(fmt::format("cannot open {}: {}", path,
                                       errno != 0 ? std::strerror(errno) : "out of memory"));
  }
  gzbuffer(file, kBufferSize);
  return CsvReader(file);
}

CsvReader::CsvReader(gzFile_s* file) : file_(file), buffer_(kBufferSize) {}
CsvReader::~CsvReader() = default;
CsvReader::CsvReader(CsvReader&&) noexcept = default;

bool CsvReader::refill() {
  if (failed_) return false;
  const int got = gzread(file_.get(), buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int code = Z_OK;
  const char* text = gzerror(file_.get(), &code);
  // A truncated gzip stream ends with Z_BUF_ERROR after the bytes that could be had.
  if (got < 0 || (got == 0 && code != Z_OK && code != Z_STREAM_END)) {
    failed_ = true;
    problem_ = fmt::format("cannot read on after line {}: {}", lines_taken_,
                           code == Z_ERRNO ? std::strerror(errno) : text);
    return false;
  }
  at_ = 0;
  filled_ = static_cast<std::size_t>(got);
  return got > 0;
}

int CsvReader::peek() {
  if (at_ == filled_ && !refill()) return kNone;
  return static_cast<unsigned char>(buffer_[at_]);
}

int CsvReader::take() {
  const int byte = peek();
  if (byte == kNone) return kNone;
  ++at_;
  if (byte == '\n') ++lines_taken_;
  return byte;
}

bool CsvReader::append(int byte) {
  if (record_.size() >= kRecordSizeMax) {
    problem_ = fmt::format("record longer than {} bytes", kRecordSizeMax);
    return false;
  }
  record_.push_back(static_cast<char>(byte));
  return true;
}

bool CsvReader::read_quoted() {
  take();  // the opening quote
  while (true) {
    const int byte = take();
    if (byte == kNone) {
      problem_ = "quoted field without an end";
      return false;
    }
    if (byte != '"') {
      if (!append(byte)) return false;
      continue;
    }
    if (peek() != '"') break;
    take();
    if (!append('"')) return false;
  }
  const int after = peek();
  if (after == ',' || after == '\n' || after == '\r' || after == kNone) return true;
  problem_ = "text after the closing quote of a field";
  return false;
}

bool CsvReader::read_field() {
  if (peek() == '"') {
    if (!read_quoted()) return false;
  } else {
    for (int byte = peek(); byte != ',' && byte != '\n' && byte != kNone; byte = peek()) {
      take();
      if (byte == '\r' && (peek() == '\n' || peek() == kNone)) break;
      if (!append(byte)) return false;
    }
  }
  if (peek() == '\r') take();
  if (ends_.size() == kFieldsMax) {
    problem_ = fmt::format("more than {} fields", kFieldsMax);
    return false;
  }
  ends_.push_back(record_.size());
  return true;
}

void CsvReader::skip_line() {
  for (int byte = take(); byte != kNone && byte != '\n'; byte = take()) {
  }
}

CsvReader::Next CsvReader::malformed(std::string why) {
  if (failed_) return Next::kFailed;
  problem_ = std::move(why);
  skip_line();
  return Next::kMalformed;
}

void CsvReader::cut_fields() {
  fields_.clear();
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    fields_.emplace_back(record_.data() + begin, end - begin);
    begin = end;
  }
}

CsvReader::Next CsvReader::next() {
  record_.clear();
  ends_.clear();
  fields_.clear();
  while (peek() == '\n' || peek() == '\r') take();
  if (peek() == kNone) return failed_ ? Next::kFailed : Next::kEnd;
  line_ = lines_taken_ + 1;
  while (true) {
    if (!read_field()) return malformed(problem_);
    const int byte = peek();
    if (byte == ',') {
      take();
      continue;
    }
    if (byte == '\n') {
      take();
    } else if (byte != kNone) {
      return malformed("carriage return inside a record");
    }
    break;
  }
  if (failed_) return Next::kFailed;
  cut_fields();
  return Next::kRecord;
}

}  // namespace permitd::cli
