#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class ApiKeyRows final : public ApiKeyReads {
 public:
  explicit ApiKeyRows(Context context) : context_(context) {}
  std::optional<ApiKeyRow> find_by_hash_all_tenants(const std::string& hash) override;
  std::vector<ApiKeyRow> list(TenantId tenant) override;
  std::vector<std::pair<std::string, Timestamp>> revoked_tokens_all_tenants() override;
  std::vector<std::pair<ApiKeyId, Timestamp>> revoked_keys_all_tenants(Timestamp since) override;

 private:
  Context context_;
};

}  // namespace belfry::store::sqlite
