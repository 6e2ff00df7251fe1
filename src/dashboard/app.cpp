#include "dashboard/app.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "dashboard/guard.hpp"
#include "http/percent.hpp"
#include "http/problem.hpp"
#include "json/check.hpp"
#include "json/field_reader.hpp"
#include "json/writer.hpp"

namespace belfry::dashboard {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kBodyMax = 1'100'000;
constexpr std::size_t kSignInBodyMax = 16 * 1024;  // nobody is known yet
constexpr std::size_t kBulkBodyMax = 16 * 1024 * 1024;
constexpr int kDepthMax = 32;

Error too_many(Millis wait) {
  return {ErrorCode::rate_limited,
          "at most 20 sign-ins a minute from one address; wait a little. Behind a proxy, start the "
          "dashboard with --trusted-proxy, so that it tells its clients apart",
          {},
          wait};
}

// Takes `head` off the path; true if it stood there.
bool take(std::string_view& path, std::string_view head) {
  if (!path.starts_with(head)) return false;
  path.remove_prefix(head.size());
  return true;
}

http::Response json_answer(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

void write_session(json::Writer& w, const Session* session, Timestamp now,
                   const Settings& settings) {
  w.begin_object();
  w.key("signedIn").boolean(session != nullptr);
  w.key("serverTime").time(now);
  w.key("version").string(settings.version);
  if (session != nullptr) {
    const auto text = [](const std::string& s) {
      return s.empty() ? std::nullopt : std::optional(s);
    };
    w.key("kind").string(session->is_operator ? "operator" : "tenant");
    w.field("tenantId", text(session->tenant_id));
    w.field("tenantName", text(session->tenant_name));
    w.key("scopes").begin_array();
    for (const auto& scope : session->scopes) w.string(scope);
    w.end_array();
    w.key("csrf").string(session->csrf);
    w.key("idleSeconds").number(std::int64_t{settings.session_idle.count() / 1'000});
    w.key("idleAt").time(session->idle_at);
  }
  w.end_object();
}

bool is_change(http::Method method) {
  return method != http::Method::get && method != http::Method::head;
}

// What of the scheduler's API a page may reach: not the doors that give or take tokens, and not its
// stream (that is `live`).
bool may_pass(std::string_view path) {
  if (path.starts_with("/v1/admin/") && path.ends_with("/token")) return false;
  return path.starts_with("/v1/") && !path.starts_with("/v1/auth/") && path != "/v1/events";
}

// A link of the scheduler's, as the page's own door has it.
std::string through(std::string_view value, const std::string& door) {
  std::string text(value);
  const std::string_view from = "/api/v1/";
  for (auto at = text.find(from); at != text.npos; at = text.find(from, at + door.size())) {
    text.replace(at, from.size(), door + "/v1/");
  }
  return text;
}

http::Response pass_back(http::OutboundResponse answer, const std::string& door) {
  http::Response response;
  response.status = answer.status;
  response.content_type = std::string(answer.headers.get("Content-Type").value_or(""));
  response.body = std::move(answer.body);
  for (const auto* name : {"Link", "Location"}) {
    if (const auto value = answer.headers.get(name)) {
      response.headers.set(name, through(*value, door));
    }
  }
  for (const auto* name : {"Retry-After", "Allow", "Idempotency-Replayed", "X-Request-Id"}) {
    if (const auto value = answer.headers.get(name))
      response.headers.set(name, std::string(*value));
  }
  return response;
}

Error not_signed_in() {
  return {ErrorCode::unauthenticated, "nobody is signed in here, or the session has ended"};
}

}  // namespace

http::ServerHooks App::hooks() {
  http::ServerHooks hooks;
  hooks.handle = [this](http::Request& request) { return handle(request); };
  hooks.judge_head = [this](const http::Request& head) { return judge_head(head); };
  hooks.body_limit = [](http::Method, std::string_view path) {
    if (path.ends_with("/api/session") || path.ends_with("/api/session/register")) {
      return kSignInBodyMax;
    }
    return path.ends_with("/tasks/bulk") ? kBulkBodyMax : kBodyMax;
  };
  hooks.refuse = [this](const Error& error) {
    auto response = http::problem(error);
    harden(settings_, response);
    return response;
  };
  return hooks;
}

asio::awaitable<http::Response> App::handle(http::Request& request) {
  http::Response response;
  const std::string_view path = request.path;
  if (path == "/healthz" || path == "/readyz") {
    const auto host = check_host(settings_, request);
    response = host ? json_answer(200, R"({"status":"pass"})") : http::problem(host.error());
  } else if (path == settings_.prefix && !settings_.prefix.empty()) {
    response.status = 308;
    response.headers.set("Location", settings_.prefix + "/");
  } else {
    auto answer = co_await route(request);
    if (answer) {
      response = std::move(*answer);
    } else if (answer.error().code == ErrorCode::overloaded) {
      response = unreachable_answer();
    } else {
      response = http::problem(answer.error());
    }
  }
  harden(settings_, response);
  co_return response;
}

// Everything that is said of a request before its body.
Result<App::Admitted> App::admit(const http::Request& head) {
  if (const auto host = check_host(settings_, head); !host) return fail(host.error());
  std::string_view path = head.path;
  if (!take(path, settings_.prefix) || !path.starts_with('/')) {
    return fail(ErrorCode::not_found,
                "nothing is served here; the page is at " + settings_.prefix + "/");
  }
  const bool change = is_change(head.method);
  if (!take(path, "/api/")) {
    if (change) return fail(ErrorCode::method_not_allowed, "the page is read only");
    return Admitted{Door::page, std::string(path)};
  }
  if (change) {
    if (const auto origin = check_origin(head); !origin) return fail(origin.error());
  }
  if (path == "session" || path == "session/register") {
    return Admitted{Door::session, std::string(path)};
  }
  Admitted admitted{Door::scheduler, "", sessions_.find(head.headers.get("Cookie"))};
  if (path.starts_with("session/") && (path != "session/keep" || !change)) {
    return fail(ErrorCode::not_found, "there is no such door");
  }
  if (!admitted.session) return fail(not_signed_in());
  if (change) {
    if (const auto csrf = check_csrf(*admitted.session, head); !csrf) return fail(csrf.error());
  }
  if (path == "session/keep") return Admitted{Door::session, std::string(path), admitted.session};
  if (take(path, "t/")) {
    const auto end = path.find('/');
    admitted.tenant = path.substr(0, end);
    path.remove_prefix(end == path.npos ? path.size() : end + 1);
    // It becomes part of a path of the scheduler's: an id, and nothing else.
    const bool id =
        admitted.tenant.size() == 36 &&
        admitted.tenant.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
    if (!admitted.session->is_operator || !id) return fail(ErrorCode::not_found, "no such tenant");
  }
  if (take(path, "live")) {
    admitted.door = Door::live;
    admitted.path = path;
    return admitted;
  }
  admitted.path = "/" + std::string(path);
  if (!may_pass(admitted.path)) return fail(ErrorCode::not_found, "there is no such door");
  return admitted;
}

http::HeadVerdict App::judge_head(const http::Request& head) {
  http::HeadVerdict verdict;
  const auto admitted = admit(head);
  if (!admitted) {
    verdict.refusal = http::problem(admitted.error());
    harden(settings_, *verdict.refusal);
  } else if (admitted->session) {
    const auto& session = *admitted->session;
    verdict.sender = http::HeadVerdict::Sender::known;
    verdict.tenant = parse_id<TenantId>(session.tenant_id).value_or(TenantId{});
  }
  return verdict;
}

App::Answer App::route(http::Request& request) {
  auto admitted = admit(request);
  if (!admitted) co_return fail(std::move(admitted.error()));
  auto& [door, path, session, tenant] = *admitted;
  if (door == Door::page) co_return page_.answer(path);
  if (door == Door::session) co_return co_await session_door(request, path);
  if (is_change(request.method) && door == Door::scheduler) sessions_.keep(*session);
  if (door == Door::live) co_return co_await live_door(request, session, tenant, path);
  co_return co_await scheduler_door(request, session, tenant, path);
}

App::Answer App::session_door(http::Request& request, std::string_view path) {
  const auto method = request.method;
  auto session = sessions_.find(request.headers.get("Cookie"));
  if (path == "session/register" && method == http::Method::post) {
    co_return co_await register_tenant(request);
  }
  if (path == "session" && method == http::Method::get) co_return session_answer(session.get());
  if (path == "session" && method == http::Method::post) co_return co_await sign_in(request);
  const bool keeps = path == "session/keep" && method == http::Method::post;
  const bool leaves = path == "session" && method == http::Method::delete_;
  if (!keeps && !leaves) co_return fail(ErrorCode::not_found, "there is no such door");
  if (!session) co_return fail(not_signed_in());
  if (const auto csrf = check_csrf(*session, request); !csrf) co_return fail(csrf.error());
  if (leaves) co_return co_await sign_out(request, std::move(session));
  sessions_.keep(*session);
  co_return session_answer(session.get());
}

http::Response App::session_answer(const Session* session) const {
  std::string out;
  json::Writer w(out);
  write_session(w, session, clock_.now(), settings_);
  return json_answer(200, std::move(out));
}

Result<> App::check_attempts(const http::Request& request) {
  if (const auto wait = attempts_.attempt(request.peer_unit)) return fail(too_many(*wait));
  return {};
}

boost::asio::awaitable<std::string> App::replace_session(const http::Request& request,
                                                         std::shared_ptr<Session> session) {
  const auto header = request.headers.get("Cookie");
  const auto before = sessions_.find(header);
  sessions_.close(header);
  auto cookie = sessions_.open(std::move(session));
  if (before) co_await scheduler_.revoke(before);
  co_return cookie;
}

// Counted apart, so that somebody's typing mistakes, or another's noise behind the same address,
// leave the attempts of those who hold a key.
Result<> App::check_key_form(const http::Request& request, std::string_view key) {
  if (could_be_key(key)) return {};
  if (const auto wait = malformed_.attempt(request.peer_unit)) return fail(too_many(*wait));
  return fail(ErrorCode::unauthenticated,
              "this is no API key: one starts with bfk_ (or bfo_, the operator's) and has 37 "
              "characters; copy it whole");
}

App::Answer App::sign_in(http::Request& request) {
  if (const auto ok = check_json(request); !ok) co_return fail(ok.error());
  FieldFaults faults;
  const json::Value body(request.body);
  json::FieldReader in(body, "", faults);
  auto key = in.string("apiKey", {1, 256, json::Need::required});
  in.done();
  if (!faults.empty()) {
    co_return fail({ErrorCode::validation_failed, "the body has faults", std::move(faults)});
  }
  if (const auto ok = check_key_form(request, *key); !ok) co_return fail(ok.error());
  if (const auto ok = check_attempts(request); !ok) co_return fail(ok.error());
  auto session = co_await scheduler_.sign_in(Secret(std::move(*key)), request.peer_address);
  if (!session) co_return fail(session.error());
  const auto cookie = co_await replace_session(request, *session);
  auto response = session_answer(session->get());
  response.headers.add("Set-Cookie", sessions_.set_cookie(cookie));
  co_return response;
}

App::Answer App::register_tenant(http::Request& request) {
  if (const auto ok = check_attempts(request); !ok) co_return fail(ok.error());
  if (const auto ok = check_json(request); !ok) co_return fail(ok.error());
  SchedulerCall call{http::Method::post, "/api/v1/auth/register"};
  call.client = request.peer_address;
  call.content_type = "application/json";
  call.body = request.body;
  auto answer = co_await scheduler_.send(std::move(call));
  if (!answer || answer->status >= 500) co_return fail(unreachable());
  if (answer->status != 201 || !json::check(answer->body, kDepthMax)) {
    co_return pass_back(std::move(*answer), settings_.prefix + "/api");
  }
  const json::Value told(answer->body);
  const auto text = [&](std::string_view name) {
    const auto member = told.find(name);
    return member ? member->string().value_or("") : std::string();
  };
  const auto key = text("apiKey");
  const auto secret = text("webhookSecret");
  auto session = co_await scheduler_.sign_in(Secret(key), request.peer_address);
  if (!session) co_return fail(session.error());
  const auto cookie = co_await replace_session(request, *session);
  std::string out;
  json::Writer w(out);
  w.begin_object();
  w.key("tenantId").string((*session)->tenant_id);
  w.key("apiKey").string(key);
  w.key("webhookSecret").string(secret);
  w.key("session");
  write_session(w, session->get(), clock_.now(), settings_);
  w.end_object();
  auto response = json_answer(201, std::move(out));
  response.headers.add("Set-Cookie", sessions_.set_cookie(cookie));
  co_return response;
}

App::Answer App::sign_out(http::Request& request, std::shared_ptr<Session> session) {
  sessions_.close(request.headers.get("Cookie"));
  co_await scheduler_.revoke(session);
  http::Response response;
  response.status = 204;
  response.headers.add("Set-Cookie", sessions_.set_cookie(""));
  co_return response;
}

App::Answer App::scheduler_door(http::Request& request, std::shared_ptr<Session> session,
                                std::string tenant, std::string_view path) {
  const auto door = tenant.empty() ? settings_.prefix + "/api"
                                   : fmt::format("{}/api/t/{}", settings_.prefix, tenant);
  // A token that was revoked or has just ended is renewed once; a 401 has done nothing yet.
  for (int round = 0;; ++round) {
    const auto token = co_await scheduler_.token(session, tenant);
    if (!token) co_return fail(token.error());
    SchedulerCall call{request.method, "/api" + http::encode_path(path),
                       std::string(token->reveal()), request.peer_address};
    if (!request.query.empty()) call.target += "?" + request.query;
    call.content_type = std::string(request.headers.get("Content-Type").value_or(""));
    for (const auto* name : {"Idempotency-Key", "Accept"}) {
      if (const auto value = request.headers.get(name)) {
        call.headers.emplace_back(name, std::string(*value));
      }
    }
    call.body = request.body;
    auto answer = co_await scheduler_.send(std::move(call));
    if (!answer) co_return fail(unreachable());
    if (answer->body_truncated) {
      co_return fail(ErrorCode::payload_too_large,
                     "the scheduler's answer is larger than the dashboard takes; ask for less");
    }
    if (answer->status != 401 || round > 0) co_return pass_back(std::move(*answer), door);
    Scheduler::forget_token(*session, tenant);
  }
}

App::Answer App::live_door(http::Request& request, std::shared_ptr<Session> session,
                           std::string tenant, std::string_view rest) {
  if (rest == "/watch" && request.method == http::Method::post) {
    if (const auto ok = live_.watch(*session, request.body); !ok) co_return fail(ok.error());
    http::Response response;
    response.status = 204;
    co_return response;
  }
  if (!rest.empty() || request.method != http::Method::get) {
    co_return fail(ErrorCode::not_found, "there is no such door");
  }
  const bool all = request.query == "all=1";
  if (session->is_operator == tenant.empty() && !all) {
    co_return fail(ErrorCode::forbidden, "an operator listens to one tenant, or with all=1 to all");
  }
  if (all && !session->is_operator) {
    co_return fail(ErrorCode::forbidden, "only an operator listens to all tenants");
  }
  co_return live_.open(std::move(session), std::move(tenant), all);
}

}  // namespace belfry::dashboard
