#include "csv.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace payment {
namespace {

using Fields = std::vector<std::string>;

std::vector<CsvRow> rows_of(std::string_view text) {
  CsvReader reader(text);
  std::vector<CsvRow> rows;
  for (;;) {
    auto row = reader.next();
    EXPECT_TRUE(row) << (row ? "" : row.error().reason);
    if (!row || !*row) return rows;
    rows.push_back(std::move(**row));
  }
}

CsvFault fault_of(std::string_view text) {
  CsvReader reader(text);
  for (;;) {
    auto row = reader.next();
    if (!row) return row.error();
    if (!*row) return {};
  }
}

TEST(Csv, ReadsPlainRowsWithEitherLineEnd) {
  const auto rows = rows_of("a,b\r\nc,\n,d");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].fields, (Fields{"a", "b"}));
  EXPECT_EQ(rows[1].fields, (Fields{"c", ""}));
  EXPECT_EQ(rows[2].fields, (Fields{"", "d"}));
  EXPECT_TRUE(rows_of("").empty());
}

TEST(Csv, QuotedFieldsHoldCommasLineEndsAndQuotes) {
  const auto rows = rows_of("\"a,1\",\"x\r\ny\nz\"\r\n\"\"\"q\"\"\",\"\"\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].fields, (Fields{"a,1", "x\r\ny\nz"}));
  EXPECT_EQ(rows[1].fields, (Fields{"\"q\"", ""}));
}

TEST(Csv, CountsTheLinesInsideQuotesAndTheEmptyOnes) {
  const auto rows = rows_of("h\n\n\"a\nb\nc\"\r\n\r\nd\n");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].line, 3u);
  EXPECT_EQ(rows[2].line, 7u);
}

TEST(Csv, PassesOverOneByteOrderMarkOnly) {
  EXPECT_EQ(rows_of("\xef\xbb\xbf\"a\",b\n")[0].fields, (Fields{"a", "b"}));
  EXPECT_EQ(rows_of("\xef\xbb\xbf\xef\xbb\xbfz")[0].fields, (Fields{"\xef\xbb\xbfz"}));
}

TEST(Csv, ReadsOtherDelimiters) {
  CsvReader reader("a,b;\"c;d\";e\n", ';');
  const auto row = reader.next();
  ASSERT_TRUE(row && *row);
  EXPECT_EQ((*row)->fields, (Fields{"a,b", "c;d", "e"}));
}

TEST(Csv, SaysWhichLineIsWrongAndWhy) {
  const struct {
    const char* text;
    std::size_t line;
    const char* reason;
  } cases[] = {
      {"a\n\"b\nc", 2, "a quote is not closed"},
      {"a\n\"b\nc\"\"", 2, "a quote is not closed"},
      {"a\n\"b\nc\"d", 3, "text follows a closing quote"},
      {"a\nb\"c\"", 2, "a quote stands inside a field without quotes"},
      {"a\nb\n c\rd", 3, "a carriage return without a line feed"},
      {"\"a\"\r,b", 1, "a carriage return without a line feed"},
  };
  for (const auto& one : cases) {
    const auto fault = fault_of(one.text);
    EXPECT_EQ(fault.line, one.line) << one.text;
    EXPECT_EQ(fault.reason, one.reason) << one.text;
  }
}

TEST(Csv, ReadsNothingAfterAFault) {
  CsvReader reader("a\"\nb\n");
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace payment
