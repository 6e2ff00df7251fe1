// What operators see and set: tenants, limits, suspension.
#include <unordered_map>

#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/credentials.hpp"
#include "api/task_in.hpp"
#include "json/field_reader.hpp"
#include "json/writer.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

struct TenantFacts {
  domain::Tenant tenant;
  store::StatusCounts counts;
};

void write_tenant(json::Writer& w, const TenantFacts& facts) {
  const auto& tenant = facts.tenant;
  w.begin_object();
  w.key("tenantId").string(to_string(tenant.id));
  w.key("tenantName").string(tenant.name);
  w.key("createdAt").time(tenant.created_at);
  w.field("suspendedAt", tenant.suspended_at);
  w.key("suspendReason");
  if (tenant.suspend_reason.empty()) {
    w.null();
  } else {
    w.string(tenant.suspend_reason);
  }
  w.key("limits").begin_object();
  w.key("runningMax").number(tenant.limits.running_max);
  w.key("weight").number(tenant.limits.weight);
  w.key("unfinishedMax").number(tenant.limits.unfinished_max);
  w.end_object();
  w.key("counts").begin_object();
  for (int i = 1; i < domain::kStatusCount; ++i) {
    const auto status = static_cast<domain::Status>(i);
    std::string key(name(status));
    for (char& c : key) c = static_cast<char>(c + 32);
    w.key(key).number(facts.counts[status]);
  }
  w.end_object();
  w.end_object();
}

std::string tenant_json(const TenantFacts& facts) {
  std::string out;
  json::Writer w(out);
  write_tenant(w, facts);
  return out;
}

Answer list_tenants(Call call) {
  using Facts = std::vector<TenantFacts>;
  std::function<Facts(store::Snapshot&)> read = [](store::Snapshot& snapshot) {
    Facts facts;
    std::unordered_map<TenantId, store::StatusCounts> counts;
    for (auto& [id, of_tenant] : snapshot.metrics().counts_by_tenant_all_tenants()) {
      counts.emplace(id, of_tenant);
    }
    for (auto& tenant : snapshot.tenants().list_all_tenants()) {
      const auto found = counts.find(tenant.id);
      facts.push_back(
          {std::move(tenant), found == counts.end() ? store::StatusCounts{} : found->second});
    }
    return facts;
  };
  const auto facts = co_await call.services.gateway.read<Facts>(std::move(read));
  if (!facts) co_return fail(facts.error());
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const auto& one : *facts) write_tenant(w, one);
  w.end_array();
  co_return json_answer(200, std::move(out));
}

Answer show(Call call, TenantId id) {
  using Facts = std::optional<TenantFacts>;
  std::function<Facts(store::Snapshot&)> read = [id](store::Snapshot& snapshot) -> Facts {
    auto tenant = snapshot.tenants().find(id);
    if (!tenant) return std::nullopt;
    return TenantFacts{std::move(*tenant), snapshot.metrics().counts(id)};
  };
  const auto facts = co_await call.services.gateway.read<Facts>(std::move(read));
  if (!facts) co_return fail(facts.error());
  if (!*facts) co_return fail(ErrorCode::not_found, "no such tenant");
  co_return json_answer(200, tenant_json(**facts));
}

Answer get_tenant(Call call) {
  const auto id = id_param<TenantId>(call, 0, "tenant");
  if (!id) co_return fail(id.error());
  co_return co_await show(call, *id);
}

Answer change(Call call, TenantId id, store::TransactFn fn) {
  const auto done = co_await call.services.gateway.transact(std::move(fn), store::Purpose::upkeep);
  if (!done) co_return fail(done.error());
  co_return co_await show(call, id);
}

