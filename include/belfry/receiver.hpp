#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "belfry/json.hpp"
#include "belfry/result.hpp"

namespace belfry::client {

struct ReceiverOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  // Threads that run push handlers: give at least as many as may run at once (the concurrency
  // limits of the queues together), or pushes wait here while the scheduler counts their time.
  std::size_t push_threads = 8;
  std::size_t threads = 4;  // that run the other handlers
  std::size_t body_bytes_max = 4 << 20;
  std::size_t waiting_max = 256;        // pushes at once, and other requests; beyond: 503
  std::chrono::seconds tolerance{300};  // of a signature's age, both ways
  // Names (bare, lower case) that Host may have beside loopback ones; others get 403. Without any,
  // a loopback address serves loopback names alone, and any other address every name. A web page
  // can make its own name mean this machine (DNS rebinding), and then shows it in Host.
  std::vector<std::string> allowed_hosts = {};
};

struct Request {
  std::string method;
  std::string path;                                          // decoded
  std::vector<std::string> params;                           // what the {…} of the route matched
  std::vector<std::pair<std::string, std::string>> query;    // decoded
  std::vector<std::pair<std::string, std::string>> headers;  // names compare without case
  std::string body;
  std::optional<std::string> header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = {};
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};

  static Response json(int status, const Json& body);
  static Response text(int status, std::string content_type, std::string body);
  static Response problem(int status, const std::string& detail);  // RFC 9457
};

// One attempt that the scheduler pushes. It may come twice: be idempotent by the task id.
struct Push {
  std::string task_id;
  int attempt = 0;
  std::string lease;  // for complete or fail after `accepted`
  std::string payload;
  Request request;
};

struct PushOutcome {
  enum class Kind { completed, failed, accepted };
  Kind kind = Kind::completed;
  Json result = {};
  std::string error_message = {};
  bool retryable = true;

  static PushOutcome complete(Json result = {});  // at most 64 KiB
  static PushOutcome fail(std::string message, bool retryable = true);
  static PushOutcome accepted();  // the answer follows by the lease
};

// One event about a task. It may come twice, and has the same id then.
struct Event {
  std::string id;    // webhook-id
  std::string type;  // "task.completed", …
  std::string task_id;
  std::string status;
  Json result;
  std::string error_message;
  Json document;  // the whole body
};
enum class Receipt { taken, try_again };

// A small HTTP server for tenants. Handlers block on threads of its own and may run at the same
// time; what they throw, of whatever type, becomes 500. GET /healthz answers by itself, and needs
// none of those threads. Pushes and webhooks are let in only with a valid Standard Webhooks
// signature of one of the secrets: 401 without, 503 while no secret is set. Other routes are open
// to whoever reaches the port, but 403 to a web page of another origin that does more than read.
class Receiver {
 public:
  // Listens (so that the port is known) but does not accept yet. Fails with ":usage".
  static Result<Receiver> make(ReceiverOptions options);
  ~Receiver();  // stops
  Receiver(Receiver&&) noexcept;
  Receiver& operator=(Receiver&&) noexcept;  // stops the one that was here

  // Routes are added before start, GET, POST, PUT, PATCH or DELETE. A path may hold {name}
  // segments.
  void route(const std::string& method, const std::string& path,
             std::function<Response(const Request&)> handler);
  void on_push(const std::string& path, std::function<PushOutcome(const Push&)> handler);
  void on_webhook(const std::string& path, std::function<Receipt(const Event&)> handler);

  // "whsec_…", any number (a rotation has two). At any time. Fails with ":usage".
  Result<> set_secrets(const std::vector<std::string>& secrets);

  std::uint16_t port() const;
  // Fails with ":usage", and serves nothing, if a route has another method.
  Result<> start();
  // Accepts no more, lets requests in progress end for at most `limit`, returns when all is over.
  void stop(std::chrono::milliseconds limit = std::chrono::seconds{20});

 private:
  struct State;
  explicit Receiver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace belfry::client
