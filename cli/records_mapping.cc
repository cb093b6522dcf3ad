#include "cli/records_mapping.h"

#include <algorithm>

#include "cli/records_sources.h"

namespace permitd::cli {
namespace {

using MapRow = std::expected<SourceRecord, std::string> (*)(const RecordRow& row);

struct FormatSpec {
  RecordFormat format;
  MapRow map;
  std::vector<std::string_view> columns;  // in the order of the enumerators in records_sources.h
};

const std::vector<FormatSpec>& format_specs() {
  static const std::vector<FormatSpec> kSpecs = {
      {RecordFormat::kChicagoPermits,
       map_chicago_permit,
       {"permit", "permit_type", "review_type", "work_type", "issued", "reported_cost",
        "community_area", "lat", "lon"}},
      {RecordFormat::kCalgaryPermits,
       map_calgary_permit,
       {"permitnum", "applieddate", "permittype", "workclass", "permitclassgroup", "estprojectcost",
        "totalsqft", "communitycode", "latitude", "longitude"}},
      {RecordFormat::kPhiladelphiaPermits,
       map_philadelphia_permit,
       {"permitnumber", "typeofwork", "permitissuedate", "zip", "council_district", "lat", "lon"}},
      {RecordFormat::kLongBeachInspections,
       map_long_beach_inspection,
       {"case_num", "district", "last_insp_date", "last_insp_type", "start_date", "lat", "lon"}},
      {RecordFormat::kAshevilleReviews,
       map_asheville_review,
       {"RecordId", "Task", "FirstPlanReviewedDate"}},
      {RecordFormat::kChicagoFoodInspections,
       map_chicago_food_inspection,
       {"Inspection_ID", "Zip", "Inspection_Date", "Results", "License", "Latitude", "Longitude"}},
  };
  return kSpecs;
}

const FormatSpec& spec_of(RecordFormat format) {
  return format_specs()[static_cast<std::size_t>(format)];
}

}  // namespace

std::optional<RecordColumns> RecordColumns::find(std::span<const std::string_view> header) {
  for (const FormatSpec& spec : format_specs()) {
    RecordColumns columns;
    columns.format_ = spec.format;
    columns.header_count_ = header.size();
    bool all = true;
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
      const auto found = std::ranges::find(header, spec.columns[i]);
      all &= found != header.end();
      columns.index_[i] = static_cast<std::size_t>(found - header.begin());
    }
    if (all) return columns;
  }
  return std::nullopt;
}

std::expected<SourceRecord, std::string> RecordColumns::map(
    std::span<const std::string_view> fields) const {
  return spec_of(format_).map(RecordRow(fields, index_));
}

std::string known_record_formats() {
  std::string text;
  for (const FormatSpec& spec : format_specs()) {
    text += "  ";
    text += record_format_name(spec.format);
    text += ": ";
    for (std::size_t i = 0; i < spec.columns.size(); ++i) {
      if (i > 0) text += ", ";
      text += spec.columns[i];
    }
    text += '\n';
  }
  return text;
}

}  // namespace permitd::cli
