// A ReplayPort with the core itself behind it: no network, no journal, no waiting. Stamps ops and
// seeds as the engine would, so that a rehearsal against it is repeatable to the last byte. For
// tests only.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cli/city_file.h"
#include "cli/office_client.h"
#include "cli/replay_port.h"
#include "scheduler/scheduler.h"

namespace permitd::cli {

class CorePort : public ReplayPort {
 public:
  explicit CorePort(const City& city, scheduler::Tick begin) : now_(begin) {
    scheduler::Command command;
    command.kind = scheduler::CommandKind::kSetLimits;
    command.body.set_limits = {scheduler::Limits{}};
    apply(command);
    load(city);
  }

  std::expected<scheduler::Tick, std::string> advance(scheduler::Tick to) override {
    while (core_.next_due() <= to) {
      now_ = std::max(now_, core_.next_due());
      tick();
    }
    now_ = std::max(now_, to);
    tick();
    return now_;
  }

  std::expected<void, std::string> execute(std::span<ReplayCall> calls) override {
    for (ReplayCall& call : calls) {
      answer(call);
      if (!lose_answers) continue;
      // The first answer never came: the call is made again with its key.
      call.answer = {};
      answer(call);
    }
    return {};
  }

  std::expected<bool, std::string> collect(std::span<const Fence>,
                                           std::vector<scheduler::Event>& out) override {
    const bool whole = lose_every == 0 || ++collected_ % lose_every != 0;
    if (whole) out.insert(out.end(), events_.begin(), events_.end());
    events_.clear();
    return whole;
  }

  std::expected<scheduler::StatsView, std::string> figures() override { return core_.stats(); }
  std::expected<std::vector<scheduler::OfficeView>, std::string> offices() override {
    std::vector<scheduler::OfficeView> rows(256);
    scheduler::Cursor cursor;
    rows.resize(core_.list_offices(cursor, rows));
    return rows;
  }
  std::expected<std::array<std::uint64_t, scheduler::kStageCount>, std::string> open_jobs()
      override {
    std::array<std::uint64_t, scheduler::kStageCount> open{};
    std::vector<scheduler::OpenCellView> rows(1024);
    for (scheduler::Cursor cursor; !cursor.done;) {
      const auto count = core_.list_open_cells({}, cursor, rows);
      for (std::size_t i = 0; i < count; ++i)
        open[static_cast<std::size_t>(rows[i].stage)] += rows[i].cell.open();
    }
    return open;
  }

  const scheduler::Scheduler& core() const { return core_; }
  /// Every so manieth collection of events is lost; 0 = none.
  std::uint64_t lose_every = 0;
  /// Every answer is lost once.
  bool lose_answers = false;

 private:
  scheduler::Outcome apply(scheduler::Command& command) {
    command.op = scheduler::Op{raw(core_.op_applied()) + 1};
    command.now = now_;
    command.seed = raw(command.op) * 0x9E37'79B9'7F4A'7C15ULL;
    const auto outcome = core_.apply(command);
    events_.insert(events_.end(), core_.events().begin(), core_.events().end());
    return outcome;
  }
  void tick() {
    scheduler::Command command;
    command.kind = scheduler::CommandKind::kTick;
    apply(command);
  }
  template <class Body>
  void define(scheduler::CommandKind kind, Body scheduler::CommandBody::*slot, const Body& body) {
    scheduler::Command command;
    command.kind = kind;
    command.actor = {scheduler::ActorKind::kSupervisor, 1};
    command.key = {1, ++definitions_};
    command.body.*slot = body;
    const auto outcome = apply(command);
    ASSERT_EQ(outcome.refusal, scheduler::Refusal::kNone)
        << static_cast<int>(kind) << " field " << static_cast<int>(outcome.field);
  }
  void load(const City& city) {
    using scheduler::CommandBody;
    using scheduler::CommandKind;
    if (city.policy) define(CommandKind::kSetPolicy, &CommandBody::set_policy, *city.policy);
    const auto& days = city.calendar->days;
    for (std::size_t at = 0; at < days.size(); at += scheduler::kCalendarDaysPerCommand) {
      scheduler::SetCalendarDays part;
      part.first_day = city.calendar->first_day + static_cast<std::int32_t>(at);
      part.count = static_cast<std::uint16_t>(
          std::min<std::size_t>(scheduler::kCalendarDaysPerCommand, days.size() - at));
      for (std::size_t i = 0; i < part.count; ++i) {
        part.open_minute[i] = days[at + i].open_minute;
        part.length_minutes[i] = days[at + i].length_minutes;
      }
      define(CommandKind::kSetCalendarDays, &CommandBody::set_calendar_days, part);
    }
    for (const auto& body : city.organisations)
      define(CommandKind::kDefineOrganisation, &CommandBody::define_organisation, body);
    for (const auto& body : city.services)
      define(CommandKind::kDefineService, &CommandBody::define_service, body);
    for (const auto& body : city.offices)
      define(CommandKind::kDefineOffice, &CommandBody::define_office, body);
    for (const auto& body : city.activations)
      define(CommandKind::kActivateService, &CommandBody::activate_service, body);
    for (const auto& body : city.experts)
      define(CommandKind::kDefineExpert, &CommandBody::define_expert, body);
    for (const auto& body : city.certificates)
      define(CommandKind::kSetCertificate, &CommandBody::set_certificate, body);
  }

