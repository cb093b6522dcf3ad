// Licences of offices between wire and core: requests into command bodies, views into answers. What
// can be judged without state is judged here, as in rpc_decode.h. Any thread; no state.
#pragma once

#include "daemon/rpc_decode.h"

namespace permitd::daemon {

[[nodiscard]] Flaw read_licence_rules(protocol::LicenceRules::Reader in,
                                      scheduler::SetLicenceRules& out);
[[nodiscard]] Flaw read_licence_person(protocol::LicencePerson::Reader in, scheduler::Field field,
                                       scheduler::LicencePerson& out);
[[nodiscard]] Flaw read_licence_request(protocol::LicenceRequest::Reader in,
                                        scheduler::ApplyForLicence& out);
[[nodiscard]] Flaw read_venue(protocol::Venue::Reader in, scheduler::DefineVenue& out);
[[nodiscard]] Flaw read_code(capnp::Text::Reader in, scheduler::Field field, scheduler::Code& out);
[[nodiscard]] Flaw read_label(capnp::Text::Reader in, scheduler::Label& out);

void write_licence_rules(const scheduler::LicenceRulesView& view,
                         protocol::LicenceRules::Builder out);
void write_round(const scheduler::RoundView& view, protocol::Round::Builder out);
void write_application(const scheduler::ApplicationView& view, protocol::Application::Builder out);
void write_venue(const scheduler::VenueView& view, protocol::Venue::Builder out);
/// Those that are required.
void write_manager_checks(const scheduler::SubjectChecks& checks, protocol::Office::Builder out);
void write_licensing(const scheduler::LicensingView& view, protocol::Licensing::Builder out);

}  // namespace permitd::daemon
