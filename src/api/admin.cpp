// What operators see and set: tenants, limits, suspension.
#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/credentials.hpp"
#include "api/cursor.hpp"
#include "api/request_rates.hpp"
#include "api/task_in.hpp"
#include "base/log.hpp"
#include "json/field_reader.hpp"
#include "json/writer.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

struct TenantFacts {
  domain::Tenant tenant;
  store::StatusCounts counts;
  std::int64_t stored_bytes = 0;
};

TenantFacts facts_of(store::Snapshot& snapshot, domain::Tenant tenant) {
  auto& metrics = snapshot.metrics();
  const auto counts = metrics.counts(tenant.id);
  const auto bytes = metrics.stored_bytes(tenant.id);
  return {std::move(tenant), counts, bytes};
}

void write_tenant(json::Writer& w, const TenantFacts& facts, const Options& options) {
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
  w.field("removingSince", tenant.removing_since);
  w.key("limits").begin_object();
  w.key("runningMax").number(tenant.limits.running_max);
  w.key("weight").number(tenant.limits.weight);
  w.key("unfinishedMax").number(tenant.limits.unfinished_max);
  w.key("storedBytesMax").number(tenant.limits.stored_max);
  w.key("requestsPerSecond").number(requests_per_second(options, tenant.limits));
  w.end_object();
  w.key("counts").begin_object();
  for (int i = 1; i < domain::kStatusCount; ++i) {
    const auto status = static_cast<domain::Status>(i);
    std::string key(name(status));
    for (char& c : key) c = static_cast<char>(c + 32);
    w.key(key).number(facts.counts[status]);
  }
  w.end_object();
  w.key("storedBytes").number(facts.stored_bytes);
  w.end_object();
}

std::string tenant_json(const TenantFacts& facts, const Options& options) {
  std::string out;
  json::Writer w(out);
  write_tenant(w, facts, options);
  return out;
}

struct TenantList {
  std::vector<TenantFacts> facts;
  std::optional<TenantId> next;
};

struct ListQuestion {
  int limit = 0;
  std::string text;  // part of a name, or a whole id
  std::optional<TenantId> after;
};

TenantList read_list(store::Snapshot& snapshot, const ListQuestion& asked) {
  TenantList list;
  if (const auto id = parse_id<TenantId>(asked.text)) {
    if (auto tenant = snapshot.tenants().find(*id)) {
      list.facts.push_back(facts_of(snapshot, std::move(*tenant)));
    }
    return list;
  }
  auto page = snapshot.tenants().page_all_tenants(asked.after, asked.text, asked.limit);
  for (auto& tenant : page.tenants) {
    list.facts.push_back(facts_of(snapshot, std::move(tenant)));
  }
  list.next = page.next;
  return list;
}

Answer list_tenants(Call call) {
  const auto query = Query::read(call.request, {"text", "limit", "cursor"});
  if (!query) co_return fail(query.error());
  const auto limit = query->limit();
  if (!limit) co_return fail(limit.error());
  const auto scope = "tenants?" + query->canonical();
  ListQuestion asked{*limit, query->one("text").value_or(""), std::nullopt};
  if (!is_short_text(asked.text, domain::kTenantNameCharsMax)) {
    co_return fail(query_error("text", "must be at most 128 characters, without U+0000"));
  }
  if (const auto cursor = query->one("cursor")) {
    const auto position = read_cursor({}, scope, *cursor);
    if (!position) co_return fail(position.error());
    asked.after = TenantId{*position};
  }
  std::function<TenantList(store::Snapshot&)> read = [asked](store::Snapshot& snapshot) {
    return read_list(snapshot, asked);
  };
  const auto list = co_await call.services.gateway.read<TenantList>(std::move(read));
  if (!list) co_return fail(list.error());
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const auto& one : list->facts) write_tenant(w, one, call.services.options);
  w.end_array();
  auto response = json_answer(200, std::move(out));
  if (list->next) {
    const auto cursor = make_cursor({}, scope, list->next->uuid);
    response.headers.add("Link", next_link(call.request, cursor));
  }
  co_return response;
}

