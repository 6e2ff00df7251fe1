#include "belfry/receiver.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <system_error>
#include <thread>

#include "async/blocking_pool.hpp"
#include "base/log.hpp"
#include "client/signed_request.hpp"
#include "client/wire.hpp"
#include "http/descriptors.hpp"
#include "http/host_guard.hpp"
#include "http/router.hpp"
#include "http/server.hpp"

namespace belfry::client {
namespace {

namespace asio = boost::asio;
using Handler = std::function<Response(const Request&)>;

constexpr std::chrono::seconds kStopLimit{20};

std::optional<http::Method> method_of(std::string_view name) {
  using enum http::Method;
  for (const auto method : {get, post, put, patch, delete_}) {
    if (http::name(method) == name) return method;
  }
  return std::nullopt;
}

bool is_read(http::Method method) {
  using enum http::Method;
  return method == get || method == head || method == options;
}

http::Response http_response(Response answer) {
  http::Response response;
  response.status = answer.status;
  response.content_type = std::move(answer.content_type);
  response.body = std::move(answer.body);
  for (auto& [name, value] : answer.headers)
    response.headers.add(std::move(name), std::move(value));
  return response;
}

http::Response healthy() {
  return http_response(Response::json(200, Json::object({{"status", "UP"}})));
}

// Whatever a handler throws is its own failure, and not the server's.
Response answer_of(const Handler& handler, const Request& request) {
  try {
    return handler(request);
  } catch (const std::exception& error) {
    log().error("handler failed path={} error=\"{}\"", request.path, error.what());
  } catch (...) {
    log().error("handler failed path={} error=\"not a std::exception\"", request.path);
  }
  return Response::problem(500, "the handler failed; see the log");
}

Request public_request(http::Request& from) {
  Request request;
  request.method = http::name(from.method);
  request.path = from.path;
  request.params = from.params;
  if (auto query = http::parse_query(from.query)) request.query = std::move(*query);
  request.headers = from.headers.fields();
  request.body = std::move(from.body);
  return request;
}

}  // namespace

// Threads for handlers of one kind, and how many requests wait for them or are in work. The count
// is the event loop's alone.
struct HandlerPool {
  explicit HandlerPool(std::size_t count) : threads(count) {}
  async::BlockingPool threads;
  std::size_t requests = 0;
};

struct Receiver::State {
  explicit State(ReceiverOptions given);
  ~State();
  void add(const std::string& method, const std::string& path, HandlerPool& pool, Handler handler);
  asio::awaitable<http::Response> handle(http::Request& request);
  asio::awaitable<http::Response> run(HandlerPool& pool, const Handler* handler, Request request);
  void stop(std::chrono::milliseconds limit);

