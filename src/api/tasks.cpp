// Submit, get, cancel and retry one task.
#include "api/answer.hpp"
#include "api/answer_room.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/idempotency.hpp"
#include "api/submission.hpp"
#include "api/task_in.hpp"
#include "api/task_list.hpp"
#include "api/task_out.hpp"
#include "outbox/end.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

constexpr int kLogLinesShown = 200;

struct Loaded {
  std::optional<store::TaskRow> row;
  TaskDetail detail;
};

Error no_such_task() {
  return {ErrorCode::not_found, "no such task"};
}

// One task with payload, result, attempts and log, held as rows and as text.
constexpr std::size_t kTaskAnswerBytes = 1024 * 1024;

std::size_t weigh(const Loaded& loaded) {
  std::size_t bytes = loaded.row ? loaded.row->payload.size() + loaded.row->result.size() : 0;
  for (const auto& attempt : loaded.detail.attempts) bytes += attempt.error.size();
  for (const auto& line : loaded.detail.log_lines) bytes += line.second.size();
  return 2 * bytes;
}

asio::awaitable<Result<Loaded>> load(const Call& call, TaskId id) {
  const auto tenant = call.services.directory.tenant(call.tenant());
  if (!tenant) co_return fail(no_such_task());
  std::function<Loaded(store::Snapshot&)> read = [tenant, id, now = call.services.clock.now(),
                                                  service = waiting_service(call.services)](
                                                     store::Snapshot& snapshot) {
    Loaded loaded;
    auto& tasks = snapshot.tasks();
    loaded.row = tasks.find(tenant->id, id);
    if (!loaded.row) return loaded;
    loaded.detail.attempts = tasks.attempts(tenant->id, id);
    loaded.detail.log_lines = tasks.log_lines(tenant->id, id, kLogLinesShown);
    loaded.detail.waiting = WaitingReasons(snapshot, *tenant, service).whole_of(*loaded.row, now);
    return loaded;
  };
  auto loaded = co_await read_within<Loaded>(call, {kTaskAnswerBytes, std::move(read), weigh});
  if (!loaded) co_return fail(loaded.error());
  if (!loaded->row) co_return fail(no_such_task());
  co_return std::move(*loaded);
}

Answer get_task(Call call) {
  const auto id = id_param<TaskId>(call, 0, "task");
  if (!id) co_return fail(id.error());
  auto loaded = co_await load(call, *id);
  if (!loaded) co_return fail(loaded.error());
  co_return json_answer(200, task_json(*loaded->row, View::full, &loaded->detail));
}

http::Response submitted_answer(store::TaskRow row, domain::Status status) {
  row.status = status;
  if (status == domain::Status::scheduled) row.next_at = row.scheduled_for;
  return created("/api/v1/tasks/" + to_string(row.id), task_json(row));
}

// A key outlives a task that retention has removed. Then the row is made from what was sent again,
// which the fingerprint has shown to be the same, as of the time of the first.
Result<store::TaskRow> row_of_pruned(const Call& call, TaskId id) {
  const auto body = json_body(call.request);
  if (!body) return fail(body.error());
  auto task = read_submission(*body, call.tenant(), call.services, read_trace(call.request), id);
  if (!task) return fail(task.error());
  return row_of(*task, domain::Status::pending);
}

// The first answer once more.
Answer replay(Call call, TaskId id, domain::Status status) {
  auto loaded = co_await load(call, id);
  const bool pruned = !loaded && loaded.error().code == ErrorCode::not_found;
  if (!loaded && !pruned) co_return fail(loaded.error());
  auto row = pruned ? row_of_pruned(call, id) : Result<store::TaskRow>(std::move(*loaded->row));
  if (!row) co_return fail(row.error());
  auto response = submitted_answer(as_submitted(std::move(*row)), status);
  response.headers.set("Idempotency-Replayed", "true");
  co_return response;
}

