#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class QueueEdits final : public QueueWrites {
 public:
  explicit QueueEdits(Context context) : context_(context) {}
  Result<domain::Queue> put(TenantId tenant, const std::string& name,
                            const domain::QueueSettings& settings, Timestamp now) override;

 private:
  Result<> add(std::int64_t tenant_no, const std::string& name,
               const domain::QueueSettings& settings, Timestamp now);
  void change(std::int64_t tenant_no, const std::string& name,
              const domain::QueueSettings& settings);

  Context context_;
};

}  // namespace belfry::store::sqlite
