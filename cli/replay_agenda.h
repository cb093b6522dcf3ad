// What is to happen when: the future-event list of the rehearsal. Whole minutes, so that what
// happens in one minute goes out in one batch; entries of one minute keep the order in which they
// were made. One thread.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "scheduler/types.h"

namespace permitd::cli {

enum class AgendaKind : std::uint8_t {
  kDayOpens,  // of the calendar; all experts come
  kHalfDay,   // visits of the afternoon become ready
  kLastCall,  // subject: Trade
  kDayCloses,
  kSample,      // figures of the city are taken
  kExpertAsks,  // subject: index of an expert; so the next three
  kExpertRenews,
  kExpertFinishes,
  kExpertFallsIll,
  kCaseMoves,  // subject: index of a case; what is due follows from its state
  kFeesPaid,
  kJobReleased,  // extra: the job
  kVisitMoved,   // extra: the job
};

struct AgendaItem {
  scheduler::Tick at;
  std::uint64_t order = 0;
  std::uint64_t extra = 0;
  std::uint32_t subject = 0;
  std::uint32_t generation = 0;  // stale when the subject's has moved on
  AgendaKind kind{};
};

class Agenda {
 public:
  /// Rounds `at` up to a whole minute.
  void add(scheduler::Tick at, AgendaItem item) {
    const std::int64_t minute = scheduler::kMsPerMinute;
    item.at = scheduler::Tick{(at.ms + minute - 1) / minute * minute};
    item.order = next_order_++;
    items_.push(item);
  }
  scheduler::Tick next() const { return items_.empty() ? scheduler::kNever : items_.top().at; }
  bool due(scheduler::Tick now) const { return !items_.empty() && items_.top().at <= now; }
  AgendaItem take() {
    const AgendaItem item = items_.top();
    items_.pop();
    return item;
  }

 private:
  struct Later {
    bool operator()(const AgendaItem& left, const AgendaItem& right) const {
      return left.at != right.at ? left.at > right.at : left.order > right.order;
    }
  };
  std::priority_queue<AgendaItem, std::vector<AgendaItem>, Later> items_;
  std::uint64_t next_order_ = 0;
};

}  // namespace permitd::cli
