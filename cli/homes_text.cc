#include "cli/homes_text.h"

#include <fmt/format.h>

#include <map>

#include "cli/local_time.h"
#include "protocol/jalali.h"
#include "protocol/persian.h"

namespace permitd::cli {
namespace {

namespace persian = protocol::persian;
using protocol::Language;
using scheduler::OfficeId;
using scheduler::OfficeState;
using scheduler::raw;
using scheduler::Tick;
constexpr auto kRight = Table::Align::kRight;

std::string persian_number(std::uint64_t value) {
  return protocol::persian_digits(fmt::to_string(value));
}
std::string persian_office(unsigned office) {
  return protocol::persian_digits(fmt::format("{:04}", office));
}

std::string_view english_reason(protocol::HomeReason reason) {
  switch (reason) {
    case protocol::HomeReason::NONE:
      return "no active office has the service";
    case protocol::HomeReason::DISTRICT:
      return "least busy of the district";
    case protocol::HomeReason::CITY:
      return "least busy of the city, the district has none";
  }
  return "for a reason of a later version";
}

std::string_view persian_reason(protocol::HomeReason reason) {
  switch (reason) {
    case protocol::HomeReason::NONE:
      return "هیچ دفتر فعالی این خدمت را ندارد";
    case protocol::HomeReason::DISTRICT:
      return "کم‌بارترین دفتر منطقه";
    case protocol::HomeReason::CITY:
      return "کم‌بارترین دفتر شهر؛ در منطقه دفتری نیست";
  }
  return "به علتی از نسخه‌ای تازه‌تر";
}

// The cells of the tables in the language of their words.
struct Cells {
  bool is_persian;

  Cell number(std::uint64_t value) const {
    return is_persian ? Cell(persian_number(value)) : count_cell(value);
  }
  Cell office(unsigned code) const {
    if (code == 0) return no_cell();
    return is_persian ? persian_office(code) : fmt::format("{:04}", code);
  }
  Cell moment(Tick at) const {
    if (at == scheduler::kNever) return no_cell();
    return is_persian ? protocol::jalali_moment_text(at) : local_text(at);
  }
  template <class Core, class Wire>
  Cell word(Wire value) const {
    const auto core = static_cast<Core>(value);
    return is_persian ? persian::name_of(core) : protocol::name_of(core);
  }
  Cell reason(protocol::HomeReason value) const {
    return is_persian ? persian_reason(value) : english_reason(value);
  }
};

// What the new homes come to.
struct HomeCounts {
  explicit HomeCounts(protocol::NewHomes::Reader homes) {
    std::map<unsigned, unsigned> cases_of;
    for (auto home : homes.getHomes()) {
      if (home.getOffice() == 0) {
        ++homeless;
        continue;
      }
      ++cases_of[home.getOffice()];
      promised += Tick{home.getAppointment()} != scheduler::kNever ? 1 : 0;
    }
    all = homes.getHomes().size() + homes.getLeftOut();
    moving = homes.getHomes().size() - homeless;
    offices = static_cast<unsigned>(cases_of.size());
  }

