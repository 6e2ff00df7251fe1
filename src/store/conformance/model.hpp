#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/backend.hpp"

namespace belfry::store::conformance {

// What a store should do, said again in the plainest way: one map of tasks, every answer found by
// looking at all of them. Holds no events and no results.
class Model {
 public:
  struct Task {
    TaskId id;
    TenantId tenant;
    domain::QueueNo queue;
    int priority = domain::kPriorityDefault;
    domain::Status status = domain::Status::pending;
    std::int64_t rank = 0;
    Timestamp next_at;  // as in TaskRow, of unfinished ones
    std::optional<Timestamp> expires_at;
    int run = 1, attempt = 0, run_attempt = 0, failures = 0;
    LeaseToken token;    // the newest attempt's
    std::string parked;  // the handler that it waits for
    int resent_run = 0;
  };
  struct Limits {
    std::int64_t unfinished_max = 0;  // of the tenant
    int running_max = 0;              // of the tenant
  };
  struct Queue {
    TenantId tenant;
    std::string name;
    int limit = 0;
    Millis aging{0};
  };

  void add_tenant(TenantId tenant, Limits limits) { tenants_[tenant] = limits; }
  void add_queue(domain::QueueNo no, const Queue& queue) { queues_[no] = queue; }

  // Does the same as the store did at `now` and says where the store's reply differs from what
  // should have been; nothing when they agree. A retry by hand goes by its name, since a
  // transaction does not say what it does.
  std::string apply(const Command& command, const Result<Reply>& reply, Timestamp now);
  std::string apply_retry(TaskId id, const Result<Reply>& reply, Timestamp now);
  // The best `limit` tasks of the tenant that are parked at the handler are claimable again.
  void apply_unpark(TenantId tenant, const std::string& handler, int limit);
  // Compares every total, every queue's depth and every task.
  std::string compare(Snapshot& snapshot) const;

  const std::map<TaskId, Task>& tasks() const { return tasks_; }
  const std::map<domain::QueueNo, Queue>& queues() const { return queues_; }

 private:
  std::string submit(const Submit& command, const Result<Reply>& reply);
  std::string claim(const Claim& command, const Result<Reply>& reply, Timestamp now);
  std::string finish(const Finish& command, const Result<Reply>& reply, Timestamp now);
  std::string send_again(const SendAgain& command, const Result<Reply>& reply, Timestamp now);
  std::string renew(const Renew& command, const Result<Reply>& reply, Timestamp now);
  std::string end(const End& command, const Result<Reply>& reply, Timestamp now);
  std::string move_due(const Result<Reply>& reply, Timestamp now);
  std::vector<Task*> ready(const Claim& command, Timestamp now);
  std::int64_t count(TenantId tenant, domain::Status status) const;
  std::int64_t count(domain::QueueNo queue, domain::Status status) const;

  std::map<TenantId, Limits> tenants_;
  std::map<domain::QueueNo, Queue> queues_;
  std::map<TaskId, Task> tasks_;
};

}  // namespace belfry::store::conformance
