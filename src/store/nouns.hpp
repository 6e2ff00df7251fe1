#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/commands.hpp"
#include "store/rows.hpp"

// The storage interfaces per noun. Those of `Snapshot` only read; `Transaction` adds what writes.
// Blocking, called on the store's own threads inside gateway.read(fn) and gateway.transact(fn).
// Methods that cross tenants say so in their name.
namespace belfry::store {

class TaskReads {
 public:
  virtual ~TaskReads() = default;
  // Throws Damaged if what is stored is not what was written.
  virtual std::optional<TaskRow> find(TenantId tenant, TaskId id) = 0;
  // As in a list: see TaskRow::damage.
  virtual std::optional<TaskRow> find_even_damaged(TenantId tenant, TaskId id) = 0;
  // The same without payload and result, which are left unread.
  virtual std::optional<TaskRow> find_summary(TenantId tenant, TaskId id) = 0;
  virtual std::vector<AttemptRow> attempts(TenantId tenant, TaskId id) = 0;  // oldest first
  virtual std::vector<std::pair<Timestamp, std::string>> log_lines(TenantId tenant, TaskId id,
                                                                   int limit) = 0;
  // Newest first, starting after `before` (absent: at the newest).
  virtual TaskPage query(TenantId tenant, const TaskFilter& filter, std::optional<TaskId> before,
                         int limit, bool summary) = 0;
  // SCHEDULED ones in the order in which they are due; summaries, kPageBytesMax of them at most.
  virtual std::vector<TaskRow> upcoming(TenantId tenant, int limit) = 0;
  // What failed since `from`, the latest first; at most `limit`.
  virtual std::vector<FailureRow> failures(TenantId tenant, Timestamp from, int limit) = 0;
  // How many ready tasks of its queue's `lanes` (lane_bit()s) come before a ready one; counted no
  // further than `limit`. Nothing for a task that is not ready.
  virtual std::optional<int> ahead(TenantId tenant, TaskId id, unsigned lanes, int limit) = 0;
  // For the loops. RUNNING tasks whose lease has ended, and SCHEDULED or PENDING ones whose
  // expiresAt has passed; summaries, oldest first, at most `limit` and kPageBytesMax of them.
  virtual std::vector<std::pair<TaskRow, LeaseToken>> lost_all_tenants(std::optional<Timestamp> now,
                                                                       int limit) = 0;
  virtual std::vector<TaskRow> overdue_all_tenants(std::optional<Timestamp> now, int limit) = 0;
  // When the next of those two will happen.
  virtual std::optional<Timestamp> next_lease_end_all_tenants() = 0;
  virtual std::optional<Timestamp> next_expiry_all_tenants() = 0;
  // Compares up to `limit` tasks after `after` (a place that this returned; 0: from the first) with
  // their checksums and with the indexes. What does not fit is reported to Backend::damage().
  // Returns where to go on, 0 after the last.
  virtual std::int64_t scrub_all_tenants(std::int64_t after, int limit) = 0;
  // Queues with ready tasks and the lanes (lane_bit()s) they are in; a loose index scan.
  virtual std::vector<std::pair<domain::QueueNo, unsigned>> ready_lanes_all_tenants() = 0;
};

struct TenantPage {
  std::vector<domain::Tenant> tenants;
  std::optional<TenantId> next;  // go on after this one; absent: that was all
};

class TenantReads {
 public:
  virtual ~TenantReads() = default;
  virtual std::optional<domain::Tenant> find(TenantId id) = 0;
  // By creation, those after `after`. A page with `name_part` holds those whose names contain it,
  // whatever the case of ASCII letters; it looks at kScanRowsMax rows at most, so it may hold few.
  virtual TenantPage page_all_tenants(std::optional<TenantId> after, const std::string& name_part,
                                      int limit) = 0;
  virtual std::int64_t count_all_tenants() = 0;
  virtual std::vector<TenantId> removing_all_tenants(int limit) = 0;  // longest first
  // Those created before `before` that never submitted a task.
  virtual std::vector<TenantId> unused_all_tenants(Timestamp before, int limit) = 0;
  virtual std::optional<TenantId> of_queue(domain::QueueNo no) = 0;
  virtual std::optional<TenantId> of_endpoint(EndpointId id) = 0;
};

class QueueReads {
 public:
  virtual ~QueueReads() = default;
  virtual std::optional<QueueRow> find(TenantId tenant, const std::string& name) = 0;
  virtual std::vector<QueueRow> list(TenantId tenant) = 0;           // by name
  virtual std::vector<domain::Queue> settings(TenantId tenant) = 0;  // the same without depths
};

class ApiKeyReads {
 public:
  virtual ~ApiKeyReads() = default;
  virtual std::optional<ApiKeyRow> find_by_hash_all_tenants(const std::string& hash) = 0;
  virtual std::vector<ApiKeyRow> list(TenantId tenant) = 0;  // newest first
  // Revoked tokens (jti, exp) that have not expired yet, and keys revoked within a token's life.
  virtual std::vector<std::pair<std::string, Timestamp>> revoked_tokens_all_tenants() = 0;
  virtual std::vector<std::pair<ApiKeyId, Timestamp>> revoked_keys_all_tenants(Timestamp since) = 0;
};

class EndpointReads {
 public:
  virtual ~EndpointReads() = default;
  virtual std::optional<EndpointRow> find(TenantId tenant, EndpointId id) = 0;
  virtual std::vector<EndpointRow> list(TenantId tenant) = 0;
};

struct DeliveryFilter {
  std::optional<EndpointId> endpoint = {};
  std::optional<TaskId> task = {};
  std::optional<DeliveryState> state = {};
};

class DeliveryReads {
 public:
  virtual ~DeliveryReads() = default;
  virtual std::optional<DeliveryRow> find(TenantId tenant, DeliveryId id) = 0;
  virtual std::vector<DeliveryRow> list(TenantId tenant, const DeliveryFilter& filter,
                                        std::optional<DeliveryId> before, int limit) = 0;
  virtual std::vector<DeliveryAttemptRow> attempts(TenantId tenant, DeliveryId id) = 0;
  // Waiting ones that are due, oldest due first; where there are more than `limit`, their tenants
  // take turns.
  virtual std::vector<DeliveryRow> due_all_tenants(std::optional<Timestamp> now, int limit,
                                                   const std::vector<DeliveryId>& in_flight) = 0;
  virtual std::optional<Timestamp> next_due_all_tenants() = 0;
  // When the one that has been put off for longest was due.
  virtual std::optional<Timestamp> put_off_longest_all_tenants() = 0;
  virtual std::int64_t waiting_all_tenants() = 0;
  // The destinations that deliveries are set aside for.
  virtual std::vector<DestinationName> set_aside_all_tenants() = 0;
};

class DestinationReads {
 public:
  virtual ~DestinationReads() = default;
  virtual std::vector<DestinationRow> states(TenantId tenant) = 0;
  // The same with the number of tasks that are parked; those for an origin are all of its
  // handlers'.
  virtual std::vector<DestinationRow> states_with_counts(TenantId tenant) = 0;
  virtual std::vector<ParkedRow> parked_all_tenants() = 0;
  // Tasks that are parked there and have been refused, within this outage, since before the probe
  // that failed and for longer than their patience; summaries, at most `limit` and kPageBytesMax.
  virtual std::vector<TaskRow> impatient(const DestinationName& name, const Outage& outage,
                                         int limit) = 0;
};

class MetricReads {
 public:
  virtual ~MetricReads() = default;
  // Running totals; never counted from rows.
  virtual StatusCounts counts(TenantId tenant) = 0;
  virtual StatusCounts counts_all_tenants() = 0;
  // What the tenant keeps: payloads, results, deliveries, answers to idempotency keys.
  virtual std::int64_t stored_bytes(TenantId tenant) = 0;
  // Of at most `limit` tenants: those with the most unfinished tasks.
  virtual std::vector<std::pair<TenantId, StatusCounts>> counts_of_busiest_tenants(int limit) = 0;
  // Steps of a minute (kept 25 h) or an hour (kept 31 days) in [from, to).
  virtual std::vector<SeriesPoint> series(TenantId tenant, Timestamp from, Timestamp to,
                                          bool hourly) = 0;
  virtual std::vector<SeriesPoint> series_all_tenants(Timestamp from, Timestamp to,
                                                      bool hourly) = 0;
};

class SigningKeyReads {
 public:
  virtual ~SigningKeyReads() = default;
  virtual std::vector<SigningKeyRow> list() = 0;  // by signs_from
};

struct IdempotentAnswer {
  std::string fingerprint;
  int status = 0;  // of the answer; of a task: the domain::Status in which it was created
  std::string body;
  std::optional<TaskId> task = {};  // the one that a single submit made; it may be pruned by now
};

class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual TaskReads& tasks() = 0;
  virtual TenantReads& tenants() = 0;
  virtual QueueReads& queues() = 0;
  virtual ApiKeyReads& api_keys() = 0;
  virtual EndpointReads& endpoints() = 0;
  virtual DeliveryReads& deliveries() = 0;
  virtual DestinationReads& destinations() = 0;
  virtual MetricReads& metrics() = 0;
  virtual SigningKeyReads& signing_keys() = 0;
};

