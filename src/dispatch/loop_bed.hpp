#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "dispatch/dispatch_fixture.hpp"

namespace belfry::dispatch {

// A store on a clock that tests move, and what a loop works with: for one loop, step by step.
class LoopBed : public outbox::LoopsTest<ManualClock> {
 protected:
  LoopBed() : tenant(add_tenant()) {
    make_client();
    run_loops([] {});
  }
  ~LoopBed() override { end_loops(nothing()); }

  void make_bench() {
    bench = std::make_unique<LoopBench>(context.get_executor(), clock, random, gateway, directory,
                                        *client, metrics, one_key());
  }
  template <class T>
  T finish(boost::asio::awaitable<T> step) {
    return boost::asio::co_spawn(context, std::move(step), boost::asio::use_future).get();
  }

  TaskId submit() { return submit_of(tenant); }
  TaskId submit_of(TenantId owner, const std::string& callback = "") {
    store::Submit command;
    command.task.id = ids.make<TaskId>();
    command.task.tenant = owner;
    command.task.name = "t";
    command.task.options.target = domain::WorkerTarget{};
    command.task.options.callback_url = callback;
    command.task.submitted_at = clock.now();
    transact([&](store::Transaction& tx) { EXPECT_TRUE(tx.submit(command)); });
    return command.task.id;
  }
  TaskId submit_and_finish(const std::string& callback = "") {
    const auto id = submit_of(tenant, callback);
    store::End end;
    end.tenant = tenant;
    end.id = id;
    end.now = clock.now();
    if (!callback.empty()) {
      end.outbox = {{{domain::EventType::cancelled, "{}"}}, callback};
    }
    transact([&](store::Transaction& tx) { EXPECT_TRUE(tx.end(end)); });
    return id;
  }
  bool is_there(TaskId id) {
    bool there = false;
    gateway.read_blocking(
        [&](store::Snapshot& s) { there = s.tasks().find(tenant, id).has_value(); });
    return there;
  }
  std::vector<store::DeliveryRow> deliveries() {
    std::vector<store::DeliveryRow> rows;
    gateway.read_blocking(
        [&](store::Snapshot& s) { rows = s.deliveries().list(tenant, {}, {}, 10); });
    return rows;
  }
  void deliver(DeliveryId id) {
    store::DeliveryAttemptRow attempt;
    attempt.number = 1;
    attempt.at = clock.now();
    attempt.http_status = 200;
    transact([&](store::Transaction& tx) {
      tx.delivery_writes().record_attempt(id, attempt, store::DeliveryState::delivered, {});
    });
  }

  TenantId tenant;
  std::unique_ptr<LoopBench> bench;

 private:
  static boost::asio::awaitable<void> nothing() { co_return; }
};

}  // namespace belfry::dispatch
