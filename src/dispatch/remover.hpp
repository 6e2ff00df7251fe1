#pragma once

#include <boost/asio/awaitable.hpp>

#include "async/wake_up.hpp"
#include "dispatch/context.hpp"

namespace belfry::dispatch {

// Removes tenants that an operator wants gone, and those that registered long ago and never
// submitted a task: step by step, so that others get the store in between. What is left to be
// removed stands in the store, so a restart goes on with it.
class Remover {
 public:
  explicit Remover(const Context& context) : context_(context), wake_(context.executor) {}

  void on_configuration() { wake_.notify(); }  // a removal may have been asked for
  boost::asio::awaitable<void> run();
  // One step; true if there may be more.
  boost::asio::awaitable<bool> run_once();

 private:
  const Context& context_;
  async::WakeUp wake_;
};

}  // namespace belfry::dispatch
