#include "reconcile.hpp"

#include <gtest/gtest.h>

#include <string>

#include "answers.hpp"
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
  EXPECT_EQ(parse_amount("99999999999.99", "EUR"), 9'999'999'999'999);
  EXPECT_FALSE(parse_amount("100000000000.00", "EUR"));
  EXPECT_EQ(amount_text(-5, "EUR"), "-0.05");
  EXPECT_EQ(amount_text(1234, "KWD"), "1.234");
}

TEST(Entries, TakeWhatSpreadsheetsWrite) {
  const auto good = parse_entries(
      "\xef\xbb\xbf\"reference\",date,amount,currency\r\n"
      "\"a,\"\"b\nc\",2026-02-28,1.00,\"EUR\"\r\n\r\n");
  ASSERT_TRUE(good) << good.error();
  ASSERT_EQ(good->size(), 1u);
  EXPECT_EQ(good->at(0).reference, "a,\"b\nc");
  EXPECT_EQ(good->at(0).minor, 100);
}

TEST(Entries, SayWhichLineIsWrongAndWhy) {
  const std::string header = "reference,date,amount,currency\r\n";
  const std::string before = "\"two\nlines\",2026-01-01,1.00,EUR\n";
  const struct {
    const char* row;
    const char* error;
  } cases[] = {
      {"a,2026-01-01,1.00", "line 4: has 3 columns and not 4 as the header"},
      {"a,2026-01-01,1.00,EUR,", "line 4: has 5 columns and not 4 as the header"},
      {",2026-01-01,1.00,EUR", "line 4: has no reference"},
      {"a,2026-02-30,1.00,EUR", "line 4: has no date like 2026-11-23"},
      {"a,1.1.2026,1.00,EUR", "line 4: has no date like 2026-11-23"},
      {"a,2026-01-01,1.00,eur", "line 4: has no ISO 4217 currency like EUR"},
      {"a,2026-01-01,x,EUR",
       R"(line 4: has no amount that EUR can have, with "." before the decimals)"},
      {"a,2026-01-01,1.5,JPY",
       R"(line 4: has no amount that JPY can have, with "." before the decimals)"},
      {"\"a,2026-01-01,1.00,EUR", "line 4: a quote is not closed"},
      {"\"a\"b,2026-01-01,1.00,EUR", "line 4: text follows a closing quote"},
  };
  for (const auto& one : cases) {
    const auto entries = parse_entries(header + before + one.row);
    ASSERT_FALSE(entries) << one.row;
    EXPECT_EQ(entries.error(), one.error);
  }
  for (const auto* bad : {"", "\n"}) {
    EXPECT_EQ(parse_entries(bad).error(),
              "line 1: is empty, and not a header with names of columns");
  }
  for (const auto* bad : {"a,b\n", "2026-01-01,1.00,EUR,a"}) {
    EXPECT_TRUE(parse_entries(bad).error().starts_with("line 1: has no column \"reference\""));
  }
}

Entry entry(const char* reference, std::int64_t minor, const char* currency = "EUR") {
  return {reference, "2026-11-23", minor, currency};
}

TEST(Reconcile, EveryFindingSaysByHowMuchTheFilesDiffer) {
  const auto report = reconcile({entry("amount", 100), entry("currency", 100), entry("gone", 100),
                                 entry("same", 5), entry("twice", 100), entry("twice", 100)},
                                {entry("amount", 99), entry("currency", 100, "USD"),
                                 entry("new", 7), entry("same", 5), entry("twice", 100)});
  ASSERT_EQ(report.findings.size(), 5u);
  const auto difference = [&](std::size_t at, const char* currency) {
    return report.findings[at].sums().at(currency).difference();
  };
  EXPECT_EQ(report.findings[0].kind, Kind::amount_mismatch);
  EXPECT_EQ(difference(0, "EUR"), -1);
  EXPECT_EQ(report.findings[1].kind, Kind::currency_mismatch);
  EXPECT_EQ(difference(1, "EUR"), -100);
  EXPECT_EQ(difference(1, "USD"), 100);
  EXPECT_EQ(report.findings[2].kind, Kind::missing_in_settlement);
  EXPECT_EQ(difference(2, "EUR"), -100);
  EXPECT_EQ(report.findings[3].kind, Kind::missing_in_ledger);
  EXPECT_EQ(difference(3, "EUR"), 7);
  EXPECT_EQ(report.findings[4].kind, Kind::duplicate);
  EXPECT_EQ(difference(4, "EUR"), -100);
  EXPECT_EQ(report.totals.at("EUR").difference(), -1 - 100 - 100 + 7 - 100);
}

