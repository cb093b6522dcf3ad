// Goal: real files of every format are read whole; wrong rows are counted with their line and never
// stop or crash the reading. Method: files written to a temporary directory, plain and gzipped, and
// the sample in city/records against figures taken with another tool.
#include "cli/records.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "cli/records_csv.h"

namespace permitd::cli {
namespace {

constexpr const char* kChicagoHeader =
    "permit,permit_type,review_type,work_type,status,issued,reported_cost,ward,community_area,"
    "community_name,lat,lon\n";

class RecordsTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        std::filesystem::temp_directory_path() / ("records_test." + std::to_string(getpid()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& text, const std::string& name = "records.csv") {
    const auto path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string write_gzip(const std::string& text) {
    const auto path = (directory_ / "records.csv.gz").string();
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    return path;
  }
  std::vector<std::vector<std::string>> rows_of(const std::string& text) {
    auto csv = CsvReader::open(write(text));
    std::vector<std::vector<std::string>> rows;
    for (auto next = csv->next(); next != CsvReader::Next::kEnd && next != CsvReader::Next::kFailed;
         next = csv->next()) {
      if (next == CsvReader::Next::kMalformed) {
        rows.push_back({"!" + std::to_string(csv->line()) + " " + csv->problem()});
      } else {
        rows.emplace_back(csv->fields().begin(), csv->fields().end());
      }
    }
    return rows;
  }

  std::filesystem::path directory_;
};

using Rows = std::vector<std::vector<std::string>>;

TEST_F(RecordsTest, QuotedFieldsHoldCommasQuotesAndLineEnds) {
  EXPECT_EQ(rows_of("a,\"b,c\",\"d\"\"e\"\n\"two\nlines\",,x\n"),
            (Rows{{"a", "b,c", "d\"e"}, {"two\nlines", "", "x"}}));
}

TEST_F(RecordsTest, LineEndsOfBothKindsAndAMissingLastOneAreFine) {
  EXPECT_EQ(rows_of("a,b\r\nc,\"d\"\r\n\r\n\ne,f"), (Rows{{"a", "b"}, {"c", "d"}, {"e", "f"}}));
  EXPECT_EQ(rows_of("a,"), (Rows{{"a", ""}}));
}

TEST_F(RecordsTest, BrokenQuotingCostsOneRecord) {
  EXPECT_EQ(rows_of("a,\"b\"c,d\nnext,row\n"),
            (Rows{{"!1 text after the closing quote of a field"}, {"next", "row"}}));
  EXPECT_EQ(rows_of("ok\na,\"never closed\nmore\n"),
            (Rows{{"ok"}, {"!2 quoted field without an end"}}));
}

TEST_F(RecordsTest, ARecordBeyondTheBoundIsSkippedAndTheNextOneRead) {
  const std::string wide(CsvReader::kRecordSizeMax + 1, 'x');
  const auto rows = rows_of(wide + ",tail\nnext,row\n");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0][0], "!1 record longer than 65536 bytes");
  EXPECT_EQ(rows[1], (std::vector<std::string>{"next", "row"}));
  const auto many = rows_of(std::string(CsvReader::kFieldsMax, ',') + "\nnext\n");
  EXPECT_EQ(many[0][0], "!1 more than 256 fields");
  EXPECT_EQ(many.back(), std::vector<std::string>{"next"});
}

TEST_F(RecordsTest, LinesAreCountedThroughQuotedLineEnds) {
  auto csv = CsvReader::open(write("\"a\nb\",1\n\n\"c\"x\nd,2\n"));
  EXPECT_EQ(csv->next(), CsvReader::Next::kRecord);
  EXPECT_EQ(csv->line(), 1U);
  EXPECT_EQ(csv->next(), CsvReader::Next::kMalformed);
  EXPECT_EQ(csv->line(), 4U);
  EXPECT_EQ(csv->next(), CsvReader::Next::kRecord);
  EXPECT_EQ(csv->line(), 5U);
}

TEST_F(RecordsTest, ChicagoPermitsAreMappedAndSortedByDate) {
  const auto file =
      read_records(write_gzip(std::string(kChicagoHeader) +
                              "B2,PERMIT - NEW CONSTRUCTION,STANDARD PLAN "
                              "REVIEW,,COMPLETE,2019-05-21,1600000.0,1,77,Edgewater,41.98,-87.66\n"
                              "B1,PERMIT – EXPRESS PERMIT PROGRAM,EXPRESS PERMIT PROGRAM,Monthly "
                              "Maintenance Permit,,2019-05-20,,2,1,\"Rogers, Park\",41.9,-87.6\n"));
  ASSERT_TRUE(file) << file.error();
  EXPECT_EQ(file->format, RecordFormat::kChicagoPermits);
  ASSERT_EQ(file->records.size(), 2U);
  EXPECT_EQ(file->malformed_count, 0U);
  const auto& report = file->records[0];
  EXPECT_EQ(report.id, "B1");
  EXPECT_EQ(report.service, scheduler::ServiceId{12});
  EXPECT_EQ(report.district, 1);
  EXPECT_EQ(report.minute, -1);
  EXPECT_TRUE(report.built);
  const auto& build = file->records[1];
  EXPECT_EQ(build.service, scheduler::ServiceId{1});
  EXPECT_EQ(build.district, 22);
  EXPECT_EQ(build.area_m2, 1000U);
  EXPECT_GE(build.floors, 3);  // 1,000 m² over at most 399 m² a floor
  EXPECT_LE(build.floors, 7);
  EXPECT_FALSE(build.built);
  EXPECT_EQ(build.day, report.day + 1);
}

TEST_F(RecordsTest, WrongRowsAreCountedWithTheirLines) {
  const auto file = read_records(write(
      std::string(kChicagoHeader) +
      "B1,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-20,10,2,1,x,41.9,-87.6\n"
      "B2,PERMIT - SIGNS,SIGN PERMIT,,,2019-02-30,10,2,1,x,41.9,-87.6\n"
      "B3,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-20,-10,2,1,x,41.9,-87.6\n"
      "too,short\n"
      ",PERMIT - SIGNS,SIGN PERMIT,,,2019-05-20,10,2,1,x,41.9,-87.6\n"
      "B1,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-21,10,2,1,x,41.9,-87.6\n"
      "B 5,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-21,10,2,1,x,41.9,-87.6\n"
      "B2345678901234567890123456,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-21,10,2,1,x,41.9,-87.6\n"));
  ASSERT_TRUE(file) << file.error();
  EXPECT_EQ(file->records.size(), 1U);
  EXPECT_EQ(file->malformed_count, 7U);
  EXPECT_EQ(file->duplicate_count, 1U);
  std::map<std::uint64_t, std::string> by_line;
  for (const auto& problem : file->problems) by_line[problem.line] = problem.text;
  EXPECT_EQ(by_line[3], "issued is not a date");
  EXPECT_EQ(by_line[4], "reported_cost is not an amount");
  EXPECT_EQ(by_line[5], "2 fields where the header has 12");
  EXPECT_EQ(by_line[6], "permit is empty");
  EXPECT_EQ(by_line[7], "record B1 was there before");
  EXPECT_EQ(by_line[8], "permit has other than printable ASCII characters");
  EXPECT_EQ(by_line[9], "permit is longer than 23 bytes");
}

TEST_F(RecordsTest, EveryFormatIsToldByItsHeader) {
  struct Sample {
    RecordFormat format;
    const char* text;
    const char* id;
    int minute;
  };
  const Sample samples[] = {
      {RecordFormat::kCalgaryPermits,
       "permitnum,statuscurrent,applieddate,issueddate,completeddate,permittype,permitclass,"
       "permitclassgroup,permitclassmapped,"
       "workclass,workclassgroup,housingunits,estprojectcost,totalsqft,communitycode,communityname,"
       "latitude,longitude\n"
       "BP1,Completed,2019-06-23T00:00:00.000,,,Single Construction Permit,c,Single "
       "Family,Residential,New,New,1,100,1076.4,COV,C,51.1,-114\n",
       "BP1", -1},
      {RecordFormat::kPhiladelphiaPermits,
       "permitnumber,permittype,permitdescription,commercialorresidential,typeofwork,"
       "permitissuedate,status,applicanttype,"
       "mostrecentinsp,zip,censustract,council_district,lat,lon\n"
       "919707,BP_NEWCNST,NEW,,ENTIRE,2019-01-02T10:39:14Z,EXPIRED,CONTRACTOR,2019-08-06T13:46:00Z,"
       "19121-2844,138,5,39.9,-75.1\n",
       "919707", 639},
      {RecordFormat::kLongBeachInspections,
       "case_num,description,district,last_insp_date,last_insp_type,start_date,lat,lon\nCEVB5468,,"
       "6,2016-10-04,Reinspection,2009-02-20,33.7,-118.1\n",
       "CEVB5468@2016-10-04", -1},
      {RecordFormat::kAshevilleReviews,
       "RecordId,Task,FirstPlanReviewedDate,Month,year,MetSLA\n16-05422,Building "
       "Review,2016-05-02,5,2016,1\n",
       "16-05422-B", -1},
      {RecordFormat::kChicagoFoodInspections,
       "Inspection_ID,Facility_Type,Risk,Zip,Inspection_Date,Inspection_Type,Results,Latitude,"
       "Longitude,License,criticalCount,seriousCount,minorCount,inspector_group\n"
       "529281,Restaurant,Risk 1 "
       "(High),60609,2011-09-02,Canvass,Pass,41.8,-87.6,82474,0,0,2,orange\n",
       "529281", -1},
  };
  for (const Sample& sample : samples) {
    const auto file = read_records(write(sample.text));
    ASSERT_TRUE(file) << file.error();
    EXPECT_EQ(file->format, sample.format);
    ASSERT_EQ(file->records.size(), 1U) << record_format_name(sample.format);
    EXPECT_EQ(file->records[0].id, sample.id);
    EXPECT_EQ(file->records[0].minute, sample.minute);
    EXPECT_GE(file->records[0].district, 1);
    EXPECT_LE(file->records[0].district, 22);
    EXPECT_NE(file->records[0].service, scheduler::ServiceId{});
    EXPECT_GE(file->records[0].area_m2, 20U);
  }
}

TEST_F(RecordsTest, OneAddressIsOnePlace) {
  const auto file =
      read_records(write(std::string(kChicagoHeader) +
                         "B1,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-20,10,2,1,x,41.9,-87.6\n"
                         "B2,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-20,10,2,1,x,41.9,-87.6\n"
                         "B3,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-20,10,2,1,x,41.9,-87.5\n"
                         "B4,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-20,10,2,1,x,,\n"
                         "B5,PERMIT - SIGNS,SIGN PERMIT,,,2019-05-20,10,2,1,x,,\n"));
  ASSERT_TRUE(file);
  ASSERT_EQ(file->records.size(), 5U);
  EXPECT_EQ(file->records[0].place, file->records[1].place);
  EXPECT_NE(file->records[0].place, file->records[2].place);
  EXPECT_NE(file->records[3].place, file->records[4].place);
}

TEST_F(RecordsTest, AFileThatCannotBeReadIsAnErrorWithItsName) {
  EXPECT_NE(read_records("/does/not/exist.csv").error().find("/does/not/exist.csv"),
            std::string::npos);
  EXPECT_NE(read_records(write("")).error().find("it is empty"), std::string::npos);
  const auto unknown = read_records(write("a,b,c\n1,2,3\n"));
  EXPECT_NE(unknown.error().find("no known kind of record"), std::string::npos);
  EXPECT_NE(unknown.error().find("permits-chicago: permit, permit_type"), std::string::npos);
}

TEST_F(RecordsTest, ATruncatedGzipIsAnErrorNotAShortResult) {
  std::string text = kChicagoHeader;
  for (int i = 0; i < 5'000; ++i) {
    text += "B" + std::to_string(i) + ",PERMIT - SIGNS,SIGN PERMIT,,,2019-05-20,10,2,1,x," +
            std::to_string(i * 7919 % 100'003) + ",-87.6\n";
  }
  const auto path = write_gzip(text);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const auto file = read_records(path);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().find("cannot read on after line"), std::string::npos) << file.error();
}

TEST_F(RecordsTest, ArbitraryBytesNeverStopTheReader) {
  std::uint64_t state = 88'172'645'463'325'252ULL;
  for (int round = 0; round < 200; ++round) {
    std::string text = kChicagoHeader;
    for (int i = 0; i < 400; ++i) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      constexpr char kBytes[] = "\",\n\r\0aB1-\xFF";
      text.push_back(kBytes[state % (sizeof(kBytes) - 1)]);
    }
    const auto file = read_records(write(text));
    ASSERT_TRUE(file) << file.error();
    EXPECT_GT(file->malformed_count, 0U);
    EXPECT_TRUE(file->records.empty());
  }
}

TEST_F(RecordsTest, TheSampleIsReadWhole) {
  const auto file =
      read_records(std::string(PERMITD_SOURCE_DIR) + "/city/records/chicago-2019-05-18.csv.gz");
  ASSERT_TRUE(file) << file.error();
  EXPECT_EQ(file->records.size(), 5'129U);
  EXPECT_EQ(file->malformed_count, 0U);
  constexpr std::int32_t kMay18 = 18'034;  // 2019-05-18
  EXPECT_EQ(file->records.front().day, kMay18);
  EXPECT_EQ(file->records.back().day, kMay18 + 37);
  std::map<int, int> services;
  std::map<int, int> districts;
  int others = 0;
  for (const auto& record : file->records) {
    ++services[raw(record.service)];
    ++districts[record.district];
    others += raw(record.organisation) != 1;
  }
  EXPECT_EQ(services.size(), 12U);
  EXPECT_EQ(services[12], 294);  // monthly maintenance permits
  EXPECT_EQ(services[1], 196);   // new construction
  EXPECT_EQ(districts.size(), 22U);
  EXPECT_GT(others, 5'129 * 3 / 100);
  EXPECT_LT(others, 5'129 * 5 / 100);
}

}  // namespace
}  // namespace permitd::cli
