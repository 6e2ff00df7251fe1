#include "dialect.hpp"

#include <algorithm>

namespace payment {
namespace {

constexpr std::size_t kNameBytesMax = 100;
constexpr std::string_view kDigits = "0123456789";

struct DateFormat {
  std::string_view name;
  Dialect::Dates dates;
  char mark;
};
constexpr std::array<DateFormat, 6> kDateFormats = {{
    {"YYYY-MM-DD", Dialect::Dates::year_month_day, '-'},
    {"DD.MM.YYYY", Dialect::Dates::day_month_year, '.'},
    {"DD/MM/YYYY", Dialect::Dates::day_month_year, '/'},
    {"DD-MM-YYYY", Dialect::Dates::day_month_year, '-'},
    {"MM/DD/YYYY", Dialect::Dates::month_day_year, '/'},
    {"YYYY/MM/DD", Dialect::Dates::year_month_day, '/'},
}};

// One of the values that a parameter may have, by its names.
struct Choice {
  std::string_view name;
  char value;
};

std::optional<char> choose(std::string_view text, std::initializer_list<Choice> choices) {
  for (const auto& choice : choices) {
    if (choice.name == text) return choice.value;
  }
  return std::nullopt;
}

bool set_delimiter(Dialect& dialect, std::string_view text) {
  const auto mark = choose(text, {{",", ','}, {";", ';'}, {"|", '|'}, {"\t", '\t'}, {"tab", '\t'}});
  if (mark) dialect.delimiter = *mark;
  return mark.has_value();
}

bool set_decimal(Dialect& dialect, std::string_view text) {
  const auto mark = choose(text, {{".", '.'}, {",", ','}});
  if (mark) dialect.decimal = *mark;
  return mark.has_value();
}

bool set_thousands(Dialect& dialect, std::string_view text) {
  dialect.thousands =
      choose(text, {{".", '.'}, {",", ','}, {" ", ' '}, {"space", ' '}, {"'", '\''}});
  return dialect.thousands || text == "none";
}

bool set_dates(Dialect& dialect, std::string_view text) {
  const auto found = std::ranges::find(kDateFormats, text, &DateFormat::name);
  if (found == kDateFormats.end()) return false;
  dialect.dates = found->dates;
  dialect.date_mark = found->mark;
  return true;
}

bool set_currency(Dialect& dialect, std::string_view text) {
  dialect.default_currency = text;
  return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

template <Dialect::Column column>
bool set_column(Dialect& dialect, std::string_view text) {
  dialect.columns[column] = text;
  return !text.empty() && text.size() <= kNameBytesMax;
}

struct Parameter {
  std::string_view name;
  bool (*set)(Dialect&, std::string_view);
  std::string_view values;
};
constexpr std::array<Parameter, 9> kParameters = {{
    {"delimiter", set_delimiter, "one of , ; | tab"},
    {"decimal", set_decimal, "one of . ,"},
    {"thousands", set_thousands, "one of . , ' space none"},
    {"dateFormat", set_dates,
     "one of YYYY-MM-DD, YYYY/MM/DD, DD.MM.YYYY, DD/MM/YYYY, DD-MM-YYYY, MM/DD/YYYY"},
    {"defaultCurrency", set_currency, "an ISO 4217 code like EUR"},
    {"reference", set_column<Dialect::reference>, "a column's name of 1 to 100 bytes"},
    {"date", set_column<Dialect::date>, "a column's name of 1 to 100 bytes"},
    {"amount", set_column<Dialect::amount>, "a column's name of 1 to 100 bytes"},
    {"currency", set_column<Dialect::currency>, "a column's name of 1 to 100 bytes"},
}};

bool all_digits(std::string_view text) {
  return text.find_first_not_of(kDigits) == std::string_view::npos;
}

// Groups of three digits behind a first one of one to three.
std::optional<std::string> ungrouped(std::string_view text, char mark) {
  std::string digits;
  for (bool first = true;; first = false) {
    const auto end = text.find(mark);
    const auto group = text.substr(0, end);
    const bool last = end == std::string_view::npos;
    // A number without any mark is not grouped and may be of any length.
    const bool whole = first && last;
    if (!whole && (first ? group.empty() || group.size() > 3 : group.size() != 3))
      return std::nullopt;
    if (!all_digits(group)) return std::nullopt;
    digits += group;
    if (last) return digits;
    text.remove_prefix(end + 1);
  }
}

std::string unknown_parameter(std::string_view name) {
  std::string text = "the query parameter \"" + std::string(name.substr(0, kNameBytesMax)) +
                     "\" is unknown; there are";
  for (const auto& parameter : kParameters) text += " " + std::string(parameter.name);
  return text + ", each also with ledger. or settlement. before it";
}

}  // namespace

std::optional<std::string> Dialect::plain_amount(std::string_view text) const {
  std::string out;
  if (text.starts_with('-')) {
    out = "-";
    text.remove_prefix(1);
  }
  const auto mark = text.find(decimal);
  const auto whole = text.substr(0, mark);
  const auto digits = thousands ? ungrouped(whole, *thousands) : std::optional(std::string(whole));
  if (!digits || !all_digits(*digits)) return std::nullopt;
  out += *digits;
  if (mark == std::string_view::npos) return out;
  const auto fraction = text.substr(mark + 1);
  if (!all_digits(fraction)) return std::nullopt;
  return out + "." + std::string(fraction);
}

std::optional<std::string> Dialect::plain_date(std::string_view text) const {
  std::array<std::string, 3> parts;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto end = text.find(date_mark);
    if ((end == std::string_view::npos) != (i == 2)) return std::nullopt;
    parts[i] = text.substr(0, end);
    if (i < 2) text.remove_prefix(end + 1);
  }
  switch (dates) {
    case Dates::year_month_day:
      return parts[0] + "-" + parts[1] + "-" + parts[2];
    case Dates::day_month_year:
      return parts[2] + "-" + parts[1] + "-" + parts[0];
    case Dates::month_day_year:
      break;
  }
  return parts[2] + "-" + parts[0] + "-" + parts[1];
}

std::string Dialect::date_example() const {
  const std::string mark(1, date_mark);
  if (dates == Dates::year_month_day) return "2026" + mark + "11" + mark + "23";
  if (dates == Dates::day_month_year) return "23" + mark + "11" + mark + "2026";
  return "11" + mark + "23" + mark + "2026";
}

std::expected<Dialects, std::string> dialects_of(
    const std::vector<std::pair<std::string, std::string>>& query) {
  constexpr std::string_view kLedger = "ledger.";
  constexpr std::string_view kSettlement = "settlement.";
  Dialects dialects;
  for (const auto& [key, value] : query) {
    std::string_view name = key;
    const bool ledger = name.starts_with(kLedger);
    const bool settlement = name.starts_with(kSettlement);
    if (ledger) name.remove_prefix(kLedger.size());
    if (settlement) name.remove_prefix(kSettlement.size());
    const auto found = std::ranges::find(kParameters, name, &Parameter::name);
    if (found == kParameters.end()) return std::unexpected(unknown_parameter(key));
    const bool good = (settlement || found->set(dialects.ledger, value)) &&
                      (ledger || found->set(dialects.settlement, value));
    if (!good) return std::unexpected(key + " must be " + std::string(found->values));
  }
  for (const auto* dialect : {&dialects.ledger, &dialects.settlement}) {
    if (dialect->thousands == dialect->decimal) {
      return std::unexpected("thousands and decimal must differ");
    }
  }
  return dialects;
}

}  // namespace payment
