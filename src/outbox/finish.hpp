#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "domain/retry_policy.hpp"
#include "store/commands.hpp"
#include "store/directory.hpp"
#include "store/rows.hpp"

// The one place that decides what the end of an attempt means: completed, tried again (when), or
// failed for good; with the event that tells of it. Pushes, pulls and lost leases all end here.
namespace belfry::outbox {

// What is known of the attempt that ends. The views outlive the call.
struct AttemptFacts {
  TenantId tenant;
  TaskId task;
  domain::QueueNo queue;
  store::LeaseToken token;
  std::string_view task_name, queue_name;
  const domain::TaskOptions* options = nullptr;
  int run_attempt = 1;  // of this run, this one included
  int failures = 0;     // of this run, before this one
  int max_attempts = 1;
};
AttemptFacts facts_of(const store::Claim::Task& task);
AttemptFacts facts_of(const store::TaskRow& row, store::LeaseToken token);

struct AttemptEnd {
  enum class Kind { completed, failed, lost } kind = Kind::completed;
  std::string result;  // raw JSON
  std::string error;
  bool retryable = true;
  int http_status = 0;
  std::optional<Timestamp> not_before;  // a Retry-After; the later of it and the backoff counts
};

// The task's own policy, else its queue's, else the default.
domain::RetryPolicy policy_of(const domain::TaskOptions& options, domain::QueueNo queue,
                              const store::Directory& directory);

store::Finish finish_attempt(const AttemptFacts& facts, AttemptEnd end, Timestamp now,
                             Random& random, const store::Directory& directory);

}  // namespace belfry::outbox
