// What a session may read, for every role that reads. Reads are retried like every other call;
// their answers are the schema's own, alive as long as the response is held. Threads and lifetimes
// as in session.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/session.h"
#include "protocol/words.h"

namespace permitd::cli {

/// Where a list begins and how long a page is; the daemon cuts `limit` to its own page_max.
struct PageSpec {
  std::uint64_t cursor = 0;
  std::uint16_t limit = 100;
};

/// Masks have a bit per enumerator; 0 does not filter.
struct JobFilterSpec {
  std::uint32_t stages = 0;
  std::uint32_t states = 0;
  std::uint32_t classes = 0;
  std::uint32_t districts = 0;
  std::uint32_t bands = 0;
  OfficeId office{};
  ExpertId holder{};
  CaseId case_id{};
  scheduler::ServiceId service{};
};

/// Half-days that can be offered for a visit: `job`, or the present job of `case_id`.
struct OffersSpec {
  JobId job{};
  CaseId case_id{};
  std::uint16_t days = 5;
};
/// One change of a what-if; of the numbers those that its kind uses, see protocol::ForecastChange.
struct ForecastChangeSpec {
  protocol::ForecastChange::Which kind{};
  std::uint16_t count = 0;
  std::uint32_t skills = 0;
  std::uint32_t districts = 0;
  OfficeId office{};
  std::int32_t day = 0;
  std::uint32_t permille = 0;
};
/// See protocol::ForecastRequest.
struct ForecastSpec {
  std::uint16_t days = 10;
  std::uint16_t runs = 50;
  std::uint64_t seed = 1;
  CaseId case_id{};
  std::vector<ForecastChangeSpec> what_if;
  std::uint16_t use_permille = 850;
  std::uint16_t spread_permille = 300;
  std::uint32_t answer_minutes = 2'100;
};
/// See protocol::EligibilityRequest.
struct EligibilitySpec {
  std::int32_t day = 0;
  std::uint16_t days = 1;
  std::uint32_t skills = 0;
  std::uint32_t districts = 0;
  scheduler::ServiceId service{};
};

/// Consecutive days of an edit of the calendar; at most scheduler::kCalendarDaysPerCommand.
struct CalendarRunSpec {
  std::int32_t first_day = 0;
  std::vector<scheduler::CalendarDay> days;
  std::string note = {};  // why they are so; at most 79 bytes
};

void fill(capnp::List<protocol::CalendarRun>::Builder out,
          const std::vector<CalendarRunSpec>& runs);
void fill(protocol::OffersRequest::Builder out, const OffersSpec& spec);
void fill(protocol::ForecastRequest::Builder out, const ForecastSpec& spec);
void fill(protocol::EligibilityRequest::Builder out, const EligibilitySpec& spec);
void fill(protocol::JobFilter::Builder out, const JobFilterSpec& filter);
void fill(protocol::Page::Builder out, const PageSpec& page);

/// The methods of protocol::Reader.
template <class Interface>
class ReaderCalls : public Session<Interface> {
 public:
  using Session<Interface>::Session;
  using Capability = typename Interface::Client;

  auto get_case(CaseId id) {
    return this->send([id](Capability& session) {
      auto request = session.caseRequest();
      request.setCaseId(raw(id));
      return request;
    });
  }
  auto get_job(JobId id) {
    return this->send([id](Capability& session) {
      auto request = session.jobRequest();
      request.setJob(raw(id));
      return request;
    });
  }
  auto history(CaseId id, std::uint32_t from = 0, std::uint16_t limit = 100) {
    return this->send([id, from, limit](Capability& session) {
      auto request = session.historyRequest();
      request.setCaseId(raw(id));
      request.setFrom(from);
      request.setLimit(limit);
      return request;
    });
  }
  auto why(JobId id, protocol::Language language = protocol::Language::kEnglish) {
    return this->send([id, language](Capability& session) {
      auto request = session.whyRequest();
      request.setJob(raw(id));
      request.setLanguage(language == protocol::Language::kPersian
                              ? protocol::SentenceLanguage::FA
                              : protocol::SentenceLanguage::EN);
      return request;
    });
  }
  auto offers(const OffersSpec& spec) {
    return this->send([spec](Capability& session) {
      auto request = session.offersRequest();
      fill(request.initRequest(), spec);
      return request;
    });
  }
  auto lottery() {
    return this->send([](Capability& session) { return session.lotteryRequest(); });
  }
  auto jobs(const JobFilterSpec& filter, const PageSpec& page = {}) {
    return this->send([filter, page](Capability& session) {
      auto request = session.jobsRequest();
      fill(request.initFilter(), filter);
      fill(request.initPage(), page);
      return request;
    });
  }
};

/// The methods of protocol::CityReader.
template <class Interface>
class CityReaderCalls : public ReaderCalls<Interface> {
 public:
  using ReaderCalls<Interface>::ReaderCalls;
  using Capability = typename Interface::Client;

