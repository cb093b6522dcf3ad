// The audit trail as a file: every command of the journal with its outcome, events and choices, one
// JSON object a line, chained by SHA-256. docs/AUDIT.md is the specification; script/audit-verify
// checks a trail without any of this code. Reads a directory that is not in use. One thread.
#pragma once

#include <cstdint>
#include <string>

namespace permitd::daemon {

struct AuditExport {
  std::string directory;
  std::string file;        // "-": standard output
  std::uint64_t from = 0;  // first op; 0: the oldest that can be told
  std::uint64_t to = 0;    // last op; 0: the newest
  std::string previous;    // hash that the trail before ended with; empty: none, 64 zeros
};

/// Writes the trail and, on standard error, one line that says how far it goes and its last hash.
/// The exit status: 0, 5 when the journal is damaged, 1 for everything else.
int export_audit(const AuditExport& wanted);

}  // namespace permitd::daemon
