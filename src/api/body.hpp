#pragma once

#include <string>
#include <vector>

#include "api/route.hpp"
#include "json/value.hpp"

namespace belfry::api {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kForm = "application/x-www-form-urlencoded";
inline constexpr std::string_view kLines = "application/x-ndjson";
// Whether Content-Type names this type (in lower case), in any case and with any parameters.
bool has_media_type(const http::Request& request, std::string_view type);

// The checked body of a call; it is a view into `request.body`. Empty bodies are `{}` where nothing
// is needed.
Result<json::Value> json_body(const http::Request& request);
Result<json::Value> optional_json_body(const http::Request& request);

// A path parameter as an id. A malformed one is as unknown as any other (PROMISES P12).
template <class I>
Result<I> id_param(const Call& call, std::size_t index, std::string_view what) {
  const auto id = parse_id<I>(call.param(index));
  if (!id) return fail(ErrorCode::not_found, "no such " + std::string(what));
  return *id;
}

// The query's parameters by name. A parameter outside `known` is invalid_query; so is one given
// twice unless it is in `repeatable`.
class Query {
 public:
  static Result<Query> read(const http::Request& request, std::vector<std::string_view> known,
                            std::vector<std::string_view> repeatable = {});
  std::optional<std::string> one(std::string_view name) const;
  // All values that are not empty; those with commas (not %2C) count as several.
  std::vector<std::string> many(std::string_view name) const;
  // 1..kPageLimitMax, kPageLimitDefault if absent.
  Result<int> limit() const;
  Result<std::optional<Timestamp>> time(std::string_view name, const LocalTimeRule& zone) const;
  // The query in a canonical order without `cursor` and `limit`: what a cursor is bound to.
  std::string canonical() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

Error query_error(std::string_view parameter, std::string detail);

// RFC 8288: the page after this one, with the same filter.
std::string next_link(const http::Request& request, std::string_view cursor);

}  // namespace belfry::api
