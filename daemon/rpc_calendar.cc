// The calendar over RPC: which hours stand, and what an edit of them would change.
#include "daemon/rpc_reader.h"

namespace permitd::daemon {

using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

namespace {

// A Jalali year and a month of days, and as many runs of days in one preview.
constexpr unsigned kDaysMax = 400;
constexpr unsigned kRunsMax = 400;
// Deadlines that a preview lists; the others it counts.
constexpr unsigned kMovesMax = 100;

bool is_date(std::int64_t day) { return day > -2'000'000 && day < 2'000'000; }

}  // namespace

kj::Promise<void> CityReaderServer::calendar(CalendarContext context) {
  const auto params = context.getParams();
  const unsigned count = is_date(params.getFirstDay()) ? params.getCount() : 0;
  auto query =
      std::make_unique<CalendarQuery>(params.getFirstDay(), std::min<unsigned>(count, kDaysMax));
  return ask(std::move(query), [context](CalendarQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults();
    auto list = results.initDays(static_cast<unsigned>(done.days.size()));
    for (unsigned i = 0; i < list.size(); ++i) {
      list[i].setOpenMinute(done.days[i].open_minute);
      list[i].setLengthMinutes(done.days[i].length_minutes);
    }
    auto notes = results.initNotes(static_cast<unsigned>(done.notes.size()));
    for (unsigned i = 0; i < notes.size(); ++i) write_calendar_note(done.notes[i], notes[i]);
    results.setCoveredFrom(done.covered_from);
    results.setCoveredDays(done.covered_days);
    results.setOp(raw(op));
  });
}

kj::Promise<void> CityReaderServer::previewCalendar(PreviewCalendarContext context) {
  const auto runs = context.getParams().getRuns();
  std::vector<scheduler::SetCalendarDays> edits(std::min<std::size_t>(runs.size(), kRunsMax));
  Flaw flaw;
  if (runs.size() == 0) flaw = {Refusal::kMissing, Field::kCount};
  if (runs.size() > kRunsMax) flaw = {Refusal::kTooLarge, Field::kCount};
  for (unsigned i = 0; i < edits.size() && !flaw; ++i) {
    flaw = read_calendar(runs[i].getFirstDay(), runs[i].getDays(), edits[i]);
    if (!flaw) flaw = read_note(runs[i].getNote(), edits[i].note);
  }
  if (!scope_.sees_city()) {
    deny_city_matter(context.getResults().initRefused());
    return kj::READY_NOW;
  }
  if (flaw) {
    refuse(context.getResults().initRefused(), flaw.refusal, flaw.field);
    return kj::READY_NOW;
  }
  const auto kept = std::min<unsigned>(context.getParams().getMovesMax(), kMovesMax);
  return ask(std::make_unique<CalendarPreviewQuery>(std::move(edits), kept),
             [context](CalendarPreviewQuery& done, scheduler::Op op) mutable {
               auto results = context.getResults();
               if (done.refused.refusal != Refusal::kNone)
                 return write_refusal(done.refused, scheduler::CommandKind::kNone,
                                      results.initRefused());
               auto out = results.initPreview();
               out.setOp(raw(op));
               out.setDaysChanged(done.days_changed);
               out.setNotesChanged(done.notes_changed);
               out.setDeadlinesLater(done.shift.later);
               out.setDeadlinesEarlier(done.shift.earlier);
               auto moves = out.initMoves(static_cast<unsigned>(done.moves.size()));
               for (unsigned i = 0; i < moves.size(); ++i) {
                 moves[i].setJob(raw(done.moves[i].job));
                 moves[i].setCaseId(raw(done.moves[i].case_id));
                 moves[i].setBefore(done.moves[i].before.ms);
                 moves[i].setAfter(done.moves[i].after.ms);
               }
             });
}

}  // namespace permitd::daemon
