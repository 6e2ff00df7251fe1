#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "dashboard/sessions.hpp"
#include "dashboard/settings.hpp"
#include "http/client.hpp"

namespace belfry::dashboard {

struct SchedulerCall {
  http::Method method = http::Method::get;
  std::string target;  // path and query
  std::string bearer = {};
  std::string client = {};  // the address of the page's user, sent as X-Forwarded-For
  std::string content_type = {};
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::chrono::milliseconds timeout{30'000};
};
using SchedulerAnswer = std::expected<http::OutboundResponse, http::CallError>;

// The scheduler behind the dashboard: calls to it, and the tokens that they carry. One executor.
class Scheduler {
 public:
  Scheduler(http::Client& client, const Clock& clock, const Settings& settings)
      : client_(client), clock_(clock), settings_(settings) {}

  boost::asio::awaitable<SchedulerAnswer> send(SchedulerCall call);
  http::OutboundRequest request(SchedulerCall call) const;

  // A session for the key, with its first token: unauthenticated if the scheduler refuses the key.
  boost::asio::awaitable<Result<std::shared_ptr<Session>>> sign_in(Secret api_key,
                                                                   std::string client);
  // The session's token, or that of one tenant for an operator; renewed before it ends. A key that
  // is refused ends the session.
  boost::asio::awaitable<Result<Secret>> token(std::shared_ptr<Session> session,
                                               std::string tenant);
  // The next `token` asks the scheduler for another one.
  static void forget_token(Session& session, std::string_view tenant);
  boost::asio::awaitable<void> revoke(std::shared_ptr<Session> session);

 private:
  boost::asio::awaitable<Result<Token>> exchange(SchedulerCall call, Session* facts);

  http::Client& client_;
  const Clock& clock_;
  const Settings& settings_;
};

// 503: the scheduler did not answer.
Error unreachable();
http::Response unreachable_answer();

}  // namespace belfry::dashboard
