#pragma once

#include <string>

#include "base/id.hpp"

// Where each sealed secret lives: the associated data of its SealedBox. One place, because whoever
// seals and whoever opens must agree.
namespace belfry::auth {

inline std::string place_of_tenant_secret(TenantId tenant) {
  return "tenants.sealed_secret:" + to_string(tenant);
}
inline std::string place_of_endpoint_secret(EndpointId endpoint) {
  return "endpoints.sealed_secret:" + to_string(endpoint);
}
inline std::string place_of_signing_key(const std::string& kid) {
  return "signing_keys.sealed_jwk:" + kid;
}

inline std::string place_of_target_header(TenantId tenant) {
  return "target.headers:" + to_string(tenant);
}

}  // namespace belfry::auth