  auto stats() {
    return this->send([](Capability& session) { return session.statsRequest(); });
  }
  auto policy() {
    return this->send([](Capability& session) { return session.policyRequest(); });
  }
  auto catalogue(const PageSpec& page = {}) {
    return this->send([page](Capability& session) {
      auto request = session.catalogueRequest();
      fill(request.initPage(), page);
      return request;
    });
  }
  auto organisations(const PageSpec& page = {}) {
    return this->send([page](Capability& session) {
      auto request = session.organisationsRequest();
      fill(request.initPage(), page);
      return request;
    });
  }
  auto activations(const PageSpec& page = {}) {
    return this->send([page](Capability& session) {
      auto request = session.activationsRequest();
      fill(request.initPage(), page);
      return request;
    });
  }
  auto forecast(const ForecastSpec& spec) {
    return this->send([spec](Capability& session) {
      auto request = session.forecastRequest();
      fill(request.initRequest(), spec);
      return request;
    });
  }
  auto eligibility(const EligibilitySpec& spec) {
    return this->send([spec](Capability& session) {
      auto request = session.eligibilityRequest();
      fill(request.initRequest(), spec);
      return request;
    });
  }
  auto calendar(std::int32_t first_day, std::uint16_t count) {
    return this->send([first_day, count](Capability& session) {
      auto request = session.calendarRequest();
      request.setFirstDay(first_day);
      request.setCount(count);
      return request;
    });
  }
  /// `moves_max`: how many of the deadlines that move are listed, the furthest ones.
  auto preview_calendar(const std::vector<CalendarRunSpec>& runs, std::uint16_t moves_max = 0) {
    return this->send([runs, moves_max](Capability& session) {
      auto request = session.previewCalendarRequest();
      request.setMovesMax(moves_max);
      fill(request.initRuns(static_cast<unsigned>(runs.size())), runs);
      return request;
    });
  }
  auto zoning() {
    return this->send([](Capability& session) { return session.zoningRequest(); });
  }
  auto zoning_rules(std::uint16_t version) {
    return this->send([version](Capability& session) {
      auto request = session.zoningRulesRequest();
      request.setVersion(version);
      return request;
    });
  }
  auto zoning_changes(std::uint16_t version, const PageSpec& page = {}) {
    return this->send([version, page](Capability& session) {
      auto request = session.zoningChangesRequest();
      request.setVersion(version);
      fill(request.initPage(), page);
      return request;
    });
  }
  /// Cases that wait for the municipality, in no order.
  auto awaiting_decisions(const PageSpec& page = {}) {
    return this->send([page](Capability& session) {
      auto request = session.awaitingDecisionsRequest();
      fill(request.initPage(), page);
      return request;
    });
  }
  /// Overrides of capacity, newest first; `expert` 0: of everybody.
  auto overrides(ExpertId expert = {}, scheduler::Tick since = {}, const PageSpec& page = {}) {
    return this->send([expert, since, page](Capability& session) {
      auto request = session.overridesRequest();
      request.setExpert(raw(expert));
      request.setSince(since.ms);
      fill(request.initPage(), page);
      return request;
    });
  }
  auto fairness() {
    return this->send([](Capability& session) { return session.fairnessRequest(); });
  }
  auto new_homes(OfficeId office) {
    return this->send([office](Capability& session) {
      auto request = session.newHomesRequest();
      request.setOffice(raw(office));
      return request;
    });
  }
  auto open_cells(OfficeId office = {}, const PageSpec& page = {}) {
    return this->send([office, page](Capability& session) {
      auto request = session.openCellsRequest();
      request.setOffice(raw(office));
      fill(request.initPage(), page);
      return request;
    });
  }
  auto offices(const PageSpec& page = {}) {
    return this->send([page](Capability& session) {
      auto request = session.officesRequest();
      fill(request.initPage(), page);
      return request;
    });
  }
  auto experts(OfficeId office = {}, const PageSpec& page = {}) {
    return this->send([office, page](Capability& session) {
      auto request = session.expertsRequest();
      request.setOffice(raw(office));
      fill(request.initPage(), page);
      return request;
    });
  }
};

/// Reads as whoever `identity` is: an office (its own cases), a supervisor or an auditor.
using ReaderClient = ReaderCalls<protocol::Reader>;
/// Reads the whole city as a supervisor or an auditor.
using CityReaderClient = CityReaderCalls<protocol::CityReader>;

}  // namespace permitd::cli
