#include "planner/review_check.h"

#include <algorithm>
#include <cmath>

namespace permitd::planner {

namespace {

class ReviewJudge {
 public:
  ReviewJudge(const ReviewProblem& problem, const ReviewPlan& plan)
      : problem_(problem), plan_(plan) {}

  std::vector<std::string> judge() {
    if (plan_.sequences.size() != problem_.people.size() ||
        plan_.lines.size() != problem_.jobs.size()) {
      return {"the plan is of another problem"};
    }
    times_listed_.assign(problem_.jobs.size(), 0);
    for (std::uint32_t person = 0; person < problem_.people.size(); ++person) follow(person);
    for (std::uint32_t job = 0; job < problem_.jobs.size(); ++job) judge_job(job);
    judge_moves();
    judge_figures();
    return std::move(broken_);
  }

 private:
  void expect(bool holds, std::uint32_t job, const char* rule) {
    if (!holds) broken_.push_back("job " + std::to_string(problem_.jobs[job].number) + rule);
  }

  static std::int64_t minutes_of(const ReviewPerson& who, const ReviewJob& job) {
    const std::int64_t own = job.effort[who.pace_class];
    const std::int64_t minutes = (own != 0 ? own : job.effort[0]) * who.pace_permille;
    return std::max<std::int64_t>(minutes / 1000, 1);
  }

  bool may_take(std::uint32_t person, const ReviewJob& job) const {
    const ReviewPerson& who = problem_.people[person];
    bool works = false;
    for (std::size_t day = 0; day < who.day_minutes.size(); ++day) {
      works |= who.day_minutes[day] > 0 && problem_.city_minutes[day] > 0;
    }
    const bool in_district = who.districts == 0 || (who.districts & 1U << job.district) != 0;
    const bool reaches = in_district && (job.office == kAnyOffice || job.office == who.office) &&
                         (job.services & who.services) == job.services;
    return who.active && works && reaches && (who.skills & 1U << job.skill) != 0 &&
           std::ranges::count(job.excluded, person) == 0;
  }

  // The moment at which somebody has put in `effort`, day by day.
  std::int64_t moment(const ReviewPerson& who, std::int64_t effort) const {
    if (effort <= 0) return 0;
    std::int64_t begin = 0;
    for (std::size_t day = 0; day < problem_.city_minutes.size(); ++day) {
      const std::int64_t city = problem_.city_minutes[day];
      const std::int64_t own = city == 0 ? 0 : who.day_minutes[day];
      if (effort <= own) return begin + (effort * city + own - 1) / own;
      effort -= own;
      begin += city;
    }
    const std::int64_t own = who.usual_minutes;
    return own == 0 ? kNeverMinutes
                    : begin + (effort * problem_.usual_city_minutes + own - 1) / own;
  }

  // Works a person's sequence off: no job before its release, nothing begun while another that
  // comes first could have been, no two at once.
  void follow(std::uint32_t person) {
    const ReviewPerson& who = problem_.people[person];
    const std::vector<std::uint32_t>& sequence = plan_.sequences[person];
    std::int64_t busy_until = moment(who, who.held_minutes);
    std::int64_t effort = who.held_minutes;
    for (std::size_t at = 0; at < sequence.size(); ++at) {
      const std::uint32_t index = sequence[at];
      const ReviewJob& job = problem_.jobs[index];
      const ReviewLine& line = plan_.lines[index];
      ++times_listed_[index];
      expect(line.person == person, index, " is in the list of another person");
      expect(line.effort == minutes_of(who, job), index, " takes another time");
      expect(line.start >= job.release, index, " begins before its release");
      expect(line.start >= busy_until, index, " begins while another is being done");
      effort += minutes_of(who, job);
      // Waiting for a release loses effort, so the finish may lie later than work alone says.
      expect(line.finish >= moment(who, effort), index, " is finished too early");
      if (line.start == busy_until) {
        expect(line.finish == moment(who, effort) || waited_, index, " is finished too late");
      } else {
        waited_ = true;
      }
      judge_order(sequence, at);
      busy_until = line.finish;
    }
    waited_ = false;
  }

  void judge_order(const std::vector<std::uint32_t>& sequence, std::size_t at) {
    const ReviewJob& job = problem_.jobs[sequence[at]];
    const std::int64_t start = plan_.lines[sequence[at]].start;
    for (std::size_t later = at + 1; later < sequence.size(); ++later) {
      const ReviewJob& other = problem_.jobs[sequence[later]];
      if (other.release > start || job.started) continue;
      const bool first = other.started || other.priority < job.priority ||
                         (other.priority == job.priority && other.due < job.due);
      expect(!first, sequence[later], " could have begun and comes first");
    }
  }

