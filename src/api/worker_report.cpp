#include "api/worker_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/encoding.hpp"
#include "domain/limits.hpp"
#include "json/check.hpp"

namespace belfry::api {
namespace {

constexpr std::size_t kLogLinesMax = 100;
constexpr std::size_t kLogLineCharsMax = 2'048;
constexpr std::size_t kProgressCharsMax = 256;

void warn(Warnings& warnings, std::string_view code, std::string detail) {
  const auto same = [&](const Warning& w) { return w.code == code && w.detail == detail; };
  if (std::none_of(warnings.begin(), warnings.end(), same)) {
    warnings.push_back({code, std::move(detail)});
  }
}

void warn_of_text(Warnings& warnings, std::string_view field) {
  warn(warnings, "taken_as_text",
       fmt::format("{} is not what is kept there; its JSON text is kept as a string", field));
}

// The text of a string, or of any other value its JSON text; without U+0000.
std::string text_of(const json::Value& value, std::string_view field, Warnings& warnings) {
  auto text = value.string();
  if (!text) {
    warn_of_text(warnings, field);
    return std::string(value.raw());
  }
  if (text->find('\0') == std::string::npos) return std::move(*text);
  warn(warnings, "characters_replaced",
       fmt::format("{} held U+0000, which is not kept; U+FFFD stands in its place", field));
  std::string out;
  for (const char c : *text) {
    if (c == '\0') {
      out.append("\xef\xbf\xbd");
    } else {
      out.push_back(c);
    }
  }
  return out;
}

void cut_to_characters(std::string& text, std::size_t characters, std::string_view field,
                       Warnings& warnings) {
  if (count_characters(text) <= characters) return;
  cut_characters(text, characters);
  warn(warnings, "cut", fmt::format("{} is kept up to {} characters", field, characters));
}

std::optional<int> read_percent(const json::Value& value, Warnings& warnings) {
  if (value.kind() != json::Kind::number) {
    warn(warnings, "ignored", "progress.percent must be a number");
    return std::nullopt;
  }
  // A number beyond a double is far beyond 0 or 100 too.
  const auto number = value.number().value_or(value.raw().starts_with('-') ? -1.0 : 101.0);
  const auto percent = static_cast<int>(std::lround(std::clamp(number, 0.0, 100.0)));
  if (percent != number) {
    warn(warnings, "number_adjusted",
         fmt::format("progress.percent is kept as a whole number from 0 to 100: {}", percent));
  }
  return percent;
}

void read_progress_member(const json::Value& value, store::Progress& progress, Warnings& warnings) {
  if (value.kind() != json::Kind::object) {
    warn(warnings, "ignored", "progress must be an object with percent and text");
    return;
  }
  for (const auto& member : value.members()) {
    if (member.value.is_null()) continue;
    if (member.key_is("percent")) {
      progress.percent = read_percent(member.value, warnings);
    } else if (member.key_is("text")) {
      progress.text = text_of(member.value, "progress.text", warnings);
      cut_to_characters(*progress.text, kProgressCharsMax, "progress.text", warnings);
    } else {
      warn(warnings, "ignored", "progress takes percent and text alone");
    }
  }
}

void read_log_line(const json::Value& value, store::Progress& progress, Warnings& warnings) {
  auto line = text_of(value, "a line of logs", warnings);
  cut_to_characters(line, kLogLineCharsMax, "a line of logs", warnings);
  progress.log_lines.push_back(std::move(line));
}

void read_logs(const json::Value& value, store::Progress& progress, Warnings& warnings) {
  if (value.kind() != json::Kind::array) return read_log_line(value, progress, warnings);
  for (const auto& element : value.elements()) {
    if (progress.log_lines.size() == kLogLinesMax) {
      return warn(warnings, "cut",
                  fmt::format("the first {} lines of logs are kept", kLogLinesMax));
    }
    read_log_line(element, progress, warnings);
  }
}

// The object anew, with the text of each soft member that is refused in its place.
std::string with_texts(const json::Value& object, const std::vector<std::string_view>& soft,
                       Warnings& warnings) {
  std::string out = "{";
  for (const auto& member : object.members()) {
    if (out.size() > 1) out += ',';
    out.append("\"").append(member.raw_key).append("\":");
    const auto raw = member.value.raw();
    const bool is_soft = std::find(soft.begin(), soft.end(), member.raw_key) != soft.end();
    if (!is_soft || json::check(raw, domain::kJsonDepthMax - 1)) {
      out.append(raw);
      continue;
    }
    warn_of_text(warnings, member.raw_key);
    out += json::string_that_fits(std::string(raw.substr(0, domain::kResultBytesMax)),
                                  domain::kResultBytesMax);
  }
  return out + "}";
}

}  // namespace

Result<WorkerReport> WorkerReport::read(std::string text,
                                        const std::vector<std::string_view>& soft) {
  WorkerReport report;
  report.text_ = std::move(text);
  auto good = json::check(report.text_, domain::kJsonDepthMax);
  if (good) return report;
  if (const auto replaced = json::replace_bad_characters(report.text_); replaced > 0) {
    warn(report.warnings_, "characters_replaced",
         fmt::format("U+FFFD stands in the place of what is no character ({} times)", replaced));
    good = json::check(report.text_, domain::kJsonDepthMax);
  }
  if (good) return report;
  if (!json::check_syntax(report.text_)) return fail(good.error());
  const json::Value value(report.text_);
  if (value.kind() != json::Kind::object) return fail(good.error());
  auto mended = with_texts(value, soft, report.warnings_);
  report.text_ = std::move(mended);
  good = json::check(report.text_, domain::kJsonDepthMax);
  if (!good) return fail(good.error());
  return report;
}

std::optional<std::string> read_error_message(json::FieldReader& in, Warnings& warnings) {
  const auto raw = in.raw("errorMessage");
  if (!raw || json::Value(*raw).is_null()) return std::nullopt;
  auto text = text_of(json::Value(*raw), "errorMessage", warnings);
  if (text.size() > domain::kErrorBytesMax) {
    cut_utf8(text, domain::kErrorBytesMax);
    warn(warnings, "cut",
         fmt::format("errorMessage is kept up to {} bytes", domain::kErrorBytesMax));
  }
  return text;
}

std::string read_result(json::FieldReader& in, Warnings& warnings) {
  const auto raw = in.raw("result").value_or("null");
  if (raw.size() <= domain::kResultBytesMax) return std::string(raw);
  warn(
      warnings, "cut",
      fmt::format("a result is kept up to {} bytes; the beginning of this one is kept as a string: "
                  "store large data elsewhere and return a reference to it",
                  domain::kResultBytesMax));
  const auto text = json::Value(raw).string();
  return json::string_that_fits(text ? *text : std::string(raw), domain::kResultBytesMax);
}

std::optional<store::Progress> read_progress(json::FieldReader& in, Warnings& warnings) {
  store::Progress progress;
  bool said = false;
  if (const auto raw = in.raw("progress"); raw && !json::Value(*raw).is_null()) {
    read_progress_member(json::Value(*raw), progress, warnings);
    said = progress.percent || progress.text;
  }
  if (const auto raw = in.raw("logs"); raw && !json::Value(*raw).is_null()) {
    read_logs(json::Value(*raw), progress, warnings);
    said = true;
  }
  return said ? std::optional(std::move(progress)) : std::nullopt;
}

}  // namespace belfry::api
