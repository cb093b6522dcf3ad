// The report for programs. Members are only added, never renamed.
#include "cli/local_time.h"
#include "cli/office_client.h"
#include "cli/replay_report.h"
#include "protocol/words.h"

namespace permitd::cli {
namespace {

namespace json = boost::json;

json::object to_json(const Percentiles& of) {
  return {{"count", of.count}, {"p50", of.p50},   {"p90", of.p90},
          {"p99", of.p99},     {"p999", of.p999}, {"max", of.max}};
}

json::value to_json(Range range) { return json::array{range.from, range.to}; }

template <class Enum, class Counts>
json::object by_name(const Counts& counts) {
  json::object out;
  for (std::size_t i = 0; i < counts.size(); ++i)
    out[protocol::name_of(static_cast<Enum>(i))] = counts[i];
  return out;
}

json::object to_json(const Habits& habits) {
  json::object out{{"documentsIncompletePermille", habits.documents_incomplete},
                   {"agencyInquiryPermille", habits.agency_inquiry},
                   {"planDefectPermille", habits.plan_defect},
                   {"noAccessPermille", habits.no_access},
                   {"violationPermille", habits.violation},
                   {"confirmationDefectPermille", habits.confirmation_defect},
                   {"declinePermille", habits.decline},
                   {"absencePermille", habits.absence},
                   {"absenceAllDayPermille", habits.absence_all_day},
                   {"relativeDeclaredPermille", habits.relative_declared},
                   {"homeOfficePermille", habits.home_office},
                   {"withdrawPermille", habits.withdraw},
                   {"rejectPermille", habits.reject},
                   {"feesEarlyPermille", habits.fees_early},
                   {"rebookPermille", habits.rebook},
                   {"rebookAfterMissPermille", habits.rebook_after_miss},
                   {"applicantAnswersMinutes", to_json(habits.applicant_answers)},
                   {"agencyAnswersMinutes", to_json(habits.agency_answers)},
                   {"decisionMinutes", to_json(habits.decision)},
                   {"feesMinutes", to_json(habits.fees)},
                   {"closingMinutes", to_json(habits.closing)},
                   {"commissionMinutes", to_json(habits.commission)},
                   {"travelMinutes", to_json(habits.travel)}};
  json::object last_call;
  for (std::size_t t = 0; t < kTradeCount; ++t)
    last_call[trade_name(static_cast<Trade>(t))] = habits.last_call[t];
  out["lastCallMinutes"] = std::move(last_call);
  return out;
}

json::array stages_json(const ReplayReport& report) {
  json::array out;
  for (const ReportStage& stage : report.stages) {
    out.push_back(json::object{{"stage", stage.name},
                               {"waitWorkingMinutes", to_json(stage.wait_minutes)},
                               {"completed", stage.completed},
                               {"returned", stage.returned},
                               {"rework", stage.rework},
                               {"open", stage.open},
                               {"slaMet", stage.sla_met},
                               {"slaMissed", stage.sla_missed},
                               {"openByBand", by_name<scheduler::SlaBand>(stage.bands)}});
  }
  return out;
}

json::array offices_json(const ReplayReport& report) {
  json::array out;
  for (const ReportOffice& office : report.offices) {
    out.push_back(json::object{{"office", raw(office.office)},
                               {"label", office.label},
                               {"district", office.district},
                               {"experts", office.experts},
                               {"submitted", office.submitted},
                               {"doneMinutes", office.done_minutes},
                               {"capacityUnitsPerDay", office.capacity_units},
                               {"sharePpm", office.share_ppm},
                               {"fairPpm", office.fair_ppm}});
  }
  return out;
}

json::array trades_json(const ReplayReport& report) {
  json::array out;
  for (const ReportTrade& trade : report.trades) {
    out.push_back(json::object{{"trade", trade.name},
                               {"people", trade.people},
                               {"jobs", trade.jobs},
                               {"effortMinutes", trade.effort_minutes},
                               {"workedMinutes", trade.worked_minutes},
                               {"leastMinutes", trade.least_minutes},
                               {"mostMinutes", trade.most_minutes},
                               {"jain", trade.jain}});
  }
  return out;
}

json::object methods_json(const ReplayReport& report) {
  json::object out;
  for (const ReportMethod& method : report.methods) {
    out[method.name] =
        json::object{{"latencyNs", to_json(method.latency_ns)}, {"refused", method.refused}};
  }
  return out;
}

json::array backlog_json(const ReplayReport& report) {
  json::array out;
  for (const BacklogSample& sample : report.backlog) {
    out.push_back(json::object{{"at", sample.at.ms},
                               {"filed", sample.filed},
                               {"casesOpen", sample.cases_open},
                               {"jobsOpen", by_name<scheduler::Stage>(sample.open)}});
  }
  return out;
}

json::object verify_json(const VerifyResult& verify) {
  json::array unbalanced;
  for (const auto count : verify.jobs_unbalanced) unbalanced.push_back(count);
  json::array examples;
  for (const auto& example : verify.examples) examples.push_back(json::string(example));
  return {{"holds", verify.holds()},
          {"checked", verify.checked},
          {"missing", verify.missing},
          {"different", verify.different},
          {"twice", verify.twice},
          {"unexpected", verify.unexpected},
          {"casesUnbalanced", verify.cases_unbalanced},
          {"jobsUnbalanced", std::move(unbalanced)},
          {"examples", std::move(examples)}};
}

}  // namespace

json::value report_json(const ReplayReport& report) {
  json::object out{{"file", report.file},
                   {"format", report.format},
                   {"seed", report.seed},
                   {"beganAt", report.began.ms},
                   {"endedAt", report.ended.ms},
                   {"workingDays", report.working_days},
                   {"seconds", report.seconds},
                   {"filed", report.filed},
                   {"acknowledged", report.acknowledged},
                   {"submitRefused", report.submit_refused},
                   {"recordsMalformed", report.records_malformed},
                   {"recordsLeftOut", report.records_left_out},
                   {"movedToWorkingDay", report.moved_to_working_day},
                   {"casesEnded", report.cases_ended},
                   {"casesOpen", report.cases_open},
                   {"calls", report.calls},
                   {"jobsCreated", report.jobs_created}};
  out["cases"] = by_name<scheduler::CaseState>(report.after.cases);
  out["jobs"] = by_name<scheduler::JobState>(report.after.jobs);
  out["caseWorkingMinutes"] = to_json(report.case_minutes);
  out["stages"] = stages_json(report);
  out["trades"] = trades_json(report);
  out["jainOffices"] = report.jain_offices;
  out["gapMaxPpm"] = report.gap_max_ppm;
  out["offices"] = offices_json(report);
  out["methods"] = methods_json(report);
  out["declined"] = report.after.declined - report.before.declined;
  out["escalated"] = report.after.escalated - report.before.escalated;
  out["leasesExpired"] = report.after.leases_expired - report.before.leases_expired;
  out["leasesLost"] = report.leases_lost;
  out["absences"] = report.absences;
  out["municipalFirstViolations"] = report.after.municipal_first_violations;
  out["refusals"] = json::value_from(report.refusals);
  out["wire"] = json::object{{"connections", report.connections},
                             {"disconnects", report.wire.disconnects},
                             {"callsRetried", report.wire.calls_retried},
                             {"busy", report.wire.busy},
                             {"repeated", report.repeated},
                             {"feedGaps", report.feed_gaps},
                             {"rounds", report.rounds},
                             {"advances", report.advances},
                             {"events", report.events}};
  out["backlog"] = backlog_json(report);
  out["assumptions"] = to_json(report.habits);
  if (report.verified) out["verify"] = verify_json(report.verify);
  return out;
}

}  // namespace permitd::cli
