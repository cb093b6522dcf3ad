// What stands in the head of a message of rpc.capnp: which one it is, and what question it asks.
// Some loads instead of a reader, as every message comes by here. Pure; any thread.
#pragma once

#include <capnp/common.h>
#include <kj/array.h>

#include <cstdint>
#include <optional>

namespace permitd::protocol {

/// The first segment of a whole, checked frame; empty where its table names more than is there.
kj::ArrayPtr<const capnp::word> first_segment(kj::ArrayPtr<const capnp::word> frame);

/// Which of rpc.capnp's Message a message is. Anything unusual (a far pointer) is UNIMPLEMENTED,
/// which is 0.
std::uint16_t message_kind(kj::ArrayPtr<const capnp::word> first_segment);

/// The number of the question that `frame`, whole and checked, asks: a call or a bootstrap, however
/// it lies. Empty for others, and for what is no message.
std::optional<std::uint32_t> question_asked_by(kj::ArrayPtr<const capnp::word> frame);

}  // namespace permitd::protocol
