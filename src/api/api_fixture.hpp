#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "api/app.hpp"
#include "http/problem.hpp"
#include "http/router.hpp"
#include "json/value.hpp"
#include "json/writer.hpp"
#include "store/scrub_all.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace belfry::api {

// The handlers over a real store in a folder of its own, called as functions: no server, and no
// token is asked for. The clock stands still until a test moves it.
class ApiTest : public testing::Test {
 protected:
  ApiTest()
      : folder(std::filesystem::temp_directory_path() /
               ("belfry-api-" + std::to_string(random.next_u64()))),
        backend((std::filesystem::create_directories(folder),
                 store::sqlite::open({.path = folder / "belfry.db", .clock = &clock}))),
        ids(clock, random),
        gateway(*backend, {}, metrics, [](const std::string& why) { FAIL() << why; }),
        services{clock,   ids,        random,        gateway, directory, lane_signals,
                 feed,    long_calls, authenticator, issuer,  sealed,    egress,
                 metrics, {},         [] {},         {},      {},        {},
                 {}} {
    services.pause = {[] { return false; }, [] { return Result<>(); }};
    directory.attach(gateway, *backend);
    for (const auto& route : routes) {
      // The router only finds the route; call() runs its handler.
      router.add(route.method, std::string(route.pattern),
                 [](http::Request&) -> boost::asio::awaitable<http::Response> {
                   co_return http::Response{};
                 });
    }
    tenant = add_tenant();
  }
  ~ApiTest() override {
    gateway.stop();
    EXPECT_EQ(store::scrub_all(*backend), 0U) << "damaged rows";
    std::filesystem::remove_all(folder);
  }

  TenantId add_tenant() {
    domain::Tenant made;
    made.id = ids.make<TenantId>();
    made.name = "tenant";
    EXPECT_TRUE(gateway.transact_blocking([&](store::Transaction& tx) -> Result<> {
      tx.tenant_writes().insert(made);
      return {};
    }));
    return made.id;
  }

  // What the route of the path answers to `caller`, who is of the tenant `as`, else of `tenant`.
  // `target` may hold a query.
  http::Response call(http::Method method, const std::string& target, std::string body = {},
                      std::optional<TenantId> as = {}) {
    http::Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.headers = headers;
    if (!headers.get("Content-Type")) request.headers.set("Content-Type", "application/json");
    request.body = std::move(body);
    request.peer = peer;
    const auto match = router.match(method, request.path);
    request.params = match.params;
    auto principal = caller;
    principal.tenant = as.value_or(tenant);
    for (const auto& route : routes) {
      if (route.method != match.method || route.pattern != match.pattern) continue;
      auto answer = run(route.handler(Call{request, principal, services}));
      return answer ? std::move(*answer) : http::problem(answer.error());
    }
    ADD_FAILURE() << "no route for " << target;
    return {};
  }
  http::Response get(const std::string& target, std::optional<TenantId> as = {}) {
    return call(http::Method::get, target, {}, as);
  }
  http::Response post(const std::string& target, std::string body = {}) {
    return call(http::Method::post, target, std::move(body));
  }
  http::Response put(const std::string& target, std::string body) {
    return call(http::Method::put, target, std::move(body));
  }
  // Submits, and gives the task's id.
  std::string submit(const std::string& body = R"({"taskName":"t","target":{"type":"worker"}})") {
    const auto answer = post("/api/v1/tasks", body);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.status == 201 ? text(answer, "taskId") : "";
  }

  // Leases one task of the queue, and gives its lease token.
  std::string lease(const std::string& queue = "default") {
    const auto answer =
        post("/api/v1/leases", R"({"leaseMs":60000,"queues":[)" + quoted(queue) + "]}");
    return of_leased(answer, "leaseToken");
  }
  // A string member of the first task that was leased.
  static std::string of_leased(const http::Response& answer, std::string_view key) {
    const json::Value body(answer.body);
    for (const auto& task : body.find("tasks")->elements()) return *task.find(key)->string();
    ADD_FAILURE() << answer.body;
    return "";
  }

  // A member of an answer's object as its JSON text, or as a string.
  static std::string raw(const http::Response& answer, std::string_view key) {
    const json::Value body(answer.body);
    const auto member = body.find(key);
    return member ? std::string(member->raw()) : "absent";
  }
  static std::string text(const http::Response& answer, std::string_view key) {
    const json::Value body(answer.body);
    const auto member = body.find(key);
    return member ? member->string().value_or("no string") : "absent";
  }
  static std::size_t count(const http::Response& answer) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& element : json::Value(answer.body).elements()) ++count;
    return count;
  }

  // A JSON array of what `element` gives for 0, 1, 2 and so on.
  template <class Element>
  static std::string json_array(std::size_t count, Element element) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + std::string(element(i));
    return out + "]";
  }
  // The JSON text of a string.
  static std::string quoted(std::string_view text) {
    std::string out;
    json::Writer(out).string(text);
    return out;
  }

  ManualClock clock;
  Random random{secure_seed()};
  std::filesystem::path folder;
  MetricsRegistry metrics;
  std::unique_ptr<store::Backend> backend;
  IdGenerator ids;
  auth::SealedBox sealed{Secret(std::string(auth::SealedBox::kKeyBytes, 'k'))};
  http::EgressPolicy egress = *http::EgressPolicy::make({});
  auth::TokenNames names{"http://issuer", "belfry"};
  auth::Authenticator authenticator{clock, names};
  auth::TokenIssuer issuer{clock, names};
  store::Directory directory;
  store::LaneSignals lane_signals;
  store::EventFeed feed{{}, "boot", clock};
  LongCalls long_calls{{}};
  // It outlives the store's thread, which may still be waking it when a call has its answer.
  boost::asio::io_context context{1};
  store::Gateway gateway;
  Services services;
  Routes routes = all_routes();
  http::Router router;
  // Of the calls to come:
  http::Headers headers;
  auth::Principal caller;
  http::Peer* peer = nullptr;
  TenantId tenant;

 private:
  Result<http::Response> run(boost::asio::awaitable<Result<http::Response>> answer) {
    context.restart();
    const auto work = boost::asio::make_work_guard(context);
    std::optional<Result<http::Response>> outcome;
    boost::asio::co_spawn(context, std::move(answer),
                          [&](std::exception_ptr failure, Result<http::Response> result) {
                            if (failure) std::rethrow_exception(failure);
                            outcome = std::move(result);
                            context.stop();
                          });
    context.run();
    return std::move(*outcome);
  }
};

}  // namespace belfry::api
