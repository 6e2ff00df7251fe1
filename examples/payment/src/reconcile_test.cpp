#include "reconcile.hpp"

#include <gtest/gtest.h>

#include "belfry/json.hpp"
#include "samples.hpp"

namespace payment {
namespace {

TEST(Amount, IsExactInMinorUnits) {
  EXPECT_EQ(parse_amount("12.30", "EUR"), 1230);
  EXPECT_EQ(parse_amount("12.3", "EUR"), 1230);
  EXPECT_EQ(parse_amount("-0.01", "USD"), -1);
  EXPECT_EQ(parse_amount("12", "JPY"), 12);
  EXPECT_EQ(parse_amount("1.234", "KWD"), 1234);
  for (const auto* bad :
       {"", ".", "1.", ".5", "1.234", "1,00", "1e3", "--1", " 1", "nan", "99999999999999999999"}) {
    EXPECT_FALSE(parse_amount(bad, "EUR")) << bad;
  }
  EXPECT_FALSE(parse_amount("1.0", "JPY"));
  EXPECT_EQ(amount_text(-5, "EUR"), "-0.05");
  EXPECT_EQ(amount_text(1234, "KWD"), "1.234");
}

TEST(Entries, SayWhichLineIsWrong) {
  EXPECT_FALSE(parse_entries(""));
  EXPECT_FALSE(parse_entries("a,b\n"));
  const std::string header = "reference,date,amount,currency\r\n";
  const auto good = parse_entries(header + "\"a,\"\"b\",2026-01-01,1.00,EUR\r\n");
  ASSERT_TRUE(good) << good.error();
  EXPECT_EQ(good->at(0).reference, "a,\"b");
  for (const auto* bad : {"a,d,1.00", "a,d,1.00,eur", ",d,1.00,EUR", "\"a,d,1.00,EUR",
                          "\"a\"b,d,1.00,EUR", "a,d,x,EUR"}) {
    const auto entries = parse_entries(header + bad);
    ASSERT_FALSE(entries) << bad;
    EXPECT_TRUE(entries.error().starts_with("line 2 ")) << entries.error();
  }
}

TEST(Reconcile, FindsInTheBundledFilesExactlyWhatWasPlanted) {
  const auto expected = *belfry::client::Json::parse(samples::expected);
  const auto report =
      reconcile(*parse_entries(samples::ledger), *parse_entries(samples::settlement));
  EXPECT_GE(report.ledger_rows, 5'000u);
  EXPECT_EQ(static_cast<std::int64_t>(report.ledger_rows), expected["ledgerRows"].integer_or(0));
  std::size_t findings = 0;
  for (const auto& [kind, count] : report.counts) {
    const auto want = expected[name(kind)].integer_or(-1);
    EXPECT_EQ(static_cast<std::int64_t>(count), want) << name(kind);
    if (kind != Kind::matched) findings += count;
  }
  EXPECT_EQ(report.counts.size(), 6u);
  EXPECT_EQ(report.findings.size(), findings);
  for (const auto& [currency, minor] : report.matched_minor) {
    EXPECT_EQ(minor, expected["matchedMinor"][currency].integer_or(0)) << currency;
  }
}

TEST(ReportCsv, DefusesFormulasAndQuotes) {
  Report report;
  report.findings.push_back({Kind::missing_in_ledger, "=1,\"2", {}, Entry{"x", "d", 100, "EUR"}});
  EXPECT_NE(report_csv(report).find("missingInLedger,\"'=1,\"\"2\",,,1.00,EUR\r\n"),
            std::string::npos);
}

}  // namespace
}  // namespace payment
