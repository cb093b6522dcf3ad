// How people behave in a rehearsal: every assumption that no source settles, as one value. The
// shares are of 1,000; the delays are working minutes of a calendar with 420 a day. They are
// printed with every report.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "cli/replay_chance.h"

namespace permitd::cli {

/// A working day of the sample city, 07:30 to 14:30: the measure of "days" of working time.
inline constexpr std::int64_t kWorkingDayMinutes = 420;

/// What an expert of the sample city is certified for decides how they work.
enum class Trade : std::uint8_t { kClerk, kInspector, kReviewer, kHead };
inline constexpr std::size_t kTradeCount = 4;
constexpr std::string_view trade_name(Trade trade) {
  constexpr std::array<std::string_view, kTradeCount> kNames{"clerk", "inspector", "reviewer",
                                                             "head"};
  return kNames[static_cast<std::size_t>(trade)];
}

struct Habits {
  // What comes of a job, of 1,000.
  std::uint32_t documents_incomplete = 80;  // file formation
  std::uint32_t agency_inquiry = 120;       // administrative processing
  std::uint32_t plan_defect = 150;          // plan review
  std::uint32_t no_access = 50;             // inspection
  std::uint32_t violation = 3;              // inspection: to the commission
  std::uint32_t confirmation_defect = 30;   // of a second person's check
  std::uint32_t decline = 20;               // of assignments

  // Persons, of 1,000.
  std::uint32_t absence = 30;            // expert-days with an absence
  std::uint32_t absence_all_day = 600;   // of those; the rest fall ill in the middle of the day
  std::uint32_t relative_declared = 10;  // cases whose owner has a relative among the experts
  std::uint32_t home_office = 600;  // applicants who go to an office of the parcel's own district

  // Applicants, agencies and the municipality.
  std::uint32_t withdraw = 40;     // of applicants asked for documents
  std::uint32_t reject = 30;       // of municipal decisions
  std::uint32_t fees_early = 300;  // paid when the plan order is out, the rest after approval
  std::uint32_t rebook = 60;       // of appointments: the applicant asks for another day
  std::uint32_t rebook_after_miss = 500;
  Range applicant_answers{420, 3'360};
  Range agency_answers{420, 1'680};
  Range decision{30, 400};
  Range fees{30, 1'260};
  Range closing{5, 40};
  Range commission{1'260, 4'200};
  Range escalation{30, 90};
  Range rebook_days{1, 4};

  // Work.
  Range travel{10, 35};  // minutes to a visit, beside the effort of the catalogue
  std::array<std::int32_t, kTradeCount> last_call{30, 100, 120,
                                                  20};  // minutes before closing, by Trade
};

}  // namespace permitd::cli
