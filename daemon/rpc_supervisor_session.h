// What a supervisor of the municipality may do: read the city, or some districts of it, and steer
// it. Rpc thread only.
#pragma once

#include "daemon/rpc_reader.h"

namespace permitd::daemon {

struct Assumption;

class SupervisorSessionServer final : public protocol::SupervisorSession::Server,
                                      public CityReaderServer {
 public:
  SupervisorSessionServer(kj::Own<RpcConnection> connection, std::uint32_t supervisor,
                          const Scope& scope);

 protected:
  kj::Promise<void> hold(HoldContext context) override;
  kj::Promise<void> release(ReleaseContext context) override;
  kj::Promise<void> expedite(ExpediteContext context) override;
  kj::Promise<void> reassign(ReassignContext context) override;
  kj::Promise<void> cancel(CancelContext context) override;
  kj::Promise<void> setAbsence(SetAbsenceContext context) override;
  kj::Promise<void> setOfficeState(SetOfficeStateContext context) override;
  kj::Promise<void> setExpertState(SetExpertStateContext context) override;
  kj::Promise<void> recordDecision(RecordDecisionContext context) override;
  kj::Promise<void> refer(ReferContext context) override;
  kj::Promise<void> defineOffice(DefineOfficeContext context) override;
  kj::Promise<void> defineExpert(DefineExpertContext context) override;
  kj::Promise<void> setCertificate(SetCertificateContext context) override;
  kj::Promise<void> defineService(DefineServiceContext context) override;
  kj::Promise<void> activateService(ActivateServiceContext context) override;
  kj::Promise<void> defineOrganisation(DefineOrganisationContext context) override;
  kj::Promise<void> setCalendarDays(SetCalendarDaysContext context) override;
  kj::Promise<void> setPolicy(SetPolicyContext context) override;
  kj::Promise<void> withdraw(WithdrawContext context) override;
  // In rpc_plan.cc.
  kj::Promise<void> planVisits(PlanVisitsContext context) override;
  kj::Promise<void> applyPlan(ApplyPlanContext context) override;
  kj::Promise<void> lockPlan(LockPlanContext context) override;
  kj::Promise<void> planDesks(PlanDesksContext context) override;
  kj::Promise<void> standingPlan(StandingPlanContext context) override;
  // In rpc_zoning.cc.
  kj::Promise<void> loadZoning(LoadZoningContext context) override;
  kj::Promise<void> validateZoning(ValidateZoningContext context) override;
  kj::Promise<void> notifyZoning(NotifyZoningContext context) override;
  kj::Promise<void> dropZoning(DropZoningContext context) override;
  kj::Promise<void> rebase(RebaseContext context) override;
  kj::Promise<void> moveCase(MoveCaseContext context) override;  // in rpc_homes.cc
  // In rpc_licence.cc.
  kj::Promise<void> setLicenceRules(SetLicenceRulesContext context) override;
  kj::Promise<void> setOfficesWanted(SetOfficesWantedContext context) override;
  kj::Promise<void> openRound(OpenRoundContext context) override;
  kj::Promise<void> closeRound(CloseRoundContext context) override;
  kj::Promise<void> applyForLicence(ApplyForLicenceContext context) override;
  kj::Promise<void> recordLicenceCheck(RecordLicenceCheckContext context) override;
  kj::Promise<void> withdrawApplication(WithdrawApplicationContext context) override;
  kj::Promise<void> recordExamResult(RecordExamResultContext context) override;
  kj::Promise<void> recordBoardFinding(RecordBoardFindingContext context) override;
  kj::Promise<void> rankRound(RankRoundContext context) override;
  kj::Promise<void> defineVenue(DefineVenueContext context) override;
  kj::Promise<void> recordRent(RecordRentContext context) override;
  kj::Promise<void> recordEquipment(RecordEquipmentContext context) override;
  kj::Promise<void> equipOffice(EquipOfficeContext context) override;
  kj::Promise<void> renewLicence(RenewLicenceContext context) override;
  kj::Promise<void> setTechnicalManager(SetTechnicalManagerContext context) override;

 private:
  template <class Plan, class Q, class Context, class Make, class Write>
  kj::Promise<void> preview(std::unique_ptr<Q> query, Context context, const Assumption& assumption,
                            Make make, Write write);
};

}  // namespace permitd::daemon
