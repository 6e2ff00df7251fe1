#include "reconcile.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "csv.hpp"

namespace payment {
namespace {

constexpr std::size_t kDigitsMax = 13;

// ISO 4217: the currencies that have not two places.
constexpr std::string_view kNoPlaces =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV "
    "XAF XOF XPF";
constexpr std::string_view kThreePlaces = "BHD IQD JOD KWD LYD OMR TND";
constexpr std::string_view kFourPlaces = "CLF UYW";

std::size_t places_of(std::string_view currency) {
  if (kNoPlaces.contains(currency)) return 0;
  if (kThreePlaces.contains(currency)) return 3;
  return kFourPlaces.contains(currency) ? 4 : 2;
}

bool is_currency(std::string_view text) {
  return text.size() == 3 &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

int number_in(std::string_view digits) {
  int number = -1;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const std::array<std::string_view, 3> parts = {text.substr(0, 4), text.substr(5, 2),
                                                 text.substr(8)};
  for (const auto part : parts) {
    if (part.find_first_not_of("0123456789") != std::string_view::npos) return false;
  }
  const std::chrono::year_month_day date{
      std::chrono::year(number_in(parts[0])),
      std::chrono::month(static_cast<unsigned>(number_in(parts[1]))),
      std::chrono::day(static_cast<unsigned>(number_in(parts[2])))};
  return date.ok();
}

constexpr std::size_t kHeaderBytesShown = 300;
constexpr auto kNoColumn = static_cast<std::size_t>(-1);

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Where each column stands in a row.
using Places = std::array<std::size_t, Dialect::kColumns>;

std::string no_column(const std::vector<std::string>& header, const Dialect& dialect,
                      std::size_t column) {
  const Dialect defaults;
  const std::string mark(1, dialect.delimiter);
  std::string names;
  for (const auto& name : header) names += (names.empty() ? "" : mark) + name;
  std::string text = "has no column \"" + dialect.columns[column] + "\" but only " +
                     names.substr(0, kHeaderBytesShown) + "; name it by the query parameter " +
                     defaults.columns[column];
  if (column == Dialect::currency) text += ", or give defaultCurrency";
  if (header.size() == 1) text += "; if another mark parts the fields, give delimiter";
  return text;
}

std::expected<Places, std::string> places_in(const std::vector<std::string>& header,
                                             const Dialect& dialect) {
  Places places;
  for (std::size_t column = 0; column < Dialect::kColumns; ++column) {
    places[column] = kNoColumn;
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (trimmed(header[i]) != dialect.columns[column]) continue;
      if (places[column] != kNoColumn) {
        return std::unexpected("names the column \"" + dialect.columns[column] + "\" twice");
      }
      places[column] = i;
    }
    const bool optional = column == Dialect::currency && !dialect.default_currency.empty();
    if (places[column] == kNoColumn && !optional) {
      return std::unexpected(no_column(header, dialect, column));
    }
  }
  return places;
}

std::expected<Entry, std::string> entry_of(const std::vector<std::string>& fields,
                                           const Places& places, const Dialect& dialect) {
  const auto currency = places[Dialect::currency];
  Entry entry;
  entry.reference = fields[places[Dialect::reference]];
  entry.currency = currency == kNoColumn ? dialect.default_currency : fields[currency];
  entry.date = dialect.plain_date(fields[places[Dialect::date]]).value_or("");
  if (entry.reference.empty()) return std::unexpected("has no reference");
  if (!is_date(entry.date)) return std::unexpected("has no date like " + dialect.date_example());
  if (!is_currency(entry.currency)) return std::unexpected("has no ISO 4217 currency like EUR");
  const auto amount = dialect.plain_amount(fields[places[Dialect::amount]]);
  const auto minor = amount ? parse_amount(*amount, entry.currency) : std::nullopt;
  if (!minor) {
    return std::unexpected("has no amount that " + entry.currency + " can have, with \"" +
                           std::string(1, dialect.decimal) + "\" before the decimals");
  }
  entry.minor = *minor;
  return entry;
}

struct Pair {
  std::vector<const Entry*> ledger;
  std::vector<const Entry*> settlement;
};

Kind kind_of(const Pair& pair) {
  if (pair.ledger.size() > 1 || pair.settlement.size() > 1) return Kind::duplicate;
  if (pair.settlement.empty()) return Kind::missing_in_settlement;
  if (pair.ledger.empty()) return Kind::missing_in_ledger;
  if (pair.ledger[0]->currency != pair.settlement[0]->currency) return Kind::currency_mismatch;
  if (pair.ledger[0]->minor != pair.settlement[0]->minor) return Kind::amount_mismatch;
  return Kind::matched;
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

// Quoted where needed; text that a spreadsheet would take for a formula is defused.
std::string csv_field(std::string text) {
  if (!text.empty() && std::string_view("=+-@").find(text[0]) != std::string_view::npos) {
    text.insert(0, "'");
  }
  return quoted(text);
}

Sums& operator+=(Sums& into, const Sums& more) {
  into.ledger += more.ledger;
  into.settlement += more.settlement;
  return into;
}

std::vector<Entry> copies(const std::vector<const Entry*>& rows) {
  std::vector<Entry> entries;
  entries.reserve(rows.size());
  for (const auto* row : rows) entries.push_back(*row);
  return entries;
}

}  // namespace

std::optional<std::int64_t> parse_amount(std::string_view text, std::string_view currency) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto dot = text.find('.');
  const auto whole = text.substr(0, dot);
  const auto fraction = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  const auto places = places_of(currency);
  if (whole.empty() || fraction.size() > places) return std::nullopt;
  if (dot != std::string_view::npos && fraction.empty()) return std::nullopt;
  std::string digits = std::string(whole) + std::string(fraction);
  digits.append(places - fraction.size(), '0');
  if (digits.size() > kDigitsMax) return std::nullopt;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  std::int64_t minor = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), minor);
  return negative ? -minor : minor;
}

