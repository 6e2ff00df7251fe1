#include "csv.hpp"

#include <algorithm>
#include <utility>

namespace payment {
namespace {
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
}

CsvReader::CsvReader(std::string_view text, char delimiter) : left_(text), delimiter_(delimiter) {
  if (left_.starts_with(kByteOrderMark)) left_.remove_prefix(kByteOrderMark.size());
}

std::expected<std::optional<CsvRow>, CsvFault> CsvReader::next() {
  if (fault_.line != 0) return std::unexpected(fault_);
  while (at_line_end()) {
  }
  if (left_.empty()) return std::nullopt;
  CsvRow row{line_, {}};
  for (;;) {
    const auto after = read_field(row.fields.emplace_back());
    if (after == After::fault) return std::unexpected(fault_);
    if (after == After::row) return row;
  }
}

CsvReader::After CsvReader::read_field(std::string& into) {
  if (!left_.starts_with('"')) return read_bare(into);
  left_.remove_prefix(1);
  return read_quoted(into);
}

CsvReader::After CsvReader::read_quoted(std::string& into) {
  const auto opened = line_;
  for (;;) {
    const auto quote = left_.find('"');
    if (quote == std::string_view::npos) return fault(opened, "a quote is not closed");
    const auto part = left_.substr(0, quote);
    into += part;
    line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    left_.remove_prefix(quote + 1);
    if (!left_.starts_with('"')) break;
    into += '"';
    left_.remove_prefix(1);
  }
  return end_of_field();
}

CsvReader::After CsvReader::read_bare(std::string& into) {
  const char ends[] = {delimiter_, '\r', '\n', '"'};
  const auto size = std::min(left_.find_first_of({ends, sizeof ends}), left_.size());
  into = left_.substr(0, size);
  left_.remove_prefix(size);
  if (left_.starts_with('"')) return fault(line_, "a quote stands inside a field without quotes");
  return end_of_field();
}

CsvReader::After CsvReader::end_of_field() {
  if (left_.starts_with(delimiter_)) {
    left_.remove_prefix(1);
    return After::field;
  }
  if (left_.empty() || at_line_end()) return After::row;
  return fault(line_, left_.starts_with('\r') ? "a carriage return without a line feed"
                                              : "text follows a closing quote");
}

bool CsvReader::at_line_end() {
  const std::size_t size = left_.starts_with("\r\n") ? 2 : left_.starts_with('\n') ? 1 : 0;
  left_.remove_prefix(size);
  line_ += size > 0 ? 1 : 0;
  return size > 0;
}

CsvReader::After CsvReader::fault(std::size_t line, std::string reason) {
  fault_ = {line, std::move(reason)};
  return After::fault;
}

}  // namespace payment
