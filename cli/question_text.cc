#include "cli/question_text.h"

#include <fmt/format.h>

#include "protocol/jalali.h"

namespace permitd::cli {

using protocol::Language;

std::string_view question_text(Question question, Language language) {
  const bool is_persian = language == Language::kPersian;
  switch (question) {
    case Question::kCalendar:
      return is_persian ? "این تغییرها در تقویم ثبت شود؟" : "Apply this to the calendar?";
    case Question::kCatalogue:
      return is_persian ? "این تغییرها در فهرست خدمت‌ها ثبت شود؟" : "Put this into the catalogue?";
    case Question::kPolicy:
      return is_persian ? "سیاست از این پس برای همهٔ کارها معتبر است. این تغییرها ثبت شود؟"
                        : "The policy counts for all work from now on. Apply this?";
  }
  return "";
}

std::string reserve_question(std::uint64_t jobs, Language language) {
  if (language == Language::kPersian) {
    return fmt::format("{} کار برای کارشناسان آن‌ها نگه داشته شود؟",
                       protocol::persian_digits(fmt::to_string(jobs)));
  }
  return fmt::format("Reserve {} job{} for their experts?", jobs, jobs == 1 ? "" : "s");
}

}  // namespace permitd::cli
