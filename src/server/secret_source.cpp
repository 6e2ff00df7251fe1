#include "server/secret_source.hpp"

#include "auth/secret_places.hpp"
#include "base/log.hpp"

namespace belfry::server {
namespace {

constexpr std::size_t kOpenedMax = 20'000;

}  // namespace

std::vector<signing::SigningKey> SecretSource::of_tenant(TenantId id) {
  const auto tenant = directory_.tenant(id);
  if (!tenant) return {};
  return keys(tenant->sealed_secret, tenant->sealed_previous_secret, tenant->previous_until,
              auth::place_of_tenant_secret(id));
}

std::vector<signing::SigningKey> SecretSource::of_endpoint(EndpointId id) {
  const auto endpoint = directory_.endpoint(id);
  if (!endpoint) return {};
  return keys(endpoint->sealed_secret, endpoint->sealed_previous_secret, endpoint->previous_until,
              auth::place_of_endpoint_secret(id));
}

std::optional<std::string> SecretSource::header(TenantId tenant, std::string_view sealed) const {
  const auto opened = sealed_.open(sealed, auth::place_of_target_header(tenant));
  if (opened) return std::string(opened->reveal());
  log().error("a target's header cannot be opened tenant={}", to_string(tenant));
  return std::nullopt;
}

std::vector<signing::SigningKey> SecretSource::keys(const std::string& current,
                                                    const std::string& previous,
                                                    const std::optional<Timestamp>& previous_until,
                                                    const std::string& place) {
  std::vector<signing::SigningKey> keys;
  add(keys, current, place);
  if (!previous.empty() && previous_until && *previous_until > clock_.now()) {
    add(keys, previous, place);
  }
  return keys;
}

void SecretSource::add(std::vector<signing::SigningKey>& keys, const std::string& sealed,
                       const std::string& place) {
  const std::lock_guard lock(mutex_);
  const auto found = opened_.find(sealed);
  if (found != opened_.end()) {
    keys.push_back(found->second);
    return;
  }
  const auto secret = sealed_.open(sealed, place);
  auto key = secret ? signing::SigningKey::parse(secret->reveal())
                    : Result<signing::SigningKey>(fail(secret.error()));
  if (!key) {
    log().error("a webhook secret cannot be opened place={}", place);
    return;
  }
  if (opened_.size() >= kOpenedMax) opened_.clear();
  keys.push_back(*key);
  opened_.emplace(sealed, std::move(*key));
}

}  // namespace belfry::server
