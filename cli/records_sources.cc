#include "cli/records_sources.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>

namespace permitd::cli {
namespace {

using scheduler::OrganisationId;
using scheduler::ServiceId;

// Services of the sample catalogue (city/tehran.toml).
constexpr ServiceId kNewBuild{1};
constexpr ServiceId kDemolishRebuild{2};
constexpr ServiceId kExtension{3};
constexpr ServiceId kPlanAmendment{4};
constexpr ServiceId kRenewal{5};
constexpr ServiceId kRepair{6};
constexpr ServiceId kCompletion{7};
constexpr ServiceId kCompletionUnit{8};
constexpr ServiceId kNoViolation{9};
constexpr ServiceId kInquiry{10};
constexpr ServiceId kSubdivideMerge{11};
constexpr ServiceId kSupervisorReport{12};

constexpr std::uint64_t kDistricts = 22;
constexpr std::size_t kIdSizeMax = 23;  // a reference on the wire
constexpr double kAmountMax = 1e12;  // no building costs more; keeps the arithmetic below in range

// Salts, so that two properties drawn from one id are independent.
constexpr std::uint64_t kSaltService = 1;
constexpr std::uint64_t kSaltDistrict = 2;
constexpr std::uint64_t kSaltArea = 3;
constexpr std::uint64_t kSaltFootprint = 4;
constexpr std::uint64_t kSaltOrganisation = 5;
constexpr std::uint64_t kSaltPlace = 6;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count || count > std::numeric_limits<int>::digits10) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// "2019-05-18", "2019-05-18T14:05:06Z", "2019-05-18 14:05:06". False when it is not a date.
bool read_moment(std::string_view text, SourceRecord& record, bool with_time) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return false;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *year < 1900 || *year > 2200) return false;
  record.day = static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
  if (!with_time) return true;
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return false;
  record.minute = static_cast<std::int16_t>(*hour * 60 + *minute);
  return true;
}

// Empty reads as 0; a negative amount, a text or an absurd size is no amount.
std::optional<double> read_amount(std::string_view text) {
  if (text.empty()) return 0.0;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(value) || value < 0 || value > kAmountMax) return std::nullopt;
  return value;
}

// Of 1,000 equally likely parts, the one this record falls into.
std::uint64_t part_of(const SourceRecord& record, std::uint64_t salt) {
  return record_hash(record.id, salt) % 1000;
}

struct Share {
  std::uint64_t until;  // in thousandths, ascending; the last is 1000
  ServiceId service;
};
ServiceId pick(const SourceRecord& record, std::initializer_list<Share> shares) {
  const std::uint64_t part = part_of(record, kSaltService);
  for (const Share& share : shares) {
    if (part < share.until) return share.service;
  }
  return std::prev(shares.end())->service;
}

std::expected<SourceRecord, std::string> begin_record(std::string id, std::string_view what) {
  if (id.empty()) return std::unexpected(std::string(what) + " is empty");
  if (id.size() > kIdSizeMax)
    return std::unexpected(std::string(what) + " is longer than 23 bytes");
  const bool printable = std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
  if (!printable)
    return std::unexpected(std::string(what) + " has other than printable ASCII characters");
  SourceRecord record;
  record.id = std::move(id);
  return record;
}

scheduler::District district_by_hash(std::string_view text) {
  return static_cast<scheduler::District>(1 + record_hash(text, kSaltDistrict) % kDistricts);
}

// The numbers of a source's areas, 1 … count, cut into 22 runs of neighbours.
scheduler::District district_by_number(int number, int count) {
  return static_cast<scheduler::District>(1 + (number - 1) * static_cast<int>(kDistricts) / count);
}

bool is_existing(ServiceId service) {
  return service != kNewBuild && service != kDemolishRebuild && service != kSubdivideMerge;
}

// Area from a known size or from cost at a rate per square metre; without either a usual flat,
// 60–179 m².
void set_size(SourceRecord& record, double area_m2) {
  constexpr double kAreaMin = 20;
  constexpr double kAreaMax = 40'000;
  if (area_m2 > 0) {
    record.area_m2 = static_cast<std::uint32_t>(std::clamp(area_m2, kAreaMin, kAreaMax));
  } else {
    record.area_m2 = static_cast<std::uint32_t>(60 + record_hash(record.id, kSaltArea) % 120);
  }
  // A lot in Tehran is built over 150–399 m²; floors follow.
  const auto footprint =
      static_cast<std::uint32_t>(150 + record_hash(record.id, kSaltFootprint) % 250);
  record.floors = static_cast<std::uint16_t>(
      std::clamp<std::uint32_t>((record.area_m2 + footprint - 1) / footprint, 1, 40));
}

