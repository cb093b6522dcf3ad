#include "protocol/persian.h"

namespace permitd::protocol::persian {

using namespace permitd::scheduler;

std::string_view name_of(Stage stage) {
  using enum Stage;
  switch (stage) {
    case kFileFormation:
      return "تشکیل پرونده";
    case kSiteInspection:
      return "بازدید از محل";
    case kAdminProcessing:
      return "اقدامات اداری";
    case kPlanReview:
      return "کنترل نقشه";
    case kMunicipalDecision:
      return "تصمیم شهرداری";
    case kPermitDelivery:
      return "تحویل پروانه";
  }
  return "مرحلهٔ ناشناخته";
}

std::string_view name_of(CaseState state) {
  using enum CaseState;
  switch (state) {
    case kDraft:
      return "پیش‌نویس";
    case kRegistered:
      return "ثبت‌شده";
    case kInProgress:
      return "در جریان";
    case kAwaitingApplicant:
      return "در انتظار متقاضی";
    case kAwaitingAgency:
      return "در انتظار پاسخ دستگاه دیگر";
    case kHeld:
      return "متوقف به دستور ناظر";
    case kAwaitingDecision:
      return "در انتظار تصمیم شهرداری";
    case kApproved:
      return "تأییدشده";
    case kDelivered:
      return "تحویل‌شده";
    case kClosed:
      return "بسته";
    case kRejected:
      return "ردشده";
    case kWithdrawn:
      return "پس‌گرفته";
    case kLapsed:
      return "منقضی";
    case kReferred:
      return "ارجاع به کمیسیون مادهٔ صد";
  }
  return "وضعیت ناشناخته";
}

std::string_view name_of(ZoningState state) {
  using enum ZoningState;
  switch (state) {
    case kNone:
      return "کنارگذاشته";
    case kLoaded:
      return "بارشده";
    case kValidated:
      return "بازبینی‌شده";
    case kNotified:
      return "ابلاغ‌شده";
    case kInForce:
      return "جاری";
    case kSuperseded:
      return "جایگزین‌شده";
  }
  return "وضعیت ناشناخته";
}

std::string_view name_of(ZoningResult result) {
  using enum ZoningResult;
  switch (result) {
    case kNotChecked:
      return "سنجیده نشد";
    case kNoPlan:
      return "طرحی جاری نبود";
    case kUnknownZone:
      return "پهنهٔ ناشناخته";
    case kWithin:
      return "در حد ضابطه";
    case kBeyond:
      return "بیش از ضابطه";
  }
  return "نتیجهٔ ناشناخته";
}

std::string_view name_of(JobState state) {
  using enum JobState;
  switch (state) {
    case kBlocked:
      return "منتظر مرحلهٔ پیش";
    case kReady:
      return "آماده";
    case kScheduled:
      return "دارای نوبت";
    case kAssigned:
      return "واگذارشده";
    case kStarted:
      return "آغازشده";
    case kDone:
      return "انجام‌شده";
    case kConfirmed:
      return "تأییدشده";
    case kReturned:
      return "برگشت‌خورده";
    case kHeld:
      return "متوقف";
    case kEscalated:
      return "ارجاع به ناظر";
    case kCancelled:
      return "لغوشده";
  }
  return "وضعیت ناشناخته";
}

std::string_view name_of(JobKind kind) {
  using enum JobKind;
  switch (kind) {
    case kWork:
      return "انجام";
    case kConfirmation:
      return "تأیید";
  }
  return "نوع ناشناخته";
}

std::string_view name_of(PriorityClass priority) {
  using enum PriorityClass;
  switch (priority) {
    case kExpedited:
      return "فوری";
    case kMunicipal:
      return "شهرداری";
    case kOther:
      return "سازمان‌های دیگر";
  }
  return "اولویت ناشناخته";
}

std::string_view name_of(SlaBand band) {
  using enum SlaBand;
  switch (band) {
    case kGreen:
      return "سبز";
    case kAmber:
      return "زرد";
    case kRed:
      return "قرمز";
    case kPaused:
      return "ایستاده";
  }
  return "رنگ ناشناخته";
}

std::string_view name_of(OfficeState state) {
  using enum OfficeState;
  switch (state) {
    case kNone:
      return "تعریف‌نشده";
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
  }
  return "وضعیت ناشناخته";
}

std::string_view name_of(ExpertState state) {
  using enum ExpertState;
  switch (state) {
    case kNone:
      return "تعریف‌نشده";
    case kCandidate:
      return "داوطلب";
    case kInTraining:
      return "در حال آموزش";
    case kExamPending:
      return "در انتظار آزمون";
    case kCertified:
      return "دارای گواهینامه";
    case kSuspended:
      return "تعلیق‌شده";
    case kExpired:
      return "با گواهینامهٔ منقضی";
    case kLeft:
      return "رفته";
  }
  return "وضعیت ناشناخته";
}

std::string_view name_of(Skill skill) {
  using enum Skill;
  switch (skill) {
    case kFile:
      return "تشکیل پرونده";
    case kInspect:
      return "بازدید";
    case kAdmin:
      return "اقدامات اداری";
    case kReview:
      return "کنترل نقشه";
    case kDeliver:
      return "تحویل پروانه";
    case kConfirm:
      return "تأیید";
  }
  return "صلاحیت ناشناخته";
}

std::string_view name_of(SpanState state) {
  using enum SpanState;
  switch (state) {
    case kNone:
      return "نیست";
    case kAhead:
      return "در پیش";
    case kInForce:
      return "جاری";
    case kOver:
      return "پایان‌یافته";
  }
  return "وضعیت ناشناخته";
}

std::string_view name_of(ActorKind kind) {
  using enum ActorKind;
  switch (kind) {
    case kEngine:
      return "سامانه";
    case kOffice:
      return "دفتر";
    case kExpert:
      return "کارشناس";
    case kSupervisor:
      return "ناظر";
    case kOperator:
      return "راهبر سامانه";
    case kAuditor:
      return "حسابرس";
  }
  return "ناشناس";
}

std::string_view name_of(Reason reason) {
  using enum Reason;
  switch (reason) {
    case kNone:
      return "بدون علت";
    case kDocumentsIncomplete:
      return "نقص مدارک";
    case kAgencyInquiry:
      return "استعلام از دستگاه دیگر";
    case kDefect:
      return "ایراد در کار";
    case kNoAccess:
      return "نبود دسترسی به محل";
    case kConflictOfInterest:
      return "تعارض منافع";
    case kTooFar:
      return "دوری راه";
    case kOverload:
      return "پربودن ظرفیت";
    case kIllness:
      return "بیماری";
    case kLeave:
      return "مرخصی";
    case kLeaseExpired:
      return "پایان مهلت در اختیار داشتن کار";
    case kCertificateLapsed:
      return "پایان اعتبار گواهینامه";
    case kExpertSuspended:
      return "تعلیق کارشناس";
    case kOfficeInactive:
      return "فعال نبودن دفتر";
    case kSupervisorOrder:
      return "دستور ناظر";
    case kApplicantRequest:
      return "درخواست متقاضی";
    case kApplicantSilent:
      return "پاسخ ندادن متقاضی";
    case kViolation:
      return "تخلف";
    case kNotOnShift:
      return "پایان وقت کاری";
    case kOther:
      return "علت دیگر";
    case kServiceNotActive:
      return "فعال نبودن خدمت در دفتر";
    case kPlanned:
      return "برنامهٔ روز";
    case kPlanOver:
      return "پایان اعتبار برنامه";
    case kLicenceLapsed:
      return "پایان اعتبار پروانهٔ دفتر";
    case kManagerInactive:
      return "نداشتن مدیر فنی فعال";
    case kSuspensionOver:
      return "پایان مدت تعلیق";
    case kSuspensionKept:
      return "ماندن تعلیق به سبب کمبود شرایط";
  }
  return "علت ناشناخته";
}

std::string_view name_of(Filter filter) {
  using enum Filter;
  switch (filter) {
    case kNone:
      return "هیچ";
    case kOffice:
      return "فعال نبودن دفتر برای این خدمت";
    case kSkill:
      return "نداشتن مهارت";
    case kCertificate:
      return "نداشتن گواهینامهٔ معتبر";
    case kFourEyes:
      return "قاعدهٔ چهارچشمی";
    case kConflict:
      return "تعارض منافع";
    case kShift:
      return "بیرون از وقت کاری";
    case kAbsence:
      return "غیبت";
    case kCapacity:
      return "پربودن ظرفیت روز";
    case kDistrict:
      return "بیرون از منطقه یا دفتر کارشناس";
    case kHeldMost:
      return "در دست داشتن بیشترین کار مجاز";
    case kPairRepeat:
      return "بازدید تازه برای همین مالک";
  }
  return "علت ناشناخته";
}

}  // namespace permitd::protocol::persian
