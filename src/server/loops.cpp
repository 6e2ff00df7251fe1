#include "server/loops.hpp"

#include "base/log.hpp"
#include "dispatch/dispatcher.hpp"
#include "http/descriptors.hpp"
#include "server/secret_source.hpp"
#include "webhook/courier.hpp"

namespace belfry::server {
namespace {

namespace asio = boost::asio;

http::ClientOptions client_options() {
  http::ClientOptions options;
  options.connections_max = http::descriptor_shares().opened;
  return options;
}

// A loop that fails is a bug, or a broken store: nothing sensible is left to be done.
void end_process(std::exception_ptr failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    log().error("a background loop failed: {}", error.what());
  }
  std::abort();
}

}  // namespace

struct Loops::State {
  State(LoopParts parts, asio::any_io_executor executor, LoopOptions options)
      : secrets(parts.directory, parts.sealed, parts.clock),
        client(executor, parts.egress, client_options()),
        dispatcher(
            {executor, parts.clock, parts.random, parts.gateway, parts.directory, client,
             [this](TenantId id) { return secrets.of_tenant(id); },
             [this](TenantId id, std::string_view sealed) { return secrets.header(id, sealed); },
             parts.metrics, end_process},
            {.default_target_is_echo = options.default_target_is_echo,
             .finished_retention = options.retention,
             .unused_tenants_kept = options.unused_tenants_kept}),
        courier({executor,
                 parts.clock,
                 parts.random,
                 parts.gateway,
                 parts.directory,
                 client,
                 {[this](TenantId id) { return secrets.of_tenant(id); },
                  [this](EndpointId id) { return secrets.of_endpoint(id); }},
                 parts.metrics,
                 end_process},
                {}) {}

  SecretSource secrets;
  http::Client client;
  dispatch::Dispatcher dispatcher;
  webhook::Courier courier;
};

Loops::Loops(LoopParts parts, asio::any_io_executor executor, LoopOptions options)
    : state_(std::make_unique<State>(parts, std::move(executor), options)) {}

Loops::~Loops() = default;

void Loops::on_commit(const store::Committed& committed) {
  state_->dispatcher.on_commit(committed);
  state_->courier.on_commit(committed);
}

void Loops::start() {
  state_->dispatcher.start();
  state_->courier.start();
}

void Loops::stop_claiming() {
  state_->dispatcher.stop_claiming();
}

asio::awaitable<void> Loops::drain(std::chrono::milliseconds limit) {
  const auto began = std::chrono::steady_clock::now();
  co_await state_->dispatcher.drain(limit);
  const auto used =
      std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  co_await state_->courier.drain(std::max(std::chrono::milliseconds{500}, limit - used));
  state_->client.close();
}

}  // namespace belfry::server
