#pragma once

#include "outbox/loops_fixture.hpp"
#include "webhook/courier.hpp"

namespace belfry::webhook {

// A courier whose time passes when the test says so.
class CourierTest : public outbox::LoopsTest<ManualClock> {
 protected:
  CourierTest() {
    on_commit = [this](const store::Committed& committed) {
      if (courier) courier->on_commit(committed);
    };
  }
  ~CourierTest() override { stop(); }

  void start(const CourierOptions& options = {}) {
    make_client();
    Secrets secrets{[](TenantId) { return one_key(); }, [](EndpointId) { return one_key(); }};
    courier = std::make_unique<Courier>(
        CourierParts{context.get_executor(), clock, random, gateway, directory, *client,
                     std::move(secrets), metrics,
                     [](std::exception_ptr failure) { std::rethrow_exception(failure); }},
        options);
    run_loops([this] { courier->start(); });
  }
  void stop(std::chrono::milliseconds limit = std::chrono::seconds(5)) {
    if (!thread.joinable()) return;
    end_loops(courier->drain(limit));
    courier.reset();
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
  // Lets time pass, and the courier look.
  void pass(Millis time) {
    clock.advance(time);
    store::Committed woken;
    woken.deliveries_added = true;
    courier->on_commit(woken);
  }
  // Lets four minutes pass at the most, a little whenever the courier has done something or has
  // nothing to do.
  testing::AssertionResult while_time_passes(const std::function<bool()>& holds) {
    constexpr Millis kAtMost{240'000}, kStep{250};
    for (Millis passed{0}; passed < kAtMost; passed += kStep) {
      if (holds()) return testing::AssertionSuccess();
      std::uint64_t seen = 0;
      {
        const std::lock_guard lock(mutex);
        seen = commits;
      }
      pass(kStep);
      std::unique_lock lock(mutex);
      changed.wait_for(lock, std::chrono::milliseconds{50}, [&] { return commits != seen; });
    }
    return testing::AssertionFailure() << "it did not come in four minutes";
  }
  bool all_are(TenantId tenant, store::DeliveryState state) {
    const auto rows = deliveries(tenant);
    return !rows.empty() &&
           std::ranges::all_of(rows, [&](const auto& row) { return row.state == state; });
  }

  std::unique_ptr<Courier> courier;
};

}  // namespace belfry::webhook
