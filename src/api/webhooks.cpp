// A tenant's webhook endpoints: create, list, change, remove, test, rotate the secret.
#include <fmt/format.h>

#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/deliveries.hpp"
#include "api/task_in.hpp"
#include "auth/secret_places.hpp"
#include "json/field_reader.hpp"
#include "json/writer.hpp"
#include "outbox/event_body.hpp"
#include "signing/webhook_signature.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;
using Presence = json::FieldReader::Presence;

constexpr std::chrono::hours kRotationOverlap{24};
constexpr std::size_t kDescriptionCharsMax = 256;

Error no_such_endpoint() {
  return {ErrorCode::not_found, "no such webhook endpoint"};
}

void write_events(json::Writer& w, std::uint32_t events) {
  w.key("events").begin_array();
  for (int i = 0; i < domain::kEventTypeCount; ++i) {
    const auto type = static_cast<domain::EventType>(i);
    if ((events & bit(type)) != 0) w.string(name(type));
  }
  w.end_array();
}

void write_endpoint(json::Writer& w, const store::EndpointRow& row, std::string_view secret = {}) {
  w.begin_object();
  w.key("id").string(to_string(row.id));
  w.key("url").string(row.url);
  w.key("description").string(row.description);
  write_events(w, row.events);
  w.key("enabled").boolean(row.enabled);
  w.key("disabledReason");
  if (row.disabled_reason.empty()) {
    w.null();
  } else {
    w.string(row.disabled_reason);
  }
  w.field("failingSince", row.failing_since);
  w.field("previousSecretUntil", row.previous_until);
  w.key("createdAt").time(row.created_at);
  if (!secret.empty()) w.key("secret").string(secret);
  w.end_object();
}

std::string endpoint_json(const store::EndpointRow& row, std::string_view secret = {}) {
  std::string out;
  json::Writer w(out);
  write_endpoint(w, row, secret);
  return out;
}

void read_events(json::FieldReader& in, store::EndpointRow& row) {
  if (in.presence("events") == Presence::null) row.events = domain::kAllTaskEvents;
  const auto events = in.array("events");
  if (!events) return;
  row.events = 0;
  for (const auto& element : events->elements()) {
    const auto text = element.string();
    const auto type = text ? domain::parse_event_type(*text) : std::nullopt;
    if (!type || *type == domain::EventType::test) {
      return in.fault("events",
                      "must hold task.submitted, task.started, task.retrying, "
                      "task.completed, task.failed, task.cancelled or task.expired");
    }
    row.events |= bit(*type);
  }
  if (row.events == 0) in.fault("events", "must hold at least one event; null means all");
}

Result<store::EndpointRow> read_endpoint(const json::Value& body, store::EndpointRow row,
                                         bool creating, const http::EgressPolicy& egress) {
  Faults faults;
  json::FieldReader in(body, "", faults.fields);
  const auto need = creating ? json::Need::required : json::Need::optional;
  if (auto url = in.string("url", {1, domain::kUrlBytesMax, need})) {
    check_url(*url, "/url", egress, faults);
    row.url = std::move(*url);
  }
  if (auto text = in.string("description", {0, kDescriptionCharsMax})) row.description = *text;
  read_events(in, row);
  if (const auto enabled = in.boolean("enabled")) {
    row.enabled = *enabled;
    row.disabled_reason = *enabled ? "" : "by its owner";
    if (*enabled) row.failing_since.reset();
  }
  in.done();
  if (const auto ok = faults.result(); !ok) return fail(ok.error());
  return row;
}

Answer create_endpoint(Call call) {
  const auto body = json_body(call.request);
  if (!body) co_return fail(body.error());
  auto row = read_endpoint(*body, {}, true, call.services.egress);
  if (!row) co_return fail(row.error());
  row->id = call.services.ids.make<EndpointId>();
  row->tenant = call.tenant();
  row->created_at = call.services.clock.now();
  const auto secret = signing::generate_secret();
  row->sealed_secret = call.services.sealed.seal(secret, auth::place_of_endpoint_secret(row->id));
  store::TransactFn insert = [row = *row](store::Transaction& tx) {
    return tx.endpoint_writes().insert(row);
  };
  const auto done = co_await call.services.gateway.transact(std::move(insert));
  if (!done) co_return fail(done.error());
  auto response =
      created("/api/v1/webhooks/" + to_string(row->id), endpoint_json(*row, secret.reveal()));
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

Answer list_endpoints(Call call) {
  std::function<std::vector<store::EndpointRow>(store::Snapshot&)> read =
      [tenant = call.tenant()](store::Snapshot& snapshot) {
        return snapshot.endpoints().list(tenant);
      };
  const auto rows =
      co_await call.services.gateway.read<std::vector<store::EndpointRow>>(std::move(read));
  if (!rows) co_return fail(rows.error());
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const auto& row : *rows) write_endpoint(w, row);
  w.end_array();
  co_return json_answer(200, std::move(out));
}

asio::awaitable<Result<store::EndpointRow>> load(const Call& call) {
  const auto id = id_param<EndpointId>(call, 0, "webhook endpoint");
  if (!id) co_return fail(id.error());
  std::function<std::optional<store::EndpointRow>(store::Snapshot&)> read =
      [tenant = call.tenant(), id = *id](store::Snapshot& snapshot) {
        return snapshot.endpoints().find(tenant, id);
      };
  auto row =
      co_await call.services.gateway.read<std::optional<store::EndpointRow>>(std::move(read));
  if (!row) co_return fail(row.error());
  if (!*row) co_return fail(no_such_endpoint());
  co_return std::move(**row);
}

Answer get_endpoint(Call call) {
  const auto row = co_await load(call);
  if (!row) co_return fail(row.error());
  co_return json_answer(200, endpoint_json(*row));
}

