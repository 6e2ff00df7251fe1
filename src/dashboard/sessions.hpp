#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "async/stop_signal.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "dashboard/settings.hpp"

namespace belfry::dashboard {

// A bearer token of the scheduler and when it is to be renewed.
struct Token {
  Secret text;
  Timestamp until;
};

// One browser's session. The key never leaves this process; the browser holds a random cookie.
struct Session {
  std::string csrf;  // what the page sends back in X-CSRF-Token
  bool is_operator = false;
  std::string tenant_id;    // empty for an operator
  std::string tenant_name;  // likewise
  std::vector<std::string> scopes;
  std::string client;  // the address that it was opened from
  Secret api_key;
  Token token;
  std::map<std::string, Token, std::less<>> tenant_tokens;  // an operator's, by tenant
  Timestamp idle_at;
  Timestamp ends_at;
  int viewers = 0;          // live streams
  async::StopSignal ended;  // streams of it end
};

// All sessions, in memory alone: a restart signs everybody out. One executor. A cookie's value is
// 256 random bits; only its hash is kept, so that memory shows no cookie.
class Sessions {
 public:
  Sessions(const Clock& clock, const Settings& settings);

  // Keeps it under a new cookie value, which it returns. The longest idle goes when there are too
  // many.
  std::string open(std::shared_ptr<Session> session);
  // The session of a Cookie header, or null: none, unknown, idle for too long, or ended.
  std::shared_ptr<Session> find(std::optional<std::string_view> cookie_header);
  // Somebody is at work: the idle time begins anew.
  void keep(Session& session) const;
  void close(std::optional<std::string_view> cookie_header);
  // Every session ends (the server stops).
  void close_all();
  std::size_t size() const { return sessions_.size(); }

  // Set-Cookie for a value, or, empty, for taking it away.
  std::string set_cookie(std::string_view value) const;
  std::string_view cookie_name() const { return name_; }

 private:
  using Map = std::unordered_map<std::string, std::shared_ptr<Session>>;
  std::optional<std::string> hash_in(std::optional<std::string_view> cookie_header) const;
  void remove(Map::iterator at);
  void make_room();

  const Clock& clock_;
  const Settings& settings_;
  std::string name_;
  Map sessions_;
};

// At most so many sign-in attempts a minute from one address.
class SignInLimit {
 public:
  explicit SignInLimit(const Clock& clock) : clock_(clock) {}
  // How long to wait, or nothing: go on.
  std::optional<Millis> attempt(const std::string& peer);

 private:
  struct Window {
    Timestamp began;
    int count = 0;
  };
  const Clock& clock_;
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace belfry::dashboard
