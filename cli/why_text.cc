#include "cli/why_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>

#include "cli/local_time.h"
#include "cli/table.h"
#include "protocol/jalali.h"
#include "protocol/persian.h"

namespace permitd::cli {
namespace {

namespace persian = protocol::persian;
using protocol::Language;
using scheduler::Filter;
using scheduler::Tick;
constexpr auto kRight = Table::Align::kRight;

std::string persian_number(std::uint64_t value) {
  return protocol::persian_digits(fmt::to_string(value));
}

std::string number_text(std::uint64_t value, bool is_persian) {
  return is_persian ? persian_number(value) : fmt::to_string(value);
}

std::string filter_text(Filter filter, bool is_persian) {
  return std::string(is_persian ? persian::name_of(filter) : protocol::name_of(filter));
}

// "3 office, 2 capacity" of counts by filter; empty when all are 0.
template <class Counts>
std::string counts_text(Counts counts, bool is_persian) {
  std::string text;
  for (unsigned filter = 0; filter < counts.size(); ++filter) {
    if (counts[filter] == 0) continue;
    const std::string name = filter_text(static_cast<Filter>(filter), is_persian);
    text += text.empty() ? "" : is_persian ? "، " : ", ";
    text += is_persian ? fmt::format("{}: {}", name, persian_number(counts[filter]))
                       : fmt::format("{} {}", counts[filter], name);
  }
  return text;
}

template <class Counts>
std::uint64_t sum_of(Counts counts) {
  std::uint64_t sum = 0;
  for (auto count : counts) sum += count;
  return sum;
}

std::string plan_line(protocol::Job::Reader job, bool is_persian) {
  if (job.getPlannedFor() == 0) return "";
  if (is_persian) {
    return fmt::format("برنامه آن را برای کارشناس {} در {} گذاشته است؛ آنچه ثابت است: {}.\n",
                       persian_number(job.getPlannedFor()),
                       protocol::jalali_moment_text(Tick{job.getPlannedStart()}),
                       persian::locks_text(job.getPlanLocks()));
  }
  return fmt::format("Planned for expert {} at {}; fixed: {}.\n", job.getPlannedFor(),
                     local_text(Tick{job.getPlannedStart()}),
                     protocol::locks_text(job.getPlanLocks()));
}

// Who could take it, in numbers; nothing when nobody was asked.
std::string supply_line(protocol::StuckReason::Reader stuck, bool is_persian) {
  if (stuck.getCertified() + stuck.getAhead() == 0) return "";
  const std::string kept = counts_text(stuck.getRemoved(), is_persian);
  if (is_persian) {
    return fmt::format(
        "دارای گواهینامه {}، از آنان می‌توانند بگیرند {} و از اینان در انتظار "
        "کار "
        "{}؛ "
        "کنار گذاشته‌شده‌ها: {}؛ کارهای پیش از آن {}.\n",
        persian_number(stuck.getCertified()), persian_number(stuck.getWithCapacity()),
        persian_number(stuck.getWaiting()), kept.empty() ? "هیچ" : kept,
        persian_number(stuck.getAhead()));
  }
  return fmt::format(
      "Certified now {}, of them {} may take it, of these {} wait for work; kept from it by "
      "filter: {}; jobs before it {}.\n",
      stuck.getCertified(), stuck.getWithCapacity(), stuck.getWaiting(),
      kept.empty() ? "none" : kept, stuck.getAhead());
}

std::string percent_text(std::uint32_t ppm, bool is_persian) {
  const std::uint32_t whole = ppm / 10'000;
  const std::uint32_t tenth = ppm / 1000 % 10;
  return is_persian ? fmt::format("{}٫{} ٪", persian_number(whole), persian_number(tenth))
                    : fmt::format("{}.{} %", whole, tenth);
}

std::string way_text(std::uint32_t metres, bool is_persian) {
  const std::uint32_t whole = metres / 1000;
  const std::uint32_t tenth = metres / 100 % 10;
  return is_persian ? fmt::format("{}٫{} کیلومتر", persian_number(whole), persian_number(tenth))
                    : fmt::format("{}.{} km", whole, tenth);
}

Table near_table(bool is_persian) {
  if (is_persian) {
    return Table({{"کارشناس هم‌تراز", kRight},
                  {"بار", kRight},
                  {"راه", kRight},
                  {"بار دفتر", kRight},
                  {""}});
  }
  return Table({{"near-equal expert", kRight},
                {"load", kRight},
                {"way", kRight},
                {"office load", kRight},
                {""}});
}

std::string near_text(protocol::Decision::Reader decision, bool is_persian) {
  Table table = near_table(is_persian);
  const bool ways = decision.getTravelWeight() != 0 || decision.getDrawn().size() != 0;
  for (auto candidate : decision.getNearEqual()) {
    const bool is_chosen = candidate.getExpert() == decision.getChosen();
    table.add(
        {number_text(candidate.getExpert(), is_persian),
         percent_text(candidate.getLoadPpm(), is_persian),
         ways ? way_text(candidate.getMetres(), is_persian) : "-",
         decision.getShareWeight() != 0 ? percent_text(candidate.getOfficePpm(), is_persian) : "-",
         !is_chosen   ? ""
         : is_persian ? "برگزیده"
                      : "chosen"});
  }
  return table.aligned();
}

std::string minutes_text(std::uint32_t minutes, bool is_persian) {
  const std::string number = number_text(minutes, is_persian);
  return is_persian ? fmt::format("{} دقیقه", number) : fmt::format("{} min", number);
}

// What a claim was drawn among; nothing where nothing was drawn.
std::string drawn_table(protocol::Decision::Reader decision, bool is_persian) {
  if (decision.getDrawn().size() == 0) return "";
  const bool by_deadline = decision.getByDeadline();
  const std::string what = is_persian ? (by_deadline ? "کار هم‌فوریت" : "بازدید نزدیک")
                                      : (by_deadline ? "urgent job" : "near visit");
  const std::string how =
      is_persian ? (by_deadline ? "دیرتر از نخستین" : "راه") : (by_deadline ? "due later" : "way");
  Table table({{what, kRight}, {how, kRight}, {""}});
  for (auto each : decision.getDrawn()) {
    const bool is_given = each.getJob() == decision.getJob();
    table.add({number_text(each.getJob(), is_persian),
               by_deadline ? minutes_text(each.getMinutes(), is_persian)
                           : way_text(each.getMetres(), is_persian),
               !is_given    ? ""
               : is_persian ? "برگزیده"
                            : "chosen"});
  }
  return table.aligned();
}

std::string rejected_table(protocol::Decision::Reader decision, bool is_persian) {
  const bool jobs = decision.getByClaim();
  const std::string who = is_persian ? (jobs ? "کاری که پیش‌تر بود"
                                             : "کارشناس کنار گذاشته‌شده")
                                     : (jobs ? "job before it" : "rejected expert");
  Table table({{who, kRight}, {is_persian ? "به علت" : "by"}});
  for (auto each : decision.getRejected()) {
    table.add({number_text(jobs ? each.getJob() : each.getExpert(), is_persian),
               filter_text(static_cast<Filter>(each.getFilter()), is_persian)});
  }
  return table.aligned();
}

// How many of those that were removed the table names, where it is not all.
std::string named_line(protocol::Decision::Reader decision, bool is_persian) {
  const std::uint64_t named = decision.getRejected().size();
  const std::uint64_t all = sum_of(decision.getRemoved());
  if (named >= all) return "";
  if (named == 0 && decision.getByClaim()) {
    return is_persian
               ? fmt::format(
                     "از {} کاری که درخور نبود هیچ‌یک پیش از این "
                     "نیست.\n",
                     persian_number(all))
               : fmt::format("None of {} jobs that did not fit comes before it.\n", all);
  }
  if (is_persian) {
    return fmt::format("{} مورد نخست از {} مورد نام برده شده است.\n", persian_number(named),
                       persian_number(all));
  }
  return fmt::format("The first {} of {} are named.\n", named, all);
}

std::string considered_line(protocol::Decision::Reader decision, bool is_persian) {
  const std::string removed = counts_text(decision.getRemoved(), is_persian);
  const bool jobs = decision.getByClaim();
  if (is_persian) {
    return fmt::format(
        "{} {}؛ کنار گذاشته‌شده‌ها: {}.\n",
        jobs ? "کارهای بررسی‌شده" : "کارشناسان بررسی‌شده",
        persian_number(decision.getConsidered()), removed.empty() ? "هیچ" : removed);
  }
  return fmt::format("{} considered: {}; removed by filter: {}.\n", jobs ? "Jobs" : "Experts",
                     decision.getConsidered(), removed.empty() ? "none" : removed);
}

std::string decision_head(protocol::Decision::Reader decision, bool is_persian) {
  const Tick at{decision.getAt()};
  return is_persian
             ? fmt::format("\nواگذاری در ثبت {} ({}): {}\n", persian_number(decision.getOp()),
                           protocol::jalali_moment_text(at), decision.getSentence().cStr())
             : fmt::format("\nAssignment at op {} ({}): {}\n", decision.getOp(), local_text(at),
                           decision.getSentence().cStr());
}

}  // namespace

std::string why_job_text(protocol::WhyAnswer::Reader answer, Language language) {
  const bool is_persian = language == Language::kPersian;
  auto job = answer.getJob();
  const auto stage = static_cast<scheduler::Stage>(job.getStage());
  const auto state = static_cast<scheduler::JobState>(job.getState());
  const std::string head =
      is_persian ? fmt::format("کار {} از پروندهٔ {}: {}، {}\n", persian_number(job.getJob()),
                               persian_number(job.getCaseId()), persian::name_of(stage),
                               persian::name_of(state))
                 : fmt::format("job {} of case {}: {}, {}\n", job.getJob(), job.getCaseId(),
                               protocol::name_of(stage), protocol::name_of(state));
  auto stuck = answer.getStuck();
  return fmt::format("{}{}\n{}{}", head, stuck.getSentence().cStr(), plan_line(job, is_persian),
                     supply_line(stuck, is_persian));
}

scheduler::StuckView case_stuck(protocol::Case::Reader found) {
  scheduler::StuckView stuck;
  stuck.until = scheduler::kNever;
  stuck.cause = scheduler::cause_of(static_cast<scheduler::CaseState>(found.getState()));
  // Only what is through its stages has no job to ask and waits for nothing.
  if (stuck.cause == scheduler::Stuck::kNotStuck) stuck.cause = scheduler::Stuck::kFinished;
  return stuck;
}

std::string why_case_text(protocol::Case::Reader found, Language language) {
  const auto state = static_cast<scheduler::CaseState>(found.getState());
  const std::string head =
      language == Language::kPersian
          ? fmt::format("پروندهٔ {}: {}\n", persian_number(found.getCaseId()),
                        persian::name_of(state))
          : fmt::format("case {}: {}\n", found.getCaseId(), protocol::name_of(state));
  return fmt::format("{}{}\n", head, protocol::stuck_sentence(case_stuck(found), language));
}

std::string municipal_line(protocol::Case::Reader found, Language language) {
  if (found.getDecisionBand() == protocol::SlaBand::PAUSED) return "";
  const Tick due{found.getDecisionDue()};
  const bool is_beyond = due == scheduler::kNever;
  const std::int64_t left = found.getDecisionRemainingMinutes();
  if (language == Language::kPersian) {
    const auto band = static_cast<scheduler::SlaBand>(found.getDecisionBand());
    return fmt::format("  در انتظار شهرداری: مهلت {}، {} از زمان کاری {} ({})\n",
                       is_beyond ? "پس از پایان تقویم" : protocol::jalali_moment_text(due),
                       persian_working_text(std::abs(left)), left < 0 ? "گذشته" : "مانده",
                       persian::name_of(band));
  }
  return fmt::format("  waits for the municipality: due {}, {} of working time {} ({})\n",
                     is_beyond ? "beyond the calendar that is set" : local_text(due),
                     working_text(std::abs(left)), left < 0 ? "over" : "left",
                     protocol::name_of(static_cast<scheduler::SlaBand>(found.getDecisionBand())));
}

std::string why_decision_text(protocol::WhyAnswer::Reader answer, Language language) {
  const bool is_persian = language == Language::kPersian;
  if (!answer.getHasDecision())
    return is_persian ? "هرگز واگذار نشده است.\n" : "It was never assigned.\n";
  auto decision = answer.getDecision();
  return decision_head(decision, is_persian) + near_text(decision, is_persian) +
         drawn_table(decision, is_persian) + rejected_table(decision, is_persian) +
         named_line(decision, is_persian) + considered_line(decision, is_persian);
}

}  // namespace permitd::cli
