// Listening sockets for the RPC loops, and what the kernel says about who connected. Start-up code:
// may block for as long as its comments say. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/error.h"
#include "daemon/rpc_loop.h"

namespace permitd::daemon {

/// A listening socket, non-blocking and closed on exec. Whoever gets it closes it.
struct ListeningSocket {
  int file = -1;
  std::string path;  // of a unix socket that this process has made; else empty
  std::uint64_t device =
      0;  // identity of the path's file, so that nobody else's is removed at the end
  std::uint64_t inode = 0;
};

/// "127.0.0.1:7711" or "[::1]:7711". Retries for up to two seconds while the address is in use.
Expected<ListeningSocket> open_tcp_listener(const std::string& address);
/// Replaces a path nobody answers at; kConfiguration when somebody does or when it is not a socket.
Expected<ListeningSocket> open_unix_listener(const std::string& path, std::uint32_t mode);
/// Takes over a listening socket made elsewhere.
Expected<ListeningSocket> adopt_listener(int file);
/// Whether a socket that the service manager has passed may be listened at without TLS; its address
/// for the log. A unix socket may; TCP only at an address of this machine, where loopback is
/// trusted. Errors: kConfiguration, naming descriptor and address.
Expected<std::string> check_passed_listener(int file, bool trusts_loopback);
/// Closes; removes the path if it is still the one that was made.
void close_listener(ListeningSocket& socket);

/// Who is at the other end of a connected socket.
Peer peer_of(int file);

/// True for a failure of accept() that would come again at once (out of descriptors or memory),
/// false when it concerns only the one connection that came to nothing.
bool must_accept_pause(int number);
inline constexpr std::int64_t kAcceptPauseMs = 100;

}  // namespace permitd::daemon
