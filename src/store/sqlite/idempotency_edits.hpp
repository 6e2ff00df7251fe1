#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class IdempotencyEdits final : public IdempotencyWrites {
 public:
  explicit IdempotencyEdits(Context context) : context_(context) {}
  std::optional<IdempotentAnswer> find(TenantId tenant, const std::string& key) override;
  void insert(TenantId tenant, const std::string& key, const IdempotentAnswer& answer,
              Timestamp now) override;
  int prune_all_tenants(Timestamp before, int limit) override;

 private:
  std::int64_t stored_bytes(std::int64_t tenant_no, const std::string& key);

  Context context_;
};

}  // namespace belfry::store::sqlite
