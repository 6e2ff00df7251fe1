#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.hpp"
#include "auth/principal.hpp"
#include "http/message.hpp"

namespace belfry::api {

// Who may call: anyone, a tenant's token with a scope, or the operator's token and nothing else.
struct Access {
  enum class Who { anyone, tenant, operator_, tenant_or_operator } who = Who::tenant;
  auth::Scopes scope;  // one of these suffices; empty: any token of the kind
};

// What a handler gets: a request whose path, token, scope and media type have been checked. Lives
// until the handler's coroutine has ended.
struct Call {
  http::Request& request;
  const auth::Principal& principal;
  const Services& services;

  const std::string& param(std::size_t index) const { return request.params.at(index); }
  TenantId tenant() const { return principal.tenant; }
};

using Handler = std::function<boost::asio::awaitable<Result<http::Response>>(Call)>;

// What a call takes beside its path; the rest of a request is refused (input_check.hpp).
struct Takes {
  enum class Body { none, json, json_or_form, json_or_lines } body = Body::none;
  enum class Query { none, parameters, anything } query = Query::none;  // `parameters`: Query::read
};
inline constexpr Takes kTakesJson{Takes::Body::json, Takes::Query::none};
inline constexpr Takes kTakesForm{Takes::Body::json_or_form, Takes::Query::none};
inline constexpr Takes kTakesLines{Takes::Body::json_or_lines, Takes::Query::none};
inline constexpr Takes kTakesQuery{Takes::Body::none, Takes::Query::parameters};
// Probes and caches add parameters of their own to what is no part of the API proper.
inline constexpr Takes kTakesAnyQuery{Takes::Body::none, Takes::Query::anything};

struct Route {
  http::Method method;
  std::string_view pattern;
  Access access;
  Handler handler;
  Takes takes = {};
  http::RequestTurns::Kind turn = http::RequestTurns::Kind::plain;  // all_routes() sets it
};

using Routes = std::vector<Route>;

// The scopes as accesses, for route tables.
Access anyone();
Access with(auth::Scope scope);
Access operators_only();

}  // namespace belfry::api
