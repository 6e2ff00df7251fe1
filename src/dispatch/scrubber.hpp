#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>

#include "dispatch/context.hpp"

namespace belfry::dispatch {

// Reads every stored task again and again, a few at a time, so that damage is found before somebody
// needs the row. The store reports what it finds.
class Scrubber {
 public:
  explicit Scrubber(const Context& context) : context_(context) {}

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> run_once();

 private:
  const Context& context_;
  std::int64_t place_ = 0;
  bool rests_ = false;  // a round has ended
};

}  // namespace belfry::dispatch
