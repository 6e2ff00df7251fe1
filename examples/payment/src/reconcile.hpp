#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect.hpp"

namespace payment {

// One payment of either file. Amounts are whole minor units (cents), never floating point.
struct Entry {
  std::string reference;
  std::string date;  // 2026-11-23
  std::int64_t minor = 0;
  std::string currency;  // ISO 4217
};

// "12.30" EUR is 1230, "12" JPY is 12, "1.234" KWD is 1234; nothing if it is no amount, has more
// places than the currency, or more than 13 digits (so that no sum of a file overflows).
std::optional<std::int64_t> parse_amount(std::string_view text, std::string_view currency);
std::string amount_text(std::int64_t minor, std::string_view currency);

// A CSV (csv.hpp) whose header names the dialect's columns, in any order and among others. Fails
// with the line and what is wrong there: "line 7: …".
std::expected<std::vector<Entry>, std::string> parse_entries(std::string_view csv,
                                                             const Dialect& dialect = {});
// The same entries in the default dialect.
std::string entries_csv(const std::vector<Entry>& entries);

enum class Kind {
  matched,
  missing_in_settlement,
  missing_in_ledger,
  amount_mismatch,
  currency_mismatch,
  duplicate,  // a reference stands twice in one of the files
};
std::string_view name(Kind kind);

// What both files hold of one currency, in minor units, summed over all their rows.
struct Sums {
  std::int64_t ledger = 0;
  std::int64_t settlement = 0;
  std::int64_t difference() const { return settlement - ledger; }
};
using SumsByCurrency = std::map<std::string, Sums>;

// One reference on which the files do not agree, with every row of it: what is missing counts as
// nothing, a row too many counts in full, and a currency mismatch differs in both currencies.
struct Finding {
  Kind kind = Kind::matched;
  std::string reference;
  std::vector<Entry> ledger;
  std::vector<Entry> settlement;
  SumsByCurrency sums() const;
};

struct Report {
  std::size_t ledger_rows = 0;
  std::size_t settlement_rows = 0;
  std::map<Kind, std::size_t> counts;                 // one a reference
  std::map<std::string, std::int64_t> matched_minor;  // by currency
  SumsByCurrency totals;                              // of all rows of both files
  std::vector<Finding> findings;                      // all but matched, by reference
};

Report reconcile(const std::vector<Entry>& ledger, const std::vector<Entry>& settlement);
// A line for each finding and currency.
std::string report_csv(const Report& report);

}  // namespace payment
