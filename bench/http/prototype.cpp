#include "prototype.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/id.hpp"
#include "store/gateway.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace belfry::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr std::size_t kThreads = 2;

// A store with one tenant.
class Tasks {
 public:
  explicit Tasks(const std::string& folder)
      : random_(1),
        backend_(store::sqlite::open({.path = folder + "/prototype.db", .clock = &clock_})),
        ids_(clock_, random_),
        gateway_(*backend_, {}, metrics_, [](const std::string&) { std::abort(); }) {
    domain::Tenant tenant;
    tenant.id = tenant_ = ids_.make<TenantId>();
    tenant.name = "bench";
    tenant.limits.unfinished_max = 1'000'000'000;
    if (!gateway_.transact_blocking([tenant](store::Transaction& tx) -> Result<> {
          tx.tenant_writes().insert(tenant);
          return {};
        })) {
      std::abort();
    }
  }

  store::Submit submit(std::string payload) {
    store::Submit command;
    command.task.id = ids_.make<TaskId>();
    command.task.tenant = tenant_;
    command.task.name = "bench";
    command.task.payload = std::move(payload);
    command.task.submitted_at = clock_.now();
    command.task.options.target = domain::WorkerTarget{};
    return command;
  }
  store::Gateway& gateway() { return gateway_; }

 private:
  AnchoredClock clock_;
  Random random_;
  MetricsRegistry metrics_;
  std::unique_ptr<store::Backend> backend_;
  IdGenerator ids_;
  TenantId tenant_;
  store::Gateway gateway_;
};

asio::awaitable<void> serve(tcp::socket socket, Tasks* tasks) {
  boost::beast::flat_buffer buffer;
  boost::system::error_code error;
  socket.set_option(tcp::no_delay(true), error);
  for (;;) {
    http::request<http::string_body> request;
    co_await http::async_read(socket, buffer, request,
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    http::response<http::string_body> response(http::status::created, 11);
    response.set(http::field::content_type, "application/json");
    response.body() = R"({"status":"PENDING"})";
    if (tasks != nullptr) {
      const auto reply = co_await tasks->gateway().ask(tasks->submit(std::move(request.body())));
      if (!reply) std::abort();
      response.body() = R"({"taskId":")" + to_string(reply->id) + R"(","status":"PENDING"})";
    }
    response.keep_alive(true);
    response.prepare_payload();
    co_await http::async_write(socket, response, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
}

asio::awaitable<void> accept(tcp::acceptor& acceptor,
                             std::vector<std::unique_ptr<asio::io_context>>& loops, Tasks* tasks) {
  for (std::size_t next = 0;; next = (next + 1) % loops.size()) {
    boost::system::error_code error;
    auto socket = co_await acceptor.async_accept(*loops[next],
                                                 asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    asio::co_spawn(*loops[next], serve(std::move(socket), tasks), asio::detached);
  }
}

}  // namespace

struct Prototype::Parts {
  std::unique_ptr<Tasks> tasks;
  std::vector<std::unique_ptr<asio::io_context>> loops;
  std::unique_ptr<tcp::acceptor> acceptor;
  std::vector<std::thread> threads;
};

Prototype::Prototype(Answers answers, const std::string& folder)
    : parts_(std::make_unique<Parts>()) {
  std::filesystem::create_directories(folder);
  if (answers == Answers::after_commit) parts_->tasks = std::make_unique<Tasks>(folder);
  for (std::size_t i = 0; i < kThreads; ++i) {
    parts_->loops.push_back(std::make_unique<asio::io_context>(1));
  }
  parts_->acceptor = std::make_unique<tcp::acceptor>(
      *parts_->loops.front(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  asio::co_spawn(*parts_->loops.front(),
                 accept(*parts_->acceptor, parts_->loops, parts_->tasks.get()), asio::detached);
  for (auto& loop : parts_->loops) {
    parts_->threads.emplace_back([&loop] {
      const auto guard = asio::make_work_guard(*loop);
      loop->run();
    });
  }
}

Prototype::~Prototype() {
  for (auto& loop : parts_->loops) loop->stop();
  for (auto& thread : parts_->threads) thread.join();
  parts_->acceptor.reset();
  parts_->loops.clear();
}

int Prototype::port() const {
  return parts_->acceptor->local_endpoint().port();
}

}  // namespace belfry::bench
