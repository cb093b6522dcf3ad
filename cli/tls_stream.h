// A byte stream under TLS, for clients: what is written leaves as records of the stream below, and
// what comes from there is read as plaintext. One event loop's thread.
#pragma once

#include <kj/async-io.h>

#include <memory>
#include <string>

#include "protocol/tls_channel.h"

namespace permitd::cli {

/// Resolves when the handshake is over and the server's certificate has been found to be of the
/// authority and for `host`. DISCONNECTED, with the reason in words, when not.
kj::Promise<kj::Own<kj::AsyncIoStream>> start_tls(
    kj::Own<kj::AsyncIoStream> stream, std::shared_ptr<const protocol::TlsCredentials> credentials,
    const std::string& host);

}  // namespace permitd::cli
