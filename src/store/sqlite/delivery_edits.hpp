#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/context.hpp"

namespace belfry::store::sqlite {

class DeliveryEdits final : public DeliveryWrites {
 public:
  explicit DeliveryEdits(Context context) : context_(context) {}

  void insert_test(const DeliveryRow& delivery) override;
  void record_attempt(DeliveryId id, const DeliveryAttemptRow& attempt, DeliveryState state,
                      std::optional<Timestamp> next_at) override;
  void postpone(DeliveryId id, Timestamp until) override;
  void set_aside(DeliveryId id, const DestinationName& name, Millis after_first_due) override;
  int call_back(const DestinationName& name, int limit) override;
  Result<> redeliver(TenantId tenant, DeliveryId id, Timestamp now) override;
  int prune_all_tenants(Timestamp before, int limit) override;

 private:
  struct Position {
    std::int64_t no, seq, endpoint;
    DeliveryState state;
    std::int64_t tenant_no;
  };
  std::optional<Position> position(DeliveryId id);
  void release_next(const Position& done, Timestamp now);
  bool remove(std::int64_t no);

  Context context_;
};

}  // namespace belfry::store::sqlite
