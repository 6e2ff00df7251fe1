#include "belfry/client.hpp"

#include <stdexcept>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "belfry/credentials.hpp"
#include "client/caller.hpp"
#include "client/lease_calls.hpp"
#include "client/wire.hpp"

namespace belfry::client {
namespace {

constexpr std::size_t kBulkTasksMax = 1'000;

std::string fresh_key() {
  return hex_encode(secure_random_bytes(16));
}

Client::Call get_of(std::string path) {
  Client::Call call;
  call.path = std::move(path);
  return call;
}

Client::Call change_of(std::string method, std::string path) {
  Client::Call call;
  call.method = std::move(method);
  call.path = std::move(path);
  return call;
}

std::string task_path(const std::string& id, std::string_view rest = "") {
  return "/api/v1/tasks/" + percent_encode(id) + std::string(rest);
}

std::string queue_path(const std::string& queue, std::string_view rest = "") {
  return "/api/v1/queues/" + percent_encode(queue) + std::string(rest);
}

void add_value(std::string& query, std::string_view name, const std::string& value) {
  if (!value.empty()) query += "&" + std::string(name) + "=" + percent_encode(value);
}

void add_values(std::string& query, std::string_view name, const std::vector<std::string>& values) {
  for (const auto& value : values) add_value(query, name, value);
}

std::string list_path(const TaskFilter& filter) {
  std::string path = "/api/v1/tasks?limit=" + std::to_string(filter.limit);
  add_values(path, "status", filter.statuses);
  add_values(path, "queue", filter.queues);
  add_values(path, "type", filter.names);
  add_values(path, "tag", filter.tags);
  add_value(path, "createdFrom", filter.created_from);
  add_value(path, "createdTo", filter.created_to);
  add_value(path, "finishedFrom", filter.finished_from);
  add_value(path, "finishedTo", filter.finished_to);
  add_value(path, "text", filter.text);
  if (filter.summary) path += "&view=summary";
  return path;
}

WebhookEndpoint endpoint_of(const Json& json) {
  WebhookEndpoint endpoint;
  endpoint.id = json["id"].string_or("");
  endpoint.url = json["url"].string_or("");
  endpoint.secret = json["secret"].string_or("");
  endpoint.enabled = json["enabled"].boolean_or(false);
  return endpoint;
}

Result<> done(const Result<Client::Answer>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return {};
}

Result<> check_url(const std::string& url) {
  const auto parsed = http::parse_url(url);
  if (parsed) return {};
  return std::unexpected(usage_error("the scheduler's URL: " + parsed.error().message));
}

Result<std::unique_ptr<Caller>> caller_of(ClientOptions options) {
  try {
    return std::make_unique<Caller>(std::move(options));
  } catch (const std::runtime_error& unreadable) {
    return std::unexpected(file_error(unreadable.what()));
  }
}

}  // namespace

struct Client::State {
  std::unique_ptr<Caller> caller;
};

Result<Client> Client::make(ClientOptions options) {
  if (const auto ok = check_url(options.url); !ok) return std::unexpected(ok.error());
  if (options.api_key.empty()) {
    const auto credentials = load_credentials(options.credentials_file);
    if (!credentials) return std::unexpected(credentials.error());
    options.api_key = credentials->api_key;
  }
  auto caller = caller_of(std::move(options));
  if (!caller) return std::unexpected(caller.error());
  return Client(std::make_unique<State>(std::move(*caller)));
}

Result<Registration> Client::register_tenant(const std::string& url, const std::string& name,
                                             const std::string& ca_file) {
  if (const auto ok = check_url(url); !ok) return std::unexpected(ok.error());
  ClientOptions options;
  options.url = url;
  options.attempts_max = 1;
  options.ca_file = ca_file;
  const auto caller = caller_of(std::move(options));
  if (!caller) return std::unexpected(caller.error());
  auto call = change_of("POST", "/api/v1/auth/register");
  call.body = Json::object({{"tenantName", name}});
  call.repeatable = false;
  const auto answer = (*caller)->call_openly(call);
  if (!answer) return std::unexpected(answer.error());
  const auto& body = answer->body;
  return Registration{body["tenantId"].string_or(""), body["apiKey"].string_or(""),
                      body["webhookSecret"].string_or("")};
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Client::Answer> Client::call(const Call& call) {
  return state_->caller->call(call);
}

void Client::close() {
  state_->caller->close();
}

Result<Task> Client::submit(const Submission& task, std::string idempotency_key) {
  auto submission = change_of("POST", "/api/v1/tasks");
  submission.body = submission_json(task);
  submission.idempotency_key = idempotency_key.empty() ? fresh_key() : std::move(idempotency_key);
  auto answer = call(submission);
  if (!answer) return std::unexpected(answer.error());
  return task_of(std::move(answer->body));
}

Result<std::vector<Result<Task>>> Client::submit_bulk(const std::vector<Submission>& tasks,
                                                      std::string idempotency_key) {
  if (tasks.empty() || tasks.size() > kBulkTasksMax) {
    return std::unexpected(usage_error("give 1 to 1,000 submissions at once"));
  }
  auto bulk = change_of("POST", "/api/v1/tasks/bulk");
  auto body = Json::array();
  for (const auto& task : tasks) body.push(submission_json(task));
  bulk.body = std::move(body);
  bulk.idempotency_key = idempotency_key.empty() ? fresh_key() : std::move(idempotency_key);
  const auto answer = call(bulk);
  if (!answer) return std::unexpected(answer.error());
  std::vector<Result<Task>> results;
  for (const auto& item : answer->body["results"].items()) {
    const auto status = static_cast<int>(item["status"].integer_or(0));
    if (status == 201) {
      results.push_back(task_of(item["task"]));
    } else {
      results.push_back(std::unexpected(error_of_problem(status, item["problem"])));
    }
  }
  if (results.size() == tasks.size()) return results;
  return std::unexpected(answer_error("the scheduler gave another number of results"));
}

Result<Task> Client::get(const std::string& task_id) {
  auto answer = call(get_of(task_path(task_id)));
  if (!answer) return std::unexpected(answer.error());
  return task_of(std::move(answer->body));
}

Result<TaskPage> Client::list(const TaskFilter& filter) {
  TaskPage first;
  first.next = list_path(filter);
  return next_page(first);
}

Result<TaskPage> Client::next_page(const TaskPage& page) {
  if (page.next.empty()) return TaskPage{};
  const auto answer = call(get_of(page.next));
  if (!answer) return std::unexpected(answer.error());
  TaskPage next;
  for (const auto& task : answer->body.items()) next.tasks.push_back(task_of(task));
  next.next = next_of(answer->link);
  return next;
}

Result<> Client::cancel(const std::string& task_id) {
  auto answer = call(change_of("DELETE", task_path(task_id)));
  if (!answer && answer.error().status == 409 && answer.error().maybe_done) {
    const auto task = get(task_id);
    if (task && task->status == "CANCELLED") return {};
  }
  return done(answer);
}

Result<Task> Client::retry(const std::string& task_id) {
  auto retry = change_of("POST", task_path(task_id, "/retry"));
  retry.body = Json::object();
  retry.repeatable = false;  // the run of the first may have ended: a repeat would start another
  auto answer = call(retry);
  if (!answer) return std::unexpected(answer.error());
  return task_of(std::move(answer->body));
}

Result<Json> Client::metrics() {
  auto answer = call(get_of("/api/v1/metrics"));
  if (!answer) return std::unexpected(answer.error());
  return std::move(answer->body);
}

Result<> Client::complete(const Lease& lease, Json result) {
  return done(call(complete_call(lease, std::move(result))));
}

Result<> Client::fail(const Lease& lease, std::string message, bool retryable) {
  return done(call(fail_call(lease, std::move(message), retryable)));
}

Result<HeartbeatAnswer> Client::heartbeat(const Lease& lease, const Heartbeat& heartbeat) {
  const auto answer = call(heartbeat_call(lease, heartbeat));
  if (!answer) return std::unexpected(answer.error());
  return HeartbeatAnswer{answer->body["leaseExpiresAt"].string_or(""),
                         answer->body["cancelRequested"].boolean_or(false),
                         warnings_of(answer->body)};
}

Result<Json> Client::put_queue(const std::string& queue, const QueueSettings& settings) {
  auto put = change_of("PUT", queue_path(queue));
  put.body = queue_json(settings);
  auto answer = call(put);
  if (!answer) return std::unexpected(answer.error());
  return std::move(answer->body);
}

Result<> Client::pause_queue(const std::string& queue, const std::string& reason) {
  auto pause = change_of("POST", queue_path(queue, "/pause"));
  pause.body = Json::object({{"reason", reason}});
  return done(call(pause));
}

Result<> Client::resume_queue(const std::string& queue) {
  auto resume = change_of("POST", queue_path(queue, "/resume"));
  resume.body = Json::object();
  return done(call(resume));
}

Result<WebhookEndpoint> Client::create_webhook(const std::string& url,
                                               const std::vector<std::string>& events) {
  auto create = change_of("POST", "/api/v1/webhooks");
  auto body = Json::object({{"url", url}});
  if (!events.empty()) {
    auto list = Json::array();
    for (const auto& event : events) list.push(event);
    body.set("events", std::move(list));
  }
  create.body = std::move(body);
  create.repeatable = false;  // a repeat would make a second endpoint
  const auto answer = call(create);
  if (!answer) return std::unexpected(answer.error());
  return endpoint_of(answer->body);
}

Result<std::vector<WebhookEndpoint>> Client::webhooks() {
  const auto answer = call(get_of("/api/v1/webhooks"));
  if (!answer) return std::unexpected(answer.error());
  std::vector<WebhookEndpoint> endpoints;
  for (const auto& endpoint : answer->body.items()) endpoints.push_back(endpoint_of(endpoint));
  return endpoints;
}

Result<> Client::remove_webhook(const std::string& endpoint_id) {
  const auto answer = call(change_of("DELETE", "/api/v1/webhooks/" + percent_encode(endpoint_id)));
  if (!answer && answer.error().status == 404 && answer.error().maybe_done) return {};
  return done(answer);
}

}  // namespace belfry::client