double rate_of(ServiceId service) {
  if (service == kNewBuild || service == kCompletion) return 1'600;
  if (service == kDemolishRebuild) return 150;
  if (service == kExtension || service == kPlanAmendment || service == kSubdivideMerge) return 700;
  return 300;
}

// Everything that does not depend on the source: organisation, place, and whether something stands
// there.
SourceRecord finish(SourceRecord record, std::string_view place) {
  record.built = is_existing(record.service);
  const std::uint64_t part = part_of(record, kSaltOrganisation);
  record.organisation = OrganisationId{static_cast<std::uint8_t>(part < 25   ? 2
                                                                 : part < 40 ? 3
                                                                             : 1)};
  record.place = record_hash(place.empty() ? std::string_view(record.id) : place, kSaltPlace);
  return record;
}

std::string joined(std::string_view left, std::string_view right) {
  if (left.empty() || right.empty()) return {};
  return std::string(left) + "," + std::string(right);
}

ServiceId chicago_service(const SourceRecord& record, std::string_view permit,
                          std::string_view review, std::string_view work) {
  if (has(permit, "NEW CONSTRUCTION")) return kNewBuild;
  if (has(permit, "WRECKING")) return kDemolishRebuild;
  if (has(permit, "RENOVATION")) {
    return pick(record, {{550, kExtension}, {850, kPlanAmendment}, {1000, kSubdivideMerge}});
  }
  if (has(permit, "SIGNS")) return kInquiry;
  if (has(permit, "ELEVATOR")) return kCompletion;
  if (has(permit, "SCAFFOLDING")) return kRepair;
  if (has(permit, "REINSTATE")) return kRenewal;
  if (has(work, "Monthly Maintenance")) return kSupervisorReport;
  if (has(work, "Administrative Change")) return kRenewal;
  if (has(work, "Fire Alarm")) return kNoViolation;
  if (has(review, "WEB")) return kInquiry;
  return pick(record, {{500, kRepair}, {800, kCompletionUnit}, {1000, kNoViolation}});
}

ServiceId calgary_service(const SourceRecord& record, std::string_view type,
                          std::string_view work) {
  if (has(type, "Demolition")) return kDemolishRebuild;
  if (has(work, "Alarm")) return kNoViolation;
  if (has(work, "Repair") || has(work, "Temporary") || has(type, "Environmental")) return kRepair;
  if (has(work, "Addition")) return kExtension;
  if (has(work, "New")) return has(type, "Improvement") ? kExtension : kNewBuild;
  return pick(record, {{400, kExtension}, {700, kPlanAmendment}, {1000, kRepair}});
}

}  // namespace

MappedRecord map_chicago_permit(const RecordRow& row) {
  enum { kPermit, kType, kReview, kWork, kIssued, kCost, kArea, kLat, kLon };
  auto record = begin_record(std::string(row[kPermit]), "permit");
  if (!record) return record;
  if (!read_moment(row[kIssued], *record, false)) return std::unexpected("issued is not a date");
  const auto cost = read_amount(row[kCost]);
  if (!cost) return std::unexpected("reported_cost is not an amount");
  record->service = chicago_service(*record, row[kType], row[kReview], row[kWork]);
  const auto area = digits(row[kArea], 0, row[kArea].size()).value_or(0);
  record->district =
      area >= 1 && area <= 77 ? district_by_number(area, 77) : district_by_hash(record->id);
  set_size(*record, *cost / rate_of(record->service));
  return finish(*std::move(record), joined(row[kLat], row[kLon]));
}

MappedRecord map_calgary_permit(const RecordRow& row) {
  enum { kNumber, kApplied, kType, kWork, kGroup, kCost, kSquareFeet, kCommunity, kLat, kLon };
  auto record = begin_record(std::string(row[kNumber]), "permitnum");
  if (!record) return record;
  if (!read_moment(row[kApplied], *record, false))
    return std::unexpected("applieddate is not a date");
  const auto cost = read_amount(row[kCost]);
  const auto square_feet = read_amount(row[kSquareFeet]);
  if (!cost) return std::unexpected("estprojectcost is not an amount");
  if (!square_feet) return std::unexpected("totalsqft is not a number");
  record->service = calgary_service(*record, row[kType], row[kWork]);
  record->district = district_by_hash(row[kCommunity].empty() ? record->id : row[kCommunity]);
  constexpr double kSquareMetresPerSquareFoot = 0.09290304;
  set_size(*record, *square_feet > 0 ? *square_feet * kSquareMetresPerSquareFoot
                                     : *cost / rate_of(record->service));
  return finish(*std::move(record), joined(row[kLat], row[kLon]));
}

