#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace payment {

struct CsvRow {
  std::size_t line = 0;  // where it begins, from 1; a quoted field may hold further lines
  std::vector<std::string> fields;
};

struct CsvFault {
  std::size_t line = 0;
  std::string reason;
};

// RFC 4180, row by row, with a delimiter of choice: quoted fields may hold delimiters, line ends
// and doubled quotes; lines end with LF or CRLF; a byte order mark before the first is passed over,
// and so are empty lines. Strict beyond that, since a misread row is a wrong amount: a stray quote,
// an open one and a bare CR are faults, and nothing is read after one. The text must outlive the
// reader.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text, char delimiter = ',');
  // The next row; nothing at the end.
  std::expected<std::optional<CsvRow>, CsvFault> next();

 private:
  enum class After { field, row, fault };
  After read_field(std::string& into);
  After read_quoted(std::string& into);
  After read_bare(std::string& into);
  After end_of_field();
  bool at_line_end();
  After fault(std::size_t line, std::string reason);

  std::string_view left_;
  char delimiter_;
  std::size_t line_ = 1;
  CsvFault fault_;
};

}  // namespace payment
