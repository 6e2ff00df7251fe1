// Queues: list, one, settings, pause and resume.
#include <fmt/format.h>

#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/task_in.hpp"
#include "api/task_out.hpp"
#include "json/field_reader.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;
using Presence = json::FieldReader::Presence;

constexpr int kConcurrencyMax = 100'000;
constexpr std::size_t kReasonCharsMax = 256;

void write_queue(json::Writer& w, const store::QueueRow& row) {
  const auto& settings = row.queue.settings;
  w.begin_object();
  w.key("name").string(row.queue.name);
  w.key("createdAt").time(row.queue.created_at);
  w.key("paused").boolean(settings.paused);
  w.key("pauseReason");
  if (settings.pause_reason.empty()) {
    w.null();
  } else {
    w.string(settings.pause_reason);
  }
  w.field("concurrencyLimit", settings.concurrency_limit);
  w.key("defaultTarget");
  if (settings.default_target) {
    write_target(w, *settings.default_target);
  } else {
    w.null();
  }
  w.key("retry");
  if (settings.retry) {
    write_retry(w, *settings.retry);
  } else {
    w.null();
  }
  w.key("timeoutMs");
  if (settings.timeout) {
    w.number(settings.timeout->count());
  } else {
    w.null();
  }
  w.key("agingMs").number(settings.aging.count());
  w.key("scheduled").number(row.scheduled);
  w.key("pending").number(row.pending);
  w.key("running").number(row.running);
  w.key("depth").number(row.scheduled + row.pending);
  w.field("oldestReadyAt", row.oldest_ready_at);
  w.end_object();
}

std::string queue_json(const store::QueueRow& row) {
  std::string out;
  json::Writer w(out);
  write_queue(w, row);
  return out;
}

Result<std::string> name_param(const Call& call) {
  const auto& name = call.param(0);
  if (!domain::is_queue_name(name)) return fail(ErrorCode::not_found, "no such queue");
  return name;
}

asio::awaitable<Result<store::QueueRow>> find(const Call& call, std::string name) {
  std::function<std::optional<store::QueueRow>(store::Snapshot&)> read =
      [tenant = call.tenant(), name = std::move(name)](store::Snapshot& snapshot) {
        return snapshot.queues().find(tenant, name);
      };
  auto row = co_await call.services.gateway.read<std::optional<store::QueueRow>>(std::move(read));
  if (!row) co_return fail(row.error());
  if (!*row) co_return fail(ErrorCode::not_found, "no such queue");
  co_return std::move(**row);
}

Answer list_queues(Call call) {
  std::function<std::vector<store::QueueRow>(store::Snapshot&)> read =
      [tenant = call.tenant()](store::Snapshot& snapshot) {
        return snapshot.queues().list(tenant);
      };
  const auto rows =
      co_await call.services.gateway.read<std::vector<store::QueueRow>>(std::move(read));
  if (!rows) co_return fail(rows.error());
  std::string out;
  json::Writer w(out);
  w.begin_array();
  for (const auto& row : *rows) write_queue(w, row);
  w.end_array();
  co_return json_answer(200, std::move(out));
}

Answer get_queue(Call call) {
  const auto name = name_param(call);
  if (!name) co_return fail(name.error());
  const auto row = co_await find(call, *name);
  if (!row) co_return fail(row.error());
  co_return json_answer(200, queue_json(*row));
}

