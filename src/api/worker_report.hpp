#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/warnings.hpp"
#include "json/field_reader.hpp"
#include "store/commands.hpp"

namespace belfry::api {

// The body of a call by which a worker reports on its lease. Such a call counts even if a part of
// it cannot be kept: refusing it would let the lease run out, and the work would be done again.
class WorkerReport {
 public:
  // `soft` are the members that need not be kept as they came: one that `json::check` refuses is
  // taken as a string of its text. Bad characters become U+FFFD everywhere. Fails as json::check
  // does if the rest is no good.
  static Result<WorkerReport> read(std::string text, const std::vector<std::string_view>& soft);

  // Valid until the report is moved or destroyed.
  json::Value body() const { return json::Value(text_); }
  Warnings& warnings() { return warnings_; }

 private:
  std::string text_;
  Warnings warnings_;
};

// Members of a report, cut and mended to what is kept of them. A null or absent one gives nothing.
std::optional<std::string> read_error_message(json::FieldReader& in, Warnings& warnings);
std::string read_result(json::FieldReader& in, Warnings& warnings);
// The members `progress` and `logs`.
std::optional<store::Progress> read_progress(json::FieldReader& in, Warnings& warnings);

}  // namespace belfry::api
