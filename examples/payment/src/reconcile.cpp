#include "reconcile.hpp"

#include <array>
#include <charconv>

namespace payment {
namespace {

constexpr std::size_t kColumns = 4;
constexpr std::string_view kHeader = "reference,date,amount,currency";
constexpr std::size_t kDigitsMax = 15;

std::size_t places_of(std::string_view currency) {
  if (currency == "JPY" || currency == "KRW" || currency == "VND") return 0;
  if (currency == "KWD" || currency == "BHD" || currency == "TND") return 3;
  return 2;
}

// The fields of one line; nothing if a quote is not closed or text follows it.
std::optional<std::vector<std::string>> split(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  bool closed = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (quoted && c == '"') {
      quoted = false;
      closed = true;
    } else if (!quoted && c == ',') {
      fields.emplace_back();
      closed = false;
    } else if (!quoted && c == '"' && fields.back().empty() && !closed) {
      quoted = true;
    } else if (closed || (!quoted && c == '"')) {
      return std::nullopt;
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return fields;
}

std::expected<Entry, std::string> entry_of(std::string_view line) {
  const auto fields = split(line);
  if (!fields) return std::unexpected("a quote is out of place");
  if (fields->size() != kColumns) return std::unexpected("has not the four columns");
  Entry entry{(*fields)[0], (*fields)[1], 0, (*fields)[3]};
  if (entry.reference.empty()) return std::unexpected("has no reference");
  const bool letters =
      entry.currency.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
  if (entry.currency.size() != 3 || !letters) return std::unexpected("has no ISO 4217 currency");
  const auto minor = parse_amount((*fields)[2], entry.currency);
  if (!minor) return std::unexpected("has no amount of that currency");
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

// Quoted where needed; text that a spreadsheet would take for a formula is defused.
std::string csv_field(std::string text) {
  if (!text.empty() && std::string_view("=+-@").find(text[0]) != std::string_view::npos) {
    text.insert(0, "'");
  }
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string side_csv(const std::optional<Entry>& entry) {
  if (!entry) return ",";
  return amount_text(entry->minor, entry->currency) + "," + csv_field(entry->currency);
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

std::expected<std::vector<Entry>, std::string> parse_entries(std::string_view csv) {
  std::vector<Entry> entries;
  std::size_t number = 0;
  while (!csv.empty()) {
    const auto end = std::min(csv.find('\n'), csv.size());
    auto line = csv.substr(0, end);
    csv.remove_prefix(std::min(end + 1, csv.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    if (number == 1) {
      if (line != kHeader) return std::unexpected("line 1 must be " + std::string(kHeader));
      continue;
    }
    if (line.empty()) continue;
    auto entry = entry_of(line);
    if (!entry) return std::unexpected("line " + std::to_string(number) + " " + entry.error());
    entries.push_back(std::move(*entry));
  }
  if (number == 0) return std::unexpected("line 1 must be " + std::string(kHeader));
  return entries;
}

std::string_view name(Kind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"matched",          "missingInSettlement",
                                                      "missingInLedger",  "amountMismatch",
                                                      "currencyMismatch", "duplicate"};
  return kNames[static_cast<std::size_t>(kind)];
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
    ++report.counts[kind];
    if (kind == Kind::matched) {
      report.matched_minor[pair.ledger[0]->currency] += pair.ledger[0]->minor;
      continue;
    }
    Finding finding{kind, std::string(reference), {}, {}};
    if (!pair.ledger.empty()) finding.ledger = *pair.ledger[0];
    if (!pair.settlement.empty()) finding.settlement = *pair.settlement[0];
    report.findings.push_back(std::move(finding));
  }
  return report;
}

std::string report_csv(const Report& report) {
  std::string csv =
      "finding,reference,ledgerAmount,ledgerCurrency,settlementAmount,settlementCurrency\r\n";
  for (const auto& finding : report.findings) {
    csv += std::string(name(finding.kind)) + "," + csv_field(finding.reference) + "," +
           side_csv(finding.ledger) + "," + side_csv(finding.settlement) + "\r\n";
  }
  return csv;
}

}  // namespace payment
