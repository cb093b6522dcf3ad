// The questions that want a yes, where what they are about was shown before, in words of either
// language. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/words.h"

namespace permitd::cli {

enum class Question : std::uint8_t { kCalendar, kCatalogue, kPolicy };
inline constexpr std::size_t kQuestionCount = 3;
std::string_view question_text(Question question, protocol::Language language);
/// Whether the jobs of a plan are to be reserved.
std::string reserve_question(std::uint64_t jobs, protocol::Language language);

}  // namespace permitd::cli
