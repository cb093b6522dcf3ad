// Goal: what permitctl prints is aligned, complete CSV, or JSON named as the schema; identities and
// endings are what the help says. Method: pure functions on small values.
#include <capnp/message.h>
#include <gtest/gtest.h>

#include "cli/context.h"
#include "cli/event_text.h"
#include "cli/json_text.h"
#include "cli/local_time.h"
#include "cli/progress.h"
#include "cli/table.h"

namespace permitd::cli {
namespace {

using scheduler::ActorKind;

Table small_table() {
  Table table(
      {{"job", Table::Align::kRight}, {"name"}, {"left", Table::Align::kRight, "left_minutes"}});
  table.add({id_cell(7), "دفتر", minutes_cell(200)});
  table.add({id_cell(1234), "a, \"b\"", no_cell()});
  return table;
}

TEST(TableTest, ColumnsAreAlignedByWhatATerminalShows) {
  EXPECT_EQ(small_table().aligned(),
            " job  name          left\n"
            "   7  دفتر    3 h 20 min\n"
            "1234  a, \"b\"           -\n");
}

TEST(TableTest, CsvHoldsPlainValuesAndQuotes) {
  EXPECT_EQ(small_table().csv(),
            "job,name,left_minutes\n"
            "7,دفتر,200\n"
            "1234,\"a, \"\"b\"\"\",\n");
}

TEST(TableTest, EmptyTableHasACsvHeaderAlone) {
  Table table({{"job"}, {"case"}});
  EXPECT_EQ(table.aligned(), "");
  EXPECT_EQ(table.csv(), "job,case\n");
}

TEST(TableTest, CharactersWithoutAPlaceAreNotCounted) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("کتاب"), 4U);
  EXPECT_EQ(display_width("می\u200Cشود"), 5U) << "the joiner takes no place";
}

TEST(JsonTextTest, FieldsAreNamedAsInTheSchemaAndNeverIsNull) {
  capnp::MallocMessageBuilder message;
  auto job = message.initRoot<protocol::Job>();
  job.setJob(42);
  job.setDeadline(INT64_MAX);
  job.setReadySince(1'742'601'600'000);
  job.setStage(protocol::Stage::SITE_INSPECTION);
  job.setRemainingMinutes(-5);
  auto document = message_json(job.asReader());
  const auto& object = document.as_object();
  EXPECT_EQ(object.at("job").as_uint64(), 42U);
  EXPECT_TRUE(object.at("deadline").is_null());
  EXPECT_EQ(object.at("readySince").as_int64(), 1'742'601'600'000);
  EXPECT_EQ(object.at("stage").as_string(), "siteInspection");
  EXPECT_EQ(object.at("remainingMinutes").as_int64(), -5);
  EXPECT_EQ(object.at("rework").as_bool(), false);
}

TEST(JsonTextTest, UnionShowsItsSetMemberAlone) {
  capnp::MallocMessageBuilder message;
  auto result = message.initRoot<protocol::Result>();
  result.initRefused().setCodeName("staleLease");
  auto document = message_json(result.asReader());
  const auto& object = document.as_object();
  EXPECT_EQ(object.size(), 1U);
  EXPECT_EQ(object.at("refused").at("codeName").as_string(), "staleLease");
}

TEST(JsonTextTest, ListsOfListsKeepTheirShape) {
  capnp::MallocMessageBuilder message;
  auto stats = message.initRoot<protocol::Stats>();
  auto bands = stats.initBands(2);
  bands.init(0, 1).set(0, 3);
  bands.init(1, 2).set(1, 4);
  auto document = message_json(stats.asReader());
  EXPECT_EQ(boost::json::serialize(document.at("bands")), "[[3],[0,4]]");
}

TEST(JsonTextTest, PrettyTextIsTheSameDocument) {
  auto value = boost::json::parse(R"({"a":[1,{"b":null}],"c":{},"d":[],"e":"x\"y"})");
  EXPECT_EQ(boost::json::parse(pretty(value)), value);
  EXPECT_EQ(pretty(boost::json::parse(R"({"a":[1,2]})")), "{\n  \"a\": [\n    1,\n    2\n  ]\n}\n");
}