  ReceiverOptions options;
  bool loopback;
  SignedRequests signatures;
  http::Router router;
  HandlerPool pushes;  // apart, so that slow ones delay neither webhooks nor other requests
  HandlerPool others;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::optional<http::Server> server;
  std::thread thread;
  std::vector<std::unique_ptr<Handler>> handlers;
  std::string fault;  // of a route, the first one
  bool stopped = false;
};

Receiver::State::State(ReceiverOptions given)
    : options(std::move(given)),
      loopback(http::is_loopback(options.address)),
      signatures(options.tolerance),
      pushes(options.push_threads),
      others(options.threads),
      work(context.get_executor()) {
  http::ServerOptions listen;
  listen.address = options.address;
  listen.port = options.port;
  listen.connections_max =
      std::min(listen.connections_max, http::descriptor_shares().accepted * 7 / 8);
  http::ServerHooks hooks;
  hooks.handle = [this](http::Request& request) { return handle(request); };
  hooks.body_limit = [limit = options.body_bytes_max](http::Method, std::string_view) {
    return limit;
  };
  hooks.refuse = [](const Error& error) {
    return http_response(Response::problem(http_status(error.code), error.message));
  };
  server.emplace(std::vector<asio::any_io_executor>{context.get_executor()}, listen,
                 std::move(hooks));
  // On the event loop itself: however busy the handlers are, the service is up.
  router.add(http::Method::get, "/healthz",
             [](http::Request&) -> asio::awaitable<http::Response> { co_return healthy(); });
}

Receiver::State::~State() {
  stop(kStopLimit);
  work.reset();
  if (thread.joinable()) thread.join();
  pushes.threads.join();
  others.threads.join();
}

void Receiver::State::add(const std::string& method, const std::string& path, HandlerPool& pool,
                          Handler handler) {
  const auto known = method_of(method);
  if (!known) {
    if (fault.empty()) fault = "the route " + path + " has the unknown method " + method;
    return;
  }
  auto& kept = *handlers.emplace_back(std::make_unique<Handler>(std::move(handler)));
  router.add(*known, path, [this, &pool, &kept](http::Request& request) {
    return run(pool, &kept, public_request(request));
  });
}

void Receiver::State::stop(std::chrono::milliseconds limit) {
  if (std::exchange(stopped, true) || !thread.joinable()) return;
  asio::co_spawn(context, server->stop(limit), asio::use_future).get();
}

asio::awaitable<http::Response> Receiver::State::handle(http::Request& request) {
  if (!http::serves_host(request, loopback, options.allowed_hosts)) {
    co_return http_response(Response::problem(
        403, "this Host is not served here; add its name to the allowed hosts to serve it"));
  }
  if (!is_read(request.method) && !http::is_same_origin(request)) {
    co_return http_response(
        Response::problem(403, "a page of another origin may not change anything here"));
  }
  auto match = router.match(request.method, request.path);
  if (match.handler == nullptr) {
    const bool known = !match.allow.empty();
    auto answer = Response::problem(known ? 405 : 404, known ? "not this method" : "no such path");
    if (known) answer.headers.emplace_back("Allow", match.allow);
    co_return http_response(std::move(answer));
  }
  request.params = std::move(match.params);
  co_return co_await (*match.handler)(request);
}

asio::awaitable<http::Response> Receiver::State::run(HandlerPool& pool, const Handler* handler,
                                                     Request request) {
  if (pool.requests >= options.waiting_max) {
    auto busy = Response::problem(503, "too many requests at once");
    busy.headers.emplace_back("Retry-After", "1");
    co_return http_response(std::move(busy));
  }
  ++pool.requests;
  std::function<Response()> work_of = [handler, request = std::move(request)] {
    return answer_of(*handler, request);
  };
  auto answer = co_await pool.threads.run<Response>(std::move(work_of));
  --pool.requests;
  co_return http_response(std::move(answer));
}

Result<Receiver> Receiver::make(ReceiverOptions options) {
  try {
    return Receiver(std::make_unique<State>(std::move(options)));
  } catch (const std::system_error& error) {
    return std::unexpected(usage_error(std::string("cannot listen: ") + error.what()));
  }
}

Receiver::Receiver(std::unique_ptr<State> state) : state_(std::move(state)) {}
Receiver::~Receiver() = default;
Receiver::Receiver(Receiver&&) noexcept = default;
Receiver& Receiver::operator=(Receiver&&) noexcept = default;

void Receiver::route(const std::string& method, const std::string& path, Handler handler) {
  state_->add(method, path, state_->others, std::move(handler));
}

void Receiver::on_push(const std::string& path, std::function<PushOutcome(const Push&)> handler) {
  auto push = [state = state_.get(), handler = std::move(handler)](const Request& request) {
    if (auto refusal = state->signatures.refuse_push(request)) return std::move(*refusal);
    return push_response(handler(push_of(request)));
  };
  state_->add("POST", path, state_->pushes, std::move(push));
}

void Receiver::on_webhook(const std::string& path, std::function<Receipt(const Event&)> handler) {
  route("POST", path, [state = state_.get(), handler = std::move(handler)](const Request& request) {
    if (auto refusal = state->signatures.refuse(request)) return std::move(*refusal);
    const auto event = event_of(request);
    if (!event) return Response::problem(400, "the body is no JSON object");
    if (handler(*event) == Receipt::taken) return Response{204};
    return Response::problem(500, "not taken; try again");
  });
}

Result<> Receiver::set_secrets(const std::vector<std::string>& secrets) {
  return state_->signatures.set_secrets(secrets);
}

std::uint16_t Receiver::port() const {
  return state_->server->port();
}

Result<> Receiver::start() {
  if (!state_->fault.empty()) return std::unexpected(usage_error(state_->fault));
  state_->server->start();
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
  return {};
}

void Receiver::stop(std::chrono::milliseconds limit) {
  state_->stop(limit);
}

}  // namespace belfry::client
