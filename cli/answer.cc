#include "cli/answer.h"

namespace permitd::cli {
namespace {

std::string text_of(capnp::Text::Reader text) { return {text.cStr(), text.size()}; }

}  // namespace

Refused to_refused(protocol::Refusal::Reader refusal) {
  Refused out;
  out.code = static_cast<scheduler::Refusal>(refusal.getCode());
  out.field = static_cast<scheduler::Field>(refusal.getField());
  out.filter = static_cast<scheduler::Filter>(refusal.getFilter());
  out.state = refusal.getState();
  out.rule = refusal.getRule();
  out.member = refusal.getMember();
  out.command = static_cast<scheduler::CommandKind>(refusal.getCommand());
  out.code_name = text_of(refusal.getCodeName());
  out.field_name = text_of(refusal.getFieldName());
  out.member_name = text_of(refusal.getMemberName());
  out.sentence = text_of(refusal.getSentence());
  return out;
}

Answer to_answer(protocol::Result::Reader result) {
  if (result.isRefused()) return std::unexpected(to_refused(result.getRefused()));
  auto accepted = result.getAccepted();
  return Accepted{
      .op = Op{accepted.getOp()},
      .case_id = CaseId{accepted.getCaseId()},
      .job = JobId{accepted.getJob()},
      .token = LeaseToken{accepted.getToken()},
      .until = Tick{accepted.getUntil()},
      .expert = ExpertId{accepted.getExpert()},
      .state = accepted.getState(),
      .repeated = accepted.getRepeated(),
  };
}

Failure failure_of(const kj::Exception& exception) {
  switch (exception.getType()) {
    case kj::Exception::Type::DISCONNECTED:
      return Failure::kCannotConnect;
    case kj::Exception::Type::OVERLOADED:
      return Failure::kTimedOut;
    case kj::Exception::Type::UNIMPLEMENTED:
      return Failure::kNotPermitted;
    case kj::Exception::Type::FAILED:
      return Failure::kBug;
  }
  return Failure::kBug;
}

}  // namespace permitd::cli
