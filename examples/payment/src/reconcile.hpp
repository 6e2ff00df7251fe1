#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace payment {

// One payment of either file. Amounts are whole minor units (cents), never floating point.
struct Entry {
  std::string reference;
  std::string date;
  std::int64_t minor = 0;
  std::string currency;  // ISO 4217
};

// "12.30" EUR is 1230, "12" JPY is 12, "1.234" KWD is 1234; nothing if it is no amount, or has more
// places than the currency.
std::optional<std::int64_t> parse_amount(std::string_view text, std::string_view currency);
std::string amount_text(std::int64_t minor, std::string_view currency);

// A CSV with the header reference,date,amount,currency; RFC 4180 quotes. Fails with the line and
// what is wrong there.
std::expected<std::vector<Entry>, std::string> parse_entries(std::string_view csv);

enum class Kind {
  matched,
  missing_in_settlement,
  missing_in_ledger,
  amount_mismatch,
  currency_mismatch,
  duplicate,  // a reference stands twice in one of the files
};
std::string_view name(Kind kind);

struct Finding {
  Kind kind = Kind::matched;
  std::string reference;
  std::optional<Entry> ledger;
  std::optional<Entry> settlement;
};

struct Report {
  std::size_t ledger_rows = 0;
  std::size_t settlement_rows = 0;
  std::map<Kind, std::size_t> counts;                 // one a reference
  std::map<std::string, std::int64_t> matched_minor;  // by currency
  std::vector<Finding> findings;                      // all but matched, by reference
};

Report reconcile(const std::vector<Entry>& ledger, const std::vector<Entry>& settlement);
std::string report_csv(const Report& report);

}  // namespace payment