Answer set_limits(Call call) {
  const auto id = id_param<TenantId>(call, 0, "tenant");
  if (!id) co_return fail(id.error());
  const auto body = json_body(call.request);
  if (!body) co_return fail(body.error());
  Faults faults;
  json::FieldReader in(*body, "", faults.fields);
  const auto running = in.integer("runningMax", {1, 1'000'000});
  const auto weight = in.integer("weight", {1, 1'000});
  const auto unfinished = in.integer("unfinishedMax", {0, 1'000'000'000});
  in.done();
  if (const auto ok = faults.result(); !ok) co_return fail(ok.error());
  store::TransactFn fn = [id = *id, running, weight,
                          unfinished](store::Transaction& tx) -> Result<> {
    const auto tenant = tx.tenants().find(id);
    if (!tenant) return fail(ErrorCode::not_found, "no such tenant");
    auto limits = tenant->limits;
    if (running) limits.running_max = static_cast<int>(*running);
    if (weight) limits.weight = static_cast<int>(*weight);
    if (unfinished) limits.unfinished_max = *unfinished;
    return tx.tenant_writes().set_limits(id, limits);
  };
  co_return co_await change(call, *id, std::move(fn));
}

Answer suspend(Call call) {
  const auto id = id_param<TenantId>(call, 0, "tenant");
  if (!id) co_return fail(id.error());
  const auto body = optional_json_body(call.request);
  if (!body) co_return fail(body.error());
  Faults faults;
  json::FieldReader in(*body, "", faults.fields);
  const auto reason = in.string("reason", {0, 256}).value_or("");
  in.done();
  if (const auto ok = faults.result(); !ok) co_return fail(ok.error());
  store::TransactFn fn = [id = *id, reason,
                          now = call.services.clock.now()](store::Transaction& tx) {
    return tx.tenant_writes().set_suspended(id, now, reason);
  };
  co_return co_await change(call, *id, std::move(fn));
}

Answer resume(Call call) {
  const auto id = id_param<TenantId>(call, 0, "tenant");
  if (!id) co_return fail(id.error());
  store::TransactFn fn = [id = *id](store::Transaction& tx) {
    return tx.tenant_writes().set_suspended(id, std::nullopt, "");
  };
  co_return co_await change(call, *id, std::move(fn));
}

// A clock that was not in doubt is right already: the same answer.
Answer accept_clock(Call call) {
  co_await call.services.accept_clock();
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("detail").string(
      "the clock is taken for right: finished tasks are pruned and tasks expire");
  w.end_object();
  co_return json_answer(200, std::move(out));
}

}  // namespace

// An operator's way into one tenant: what people do there goes through the tenant's own routes. The
// scopes are a person's; what workers do is not among them.
Answer tenant_token(Call call) {
  const auto id = id_param<TenantId>(call, 0, "tenant");
  if (!id) co_return fail(id.error());
  if (!call.services.directory.tenant(*id)) co_return fail(ErrorCode::not_found, "no such tenant");
  const auth::Scopes scopes{auth::Scope::tasks_read, auth::Scope::tasks_write, auth::Scope::manage};
  // Of no key: none of the tenant's can end it, and it lives as long as any token.
  const auto no_key = call.services.ids.make<ApiKeyId>();
  co_return token_answer(call.services, call.services.issuer.issue(*id, no_key, scopes));
}

Routes admin_routes() {
  const auto operators = operators_only();
  return {
      {http::Method::get, "/api/v1/admin/tenants", operators, list_tenants},
      {http::Method::get, "/api/v1/admin/tenants/{tenantId}", operators, get_tenant},
      {http::Method::patch, "/api/v1/admin/tenants/{tenantId}/limits", operators, set_limits,
       kTakesJson},
      {http::Method::post, "/api/v1/admin/tenants/{tenantId}/suspend", operators, suspend,
       kTakesJson},
      {http::Method::post, "/api/v1/admin/tenants/{tenantId}/resume", operators, resume},
      {http::Method::post, "/api/v1/admin/tenants/{tenantId}/token", operators, tenant_token},
      {http::Method::post, "/api/v1/admin/clock/accept", operators, accept_clock},
  };
}

}  // namespace belfry::api