// --- writes ---------------------------------------------------------------------------------

class TaskWrites {
 public:
  virtual ~TaskWrites() = default;
  // A new run of a finished task: PENDING now, fresh attempts, attempt numbers go on; its last
  // outcome becomes an attempt row. invalid_state if unfinished, not_found.
  virtual Result<> start_new_run(TenantId tenant, TaskId id, Timestamp now) = 0;
  // Removes finished tasks (and what hangs on them) that finished before `before`; at most `limit`;
  // how many.
  virtual int prune_all_tenants(Timestamp before, int limit) = 0;
};

class TenantWrites {
 public:
  virtual ~TenantWrites() = default;
  virtual void insert(const domain::Tenant& tenant) = 0;
  virtual Result<> set_limits(TenantId id, const domain::TenantLimits& limits) = 0;
  virtual Result<> set_suspended(TenantId id, std::optional<Timestamp> at, std::string reason) = 0;
  virtual Result<> set_secret(TenantId id, std::string sealed, std::string sealed_previous,
                              std::optional<Timestamp> previous_until) = 0;
  // Suspends it for good and marks it for removal; not_found. Again: nothing changes.
  virtual Result<> start_removal(TenantId id, Timestamp now) = 0;
  // Removes up to `limit` rows of a tenant that has no unfinished task, the tenant last; true once
  // nothing is left of it.
  virtual bool remove_some(TenantId id, int limit) = 0;
};

