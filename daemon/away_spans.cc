#include "daemon/away_spans.h"

#include <algorithm>

#include "scheduler/suspension.h"

namespace permitd::daemon {

using scheduler::kNever;
using scheduler::Tick;

template <class Holder>
void AwaySpans::add_suspension(const Holder& holder) {
  using State = decltype(holder.state);
  if (holder.state == State::kSuspended)
    list_[count_++] = {Tick{}, holder.suspended_until};
  else if (holder.suspended_from != kNever)
    list_[count_++] = {holder.suspended_from, holder.suspended_until};
}

AwaySpans::AwaySpans(const scheduler::ExpertView& expert, const scheduler::OfficeView* office) {
  for (const scheduler::Absence& absence : expert.absences.all())
    list_[count_++] = {absence.from, absence.until};
  add_suspension(expert);
  if (office != nullptr) add_suspension(*office);
  const auto known = std::span(list_).first(count_);
  std::ranges::sort(known, {}, &AwaySpan::from);
  std::size_t kept = 0;
  for (const AwaySpan& span : known) {
    if (kept != 0 && span.from <= list_[kept - 1].until)
      list_[kept - 1].until = std::max(list_[kept - 1].until, span.until);
    else
      list_[kept++] = span;
  }
  count_ = kept;
}

Tick suspended_until(const scheduler::ExpertView& expert, const scheduler::OfficeView* office,
                     Tick at, Tick close) {
  // Twice: the end of the one's suspension may lie in the other's.
  Tick back = at;
  for (int looked = 0; looked < 2; ++looked) {
    if (suspended_at(expert, back)) back = expert.suspended_until;
    if (office != nullptr && suspended_at(*office, back)) back = office->suspended_until;
  }
  return back < close ? back : at;
}

}  // namespace permitd::daemon
