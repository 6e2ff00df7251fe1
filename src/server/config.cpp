#include "server/config.hpp"

#include <fmt/format.h>

#include "http/egress.hpp"
#include "http/host_guard.hpp"
#include "options/option_sources.hpp"

namespace belfry::server {
namespace {

using options::kListenForm;
using options::listen_address;
using options::Values;
using options::whole_number;

std::optional<std::string> apply_listen(const Values& v, Config& c) {
  const auto address = listen_address(v.back());
  if (!address) return std::string(kListenForm);
  c.listen = *address;
  return std::nullopt;
}

std::optional<std::string> apply_operators_listen(const Values& v, Config& c) {
  if (v.back() == "off") {
    c.operators_listen.reset();
    return std::nullopt;
  }
  const auto address = listen_address(v.back());
  if (!address) return fmt::format("{}; or off", kListenForm);
  c.operators_listen = *address;
  return std::nullopt;
}

std::optional<std::string> apply_data(const Values& v, Config& c) {
  if (v.back().empty()) return "must name a folder";
  c.data = v.back();
  return std::nullopt;
}

std::optional<std::string> apply_store(const Values& v, Config& c) {
  if (v.back() != "sqlite") return "must be sqlite (the embedded store)";
  c.store = v.back();
  return std::nullopt;
}

std::optional<std::string> apply_restored(const Values& v, Config& c) {
  if (v.back() != "true" && v.back() != "false") return "must be true or false";
  c.restored = v.back() == "true";
  return std::nullopt;
}

std::optional<std::string> apply_egress(const Values& v, Config& c) {
  if (const auto policy = http::EgressPolicy::make(v); !policy) return policy.error().message;
  c.egress_allow = v;
  return std::nullopt;
}

std::optional<std::string> apply_cors(const Values& v, Config& c) {
  for (const auto& origin : v) {
    const bool scheme = origin.starts_with("http://") || origin.starts_with("https://");
    if (!scheme || origin.ends_with('/') || origin.find('*') != std::string::npos) {
      return "must be an exact origin like https://dashboard.example.com (no path, no *)";
    }
  }
  c.cors_origins = v;
  return std::nullopt;
}

std::optional<std::string> apply_hosts(const Values& v, Config& c) {
  for (const auto& host : v) {
    if (!options::is_host_name(host)) return std::string(options::kHostForm);
  }
  c.allowed_hosts = v;
  return std::nullopt;
}

std::optional<std::string> apply_trusted_proxies(const Values& v, Config& c) {
  auto proxies = http::TrustedProxies::make(v);
  if (!proxies) return proxies.error().message;
  c.trusted_proxies = std::move(*proxies);
  return std::nullopt;
}

std::optional<std::string> apply_connections_per_address(const Values& v, Config& c) {
  const auto most = whole_number(v.back(), 1, 10'000);
  if (!most) return "must be a number from 1 to 10000";
  c.connections_per_address = static_cast<std::size_t>(*most);
  return std::nullopt;
}

std::optional<std::string> apply_stall(const Values& v, Config& c) {
  const auto seconds = whole_number(v.back(), 1, 30);
  if (!seconds) return "must be seconds from 1 to 30";
  c.stall = std::chrono::seconds{*seconds};
  return std::nullopt;
}

// At least what one page of tasks needs while it is made.
std::optional<std::string> read_answer_mib(const std::string& text, std::size_t& into) {
  const auto mib = whole_number(text, 16, 65'536);
  if (!mib) return "must be MiB from 16 to 65536";
  into = static_cast<std::size_t>(*mib) * options::kMiB;
  return std::nullopt;
}

std::optional<std::string> apply_answer_mib(const Values& v, Config& c) {
  const auto mistake = read_answer_mib(v.back(), c.answers.total);
  // One address leaves some to others.
  c.answers.per_address = c.answers.total / 10 * 7;
  return mistake;
}

std::optional<std::string> apply_tenant_answer_mib(const Values& v, Config& c) {
  return read_answer_mib(v.back(), c.answers.per_tenant);
}

std::optional<std::string> apply_streams_max(const Values& v, Config& c) {
  const auto most = whole_number(v.back(), 1, 9'900);
  if (!most) return "must be a number from 1 to 9900";
  c.long_calls.total = static_cast<std::size_t>(*most);
  return std::nullopt;
}

std::optional<std::string> apply_streams_per_tenant(const Values& v, Config& c) {
  const auto most = whole_number(v.back(), 1, 9'900);
  if (!most) return "must be a number from 1 to 9900";
  c.long_calls.per_tenant = static_cast<std::size_t>(*most);
  return std::nullopt;
}

std::optional<std::string> apply_default_target(const Values& v, Config& c) {
  if (v.back() != "worker" && v.back() != "echo") return "must be worker or echo";
  c.default_target_is_echo = v.back() == "echo";
  return std::nullopt;
}

std::optional<std::string> apply_registration(const Values& v, Config& c) {
  if (v.back() == "open") {
    c.registration = api::Registration::open;
  } else if (v.back() == "invite") {
    c.registration = api::Registration::invite;
  } else if (v.back() == "closed") {
    c.registration = api::Registration::closed;
  } else {
    return "must be open, invite or closed";
  }
  return std::nullopt;
}

std::optional<std::string> apply_tenants_max(const Values& v, Config& c) {
  const auto most = whole_number(v.back(), 1, 10'000'000);
  if (!most) return "must be a number from 1 to 10000000";
  c.tenants_max = *most;
  return std::nullopt;
}

std::optional<std::string> apply_auth_rate(const Values& v, Config& c) {
  const auto rate = whole_number(v.back(), 0, 1'000'000);
  if (!rate) return "must be a number from 0 (no limit) to 1000000";
  c.auth_requests_per_second = *rate;
  return std::nullopt;
}

std::optional<std::string> apply_tenant_rate(const Values& v, Config& c) {
  const auto rate = whole_number(v.back(), 0, 1'000'000);
  if (!rate) return "must be a number from 0 (no limit) to 1000000";
  c.tenant_requests_per_second = *rate;
  return std::nullopt;
}

std::optional<std::string> apply_unused_tenants(const Values& v, Config& c) {
  const auto hours = whole_number(v.back(), 0, 24 * 3'650);
  if (!hours) return "must be hours from 0 (they stay) to 87600";
  c.unused_tenants_kept = std::chrono::hours{*hours};
  return std::nullopt;
}

std::optional<std::string> apply_invitation(const Values& v, Config& c) {
  if (v.back().size() < 16) return "must have at least 16 characters";
  c.invitation = v.back();
  return std::nullopt;
}

std::optional<std::string> apply_drain(const Values& v, Config& c) {
  const auto ms = whole_number(v.back(), 0, 600'000);
  if (!ms) return "must be milliseconds from 0 to 600000";
  c.drain = std::chrono::milliseconds{*ms};
  return std::nullopt;
}

std::optional<std::string> apply_tls_cert(const Values& v, Config& c) {
  c.tls_cert = v.back();
  return std::nullopt;
}

std::optional<std::string> apply_tls_key(const Values& v, Config& c) {
  c.tls_key = v.back();
  return std::nullopt;
}

std::optional<std::string> apply_public_url(const Values& v, Config& c) {
  if (!v.back().starts_with("http://") && !v.back().starts_with("https://")) {
    return "must start with http:// or https://";
  }
  c.public_url = v.back();
  return std::nullopt;
}

std::optional<std::string> apply_token_life(const Values& v, Config& c) {
  const auto seconds = whole_number(v.back(), 60, 86'400);
  if (!seconds) return "must be seconds from 60 to 86400";
  c.token_life = std::chrono::seconds{*seconds};
  return std::nullopt;
}

std::optional<std::string> apply_zone(const Values& v, Config& c) {
  const auto zone = domain::TimeZone::find(v.back());
  if (!zone) return zone.error().message;
  c.time_zone = *zone;
  return std::nullopt;
}

std::optional<std::string> apply_retention(const Values& v, Config& c) {
  const auto hours = whole_number(v.back(), 1, 24 * 3'650);
  if (!hours) return "must be hours from 1 to 87600";
  c.retention = std::chrono::hours{*hours};
  return std::nullopt;
}

std::optional<std::string> apply_io_threads(const Values& v, Config& c) {
  const auto threads = whole_number(v.back(), 0, 64);
  if (!threads) return "must be a number from 0 (one a core) to 64";
  c.io_threads = static_cast<int>(*threads);
  return std::nullopt;
}

std::optional<std::string> apply_log_level(const Values& v, Config& c) {
  const auto level = options::log_level(v.back());
  if (!level) return std::string(options::kLogLevelForm);
  c.log_level = *level;
  return std::nullopt;
}

using OptionRows = std::vector<options::Option<Config>>;

// What is served, where, and to whom.
OptionRows serving_options() {
  return {
      {{"listen", "ADDRESS:PORT of the API; port 0 picks a free one", "127.0.0.1:8080"},
       apply_listen},
      {{"operators-listen", "ADDRESS:PORT of Prometheus metrics and detailed health; off for none",
        "127.0.0.1:9080"},
       apply_operators_listen},
      {{"data", "folder of everything the service keeps: store, keys, operator.key", "./data"},
       apply_data},
      {{"store", "which store: sqlite (embedded)", "sqlite"}, apply_store},
      {{"restored",
        "for one start after the data folder was put back from a copy: voids its leases and tokens "
        "and starts paused, until POST /api/v1/admin/resume (a start after `restore` does so by "
        "itself)",
        "false", false, true},
       apply_restored},
      {{"egress-allow",
        "CIDR[:PORT] of private or loopback addresses that pushes and webhooks may reach", "",
        true},
       apply_egress},
      {{"cors-origin", "browser origin that may call the API",
        "http://127.0.0.1:8083, http://localhost:8083", true},
       apply_cors},
      {{"allowed-host",
        "Host name served besides loopback ones; other listeners serve all while none is given", "",
        true},
       apply_hosts},
      {{"trusted-proxy",
        "address or CIDR of a proxy in front of the API: clients are those of its X-Forwarded-For",
        "", true},
       apply_trusted_proxies},
  };
}

// What connections and answers may take.
OptionRows bound_options() {
  return {
      {{"connections-per-address",
        "connections at once of one address (IPv6: of a /64), trusted proxies excepted", "1000"},
       apply_connections_per_address},
      {{"streams-max", "event streams and long polls at once, of 10000 connections", "8000"},
       apply_streams_max},
      {{"streams-per-tenant", "event streams and long polls at once of one tenant", "1000"},
       apply_streams_per_tenant},
      {{"stall-seconds", "a client that takes nothing of its answer for so long is disconnected",
        "5"},
       apply_stall},
      {{"answer-mib", "MiB that answers may hold in memory while they are made and sent", "160"},
       apply_answer_mib},
      {{"answer-mib-per-tenant", "the same of one tenant", "48"}, apply_tenant_answer_mib},
  };
}

// Who may become a tenant, and how much one may ask.
OptionRows tenant_options() {
  return {
      {{"registration", "who may register: open, invite or closed",
        "open on a loopback listener, else closed"},
       apply_registration},
      {{"tenants-max", "how many tenants there may be; more cannot register", "100000"},
       apply_tenants_max},
      {{"auth-requests-per-second",
        "how often one address may call /api/v1/auth, ten seconds' worth at once; 0: no limit",
        "20"},
       apply_auth_rate},
      {{"tenant-requests-per-second",
        "how often a tenant may call the API where its own limits say nothing; 0: no limit",
        "20000"},
       apply_tenant_rate},
      {{"unused-tenant-hours",
        "when a tenant is removed that registered and never submitted a task; 0: never", "720"},
       apply_unused_tenants},
      {{"invitation",
        "what --registration invite asks for in the field `invitation`; a secret, so not as a flag",
        "", false, false, true},
       apply_invitation},
  };
}

OptionRows running_options() {
  return {
      {{"default-target", "where tasks of queues without a target run: worker or echo", "worker"},
       apply_default_target},
      {{"drain-ms", "how long a stop may take, in milliseconds", "25000"}, apply_drain},
      {{"tls-cert", "PEM file of the API's certificate chain", ""}, apply_tls_cert},
      {{"tls-key", "PEM file of its private key", ""}, apply_tls_key},
      {{"public-url",
        "how clients reach the API; the issuer of tokens, else the URL of the store's first start",
        "http://LISTEN"},
       apply_public_url},
      {{"token-seconds", "life of a token in seconds", "3600"}, apply_token_life},
      {{"time-zone", "zone of times without an offset, by its IANA name as Europe/Berlin", "UTC"},
       apply_zone},
      {{"retention-hours", "how long finished tasks are kept", "720"}, apply_retention},
      {{"io-threads", "threads that serve the API; 0: one a core, at most 8", "0"},
       apply_io_threads},
      {{"log-level", "debug, info, warn, error or off", "info"}, apply_log_level},
  };
}

const OptionRows& option_table() {
  static const OptionRows kOptions = [] {
    OptionRows all;
    for (auto part : {serving_options(), bound_options(), tenant_options(), running_options()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return kOptions;
}

void check_together(const Config& config, std::vector<std::string>& mistakes) {
  if (config.tls_cert.empty() != config.tls_key.empty()) {
    mistakes.push_back("--tls-cert and --tls-key belong together: give both, or neither");
  }
  if (config.registration == api::Registration::invite && config.invitation.empty()) {
    mistakes.push_back(
        "--registration invite needs an invitation: set BELFRY_INVITATION, or invitation in the "
        "file that --config names");
  }
}

}  // namespace

api::Registration registration_of(const Config& config) {
  if (config.registration) return *config.registration;
  const bool local = http::is_loopback(config.listen.host);
  return local ? api::Registration::open : api::Registration::closed;
}

ConfigResult read_config(int argc, const char* const* argv,
                         const options::Environment& environment) {
  return options::read_options(
      {"belfry-scheduler",
       "Belfry: a scheduler as a service\n\n"
       "belfry-scheduler [OPTIONS]                    serve\n"
       "belfry-scheduler backup DIR --data DATA       copy the store and "
       "its keys, beside a running server too\n"
       "belfry-scheduler restore BACKUP --data DATA   put such a copy into "
       "a new folder"},
      option_table(), argc, argv, environment, check_together);
}

}  // namespace belfry::server
