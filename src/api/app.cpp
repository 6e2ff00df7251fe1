#include "api/app.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/access.hpp"
#include "api/input_check.hpp"
#include "api/origin_guard.hpp"
#include "base/check.hpp"
#include "base/log.hpp"
#include "http/problem.hpp"
#include "store/failure.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;

http::Response no_route(const http::Router::Match& match) {
  if (match.allow.empty()) {
    return http::problem(
        Error{ErrorCode::not_found, "no such path; GET /openapi.yaml lists those there are"});
  }
  auto response = http::problem(
      Error{ErrorCode::method_not_allowed, fmt::format("this path takes {}", match.allow)});
  response.headers.set("Allow", match.allow);
  return response;
}

// OPTIONS *: what any path here may take.
http::Response whole_server() {
  http::Response response;
  response.status = 204;
  response.headers.set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE");
  return response;
}

http::HeadVerdict refused(http::Response response) {
  http::HeadVerdict verdict;
  verdict.refusal = std::move(response);
  return verdict;
}

http::RequestTurns::Owner owner_of_turn(const auth::Principal& principal,
                                        const http::Request& request) {
  if (principal.tenant) return {.tenant = principal.tenant};
  return {.address = request.peer_unit};
}

void concat(Routes& all, Routes more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

using Turn = http::RequestTurns::Kind;

bool holds_back(store::Gateway& gateway, Turn kind) {
  if (kind == Turn::adding) return gateway.behind_with_creations();
  return kind == Turn::reading && gateway.behind_with_reads();
}

// Of resources that stand in the store.
void concat_stored(Routes& all, Routes more, Turn of_writes = Turn::adding) {
  for (auto& route : more) {
    route.turn = route.method == http::Method::get ? Turn::reading : of_writes;
  }
  concat(all, std::move(more));
}

}  // namespace

Routes all_routes() {
  Routes all;
  concat_stored(all, task_routes());
  concat_stored(all, bulk_routes());
  concat_stored(all, steering_routes());
  concat(all, lease_routes());
  concat_stored(all, metric_routes());
  concat_stored(all, error_routes());
  concat_stored(all, queue_routes());
  concat_stored(all, webhook_routes());
  concat_stored(all, api_key_routes());
  concat(all, auth_routes());
  concat_stored(all, admin_routes(), Turn::plain);
  concat(all, event_routes());
  concat(all, health_routes());
  return all;
}

Access anyone() {
  return {Access::Who::anyone, {}};
}
Access with(auth::Scope scope) {
  return {Access::Who::tenant, auth::Scopes{scope}};
}
Access operators_only() {
  return {Access::Who::operator_, {}};
}

App::App(Services services) : services_(std::move(services)), routes_(all_routes()) {
  for (const auto& route : routes_) {
    router_.add(route.method, std::string(route.pattern),
                [this, &route](http::Request& request) { return run(route, request); });
  }
}

asio::awaitable<http::Response> App::run(const Route& route, http::Request& request) const {
  auto principal = admit(services_, route.access, request);
  if (!principal) co_return http::problem(principal.error());
  if (request.answer_room != nullptr && principal->tenant) {
    request.answer_room->belongs_to(principal->tenant);
  }
  const auto counted = rates_.count(services_, *principal, request);
  Result<http::Response> result;
  if (counted && !counted->verdict.allowed) {
    result = fail(rate_error(*counted));
  } else if (const auto good = check_input(route.takes, route.access.who, request); !good) {
    result = fail(good.error());
  } else {
    if (request.turns != nullptr && !request.turns->begin_now(route.turn)) {
      co_await request.turns->wait(route.turn, owner_of_turn(*principal, request));
    }
    try {
      result = co_await route.handler(Call{request, *principal, services_});
    } catch (const std::bad_alloc&) {
      result =
          fail(ErrorCode::overloaded, "there is not enough memory for this call; try again later");
    } catch (const std::exception& e) {
      log().error("request failed route=\"{}\" error=\"{}\"", route.pattern, e.what());
      result = fail(ErrorCode::internal, e.what());
    }
  }
  auto response = result ? std::move(*result) : http::problem(result.error());
  if (counted) tell_rate(*counted, response);
  co_return response;
}

asio::awaitable<http::Response> App::answer(http::Request& request) const {
  const auto& options = services_.options;
  if (const auto host = check_host(options, request); !host) co_return http::problem(host.error());
  if (auto answer = preflight(options, request)) co_return std::move(*answer);
  if (request.path == "*") co_return whole_server();
  auto match = router_.match(request.method, request.path);
  if (match.handler) {
    request.params = std::move(match.params);
    co_return co_await (*match.handler)(request);
  }
  co_return no_route(match);
}

const Route& App::route(const http::Router::Match& match) const {
  const auto found = std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) {
    return route.method == match.method && route.pattern == match.pattern;
  });
  CHECK(found != routes_.end());
  return *found;
}

http::HeadVerdict App::judge(const http::Request& head) const {
  if (const auto host = check_host(services_.options, head); !host) {
    return refused(http::problem(host.error()));
  }
  if (head.method == http::Method::options) return {};
  const auto match = router_.match(head.method, head.path);
  if (!match.handler) return refused(no_route(match));
  const Route& to = route(match);
  const auto principal = admit(services_, to.access, head);
  if (!principal) return refused(http::problem(principal.error()));
  if (const auto good = check_head_input(to.takes, to.access.who, head); !good) {
    return refused(http::problem(good.error()));
  }
  http::HeadVerdict verdict;
  const bool anyone = to.access.who == Access::Who::anyone;
  verdict.sender = anyone ? http::HeadVerdict::Sender::stranger : http::HeadVerdict::Sender::known;
  if (principal->tenant) verdict.tenant = principal->tenant;
  return verdict;
}

http::HeadVerdict App::judge_head(const http::Request& head) const {
  auto verdict = judge(head);
  if (verdict.refusal) finish(head, *verdict.refusal);
  return verdict;
}

void App::finish(const http::Request& request, http::Response& response) const {
  add_cors(services_.options, request, response);
  http::spread_retry_after(response, services_.random.next_unit());
}

asio::awaitable<http::Response> App::handle(http::Request& request) const {
  auto response = co_await answer(request);
  finish(request, response);
  co_return response;
}

http::Response App::refuse(const Error& error) const {
  auto response = http::problem(error);
  http::spread_retry_after(response, services_.random.next_unit());
  return response;
}

std::size_t App::body_limit(http::Method, std::string_view path) const {
  if (path.starts_with("/api/v1/auth/")) return domain::kCredentialBodyBytesMax;
  // The end of a task is never refused for its size alone: what is too long is cut.
  const bool ends_task = path.starts_with("/api/v1/tasks/") &&
                         (path.ends_with("/complete") || path.ends_with("/fail"));
  const bool bulk = path == "/api/v1/tasks/bulk" || path == "/api/v1/leases/complete" || ends_task;
  return bulk ? domain::kBulkBodyBytesMax : domain::kBodyBytesMax;
}

http::ServerHooks App::hooks() const {
  return {.handle = [this](http::Request& request) { return handle(request); },
          .judge_head = [this](const http::Request& head) { return judge_head(head); },
          .body_limit = [this](http::Method m, std::string_view p) { return body_limit(m, p); },
          .refuse = [this](const Error& error) { return refuse(error); },
          .hold_back = [this](Turn kind) { return holds_back(services_.gateway, kind); }};
}

}  // namespace belfry::api
