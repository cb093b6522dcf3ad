// Who may do what, in the model: the filters of an assignment as sentences.
#include <algorithm>

#include "tests/support/naive_model.h"

namespace permitd::tests {

using namespace permitd::scheduler;

namespace {

constexpr std::int64_t kDay = 1440 * kMsPerMinute;
constexpr int kInspector = 0;
constexpr int kReviewer = 1;
constexpr int kConfirmer = 2;
constexpr int kNoRole = -1;

// The core remembers this many (role, expert) pairs of a case; beyond, it may be stricter than
// needed.
constexpr std::size_t kRolesRemembered = 6;
// Inspectors an owner is remembered to have met, and meetings without use given back with each.
constexpr std::ptrdiff_t kMetRemembered = 64;
constexpr int kMeetingsGivenBack = 2;

}  // namespace

bool ModelJob::open() const {
  switch (state) {
    case JobState::kBlocked:
    case JobState::kReady:
    case JobState::kScheduled:
    case JobState::kAssigned:
    case JobState::kStarted:
    case JobState::kHeld:
    case JobState::kEscalated:
      return true;
    case JobState::kDone:
      return confirming;
    case JobState::kConfirmed:
    case JobState::kReturned:
    case JobState::kCancelled:
      return false;
  }
  return false;
}

bool ModelCase::terminal() const {
  return state == CaseState::kClosed || state == CaseState::kRejected ||
         state == CaseState::kWithdrawn || state == CaseState::kLapsed;
}

bool ModelCase::waiting() const {
  return state == CaseState::kAwaitingApplicant || state == CaseState::kAwaitingAgency ||
         state == CaseState::kReferred;
}

bool NaiveModel::office_active(OfficeId office) const {
  const auto found = offices_.find(raw(office));
  return found != offices_.end() && found->second.state == OfficeState::kActive &&
         found->second.suspended_from > now_;
}

// Whether it will be Active then, as things stand.
bool NaiveModel::office_works(OfficeId id, std::int64_t at) const {
  const ModelOffice& office = offices_.at(raw(id));
  if (office.state == OfficeState::kSuspended) return office.suspended_until <= at;
  if (office.state != OfficeState::kActive) return false;
  return at < office.suspended_from || office.suspended_until <= at;
}

// Until when the people of an office that leaves at a moment keep what they hold.
std::int64_t NaiveModel::kept_until(std::int64_t leaves) const {
  const bool finish = policy_.jobs_in_hand == JobsInHand::kFinished;
  if (!finish || leaves == kNever.ms || calendar_.always_open() || !calendar_.is_open(leaves))
    return leaves;
  return calendar_.closing(leaves);
}

std::int64_t NaiveModel::kept_until(const ModelOffice& office) const {
  return office.state == OfficeState::kActive ? kept_until(office.suspended_from)
                                              : office.in_hand_until;
}

// Whether the expert's state will let it work then, as things stand.
bool NaiveModel::works(const ModelExpert& expert, std::int64_t at) {
  if (expert.state == ExpertState::kSuspended) return expert.suspended_until <= at;
  if (expert.state != ExpertState::kCertified) return false;
  return at < expert.suspended_from || expert.suspended_until <= at;
}

bool NaiveModel::service_active(OfficeId office, ServiceId service) const {
  const auto found = offices_.find(raw(office));
  if (found == offices_.end()) return false;
  const auto active = found->second.active.find(raw(service));
  return active != found->second.active.end() && active->second.first <= now_ &&
         now_ < active->second.second;
}

bool NaiveModel::certified(const ModelExpert& expert, Skill skill) const {
  const ModelCertificate& certificate = expert.certificates[raw(skill)];
  return expert.state == ExpertState::kCertified && now_ < expert.suspended_from &&
         certificate.from <= now_ && now_ < certificate.until;
}

bool NaiveModel::absent(const ModelExpert& expert) const { return absent_at(expert, now_); }

bool NaiveModel::absent_at(const ModelExpert& expert, std::int64_t at) {
  return std::ranges::any_of(expert.absences,
                             [at](const auto& one) { return one.first <= at && at < one.second; });
}

std::map<std::int64_t, std::int64_t> NaiveModel::absences_after(const ModelExpert& expert,
                                                                const SetAbsence& change) const {
  std::map<std::int64_t, std::int64_t> after;
  std::pair<std::int64_t, std::int64_t> added{change.from.ms, change.until.ms};
  const bool ends = added.first == added.second;
  for (const auto& [from, until] : expert.absences) {
    if (until <= now_) continue;
    if (ends) {
      const bool is_it = from <= added.first && added.first < until;
      after[from] = is_it ? added.first : until;
    } else if (until < added.first || added.second < from) {
      after[from] = until;
    } else {
      added = {std::min(from, added.first), std::max(until, added.second)};
    }
  }
  if (!ends) after[added.first] = added.second;
  std::erase_if(after,
                [this](const auto& one) { return one.second <= now_ || one.second <= one.first; });
  return after;
}

std::uint32_t NaiveModel::capacity(const ModelExpert& expert) const {
  const std::uint32_t own = expert.defined.units_per_day;
  return (own != 0 ? own : policy_.capacity_units_per_day) * 30;
}

std::uint32_t NaiveModel::booked_today(const ModelExpert& expert) const {
  return today_ > expert.booked_day ? 0 : expert.booked;
}

std::uint32_t NaiveModel::visits_today(const ModelExpert& expert) const {
  return today_ > expert.booked_day ? 0 : expert.visits;
}

std::uint32_t NaiveModel::window_minutes(const ModelExpert& expert) const {
  const std::int32_t newest = std::max(today_, expert.booked_day);
  std::uint32_t sum = 0;
  for (const auto& [day, minutes] : expert.load) {
    if (day > newest - static_cast<std::int32_t>(kLoadWindowDays)) sum += minutes;
  }
  return sum;
}

std::uint32_t NaiveModel::load_ppm(const ModelExpert& expert) const {
  const std::uint64_t whole = std::uint64_t{capacity(expert)} * kLoadWindowDays;
  return static_cast<std::uint32_t>(std::uint64_t{window_minutes(expert)} * 1'000'000 / whole);
}

std::size_t NaiveModel::held_count(ExpertId expert) const {
  std::size_t count = 0;
  for (const auto& [id, job] : jobs_) count += job.in_hand() && job.holder == expert ? 1U : 0U;
  return count;
}

int NaiveModel::role_of(const ModelJob& job) {
  if (job.kind == JobKind::kConfirmation) return kConfirmer;
  if (job.skill == Skill::kInspect) return kInspector;
  return job.skill == Skill::kReview ? kReviewer : kNoRole;
}

bool NaiveModel::concerns(const ModelCase& c, PersonId person) const {
  if (raw(person) == 0) return false;
  const SubmitCase& filed = c.filed;
  return person == filed.owner || person == filed.relative || person == filed.designer ||
         person == filed.supervising_engineer;
}

bool NaiveModel::concerns(const ModelCase& c, const ModelExpert& expert) const {
  return concerns(c, expert.defined.person) ||
         std::ranges::any_of(expert.defined.relatives,
                             [&](PersonId relative) { return concerns(c, relative); });
}

bool NaiveModel::concerns_holder(const ModelJob& job) const {
  const ModelCase& c = cases_.at(raw(job.case_id));
  const ModelExpert& expert = experts_.at(raw(job.holder));
  if (concerns(c, expert)) return true;
  if (role_of(job) == kNoRole) return false;
  const ModelOffice& own = offices_.at(raw(expert.defined.office));
  return concerns(c, own.defined.licensee) || concerns(c, own.defined.technical_manager);
}

bool NaiveModel::four_eyes(const ModelCase& c, const ModelJob& job, ExpertId expert,
                           bool& unclear) const {
  const int role = role_of(job);
  if (role == kNoRole) return false;
  const std::uint64_t person = raw(experts_.at(raw(expert)).defined.person);
  for (int other = 0; other < 3; ++other) {
    if (other != role && c.roles[static_cast<std::size_t>(other)].contains(person)) return true;
  }
  if (c.role_entries.size() >= kRolesRemembered) unclear = true;
  return false;
}

Filter NaiveModel::first_filter(ExpertId id, const ModelJob& job, bool lift_capacity, bool ordered,
                                bool& unclear) const {
  const ModelExpert& expert = experts_.at(raw(id));
  const ModelCase& c = cases_.at(raw(job.case_id));
  const OfficeId office = expert.defined.office;
  if (!office_active(office) || !service_active(office, c.filed.service)) return Filter::kOffice;
  if (!expert.certificates[raw(job.skill)].ever) return Filter::kSkill;
  if (!certified(expert, job.skill)) return Filter::kCertificate;
  if (four_eyes(c, job, id, unclear)) return Filter::kFourEyes;
  if (concerns(c, expert)) return Filter::kConflict;
  if (job.declined_by == id && !ordered) return Filter::kConflict;
  if (role_of(job) != kNoRole) {
    const ModelOffice& own = offices_.at(raw(office));
    if (concerns(c, own.defined.licensee) || concerns(c, own.defined.technical_manager)) {
      return Filter::kConflict;
    }
  }
  if (!calendar_.is_open(now_)) return Filter::kShift;
  if (absent(expert)) return Filter::kAbsence;
  if (!lift_capacity && bookings_unclear()) {
    unclear = true;
  } else if (!lift_capacity) {
    // Plans keep a part of the day free, for their own jobs only.
    const ModelPlan* plan = plan_of(job.id);
    const auto [minutes, visits] = plan != nullptr && plan->expert == id
                                       ? std::pair<std::uint32_t, std::uint32_t>{}
                                       : planned_on(id, today_, JobId{});
    if (booked_today(expert) + minutes + job.effort > capacity(expert)) return Filter::kCapacity;
    if (job.visit() && visits_today(expert) + visits >= policy_.visits_per_day)
      return Filter::kCapacity;
  }
  // A supervisor also overrules the reach of an office that is closed.
  if (job.office_reach && !(ordered && !office_active(job.office))) {
    if (office != job.office) return Filter::kDistrict;
  } else if (expert.defined.districts != 0 &&
             (expert.defined.districts >> c.filed.district & 1U) == 0) {
    return Filter::kDistrict;
  }
  return held_count(id) >= kHeldJobsMax ? Filter::kHeldMost : Filter::kNone;
}

Filter NaiveModel::claim_filter(ExpertId id) const {
  const ModelExpert& expert = experts_.at(raw(id));
  if (!office_active(expert.defined.office)) return Filter::kOffice;
  bool ever = false;
  bool now = false;
  for (std::uint8_t s = 0; s < kSkillCount; ++s) {
    ever = ever || expert.certificates[s].ever;
    now = now || certified(expert, Skill{s});
  }
  if (!ever) return Filter::kSkill;
  if (!now) return Filter::kCertificate;
  if (!calendar_.is_open(now_)) return Filter::kShift;
  if (absent(expert)) return Filter::kAbsence;
  if (!bookings_unclear() && booked_today(expert) >= capacity(expert)) return Filter::kCapacity;
  return held_count(id) >= kHeldJobsMax ? Filter::kHeldMost : Filter::kNone;
}

bool NaiveModel::met_lately(ExpertId id, const ModelJob& job) const {
  const PersonId owner = cases_.at(raw(job.case_id)).filed.owner;
  if (role_of(job) != kInspector || raw(owner) == 0) return false;
  return std::ranges::any_of(meetings_, [&](const ModelMeeting& one) {
    return one.owner == owner && one.expert == raw(id) && is_lately(one);
  });
}

// So few visits of the inspector's own ago, or so few days.
bool NaiveModel::is_lately(const ModelMeeting& meeting) const {
  return experts_.at(meeting.expert).visits_done < meeting.visit + policy_.pair_repeat_visits ||
         now_ < meeting.at + policy_.pair_repeat_days * kDay;
}

// Of who has left only the days count.
bool NaiveModel::keeps(const ModelMeeting& meeting) const {
  if (experts_.at(meeting.expert).state != ExpertState::kLeft) return is_lately(meeting);
  return now_ < meeting.at + policy_.pair_repeat_days * kDay;
}

void NaiveModel::remember_meeting(PersonId owner, ExpertId id) {
  const std::uint32_t visit = ++experts_.at(raw(id)).visits_done;
  if (raw(owner) == 0) return;
  const auto of_owner = [&](const ModelMeeting& one) { return one.owner == owner; };
  const auto forget = [&](std::vector<ModelMeeting>::iterator one) {
    meetings_early_ += keeps(*one) ? 1 : 0;
    meetings_.erase(one);
  };
  std::erase_if(meetings_, [&](const auto& one) { return of_owner(one) && one.expert == raw(id); });
  for (int given = 0; given < kMeetingsGivenBack; ++given) {
    if (!meetings_.empty() && !keeps(meetings_.front())) meetings_.erase(meetings_.begin());
  }
  if (std::ranges::count_if(meetings_, of_owner) == kMetRemembered)
    forget(std::ranges::find_if(meetings_, of_owner));
  if (meetings_.size() == limits_.meetings_max) forget(meetings_.begin());
  meetings_.push_back({owner, raw(id), visit, now_});
}

bool NaiveModel::claim_stands(const ModelExpert& expert) const {
  return expert.wanted > 0 && now_ < expert.claim_until && office_active(expert.defined.office) &&
         expert.state == ExpertState::kCertified && now_ < expert.suspended_from && !absent(expert);
}

bool NaiveModel::available(ExpertId id) const {
  const ModelExpert& expert = experts_.at(raw(id));
  return expert.wanted > 0 && now_ < expert.claim_until && office_active(expert.defined.office) &&
         !absent(expert);
}

bool NaiveModel::someone_else(ExpertId id, const ModelJob& job) const {
  for (const auto& [number, expert] : experts_) {
    const ExpertId other{number};
    bool unclear = false;
    if (other == id) continue;
    if (first_filter(other, job, false, false, unclear) != Filter::kNone || unclear) continue;
    if (!met_lately(other, job)) return true;
  }
  return false;
}

bool NaiveModel::waits(const ModelJob& job) const {
  return job.state == JobState::kReady && !cases_.at(raw(job.case_id)).waiting();
}

const ModelJob* NaiveModel::municipal_for(ExpertId expert, PriorityClass last) const {
  for (const auto& [id, job] : jobs_) {
    bool unclear = false;
    if (job.priority > last || !waits(job) || !open_to(expert, job)) continue;
    if (first_filter(expert, job, false, false, unclear) != Filter::kNone || unclear) continue;
    if (plan_of(job.id) == nullptr && met_lately(expert, job) && someone_else(expert, job))
      continue;
    return &job;
  }
  return nullptr;
}

bool NaiveModel::precondition_missing(const ModelJob& job) const {
  const ModelCase& c = cases_.at(raw(job.case_id));
  if (!service_active(c.office, c.filed.service)) return true;
  const bool needs = job.kind == JobKind::kWork && (job.spec.flags & kStageNeedsDecision) != 0;
  return needs && !(c.decided && c.fees_paid != 0);
}

std::int64_t NaiveModel::remaining(const ModelClock& clock) const {
  if (!clock.runs) return clock.minutes;
  return clock.minutes - calendar_.working_ms(clock.from, now_) / kMsPerMinute;
}

Tick NaiveModel::deadline(const ModelClock& clock) const {
  if (!clock.runs) return kNever;
  if (clock.minutes <= 0) return Tick{clock.from};
  return calendar_.add_minutes(clock.from, clock.minutes);
}

std::int64_t NaiveModel::mark_due(std::int64_t sla, EventKind kind) const {
  if (kind == EventKind::kSlaNotified) {
    return std::max<std::int64_t>(sla * (100 - policy_.sla_notify_percent) / 100,
                                  policy_.sla_amber_minutes);
  }
  if (kind == EventKind::kSlaEscalated) return -(sla * (policy_.sla_district_percent - 100) / 100);
  return 0;
}

NaiveCalendar::Hours NaiveModel::half_day(std::int32_t key) const {
  const NaiveCalendar::Hours whole = calendar_.hours(key >> 1);
  const std::int64_t middle = whole.open + (whole.close - whole.open) / 2;
  if ((key & 1) == 0) return {whole.open, middle};
  return {middle, whole.close};
}

// Half of what the certified can do in a day, one at least.
std::uint32_t NaiveModel::visits_per_half_day(Skill skill) const {
  std::uint32_t count = 0;
  for (const auto& [number, expert] : experts_) count += certified(expert, skill) ? 1U : 0U;
  return std::max(count * policy_.visits_per_day / 2, 1U);
}

std::int32_t NaiveModel::first_free_half_day(Skill skill) const {
  const Tick earliest = calendar_.add_minutes(now_, policy_.appointment_lead_minutes);
  if (earliest == kNever) return kNoHalfDay;
  const std::uint32_t most = visits_per_half_day(skill);
  for (std::int32_t ahead = 0; ahead < static_cast<std::int32_t>(kAppointmentHorizon); ++ahead) {
    const std::int32_t key = today_ * 2 + ahead;
    const NaiveCalendar::Hours hours = half_day(key);
    if (hours.open == hours.close || hours.open < earliest.ms) continue;
    const auto booked = visits_booked_.find(key);
    if (booked == visits_booked_.end() || booked->second < most) return key;
  }
  return kNoHalfDay;
}

const DefineService* NaiveModel::in_force(ServiceId service) const {
  const auto found = services_.find(raw(service));
  const DefineService* best = nullptr;
  if (found == services_.end()) return nullptr;
  for (const DefineService& version : found->second) {
    if (version.effective_from().ms > now_) continue;
    if (best == nullptr || version.version > best->version) best = &version;
  }
  return best;
}

}  // namespace permitd::tests
