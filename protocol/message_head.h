// What stands in the head of a message of rpc.capnp: which one it is, and what it is about. Some
// loads instead of a reader, as every message comes by here. Pure; any thread.
#pragma once

#include <capnp/common.h>
#include <kj/array.h>

#include <cstdint>
#include <optional>

namespace permitd::protocol {

struct MessageHead {
  std::uint16_t kind = 0;      // of rpc.capnp's Message; UNIMPLEMENTED, 0, for what is none
  std::uint32_t question = 0;  // that a call or bootstrap asks, or a finish ends
  // Of a call:
  std::uint64_t interface_id = 0;
  bool is_answered_to_caller = true;
  std::optional<std::uint32_t> on_answer_to;  // the question whose result is called

  bool asks() const;
};

/// The head of `frame`, whole and checked, however it lies.
MessageHead read_head(kj::ArrayPtr<const capnp::word> frame);

/// Which of rpc.capnp's Message one is that was built here. Anything unusual (a far pointer) is
/// UNIMPLEMENTED.
std::uint16_t message_kind(kj::ArrayPtr<const capnp::word> first_segment);

/// The question that a message built here answers, when it is a Return of results without any
/// capability. Not of an exception: calls on such an answer are given it, too. Anything unusual (a
/// far pointer) is none.
std::optional<std::uint32_t> answered_without_capability(
    kj::ArrayPtr<const capnp::word> first_segment);

}  // namespace permitd::protocol