  void answer(ReplayCall& call) {
    if (call.kind == CallKind::kReadCase) return read_case(call);
    if (call.kind == CallKind::kWorklist) return read_worklist(call);
    scheduler::Command command;
    command.actor = call.actor;
    command.key = call.key;
    fill(call, command);
    const auto outcome = apply(command);
    call.answer.refusal = outcome.refusal;
    call.answer.filter = outcome.filter;
    call.answer.op = outcome.op;
    call.answer.case_id = outcome.case_id;
    call.answer.job = outcome.job;
    call.answer.token = outcome.token;
    call.answer.until = outcome.until;
    call.answer.state = outcome.state;
    call.answer.repeated = outcome.repeated != 0;
  }

  static void fill(const ReplayCall& call, scheduler::Command& command) {
    using scheduler::CommandKind;
    auto& body = command.body;
    const auto lease = [&](auto& slot) { slot = {call.job, call.token}; };
    switch (call.kind) {
      case CallKind::kSubmit:
        command.kind = CommandKind::kSubmitCase;
        body.submit_case = *call.submission;
        return;
      case CallKind::kAnswer:
        command.kind = CommandKind::kAnswerCase;
        body.answer_case = {call.case_id};
        return;
      case CallKind::kWithdraw:
        command.kind = CommandKind::kWithdrawCase;
        body.withdraw_case = {};
        body.withdraw_case.id = call.case_id;
        body.withdraw_case.reason = call.reason;
        return;
      case CallKind::kFees:
        command.kind = CommandKind::kRecordFees;
        body.record_fees = {call.case_id, 1};
        return;
      case CallKind::kSchedule:
        command.kind = CommandKind::kSchedule;
        body.schedule = {call.job, call.day, call.half, {}};
        return;
      case CallKind::kClose:
        command.kind = CommandKind::kCloseCase;
        body.close_case = {call.case_id};
        return;
      case CallKind::kClaim:
        command.kind = CommandKind::kClaim;
        body.claim = {};
        return;
      case CallKind::kUnclaim:
        command.kind = CommandKind::kUnclaim;
        return;
      case CallKind::kStart:
        command.kind = CommandKind::kStart;
        return lease(body.start);
      case CallKind::kRenew:
        command.kind = CommandKind::kRenew;
        return lease(body.renew);
      case CallKind::kComplete:
        command.kind = CommandKind::kComplete;
        body.complete = {};
        body.complete.job = call.job;
        body.complete.token = call.token;
        return;
      case CallKind::kReturn:
        command.kind = CommandKind::kReturn;
        body.return_ = {};
        body.return_.job = call.job;
        body.return_.token = call.token;
        body.return_.reason = call.reason;
        return;
      case CallKind::kDecline:
        command.kind = CommandKind::kDecline;
        body.decline = {};
        body.decline.job = call.job;
        body.decline.token = call.token;
        body.decline.reason = call.reason;
        return;
      case CallKind::kDecide:
        command.kind = CommandKind::kRecordDecision;
        body.record_decision = {};
        body.record_decision.id = call.case_id;
        body.record_decision.approved = call.yes ? 1 : 0;
        body.record_decision.reason = call.reason;
        return;
      case CallKind::kAbsence:
        command.kind = CommandKind::kSetAbsence;
        body.set_absence = {};
        body.set_absence.expert = call.expert;
        body.set_absence.reason = call.reason;
        body.set_absence.from = call.from;
        body.set_absence.until = call.until;
        return;
      case CallKind::kRelease:
        command.kind = CommandKind::kRelease;
        body.release = {};
        body.release.job = call.job;
        return;
      case CallKind::kRefer:
        command.kind = CommandKind::kReferCase;
        body.refer_case = {};
        body.refer_case.id = call.case_id;
        body.refer_case.refer = call.yes ? 1 : 0;
        return;
      case CallKind::kWorklist:
      case CallKind::kReadCase:
        return;
    }
  }

  static WorkItem item_of(const scheduler::JobView& view) {
    return {view.job,         view.case_id,        view.token, view.ready_since,
            view.lease_until, view.effort_minutes, view.stage, view.kind,
            view.state,       view.rework};
  }
  void read_case(ReplayCall& call) {
    scheduler::CaseView view;
    if (!core_.find_case(call.case_id, view)) {
      call.answer.refusal = scheduler::Refusal::kUnknownCase;
      return;
    }
    call.answer.case_id = view.case_id;
    call.answer.state = raw(view.state);
    call.answer.reference = view_of(view.reference);
    std::array<scheduler::JobView, 32> jobs;
    const auto count = core_.list_case_jobs(call.case_id, jobs);
    for (std::size_t i = 0; i < count; ++i) call.answer.items.push_back(item_of(jobs[i]));
  }
  void read_worklist(ReplayCall& call) {
    std::array<scheduler::JobView, scheduler::kHeldJobsMax> jobs;
    const auto count = core_.list_held(scheduler::ExpertId{call.actor.id}, jobs);
    for (std::size_t i = 0; i < count; ++i) call.answer.items.push_back(item_of(jobs[i]));
  }

  scheduler::Scheduler core_;
  scheduler::Tick now_;
  std::uint64_t definitions_ = 0;
  std::uint64_t collected_ = 0;
  std::vector<scheduler::Event> events_;
};

}  // namespace permitd::cli
