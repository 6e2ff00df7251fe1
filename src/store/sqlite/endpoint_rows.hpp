#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class EndpointRows final : public EndpointReads {
 public:
  explicit EndpointRows(Context context) : context_(context) {}
  std::optional<EndpointRow> find(TenantId tenant, EndpointId id) override;
  std::vector<EndpointRow> list(TenantId tenant) override;  // newest first

 private:
  Context context_;
};

}  // namespace belfry::store::sqlite