// samples/make_samples.py noted the answers while it planted the faults.
TEST(Reconcile, FindsInTheBundledFilesExactlyWhatWasPlanted) {
  const auto expected = *belfry::client::Json::parse(answers::expected);
  const auto report =
      reconcile(*parse_entries(samples::ledger), *parse_entries(samples::settlement));
  EXPECT_GE(report.ledger_rows, 5'000u);
  EXPECT_EQ(static_cast<std::int64_t>(report.ledger_rows), expected["ledgerRows"].integer_or(0));
  EXPECT_EQ(static_cast<std::int64_t>(report.settlement_rows),
            expected["settlementRows"].integer_or(0));
  EXPECT_EQ(report.counts.size(), 6u);
  for (const auto& [kind, count] : report.counts) {
    EXPECT_EQ(static_cast<std::int64_t>(count), expected[name(kind)].integer_or(-1)) << name(kind);
  }
  EXPECT_EQ(report.matched_minor.size(), expected["matchedMinor"].members().size());
  for (const auto& [currency, minor] : report.matched_minor) {
    EXPECT_EQ(minor, expected["matchedMinor"][currency].integer_or(0)) << currency;
  }
}

TEST(Reconcile, AgreesWithThePlantedAnswersToTheCentOnEveryFinding) {
  const auto expected = *belfry::client::Json::parse(answers::expected);
  const auto report =
      reconcile(*parse_entries(samples::ledger), *parse_entries(samples::settlement));
  const auto& wanted = expected["findings"].items();
  ASSERT_EQ(report.findings.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& finding = report.findings[i];
    const auto& want = wanted[i];
    ASSERT_EQ(finding.reference, want["reference"].string_or(""));
    EXPECT_EQ(name(finding.kind), want["finding"].string_or("")) << finding.reference;
    const auto sums = finding.sums();
    ASSERT_EQ(sums.size(), want["differences"].items().size()) << finding.reference;
    for (const auto& difference : want["differences"].items()) {
      const auto& sum = sums.at(difference["currency"].string_or(""));
      EXPECT_EQ(sum.ledger, difference["ledgerMinor"].integer_or(-1)) << finding.reference;
      EXPECT_EQ(sum.settlement, difference["settlementMinor"].integer_or(-1)) << finding.reference;
      EXPECT_EQ(sum.difference(), difference["differenceMinor"].integer_or(0)) << finding.reference;
    }
  }
}

TEST(Reconcile, MissesNoCentInTheBundledFiles) {
  auto ledger = *parse_entries(samples::ledger);
  const auto settlement = *parse_entries(samples::settlement);
  const auto before = reconcile(ledger, settlement);
  ++ledger.front().minor;
  const auto after = reconcile(ledger, settlement);
  ASSERT_EQ(after.findings.size(), before.findings.size() + 1);
  EXPECT_EQ(after.findings.front().reference, ledger.front().reference);
  EXPECT_EQ(after.findings.front().sums().at(ledger.front().currency).difference(), -1);
}

TEST(ReportCsv, DefusesFormulasAndQuotes) {
  Report report;
  report.findings.push_back({Kind::missing_in_ledger, "=1,\"2", {}, {entry("x", 105)}});
  EXPECT_NE(report_csv(report).find("missingInLedger,\"'=1,\"\"2\",EUR,0.00,1.05,1.05,105\r\n"),
            std::string::npos);
}

}  // namespace
}  // namespace payment
