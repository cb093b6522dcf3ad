// A supervisor's calls about the zoning plan.
#include "cli/supervisor_client.h"
#include "scheduler/assert.h"

namespace permitd::cli {
namespace {

using Supervisor = protocol::SupervisorSession::Client;

}  // namespace

std::string zone_text(const scheduler::ZoneCode& zone) { return {zone.bytes.data(), zone.size}; }

void fill(protocol::ZoningRule::Builder out, const scheduler::ZoningRule& rule) {
  out.setZone(zone_text(rule.zone));
  out.setFloors(rule.floors);
  out.setCoveragePermille(rule.coverage_permille);
  out.setAreaMinM2(rule.area_min_m2);
  out.setStreetMinDm(rule.street_min_dm);
  out.setAreaEffect(rule.area_effect);
  out.setStreetEffect(rule.street_effect);
}

kj::Promise<Answer> SupervisorClient::load_zoning(std::uint16_t version, std::uint16_t total,
                                                  std::span<const scheduler::ZoningRule> rules,
                                                  CallOptions options, std::string note) {
  PERMIT_ASSERT(rules.size() <= scheduler::kZoningRulesPerCommand, rules.size());
  return call(
      [version, total, kept = std::vector(rules.begin(), rules.end()),
       note = std::move(note)](Supervisor& session) {
        auto request = session.loadZoningRequest();
        request.setNote(note);
        request.setVersion(version);
        request.setTotal(total);
        auto list = request.initRules(static_cast<unsigned>(kept.size()));
        for (unsigned i = 0; i < list.size(); ++i) fill(list[i], kept[i]);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::validate_zoning(std::uint16_t version, std::string note,
                                                      CallOptions options) {
  return call(
      [version, note = std::move(note)](Supervisor& session) {
        auto request = session.validateZoningRequest();
        request.setVersion(version);
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::notify_zoning(std::uint16_t version, Tick effective_from,
                                                    std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.notifyZoningRequest();
        request.setVersion(version);
        request.setEffectiveFrom(effective_from.ms);
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::drop_zoning(std::uint16_t version, std::string note,
                                                  CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.dropZoningRequest();
        request.setVersion(version);
        request.setNote(note);
        return request;
      },
      options);
}

kj::Promise<Answer> SupervisorClient::rebase(CaseId id, std::string note, CallOptions options) {
  return call(
      [=, note = std::move(note)](Supervisor& session) {
        auto request = session.rebaseRequest();
        request.setCaseId(raw(id));
        request.setNote(note);
        return request;
      },
      options);
}

}  // namespace permitd::cli
