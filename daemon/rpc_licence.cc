// The methods of sessions that are about licences of offices.
#include "daemon/licence_queries.h"
#include "daemon/rpc_enums.h"
#include "daemon/rpc_licence_convert.h"
#include "daemon/rpc_supervisor_session.h"

namespace permitd::daemon {

using scheduler::CommandBody;
using scheduler::CommandKind;
using scheduler::Field;
using scheduler::raw;
using scheduler::Refusal;

namespace {

template <class Row, class Write>
void write_rows(const std::vector<Row>& rows, auto list, Write&& write) {
  for (unsigned i = 0; i < rows.size(); ++i) write(rows[i], list[i]);
}

unsigned count_of(const auto& rows) { return static_cast<unsigned>(rows.size()); }

void write_page_end(const PageQuery& query, scheduler::Op op, protocol::PageEnd::Builder out) {
  out.setCursor(query.cursor.position);
  out.setDone(query.cursor.done);
  out.setOp(raw(op));
}

}  // namespace

// ---- reads ----

kj::Promise<void> CityReaderServer::licensing(LicensingContext context) {
  return ask(std::make_unique<LicensingQuery>(scope_),
             [context](LicensingQuery& done, scheduler::Op) mutable {
               write_licensing(done.view, context.getResults().initLicensing());
             });
}

kj::Promise<void> CityReaderServer::licenceRules(LicenceRulesContext context) {
  return ask(std::make_unique<LicenceRulesQuery>(),
             [context](LicenceRulesQuery& done, scheduler::Op) mutable {
               write_rows(done.rows, context.getResults().initVersions(count_of(done.rows)),
                          write_licence_rules);
             });
}

kj::Promise<void> CityReaderServer::rounds(RoundsContext context) {
  const auto page = context.getParams().getPage();
  auto query = std::make_unique<RoundsQuery>(scope_, page.getCursor(), page_limit(page.getLimit()));
  return ask(std::move(query), [context](RoundsQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults();
    write_rows(done.rows, results.initRounds(count_of(done.rows)), write_round);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> CityReaderServer::applications(ApplicationsContext context) {
  const auto params = context.getParams();
  const auto page = params.getPage();
  const auto asked = params.getFilter();
  scheduler::ApplicationFilter filter;
  if (asked.getStates() != 0) filter.states = asked.getStates();
  filter.round = scheduler::RoundId{asked.getRound()};
  filter.district = asked.getDistrict();
  auto query = std::make_unique<ApplicationsQuery>(scope_, filter, page.getCursor(),
                                                   page_limit(page.getLimit()));
  return ask(std::move(query), [context](ApplicationsQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults();
    write_rows(done.rows, results.initApplications(count_of(done.rows)), write_application);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> CityReaderServer::application(ApplicationContext context) {
  const scheduler::ApplicationId id{context.getParams().getApplication()};
  return ask(std::make_unique<ApplicationQuery>(scope_, id),
             [this, context](ApplicationQuery& done, scheduler::Op) mutable {
               auto results = context.getResults();
               if (done.found) {
                 write_application(done.view, results.initApplication());
               } else {
                 note_unknown("application", Refusal::kUnknownApplication);
                 refuse(results.initRefused(), Refusal::kUnknownApplication, Field::kApplication);
               }
             });
}

kj::Promise<void> CityReaderServer::venues(VenuesContext context) {
  const auto page = context.getParams().getPage();
  auto query = std::make_unique<VenuesQuery>(scope_, page.getCursor(), page_limit(page.getLimit()));
  return ask(std::move(query), [context](VenuesQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults();
    write_rows(done.rows, results.initVenues(count_of(done.rows)), write_venue);
    write_page_end(done, op, results.initEnd());
  });
}

// ---- commands ----

kj::Promise<void> SupervisorSessionServer::setLicenceRules(SetLicenceRulesContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kSetLicenceRules,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::SetLicenceRules& out = body.set_licence_rules;
                   if (const Flaw flaw = read_licence_rules(params.getRules(), out)) return flaw;
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::setOfficesWanted(SetOfficesWantedContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kSetOfficesWanted,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::SetOfficesWanted& out = body.set_offices_wanted;
                   out.count = params.getCount();
                   out.effective_from = {params.getEffectiveFrom()};
                   return read_note(params.getNote(), out.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::openRound(OpenRoundContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kOpenRound,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::OpenRound& out = body.open_round;
                   out.places = params.getPlaces();
                   out.opens = {params.getOpens()};
                   out.closes = {params.getCloses()};
                   if (const Flaw flaw = read_label(params.getLabel(), out.label)) return flaw;
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::closeRound(CloseRoundContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kCloseRound,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::CloseRound& out = body.close_round;
                   out.round = scheduler::RoundId{params.getRound()};
                   return read_note(params.getNote(), out.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::applyForLicence(ApplyForLicenceContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kApplyForLicence,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::ApplyForLicence& out = body.apply_for_licence;
                   if (const Flaw flaw = read_licence_request(params.getApplication(), out))
                     return flaw;
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::recordLicenceCheck(RecordLicenceCheckContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kRecordLicenceCheck,
      params.getKey(), [&](CommandBody& body) {
        scheduler::RecordLicenceCheck& out = body.record_licence_check;
        out.application = scheduler::ApplicationId{params.getApplication()};
        out.office = scheduler::OfficeId{params.getOffice()};
        out.passed = params.getPassed() ? 1 : 0;
        if (!to_core(params.getSubject(), out.subject))
          return Flaw{Refusal::kOutOfRange, Field::kPerson};
        if (!to_core(params.getCheck(), out.check))
          return Flaw{Refusal::kOutOfRange, Field::kCheck};
        if (const Flaw flaw = read_code(params.getEvidence(), Field::kEvidence, out.evidence))
          return flaw;
        return read_note(params.getNote(), out.note);
      });
}

kj::Promise<void> SupervisorSessionServer::withdrawApplication(WithdrawApplicationContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kWithdrawApplication,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::WithdrawApplication& out = body.withdraw_application;
                   out.application = scheduler::ApplicationId{params.getApplication()};
                   return read_note(params.getNote(), out.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::recordExamResult(RecordExamResultContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kRecordExamResult, params.getKey(),
      [&](CommandBody& body) {
        scheduler::RecordExamResult& out = body.record_exam_result;
        out.application = scheduler::ApplicationId{params.getApplication()};
        out.score = params.getScore();
        out.absent = params.getAbsent() ? 1 : 0;
        if (const Flaw flaw = read_code(params.getEvidence(), Field::kEvidence, out.evidence))
          return flaw;
        return read_note(params.getNote(), body.noted.note);
      });
}

kj::Promise<void> SupervisorSessionServer::recordBoardFinding(RecordBoardFindingContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kRecordBoardFinding,
      params.getKey(), [&](CommandBody& body) {
        scheduler::RecordBoardFinding& out = body.record_board_finding;
        out.application = scheduler::ApplicationId{params.getApplication()};
        out.competent = params.getCompetent() ? 1 : 0;
        if (const Flaw flaw = read_code(params.getEvidence(), Field::kEvidence, out.evidence))
          return flaw;
        return read_note(params.getNote(), out.note);
      });
}

kj::Promise<void> SupervisorSessionServer::rankRound(RankRoundContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kRankRound,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::RankRound& out = body.rank_round;
                   out.round = scheduler::RoundId{params.getRound()};
                   return read_note(params.getNote(), out.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::defineVenue(DefineVenueContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kDefineVenue,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::DefineVenue& out = body.define_venue;
                   if (const Flaw flaw = read_venue(params.getVenue(), out)) return flaw;
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::recordRent(RecordRentContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kRecordRent, params.getKey(),
      [&](CommandBody& body) {
        scheduler::RecordRent& out = body.record_rent;
        out.application = scheduler::ApplicationId{params.getApplication()};
        out.amount_rial = params.getAmountRial();
        out.from = {params.getFrom()};
        out.until = {params.getUntil()};
        if (const Flaw flaw = read_code(params.getReference(), Field::kReference, out.reference))
          return flaw;
        return read_note(params.getNote(), body.noted.note);
      });
}

kj::Promise<void> SupervisorSessionServer::recordEquipment(RecordEquipmentContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kRecordEquipment, params.getKey(),
      [&](CommandBody& body) {
        scheduler::RecordEquipment& out = body.record_equipment;
        out.application = scheduler::ApplicationId{params.getApplication()};
        out.done = params.getDone() ? 1 : 0;
        if (!to_core(params.getItem(), out.item))
          return Flaw{Refusal::kOutOfRange, Field::kEquipment};
        if (const Flaw flaw = read_code(params.getReference(), Field::kReference, out.reference))
          return flaw;
        return read_note(params.getNote(), body.noted.note);
      });
}

kj::Promise<void> SupervisorSessionServer::equipOffice(EquipOfficeContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kEquipOffice,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::EquipOffice& out = body.equip_office;
                   out.application = scheduler::ApplicationId{params.getApplication()};
                   out.office = scheduler::OfficeId{params.getOffice()};
                   out.point = {params.getPoint().getLatE6(), params.getPoint().getLonE6()};
                   if (const Flaw flaw = read_label(params.getLabel(), out.label)) return flaw;
                   return read_note(params.getNote(), body.noted.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::renewLicence(RenewLicenceContext context) {
  const auto params = context.getParams();
  return command(context.getResults(kResultSize).initResult(), CommandKind::kRenewLicence,
                 params.getKey(), [&](CommandBody& body) {
                   scheduler::RenewLicence& out = body.renew_licence;
                   out.office = scheduler::OfficeId{params.getOffice()};
                   out.day = params.getDay();
                   if (const Flaw flaw = read_licence_person(params.getLicensee(), Field::kLicensee,
                                                             out.licensee))
                     return flaw;
                   if (const Flaw flaw =
                           read_licence_person(params.getManager(), Field::kManager, out.manager))
                     return flaw;
                   return read_note(params.getNote(), out.note);
                 });
}

kj::Promise<void> SupervisorSessionServer::setTechnicalManager(SetTechnicalManagerContext context) {
  const auto params = context.getParams();
  return command(
      context.getResults(kResultSize).initResult(), CommandKind::kSetTechnicalManager,
      params.getKey(), [&](CommandBody& body) {
        scheduler::SetTechnicalManager& out = body.set_technical_manager;
        out.office = scheduler::OfficeId{params.getOffice()};
        out.day = params.getDay();
        if (!to_core(params.getChange(), out.change))
          return Flaw{Refusal::kOutOfRange, Field::kState};
        if (const Flaw flaw = read_licence_person(params.getPerson(), Field::kManager, out.person))
          return flaw;
        return read_note(params.getNote(), out.note);
      });
}

}  // namespace permitd::daemon
