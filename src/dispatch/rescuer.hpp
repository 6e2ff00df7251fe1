#pragma once

#include <boost/asio/awaitable.hpp>

#include "dispatch/context.hpp"

namespace belfry::dispatch {

// Finds what would otherwise wait for ever: attempts whose lease has ended, and tasks whose
// expiresAt has passed before they could start, and tasks whose stored data are damaged.
class Rescuer {
 public:
  explicit Rescuer(const Context& context) : context_(context) {}

  boost::asio::awaitable<void> run();
  // True if there may be more at once.
  boost::asio::awaitable<bool> run_once();

 private:
  boost::asio::awaitable<bool> rescue_lost();
  boost::asio::awaitable<bool> end_expired();
  boost::asio::awaitable<void> end_damaged();

  const Context& context_;
};

}  // namespace belfry::dispatch
