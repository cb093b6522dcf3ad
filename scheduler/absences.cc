#include "scheduler/absences.h"

#include <algorithm>

#include "scheduler/assert.h"

namespace permitd::scheduler {

const Absence* Absences::at(Tick moment) const {
  for (const Absence& absence : all()) {
    if (absence.covers(moment)) return &absence;
  }
  return nullptr;
}

Tick Absences::next_begin(Tick moment) const {
  for (const Absence& absence : all()) {
    if (absence.from > moment) return absence.from;
  }
  return kNever;
}

Tick Absences::next_change(Tick moment) const {
  for (const Absence& absence : all()) {
    if (absence.from > moment) return absence.from;
    if (absence.until > moment) return absence.until;
  }
  return kNever;
}

SpanState Absences::state(Tick moment) const {
  if (at(moment) != nullptr) return SpanState::kInForce;
  if (next_begin(moment) != kNever) return SpanState::kAhead;
  return count == 0 ? SpanState::kNone : SpanState::kOver;
}

void Absences::forget(Tick now) {
  const auto end = list.begin() + count;
  const auto kept =
      std::find_if(list.begin(), end, [now](const Absence& a) { return a.until > now; });
  const auto last = std::move(kept, end, list.begin());
  std::fill(last, end, Absence{});
  count = static_cast<std::uint8_t>(last - list.begin());
}

bool Absences::add(const Absence& fresh) {
  PERMIT_ASSERT(fresh.from < fresh.until, fresh.from.ms, fresh.until.ms);
  Absence merged = fresh;
  const auto end = list.begin() + count;
  const auto first =
      std::find_if(list.begin(), end, [&](const Absence& a) { return a.until >= fresh.from; });
  const auto last =
      std::find_if(first, end, [&](const Absence& a) { return a.from > fresh.until; });
  if (first == last && count == kAbsencesMax) return false;
  if (first != last) {
    merged.from = std::min(merged.from, first->from);
    merged.until = std::max(merged.until, (last - 1)->until);
    *first = merged;
    const auto rest = std::move(last, end, first + 1);
    std::fill(rest, end, Absence{});
    count = static_cast<std::uint8_t>(rest - list.begin());
  } else {
    std::move_backward(first, end, end + 1);
    *first = merged;
    ++count;
  }
  return true;
}

bool Absences::end(Tick moment) {
  const auto past = list.begin() + count;
  const auto found =
      std::find_if(list.begin(), past, [&](const Absence& a) { return a.covers(moment); });
  if (found == past) return false;
  if (found->from < moment) {
    found->until = moment;
    return true;
  }
  std::move(found + 1, past, found);
  list[--count] = Absence{};
  return true;
}

bool absences_whole(const Absences& absences) {
  if (absences.count > kAbsencesMax) return false;
  for (std::size_t i = 0; i < kAbsencesMax; ++i) {
    const Absence& absence = absences.list[i];
    if (i >= absences.count) {
      if (absence != Absence{}) return false;
      continue;
    }
    const bool follows = i == 0 || absences.list[i - 1].until < absence.from;
    if (absence.from >= absence.until || !follows || raw(absence.reason) >= kReasonCount)
      return false;
  }
  return true;
}

}  // namespace permitd::scheduler
