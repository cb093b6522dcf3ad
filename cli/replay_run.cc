#include "cli/replay_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "cli/local_time.h"
#include "cli/office_client.h"

namespace permitd::cli {
namespace {

using scheduler::ActorKind;
using scheduler::CaseState;
using scheduler::JobState;
using scheduler::Tick;

// Rounds of one moment; an expert needs four (end and claim, start, decline, claim again). More are
// left to the next minute.
constexpr int kRoundsMax = 40;
constexpr std::size_t kExamplesMax = 10;
// Reads in one batch of the check at the end.
constexpr std::size_t kVerifyBatch = 4'096;
constexpr std::int64_t kSampleMinutes = 60;

}  // namespace

bool VerifyResult::holds() const {
  const bool balanced =
      cases_unbalanced == 0 && std::ranges::all_of(jobs_unbalanced, [](auto n) { return n == 0; });
  return balanced && missing == 0 && different == 0 && twice == 0 && unexpected == 0;
}

ReplayRun::ReplayRun(ReplayWorld& world, ReplayPort& port, ReplayOptions options)
    : world_(world),
      port_(port),
      options_(std::move(options)),
      cases_(world),
      experts_(world),
      began_(world.now) {}

ReplayRun::Step ReplayRun::run() {
  if (auto read = read_figures(before_); !read) return read;
  if (!world_.filings.empty()) {
    const auto settle = options_.settle_days * kWorkingDayMinutes;
    last_moment_ = world_.calendar.add_working_minutes(world_.filings.back().at, settle);
  }
  // Nothing happens before the first day of filing: its opening is the first moment.
  const Tick first =
      world_.filings.empty() ? world_.now : std::max(world_.now, world_.filings.front().at);
  planned_until_ = local_day_of(first) - 1;
  plan_day();
  while (true) {
    const Tick next = std::min(world_.agenda.next(), cases_.next_filing());
    if (finished(next)) break;
    if (auto lived = live(std::max(next, world_.now)); !lived) return lived;
    report();
  }
  if (auto read = read_figures(after_); !read) return read;
  return options_.verify ? verify() : Step();
}

bool ReplayRun::finished(Tick next) const {
  if (next == scheduler::kNever) return true;
  if (!cases_.all_filed()) return false;
  if (cases_.open() == 0 || next > last_moment_) return true;
  // What is stuck for good (nobody may take it) would keep an idle city going to the last day.
  return world_.calendar.working_minutes(last_change_, next) >
         options_.quiet_days * kWorkingDayMinutes;
}

ReplayRun::Step ReplayRun::read_figures(CityFigures& out) {
  auto stats = port_.figures();
  if (!stats) return std::unexpected(stats.error());
  auto offices = port_.offices();
  if (!offices) return std::unexpected(offices.error());
  const auto open = port_.open_jobs();
  if (!open) return std::unexpected(open.error());
  out.stats = *stats;
  out.offices = *std::move(offices);
  out.open_jobs = *open;
  return {};
}

void ReplayRun::report() {
  if (!options_.progress) return;
  options_.progress({.records = world_.filings.size(),
                     .filed = cases_.filed(),
                     .cases_open = cases_.open(),
                     .cases_ended = cases_.ended(),
                     .calls = calls_made_,
                     .now = world_.now});
}

// ---- the calendar's own moments ----

// Puts the next working day on the agenda: its opening, its middle, its hours, its end.
void ReplayRun::plan_day() {
  for (int ahead = 0; ahead < 60; ++ahead) {
    const auto day = world_.calendar.day(++planned_until_);
    if (day.empty() || day.close <= world_.now) continue;
    world_.agenda.add(day.open, {.kind = AgendaKind::kDayOpens});
    world_.agenda.add(world_.calendar.half_day(planned_until_, scheduler::HalfDay::kAfternoon).open,
                      {.kind = AgendaKind::kHalfDay});
    for (Tick at = day.open; at < day.close; at.ms += kSampleMinutes * scheduler::kMsPerMinute) {
      world_.agenda.add(at, {.kind = AgendaKind::kSample});
    }
    world_.agenda.add(day.close, {.kind = AgendaKind::kDayCloses});
    return;
  }
}

void ReplayRun::fire(const AgendaItem& item) {
  switch (item.kind) {
    case AgendaKind::kDayOpens:
      return experts_.day_opens(world_.calendar.interval_of(world_.now));
    case AgendaKind::kHalfDay:
      half_day_due_ = true;
      return;
    case AgendaKind::kLastCall:
      return experts_.last_call(Trade{static_cast<std::uint8_t>(item.subject)});
    case AgendaKind::kDayCloses:
      return plan_day();
    case AgendaKind::kSample:
      sample_due_ = true;
      return;
    case AgendaKind::kExpertAsks:
    case AgendaKind::kExpertRenews:
    case AgendaKind::kExpertFinishes:
    case AgendaKind::kExpertFallsIll:
      return experts_.due(item);
    case AgendaKind::kCaseMoves:
    case AgendaKind::kFeesPaid:
    case AgendaKind::kJobReleased:
    case AgendaKind::kVisitMoved:
      return cases_.due(item);
  }
}

// ---- one moment ----

ReplayRun::Step ReplayRun::live(Tick at) {
  if (options_.before_advance) options_.before_advance(at);
  const auto reached = port_.advance(at);
  if (!reached) return std::unexpected(reached.error());
  ++world_.tally.advances;
  world_.now = std::max(at, *reached);
  while (world_.agenda.due(world_.now)) fire(world_.agenda.take());
  cases_.file_due();
  if (auto done = rounds(); !done) return done;
  if (half_day_due_) {
    // Visits became ready with the tick, and no call of ours tells when the feed has told of them.
    half_day_due_ = false;
    experts_.check_waiting(Trade::kInspector);
    if (auto done = rounds(); !done) return done;
  }
  if (!sample_due_) return {};
  sample_due_ = false;
  return sample();
}

ReplayRun::Step ReplayRun::rounds() {
  for (int i = 0; i < kRoundsMax; ++i) {
    if (auto done = round(); !done) return done;
    if (world_.outbox.empty()) return {};
  }
  return {};
}

ReplayRun::Step ReplayRun::round() {
  calls_.clear();
  calls_.swap(world_.outbox);
  fences_.clear();
  if (!calls_.empty()) {
    ++world_.tally.rounds;
    calls_made_ += calls_.size();
    if (auto done = port_.execute(calls_); !done) return done;
    for (const ReplayCall& call : calls_) answered(call);
  }
  events_.clear();
  const auto whole = port_.collect(fences_, events_);
  if (!whole) return std::unexpected(whole.error());
  world_.tally.events += events_.size();
  for (const scheduler::Event& event : events_) {
    experts_.seen(event);
    cases_.seen(event);
    if (event.kind == scheduler::EventKind::kCaseChanged ||
        event.kind == scheduler::EventKind::kJobChanged) {
      last_change_ = world_.now;
    }
  }
  if (!*whole) {
    ++world_.tally.gaps;
    experts_.check_all();
    cases_.read_again();
  }
  return {};
}

void ReplayRun::answered(const ReplayCall& call) {
  const auto kind = static_cast<std::size_t>(call.kind);
  ++world_.tally.calls[kind];
  if (call.answer.repeated) ++world_.tally.repeated;
  if (!call.answer.accepted()) {
    ++world_.tally.refused[kind];
    ++world_.tally.refusals[raw(call.answer.refusal)];
  }
  cases_.answered(call);
  if (call.actor.kind == ActorKind::kExpert) experts_.answered(call);
  add_fence(call);
}

// Calls that change a case show in the feed of its office; what they set going shows with them.
void ReplayRun::add_fence(const ReplayCall& call) {
  const bool changes = call.kind != CallKind::kReadCase && call.kind != CallKind::kWorklist &&
                       call.kind != CallKind::kRenew && call.kind != CallKind::kUnclaim &&
                       call.kind != CallKind::kAbsence;
  if (!changes || !call.answer.accepted() || raw(call.answer.op) == 0) return;
  const auto id = raw(call.answer.case_id) != 0 ? call.answer.case_id : call.case_id;
  const CaseFile* file = world_.find_case(id);
  if (file == nullptr) return;
  const auto office = world_.filings[file->filing].office;
  const auto found = std::ranges::find(fences_, office, &Fence::office);
  if (found == fences_.end()) {
    fences_.push_back({office, call.answer.op});
  } else {
    found->op = std::max(found->op, call.answer.op);
  }
}

ReplayRun::Step ReplayRun::sample() {
  const auto stats = port_.figures();
  if (!stats) return std::unexpected(stats.error());
  BacklogSample sample;
  sample.at = world_.now;
  for (std::size_t s = 0; s < scheduler::kStageCount; ++s) {
    const auto& flow = stats->flow[s];
    sample.open[s] = flow.created - flow.done - flow.cancelled;
  }
  sample.cases_open = cases_.open();
  sample.filed = cases_.filed();
  world_.tally.backlog.push_back(sample);
  return {};
}

// ---- the check at the end ----

ReplayRun::Step ReplayRun::verify() {
  std::unordered_set<std::uint64_t> seen;
  for (const CaseFile& file : world_.cases) {
    if (!seen.insert(raw(file.id)).second) ++verified_.twice;
  }
  for (std::size_t at = 0; at < world_.cases.size(); at += kVerifyBatch) {
    world_.outbox.clear();
    const std::size_t end = std::min(world_.cases.size(), at + kVerifyBatch);
    for (std::size_t index = at; index < end; ++index) {
      auto& call = world_.call(CallKind::kReadCase, kCitySupervisor);
      call.case_id = world_.cases[index].id;
      call.subject = static_cast<std::uint32_t>(index);
    }
    if (auto done = port_.execute(world_.outbox); !done) return done;
    for (const ReplayCall& call : world_.outbox) compare(call);
  }
  world_.outbox.clear();
  check_balance();
  return {};
}

void ReplayRun::compare(const ReplayCall& call) {
  ++verified_.checked;
  const CaseFile& file = world_.cases[call.subject];
  const auto expected = view_of(world_.filings[file.filing].body.reference);
  std::string wrong;
  if (!call.answer.accepted()) {
    ++verified_.missing;
    wrong = fmt::format("case {} of record {} is not there", raw(file.id), expected);
  } else if (call.answer.reference != expected) {
    ++verified_.different;
    wrong = fmt::format("case {} keeps record {} instead of {}", raw(file.id),
                        call.answer.reference, expected);
  }
  if (!wrong.empty() && verified_.examples.size() < kExamplesMax)
    verified_.examples.push_back(std::move(wrong));
}

void ReplayRun::check_balance() {
  const auto& stats = after_.stats;
  const std::uint64_t added = stats.cases_submitted - before_.stats.cases_submitted;
  if (added > cases_.acknowledged()) verified_.unexpected = added - cases_.acknowledged();
  auto cases = static_cast<std::int64_t>(stats.cases_submitted);
  for (const std::uint64_t count : stats.cases) cases -= static_cast<std::int64_t>(count);
  verified_.cases_unbalanced = cases;
  for (std::size_t s = 0; s < scheduler::kStageCount; ++s) {
    const auto& flow = stats.flow[s];
    verified_.jobs_unbalanced[s] =
        static_cast<std::int64_t>(flow.created - flow.done - flow.cancelled) -
        static_cast<std::int64_t>(after_.open_jobs[s]);
  }
}

}  // namespace permitd::cli
