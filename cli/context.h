// What every command of permitctl shares: the options before the command, one connection made when
// it is first needed, and the ways to print an answer. One thread, one per process.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/answer.h"
#include "cli/blocking.h"
#include "cli/exit_code.h"
#include "cli/session.h"
#include "cli/table.h"
#include "protocol/words.h"

namespace permitd::cli {

/// Options that stand before or behind the command's own.
struct GlobalOptions {
  std::string socket;  // --socket PATH
  std::string server;  // --server tls://HOST:PORT, HOST:PORT, unix:PATH
  protocol::TlsFiles tls;
  std::string as;   // --as office:0101
  std::string key;  // --key TEXT
  std::string timeout = "30s";
  std::string time_zone;
  std::string language = "en";  // --lang
  std::string calendar;         // --calendar; empty: the language's own
  bool json = false;
  bool csv = false;
  bool yes = false;
};

/// The command line cannot be carried out as it stands: printed, then kExitUsage.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// "office:0101", "expert:17", "supervisor:31@5,7", …; nothing when it is not an identity.
std::optional<Identity> parse_identity(std::string_view text);

class Context {
 public:
  GlobalOptions globals;

  /// Registers what `command` does; exactly one is chosen by the command line and run by main.
  void on(CLI::App* command, std::function<int()> action);
  /// Runs the chosen command; every ending that is not its own becomes an exit code and a sentence
  /// on stderr.
  int run();

  /// Where the daemon is, by the options, else by the environment, else where it usually is.
  Address address() const;
  /// The connection, made on first use. Throws kj::Exception like every call.
  BlockingClient& connection();
  Client& client() { return connection().client(); }
  template <class T>
  T wait(kj::Promise<T> promise) {
    return connection().wait(kj::mv(promise));
  }

  /// Whom --as names, or whom the certificate names if it is one of `kinds`, or `fallback`. Throws
  /// UsageError when --as names another kind than `kinds` allow.
  Identity identity(std::initializer_list<scheduler::ActorKind> kinds,
                    std::uint32_t fallback) const;
  /// Options of the one mutating call of a command: the key that --key stands for.
  CallOptions call_options() const;

  /// Prints an answer as JSON or as `sentence(accepted)`; the exit code.
  int finish(const Answer& answer, const std::function<std::string(const Accepted&)>& sentence);
  /// Prints a refusal; kExitRefused.
  int refuse(const Refused& refused);
  /// Prints one JSON document to stdout.
  void print(const boost::json::value& document);
  /// Prints a list: JSON `document` under --json, CSV under --csv, an aligned table otherwise.
  void print(const Table& table, const boost::json::value& document);
  bool wants_json() const { return globals.json; }
  protocol::Language language() const {
    return globals.language == "fa" ? protocol::Language::kPersian : protocol::Language::kEnglish;
  }

  /// Of a list: programs, which read CSV, know its columns and values by one name only.
  protocol::Language table_language() const {
    return globals.csv ? protocol::Language::kEnglish : language();
  }

  /// Shows `question` and waits for "yes" on a terminal; --yes answers it. False when it was not
  /// yes. Without a terminal and without --yes it throws UsageError.
  bool confirm(const std::string& question);

  /// The daemon's clock, for moments relative to now.
  Tick daemon_now();
  /// Text of a moment option, or UsageError naming `option`.
  Tick moment(const std::string& text, std::string_view option);

 private:
  std::string sentence_of(const Refused& refused) const;

  std::unique_ptr<BlockingClient> connection_;
  std::function<int()> action_;
};

/// JSON of the refusal and acceptance as the schema names them: {"accepted": {…}} or {"refused":
/// {…}}.
boost::json::value to_json(const Answer& answer);
boost::json::value to_json(const Refused& refused);

}  // namespace permitd::cli
