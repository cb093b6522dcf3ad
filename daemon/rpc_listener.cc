#include "daemon/rpc_listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace permitd::daemon {

namespace {

constexpr int kBacklog =
    4096;  // a restarted daemon meets all its offices at once; the kernel caps it
constexpr int kInUseRetries = 40;
constexpr long kInUsePauseNs = 50'000'000;
// A peer that vanished without a word is found after about two minutes.
constexpr int kKeepIdleSeconds = 60;
constexpr int kKeepIntervalSeconds = 15;
constexpr int kKeepProbes = 4;

Error system_error(std::string act, std::string remedy = "") {
  return Error{ErrorCode::kSystem, errno, std::move(act), std::move(remedy)};
}

Error address_error(const std::string& address) {
  return Error{ErrorCode::kConfiguration, 0, fmt::format("listen at '{}'", address),
               "Write an address as 127.0.0.1:7711 or [::1]:7711."};
}

struct InternetAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (fault != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return port;
}

std::optional<InternetAddress> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  const auto port = parse_port(std::string_view(text).substr(colon + 1));
  if (!port) return std::nullopt;
  InternetAddress address;
  if (text.front() == '[') {
    if (text[colon - 1] != ']') return std::nullopt;
    auto& inet6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    inet6.sin6_family = AF_INET6;
    inet6.sin6_port = htons(*port);
    address.size = sizeof inet6;
    const std::string host = text.substr(1, colon - 2);
    if (inet_pton(AF_INET6, host.c_str(), &inet6.sin6_addr) != 1) return std::nullopt;
  } else {
    auto& inet = reinterpret_cast<sockaddr_in&>(address.storage);
    inet.sin_family = AF_INET;
    inet.sin_port = htons(*port);
    address.size = sizeof inet;
    if (inet_pton(AF_INET, text.substr(0, colon).c_str(), &inet.sin_addr) != 1) return std::nullopt;
  }
  return address;
}

void set_option(int file, int level, int option, int value) {
  // A socket without one of these still works; nothing to do about a failure.
  (void)setsockopt(file, level, option, &value, sizeof value);
}

// Accepted sockets inherit these, which saves the calls per connection.
void set_tcp_options(int file) {
  set_option(file, IPPROTO_TCP, TCP_NODELAY, 1);  // a turn's replies leave together as it is
  set_option(file, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(file, IPPROTO_TCP, TCP_KEEPIDLE, kKeepIdleSeconds);
  set_option(file, IPPROTO_TCP, TCP_KEEPINTVL, kKeepIntervalSeconds);
  set_option(file, IPPROTO_TCP, TCP_KEEPCNT, kKeepProbes);
}

// After a kill the old process's sockets can outlive it for a moment, until its ring is torn down.
bool bind_with_patience(int file, const InternetAddress& address) {
  for (int attempt = 0;; ++attempt) {
    const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
    if (bind(file, generic, address.size) == 0 && listen(file, kBacklog) == 0) return true;
    if (errno != EADDRINUSE || attempt == kInUseRetries) return false;
    const timespec pause{0, kInUsePauseNs};
    nanosleep(&pause, nullptr);
  }
}

std::optional<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// True when somebody listens there.
bool answers(const sockaddr_un& address) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return true;  // cannot tell: better not to take it away
  const int result = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  // EAGAIN: its backlog is full, so somebody is there.
  const bool refused = result != 0 && (errno == ECONNREFUSED || errno == ENOENT);
  close(probe);
  return !refused;
}

Expected<void> clear_path(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return std::unexpected(system_error(fmt::format("look at '{}'", path)));
  }
  const std::string act = fmt::format("listen at '{}'", path);
  if (!S_ISSOCK(status.st_mode)) {
    return std::unexpected(Error{ErrorCode::kConfiguration, EEXIST, act,
                                 "The path is taken by something that is not a socket."});
  }
  if (answers(address)) {
    return std::unexpected(
        Error{ErrorCode::kConfiguration, EADDRINUSE, act,
              "Another process listens there; stop it, or choose another path."});
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(system_error(fmt::format("remove the stale socket '{}'", path)));
  }
  return {};
}

bool is_loopback_address(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(storage).sin_addr.s_addr) >> 24) == 127;
  }
  if (storage.ss_family != AF_INET6) return false;
  const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) return address.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&address);
}

std::string internet_text(const sockaddr_storage& storage) {
  char host[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto& inet = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &inet.sin_addr, host, sizeof host);
    return fmt::format("{}:{}", host, ntohs(inet.sin_port));
  }
  const auto& inet6 = reinterpret_cast<const sockaddr_in6&>(storage);
  inet_ntop(AF_INET6, &inet6.sin6_addr, host, sizeof host);
  return fmt::format("[{}]:{}", host, ntohs(inet6.sin6_port));
}

}  // namespace

