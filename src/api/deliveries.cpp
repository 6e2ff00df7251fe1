#include "api/deliveries.hpp"

#include "api/answer.hpp"
#include "api/body.hpp"
#include "api/cursor.hpp"
#include "json/writer.hpp"
#include "outbox/event_body.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

std::string_view state_name(store::DeliveryState state) {
  switch (state) {
    case store::DeliveryState::held:
      return "HELD";
    case store::DeliveryState::waiting:
      return "WAITING";
    case store::DeliveryState::delivered:
      return "DELIVERED";
    case store::DeliveryState::exhausted:
      return "EXHAUSTED";
  }
  return "";
}

template <class I>
void write_id(json::Writer& w, std::string_view key, const I& id) {
  w.key(key);
  if (id) {
    w.string(to_string(id));
  } else {
    w.null();
  }
}

void write_delivery_fields(json::Writer& w, const store::DeliveryRow& row) {
  w.key("id").string(to_string(row.id));
  w.key("type").string(name(row.type));
  write_id(w, "taskId", row.task);
  write_id(w, "endpointId", row.endpoint);
  w.key("callbackUrl");
  if (row.endpoint) {
    w.null();
  } else {
    w.string(row.url);
  }
  w.key("sequence").number(row.sequence);
  w.key("state").string(state_name(row.state));
  w.key("attempts").number(row.attempts_total);
  w.key("createdAt").time(row.created_at);
  w.field("nextAttemptAt", row.next_at);
  w.field("finishedAt", row.finished_at);
}

void write_attempt(json::Writer& w, const store::DeliveryAttemptRow& attempt) {
  w.begin_object();
  w.key("number").number(attempt.number);
  w.key("at").time(attempt.at);
  w.key("durationMs").number(attempt.duration.count());
  w.key("httpStatus");
  if (attempt.http_status != 0) {
    w.number(attempt.http_status);
  } else {
    w.null();
  }
  w.key("failure");
  if (attempt.failure.empty()) {
    w.null();
  } else {
    w.string(attempt.failure);
  }
  w.key("answer").string(attempt.answer);
  w.end_object();
}

Result<store::DeliveryFilter> read_filter(const Query& query) {
  store::DeliveryFilter filter;
  if (const auto text = query.one("endpointId")) {
    filter.endpoint = parse_id<EndpointId>(*text);
    if (!filter.endpoint) return fail(query_error("endpointId", "must be the id of an endpoint"));
  }
  if (const auto text = query.one("taskId")) {
    filter.task = parse_id<TaskId>(*text);
    if (!filter.task) return fail(query_error("taskId", "must be the id of a task"));
  }
  if (const auto text = query.one("state")) {
    for (int i = 0; i <= static_cast<int>(store::DeliveryState::exhausted); ++i) {
      const auto state = static_cast<store::DeliveryState>(i);
      if (state_name(state) == *text) filter.state = state;
    }
    if (!filter.state) {
      return fail(query_error("state", "must be HELD, WAITING, DELIVERED or EXHAUSTED"));
    }
  }
  return filter;
}

Answer list_deliveries(Call call) {
  const auto query =
      Query::read(call.request, {"endpointId", "taskId", "state", "limit", "cursor"});
  if (!query) co_return fail(query.error());
  const auto filter = read_filter(*query);
  if (!filter) co_return fail(filter.error());
  const auto limit = query->limit();
  if (!limit) co_return fail(limit.error());
  const auto scope = "deliveries?" + query->canonical();
  std::optional<DeliveryId> before;
  if (const auto cursor = query->one("cursor")) {
    const auto position = read_cursor(call.tenant(), scope, *cursor);
    if (!position) co_return fail(position.error());
    before = DeliveryId{*position};
  }
  std::function<std::vector<store::DeliveryRow>(store::Snapshot&)> read =
      [tenant = call.tenant(), filter = *filter, before,
       limit = *limit](store::Snapshot& snapshot) {
        return snapshot.deliveries().list(tenant, filter, before, limit);
      };
  const auto rows =
      co_await call.services.gateway.read<std::vector<store::DeliveryRow>>(std::move(read));
  if (!rows) co_return fail(rows.error());
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const auto& row : *rows) {
    w.begin_object();
    write_delivery_fields(w, row);
    w.end_object();
  }
  w.end_array();
  auto response = json_answer(200, std::move(out));
  if (rows->size() == static_cast<std::size_t>(*limit)) {
    const auto cursor = make_cursor(call.tenant(), scope, rows->back().id.uuid);
    response.headers.add("Link", next_link(call.request, cursor));
  }
  co_return response;
}

struct Found {
  std::optional<store::DeliveryRow> row;
  std::vector<store::DeliveryAttemptRow> attempts;
};

Answer get_delivery(Call call) {
  const auto id = id_param<DeliveryId>(call, 0, "delivery");
  if (!id) co_return fail(id.error());
  std::function<Found(store::Snapshot&)> read = [tenant = call.tenant(),
                                                 id = *id](store::Snapshot& snapshot) {
    Found found;
    found.row = snapshot.deliveries().find(tenant, id);
    if (found.row) found.attempts = snapshot.deliveries().attempts(tenant, id);
    return found;
  };
  const auto found = co_await call.services.gateway.read<Found>(std::move(read));
  if (!found) co_return fail(found.error());
  if (!found->row) co_return fail(ErrorCode::not_found, "no such delivery");
  std::string out;
  json::Writer w(out);
  w.begin_object();
  write_delivery_fields(w, *found->row);
  w.key("body").raw(outbox::with_sequence(found->row->body, found->row->sequence));
  w.key("attemptLog").begin_array();
  for (const auto& attempt : found->attempts) write_attempt(w, attempt);
  w.end_array();
  w.end_object();
  co_return json_answer(200, std::move(out));
}

Answer redeliver(Call call) {
  const auto id = id_param<DeliveryId>(call, 0, "delivery");
  if (!id) co_return fail(id.error());
  const auto now = call.services.clock.now();
  store::TransactFn fn = [tenant = call.tenant(), id = *id, now](store::Transaction& tx) {
    return tx.delivery_writes().redeliver(tenant, id, now);
  };
  const auto done = co_await call.services.gateway.transact(std::move(fn));
  if (!done) co_return fail(done.error());
  co_return co_await get_delivery(call);
}

}  // namespace

std::string delivery_json(const store::DeliveryRow& row) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  write_delivery_fields(w, row);
  w.end_object();
  return out;
}

Routes delivery_routes() {
  const auto manages = with(auth::Scope::manage);
  return {
      {http::Method::get, "/api/v1/webhooks/deliveries", manages, list_deliveries, kTakesQuery},
      {http::Method::get, "/api/v1/webhooks/deliveries/{deliveryId}", manages, get_delivery},
      {http::Method::post, "/api/v1/webhooks/deliveries/{deliveryId}/redeliver", manages,
       redeliver},
  };
}

}  // namespace belfry::api
