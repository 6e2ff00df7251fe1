#include "outbox/finish.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "outbox/event_body.hpp"

namespace belfry::outbox {
namespace {

using domain::EventType;
using store::Verdict;

EventType event_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::completed:
      return EventType::completed;
    case Verdict::failed:
    case Verdict::lost_last:
      return EventType::failed;
    default:
      return EventType::retrying;
  }
}

domain::Status status_after(const store::Finish& finish) {
  switch (finish.verdict) {
    case Verdict::completed:
      return domain::Status::completed;
    case Verdict::failed:
    case Verdict::lost_last:
      return domain::Status::failed;
    case Verdict::retry:
      return domain::Status::scheduled;
    default:
      return domain::Status::pending;
  }
}

void add_event(store::Finish& finish, const AttemptFacts& facts, Timestamp now,
               const store::Directory& directory) {
  const auto type = event_of(finish.verdict);
  const bool called_back = is_terminal(type) && !facts.options->callback_url.empty();
  if (!called_back && !directory.wants(facts.tenant, type)) return;
  EventFacts event;
  event.type = type;
  event.task = facts.task;
  event.tenant = facts.tenant;
  event.task_name = facts.task_name;
  event.queue_name = facts.queue_name;
  event.status = status_after(finish);
  event.attempt = facts.token.attempt;
  event.failures = facts.failures + (type == EventType::completed ? 0 : 1);
  event.max_attempts = facts.max_attempts;
  event.result = finish.result;
  event.error_message = finish.error;
  event.at = now;
  if (is_terminal(type)) event.completed_at = now;
  event.next_at = finish.next_at;
  event.options = facts.options;
  finish.outbox.drafts.push_back(event_draft(event));
  if (is_terminal(type)) finish.outbox.callback_url = facts.options->callback_url;
}

}  // namespace

AttemptFacts facts_of(const store::Claim::Task& task) {
  return {task.tenant,     task.id,       task.queue,       task.token,    task.name,
          task.queue_name, &task.options, task.run_attempt, task.failures, task.max_attempts};
}

AttemptFacts facts_of(const store::TaskRow& row, store::LeaseToken token) {
  return {row.tenant,     row.id,       row.queue,       token,        row.name,
          row.queue_name, &row.options, row.run_attempt, row.failures, row.max_attempts};
}

domain::RetryPolicy policy_of(const domain::TaskOptions& options, domain::QueueNo queue,
                              const store::Directory& directory) {
  if (options.retry) return *options.retry;
  const auto found = directory.queue(queue);
  if (found && found->settings.retry) return *found->settings.retry;
  return {};
}

store::Finish finish_attempt(const AttemptFacts& facts, AttemptEnd end, Timestamp now,
                             Random& random, const store::Directory& directory) {
  store::Finish finish;
  finish.tenant = facts.tenant;
  finish.id = facts.task;
  finish.token = facts.token;
  finish.now = now;  // the event says when it ended; the row must say the same
  finish.result = std::move(end.result);
  finish.error = std::move(end.error);
  cut_utf8(finish.error, domain::kErrorBytesMax);
  finish.http_status = end.http_status;
  const bool attempts_left = facts.run_attempt < facts.max_attempts;
  switch (end.kind) {
    case AttemptEnd::Kind::completed:
      finish.verdict = Verdict::completed;
      break;
    case AttemptEnd::Kind::lost:
      finish.verdict = attempts_left ? Verdict::lost : Verdict::lost_last;
      break;
    case AttemptEnd::Kind::failed:
      finish.verdict = attempts_left && end.retryable ? Verdict::retry : Verdict::failed;
      break;
  }
  if (finish.verdict == Verdict::retry) {
    const auto policy = policy_of(*facts.options, facts.queue, directory);
    const auto backoff = now + domain::delay_after(policy, facts.failures + 1, random);
    finish.next_at = std::max(backoff, end.not_before.value_or(backoff));
  }
  add_event(finish, facts, now, directory);
  return finish;
}

}  // namespace belfry::outbox