class QueueWrites {
 public:
  virtual ~QueueWrites() = default;
  // Creates it if need be; the queue as it is then.
  virtual Result<domain::Queue> put(TenantId tenant, const std::string& name,
                                    const domain::QueueSettings& settings, Timestamp now) = 0;
};

class ApiKeyWrites {
 public:
  virtual ~ApiKeyWrites() = default;
  virtual Result<> insert(const ApiKeyRow& key) = 0;  // quota_exceeded beyond kApiKeysMax live ones
  virtual Result<> revoke(TenantId tenant, ApiKeyId id, Timestamp now) = 0;
  virtual void touch(ApiKeyId id, Timestamp used_at) = 0;
  virtual void revoke_token(const std::string& jti, Timestamp expires) = 0;
  // Removes keys that were revoked before `before`, at most `limit`; how many. A key must outlast
  // its tokens: a restarted server knows from it that they are void.
  virtual int prune_all_tenants(Timestamp before, int limit) = 0;
};

class EndpointWrites {
 public:
  virtual ~EndpointWrites() = default;
  virtual Result<> insert(const EndpointRow& endpoint) = 0;  // quota_exceeded beyond kEndpointsMax
  virtual Result<> update(const EndpointRow& endpoint) = 0;  // all but id, tenant, created_at
  virtual Result<> remove(TenantId tenant, EndpointId id) = 0;  // its deliveries become exhausted
  // Drops what is left of removed endpoints that no delivery names any more; how many.
  virtual int forget_removed_all_tenants() = 0;
};

