#include "http/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "json/writer.hpp"

namespace belfry::http {
namespace {

std::string_view title(int status) {
  switch (status) {
    case 400:
      return "Bad request";
    case 401:
      return "Not authenticated";
    case 403:
      return "Forbidden";
    case 404:
      return "Not found";
    case 405:
      return "Method not allowed";
    case 408:
      return "Request timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content too large";
    case 414:
      return "URI too long";
    case 415:
      return "Unsupported media type";
    case 422:
      return "Unprocessable content";
    case 429:
      return "Too many requests";
    case 431:
      return "Header fields too large";
    case 501:
      return "Not implemented";
    case 503:
      return "Service unavailable";
    case 505:
      return "HTTP version not supported";
    default:
      return "Internal server error";
  }
}

// A 503 or 429 always says when to come back.
std::optional<std::chrono::seconds> retry_after(const Error& error, int status) {
  if (error.retry_after) return std::chrono::ceil<std::chrono::seconds>(*error.retry_after);
  if (status == 429 || status == 503) return std::chrono::seconds{1};
  return std::nullopt;
}

constexpr std::size_t kShortDetailBytes = 160;

// Lists faults until the text has `list_bytes`.
std::string problem_text(const Error& error, std::size_t list_bytes, std::size_t detail_bytes) {
  const int status = http_status(error.code);
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("type").string(fmt::format("urn:belfry:problem:{}", name(error.code)));
  w.key("title").string(title(status));
  w.key("status").number(status);
  const bool internal = error.code == ErrorCode::internal;
  w.key("detail").string(internal ? "Something went wrong on our side; it has been logged."
                                  : shortened(error.message, detail_bytes));
  if (!error.fields.empty() && !internal) {
    std::size_t listed = 0;
    w.key("errors").begin_array();
    for (const auto& field : error.fields.listed()) {
      if (out.size() >= list_bytes) break;
      ++listed;
      w.begin_object();
      w.key("pointer").string(field.pointer);
      w.key("detail").string(field.detail);
      w.end_object();
    }
    w.end_array();
    const auto further = error.fields.total() - listed;
    if (further > 0) w.key("furtherErrors").number(static_cast<std::int64_t>(further));
  }
  w.end_object();
  return out;
}

}  // namespace

std::string problem_json(const Error& error) {
  return problem_text(error, kProblemListBytes, kProblemDetailBytes);
}

std::string ItemProblems::json(const Error& error) {
  const bool in_full = bytes_ < kProblemListBytes;
  auto text = in_full ? problem_text(error, kProblemListBytes - bytes_, kProblemDetailBytes)
                      : problem_text(error, 0, kShortDetailBytes);
  bytes_ += text.size();
  return text;
}

Response problem(const Error& error) {
  Response response;
  response.status = http_status(error.code);
  response.content_type = "application/problem+json";
  response.body = problem_json(error);
  if (response.status == 401) {
    const bool no_token = error.code == ErrorCode::unauthenticated;
    response.headers.set("WWW-Authenticate",
                         no_token ? "Bearer" : "Bearer error=\"invalid_token\"");
  }
  if (const auto wait = retry_after(error, response.status)) {
    response.headers.set("Retry-After", fmt::format("{}", wait->count()));
  }
  return response;
}

void spread_retry_after(Response& response, double share) {
  const auto text = response.headers.get("Retry-After");
  if (!text) return;
  int wait = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), wait);
  if (error != std::errc{} || end != text->data() + text->size()) return;
  const int spread = std::max(1, wait / 2);
  const int more = static_cast<int>(share * (spread + 1));
  response.headers.set("Retry-After", fmt::format("{}", wait + more));
}

}  // namespace belfry::http
