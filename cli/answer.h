// What the daemon answers to a mutating call, as plain values that outlive the message they came
// in.
//
// Three kinds of ending are kept apart: an accepted answer and a refusal are values of Answer; a
// call that could not be answered at all ends as a kj::Exception, sorted by failure_of().
#pragma once

#include <kj/exception.h>

#include <cstdint>
#include <expected>
#include <string>

#include "protocol/permit.capnp.h"
#include "scheduler/command.h"
#include "scheduler/outcome.h"
#include "scheduler/types.h"

namespace permitd::cli {

using scheduler::CaseId;
using scheduler::ExpertId;
using scheduler::IdempotencyKey;
using scheduler::JobId;
using scheduler::LeaseToken;
using scheduler::OfficeId;
using scheduler::Op;
using scheduler::Tick;

/// The daemon did it. Members that a method does not use are zero.
struct Accepted {
  Op op{};
  CaseId case_id{};
  JobId job{};
  LeaseToken token{};
  Tick until;  // submit: deadline; lease calls: end of the lease; schedule: begin of the half-day
  ExpertId expert{};
  std::uint8_t state = 0;  // state of what the call was about, after it
  bool repeated = false;   // the key was known: answered from memory, nothing was done again
};

/// The daemon would not do it; nothing has changed.
struct Refused {
  scheduler::Refusal code{};
  scheduler::Field field{};
  scheduler::Filter filter{};
  std::uint8_t state = 0;            // present state where the code is kWrongState, Stage where it
                                     // is kNotDelegable
  std::uint16_t rule = 0;            // of a version of the zoning plan or of another list, from 1;
                                     // 0: not about one
  std::uint8_t member = 0;           // of what makes up the field, from 1; 0: not about one
  scheduler::CommandKind command{};  // refused; kNone for reads
  std::string code_name;             // stable identifier: "staleLease"
  std::string field_name;            // "token"; empty when none
  std::string member_name;           // "leaseMinutes"; empty when none
  std::string sentence;              // what is wrong, which rule, what to do, in English
};

using Answer = std::expected<Accepted, Refused>;

struct Lease {
  JobId job{};
  CaseId case_id{};
  LeaseToken token{};
  Tick until;
};

Refused to_refused(protocol::Refusal::Reader refusal);
Answer to_answer(protocol::Result::Reader result);

/// How a call ended that has no answer. A retried call may or may not have been carried out; the
/// same key finds out.
enum class Failure : std::uint8_t {
  kCannotConnect,  // kj DISCONNECTED: nobody listens, or the connection was lost and did not come
                   // back in time
  kTimedOut,       // kj OVERLOADED: no answer by the deadline
  kNotPermitted,   // kj UNIMPLEMENTED: the session was refused, or this role or server has no such
                   // method
  kBug,            // kj FAILED
};
Failure failure_of(const kj::Exception& exception);

}  // namespace permitd::cli
