#pragma once

#include <string>
#include <string_view>

#include "dashboard/live.hpp"
#include "dashboard/page.hpp"
#include "dashboard/scheduler.hpp"
#include "dashboard/sessions.hpp"
#include "http/server.hpp"

namespace belfry::dashboard {

// The dashboard's doors, all under the prefix: /api/session (who is there), /api/v1 and
// /api/t/TENANT/v1 (the scheduler's API with the session's token), /api/live (news), and the page
// itself. One executor.
class App {
 public:
  App(const Settings& settings, const Clock& clock, Sessions& sessions, Scheduler& scheduler,
      Live& live)
      : settings_(settings),
        clock_(clock),
        sessions_(sessions),
        scheduler_(scheduler),
        live_(live),
        page_(settings),
        attempts_(clock),
        malformed_(clock) {}

  http::ServerHooks hooks();

 private:
  using Answer = boost::asio::awaitable<Result<http::Response>>;

  enum class Door { page, session, live, scheduler };
  // Where a request goes, behind the prefix, and who sends it.
  struct Admitted {
    Door door = Door::page;
    std::string path;
    std::shared_ptr<Session> session = {};
    std::string tenant = {};  // that an operator looks at
  };

  boost::asio::awaitable<http::Response> handle(http::Request& request);
  Result<Admitted> admit(const http::Request& head);
  http::HeadVerdict judge_head(const http::Request& head);
  Answer route(http::Request& request);
  Answer session_door(http::Request& request, std::string_view path);
  // Ends the session that the browser had, also at the scheduler, and opens this one: its cookie.
  boost::asio::awaitable<std::string> replace_session(const http::Request& request,
                                                      std::shared_ptr<Session> session);
  Answer sign_in(http::Request& request);
  Answer register_tenant(http::Request& request);
  Answer sign_out(http::Request& request, std::shared_ptr<Session> session);
  Answer scheduler_door(http::Request& request, std::shared_ptr<Session> session,
                        std::string tenant, std::string_view path);
  Answer live_door(http::Request& request, std::shared_ptr<Session> session, std::string tenant,
                   std::string_view rest);
  http::Response session_answer(const Session* session) const;
  Result<> check_attempts(const http::Request& request);
  Result<> check_key_form(const http::Request& request, std::string_view key);

  const Settings& settings_;
  const Clock& clock_;
  Sessions& sessions_;
  Scheduler& scheduler_;
  Live& live_;
  Page page_;
  SignInLimit attempts_;
  SignInLimit malformed_;  // of what cannot be a key
};

}  // namespace belfry::dashboard
