#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/id.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "webhook/courier.hpp"

namespace belfry::webhook {

inline constexpr std::chrono::seconds kPatience{60};  // for events that must come

// A courier over a real store in a folder of its own, on a thread of its own.
class CourierTest : public testing::Test {
 protected:
  CourierTest()
      : folder(std::filesystem::temp_directory_path() /
               ("belfry-courier-" + std::to_string(random.next_u64()))),
        backend((std::filesystem::create_directories(folder),
                 store::sqlite::open({.path = folder / "belfry.db", .clock = &clock}))),
        ids(clock, random),
        gateway(*backend, {}, metrics, [](const std::string& why) { FAIL() << why; }) {
    directory.attach(gateway, *backend);
    gateway.add_listener([this](const store::Committed& committed) {
      if (courier) courier->on_commit(committed);
      const std::lock_guard lock(mutex);
      ++commits;
      changed.notify_all();
    });
  }
  ~CourierTest() override {
    stop();
    gateway.stop();
    std::filesystem::remove_all(folder);
  }

  void start(const CourierOptions& options = {}) {
    context.restart();
    work.emplace(context.get_executor());
    client.emplace(context.get_executor(), egress, http::ClientOptions{});
    Secrets secrets{[](TenantId) { return one_key(); }, [](EndpointId) { return one_key(); }};
    courier = std::make_unique<Courier>(
        CourierParts{context.get_executor(), clock, random, gateway, directory, *client,
                     std::move(secrets), metrics,
                     [](std::exception_ptr failure) { std::rethrow_exception(failure); }},
        options);
    boost::asio::post(context, [this] { courier->start(); });
    thread = std::thread([this] { context.run(); });
  }
  void stop(std::chrono::milliseconds limit = std::chrono::seconds(5)) {
    if (!thread.joinable()) return;
    boost::asio::co_spawn(context, courier->drain(limit), boost::asio::use_future).get();
    boost::asio::post(context, [this] {
      client->close();
      work.reset();
    });
    thread.join();
    courier.reset();
    client.reset();
  }

  static std::vector<signing::SigningKey> one_key() {
    auto key = signing::SigningKey::parse(kSecret);
    return {*key};
  }

  TenantId add_tenant() {
    domain::Tenant tenant;
    tenant.id = ids.make<TenantId>();
    tenant.name = "tenant";
    transact([&](store::Transaction& tx) { tx.tenant_writes().insert(tenant); });
    return tenant.id;
  }
  EndpointId add_endpoint(TenantId tenant, const std::string& url,
                          std::uint32_t events = domain::kAllTaskEvents) {
    store::EndpointRow row;
    row.id = ids.make<EndpointId>();
    row.tenant = tenant;
    row.url = url;
    row.events = events;
    row.enabled = true;
    row.created_at = clock.now();
    transact([&](store::Transaction& tx) { EXPECT_TRUE(tx.endpoint_writes().insert(row)); });
    return row.id;
  }
  // A task whose submission tells these events: to the endpoints that want them, and the terminal
  // ones to `callback`.
  TaskId submit(TenantId tenant, std::vector<domain::EventType> events,
                const std::string& callback = "") {
    store::Submit command;
    command.task.id = ids.make<TaskId>();
    command.task.tenant = tenant;
    command.task.name = "t";
    command.task.submitted_at = IdGenerator::time_of(command.task.id.uuid);
    command.task.options.target = domain::WorkerTarget{};
    for (const auto type : events) {
      command.outbox.drafts.push_back({type, R"({"type":")" + std::string(name(type)) + "\"}"});
    }
    command.outbox.callback_url = callback;
    const auto id = command.task.id;
    transact([&](store::Transaction& tx) { EXPECT_TRUE(tx.submit(command)); });
    return id;
  }

  void transact(std::function<void(store::Transaction&)> fn) {
    EXPECT_TRUE(gateway.transact_blocking([&](store::Transaction& tx) -> Result<> {
      fn(tx);
      return {};
    }));
  }
  std::vector<store::DeliveryRow> deliveries(TenantId tenant, std::optional<TaskId> task = {}) {
    std::vector<store::DeliveryRow> rows;
    gateway.read_blocking([&](store::Snapshot& snapshot) {
      store::DeliveryFilter filter;
      filter.task = task;
      rows = snapshot.deliveries().list(tenant, filter, {}, 1'000);
    });
    return rows;
  }
  std::vector<store::DeliveryAttemptRow> attempts(TenantId tenant, DeliveryId id) {
    std::vector<store::DeliveryAttemptRow> rows;
    gateway.read_blocking(
        [&](store::Snapshot& snapshot) { rows = snapshot.deliveries().attempts(tenant, id); });
    return rows;
  }
  // Looks again at each commit.
  testing::AssertionResult eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      std::uint64_t seen = 0;
      {
        const std::lock_guard lock(mutex);
        seen = commits;
      }
      if (holds()) return testing::AssertionSuccess();
      std::unique_lock lock(mutex);
      if (!changed.wait_until(lock, deadline, [&] { return commits != seen; })) {
        return testing::AssertionFailure() << "it never came";
      }
    }
  }
  // Lets time pass, and the courier look.
  void pass(Millis time) {
    clock.advance(time);
    store::Committed woken;
    woken.deliveries_added = true;
    courier->on_commit(woken);
  }
  bool all_are(TenantId tenant, store::DeliveryState state) {
    const auto rows = deliveries(tenant);
    return !rows.empty() &&
           std::ranges::all_of(rows, [&](const auto& row) { return row.state == state; });
  }
  double metric(const std::string& line_start) {
    const auto text = "\n" + metrics.text();
    const auto at = text.find("\n" + line_start + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line_start.size() + 2));
  }

  static constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  ManualClock clock;
  Random random{secure_seed()};
  std::filesystem::path folder;
  MetricsRegistry metrics;
  std::unique_ptr<store::Backend> backend;
  IdGenerator ids;
  store::Directory directory;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t commits = 0;
  std::unique_ptr<Courier> courier;
  store::Gateway gateway;
  boost::asio::io_context context{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work;
  http::EgressPolicy egress = *http::EgressPolicy::make({"127.0.0.0/8"});
  std::optional<http::Client> client;
  std::thread thread;
};

}  // namespace belfry::webhook
