#include "dialect.hpp"

#include <gtest/gtest.h>

#include "reconcile.hpp"

namespace payment {
namespace {

using Query = std::vector<std::pair<std::string, std::string>>;

TEST(Dialect, ReadsAGermanExportToTheCent) {
  const auto dialects = dialects_of({{"delimiter", ";"},
                                     {"decimal", ","},
                                     {"thousands", "."},
                                     {"dateFormat", "DD.MM.YYYY"},
                                     {"reference", "Belegnr"},
                                     {"date", "Datum"},
                                     {"amount", "Betrag"},
                                     {"defaultCurrency", "EUR"}});
  ASSERT_TRUE(dialects) << dialects.error();
  const auto entries = parse_entries(
      "Datum;Text;Betrag;Belegnr\r\n23.11.2026;\"a;b\";-1.234,50;A-1\r\n01.12.2026;;12,5;\"A;"
      "2\"\r\n",
      dialects->ledger);
  ASSERT_TRUE(entries) << entries.error();
  EXPECT_EQ(
      entries_csv(*entries),
      "reference,date,amount,currency\nA-1,2026-11-23,-1234.50,EUR\nA;2,2026-12-01,12.50,EUR\n");
}

TEST(Dialect, IsOfOneFileIfThePrefixSaysSo) {
  const auto dialects = dialects_of({{"ledger.delimiter", "tab"}, {"settlement.decimal", ","}});
  ASSERT_TRUE(dialects);
  EXPECT_EQ(dialects->ledger.delimiter, '\t');
  EXPECT_EQ(dialects->ledger.decimal, '.');
  EXPECT_EQ(dialects->settlement.delimiter, ',');
  EXPECT_EQ(dialects->settlement.decimal, ',');
}

TEST(Dialect, RefusesWhatItDoesNotKnow) {
  for (const auto& [name, value] : Query{{"delimiter", ":"},
                                         {"decimal", ""},
                                         {"thousands", "_"},
                                         {"dateFormat", "YY-MM-DD"},
                                         {"defaultCurrency", "eur"},
                                         {"amount", ""},
                                         {"ledger.amount", std::string(101, 'x')},
                                         {"settlement.", "x"},
                                         {"Delimiter", ";"}}) {
    const auto dialects = dialects_of({{name, value}});
    ASSERT_FALSE(dialects) << name;
    EXPECT_NE(dialects.error().find(name), std::string::npos) << dialects.error();
  }
  EXPECT_FALSE(dialects_of({{"thousands", "."}}));
}

TEST(Dialect, TakesNoAmountThatItCouldMisread) {
  Dialect dialect;
  dialect.decimal = ',';
  EXPECT_EQ(dialect.plain_amount("1234,50"), "1234.50");
  EXPECT_FALSE(dialect.plain_amount("1.234,50"));
  EXPECT_FALSE(dialect.plain_amount("1234.50"));
  dialect.thousands = '.';
  EXPECT_EQ(dialect.plain_amount("1.234.567,5"), "1234567.5");
  EXPECT_EQ(dialect.plain_amount("1234"), "1234");
  for (const auto* bad :
       {"1.23", "12.34,5", ".123", "1..234", "1234.567", "1,2,3", "1.234,5.6", "--1", "1 234"}) {
    EXPECT_FALSE(dialect.plain_amount(bad)) << bad;
  }
}

TEST(Dialect, SaysWhichColumnIsMissingAndHowToNameIt) {
  const auto other = parse_entries("Belegnr;Datum\n", {});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error(),
            "line 1: has no column \"reference\" but only Belegnr;Datum; name it by the query "
            "parameter reference; if another mark parts the fields, give delimiter");
  const auto twice = parse_entries("reference,date,amount,amount,currency\n", {});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error(), "line 1: names the column \"amount\" twice");
  EXPECT_FALSE(parse_entries("reference,date,amount\n", {}));
  EXPECT_FALSE(parse_entries("", {}));
}

}  // namespace
}  // namespace payment
