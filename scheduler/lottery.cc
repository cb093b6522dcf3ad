// The lottery's secrets as the core sees them: what was committed to, and what was opened after. It
// draws from the seeds of its commands alone; that these follow from the secrets is the engine's
// doing and every reader's to check.
#include "scheduler/commands.h"
#include "scheduler/events.h"

namespace permitd::scheduler {

void apply_turn_lottery(Core& core, const Command& command, Outcome& outcome) {
  const TurnLottery& turn = command.body.turn_lottery;
  LotteryView& lottery = core.lottery;
  const bool is_first = lottery.turns == 0;
  const bool is_opened = turn.opened != Hash{};
  if (turn.day != core.calendar.day_of(core.now)) {
    refuse(outcome, Refusal::kOutOfRange, Field::kDay);
  } else if (turn.is_lost > 1 || turn.commitment == Hash{} ||
             turn.commitment == lottery.commitment) {
    refuse(outcome, Refusal::kOutOfRange, Field::kCommand);
  } else if (is_opened != (!is_first && turn.is_lost == 0)) {
    // What was committed to is opened, but for the first time and where it is lost.
    refuse(outcome, Refusal::kWrongState, Field::kCommand);
  } else {
    lottery.opened_day = lottery.day;
    lottery.opened_commitment = lottery.commitment;
    lottery.opened = turn.opened;
    lottery.turns += 1;
    lottery.turned = core.op;
    lottery.day = turn.day;
    lottery.commitment = turn.commitment;
    lottery.salt = turn.salt;
    emit_reference(core, EventKind::kReferenceChanged, OfficeId{}, ExpertId{}, 0, raw(command.kind),
                   Reason::kNone);
  }
}

}  // namespace permitd::scheduler
