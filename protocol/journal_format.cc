#include "protocol/journal_format.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <bit>
#include <cstring>

#include "scheduler/assert.h"

namespace permitd::protocol {

static_assert(std::endian::native == std::endian::little,
              "the formats are written as they lie in memory");

struct FrameHasher::State {
  EVP_MD* algorithm = nullptr;
  EVP_MD_CTX* context = nullptr;
};

FrameHasher::FrameHasher() : state_(std::make_unique<State>()) {
  state_->algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  state_->context = EVP_MD_CTX_new();
  PERMIT_ASSERT(state_->algorithm != nullptr && state_->context != nullptr);
}

FrameHasher::~FrameHasher() {
  EVP_MD_CTX_free(state_->context);
  EVP_MD_free(state_->algorithm);
}

Sha256 FrameHasher::hash(const FrameHeader& header, std::span<const std::byte> payload) {
  Sha256 result;
  unsigned size = 0;
  const bool done = EVP_DigestInit_ex(state_->context, state_->algorithm, nullptr) == 1 &&
                    EVP_DigestUpdate(state_->context, &header, offsetof(FrameHeader, hash)) == 1 &&
                    EVP_DigestUpdate(state_->context, payload.data(), payload.size()) == 1 &&
                    EVP_DigestFinal_ex(state_->context, result.data(), &size) == 1;
  PERMIT_ASSERT(done && size == result.size(), size);
  return result;
}

std::uint64_t checksum_of(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

namespace {

std::uint64_t header_checksum(const FrameHeader& header) {
  return XXH3_64bits(&header, offsetof(FrameHeader, checksum));
}

}  // namespace

void seal(FrameHeader& header, std::span<const std::byte> payload, FrameHasher& hasher) {
  PERMIT_ASSERT(header.payload_size == payload.size(), header.payload_size, payload.size());
  PERMIT_ASSERT(payload.size() <= kFramePayloadSizeMax, payload.size());
  header.hash = hasher.hash(header, payload);
  header.checksum = header_checksum(header);
}

bool read_header(std::span<const std::byte> bytes, const FramePlace& place, FrameHeader& header) {
  PERMIT_ASSERT(bytes.size() >= sizeof header, bytes.size());
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kFrameMagic || header.journal_id != place.journal_id ||
      header.segment != place.segment || header.block != place.offset / kBlockSize) {
    return false;
  }
  if (header.checksum != header_checksum(header)) return false;
  return header.payload_size <= kFramePayloadSizeMax && header.op_count <= kFrameOpCountMax &&
         frame_size(header.payload_size) <= place.room;
}

bool is_whole(const FrameHeader& header, std::span<const std::byte> payload, FrameHasher& hasher) {
  return payload.size() == header.payload_size && hasher.hash(header, payload) == header.hash;
}

}  // namespace permitd::protocol
