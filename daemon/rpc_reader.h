// The reads that sessions share: cases and jobs within a scope, and the whole city for those who
// may see it.
#pragma once

#include "daemon/rpc_session.h"

namespace permitd::daemon {

class ReaderServer : public virtual protocol::Reader::Server, protected RpcSession {
 public:
  using RpcSession::RpcSession;

 protected:
  kj::Promise<void> case_(CaseContext context) override;
  kj::Promise<void> job(JobContext context) override;
  kj::Promise<void> history(HistoryContext context) override;
  kj::Promise<void> why(WhyContext context) override;
  kj::Promise<void> jobs(JobsContext context) override;
  kj::Promise<void> watch(WatchContext context) override;
  kj::Promise<void> offers(OffersContext context) override;  // in rpc_offers.cc
  kj::Promise<void> lottery(LotteryContext context) override;
};

class CityReaderServer : public virtual protocol::CityReader::Server, public ReaderServer {
 public:
  using ReaderServer::ReaderServer;

 protected:
  kj::Promise<void> stats(StatsContext context) override;
  kj::Promise<void> openCells(OpenCellsContext context) override;
  kj::Promise<void> offices(OfficesContext context) override;
  kj::Promise<void> experts(ExpertsContext context) override;
  kj::Promise<void> policy(PolicyContext context) override;
  kj::Promise<void> catalogue(CatalogueContext context) override;
  kj::Promise<void> organisations(OrganisationsContext context) override;
  kj::Promise<void> activations(ActivationsContext context) override;
  kj::Promise<void> awaitingDecisions(AwaitingDecisionsContext context) override;
  kj::Promise<void> overrides(OverridesContext context) override;
  // In rpc_questions.cc.
  kj::Promise<void> forecast(ForecastContext context) override;
  kj::Promise<void> eligibility(EligibilityContext context) override;
  kj::Promise<void> fairness(FairnessContext context) override;
  kj::Promise<void> newHomes(NewHomesContext context) override;  // in rpc_homes.cc
  // In rpc_zoning.cc.
  kj::Promise<void> zoning(ZoningContext context) override;
  kj::Promise<void> zoningRules(ZoningRulesContext context) override;
  kj::Promise<void> zoningChanges(ZoningChangesContext context) override;
  // In rpc_licence.cc.
  kj::Promise<void> licensing(LicensingContext context) override;
  kj::Promise<void> licenceRules(LicenceRulesContext context) override;
  kj::Promise<void> rounds(RoundsContext context) override;
  kj::Promise<void> applications(ApplicationsContext context) override;
  kj::Promise<void> application(ApplicationContext context) override;
  kj::Promise<void> venues(VenuesContext context) override;
  // In rpc_calendar.cc.
  kj::Promise<void> calendar(CalendarContext context) override;
  kj::Promise<void> previewCalendar(PreviewCalendarContext context) override;
};

/// Reads everything, changes nothing.
class AuditorSessionServer final : public protocol::AuditorSession::Server,
                                   public CityReaderServer {
 public:
  using CityReaderServer::CityReaderServer;
};

/// Answers a case with its jobs, or unknownCase.
void write_case_answer(const CaseQuery& query, protocol::CaseResult::Builder out);

}  // namespace permitd::daemon
