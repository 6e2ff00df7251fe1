// GET /api/v1/metrics (one tenant) and /api/v1/admin/metrics (all).
#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/metrics_json.hpp"
#include "api/time_range.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

// There may be a million; GET /api/v1/admin/tenants has them all, in pages.
constexpr int kTenantsShown = 100;

Answer metrics(Call call, bool all_tenants) {
  const auto query = Query::read(call.request, {"range"});
  if (!query) co_return fail(query.error());
  const auto range = time_range(*query);
  if (!range) co_return fail(range.error());
  const auto now = call.services.clock.now();
  std::function<MetricFacts(store::Snapshot&)> read = [tenant = call.tenant(), all_tenants, now,
                                                       range = *range](store::Snapshot& snapshot) {
    MetricFacts facts;
    facts.step = range.step;
    facts.to = now;
    facts.from = now - range.length;
    auto& metrics = snapshot.metrics();
    if (all_tenants) {
      facts.counts = metrics.counts_all_tenants();
      facts.by_tenant = metrics.counts_of_busiest_tenants(kTenantsShown);
      facts.points = metrics.series_all_tenants(facts.from, now, range.hourly);
    } else {
      facts.counts = metrics.counts(tenant);
      facts.stored_bytes = metrics.stored_bytes(tenant);
      const auto row = snapshot.tenants().find(tenant);
      facts.stored_max = row ? row->limits.stored_max : 0;
      facts.queues = snapshot.queues().list(tenant);
      facts.destinations = snapshot.destinations().states_with_counts(tenant);
      facts.points = metrics.series(tenant, facts.from, now, range.hourly);
    }
    return facts;
  };
  const auto facts = co_await call.services.gateway.read<MetricFacts>(std::move(read));
  if (!facts) co_return fail(facts.error());
  co_return json_answer(200, metrics_json(*facts));
}

Answer tenant_metrics(Call call) {
  return metrics(call, false);
}
Answer all_metrics(Call call) {
  return metrics(call, true);
}

}  // namespace

Routes metric_routes() {
  return {{http::Method::get, "/api/v1/metrics", with(auth::Scope::tasks_read), tenant_metrics,
           kTakesQuery},
          {http::Method::get, "/api/v1/admin/metrics", operators_only(), all_metrics, kTakesQuery}};
}

}  // namespace belfry::api
