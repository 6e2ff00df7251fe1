#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "dashboard/scheduler.hpp"
#include "dashboard/sessions.hpp"
#include "http/client.hpp"
#include "http/message.hpp"

namespace belfry::dashboard {

struct LiveParts {
  boost::asio::any_io_executor executor;
  const Clock& clock;
  http::Client& client;
  Scheduler& scheduler;
  std::function<void(std::exception_ptr)> on_failure;
};

// Live news for pages. All pages of a tenant share one stream from the scheduler, which tells of
// single tasks only while a page shows some. Each page gets four messages a second at most.
class Live {
 public:
  explicit Live(LiveParts parts);
  ~Live();

  // A page begins to listen; `all`: an operator's view over all tenants. 429 beyond the limits.
  Result<http::Response> open(std::shared_ptr<Session> session, std::string tenant, bool all);
  // What a page shows. not_found for a connection that is not the session's.
  Result<> watch(const Session& session, std::string_view body);
  // Every stream has ended; sessions must have been closed before.
  boost::asio::awaitable<void> drain();
  std::size_t viewers() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace belfry::dashboard