// A body that was good once may be refused by now: its times have passed, or its queue's settings
// have changed. The key's promise stands all the same.
Answer replay_or(Call call, store::IdempotencyKey key, Error refusal) {
  const auto earlier = std::make_shared<std::optional<store::IdempotentAnswer>>();
  store::TransactFn find = [earlier, tenant = call.tenant(),
                            key = key.key](store::Transaction& tx) -> Result<> {
    *earlier = tx.idempotency_writes().find(tenant, key);
    return {};
  };
  const auto done = co_await call.services.gateway.transact(std::move(find));
  if (!done) co_return fail(done.error());
  if (!*earlier || !(*earlier)->task || (*earlier)->fingerprint != key.fingerprint) {
    co_return fail(std::move(refusal));
  }
  co_return co_await replay(call, *(*earlier)->task,
                            static_cast<domain::Status>((*earlier)->status));
}

Answer submit_task(Call call) {
  auto key = idempotency_key(call.request);
  if (!key) co_return fail(key.error());
  const auto body = json_body(call.request);
  if (!body) co_return fail(body.error());
  auto task = read_submission(*body, call.tenant(), call.services, read_trace(call.request));
  if (!task && *key) co_return co_await replay_or(call, std::move(**key), task.error());
  if (!task) co_return fail(task.error());
  auto command = submit_command(std::move(*task), call.services);
  command.idempotency = std::move(*key);
  // The answer is made from what was submitted; only a replay has to look the task up.
  auto row = row_of(command.task, domain::Status::pending);
  const auto reply = co_await call.services.gateway.ask(std::move(command));
  if (!reply) co_return fail(reply.error());
  if (reply->replayed) co_return co_await replay(call, reply->id, reply->status);
  co_return submitted_answer(std::move(row), reply->status);
}

Answer cancel_task(Call call) {
  const auto id = id_param<TaskId>(call, 0, "task");
  if (!id) co_return fail(id.error());
  auto loaded = co_await load(call, *id);
  if (!loaded) co_return fail(loaded.error());
  const auto now = call.services.clock.now();
  auto command = outbox::end_of(*loaded->row, domain::Status::cancelled, "cancelled by request",
                                now, call.services.directory);
  const auto reply = co_await call.services.gateway.ask(std::move(command));
  if (!reply) co_return fail(reply.error());
  http::Response response;  // the original answers with an empty body
  response.status = 200;
  co_return response;
}

Answer retry_task(Call call) {
  const auto id = id_param<TaskId>(call, 0, "task");
  if (!id) co_return fail(id.error());
  const auto tenant = call.tenant();
  const auto now = call.services.clock.now();
  store::TransactFn start = [tenant, task = *id, now](store::Transaction& tx) {
    return tx.task_writes().start_new_run(tenant, task, now);
  };
  const auto done = co_await call.services.gateway.transact(std::move(start));
  if (!done) co_return fail(done.error());
  auto loaded = co_await load(call, *id);
  if (!loaded) co_return fail(loaded.error());
  co_return json_answer(200, task_json(*loaded->row, View::full, &loaded->detail));
}

}  // namespace

Routes task_routes() {
  const auto reads = with(auth::Scope::tasks_read);
  const auto writes = with(auth::Scope::tasks_write);
  return {
      {http::Method::post, "/api/v1/tasks", writes, submit_task, kTakesJson},
      {http::Method::get, "/api/v1/tasks", reads, list_tasks, kTakesQuery},
      {http::Method::get, "/api/v1/tasks/upcoming", reads, upcoming_tasks, kTakesQuery},
      {http::Method::get, "/api/v1/tasks/{taskId}", reads, get_task},
      {http::Method::delete_, "/api/v1/tasks/{taskId}", writes, cancel_task},
      {http::Method::post, "/api/v1/tasks/{taskId}/retry", writes, retry_task},
  };
}

}  // namespace belfry::api
