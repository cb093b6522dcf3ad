// The questions about a city, as messages.
#include "cli/reader_client.h"

namespace permitd::cli {

namespace {

void fill(protocol::ForecastChange::Builder out, const ForecastChangeSpec& change) {
  switch (change.kind) {
    case protocol::ForecastChange::ADD_PEOPLE: {
      auto add = out.initAddPeople();
      add.setCount(change.count);
      add.setSkills(change.skills);
      add.setDistricts(change.districts);
      return;
    }
    case protocol::ForecastChange::CLOSE_OFFICE:
      return out.setCloseOffice(raw(change.office));
    case protocol::ForecastChange::CLOSE_DAY:
      return out.setCloseDay(change.day);
    case protocol::ForecastChange::SCALE_ARRIVALS:
      return out.setScaleArrivals(change.permille);
  }
}

}  // namespace

void fill(protocol::OffersRequest::Builder out, const OffersSpec& spec) {
  out.setJob(raw(spec.job));
  out.setCaseId(raw(spec.case_id));
  out.setDays(spec.days);
}

void fill(protocol::ForecastRequest::Builder out, const ForecastSpec& spec) {
  out.setDays(spec.days);
  out.setRuns(spec.runs);
  out.setSeed(spec.seed);
  out.setCaseId(raw(spec.case_id));
  out.setUsePermille(spec.use_permille);
  out.setSpreadPermille(spec.spread_permille);
  out.setAnswerMinutes(spec.answer_minutes);
  auto changes = out.initWhatIf(static_cast<unsigned>(spec.what_if.size()));
  for (unsigned i = 0; i < spec.what_if.size(); ++i) fill(changes[i], spec.what_if[i]);
}

void fill(protocol::EligibilityRequest::Builder out, const EligibilitySpec& spec) {
  out.setDay(spec.day);
  out.setDays(spec.days);
  out.setSkills(spec.skills);
  out.setDistricts(spec.districts);
  out.setService(raw(spec.service));
}

}  // namespace permitd::cli
