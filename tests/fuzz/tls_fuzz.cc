// Goal: no bytes of a peer or of who sits between two peers crash the TLS channel, open it for a
// stranger, or make it give out what its peer has not written. Method: the first byte says whether
// the input is all that a stranger sends, or changes one flight of two ends that trust each other;
// the second how much is offered at a time. Control: an input that changes nothing, which must
// bring everything to the other end.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/tls_channel.h"
#include "tests/fuzz/patches.h"
#include "tests/support/certificates.h"

namespace {

using permitd::protocol::TlsChannel;
using permitd::protocol::TlsFailure;

constexpr std::size_t kOutputMax = 64 * 1024;
constexpr std::string_view kQuestion = "may office-17 file a case?";
constexpr std::string_view kAnswer = "it may";
constexpr int kFlights = 8;

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
      require(channel.failure() == TlsFailure::kNone || !channel.failure_text().empty());
      bytes = bytes.subspan(part.size());
    } while (!bytes.empty());
  }

  TlsChannel channel;
  std::string heard;
};

void hear_stranger(End& end, std::span<const std::uint8_t> input, std::size_t piece) {
  end.offer({}, piece);
  end.offer(std::as_bytes(input), piece);
  require(!end.channel.is_open() && end.heard.empty() && end.channel.peer_name().empty());
}

// Two ends and what is between them, which changes one of their flights.
class Line {
 public:
  Line(End& client, End& server, std::span<const std::uint8_t> patches, int patched,
       std::size_t piece)
      : client_(client), server_(server), patches_(patches), patched_(patched), piece_(piece) {}

  void speak() {
    client_.offer({}, piece_);
    carry_both();
    carry_both();
    if (client_.channel.is_open()) client_.channel.write(bytes_of(kQuestion));
    if (server_.channel.is_open()) server_.channel.write(bytes_of(kAnswer));
    carry_both();
    if (client_.channel.is_open()) client_.channel.close();
    carry_both();
  }

 private:
  static std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
  }

  void carry(End& from, End& to) {
    std::vector<std::byte> records;
    from.channel.take_output(records);
    if (flight_++ == patched_) permitd::tests::apply_patches(patches_, records);
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
};

void hear_each_other(End& client, End& server, std::span<const std::uint8_t> patches, int patched,
                     std::size_t piece) {
  Line(client, server, patches, patched, piece).speak();
  require(kQuestion.starts_with(server.heard) && kAnswer.starts_with(client.heard));
  require(server.heard.empty() || server.channel.peer_name() == "office-17");
  require(client.heard.empty() || client.channel.peer_name() == "server");
  if (patches.empty()) {
    require(server.heard == kQuestion && client.heard == kAnswer && server.channel.has_ended());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static permitd::tests::TestAuthority authority;
  static const auto of_server = authority.server();
  static const auto of_client = authority.client("office-17");
  if (size < 2) return 0;
  const int way = data[0] % (kFlights + 2);
  const std::size_t piece = data[1] == 0 ? SIZE_MAX : data[1];
  const std::span input = std::span(data, size).subspan(2);
  End client(of_client, "localhost");
  End server(of_server, "");
  if (way == kFlights)
    hear_stranger(server, input, piece);
  else if (way > kFlights)
    hear_stranger(client, input, piece);
  else
    hear_each_other(client, server, input, way, piece);
  return 0;
}
