#include "tests/support/any_calls.h"

#include <capnp/message.h>

#include "scheduler/outcome.h"
#include "tests/support/any_arguments.h"

namespace permitd::tests {

using capnp::DynamicCapability;
using capnp::DynamicStruct;

namespace {

/// They end the daemon's service or wind its clock where no timer is any more.
bool is_tried_apart(kj::StringPtr interface, kj::StringPtr method) {
  return interface == "OperatorSession" && (method == "drain" || method == "advance");
}

class Quiet final : public protocol::Subscriber::Server {
  kj::Promise<void> events(EventsContext) override { return kj::READY_NOW; }
  kj::Promise<void> ended(EndedContext) override { return kj::READY_NOW; }
};

bool is_about_a_field(protocol::Refusal::Reader refusal) {
  using enum scheduler::Refusal;
  const auto code = static_cast<scheduler::Refusal>(refusal.getCode());
  return code == kOutOfRange || code == kMissing || code == kNotCompatible ||
         code == kAlreadyApplied || code == kConditionNotMet || code == kRequirementMissing;
}

void judge_field(capnp::StructSchema::Field field, DynamicStruct::Reader answer,
                 AnyCalls::Answer& found);

void judge_struct(DynamicStruct::Reader answer, AnyCalls::Answer& found) {
  for (auto field : answer.getSchema().getNonUnionFields()) judge_field(field, answer, found);
  KJ_IF_MAYBE (field, answer.which()) {
    judge_field(*field, answer, found);
  }
}

void judge_field(capnp::StructSchema::Field field, DynamicStruct::Reader answer,
                 AnyCalls::Answer& found) {
  const capnp::Type type = field.getType();
  if (!type.isStruct()) return;
  const auto value = answer.get(field).as<DynamicStruct>();
  if (type != capnp::Type(capnp::Schema::from<protocol::Refusal>()))
    return judge_struct(value, found);
  if (field.getProto().getName() != "refused") return;
  found.is_refused = true;
  const auto refusal = value.as<protocol::Refusal>();
  found.is_unsupported |= refusal.getCode() == scheduler::raw(scheduler::Refusal::kUnsupported);
  const bool says_why = static_cast<int>(refusal.getCode()) != 0 &&
                        refusal.getCodeName().size() > 0 && refusal.getSentence().size() > 0 &&
                        refusal.getCodeName() != "unknown";
  if (!says_why) found.complaint = "it is refused and not said why";
  if (is_about_a_field(refusal) && refusal.getFieldName().size() == 0)
    found.complaint = "a value is refused and not said which";
  const bool is_policy = refusal.getField() == scheduler::raw(scheduler::Field::kPolicy);
  const bool is_range = refusal.getCode() == scheduler::raw(scheduler::Refusal::kOutOfRange);
  if ((is_policy && is_range) != (is_policy && refusal.getMemberName().size() > 0))
    found.complaint = "a policy is refused and not said for which member";
}

}  // namespace

AnyCalls::AnyCalls(RpcClient& client) : client_(client), reader_(client.supervisor()) {
  const auto add_session = [this](DynamicCapability::Client session) {
    add(session, session.getSchema());
  };
  add_session(client.office(101));
  add_session(client.office(202));
  add_session(client.expert(1));
  add_session(client.expert(2));
  add_session(client.supervisor());
  add_session(client.operator_session());
  add_session(client.auditor());
  auto opened = client.office(101).streamRequest().send().wait(client.wait_scope());
  add_session(opened.getStream());
  add_session(client.gateway());
}

void AnyCalls::add(DynamicCapability::Client session, capnp::InterfaceSchema schema) {
  for (auto method : schema.getMethods()) {
    const kj::StringPtr interface = schema.getShortDisplayName();
    if (is_tried_apart(interface, method.getProto().getName())) continue;
    tried_.push_back(
        {kj::str(interface, '.', method.getProto().getName()).cStr(), session, method});
  }
  for (auto super : schema.getSuperclasses()) add(session, super);
}

std::string AnyCalls::cases() {
  auto answer = reader_.statsRequest().send().wait(client_.wait_scope());
  const auto stats = answer.getStats();
  std::string text = std::to_string(stats.getCasesSubmitted());
  for (const std::uint64_t count : stats.getCases()) text += " " + std::to_string(count);
  return text;
}

template <class Call>
AnyCalls::Answer AnyCalls::answer_to(const Tried& tried, bool is_well_formed, const Call& call) {
  Answer answer;
  kj::Maybe<kj::Exception> thrown = kj::runCatchingExceptions([&] {
    const std::string before = cases();
    answer = call();
    if (answer.is_refused && answer.complaint.empty() && cases() != before)
      answer.complaint = "it is refused and has changed something";
  });
  KJ_IF_MAYBE (exception, thrown) {
    // Busy is no value where a method has none, and what is no message of the schema fails its
    // call; everything else would be a fault of the server.
    const auto type = exception->getType();
    const bool is_meant = type == kj::Exception::Type::OVERLOADED ||
                          (!is_well_formed && type == kj::Exception::Type::FAILED);
    if (!is_meant) answer.complaint = exception->getDescription().cStr();
  }
  if (!answer.complaint.empty()) answer.complaint = tried.name + ": " + answer.complaint;
  return answer;
}

AnyCalls::Answer AnyCalls::call(std::size_t method, Chance& chance) {
  Tried& tried = tried_.at(method);
  auto request = tried.session.newRequest(tried.method);
  fill_with_anything(request, chance);
  for (auto field : tried.method.getParamType().getFields()) {
    if (field.getType().isInterface() && chance.chance(900))
      request.set(field, protocol::Subscriber::Client(kj::heap<Quiet>()));
  }
  return answer_to(tried, true, [&] {
    Answer answer = judge(request.send().wait(client_.wait_scope()));
    if (answer.is_unsupported) answer.complaint = "the server lacks a part, behind which all lies";
    return answer;
  });
}

AnyCalls::Answer AnyCalls::call(std::size_t method, kj::ArrayPtr<const capnp::word> words) {
  Tried& tried = tried_.at(method);
  const kj::ArrayPtr<const capnp::word> segments[] = {words};
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 1 << 14;
  options.nestingLimit = 32;
  capnp::SegmentArrayMessageReader message(kj::arrayPtr(segments, 1), options);
  auto request = tried.session.typelessRequest(
      tried.method.getContainingInterface().getProto().getId(), tried.method.getOrdinal(), nullptr);
  kj::Maybe<kj::Exception> malformed =
      kj::runCatchingExceptions([&] { request.set(message.getRoot<capnp::AnyPointer>()); });
  if (malformed != nullptr) return {};
  // What cannot be read is sent all the same: it costs nothing.
  bool is_long = false;
  (void)kj::runCatchingExceptions([&] {
    capnp::SegmentArrayMessageReader again(kj::arrayPtr(segments, 1), options);
    is_long = asks_for_long(again.getRoot<DynamicStruct>(tried.method.getParamType()));
  });
  if (is_long) return {};
  return answer_to(tried, false, [&] {
    auto response = request.send().wait(client_.wait_scope());
    return judge(response.getAs<DynamicStruct>(tried.method.getResultType()));
  });
}

AnyCalls::Answer AnyCalls::judge(DynamicStruct::Reader answer) {
  Answer found;
  judge_struct(answer, found);
  return found;
}

}  // namespace permitd::tests
