#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class DestinationRows final : public DestinationReads {
 public:
  explicit DestinationRows(Context context) : context_(context) {}
  std::vector<DestinationRow> states(TenantId tenant) override;
  std::vector<DestinationRow> states_with_counts(TenantId tenant) override;
  std::vector<ParkedRow> parked_all_tenants() override;
  std::vector<TaskRow> impatient(const DestinationName& name, const Outage& outage,
                                 int limit) override;

 private:
  std::optional<ParkedRow> parked(std::int64_t no, std::int64_t tasks);

  Context context_;
};

// The number of a destination; nothing if there is none.
std::optional<std::int64_t> destination_no(Context context, const DestinationName& name);
// The destination of a row that names it; nothing if its row is missing.
std::optional<DestinationName> destination_name(Context context, std::int64_t no);

}  // namespace belfry::store::sqlite
