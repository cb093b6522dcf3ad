// The zoning plan over RPC: its versions and rules, the cases that a version would change, and what
// a supervisor does with it.
#include "daemon/rpc_enums.h"
#include "daemon/rpc_reader.h"
#include "daemon/rpc_supervisor_session.h"

namespace permitd::daemon {

using scheduler::CommandBody;
using scheduler::CommandKind;
using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

namespace {

capnp::Text::Reader to_text(const scheduler::ZoneCode& zone, std::array<char, 8>& room) {
  room = {};
  std::copy_n(zone.bytes.begin(), zone.size, room.begin());
  return {room.data(), zone.size};
}

void write_version(const scheduler::ZoningVersionView& view, protocol::ZoningVersion::Builder out) {
  out.setVersion(view.version);
  out.setState(to_wire<protocol::ZoningState>(view.state));
  out.setRules(view.rule_count);
  out.setRulesTotal(view.rules_total);
  out.setCases(view.case_count);
  out.setEffectiveFrom(view.effective_from.ms);
}

void write_rule(const scheduler::ZoningRule& rule, protocol::ZoningRule::Builder out) {
  std::array<char, 8> room;
  out.setZone(to_text(rule.zone, room));
  out.setFloors(rule.floors);
  out.setCoveragePermille(rule.coverage_permille);
  out.setAreaMinM2(rule.area_min_m2);
  out.setStreetMinDm(rule.street_min_dm);
  out.setAreaEffect(rule.area_effect);
  out.setStreetEffect(rule.street_effect);
}

void write_change(const scheduler::ZoningChangeView& view, protocol::ZoningChange::Builder out) {
  std::array<char, 8> room;
  out.setCaseId(raw(view.case_id));
  out.setOffice(raw(view.office));
  out.setDistrict(view.district);
  out.setStage(to_wire<protocol::Stage>(view.stage));
  out.setState(to_wire<protocol::CaseState>(view.state));
  out.setZone(to_text(view.zone, room));
  out.setVersion(view.version);
  out.setFloors(view.floors);
  out.setCoveragePermille(view.coverage_permille);
  write_finding(view.present, out.initPresent());
  write_finding(view.changed, out.initChanged());
}

}  // namespace

void write_finding(const scheduler::ZoningFinding& finding, protocol::ZoningFinding::Builder out) {
  const auto has = [&](std::uint8_t bit) { return (finding.conditions & bit) != 0; };
  out.setResult(to_wire<protocol::ZoningResult>(finding.result));
  out.setAllowedFloors(finding.allowed_floors);
  out.setAllowedCoveragePermille(finding.allowed_coverage_permille);
  out.setAreaUnmet(has(scheduler::kZoningAreaUnmet));
  out.setStreetUnmet(has(scheduler::kZoningStreetUnmet));
  out.setAreaCost(finding.area_cost);
  out.setStreetCost(finding.street_cost);
  out.setAreaUnknown(has(scheduler::kZoningAreaUnknown));
  out.setStreetUnknown(has(scheduler::kZoningStreetUnknown));
  out.setNotBuildable(has(scheduler::kZoningNotBuildable));
}

kj::Promise<void> CityReaderServer::zoning(ZoningContext context) {
  return ask(std::make_unique<ZoningQuery>(scope_),
             [context](ZoningQuery& done, scheduler::Op op) mutable {
               auto results = context.getResults();
               auto list = results.initVersions(static_cast<unsigned>(done.versions.size()));
               for (unsigned i = 0; i < list.size(); ++i) write_version(done.versions[i], list[i]);
               results.setOp(raw(op));
             });
}

kj::Promise<void> CityReaderServer::zoningRules(ZoningRulesContext context) {
  return ask(std::make_unique<ZoningRulesQuery>(context.getParams().getVersion()),
             [context](ZoningRulesQuery& done, scheduler::Op) mutable {
               auto results = context.getResults();
               if (done.rules.empty())
                 return refuse(results.initRefused(), Refusal::kUnknownZoning, Field::kVersion);
               auto list = results.initRules(static_cast<unsigned>(done.rules.size()));
               for (unsigned i = 0; i < list.size(); ++i) write_rule(done.rules[i], list[i]);
             });
}

kj::Promise<void> CityReaderServer::zoningChanges(ZoningChangesContext context) {
  const auto params = context.getParams();
  const auto page = params.getPage();
  auto query = std::make_unique<ZoningChangesQuery>(scope_, params.getVersion(), page.getCursor(),
                                                    page_limit(page.getLimit()));
  return ask(std::move(query), [context](ZoningChangesQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults();
    if (!done.is_known)
      return refuse(results.initRefused(), Refusal::kUnknownZoning, Field::kVersion);
    auto out = results.initPage();
    auto list = out.initChanges(static_cast<unsigned>(done.rows.size()));
    for (unsigned i = 0; i < list.size(); ++i) write_change(done.rows[i], list[i]);
    auto end = out.initEnd();
    end.setCursor(done.cursor.position);
    end.setDone(done.cursor.done);
    end.setOp(raw(op));
  });
}

// ---- what a supervisor does ----

kj::Promise<void> SupervisorSessionServer::loadZoning(LoadZoningContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kLoadZoning,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::LoadZoning& load = body.load_zoning;
                   load.version = params.getVersion();
                   load.total = params.getTotal();
                   if (const Flaw flaw = read_zoning_rules(params.getRules(), load)) return flaw;
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::validateZoning(ValidateZoningContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kValidateZoning,
                 params.getKey(), [&](CommandBody& body) {
                   body.validate_zoning = {};
                   body.validate_zoning.version = params.getVersion();
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::notifyZoning(NotifyZoningContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kNotifyZoning,
                 params.getKey(), [&](CommandBody& body) {
                   body.notify_zoning = {};
                   body.notify_zoning.version = params.getVersion();
                   body.notify_zoning.effective_from = {params.getEffectiveFrom()};
                   return read_note(params.getNote(), body.notify_zoning.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::dropZoning(DropZoningContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kDropZoning,
                 params.getKey(), [&](CommandBody& body) {
                   body.drop_zoning = {};
                   body.drop_zoning.version = params.getVersion();
                   return read_note(params.getNote(), body.drop_zoning.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::rebase(RebaseContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kRebaseCase,
                 params.getKey(), [&](CommandBody& body) {
                   body.rebase_case.id = scheduler::CaseId{params.getCaseId()};
                   return read_note(params.getNote(), body.rebase_case.note);
                 });
}

}  // namespace permitd::daemon
