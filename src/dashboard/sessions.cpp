#include "dashboard/sessions.hpp"

#include <fmt/format.h>
#include <sodium/crypto_generichash.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "base/random.hpp"

namespace belfry::dashboard {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kCookieMax = 64;
constexpr Millis kAttemptWindow{60'000};
constexpr int kAttemptsMax = 20;
constexpr std::size_t kPeersMax = 10'000;

std::string hash_of(std::string_view value) {
  std::string hash(crypto_generichash_BYTES, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(value.data()), value.size(), nullptr,
                     0);
  return hash;
}

// The value of one cookie in a Cookie header (RFC 6265 section 4.2.1).
std::optional<std::string_view> cookie_in(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const auto end = header.find(';');
    auto pair = header.substr(0, end);
    header.remove_prefix(end == header.npos ? header.size() : end + 1);
    while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return pair.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

}  // namespace

Sessions::Sessions(const Clock& clock, const Settings& settings)
    : clock_(clock),
      settings_(settings),
      // The prefix __Host- binds a cookie to this very host, and asks for Secure and the path "/".
      name_(settings.secure_cookies && settings.prefix.empty() ? "__Host-belfry_session"
                                                               : "belfry_session") {}

std::string Sessions::open(std::shared_ptr<Session> session) {
  make_room();
  session->csrf = base64url_encode(secure_random_bytes(kRandomBytes));
  session->ends_at = clock_.now() + settings_.session_life;
  keep(*session);
  auto value = base64url_encode(secure_random_bytes(kRandomBytes));
  sessions_[hash_of(value)] = std::move(session);
  return value;
}

std::optional<std::string> Sessions::hash_in(std::optional<std::string_view> cookie_header) const {
  if (!cookie_header) return std::nullopt;
  const auto value = cookie_in(*cookie_header, name_);
  if (!value || value->empty() || value->size() > kCookieMax) return std::nullopt;
  return hash_of(*value);
}

std::shared_ptr<Session> Sessions::find(std::optional<std::string_view> cookie_header) {
  const auto hash = hash_in(cookie_header);
  if (!hash) return nullptr;
  const auto at = sessions_.find(*hash);
  if (at == sessions_.end()) return nullptr;
  const auto now = clock_.now();
  if (now < at->second->idle_at && now < at->second->ends_at && !at->second->ended.requested()) {
    return at->second;
  }
  remove(at);
  return nullptr;
}

void Sessions::keep(Session& session) const {
  session.idle_at = std::min(clock_.now() + settings_.session_idle, session.ends_at);
}

void Sessions::close(std::optional<std::string_view> cookie_header) {
  const auto hash = hash_in(cookie_header);
  if (!hash) return;
  if (const auto at = sessions_.find(*hash); at != sessions_.end()) remove(at);
}

void Sessions::close_all() {
  while (!sessions_.empty()) remove(sessions_.begin());
}

void Sessions::remove(Map::iterator at) {
  at->second->ended.request();
  sessions_.erase(at);
}

void Sessions::make_room() {
  if (sessions_.size() < settings_.sessions_max) return;
  const auto idlest = std::min_element(
      sessions_.begin(), sessions_.end(),
      [](const auto& a, const auto& b) { return a.second->idle_at < b.second->idle_at; });
  remove(idlest);
}

std::string Sessions::set_cookie(std::string_view value) const {
  return fmt::format("{}={}; Path={}/; HttpOnly; SameSite=Strict{}{}", name_, value,
                     settings_.prefix, settings_.secure_cookies ? "; Secure" : "",
                     value.empty() ? "; Max-Age=0" : "");
}

std::optional<Millis> SignInLimit::attempt(const std::string& peer) {
  const auto now = clock_.now();
  if (windows_.size() >= kPeersMax) {
    std::erase_if(windows_,
                  [&](const auto& one) { return one.second.began + kAttemptWindow <= now; });
    if (windows_.size() >= kPeersMax) windows_.clear();
  }
  auto& window = windows_[peer];
  if (window.began + kAttemptWindow <= now) window = {now, 0};
  if (window.count >= kAttemptsMax) return window.began + kAttemptWindow - now;
  ++window.count;
  return std::nullopt;
}

}  // namespace belfry::dashboard
