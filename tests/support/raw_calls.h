// Messages of Cap'n Proto's RPC as a peer writes them that holds a socket and no library: sound
// calls, calls on capabilities by number, lists that claim what is not there.
#pragma once

#include <capnp/message.h>
#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "protocol/permit.capnp.h"
#include "tests/support/frames.h"

namespace permitd::tests {

inline Bytes bytes_of(capnp::MessageBuilder& builder) {
  const auto words = capnp::messageToFlatArray(builder);
  const auto bytes = std::as_bytes(std::span(words.begin(), words.size()));
  return Bytes(bytes.begin(), bytes.end());
}

inline Bytes bootstrap_message() {
  capnp::MallocMessageBuilder builder;
  builder.initRoot<capnp::rpc::Message>().initBootstrap().setQuestionId(0);
  return bytes_of(builder);
}

// A call of Gateway.hello on what bootstrap_message() asked for.
inline Bytes hello_message(std::uint32_t question) {
  capnp::MallocMessageBuilder builder;
  auto call = builder.initRoot<capnp::rpc::Message>().initCall();
  call.setQuestionId(question);
  call.initTarget().initPromisedAnswer().setQuestionId(0);
  call.setInterfaceId(capnp::typeId<protocol::Gateway>());
  call.setMethodId(0);
  call.initParams().initContent().initAs<protocol::Gateway::HelloParams>().setClient("raw");
  return bytes_of(builder);
}

// A call of a session's first method on a capability by its number, be it one that the server gave
// to this peer or not.
inline Bytes forged_message(std::uint32_t question, std::uint32_t export_id,
                            std::uint64_t interface) {
  capnp::MallocMessageBuilder builder;
  auto call = builder.initRoot<capnp::rpc::Message>().initCall();
  call.setQuestionId(question);
  call.initTarget().setImportedCap(export_id);
  call.setInterfaceId(interface);
  call.setMethodId(0);
  call.initParams().initContent().initAs<protocol::OfficeSession::SubmitParams>();
  return bytes_of(builder);
}

// A call of Gateway.session on what bootstrap_message() asked for, as whom `fill` says.
template <class Fill>
Bytes session_message(std::uint32_t question, Fill fill) {
  capnp::MallocMessageBuilder builder;
  auto call = builder.initRoot<capnp::rpc::Message>().initCall();
  call.setQuestionId(question);
  call.initTarget().initPromisedAnswer().setQuestionId(0);
  call.setInterfaceId(capnp::typeId<protocol::Gateway>());
  call.setMethodId(1);
  auto params = call.initParams().initContent().initAs<protocol::Gateway::SessionParams>();
  fill(params.initIdentity());
  return bytes_of(builder);
}

// A call of OfficeSession.submit on the session that `session` asked for, with `list_pointer` in
// the place of its list, and `tag` where that points to.
inline Bytes submit_message(std::uint32_t question, std::uint32_t session,
                            std::uint64_t list_pointer, std::uint64_t tag) {
  capnp::MallocMessageBuilder builder;
  auto call = builder.initRoot<capnp::rpc::Message>().initCall();
  call.setQuestionId(question);
  auto target = call.initTarget().initPromisedAnswer();
  target.setQuestionId(session);
  target.initTransform(1)[0].setGetPointerField(0);
  call.setInterfaceId(capnp::typeId<protocol::OfficeSession>());
  call.setMethodId(0);
  call.initParams().initContent().initAs<protocol::OfficeSession::SubmitParams>();
  // The parameters came last and are one null pointer: the last word of the one segment.
  Bytes bytes = bytes_of(builder);
  std::memcpy(bytes.data() + bytes.size() - sizeof list_pointer, &list_pointer,
              sizeof list_pointer);
  bytes.resize(bytes.size() + sizeof tag);
  std::memcpy(bytes.data() + bytes.size() - sizeof tag, &tag, sizeof tag);
  std::uint32_t words = 0;
  std::memcpy(&words, bytes.data() + sizeof words, sizeof words);
  words += 1;
  std::memcpy(bytes.data() + sizeof words, &words, sizeof words);
  return bytes;
}

// Asks for a list within a list within a list, deeper than any message of ours.
inline Bytes nested_message(std::uint32_t depth) {
  Bytes bytes = frame_table(0, {depth + 1});
  for (std::uint32_t level = 0; level <= depth; ++level) {
    const bool is_last = level == depth;
    append_u32(bytes, is_last ? 0 : 0x00000000);  // a struct right behind this pointer
    append_u32(bytes, is_last ? 0 : 0x00010000);  // of no data and one pointer
  }
  return bytes;
}

}  // namespace permitd::tests