TEST(JsonTextTest, AnswerHasTheSchemasNames) {
  Accepted accepted;
  accepted.case_id = CaseId{17};
  accepted.until = scheduler::kNever;
  auto document = to_json(Answer(accepted));
  EXPECT_EQ(document.at("accepted").at("caseId").as_uint64(), 17U);
  EXPECT_TRUE(document.at("accepted").at("until").is_null());
  Refused refused;
  refused.code_name = "busy";
  EXPECT_EQ(to_json(Answer(std::unexpected(refused))).at("refused").at("codeName").as_string(),
            "busy");
}

TEST(IdentityTest, IsARoleAndANumber) {
  EXPECT_EQ(parse_identity("office:0101"), (Identity{ActorKind::kOffice, 101}));
  EXPECT_EQ(parse_identity("expert:17"), (Identity{ActorKind::kExpert, 17}));
  EXPECT_EQ(parse_identity("Supervisor:2"), (Identity{ActorKind::kSupervisor, 2}));
  for (auto text : {"", "office", "office:", "office:0", "office:10000", "clerk:1", "engine:1",
                    "expert:1x", "expert:-1"}) {
    EXPECT_FALSE(parse_identity(text)) << text;
  }
}

TEST(ContextTest, IdentityOfTheWrongRoleIsAUsageError) {
  Context context;
  EXPECT_EQ(context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1),
            (Identity{ActorKind::kSupervisor, 1}));
  context.globals.as = "auditor:3";
  EXPECT_EQ(context.identity({ActorKind::kSupervisor, ActorKind::kAuditor}, 1),
            (Identity{ActorKind::kAuditor, 3}));
  context.globals.as = "expert:3";
  EXPECT_THROW((void)context.identity({ActorKind::kSupervisor}, 1), UsageError);
  context.globals.as = "nobody";
  EXPECT_THROW((void)context.identity({ActorKind::kSupervisor}, 1), UsageError);
}

TEST(ContextTest, SameKeyTextIsTheSameKey) {
  Context context;
  EXPECT_EQ(context.call_options().key, IdempotencyKey{}) << "without --key the client makes one";
  context.globals.key = "order 7";
  auto first = context.call_options().key;
  EXPECT_EQ(context.call_options().key, first);
  context.globals.key = "order 8";
  EXPECT_FALSE(context.call_options().key == first);
}

TEST(ContextTest, UnreachableDaemonHasItsOwnExitCode) {
  Context context;
  context.globals.socket = "/nonexistent/permitd.sock";
  context.globals.timeout = "1s";
  CLI::App app;
  auto* command = app.add_subcommand("look", "");
  context.on(command, [&context] {
    (void)context.daemon_now();
    return kExitOk;
  });
  app.parse("look");
  EXPECT_EQ(context.run(), kExitCannotConnect);
}

TEST(ContextTest, UsageErrorHasItsOwnExitCode) {
  Context context;
  CLI::App app;
  auto* command = app.add_subcommand("look", "");
  context.on(command, [&context]() -> int { return context.moment("yesterday", "--from").ms > 0; });
  app.parse("look");
  EXPECT_EQ(context.run(), kExitUsage);
}

TEST(ProgressTest, LineSaysHowFarHowFastAndHowLong) {
  Progress progress("loading", "definitions", 1000, Progress::Style::kSilent);
  progress.set(250);
  EXPECT_EQ(progress.line(1000), "loading 25 % (250/1,000 definitions, 250/s, 4 s left)");
  progress.note("office 0101");
  progress.set(1000);
  EXPECT_EQ(progress.line(2000), "loading 100 % (1,000/1,000 definitions, 500/s)  office 0101");
}

TEST(ProgressTest, NumbersAreGrouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(12'345'678), "12,345,678");
}

TEST(WorkingTextTest, MinutesForPeople) {
  EXPECT_EQ(working_text(45), "45 min");
  EXPECT_EQ(working_text(-200), "-3 h 20 min");
  EXPECT_EQ(working_text(120), "2 h");
}

}  // namespace
}  // namespace permitd::cli
