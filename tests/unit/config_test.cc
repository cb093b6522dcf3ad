// Goal: a wrong setting names itself, its place, its range and the right key; a right one arrives
// in the struct. Method: small TOML texts and argument lists, and the files in docs/ and systemd/
// that are printed from the same table.
#include "daemon/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "daemon/command_line.h"
#include "daemon/config_table.h"

namespace permitd::daemon {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string fault_of(std::string_view text) {
  Config config;
  const auto result = apply_toml(config, text, "permitd.toml");
  return result ? std::string() : result.error().act;
}

Expected<Invocation> parse(std::vector<const char*> arguments) {
  return parse_command_line(arguments);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Config, DefaultsAreValid) { EXPECT_TRUE(check_config(Config{})); }

// Far above what an office files, far below what it would take to keep others from being served.
TEST(Config, OneOfficeMayNotFileTheShareOfAllByDefault) {
  const Config config;
  EXPECT_GE(config.quota.office_rate, 800U) << "all offices of a country at their peak";
  EXPECT_LE(config.quota.office_rate * 50, 100'000U) << "fifty that flood, beside what a core does";
  EXPECT_GE(config.quota.office_burst, 1024U) << "the largest call passes";
}

TEST(Config, ReadsEveryKindOfValue) {
  Config config;
  const auto result = apply_toml(config, R"(
data_directory = "/data"
io = "epoll"
log_level = "debug"
[listen]
socket_mode = "0600"
trust_loopback = true
[journal]
segment_size = "16 MiB"
batches_in_flight = 1
[connections]
message_size_max = 131072
[limits]
jobs_max = 2000000
[clock]
rehearsal = true
start = "2019-12-22T07:30+03:30"
)",
                                 "permitd.toml");
  ASSERT_TRUE(result) << result.error().text();
  EXPECT_EQ(config.data_directory, "/data");
  EXPECT_EQ(config.io, IoKind::kEpoll);
  EXPECT_EQ(config.log_level, LogLevel::kDebug);
  EXPECT_EQ(config.listen.socket_mode, 0600u);
  EXPECT_TRUE(config.listen.trust_loopback);
  EXPECT_EQ(config.journal.segment_size, std::uint64_t{16} << 20);
  EXPECT_EQ(config.journal.batches_in_flight, 1u);
  EXPECT_EQ(config.connections.message_words_max, 16'384u);
  EXPECT_EQ(config.limits.jobs_max, 2'000'000u);
  EXPECT_TRUE(config.clock.rehearsal);
  EXPECT_EQ(config.clock.start.ms, 1'576'987'200'000);
}

TEST(Config, WrongKeyNamesLineAndNearestKey) {
  EXPECT_THAT(fault_of("\n[journal]\nsegment_sise = 1\n"), HasSubstr("permitd.toml:3"));
  EXPECT_THAT(fault_of("[journal]\nsegment_sise = 1\n"),
              HasSubstr("did you mean journal.segment_size?"));
}

TEST(Config, RightKeyInTheWrongTableIsRecognised) {
  EXPECT_THAT(fault_of("[engine]\nspin_us = 1\n"), HasSubstr("did you mean threads.spin_us?"));
  EXPECT_THAT(fault_of("jobs_max = 1\n"), HasSubstr("did you mean limits.jobs_max?"));
}

TEST(Config, FarKeySuggestsNothing) {
  EXPECT_THAT(fault_of("zzzzzzzzzzzzzzzzzzzz = 1\n"), Not(HasSubstr("did you mean")));
}

TEST(Config, UnknownTableIsRefused) {
  EXPECT_THAT(fault_of("[nonsense]\nx = 1\n"), HasSubstr("nonsense"));
}

TEST(Config, ValueOutsideItsRangeNamesTheRange) {
  const std::string fault = fault_of("[threads]\nrpc = 99\n");
  EXPECT_THAT(fault, HasSubstr("permitd.toml:2: threads.rpc = 99"));
  EXPECT_THAT(fault, HasSubstr("0 … 64"));
}

TEST(Config, NegativeFractionAndTextAreNoCounts) {
  EXPECT_THAT(fault_of("[threads]\nrpc = -1\n"), HasSubstr("threads.rpc = -1"));
  EXPECT_THAT(fault_of("[threads]\nrpc = 1.5\n"), HasSubstr("threads.rpc"));
  EXPECT_THAT(fault_of("[threads]\nrpc = \"two\"\n"), HasSubstr("threads.rpc = \"two\""));
}

TEST(Config, ChoiceNamesItsWords) {
  EXPECT_THAT(fault_of("io = \"kqueue\"\n"), HasSubstr("uring, epoll"));
}

TEST(Config, EveryNumericSettingKeepsItsRange) {
  for (const Setting& setting : settings()) {
    if (setting.kind != SettingKind::kCount && setting.kind != SettingKind::kSize) continue;
    const std::string key(setting.key);
    Config config;
    EXPECT_TRUE(apply_assignment(config, key + "=" + std::to_string(setting.min))) << key;
    EXPECT_EQ(setting.get(config), setting.min) << key;
    EXPECT_TRUE(apply_assignment(config, key + "=" + std::to_string(setting.max))) << key;
    EXPECT_EQ(setting.get(config), setting.max) << key;
    EXPECT_FALSE(apply_assignment(config, key + "=" + std::to_string(setting.max + 1))) << key;
    EXPECT_EQ(setting.get(config), setting.max) << key;
    if (setting.min > 0) {
      EXPECT_FALSE(apply_assignment(config, key + "=" + std::to_string(setting.min - 1))) << key;
    }
  }
}

TEST(Config, DefaultsLieInTheirRanges) {
  const Config defaults;
  for (const Setting& setting : settings()) {
    if (setting.kind != SettingKind::kCount && setting.kind != SettingKind::kSize) continue;
    EXPECT_GE(setting.get(defaults), setting.min) << setting.key;
    EXPECT_LE(setting.get(defaults), setting.max) << setting.key;
  }
}

TEST(Config, AllFaultsAreReportedTogether) {
  const std::string fault = fault_of("io = 3\nnonsense = 1\n[threads]\nrpc = 99\n");
  EXPECT_THAT(fault, HasSubstr("permitd.toml:1"));
  EXPECT_THAT(fault, HasSubstr("permitd.toml:2"));
  EXPECT_THAT(fault, HasSubstr("permitd.toml:4"));
}

TEST(Config, BrokenTomlNamesItsLine) {
  EXPECT_THAT(fault_of("io = \"epoll\"\n[listen\n"), HasSubstr("permitd.toml:2"));
}

TEST(Config, MissingFileIsAnError) {
  Config config;
  const auto result = apply_toml_file(config, "/nonexistent/permitd.toml");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kConfiguration);
  EXPECT_THAT(result.error().text(), HasSubstr("/nonexistent/permitd.toml"));
}

TEST(Config, ContradictionsAreRefused) {
  Config config;
  config.listen.socket_path.clear();
  EXPECT_FALSE(check_config(config));
  config = {};
  config.listen.socket_path.assign(108, 'x');
  EXPECT_FALSE(check_config(config));
  config.listen.socket_path.assign(107, 'x');
  EXPECT_TRUE(check_config(config));
  config = {};
  config.clock.start.ms = 1;
  EXPECT_FALSE(check_config(config));
  config = {};
  config.limits.jobs_max = config.limits.cases_max - 1;
  EXPECT_FALSE(check_config(config));
  config = {};
  config.journal.segment_size += 1;
  EXPECT_FALSE(check_config(config));
}

TEST(Config, AddressesNeedAPort) {
  Config config;
  for (const char* good : {"127.0.0.1:7711", "[::1]:7711", "127.0.0.2:0"}) {
    config.listen.tcp_address = good;
    EXPECT_TRUE(check_config(config)) << good;
  }
  for (const char* bad : {"127.0.0.1", ":7711", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:77x"}) {
    config.listen.tcp_address = bad;
    EXPECT_FALSE(check_config(config)) << bad;
  }
}

TEST(Config, PlainTcpStaysOnThisMachine) {
  Config config;
  for (const char* far : {"0.0.0.0:7711", "[::]:7711", "192.168.1.5:7711", "128.0.0.1:7711"}) {
    config.listen.tcp_address = far;
    const auto checked = check_config(config);
    ASSERT_FALSE(checked) << far;
    EXPECT_THAT(checked.error().text(), HasSubstr("listen.tcp"));
    EXPECT_THAT(checked.error().text(), HasSubstr("listen.tls"));
  }
}

TEST(Config, TlsNeedsItsFilesAndTheyNeedIt) {
  Config config;
  config.listen.socket_path.clear();
  config.listen.tls_address = "0.0.0.0:7712";
  config.tls = {"server.pem", "server.key", "authority.pem", ""};
  EXPECT_TRUE(check_config(config)) << "it is a way in";
  const std::pair<std::string_view, std::string Config::Tls::*> files[] = {
      {"tls.certificate", &Config::Tls::certificate},
      {"tls.key", &Config::Tls::key},
      {"tls.authority", &Config::Tls::authority}};
  for (const auto& [key, file] : files) {
    Config without = config;
    (without.tls.*file).clear();
    ASSERT_FALSE(check_config(without)) << key;
    EXPECT_THAT(check_config(without).error().text(), HasSubstr(std::string(key)));
  }
  config.listen.tls_address = "0.0.0.0";
  EXPECT_FALSE(check_config(config)) << "no port";
  config = {};
  config.tls.certificate = "server.pem";
  ASSERT_FALSE(check_config(config));
  EXPECT_THAT(check_config(config).error().text(), HasSubstr("listen.tls is not"));
}

TEST(Config, SizesHaveBinaryUnits) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64 KiB"), 65'536u);
  EXPECT_EQ(parse_size("256MiB"), std::uint64_t{256} << 20);
  EXPECT_EQ(parse_size("2 GiB"), std::uint64_t{2} << 30);
  for (const char* bad :
       {"", "MiB", "-1", "1 MB", "1.5 GiB", "64  KiB", "99999999999999999999", "99999999999 TiB"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
}

TEST(Config, MomentsAreIso8601) {
  EXPECT_EQ(parse_moment("1970-01-01")->ms, 0);
  EXPECT_EQ(parse_moment("2019-12-22T07:30")->ms, 1'576'999'800'000);
  EXPECT_EQ(parse_moment("2019-12-22T07:30:15Z")->ms, 1'576'999'815'000);
  EXPECT_EQ(parse_moment("2019-12-22T07:30+03:30")->ms, 1'576'987'200'000);
  EXPECT_EQ(parse_moment("2019-12-22T07:30-01:00")->ms, 1'577'003'400'000);
  EXPECT_EQ(parse_moment("2020-02-29")->ms, 1'582'934'400'000);
  for (const char* bad : {"", "2019", "2019-13-01", "2019-02-29", "2019-12-22T", "2019-12-22T24:00",
                          "2019-12-22T07:60", "2019-12-22T07:30+3", "2019-12-22 ", "19-12-22",
                          "2019-12-22T07:30Zx", "2019-+1-01"}) {
    EXPECT_FALSE(parse_moment(bad)) << bad;
  }
}

bool some_rule_allows(const std::vector<AccessRule>& rules, std::uint32_t uid,
                      std::vector<NumberRange> AccessRule::*list, std::uint32_t number) {
  return std::ranges::any_of(
      rules, [&](const AccessRule& rule) { return allows(rule, uid, list, number); });
}

TEST(Config, AccessRulesAllowWhatTheyName) {
  Config config;
  const auto result = apply_toml(config, R"(
[[access]]
uid = 1000
offices = [101, "201-203"]
experts = "7"
[[access]]
uid = "*"
auditors = ["*"]
)",
                                 "permitd.toml");
  ASSERT_TRUE(result) << result.error().text();
  ASSERT_EQ(config.access.size(), 2u);
  EXPECT_TRUE(some_rule_allows(config.access, 1000, &AccessRule::offices, 101));
  EXPECT_FALSE(some_rule_allows(config.access, 1000, &AccessRule::offices, 102));
  EXPECT_TRUE(some_rule_allows(config.access, 1000, &AccessRule::offices, 203));
  EXPECT_FALSE(some_rule_allows(config.access, 1000, &AccessRule::offices, 204));
  EXPECT_TRUE(some_rule_allows(config.access, 1000, &AccessRule::experts, 7));
  EXPECT_FALSE(some_rule_allows(config.access, 1001, &AccessRule::experts, 7));
  EXPECT_TRUE(some_rule_allows(config.access, 1001, &AccessRule::auditors, 3));
  EXPECT_FALSE(some_rule_allows(config.access, 1000, &AccessRule::operators, 1));
  EXPECT_FALSE(some_rule_allows(config.access, 0, &AccessRule::operators, 1));
}

TEST(Config, AccessRulesBoundTheirSupervisorsToDistricts) {
  Config config;
  const auto result = apply_toml(config, R"(
[[access]]
uid = 1000
supervisors = [31]
districts = [5, "7-8"]
[[access]]
uid = 1001
supervisors = ["*"]
)",
                                 "permitd.toml");
  ASSERT_TRUE(result) << result.error().text();
  ASSERT_EQ(config.access.size(), 2u);
  EXPECT_EQ(config.access[0].districts, 1u << 5 | 1u << 7 | 1u << 8);
  EXPECT_EQ(config.access[1].districts, protocol::kWholeCity);
  const std::string rule = "[[access]]\nuid = 1000\nsupervisors = [1]\n";
  for (const char* wrong :
       {"districts = [32]\n", "districts = \"*\"\n", "districts = [0]\n", "districts = []\n"})
    EXPECT_THAT(fault_of(rule + wrong), HasSubstr("districts")) << wrong;
}

TEST(Config, WithoutRulesNobodyIsAllowed) {
  EXPECT_FALSE(some_rule_allows({}, 0, &AccessRule::operators, 1));
  EXPECT_FALSE(some_rule_allows({}, 1000, &AccessRule::offices, 101));
}

TEST(Config, WrongAccessRulesNameTheirFault) {
  EXPECT_THAT(fault_of("access = 3\n"), HasSubstr("[[access]]"));
  EXPECT_THAT(fault_of("[[access]]\noffices = [101]\n"), HasSubstr("needs uid"));
  EXPECT_THAT(fault_of("[[access]]\nuid = 1\nofices = [1]\n"), HasSubstr("did you mean offices?"));
  EXPECT_THAT(fault_of("[[access]]\nuid = 1\noffices = [\"9-3\"]\n"), HasSubstr("\"9-3\""));
  EXPECT_THAT(fault_of("[[access]]\nuid = 1\noffices = [0]\n"), HasSubstr("offices: 0"));
  EXPECT_THAT(fault_of("[[access]]\nuid = \"no such user here\"\n"),
              HasSubstr("no such user here"));
}

TEST(CommandLine, ArgumentsComeAfterTheFile) {
  const std::string path = testing::TempDir() + "permitd_config_test.toml";
  std::ofstream(path)
      << "data_directory = \"/from-file\"\n[listen]\nsocket = \"/from-file.sock\"\n";
  const auto invocation = parse({"--data", "/from-argument", "--config", path.c_str()});
  ASSERT_TRUE(invocation) << invocation.error().text();
  EXPECT_EQ(invocation->action, Action::kServe);
  EXPECT_EQ(invocation->config.data_directory, "/from-argument");
  EXPECT_EQ(invocation->config.listen.socket_path, "/from-file.sock");
  EXPECT_EQ(invocation->config_path, path);
}

TEST(CommandLine, EveryFlagArrives) {
  const auto invocation = parse({"--data=/d", "--socket=/s", "--tcp", "127.0.0.1:1", "--http",
                                 "127.0.0.1:2", "--io=epoll", "--rehearsal=2019-03-21", "--set",
                                 "limits.jobs_max=200000", "--set", "journal.segment_size=16 MiB"});
  ASSERT_TRUE(invocation) << invocation.error().text();
  const Config& config = invocation->config;
  EXPECT_EQ(config.data_directory, "/d");
  EXPECT_EQ(config.listen.socket_path, "/s");
  EXPECT_EQ(config.listen.tcp_address, "127.0.0.1:1");
  EXPECT_EQ(config.listen.http_address, "127.0.0.1:2");
  EXPECT_EQ(config.io, IoKind::kEpoll);
  EXPECT_TRUE(config.clock.rehearsal);
  EXPECT_EQ(config.clock.start.ms, 1'553'126'400'000);
  EXPECT_EQ(config.limits.jobs_max, 200'000u);
  EXPECT_EQ(config.journal.segment_size, std::uint64_t{16} << 20);
}

TEST(CommandLine, RehearsalNeedsNoStart) {
  const auto invocation = parse({"--rehearsal", "--socket", "/s"});
  ASSERT_TRUE(invocation) << invocation.error().text();
  EXPECT_TRUE(invocation->config.clock.rehearsal);
  EXPECT_EQ(invocation->config.clock.start.ms, 0);
  EXPECT_EQ(invocation->config.listen.socket_path, "/s");
}

TEST(CommandLine, ActionsAreRecognised) {
  EXPECT_EQ(parse({"--check-config"})->action, Action::kCheckConfig);
  const auto verify = parse({"--verify", "/d"});
  EXPECT_EQ(verify->action, Action::kVerify);
  EXPECT_EQ(verify->verify_directory, "/d");
  EXPECT_THAT(parse({"--help"})->text, HasSubstr("examples"));
  EXPECT_THAT(parse({"--version"})->text, HasSubstr("Cap'n Proto"));
  EXPECT_EQ(parse({"--default-config"})->text, default_config_toml());
}

TEST(CommandLine, ATrailAndThePastAreAskedOfTheDirectoryOfTheSettings) {
  const std::string hash(64, 'a');
  const auto trail = parse(
      {"--data", "/d", "--export-audit", "-", "--from", "7", "--to=9", "--previous", hash.c_str()});
  ASSERT_TRUE(trail) << trail.error().text();
  EXPECT_EQ(trail->action, Action::kExportAudit);
  EXPECT_EQ(trail->audit.directory, "/d");
  EXPECT_EQ(trail->audit.file, "-");
  EXPECT_EQ(trail->audit.from, 7U);
  EXPECT_EQ(trail->audit.to, 9U);
  EXPECT_EQ(trail->audit.previous, hash);
  const auto op = parse({"--as-of", "4711"});
  EXPECT_EQ(op->action, Action::kServePast);
  EXPECT_EQ(op->moment.op, scheduler::Op{4711});
  EXPECT_FALSE(op->moment.at.has_value());
  EXPECT_EQ(parse({"--as-of", "2019-03-21"})->moment.at, scheduler::Tick{1'553'126'400'000});
  EXPECT_THAT(parse({"--from", "0"}).error().text(), HasSubstr("a number from 1 on"));
  EXPECT_THAT(parse({"--previous", "abc"}).error().text(), HasSubstr("64 hexadecimal"));
  EXPECT_THAT(parse({"--as-of", "soon"}).error().text(), HasSubstr("soon"));
}
TEST(CommandLine, WrongArgumentsAreNamed) {
  EXPECT_THAT(parse({"--sockte", "/s"}).error().text(), HasSubstr("Did you mean --socket?"));
  EXPECT_THAT(parse({"--data"}).error().text(), HasSubstr("--data needs a value"));
  EXPECT_THAT(parse({"--help=1"}).error().text(), HasSubstr("takes no value"));
  EXPECT_THAT(parse({"--rehearsal=soon"}).error().text(), HasSubstr("soon"));
  EXPECT_THAT(parse({"--io=kqueue"}).error().text(), HasSubstr("uring, epoll"));
  EXPECT_THAT(parse({"--set", "limits.jobs"}).error().text(), HasSubstr("no value"));
  EXPECT_THAT(parse({"stray"}).error().text(), HasSubstr("stray"));
}

TEST(ConfigTable, DefaultFileIsValidAndChangesNothing) {
  std::string text = default_config_toml();
  // Uncomment every setting; the access tables stay comments.
  const std::size_t access = text.find("\n# Who a local user may be");
  ASSERT_NE(access, std::string::npos);
  text.resize(access);
  for (std::size_t at = text.find("\n#"); at != std::string::npos; at = text.find("\n#", at + 1)) {
    if (text[at + 2] != ' ') text.erase(at + 1, 1);
  }
  Config config;
  const auto result = apply_toml(config, text, "default");
  ASSERT_TRUE(result) << result.error().text();
  for (const Setting& setting : settings()) {
    EXPECT_EQ(toml_value(setting, config), toml_value(setting, Config{})) << setting.key;
  }
}

TEST(ConfigTable, InstalledFileIsThePrintedOne) {
  EXPECT_EQ(read_file(PERMITD_SOURCE_DIR "/systemd/permitd.toml"), default_config_toml())
      << "regenerate: permitd --default-config > systemd/permitd.toml";
}

TEST(ConfigTable, ReferenceInTheDocumentationIsThePrintedOne) {
  EXPECT_THAT(read_file(PERMITD_SOURCE_DIR "/docs/CONFIGURATION.md"),
              HasSubstr(configuration_markdown()));
}

}  // namespace
}  // namespace permitd::daemon