class DeliveryWrites {
 public:
  virtual ~DeliveryWrites() = default;
  virtual void insert_test(const DeliveryRow& delivery) = 0;
  // Records an attempt and what follows from it: delivered and exhausted release the next one of
  // the same task and endpoint; waiting sets the next time.
  virtual void record_attempt(DeliveryId id, const DeliveryAttemptRow& attempt, DeliveryState state,
                              std::optional<Timestamp> next_at) = 0;
  // Puts a waiting one off; no attempt is counted. Others are left as they are.
  virtual void postpone(DeliveryId id, Timestamp until) = 0;
  // Sets a waiting one aside, as its destination takes no call now: it keeps its place, and is due
  // again so long after its round was first due, unless it is called back before.
  virtual void set_aside(DeliveryId id, const DestinationName& name, Millis after_first_due) = 0;
  // Makes up to `limit` of those that were set aside due again, longest due first; how many.
  virtual int call_back(const DestinationName& name, int limit) = 0;
  // Starts a new round now. invalid_state while it is held or waiting.
  virtual Result<> redeliver(TenantId tenant, DeliveryId id, Timestamp now) = 0;
  // Removes those that were done before `before`, at most `limit`; how many. The newest of a task
  // and endpoint stays as long as the task: the next sequence is counted from it.
  virtual int prune_all_tenants(Timestamp before, int limit) = 0;
};

class DestinationWrites {
 public:
  virtual ~DestinationWrites() = default;
  virtual void put_state(const DestinationRow& row) = 0;
  virtual void remove_state(const DestinationName& name, const std::string& node) = 0;
  // Drops the states of all nodes but this one, and destinations for which nothing waits.
  virtual void forget_unused_all_tenants(const std::string& node) = 0;

  struct Place {
    std::int64_t rank = 0;
    TaskId task;
    auto operator<=>(const Place&) const = default;
  };
  struct Unparked {
    std::vector<std::pair<domain::QueueNo, unsigned>> lanes;  // that have ready tasks now
    std::vector<Place> tasks;                                 // in order
    std::optional<Place> next;                                // the best of those that stay
  };
  // Makes up to `limit` of the tasks parked there claimable, best place first; those behind `after`
  // come before the others.
  virtual Unparked unpark(const DestinationName& name, std::optional<Place> after, int limit) = 0;
};

class SigningKeyWrites {
 public:
  virtual ~SigningKeyWrites() = default;
  virtual void insert(const SigningKeyRow& key) = 0;
  virtual void retire(const std::string& kid, Timestamp at) = 0;
  virtual void remove(const std::string& kid) = 0;
};

// Answers kept for 24 h. Single submits write theirs as part of Submit; all can be found here.
class IdempotencyWrites {
 public:
  virtual ~IdempotencyWrites() = default;
  virtual std::optional<IdempotentAnswer> find(TenantId tenant, const std::string& key) = 0;
  virtual void insert(TenantId tenant, const std::string& key, const IdempotentAnswer& answer,
                      Timestamp now) = 0;
  virtual int prune_all_tenants(Timestamp before, int limit) = 0;
};

// Reads through a transaction see its own writes.
class Transaction : public Snapshot {
 public:
  virtual TaskWrites& task_writes() = 0;
  virtual TenantWrites& tenant_writes() = 0;
  virtual QueueWrites& queue_writes() = 0;
  virtual ApiKeyWrites& api_key_writes() = 0;
  virtual EndpointWrites& endpoint_writes() = 0;
  virtual DeliveryWrites& delivery_writes() = 0;
  virtual DestinationWrites& destination_writes() = 0;
  virtual SigningKeyWrites& signing_key_writes() = 0;
  virtual IdempotencyWrites& idempotency_writes() = 0;
  // A hot command inside this transaction (bulk submission under one idempotency key).
  virtual Result<Submit::Reply> submit(const Submit& command) = 0;
  virtual Result<End::Reply> end(const End& command) = 0;
};

}  // namespace belfry::store
