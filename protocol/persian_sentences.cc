#include <fmt/format.h>

#include <iterator>

#include "protocol/jalali.h"
#include "protocol/persian.h"
#include "protocol/words.h"

namespace permitd::protocol::persian {

using namespace permitd::scheduler;

namespace {

// Names of the schema stay as they are written there; isolated, so that they read left to right.
std::string code(std::string_view name) { return fmt::format("\u2066{}\u2069", name); }

std::string number(std::uint64_t value) { return persian_digits(fmt::to_string(value)); }

std::string state_phrase(const Outcome& outcome, CommandKind kind) {
  switch (subject_of(outcome, kind)) {
    case Subject::kCase:
      return fmt::format("پرونده «{}» است", name_of(CaseState{outcome.state}));
    case Subject::kJob:
      return fmt::format("کار «{}» است", name_of(JobState{outcome.state}));
    case Subject::kOffice:
      return fmt::format("دفتر «{}» است", name_of(OfficeState{outcome.state}));
    case Subject::kExpert:
      return fmt::format("کارشناس «{}» است", name_of(ExpertState{outcome.state}));
    case Subject::kZoning:
      return fmt::format("این نسخه از طرح تفصیلی «{}» است", name_of(ZoningState{outcome.state}));
    case Subject::kApplication:
      return fmt::format("{} «{}» است",
                         is_licence(LicenceState{outcome.state}) ? "امتیاز دفتر" : "درخواست",
                         name_of(LicenceState{outcome.state}));
    case Subject::kRound:
      return fmt::format("فراخوان «{}» است", name_of(RoundState{outcome.state}));
    case Subject::kNothing:
      break;
  }
  return fmt::format("وضعیت کنونی {} است", number(outcome.state));
}

std::string rule_phrase(Field field) {
  const std::string_view rule = persian::rule_of(field);
  return rule.empty() ? "با شرح فراخوانی مقایسه کنید" : fmt::format("قاعده: {}", rule);
}

std::string field_sentence(std::string_view what, Field field) {
  if (field == Field::kNone) return fmt::format("مقداری {}. {}.", what, rule_phrase(field));
  return fmt::format("مقدار {} {}. {}.", code(protocol::name_of(field)), what, rule_phrase(field));
}

// See field_sentence(); of one of the values that make up the field where one is at fault.
std::string range_sentence(const Outcome& outcome) {
  const std::string_view what = "بیرون از بازهٔ مجاز است";
  const MemberRange* member = member_range(outcome.field, outcome.member);
  const std::string row =
      outcome.row != 0 ? fmt::format("، شمارهٔ {}،", number(outcome.row)) : std::string{};
  if (member == nullptr) {
    if (row.empty()) return field_sentence(what, outcome.field);
    return fmt::format("مقدار {}{} {}. {}.", code(protocol::name_of(outcome.field)), row, what,
                       rule_phrase(outcome.field));
  }
  const Field owner = owner_of_members(outcome.field);
  if (owner == Field::kCount)
    return fmt::format("مقدار {} {}. قاعده: {}.", code(member->name), what,
                       persian::rule_of(*member));
  return fmt::format("مقدار {} از {}{} {}. قاعده: {}.", code(member->name),
                     code(protocol::name_of(owner)), row, what, persian::rule_of(*member));
}

std::string compatible_sentence(const Outcome& outcome) {
  if (outcome.field != Field::kDay) {
    const MemberRange* member = member_range(outcome.field, outcome.member);
    const std::string_view what = "با آنچه جاری است سازگار نیست";
    if (member == nullptr) return field_sentence(what, outcome.field);
    return fmt::format("مقدار {} از {} {}. {}.", code(member->name),
                       code(protocol::name_of(outcome.field)), what, rule_phrase(outcome.field));
  }
  if (outcome.row == 0)
    return "تقویم حداکثر ۱۴٬۶۱۰ روز را در بر می‌گیرد، از نخستین روزی که داده شده تا آخرین. "
           "روزهایی نزدیک‌تر به آن‌ها بدهید.";
  return fmt::format(
      "روز شمارهٔ {} با روز دیگری تداخل دارد: هر روز زودتر از بسته‌شدن روز پیش باز نمی‌شود و "
      "پیش از باز‌شدن روز بعد بسته می‌شود. ساعت‌های آن را اصلاح کنید.",
      number(outcome.row));
}

// What a field means to one command alone; empty where the usual sentence says it.
std::string_view own_sentence(const Outcome& outcome, CommandKind kind) {
  if (outcome.refusal == Refusal::kNotCompatible && outcome.field == Field::kOwner)
    return "مکان شهرداری مالکی در میان متقاضیان ندارد. مالک را ننویسید یا نوع مکان را شخصی کنید.";
  if (outcome.refusal != Refusal::kOutOfRange) return "";
  if (kind == CommandKind::kSchedule && outcome.field == Field::kJob)
    return "تنها بازدید نوبت دارد و این کار بازدید نیست.";
  if (kind == CommandKind::kApplyPlan && outcome.field == Field::kVersion)
    return "برنامه به وضعیتی اشاره می‌کند که هنوز نیامده است. برنامه را از نو بسازید و همان را "
           "به کار ببرید.";
  if (kind == CommandKind::kDefineService && outcome.field == Field::kValidity)
    return "نسخهٔ خدمت در زمانی میان سال‌های ۱۳۴۸ و ۹۵۱۴ جاری می‌شود. چنین زمانی بدهید.";
  if (outcome.field != Field::kLimits) return "";
  if (kind == CommandKind::kDefineOffice || kind == CommandKind::kEquipOffice)
    return "حافظهٔ دفترها پر است و چیزی پذیرفته نشد. راهبر باید \u2066limits.offices_max\u2069 را "
           "بیشتر کند.";
  if (kind == CommandKind::kOpenRound)
    return "۲۵۶ فراخوان نگه داشته می‌شود و هیچ‌یک فراموش نمی‌شود. فراخوان دیگری نمی‌توان گشود.";
  if (kind == CommandKind::kSetOfficesWanted)
    return "۶۴ شمار خواستهٔ دفترها نگه داشته می‌شود و هیچ‌یک فراموش نمی‌شود. شمار دیگری نمی‌توان "
           "داد.";
  return "";
}

std::string not_eligible_sentence(const Outcome& outcome) {
  if (outcome.field == Field::kPriority)
    return "کاری از شهرداری در انتظار است که کارشناس می‌تواند بگیرد و پیش از کار دیگران است. "
           "دوباره کار بخواهید تا آن نخست بیاید.";
  if (outcome.field == Field::kHalfDay)
    return "ظرفیت بازدید در آن نیم‌روز پر شده است. نیم‌روز دیگری برگزینید.";
  return fmt::format(
      "کارشناس نمی‌تواند این کار را بگیرد؛ علت: {}. کارشناس دیگری برگزینید یا صبر کنید.",
      name_of(outcome.filter));
}

std::string too_large_sentence(Field field) {
  if (field == Field::kNone || field == Field::kCount) {
    return fmt::format(
        "این فراخوانی یک‌جا بیش از اندازه می‌خواهد. آن را بخش کنید؛ اندازه‌ها را "
        "{} "
        "می‌گوید.",
        code("hello"));
  }
  return field_sentence("بزرگ‌تر از اندازهٔ مجاز است", field);
}

// What is said of a version of the zoning plan instead of the usual; empty where the usual does.
std::string zoning_sentence(const Outcome& outcome, CommandKind kind) {
  const std::string_view phrase = zoning_phrase(zoning_fault(outcome, kind));
  const bool of_rule = outcome.until.ms > 0 && is_of_zoning(kind);
  const std::string where =
      of_rule ? fmt::format("، ضابطهٔ {}", number(static_cast<std::uint64_t>(outcome.until.ms)))
              : std::string{};
  const std::string what = code(protocol::name_of(outcome.field));
  if (!phrase.empty()) return fmt::format("{} در طرح تفصیلی{}: {}.", what, where, phrase);
  if (!of_rule || outcome.refusal != Refusal::kOutOfRange) return "";
  return fmt::format("{} در طرح تفصیلی{} بیرون از بازهٔ مجاز است. {}.", what, where,
                     rule_phrase(outcome.field));
}

}  // namespace

std::string refusal_sentence(const Outcome& outcome, CommandKind kind) {
  if (const std::string of_zoning = zoning_sentence(outcome, kind); !of_zoning.empty())
    return of_zoning;
  if (is_of_suspension(outcome, kind))
    return "تنها تعلیق زمان دارد: آغازی در آینده و پایانی پس از آن. زمانی دیرتر بدهید یا زمانی "
           "ندهید.";
  if (is_of_versions(outcome, kind))
    return "نسخهٔ دیگری نگه داشته نمی‌شود: هر نسخه‌ای که هست جاری است، در راه است یا هنوز "
           "پرونده یا فراخوانی دارد. صبر کنید تا یکی جاری شود، "
           "یا پرونده‌های نسخه‌ای کهنه را ببندید.";
  if (const std::string_view own = own_sentence(outcome, kind); !own.empty())
    return std::string(own);
  using enum Refusal;
  switch (outcome.refusal) {
    case kNone:
      return "";
    case kUnknownCase:
      return "چنین پرونده‌ای در دسترس شما نیست. شمارهٔ "
             "پرونده "
             "را "
             "بررسی "
             "کنید.";
    case kUnknownJob:
      return "چنین کاری در دسترس شما نیست. شمارهٔ کار را بررسی کنید.";
    case kUnknownOffice:
      return "چنین دفتری تعریف نشده است. نخست آن را تعریف کنید یا کد دفتر را بررسی کنید.";
    case kUnknownExpert:
      return "چنین کارشناسی تعریف نشده است. نخست او را تعریف کنید یا شماره را بررسی کنید.";
    case kUnknownService:
      return "چنین خدمتی جاری نیست. نخست آن را تعریف کنید یا کد خدمت را بررسی کنید.";
    case kUnknownOrganisation:
      return "چنین سازمانی تعریف نشده است. نخست آن را تعریف کنید یا شماره را بررسی کنید.";
    case kWrongState:
      return fmt::format(
          "انجام {} اکنون ممکن نیست: {}. چیزی تغییر نکرد؛ پیش از گام بعد دوباره بخوانید.",
          code(protocol::name_of(kind)), state_phrase(outcome, kind));
    case kStaleLease:
      return "این نشانه دیگر معتبر نیست: مهلت آن گذشته یا کار به دیگری رسیده است. کار را رها کنید "
             "و فهرست کارهای خود را بخوانید.";
    case kNotHolder:
      return "این کار در دست دیگری است. فهرست کارهای خود را بخوانید.";
    case kNotAllowed:
      if (outcome.field == Field::kDistrict) {
        return "این کار به همهٔ شهر مربوط است و دسترسی شما تنها برای مناطق خودتان است؛ ناظر "
               "شهر باید آن را انجام دهد.";
      }
      return fmt::format("انجام {} در اختیار شما نیست؛ باید از سوی مسئول آن برسد.",
                         code(protocol::name_of(kind)));
    case kOfficeNotActive:
      return fmt::format("دفتر فعال نیست ({}). نخست ناظر باید آن را فعال کند.",
                         state_phrase(outcome, CommandKind::kDefineOffice));
    case kServiceNotActive:
      return "این خدمت اکنون به این دفتر واگذار نشده است. ناظر آن را با تاریخ فعال "
             "می‌کند.";
    case kNotDelegable:
      return outcome.field == Field::kSovereign
                 ? fmt::format(
                       "این خدمت با گامی حاکمیتی («{}») آغاز می‌شود که نزد "
                       "شهرداری "
                       "می‌ماند و واگذار نمی‌شود. متقاضی را به "
                       "منطقه "
                       "راهنمایی کنید.",
                       name_of(Stage{outcome.state}))
                 : fmt::format(
                       "مرحلهٔ «{}» از این خدمت هنوز مکانیزه نیست و واگذاری "
                       "آن ممکن نیست. متقاضی را به منطقه راهنمایی کنید.",
                       name_of(Stage{outcome.state}));
    case kOrganisationNotEnabled:
      return "درخواست‌های این سازمان هنوز پذیرفته نمی‌شود. "
             "ناظر "
             "آن "
             "را "
             "فعال "
             "می‌کند.";
    case kOutOfRange:
      return range_sentence(outcome);
    case kMissing:
      return field_sentence("داده نشده است", outcome.field);
    case kKeyMissing:
      return "کلید یکتایی صفر است. برای هر فراخوانی ۱۲۸ بیت تصادفی برگزینید و در تکرار همان را "
             "بفرستید.";
    case kKeyReused:
      return "این کلید پیش‌تر با درخواست دیگری آمده است. "
             "برای "
             "درخواست "
             "تازه "
             "کلید "
             "تازه "
             "بسازید.";
    case kNotEligible:
      return not_eligible_sentence(outcome);
    case kNotMunicipal:
      return "تنها پرونده‌های شهرداری را می‌توان پیش "
             "انداخت؛ "
             "این "
             "پرونده "
             "از "
             "سازمان "
             "دیگری "
             "است.";
    case kFeesNotPaid:
      return "پرداخت عوارض ثبت نشده است. آن را ثبت کنید و دوباره بفرستید.";
    case kOutsideCalendar:
      return "برای آن زمان تقویم کاری تعریف نشده است. نخست ناظر باید روزهای کاری را تعیین کند.";
    case kNothingToDo:
      return "از پیش چنین بود؛ چیزی تغییر نکرد.";
    case kCasesFull:
      return fmt::format(
          "حافظهٔ پرونده‌ها پر است و چیزی پذیرفته نشد. "
          "پرونده‌ها "
          "را "
          "ببندید "
          "یا "
          "راهبر "
          "{} را بالا ببرد.",
          code("limits.cases_max"));
    case kJobsFull:
      return fmt::format(
          "حافظهٔ کارها پر است و چیزی پذیرفته نشد. کارها را به پایان برید یا راهبر "
          "{} را بالا ببرد.",
          code("limits.jobs_max"));
    case kHistoryFull:
      return fmt::format("حافظهٔ تاریخچه پر است و چیزی پذیرفته نشد. راهبر {} را بالا ببرد.",
                         code("limits.events_max"));
    case kNotCompatible:
      return compatible_sentence(outcome);
    case kNotPlanned:
      return "این کار در برنامه‌ای نیست که چیزی از آن ثابت شود. نخست "
             "برنامه "
             "را "
             "اجرا "
             "کنید.";
    case kUnknownZoning:
      return "چنین نسخه‌ای از طرح تفصیلی نگه داشته نشده است. فهرست نسخه‌ها را ببینید "
             "یا "
             "آن "
             "را "
             "بار "
             "کنید.";
    case kUnknownRound:
    case kUnknownApplication:
    case kUnknownVenue:
    case kNotEnoughPlaces:
    case kRoundNotOpen:
    case kAlreadyApplied:
    case kVenueTaken:
    case kConditionNotMet:
    case kRequirementMissing:
    case kApplicationsFull:
      return licence_refusal(outcome);
    case kAbsencesFull:
      return "از این کارشناس هشت غیبت پایان‌نیافته ثبت است و بیش از این نگه داشته نمی‌شود. "
             "یکی را حذف کنید: غیبتی که آغاز و پایان آن لحظه‌ی آغاز همان است.";
    case kBusy:
      return "سامانه بیش از این کار در صف نمی‌پذیرد. اندکی "
             "بعد "
             "با "
             "همان "
             "کلید "
             "دوباره "
             "بفرستید.";
    case kQuotaExceeded:
      return "دفتر شما بیش از سهم خود فرستاده است. ثانیه‌ای "
             "بعد "
             "با "
             "همان "
             "کلید "
             "دوباره "
             "بفرستید.";
    case kTooLarge:
      return too_large_sentence(outcome.field);
    case kDiskFull:
      return "دیسک روزنگار پر است و چیزی پذیرفته نشد. راهبر باید جا باز کند.";
    case kDraining:
      return "سامانه در حال توقف است و کار تازه نمی‌پذیرد؛ کارهای "
             "در "
             "دست "
             "را "
             "می‌توان "
             "به "
             "پایان "
             "برد. "
             "اندکی بعد دوباره وصل شوید.";
    case kUnauthenticated:
      return "این اتصال هویتی را که خواسته ثابت نمی‌کند. با "
             "حسابی "
             "وصل "
             "شوید "
             "که "
             "قواعد "
             "دسترسی "
             "برای "
             "این نقش نام برده است.";
    case kUnsupported:
      return "این سامانه برای چنین فراخوانی آماده نشده است.";
  }
  return fmt::format("رد شد، با کد {} که این نسخه نمی‌شناسد.",
                     number(raw(outcome.refusal)));
}

std::string locks_text(std::uint8_t locks) {
  std::string text;
  const auto add = [&](std::uint8_t lock, std::string_view name) {
    if ((locks & lock) != 0) text += fmt::format("{}{}", text.empty() ? "" : "، ", name);
  };
  add(scheduler::kLockPerson, "کارشناس");
  add(scheduler::kLockStart, "نیم‌روز");
  add(scheduler::kLockOrder, "ترتیب");
  return text.empty() ? "هیچ" : text;
}

namespace {

std::string event_subject(const Event& event) {
  if (event.subject != 0) return licence_subject(event);
  if (raw(event.job) != 0) {
    return fmt::format("کار {} ({} از پروندهٔ {})", number(raw(event.job)), name_of(event.stage),
                       number(raw(event.case_id)));
  }
  if (raw(event.case_id) != 0) return fmt::format("پروندهٔ {}", number(raw(event.case_id)));
  if (raw(event.expert) != 0) return fmt::format("کارشناس {}", number(raw(event.expert)));
  if (event.kind == EventKind::kZoningChanged)
    return fmt::format("نسخهٔ {} طرح تفصیلی", number(event.version));
  if (raw(event.office) != 0)
    return fmt::format("دفتر {}", persian_digits(fmt::format("{:04}", raw(event.office))));
  return "داده‌های پایه";
}

template <class State>
std::string change(const Event& event) {
  return fmt::format("از «{}» به «{}»", name_of(State{event.before}), name_of(State{event.after}));
}

std::string event_act(const Event& event) {
  using enum EventKind;
  switch (event.kind) {
    case kCaseChanged:
      return change<CaseState>(event);
    case kJobChanged:
      return change<JobState>(event);
    case kJobCreated:
      return fmt::format("ساخته شد، {}", name_of(JobState{event.after}));
    case kCaseAmended:
      return "اصلاح شد";
    case kFeesRecorded:
      return "پرداخت عوارض ثبت شد";
    case kSlaNotified:
      return raw(event.job) == 0 ? "بیشتر مهلت شهرداری گذشته است" : "بیشتر مهلت آن گذشته است";
    case kSlaBreached:
      return raw(event.job) == 0 ? "شهرداری از مهلت تصمیم خود گذشت"
                                 : "از مهلت گذشت و به مسئول دفتر گفته شد";
    case kSlaEscalated:
      return raw(event.job) == 0 ? "شهرداری بسیار از مهلت تصمیم خود گذشت"
                                 : "بسیار از مهلت گذشت و به منطقه گفته شد";
    case kExpedited:
      return "پیش انداخته شد";
    case kDeadlineMoved:
      return "مهلت آن با تقویم جابه‌جا شد";
    case kOfficeChanged:
      return change<OfficeState>(event);
    case kExpertChanged:
      return change<ExpertState>(event);
    case kCertificateChanged:
      return fmt::format("گواهینامهٔ {}، {}", name_of(event.skill), change<SpanState>(event));
    case kAbsenceChanged:
      return fmt::format("غیبت، {}", change<SpanState>(event));
    case kReferenceChanged:
      return "تغییر کرد";
    case kCapacityOverridden:
      return "بیش از ظرفیت واگذار شد";
    case kJobMoved:
      return "به مسئول دفتر دیگری رسید";
    case kJobPlanned:
      return "در برنامه برای کارشناس نگه داشته شد";
    case kPlanEnded:
      return "دیگر در برنامه نیست";
    case kPlanLocked:
      return fmt::format("آنچه در برنامه ثابت است: از «{}» به «{}»", locks_text(event.before),
                         locks_text(event.after));
    case kZoningChanged:
      return change<ZoningState>(event);
    case kZoningChecked:
      return fmt::format("با نسخهٔ {} طرح تفصیلی سنجیده شد: {}", number(event.version),
                         name_of(ZoningResult{event.after}));
    case kCaseRebased:
      return fmt::format(
          "از این پس با نسخهٔ {} طرح تفصیلی سنجیده می‌شود",
          number(event.version));
    case kShareUsed:
      return "از سهم سازمان‌های دیگر آغاز شد، با آنکه کار شهرداری "
             "در "
             "انتظار "
             "بود";
    case kLicenceChanged:
    case kRoundChanged:
    case kVenueChanged:
    case kLicenceChecked:
    case kLicenceRecorded:
      return licence_act(event);
    case kCaseMoved:
      return fmt::format("از این پس با دفتر {}",
                         persian_digits(fmt::format("{:04}", raw(event.office))));
  }
  return "تغییر کرد";
}

}  // namespace

std::string event_sentence(const Event& event, std::string_view note) {
  std::string text = fmt::format("{}: {}", event_subject(event), event_act(event));
  const auto out = std::back_inserter(text);
  if (raw(event.expert) != 0 && raw(event.case_id) != 0)
    fmt::format_to(out, "، کارشناس {}", number(raw(event.expert)));
  if (event.reason != Reason::kNone) fmt::format_to(out, "، به علت {}", name_of(event.reason));
  if (event.actor.kind != ActorKind::kEngine)
    fmt::format_to(out, "، به دست {} {}", name_of(event.actor.kind), number(event.actor.id));
  if (!note.empty()) fmt::format_to(out, " (\u2068{}\u2069)", note);
  return text;
}

namespace {

std::string kilometres(std::uint32_t metres) {
  return fmt::format("{}٫{} کیلومتر", number(metres / 1000), number(metres / 100 % 10));
}

// "۳ نفر به علت غیبت، ۲ نفر به علت …"; empty when nobody was removed.
std::string kept_phrase(const StuckView& stuck) {
  std::string text;
  for (std::size_t filter = 1; filter < kFilterCount; ++filter) {
    if (stuck.removed[filter] == 0) continue;
    fmt::format_to(std::back_inserter(text), "{}{} نفر به علت {}", text.empty() ? "" : "، ",
                   number(stuck.removed[filter]), name_of(static_cast<Filter>(filter)));
  }
  return text;
}

// Who else is certified, and what stands in front of the job.
std::string rest_phrase(const StuckView& stuck) {
  const std::string kept = kept_phrase(stuck);
  std::string text =
      kept.empty() ? "" : fmt::format(" دیگران نمی‌توانند: {}.", kept);
  if (stuck.municipal_first != 0 && stuck.cause != Stuck::kMunicipalFirst) {
    fmt::format_to(std::back_inserter(text),
                   " برای {} نفر از آنان کار شهرداری پیش‌تر است.",
                   number(stuck.municipal_first));
  }
  fmt::format_to(std::back_inserter(text), " {} کار پیش از آن است.", number(stuck.ahead));
  return text;
}

std::string removed_phrase(const DecisionView& decision) {
  std::string text;
  for (std::size_t filter = 1; filter < kFilterCount; ++filter) {
    if (decision.removed[filter] == 0) continue;
    fmt::format_to(std::back_inserter(text), "{}{} به علت {}", text.empty() ? "" : "، ",
                   number(decision.removed[filter]), name_of(static_cast<Filter>(filter)));
  }
  return text;
}

// A job that was drawn among those about as urgent as the first.
std::string urgent_text(const DecisionView& decision) {
  std::string text = fmt::format("کارشناس {} در {} کار خواست و کار {} را گرفت.",
                                 number(raw(decision.chosen)), jalali_moment_text(decision.at),
                                 number(raw(decision.job)));
  fmt::format_to(std::back_inserter(text),
                 " {} کار کمابیش به اندازهٔ نخستین کار درخور او فوری بود؛ قرعه با بذر {} در ثبت "
                 "{} به نام این یکی افتاد.",
                 number(decision.drawn_count), code(fmt::format("{:016x}", decision.seed)),
                 number(raw(decision.op)));
  return text;
}

// A visit that was drawn among those about as near as the nearest.
std::string near_text(const DecisionView& decision) {
  std::string text = fmt::format(
      "کارشناس {} در {} کار خواست و کار {} را گرفت که بازدیدی به فاصلهٔ {} است.",
      number(raw(decision.chosen)), jalali_moment_text(decision.at), number(raw(decision.job)),
      kilometres(decision.near_equal[0].metres));
  const auto out = std::back_inserter(text);
  if (raw(decision.passed_over) != 0) {
    fmt::format_to(out, " کار {} پیش از آن بود ولی می‌تواند صبر کند؛ فاصلهٔ آن {} است.",
                   number(raw(decision.passed_over)), kilometres(decision.passed_over_metres));
  }
  const std::string seed = code(fmt::format("{:016x}", decision.seed));
  if (decision.drawn_hidden) {
    fmt::format_to(out, " قرعه با بذر {} در ثبت {} میان بازدیدهای کمابیش هم‌فاصله به نام آن افتاد.",
                   seed, number(raw(decision.op)));
  } else if (decision.drawn_count > 1) {
    fmt::format_to(out,
                   " از {} بازدید سنجیده‌شده {} بازدید کمابیش به اندازهٔ نزدیک‌ترین نزدیک بود؛ "
                   "قرعه با بذر {} در ثبت {} به نام این یکی افتاد.",
                   number(decision.compared), number(decision.drawn_count), seed,
                   number(raw(decision.op)));
  } else {
    fmt::format_to(out, " از {} بازدید سنجیده‌شده این نزدیک‌ترین بازدید درخور اوست.",
                   number(decision.compared));
  }
  return text;
}

std::string how_it_came(const DecisionView& decision) {
  const std::string at = jalali_moment_text(decision.at);
  const std::string chosen = number(raw(decision.chosen));
  const std::string job = number(raw(decision.job));
  if (decision.by_plan) {
    return fmt::format(
        "کارشناس {} در {} کار خواست و کار {} را گرفت که برنامهٔ ثبت {} به علت {} برای او نگه داشته "
        "بود.",
        chosen, at, job, number(raw(decision.plan)), name_of(decision.plan_reason));
  }
  if (decision.drawn_count != 0)
    return decision.by_deadline ? urgent_text(decision) : near_text(decision);
  if (decision.by_claim) {
    return fmt::format("کارشناس {} در {} کار خواست و کار {} را گرفت که {} بود.", chosen, at, job,
                       decision.drawn_hidden
                           ? "نخستین کار درخور او، یا به قرعه یکی از کارهای کمابیش هم‌فوریت با آن"
                           : "نخستین کار درخور او");
  }
  return fmt::format("کار {} در {} در پی کارشناس بود؛ {} نفر بررسی شدند و کارشناس {} برگزیده شد.",
                     job, at, number(decision.considered), chosen);
}

}  // namespace

std::string decision_sentence(const DecisionView& decision) {
  if (decision.by_supervisor) {
    return fmt::format("ناظر کار {} را در {} به کارشناس {} داد.", number(raw(decision.job)),
                       jalali_moment_text(decision.at), number(raw(decision.chosen)));
  }
  std::string text = how_it_came(decision);
  const auto out = std::back_inserter(text);
  if (decision.by_share)
    fmt::format_to(out,
                   " نوبت سهم سازمان‌های دیگر بود و پیش از کار "
                   "شهرداری "
                   "داده "
                   "شد.");
  const std::string removed = removed_phrase(decision);
  if (!removed.empty()) {
    fmt::format_to(
        out, " {}: {}.",
        decision.by_claim ? "کارهایی که درخور او نبود" : "کنار گذاشته‌شده‌ها",
        removed);
  }
  if (decision.municipal_first != 0) {
    fmt::format_to(out, " از {} نفر گذشته شد، چون کار شهرداری در انتظار آنان بود.",
                   number(decision.municipal_first));
  }
  const bool by_score = decision.compared != 0 && !decision.by_claim;
  if (by_score) {
    fmt::format_to(out, " {} نفر از نظر بار{}{} سنجیده شدند.", number(decision.compared),
                   decision.weights.travel != 0 ? "، راه تا ملک" : "",
                   decision.weights.share != 0 ? "، بار دفترشان" : "");
  }
  if (decision.near_equal_count > 1) {
    fmt::format_to(out, " {} نفر {}؛ قرعه با بذر {} در ثبت {} به نام کارشناس {} افتاد.",
                   number(decision.near_equal_count),
                   by_score ? "کمابیش به یک اندازه مناسب بودند" : "کمابیش بار برابر داشتند",
                   code(fmt::format("{:016x}", decision.seed)), number(raw(decision.op)),
                   number(raw(decision.chosen)));
  } else if (decision.near_equal_count == 1 && !decision.by_claim) {
    fmt::format_to(out, " هیچ‌کس دیگر {}.",
                   by_score ? "به این اندازه مناسب نبود" : "بار به این کمی نداشت");
  }
  return text;
}

std::string stuck_sentence(const StuckView& stuck) {
  using enum Stuck;
  switch (stuck.cause) {
    case kNotStuck:
      return "در دست انجام است.";
    case kFinished:
      return "به پایان رسیده است.";
    case kCaseDraft:
      return "پرونده پیش‌نویس است؛ آن را ثبت کنید.";
    case kHeld:
      return "ناظر آن را متوقف کرده است؛ او باید آن را آزاد کند.";
    case kEscalated:
      return "بارها بی‌نتیجه مانده و در فهرست ناظران است؛ آن "
             "را "
             "به "
             "کسی "
             "واگذارید "
             "یا "
             "لغو "
             "کنید.";
    case kAwaitingApplicant:
      return "متقاضی باید مدارک را کامل کند؛ زمان‌سنج "
             "ایستاده "
             "است.";
    case kAwaitingAgency:
      return "دستگاه دیگری باید پاسخ دهد؛ زمان‌سنج ایستاده "
             "است.";
    case kCaseHeld:
      return "پروندهٔ آن متوقف است؛ ناظر آن را آزاد می‌کند.";
    case kReferred:
      return "پرونده در کمیسیون مادهٔ صد است.";
    case kAwaitingDecision:
      return "شهرداری هنوز تصمیم خود را ثبت نکرده است.";
    case kFeesNotPaid:
      return "پرداخت عوارض ثبت نشده است.";
    case kServiceNotActive:
      return "این خدمت اکنون در دفتر فعال نیست.";
    case kAppointmentAhead:
      return fmt::format("نوبت آن در {} آغاز می‌شود.",
                         jalali_moment_text(stuck.until));
    case kNoCertifiedExpert:
      return "اکنون هیچ کارشناسی با این مهارت گواهینامهٔ معتبر ندارد؛ باید کسی گواهینامه بگیرد.";
    case kCalendarClosed:
      return stuck.until == kNever
                 ? std::string{"وقت کاری نیست و روز کاری بعدی تعیین نشده است."}
                 : fmt::format("تا {} وقت کاری نیست.", jalali_moment_text(stuck.until));
    case kNobodyFits:
      return fmt::format(
          "از {} کارشناس دارای گواهینامه هیچ‌یک اکنون نمی‌تواند آن را بگیرد: {}. {} کار پیش "
          "از "
          "آن "
          "است.",
          number(stuck.certified), kept_phrase(stuck), number(stuck.ahead));
    case kNobodyAvailable:
      return fmt::format(
          "از {} کارشناس دارای گواهینامه {} نفر می‌توانند آن را بگیرند، ولی هیچ‌یک در "
          "انتظار "
          "کار "
          "نیست.{}",
          number(stuck.certified), number(stuck.with_capacity), rest_phrase(stuck));
    case kMunicipalFirst:
      return fmt::format(
          "این کار از سازمان دیگری است و کار شهرداری پیش‌تر است: از {} کارشناسی که "
          "می‌توانند "
          "آن را "
          "بگیرند {} نفر بررسی شدند و کار شهرداری در انتظار همهٔ آنان است.{}",
          number(stuck.with_capacity), number(stuck.municipal_asked), rest_phrase(stuck));
    case kOfferDue:
      return fmt::format(
          "{} کارشناسی که می‌توانند آن را بگیرند در انتظار کارند؛ نوبت بعد به "
          "آنان "
          "پیشنهاد "
          "می‌شود.{}",
          number(stuck.waiting), rest_phrase(stuck));
    case kAwaitingConfirmation:
      return "انجام شده و منتظر تأیید نفر دوم است.";
    case kReserved:
      if (raw(stuck.reserved_for) == 0)
        return fmt::format("برنامه آن را نگه داشته است؛ پس از {} به دیگران می‌رسد.",
                           jalali_moment_text(stuck.until));
      return fmt::format(
          "برنامه آن را برای کارشناس {} نگه داشته است؛ پس از {} به دیگران "
          "می‌رسد.",
          number(raw(stuck.reserved_for)), jalali_moment_text(stuck.until));
  }
  return "این نسخه علت را نمی‌شناسد.";
}

}  // namespace permitd::protocol::persian
