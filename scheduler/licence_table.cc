#include "scheduler/licence_table.h"

#include "scheduler/state_io.h"

namespace permitd::scheduler {

namespace {

struct Counts {
  std::uint32_t wanted = 0;
  std::uint32_t rounds = 0;
  std::uint32_t applications = 0;
  std::uint32_t venues = 0;
  std::uint32_t queue = 0;
  std::uint32_t reserved = 0;
};

template <class Record>
void write_rows(StateSink& sink, const FixedArray<Record>& table, std::size_t from,
                std::size_t count) {
  if (count != 0) put_state_array(sink, table.span().subspan(from, count));
}

template <class Record>
bool read_rows(StateSource& source, FixedArray<Record>& table, std::size_t from,
               std::size_t count) {
  return count == 0 || get_state_array(source, table.span().subspan(from, count));
}

}  // namespace

void Licences::reserve(const Limits& limits) {
  rounds.reserve(kRoundsMax);
  applications.reserve(limits.applications_max);
  venues.reserve(limits.venues_max + 1);
  order.reserve(limits.applications_max);
}

void Licences::write_state(StateSink& sink) const {
  put_state(sink, Counts{wanted_count, round_count, application_count, venue_last, queue_last, 0});
  put_state_array<RulesRecord>(sink, rules);
  put_state_array<WantedRecord>(sink, wanted);
  write_rows(sink, rounds, 0, round_count);
  write_rows(sink, applications, 0, application_count);
  write_rows(sink, venues, 1, venue_last);
}

bool Licences::read_state(StateSource& source, const Limits& limits) {
  Counts counts;
  if (!get_state(source, counts) || counts.reserved != 0 || counts.wanted > kOfficesWantedMax ||
      counts.rounds > kRoundsMax || counts.applications > limits.applications_max ||
      counts.venues > limits.venues_max) {
    return false;
  }
  wanted_count = counts.wanted;
  round_count = counts.rounds;
  application_count = counts.applications;
  venue_last = counts.venues;
  queue_last = counts.queue;
  return get_state_array<RulesRecord>(source, rules) &&
         get_state_array<WantedRecord>(source, wanted) &&
         read_rows(source, rounds, 0, round_count) &&
         read_rows(source, applications, 0, application_count) &&
         read_rows(source, venues, 1, venue_last);
}

std::size_t rules_in_force(const Licences& licences, Tick at) {
  std::size_t best = kLicenceRulesMax;
  for (std::size_t place = 0; place < kLicenceRulesMax; ++place) {
    const SetLicenceRules& rules = licences.rules[place].rules;
    if (rules.version == 0 || rules.effective_from > at) continue;
    if (best == kLicenceRulesMax || rules.version > licences.rules[best].rules.version)
      best = place;
  }
  return best;
}

std::uint32_t offices_wanted(const Licences& licences, Tick at) {
  std::uint32_t wanted = 0;
  for (std::uint32_t index = 0; index < licences.wanted_count; ++index) {
    if (licences.wanted[index].effective_from <= at) wanted = licences.wanted[index].count;
  }
  return wanted;
}

}  // namespace permitd::scheduler
