#include "cli/city_load.h"

#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <type_traits>

#include "cli/city_calendar.h"
#include "cli/local_time.h"

namespace permitd::cli {
namespace {

using namespace scheduler;

/// What an answer from the memory of the key says about the present state.
enum class IfRemembered : std::uint8_t {
  kAskAgain,    // nothing; under a new key the daemon compares
  kUnchanged,   // everything; such a definition is never replaced
  kRemembered,  // nothing, and the daemon would not compare either
};

/// One definition: what it is called, what its key is made of, how it is sent.
struct Step {
  IfRemembered if_remembered;
  std::string what;
  std::string content;
  std::function<kj::Promise<Answer>(CallOptions)> send;
};
using Steps = std::vector<Step>;  // of one kind

struct Loading {
  LoadOptions options;
  LoadReport report;
  std::vector<Steps> kinds;
  std::size_t kind = 0;
  std::size_t next = 0;  // in kinds[kind]
  std::size_t answered = 0;
};

/// Bodies of commands have no padding, so their bytes are their content.
template <class Body>
std::string content_of(std::string_view kind, const Body& body) {
  static_assert(std::is_trivially_copyable_v<Body>);
  std::string content(kind);
  content.append(reinterpret_cast<const char*>(&body), sizeof body);
  return content;
}

void add_calendar(Steps& steps, SupervisorClient& supervisor, const CityCalendar& calendar) {
  for (CalendarRunSpec& run : runs_of(calendar)) {
    auto content = content_of("calendar", run.first_day);
    for (const auto& day : run.days)
      content += fmt::format("|{},{}", day.open_minute, day.length_minutes);
    content += "|" + run.note;
    const auto what = fmt::format("calendar from {}", day_text(run.first_day));
    steps.push_back({IfRemembered::kAskAgain, what, content,
                     [&supervisor, run = std::move(run)](CallOptions options) {
                       return supervisor.set_calendar_days(run.first_day, run.days, options,
                                                           run.note);
                     }});
  }
}

std::vector<Steps> steps_of(SupervisorClient& supervisor, const City& city) {
  std::vector<Steps> kinds(8);
  if (city.policy) {
    kinds[0].push_back({IfRemembered::kAskAgain, "policy", content_of("policy", *city.policy),
                        [&supervisor, &city](CallOptions options) {
                          return supervisor.set_policy(*city.policy, options);
                        }});
  }
  if (city.calendar) add_calendar(kinds[1], supervisor, *city.calendar);
  for (const auto& each : city.organisations) {
    kinds[2].push_back(
        {IfRemembered::kAskAgain, fmt::format("organisation {}", raw(each.organisation)),
         content_of("organisation", each),
         [&](CallOptions options) { return supervisor.define_organisation(each, options); }});
  }
  for (const auto& each : city.services) {
    kinds[3].push_back({IfRemembered::kUnchanged, fmt::format("service {}", raw(each.service)),
                        content_of("service", each), [&](CallOptions options) {
                          return supervisor.define_service(each, options);
                        }});
  }
  for (const auto& each : city.offices) {
    kinds[4].push_back({IfRemembered::kRemembered, fmt::format("office {:04}", raw(each.office)),
                        content_of("office", each), [&](CallOptions options) {
                          return supervisor.define_office(each, options);
                        }});
  }
  for (const auto& each : city.activations) {
    kinds[5].push_back(
        {IfRemembered::kAskAgain,
         fmt::format("service {} at office {:04}", raw(each.service), raw(each.office)),
         content_of("activation", each), [&](CallOptions options) {
           return supervisor.activate_service(each.office, each.service, each.from, each.until,
                                              options);
         }});
  }
  for (const auto& each : city.experts) {
    kinds[6].push_back({IfRemembered::kRemembered, fmt::format("expert {}", raw(each.expert)),
                        content_of("expert", each), [&](CallOptions options) {
                          return supervisor.define_expert(each, options);
                        }});
  }
  for (const auto& each : city.certificates) {
    kinds[7].push_back({IfRemembered::kAskAgain,
                        fmt::format("certificate of expert {}", raw(each.expert)),
                        content_of("certificate", each), [&](CallOptions options) {
                          return supervisor.set_certificate(
                              each.expert, each.skill, each.valid_from, each.valid_until, options);
                        }});
  }
  return kinds;
}

void note_answer(Loading& loading, const Step& step, const Answer& answer) {
  auto& report = loading.report;
  if (answer && !answer->repeated) {
    ++report.changed;
  } else if (answer) {
    ++(step.if_remembered == IfRemembered::kUnchanged ? report.unchanged : report.remembered);
  } else if (answer.error().code == Refusal::kNothingToDo) {
    ++report.unchanged;
  } else if (answer.error().code == Refusal::kNotCompatible &&
             answer.error().field == Field::kVersion) {
    ++report.unchanged;
    report.kept.push_back(step.what);
  } else {
    report.refused.push_back({step.what, answer.error()});
  }
  loading.options.progress(++loading.answered);
}

/// Works through the present kind, one step after another; several of these run side by side.
kj::Promise<void> work(Loading& loading) {
  auto& steps = loading.kinds[loading.kind];
  if (loading.next >= steps.size()) return kj::READY_NOW;
  auto& step = steps[loading.next++];
  CallOptions options;
  options.key = content_key(loading.options.salt + step.content);
  return step.send(options)
      .then([&step](Answer answer) -> kj::Promise<Answer> {
        bool is_stale = answer && answer->repeated && step.if_remembered == IfRemembered::kAskAgain;
        if (is_stale) return step.send(CallOptions{});
        return kj::mv(answer);
      })
      .then([&loading, &step](Answer answer) {
        note_answer(loading, step, answer);
        return work(loading);
      });
}

kj::Promise<void> work_kinds(Loading& loading) {
  if (loading.kind >= loading.kinds.size()) return kj::READY_NOW;
  auto workers = std::min(loading.options.window, loading.kinds[loading.kind].size());
  kj::Vector<kj::Promise<void>> running;
  for (std::size_t index = 0; index < workers; ++index) running.add(work(loading));
  return kj::joinPromises(running.releaseAsArray()).then([&loading] {
    ++loading.kind;
    loading.next = 0;
    return work_kinds(loading);
  });
}

}  // namespace

std::size_t definition_count(const City& city) {
  const std::size_t runs = city.calendar ? runs_of(*city.calendar).size() : 0;
  return (city.policy ? 1U : 0U) + runs + city.organisations.size() + city.services.size() +
         city.offices.size() + city.activations.size() + city.experts.size() +
         city.certificates.size();
}

kj::Promise<LoadReport> load_city(SupervisorClient& supervisor, const City& city,
                                  LoadOptions options) {
  auto loading = kj::heap<Loading>(Loading{std::move(options), {}, steps_of(supervisor, city)});
  auto& state = *loading;
  state.report.total = definition_count(city);
  return work_kinds(state).then(
      [loading = kj::mv(loading)]() mutable { return std::move(loading->report); });
}

}  // namespace permitd::cli
