#pragma once

#include <boost/asio/awaitable.hpp>

#include "dispatch/context.hpp"
#include "dispatch/running.hpp"

namespace belfry::dispatch {

// Renews the leases of the pushes in flight here, and aborts those whose lease is gone.
class LeaseKeeper {
 public:
  LeaseKeeper(const Context& context, Running& running) : context_(context), running_(running) {}

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> run_once();

 private:
  const Context& context_;
  Running& running_;
};

}  // namespace belfry::dispatch
