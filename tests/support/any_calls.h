// Every method that the schema has, of the gateway and of every session of a small city, called
// with whatever a test likes. Which methods there are is read from the schema. One thread of KJ.
#pragma once

#include <capnp/dynamic.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/support/rpc_city.h"
#include "tests/support/seeded.h"

namespace permitd::tests {

class AnyCalls {
 public:
  struct Answer {
    std::string complaint;  // empty when nothing is wrong with it
    bool is_refused = false;
    bool is_unsupported = false;  // so what the call does has not been tried
  };

  /// Opens the sessions of a city that build_city() has made.
  explicit AnyCalls(RpcClient& client);

  std::size_t method_count() const { return tried_.size(); }
  /// Calls one with arguments made of dice. Complains of a server that lacks what a method needs.
  Answer call(std::size_t method, Chance& chance);
  /// Calls one with the words of a message as its arguments, of one segment, whatever they hold.
  /// What cannot be copied, or would only have the planner busy for long, is not sent, and nothing
  /// is wrong then.
  Answer call(std::size_t method, kj::ArrayPtr<const capnp::word> words);

  /// A refusal says what, where and why: of a value, which.
  static Answer judge(capnp::DynamicStruct::Reader answer);

 private:
  struct Tried {
    std::string name;  // of its own interface
    capnp::DynamicCapability::Client session;
    capnp::InterfaceSchema::Method method;
  };

  void add(capnp::DynamicCapability::Client session, capnp::InterfaceSchema schema);
  /// How many cases there are in which state; a refused call changes none.
  std::string cases();
  template <class Call>
  Answer answer_to(const Tried& tried, bool is_well_formed, const Call& call);

  RpcClient& client_;
  protocol::SupervisorSession::Client reader_;
  std::vector<Tried> tried_;
};

}  // namespace permitd::tests
