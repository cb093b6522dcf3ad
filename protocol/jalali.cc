#include "protocol/jalali.h"

#include <fmt/format.h>
#include <unicode/calendar.h>
#include <unicode/timezone.h>

#include <memory>

namespace permitd::protocol {

namespace {

constexpr double kMsPerDay = 86'400'000.0;
constexpr std::int32_t kYearFirst = 1300;
constexpr std::int32_t kYearLast = 1600;
constexpr std::int32_t kMonthCount = 12;

// ICU's data holds this calendar and the zones it knows; without them nothing of ICU works.
std::unique_ptr<icu::Calendar> persian_calendar(const char* zone) {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::Calendar> calendar(
      icu::Calendar::createInstance(icu::TimeZone::createTimeZone(icu::UnicodeString(zone)),
                                    icu::Locale("fa", "IR", nullptr, "calendar=persian"), status));
  return U_SUCCESS(status) != 0 ? std::move(calendar) : nullptr;
}

std::int32_t field(const icu::Calendar& calendar, UCalendarDateFields which) {
  UErrorCode status = U_ZERO_ERROR;
  return calendar.get(which, status);
}

JalaliDate date_in(const icu::Calendar& calendar) {
  return {field(calendar, UCAL_EXTENDED_YEAR), field(calendar, UCAL_MONTH) + 1,
          field(calendar, UCAL_DATE)};
}

// U+06F0 … U+06F9 and U+0660 … U+0669 in UTF-8.
constexpr std::string_view kPersianLead = "\xDB";
constexpr std::string_view kArabicLead = "\xD9";
constexpr unsigned char kPersianZero = 0xB0;
constexpr unsigned char kArabicZero = 0xA0;

bool is_digit_after(std::string_view text, std::size_t at, unsigned char zero) {
  if (at + 1 >= text.size()) return false;
  const auto byte = static_cast<unsigned char>(text[at + 1]);
  return byte >= zero && byte < zero + 10;
}

}  // namespace

JalaliDate jalali_of(std::int32_t day) {
  const auto calendar = persian_calendar("UTC");
  if (calendar == nullptr) return {};
  UErrorCode status = U_ZERO_ERROR;
  calendar->setTime(day * kMsPerDay, status);
  return date_in(*calendar);
}

std::optional<std::int32_t> day_of(const JalaliDate& date) {
  if (date.year < kYearFirst || date.year > kYearLast || date.month < 1 || date.month > kMonthCount)
    return std::nullopt;
  const auto calendar = persian_calendar("UTC");
  if (calendar == nullptr) return std::nullopt;
  UErrorCode status = U_ZERO_ERROR;
  calendar->setLenient(0);
  calendar->clear();
  calendar->set(UCAL_EXTENDED_YEAR, date.year);
  calendar->set(UCAL_MONTH, date.month - 1);
  calendar->set(UCAL_DATE, date.day);
  const double ms = calendar->getTime(status);
  if (U_FAILURE(status) != 0) return std::nullopt;
  return static_cast<std::int32_t>(ms / kMsPerDay);
}

std::string persian_digits(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      out += c;
      continue;
    }
    out += kPersianLead;
    out += static_cast<char>(kPersianZero + (c - '0'));
  }
  return out;
}

std::string ascii_digits(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view lead = text.substr(at, 1);
    const unsigned char zero = lead == kPersianLead ? kPersianZero : kArabicZero;
    if ((lead == kPersianLead || lead == kArabicLead) && is_digit_after(text, at, zero)) {
      out += static_cast<char>('0' + (static_cast<unsigned char>(text[++at]) - zero));
    } else {
      out += text[at];
    }
  }
  return out;
}

std::string jalali_moment_text(scheduler::Tick at) {
  if (at == scheduler::kNever) return "هرگز";
  const auto calendar = persian_calendar("Asia/Tehran");
  if (calendar == nullptr) return persian_digits(fmt::to_string(at.ms));
  UErrorCode status = U_ZERO_ERROR;
  calendar->setTime(static_cast<double>(at.ms), status);
  const JalaliDate date = date_in(*calendar);
  const std::string text =
      fmt::format("{:04}/{:02}/{:02} ساعت {:02}:{:02}", date.year, date.month, date.day,
                  field(*calendar, UCAL_HOUR_OF_DAY), field(*calendar, UCAL_MINUTE));
  return "\u2068" + persian_digits(text) + "\u2069";
}

}  // namespace permitd::protocol
