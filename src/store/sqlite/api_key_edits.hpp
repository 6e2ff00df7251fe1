#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class ApiKeyEdits final : public ApiKeyWrites {
 public:
  explicit ApiKeyEdits(Context context) : context_(context) {}
  Result<> insert(const ApiKeyRow& key) override;
  Result<> revoke(TenantId tenant, ApiKeyId id, Timestamp now) override;
  void touch(ApiKeyId id, Timestamp used_at) override;
  void revoke_token(const std::string& jti, Timestamp expires) override;
  int prune_all_tenants(Timestamp before, int limit) override;

 private:
  Context context_;
};

}  // namespace belfry::store::sqlite
