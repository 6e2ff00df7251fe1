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
#include "belfry/lease.hpp"
#include "belfry/queue.hpp"
#include "belfry/result.hpp"
#include "belfry/task.hpp"

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
  std::string ca_file = {};                       // PEM, trusted beside the system's (private CAs)
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
// over kept connections, on one event loop inside. Tokens are fetched and renewed by themselves.
//
// Every call is tried again with backoff, or when Retry-After says, where nothing can have happened
// yet: after 429, and when no connection came about. A call that may be repeated is tried again
// after 502, 503, 504 and a broken connection as well: all of them but `retry`, `create_webhook`
// and `register_tenant`, where a repeat could start, make or open a second one. Submissions carry
// an idempotency key, generated if none is given, which stays the same over the tries.
//
// Only `call` reaches: one queue or all of them, filtered cancels and retries, what is upcoming,
// failures in groups, leases and outcomes in bulk, one webhook, its changes, tests, secrets and
// deliveries, API keys, and operators' calls. Live events (SSE) are not for this client.
class Client {
 public:
  // Fails with ":usage" (URL) or ":file" (credentials, CAs).
  static Result<Client> make(ClientOptions options);
  // Opens an account; tried once. `ca_file` as in ClientOptions.
  static Result<Registration> register_tenant(const std::string& url, const std::string& name,
                                              const std::string& ca_file = {});
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
  // 409 if it ended otherwise before. A repeat that finds it cancelled succeeds.
  Result<> cancel(const std::string& task_id);
  // A new run of what has ended; 409 if it has not.
  Result<Task> retry(const std::string& task_id);
  Result<Json> metrics();

  // By the holder of a lease. 409: the attempt was lost, ended or cancelled, and nothing is taken
  // (after ClientError::maybe_done it may have been, the time before). Of a result 64 KiB are
  // kept, of a message 4,096 bytes.
  Result<> complete(const Lease& lease, Json result = {});
  Result<> fail(const Lease& lease, std::string message, bool retryable = true);
  Result<HeartbeatAnswer> heartbeat(const Lease& lease, const Heartbeat& heartbeat = {});

  // Creates the queue or changes what is set here.
  Result<Json> put_queue(const std::string& queue, const QueueSettings& settings);
  Result<> pause_queue(const std::string& queue, const std::string& reason = {});
  Result<> resume_queue(const std::string& queue);

  // No events: all.
  Result<WebhookEndpoint> create_webhook(const std::string& url,
                                         const std::vector<std::string>& events = {});
  Result<std::vector<WebhookEndpoint>> webhooks();
  // 404 if there is none. A repeat that finds none any more succeeds.
  Result<> remove_webhook(const std::string& endpoint_id);

  // Any other call: method, path with query, and what it needs. `headers` add to the client's own,
  // as "traceparent"; `repeatable` as above.
  struct Call {
    std::string method = "GET";
    std::string path;
    std::optional<Json> body = std::nullopt;
    std::string idempotency_key = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
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