// Changes what the body names; null sets a value back to its default.
Result<domain::QueueSettings> read_settings(const json::Value& body, domain::QueueSettings settings,
                                            TenantId tenant, const Services& services) {
  Faults faults;
  json::FieldReader in(body, "", faults.fields);
  if (in.presence("concurrencyLimit") == Presence::null) settings.concurrency_limit.reset();
  if (const auto n = in.integer("concurrencyLimit", {1, kConcurrencyMax})) {
    settings.concurrency_limit = static_cast<int>(*n);
  }
  if (in.presence("defaultTarget") == Presence::null) settings.default_target.reset();
  if (const auto target = in.object("defaultTarget")) {
    settings.default_target =
        read_target(*target, in.pointer("defaultTarget"), services.egress, faults);
    if (settings.default_target) seal_headers(*settings.default_target, tenant, services.sealed);
  }
  if (in.presence("retry") == Presence::null) settings.retry.reset();
  if (const auto retry = in.object("retry")) {
    settings.retry = read_retry(*retry, in.pointer("retry"), domain::RetryPolicy{}, faults);
  }
  if (in.presence("timeoutMs") == Presence::null) settings.timeout.reset();
  const json::IntegerLimits kTimeout{domain::kTimeoutMin.count(), domain::kTimeoutMax.count()};
  if (const auto ms = in.integer("timeoutMs", kTimeout)) settings.timeout = Millis{*ms};
  if (in.presence("agingMs") == Presence::null) settings.aging = domain::kAgingDefault;
  if (const auto ms = in.integer("agingMs", {1'000, 24 * 3'600'000})) settings.aging = Millis{*ms};
  in.done();
  if (const auto ok = faults.result(); !ok) return fail(ok.error());
  return settings;
}

using Change = std::function<Result<domain::QueueSettings>(domain::QueueSettings)>;

// Reads, changes and writes the settings in one transaction.
Answer change_queue(Call call, bool create, Change change) {
  const auto name = name_param(call);
  if (!name) co_return fail(name.error());
  store::TransactFn fn = [tenant = call.tenant(), name = *name, create,
                          now = call.services.clock.now(),
                          change = std::move(change)](store::Transaction& tx) -> Result<> {
    const auto before = tx.queues().find(tenant, name);
    if (!before && !create) return fail(ErrorCode::not_found, "no such queue");
    auto settings = change(before ? before->queue.settings : domain::QueueSettings{});
    if (!settings) return fail(settings.error());
    const auto put = tx.queue_writes().put(tenant, name, *settings, now);
    if (!put) return fail(put.error());
    return {};
  };
  const auto done = co_await call.services.gateway.transact(std::move(fn));
  if (!done) co_return fail(done.error());
  const auto row = co_await find(call, *name);
  if (!row) co_return fail(row.error());
  co_return json_answer(200, queue_json(*row));
}

Answer put_queue(Call call) {
  const auto body = json_body(call.request);
  if (!body) co_return fail(body.error());
  Change change = [body = *body, tenant = call.tenant(),
                   &services = call.services](domain::QueueSettings settings) {
    return read_settings(body, std::move(settings), tenant, services);
  };
  co_return co_await change_queue(call, true, std::move(change));
}

Answer pause_queue(Call call) {
  const auto body = optional_json_body(call.request);
  if (!body) co_return fail(body.error());
  Faults faults;
  json::FieldReader in(*body, "", faults.fields);
  auto reason = in.string("reason", {0, kReasonCharsMax}).value_or("");
  in.done();
  if (const auto ok = faults.result(); !ok) co_return fail(ok.error());
  Change change = [reason](domain::QueueSettings settings) -> Result<domain::QueueSettings> {
    settings.paused = true;
    settings.pause_reason = reason;
    return settings;
  };
  co_return co_await change_queue(call, true, std::move(change));
}

Answer resume_queue(Call call) {
  Change change = [](domain::QueueSettings settings) -> Result<domain::QueueSettings> {
    settings.paused = false;
    settings.pause_reason.clear();
    return settings;
  };
  co_return co_await change_queue(call, false, std::move(change));
}

}  // namespace

Routes queue_routes() {
  const auto reads =
      Access{Access::Who::tenant, auth::Scopes{auth::Scope::tasks_read, auth::Scope::manage}};
  const auto manages = with(auth::Scope::manage);
  return {
      {http::Method::get, "/api/v1/queues", reads, list_queues},
      {http::Method::get, "/api/v1/queues/{queue}", reads, get_queue},
      {http::Method::put, "/api/v1/queues/{queue}", manages, put_queue, kTakesJson},
      {http::Method::post, "/api/v1/queues/{queue}/pause", manages, pause_queue, kTakesJson},
      {http::Method::post, "/api/v1/queues/{queue}/resume", manages, resume_queue},
  };
}

}  // namespace belfry::api
