#include "daemon/rpc_reader.h"

#include "daemon/rpc_watch.h"
#include "scheduler/types.h"

namespace permitd::daemon {

using scheduler::raw;
using scheduler::Refusal;

namespace {

/// First-segment sizes, in words, that hold an answer of `rows` rows without another allocation.
capnp::MessageSize size_hint(std::size_t rows, std::uint64_t row_words) {
  return {8 + rows * row_words, 0};
}

// Words of one row with its pointers and usual texts.
constexpr std::uint64_t kJobWords = 12;
constexpr std::uint64_t kEventWords = 9;
constexpr std::uint64_t kExpertWords = 24;
constexpr std::uint64_t kOfficeWords = 20;
constexpr std::uint64_t kOpenCellWords = 6;
constexpr std::uint64_t kCaseWords = 40;
constexpr std::uint64_t kOverrideWords = 19;
constexpr std::uint64_t kServiceWords = 26;
constexpr std::uint64_t kOrganisationWords = 6;
constexpr std::uint64_t kActivationWords = 3;
constexpr std::uint64_t kStatsWords = 230;

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

void write_case_answer(const CaseQuery& query, protocol::CaseResult::Builder out) {
  if (!query.found) {
    write_refusal(Refusal::kUnknownCase, scheduler::Field::kCase, scheduler::CommandKind::kNone,
                  out.initRefused());
    return;
  }
  auto found = out.initCase();
  write_case(query.view, found);
  write_rows(query.jobs, found.initJobs(count_of(query.jobs)), write_job);
}

kj::Promise<void> ReaderServer::case_(CaseContext context) {
  auto query =
      std::make_unique<CaseQuery>(scope_, scheduler::CaseId{context.getParams().getCaseId()});
  return ask(std::move(query), [this, context](CaseQuery& done, scheduler::Op) mutable {
    if (!done.found) note_unknown("case", Refusal::kUnknownCase);
    write_case_answer(done, context.getResults(size_hint(done.jobs.size() + 2, kJobWords)));
  });
}

kj::Promise<void> ReaderServer::job(JobContext context) {
  auto query = std::make_unique<JobQuery>(scope_, scheduler::JobId{context.getParams().getJob()});
  return ask(std::move(query), [this, context](JobQuery& done, scheduler::Op) mutable {
    auto results = context.getResults(size_hint(1, kJobWords));
    if (done.found) {
      write_job(done.view, results.initJob());
    } else {
      note_unknown("job", Refusal::kUnknownJob);
      refuse(results.initRefused(), Refusal::kUnknownJob, scheduler::Field::kJob);
    }
  });
}

kj::Promise<void> ReaderServer::history(HistoryContext context) {
  const auto params = context.getParams();
  auto query = std::make_unique<HistoryQuery>(scope_, scheduler::CaseId{params.getCaseId()},
                                              params.getFrom(), page_limit(params.getLimit()));
  return ask(std::move(query), [this, context](HistoryQuery& done, scheduler::Op) mutable {
    auto results = context.getResults(size_hint(done.events.size(), kEventWords));
    if (!done.found) {
      note_unknown("history", Refusal::kUnknownCase);
      refuse(results.initRefused(), Refusal::kUnknownCase, scheduler::Field::kCase);
      return;
    }
    write_rows(done.events, results.initEvents(count_of(done.events)), write_history);
  });
}

kj::Promise<void> ReaderServer::why(WhyContext context) {
  auto query = std::make_unique<WhyQuery>(scope_, scheduler::JobId{context.getParams().getJob()});
  // A language that this version does not know is told in English.
  const auto language = context.getParams().getLanguage() == protocol::SentenceLanguage::FA
                            ? protocol::Language::kPersian
                            : protocol::Language::kEnglish;
  return ask(std::move(query), [this, context, language](WhyQuery& done, scheduler::Op) mutable {
    auto results = context.getResults();
    if (!done.found) {
      note_unknown("why", Refusal::kUnknownJob);
      refuse(results.initRefused(), Refusal::kUnknownJob, scheduler::Field::kJob);
      return;
    }
    auto answer = results.initAnswer();
    write_job(done.job, answer.initJob());
    answer.setHasDecision(done.has_decision);
    if (done.has_decision) write_decision(done.decision, language, answer.initDecision());
    write_stuck(done.stuck, language, answer.initStuck());
  });
}

kj::Promise<void> ReaderServer::jobs(JobsContext context) {
  const auto params = context.getParams();
  const auto page = params.getPage();
  auto query = std::make_unique<JobsQuery>(scope_, read_filter(params.getFilter()),
                                           page.getCursor(), page_limit(page.getLimit()));
  return ask(std::move(query), [context](JobsQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults(size_hint(done.rows.size(), kJobWords));
    write_rows(done.rows, results.initJobs(count_of(done.rows)), write_job);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> ReaderServer::watch(WatchContext context) {
  context.getResults().setSubscription(services().watches.subscribe(
      kj::addRef(*connection_), scope_, context.getParams().getSubscriber()));
  return kj::READY_NOW;
}

kj::Promise<void> CityReaderServer::stats(StatsContext context) {
  return ask(std::make_unique<StatsQuery>(scope_),
             [context](StatsQuery& done, scheduler::Op) mutable {
               write_stats(done.stats, context.getResults(size_hint(1, kStatsWords)).initStats());
             });
}

kj::Promise<void> CityReaderServer::openCells(OpenCellsContext context) {
  const auto params = context.getParams();
  const auto page = params.getPage();
  auto query = std::make_unique<OpenCellsQuery>(scope_, scheduler::OfficeId{params.getOffice()},
                                                page.getCursor(), page_limit(page.getLimit()));
  return ask(std::move(query), [context](OpenCellsQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults(size_hint(done.rows.size(), kOpenCellWords));
    write_rows(done.rows, results.initCells(count_of(done.rows)), write_open_cell);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> CityReaderServer::offices(OfficesContext context) {
  const auto page = context.getParams().getPage();
  auto query =
      std::make_unique<OfficesQuery>(scope_, page.getCursor(), page_limit(page.getLimit()));
  return ask(std::move(query), [context](OfficesQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults(size_hint(done.rows.size(), kOfficeWords));
    write_rows(done.rows, results.initOffices(count_of(done.rows)), write_office);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> CityReaderServer::experts(ExpertsContext context) {
  const auto params = context.getParams();
  const auto page = params.getPage();
  auto query = std::make_unique<ExpertsQuery>(scope_, scheduler::OfficeId{params.getOffice()},
                                              page.getCursor(), page_limit(page.getLimit()));
  return ask(std::move(query), [context](ExpertsQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults(size_hint(done.rows.size(), kExpertWords));
    write_rows(done.rows, results.initExperts(count_of(done.rows)), write_expert);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> ReaderServer::lottery(LotteryContext context) {
  return ask(std::make_unique<LotteryQuery>(),
             [context](LotteryQuery& done, scheduler::Op) mutable {
               write_lottery(done.lottery, context.getResults().initLottery());
             });
}

kj::Promise<void> CityReaderServer::policy(PolicyContext context) {
  return ask(std::make_unique<PolicyQuery>(), [context](PolicyQuery& done, scheduler::Op) mutable {
    write_policy(done.policy, context.getResults().initPolicy());
  });
}

kj::Promise<void> CityReaderServer::catalogue(CatalogueContext context) {
  const auto page = context.getParams().getPage();
  auto query = std::make_unique<ServicesQuery>(page.getCursor(), page_limit(page.getLimit()));
  return ask(std::move(query), [context](ServicesQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults(size_hint(done.rows.size(), kServiceWords));
    write_rows(done.rows, results.initServices(count_of(done.rows)), write_service);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> CityReaderServer::organisations(OrganisationsContext context) {
  const auto page = context.getParams().getPage();
  auto query = std::make_unique<OrganisationsQuery>(page.getCursor(), page_limit(page.getLimit()));
  return ask(std::move(query), [context](OrganisationsQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults(size_hint(done.rows.size(), kOrganisationWords));
    write_rows(done.rows, results.initOrganisations(count_of(done.rows)), write_organisation);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> CityReaderServer::activations(ActivationsContext context) {
  const auto page = context.getParams().getPage();
  auto query =
      std::make_unique<ActivationsQuery>(scope_, page.getCursor(), page_limit(page.getLimit()));
  return ask(std::move(query), [context](ActivationsQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults(size_hint(done.rows.size(), kActivationWords));
    write_rows(done.rows, results.initActivations(count_of(done.rows)), write_activation);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> CityReaderServer::awaitingDecisions(AwaitingDecisionsContext context) {
  const auto page = context.getParams().getPage();
  auto query = std::make_unique<AwaitingDecisionsQuery>(scope_, page.getCursor(),
                                                        page_limit(page.getLimit()));
  return ask(std::move(query), [context](AwaitingDecisionsQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults(size_hint(done.rows.size(), kCaseWords));
    write_rows(done.rows, results.initCases(count_of(done.rows)), write_case);
    write_page_end(done, op, results.initEnd());
  });
}

kj::Promise<void> CityReaderServer::overrides(OverridesContext context) {
  const auto params = context.getParams();
  const auto page = params.getPage();
  scheduler::OverrideFilter filter;
  filter.expert = scheduler::ExpertId{params.getExpert()};
  filter.since = {params.getSince()};
  auto query = std::make_unique<OverridesQuery>(scope_, filter, page.getCursor(),
                                                page_limit(page.getLimit()));
  return ask(std::move(query), [context](OverridesQuery& done, scheduler::Op op) mutable {
    auto results = context.getResults(size_hint(done.rows.size(), kOverrideWords));
    write_rows(done.rows, results.initOverrides(count_of(done.rows)), write_override);
    write_page_end(done, op, results.initEnd());
  });
}

}  // namespace permitd::daemon
