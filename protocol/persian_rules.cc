// What fields may hold and what versions of the zoning plan lack, in Persian.
#include <fmt/format.h>

#include <iterator>

#include "protocol/jalali.h"
#include "protocol/persian.h"

namespace permitd::protocol::persian {

using namespace permitd::scheduler;

std::string_view rule_of(Field field) {
  using enum Field;
  switch (field) {
    case kNone:
    case kSovereign:
    case kMechanised:
      return "";
    case kCase:
      return "شمارهٔ پرونده، چنان‌که هنگام ثبت داده شد";
    case kJob:
      return "شمارهٔ کار، چنان‌که در فهرست یا هنگام گرفتن "
             "کار "
             "آمد";
    case kToken:
      return "نشانهٔ در اختیار داشتن کار که اکنون معتبر است";
    case kOffice:
      return "۱ تا ۹۹۹۹، منطقه × ۱۰۰ + ردیف";
    case kExpert:
      return "از ۱ تا شمار کارشناسان در پیکربندی";
    case kPerson:
      return "شمارهٔ شخص نزد شهرداری، جز ۰؛ خویشاوندان کسان دیگرند، حداکثر چهار تن";
    case kOwner:
      return "شمارهٔ شخص نزد شهرداری، جز ۰";
    case kService:
      return "۱ تا ۶۳";
    case kOrganisation:
      return "۱ تا ۲۵۵";
    case kDistrict:
      return "۱ تا ۳۱";
    case kParcel:
      return "۱ تا ۲۳ بایت متن \u2066UTF-8\u2069 بدون نویسهٔ کنترلی";
    case kReference:
      return "حداکثر ۲۳ بایت متن \u2066UTF-8\u2069 بدون نویسهٔ کنترلی";
    case kFloors:
      return "۰ تا ۲۰۰";
    case kArea:
      return "۰ تا ۱۰٬۰۰۰٬۰۰۰ متر مربع";
    case kPoint:
      return "عرض جغرافیایی ۹۰- تا ۹۰ و طول ۱۸۰- تا ۱۸۰ درجه، به میلیونیم درجه";
    case kReason:
      return "یکی از علت‌هایی که به این فراخوانی می‌خورد";
    case kNote:
      return "حداکثر ۷۹ بایت متن \u2066UTF-8\u2069 بدون نویسهٔ کنترلی";
    case kState:
      return "یکی از وضعیت‌های تعریف‌شده";
    case kSkill:
      return "یکی از \u2066file\u2069، \u2066inspect\u2069، \u2066admin\u2069، "
             "\u2066review\u2069، \u2066deliver\u2069، \u2066confirm\u2069";
    case kValidity:
      return "دو زمان که آغاز پیش از پایان باشد";
    case kVersion:
      return "بزرگ‌تر از نسخهٔ پیشین";
    case kStages:
      return "۱ تا ۶ مرحله، هر یک با ۱ تا ۱۴۴۰ دقیقه کار و ۱ تا ۶۰٬۰۰۰ دقیقه مهلت";
    case kPolicy:
      return "هر مقدار در بازهٔ خود در شرح فراخوانی";
    case kDay:
      return "روزی از تقویم، به شمارش از ۱۳۴۸/۱۰/۱۱";
    case kHalfDay:
      return "پیش یا پس از نیمروز: \u2066morning\u2069 یا \u2066afternoon\u2069";
    case kLimits:
      return "در حد توان برنامه و هرگز کمتر از پیش";
    case kKey:
      return "۱۲۸ بیت که همه صفر نباشد";
    case kLabel:
      return "حداکثر ۳۹ بایت متن \u2066UTF-8\u2069 بدون نویسهٔ کنترلی";
    case kActor:
      return "کسی که این کار وظیفهٔ اوست";
    case kAmount:
      return "از ۱ تا ۱٬۰۰۰٬۰۰۰٬۰۰۰٬۰۰۰٬۰۰۰ ریال";
    case kCount:
      return "از ۱ تا حدی که \u2066hello\u2069 یا شرح فراخوانی می‌گوید";
    case kPriority:
      return "\u2066municipal\u2069 یا \u2066other\u2069";
    case kCommand:
      return "یکی از فراخوانی‌های تعریف‌شده";
    case kLocks:
      return "کارشناس ۱، آغاز ۲، ترتیب ۴، یا جمع آن‌ها";
    case kMilliseconds:
      return "۰ تا ۶۰٬۰۰۰ هزارم ثانیه";
    case kIterations:
      return "۰ تا ۱۰٬۰۰۰٬۰۰۰ گام، و بیش از ۰ اگر زمانی داده نشده باشد";
    case kBalance:
      return "۰ تا ۱۰۰٬۰۰۰ هزارم";
    case kMoveCost:
      return "۰ تا ۱۰٬۰۰۰ دقیقه";
    case kRoad:
      return "۱۰۰ تا ۱۰۰۰ درصد راه مستقیم";
    case kSpeed:
      return "۱ تا ۲۰۰ کیلومتر در ساعت";
    case kZone:
      return "۱ تا ۷ حرف بزرگ لاتین و رقم که با حرف آغاز شود، مانند \u2066R122\u2069";
    case kCoverage:
      return "۰ تا ۱۰۰۰ هزارم ملک";
    case kStreetWidth:
      return "۰ تا ۱۰٬۰۰۰ دسی‌متر";
    case kEffect:
      return "۱ تا ۲۰۰ طبقه که کاسته می‌شود، یا ۲۵۵ برای آنکه هیچ "
             "ساخته "
             "نشود";
    case kRules:
      return "نسخه‌ای جاری از ضوابط دفترها، با سن ۱۸ تا ۹۹، امتیاز ۰ تا ۱۰۰۰ و "
             "رشته‌های "
             "نام‌برده";
    case kRound:
      return "شمارهٔ فراخوان، چنان‌که هنگام اعلام داده شد";
    case kApplication:
      return "شمارهٔ درخواست، چنان‌که هنگام پذیرش داده شد";
    case kVenue:
      return "از ۱ تا \u2066limits.venues_max\u2069؛ مکان شخصی از آن صاحب امتیاز است";
    case kLicensee:
      return "شخصی متولد ۱۲۱۰ تا روز درخواست، با مدرک، رشته و تابعیت "
             "تعریف‌شده";
    case kManager:
      return "شخصی با شرط‌های صاحب امتیاز، هر یک برای یک دفتر، و هر شخص همه‌جا به یک شرح؛ "
             "مدیر فنی دفتری که شناخته است تنها با \u2066licence\u2069 \u2066manager\u2069 "
             "عوض می‌شود";
    case kAge:
      return "سال‌های کامل خورشیدی، در بازهٔ ضوابط";
    case kDegree:
      return "دست‌کم مدرکی که ضوابط می‌خواهد، در یکی از "
             "رشته‌های "
             "آن؛ برای آموزش کارشناس مدرکی که سیاست "
             "می‌خواهد";
    case kNationality:
      return "ایرانی، هرگاه ضوابط بخواهد";
    case kCheck:
      return "بررسی‌ای که ضوابط سند آن را می‌خواهد؛ آنچه محاسبه می‌شود تنها سند می‌گیرد، "
             "با همان نتیجه";
    case kEvidence:
      return "۱ تا ۲۳ بایت که سند را نام ببرد";
    case kScore:
      return "۰ تا بیشترین نمرهٔ ضوابط، و پیش از رتبه‌بندی برای هر "
             "شرکت‌کننده "
             "یکی";
    case kRent:
      return "قرارداد مکان شهرداری که به پایان نرسیده باشد";
    case kEquipment:
      return "قلمی که ضوابط می‌خواهد";
  }
  return "";
}

std::string_view zoning_phrase(ZoningFault fault) {
  using enum ZoningFault;
  switch (fault) {
    case kNone:
      return "";
    case kIncomplete:
      return "کامل نیست و ضابطه‌هایی که اعلام شد نرسیده است. نخست آن‌ها را "
             "بار "
             "کنید";
    case kRuleCount:
      return "۱ تا ۴ ضابطه در هر فراخوانی، ۱ تا ۲۵۶ در هر نسخه، و نه بیش از آنچه اعلام شد";
    case kPast:
      return "از اکنون به بعد جاری می‌شود، نه پیش از آن. زمانی در "
             "آینده "
             "بدهید";
    case kNotLast:
      return "نسخهٔ دیگری در آن زمان یا پس از آن جاری می‌شود. زمانی دیرتر بدهید یا آن "
             "دیگری "
             "را "
             "کنار بگذارید";
    case kZoneTwice:
      return "این پهنه دو بار در آن آمده است. نسخه را کنار بگذارید و از نو بار کنید";
    case kEffect:
      return "هر شرط اثری می‌خواهد و هر اثر شرطی، حداکثر به شمار طبقه‌های پهنه. نسخه "
             "را "
             "کنار "
             "بگذارید و از نو بار کنید";
    case kNoPlace:
      return "۸ نسخه نگه داشته می‌شود و همه هنوز پرونده دارند یا در راه‌اند. یکی را "
             "کنار "
             "بگذارید";
    case kAnnounced:
      return "شمار ضابطه‌های آن چیز دیگری اعلام شده است. آن را کنار بگذارید یا همان شمار "
             "را "
             "بدهید";
    case kOldVersion:
      return "نسخهٔ تازه‌تری هست. شمارهٔ بزرگ‌تری بدهید";
  }
  return "";
}

namespace {

// In groups from five digits on; the sign stands behind, as in "۹۰-".
std::string grouped(std::int64_t value) {
  std::string digits = fmt::to_string(value < 0 ? -value : value);
  if (digits.size() > 4) {
    for (std::size_t end = digits.size(); end > 3;) digits.insert(end -= 3, "٬");
  }
  return persian_digits(digits) + (value < 0 ? "-" : "");
}

}  // namespace

std::string rule_of(const MemberRange& range) {
  using enum MemberKind;
  if (range.kind == kBits) {
    return fmt::format("جمعی از بیت‌های {}{}", grouped(range.most),
                       range.least > 0 ? "، دست‌کم یکی" : "، یا ۰");
  }
  std::string rule = fmt::format("{} تا {}", grouped(range.least), grouped(range.most));
  const auto out = std::back_inserter(rule);
  if (range.kind == kEnumerator || range.kind == kUnique)
    fmt::format_to(out, "، به شماره‌های شرح فراخوانی");
  if (range.kind == kUnique) fmt::format_to(out, "، هر یک تنها یک بار");
  if (range.kind == kDay) fmt::format_to(out, " روز، به شمارش از ۱۳۴۸/۱۰/۱۱");
  if (range.kind == kOpening)
    fmt::format_to(out, " دقیقه، به شمارش از ۱۳۴۸/۱۰/۱۱ و به وقت جهانی؛ از باز تا بسته‌شدن نه بیش "
                        "از یک روز دور از تاریخ خود");
  if (!range.floor.empty()) fmt::format_to(out, "، و نه کمتر از \u2066{}\u2069", range.floor);
  if (!range.ceiling.empty()) fmt::format_to(out, "، و نه بیشتر از \u2066{}\u2069", range.ceiling);
  return rule;
}

}  // namespace permitd::protocol::persian
