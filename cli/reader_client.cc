#include "cli/reader_client.h"

namespace permitd::cli {

void fill(protocol::JobFilter::Builder out, const JobFilterSpec& filter) {
  out.setStages(filter.stages);
  out.setStates(filter.states);
  out.setClasses(filter.classes);
  out.setDistricts(filter.districts);
  out.setBands(filter.bands);
  out.setOffice(raw(filter.office));
  out.setHolder(raw(filter.holder));
  out.setCaseId(raw(filter.case_id));
  out.setService(raw(filter.service));
}

void fill(protocol::Page::Builder out, const PageSpec& page) {
  out.setCursor(page.cursor);
  out.setLimit(page.limit);
}

}  // namespace permitd::cli
