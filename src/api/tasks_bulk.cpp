// POST /api/v1/tasks/bulk: many submissions at once, each with its own result.
#include <fmt/format.h>

#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/bulk_items.hpp"
#include "api/idempotency.hpp"
#include "api/submission.hpp"
#include "api/task_in.hpp"
#include "api/task_out.hpp"
#include "http/problem.hpp"
#include "json/check.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

Error wrong_count() {
  return {ErrorCode::validation_failed,
          fmt::format("send 1 to {} tasks, as a JSON array or as NDJSON (one object a line)",
                      domain::kBulkTasksMax)};
}

struct Prepared {
  std::vector<Result<store::TaskRow>> rows;  // one an item; the error where it was refused
  std::vector<store::Submit> commands;       // one a good item, in order
};

Prepared prepare(const Call& call, const BulkItems& items) {
  Prepared prepared;
  const auto trace = read_trace(call.request);
  for (const auto& text : items.texts) {
    const auto good = items.checked ? Result<>{} : json::check(text, domain::kJsonDepthMax);
    auto task = good ? read_submission(json::Value(text), call.tenant(), call.services, trace)
                     : Result<domain::NewTask>(fail(good.error()));
    if (!task) {
      prepared.rows.push_back(fail(std::move(task.error())));
      continue;
    }
    auto command = submit_command(std::move(*task), call.services);
    prepared.rows.push_back(row_of(command.task, domain::Status::pending));
    prepared.commands.push_back(std::move(command));
  }
  return prepared;
}

std::string results_json(const std::vector<Result<store::TaskRow>>& rows) {
  std::string out;
  http::ItemProblems problems;
  json::Writer w(out);
  w.begin_object().key("results").begin_array();
  for (const auto& row : rows) {
    w.begin_object();
    w.key("status").number(row ? 201 : http_status(row.error().code));
    if (row) {
      w.key("task");
      write_task(w, *row, View::summary);
    } else {
      w.key("problem").raw(problems.json(row.error()));
    }
    w.end_object();
  }
  w.end_array().end_object();
  return out;
}

// Puts the store's replies into the rows of the accepted items.
void put_replies(std::vector<Result<store::TaskRow>>& rows,
                 const std::vector<Result<store::Submit::Reply>>& replies) {
  auto reply = replies.begin();
  for (auto& row : rows) {
    if (!row) continue;
    if (*reply) {
      row->status = (*reply)->status;
      if (row->status == domain::Status::scheduled) row->next_at = row->scheduled_for;
    } else {
      row = fail(reply->error());
    }
    ++reply;
  }
}

asio::awaitable<std::vector<Result<store::Submit::Reply>>> submit_each(
    store::Gateway& gateway, std::vector<store::Submit> commands) {
  std::vector<store::Command> wrapped;
  wrapped.reserve(commands.size());
  for (auto& command : commands) wrapped.emplace_back(std::move(command));
  auto replies = co_await gateway.ask_all(std::move(wrapped));
  std::vector<Result<store::Submit::Reply>> typed;
  typed.reserve(replies.size());
  for (auto& reply : replies) {
    if (reply) {
      typed.push_back(std::get<store::Submit::Reply>(std::move(*reply)));
    } else {
      typed.push_back(fail(std::move(reply.error())));
    }
  }
  co_return typed;
}

// What is kept for a key is bounded, and counts for the tenant's stored bytes.
Result<> check_kept_answer(store::Transaction& tx, TenantId tenant, std::size_t bytes) {
  if (bytes > domain::kKeptAnswerBytesMax) {
    return fail(
        ErrorCode::payload_too_large,
        fmt::format("the answer that would be kept for the Idempotency-Key has {} bytes; at "
                    "most {} are kept: send fewer tasks at a time",
                    bytes, domain::kKeptAnswerBytesMax));
  }
  const auto row = tx.tenants().find(tenant);
  const auto stored = tx.metrics().stored_bytes(tenant);
  if (!row || stored + static_cast<std::int64_t>(bytes) <= row->limits.stored_max) return {};
  return fail(ErrorCode::quota_exceeded,
              fmt::format("storedBytesMax: this tenant keeps {} bytes of the {} that it may keep, "
                          "and the answer for the Idempotency-Key needs {} more: send fewer tasks "
                          "at a time, wait until old ones are pruned, or ask the operator for more",
                          stored, row->limits.stored_max, bytes));
}

// Under an idempotency key all of it is one transaction, and the whole answer is kept with the key.
Answer submit_under_key(Call call, Prepared prepared, store::IdempotencyKey key) {
  struct Outcome {
    std::optional<store::IdempotentAnswer> earlier;
    std::string body;
  };
  auto outcome = std::make_shared<Outcome>();
  store::TransactFn fn = [outcome, tenant = call.tenant(), key, now = call.services.clock.now(),
                          prepared = std::move(prepared)](store::Transaction& tx) -> Result<> {
    auto& kept = tx.idempotency_writes();
    outcome->earlier = kept.find(tenant, key.key);
    if (outcome->earlier) return {};
    std::vector<Result<store::Submit::Reply>> replies;
    for (const auto& command : prepared.commands) replies.push_back(tx.submit(command));
    auto rows = prepared.rows;
    put_replies(rows, replies);
    outcome->body = results_json(rows);
    if (auto room = check_kept_answer(tx, tenant, outcome->body.size()); !room) return room;
    kept.insert(tenant, key.key, {key.fingerprint, 200, outcome->body}, now);
    return {};
  };
  const auto done = co_await call.services.gateway.transact(std::move(fn));
  if (!done) co_return fail(done.error());
  if (!outcome->earlier) co_return json_answer(200, std::move(outcome->body));
  if (outcome->earlier->fingerprint != key.fingerprint) {
    co_return fail(ErrorCode::idempotency_mismatch,
                   "this Idempotency-Key was used with another request; take a fresh key");
  }
  auto response = json_answer(outcome->earlier->status, std::move(outcome->earlier->body));
  response.headers.set("Idempotency-Replayed", "true");
  co_return response;
}

Answer submit_bulk(Call call) {
  auto key = idempotency_key(call.request);
  if (!key) co_return fail(key.error());
  const auto items = bulk_items(call.request, domain::kBulkTasksMax);
  if (!items) co_return fail(items.error());
  if (items->texts.empty() || items->texts.size() > domain::kBulkTasksMax) {
    co_return fail(wrong_count());
  }
  auto prepared = prepare(call, *items);
  if (*key) co_return co_await submit_under_key(call, std::move(prepared), std::move(**key));
  auto rows = std::move(prepared.rows);
  const auto replies = co_await submit_each(call.services.gateway, std::move(prepared.commands));
  put_replies(rows, replies);
  co_return json_answer(200, results_json(rows));
}

}  // namespace

Routes bulk_routes() {
  return {{http::Method::post, "/api/v1/tasks/bulk", with(auth::Scope::tasks_write), submit_bulk,
           kTakesLines}};
}

}  // namespace belfry::api
