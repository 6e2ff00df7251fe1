#pragma once

#include "store/nouns.hpp"
#include "store/sqlite/api_key_edits.hpp"
#include "store/sqlite/api_key_rows.hpp"
#include "store/sqlite/delivery_edits.hpp"
#include "store/sqlite/delivery_rows.hpp"
#include "store/sqlite/destination_edits.hpp"
#include "store/sqlite/destination_rows.hpp"
#include "store/sqlite/endpoint_edits.hpp"
#include "store/sqlite/endpoint_rows.hpp"
#include "store/sqlite/executor.hpp"
#include "store/sqlite/idempotency_edits.hpp"
#include "store/sqlite/metric_rows.hpp"
#include "store/sqlite/queue_edits.hpp"
#include "store/sqlite/queue_rows.hpp"
#include "store/sqlite/signing_key_edits.hpp"
#include "store/sqlite/signing_key_rows.hpp"
#include "store/sqlite/task_edits.hpp"
#include "store/sqlite/task_rows.hpp"
#include "store/sqlite/tenant_edits.hpp"
#include "store/sqlite/tenant_rows.hpp"

namespace belfry::store::sqlite {

// One of each noun's readers over one connection.
struct Readers {
  explicit Readers(Context context)
      : tasks(context),
        tenants(context),
        queues(context),
        api_keys(context),
        endpoints(context),
        deliveries(context),
        destinations(context),
        metrics(context),
        signing_keys(context) {}
  TaskRows tasks;
  TenantRows tenants;
  QueueRows queues;
  ApiKeyRows api_keys;
  EndpointRows endpoints;
  DeliveryRows deliveries;
  DestinationRows destinations;
  MetricRows metrics;
  SigningKeyRows signing_keys;
};

class SqliteSnapshot final : public Snapshot {
 public:
  explicit SqliteSnapshot(Context context) : readers_(context) {}
  TaskReads& tasks() override { return readers_.tasks; }
  TenantReads& tenants() override { return readers_.tenants; }
  QueueReads& queues() override { return readers_.queues; }
  ApiKeyReads& api_keys() override { return readers_.api_keys; }
  EndpointReads& endpoints() override { return readers_.endpoints; }
  DeliveryReads& deliveries() override { return readers_.deliveries; }
  DestinationReads& destinations() override { return readers_.destinations; }
  MetricReads& metrics() override { return readers_.metrics; }
  SigningKeyReads& signing_keys() override { return readers_.signing_keys; }

 private:
  Readers readers_;
};

class SqliteTransaction final : public Transaction {
 public:
  SqliteTransaction(Context context, Executor& executor)
      : readers_(context),
        task_edits_(context),
        tenant_edits_(context),
        queue_edits_(context),
        api_key_edits_(context),
        endpoint_edits_(context),
        delivery_edits_(context),
        destination_edits_(context),
        signing_key_edits_(context),
        idempotency_edits_(context),
        executor_(executor) {}

  TaskReads& tasks() override { return readers_.tasks; }
  TenantReads& tenants() override { return readers_.tenants; }
  QueueReads& queues() override { return readers_.queues; }
  ApiKeyReads& api_keys() override { return readers_.api_keys; }
  EndpointReads& endpoints() override { return readers_.endpoints; }
  DeliveryReads& deliveries() override { return readers_.deliveries; }
  DestinationReads& destinations() override { return readers_.destinations; }
  MetricReads& metrics() override { return readers_.metrics; }
  SigningKeyReads& signing_keys() override { return readers_.signing_keys; }

  TaskWrites& task_writes() override { return task_edits_; }
  TenantWrites& tenant_writes() override { return tenant_edits_; }
  QueueWrites& queue_writes() override { return queue_edits_; }
  ApiKeyWrites& api_key_writes() override { return api_key_edits_; }
  EndpointWrites& endpoint_writes() override { return endpoint_edits_; }
  DeliveryWrites& delivery_writes() override { return delivery_edits_; }
  DestinationWrites& destination_writes() override { return destination_edits_; }
  SigningKeyWrites& signing_key_writes() override { return signing_key_edits_; }
  IdempotencyWrites& idempotency_writes() override { return idempotency_edits_; }

  Result<Submit::Reply> submit(const Submit& command) override { return executor_.run(command); }
  Result<End::Reply> end(const End& command) override { return executor_.run(command); }

 private:
  Readers readers_;
  TaskEdits task_edits_;
  TenantEdits tenant_edits_;
  QueueEdits queue_edits_;
  ApiKeyEdits api_key_edits_;
  EndpointEdits endpoint_edits_;
  DeliveryEdits delivery_edits_;
  DestinationEdits destination_edits_;
  SigningKeyEdits signing_key_edits_;
  IdempotencyEdits idempotency_edits_;
  Executor& executor_;
};

}  // namespace belfry::store::sqlite
