// POST /api/v1/tasks/cancel and /tasks/retry: several tasks at once, by their ids or by a filter,
// each with its own result; `dryRun` tells what would happen and does nothing.
#include <fmt/format.h>

#include "api/answer.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/task_in.hpp"
#include "api/task_out.hpp"
#include "base/encoding.hpp"
#include "http/problem.hpp"
#include "json/field_reader.hpp"
#include "outbox/end.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

constexpr std::size_t kTasksMax = 1'000;
constexpr std::size_t kFilterValuesMax = 32;
constexpr std::size_t kSamples = 5;

enum class Verb { cancel, retry };

struct Named {
  std::string text;  // as sent, to be found again by
  TaskId id;
};

struct Steering {
  std::vector<Named> ids;
  std::optional<store::TaskFilter> filter;
  std::size_t limit = kTasksMax;
  bool dry_run = false;
};

std::string short_text(std::string text) {
  constexpr std::size_t kShown = 64;
  cut_utf8(text, kShown);
  return text;
}

std::vector<std::string> strings(json::FieldReader& in, std::string_view key) {
  std::vector<std::string> list;
  const auto array = in.array(key);
  if (!array) return list;
  for (const auto& element : array->elements()) {
    auto text = element.string();
    if (!text || text->empty() || list.size() == kFilterValuesMax) {
      in.fault(key, fmt::format("must be at most {} strings", kFilterValuesMax));
      break;
    }
    list.push_back(std::move(*text));
  }
  return list;
}

store::TaskFilter read_steering_filter(const json::Value& value, const LocalTimeRule& zone,
                                       FieldFaults& faults) {
  json::FieldReader in(value, "/filter", faults);
  store::TaskFilter filter;
  for (const auto& text : strings(in, "status")) {
    const auto status = domain::parse_status(text);
    if (!status || *status == domain::Status::blocked) {
      in.fault("status",
               fmt::format("\"{}\" is no status; there are SCHEDULED, PENDING, RUNNING, COMPLETED, "
                           "FAILED, CANCELLED and EXPIRED",
                           short_text(text)));
      break;
    }
    filter.statuses.push_back(*status);
  }
  filter.queues = strings(in, "queue");
  filter.names = strings(in, "type");
  filter.tags = strings(in, "tag");
  filter.created_from = in.time("createdFrom", zone);
  filter.created_to = in.time("createdTo", zone);
  filter.finished_from = in.time("finishedFrom", zone);
  filter.finished_to = in.time("finishedTo", zone);
  filter.text = in.string("text", {0, 256}).value_or("");
  in.done();
  return filter;
}

bool asks_nothing(const store::TaskFilter& f) {
  return f.statuses.empty() && f.queues.empty() && f.names.empty() && f.tags.empty() &&
         !f.created_from && !f.created_to && !f.finished_from && !f.finished_to && f.text.empty();
}

// What was sent as an id is told back, so it is held to what an id may need.
constexpr std::size_t kIdCharsMax = 64;

// A malformed id is as unknown as any other: it gets its result like the rest.
void read_ids(json::FieldReader& in, const json::Value& array, Steering& steering) {
  for (const auto& element : array.elements()) {
    auto text = element.string();
    if (!text || count_characters(*text) > kIdCharsMax || steering.ids.size() == kTasksMax) {
      steering.ids.clear();
      break;
    }
    const auto id = parse_id<TaskId>(*text).value_or(TaskId{});
    steering.ids.push_back({std::move(*text), id});
  }
  if (steering.ids.empty()) {
    in.fault("taskIds", fmt::format("must be 1 to {} strings of at most {} characters", kTasksMax,
                                    kIdCharsMax));
  }
}

Result<Steering> read_steering(const Call& call) {
  const auto body = json_body(call.request);
  if (!body) return fail(body.error());
  Faults faults;
  json::FieldReader in(*body, "", faults.fields);
  Steering steering;
  const auto ids = in.array("taskIds");
  const auto filter = in.object("filter");
  const auto limit = in.integer("limit", {1, kTasksMax});
  steering.dry_run = in.boolean("dryRun").value_or(false);
  if (ids) read_ids(in, *ids, steering);
  if (filter) {
    steering.filter =
        read_steering_filter(*filter, call.services.options.local_time, faults.fields);
    if (faults.fields.empty() && asks_nothing(*steering.filter)) {
      in.fault("filter", "must hold a condition; an empty filter would mean every task");
    }
  }
  if (ids.has_value() == filter.has_value() && faults.fields.empty()) {
    in.fault("taskIds", "give either taskIds or filter");
  }
  if (limit && !filter) in.fault("limit", "goes with filter only");
  steering.limit = static_cast<std::size_t>(limit.value_or(kTasksMax));
  in.done();
  if (const auto ok = faults.result(); !ok) return fail(ok.error());
  return steering;
}

// One task that was named or matched; no row if there is none of the tenant's.
struct Candidate {
  std::string named;
  TaskId id;
  std::optional<store::TaskRow> row;
};
struct Found {
  std::vector<Candidate> tasks;
  bool exact = true;  // false: more match than `limit`, or not all could be looked at
};

