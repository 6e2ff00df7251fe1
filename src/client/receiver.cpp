#include "belfry/receiver.hpp"

#include <strings.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <mutex>
#include <system_error>
#include <thread>

#include "async/blocking_pool.hpp"
#include "base/log.hpp"
#include "client/signed_request.hpp"
#include "client/wire.hpp"
#include "http/router.hpp"
#include "http/server.hpp"

namespace belfry::client {
namespace {

namespace asio = boost::asio;
using Handler = std::function<Response(const Request&)>;

std::optional<http::Method> method_of(std::string_view name) {
  using enum http::Method;
  for (const auto method : {get, post, put, patch, delete_}) {
    if (http::name(method) == name) return method;
  }
  return std::nullopt;
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

struct Receiver::State {
  explicit State(ReceiverOptions given);
  ~State();
  asio::awaitable<http::Response> handle(http::Request& request);
  asio::awaitable<http::Response> run(const Handler* handler, Request request);

  ReceiverOptions options;
  SignedRequests signatures;
  http::Router router;
  async::BlockingPool pool;
  std::atomic<std::size_t> waiting{0};
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::optional<http::Server> server;
  std::thread thread;
  std::vector<std::unique_ptr<Handler>> handlers;
  bool stopped = false;
};

Receiver::State::State(ReceiverOptions given)
    : options(std::move(given)),
      signatures(options.tolerance),
      pool(options.threads),
      work(context.get_executor()) {
  http::ServerOptions listen;
  listen.address = options.address;
  listen.port = options.port;
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
}

Receiver::State::~State() {
  work.reset();
  if (thread.joinable()) thread.join();
  pool.join();
}

asio::awaitable<http::Response> Receiver::State::handle(http::Request& request) {
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

asio::awaitable<http::Response> Receiver::State::run(const Handler* handler, Request request) {
  if (waiting.load() >= options.waiting_max) {
    auto busy = Response::problem(503, "too many requests at once");
    busy.headers.emplace_back("Retry-After", "1");
    co_return http_response(std::move(busy));
  }
  ++waiting;
  std::function<Response()> work_of = [handler, request = std::move(request)]() -> Response {
    try {
      return (*handler)(request);
    } catch (const std::exception& error) {
      log().error("handler failed path={} error=\"{}\"", request.path, error.what());
    }
    return Response::problem(500, "the handler failed; see the log");
  };
  auto answer = co_await pool.run<Response>(std::move(work_of));
  --waiting;
  co_return http_response(std::move(answer));
}

Result<Receiver> Receiver::make(ReceiverOptions options) {
  try {
    Receiver receiver(std::make_unique<State>(std::move(options)));
    receiver.route("GET", "/healthz", [](const Request&) {
      return Response::json(200, Json::object({{"status", "UP"}}));
    });
    return receiver;
  } catch (const std::system_error& error) {
    return std::unexpected(usage_error(std::string("cannot listen: ") + error.what()));
  }
}

Receiver::Receiver(std::unique_ptr<State> state) : state_(std::move(state)) {}
Receiver::~Receiver() {
  if (state_) stop();
}
Receiver::Receiver(Receiver&&) noexcept = default;
Receiver& Receiver::operator=(Receiver&&) noexcept = default;

void Receiver::route(const std::string& method, const std::string& path, Handler handler) {
  auto& kept = *state_->handlers.emplace_back(std::make_unique<Handler>(std::move(handler)));
  const auto known = method_of(method);
  if (!known) return;
  state_->router.add(*known, path, [state = state_.get(), &kept](http::Request& request) {
    return state->run(&kept, public_request(request));
  });
}

void Receiver::on_push(const std::string& path, std::function<PushOutcome(const Push&)> handler) {
  route("POST", path, [state = state_.get(), handler = std::move(handler)](const Request& request) {
    if (auto refusal = state->signatures.refuse(request)) return std::move(*refusal);
    return push_response(handler(push_of(request)));
  });
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

void Receiver::start() {
  state_->server->start();
  state_->thread = std::thread([state = state_.get()] { state->context.run(); });
}

void Receiver::stop(std::chrono::milliseconds limit) {
  if (std::exchange(state_->stopped, true) || !state_->thread.joinable()) return;
  asio::co_spawn(state_->context, state_->server->stop(limit), asio::use_future).get();
}

}  // namespace belfry::client
