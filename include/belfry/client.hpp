#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "belfry/json.hpp"
#include "belfry/result.hpp"

namespace belfry::client {

struct ClientOptions {
  std::string url;                                // of the scheduler: "http://127.0.0.1:8080"
  std::string api_key = {};                       // or
  std::string credentials_file = {};              // as written by credentials.hpp
  std::chrono::milliseconds timeout{30'000};      // of one attempt
  int attempts_max = 6;                           // of one call, the first included
  std::chrono::milliseconds backoff_first{200};   // doubled, with jitter
  std::chrono::milliseconds backoff_max{10'000};  // a longer Retry-After ends the call
  std::chrono::seconds token_margin{60};          // a token is renewed this long before it ends
};

// Where a task runs. Absent in a submission: the queue's default.
struct Target {
  enum class Kind { http, worker, echo };
  Kind kind = Kind::worker;
  std::string url = {};  // http: where the scheduler posts the payload
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
};

struct Submission {
  std::string task_name;                       // 1 to 256 characters
  Json payload = {};                           // at most 256 KiB as text
  std::string queue = {};                      // empty: "default"
  std::optional<int> priority = std::nullopt;  // 1 to 10, 10 is most urgent; default 5
  std::string scheduled_for = {};              // RFC 3339; or
  std::optional<std::chrono::milliseconds> delay = std::nullopt;
  std::string expires_at = {};  // RFC 3339
  std::optional<Target> target = std::nullopt;
  std::optional<int> max_attempts = std::nullopt;  // the first included; default 3
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  std::string callback_url = {};  // gets the terminal event, signed
  std::vector<std::string> tags = {};
  std::vector<std::pair<std::string, std::string>> labels = {};
};

struct Task {
  std::string id;
  std::string name;
  std::string queue;
  std::string status;  // SCHEDULED PENDING RUNNING COMPLETED FAILED CANCELLED EXPIRED
  int priority = 0;
  int attempt = 0;
  Json payload;
  Json result;
  std::string error_message;
  Json document;  // the whole answer
};

struct TaskFilter {
  std::vector<std::string> statuses, queues, names, tags;
  std::string text = {};
  int limit = 50;        // tasks a page
  bool summary = false;  // without payload and result
};

struct TaskPage {
  std::vector<Task> tasks;
  std::string next;  // empty on the last page
};

struct QueueSettings {
  std::optional<int> concurrency_limit = std::nullopt;
  std::optional<Target> default_target = std::nullopt;
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
};

struct WebhookEndpoint {
  std::string id;
  std::string url;
  std::string secret;  // only in the answer that created it
  bool enabled = true;
};

struct Registration {
  std::string tenant_id;
  std::string api_key;         // shown once
  std::string webhook_secret;  // signs pushes and callbacks; shown once
};

// The scheduler's API as blocking calls. Thread-safe: calls of several threads run side by side
// over kept connections, on one event loop inside. Tokens are fetched and renewed by themselves. A
// call that may be repeated (every one here: submissions carry an idempotency key, generated if
// none is given, which stays the same over the attempts) is tried again with backoff after 429, 503
// and broken connections, and waits as Retry-After says.
class Client {
 public:
  // Fails with ":usage" (URL) or ":file" (credentials).
  static Result<Client> make(ClientOptions options);
  // Opens an account; tried once, since a repeat would open another.
  static Result<Registration> register_tenant(const std::string& url, const std::string& name);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  Result<Task> submit(const Submission& task, std::string idempotency_key = {});
  // Up to 1,000 at once; one result each, in order.
  Result<std::vector<Result<Task>>> submit_bulk(const std::vector<Submission>& tasks,
                                                std::string idempotency_key = {});
  Result<Task> get(const std::string& task_id);
  Result<TaskPage> list(const TaskFilter& filter = {});
  Result<TaskPage> next_page(const TaskPage& page);
  Result<> cancel(const std::string& task_id);
  Result<Task> retry(const std::string& task_id);
  Result<Json> metrics();

  // Creates the queue or changes what is set here.
  Result<Json> put_queue(const std::string& queue, const QueueSettings& settings);
  Result<> pause_queue(const std::string& queue, const std::string& reason = {});
  Result<> resume_queue(const std::string& queue);

  // No events: all.
  Result<WebhookEndpoint> create_webhook(const std::string& url,
                                         const std::vector<std::string>& events = {});
  Result<std::vector<WebhookEndpoint>> webhooks();
  Result<> remove_webhook(const std::string& endpoint_id);

  // Any other call: method, path with query, and what it needs. `repeatable` allows more attempts.
  struct Call {
    std::string method = "GET";
    std::string path;
    std::optional<Json> body = std::nullopt;
    std::string idempotency_key = {};
    bool repeatable = true;
    std::optional<std::chrono::milliseconds> timeout = std::nullopt;
    std::stop_token stop = {};  // ends the call with ":closed"
  };
  struct Answer {
    int status = 0;
    Json body;         // null if empty
    std::string link;  // the Link field
  };
  Result<Answer> call(const Call& call);

  // Ends calls in progress and refuses later ones, with ":closed".
  void close();

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace belfry::client
