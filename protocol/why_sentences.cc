// The sentences of words.h that answer "why": how a job was given away, and why it stands still.
#include <fmt/format.h>

#include <iterator>

#include "protocol/persian.h"
#include "protocol/words.h"

namespace permitd::protocol {

using scheduler::Filter;
using scheduler::raw;

namespace {

std::string kilometres(std::uint32_t metres) {
  return fmt::format("{}.{} km", metres / 1000, metres / 100 % 10);
}

// What keeps several people from a job.
std::string_view keeping_phrase(Filter filter) {
  using enum Filter;
  switch (filter) {
    case kNone:
      return "for no recorded reason";
    case kOffice:
      return "because their office is not active for this service";
    case kSkill:
      return "because they have not the skill";
    case kCertificate:
      return "because they have no certificate valid now";
    case kFourEyes:
      return "because they have already acted on this case in another role (four eyes)";
    case kConflict:
      return "because of a conflict of interest with this case, or as they have just declined it";
    case kShift:
      return "because they are not on shift";
    case kAbsence:
      return "because they are absent";
    case kCapacity:
      return "because it does not fit into what is left of their capacity of the day";
    case kDistrict:
      return "because the parcel lies outside their districts or office";
    case kHeldMost:
      return "because they hold as many jobs as one person may";
    case kPairRepeat:
      return "because they inspected for this owner lately and another is eligible";
  }
  return "for an unknown reason";
}

// "3 because they are absent, 2 because …"; empty when nobody was removed.
std::string kept_phrase(const scheduler::StuckView& stuck) {
  std::string text;
  for (std::size_t filter = 1; filter < scheduler::kFilterCount; ++filter) {
    if (stuck.removed[filter] == 0) continue;
    fmt::format_to(std::back_inserter(text), "{}{} {}", text.empty() ? "" : ", ",
                   stuck.removed[filter], keeping_phrase(static_cast<Filter>(filter)));
  }
  return text;
}

// Who else is certified, and what stands in front of the job.
std::string rest_phrase(const scheduler::StuckView& stuck) {
  const std::string kept = kept_phrase(stuck);
  std::string text = kept.empty() ? "" : fmt::format(" Others may not: {}.", kept);
  if (stuck.municipal_first != 0 && stuck.cause != scheduler::Stuck::kMunicipalFirst) {
    fmt::format_to(std::back_inserter(text), " For {} of them municipal work goes first.",
                   stuck.municipal_first);
  }
  fmt::format_to(std::back_inserter(text), " {} jobs are before it.", stuck.ahead);
  return text;
}

std::string removed_phrase(const scheduler::DecisionView& decision) {
  std::string text;
  for (std::size_t filter = 1; filter < scheduler::kFilterCount; ++filter) {
    if (decision.removed[filter] == 0) continue;
    fmt::format_to(std::back_inserter(text), "{}{} by {}", text.empty() ? "" : ", ",
                   decision.removed[filter], name_of(static_cast<Filter>(filter)));
  }
  return text;
}

// A job that was drawn among those about as urgent as the first.
std::string urgent_text(const scheduler::DecisionView& decision) {
  std::string text = fmt::format("Expert {} asked for work at {} and got job {}.",
                                 raw(decision.chosen), moment_text(decision.at), raw(decision.job));
  fmt::format_to(std::back_inserter(text),
                 " {} jobs are about as urgent as the first in order that fits; the lot with "
                 "seed {:016x} of op {} fell on this one.",
                 decision.drawn_count, decision.seed, raw(decision.op));
  return text;
}

// A visit that was drawn among those about as near as the nearest.
std::string near_text(const scheduler::DecisionView& decision) {
  std::string text = fmt::format("Expert {} asked for work at {} and got job {}, a visit {} away.",
                                 raw(decision.chosen), moment_text(decision.at), raw(decision.job),
                                 kilometres(decision.near_equal[0].metres));
  const auto out = std::back_inserter(text);
  if (raw(decision.passed_over) != 0)
    fmt::format_to(out, " Job {} comes first and can wait; it is {} away.",
                   raw(decision.passed_over), kilometres(decision.passed_over_metres));
  if (decision.drawn_hidden) {
    fmt::format_to(
        out, " The lot with seed {:016x} of op {} fell on it among visits about equally near.",
        decision.seed, raw(decision.op));
  } else if (decision.drawn_count > 1) {
    fmt::format_to(out,
                   " Of {} visits compared {} are about as near as the nearest; the lot with seed "
                   "{:016x} of op {} fell on this one.",
                   decision.compared, decision.drawn_count, decision.seed, raw(decision.op));
  } else {
    fmt::format_to(out, " Of {} visits compared it is the nearest that fits.", decision.compared);
  }
  return text;
}

}  // namespace

std::string decision_sentence(const scheduler::DecisionView& decision, Language language) {
  if (language == Language::kPersian) return persian::decision_sentence(decision);
  const auto chosen = raw(decision.chosen);
  if (decision.by_supervisor) {
    return fmt::format("A supervisor gave job {} to expert {} at {}.", raw(decision.job), chosen,
                       moment_text(decision.at));
  }
  std::string text;
  if (decision.by_plan) {
    text = fmt::format(
        "Expert {} asked for work at {} and got job {}, reserved by the plan of op {} because of "
        "{}.",
        chosen, moment_text(decision.at), raw(decision.job), raw(decision.plan),
        name_of(decision.plan_reason));
  } else if (decision.drawn_count != 0) {
    text = decision.by_deadline ? urgent_text(decision) : near_text(decision);
  } else if (decision.by_claim) {
    text = fmt::format(
        "Expert {} asked for work at {} and got job {}, the first in order that fits{}.", chosen,
        moment_text(decision.at), raw(decision.job),
        decision.drawn_hidden ? " or one about as urgent, by lot" : "");
  } else {
    text = fmt::format(
        "Job {} looked for an expert at {}; {} were considered and expert {} was chosen.",
        raw(decision.job), moment_text(decision.at), decision.considered, chosen);
  }
  const auto out = std::back_inserter(text);
  if (decision.by_share)
    fmt::format_to(out,
                   " It was the turn of the share reserved for other organisations, so it went "
                   "before municipal work.");
  const std::string removed = removed_phrase(decision);
  if (!removed.empty())
    fmt::format_to(out, " {}: {}.", decision.by_claim ? "Jobs that did not fit" : "Removed",
                   removed);
  if (decision.municipal_first != 0)
    fmt::format_to(out, " {} were passed over, as municipal work waited for them.",
                   decision.municipal_first);
  if (decision.compared != 0 && !decision.by_claim) {
    fmt::format_to(out, " {} were compared by load{}{}.", decision.compared,
                   decision.weights.travel != 0 ? ", way to the parcel" : "",
                   decision.weights.share != 0 ? ", load of their office" : "");
  }
  if (decision.near_equal_count > 1) {
    fmt::format_to(
        out, " {} were about equally {}; the lot with seed {:016x} of op {} fell on expert {}.",
        decision.near_equal_count, decision.compared != 0 ? "good" : "loaded", decision.seed,
        raw(decision.op), chosen);
  } else if (decision.near_equal_count == 1 && !decision.by_claim) {
    fmt::format_to(out, " Nobody else was as {}.",
                   decision.compared != 0 ? "good" : "little loaded");
  }
  return text;
}

std::string stuck_sentence(const scheduler::StuckView& stuck, Language language) {
  if (language == Language::kPersian) return persian::stuck_sentence(stuck);
  using enum scheduler::Stuck;
  switch (stuck.cause) {
    case kNotStuck:
      return "It is being worked on.";
    case kFinished:
      return "It is finished.";
    case kCaseDraft:
      return "The case is a draft; register it.";
    case kHeld:
      return "A supervisor holds it; release it.";
    case kEscalated:
      return "It was tried too often and is on the supervisors' list; reassign or cancel it.";
    case kAwaitingApplicant:
      return "The applicant must complete the documents; the clock is paused.";
    case kAwaitingAgency:
      return "Another agency must answer; the clock is paused.";
    case kCaseHeld:
      return "Its case is held; a supervisor releases it.";
    case kReferred:
      return "The case is with the Article 100 commission.";
    case kAwaitingDecision:
      return "The municipality has not recorded its decision yet.";
    case kFeesNotPaid:
      return "The fees are not recorded as paid.";
    case kServiceNotActive:
      return "The service is not active for the office at this moment.";
    case kAppointmentAhead:
      return fmt::format("Its appointment begins at {}.", moment_text(stuck.until));
    case kNoCertifiedExpert:
      return "Nobody with the skill is certified now; certify somebody.";
    case kCalendarClosed:
      return stuck.until == scheduler::kNever
                 ? std::string{"The calendar is closed and no next working day is set."}
                 : fmt::format("The calendar is closed until {}.", moment_text(stuck.until));
    case kNobodyFits:
      return fmt::format("None of {} certified experts may take it now: {}. {} jobs are before it.",
                         stuck.certified, kept_phrase(stuck), stuck.ahead);
    case kNobodyAvailable:
      return fmt::format(
          "{} of {} certified experts may take it, but none of them waits for work.{}",
          stuck.with_capacity, stuck.certified, rest_phrase(stuck));
    case kMunicipalFirst:
      return fmt::format(
          "It is of another organisation, and municipal work goes first: it waits for each of {} "
          "experts asked, of {} who may take it.{}",
          stuck.municipal_asked, stuck.with_capacity, rest_phrase(stuck));
    case kOfferDue:
      return fmt::format(
          "{} experts who may take it wait for work; it is theirs when it is offered next.{}",
          stuck.waiting, rest_phrase(stuck));
    case kAwaitingConfirmation:
      return "It is done and waits for a second person to confirm it.";
    case kReserved:
      if (raw(stuck.reserved_for) == 0)
        return fmt::format("A plan reserves it; others may take it after {}.",
                           moment_text(stuck.until));
      return fmt::format("A plan reserves it for expert {}; others may take it after {}.",
                         raw(stuck.reserved_for), moment_text(stuck.until));
  }
  return "The cause is not known to this version.";
}

}  // namespace permitd::protocol
