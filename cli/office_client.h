// A service office: files cases and keeps them moving. Threads and lifetimes as in session.h.
//
// submit() gathers: see submit_gatherer.h. All other calls go out at once.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/reader_client.h"
#include "cli/submit_gatherer.h"

namespace permitd::cli {

/// `text` as the fixed-size text of the core, cut between characters when it is too long.
template <std::size_t N>
scheduler::Text<N> fixed_text(std::string_view text) {
  scheduler::Text<N> out;
  std::size_t size = std::min(text.size(), N);
  if (size < text.size()) {
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  }
  text.copy(out.bytes.data(), size);
  out.size = static_cast<std::uint8_t>(size);
  return out;
}
template <std::size_t N>
std::string_view view_of(const scheduler::Text<N>& text) {
  return {text.bytes.data(), text.size};
}

/// What may be corrected before the plan review has begun; every member replaces the one before.
struct Amendment {
  std::uint32_t area_m2 = 0;
  std::uint16_t floors = 0;
  scheduler::PersonId designer{};
  scheduler::PersonId supervising_engineer{};
  std::string note;
  std::string zone;
  std::uint16_t coverage_permille = 0;
  std::uint16_t street_width_dm = 0;
};

/// Outcome of submit_all().
struct StreamTotals {
  std::uint64_t accepted = 0;
  std::uint64_t repeated = 0;  // of `accepted`: known by their key
  std::uint64_t refused = 0;
  Op last_op{};
  std::vector<std::pair<IdempotencyKey, Refused>> refusals;  // the first 100
};

class OfficeClient : public ReaderCalls<protocol::OfficeSession> {
 public:
  OfficeClient(Client& client, OfficeId office, GathererOptions gathering = {});

  /// One case. Never fails for lack of room at the daemon before the deadline; see
  /// SubmitGatherer::submit.
  kj::Promise<Answer> submit(const scheduler::SubmitCase& submission, CallOptions options = {}) {
    return gatherer_.submit(submission, options);
  }
  /// Many cases over one stream with the library's flow control. When the connection is lost the
  /// whole lot is sent again with the same keys, so each case is filed once. `submissions` must
  /// outlive the promise.
  kj::Promise<StreamTotals> submit_all(kj::ArrayPtr<const KeyedSubmission> submissions,
                                       CallOptions options = {});

  kj::Promise<Answer> register_case(CaseId id, CallOptions options = {});
  kj::Promise<Answer> amend(CaseId id, Amendment amendment, CallOptions options = {});
  kj::Promise<Answer> withdraw(CaseId id, scheduler::Reason reason, std::string note,
                               CallOptions options = {});
  kj::Promise<Answer> answer(CaseId id, CallOptions options = {});
  kj::Promise<Answer> record_fees(CaseId id, std::uint64_t amount_rial, CallOptions options = {},
                                  std::string note = {});
  /// `day`: days since 1970-01-01, local date.
  kj::Promise<Answer> schedule(JobId id, std::int32_t day, scheduler::HalfDay half,
                               CallOptions options = {});
  kj::Promise<Answer> close(CaseId id, CallOptions options = {});

  SubmitGatherer& gatherer() { return gatherer_; }

 private:
  kj::Promise<StreamTotals> stream_all(kj::ArrayPtr<const KeyedSubmission> submissions);

  SubmitGatherer gatherer_;
};

}  // namespace permitd::cli