Answer show(Call call, TenantId id) {
  using Facts = std::optional<TenantFacts>;
  std::function<Facts(store::Snapshot&)> read = [id](store::Snapshot& snapshot) -> Facts {
    auto tenant = snapshot.tenants().find(id);
    if (!tenant) return std::nullopt;
    return facts_of(snapshot, std::move(*tenant));
  };
  const auto facts = co_await call.services.gateway.read<Facts>(std::move(read));
  if (!facts) co_return fail(facts.error());
  if (!*facts) co_return fail(ErrorCode::not_found, "no such tenant");
  co_return json_answer(200, tenant_json(**facts, call.services.options));
}

Answer get_tenant(Call call) {
  const auto id = id_param<TenantId>(call, 0, "tenant");
  if (!id) co_return fail(id.error());
  co_return co_await show(call, *id);
}

Error being_removed() {
  return {ErrorCode::invalid_state, "the tenant is being removed, which cannot be undone"};
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
  const auto stored = in.integer("storedBytesMax", {0, std::int64_t{1} << 50});
  const auto requests = in.integer("requestsPerSecond", {0, 1'000'000});
  in.done();
  if (const auto ok = faults.result(); !ok) co_return fail(ok.error());
  store::TransactFn fn = [id = *id, running, weight, unfinished, stored,
                          requests](store::Transaction& tx) -> Result<> {
    const auto tenant = tx.tenants().find(id);
    if (!tenant) return fail(ErrorCode::not_found, "no such tenant");
    auto limits = tenant->limits;
    if (running) limits.running_max = static_cast<int>(*running);
    if (weight) limits.weight = static_cast<int>(*weight);
    if (unfinished) limits.unfinished_max = *unfinished;
    if (stored) limits.stored_max = *stored;
    if (requests) limits.requests_per_second = *requests;
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
                          now = call.services.clock.now()](store::Transaction& tx) -> Result<> {
    const auto tenant = tx.tenants().find(id);
    if (tenant && tenant->removing_since) return fail(being_removed());
    return tx.tenant_writes().set_suspended(id, now, reason);
  };
  co_return co_await change(call, *id, std::move(fn));
}

// Its rows go step by step in the background (dispatch::Remover); until they are gone its state is
// shown.
Answer remove(Call call) {
  const auto id = id_param<TenantId>(call, 0, "tenant");
  if (!id) co_return fail(id.error());
  const auto facts = std::make_shared<TenantFacts>();
  store::TransactFn fn = [id = *id, facts,
                          now = call.services.clock.now()](store::Transaction& tx) -> Result<> {
    if (auto done = tx.tenant_writes().start_removal(id, now); !done) return done;
    *facts = facts_of(tx, *tx.tenants().find(id));
    return {};
  };
  const auto done = co_await call.services.gateway.transact(std::move(fn), store::Purpose::upkeep);
  if (!done) co_return fail(done.error());
  log().info("tenant removal asked for tenant={}", to_string(*id));
  co_return json_answer(202, tenant_json(*facts, call.services.options));
}

Answer resume(Call call) {
  const auto id = id_param<TenantId>(call, 0, "tenant");
  if (!id) co_return fail(id.error());
  store::TransactFn fn = [id = *id](store::Transaction& tx) -> Result<> {
    const auto tenant = tx.tenants().find(id);
    if (tenant && tenant->removing_since) return fail(being_removed());
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

// The end of the pause in which a restored service starts.
Answer resume_service(Call call) {
  if (const auto done = call.services.pause.resume(); !done) co_return fail(done.error());
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("paused").boolean(call.services.pause.on());
  w.end_object();
  co_return json_answer(200, std::move(out));
}

Routes admin_routes() {
  const auto operators = operators_only();
  return {
      {http::Method::get, "/api/v1/admin/tenants", operators, list_tenants, kTakesQuery},
      {http::Method::get, "/api/v1/admin/tenants/{tenantId}", operators, get_tenant},
      {http::Method::delete_, "/api/v1/admin/tenants/{tenantId}", operators, remove},
      {http::Method::patch, "/api/v1/admin/tenants/{tenantId}/limits", operators, set_limits,
       kTakesJson},
      {http::Method::post, "/api/v1/admin/tenants/{tenantId}/suspend", operators, suspend,
       kTakesJson},
      {http::Method::post, "/api/v1/admin/tenants/{tenantId}/resume", operators, resume},
      {http::Method::post, "/api/v1/admin/tenants/{tenantId}/token", operators, tenant_token},
      {http::Method::post, "/api/v1/admin/clock/accept", operators, accept_clock},
      {http::Method::post, "/api/v1/admin/resume", operators, resume_service},
  };
}

}  // namespace belfry::api
