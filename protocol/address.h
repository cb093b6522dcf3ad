// Where the daemon listens unless it is told otherwise; daemon and clients must agree on it.
#pragma once

namespace permitd::protocol {

/// Names the socket for clients that were given no address.
inline constexpr const char* kSocketVariable = "PERMITD_SOCKET";
/// Socket of a daemon run by the service manager (its runtime directory).
inline constexpr const char* kSystemSocketPath = "/run/permitd/permitd.sock";
/// Socket of a daemon run by hand, relative to its working directory.
inline constexpr const char* kLocalSocketPath = "run/permitd.sock";

}  // namespace permitd::protocol
