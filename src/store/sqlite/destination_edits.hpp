#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class DestinationEdits final : public DestinationWrites {
 public:
  explicit DestinationEdits(Context context) : context_(context) {}
  void put_state(const DestinationRow& row) override;
  void remove_state(const DestinationName& name, const std::string& node) override;
  void forget_unused_all_tenants(const std::string& node) override;
  Unparked unpark(const DestinationName& name, std::optional<Place> after, int limit) override;

 private:
  Context context_;
};

// The number of a destination, which is added if it is new.
std::int64_t add_destination(Context context, std::int64_t tenant_no, std::string_view origin,
                             std::string_view handler);

}  // namespace belfry::store::sqlite
