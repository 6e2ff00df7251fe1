#include "dashboard/config.hpp"

#include "http/host_guard.hpp"

namespace belfry::dashboard {
namespace {

using options::Values;
using Mistake = std::optional<std::string>;

constexpr std::string_view kDefaultScheduler = "http://127.0.0.1:8080";

Mistake apply_listen(const Values& v, Config& c) {
  const auto address = options::listen_address(v.back());
  if (!address) return std::string(options::kListenForm);
  c.listen = *address;
  return std::nullopt;
}

Mistake apply_scheduler(const Values& v, Config& c) {
  const auto url = http::parse_url(v.back());
  if (!url || (url->target != "/" && !url->target.empty())) {
    return "must be the scheduler's address like http://127.0.0.1:8080, without a path";
  }
  c.settings.scheduler = *url;
  return std::nullopt;
}

Mistake apply_prefix(const Values& v, Config& c) {
  auto prefix = v.back();
  while (prefix.ends_with('/')) prefix.pop_back();
  const bool plain = prefix.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789-_./") == std::string::npos;
  if (!plain || (!prefix.empty() && !prefix.starts_with('/')) ||
      prefix.find("//") != std::string::npos || prefix.find("..") != std::string::npos) {
    return "must be a path like /belfry, of letters, digits, - _ . and /";
  }
  c.settings.prefix = prefix;
  return std::nullopt;
}

Mistake apply_hosts(const Values& v, Config& c) {
  for (const auto& host : v) {
    if (!options::is_host_name(host)) return std::string(options::kHostForm);
  }
  c.settings.allowed_hosts = v;
  return std::nullopt;
}

Mistake apply_trusted_proxies(const Values& v, Config& c) {
  auto proxies = http::TrustedProxies::make(v);
  if (!proxies) return proxies.error().message;
  c.trusted_proxies = std::move(*proxies);
  return std::nullopt;
}

Mistake apply_connections_per_address(const Values& v, Config& c) {
  const auto most = options::whole_number(v.back(), 1, 10'000);
  if (!most) return "must be a number from 1 to 10000";
  c.connections_per_address = static_cast<std::size_t>(*most);
  return std::nullopt;
}

Mistake apply_secure(const Values& v, Config& c) {
  if (v.back() != "true" && v.back() != "false") return "must be true or false";
  c.settings.secure_cookies = v.back() == "true";
  return std::nullopt;
}

Mistake apply_idle(const Values& v, Config& c) {
  const auto seconds = options::whole_number(v.back(), 1, 86'400);
  if (!seconds) return "must be seconds from 1 to 86400";
  c.settings.session_idle = std::chrono::seconds{*seconds};
  return std::nullopt;
}

Mistake apply_sessions(const Values& v, Config& c) {
  const auto most = options::whole_number(v.back(), 1, 1'000'000);
  if (!most) return "must be a number from 1 to 1000000";
  c.settings.sessions_max = static_cast<std::size_t>(*most);
  return std::nullopt;
}

Mistake apply_tls_cert(const Values& v, Config& c) {
  c.tls_cert = v.back();
  return std::nullopt;
}

Mistake apply_tls_key(const Values& v, Config& c) {
  c.tls_key = v.back();
  return std::nullopt;
}

Mistake apply_scheduler_ca(const Values& v, Config& c) {
  c.scheduler_ca = v.back();
  return std::nullopt;
}

Mistake apply_drain(const Values& v, Config& c) {
  const auto ms = options::whole_number(v.back(), 0, 600'000);
  if (!ms) return "must be milliseconds from 0 to 600000";
  c.drain = std::chrono::milliseconds{*ms};
  return std::nullopt;
}

Mistake apply_log_level(const Values& v, Config& c) {
  const auto level = options::log_level(v.back());
  if (!level) return std::string(options::kLogLevelForm);
  c.log_level = *level;
  return std::nullopt;
}

const std::vector<options::Option<Config>>& table() {
  static const std::vector<options::Option<Config>> kTable = {
      {{"listen", "ADDRESS:PORT of the page; port 0 picks a free one", "127.0.0.1:8083"},
       apply_listen},
      {{"scheduler", "where the scheduler is", std::string(kDefaultScheduler)}, apply_scheduler},
      {{"scheduler-ca", "PEM file of certificates to trust for it, besides the system's", ""},
       apply_scheduler_ca},
      {{"prefix", "path that everything is served under, for a proxy that shares its host", ""},
       apply_prefix},
      {{"allowed-host",
        "Host name served besides loopback ones; other listeners serve all while none is given", "",
        true},
       apply_hosts},
      {{"trusted-proxy",
        "address or CIDR of a proxy in front of the page: clients are those of its X-Forwarded-For",
        "", true},
       apply_trusted_proxies},
      {{"connections-per-address",
        "connections at once of one address (IPv6: of a /64), trusted proxies excepted", "1000"},
       apply_connections_per_address},
      {{"secure-cookies", "true behind a proxy that ends TLS: Secure cookies and HSTS", "false"},
       apply_secure},
      {{"session-idle-seconds", "a session ends when nobody has worked in it for so long", "1800"},
       apply_idle},
      {{"sessions-max", "sessions at once; the one idle longest goes first", "10000"},
       apply_sessions},
      {{"tls-cert", "PEM file of the page's certificate chain", ""}, apply_tls_cert},
      {{"tls-key", "PEM file of its private key", ""}, apply_tls_key},
      {{"drain-ms", "how long a stop may take, in milliseconds", "5000"}, apply_drain},
      {{"log-level", "debug, info, warn, error or off", "info"}, apply_log_level},
  };
  return kTable;
}

void check_together(const Config& config, std::vector<std::string>& mistakes) {
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    mistakes.push_back("--tls-cert and --tls-key belong together: give both, or neither");
  }
}

}  // namespace

Config::Config() {
  settings.scheduler = *http::parse_url(kDefaultScheduler);
  settings.version = BELFRY_VERSION;
}

options::ReadOptions<Config> read_config(int argc, const char* const* argv,
                                         const options::Environment& environment) {
  // The examples know the scheduler by this name, too.
  const auto look_up = [&environment](const char* name) -> const char* {
    const char* text = environment(name);
    if (text == nullptr && std::string_view(name) == "BELFRY_SCHEDULER") {
      return environment("SCHEDULER_URL");
    }
    return text;
  };
  auto read = options::read_options({"belfry-dashboard", "Belfry's dashboard: see and steer tasks"},
                                    table(), argc, argv, look_up, check_together);
  if (read.config) {
    auto& settings = read.config->settings;
    settings.loopback_listener = http::is_loopback(read.config->listen.host);
    if (!read.config->tls_cert.empty()) settings.secure_cookies = true;
  }
  return read;
}

}  // namespace belfry::dashboard
