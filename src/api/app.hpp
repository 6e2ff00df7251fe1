#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "api/request_rates.hpp"
#include "api/route.hpp"
#include "api/services.hpp"
#include "http/router.hpp"
#include "http/server.hpp"

namespace belfry::api {

// The API as the HTTP server sees it: origin and host guard, routing, authentication, scope, what
// the route takes, then the handler, and errors mapped in one place. Thread-safe once constructed.
class App {
 public:
  explicit App(Services services);
  App(const App&) = delete;  // the router refers to routes_

  boost::asio::awaitable<http::Response> handle(http::Request& request) const;
  // What can be said of a request before its body: refused by path, method, token or media type.
  http::HeadVerdict judge_head(const http::Request& head) const;
  std::size_t body_limit(http::Method method, std::string_view path) const;

  // `hold_back` ends when the gateway has caught up: then the server is to go on.
  http::ServerHooks hooks() const;

 private:
  boost::asio::awaitable<http::Response> answer(http::Request& request) const;
  http::Response refuse(const Error& error) const;
  // What stands on every answer: CORS headers, a spread Retry-After.
  void finish(const http::Request& request, http::Response& response) const;
  boost::asio::awaitable<http::Response> run(const Route& route, http::Request& request) const;
  http::HeadVerdict judge(const http::Request& head) const;
  const Route& route(const http::Router::Match& match) const;

  Services services_;
  mutable RequestRates rates_;
  Routes routes_;
  http::Router router_;
};

// Everything that the API answers.
Routes all_routes();
// The resources; each file has one.
Routes task_routes();
Routes bulk_routes();
Routes steering_routes();
Routes lease_routes();
Routes metric_routes();
Routes error_routes();
Routes queue_routes();
Routes webhook_routes();
Routes api_key_routes();
Routes auth_routes();
Routes admin_routes();
Routes event_routes();
Routes health_routes();

}  // namespace belfry::api