  void judge_job(std::uint32_t index) {
    const ReviewJob& job = problem_.jobs[index];
    const ReviewLine& line = plan_.lines[index];
    expect(times_listed_[index] == (line.person == kNoPerson ? 0 : 1), index,
           " is not listed once");
    if (job.keeps_person && job.current != kNoPerson && may_take(job.current, job))
      expect(line.person == job.current, index, " is fixed to a person and has moved");
    if (job.started) {
      expect(line.person == job.current, index, " is started and has moved");
      expect(line.reason == ReviewReason::kStarted, index, " is started, which is not said");
    } else if (line.person != kNoPerson) {
      expect(may_take(line.person, job), index, " is with somebody who may not have it");
    } else {
      bool anybody = false;
      for (std::uint32_t p = 0; p < problem_.people.size(); ++p) anybody |= may_take(p, job);
      expect(!anybody, index, " is with nobody although somebody may take it");
      expect(line.obstacle != ReviewObstacle::kNone, index, " is with nobody without a cause");
    }
  }

  void judge_moves() {
    std::vector<std::uint32_t> listed(problem_.jobs.size(), 0);
    for (const ReviewMove& move : plan_.moves) {
      ++listed[move.job];
      expect(move.from == problem_.jobs[move.job].current, move.job, " moves from elsewhere");
      expect(move.to == plan_.lines[move.job].person, move.job, " moves to elsewhere");
      expect(move.finish_after == plan_.lines[move.job].finish, move.job, " ends at another time");
    }
    for (std::uint32_t job = 0; job < problem_.jobs.size(); ++job) {
      const std::uint32_t person = plan_.lines[job].person;
      const bool moves = person != kNoPerson && person != problem_.jobs[job].current;
      expect(listed[job] == (moves ? 1U : 0U), job, " is not in the difference as it should be");
    }
  }

  void judge_figures() {
    std::uint32_t late = 0;
    std::uint32_t moves = 0;
    double minutes = 0;
    for (std::uint32_t index = 0; index < problem_.jobs.size(); ++index) {
      const ReviewJob& job = problem_.jobs[index];
      const ReviewLine& line = plan_.lines[index];
      if (line.person == kNoPerson) continue;
      late += line.finish > job.due ? 1 : 0;
      moves += job.current != kNoPerson && line.person != job.current ? 1 : 0;
      const auto behind = std::clamp<std::int64_t>(line.finish - job.due, 0, 1'000'000);
      minutes += static_cast<double>(behind) * job.weight_permille / 1000;
    }
    const auto near = [](double a, double b) {
      return std::abs(a - b) <= 1e-6 * (1 + std::abs(b));
    };
    if (late != plan_.figures.jobs_late) broken_.push_back("late jobs are miscounted");
    if (moves != plan_.figures.moves) broken_.push_back("moves are miscounted");
    if (!near(plan_.figures.late_minutes, minutes)) broken_.push_back("lateness is misjudged");
    if (!near(plan_.figures.peak, peak())) broken_.push_back("the greatest load is misjudged");
  }

  double peak() const {
    double peak = 0;
    for (std::uint32_t person = 0; person < problem_.people.size(); ++person) {
      const ReviewPerson& who = problem_.people[person];
      std::int64_t capacity = 0;
      for (std::size_t day = 0; day < who.day_minutes.size(); ++day) {
        if (problem_.city_minutes[day] > 0) capacity += who.day_minutes[day];
      }
      if (!who.active || capacity == 0) continue;
      std::int64_t load = who.history_minutes + who.held_minutes;
      for (const auto job : plan_.sequences[person]) load += minutes_of(who, problem_.jobs[job]);
      peak = std::max(
          peak, static_cast<double>(load) / static_cast<double>(capacity + who.history_capacity));
    }
    return peak;
  }

  const ReviewProblem& problem_;
  const ReviewPlan& plan_;
  std::vector<std::uint32_t> times_listed_;
  std::vector<std::string> broken_;
  bool waited_ = false;  // this person has lost effort to a release
};

}  // namespace

std::vector<std::string> check_review_plan(const ReviewProblem& problem, const ReviewPlan& plan) {
  return ReviewJudge(problem, plan).judge();
}

}  // namespace permitd::planner
