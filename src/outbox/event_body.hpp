#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "domain/event.hpp"
#include "store/commands.hpp"
#include "store/rows.hpp"

// The one place that writes event bodies (webhooks and callbacks), for whoever changes a task:
// dispatch, api and webhook meet here and in the store.
namespace belfry::outbox {

// What the body of an event says. Five fields stand at the top level as the original's callback had
// them (CONVENTIONS 1.3), beside the Standard Webhooks members `type` and `timestamp`.
struct EventFacts {
  domain::EventType type = domain::EventType::submitted;
  TaskId task;
  TenantId tenant;
  std::string_view task_name;
  std::string_view queue_name;
  domain::Status status = domain::Status::pending;
  int attempt = 0;
  int failures = 0;
  int max_attempts = 0;
  std::string_view result;  // raw JSON; beyond kEventResultBytesMax: left out, resultTruncated
  std::string_view error_message;  // empty: null
  Timestamp at;                    // of the event
  std::optional<Timestamp> completed_at;
  std::optional<Timestamp> next_at;              // of task.retrying
  const domain::TaskOptions* options = nullptr;  // tags and labels, if not null
};

// One JSON object: type, timestamp, taskId, status, result, errorMessage, completedAt, tenantId,
// taskName, queue, attempt, retryCount, maxRetries, tags, labels [, nextAttemptAt,
// resultTruncated]. `result` is a string there too when the task's result is a JSON string, else
// raw JSON.
domain::EventDraft event_draft(const EventFacts& facts);

// The body as sent: `{"sequence":N,` + the rest of `body`.
std::string with_sequence(std::string_view body, std::int64_t sequence);

}  // namespace belfry::outbox