Found find(store::Snapshot& snapshot, TenantId tenant, const Steering& steering) {
  Found found;
  if (!steering.filter) {
    for (const auto& [text, id] : steering.ids) {
      auto row = snapshot.tasks().find(tenant, id);
      if (row) row->payload.clear(), row->result.clear();
      found.tasks.push_back({text, id, std::move(row)});
    }
    return found;
  }
  std::optional<TaskId> before;
  // A page may be empty and yet have a next one; so many looks are enough for a person to wait for.
  constexpr int kPagesMax = 20;
  for (int page_no = 0; page_no < kPagesMax; ++page_no) {
    const auto room = static_cast<int>(steering.limit - found.tasks.size());
    auto page = snapshot.tasks().query(tenant, *steering.filter, before, room, true);
    for (auto& row : page.tasks) found.tasks.push_back({to_string(row.id), row.id, std::move(row)});
    before = page.next;
    if (!before || found.tasks.size() == steering.limit) break;
  }
  found.exact = !before;
  return found;
}

Result<> may(Verb verb, const Candidate& task) {
  if (!task.row) return fail(ErrorCode::not_found, "no such task");
  const bool finished = domain::is_terminal(task.row->status);
  if (verb == Verb::cancel && finished) {
    return fail(ErrorCode::invalid_state, "the task has finished already");
  }
  if (verb == Verb::retry && !finished) {
    return fail(ErrorCode::invalid_state,
                "the task has not finished; wait for its end, or cancel it first");
  }
  return {};
}

asio::awaitable<void> cancel_each(Call call, const Found& found, std::vector<Result<>>& results) {
  const auto now = call.services.clock.now();
  std::vector<store::Command> commands;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < found.tasks.size(); ++i) {
    if (!results[i]) continue;
    commands.emplace_back(outbox::end_of(*found.tasks[i].row, domain::Status::cancelled,
                                         "cancelled by request", now, call.services.directory));
    places.push_back(i);
  }
  const auto replies = co_await call.services.gateway.ask_all(std::move(commands));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (!replies[i]) results[places[i]] = fail(replies[i].error());
  }
}

// One transaction. A task that has moved on meanwhile is refused before anything of it is written.
asio::awaitable<Result<>> retry_each(Call call, const Found& found,
                                     std::vector<Result<>>& results) {
  const auto outcomes = std::make_shared<std::vector<Result<>>>();
  std::vector<TaskId> ids;
  for (const auto& task : found.tasks) ids.push_back(task.id);
  store::TransactFn fn = [outcomes, judged = results, ids = std::move(ids), tenant = call.tenant(),
                          now = call.services.clock.now()](store::Transaction& tx) -> Result<> {
    *outcomes = judged;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (judged[i]) (*outcomes)[i] = tx.task_writes().start_new_run(tenant, ids[i], now);
    }
    return {};
  };
  const auto done = co_await call.services.gateway.transact(std::move(fn));
  if (done) results = *outcomes;
  co_return done;
}

std::string steering_json(const Steering& steering, const Found& found,
                          const std::vector<Result<>>& results) {
  const auto good = std::count_if(results.begin(), results.end(),
                                  [](const Result<>& result) { return result.has_value(); });
  std::string out;
  http::ItemProblems problems;
  json::Writer w(out);
  w.begin_object();
  w.key("dryRun").boolean(steering.dry_run);
  w.key("matched").number(static_cast<std::int64_t>(found.tasks.size()));
  w.key("exact").boolean(found.exact);
  w.key("done").number(static_cast<std::int64_t>(good));
  w.key("skipped").number(static_cast<std::int64_t>(results.size()) - good);
  w.key("samples").begin_array();
  std::size_t samples = 0;
  for (std::size_t i = 0; i < results.size() && samples < kSamples; ++i) {
    if (!results[i] || !found.tasks[i].row) continue;
    write_task(w, *found.tasks[i].row, View::summary);
    ++samples;
  }
  w.end_array();
  w.key("results").begin_array();
  for (std::size_t i = 0; i < results.size() && !steering.dry_run; ++i) {
    w.begin_object();
    w.key("taskId").string(found.tasks[i].named);
    w.key("status").number(results[i] ? 200 : http_status(results[i].error().code));
    if (!results[i]) w.key("problem").raw(problems.json(results[i].error()));
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return out;
}

Answer steer(Call call, Verb verb) {
  const auto steering = read_steering(call);
  if (!steering) co_return fail(steering.error());
  std::function<Found(store::Snapshot&)> read = [tenant = call.tenant(),
                                                 steering = *steering](store::Snapshot& snapshot) {
    return find(snapshot, tenant, steering);
  };
  const auto found = co_await call.services.gateway.read<Found>(std::move(read));
  if (!found) co_return fail(found.error());
  std::vector<Result<>> results;
  for (const auto& task : found->tasks) results.push_back(may(verb, task));
  if (!steering->dry_run && verb == Verb::cancel) co_await cancel_each(call, *found, results);
  if (!steering->dry_run && verb == Verb::retry) {
    const auto done = co_await retry_each(call, *found, results);
    if (!done) co_return fail(done.error());
  }
  co_return json_answer(200, steering_json(*steering, *found, results));
}

Answer cancel_several(Call call) {
  return steer(call, Verb::cancel);
}

Answer retry_several(Call call) {
  return steer(call, Verb::retry);
}

}  // namespace

Routes steering_routes() {
  const auto writes = with(auth::Scope::tasks_write);
  return {{http::Method::post, "/api/v1/tasks/cancel", writes, cancel_several, kTakesJson},
          {http::Method::post, "/api/v1/tasks/retry", writes, retry_several, kTakesJson}};
}

}  // namespace belfry::api
