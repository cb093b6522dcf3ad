// The Persian sentences and names that are about office licences.
#include <fmt/format.h>

#include "protocol/jalali.h"
#include "protocol/persian.h"

namespace permitd::protocol::persian {

using namespace permitd::scheduler;

namespace {

std::string number(std::uint64_t value) { return persian_digits(fmt::to_string(value)); }

std::string_view condition(Field field) {
  if (field == Field::kAge) return "سن او در بازهٔ ضوابط نیست";
  if (field == Field::kNationality) return "تابعیت ایران ندارد";
  return "مدرک یا رشتهٔ تحصیلی او پذیرفته نیست";
}

std::string_view requirement(Field field) {
  if (field == Field::kOffice) return "هنوز کد دفتر ندارد";
  if (field == Field::kManager) return "مدیر فنی فعال ندارد";
  if (field == Field::kVenue) return "هنوز مکان ندارد و در صف است";
  if (field == Field::kRent) return "قرارداد اجارهٔ معتبر ثبت نشده است";
  if (field == Field::kValidity) return "مدت پروانهٔ آن پایان یافته است و باید تمدید شود";
  return "تجهیزات آن کامل ثبت نشده است";
}

std::string_view item(EquipmentItem value) {
  using enum EquipmentItem;
  switch (value) {
    case kNetworkHardware:
      return "سخت‌افزار شبکه";
    case kFurniture:
      return "مبلمان یکسان";
    case kComputers:
      return "رایانه‌ها";
    case kNetworkLine:
      return "خط شبکه";
    case kSignboard:
      return "تابلو";
    case kPrinter:
      return "چاپگر";
    case kScanner:
      return "پویشگر";
    case kArchive:
      return "بایگانی";
  }
  return "قلم ناشناخته";
}

std::string_view result(ResultState value) {
  using enum ResultState;
  switch (value) {
    case kNone:
      return "بی‌نتیجه";
    case kPresent:
      return "حاضر";
    case kAbsent:
      return "غایب";
    case kCompetent:
      return "دارای صلاحیت";
    case kNotCompetent:
      return "فاقد صلاحیت";
  }
  return "ناشناخته";
}

}  // namespace

std::string_view name_of(LicenceState state) {
  using enum LicenceState;
  switch (state) {
    case kNone:
      return "هیچ";
    case kApplied:
      return "در حال بررسی شرایط";
    case kEligible:
      return "واجد شرایط";
    case kIneligible:
      return "فاقد شرایط";
    case kExamPending:
      return "در انتظار آزمون";
    case kBoardPending:
      return "در انتظار هیأت";
    case kSelected:
      return "برگزیده";
    case kWaitlisted:
      return "ذخیره";
    case kNotSelected:
      return "برگزیده‌نشده";
    case kEquipping:
      return "در حال تجهیز";
    case kActive:
      return "فعال";
    case kSuspended:
      return "تعلیق‌شده";
    case kExpired:
      return "منقضی";
    case kRevoked:
      return "لغوشده";
    case kSurrendered:
      return "انصراف‌داده";
    case kWithdrawn:
      return "پس‌گرفته";
  }
  return "وضعیت ناشناخته";
}

std::string_view name_of(RoundState state) {
  using enum RoundState;
  switch (state) {
    case kNone:
      return "هیچ";
    case kAnnounced:
      return "اعلام‌شده";
    case kOpen:
      return "باز";
    case kChecking:
      return "در حال بررسی شرایط";
    case kExam:
      return "آزمون";
    case kBoard:
      return "هیأت";
    case kRanked:
      return "رتبه‌بندی‌شده";
  }
  return "وضعیت ناشناخته";
}

std::string_view name_of(LicenceCheck check) {
  using enum LicenceCheck;
  switch (check) {
    case kNationality:
      return "تابعیت";
    case kAge:
      return "سن";
    case kDegreeLevel:
      return "مقطع تحصیلی";
    case kDegreeField:
      return "رشتهٔ تحصیلی";
    case kCriminalRecord:
      return "سوء پیشینهٔ کیفری";
    case kMoralRecord:
      return "سوء سابقهٔ اخلاقی";
    case kBankruptcy:
      return "ورشکستگی";
    case kOtherConditions:
      return "دیگر شرایط عمومی";
    case kOwnVenue:
      return "مکان مناسب شخصی";
  }
  return "بررسی ناشناخته";
}

std::string_view name_of(CheckResult value) {
  using enum CheckResult;
  switch (value) {
    case kPending:
      return "در انتظار";
    case kPassed:
      return "تأیید";
    case kFailed:
      return "رد";
    case kNotRequired:
      return "لازم نیست";
  }
  return "نتیجهٔ ناشناخته";
}

std::string licence_refusal(const Outcome& outcome) {
  const Refusal refusal = outcome.refusal;
  if (refusal == Refusal::kUnknownRound) {
    return "چنین فراخوانی نیست. شمارهٔ آن را بررسی کنید.";
  }
  if (refusal == Refusal::kUnknownApplication) {
    return "چنین درخواستی نیست. شمارهٔ آن را بررسی کنید.";
  }
  if (refusal == Refusal::kUnknownVenue) {
    return "چنین مکانی تعریف نشده است. نخست آن را تعریف کنید.";
  }
  if (refusal == Refusal::kNotEnoughPlaces) {
    return "شهر این شمار دفتر بیشتر نمی‌خواهد. شمار را کم کنید یا شمار خواسته‌شده را بالا "
           "ببرید.";
  }
  if (refusal == Refusal::kRoundNotOpen) {
    return fmt::format(
        "فراخوان اکنون درخواستی نمی‌پذیرد: «{}» است.",
        name_of(RoundState{outcome.state}));
  }
  if (refusal == Refusal::kAlreadyApplied) {
    return outcome.field == Field::kManager
               ? "این مدیر فنی در درخواست دیگری از همین فراخوان نام برده شده است."
               : "این متقاضی در همین فراخوان درخواست دیگری دارد.";
  }
  if (refusal == Refusal::kVenueTaken) {
    return "این مکان در اختیار دفتر دیگری است، یا دفتر مکان دارد. مکان دیگری برگزینید.";
  }
  if (refusal == Refusal::kConditionNotMet) {
    return fmt::format(
        "{} شرایط جاری را ندارد: {}. چیزی تغییر نکرد.",
        LicenceSubject{outcome.state} == LicenceSubject::kManager ? "مدیر فنی" : "صاحب امتیاز",
        condition(outcome.field));
  }
  if (refusal == Refusal::kRequirementMissing) {
    return fmt::format("دفتر نمی‌تواند فعال شود: {}.",
                       requirement(outcome.field));
  }
  if (refusal == Refusal::kApplicationsFull) {
    return "حافظهٔ درخواست‌ها پر است و چیزی پذیرفته نشد. راهبر جا را بیشتر "
           "کند.";
  }
  return "";
}

std::string licence_subject(const Event& event) {
  const std::string_view what = event.kind == EventKind::kRoundChanged   ? "فراخوان"
                                : event.kind == EventKind::kVenueChanged ? "مکان"
                                                                         : "درخواست";
  if (raw(event.office) == 0) return fmt::format("{} {}", what, number(event.subject));
  if (event.subject == 0)
    return fmt::format("دفتر {}", persian_digits(fmt::format("{:04}", raw(event.office))));
  return fmt::format("{} {} (دفتر {})", what, number(event.subject),
                     persian_digits(fmt::format("{:04}", raw(event.office))));
}

std::string licence_act(const Event& event) {
  if (event.kind == EventKind::kRoundChanged) {
    return fmt::format("از «{}» به «{}»", name_of(RoundState{event.before}),
                       name_of(RoundState{event.after}));
  }
  if (event.kind == EventKind::kLicenceChanged) {
    return fmt::format("از «{}» به «{}»", name_of(LicenceState{event.before}),
                       name_of(LicenceState{event.after}));
  }
  if (event.kind == EventKind::kVenueChanged) return event.after != 0 ? "واگذار شد" : "آزاد است";
  if (event.kind == EventKind::kLicenceChecked) {
    return fmt::format(
        "{} {}: {}", name_of(LicenceCheck{static_cast<std::uint8_t>(event.before % 16)}),
        event.before >= 16 ? "مدیر فنی" : "صاحب امتیاز", name_of(CheckResult{event.after}));
  }
  const auto kind = static_cast<CommandKind>(event.before);
  if (kind == CommandKind::kRecordRent) return "اجاره ثبت شد";
  if (kind == CommandKind::kRecordEquipment) {
    return fmt::format("{} {}", item(EquipmentItem{static_cast<std::uint8_t>(event.after / 2)}),
                       event.after % 2 == 1 ? "آماده است" : "آماده نیست");
  }
  return fmt::format("{}: {}", kind == CommandKind::kRecordExamResult ? "آزمون" : "هیأت",
                     result(ResultState{event.after}));
}

}  // namespace permitd::protocol::persian
