#pragma once

#include <boost/asio/awaitable.hpp>
#include <span>

#include "async/task_group.hpp"
#include "async/wake_up.hpp"
#include "dispatch/context.hpp"
#include "dispatch/fair_picker.hpp"
#include "dispatch/held_bytes.hpp"
#include "dispatch/runner.hpp"

namespace belfry::dispatch {

// Takes ready pushes and echoes from the store, fairly over tenants and queues, and starts a runner
// for each.
class Claimer {
 public:
  Claimer(const Context& context, Running& running, async::TaskGroup& runners);

  void on_changes(std::span<const store::TaskChange> changes);
  void on_configuration();
  // There may be ready tasks in these lanes.
  void flag(domain::QueueNo queue, unsigned lanes);

  boost::asio::awaitable<void> run();
  // One round of claims; true if another may find more at once.
  boost::asio::awaitable<bool> run_once();

 private:
  boost::asio::awaitable<void> scan();
  void take(const FairPicker::Turn& turn, Result<store::Reply> reply);
  boost::asio::awaitable<void> run_attempt(std::shared_ptr<Attempt> attempt);

  const Context& context_;
  Running& running_;
  async::TaskGroup& runners_;
  Runner runner_;
  FairPicker picker_;
  HeldBytes held_;
  async::WakeUp wake_;
  bool scan_wanted_ = true;
};

}  // namespace belfry::dispatch
