#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <span>

#include "async/wake_up.hpp"
#include "dispatch/context.hpp"

namespace belfry::dispatch {

// Makes scheduled tasks ready when their time comes: sleeps until the next due time it knows, is
// woken by earlier ones, and moves what is due in batches. Never early.
class Timer {
 public:
  explicit Timer(const Context& context);

  void on_changes(std::span<const store::TaskChange> changes);
  boost::asio::awaitable<void> run();
  // Moves one batch; true if more is due already.
  boost::asio::awaitable<bool> run_once();
  // How long the oldest due task that is not moved yet has been due, also while the store has not
  // answered; 0 when none is.
  Millis lag() const;

 private:
  const Context& context_;
  async::WakeUp wake_;
  std::optional<Timestamp> next_due_;
  std::optional<Timestamp> moving_;  // the due time of what the store has been asked to move
};

}  // namespace belfry::dispatch