std::string amount_text(std::int64_t minor, std::string_view currency) {
  const auto places = places_of(currency);
  std::string digits = std::to_string(minor < 0 ? -minor : minor);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, ".");
  return (minor < 0 ? "-" : "") + digits;
}

std::expected<std::vector<Entry>, std::string> parse_entries(std::string_view csv,
                                                             const Dialect& dialect) {
  CsvReader reader(csv, dialect.delimiter);
  std::vector<Entry> entries;
  const auto wrong = [](std::size_t line, const std::string& reason) {
    return std::unexpected("line " + std::to_string(line) + ": " + reason);
  };
  const auto header = reader.next();
  if (!header) return wrong(header.error().line, header.error().reason);
  if (!*header) return wrong(1, "is empty, and not a header with names of columns");
  const auto places = places_in((*header)->fields, dialect);
  if (!places) return wrong((*header)->line, places.error());
  const auto columns = (*header)->fields.size();
  for (;;) {
    auto row = reader.next();
    if (!row) return wrong(row.error().line, row.error().reason);
    if (!*row) return entries;
    const auto& fields = (*row)->fields;
    if (fields.size() != columns) {
      return wrong((*row)->line, "has " + std::to_string(fields.size()) + " columns and not " +
                                     std::to_string(columns) + " as the header");
    }
    auto entry = entry_of(fields, *places, dialect);
    if (!entry) return wrong((*row)->line, entry.error());
    entries.push_back(std::move(*entry));
  }
}

std::string entries_csv(const std::vector<Entry>& entries) {
  std::string out = "reference,date,amount,currency\n";
  for (const auto& entry : entries) {
    out += quoted(entry.reference) + "," + entry.date + "," +
           amount_text(entry.minor, entry.currency) + "," + entry.currency + "\n";
  }
  return out;
}

std::string_view name(Kind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"matched",          "missingInSettlement",
                                                      "missingInLedger",  "amountMismatch",
                                                      "currencyMismatch", "duplicate"};
  return kNames[static_cast<std::size_t>(kind)];
}

SumsByCurrency Finding::sums() const {
  SumsByCurrency sums;
  for (const auto& entry : ledger) sums[entry.currency].ledger += entry.minor;
  for (const auto& entry : settlement) sums[entry.currency].settlement += entry.minor;
  return sums;
}

Report reconcile(const std::vector<Entry>& ledger, const std::vector<Entry>& settlement) {
  std::map<std::string_view, Pair> pairs;
  for (const auto& entry : ledger) pairs[entry.reference].ledger.push_back(&entry);
  for (const auto& entry : settlement) pairs[entry.reference].settlement.push_back(&entry);
  Report report;
  report.ledger_rows = ledger.size();
  report.settlement_rows = settlement.size();
  for (const auto& [reference, pair] : pairs) {
    const auto kind = kind_of(pair);
    Finding finding{kind, std::string(reference), copies(pair.ledger), copies(pair.settlement)};
    ++report.counts[kind];
    for (const auto& [currency, sums] : finding.sums()) report.totals[currency] += sums;
    if (kind == Kind::matched) {
      report.matched_minor[pair.ledger[0]->currency] += pair.ledger[0]->minor;
    } else {
      report.findings.push_back(std::move(finding));
    }
  }
  return report;
}

std::string report_csv(const Report& report) {
  std::string csv =
      "finding,reference,currency,ledgerAmount,settlementAmount,difference,differenceMinor\r\n";
  for (const auto& finding : report.findings) {
    for (const auto& [currency, sums] : finding.sums()) {
      csv += std::string(name(finding.kind)) + "," + csv_field(finding.reference) + "," + currency +
             "," + amount_text(sums.ledger, currency) + "," +
             amount_text(sums.settlement, currency) + "," +
             amount_text(sums.difference(), currency) + "," + std::to_string(sums.difference()) +
             "\r\n";
    }
  }
  return csv;
}

}  // namespace payment
