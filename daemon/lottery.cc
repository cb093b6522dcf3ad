#include "daemon/lottery.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "scheduler/assert.h"

namespace permitd::daemon {

using scheduler::Hash;
using scheduler::LotteryView;
using scheduler::Op;
using scheduler::raw;
using scheduler::Salt;
using scheduler::Tick;

namespace {

// What else may come to be made of the key is another purpose.
constexpr std::string_view kPurpose = "permitd lottery 1";

template <class Bytes>
void draw(Bytes& bytes) {
  const ssize_t got = getrandom(&bytes, sizeof bytes, 0);
  PERMIT_ASSERT(got == static_cast<ssize_t>(sizeof bytes), got);
}

Hash secret_of(const Hash& key, const Salt& salt) {
  std::array<std::uint8_t, kPurpose.size() + sizeof(Salt)> message{};
  std::copy(kPurpose.begin(), kPurpose.end(), message.begin());
  std::copy(salt.begin(), salt.end(), message.begin() + kPurpose.size());
  Hash secret{};
  const unsigned char* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                   message.data(), message.size(), secret.data(), nullptr);
  PERMIT_ASSERT(made != nullptr, message.size());
  return secret;
}

Hash commitment_of(const Hash& secret) {
  Hash hash{};
  SHA256(secret.data(), secret.size(), hash.data());
  return hash;
}

Error key_error(const std::string& file, std::string_view act) {
  return Error{ErrorCode::kSystem, errno, fmt::format("{} {}", act, file),
               "The lottery's key lies in the data directory, which must be writable."};
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::string text_of(const Hash& key) {
  std::string text;
  for (const std::uint8_t byte : key) text += fmt::format("{:02x}", byte);
  return text + "\n";
}

int digit_of(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

bool read_text(std::string_view text, Hash& key) {
  if (text.size() != key.size() * 2 + 1 || text.back() != '\n') return false;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const int high = digit_of(text[i * 2]);
    const int low = digit_of(text[i * 2 + 1]);
    if (high < 0 || low < 0) return false;
    key[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

// Whole and durable under its own name, or not there at all: half a key would be a lost one.
Expected<Hash> make_key(const std::string& file) {
  Hash key{};
  draw(key);
  const std::string made = file + ".new";
  const std::string text = text_of(key);
  const File out(open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (out.fd() < 0) return std::unexpected(key_error(made, "make"));
  if (write(out.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fsync(out.fd()) != 0)
    return std::unexpected(key_error(made, "write"));
  if (rename(made.c_str(), file.c_str()) != 0) return std::unexpected(key_error(file, "name"));
  const std::string directory = file.substr(0, file.find_last_of('/') + 1);
  const File parent(
      open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.fd() < 0 || fsync(parent.fd()) != 0)
    return std::unexpected(key_error(file, "keep the name of"));
  return key;
}

}  // namespace

Expected<Hash> open_lottery_key(const std::string& file) {
  const File in(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (in.fd() < 0 && errno == ENOENT) return make_key(file);
  if (in.fd() < 0) return std::unexpected(key_error(file, "open"));
  struct stat state {};
  if (fstat(in.fd(), &state) != 0) return std::unexpected(key_error(file, "look at"));
  if ((state.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return std::unexpected(Error{
        ErrorCode::kConfiguration, 0,
        fmt::format("use {}: others may read it, and with it foresee who is chosen", file),
        fmt::format("chmod 600 {}; to be safe remove it: the day is then told as lost.", file)});
  std::array<char, 128> text{};
  const ssize_t size = read(in.fd(), text.data(), text.size());
  if (size < 0) return std::unexpected(key_error(file, "read"));
  Hash key{};
  if (read_text({text.data(), static_cast<std::size_t>(size)}, key)) return key;
  return std::unexpected(
      Error{ErrorCode::kConfiguration, 0,
            fmt::format("use {}: it does not hold 64 hexadecimal digits and a line end", file),
            "Restore it, or remove it: a new one is made, and the day told as lost."});
}

bool Lottery::knows(const LotteryView& standing) {
  if (!key_ || standing.turns == 0) return false;
  if (secret_turn_ != standing.turns) {
    secret_ = secret_of(*key_, standing.salt);
    secret_turn_ = standing.turns;
    // Both are hashes, one of them in the journal for everybody: even a comparison that stops at
    // the first difference would tell nothing of the secret. This one does not.
    const Hash commitment = commitment_of(secret_);
    is_secret_standing_ =
        CRYPTO_memcmp(commitment.data(), standing.commitment.data(), commitment.size()) == 0;
  }
  return is_secret_standing_;
}

bool Lottery::is_due(const scheduler::Scheduler& scheduler, Tick now) {
  if (!key_ || scheduler.limits().cases_max == 0) return false;
  return !knows(scheduler.lottery()) || scheduler.working_day(now) != scheduler.lottery().day;
}

scheduler::TurnLottery Lottery::turn(const scheduler::Scheduler& scheduler, Tick now) {
  PERMIT_ASSERT(key_.has_value(), raw(scheduler.op_applied()));
  const LotteryView& standing = scheduler.lottery();
  scheduler::TurnLottery turn;
  turn.day = scheduler.working_day(now);
  if (knows(standing)) {
    turn.opened = secret_;
  } else {
    turn.is_lost = standing.turns == 0 ? 0 : 1;
  }
  draw(turn.salt);
  turn.commitment = commitment_of(secret_of(*key_, turn.salt));
  return turn;
}

std::uint64_t Lottery::seed_of_batch(const LotteryView& standing, Op first_op) {
  std::uint64_t seed = 0;
  if (!knows(standing)) {
    draw(seed);
    return seed;
  }
  std::array<std::uint8_t, sizeof(Hash) + sizeof(std::uint64_t)> message{};
  std::copy(secret_.begin(), secret_.end(), message.begin());
  for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i)
    message[sizeof(Hash) + i] = static_cast<std::uint8_t>(raw(first_op) >> (8 * i));
  Hash hash{};
  SHA256(message.data(), message.size(), hash.data());
  for (std::size_t i = 0; i < sizeof seed; ++i) seed |= std::uint64_t{hash[i]} << (8 * i);
  return seed;
}

}  // namespace permitd::daemon
