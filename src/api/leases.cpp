// The calls of workers that pull: lease, heartbeat, complete, fail.
#include <boost/asio/this_coro.hpp>

#include <fmt/format.h>

#include "api/access.hpp"
#include "api/answer.hpp"
#include "api/answer_room.hpp"
#include "api/app.hpp"
#include "api/body.hpp"
#include "api/settlement.hpp"
#include "api/task_in.hpp"
#include "api/task_out.hpp"
#include "api/worker_report.hpp"
#include "async/wake_up.hpp"
#include "base/log.hpp"
#include "json/field_reader.hpp"
#include "store/lanes.hpp"
#include "store/lease_token.hpp"

namespace belfry::api {
namespace {

namespace asio = boost::asio;
using Answer = asio::awaitable<Result<http::Response>>;

constexpr std::size_t kQueuesMax = 32;
constexpr std::size_t kWorkerNameCharsMax = 128;
// A slot that a limit frees wakes nobody: who waits looks again now and then.
constexpr Millis kLookAgain{1'000};

struct LeaseRequest {
  std::vector<std::string> queues = {"default"};
  int max = 1;
  Millis wait{0};
  Millis lease = domain::kLeaseDefault;
  std::string worker;
};

void read_queues(json::FieldReader& in, LeaseRequest& request) {
  const auto queues = in.array("queues");
  if (!queues) return;
  request.queues.clear();
  for (const auto& element : queues->elements()) {
    const auto name = element.string();
    if (!name || !domain::is_queue_name(*name) || request.queues.size() == kQueuesMax) {
      return in.fault("queues", fmt::format("must be 1 to {} names of queues, each 1 to 128 of the "
                                            "characters A-Z a-z 0-9 . _ -",
                                            kQueuesMax));
    }
    request.queues.push_back(*name);
  }
  if (request.queues.empty()) in.fault("queues", "must name at least one queue");
}

Result<LeaseRequest> read_lease_request(const json::Value& body) {
  Faults faults;
  json::FieldReader in(body, "", faults.fields);
  LeaseRequest request;
  read_queues(in, request);
  const auto max = in.integer("max", {1, static_cast<std::int64_t>(domain::kLeaseTasksMax)});
  request.max = static_cast<int>(max.value_or(1));
  request.wait = Millis{in.integer("waitMs", {0, domain::kLongPollMax.count()}).value_or(0)};
  const json::IntegerLimits kLease{domain::kLeaseMin.count(), domain::kLeaseMax.count()};
  request.lease = Millis{in.integer("leaseMs", kLease).value_or(domain::kLeaseDefault.count())};
  request.worker = read_name(in, "worker", {0, kWorkerNameCharsMax}).value_or("");
  in.done();
  if (const auto ok = faults.result(); !ok) return fail(ok.error());
  return request;
}

struct Claimed {
  std::vector<store::Claim::Task> tasks;
  std::size_t bytes = 0;
  bool more = false;  // a limit of bytes held some back: asking again may find them
};

store::Claim claim_of(const Call& call, const LeaseRequest& request, const domain::Queue& queue,
                      const Claimed& so_far) {
  store::Claim claim;
  claim.queue = queue.no;
  claim.lanes = store::worker_lanes(queue.settings, call.services.options.default_target_is_echo);
  claim.max = request.max - static_cast<int>(so_far.tasks.size());
  claim.bytes_max = domain::kClaimBytesMax - so_far.bytes;
  claim.room = claim_room(call, so_far.bytes);
  claim.lease = request.lease;
  claim.timeout = queue.settings.timeout;
  claim.kind = store::LeaseKind::worker;
  claim.holder = request.worker;
  return claim;
}

// One round over the wanted queues, until there are as many tasks as one answer takes.
asio::awaitable<Result<Claimed>> claim_once(const Call& call, const LeaseRequest& request) {
  Claimed claimed;
  if (call.services.pause.on()) co_return claimed;
  for (const auto& name : request.queues) {
    const auto queue = call.services.directory.queue(call.tenant(), name);
    if (!queue) continue;
    auto reply = co_await call.services.gateway.ask(claim_of(call, request, *queue, claimed));
    if (!reply) {
      if (!claimed.tasks.empty()) break;  // what is leased already must be handed over
      co_return fail(reply.error());
    }
    claimed.more = claimed.more || reply->held_by == store::Claim::HeldBy::bytes;
    for (auto& task : reply->tasks) {
      claimed.bytes += task.bytes;
      claimed.tasks.push_back(std::move(task));
    }
    if (claimed.tasks.size() >= static_cast<std::size_t>(request.max)) break;
    if (claimed.bytes >= domain::kClaimBytesMax) break;
  }
  co_return claimed;
}

store::LaneSignals::Subscription subscribe(const Call& call, const LeaseRequest& request,
                                           std::shared_ptr<async::WakeUp> wake) {
  std::vector<domain::QueueNo> numbers;
  for (const auto& name : request.queues) {
    if (const auto queue = call.services.directory.queue(call.tenant(), name)) {
      numbers.push_back(queue->no);
    }
  }
  return call.services.lane_signals.subscribe(std::move(numbers), [wake] { wake->notify(); });
}

void write_leased(json::Writer& w, const store::Claim::Task& task) {
  w.begin_object();
  w.key("taskId").string(to_string(task.id));
  w.key("tenantId").string(to_string(task.tenant));
  w.key("taskName").string(task.name);
  w.key("payload");
  if (task.payload.empty()) {
    w.null();
  } else {
    w.raw(task.payload);
  }
  w.key("status").string(name(domain::Status::running));
  w.key("queue").string(task.queue_name);
  w.key("priority").number(task.priority);
  w.key("attempt").number(task.token.attempt);
  w.key("retryCount").number(task.failures);
  w.key("maxRetries").number(task.max_attempts);
  w.key("submittedAt").time(task.submitted_at);
  w.field("scheduledFor", task.scheduled_for);
  w.field("expiresAt", task.expires_at);
  w.key("startedAt").time(task.started_at);
  w.key("timeoutMs");
  if (task.options.timeout) {
    w.number(task.options.timeout->count());
  } else {
    w.null();
  }
  w.key("tags").begin_array();
  for (const auto& tag : task.options.tags) w.string(tag);
  w.end_array();
  w.key("labels").begin_object();
  for (const auto& [key, value] : task.options.labels) w.key(key).string(value);
  w.end_object();
  w.key("traceparent");
  if (task.options.traceparent.empty()) {
    w.null();
  } else {
    w.string(task.options.traceparent);
  }
  w.key("leaseToken").string(store::to_text(task.token));
  w.key("leaseExpiresAt").time(task.lease_until);
  w.end_object();
}

// Lets go of each payload as soon as it is written: both together are twice as much.
http::Response leased_answer(std::vector<store::Claim::Task> tasks) {
  std::string out;
  json::Writer w(out);
  w.begin_object().key("tasks").begin_array();
  for (auto& task : tasks) {
    write_leased(w, task);
    task.payload = {};
  }
  w.end_array().end_object();
  return json_answer(200, std::move(out));
}

// What was claimed for somebody who has gone is another worker's at once, not after its lease.
asio::awaitable<void> hand_back(const Call& call, const std::vector<store::Claim::Task>& tasks) {
  std::vector<store::Command> commands;
  for (const auto& task : tasks) {
    store::Finish finish;
    finish.tenant = task.tenant;
    finish.id = task.id;
    finish.token = task.token;
    finish.verdict = store::Verdict::released;
    commands.emplace_back(std::move(finish));
  }
  for (const auto& reply : co_await call.services.gateway.ask_all(std::move(commands))) {
    log_and_ignore(reply, "the lease runs out by itself");
  }
}

// The end of a long poll whose worker has gone. Who does not wait may have closed its sending side.
class WorkerWatch {
 public:
  WorkerWatch(http::Peer* peer, Millis wait) : peer_(wait > Millis{0} ? peer : nullptr) {}

  bool has_gone() const { return peer_ != nullptr && peer_->has_gone(); }
  void wake_when_gone(std::shared_ptr<async::WakeUp> wake) {
    if (peer_ == nullptr || watching_) return;
    watching_ = peer_->gone().on_request([wake = std::move(wake)] { wake->notify(); });
  }

 private:
  http::Peer* peer_;
  std::optional<async::StopSignal::Subscription> watching_;
};

// The tenant holds as many answers as it may, so that asking again at once would find nothing.
bool has_no_room(const Call& call) {
  return call.request.answer_room != nullptr && call.request.answer_room->left() == 0;
}

Answer lease(Call call) {
  const auto body = optional_json_body(call.request);
  if (!body) co_return fail(body.error());
  const auto request = read_lease_request(*body);
  if (!request) co_return fail(request.error());
  const auto deadline = call.services.clock.steady_now() + request->wait;
  const auto wake = std::make_shared<async::WakeUp>(co_await asio::this_coro::executor);
  WorkerWatch worker(call.request.peer, request->wait);
  const Admission admission(call);
  LongCalls::Place place;  // from the first wait on
  while (!worker.has_gone()) {
    // Subscribed before asking, so that a task which arrives in between is not slept through.
    const auto subscription = subscribe(call, *request, wake);
    auto claimed = co_await claim_once(call, *request);
    if (!claimed) co_return fail(claimed.error());
    if (!claimed->tasks.empty()) {
      if (!worker.has_gone()) co_return leased_answer(std::move(claimed->tasks));
      co_await hand_back(call, claimed->tasks);
      break;
    }
    if (claimed->more && has_no_room(call)) co_return fail(too_many_answers());
    if (claimed->more) continue;
    const auto left = std::chrono::ceil<Millis>(deadline - call.services.clock.steady_now());
    if (left <= Millis{0}) break;
    if (!place) {
      auto entered = call.services.long_calls.enter(call.tenant());
      if (!entered) co_return fail(entered.error());
      place = std::move(*entered);
      release_content(call.request);
    }
    worker.wake_when_gone(wake);
    const auto reason = co_await wake->wait(std::min(left, kLookAgain), call.services.stop);
    if (reason == async::WakeUp::Reason::stopped) break;
    if (const auto good = admission.check(); !good) co_return fail(good.error());
  }
  co_return leased_answer({});
}

// A worker's attempt ends with its timeout, however often it is heard of. A push that was answered
// 202 has its timeout from then on, and more with each heartbeat.
asio::awaitable<Result<std::optional<Timestamp>>> end_of_attempt(const Call& call, TaskId id) {
  using Row = std::optional<store::TaskRow>;
  std::function<Row(store::Snapshot&)> read = [tenant = call.tenant(),
                                               id](store::Snapshot& snapshot) {
    return snapshot.tasks().find_summary(tenant, id);
  };
  const auto row = co_await call.services.gateway.read<Row>(std::move(read));
  if (!row) co_return fail(row.error());
  std::optional<Timestamp> none;
  if (!*row || !(*row)->started_at) co_return none;
  const auto queue = call.services.directory.queue((*row)->queue);
  const auto settings = queue ? queue->settings : domain::QueueSettings{};
  const auto& target = (*row)->options.target ? (*row)->options.target : settings.default_target;
  if (target && std::holds_alternative<domain::HttpTarget>(*target)) co_return none;
  const auto timeout = (*row)->options.timeout ? (*row)->options.timeout : settings.timeout;
  if (!timeout) co_return none;
  co_return std::optional(*(*row)->started_at + *timeout);
}

Answer heartbeat(Call call) {
  const auto id = id_param<TaskId>(call, 0, "task");
  if (!id) co_return fail(id.error());
  if (call.request.body.empty()) co_return fail(json_body(call.request).error());
  auto report = WorkerReport::read(std::move(call.request.body), {"progress", "logs"});
  if (!report) co_return fail(report.error());
  Faults faults;
  json::FieldReader in(report->body(), "", faults.fields);
  store::Renew renew;
  renew.tenant = call.tenant();
  renew.id = *id;
  const auto token = read_lease_token(in);
  const json::IntegerLimits kExtend{domain::kLeaseMin.count(), domain::kLeaseMax.count()};
  renew.extend = Millis{in.integer("extendMs", kExtend).value_or(domain::kLeaseDefault.count())};
  renew.progress = read_progress(in, report->warnings());
  in.done();
  if (const auto ok = faults.result(); !ok) co_return fail(ok.error());
  if (!token) co_return fail(token.error());
  renew.token = *token;
  const auto ends = co_await end_of_attempt(call, *id);
  if (!ends) co_return fail(ends.error());
  renew.not_beyond = *ends;
  const auto reply = co_await call.services.gateway.ask(std::move(renew));
  if (!reply) co_return fail(reply.error());
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("leaseExpiresAt").time(reply->lease_until);
  w.key("cancelRequested").boolean(reply->cancel_requested);
  write_warnings(w, report->warnings());
  w.end_object();
  co_return json_answer(200, std::move(out));
}

http::Response finished_answer(TaskId id, const store::Finish::Reply& reply,
                               const Warnings& warnings) {
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("taskId").string(to_string(id));
  w.key("status").string(name(reply.status));
  w.key("at").time(reply.at);
  write_warnings(w, warnings);
  w.end_object();
  return json_answer(200, std::move(out));
}

Answer settle_one(Call call, bool completed) {
  const auto id = id_param<TaskId>(call, 0, "task");
  if (!id) co_return fail(id.error());
  if (call.request.body.empty()) co_return fail(json_body(call.request).error());
  auto settlement = read_settlement(std::move(call.request.body), *id, completed);
  if (!settlement) co_return fail(settlement.error());
  const auto warnings = std::move(settlement->warnings);
  std::vector<Settlement> one;
  one.push_back(std::move(*settlement));
  const auto replies = co_await settle(call, std::move(one));
  if (!replies.front()) co_return fail(replies.front().error());
  co_return finished_answer(*id, *replies.front(), warnings);
}

Answer complete(Call call) {
  return settle_one(call, true);
}
Answer fail_task(Call call) {
  return settle_one(call, false);
}

Answer settle_many(Call call) {
  auto items = read_settlements(call.request);
  if (!items) co_return fail(items.error());
  co_return json_answer(200, co_await settle_each(call, std::move(*items)));
}

}  // namespace

Routes lease_routes() {
  const auto workers = with(auth::Scope::worker);
  return {
      {http::Method::post, "/api/v1/leases", workers, lease, kTakesJson},
      {http::Method::post, "/api/v1/leases/complete", workers, settle_many, kTakesJson},
      {http::Method::post, "/api/v1/tasks/{taskId}/heartbeat", workers, heartbeat, kTakesJson},
      {http::Method::post, "/api/v1/tasks/{taskId}/complete", workers, complete, kTakesJson},
      {http::Method::post, "/api/v1/tasks/{taskId}/fail", workers, fail_task, kTakesJson},
  };
}

}  // namespace belfry::api
