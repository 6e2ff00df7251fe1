#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace payment {

// How a CSV file of another program is written: what parts its fields, how it writes amounts and
// dates, and what it calls its columns.
struct Dialect {
  enum Column : std::size_t { reference, date, amount, currency, kColumns };
  enum class Dates { year_month_day, day_month_year, month_day_year };

  char delimiter = ',';
  char decimal = '.';             // "." or ","
  std::optional<char> thousands;  // parts groups of three digits
  Dates dates = Dates::year_month_day;
  char date_mark = '-';  // between the parts of a date
  std::array<std::string, kColumns> columns = {"reference", "date", "amount", "currency"};
  std::string default_currency;  // of files without a column of currencies; empty: none

  // "1.234,50" becomes "1234.50"; nothing if it is not written in this dialect.
  std::optional<std::string> plain_amount(std::string_view text) const;
  // "23.11.2026" becomes "2026-11-23", unchecked but for its form.
  std::optional<std::string> plain_date(std::string_view text) const;
  std::string date_example() const;
};

struct Dialects {
  Dialect ledger;
  Dialect settlement;
};

// Reads the query of an upload: delimiter, decimal, thousands, dateFormat, defaultCurrency, and the
// names of the columns as reference, date, amount and currency; for both files, or for one as
// "ledger.decimal". The error names the parameter and what it may be.
std::expected<Dialects, std::string> dialects_of(
    const std::vector<std::pair<std::string, std::string>>& query);

}  // namespace payment