Expected<ListeningSocket> open_tcp_listener(const std::string& address) {
  const auto parsed = parse_address(address);
  if (!parsed) return std::unexpected(address_error(address));
  const int file = socket(parsed->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0)
    return std::unexpected(system_error(fmt::format("open a socket for '{}'", address)));
  set_option(file, SOL_SOCKET, SO_REUSEADDR, 1);
  if (parsed->storage.ss_family == AF_INET6) set_option(file, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  set_tcp_options(file);
  if (bind_with_patience(file, *parsed)) return ListeningSocket{.file = file};
  Error error = system_error(fmt::format("listen at '{}'", address),
                             "Is the address this machine's, and free?");
  close(file);
  return std::unexpected(std::move(error));
}

Expected<ListeningSocket> open_unix_listener(const std::string& path, std::uint32_t mode) {
  const auto address = unix_address(path);
  if (!address) {
    return std::unexpected(Error{ErrorCode::kConfiguration, ENAMETOOLONG,
                                 fmt::format("listen at '{}'", path),
                                 "The path of a unix socket has 1 to 107 bytes."});
  }
  if (auto cleared = clear_path(path, *address); !cleared) return std::unexpected(cleared.error());
  ListeningSocket listening{.file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                            .path = path};
  if (listening.file < 0)
    return std::unexpected(system_error(fmt::format("open a socket for '{}'", path)));
  struct stat status {};
  // The mode is set before the path appears, so that there is no moment at which it is open to
  // more.
  const bool done =
      fchmod(listening.file, mode) == 0 &&
      bind(listening.file, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 &&
      chmod(path.c_str(), mode) == 0 && listen(listening.file, kBacklog) == 0 &&
      lstat(path.c_str(), &status) == 0;
  if (!done) {
    Error error =
        system_error(fmt::format("listen at '{}'", path), "May this user write to the directory?");
    close(listening.file);
    return std::unexpected(std::move(error));
  }
  listening.device = status.st_dev;
  listening.inode = status.st_ino;
  return listening;
}

Expected<ListeningSocket> adopt_listener(int file) {
  int is_listening = 0;
  socklen_t size = sizeof is_listening;
  const std::string act = fmt::format("take over the listening socket {}", file);
  if (getsockopt(file, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0) {
    return std::unexpected(system_error(act, "The service manager must pass a stream socket."));
  }
  if (is_listening == 0) {
    return std::unexpected(Error{ErrorCode::kConfiguration, 0, act, "The socket does not listen."});
  }
  if (fcntl(file, F_SETFD, FD_CLOEXEC) != 0 ||
      fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK) != 0) {
    return std::unexpected(system_error(act));
  }
  sockaddr_storage storage{};
  size = sizeof storage;
  if (getsockname(file, reinterpret_cast<sockaddr*>(&storage), &size) == 0 &&
      storage.ss_family != AF_UNIX) {
    set_tcp_options(file);
  }
  return ListeningSocket{.file = file};
}

Expected<std::string> check_passed_listener(int file, bool trusts_loopback) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  int type = 0;
  socklen_t type_size = sizeof type;
  if (getsockname(file, reinterpret_cast<sockaddr*>(&storage), &size) != 0 ||
      getsockopt(file, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0) {
    return std::unexpected(system_error(fmt::format("look at the passed socket {}", file),
                                        "The service manager must pass a stream socket."));
  }
  const auto refused = [&](std::string_view what, std::string remedy) {
    return std::unexpected(Error{ErrorCode::kConfiguration, 0,
                                 fmt::format("take the passed socket {}: {}", file, what),
                                 std::move(remedy)});
  };
  if (type != SOCK_STREAM)
    return refused("it is not a stream", "Pass one of ListenStream=, not another kind.");
  if (storage.ss_family == AF_UNIX) {
    const auto& address = reinterpret_cast<const sockaddr_un&>(storage);
    const std::size_t length = size - offsetof(sockaddr_un, sun_path);
    if (length > 1 && address.sun_path[0] == '\0')  // of the abstract kind, without a file
      return fmt::format("@{}", std::string_view(address.sun_path + 1, length - 1));
    return std::string(address.sun_path, strnlen(address.sun_path, length));
  }
  if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6)
    return refused("it is neither a unix nor an IP socket", "Pass a unix socket.");
  const std::string address = internet_text(storage);
  if (!is_loopback_address(storage)) {
    return refused(fmt::format("{} is not an address of this machine alone", address),
                   "Plain TCP proves nobody's identity: pass a unix socket, and set listen.tls for "
                   "other machines.");
  }
  if (!trusts_loopback) {
    return refused(fmt::format("{} is plain TCP, where nobody can say who they are", address),
                   "Pass a unix socket, or set listen.trust_loopback if everybody on this machine "
                   "may be anybody.");
  }
  return address;
}

void close_listener(ListeningSocket& socket) {
  if (socket.file >= 0) close(socket.file);
  socket.file = -1;
  struct stat status {};
  if (socket.path.empty() || lstat(socket.path.c_str(), &status) != 0) return;
  if (status.st_dev == socket.device && status.st_ino == socket.inode) unlink(socket.path.c_str());
  socket.path.clear();
}

Peer peer_of(int file) {
  Peer peer;
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getpeername(file, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    peer.address = "gone";  // it left before it was looked at; reading will say so
    return peer;
  }
  if (storage.ss_family != AF_UNIX) {
    peer.is_loopback = is_loopback_address(storage);
    peer.address = internet_text(storage);
    return peer;
  }
  ucred credentials{};
  size = sizeof credentials;
  if (getsockopt(file, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    peer.address = "unix socket, unknown user";
    return peer;
  }
  peer.is_unix = true;
  peer.is_loopback = true;
  peer.uid = credentials.uid;
  peer.gid = credentials.gid;
  peer.pid = credentials.pid;
  peer.address = fmt::format("unix socket, uid {} pid {}", peer.uid, peer.pid);
  return peer;
}

bool must_accept_pause(int number) {
  switch (number) {
    case EAGAIN:
    case EINTR:
    case ECANCELED:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:  // a firewall's refusal
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
      return false;
    default:
      return true;
  }
}

}  // namespace permitd::daemon
