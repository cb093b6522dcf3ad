// Forecast, eligibility and fairness over the wire.
#include "daemon/city_forecast.h"
#include "daemon/eligibility_report.h"
#include "daemon/fairness_report.h"
#include "daemon/rpc_enums.h"
#include "daemon/rpc_question.h"
#include "daemon/rpc_reader.h"

namespace permitd::daemon {

using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

namespace {

constexpr std::uint32_t kForecastRunsMax = 200;
constexpr std::uint32_t kForecastDaysMax = kCityDaysMax;
constexpr std::uint32_t kChangesMax = 16;
constexpr std::uint32_t kPeopleMax = 10'000;
constexpr std::uint32_t kScalePermilleMax = 10'000;
constexpr std::uint32_t kAnswerMinutesMax = 100'000;
constexpr std::uint32_t kEligibilityDaysMax = 31;
// No calendar reaches further.
constexpr std::int32_t kDateMax = 1'000'000;

bool within(std::int64_t value, std::int64_t low, std::int64_t high) {
  return low <= value && value <= high;
}

// ---- forecast ----

Flaw read_change(protocol::ForecastChange::Reader in, CityChange& out) {
  switch (in.which()) {
    case protocol::ForecastChange::ADD_PEOPLE: {
      const auto add = in.getAddPeople();
      const bool is_known = add.getSkills() != 0 && add.getSkills() >> scheduler::kSkillCount == 0;
      if (!is_known) return {Refusal::kOutOfRange, Field::kSkill};
      if (!within(add.getCount(), 1, kPeopleMax)) return {Refusal::kOutOfRange, Field::kCount};
      out = planner::AddPeople{add.getCount(), add.getSkills(), add.getDistricts()};
      return {};
    }
    case protocol::ForecastChange::CLOSE_OFFICE:
      out = planner::CloseOffice{in.getCloseOffice()};
      return {};
    case protocol::ForecastChange::CLOSE_DAY:
      out = CloseDate{in.getCloseDay()};
      return {};
    case protocol::ForecastChange::SCALE_ARRIVALS:
      if (in.getScaleArrivals() > kScalePermilleMax) return {Refusal::kOutOfRange, Field::kAmount};
      out = planner::ScaleArrivals{in.getScaleArrivals()};
      return {};
  }
  return {Refusal::kUnsupported};
}

Flaw read_forecast(protocol::ForecastRequest::Reader in, ForecastQuestion& out) {
  if (!within(in.getDays(), 1, kForecastDaysMax)) return {Refusal::kOutOfRange, Field::kCount};
  if (!within(in.getRuns(), 1, kForecastRunsMax)) return {Refusal::kOutOfRange, Field::kCount};
  const bool is_sound = within(in.getUsePermille(), 1, 1'000) &&
                        within(in.getSpreadPermille(), 0, 900) &&
                        within(in.getAnswerMinutes(), 0, kAnswerMinutesMax);
  if (!is_sound) return {Refusal::kOutOfRange, Field::kAmount};
  if (in.getWhatIf().size() > kChangesMax) return {Refusal::kTooLarge, Field::kCount};
  out.runs = in.getRuns();
  out.seed = in.getSeed();
  out.case_id = scheduler::CaseId{in.getCaseId()};
  out.use_permille = in.getUsePermille();
  out.spread_permille = in.getSpreadPermille();
  out.answer_minutes = in.getAnswerMinutes();
  for (auto change : in.getWhatIf()) {
    if (const Flaw flaw = read_change(change, out.changes.emplace_back())) return flaw;
  }
  return {};
}

void write_spread(const planner::ForecastSpread& spread, protocol::Spread::Builder out) {
  out.setP10(spread.p10);
  out.setP50(spread.p50);
  out.setP90(spread.p90);
}

template <class BacklogOfDay>
void write_cell(std::uint32_t stage, std::uint32_t district, std::size_t days,
                const BacklogOfDay& backlog_of_day, protocol::ForecastCell::Builder out) {
  out.setStage(static_cast<protocol::Stage>(stage));
  out.setDistrict(static_cast<std::uint8_t>(district));
  auto list = out.initDays(static_cast<unsigned>(days));
  for (unsigned day = 0; day < days; ++day) {
    const planner::ForecastBacklog& backlog = backlog_of_day(day);
    write_spread(backlog.jobs, list[day].initJobs());
    write_spread(backlog.minutes, list[day].initMinutes());
  }
}

std::uint16_t done_day(std::uint16_t day) {
  return day == planner::ForecastCompletion::kBeyond ? std::uint16_t{0} : day;
}

void write_play(const CityForecast& from, const planner::Forecast& play,
                protocol::ForecastPlay::Builder out) {
  const std::size_t days = play.backlog.size();
  auto list = out.initDays(static_cast<unsigned>(days));
  for (unsigned day = 0; day < days; ++day) {
    list[day].setCapacityMinutes(play.capacity_minutes[day]);
    write_spread(play.work_minutes[day], list[day].initWorkMinutes());
    write_spread(play.cases_done[day], list[day].initCasesDone());
  }
  auto stages = out.initStages(scheduler::kStageCount);
  for (unsigned stage = 0; stage < scheduler::kStageCount; ++stage)
    write_cell(
        stage, 0, days, [&](std::size_t day) { return play.backlog[day][stage]; }, stages[stage]);
  auto cells = out.initCells(static_cast<unsigned>(play.cells.size()));
  for (unsigned i = 0; i < play.cells.size(); ++i) {
    const planner::ForecastCell& cell = play.cells[i];
    write_cell(
        cell.stage, cell.district, days, [&](std::size_t day) { return cell.days[day]; }, cells[i]);
  }
  if (!from.asked) return;
  out.setDoneP50(done_day(play.cases[*from.asked].p50));
  out.setDoneP90(done_day(play.cases[*from.asked].p90));
}

void write_forecast(const CityForecast& from, const ForecastQuestion& question,
                    protocol::Forecast::Builder out) {
  out.setOp(raw(from.op));
  out.setNow(from.now.ms);
  out.setSeed(question.seed);
  out.setRuns(static_cast<std::uint16_t>(question.runs));
  auto dates = out.initDays(static_cast<unsigned>(from.dates.size()));
  for (unsigned i = 0; i < from.dates.size(); ++i) dates.set(i, from.dates[i]);
  out.setOpenCases(from.open_cases);
  out.setPeople(from.people);
  out.setArrivalsPerDay(from.arrivals_per_day);
  out.setFinishedJobs(from.finished_jobs);
  out.setCaseId(raw(question.case_id));
  out.setPaused(from.is_paused);
  out.setLeftOut(from.left_out);
  write_play(from, from.plain, out.initPlain());
  if (from.changed) write_play(from, *from.changed, out.initChanged());
}

// ---- eligibility and fairness ----

struct EligibilityAnswer {
  scheduler::Op op{};
  scheduler::Tick now;
  std::uint32_t people = 0;
  std::uint32_t left_out = 0;
  std::vector<EligibilityRow> rows;
};

Flaw read_eligibility(protocol::EligibilityRequest::Reader in, EligibilityQuestion& out) {
  if (!within(in.getDay(), -kDateMax, kDateMax)) return {Refusal::kOutOfRange, Field::kDay};
  if (!within(in.getDays(), 1, kEligibilityDaysMax)) return {Refusal::kOutOfRange, Field::kCount};
  if (in.getSkills() >> scheduler::kSkillCount != 0) return {Refusal::kOutOfRange, Field::kSkill};
  if (in.getService() >= scheduler::kServicesMax) return {Refusal::kOutOfRange, Field::kService};
  out.skills = in.getSkills();
  out.districts = in.getDistricts();
  out.service = scheduler::ServiceId{in.getService()};
  return {};
}

void write_eligibility(const EligibilityAnswer& from, protocol::Eligibility::Builder out) {
  out.setOp(raw(from.op));
  out.setNow(from.now.ms);
  out.setPeople(from.people);
  out.setLeftOut(from.left_out);
  auto rows = out.initRows(static_cast<unsigned>(from.rows.size()));
  for (unsigned i = 0; i < from.rows.size(); ++i) {
    const EligibilityRow& row = from.rows[i];
    rows[i].setDay(row.date);
    rows[i].setSkill(to_wire<protocol::Skill>(row.skill));
    rows[i].setDistrict(row.district);
    rows[i].setAble(row.able);
    rows[i].setFreeMinutes(row.free_minutes);
    auto removed = rows[i].initRemoved(scheduler::kFilterCount);
    for (unsigned filter = 0; filter < scheduler::kFilterCount; ++filter)
      removed.set(filter, row.removed[filter]);
  }
}

struct FairnessAnswer {
  scheduler::Op op{};
  scheduler::Tick now;
  std::uint64_t capacity_overrides = 0;
  std::uint64_t municipal_first_violations = 0;
  FairnessReport report;
};

void write_share(const OfficeShare& share, protocol::OfficeShare::Builder out) {
  const scheduler::OfficeView& office = share.office;
  out.setOffice(raw(office.office));
  out.setDistrict(office.district);
  out.setState(to_wire<protocol::OfficeState>(office.state));
  out.setLabel(kj::str(kj::arrayPtr(office.label.bytes.data(), office.label.size)));
  out.setExperts(office.experts_certified);
  out.setCapacityUnits(office.capacity_units_per_day);
  out.setWorkMinutes(office.window_minutes);
  out.setCapacityPpm(share.capacity_ppm);
  out.setWorkPpm(share.work_ppm);
}

void write_fairness(const FairnessAnswer& from, protocol::Fairness::Builder out) {
  const FairnessReport& report = from.report;
  out.setOp(raw(from.op));
  out.setNow(from.now.ms);
  out.setWindowDays(scheduler::kLoadWindowDays);
  auto offices = out.initOffices(static_cast<unsigned>(report.offices.size()));
  for (unsigned i = 0; i < report.offices.size(); ++i) write_share(report.offices[i], offices[i]);
  out.setJainOfficesPpm(report.jain_offices_ppm);
  out.setJainExpertsPpm(report.jain_experts_ppm);
  out.setGiniOfficesPpm(report.gini_offices_ppm);
  out.setExperts(report.experts);
  out.setWorkMinutes(report.work_minutes);
  out.setCapacityUnits(report.capacity_units);
  out.setCapacityOverrides(from.capacity_overrides);
  out.setMunicipalFirstViolations(from.municipal_first_violations);
}

}  // namespace

kj::Promise<void> CityReaderServer::forecast(ForecastContext context) {
  const auto request = context.getParams().getRequest();
  ForecastQuestion question;
  PlannerThread* thread = services().options.planner;
  Flaw flaw = read_forecast(request, question);
  if (thread == nullptr) flaw = {Refusal::kUnsupported};
  if (flaw) {
    refuse(context.getResults().initRefused(), flaw.refusal, flaw.field);
    return kj::READY_NOW;
  }
  auto ticket = std::make_shared<Question<CityForecast>>(services().waker);
  CitySnapshotOptions wanted;
  wanted.days = request.getDays();
  wanted.with_cases = true;
  auto asked = ask(
      std::make_unique<CitySnapshotQuery>(scope_, wanted),
      [ticket, thread, question](CitySnapshotQuery& done, scheduler::Op) {
        post_question(ticket, *thread,
                      [question, snapshot = std::move(done.snapshot)](const std::stop_token& stop) {
                        return forecast_city(snapshot, question, stop);
                      });
      });
  return await_question(
      *connection_, kj::mv(asked), ticket,
      [this, context, question](const CityForecast& done) mutable {
        note_unknown("forecast", done.refusal);
        if (done.refusal != Refusal::kNone)
          return refuse(context.getResults().initRefused(), done.refusal, done.field);
        write_forecast(done, question, context.getResults().initForecast());
      },
      [context]() mutable { refuse(context.getResults().initRefused(), Refusal::kBusy); });
}

kj::Promise<void> CityReaderServer::eligibility(EligibilityContext context) {
  const auto request = context.getParams().getRequest();
  EligibilityQuestion question;
  PlannerThread* thread = services().options.questions;
  Flaw flaw = read_eligibility(request, question);
  question.seen = scope_.district_set();
  if (thread == nullptr) flaw = {Refusal::kUnsupported};
  if (flaw) {
    refuse(context.getResults().initRefused(), flaw.refusal, flaw.field);
    return kj::READY_NOW;
  }
  auto ticket = std::make_shared<Question<EligibilityAnswer>>(services().waker);
  CitySnapshotOptions wanted;
  wanted.first_date = request.getDay();
  wanted.days = request.getDays();
  wanted.counts_closed = true;
  auto asked =
      ask(std::make_unique<CitySnapshotQuery>(scope_, wanted),
          [ticket, thread, question](CitySnapshotQuery& done, scheduler::Op) {
            post_question(ticket, *thread,
                          [question, snapshot = std::move(done.snapshot)](const std::stop_token&) {
                            return EligibilityAnswer{
                                snapshot.op, snapshot.now,
                                static_cast<std::uint32_t>(snapshot.experts.size()),
                                snapshot.left_out, report_eligibility(snapshot, question)};
                          });
          });
  return await_question(
      *connection_, kj::mv(asked), ticket,
      [context](const EligibilityAnswer& done) mutable {
        write_eligibility(done, context.getResults().initEligibility());
      },
      [context]() mutable { refuse(context.getResults().initRefused(), Refusal::kBusy); });
}

kj::Promise<void> CityReaderServer::fairness(FairnessContext context) {
  PlannerThread* thread = services().options.questions;
  if (thread == nullptr) {
    refuse(context.getResults().initRefused(), Refusal::kUnsupported);
    return kj::READY_NOW;
  }
  auto ticket = std::make_shared<Question<FairnessAnswer>>(services().waker);
  CitySnapshotOptions wanted;
  wanted.days = 0;
  auto asked = ask(std::make_unique<CitySnapshotQuery>(scope_, wanted), [ticket, thread](
                                                                            CitySnapshotQuery& done,
                                                                            scheduler::Op) {
    post_question(ticket, *thread, [snapshot = std::move(done.snapshot)](const std::stop_token&) {
      return FairnessAnswer{snapshot.op, snapshot.now, snapshot.stats.capacity_overrides,
                            snapshot.stats.municipal_first_violations, report_fairness(snapshot)};
    });
  });
  return await_question(
      *connection_, kj::mv(asked), ticket,
      [context](const FairnessAnswer& done) mutable {
        write_fairness(done, context.getResults().initFairness());
      },
      [context]() mutable { refuse(context.getResults().initRefused(), Refusal::kBusy); });
}

}  // namespace permitd::daemon
