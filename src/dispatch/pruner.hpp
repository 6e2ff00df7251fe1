#pragma once

#include <boost/asio/awaitable.hpp>

#include "dispatch/context.hpp"

namespace belfry::dispatch {

// Removes what retention no longer keeps, in small batches between which others get the store.
class Pruner {
 public:
  explicit Pruner(const Context& context) : context_(context) {}

  boost::asio::awaitable<void> run();
  // One batch of each kind; true if any was full.
  boost::asio::awaitable<bool> run_once();

 private:
  const Context& context_;
};

}  // namespace belfry::dispatch
