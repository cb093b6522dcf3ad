// The search of one expert over the ready queues and the own plan: the first job that fits, and why
// those before it do not. Reads only.
//
// Mostly the first job of all fits, and no queue is looked into but for others as urgent:
// QueueHeads has the first of each in order.
#pragma once

#include "scheduler/eligibility.h"
#include "scheduler/state.h"

namespace permitd::scheduler {

/// Removed jobs that a search keeps.
inline constexpr std::size_t kRejectedKept = 8;

/// What a search over the ready queues found for one expert.
struct JobSearch {
  std::uint32_t slot = kNoSlot;
  // The first that fit out of the queues, the one above before the others; empty where a plan
  // reserved it.
  std::uint8_t urgent_count = 0;
  std::array<std::uint32_t, kDrawnMax> urgent_slot{};
  bool by_share = false;  // class 2 before class 1, out of the reserved share
  bool cut = false;       // the bound ended the scan of a queue of class 0 or 1
  std::uint16_t considered = 0;
  std::array<std::uint16_t, kFilterCount> removed{};
  // The first removed in the expert's order; none that comes after the job found.
  std::array<std::uint32_t, kRejectedKept> rejected_slot{};
  std::array<Filter, kRejectedKept> rejected_filter{};
  std::uint8_t rejected_count = 0;
};

/// The job is due in more than so many working minutes, and may give way to another one; what a
/// plan reserved does not.
bool can_wait(const Core& core, const JobRecord& job, std::uint16_t minutes);

/// Searches one class: what the expert's plan has for today, the first by deadline, what the plan
/// has for later; places are not looked at. Besides the first by deadline come those about as
/// urgent, `most` in all; whether it can wait for them is the caller's question. Goes on with what
/// `search` has been refused. Pre: it has found nothing.
void search_class(const Core& core, const ExpertFilters& filters, PriorityClass priority,
                  JobSearch& search, std::size_t most);
/// The same class by class up to `last`, until something is found.
JobSearch first_jobs(const Core& core, const ExpertFilters& filters, PriorityClass last,
                     std::size_t most);
/// A municipal job stands before this expert's class-2 work: one was found, or the scan was cut.
bool municipal_waits(const Core& core, ExpertId expert, JobSearch& search);

}  // namespace permitd::scheduler