MappedRecord map_philadelphia_permit(const RecordRow& row) {
  enum { kNumber, kWork, kIssued, kZip, kCouncil, kLat, kLon };
  auto record = begin_record(std::string(row[kNumber]), "permitnumber");
  if (!record) return record;
  if (!read_moment(row[kIssued], *record, true))
    return std::unexpected("permitissuedate is not a date with a time");
  const auto work = row[kWork];
  record->service = has(work, "FITOUT")                       ? kExtension
                    : has(work, "FOUND") || has(work, "SITE") ? kPlanAmendment
                                                              : kNewBuild;
  record->district = district_by_hash(row[kZip].empty() ? row[kCouncil] : row[kZip].substr(0, 5));
  set_size(*record, 0);
  return finish(*std::move(record), joined(row[kLat], row[kLon]));
}

MappedRecord map_long_beach_inspection(const RecordRow& row) {
  enum { kCase, kDistrict, kInspected, kType, kStarted, kLat, kLon };
  const auto date = row[kInspected].empty() ? row[kStarted] : row[kInspected];
  // A case has a row per inspection: its date makes the number unique.
  auto record =
      begin_record(std::string(row[kCase]) + "@" + std::string(date), "case_num with its date");
  if (!record) return record;
  if (row[kCase].empty()) return std::unexpected("case_num is empty");
  if (!read_moment(date, *record, false))
    return std::unexpected("last_insp_date and start_date are no dates");
  const auto type = row[kType];
  record->service = has(type, "Pre-Citation") ? kNoViolation
                    : has(type, "ollow") || has(type, "Reinspection") || has(type, "Monitor")
                        ? kRepair
                        : kInquiry;
  const auto district = digits(row[kDistrict], 0, row[kDistrict].size()).value_or(0);
  // Nine districts of the source: each is spread over two or three neighbours by the case.
  record->district =
      district >= 1 && district <= 9
          ? district_by_number((district - 1) * 3 + 1 +
                                   static_cast<int>(record_hash(row[kCase], kSaltDistrict) % 3),
                               27)
          : district_by_hash(row[kCase]);
  set_size(*record, 0);
  const auto place = joined(row[kLat], row[kLon]);
  return finish(*std::move(record), place.empty() ? row[kCase] : std::string_view(place));
}

MappedRecord map_asheville_review(const RecordRow& row) {
  enum { kRecord, kTask, kReviewed };
  const auto task = row[kTask];
  if (row[kRecord].empty() || task.empty()) return std::unexpected("RecordId or Task is empty");
  auto record =
      begin_record(std::string(row[kRecord]) + "-" + task.front(), "RecordId with its task");
  if (!record) return record;
  if (!read_moment(row[kReviewed], *record, false))
    return std::unexpected("FirstPlanReviewedDate is not a date");
  record->service = has(task, "Fire")         ? kCompletion
                    : has(task, "Zoning")     ? kPlanAmendment
                    : has(task, "Addressing") ? kSubdivideMerge
                                              : kExtension;
  record->district = district_by_hash(row[kRecord]);
  set_size(*record, 0);
  return finish(*std::move(record), row[kRecord]);
}

MappedRecord map_chicago_food_inspection(const RecordRow& row) {
  enum { kInspection, kZip, kDate, kResult, kLicence, kLat, kLon };
  auto record = begin_record(std::string(row[kInspection]), "Inspection_ID");
  if (!record) return record;
  if (!read_moment(row[kDate], *record, false))
    return std::unexpected("Inspection_Date is not a date");
  const auto result = row[kResult];
  record->service = has(result, "Fail")         ? kRepair
                    : has(result, "Conditions") ? kNoViolation
                                                : kCompletionUnit;
  record->district = district_by_hash(row[kZip].empty() ? record->id : row[kZip]);
  set_size(*record, 0);
  const auto place = joined(row[kLat], row[kLon]);
  return finish(*std::move(record),
                row[kLicence].empty() ? std::string_view(place) : row[kLicence]);
}

}  // namespace permitd::cli
