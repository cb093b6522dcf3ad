#include "daemon/rpc_handover.h"

#include <algorithm>

namespace permitd::daemon {

kj::Promise<void> Handover::wait_for(std::shared_ptr<const Ticket> ticket) {
  auto paf = kj::newPromiseAndFulfiller<void>();
  waiting_.push_back({std::move(ticket), kj::mv(paf.fulfiller)});
  return kj::mv(paf.promise);
}

bool Handover::deliver() {
  return std::erase_if(waiting_, [](Waiting& waiting) {
           if (waiting.ticket->is_finished()) waiting.fulfiller->fulfill();
           // A caller that has gone is not waited for; its work ends by itself.
           return waiting.ticket->is_finished() || !waiting.fulfiller->isWaiting();
         }) != 0;
}

bool Handover::has_work() const {
  return std::ranges::any_of(waiting_,
                             [](const Waiting& waiting) { return waiting.ticket->is_finished(); });
}

}  // namespace permitd::daemon
