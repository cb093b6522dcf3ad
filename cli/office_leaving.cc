#include "cli/office_leaving.h"

#include <fmt/format.h>

#include "cli/homes_text.h"
#include "cli/json_text.h"
#include "cli/pages.h"
#include "scheduler/home_choice.h"

namespace permitd::cli {
namespace {

using scheduler::OfficeState;

std::uint64_t open_jobs_of(Context& context, SupervisorClient& supervisor, OfficeId office) {
  std::uint64_t count = 0;
  const auto take = [&](auto& list) {
    for (auto cell : list.getCells()) {
      count += cell.getBlocked() + cell.getReady() + cell.getScheduled() + cell.getAssigned() +
               cell.getStarted() + cell.getHeld() + cell.getConfirming();
    }
  };
  all_pages(
      context, [&](const PageSpec& page) { return supervisor.open_cells(office, page); }, take);
  return count;
}

std::uint64_t held_elsewhere(OfficeId office, protocol::NewHomes::Reader homes) {
  std::uint64_t count = homes.getHeldLeftOut();
  for (auto one : homes.getHeld()) count += one.getOffice() != raw(office) ? 1 : 0;
  return count;
}

}  // namespace

OfficeLeaving preview_leaving(Context& context, SupervisorClient& supervisor, OfficeId office,
                              OfficeState state, SuspensionSpan span) {
  OfficeLeaving leaving;
  leaving.homes = context.wait(supervisor.new_homes(office));
  if (leaving.homes->isRefused()) {
    leaving.refused = to_refused(leaving.homes->getRefused());
    return leaving;
  }
  leaving.open = open_jobs_of(context, supervisor, office);
  leaving.held = held_elsewhere(office, leaving.homes->getHomes());
  const auto answer = context.wait(supervisor.policy());
  const auto homes = static_cast<scheduler::HomePolicy>(answer.getPolicy().getHomes());
  const auto in_hand = static_cast<scheduler::JobsInHand>(answer.getPolicy().getJobsInHand());
  if (leaving.open > 0 && state != OfficeState::kActive) {
    leaving.afterwards = afterwards_text(office, scheduler::cases_move_by_themselves(homes, state),
                                         context.language());
  }
  leaving.preview =
      leaving_text({office, leaving.open, leaving.held, span.from, span.until, in_hand},
                   leaving.homes->getHomes(), leaving.afterwards, context.language());
  return leaving;
}

int show_leaving(Context& context, OfficeId office, const OfficeLeaving& leaving) {
  if (leaving.refused) return context.refuse(*leaving.refused);
  const auto homes = leaving.homes->getHomes();
  const protocol::Language language = context.language();
  context.print(homes_table(homes, context.table_language()), message_json(homes));
  if (context.wants_json() || context.globals.csv) return kExitOk;
  fmt::print("\n{}\n{}\n{}\n{}\n", held_table(homes, language).aligned(), leaving.preview,
             homes_summary(office, homes, language),
             homes_word(HomesWord::kNothingChanged, language));
  return kExitOk;
}

OfficeState state_of_office(Context& context, SupervisorClient& supervisor, OfficeId office) {
  auto state = OfficeState::kNone;
  all_pages(
      context, [&](const PageSpec& page) { return supervisor.offices(page); },
      [&](auto& answer) {
        for (auto one : answer.getOffices()) {
          if (one.getOffice() == raw(office)) state = static_cast<OfficeState>(one.getState());
        }
      });
  return state;
}

}  // namespace permitd::cli
