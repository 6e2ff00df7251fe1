#include "dashboard/service.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>

#include "async/io_threads.hpp"
#include "dashboard/app.hpp"
#include "http/client.hpp"
#include "http/descriptors.hpp"
#include "http/egress.hpp"
#include "http/server.hpp"

namespace belfry::dashboard {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kAnswerBytesMax = 32 * 1024 * 1024;

void end_process(std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    log().error("the dashboard failed: {}", error.what());
  }
  std::abort();
}

// Only the configured scheduler is ever called, wherever it is.
http::EgressPolicy anywhere() {
  auto policy = http::EgressPolicy::make({"0.0.0.0/0", "::/0"});
  if (!policy) throw std::runtime_error(policy.error().message);
  return *policy;
}

http::ClientOptions client_options(const Config& config) {
  http::ClientOptions options;
  options.answer_bytes_max = kAnswerBytesMax;
  options.lookups_per_key = 64;
  options.extra_ca_file = config.scheduler_ca;
  options.connections_max = http::descriptor_shares().opened;
  return options;
}

http::ServerOptions server_options(const Config& config) {
  http::ServerOptions options;
  options.connections_max =
      std::min(options.connections_max, http::descriptor_shares().accepted * 7 / 8);
  options.address = config.listen.host;
  options.port = config.listen.port;
  options.tls_cert_file = config.tls_cert;
  options.tls_key_file = config.tls_key;
  options.trusted_proxies = config.trusted_proxies;
  options.connections_per_address_max = config.connections_per_address;
  return options;
}

}  // namespace

struct Service::Parts {
  explicit Parts(Config given)
      : config(std::move(given)),
        thread(1, end_process),
        executor(thread.executors().front()),
        client(executor, anywhere(), client_options(config)),
        sessions(clock, config.settings),
        scheduler(client, clock, config.settings),
        live({executor, clock, client, scheduler, end_process}),
        app(config.settings, clock, sessions, scheduler, live),
        server({executor}, server_options(config), app.hooks()) {}

  asio::awaitable<void> stop() {
    sessions.close_all();
    co_await server.stop(config.drain);
    co_await live.drain();
    client.close();
  }

  Config config;
  AnchoredClock clock;
  async::IoThreads thread;
  asio::any_io_executor executor;
  http::Client client;
  Sessions sessions;
  Scheduler scheduler;
  Live live;
  App app;
  http::Server server;
};

Service::Service(Config config) : parts_(std::make_unique<Parts>(std::move(config))) {
  parts_->server.start();
}

Service::~Service() = default;

std::string Service::url() const {
  const auto& config = parts_->config;
  return options::url_of(config.listen, parts_->server.port(), !config.tls_cert.empty()) +
         config.settings.prefix;
}

void Service::stop() {
  asio::co_spawn(parts_->executor, parts_->stop(), asio::use_future).get();
  parts_->thread.join();
}

}  // namespace belfry::dashboard
