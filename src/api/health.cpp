// Health in three dialects, and the contract.
#include "api/answer.hpp"
#include "api/app.hpp"
#include "json/writer.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

http::Response health_answer(const Services& services, bool ready, std::string_view up,
                             std::string_view down) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("status").string(ready ? up : down);
  const auto detail = ready ? services.health.notes() : services.health.why_not();
  if (!ready || !detail.empty()) w.key("detail").string(detail);
  w.key("durability").string(services.health.durability());
  w.end_object();
  auto response = json_answer(ready ? 200 : 503, std::move(out));
  response.headers.set("Cache-Control", "no-store");
  if (!ready) response.headers.set("Retry-After", "1");
  return response;
}

// The process answers: that is all it says.
Answer healthz(Call call) {
  co_return health_answer(call.services, true, "pass", "fail");
}

Answer readyz(Call call) {
  co_return health_answer(call.services, call.services.health.ready(), "pass", "fail");
}

Answer actuator(Call call) {
  co_return health_answer(call.services, call.services.health.ready(), "UP", "DOWN");
}

Answer openapi(Call call) {
  http::Response response;
  response.content_type = "application/yaml";
  response.body = call.services.options.openapi_yaml;
  co_return response;
}

}  // namespace

Routes health_routes() {
  return {{http::Method::get, "/healthz", anyone(), healthz, kTakesAnyQuery},
          {http::Method::get, "/readyz", anyone(), readyz, kTakesAnyQuery},
          {http::Method::get, "/actuator/health", anyone(), actuator, kTakesAnyQuery},
          {http::Method::get, "/openapi.yaml", anyone(), openapi, kTakesAnyQuery}};
}

}  // namespace belfry::api
