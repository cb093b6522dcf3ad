#include "daemon/http_metrics.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "protocol/words.h"

namespace permitd::daemon {

using protocol::name_of;
using scheduler::raw;

namespace {

/// Appends metrics of one exposition; every name is announced once with its type and meaning.
class Exposition {
 public:
  void announce(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  }
  void sample(std::string_view name, std::string_view labels, std::uint64_t value) {
    fmt::format_to(std::back_inserter(text_), "{}{}{}{} {}\n", name, labels.empty() ? "" : "{",
                   labels, labels.empty() ? "" : "}", value);
  }
  void single(std::string_view name, std::string_view type, std::string_view help,
              std::uint64_t value) {
    announce(name, type, help);
    sample(name, "", value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

template <class Enum>
std::string label(std::string_view key, std::size_t index) {
  return fmt::format("{}=\"{}\"", key, name_of(static_cast<Enum>(index)));
}

void write_states(Exposition& out, const scheduler::StatsView& stats) {
  out.announce("permitd_cases", "gauge", "Cases by state; finished states are totals.");
  for (std::size_t i = 0; i < stats.cases.size(); ++i) {
    out.sample("permitd_cases", label<scheduler::CaseState>("state", i), stats.cases[i]);
  }
  out.announce("permitd_jobs", "gauge", "Jobs by state; finished states are totals.");
  for (std::size_t i = 0; i < stats.jobs.size(); ++i) {
    out.sample("permitd_jobs", label<scheduler::JobState>("state", i), stats.jobs[i]);
  }
}

void write_flow(Exposition& out, const scheduler::StatsView& stats) {
  struct Column {
    std::string_view name;
    std::string_view help;
    std::uint64_t scheduler::FlowCell::*value;
  };
  static constexpr Column kColumns[] = {
      {"permitd_stage_jobs_created_total", "Jobs created per stage.",
       &scheduler::FlowCell::created},
      {"permitd_stage_jobs_done_total", "Jobs that came to their end per stage.",
       &scheduler::FlowCell::done},
      {"permitd_stage_jobs_cancelled_total", "Jobs cancelled per stage.",
       &scheduler::FlowCell::cancelled},
      {"permitd_stage_jobs_returned_total", "Jobs ended with a defect per stage.",
       &scheduler::FlowCell::returned},
      {"permitd_stage_sla_met_total", "Jobs ended within their deadline.",
       &scheduler::FlowCell::sla_met},
      {"permitd_stage_sla_missed_total", "Jobs ended past their deadline.",
       &scheduler::FlowCell::sla_missed},
  };
  for (const Column& column : kColumns) {
    out.announce(column.name, "counter", column.help);
    for (std::size_t i = 0; i < stats.flow.size(); ++i) {
      out.sample(column.name, label<scheduler::Stage>("stage", i), stats.flow[i].*column.value);
    }
  }
  out.announce("permitd_jobs_open_by_band", "gauge",
               "Open jobs by stage and SLA band; of stages that the municipality does, the cases "
               "that wait for it.");
  for (std::size_t stage = 0; stage < stats.bands.size(); ++stage) {
    for (std::size_t band = 0; band < stats.bands[stage].size(); ++band) {
      out.sample(
          "permitd_jobs_open_by_band",
          label<scheduler::Stage>("stage", stage) + "," + label<scheduler::SlaBand>("band", band),
          stats.bands[stage][band]);
    }
  }
}

void write_queues(Exposition& out, const scheduler::StatsView& stats) {
  const auto labels = [](std::size_t priority, std::size_t skill) {
    return label<scheduler::PriorityClass>("class", priority) + "," +
           label<scheduler::Skill>("skill", skill);
  };
  out.announce("permitd_jobs_ready", "gauge", "Jobs in the ready queues.");
  for (std::size_t priority = 0; priority < stats.ready.size(); ++priority) {
    for (std::size_t skill = 0; skill < stats.ready[priority].size(); ++skill) {
      out.sample("permitd_jobs_ready", labels(priority, skill), stats.ready[priority][skill]);
    }
  }
  out.announce("permitd_oldest_ready_age_seconds", "gauge",
               "Age of the oldest ready job: nothing starves silently.");
  for (std::size_t priority = 0; priority < stats.oldest_ready.size(); ++priority) {
    for (std::size_t skill = 0; skill < stats.oldest_ready[priority].size(); ++skill) {
      const scheduler::Tick since = stats.oldest_ready[priority][skill];
      const std::int64_t age_ms = since == scheduler::kNever ? 0 : stats.now.ms - since.ms;
      out.sample("permitd_oldest_ready_age_seconds", labels(priority, skill),
                 static_cast<std::uint64_t>(age_ms / 1000));
    }
  }
  out.announce("permitd_oldest_ready_working_minutes", "gauge",
               "Working time that the oldest ready job has waited.");
  for (std::size_t priority = 0; priority < stats.waiting_minutes.size(); ++priority) {
    for (std::size_t skill = 0; skill < stats.waiting_minutes[priority].size(); ++skill) {
      out.sample("permitd_oldest_ready_working_minutes", labels(priority, skill),
                 stats.waiting_minutes[priority][skill]);
    }
  }
  out.announce("permitd_waiting_alarm", "gauge",
               "1 while the oldest ready job has waited longer than the policy allows.");
  for (std::size_t priority = 0; priority < stats.waiting_minutes.size(); ++priority) {
    for (std::size_t skill = 0; skill < stats.waiting_minutes[priority].size(); ++skill) {
      out.sample("permitd_waiting_alarm", labels(priority, skill),
                 stats.waiting_alarm(priority, skill) ? 1 : 0);
    }
  }
  out.announce("permitd_certificates_lapsing", "gauge",
               "Certificates that end within the days that the policy warns of.");
  for (std::size_t skill = 0; skill < stats.certificates_lapsing.size(); ++skill) {
    out.sample("permitd_certificates_lapsing", label<scheduler::Skill>("skill", skill),
               stats.certificates_lapsing[skill]);
  }
}

void write_engine(Exposition& out, const OpsFigures& figures) {
  const scheduler::StatsView& stats = figures.stats;
  const EngineStats& engine = figures.engine;
  out.single("permitd_op_durable", "counter", "Newest durable operation.", raw(engine.op_durable));
  out.single("permitd_snapshot_op", "gauge", "Operation of the newest snapshot.",
             raw(engine.snapshot_op));
  out.single("permitd_commands_total", "counter", "Commands applied since the start.",
             engine.commands);
  out.single("permitd_commands_refused_total", "counter", "Commands refused by the core.",
             engine.refused);
  out.single("permitd_disk_full_refusals_total", "counter", "Commands refused for want of room.",
             engine.refused_disk_full);
  out.single("permitd_batches_total", "counter", "Batches made durable.", engine.batches);
  out.single("permitd_queries_total", "counter", "Reads answered.", engine.queries);
  out.single("permitd_feed_dropped_total", "counter", "Events that found no room in a feed.",
             engine.feed_dropped);
  out.single("permitd_journal_appended_bytes_total", "counter", "Bytes appended to the journal.",
             figures.storage.appended_size);
  out.single("permitd_journal_room_bytes", "gauge", "Bytes that can be appended now.",
             figures.storage.room);
  out.single("permitd_draining", "gauge", "1 while the daemon drains.", engine.draining ? 1 : 0);
  out.single("permitd_disk_full", "gauge", "1 while the journal has no room.", engine.full ? 1 : 0);
  out.single("permitd_leases_expired_total", "counter", "Leases that ran out.",
             stats.leases_expired);
  out.single("permitd_jobs_declined_total", "counter", "Assigned jobs declined.", stats.declined);
  out.single("permitd_jobs_escalated_total", "counter", "Jobs handed to a supervisor.",
             stats.escalated);
  out.single("permitd_capacity_overrides_total", "counter", "Assignments above capacity by order.",
             stats.capacity_overrides);
  out.announce("permitd_municipal_decisions_total", "counter",
               "Decisions of the municipality, of stages that have a term.");
  out.sample("permitd_municipal_decisions_total", "in_time=\"yes\"", stats.decisions_in_time);
  out.sample("permitd_municipal_decisions_total", "in_time=\"no\"", stats.decisions_late);
  out.single("permitd_municipal_first_violations_total", "counter", "Must be 0.",
             stats.municipal_first_violations);
  out.single("permitd_reserved_share_starts_total", "counter",
             "Starts for other organisations out of their share while municipal work waited.",
             stats.reserved_share_starts);
  out.single("permitd_cases_rebased_total", "counter",
             "Cases moved to another version of the zoning plan.", stats.cases_rebased);
  out.single("permitd_meetings_forgotten_total", "counter",
             "Meetings of inspector and owner that found no room while the policy could use them.",
             stats.meetings_forgotten_early);
  out.single("permitd_scheduler_memory_bytes", "gauge", "Taken for the core's tables, used or not.",
             stats.memory_bytes);
}

void write_memory(Exposition& out, const MemoryFigures& memory) {
  out.single("permitd_memory_resident_bytes", "gauge", "Of the process, by the kernel.",
             memory.resident);
  out.single("permitd_memory_allocated_bytes", "gauge", "Handed out by the allocator.",
             memory.allocated);
  out.single("permitd_memory_active_bytes", "gauge", "Pages that hold any of it.", memory.active);
  out.single("permitd_memory_allocator_resident_bytes", "gauge",
             "Pages that the allocator has from the kernel and keeps.", memory.allocator_resident);
}

void write_network(Exposition& out, const NetworkFigures& network) {
  const auto value = [](const std::atomic<std::uint64_t>& figure) {
    return figure.load(std::memory_order_relaxed);
  };
  out.single("permitd_connections", "gauge", "Connections open now.", value(network.connections));
  out.single("permitd_calls_busy_total", "counter", "Calls refused as busy.",
             value(network.calls_busy));
  out.single("permitd_tls_handshakes_total", "counter", "TLS handshakes completed.",
             value(network.handshakes));
  out.single("permitd_sessions_denied_total", "counter",
             "Sessions asked for by somebody who may not be that.", value(network.sessions_denied));
  out.single("permitd_calls_denied_total", "counter", "Commands that their caller may not give.",
             value(network.calls_denied));
  out.single("permitd_unknown_numbers_total", "counter",
             "Calls that named a case, job, office, expert or application that is not there for "
             "their caller.",
             value(network.unknown_numbers));
  out.announce("permitd_connections_dropped_total", "counter", "Connections ended, by reason.");
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    const std::string_view reason = drop_reason_name(static_cast<DropReason>(i));
    out.sample("permitd_connections_dropped_total", fmt::format("reason=\"{}\"", reason),
               value(network.drops[i]));
  }
}

}  // namespace

std::string metrics_text(const OpsFigures& figures, const MemoryFigures& memory) {
  Exposition out;
  write_engine(out, figures);
  write_states(out, figures.stats);
  write_flow(out, figures.stats);
  write_queues(out, figures.stats);
  write_memory(out, memory);
  if (figures.network != nullptr) write_network(out, *figures.network);
  return out.take();
}

std::string health_text(const OpsFigures& figures) {
  const bool fine = !figures.engine.draining && !figures.engine.full;
  return fmt::format(
      "{{\"ok\":{},\"draining\":{},\"full\":{},\"opDurable\":{},\"snapshotOp\":{}}}\n", fine,
      figures.engine.draining, figures.engine.full, raw(figures.engine.op_durable),
      raw(figures.engine.snapshot_op));
}

}  // namespace permitd::daemon
