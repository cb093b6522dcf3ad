// Goal: what goes over the wire is what the core said, and what comes over it is judged before the
// core sees it. Method: values with every field set to something of its own; hostile text,
// enumerators and counts.
#include "daemon/rpc_convert.h"

#include <capnp/message.h>
#include <capnp/schema.h>
#include <gtest/gtest.h>

#include <cstring>

#include "daemon/rpc_decode.h"
#include "daemon/rpc_enums.h"
#include "protocol/words.h"

namespace permitd::daemon {
namespace {

using namespace permitd::scheduler;

template <std::size_t N>
Text<N> text_of(std::string_view words) {
  Text<N> text;
  text.size = static_cast<std::uint8_t>(words.size());
  std::memcpy(text.bytes.data(), words.data(), words.size());
  return text;
}

TEST(RpcConvertTest, EveryEnumeratorKeepsItsNumberAndItsName) {
  // The schema's own names, as reflection tells them, are the words that everybody else uses.
  const auto check = []<class Wire>(std::type_identity<Wire>) {
    const auto enumerants = capnp::Schema::from<Wire>().getEnumerants();
    const auto names = protocol::names_of<typename EnumPair<Wire>::Core>();
    ASSERT_EQ(enumerants.size(), names.size());
    for (unsigned i = 0; i < names.size(); ++i) {
      EXPECT_EQ(enumerants[i].getProto().getName(), names[i].data());
    }
  };
  check(std::type_identity<protocol::Skill>{});
  check(std::type_identity<protocol::PriorityClass>{});
  check(std::type_identity<protocol::Stage>{});
  check(std::type_identity<protocol::CaseState>{});
  check(std::type_identity<protocol::JobState>{});
  check(std::type_identity<protocol::OfficeState>{});
  check(std::type_identity<protocol::ExpertState>{});
  check(std::type_identity<protocol::JobKind>{});
  check(std::type_identity<protocol::Reach>{});
  check(std::type_identity<protocol::Confirmer>{});
  check(std::type_identity<protocol::HalfDay>{});
  check(std::type_identity<protocol::SlaBand>{});
  check(std::type_identity<protocol::ActorKind>{});
  check(std::type_identity<protocol::Reason>{});
  check(std::type_identity<protocol::Filter>{});
  check(std::type_identity<protocol::EventKind>{});
  check(std::type_identity<protocol::Stuck>{});
}

TEST(RpcConvertTest, AValueBeyondTheSetIsNotTaken) {
  Reason reason = Reason::kDefect;
  EXPECT_FALSE(to_core(static_cast<protocol::Reason>(kReasonCount), reason));
  EXPECT_FALSE(to_core(static_cast<protocol::Reason>(65'535), reason));
  EXPECT_EQ(reason, Reason::kDefect);
  EXPECT_TRUE(to_core(protocol::Reason::OTHER, reason));
  EXPECT_EQ(reason, Reason::kOther);
}

TEST(RpcConvertTest, AnAcceptedOutcomeKeepsEveryField) {
  Outcome outcome;
  outcome.op = Op{1};
  outcome.case_id = CaseId{2};
  outcome.job = JobId{3};
  outcome.token = LeaseToken{4};
  outcome.until = Tick{5};
  outcome.expert = ExpertId{6};
  outcome.state = 7;
  outcome.repeated = 1;
  capnp::MallocMessageBuilder message;
  auto result = message.initRoot<protocol::Result>();
  write_result(outcome, CommandKind::kClaim, result);
  ASSERT_TRUE(result.isAccepted());
  auto accepted = result.getAccepted();
  EXPECT_EQ(accepted.getOp(), 1U);
  EXPECT_EQ(accepted.getCaseId(), 2U);
  EXPECT_EQ(accepted.getJob(), 3U);
  EXPECT_EQ(accepted.getToken(), 4U);
  EXPECT_EQ(accepted.getUntil(), 5);
  EXPECT_EQ(accepted.getExpert(), 6U);
  EXPECT_EQ(accepted.getState(), 7);
  EXPECT_TRUE(accepted.getRepeated());
}

TEST(RpcConvertTest, AnotherOfficesCaseIsRefusedAsUnknownAndShowsNothing) {
  Outcome outcome;
  outcome.refusal = Refusal::kNotAllowed;
  outcome.field = Field::kOffice;
  outcome.state = raw(CaseState::kReferred);
  outcome.case_id = CaseId{12};
  capnp::MallocMessageBuilder message;
  auto result = message.initRoot<protocol::Result>();
  write_result(outcome, CommandKind::kAmendCase, result);
  EXPECT_EQ(result.getRefused().getCode(), raw(Refusal::kUnknownCase));
  EXPECT_EQ(result.getRefused().getState(), 0);
  write_result(outcome, CommandKind::kSchedule, result);
  EXPECT_EQ(result.getRefused().getCode(), raw(Refusal::kUnknownJob));
}

TEST(RpcConvertTest, ALabelThatFillsItsPlaceIsCopiedWhole) {
  const std::string label(Label::kCapacity, 'x');
  OfficeView view;
  view.office = OfficeId{101};
  view.label = text_of<Label::kCapacity>(label);
  capnp::MallocMessageBuilder message;
  auto office = message.initRoot<protocol::Office>();
  write_office(view, office);
  EXPECT_EQ(office.getLabel(), label.c_str());
}

TEST(RpcConvertTest, ACaseAndAJobKeepWhatTellsThemApart) {
  CaseView view;
  view.case_id = CaseId{11};
  view.registered_at = Tick{12};
  view.closed_at = kNever;
  view.owner = PersonId{13};
  view.parcel = text_of<23>("1-2-3");
  view.office = OfficeId{101};
  view.state = CaseState::kReferred;
  view.stage_count = 2;
  view.stages[1] = Stage::kPermitDelivery;
  view.current_job = JobId{14};
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<protocol::Case>();
  write_case(view, out);
  EXPECT_EQ(out.getCaseId(), 11U);
  EXPECT_EQ(out.getRegisteredAt(), 12);
  EXPECT_EQ(out.getClosedAt(), INT64_MAX);
  EXPECT_EQ(out.getOwner(), 13U);
  EXPECT_EQ(out.getParcel(), "1-2-3");
  EXPECT_FALSE(out.hasReference());
  EXPECT_EQ(out.getState(), protocol::CaseState::REFERRED);
  ASSERT_EQ(out.getStages().size(), 2U);
  EXPECT_EQ(out.getStages()[1], protocol::Stage::PERMIT_DELIVERY);
  EXPECT_EQ(out.getCurrentJob(), 14U);

  JobView job;
  job.job = JobId{21};
  job.holder = ExpertId{22};
  job.band = SlaBand::kPaused;
  job.remaining_minutes = -90;
  capnp::MallocMessageBuilder job_message;
  auto job_out = job_message.initRoot<protocol::Job>();
  write_job(job, job_out);
  EXPECT_EQ(job_out.getJob(), 21U);
  EXPECT_EQ(job_out.getHolder(), 22U);
  EXPECT_EQ(job_out.getBand(), protocol::SlaBand::PAUSED);
  EXPECT_EQ(job_out.getRemainingMinutes(), -90);
}

TEST(RpcConvertTest, APolicyComesBackAsItWent) {
  SetPolicy policy;
  policy.attempts_max = 7;
  policy.second_review_area_m2 = 1234;
  policy.pair_repeat_days = 99;
  policy.confirmation_effort_percent = 40;
  policy.confirmer_fallback = scheduler::ConfirmerFallback::kIntakeHead;
  policy.near_visits = 4;
  policy.near_slack_minutes = 90;
  policy.draw_minutes = 45;
  policy.compared_count = 8;
  policy.load_weight = 700;
  policy.travel_weight = 300;
  policy.share_weight = 200;
  policy.waiting_alarm_minutes = 333;
  policy.lapse_warning_days = 14;
  policy.expert_degree = scheduler::Degree::kBachelor;
  policy.jobs_in_hand = scheduler::JobsInHand::kFinished;
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<protocol::Policy>();
  write_policy(policy, out);
  SetPolicy back;
  read_policy(out, back);
  EXPECT_EQ(back, policy);
}

// Whoever steers a part of the city reads of the rest what is read of a number that nobody has.
TEST(RpcConvertTest, WhatLiesOutsideIsAnsweredAsUnknown) {
  using scheduler::Field;
  using scheduler::Refusal;
  const std::pair<Field, Refusal> hidden[] = {{Field::kCase, Refusal::kUnknownCase},
                                              {Field::kJob, Refusal::kUnknownJob},
                                              {Field::kOffice, Refusal::kUnknownOffice},
                                              {Field::kExpert, Refusal::kUnknownExpert},
                                              {Field::kApplication, Refusal::kUnknownApplication}};
  for (const auto& [field, expected] : hidden) {
    scheduler::Outcome outcome;
    outcome.refusal = Refusal::kNotAllowed;
    outcome.field = field;
    outcome.state = 3;
    capnp::MallocMessageBuilder message;
    auto result = message.initRoot<protocol::Result>();
    write_result(outcome, scheduler::CommandKind::kSetOfficeState, result);
    ASSERT_TRUE(result.isRefused());
    EXPECT_EQ(result.getRefused().getCode(), raw(expected));
    EXPECT_EQ(result.getRefused().getState(), 0);
  }
}

TEST(RpcConvertTest, ASuspensionBeginsAtOnceAndNeverEndsUnlessItSaysWhen) {
  scheduler::Tick from;
  scheduler::Tick until;
  EXPECT_FALSE(read_suspension(0, 0, from, until));
  EXPECT_EQ(from, scheduler::kNever);
  EXPECT_EQ(until, scheduler::kNever);
  EXPECT_FALSE(read_suspension(5, 9, from, until));
  EXPECT_EQ(from.ms, 5);
  EXPECT_EQ(until.ms, 9);
  const Flaw flaw = read_suspension(scheduler::kNever.ms, 0, from, until);
  EXPECT_EQ(flaw.refusal, scheduler::Refusal::kOutOfRange);
  EXPECT_EQ(flaw.field, scheduler::Field::kValidity);
}

TEST(RpcConvertTest, TheSchemasDefaultPolicyIsTheCores) {
  capnp::MallocMessageBuilder message;
  SetPolicy policy;
  read_policy(message.initRoot<protocol::Policy>(), policy);
  EXPECT_EQ(policy, SetPolicy{});
}

protocol::Submission::Builder sound_submission(capnp::MallocMessageBuilder& message) {
  auto submission = message.initRoot<protocol::Submission>();
  submission.setService(1);
  submission.setParcel("12345678901234567890123");  // 23 bytes, the most
  return submission;
}

TEST(RpcConvertTest, ASubmissionIsReadWholeAndItsTextsAreJudged) {
  capnp::MallocMessageBuilder message;
  auto submission = sound_submission(message);
  submission.setDraft(true);
  submission.setBuilt(true);
  submission.setOwner(5);
  submission.initPoint().setLatE6(-90'000'001);  // a range: the core's affair
  SubmitCase body;
  EXPECT_FALSE(read_submission(submission, body));
  EXPECT_EQ(body.flags, kSubmitDraft | kSubmitBuilt);
  EXPECT_EQ(body.organisation, OrganisationId{1});
  EXPECT_EQ(body.owner, PersonId{5});
  EXPECT_EQ(body.parcel.size, 23);
  EXPECT_EQ(body.point.lat_e6, -90'000'001);

  submission.setParcel("123456789012345678901234");
  SubmitCase too_long;
  const Flaw flaw = read_submission(submission, too_long);
  EXPECT_EQ(flaw.refusal, Refusal::kTooLarge);
  EXPECT_EQ(flaw.field, Field::kParcel);
  submission.setParcel("\xFF");
  SubmitCase not_text;
  EXPECT_EQ(read_submission(submission, not_text).refusal, Refusal::kOutOfRange);
}

TEST(RpcConvertTest, AnExpertComesWithRelativesAndAbsences) {
  capnp::MallocMessageBuilder message;
  auto spec = message.initRoot<protocol::ExpertSpec>();
  auto relatives = spec.initRelatives(2);
  relatives.set(0, 501);
  relatives.set(1, 502);
  DefineExpert body;
  ASSERT_FALSE(read_expert(spec.asReader(), body));
  EXPECT_EQ(body.relatives[1], PersonId{502});
  spec.initRelatives(kRelativesMax + 1);
  EXPECT_EQ(read_expert(spec.asReader(), body).refusal, Refusal::kTooLarge);

  ExpertView view;
  view.relatives = {PersonId{}, PersonId{501}};
  ASSERT_TRUE(view.absences.add({Tick{5}, Tick{9}, Reason::kIllness}));
  ASSERT_TRUE(view.absences.add({Tick{15}, kNever, Reason::kLeave}));
  capnp::MallocMessageBuilder told;
  auto expert = told.initRoot<protocol::Expert>();
  write_expert(view, expert);
  EXPECT_EQ(expert.getSuspendedUntil(), kNever.ms) << "0 would be a moment";
  EXPECT_EQ(expert.getSuspendedFrom(), kNever.ms);
  view.suspended_from = Tick{66};
  view.suspended_until = Tick{77};
  write_expert(view, expert);
  EXPECT_EQ(expert.getSuspendedFrom(), 66);
  EXPECT_EQ(expert.getSuspendedUntil(), 77);
  ASSERT_EQ(expert.getRelatives().size(), 1U);
  EXPECT_EQ(expert.getRelatives()[0], 501U);
  ASSERT_EQ(expert.getAbsences().size(), 2U);
  EXPECT_EQ(expert.getAbsences()[0].getFrom(), 5);
  EXPECT_EQ(expert.getAbsences()[0].getUntil(), 9);
  EXPECT_EQ(expert.getAbsences()[0].getReason(), protocol::Reason::ILLNESS);
  EXPECT_EQ(expert.getAbsences()[1].getFrom(), 15);
  EXPECT_EQ(expert.getAbsences()[1].getUntil(), kNever.ms);
}

TEST(RpcConvertTest, AServiceOfTooManyOrNoStagesIsAFlaw) {
  capnp::MallocMessageBuilder message;
  auto service = message.initRoot<protocol::Service>();
  DefineService body;
  EXPECT_EQ(read_service(service, body).refusal, Refusal::kMissing);
  service.initStages(kServiceStagesMax + 1);
  EXPECT_EQ(read_service(service, body).refusal, Refusal::kTooLarge);
  auto stages = service.initStages(kServiceStagesMax);
  stages[0].setSovereign(true);
  stages[0].setNotMechanised(true);
  EXPECT_FALSE(read_service(service, body));
  EXPECT_EQ(body.stages[0].flags, kStageIsSovereign | kStageNotMechanised);
  stages[1].setOnlyIfBuilt(true);
  EXPECT_FALSE(read_service(service, body));
  EXPECT_EQ(body.stages[1].flags, kStageOnlyIfBuilt);
  stages[kServiceStagesMax - 1].setSkill(static_cast<protocol::Skill>(6));
  const auto flaw = read_service(service, body);
  EXPECT_EQ(flaw.field, Field::kSkill);
  EXPECT_EQ(flaw.row, kServiceStagesMax);
  EXPECT_EQ(flaw.member, member_named(Field::kStages, "skill"));
}

TEST(RpcConvertTest, ARefusalNamesTheMemberThatIsOutOfRange) {
  Outcome outcome;
  outcome.refusal = Refusal::kOutOfRange;
  outcome.field = Field::kStages;
  outcome.row = 3;
  outcome.member = member_named(Field::kStages, "slaMinutes");
  capnp::MallocMessageBuilder message;
  auto refused = message.initRoot<protocol::Refusal>();
  write_refusal(outcome, CommandKind::kDefineService, refused);
  EXPECT_EQ(refused.getRule(), 3);
  EXPECT_EQ(refused.getMember(), outcome.member);
  EXPECT_STREQ(refused.getMemberName().cStr(), "slaMinutes");
  outcome.member = 0;
  auto plain = message.initRoot<protocol::Refusal>();
  write_refusal(outcome, CommandKind::kDefineService, plain);
  EXPECT_EQ(plain.getMemberName().size(), 0U);
}

TEST(RpcConvertTest, AServiceIsInForceFromAMinuteOn) {
  capnp::MallocMessageBuilder message;
  auto service = message.initRoot<protocol::Service>();
  service.initStages(1);
  DefineService body;
  service.setEffectiveFrom(90'500);
  EXPECT_FALSE(read_service(service, body));
  EXPECT_EQ(body.effective_from(), Tick{60'000});
  for (const std::int64_t outside : {std::int64_t{-1}, kNever.ms}) {
    service.setEffectiveFrom(outside);
    EXPECT_EQ(read_service(service, body).refusal, Refusal::kOutOfRange) << outside;
    EXPECT_EQ(read_service(service, body).field, Field::kValidity);
  }
}

TEST(RpcConvertTest, ACalendarOfMoreThanItsDaysIsAFlaw) {
  capnp::MallocMessageBuilder message;
  auto params = message.initRoot<protocol::SupervisorSession::SetCalendarDaysParams>();
  SetCalendarDays body;
  EXPECT_EQ(read_calendar(1, params.initDays(0).asReader(), body).refusal, Refusal::kMissing);
  EXPECT_EQ(read_calendar(1, params.initDays(0).asReader(), body).field, Field::kCount);
  const Flaw many = read_calendar(1, params.initDays(kCalendarDaysPerCommand + 1), body);
  EXPECT_EQ(many.refusal, Refusal::kTooLarge);
  EXPECT_EQ(many.field, Field::kCount);
  auto days = params.initDays(kCalendarDaysPerCommand);
  const unsigned last = kCalendarDaysPerCommand - 1;
  days[last].setOpenMinute(7);
  days[last].setLengthMinutes(8);
  EXPECT_FALSE(read_calendar(-3, days.asReader(), body));
  EXPECT_EQ(body.first_day, -3);
  EXPECT_EQ(body.open_minute[last], 7U);
  EXPECT_EQ(body.length_minutes[last], 8);
}

TEST(RpcConvertTest, AMaskOfZeroDoesNotFilter) {
  capnp::MallocMessageBuilder message;
  auto filter = message.initRoot<protocol::JobFilter>();
  filter.setStages(2);
  const JobFilter read = read_filter(filter);
  EXPECT_EQ(read.stages, 2U);
  EXPECT_EQ(read.states, ~0U);
  EXPECT_EQ(read.districts, ~0U);
}

TEST(RpcConvertTest, AnAllZeroKeyIsMissing) {
  capnp::MallocMessageBuilder message;
  auto key = message.initRoot<protocol::Key>();
  IdempotencyKey out;
  EXPECT_EQ(read_key(key, out).refusal, Refusal::kKeyMissing);
  key.setHigh(1);
  EXPECT_FALSE(read_key(key, out));
  EXPECT_EQ(out.high, 1U);
}

}  // namespace
}  // namespace permitd::daemon