  unsigned all = 0;
  unsigned moving = 0;
  unsigned offices = 0;
  unsigned promised = 0;
  unsigned homeless = 0;
};

std::string persian_summary(OfficeId office, const HomeCounts& counts, unsigned left_out) {
  auto text = fmt::format(
      "از {} پروندهٔ باز دفتر {}، {} پرونده به {} دفتر می‌رود؛ {} پرونده از آن‌ها نوبت بازدید "
      "دارد "
      "که سر جای خود می‌ماند.",
      persian_number(counts.all), persian_office(raw(office)), persian_number(counts.moving),
      persian_number(counts.offices), persian_number(counts.promised));
  if (counts.homeless > 0)
    text += fmt::format(
        " برای {} پرونده دفتری پیدا نمی‌شود: خدمت آن را فعال "
        "کنید.",
        persian_number(counts.homeless));
  if (left_out > 0)
    text += fmt::format(
        " {} پرونده در یک پاسخ نمی‌گنجد: دوباره اجرا کنید.",
        persian_number(left_out));
  return text;
}

}  // namespace

Table homes_table(protocol::NewHomes::Reader homes, Language language) {
  const Cells cells{language == Language::kPersian};
  Table table = cells.is_persian ? Table({{"پرونده", kRight},
                                          {"منطقه", kRight},
                                          {"مرحله"},
                                          {"وضعیت"},
                                          {"نوبت بازدید"},
                                          {"دفتر تازه", kRight},
                                          {"به علت"}})
                                 : Table({{"case", kRight},
                                          {"district", kRight},
                                          {"stage"},
                                          {"state"},
                                          {"appointment"},
                                          {"new office", kRight, "office"},
                                          {"why"}});
  for (auto home : homes.getHomes()) {
    table.add({cells.number(home.getCaseId()), cells.number(home.getDistrict()),
               cells.word<scheduler::Stage>(home.getStage()),
               cells.word<scheduler::CaseState>(home.getState()),
               cells.moment(Tick{home.getAppointment()}), cells.office(home.getOffice()),
               cells.reason(home.getReason())});
  }
  return table;
}

Table held_table(protocol::NewHomes::Reader homes, Language language) {
  const Cells cells{language == Language::kPersian};
  Table table = cells.is_persian ? Table({{"کار", kRight},
                                          {"پرونده", kRight},
                                          {"از دفتر", kRight},
                                          {"منطقه", kRight},
                                          {"مرحله"},
                                          {"در دست کارشناس", kRight},
                                          {"وضعیت"}})
                                 : Table({{"job", kRight},
                                          {"case", kRight},
                                          {"of office", kRight, "case_office"},
                                          {"district", kRight},
                                          {"stage"},
                                          {"held by", kRight, "holder"},
                                          {"state"}});
  for (auto one : homes.getHeld()) {
    table.add({cells.number(one.getJob()), cells.number(one.getCaseId()),
               cells.office(one.getOffice()), cells.number(one.getDistrict()),
               cells.word<scheduler::Stage>(one.getStage()), cells.number(one.getHolder()),
               cells.word<scheduler::JobState>(one.getState())});
  }
  return table;
}

std::string homes_summary(OfficeId office, protocol::NewHomes::Reader homes, Language language) {
  const HomeCounts counts(homes);
  if (language == Language::kPersian) return persian_summary(office, counts, homes.getLeftOut());
  auto text = fmt::format(
      "{} open cases of office {:04}: {} go to {} offices, {} of them with an appointment, which "
      "stands.",
      counts.all, raw(office), counts.moving, counts.offices, counts.promised);
  if (counts.homeless > 0)
    text += fmt::format(" {} find no office: activate their service.", counts.homeless);
  if (homes.getLeftOut() > 0)
    text += fmt::format(" {} are more than one answer holds: run it again.", homes.getLeftOut());
  return text;
}

namespace {

// When a suspended office is Active again by itself, with a space behind it; empty without an end.
std::string return_text(Tick until, Language language) {
  if (until.ms == 0) return "";
  return language == Language::kPersian
             ? fmt::format(
                   "اگر چیزی کم نباشد، در {} خودبه‌خود باز فعال "
                   "می‌شود. ",
                   protocol::jalali_moment_text(until))
             : fmt::format("On {} it is active again by itself, if nothing is missing. ",
                           local_text(until));
}

}  // namespace

std::string leaving_text(const LeavingFigures& figures, protocol::NewHomes::Reader homes,
                         std::string_view afterwards, Language language) {
  const std::uint64_t in_hand = std::uint64_t{homes.getHeld().size()} + homes.getHeldLeftOut();
  const bool is_ahead = figures.from.ms != 0;
  const bool is_kept = figures.in_hand == scheduler::JobsInHand::kFinished;
  if (language == Language::kPersian) {
    const std::string returns =
        is_ahead  ? fmt::format("آنچه در {} در دستشان باشد {}",
                                protocol::jalali_moment_text(figures.from),
                               is_kept ? "تا پایان نوبت کاری آن زمان، اگر باشد، می‌ماند و سپس به "
                                           "صف بازمی‌گردد"
                                        : "در همان زمان به صف بازمی‌گردد")
        : is_kept ? "این کارها تا پایان نوبت کاری کنونی، اگر باشد، می‌مانند و سپس به صف "
                    "بازمی‌گردند"
                  : "این کارها بی‌درنگ به صف بازمی‌گردند";
    return fmt::format(
        "دفتر {} {} کار باز از پرونده‌های خود دارد. {} کار در دست کارشناسان آن است، {} کار "
        "از "
        "آن‌ها از پرونده‌های دفترهای دیگر؛ {} و کارشناسان "
        "تا "
        "دفتر فعال نباشد کاری نمی‌گیرند. {}{}",
        persian_office(raw(figures.office)), persian_number(figures.open), persian_number(in_hand),
        persian_number(figures.held), returns, return_text(figures.until, language), afterwards);
  }
  const std::string returns =
      is_ahead  ? fmt::format("what they still hold on {} {}", local_text(figures.from),
                             is_kept ? "may be finished by the end of the shift under way then, "
                                        "if there is one, and goes back to the queue"
                                      : "goes back to the queue then")
      : is_kept ? "they may be finished by the end of the shift under way, if there is one, and go "
                  "back to the queue"
                : "they go back to the queue at once";
  return fmt::format(
      "Office {:04} has {} open job{} of its own cases. Its experts hold {}, {} of them of other "
      "offices' cases; {}, and its experts take nothing while it is not active. {}{}",
      raw(figures.office), figures.open, figures.open == 1 ? "" : "s", in_hand, figures.held,
      returns, return_text(figures.until, language), afterwards);
}

std::string afterwards_text(OfficeId office, bool by_themselves, Language language) {
  const bool is_persian = language == Language::kPersian;
  if (by_themselves) {
    return is_persian ? "پرونده‌هایش، چنان‌که سیاست می‌گوید، خودبه‌خود به دفترهای دیگر "
                        "می‌روند."
                      : "Its cases go to other offices by themselves, as the policy says.";
  }
  const std::string command = fmt::format("permitctl rehome {:04} --dry-run", raw(office));
  return is_persian ? fmt::format(
                          "پرونده‌هایش می‌مانند تا ناظر آن‌ها را جابه‌جا کند: "
                          "\u2066{}\u2069",
                          command)
                    : fmt::format("Its cases stay until a supervisor moves them: {}", command);
}

std::string office_state_text(OfficeId office, OfficeState state, std::string_view afterwards,
                              Language language) {
  if (language == Language::kPersian) {
    return fmt::format("دفتر {} «{}» است. {}", persian_office(raw(office)), persian::name_of(state),
                       afterwards);
  }
  return fmt::format("Office {:04} is {}. {}", raw(office), protocol::name_of(state), afterwards);
}

std::string office_suspension_text(OfficeId office, Tick from, Tick until,
                                   std::string_view afterwards, Language language) {
  const bool is_ahead = from.ms != 0;
  if (language == Language::kPersian) {
    const std::string what =
        is_ahead ? fmt::format(
                       "از {} معلق می‌شود و تا آن زمان کار می‌کند",
                       protocol::jalali_moment_text(from))
                 : std::string("معلق است");
    return fmt::format("دفتر {} {}. {}{}", persian_office(raw(office)), what,
                       return_text(until, language), afterwards);
  }
  const std::string what =
      is_ahead ? fmt::format("will be suspended from {} and works on until then", local_text(from))
               : std::string("is suspended");
  return fmt::format("Office {:04} {}. {}{}", raw(office), what, return_text(until, language),
                     afterwards);
}

std::string office_return_text(OfficeId office, OfficeState now, Language language) {
  const bool is_persian = language == Language::kPersian;
  return office_state_text(
      office, now,
      is_persian ? "اگر فعال شود، کارشناسانش باز می‌توانند کار بگیرند؛ پرونده‌هایش همان‌جا "
                   "که "
                   "هستند می‌مانند."
                 : "Active, its experts may take work again; its cases stay where they are.",
      language);
}

std::string absence_text(const HandFigures& figures, Language language) {
  const std::uint64_t held = figures.assigned + figures.started;
  if (language == Language::kPersian) {
    return fmt::format(
        "کارشناس {} {} کار در دست دارد ({} ارجاع‌شده، {} آغازشده) که با آغاز غیبت به "
        "صف "
        "بازمی‌گردند.",
        persian_number(figures.expert), persian_number(held), persian_number(figures.assigned),
        persian_number(figures.started));
  }
  return fmt::format(
      "Expert {} holds {} job{} ({} assigned, {} started), which return to the queue when the "
      "absence begins.",
      figures.expert, held, held == 1 ? "" : "s", figures.assigned, figures.started);
}

std::string absence_done_text(std::uint64_t expert, Tick from, Tick until, Language language) {
  const bool is_back = from == until;
  if (language == Language::kPersian) {
    const std::string begin = protocol::jalali_moment_text(from);
    if (is_back) return fmt::format("کارشناس {} از {} بازگشته است.", persian_number(expert), begin);
    const std::string end =
        until == scheduler::kNever ? "اطلاع بعدی" : protocol::jalali_moment_text(until);
    return fmt::format("کارشناس {} از {} تا {} غایب است.", persian_number(expert), begin, end);
  }
  if (is_back) return fmt::format("Expert {} is back from {} on.", expert, local_text(from));
  return fmt::format("Expert {} is absent from {} until {}.", expert, local_text(from),
                     until == scheduler::kNever ? "further notice" : local_text(until));
}

std::string_view homes_word(HomesWord word, Language language) {
  const bool is_persian = language == Language::kPersian;
  switch (word) {
    case HomesWord::kNothingChanged:
      return is_persian ? "چیزی تغییر نکرد (\u2066--dry-run\u2069)."
                        : "Nothing was changed (--dry-run).";
    case HomesWord::kNobodyLeaves:
      return is_persian ? "هیچ دفتری از حالت فعال بیرون نمی‌رود."
                        : "No office would leave Active.";
    case HomesWord::kMoveThem:
      return is_persian ? "جابه‌جا شوند؟" : "Move them?";
  }
  return "";
}

std::string moved_text(std::uint64_t count, Language language) {
  if (language == Language::kPersian)
    return fmt::format("{} پرونده جابه‌جا شد.", persian_number(count));
  return fmt::format("{} cases moved.", count);
}

}  // namespace permitd::cli
