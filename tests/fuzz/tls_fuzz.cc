// Goal: no bytes of a peer or of who sits between two peers crash the TLS channel, open it for a
// stranger, or make it give out what its peer has not written. Method: the first byte says whether
// the input is all that a stranger sends, or changes one flight of two ends that trust each other;
// the second how much is offered at a time. Control: an input that changes nothing, which must
// bring everything to the other end.
#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/pki.h"
#include "protocol/tls_channel.h"
#include "tests/fuzz/patches.h"
#include "tests/support/certificates.h"

namespace {

using permitd::protocol::TlsChannel;

constexpr std::size_t kOutputMax = 64 * 1024;
constexpr std::string_view kQuestion = "may office-17 file a case?";
constexpr std::string_view kAnswer = "it may";
/// Of those of a conversation the ones that have bytes: three of the handshake, a text from each
/// end, the client's goodbye.
constexpr int kFlights[] = {0, 1, 2, 4, 5, 6};
constexpr int kGoodbye = 6;
constexpr int kWays = std::size(kFlights);

void require(bool holds) {
  if (!holds) std::abort();
}

struct End {
  explicit End(permitd::tests::Credentials credentials, const std::string& host)
      : channel(std::move(credentials), host) {}

  void offer(std::span<const std::byte> bytes, std::size_t piece) {
    do {
      const auto part = bytes.first(std::min(piece, bytes.size()));
      channel.offer(part);
      std::byte plain[1000];
      while (const std::size_t size = channel.read(plain))
        heard.append(reinterpret_cast<const char*>(plain), size);
      require(channel.output_size() <= kOutputMax);
      bytes = bytes.subspan(part.size());
    } while (!bytes.empty());
  }

  TlsChannel channel;
  std::string heard;
};

void hear_stranger(End& end, std::span<const std::uint8_t> input, std::size_t piece) {
  end.offer({}, piece);
  end.offer(std::as_bytes(input), piece);
  require(!end.channel.is_open() && end.heard.empty() && end.channel.peer_name().empty() &&
          end.channel.peer_expires_at() == 0);
}

// Two ends and what is between them, which changes one of their flights.
class Line {
 public:
  Line(End& client, End& server, std::span<const std::uint8_t> patches, int patched,
       std::size_t piece)
      : client_(client), server_(server), patches_(patches), patched_(patched), piece_(piece) {}

  /// Whether a byte of it was changed on the way.
  bool speak() {
    client_.offer({}, piece_);
    carry_both();
    carry_both();
    if (client_.channel.is_open()) client_.channel.write(bytes_of(kQuestion));
    if (server_.channel.is_open()) server_.channel.write(bytes_of(kAnswer));
    carry_both();
    if (client_.channel.is_open()) client_.channel.close();
    carry_both();
    return is_changed_;
  }

 private:
  static std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
  }

  void carry(End& from, End& to) {
    std::vector<std::byte> records;
    from.channel.take_output(records);
    if (flight_++ == patched_) {
      const std::vector<std::byte> sound = records;
      permitd::tests::apply_patches(patches_, records);
      is_changed_ = records != sound;
    }
    if (!records.empty()) to.offer(records, piece_);
  }
  void carry_both() {
    carry(client_, server_);
    carry(server_, client_);
  }

  End& client_;
  End& server_;
  std::span<const std::uint8_t> patches_;
  int patched_;
  std::size_t piece_;
  int flight_ = 0;
  bool is_changed_ = false;
};

void hear_each_other(End& client, End& server, std::span<const std::uint8_t> patches, int patched,
                     std::size_t piece) {
  const bool is_changed = Line(client, server, patches, patched, piece).speak();
  require(kQuestion.starts_with(server.heard) && kAnswer.starts_with(client.heard));
  require(server.heard.empty() || server.channel.peer_name() == "office-17");
  require(client.heard.empty() || client.channel.peer_name() == "server");
  if (!is_changed || patched == kGoodbye) {
    require(server.heard == kQuestion && client.heard == kAnswer);
  }
  if (!is_changed) require(server.channel.has_ended());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto validity = permitd::cli::validity_of_days(365);  // a search may take days
  static permitd::tests::TestAuthority authority(validity);
  static const auto of_server = permitd::tests::TestAuthority::load(
      permitd::protocol::TlsSide::kServer, authority.issue("server", validity, {"localhost"}));
  static const auto of_client = authority.client("office-17", validity);
  require(of_server != nullptr && of_client != nullptr);
  if (size < 2) return 0;
  const int way = data[0] % (kWays + 2);
  const std::size_t piece = data[1] == 0 ? SIZE_MAX : data[1];
  const std::span input = std::span(data, size).subspan(2);
  End client(of_client, "localhost");
  End server(of_server, "");
  if (way == kWays)
    hear_stranger(server, input, piece);
  else if (way > kWays)
    hear_stranger(client, input, piece);
  else
    hear_each_other(client, server, input, kFlights[way], piece);
  return 0;
}