using Change = std::function<Result<store::EndpointRow>(store::EndpointRow)>;

// Reads, changes and writes an endpoint in one transaction; answers with what it became.
asio::awaitable<Result<store::EndpointRow>> change_endpoint(Call call, Change change) {
  const auto id = id_param<EndpointId>(call, 0, "webhook endpoint");
  if (!id) co_return fail(id.error());
  auto after = std::make_shared<store::EndpointRow>();
  store::TransactFn fn = [tenant = call.tenant(), id = *id, after,
                          change = std::move(change)](store::Transaction& tx) -> Result<> {
    auto row = tx.endpoints().find(tenant, id);
    if (!row) return fail(no_such_endpoint());
    auto changed = change(std::move(*row));
    if (!changed) return fail(changed.error());
    *after = std::move(*changed);
    return tx.endpoint_writes().update(*after);
  };
  const auto done = co_await call.services.gateway.transact(std::move(fn));
  if (!done) co_return fail(done.error());
  co_return *after;
}

Answer patch_endpoint(Call call) {
  const auto body = json_body(call.request);
  if (!body) co_return fail(body.error());
  Change change = [body = *body, &egress = call.services.egress](store::EndpointRow row) {
    return read_endpoint(body, std::move(row), false, egress);
  };
  const auto row = co_await change_endpoint(call, std::move(change));
  if (!row) co_return fail(row.error());
  co_return json_answer(200, endpoint_json(*row));
}

// The old secret signs beside the new one for a day (CONVENTIONS 2.1).
Answer rotate_secret(Call call) {
  const auto secret = signing::generate_secret();
  Change change = [secret, &sealed = call.services.sealed,
                   until = call.services.clock.now() +
                           kRotationOverlap](store::EndpointRow row) -> Result<store::EndpointRow> {
    row.sealed_previous_secret = row.sealed_secret;
    row.sealed_secret = sealed.seal(secret, auth::place_of_endpoint_secret(row.id));
    row.previous_until = until;
    return row;
  };
  const auto row = co_await change_endpoint(call, std::move(change));
  if (!row) co_return fail(row.error());
  auto response = json_answer(200, endpoint_json(*row, secret.reveal()));
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

Answer remove_endpoint(Call call) {
  const auto id = id_param<EndpointId>(call, 0, "webhook endpoint");
  if (!id) co_return fail(id.error());
  store::TransactFn remove = [tenant = call.tenant(), id = *id](store::Transaction& tx) {
    return tx.endpoint_writes().remove(tenant, id);
  };
  const auto done =
      co_await call.services.gateway.transact(std::move(remove), store::Purpose::upkeep);
  if (!done) co_return fail(done.error());
  co_return no_content();
}

Answer test_endpoint(Call call) {
  const auto row = co_await load(call);
  if (!row) co_return fail(row.error());
  const auto now = call.services.clock.now();
  outbox::EventFacts facts;
  facts.type = domain::EventType::test;
  facts.tenant = call.tenant();
  facts.task_name = "webhook.test";
  facts.at = now;
  store::DeliveryRow delivery;
  delivery.id = call.services.ids.make<DeliveryId>();
  delivery.tenant = call.tenant();
  delivery.endpoint = row->id;
  delivery.type = domain::EventType::test;
  delivery.body = outbox::event_draft(facts).body;
  delivery.created_at = now;
  delivery.next_at = now;
  store::TransactFn insert = [delivery](store::Transaction& tx) -> Result<> {
    tx.delivery_writes().insert_test(delivery);
    return {};
  };
  const auto done = co_await call.services.gateway.transact(std::move(insert));
  if (!done) co_return fail(done.error());
  co_return json_answer(202, delivery_json(delivery));
}

// The tenant's own secret, which signs pushes and callbacks.
Answer rotate_tenant_secret(Call call) {
  const auto secret = signing::generate_secret();
  const auto until = call.services.clock.now() + kRotationOverlap;
  const auto sealed =
      call.services.sealed.seal(secret, auth::place_of_tenant_secret(call.tenant()));
  store::TransactFn rotate = [tenant = call.tenant(), sealed,
                              until](store::Transaction& tx) -> Result<> {
    const auto row = tx.tenants().find(tenant);
    if (!row) return fail(ErrorCode::not_found, "no such tenant");
    return tx.tenant_writes().set_secret(tenant, sealed, row->sealed_secret, until);
  };
  const auto done = co_await call.services.gateway.transact(std::move(rotate));
  if (!done) co_return fail(done.error());
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("webhookSecret").string(secret.reveal());
  w.key("previousSecretUntil").time(until);
  w.end_object();
  auto response = json_answer(200, std::move(out));
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

}  // namespace

Routes webhook_routes() {
  const auto manages = with(auth::Scope::manage);
  Routes routes = {
      {http::Method::post, "/api/v1/webhooks", manages, create_endpoint, kTakesJson},
      {http::Method::get, "/api/v1/webhooks", manages, list_endpoints},
      {http::Method::get, "/api/v1/webhooks/{endpointId}", manages, get_endpoint},
      {http::Method::patch, "/api/v1/webhooks/{endpointId}", manages, patch_endpoint, kTakesJson},
      {http::Method::delete_, "/api/v1/webhooks/{endpointId}", manages, remove_endpoint},
      {http::Method::post, "/api/v1/webhooks/{endpointId}/test", manages, test_endpoint},
      {http::Method::post, "/api/v1/webhooks/{endpointId}/rotate", manages, rotate_secret},
      {http::Method::post, "/api/v1/webhooks/secret/rotate", manages, rotate_tenant_secret},
  };
  for (auto& route : delivery_routes()) routes.push_back(std::move(route));
  return routes;
}

}  // namespace belfry::api
